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
	struct assignment assignment = { A1, H1, W1, ASSIGNMENT_SUBMITTED, 1700000000, 0, NULL, 0 };
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
	struct assignment assignment = { .assignment_id = A1, .hit_id = H1, .status = ASSIGNMENT_SUBMITTED };
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

static void count_bonuses(struct book *book, const struct bonus_payment *like, struct bonus_fact *out)
{
	struct err err;

	book_must(facts_get_bonuses(book->ledger, like, out, &err), &err);
}

static int64_t put_bonuses(struct book *book, const struct bonus_payment *payments, size_t count)
{
	int64_t survey = 0;
	struct err err;

	book_must(facts_new_survey(book->ledger, &survey, &err), &err);
	for (size_t i = 0; i < count; i++)
		book_must(facts_put_bonus(book->ledger, &payments[i], survey, &err), &err);
	return survey;
}

static void test_bonuses(void **state)
{
	static const struct bonus_payment payments[] = {
		{ A1, W1, "two", 200, 1700000200 },  { A1, W1, "one", 100, 1700000100 },
		{ A1, W1, "three", 50, 1700000300 }, { A1, W2, "other", 900, 1700000900 },
		{ A2, W1, "other", 900, 1700000900 },
	};
	struct book *book = *state;
	struct bonus_fact fact;

	count_bonuses(book, &payments[0], &fact);
	assert_int_equal(fact.count, 0);
	put_bonuses(book, payments, 5);
	put_bonuses(book, payments, 5);
	count_bonuses(book, &payments[0], &fact);
	assert_int_equal(fact.count, 3);
	assert_int_equal(fact.last_amount_minor, 50);
	assert_int_equal(fact.last_granted_s, 1700000300);
	count_bonuses(book, &payments[3], &fact);
	assert_int_equal(fact.count, 1);
}

/* Two equal payments of one second are two; the same list read once more is the same two; a payment that a list lacks
 * is not forgotten. */
static void test_equal_bonuses(void **state)
{
	static const struct bonus_payment twice[] = {
		{ A1, W1, "thanks", 200, 1700000200 },
		{ A1, W1, "thanks", 200, 1700000200 },
	};
	struct book *book = *state;
	struct bonus_fact fact;
	int64_t first = put_bonuses(book, twice, 2);

	count_bonuses(book, twice, &fact);
	assert_int_equal(fact.count, 2);
	ledger_close(book->ledger);
	book->ledger = book_open(book, "rehearsal");
	/* Numbers go on after a restart, or the third one would be a third payment. */
	assert_true(put_bonuses(book, twice, 2) > first);
	count_bonuses(book, twice, &fact);
	assert_int_equal(fact.count, 2);
	put_bonuses(book, twice, 1);
	count_bonuses(book, twice, &fact);
	assert_int_equal(fact.count, 2);
	assert_int_equal(book_number(book, "SELECT min(nth) + 10 * max(nth) FROM bonus_fact"), 10);
}

/* Two surveys that are under way at the same time do not count each other's. */
static void test_surveys_at_once(void **state)
{
	static const struct bonus_payment payment = { A1, W1, "thanks", 200, 1700000200 };
	struct book *book = *state;
	int64_t one = put_bonuses(book, NULL, 0), other = put_bonuses(book, NULL, 0);
	struct bonus_fact fact;
	struct err err;

	assert_true(one > 0 && other > one);
	book_must(facts_put_bonus(book->ledger, &payment, one, &err), &err);
	book_must(facts_put_bonus(book->ledger, &payment, other, &err), &err);
	book_must(facts_put_bonus(book->ledger, &payment, other, &err), &err);
	count_bonuses(book, &payment, &fact);
	assert_int_equal(fact.count, 2);
}

static void test_alike(void **state)
{
	static const struct bonus_payment payments[] = {
		{ A1, W1, "thanks", 200, 1700000200 }, { A1, W1, "thanks", 200, 1700000300 },
		{ A1, W1, "Thanks", 200, 1700000400 }, { A1, W1, "thanks", 201, 1700000500 },
		{ A1, W1, NULL, 200, 1700000600 },     { A1, W2, "thanks", 200, 1700000700 },
	};
	struct bonus_payment like = payments[0];
	struct book *book = *state;
	struct bonus_fact fact;

	put_bonuses(book, payments, 6);
	count_bonuses(book, &like, &fact);
	assert_int_equal(fact.count, 5);
	assert_int_equal(fact.alike, 2);
	assert_int_equal(fact.last_granted_s, 1700000600);
	/* No reason is like no reason only by chance. */
	like.reason = NULL;
	count_bonuses(book, &like, &fact);
	assert_int_equal(fact.alike, 0);
}

static void test_codes(void **state)
{
	struct assignment assignment = { .assignment_id = A1,
					 .status = ASSIGNMENT_APPROVED,
					 .auto_approval_s = 9,
					 .approved_s = 8,
					 .codes = "[\"E1\",\"\u00e9\"]" };
	struct book *book = *state;
	struct assignment_fact fact;
	struct err err;
	char *codes;

	assert_int_equal(facts_get_codes(book->ledger, A1, &codes, &err), 0);
	assert_null(codes);
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	assert_int_equal(facts_get_assignment(book->ledger, A1, &fact, &err), 1);
	assert_true(fact.has_codes);
	assert_int_equal(fact.approved_s, 8);
	assert_int_equal(facts_get_codes(book->ledger, A1, &codes, &err), 1);
	assert_string_equal(codes, assignment.codes);
	free(codes);
	assignment.codes = NULL;
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	assert_int_equal(facts_get_assignment(book->ledger, A1, &fact, &err), 1);
	assert_false(fact.has_codes);
	assert_int_equal(facts_get_codes(book->ledger, A1, &codes, &err), 1);
	assert_null(codes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), BOOK_TEST(test_hits),          BOOK_TEST(test_assignments),
		BOOK_TEST(test_long_ids),     BOOK_TEST(test_bonuses),       BOOK_TEST(test_equal_bonuses),
		BOOK_TEST(test_codes),        BOOK_TEST(test_surveys_at_once), BOOK_TEST(test_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
