/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "duplicates.h"
#include "ledger_fixture.h"

/* Rows `from` to `to` of a file: their assignments are named by these numbers. */
static void add_file(struct book *book, int id, const char *path, int from, int to)
{
	char sql[700];

	(void)snprintf(sql, sizeof(sql),
		       "INSERT OR IGNORE INTO snapshot (sha256, bytes, read_s) VALUES ('s', 1, 1);"
		       "INSERT INTO source (id, sha256, path, rules, read_s, sequence, approve_rows)"
		       " VALUES (%d, 's', '%s', 'r%d', 1, %d, %d);"
		       "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		       " INSERT INTO result (source_id, line, worker_id, assignment_id, bonus_payable, verdict, why,"
		       " problem_column) SELECT %d, i, 'A1NGMT', 'A' || i, 0, 0, '', 0 FROM n",
		       id, path, id, id, to - from + 1, from, to, id);
	book_execute(book, sql);
}

static void expect(struct book *book, const int64_t *sources, size_t count, bool adds, const int64_t *expected)
{
	struct err err;
	struct duplicates *duplicates = duplicates_new(book->ledger, sources, count, adds, &err);
	int more;

	assert_non_null(duplicates);
	do {
		more = duplicates_slice(duplicates, &err);
	} while (more == 1);
	book_must(more, &err);
	for (size_t i = 0; i < count; i++)
		if (duplicates_of(duplicates, i) != expected[i])
			fail_msg("file %zu: %d repeats, not %d", i, (int)duplicates_of(duplicates, i),
				 (int)expected[i]);
	duplicates_free(duplicates);
}

static void test_none(void **state)
{
	struct book *book = *state;

	expect(book, NULL, 0, true, NULL);
	add_file(book, 1, "/a", 1, 50);
	expect(book, (const int64_t[]){ 1 }, 1, true, (const int64_t[]){ 0 });
}

static void test_among_files(void **state)
{
	struct book *book = *state;

	add_file(book, 1, "/a", 1, 50);
	add_file(book, 2, "/b", 41, 60);
	add_file(book, 3, "/c", 60, 60);
	expect(book, (const int64_t[]){ 1, 2, 3 }, 3, true, (const int64_t[]){ 0, 10, 1 });
	/* In their order, whatever their numbers. */
	expect(book, (const int64_t[]){ 3, 2, 1 }, 3, true, (const int64_t[]){ 0, 1, 10 });
	expect(book, (const int64_t[]){ 2 }, 1, true, (const int64_t[]){ 0 });
}

static void test_within_a_file(void **state)
{
	struct book *book = *state;

	add_file(book, 1, "/a", 1, 5);
	book_execute(book, "INSERT INTO result (source_id, line, assignment_id, bonus_payable, verdict, why,"
			   " problem_column) VALUES (1, 9, 'A3', 0, 0, '', 0), (1, 10, 'A3', 0, 0, '', 0),"
			   " (1, 11, NULL, 0, 2, '', 0), (1, 12, NULL, 0, 2, '', 0)");
	expect(book, (const int64_t[]){ 1 }, 1, true, (const int64_t[]){ 2 });
}

static void test_working_set(void **state)
{
	struct book *book = *state;

	add_file(book, 1, "/a", 1, 50);
	add_file(book, 2, "/b", 41, 60);
	add_file(book, 3, "/a", 1, 55); /* the newer version of a file that is in the set */
	book_execute(book, "INSERT INTO working_set VALUES (1)");
	expect(book, (const int64_t[]){ 2 }, 1, true, (const int64_t[]){ 10 });
	/* It is replaced: nothing of it comes before. */
	expect(book, (const int64_t[]){ 2 }, 1, false, (const int64_t[]){ 0 });
	expect(book, (const int64_t[]){ 3 }, 1, true, (const int64_t[]){ 0 });
	/* The same file once more. */
	expect(book, (const int64_t[]){ 1 }, 1, true, (const int64_t[]){ 0 });
}

/* More rows than one slice has, over several segments of the index. */
static void test_many(void **state)
{
	struct book *book = *state;

	add_file(book, 1, "/a", 1, 20000);
	add_file(book, 2, "/b", 19501, 30000);
	expect(book, (const int64_t[]){ 1, 2 }, 2, true, (const int64_t[]){ 0, 500 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_none),        BOOK_TEST(test_among_files), BOOK_TEST(test_within_a_file),
		BOOK_TEST(test_working_set), BOOK_TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
