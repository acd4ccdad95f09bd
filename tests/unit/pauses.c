/* SPDX-License-Identifier: MIT
 *
 * What persons stop and let go on, in the engine: lanes (pauses.c, stops.c), operations (queue_person.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue_engine.h"

static struct pauses *pauses_of(const struct engine *engine)
{
	return queue_pauses(engine->queue);
}

static void stop(struct engine *engine, enum lane lane, int expected)
{
	struct err err;

	assert_int_equal(pauses_hold_back(pauses_of(engine), lane, "anna", &err), expected);
}

static void let_go(struct engine *engine, enum lane lane, int expected)
{
	struct err err;

	assert_int_equal(pauses_let_go(pauses_of(engine), lane, &err), expected);
}

static void run_batch(struct engine *engine)
{
	engine_add_batch(engine);
	engine_run(engine);
}

static void test_a_lane_stands_still(void **state)
{
	struct engine *engine = *state;
	int64_t bonus = engine_add_bonus(engine, 0), approval = engine_add_approval(engine, 1);
	struct err err;

	assert_false(pauses_any(pauses_of(engine)));
	stop(engine, LANE_BONUS, 1);
	stop(engine, LANE_BONUS, 0);
	run_batch(engine);
	engine_expect(engine, bonus, OP_QUEUED, 0);
	engine_expect(engine, approval, OP_DONE, 1);
	assert_string_equal(pauses_why(pauses_of(engine), LANE_BONUS), "paused by anna");
	assert_int_equal(pauses_cause(pauses_of(engine), LANE_BONUS), PAUSE_PERSON);
	assert_true(pauses_any(pauses_of(engine)));
	/* Money and access lift nothing of it. */
	book_must(pauses_refresh(pauses_of(engine), true, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, bonus, OP_QUEUED, 0);
	let_go(engine, LANE_BONUS, 1);
	let_go(engine, LANE_BONUS, 0);
	engine_run(engine);
	engine_expect(engine, bonus, OP_DONE, 1);
	assert_false(pauses_any(pauses_of(engine)));
}

static void restart(struct engine *engine)
{
	struct err err;

	engine_stop(engine);
	engine_start(engine, false);
	book_must(queue_recover(engine->queue, &err), &err);
}

static void test_it_outlives_the_daemon(void **state)
{
	struct engine *engine = *state;
	int64_t bonus = engine_add_bonus(engine, 0);

	stop(engine, LANE_BONUS, 1);
	stop(engine, LANE_NOTIFY, 1);
	run_batch(engine);
	restart(engine);
	engine_run(engine);
	engine_expect(engine, bonus, OP_QUEUED, 0);
	assert_string_equal(pauses_stopped(pauses_of(engine), LANE_BONUS)->user, "anna");
	assert_true(pauses_stopped(pauses_of(engine), LANE_BONUS)->at_s > 0);
	assert_null(pauses_stopped(pauses_of(engine), LANE_APPROVE));
	let_go(engine, LANE_BONUS, 1);
	let_go(engine, LANE_NOTIFY, 1);
	assert_int_equal(book_number(engine->book, "SELECT count(*) FROM meta WHERE key = 'stopped'"), 0);
	restart(engine);
	engine_run(engine);
	engine_expect(engine, bonus, OP_DONE, 1);
}

/* Somebody wanted something to stand still. */
static void test_what_makes_no_sense_stops_everything(void **state)
{
	static const char *const values[] = { "x", "[]", "{\"read\": {\"user\": \"anna\", \"at\": 1}}",
					      "{\"bonus\": {\"user\": 7, \"at\": 1}}", "{\"tips\": {}}" };
	struct engine *engine = *state;
	struct stops stops;
	struct err err;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		book_must(ledger_set_meta(engine->book->ledger, "stopped", values[i], &err), &err);
		stops_read(&stops, engine->book->ledger);
		assert_false(stops.lanes[LANE_READ].is_on);
		for (int lane = LANE_READ + 1; lane < LANES; lane++)
			assert_string_equal(stops.lanes[lane].words, "paused by somebody");
	}
}

