/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "queue_engine.h"

static void test_all_is_well(void **state)
{
	struct engine *engine = *state;
	int64_t ids[2 * 20];

	for (int i = 0; i < 20; i++) {
		ids[2 * i] = engine_add_bonus(engine, i);
		ids[2 * i + 1] = engine_add_approval(engine, i);
	}
	engine_add_batch(engine);
	engine_run(engine);
	for (int i = 0; i < 40; i++)
		engine_expect(engine, ids[i], OP_DONE, 1);
	assert_int_equal(engine->fake.written, 40);
	/* Each left exactly once; the HIT's lists were read once for all. */
	assert_int_equal(engine->server.seen->requests, 40 + engine->fake.reads);
	assert_true(engine->fake.reads <= 4);
	/* Workers see approvals first. */
	assert_memory_equal(engine->fake.log, "approve ", 8);
	assert_true(strstr(engine->fake.log, "bonus ") > strstr(engine->fake.log, "approve 3NGMTASG00019"));
	assert_int_equal(book_number(engine->book, "SELECT count(*) FROM step WHERE state = 3"), 40);
	assert_int_equal(queue_waiting(engine->queue), 0);
	assert_true(queue_is_drained(engine->queue));
	assert_true(engine->moved >= 80);
}

static void test_throttled(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);
	struct op op;

	for (int i = 0; i < 3; i++)
		engine->fake.writes[i] = JUDGED_THROTTLED;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 4);
	op = book_load(engine->book, id);
	assert_false(op.doubtful);
	op_finish(&op);
	/* It is one payment: one token. */
	for (int i = 1; i < 4; i++)
		assert_string_equal(engine->fake.tokens[i], engine->fake.tokens[0]);
}

static void test_lost_answer(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);

	engine->fake.writes[0] = JUDGED_UNKNOWN;
	/* A passing refusal of the repetition does not resolve the doubt. */
	engine->fake.writes[1] = JUDGED_THROTTLED;
	engine->fake.writes[2] = JUDGED_NO_ACCESS;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_UNSURE, 3);
	assert_int_equal(pauses_cause(queue_pauses(engine->queue), LANE_APPROVE), PAUSE_ACCESS);
	assert_int_equal(book_number(engine->book, "SELECT count(*) FROM step WHERE state = 2"), 1);
	for (int i = 1; i < 3; i++)
		assert_string_equal(engine->fake.tokens[i], engine->fake.tokens[0]);
}

static void test_lost_answer_then_done(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);

	engine->fake.writes[0] = engine->fake.writes[1] = JUDGED_UNKNOWN;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 3);
	assert_int_equal(book_number(engine->book, "SELECT first_sent_s FROM operation"), START_MS / 1000);
	assert_string_equal(engine->fake.tokens[2], engine->fake.tokens[0]);
}

/* A token that is no longer remembered: read back, never sent again by itself. */
static void test_read_back(void **state)
{
	static const struct {
		enum judged verdict;
		enum op_state state;
	} cases[] = { { JUDGED_DONE, OP_DONE }, { JUDGED_PERSON, OP_HELD }, { JUDGED_REFUSED, OP_HELD } };
	struct engine *engine = *state;

	fake_doubt_as = DOUBT_READ_BACK;
	for (unsigned i = 0; i < 3; i++) {
		int64_t id = engine_add_bonus(engine, (int)i);
		char expected[100];

		(void)snprintf(expected, sizeof(expected), "bonus %s;look %s;", engine_assignment((int)i),
			       engine_assignment((int)i));
		engine->fake.log[0] = '\0';
		engine->fake.writes[engine->fake.judged] = JUDGED_UNKNOWN;
		engine->fake.looks[engine->fake.looked] = cases[i].verdict;
		engine_add_batch(engine);
		engine_run(engine);
		engine_expect(engine, id, cases[i].state, 1);
		assert_string_equal(engine->fake.log, expected);
	}
}

static void test_nothing_there(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_approval(engine, 0);

	engine->fake.writes[0] = JUDGED_LOOK;
	engine->fake.looks[0] = JUDGED_UNKNOWN;
	engine->fake.looks[1] = JUDGED_NOTHING;
	fake_doubt_as = DOUBT_READ_BACK;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 2);
	assert_string_equal(engine->fake.log, "approve 3NGMTASG00000;look 3NGMTASG00000;look 3NGMTASG00000;"
					      "approve 3NGMTASG00000;");
}

