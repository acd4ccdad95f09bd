/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "events.h"
#include "ledger_fixture.h"

static int64_t wall_s = 1700000000;

static int64_t wall_ms(void)
{
	return wall_s * 1000;
}

static int set_up(void **state)
{
	wall_s = 1700000000;
	clock_set_sources(wall_ms, NULL, NULL);
	return book_set_up(state);
}

static int tear_down(void **state)
{
	clock_set_sources(NULL, NULL, NULL);
	return book_tear_down(state);
}

static void test_insert(void **state)
{
	struct book *book = *state;
	struct op op = book_bonus(book, A1, W1, 100), back;
	struct err err;

	assert_int_equal(operation_insert(book->ledger, &op, &err), 1);
	assert_true(op.id > 0);
	assert_string_equal(op.key, "bonus/" A1 "/" W1 "/bonus");
	assert_int_equal(strlen(op.token), 52);
	back = book_load(book, op.id);
	assert_string_equal(back.key, op.key);
	assert_string_equal(back.token, op.token);
	assert_string_equal(back.assignment_id, A1);
	assert_string_equal(back.worker_id, W1);
	assert_string_equal(back.hit_id, H1);
	assert_string_equal(back.text, "Thank you");
	assert_int_equal(back.amount_minor, 100);
	assert_int_equal(back.fee_minor, 20);
	assert_int_equal(back.state, OP_PLANNED);
	assert_int_equal(back.created_s, wall_s);
	assert_int_equal(back.attempts, 0);
	assert_int_equal(back.first_sent_s, 0);
	assert_false(back.doubtful);
	assert_null(back.qualification_type_id);
	op_finish(&back);
	assert_int_equal(operation_find(book->ledger, op.key, &back, &err), 1);
	assert_int_equal(back.id, op.id);
	op_finish(&back);
	op_finish(&op);
	assert_int_equal(operation_load(book->ledger, 999, &back, &err), 0);
	assert_int_equal(operation_find(book->ledger, "bonus/x", &back, &err), 0);
	assert_int_equal(book_number(book, "SELECT count(*) FROM step"), 1);
}

