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
#include "plan_changes.h"
#include "plan_table.h"

static int set_up(void **state)
{
	struct book *book;
	struct err err;

	(void)book_set_up(state);
	book = *state;
	book_must(plan_table_create(book->ledger, &err), &err);
	book_must(plan_changes_create(book->ledger, &err), &err);
	return 0;
}

static void add(struct book *book, int plan, const char *key, int kind, int cents, int verdict, const char *text)
{
	char sql[400];

	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO plan_item (plan, result_id, kind, key, text, amount_minor, fee_minor, fee_known, "
		       "verdict, hold, surplus,"
		       " why) VALUES (%d, 1, %d, '%s', '%s', %d, %d, 1, %d, 0, 0, 'as told')",
		       plan, kind, key, text, cents, cents / 5, verdict);
	book_execute(book, sql);
}

static void remember(struct book *book, int plan, const char *digest)
{
	struct err err;

	book_must(plan_changes_remember(book->ledger, plan, digest, &err), &err);
}

static void expect(struct book *book, int plan, const char *digest, const char *expected)
{
	struct json_object *list = plan_changes(book->ledger, plan, digest);
	char text[2000] = "";

	for (size_t i = 0; i < json_object_array_length(list); i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s;",
			       json_object_get_string(json_object_array_get_idx(list, i)));
	assert_string_equal(text, expected);
	json_object_put(list);
}

static void test_each_kind_of_change(void **state)
{
	struct book *book = *state;

	add(book, 1, "bonus/3A/W", OP_BONUS, 100, PLAN_ACT, "Thanks");
	add(book, 1, "bonus/3B/W", OP_BONUS, 100, PLAN_ACT, "Thanks");
	add(book, 1, "bonus/3C/W", OP_BONUS, 100, PLAN_WAIT, "Thanks");
	add(book, 1, "decision/3D", OP_APPROVE, 200, PLAN_ACT, "Thanks");
	add(book, 1, "decision/3E", OP_APPROVE, 200, PLAN_ACT, "Thanks");
	add(book, 1, "bonus/3F/W", OP_BONUS, 100, PLAN_RECORD_HOLD, "Thanks");
	remember(book, 1, "aaaa");
	add(book, 2, "bonus/3A/W", OP_BONUS, 100, PLAN_ACT, "Thanks");
	add(book, 2, "bonus/3B/W", OP_BONUS, 150, PLAN_ACT, "Thanks");
	add(book, 2, "bonus/3C/W", OP_BONUS, 100, PLAN_DONE, "Thanks");
	add(book, 2, "decision/3D", OP_APPROVE, 200, PLAN_ACT, "Other words");
	add(book, 2, "bonus/3F/W", OP_BONUS, 100, PLAN_ACT, "Thanks");
	add(book, 2, "bonus/3G/W", OP_BONUS, 100, PLAN_ACT, "Thanks");
	expect(book, 2, "aaaa",
	       "bonus of 3B/W: $1.00 then, $1.50 now;bonus of 3C/W is out: as told;"
	       "bonus of 3F/W is within the limits now;approve of 3D: the text for the worker is another one;"
	       "approve of 3E is not asked for any more;bonus of 3G/W is new;");
}

static void test_nothing_to_compare_with(void **state)
{
	struct book *book = *state;

	expect(book, 1, "bbbb", "that plan is not remembered: it is too long ago, or ngmtd was restarted;");
	add(book, 1, "bonus/3A/W", OP_BONUS, 100, PLAN_ACT, "Thanks");
	remember(book, 1, "aaaa");
	expect(book, 1, "aaaa", "the rows are the same: the options differ;");
}

/* The oldest are forgotten, also what is in them. */
static void test_memory_is_bounded(void **state)
{
	struct book *book = *state;
	char digest[20];

	for (int plan = 1; plan <= 50; plan++) {
		add(book, plan, "bonus/3A/W", OP_BONUS, 100, PLAN_ACT, "Thanks");
		(void)snprintf(digest, sizeof(digest), "%04d", plan);
		remember(book, plan, digest);
		remember(book, plan, digest);
	}
	assert_int_equal(book_number(book, "SELECT count(*) FROM plan_shown"), 32);
	assert_int_equal(book_number(book, "SELECT count(*) FROM plan_shown_item"), 32);
}

/* Large plans push older ones out, and one that is too large is not remembered at all. */
static void test_large_plans_are_forgotten_sooner(void **state)
{
	struct book *book = *state;

	for (int plan = 1; plan <= 4; plan++) {
		char sql[400], digest[20];

		(void)snprintf(sql, sizeof(sql),
			       "INSERT INTO plan_item (plan, result_id, kind, key, amount_minor, fee_minor, fee_known, "
			       "verdict,"
			       " hold, surplus, why) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			       " WHERE i < %d) SELECT %d, 1, 2, 'bonus/' || i, 100, 20, 1, 0, 0, 0, '' FROM n",
			       plan == 4 ? 20001 : 9000, plan);
		book_execute(book, sql);
		(void)snprintf(digest, sizeof(digest), "%04d", plan);
		remember(book, plan, digest);
		assert_int_equal(book_number(book, "SELECT count(*) FROM plan_shown_item"),
				 plan == 4 ? 0 : plan == 1 ? 9000 : 18000);
	}
}

static void test_the_error_names_the_first_ones(void **state)
{
	struct book *book = *state;
	char key[30];
	struct err err;

	remember(book, 1, "aaaa");
	for (int i = 1; i <= 30; i++) {
		(void)snprintf(key, sizeof(key), "bonus/3A%d/W", i);
		add(book, 2, key, OP_BONUS, 100, PLAN_ACT, "Thanks");
	}
	(void)err_set(&err, ERR_MONEY_RULE, "changed");
	plan_changes_add(book->ledger, 2, "aaaa", &err);
	assert_string_equal(err.message,
			    "changed; what changed: bonus of 3A1/W is new, bonus of 3A2/W is new, bonus of 3A3/W is "
			    "new, and more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_kind_of_change, set_up, book_tear_down),
		cmocka_unit_test_setup_teardown(test_nothing_to_compare_with, set_up, book_tear_down),
		cmocka_unit_test_setup_teardown(test_memory_is_bounded, set_up, book_tear_down),
		cmocka_unit_test_setup_teardown(test_large_plans_are_forgotten_sooner, set_up, book_tear_down),
		cmocka_unit_test_setup_teardown(test_the_error_names_the_first_ones, set_up, book_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
