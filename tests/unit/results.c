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
#include "results.h"

static int64_t add_source(struct book *book, const char *path, const char *sha256, const char *rules, int expected)
{
	const struct source source = {
		.path = path, .sha256 = sha256, .rules = rules, .game = "ultimatum", .bytes = 10
	};
	int64_t id = -1;
	struct err err;
	int added = results_add_source(book->ledger, &source, &id, &err);

	book_must(added, &err);
	assert_int_equal(added, expected);
	return id;
}

static char *id_text(char *out, size_t size, const char *prefix, int n)
{
	(void)snprintf(out, size, "%s%05d", prefix, n);
	return out;
}

static void add_row(struct book *book, int64_t source_id, int n, enum verdict verdict, int64_t cents)
{
	char assignment[32], worker[32];
	struct row row = { .line = (unsigned)n + 1,
			   .assignment_id = id_text(assignment, sizeof(assignment), "3NGMTASG", n),
			   .worker_id = id_text(worker, sizeof(worker), "A1NGMT", n),
			   .has_bonus = cents > 0 && verdict == VERDICT_APPROVE,
			   .bonus_cents = cents,
			   .column = verdict == VERDICT_HOLD ? 3 : 0,
			   .verdict = verdict };
	struct err err;

	(void)snprintf(row.why, sizeof(row.why), "because of %s", verdict_name(verdict));
	book_must(results_add_row(book->ledger, source_id, &row, NULL, &err), &err);
}

/* All its rows are there. */
static void finish_source(struct book *book, int64_t source_id)
{
	int64_t verdicts[VERDICT_SKIP + 1] = { 0 };
	struct err err;
	struct statement *get = store_statement(
		book->ledger->store, "SELECT verdict, count(*) FROM result WHERE source_id = ?1 GROUP BY 1", &err);

	assert_non_null(get);
	statement_bind_int(get, 1, source_id);
	while (statement_step(get, &err) == 1)
		verdicts[statement_int(get, 0)] = statement_int(get, 1);
	book_must(results_count_rows(book->ledger, source_id, verdicts, &err), &err);
	book_must(results_make_ready(book->ledger, source_id, &err), &err);
}

static void test_sources(void **state)
{
	struct book *book = *state;
	int64_t first = add_source(book, "/data/a.csv", "aa", "r1", 1);

	assert_int_equal(add_source(book, "/data/a.csv", "aa", "r1", 0), first);
	/* Another place, other bytes or other rules are another import. */
	assert_int_not_equal(add_source(book, "/data/b.csv", "aa", "r1", 1), first);
	assert_int_not_equal(add_source(book, "/data/a.csv", "bb", "r1", 1), first);
	assert_int_not_equal(add_source(book, "/data/a.csv", "aa", "r2", 1), first);
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot"), 2);
}

static void test_rows(void **state)
{
	static char type[] = "human", code[] = "code", text[] = "A \"text\", with\nlines", bonus[] = "1.50";
	struct row row = { .line = 7,
			   .type = type,
			   .exit_code = code,
			   .access_code = code,
			   .reason = text,
			   .bonus_text = bonus,
			   .requester_feedback = text,
			   .bonus_cents = 150,
			   .has_bonus = true,
			   .has_integer_value = true,
			   .integer_value = 9,
			   .send_notification = TRUTH_NO,
			   .verdict = VERDICT_REJECT,
			   .why = "asked for" };
	struct book *book = *state;
	int64_t source = add_source(book, "/data/a.csv", "aa", "r", 1);
	struct err err;

	book_must(results_add_row(book->ledger, source, &row, NULL, &err), &err);
	book_expect_text(book, "SELECT reason FROM result", text);
	book_expect_text(book, "SELECT requester_feedback FROM result", text);
	book_expect_text(book, "SELECT worker_id FROM result", NULL);
	assert_int_equal(book_number(book, "SELECT bonus_cents FROM result"), 150);
	assert_int_equal(book_number(book, "SELECT integer_value FROM result"), 9);
	assert_int_equal(book_number(book, "SELECT send_notification FROM result"), 0);
	assert_int_equal(book_number(book, "SELECT verdict FROM result"), VERDICT_REJECT);
	row.has_integer_value = false;
	row.send_notification = TRUTH_ABSENT;
	book_must(results_add_row(book->ledger, source, &row, NULL, &err), &err);
	/* Absent is not zero: the defaults of the configuration come in later. */
	assert_int_equal(book_number(book, "SELECT count(*) FROM result WHERE integer_value IS NULL"
					   " AND send_notification IS NULL"),
			 1);
	row.send_notification = TRUTH_YES;
	book_must(results_add_row(book->ledger, source, &row, NULL, &err), &err);
	assert_int_equal(book_number(book, "SELECT max(send_notification) FROM result"), 1);
}