/* Rule of money 1: a second import and a second operator mean the same operation, whatever amount they name. */
static void test_same_key(void **state)
{
	struct book *book = *state;
	struct op again = book_bonus(book, A1, W1, 900);
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct op back;
	struct err err;

	assert_int_equal(operation_insert(book->ledger, &again, &err), 0);
	op_finish(&again);
	back = book_load(book, id);
	assert_int_equal(back.amount_minor, 100);
	op_finish(&back);
	assert_int_equal(book_number(book, "SELECT count(*) FROM operation"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM step"), 1);
	/* Approve and reject are one decision. */
	(void)book_insert(book, book_decision(book, OP_APPROVE, A1));
	again = book_decision(book, OP_REJECT, A1);
	assert_int_equal(operation_insert(book->ledger, &again, &err), 0);
	op_finish(&again);
}

static void test_moves_are_recorded(void **state)
{
	const struct op_answer answer = { "paid", 200, "req-1", "{}" }, silent = { .outcome = NULL };
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct op op = book_load(book, id);
	struct err err;

	book_must(operation_move(book->ledger, &op, OP_QUEUED, NULL, NULL, &err), &err);
	wall_s += 5;
	book_must(operation_move(book->ledger, &op, OP_SENDING, NULL, NULL, &err), &err);
	wall_s += 2;
	book_must(operation_move(book->ledger, &op, OP_UNSURE, "the line went dead", &silent, &err), &err);
	book_must(operation_move(book->ledger, &op, OP_SENDING, NULL, NULL, &err), &err);
	book_must(operation_move(book->ledger, &op, OP_DONE, "an earlier attempt", &answer, &err), &err);
	op_finish(&op);
	book_expect_text(book, "SELECT group_concat(state, '') FROM step", "023536");
	assert_int_equal(book_number(book, "SELECT at_s FROM step WHERE state = 5"), 1700000007);
	book_expect_text(book, "SELECT why FROM step WHERE state = 5", "the line went dead");
	book_expect_text(book, "SELECT outcome FROM operation", "paid");
	book_expect_text(book, "SELECT request_id FROM operation", "req-1");
	book_expect_text(book, "SELECT answer FROM operation", "{}");
	book_expect_text(book, "SELECT why FROM operation", "an earlier attempt");
	assert_int_equal(book_number(book, "SELECT http_status FROM operation"), 200);
	assert_int_equal(book_number(book, "SELECT attempts FROM operation"), 2);
	assert_int_equal(book_number(book, "SELECT changed_s FROM operation"), 1700000007);
}

static void test_answers_stay(void **state)
{
	const struct op_answer refused = { "throttled", 400, "req-1", "{\"a\":1}" }, nothing = { .outcome = NULL };
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct op op = book_load(book, id);
	struct err err;

	book_must(operation_move(book->ledger, &op, OP_QUEUED, NULL, &refused, &err), &err);
	book_must(operation_move(book->ledger, &op, OP_SENDING, NULL, &nothing, &err), &err);
	book_must(operation_move(book->ledger, &op, OP_HELD, NULL, NULL, &err), &err);
	op_finish(&op);
	book_expect_text(book, "SELECT outcome FROM operation", "throttled");
	book_expect_text(book, "SELECT request_id FROM operation", "req-1");
	book_expect_text(book, "SELECT answer FROM operation", "{\"a\":1}");
	assert_int_equal(book_number(book, "SELECT http_status FROM operation"), 400);
	book_expect_text(book, "SELECT why FROM operation", NULL);
}

static void test_long_answer(void **state)
{
	struct op_answer answer = { .outcome = "refused" };
	char *body = malloc(100001);
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct op op = book_load(book, id);
	struct err err;

	memset(body, 'x', 100000);
	body[100000] = '\0';
	answer.body = body;
	book_must(operation_move(book->ledger, &op, OP_QUEUED, NULL, &answer, &err), &err);
	op_finish(&op);
	free(body);
	assert_int_equal(book_number(book, "SELECT length(answer) FROM operation"), 4096);
}

static void test_refused_moves(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct err err;

	for (int from = 0; from < OP_STATES; from++) {
		for (int to = 0; to < OP_STATES; to++) {
			struct op op = book_load(book, id);

			op.state = (enum op_state)from;
			if (!op_may_move(op.state, (enum op_state)to)) {
				assert_int_equal(operation_move(book->ledger, &op, (enum op_state)to, "no", NULL, &err),
						 -1);
				assert_int_equal(err.code, ERR_STATE);
				assert_non_null(strstr(err.message, op_state_name((enum op_state)to)));
				assert_int_equal(op.state, from);
				assert_null(op.why);
			}
			op_finish(&op);
		}
	}
	assert_int_equal(book_number(book, "SELECT count(*) FROM step"), 1);
	assert_int_equal(book_number(book, "SELECT state FROM operation"), OP_PLANNED);
	book_expect_text(book, "SELECT why FROM operation", NULL);
}

static void expect_doubt(struct book *book, int64_t id, bool doubtful, int64_t first_sent_s, int64_t attempts)
{
	struct op op = book_load(book, id);

	assert_int_equal(op.doubtful, doubtful);
	assert_int_equal(op.first_sent_s, first_sent_s);
	assert_int_equal(op.attempts, attempts);
	op_finish(&op);
}

static void test_dates_of_sending(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));

	book_move(book, id, OP_QUEUED, NULL);
	expect_doubt(book, id, false, 0, 0);
	book_move(book, id, OP_SENDING, NULL);
	expect_doubt(book, id, false, 1700000000, 1);
	/* Throttled: certainly nothing was done, so the token is as good as new. */
	book_move(book, id, OP_QUEUED, "too fast");
	expect_doubt(book, id, false, 0, 1);
	wall_s += 100;
	book_move(book, id, OP_SENDING, NULL);
	expect_doubt(book, id, false, 1700000100, 2);
	book_move(book, id, OP_UNSURE, "lost");
	expect_doubt(book, id, true, 1700000100, 2);
	/* The date of the first sending is what the token's life counts from. */
	wall_s += 100;
	book_move(book, id, OP_SENDING, NULL);
	expect_doubt(book, id, true, 1700000100, 3);
	book_move(book, id, OP_UNSURE, "lost again");
	expect_doubt(book, id, true, 1700000100, 3);
	book_move(book, id, OP_QUEUED, "read back: nothing there");
	expect_doubt(book, id, false, 0, 3);
}

