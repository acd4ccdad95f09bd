/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "plan_table.h"

#define PLAN 1

static int set_up(void **state)
{
	struct err err;
	struct book *book;

	(void)book_set_up(state);
	book = *state;
	book_must(plan_table_create(book->ledger, &err), &err);
	book_execute(book, "INSERT INTO snapshot (sha256, bytes, read_s) VALUES ('s', 1, 1);"
			   "INSERT INTO source (id, sha256, path, game, room, rules, read_s, sequence)"
			   " VALUES (1, 's', '/data/bonus.csv', 'ultimatum', 'room1', 'r', 1, 1),"
			   " (2, 's', '/data/other.csv', NULL, NULL, 'r', 1, 2);");
	for (int i = 1; i <= 6; i++) {
		char sql[400];

		(void)snprintf(sql, sizeof(sql),
			       "INSERT INTO result (id, source_id, line, worker_id, assignment_id, hit_id, bonus_cents,"
			       " bonus_payable, verdict, why, problem_column) VALUES (%d, %d, %d, 'W%d', 'A%d', 'H%d', "
			       "100, 1, 0,"
			       " 'ok', 0)",
			       i, i <= 4 ? 1 : 2, i + 1, i, i, i % 2);
		book_execute(book, sql);
	}
	book_execute(book, "INSERT INTO working_set VALUES (2)");
	return 0;
}

struct wish {
	int64_t row;
	enum op_kind kind;
	const char *key; /* NULL: no operation */
	int64_t cents;
	enum plan_verdict verdict;
};

static void add(struct book *book, int64_t plan, const struct wish *wish)
{
	const struct plan_row row = { .id = wish->row, .line = wish->row + 1 };
	struct op op = { .kind = wish->kind, .key = book_copy(wish->key), .text = book_copy("Thanks") };
	const struct plan_item item = { .verdict = wish->verdict,
					.amount_minor = wish->cents,
					.fee_minor = wish->cents / 5,
					.fee_known = true,
					.why = "as told" };
	struct err err;

	book_must(plan_table_add(book->ledger, plan, &row, &op, &item, &err), &err);
	op_finish(&op);
}

static void expect_verdict(struct book *book, int64_t item, int64_t verdict, const char *why)
{
	struct err err;
	struct statement *get =
		store_statement(book->ledger->store, "SELECT verdict, why FROM plan_item WHERE id = ?1", &err);

	assert_non_null(get);
	statement_bind_int(get, 1, item);
	assert_int_equal(statement_step(get, &err), 1);
	if (statement_int(get, 0) != verdict)
		fail_msg("item %d: %d (%s)", (int)item, (int)statement_int(get, 0), statement_text(get, 1));
	if (why)
		assert_string_equal(statement_text(get, 1), why);
	statement_reset(get);
}

static int64_t recordable(struct book *book, int64_t plan)
{
	struct err err;
	int64_t count = plan_table_count_recordable(book->ledger, plan, &err);

	assert_true(count >= 0);
	return count;
}

static void test_same_twice(void **state)
{
	struct book *book = *state;

	add(book, PLAN, &(struct wish){ 1, OP_BONUS, "bonus/A/W/bonus", 100, PLAN_ACT });
	add(book, PLAN, &(struct wish){ 2, OP_BONUS, "bonus/A/W/bonus", 100, PLAN_ACT });
	add(book, PLAN, &(struct wish){ 3, OP_BONUS, "bonus/A/W/bonus", 100, PLAN_WAIT });
	expect_verdict(book, 1, PLAN_ACT, "as told");
	expect_verdict(book, 2, PLAN_SKIP, "the same as line 2");
	expect_verdict(book, 3, PLAN_SKIP, "the same as line 2");
	assert_int_equal(recordable(book, PLAN), 1);
}