static void test_working_set(void **state)
{
	struct book *book = *state;
	int64_t one = add_source(book, "/data/a.csv", "aa", "r", 1),
		other = add_source(book, "/data/b.csv", "bb", "r", 1);
	int64_t verdicts[VERDICT_SKIP + 1];
	struct err err;

	for (int i = 1; i <= 5; i++)
		add_row(book, one, i, (enum verdict)(i % 4), 100);
	for (int i = 4; i <= 6; i++)
		add_row(book, other, i, VERDICT_APPROVE, 100);
	finish_source(book, one);
	finish_source(book, other);
	assert_int_equal(working_set_count(book->ledger, &err), 0);
	assert_int_equal(working_set_add(book->ledger, one, &err), 5);
	assert_int_equal(working_set_add(book->ledger, one, &err), 0);
	assert_int_equal(working_set_count(book->ledger, &err), 5);
	book_must(results_get_counts(book->ledger, one, verdicts, &err), &err);
	assert_int_equal(verdicts[VERDICT_APPROVE], 1);
	assert_int_equal(verdicts[VERDICT_REJECT], 2);
	assert_int_equal(verdicts[VERDICT_HOLD], 1);
	assert_int_equal(verdicts[VERDICT_SKIP], 1);
	assert_int_equal(working_set_add(book->ledger, other, &err), 3);
	book_must(working_set_clear(book->ledger, &err), &err);
	assert_int_equal(working_set_count(book->ledger, &err), 0);
	/* The rows themselves stay. */
	assert_int_equal(book_number(book, "SELECT count(*) FROM result"), 8);
}

static void test_problems(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/data/a.csv", "aa", "r", 1), value;
	struct json_object *problems;
	const char *text;
	struct err err;

	for (int i = 1; i <= 6; i++)
		add_row(book, source, i, i % 2 ? VERDICT_HOLD : VERDICT_APPROVE, 0);
	problems = results_problems(book->ledger, source, 2, &err);
	assert_non_null(problems);
	assert_int_equal(json_object_array_length(problems), 2);
	/* In the order of the file. */
	assert_true(json_get_int(json_object_array_get_idx(problems, 0), "line", &value));
	assert_int_equal(value, 2);
	assert_true(json_get_int(json_object_array_get_idx(problems, 0), "column", &value));
	assert_int_equal(value, 3);
	assert_true(json_get_text(json_object_array_get_idx(problems, 0), "message", &text));
	assert_string_equal(text, "because of hold");
	json_object_put(problems);
}

static int64_t summed(struct json_object *summary, const char *object, const char *key)
{
	int64_t value = -1;

	return json_get_int(json_get_object(summary, object), key, &value) ? value : -1;
}

/* An operation for row `n` in the given state. */
static void put_op(struct book *book, int n, enum op_kind kind, int64_t cents, enum op_state state)
{
	char assignment[32], worker[32], sql[100];
	struct op op;

	(void)id_text(assignment, sizeof(assignment), "3NGMTASG", n);
	(void)id_text(worker, sizeof(worker), "A1NGMT", n);
	op = kind == OP_BONUS ? book_bonus(book, assignment, worker, cents) : book_decision(book, kind, assignment);
	(void)snprintf(sql, sizeof(sql), "UPDATE operation SET state = %d WHERE id = %lld", (int)state,
		       (long long)book_insert(book, op));
	book_execute(book, sql);
}

static void fill_standing(struct book *book)
{
	int64_t source = add_source(book, "/data/a.csv", "aa", "r", 1);
	struct err err;

	add_row(book, source, 1, VERDICT_APPROVE, 100); /* nothing known */
	add_row(book, source, 2, VERDICT_APPROVE, 200); /* done */
	add_row(book, source, 3, VERDICT_APPROVE, 300); /* rejected in the ledger: conflict */
	add_row(book, source, 4, VERDICT_APPROVE, 400); /* another amount in the ledger: conflict */
	add_row(book, source, 5, VERDICT_REJECT, 0);
	add_row(book, source, 6, VERDICT_HOLD, 0);
	add_row(book, source, 7, VERDICT_SKIP, 0);
	put_op(book, 2, OP_APPROVE, 0, OP_DONE);
	put_op(book, 2, OP_BONUS, 200, OP_UNSURE);
	put_op(book, 3, OP_REJECT, 0, OP_DONE);
	put_op(book, 4, OP_BONUS, 999, OP_DONE);
	finish_source(book, source);
	assert_int_equal(working_set_add(book->ledger, source, &err), 7);
}

