/* SPDX-License-Identifier: MIT
 *
 * What no assignment is part of, through the engine: HITs and qualification types, from planned to what they leave in
 * the ledger.
 */
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
#include "selected.h"

#define H2 "3NGMTHIT00002"
#define T1 "3NGMTQUAL00001"

static struct op make_op(const struct engine *engine, enum op_kind kind)
{
	bool is_money = kind == OP_CREATE_HIT || kind == OP_EXTEND_HIT;

	return (struct op){ .kind = kind,
			    .state = OP_PLANNED,
			    .batch_id = engine->book->batch_id,
			    .amount_minor = is_money ? 900 : 0,
			    .fee_minor = is_money ? 180 : 0,
			    .integer_value = is_money ? 9 : 0 };
}

static int64_t add_creation(struct engine *engine, const char *round)
{
	struct op op = make_op(engine, OP_CREATE_HIT);

	op.subject = book_copy(round);
	op.text = book_copy("{\"title\":\"A game\"}");
	return book_insert(engine->book, op);
}

static int64_t add_change(struct engine *engine, enum op_kind kind, const char *hit_id)
{
	struct op op = make_op(engine, kind);

	op.hit_id = book_copy(hit_id);
	op.subject = book_copy("9");
	return book_insert(engine->book, op);
}

static void name_created(struct engine *engine, const char *id)
{
	(void)snprintf(engine->fake.created, sizeof(engine->fake.created), "%s", id);
}

static void run_batch(struct engine *engine)
{
	engine_add_batch(engine);
	engine_run(engine);
}

static void expect_selected(const struct engine *engine, const char *expected)
{
	struct json_object *selected = selected_describe(engine->book->ledger);

	assert_string_equal(json_text(selected, NULL), expected);
	json_object_put(selected);
}

static void test_created(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_creation(engine, "1/1");
	struct op op;

	name_created(engine, H2);
	run_batch(engine);
	engine_expect(engine, id, OP_DONE, 1);
	/* There is nothing to compare it with. */
	assert_int_equal(engine->fake.reads, 0);
	op = book_load(engine->book, id);
	assert_string_equal(op.hit_id, H2);
	op_finish(&op);
	expect_selected(engine, "{\"hit\":{\"hit_id\":\"" H2 "\",\"title\":\"A game\"},\"qualification\":null}");
}

static void test_type_created(void **state)
{
	struct engine *engine = *state;
	struct op op = make_op(engine, OP_CREATE_TYPE);
	int64_t id;

	op.subject = book_copy("Veterans");
	op.text = book_copy("{\"description\":\"Took part\"}");
	id = book_insert(engine->book, op);
	name_created(engine, T1);
	run_batch(engine);
	engine_expect(engine, id, OP_DONE, 1);
	op = book_load(engine->book, id);
	assert_string_equal(op.qualification_type_id, T1);
	assert_null(op.hit_id);
	op_finish(&op);
	expect_selected(engine, "{\"hit\":null,\"qualification\":{\"qualification_type_id\":\"" T1
				"\",\"name\":\"Veterans\"}}");
}

/* The token is the same however often it is asked; what the last answer names is the HIT. */
static void test_lost_answer(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_creation(engine, NULL);
	struct op op;

	engine->fake.writes[0] = engine->fake.writes[1] = JUDGED_UNKNOWN;
	engine->fake.writes[2] = JUDGED_THROTTLED;
	name_created(engine, H2);
	run_batch(engine);
	engine_expect(engine, id, OP_DONE, 4);
	for (int i = 1; i < 4; i++)
		assert_string_equal(engine->fake.tokens[i], engine->fake.tokens[0]);
	op = book_load(engine->book, id);
	assert_string_equal(op.hit_id, H2);
	op_finish(&op);
}

/* Done, and the platform does not say what: nothing is selected for it. */
static void test_nameless(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_creation(engine, NULL);
	struct err err;

	book_must(selected_set_hit(engine->book->ledger, H1, "Before", &err), &err);
	run_batch(engine);
	engine_expect(engine, id, OP_DONE, 1);
	expect_selected(engine, "{\"hit\":{\"hit_id\":\"" H1 "\",\"title\":\"Before\"},\"qualification\":null}");
}