static void test_contradictions(void **state)
{
	struct book *book = *state;

	add(book, PLAN, &(struct wish){ 1, OP_BONUS, "bonus/A/W/bonus", 100, PLAN_ACT });
	add(book, PLAN, &(struct wish){ 2, OP_BONUS, "bonus/A/W/bonus", 200, PLAN_ACT });
	add(book, PLAN, &(struct wish){ 3, OP_APPROVE, "decision/B", 5, PLAN_ACT });
	add(book, PLAN, &(struct wish){ 4, OP_REJECT, "decision/B", 5, PLAN_ACT });
	expect_verdict(book, 1, PLAN_CONFLICT, "lines 2 and 3 contradict each other: bonus $1.00 and bonus $2.00");
	expect_verdict(book, 2, PLAN_CONFLICT, "lines 2 and 3 contradict each other: bonus $1.00 and bonus $2.00");
	expect_verdict(book, 3, PLAN_CONFLICT, NULL);
	expect_verdict(book, 4, PLAN_CONFLICT, NULL);
	assert_int_equal(recordable(book, PLAN), 0);
}

/* Where two lines contradict each other, a third one does not decide. */
static void test_third_line(void **state)
{
	static const int64_t thirds[] = { 100, 200, 300 };
	struct book *book = *state;

	for (int64_t plan = 1; plan <= 3; plan++) {
		add(book, plan, &(struct wish){ 1, OP_BONUS, "bonus/A/W/bonus", 100, PLAN_ACT });
		add(book, plan, &(struct wish){ 2, OP_BONUS, "bonus/A/W/bonus", 200, PLAN_ACT });
		add(book, plan, &(struct wish){ 3, OP_BONUS, "bonus/A/W/bonus", thirds[plan - 1], PLAN_ACT });
		assert_int_equal(recordable(book, plan), 0);
	}
}

/* One line approves, another rejects: nothing is done about the assignment, whatever was planned before the second
 * came. */
static void test_opposite_decisions(void **state)
{
	static const struct {
		enum verdict verdicts[3];
		int64_t recordable;
	} cases[] = {
		{ { VERDICT_APPROVE, VERDICT_REJECT, VERDICT_APPROVE }, 0 },
		{ { VERDICT_REJECT, VERDICT_REJECT, VERDICT_APPROVE }, 0 },
		{ { VERDICT_APPROVE, VERDICT_APPROVE, VERDICT_APPROVE }, 1 },
		/* Who is held or skipped asks for nothing. */
		{ { VERDICT_APPROVE, VERDICT_HOLD, VERDICT_SKIP }, 1 },
	};
	struct book *book = *state;
	struct err err;

	for (int64_t plan = 1; plan <= 4; plan++) {
		add(book, plan, &(struct wish){ 1, OP_BONUS, "bonus/A1/W1/bonus", 100, PLAN_ACT });
		for (int i = 0; i < 3; i++) {
			const struct plan_row row = {
				.id = 1, .line = i + 2, .assignment_id = "A1", .verdict = cases[plan - 1].verdicts[i]
			};

			assert_true(plan_table_decide(book->ledger, plan, &row, &err) >= 0);
		}
		book_must(plan_table_oppose(book->ledger, plan, &err), &err);
		assert_int_equal(recordable(book, plan), cases[plan - 1].recordable);
		book_must(plan_table_clear(book->ledger, plan, &err), &err);
		/* Nothing of it is left for another plan of that number. */
		add(book, plan, &(struct wish){ 1, OP_BONUS, "bonus/A1/W1/bonus", 100, PLAN_ACT });
		book_must(plan_table_oppose(book->ledger, plan, &err), &err);
		assert_int_equal(recordable(book, plan), 1);
	}
}

static void test_what_is_none(void **state)
{
	struct book *book = *state;

	/* Held, skipped and done items neither collide nor are recorded, with or without a key. */
	add(book, PLAN, &(struct wish){ 1, OP_BONUS, NULL, 0, PLAN_SKIP });
	add(book, PLAN, &(struct wish){ 2, OP_BONUS, NULL, 0, PLAN_HOLD });
	add(book, PLAN, &(struct wish){ 3, OP_BONUS, "k", 100, PLAN_DONE });
	add(book, PLAN, &(struct wish){ 4, OP_BONUS, "k", 100, PLAN_HOLD });
	add(book, PLAN, &(struct wish){ 5, OP_BONUS, "k", 100, PLAN_ACT });
	expect_verdict(book, 5, PLAN_ACT, "as told");
	assert_int_equal(recordable(book, PLAN), 1);
	/* Another plan is another matter. */
	add(book, 2, &(struct wish){ 5, OP_BONUS, "k", 100, PLAN_ACT });
	assert_int_equal(recordable(book, 2), 1);
}

