/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts.h"
#include "ledger_fixture.h"

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(assignment_status_name(ASSIGNMENT_NONE), "unknown");
	assert_string_equal(assignment_status_name(ASSIGNMENT_NOT_SUBMITTED), "not submitted");
	assert_string_equal(assignment_status_name(ASSIGNMENT_SUBMITTED), "submitted");
	assert_string_equal(assignment_status_name(ASSIGNMENT_APPROVED), "approved");
	assert_string_equal(assignment_status_name(ASSIGNMENT_REJECTED), "rejected");
	assert_string_equal(assignment_status_name((enum assignment_status)5), "?");
	assert_string_equal(assignment_status_name((enum assignment_status) - 1), "?");
	/* Stored in ledgers. */
	assert_int_equal(ASSIGNMENT_REJECTED, 4);
}

static void test_hits(void **state)
{
	const struct hit hit = { .hit_id = H1, .title = "A game", .reward_minor = 150, .max_assignments = 12 };
	struct book *book = *state;
	struct hit_fact fact;
	struct err err;

	assert_int_equal(facts_get_hit(book->ledger, H1, &fact, &err), 0);
	book_must(facts_put_hit(book->ledger, &hit, &err), &err);
	assert_int_equal(facts_get_hit(book->ledger, H1, &fact, &err), 1);
	assert_true(fact.known);
	assert_int_equal(fact.reward_minor, 150);
	assert_int_equal(fact.max_assignments, 12);
	/* The later word replaces the earlier one, both ways. */
	book_must(facts_put_missing_hit(book->ledger, H1, &err), &err);
	assert_int_equal(facts_get_hit(book->ledger, H1, &fact, &err), 1);
	assert_false(fact.known);
	assert_int_equal(fact.reward_minor, 0);
	book_must(facts_put_hit(book->ledger, &hit, &err), &err);
	assert_int_equal(facts_get_hit(book->ledger, H1, &fact, &err), 1);
	assert_true(fact.known);
	assert_int_equal(book_number(book, "SELECT count(*) FROM hit_fact"), 1);
}

static void test_assignments(void **state)
{
	struct assignment assignment = { A1, H1, W1, ASSIGNMENT_SUBMITTED, 1700000000 };
	const struct assignment absent = { .assignment_id = A2 };
	struct book *book = *state;
	struct assignment_fact fact;
	struct err err;

	assert_int_equal(facts_get_assignment(book->ledger, A1, &fact, &err), 0);
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	assignment.status = ASSIGNMENT_APPROVED;
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	assert_int_equal(facts_get_assignment(book->ledger, A1, &fact, &err), 1);
	assert_int_equal(fact.status, ASSIGNMENT_APPROVED);
	assert_string_equal(fact.worker_id, W1);
	assert_string_equal(fact.hit_id, H1);
	assert_int_equal(fact.auto_approval_s, 1700000000);
	book_must(facts_put_assignment(book->ledger, &absent, &err), &err);
	assert_int_equal(facts_get_assignment(book->ledger, A2, &fact, &err), 1);
	assert_int_equal(fact.status, ASSIGNMENT_NONE);
	assert_string_equal(fact.worker_id, "");
	assert_string_equal(fact.hit_id, "");
}

static void test_long_ids(void **state)
{
	struct book *book = *state;
	struct assignment assignment = { A1, H1, NULL, ASSIGNMENT_SUBMITTED, 0 };
	struct assignment_fact fact;
	char worker[1000];
	struct err err;

	memset(worker, 'A', sizeof(worker) - 1);
	worker[sizeof(worker) - 1] = '\0';
	assignment.worker_id = worker;
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	assert_int_equal(facts_get_assignment(book->ledger, A1, &fact, &err), 1);
	assert_int_equal(strlen(fact.worker_id), ID_TEXT_MAX - 1);
	/* MTurk's ids have at most 64 characters: a cut one equals none of them. */
	assert_true(ID_TEXT_MAX - 1 > 64);
}

static void test_bonuses(void **state)
{
	static const struct bonus_payment payments[] = {
		{ A1, W1, "two", 200, 1700000200 },   { A1, W1, "one", 100, 1700000100 },
		{ A1, W1, "two", 200, 1700000200 }, /* the same list, read again */
		{ A1, W1, "three", 50, 1700000300 },  { A1, W2, "other", 900, 1700000900 },
		{ A2, W1, "other", 900, 1700000900 },
	};
	struct book *book = *state;
	struct bonus_fact fact;
	struct err err;

	book_must(facts_get_bonuses(book->ledger, A1, W1, &fact, &err), &err);
	assert_int_equal(fact.count, 0);
	for (size_t i = 0; i < sizeof(payments) / sizeof(payments[0]); i++)
		book_must(facts_put_bonus(book->ledger, &payments[i], &err), &err);
	book_must(facts_get_bonuses(book->ledger, A1, W1, &fact, &err), &err);
	assert_int_equal(fact.count, 3);
	assert_int_equal(fact.last_amount_minor, 50);
	assert_int_equal(fact.last_granted_s, 1700000300);
	book_must(facts_get_bonuses(book->ledger, A1, W2, &fact, &err), &err);
	assert_int_equal(fact.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), BOOK_TEST(test_hits),    BOOK_TEST(test_assignments),
		BOOK_TEST(test_long_ids),     BOOK_TEST(test_bonuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
