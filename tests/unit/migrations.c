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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
