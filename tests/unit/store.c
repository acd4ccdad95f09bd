/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "store.h"

struct shelf {
	struct scratch scratch;
	char path[256];
	struct store *store;
};

static void must(int result, const struct err *err)
{
	if (result < 0)
		fail_msg("%s", err->message);
}

static void open_again(struct shelf *shelf)
{
	struct err err;

	if (shelf->store)
		must(store_close(shelf->store, &err), &err);
	shelf->store = store_open(shelf->path, &err);
	if (!shelf->store)
		fail_msg("%s", err.message);
}

static int set_up(void **state)
{
	struct shelf *shelf = calloc(1, sizeof(*shelf));
	struct err err;

	scratch_make(&shelf->scratch);
	(void)snprintf(shelf->path, sizeof(shelf->path), "%s/test.db", shelf->scratch.folder);
	open_again(shelf);
	must(store_execute(shelf->store, "CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT)", &err), &err);
	*state = shelf;
	return 0;
}

static int tear_down(void **state)
{
	struct shelf *shelf = *state;
	struct err err;

	must(store_close(shelf->store, &err), &err);
	scratch_remove(&shelf->scratch);
	free(shelf);
	return 0;
}

static void insert(struct shelf *shelf, int64_t n, const char *s)
{
	struct err err;
	struct statement *insert;

	must(store_begin(shelf->store, &err), &err);
	insert = store_statement(shelf->store, "INSERT INTO t VALUES (?1, ?2)", &err);
	assert_non_null(insert);
	statement_bind_int(insert, 1, n);
	statement_bind_text(insert, 2, s);
	must(statement_run(insert, &err), &err);
}

static int64_t count(struct shelf *shelf)
{
	struct err err;
	struct statement *get = store_statement(shelf->store, "SELECT count(*) FROM t", &err);
	int64_t n;

	assert_int_equal(statement_step(get, &err), 1);
	n = statement_int(get, 0);
	statement_reset(get);
	return n;
}

static void test_commit_and_rollback(void **state)
{
	struct shelf *shelf = *state;
	struct err err;

	assert_false(store_in_transaction(shelf->store));
	must(store_commit(shelf->store, &err), &err);
	insert(shelf, 1, "a");
	insert(shelf, 2, "b");
	assert_true(store_in_transaction(shelf->store));
	assert_int_equal(store_changes(shelf->store), 1);
	assert_int_equal(store_last_id(shelf->store), 2);
	must(store_commit(shelf->store, &err), &err);
	assert_false(store_in_transaction(shelf->store));
	insert(shelf, 3, "c");
	store_rollback(shelf->store);
	assert_false(store_in_transaction(shelf->store));
	store_rollback(shelf->store);
	assert_int_equal(count(shelf), 2);
	/* What is not committed at the close is gone. */
	insert(shelf, 4, "d");
	open_again(shelf);
	assert_int_equal(count(shelf), 2);
}

static void test_savepoint(void **state)
{
	struct shelf *shelf = *state;
	struct err err;

	insert(shelf, 1, "before");
	must(store_savepoint(shelf->store, &err), &err);
	insert(shelf, 2, "taken back");
	store_rollback_savepoint(shelf->store);
	assert_true(store_in_transaction(shelf->store));
	must(store_savepoint(shelf->store, &err), &err);
	insert(shelf, 3, "kept");
	must(store_release(shelf->store, &err), &err);
	must(store_commit(shelf->store, &err), &err);
	assert_int_equal(count(shelf), 2);
	/* A savepoint begins the transaction by itself. */
	must(store_savepoint(shelf->store, &err), &err);
	assert_true(store_in_transaction(shelf->store));
	store_rollback_savepoint(shelf->store);
	must(store_commit(shelf->store, &err), &err);
}

static void test_texts_and_nulls(void **state)
{
	static const char *const texts[] = { "", "it's \"quoted\"", "\xc3\xa4\xf0\x9f\x98\x80", NULL };
	struct shelf *shelf = *state;
	struct err err;
	struct statement *get;

	for (int i = 0; i < 4; i++)
		insert(shelf, i, texts[i]);
	insert(shelf, INT64_MIN, "least");
	get = store_statement(shelf->store, "SELECT n, s FROM t ORDER BY n", &err);
	assert_int_equal(statement_step(get, &err), 1);
	assert_true(statement_int(get, 0) == INT64_MIN);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(statement_step(get, &err), 1);
		assert_int_equal(statement_is_null(get, 1), texts[i] == NULL);
		if (texts[i])
			assert_string_equal(statement_text(get, 1), texts[i]);
		else
			assert_null(statement_text(get, 1));
	}
	assert_int_equal(statement_step(get, &err), 0);
}