static void test_note(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct op op = book_load(book, id);
	struct err err;

	book_must(operation_note(book->ledger, &op, "waits", &err), &err);
	op_finish(&op);
	book_expect_text(book, "SELECT why FROM operation", "waits");
	assert_int_equal(book_number(book, "SELECT state FROM operation"), OP_PLANNED);
	assert_int_equal(book_number(book, "SELECT count(*) FROM step"), 1);
}

/* A refused or held operation can be asked for again, as the file now says; one that may have been executed cannot. */
static void test_replan(void **state)
{
	static const struct {
		int64_t cents;
		enum op_state path[4];
		int result;
	} cases[] = {
		{ 100, { OP_QUEUED, OP_SENDING, OP_FAILED }, 1 },
		{ 250, { OP_QUEUED, OP_SENDING, OP_FAILED }, 1 },
		{ 250, { OP_HELD }, 1 },
		{ 100, { OP_QUEUED, OP_SENDING, OP_UNSURE }, 0 },
		{ 100, { OP_QUEUED, OP_SENDING, OP_UNSURE, OP_HELD }, 0 },
		{ 250, { OP_QUEUED, OP_SENDING, OP_DONE }, 0 },
		{ 250, { OP_QUEUED }, 0 },
		{ 250, { OP_CANCELLED }, 0 },
	};
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char assignment[32];
		struct op wish, back;
		struct err err;
		int64_t id;

		(void)snprintf(assignment, sizeof(assignment), "3NGMTASG1000%zu", i);
		id = book_insert(book, book_bonus(book, assignment, W1, 100));
		for (size_t j = 0; j < 4 && cases[i].path[j] != OP_PLANNED; j++)
			book_move(book, id, cases[i].path[j], NULL);
		wish = book_bonus(book, assignment, W1, cases[i].cents);
		wish.batch_id = book_begin(book, "again");
		wish.text[0] = 'B';
		wish.key = op_key(&wish);
		assert_int_equal(operation_replan(book->ledger, &wish, &err), cases[i].result);
		back = book_load(book, id);
		assert_int_equal(back.state == OP_PLANNED, cases[i].result);
		assert_int_equal(back.batch_id, cases[i].result ? wish.batch_id : book->batch_id);
		assert_int_equal(back.amount_minor, cases[i].result ? cases[i].cents : 100);
		assert_int_equal(back.fee_minor, back.amount_minor / 5);
		assert_string_equal(back.text, cases[i].result ? "Bhank you" : "Thank you");
		if (cases[i].result)
			assert_int_equal(back.first_sent_s, 0);
		op_finish(&back);
		op_finish(&wish);
	}
}

/* The file said another worker, it was held, the file was put right. */
static void test_replan_of_another_worker(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_decision(book, OP_APPROVE, A1));
	struct op wish = book_decision(book, OP_REJECT, A1), back;
	struct err err;

	book_move(book, id, OP_HELD, "the file says worker " W1);
	free(wish.worker_id);
	wish.worker_id = book_copy(W2);
	wish.key = op_key(&wish);
	assert_int_equal(operation_replan(book->ledger, &wish, &err), 1);
	back = book_load(book, id);
	assert_int_equal(back.kind, OP_REJECT);
	assert_string_equal(back.worker_id, W2);
	op_finish(&back);
	op_finish(&wish);
}