static void test_person(void **state)
{
	static const enum op_kind kinds[] = { OP_CREATE_HIT, OP_EXTEND_HIT };
	static const char *const words[] = { "ngmtctl get hits", "a person must decide" };
	struct engine *engine = *state;

	fake_doubt_as = DOUBT_PERSON;
	for (unsigned i = 0; i < 2; i++) {
		int64_t id = i == 0 ? add_creation(engine, NULL) : add_change(engine, kinds[i], H1);
		struct op op;

		engine->fake.writes[engine->fake.judged] = JUDGED_UNKNOWN;
		run_batch(engine);
		engine_expect(engine, id, OP_HELD, 1);
		op = book_load(engine->book, id);
		assert_int_equal(op.hold, HOLD_DOUBT);
		assert_true(op.doubtful);
		assert_non_null(strstr(op.why, words[i]));
		op_finish(&op);
	}
	assert_int_equal(engine->fake.written, 2);
}

/* The lane of HITs stops, and nothing else; it goes on when the account holds what the HIT costs with its fees. */
static void test_out_of_funds(void **state)
{
	struct engine *engine = *state;
	struct pauses *pauses = queue_pauses(engine->queue);
	int64_t id = add_creation(engine, NULL), bonus;
	struct err err;

	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	name_created(engine, H2);
	run_batch(engine);
	engine_expect(engine, id, OP_QUEUED, 1);
	assert_int_equal(pauses_cause(pauses, LANE_HIT), PAUSE_FUNDS);
	assert_int_equal(pauses_cause(pauses, LANE_BONUS), PAUSE_NONE);
	bonus = engine_add_bonus(engine, 0);
	run_batch(engine);
	engine_expect(engine, bonus, OP_DONE, 1);
	engine_expect(engine, id, OP_QUEUED, 1);
	engine->fake.available_minor = 1079;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, id, OP_QUEUED, 1);
	engine->fake.available_minor = 1080;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	engine_run(engine);
	engine_expect(engine, id, OP_DONE, 2);
	assert_false(pauses_any(pauses));
}

/* A wallet that takes one request at a time does not care which lane it came from. */
static void test_one_wallet(void **state)
{
	struct engine *engine = *state;

	engine->fake.class.money_in_flight_max = 1;
	for (int i = 0; i < 5; i++) {
		char round[8];

		(void)snprintf(round, sizeof(round), "%d/5", i + 1);
		(void)add_creation(engine, round);
		(void)engine_add_bonus(engine, i);
	}
	run_batch(engine);
	assert_int_equal(engine->fake.written, 10);
	assert_int_equal(engine->fake.out_most, 1);
}

static void test_deleted(void **state)
{
	struct engine *engine = *state;
	struct err err;

	book_must(selected_set_hit(engine->book->ledger, H1, NULL, &err), &err);
	(void)add_change(engine, OP_DELETE_HIT, H2);
	run_batch(engine);
	expect_selected(engine, "{\"hit\":{\"hit_id\":\"" H1 "\",\"title\":null},\"qualification\":null}");
	(void)add_change(engine, OP_DELETE_HIT, H1);
	run_batch(engine);
	expect_selected(engine, "{\"hit\":null,\"qualification\":null}");
}

/* Harmless ones are sent once more, and need no lists before. */
static void test_harmless(void **state)
{
	static const enum op_kind kinds[] = { OP_EXPIRE_HIT, OP_REVOKE, OP_BLOCK, OP_UNBLOCK };
	struct engine *engine = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct op op = make_op(engine, kinds[i]);
		int64_t id;

		op.hit_id = book_copy(kinds[i] == OP_EXPIRE_HIT ? H1 : NULL);
		op.worker_id = book_copy(kinds[i] == OP_EXPIRE_HIT ? NULL : W1);
		op.qualification_type_id = book_copy(kinds[i] == OP_REVOKE ? T1 : NULL);
		op.text = book_copy("Because");
		id = book_insert(engine->book, op);
		engine->fake.writes[engine->fake.judged] = JUDGED_UNKNOWN;
		run_batch(engine);
		engine_expect(engine, id, OP_DONE, 2);
	}
	assert_int_equal(engine->fake.reads, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_created),      ENGINE_TEST(test_type_created), ENGINE_TEST(test_lost_answer),
		ENGINE_TEST(test_nameless),     ENGINE_TEST(test_person),       ENGINE_TEST(test_out_of_funds),
		ENGINE_TEST(test_one_wallet),   ENGINE_TEST(test_deleted),      ENGINE_TEST(test_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