/* A statement that is asked for again remembers nothing of its last use. */
static void test_kept_statements(void **state)
{
	static const char sql[] = "INSERT INTO t VALUES (?1, ?2)";
	struct shelf *shelf = *state;
	struct err err;
	struct statement *one, *other;

	must(store_begin(shelf->store, &err), &err);
	one = store_statement(shelf->store, sql, &err);
	statement_bind_int(one, 1, 1);
	statement_bind_text(one, 2, "bound");
	must(statement_run(one, &err), &err);
	other = store_statement(shelf->store, sql, &err);
	assert_ptr_equal(one, other);
	statement_bind_int(other, 1, 2);
	must(statement_run(other, &err), &err);
	other = store_statement(shelf->store, "SELECT s FROM t WHERE n = 2", &err);
	assert_int_equal(statement_step(other, &err), 1);
	assert_true(statement_is_null(other, 0));
	statement_reset(other);
}

static void test_errors(void **state)
{
	struct shelf *shelf = *state;
	struct err err;
	struct statement *again;

	insert(shelf, 1, "a");
	again = store_statement(shelf->store, "INSERT INTO t VALUES (1, 'b')", &err);
	assert_int_equal(statement_run(again, &err), -1);
	assert_int_equal(err.code, ERR_LEDGER);
	assert_non_null(strstr(err.message, "UNIQUE"));
	/* The transaction goes on without it. */
	insert(shelf, 2, "b");
	must(store_commit(shelf->store, &err), &err);
	assert_int_equal(count(shelf), 2);
	assert_null(store_statement(shelf->store, "SELECT nonsense", &err));
	assert_int_equal(store_execute(shelf->store, "NONSENSE", &err), -1);
	assert_int_equal(err.code, ERR_LEDGER);
}

static void test_disk_is_full(void **state)
{
	struct shelf *shelf = *state;
	struct err err = { 0 };
	char big[2000];
	bool failed = false;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	insert(shelf, 1, "kept");
	must(store_commit(shelf->store, &err), &err);
	must(store_execute(shelf->store, "PRAGMA max_page_count = 10", &err), &err);
	must(store_begin(shelf->store, &err), &err);
	for (int i = 2; i < 100 && !failed; i++) {
		struct statement *more = store_statement(shelf->store, "INSERT INTO t (s) VALUES (?1)", &err);

		statement_bind_text(more, 1, big);
		failed = statement_run(more, &err) < 0;
	}
	assert_true(failed);
	assert_non_null(strstr(err.hint, "free some space"));
	store_rollback(shelf->store);
	assert_int_equal(count(shelf), 1);
	/* Usable again. */
	insert(shelf, 5, "small");
	must(store_commit(shelf->store, &err), &err);
}

static void test_how_it_is_opened(void **state)
{
	static const struct {
		const char *sql, *expected;
	} pragmas[] = {
		{ "PRAGMA journal_mode", "wal" },
		{ "PRAGMA synchronous", "2" },
		{ "PRAGMA foreign_keys", "1" },
	};
	struct shelf *shelf = *state;
	struct stat status;
	struct err err;

	must(store_configure(shelf->store, &err), &err);
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
		struct statement *get = store_statement(shelf->store, pragmas[i].sql, &err);

		assert_int_equal(statement_step(get, &err), 1);
		assert_string_equal(statement_text(get, 0), pragmas[i].expected);
		statement_reset(get);
	}
	assert_int_equal(stat(shelf->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_no_place(void **state)
{
	struct shelf *shelf = *state;
	char path[300];
	struct err err;

	(void)snprintf(path, sizeof(path), "%s/missing/test.db", shelf->scratch.folder);
	assert_null(store_open(path, &err));
	assert_int_equal(err.code, ERR_LEDGER);
	assert_true(err.hint[0] != '\0');
	assert_null(store_open(shelf->scratch.folder, &err));
	assert_int_equal(err.code, ERR_LEDGER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_commit_and_rollback), TEST(test_savepoint), TEST(test_texts_and_nulls),
		TEST(test_kept_statements),     TEST(test_errors),    TEST(test_disk_is_full),
		TEST(test_how_it_is_opened),    TEST(test_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