static void test_person(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);

	engine->fake.writes[0] = JUDGED_UNKNOWN;
	fake_doubt_as = DOUBT_PERSON;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_HELD, 1);
	assert_int_equal(engine->fake.written, 1);
}

/* A platform that takes first and confirms later. */
static void test_accepted(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);

	engine->fake.writes[0] = JUDGED_ACCEPTED;
	engine->fake.looks[0] = JUDGED_ACCEPTED;
	engine->fake.looks[1] = JUDGED_THROTTLED;
	engine->fake.looks[2] = JUDGED_AGAIN;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 1);
	assert_int_equal(engine->fake.written, 1);
	assert_int_equal(engine->fake.looked, 4);
	assert_true(virtual_ms >= REACT_CONFIRM_MS);
}

static void test_refused(void **state)
{
	struct engine *engine = *state;
	int64_t refused = engine_add_bonus(engine, 0), other = engine_add_bonus(engine, 1);

	engine->fake.writes[0] = JUDGED_REFUSED;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, refused, OP_FAILED, 1);
	engine_expect(engine, other, OP_DONE, 1);
	book_expect_text(engine->book, "SELECT outcome FROM operation WHERE state = 7", "scripted");
	book_expect_text(engine->book, "SELECT answer FROM operation WHERE state = 7", "{}");
}

/* Rule of money 6. */
static void test_out_of_funds(void **state)
{
	struct engine *engine = *state;
	struct pauses *pauses = queue_pauses(engine->queue);
	int64_t bonus = engine_add_bonus(engine, 0), approval;
	struct err err;

	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, bonus, OP_QUEUED, 1);
	assert_int_equal(pauses_cause(pauses, LANE_BONUS), PAUSE_FUNDS);
	assert_string_equal(pauses_why(pauses, LANE_BONUS), "judged 8");
	/* The other lanes go on. */
	approval = engine_add_approval(engine, 1);
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, approval, OP_DONE, 1);
	engine_expect(engine, bonus, OP_QUEUED, 1);
	/* $1.19 are not enough for $1.00 and the fee. */
	engine->fake.available_minor = 119;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, bonus, OP_QUEUED, 1);
	assert_int_equal(pauses_balance(pauses)->available_minor, 119);
	engine->fake.available_minor = 120;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, bonus, OP_DONE, 2);
	assert_false(pauses_any(pauses));
}

static void test_no_credentials(void **state)
{
	struct engine *engine = *state;
	struct pauses *pauses = queue_pauses(engine->queue);
	int64_t id = engine_add_bonus(engine, 0);
	struct err err;

	engine->fake.no_credentials = true;
	engine_add_batch(engine);
	engine->until_ms = 20000;
	engine_run(engine);
	engine_expect(engine, id, OP_PLANNED, 0);
	assert_int_equal(pauses_cause(pauses, LANE_BONUS), PAUSE_ACCESS);
	assert_int_equal(engine->server.seen->requests, 0);
	engine->fake.no_credentials = false;
	engine->until_ms = 0;
	book_must(pauses_refresh(pauses, true, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 1);
	assert_string_equal(pauses_credentials_source(pauses), "the test");
}

static void test_unbuildable(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);

	engine_add_batch(engine);
	engine->until_ms = 1;
	/* The lists are read first. */
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 1);
	id = engine_add_bonus(engine, 1);
	engine->fake.unbuildable = true;
	engine->until_ms = 0;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_HELD, 0);
	book_expect_text(engine->book, "SELECT why FROM operation WHERE state = 1", "this cannot be said");
	assert_int_equal(engine->fake.written, 1);
}