/* A lost answer, then a refusal: it can be asked for again, and in no case does it stop everybody else's payments. */
static void test_replan_of_doubtful(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_decision(book, OP_APPROVE, A1));
	struct op wish = book_decision(book, OP_APPROVE, A1);
	struct err err = { .message = "" };

	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	book_move(book, id, OP_UNSURE, "lost");
	book_move(book, id, OP_SENDING, NULL);
	book_move(book, id, OP_FAILED, "refused");
	wish.key = op_key(&wish);
	if (operation_replan(book->ledger, &wish, &err) < 0)
		fail_msg("%s", err.message);
	op_finish(&wish);
}

/* Rule of money 2: from "sending", a doubtful operation never goes back as if nothing had left. */
static void test_doubt_is_not_forgotten(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct op op;
	struct err err;

	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	book_move(book, id, OP_UNSURE, "lost");
	book_move(book, id, OP_SENDING, NULL);
	op = book_load(book, id);
	assert_int_equal(operation_move(book->ledger, &op, OP_QUEUED, NULL, NULL, &err), -1);
	assert_int_equal(operation_move(book->ledger, &op, OP_PLANNED, NULL, NULL, &err), -1);
	book_must(operation_move(book->ledger, &op, OP_HELD, "refused", NULL, &err), &err);
	assert_int_equal(operation_move(book->ledger, &op, OP_PLANNED, NULL, NULL, &err), -1);
	assert_true(op.doubtful);
	assert_int_equal(op.first_sent_s, 1700000000);
	op_finish(&op);
}

static void test_recover(void **state)
{
	struct book *book = *state;
	int64_t out = book_insert(book, book_bonus(book, A1, W1, 100));
	int64_t waiting = book_insert(book, book_bonus(book, A2, W2, 100));
	struct op op;
	struct err err;

	book_move(book, out, OP_QUEUED, NULL);
	book_move(book, out, OP_SENDING, NULL);
	book_move(book, waiting, OP_QUEUED, NULL);
	assert_int_equal(operations_recover(book->ledger, &err), 1);
	op = book_load(book, out);
	assert_int_equal(op.state, OP_UNSURE);
	assert_true(op.doubtful);
	assert_int_equal(op.first_sent_s, 1700000000);
	assert_string_equal(op.why, "the daemon stopped while the request was out");
	op_finish(&op);
	op = book_load(book, waiting);
	assert_int_equal(op.state, OP_QUEUED);
	assert_false(op.doubtful);
	op_finish(&op);
	assert_int_equal(book_number(book, "SELECT count(*) FROM step WHERE state = 5"), 1);
	assert_int_equal(book_number(book, "SELECT operations FROM tally WHERE state = 5"), 1);
	assert_int_equal(operations_recover(book->ledger, &err), 0);
}

