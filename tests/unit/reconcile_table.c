/* SPDX-License-Identifier: MIT
 *
 * Collecting lines in slices: what is beyond the first slice is found, too, and other reports are left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "reconcile_table.h"

/* More than two slices of two thousand. */
#define MANY 4500
#define COUNTING "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500) "

static const struct reconcile_scope one = { .report = 1 };

static int set_up(void **state)
{
	struct err err;
	struct book *book;

	if (book_set_up(state) < 0)
		return -1;
	book = *state;
	book_must(reconcile_table_create(book->ledger, &err), &err);
	return 0;
}

static int64_t lines(struct book *book, int64_t report)
{
	struct err err;
	int64_t count = reconcile_count_lines(book->ledger, report, false, &err);

	assert_true(count >= 0);
	return count;
}

/* Half of them of the HIT H2. */
static void add_facts(struct book *book)
{
	book_execute(book, COUNTING "INSERT INTO assignment_fact (assignment_id, status, hit_id, worker_id, seen_s)"
				    " SELECT 'A' || i, 3, 'H' || (1 + i % 2), 'W' || i, 100 FROM n");
}

static void add_hit(struct book *book, const struct reconcile_scope *scope, const char *hits)
{
	struct reconcile_scope named = *scope;
	int64_t cursor = 0;
	struct err err;

	named.hits = hits;
	book_must(reconcile_add_hits(book->ledger, &named, &cursor, &err), &err);
}

static unsigned collect_operations(struct book *book, const struct reconcile_scope *scope)
{
	int64_t cursor = 0;
	unsigned slices = 1;
	struct err err;
	int more;

	while ((more = reconcile_collect_operations(book->ledger, scope, &cursor, &err)) == 1)
		slices++;
	book_must(more, &err);
	return slices;
}

static void operations_of_the_hits(void **state)
{
	struct book *book = *state;
	struct reconcile_scope all = { .report = 2, .is_everything = true };

	book_execute(book, COUNTING "INSERT INTO operation (key, kind, state, batch_id, token, assignment_id,"
				    " worker_id, hit_id, amount_minor, fee_minor, currency, created_s, changed_s)"
				    " SELECT 'decision/' || i, 0, 6, 1, 't', 'A' || i, 'W' || i, 'H' || (1 + i % 2), 0,"
				    " 0, 'USD', 1, 1 FROM n");
	add_hit(book, &one, "[\"H1\"]");
	assert_int_equal(collect_operations(book, &one), 3);
	assert_int_equal(lines(book, 1), MANY / 2);
	/* Once more adds nothing; everything is everything. */
	(void)collect_operations(book, &one);
	assert_int_equal(lines(book, 1), MANY / 2);
	(void)collect_operations(book, &all);
	assert_int_equal(lines(book, 2), MANY);
	book_execute(book, "UPDATE operation SET state = 8");
	(void)collect_operations(book, &(struct reconcile_scope){ .report = 3, .is_everything = true });
	assert_int_equal(lines(book, 3), 0);
}

static void facts_of_the_hits(void **state)
{
	struct book *book = *state;
	char cursor[ID_TEXT_MAX] = "";
	unsigned slices = 1;
	struct err err;
	int more;

	add_facts(book);
	book_execute(book, "UPDATE assignment_fact SET status = 1 WHERE assignment_id = 'A2';"
			   "INSERT INTO bonus_fact (assignment_id, worker_id, granted_s, amount_minor, nth, survey,"
			   " seen_s) VALUES ('A4', 'W4', 1, 100, 0, 1, 1), ('A4', 'SOMEBODY', 1, 100, 0, 1, 1),"
			   " ('A3', 'SOMEBODY', 1, 100, 0, 1, 1)");
	add_hit(book, &one, "[\"H1\"]");
	while ((more = reconcile_collect_facts(book->ledger, &one, cursor, &err)) == 1)
		slices++;
	book_must(more, &err);
	assert_int_equal(slices, 3);
	/* One has not been handed in, one has a bonus for somebody else. */
	assert_int_equal(lines(book, 1), MANY / 2 - 1 + 1);
	book_expect_text(book, "SELECT assignment_id FROM reconcile_line WHERE worker_id = 'SOMEBODY'", "A4");
}

