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
#include "migrations.h"
#include "results.h"

static void test_version(void **state)
{
	struct book *book = *state;
	struct err err;

	assert_true(migrations_newest() >= 1);
	assert_int_equal(book_number(book, "PRAGMA user_version"), migrations_newest());
	assert_int_equal(book_number(book, "PRAGMA application_id"), 0x6e676d74);
	/* A second run has nothing to do. */
	store_rollback(book->ledger->store);
	book_must(migrations_run(book->ledger->store, &err), &err);
	assert_int_equal(book_number(book, "PRAGMA user_version"), migrations_newest());
}

/* The literals in the schema are the numbers in the tables of op.h. */
static void test_literals(void **state)
{
	struct book *book = *state;

	book_expect_text(book,
			 "SELECT substr(sql, instr(sql, 'WHERE')) FROM sqlite_schema WHERE name = 'operation_pending'",
			 "WHERE state < 6 AND state <> 1");
	for (unsigned i = 0; i < OP_STATES; i++)
		assert_int_equal(!op_is_settled((enum op_state)i), i == 0 || (i >= 2 && i <= 5));
}

static void test_step_is_all_or_nothing(void **state)
{
	struct scratch scratch;
	struct store *store;
	struct statement *get;
	struct err err = { 0 };
	char path[256];

	(void)state;
	scratch_make(&scratch);
	(void)snprintf(path, sizeof(path), "%s/x.db", scratch.folder);
	store = store_open(path, &err);
	assert_non_null(store);
	/* Ours by its number, but a table is in the way of the first step. */
	assert_int_equal(store_execute(store, "PRAGMA application_id = 1852271988; CREATE TABLE tally (x)", &err), 0);
	assert_int_equal(migrations_run(store, &err), -1);
	assert_non_null(strstr(err.message, "migration to version 1"));
	assert_false(store_in_transaction(store));
	get = store_statement(store, "SELECT count(*) FROM sqlite_schema", &err);
	assert_int_equal(statement_step(get, &err), 1);
	assert_int_equal(statement_int(get, 0), 1);
	statement_reset(get);
	assert_int_equal(store_close(store, &err), 0);
	scratch_remove(&scratch);
}

static char *read_text(const char *path)
{
	char *text = calloc(1, 100000);
	FILE *file = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(file);
	assert_true(fread(text, 1, 99999, file) > 0);
	(void)fclose(file);
	return text;
}

/* The working set of version 1 consisted of rows; they were those of whole files. */
static void test_old_working_set(void **state)
{
	struct book book;
	struct ledger ledger = { .store = NULL };
	char path[256], *text = read_text(TEST_DATA_DIR "/ledger-1.sql");
	struct err err;

	(void)state;
	scratch_make(&book.scratch);
	(void)snprintf(path, sizeof(path), "%s/x.db", book.scratch.folder);
	ledger.store = store_open(path, &err);
	assert_non_null(ledger.store);
	book.ledger = &ledger;
	book_execute(&book, text);
	free(text);
	book_execute(&book, "INSERT INTO snapshot VALUES ('new', 1, 1);"
			    "INSERT INTO source VALUES (901, 'new', '/a', NULL, NULL, 'r', 1, 901),"
			    " (902, 'new', '/b', NULL, NULL, 'r', 1, 902);"
			    "INSERT INTO result (id, source_id, line, assignment_id, worker_id, bonus_payable, verdict,"
			    " why, problem_column) VALUES (901, 901, 2, 'A1', 'W1', 0, 0, '', 0),"
			    " (902, 901, 3, 'A2', 'W2', 0, 0, '', 0), (903, 901, 4, NULL, NULL, 0, 3, '', 0),"
			    " (904, 902, 2, 'A3', 'W3', 0, 2, '', 0);"
			    "DELETE FROM working_set; INSERT INTO working_set VALUES (901), (902), (903);"
			    /* 2 is approved by an operation that is done, 3 held, 9 nobody's. */
			    "INSERT INTO assignment_fact (assignment_id, status, seen_s) VALUES"
			    " ('3NGMTASG0000000000000000000002', 2, 1), ('3NGMTASG0000000000000000000003', 2, 1),"
			    " ('3NGMTASG0000000000000000000009', 2, 1)");
	book_must(migrations_run(ledger.store, &err), &err);
	assert_int_equal(book_number(&book, "SELECT count(*) FROM working_set"), 1);
	assert_int_equal(book_number(&book, "SELECT source_id FROM working_set"), 901);
	book_expect_text(&book,
			 "SELECT approve_rows || ' ' || reject_rows || ' ' || hold_rows || ' ' || skip_rows || ' ' ||"
			 " ready FROM source WHERE id = 901",
			 "2 0 0 1 1");
	assert_int_equal(book_number(&book, "SELECT hold_rows FROM source WHERE id = 902"), 1);
	book_expect_text(&book,
			 "SELECT group_concat(substr(assignment_id, -1) || ':' || decided) FROM"
			 " (SELECT * FROM assignment_fact ORDER BY assignment_id)",
			 "1:3,2:3,3:0,9:0");
	/* Rows are found by their ids as before. */
	assert_int_equal(book_number(&book, "SELECT r.id FROM " ROWS_BY("worker_id", "= 'W2'")), 902);
	assert_int_equal(store_close(ledger.store, &err), 0);
	scratch_remove(&book.scratch);
}

/* Through ROWS_BY, the index of the segments is used: nothing else would bear a million rows. */
static void test_search_by_ids(void **state)
{
	struct book *book = *state;
	static const char *const sql[] = {
		"EXPLAIN QUERY PLAN SELECT r.id FROM " ROWS_BY("assignment_id", "= 'A1'") " WHERE s.ready"
										  " ORDER BY r.id",
		"EXPLAIN QUERY PLAN SELECT r.id FROM " ROWS_BY("worker_id", "= 'W1'") " WHERE " ROW_IS_CURRENT,
		"EXPLAIN QUERY PLAN SELECT r.id FROM " ROWS_BY("worker_id", "IN (SELECT value FROM json_each('[]'))"),
	};

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		struct err err;
		struct statement *get = store_statement(book->ledger->store, sql[i], &err);
		int segmented = 0;

		assert_non_null(get);
		while (statement_step(get, &err) == 1) {
			const char *detail = statement_text(get, 3);

			segmented += strstr(detail, "SEARCH r USING") && strstr(detail, "(<expr>=?");
			assert_null(strstr(detail, "SCAN r"));
		}
		assert_int_equal(segmented, 1);
	}
}

static void test_keys_are_unique(void **state)
{
	struct book *book = *state;
	struct err err;

	(void)book_insert(book, book_bonus(book, A1, W1, 100));
	assert_int_equal(
		store_execute(book->ledger->store,
			      "INSERT INTO operation (key, kind, state, batch_id, token, amount_minor, fee_minor,"
			      " currency, created_s, changed_s) SELECT key, kind, state, batch_id, token,"
			      " amount_minor, fee_minor, currency, created_s, changed_s FROM operation",
			      &err),
		-1);
	assert_non_null(strstr(err.message, "UNIQUE"));
	/* An operation is always somebody's. */
	assert_int_equal(store_execute(book->ledger->store, "UPDATE operation SET batch_id = 99", &err), -1);
	assert_non_null(strstr(err.message, "FOREIGN KEY"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_version),
		BOOK_TEST(test_literals),
		cmocka_unit_test(test_step_is_all_or_nothing),
		BOOK_TEST(test_keys_are_unique),
		cmocka_unit_test(test_old_working_set),
		BOOK_TEST(test_search_by_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