static void test_nothing_reaches_the_server(void **state)
{
	struct engine *engine = *state;
	int64_t id;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	/* Read the lists while the server is there. */
	id = engine_add_bonus(engine, 0);
	engine_add_batch(engine);
	engine_run(engine);
	/* A port that is bound and not listened on refuses. */
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(engine->fake.url, sizeof(engine->fake.url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	id = engine_add_bonus(engine, 1);
	engine_add_batch(engine);
	engine->until_ms = 4000;
	engine_run(engine);
	/* Certainly not sent: no doubt, whatever number of attempts. */
	assert_int_equal(book_number(engine->book, "SELECT doubtful FROM operation WHERE state = 2"), 0);
	assert_int_equal(book_number(engine->book, "SELECT first_sent_s FROM operation WHERE state = 2"), 0);
	(void)snprintf(engine->fake.url, sizeof(engine->fake.url), "%s", engine->server.url);
	engine->until_ms = 0;
	engine_run(engine);
	assert_int_equal(book_number(engine->book, "SELECT state FROM operation ORDER BY id DESC"), OP_DONE);
	engine_expect(engine, id, OP_DONE,
		      book_number(engine->book, "SELECT attempts FROM operation ORDER BY id DESC"));
	(void)close(fd);
}

static void test_not_submitted(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_approval(engine, 0);

	engine->fake.status = ASSIGNMENT_NOT_SUBMITTED;
	engine_add_batch(engine);
	engine->until_ms = INT64_C(3600) * 1000;
	engine_run(engine);
	engine_expect(engine, id, OP_PLANNED, 0);
	book_expect_text(engine->book, "SELECT why FROM operation", "not submitted on Fake yet");
	assert_int_equal(engine->fake.written, 0);
	/* Looked at again and again, but not all the time. */
	assert_true(engine->fake.reads > 20 && engine->fake.reads < 1000);
	engine->fake.status = ASSIGNMENT_SUBMITTED;
	engine->until_ms = 0;
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 1);
}

/* Rules 3, 4 and 9: held, and nothing leaves. */
static void test_held(void **state)
{
	struct engine *engine = *state;
	struct op other = book_bonus(engine->book, engine_assignment(1), W2, 100);
	struct op much = book_bonus(engine->book, engine_assignment(2), W1, 1001);
	int64_t ids[3] = { engine_add_bonus(engine, 0), book_insert(engine->book, other),
			   book_insert(engine->book, much) };

	engine->fake.bonuses_listed = 1;
	engine_add_batch(engine);
	engine_run(engine);
	for (int i = 0; i < 3; i++)
		engine_expect(engine, ids[i], OP_HELD, 0);
	assert_int_equal(engine->fake.written, 0);
}

static void test_done_already(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_approval(engine, 0);

	engine->fake.status = ASSIGNMENT_APPROVED;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 0);
	book_expect_text(engine->book, "SELECT outcome FROM operation", "already-approved");
}

/* Out of funds for a day, and meanwhile somebody paid by hand. */
static void test_compared_once_more(void **state)
{
	struct engine *engine = *state;
	struct pauses *pauses = queue_pauses(engine->queue);
	int64_t id = engine_add_bonus(engine, 0);
	struct err err;

	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_QUEUED, 1);
	virtual_ms += INT64_C(86400) * 1000;
	engine->fake.bonuses_listed = 1;
	engine->fake.available_minor = 100000;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, id, OP_HELD, 1);
	assert_int_equal(engine->fake.written, 1);
}

/* The daemon died while requests were out. */
static void test_recovered(void **state)
{
	struct engine *engine = *state;
	int64_t out = engine_add_bonus(engine, 0), queued = engine_add_bonus(engine, 1),
		planned = engine_add_bonus(engine, 2);
	struct err err;

	book_must(batch_finish(engine->book->ledger, engine->book->batch_id, &err), &err);
	book_move(engine->book, out, OP_QUEUED, NULL);
	book_move(engine->book, out, OP_SENDING, NULL);
	book_move(engine->book, queued, OP_QUEUED, NULL);
	fake_doubt_as = DOUBT_READ_BACK;
	book_must(queue_recover(engine->queue, &err), &err);
	engine_run(engine);
	/* Found out, not sent again. */
	engine_expect(engine, out, OP_DONE, 1);
	engine_expect(engine, queued, OP_DONE, 1);
	engine_expect(engine, planned, OP_DONE, 1);
	assert_int_equal(engine->fake.written, 2);
	assert_int_equal(engine->fake.looked, 1);
}

static void test_dry(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);

	engine_stop(engine);
	engine_start(engine, true);
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_PLANNED, 0);
	assert_int_equal(engine->server.seen->requests, 0);
}

static void test_drained(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0);

	queue_drain(engine->queue);
	engine_add_batch(engine);
	engine_run(engine);
	engine_expect(engine, id, OP_PLANNED, 0);
	assert_true(queue_is_drained(engine->queue));
	assert_int_equal(queue_waiting(engine->queue), 1);
}