static void test_summary(void **state)
{
	static const struct {
		const char *object, *key;
		int64_t value;
	} expected[] = {
		{ "results", "total", 7 },      { "results", "approve", 1 },     { "results", "reject", 1 },
		{ "results", "hold", 1 },       { "results", "skip", 1 },        { "results", "done", 1 },
		{ "results", "conflict", 2 },   { "bonus", "count", 4 },         { "bonus", "total_cents", 1000 },
		{ "bonus", "mean_cents", 250 }, { "bonus", "std_cents", 129 },   { "bonus", "min_cents", 100 },
		{ "bonus", "max_cents", 400 },  { "qualification", "count", 0 },
	};
	struct book *book = *state;
	struct json_object *summary;
	struct err err;

	fill_standing(book);
	summary = results_summary(book->ledger, &err);
	assert_non_null(summary);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (summed(summary, expected[i].object, expected[i].key) != expected[i].value)
			fail_msg("%s.%s: %s", expected[i].object, expected[i].key, json_text(summary, NULL));
	json_object_put(summary);
}

static void test_empty_summary(void **state)
{
	struct book *book = *state;
	struct json_object *summary;
	struct err err;

	summary = results_summary(book->ledger, &err);
	assert_non_null(summary);
	assert_int_equal(summed(summary, "results", "total"), 0);
	assert_int_equal(summed(summary, "results", "done"), 0);
	assert_int_equal(summed(summary, "bonus", "count"), 0);
	/* Not known is null, not 0. */
	assert_int_equal(summed(summary, "bonus", "mean_cents"), -1);
	assert_true(json_has(json_get_object(summary, "bonus"), "mean_cents"));
	json_object_put(summary);
}

static void expect_page(struct book *book, const char *verdict, int64_t offset, int64_t limit, int64_t total,
			size_t rows, int64_t next)
{
	struct err err;
	struct json_object *page = results_page(book->ledger, verdict, offset, limit, &err);
	int64_t value = -1;

	assert_non_null(page);
	assert_true(json_get_int(page, "total", &value));
	assert_int_equal(value, total);
	assert_int_equal(json_object_array_length(json_get_array(page, "rows")), rows);
	value = -1;
	(void)json_get_int(page, "next_offset", &value);
	assert_int_equal(value, next);
	json_object_put(page);
}

static void test_pages(void **state)
{
	struct book *book = *state;

	fill_standing(book);
	expect_page(book, NULL, 0, 100, 7, 7, -1);
	expect_page(book, NULL, 0, 3, 7, 3, 3);
	expect_page(book, NULL, 6, 3, 7, 1, -1);
	expect_page(book, NULL, 4, 3, 7, 3, -1);
	expect_page(book, "conflict", 0, 1, 2, 1, 1);
	expect_page(book, "conflict", 1, 1, 2, 1, -1);
	expect_page(book, "nonsense", 0, 10, 0, 0, -1);
	expect_page(book, "x' OR 1=1 --", 0, 10, 0, 0, -1);
	/* Whatever a client asks for. */
	expect_page(book, NULL, INT64_MAX - 1, 1000, 7, 0, -1);
}

static void test_row_of_a_page(void **state)
{
	static const struct {
		const char *key, *value;
	} texts[] = { { "file", "/data/a.csv" },  { "assignment_id", "3NGMTASG00002" }, { "worker_id", "A1NGMT00002" },
		      { "verdict", "done" },      { "why", "because of approve" },      { "decision_state", "done" },
		      { "bonus_state", "unsure" } };
	struct book *book = *state;
	struct json_object *page, *row;
	struct err err;
	int64_t value;

	fill_standing(book);
	page = results_page(book->ledger, "done", 0, 10, &err);
	row = json_object_array_get_idx(json_get_array(page, "rows"), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = "";

		assert_true(json_get_text(row, texts[i].key, &text));
		assert_string_equal(text, texts[i].value);
	}
	assert_true(json_get_int(row, "bonus_cents", &value));
	assert_int_equal(value, 200);
	assert_true(json_get_int(row, "line", &value));
	assert_int_equal(value, 3);
	json_object_put(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_sources),  BOOK_TEST(test_rows),          BOOK_TEST(test_working_set),
		BOOK_TEST(test_problems), BOOK_TEST(test_summary),       BOOK_TEST(test_empty_summary),
		BOOK_TEST(test_pages),    BOOK_TEST(test_row_of_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