static void test_forget_unfinished(void **state)
{
	struct book *book = *state;
	int64_t refused = book_insert(book, book_bonus(book, A1, W1, 100)), cut_off;
	struct op again = book_bonus(book, A1, W1, 100), corrected = book_bonus(book, "3NGMTASG3", W1, 50), op;
	int64_t limited, first;
	struct err err;

	book_move(book, refused, OP_QUEUED, NULL);
	book_move(book, refused, OP_SENDING, NULL);
	book_move(book, refused, OP_FAILED, "refused");
	book->ledger->acting_batch = book->batch_id;
	limited = book_insert(book, book_bonus(book, "3NGMTASG3", W1, 100));
	book_move(book, limited, OP_HELD, "beyond");
	first = book->batch_id;
	book_must(batch_finish(book->ledger, book->batch_id, &err), &err);
	/* A second command is cut off after it has taken up the refused and the held one and added others. */
	cut_off = book_begin(book, "cut off");
	book->ledger->acting_batch = cut_off;
	corrected.batch_id = cut_off;
	corrected.key = op_key(&corrected);
	assert_int_equal(operation_replan(book->ledger, &corrected, &err), 1);
	op_finish(&corrected);
	again.batch_id = cut_off;
	again.key = op_key(&again);
	assert_int_equal(operation_replan(book->ledger, &again, &err), 1);
	op_finish(&again);
	op = book_bonus(book, A2, W2, 300);
	op.batch_id = cut_off;
	(void)book_insert(book, op);
	book->ledger->acting_batch = 0;
	/* What an earlier command had recorded is held, with its history; the rest never was. */
	assert_int_equal(operations_forget_unfinished(book->ledger, &err), 3);
	assert_int_equal(book_number(book, "SELECT count(*) FROM operation"), 2);
	op = book_load(book, refused);
	assert_int_equal(op.state, OP_HELD);
	assert_int_equal(op.attempts, 1);
	op_finish(&op);
	op = book_load(book, limited);
	assert_int_equal(op.state, OP_HELD);
	assert_int_equal(op.batch_id, first);
	op_finish(&op);
	assert_int_equal(
		book_number(book, "SELECT count(*) FROM step WHERE operation_id NOT IN (SELECT id FROM operation)"
				  " AND operation_id <> 0"), 0);
	/* Numbers of steps that somebody was told are not given away again. */
	assert_int_equal(book_number(book, "SELECT state FROM step ORDER BY id DESC LIMIT 1"), EVENT_CUT_OFF);
}

static void test_finished_is_kept(void **state)
{
	struct book *book = *state;
	struct err err;

	(void)book_insert(book, book_bonus(book, A1, W1, 100));
	book_must(batch_finish(book->ledger, book->batch_id, &err), &err);
	(void)book_begin(book, "nothing in it");
	assert_int_equal(operations_forget_unfinished(book->ledger, &err), 0);
	assert_int_equal(book_number(book, "SELECT count(*) FROM operation"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM batch"), 1);
}

static int count_pending(void *arg, int64_t id, enum op_kind kind, enum op_state state, int64_t hold_until_s,
			 struct err *err)
{
	unsigned *states = arg;

	(void)id;
	(void)hold_until_s;
	assert_int_equal(kind, OP_BONUS);
	*states |= 1U << state;
	return state == OP_UNSURE ? err_set(err, ERR_INTERNAL, "enough") : 0;
}

static void test_pending(void **state)
{
	struct book *book = *state;
	unsigned states = 0;
	struct err err;
	char sql[100];

	for (int i = 0; i < OP_STATES; i++) {
		char assignment[16];
		int64_t id;

		(void)snprintf(assignment, sizeof(assignment), "3NGMTASG%c", 'A' + i);
		id = book_insert(book, book_bonus(book, assignment, W1, 100));
		(void)snprintf(sql, sizeof(sql), "UPDATE operation SET state = %d WHERE id = %d", i, (int)id);
		book_execute(book, sql);
	}
	/* Oldest first: the unsure one (5) comes after the accepted one (4) and stops it. */
	assert_int_equal(operations_each_pending(book->ledger, book->batch_id, count_pending, &states, &err), -1);
	assert_string_equal(err.message, "enough");
	assert_int_equal(states,
			 1U << OP_PLANNED | 1U << OP_QUEUED | 1U << OP_SENDING | 1U << OP_ACCEPTED | 1U << OP_UNSURE);
	states = 0;
	assert_int_equal(operations_each_pending(book->ledger, book->batch_id + 1, count_pending, &states, &err), 0);
	assert_int_equal(states, 0);
	/* Numbers that no table has go no further. */
	book_execute(book, "UPDATE operation SET kind = 77 WHERE state = 5");
	assert_int_equal(operations_each_pending(book->ledger, 0, count_pending, &states, &err), 0);
}

static void test_edited_by_hand(void **state)
{
	static const char *const edits[] = {
		"UPDATE operation SET kind = 99, state = 0",
		"UPDATE operation SET kind = -1, state = 0",
		"UPDATE operation SET kind = 2, state = 9",
		"UPDATE operation SET kind = 2, state = -7",
	};
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct op op;
		struct err err;

		book_execute(book, edits[i]);
		assert_int_equal(operation_load(book->ledger, id, &op, &err), -1);
		assert_int_equal(err.code, ERR_LEDGER);
	}
}

/* Every way in which a bonus of ours may stand on the platform's list counts; one that was certainly refused does
 * not. */
static void test_counted_bonuses(void **state)
{
	static const struct {
		enum op_state path[4];
		int64_t counted;
	} cases[] = {
		{ { OP_PLANNED }, 0 },
		{ { OP_QUEUED, OP_PLANNED }, 0 },
		{ { OP_QUEUED, OP_SENDING }, 1 },
		{ { OP_QUEUED, OP_SENDING, OP_UNSURE }, 1 },
		{ { OP_QUEUED, OP_SENDING, OP_DONE }, 1 },
		{ { OP_QUEUED, OP_SENDING, OP_UNSURE, OP_HELD }, 1 },
		{ { OP_QUEUED, OP_SENDING, OP_QUEUED }, 0 },
		{ { OP_QUEUED, OP_SENDING, OP_FAILED }, 0 },
	};
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char assignment[32];
		struct own_bonuses own;
		int64_t id;
		struct err err;

		(void)snprintf(assignment, sizeof(assignment), "3NGMTASG2000%zu", i);
		id = book_insert(book, book_bonus(book, assignment, W1, 100));
		for (size_t j = 0; j < 4 && (j == 0 || cases[i].path[j] != OP_PLANNED); j++)
			if (cases[i].path[j] != OP_PLANNED)
				book_move(book, id, cases[i].path[j], NULL);
		book_must(operations_count_bonuses(book->ledger, assignment, W1, &own, &err), &err);
		if (own.done + own.moving + own.doubts != cases[i].counted)
			fail_msg("case %zu: %d %d %d", i, (int)own.done, (int)own.moving, (int)own.doubts);
		book_must(operations_count_bonuses(book->ledger, assignment, W2, &own, &err), &err);
		assert_int_equal(own.done + own.moving + own.doubts, 0);
	}
}