static void test_cleared(void **state)
{
	struct book *book = *state;
	struct err err;

	add(book, 1, &(struct wish){ 1, OP_BONUS, "k", 100, PLAN_ACT });
	add(book, 2, &(struct wish){ 1, OP_BONUS, "k", 100, PLAN_ACT });
	book_must(plan_table_clear(book->ledger, 1, &err), &err);
	assert_int_equal(recordable(book, 1), 0);
	assert_int_equal(recordable(book, 2), 1);
}

struct seen {
	int64_t ids[16];
	int count;
	int fail_at; /* 0: never */
};

static int on_row(void *arg, const struct plan_row *row, struct err *err)
{
	struct seen *seen = arg;

	seen->ids[seen->count++] = row->id;
	assert_non_null(row->path);
	return seen->count == seen->fail_at ? err_set(err, ERR_INTERNAL, "enough") : 0;
}

static void expect_rows(struct book *book, const struct plan_params *params, int64_t after, int64_t limit,
			const char *expected)
{
	struct seen seen = { .count = 0 };
	char text[64] = "";
	struct err err;

	book_must(plan_table_each_row(book->ledger, params, after, limit, on_row, &seen, &err), &err);
	for (int i = 0; i < seen.count; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ", (int)seen.ids[i]);
	assert_string_equal(text, expected);
}

static void test_selection(void **state)
{
	static char room[] = "room1", game[] = "ultimatum", hit[] = "H1", assignments[] = "[\"A1\",\"A3\",\"A6\"]",
		    workers[] = "[\"W3\"]", nothing[] = "[]", injection[] = "room1' OR '1'='1";
	struct book *book = *state;
	const struct {
		struct plan_params params;
		const char *expected;
	} cases[] = {
		{ { .has_selection = false }, "5 6 " },
		{ { .has_selection = true, .room = room }, "1 2 3 4 " },
		{ { .has_selection = true, .game = game, .hit = hit }, "1 3 " },
		{ { .has_selection = true, .hit = hit }, "1 3 5 " },
		{ { .has_selection = true, .assignments = assignments }, "1 3 6 " },
		{ { .has_selection = true, .assignments = assignments, .workers = workers }, "3 " },
		{ { .has_selection = true, .assignments = nothing }, "" },
		{ { .has_selection = true, .room = injection }, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_rows(book, &cases[i].params, 0, 100, cases[i].expected);
	expect_rows(book, &cases[1].params, 0, 3, "1 2 3 ");
	expect_rows(book, &cases[1].params, 3, 3, "4 ");
	expect_rows(book, &cases[0].params, 0, 1, "5 ");
	expect_rows(book, &cases[0].params, 5, 3, "6 ");
}

/* A room's file was written again: rows of the older version are never paid for the room, nor twice. */
static void test_replaced_version(void **state)
{
	static char room[] = "room1";
	const struct plan_params of_room = { .has_selection = true, .room = room };
	struct book *book = *state;

	book_execute(
		book,
		"INSERT INTO source (id, sha256, path, game, room, rules, read_s, sequence)"
		" VALUES (3, 's', '/data/bonus.csv', 'ultimatum', 'room1', 'other rules', 2, 3);"
		"INSERT INTO result (id, source_id, line, worker_id, assignment_id, hit_id, bonus_cents,"
		" bonus_payable, verdict, why, problem_column) VALUES (7, 3, 2, 'W1', 'A1', 'H1', 250, 1, 0, 'ok', 0)");
	expect_rows(book, &of_room, 0, 100, "7 ");
}

static void test_row_that_fails(void **state)
{
	struct book *book = *state;
	const struct plan_params params = { .has_selection = false };
	struct seen seen = { .fail_at = 1 };
	struct err err;

	assert_int_equal(plan_table_each_row(book->ledger, &params, 0, 100, on_row, &seen, &err), -1);
	assert_string_equal(err.message, "enough");
	assert_int_equal(seen.count, 1);
	/* The statement was given back. */
	expect_rows(book, &params, 0, 100, "5 6 ");
}

struct recorded {
	char text[200];
};

static int on_recordable(void *arg, const struct plan_row *row, const struct plan_recordable *item, struct err *err)
{
	struct recorded *recorded = arg;
	size_t used = strlen(recorded->text);

	(void)err;
	(void)snprintf(recorded->text + used, sizeof(recorded->text) - used, "%d:%d:%s:%d%s ", (int)item->id,
		       (int)row->id, op_kind_name(item->kind), (int)item->fee_minor,
		       item->verdict == PLAN_RECORD_HOLD ? "!" : "");
	return 0;
}

static void test_recordable(void **state)
{
	struct book *book = *state;
	struct recorded recorded = { "" };
	struct err err;

	add(book, PLAN, &(struct wish){ 1, OP_APPROVE, "a", 50, PLAN_ACT });
	add(book, PLAN, &(struct wish){ 2, OP_APPROVE, "b", 50, PLAN_HOLD });
	add(book, PLAN, &(struct wish){ 3, OP_BONUS, "c", 100, PLAN_WAIT });
	add(book, PLAN, &(struct wish){ 4, OP_BONUS, "d", 100, PLAN_ACT });
	book_must(plan_table_each_recordable(book->ledger, PLAN, 0, 2, on_recordable, &recorded, &err), &err);
	assert_string_equal(recorded.text, "1:1:approve:10 3:3:bonus:20 ");
	recorded.text[0] = '\0';
	book_must(plan_table_each_recordable(book->ledger, PLAN, 3, 2, on_recordable, &recorded, &err), &err);
	assert_string_equal(recorded.text, "4:4:bonus:20 ");
	add(book, PLAN, &(struct wish){ 1, OP_BONUS, "e", 100, PLAN_RECORD_HOLD });
	recorded.text[0] = '\0';
	book_must(plan_table_each_recordable(book->ledger, PLAN, 4, 2, on_recordable, &recorded, &err), &err);
	assert_string_equal(recorded.text, "5:1:bonus:20! ");
}

static void digest_of(struct book *book, int64_t plan, const struct plan_params *params, char out[PLAN_DIGEST_MAX])
{
	struct err err;

	book_must(plan_table_digest(book->ledger, plan, params, out, &err), &err);
	assert_int_equal(strspn(out, "0123456789abcdef"), 16);
}

static void test_digest(void **state)
{
	static const struct wish base = { 1, OP_BONUS, "k", 100, PLAN_ACT };
	static const struct wish others[] = {
		{ 1, OP_BONUS, "k2", 100, PLAN_ACT },
		{ 1, OP_APPROVE, "k", 100, PLAN_ACT },
		{ 1, OP_BONUS, "k", 101, PLAN_ACT },
	};
	const struct plan_params params = { .send_notification = false }, loud = { .send_notification = true };
	struct book *book = *state;
	char first[PLAN_DIGEST_MAX], other[PLAN_DIGEST_MAX];
	struct err err;

	add(book, 1, &base);
	digest_of(book, 1, &params, first);
	/* The same work gives the same digest, whatever else the plan has that is not recorded. */
	add(book, 2, &base);
	add(book, 2, &(struct wish){ 2, OP_BONUS, NULL, 0, PLAN_SKIP });
	digest_of(book, 2, &params, other);
	assert_string_equal(first, other);
	digest_of(book, 1, &loud, other);
	assert_string_not_equal(first, other);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		book_must(plan_table_clear(book->ledger, 2, &err), &err);
		add(book, 2, &others[i]);
		digest_of(book, 2, &params, other);
		assert_string_not_equal(first, other);
	}
	add(book, 1, &(struct wish){ 2, OP_BONUS, "k3", 100, PLAN_ACT });
	digest_of(book, 1, &params, other);
	assert_string_not_equal(first, other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, book_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same_twice),
		TEST(test_contradictions),
		TEST(test_third_line),
		TEST(test_what_is_none),
		TEST(test_cleared),
		TEST(test_selection),
		TEST(test_row_that_fails),
		TEST(test_recordable),
		TEST(test_digest),
		TEST(test_replaced_version),
		TEST(test_opposite_decisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