static void hits_are_taken_once(void **state)
{
	struct book *book = *state;
	char hit[ID_TEXT_MAX];
	struct err err;

	add_hit(book, &one, "[\"H1\",\"H2\",\"H1\"]");
	assert_int_equal(reconcile_count_hits(book->ledger, 1, &err), 2);
	assert_int_equal(reconcile_take_hit(book->ledger, 1, hit, &err), 1);
	assert_int_equal(reconcile_take_hit(book->ledger, 1, hit, &err), 1);
	assert_int_equal(reconcile_take_hit(book->ledger, 1, hit, &err), 0);
	assert_int_equal(reconcile_take_hit(book->ledger, 2, hit, &err), 0);
	add_facts(book);
	book_must(reconcile_add_hit_of(book->ledger, 2, "A7", &err), &err);
	book_must(reconcile_add_hit_of(book->ledger, 2, "unknown", &err), &err);
	assert_int_equal(reconcile_take_hit(book->ledger, 2, hit, &err), 1);
	assert_string_equal(hit, "H2");
}

static void the_lonely_ones(void **state)
{
	struct book *book = *state;
	char assignment[ID_TEXT_MAX];
	int64_t cursor = 0;
	struct err err;
	int found;

	add_facts(book);
	book_execute(book, COUNTING "INSERT INTO reconcile_line (report, hit_id, assignment_id, worker_id)"
				    " SELECT 1, 'H', 'A' || i, 'W' || i FROM n");
	book_execute(book, "UPDATE assignment_fact SET seen_s = 99 WHERE assignment_id = 'A3000';"
			   "DELETE FROM assignment_fact WHERE assignment_id IN ('A4000', 'A4100');"
			   "INSERT INTO hit_fact (hit_id, known, seen_s) VALUES ('GONE', 0, 1);"
			   "UPDATE reconcile_line SET hit_id = 'GONE' WHERE assignment_id = 'A4100'");
	while ((found = reconcile_next_lonely(book->ledger, 1, 100, &cursor, assignment, &err)) == 2)
		;
	assert_int_equal(found, 1);
	assert_string_equal(assignment, "A3000");
	while ((found = reconcile_next_lonely(book->ledger, 1, 100, &cursor, assignment, &err)) == 2)
		;
	assert_int_equal(found, 1);
	assert_string_equal(assignment, "A4000");
	while ((found = reconcile_next_lonely(book->ledger, 1, 100, &cursor, assignment, &err)) == 2)
		;
	assert_int_equal(found, 0);
}

static void a_report_is_dropped_little_by_little(void **state)
{
	struct book *book = *state;
	unsigned slices = 1;
	struct err err;

	book_execute(book, COUNTING "INSERT INTO reconcile_line (report, assignment_id)"
				    " SELECT 1 + i % 2, 'A' || i FROM n");
	book_execute(book, COUNTING "INSERT INTO reconcile_line (report, assignment_id) SELECT 1, 'B' || i FROM n");
	add_hit(book, &one, "[\"H1\"]");
	while (reconcile_table_drop(book->ledger, 1, &err) == 1)
		slices++;
	assert_int_equal(slices, 4);
	assert_int_equal(lines(book, 1), 0);
	assert_int_equal(reconcile_count_hits(book->ledger, 1, &err), 0);
	assert_int_equal(lines(book, 2), MANY / 2);
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, book_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(operations_of_the_hits),
		TABLE_TEST(facts_of_the_hits),
		TABLE_TEST(hits_are_taken_once),
		TABLE_TEST(the_lonely_ones),
		TABLE_TEST(a_report_is_dropped_little_by_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