static void test_out_of_funds_as_well(void **state)
{
	struct engine *engine = *state;
	int64_t bonus = engine_add_bonus(engine, 0);
	struct json_object *lanes, *lane;
	const char *cause = NULL;
	struct err err;

	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	engine->fake.available_minor = 0;
	run_batch(engine);
	stop(engine, LANE_BONUS, 1);
	assert_int_equal(pauses_cause(pauses_of(engine), LANE_BONUS), PAUSE_FUNDS);
	lanes = queue_describe_lanes(engine->queue);
	lane = json_object_array_get_idx(lanes, LANE_BONUS);
	assert_true(json_get_text(lane, "cause", &cause));
	assert_string_equal(cause, "person");
	json_object_put(lanes);
	engine->fake.available_minor = 1000;
	book_must(pauses_refresh(pauses_of(engine), false, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, bonus, OP_QUEUED, 1);
	assert_int_equal(pauses_cause(pauses_of(engine), LANE_BONUS), PAUSE_PERSON);
	let_go(engine, LANE_BONUS, 1);
	engine_run(engine);
	engine_expect(engine, bonus, OP_DONE, 2);
}

/* Its answer is lost, and then its lane is stopped. */
static int64_t lose(struct engine *engine, int64_t id)
{
	engine->fake.writes[0] = JUDGED_UNKNOWN;
	engine->until_ms = virtual_ms + 100;
	run_batch(engine);
	engine_expect(engine, id, OP_UNSURE, 1);
	engine->until_ms = 0;
	stop(engine, LANE_BONUS, 1);
	stop(engine, LANE_APPROVE, 1);
	engine_run(engine);
	return id;
}

/* That it is not in a list proves less than its own token. */
static void test_what_only_sending_again_can_tell_waits(void **state)
{
	struct engine *engine = *state;
	int64_t id = lose(engine, engine_add_bonus(engine, 0));

	engine_expect(engine, id, OP_UNSURE, 1);
	assert_int_equal(engine->fake.looked, 0);
	book_expect_text(engine->book, "SELECT why FROM operation",
			 "its answer was lost; that is found out once the lane goes on");
	let_go(engine, LANE_BONUS, 1);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 2);
	assert_string_equal(engine->fake.tokens[0], engine->fake.tokens[1]);
}

static void test_what_reading_tells_is_read(void **state)
{
	struct engine *engine = *state;
	int64_t id = lose(engine, engine_add_approval(engine, 0));

	engine_expect(engine, id, OP_DONE, 1);
	assert_int_equal(engine->fake.looked, 1);
	assert_int_equal(engine->fake.written, 1);
}

static void test_what_reading_does_not_show_waits(void **state)
{
	static const enum judged verdicts[] = { JUDGED_NOTHING, JUDGED_PERSON };

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct engine *engine = *state;
		int64_t id;

		/* The reading itself may fail a few times first. */
		engine->fake.looks[0] = JUDGED_UNKNOWN;
		engine->fake.looks[1] = JUDGED_THROTTLED;
		engine->fake.looks[2] = verdicts[i];
		id = lose(engine, engine_add_approval(engine, 0));
		engine_expect(engine, id, OP_UNSURE, 1);
		assert_int_equal(engine->fake.looked, 3);
		let_go(engine, LANE_APPROVE, 1);
		engine_run(engine);
		engine_expect(engine, id, OP_DONE, 2);
		(void)engine_tear_down(state);
		(void)engine_set_up(state);
	}
}

/* --- single operations --- */

static void expect_refusal(int result, const char *why, const char *part)
{
	assert_int_equal(result, 0);
	if (!strstr(why, part))
		fail_msg("%s: not in \"%s\"", part, why);
}

static void test_hold(void **state)
{
	struct engine *engine = *state;
	int64_t queued = engine_add_bonus(engine, 0), done = engine_add_approval(engine, 1);
	char why[QUEUE_WHY_MAX];
	struct err err;

	stop(engine, LANE_BONUS, 1);
	run_batch(engine);
	assert_int_equal(queue_hold(engine->queue, queued, why, &err), 1);
	expect_refusal(queue_hold(engine->queue, queued, why, &err), why, "held already");
	expect_refusal(queue_hold(engine->queue, done, why, &err), why, "it is done");
	expect_refusal(queue_hold(engine->queue, 99, why, &err), why, "no such operation");
	let_go(engine, LANE_BONUS, 1);
	engine_run(engine);
	engine_expect(engine, queued, OP_HELD, 0);
	assert_int_equal(book_number(engine->book, "SELECT hold FROM operation WHERE state = 1"), HOLD_PERSON);
	assert_int_equal(queue_cancel(engine->queue, queued, why, &err), 1);
	expect_refusal(queue_hold(engine->queue, queued, why, &err), why, "taken back");
	assert_int_equal(queue_release(engine->queue, queued, why, &err), 1);
	engine_run(engine);
	engine_expect(engine, queued, OP_DONE, 1);
}

