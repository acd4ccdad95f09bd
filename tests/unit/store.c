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

/* Whatever would write is refused, with the first reason. */
static void expect_failed(struct shelf *shelf, const char *message)
{
	struct statement *write = store_statement(shelf->store, "INSERT INTO t VALUES (99, 'never')", NULL);
	struct err errs[4];

	assert_non_null(store_failure(shelf->store));
	assert_non_null(write);
	assert_int_equal(store_begin(shelf->store, &errs[0]), -1);
	assert_int_equal(store_commit(shelf->store, &errs[1]), -1);
	assert_int_equal(store_execute(shelf->store, "DELETE FROM t", &errs[2]), -1);
	assert_int_equal(statement_run(write, &errs[3]), -1);
	for (int i = 0; i < 4; i++)
		if (!strstr(errs[i].message, message))
			fail_msg("%d: \"%s\" instead of \"%s\"", i, errs[i].message, message);
	assert_false(store_in_transaction(shelf->store));
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
	assert_non_null(strstr(err.hint, shelf->scratch.folder));
	expect_failed(shelf, "full");
	assert_int_equal(count(shelf), 1);
	assert_false(store_is_damaged(shelf->store));
	/* Usable again, once it is opened anew. */
	open_again(shelf);
	insert(shelf, 5, "small");
	must(store_commit(shelf->store, &err), &err);
}

/* SQLite takes the whole transaction back by itself: nothing that is written later in the turn may stay alone. */
static void test_nothing_of_a_failed_turn(void **state)
{
	struct shelf *shelf = *state;
	struct statement *late;
	struct err err;

	insert(shelf, 1, "before");
	must(store_commit(shelf->store, &err), &err);
	insert(shelf, 2, "in the turn");
	late = store_statement(shelf->store, "INSERT INTO t VALUES (3, 'late')", &err);
	assert_non_null(late);
	/* As a full disk does it. */
	must(store_execute(shelf->store, "PRAGMA max_page_count = 3", &err), &err);
	assert_int_equal(store_execute(shelf->store, "INSERT INTO t VALUES (4, zeroblob(100000))", &err), -1);
	assert_false(store_in_transaction(shelf->store));
	assert_int_equal(statement_run(late, &err), -1);
	assert_non_null(strstr(err.message, "full"));
	assert_int_equal(count(shelf), 1);
	open_again(shelf);
	assert_int_equal(count(shelf), 1);
}

static void test_refused(void **state)
{
	struct shelf *shelf = *state;
	struct err why, err;

	insert(shelf, 1, "uncommitted");
	(void)err_set(&why, ERR_STATE, "a reason of the caller's");
	store_refuse(shelf->store, &why);
	expect_failed(shelf, "a reason of the caller's");
	(void)err_set(&why, ERR_STATE, "another");
	store_refuse(shelf->store, &why);
	expect_failed(shelf, "a reason of the caller's");
	assert_int_equal(count(shelf), 0);
	/* The probe writes all the same, and changes nothing about the refusal. */
	must(store_probe(shelf->store, "INSERT INTO t VALUES (7, 'probe')", &err), &err);
	assert_int_equal(count(shelf), 1);
	expect_failed(shelf, "a reason of the caller's");
	assert_int_equal(store_probe(shelf->store, "INSERT INTO t VALUES (7, 'twice')", &err), -1);
	must(store_probe(shelf->store, "DELETE FROM t", &err), &err);
}

static void test_locked_by_another(void **state)
{
	struct shelf *shelf = *state;
	struct err err, other_err;
	struct store *other = store_open(shelf->path, &other_err);

	assert_non_null(other);
	must(store_begin(other, &other_err), &other_err);
	assert_int_equal(store_begin(shelf->store, &err), -1);
	assert_non_null(strstr(err.hint, "close the other program"));
	expect_failed(shelf, "locked");
	must(store_close(other, &other_err), &other_err);
	must(store_probe(shelf->store, "INSERT INTO t VALUES (7, 'probe')", &err), &err);
}

/* A page that goes bad while the file is open. */
static void test_damaged_meanwhile(void **state)
{
	struct shelf *shelf = *state;
	struct statement *get;
	struct err err;
	FILE *file;

	must(store_execute(shelf->store, "CREATE TABLE u (n INTEGER PRIMARY KEY, s TEXT); WITH RECURSIVE c (n) AS"
					 " (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 3000)"
					 " INSERT INTO u SELECT n, hex(zeroblob(50)) FROM c", &err), &err);
	open_again(shelf);
	file = fopen(shelf->path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, 4 * 4096, SEEK_SET), 0);
	for (int i = 0; i < 20 * 4096; i++)
		assert_true(fputc(0xa5, file) != EOF);
	assert_int_equal(fclose(file), 0);
	get = store_statement(shelf->store, "SELECT sum(length(s)) FROM u", &err);
	assert_non_null(get);
	assert_int_equal(statement_step(get, &err), -1);
	assert_true(store_is_damaged(shelf->store));
	assert_non_null(strstr(err.hint, "RECOVERY"));
	expect_failed(shelf, "malformed");
}

static void test_found_damaged(void **state)
{
	struct shelf *shelf = *state;
	struct err err;

	assert_int_equal(store_damaged(shelf->store, "a page is upside down", &err), -1);
	assert_true(store_is_damaged(shelf->store));
	expect_failed(shelf, "the ledger is damaged: a page is upside down");
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
		TEST(test_nothing_of_a_failed_turn), TEST(test_refused), TEST(test_locked_by_another),
		TEST(test_damaged_meanwhile), TEST(test_found_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