/* Nothing is durable before the turn's commit, and everything after it. */
static void test_durable(void **state)
{
	struct book *book = *state;
	int64_t kept, lost;
	struct op op;
	struct err err;

	kept = book_insert(book, book_bonus(book, A1, W1, 100));
	book_move(book, kept, OP_QUEUED, NULL);
	book_must(ledger_commit(book->ledger, &err), &err);
	book_move(book, kept, OP_SENDING, NULL);
	lost = book_insert(book, book_bonus(book, A2, W2, 100));
	store_rollback(book->ledger->store);
	ledger_close(book->ledger);
	book->ledger = book_open(book, "rehearsal");
	op = book_load(book, kept);
	assert_int_equal(op.state, OP_QUEUED);
	assert_int_equal(op.attempts, 0);
	op_finish(&op);
	assert_int_equal(operation_load(book->ledger, lost, &op, &err), 0);
	assert_int_equal(book_number(book, "SELECT sum(operations) FROM tally"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_insert),
		TEST(test_same_key),
		TEST(test_moves_are_recorded),
		TEST(test_answers_stay),
		TEST(test_long_answer),
		TEST(test_refused_moves),
		TEST(test_dates_of_sending),
		TEST(test_note),
		TEST(test_replan),
		TEST(test_recover),
		TEST(test_forget_unfinished),
		TEST(test_finished_is_kept),
		TEST(test_pending),
		TEST(test_edited_by_hand),
		TEST(test_counted_bonuses),
		TEST(test_durable),
		TEST(test_replan_of_doubtful),
		TEST(test_replan_of_another_worker),
		TEST(test_doubt_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