static void test_hold_what_waits_for_its_time(void **state)
{
	struct engine *engine = *state;
	struct op op = book_decision(engine->book, OP_REJECT, engine_assignment(0));
	char why[QUEUE_WHY_MAX];
	struct err err;
	int64_t id;

	op.state = OP_HELD;
	op.hold = HOLD_UNDO;
	op.hold_until_s = START_MS / 1000 + 60;
	id = book_insert(engine->book, op);
	engine_add_batch(engine);
	assert_int_equal(queue_hold(engine->queue, id, why, &err), 1);
	engine_run(engine);
	engine_expect(engine, id, OP_HELD, 0);
	assert_int_equal(book_number(engine->book, "SELECT hold = 5 AND hold_until_s = 0 FROM operation"), 1);
}

static void test_retry(void **state)
{
	struct engine *engine = *state;
	int64_t failed = engine_add_bonus(engine, 0);
	char why[QUEUE_WHY_MAX];
	struct err err;

	engine->fake.writes[0] = JUDGED_REFUSED;
	run_batch(engine);
	engine_expect(engine, failed, OP_FAILED, 1);
	book_execute(engine->book, "UPDATE operation SET released = 64, waived_bonuses = 2");
	assert_int_equal(queue_retry(engine->queue, failed, why, &err), 1);
	engine_run(engine);
	engine_expect(engine, failed, OP_DONE, 2);
	assert_string_equal(engine->fake.tokens[0], engine->fake.tokens[1]);
	assert_int_equal(book_number(engine->book, "SELECT released + waived_bonuses FROM operation"), 0);
	expect_refusal(queue_retry(engine->queue, failed, why, &err), why, "it is done");
}

/* A payment above today's limit is held, whatever the platform would say to it now. */
static void test_retry_under_the_rules_of_today(void **state)
{
	struct engine *engine = *state;
	int64_t failed = engine_add_bonus(engine, 0);
	char why[QUEUE_WHY_MAX];
	struct err err;

	engine->fake.writes[0] = JUDGED_REFUSED;
	run_batch(engine);
	book_execute(engine->book, "UPDATE operation SET amount_minor = 2000");
	assert_int_equal(queue_retry(engine->queue, failed, why, &err), 1);
	engine_run(engine);
	engine_expect(engine, failed, OP_HELD, 1);
	expect_refusal(queue_retry(engine->queue, failed, why, &err), why, "queue release");
	/* And nobody retries what is in doubt. */
	book_execute(engine->book, "UPDATE operation SET doubtful = 1, hold = 4");
	expect_refusal(queue_retry(engine->queue, failed, why, &err), why, "resolve");
	book_execute(engine->book, "UPDATE operation SET state = 7");
	expect_refusal(queue_retry(engine->queue, failed, why, &err), why, "not certain");
	assert_int_equal(engine->fake.written, 1);
}

static void test_what_waits_is_due_at_once(void **state)
{
	struct engine *engine = *state;
	int64_t id = engine_add_bonus(engine, 0), began_ms;
	char why[QUEUE_WHY_MAX];
	struct err err;

	/* A slow attempt is minutes away. */
	for (int i = 0; i < 5; i++)
		engine->fake.writes[i] = JUDGED_AGAIN;
	engine->until_ms = 60000;
	run_batch(engine);
	engine_expect(engine, id, OP_QUEUED, 4);
	engine->until_ms = 0;
	for (int attempts = 5; attempts <= 6; attempts++) {
		assert_int_equal(queue_retry(engine->queue, id, why, &err), 1);
		queue_hurry(engine->queue, &id, 1);
		began_ms = virtual_ms;
		engine->until_ms = began_ms + 1000;
		engine_run(engine);
		engine_expect(engine, id, attempts == 6 ? OP_DONE : OP_QUEUED, attempts);
	}
	/* What it left in the schedule does no harm. */
	engine->until_ms = 0;
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_a_lane_stands_still),
		ENGINE_TEST(test_it_outlives_the_daemon),
		ENGINE_TEST(test_what_makes_no_sense_stops_everything),
		ENGINE_TEST(test_out_of_funds_as_well),
		ENGINE_TEST(test_what_only_sending_again_can_tell_waits),
		ENGINE_TEST(test_what_reading_tells_is_read),
		ENGINE_TEST(test_what_reading_does_not_show_waits),
		ENGINE_TEST(test_hold),
		ENGINE_TEST(test_hold_what_waits_for_its_time),
		ENGINE_TEST(test_retry),
		ENGINE_TEST(test_retry_under_the_rules_of_today),
		ENGINE_TEST(test_what_waits_is_due_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