static void test_one_at_a_time(void **state)
{
	struct engine *engine = *state;

	engine->fake.class.money_in_flight_max = 1;
	for (int i = 0; i < 12; i++) {
		(void)engine_add_bonus(engine, i);
		(void)engine_add_approval(engine, i);
	}
	engine_add_batch(engine);
	engine_run(engine);
	assert_int_equal(book_number(engine->book, "SELECT count(*) FROM operation WHERE state = 6"), 24);
	assert_int_equal(engine->fake.out_most, 1);
}

static void test_lanes_described(void **state)
{
	static const char *const names[LANES] = { "read",   "approve", "bonus", "qualify",
						    "notify", "hit",     "worker" };
	struct engine *engine = *state;
	struct json_object *lanes;
	int64_t waiting = -1;

	(void)engine_add_bonus(engine, 0);
	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	engine_add_batch(engine);
	engine_run(engine);
	lanes = queue_describe_lanes(engine->queue);
	assert_int_equal(json_object_array_length(lanes), LANES);
	for (size_t i = 0; i < LANES; i++) {
		struct json_object *lane = json_object_array_get_idx(lanes, i);
		const char *text = "";

		assert_true(json_get_text(lane, "lane", &text));
		assert_string_equal(text, names[i]);
		assert_int_equal(json_get_text(lane, "paused", &text), i == 2);
		assert_true(json_get_int(lane, "waiting", &waiting));
		assert_int_equal(waiting, i == 2);
	}
	json_object_put(lanes);
}

/* No token, no list: what is lost is never sent again, and nobody waits for what cannot come. */
static void test_lost_notification(void **state)
{
	static const enum judged first[] = { JUDGED_UNKNOWN, JUDGED_THROTTLED };
	struct engine *engine = *state;
	static const char *const subjects[] = { "One", "Two" };

	fake_doubt_as = DOUBT_PERSON;
	for (unsigned i = 0; i < 2; i++) {
		struct op op = { .kind = OP_NOTIFY,
				 .state = OP_PLANNED,
				 .batch_id = engine->book->batch_id,
				 .subject = book_copy(subjects[i]),
				 .text = book_copy("Thank you"),
				 .workers = book_copy("[\"" W1 "\"]") };
		int64_t id = book_insert(engine->book, op);
		int64_t began_ms = virtual_ms;

		engine->fake.writes[engine->fake.judged] = first[i];
		engine_add_batch(engine);
		engine_run(engine);
		engine_expect(engine, id, i == 0 ? OP_HELD : OP_DONE, i == 0 ? 1 : 2);
		if (i == 0)
			assert_true(virtual_ms - began_ms < 1000);
	}
	assert_int_equal(engine->fake.written, 3);
	assert_int_equal(book_number(engine->book, "SELECT hold FROM operation WHERE id = 1"), HOLD_DOUBT);
	assert_int_equal(book_number(engine->book, "SELECT state FROM recipient WHERE operation_id = 1"), 3);
	assert_int_equal(book_number(engine->book, "SELECT state FROM recipient WHERE operation_id = 2"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_lost_notification),
		ENGINE_TEST(test_all_is_well),
		ENGINE_TEST(test_throttled),
		ENGINE_TEST(test_lost_answer),
		ENGINE_TEST(test_lost_answer_then_done),
		ENGINE_TEST(test_read_back),
		ENGINE_TEST(test_nothing_there),
		ENGINE_TEST(test_person),
		ENGINE_TEST(test_accepted),
		ENGINE_TEST(test_refused),
		ENGINE_TEST(test_out_of_funds),
		ENGINE_TEST(test_no_credentials),
		ENGINE_TEST(test_unbuildable),
		ENGINE_TEST(test_nothing_reaches_the_server),
		ENGINE_TEST(test_not_submitted),
		ENGINE_TEST(test_held),
		ENGINE_TEST(test_done_already),
		ENGINE_TEST(test_compared_once_more),
		ENGINE_TEST(test_recovered),
		ENGINE_TEST(test_dry),
		ENGINE_TEST(test_drained),
		ENGINE_TEST(test_one_at_a_time),
		ENGINE_TEST(test_lanes_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
