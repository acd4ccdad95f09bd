/* SPDX-License-Identifier: MIT
 *
 * Exact amounts: what is one, what is not and why, and how they are written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "money.h"

static void test_amounts(void **state)
{
	static const struct {
		const char *text;
		int64_t cents;
	} cases[] = {
		{ "0", 0 },	  { "0.0", 0 },	    { "0.00", 0 },   { "2", 200 },     { "2.", 200 },
		{ "2.5", 250 },	  { "2.50", 250 },  { "2.05", 205 }, { "0.01", 1 },    { "0.1", 10 },
		{ "$2.50", 250 }, { "007", 700 },   { "$0", 0 },     { "0.29", 29 },   { "0.57", 57 },
		{ "1.15", 115 },  { "4.35", 435 },  { "1234567.89", 123456789 },
		{ "1000000000000", MONEY_MAX_CENTS }, { "1000000000000.99", MONEY_MAX_CENTS + 99 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;
		int64_t cents = -1;

		if (money_parse(cases[i].text, &cents, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.message);
		if (cents != cases[i].cents)
			fail_msg("%s: %lld", cases[i].text, (long long)cents);
	}
}

static void test_no_amounts(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "", "\"\" is empty" },
		{ "$", "\"$\" is empty" },
		{ "NaN", "\"NaN\" is not a number (NaN)" },
		{ "Infinity", "\"Infinity\" is not finite" },
		{ "-Infinity", "\"-Infinity\" is not finite" },
		{ "-2", "\"-2\" is negative" },
		{ "-0", "\"-0\" is negative" },
		{ "$-2", "\"$-2\" is negative" },
		{ "-$2", "\"-$2\" is negative" },
		{ ".5", "\".5\" has no digit before the point" },
		{ "1,000", "\"1,000\" has a comma in it" },
		{ "2,5", "\"2,5\" has a comma in it" },
		{ "1e-7", "\"1e-7\" is written with an exponent" },
		{ "1E2", "\"1E2\" is written with an exponent" },
		{ "1e+21", "\"1e+21\" is written with an exponent" },
		{ "0.333", "\"0.333\" has more than two decimals" },
		{ "2.500", "\"2.500\" has more than two decimals" },
		{ "0.30000000000000004", "\"0.30000000000000004\" has more than two decimals" },
		{ "1000000000001", "\"1000000000001\" is too large" },
		{ "99999999999999999999999999", "\"99999999999999999999999999\" is too large" },
		{ "abc", "\"abc\" is not an amount in dollars" },
		{ "+2", "\"+2\" is not an amount in dollars" },
		{ " 2", "\" 2\" is not an amount in dollars" },
		{ "2 ", "\"2 \" is not an amount in dollars" },
		{ "2.5x", "\"2.5x\" is not an amount in dollars" },
		{ "2.5.1", "\"2.5.1\" is not an amount in dollars" },
		{ "$$2", "\"$$2\" is not an amount in dollars" },
		{ "0x10", "\"0x10\" is not an amount in dollars" },
		{ "1_000", "\"1_000\" is not an amount in dollars" },
		{ "\xd9\xa2", "\"\xd9\xa2\" is not an amount in dollars" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { .code = ERR_NONE };
		int64_t cents = -7;

		assert_int_equal(money_parse(cases[i].text, &cents, &err), -1);
		assert_int_equal(err.code, ERR_FORMAT);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(cents, -7);
		assert_int_equal(money_parse(cases[i].text, &cents, NULL), -1);
	}
}

static void test_format(void **state)
{
	static const struct {
		int64_t cents;
		const char *plain;
		const char *shown;
	} cases[] = {
		{ 0, "0.00", "$0.00" },
		{ 1, "0.01", "$0.01" },
		{ 10, "0.10", "$0.10" },
		{ 250, "2.50", "$2.50" },
		{ 99999, "999.99", "$999.99" },
		{ 100000, "1000.00", "$1,000.00" },
		{ 12345678, "123456.78", "$123,456.78" },
		{ 123456789, "1234567.89", "$1,234,567.89" },
		{ -300, "-3.00", "-$3.00" },
		{ -123450, "-1234.50", "-$1,234.50" },
		{ INT64_MAX, "92233720368547758.07", "$92,233,720,368,547,758.07" },
		{ INT64_MIN, "-92233720368547758.08", "-$92,233,720,368,547,758.08" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[MONEY_TEXT_MAX];

		assert_string_equal(money_format(cases[i].cents, out), cases[i].plain);
		assert_string_equal(money_display(cases[i].cents, out), cases[i].shown);
	}
}

/* What is written is read again as the same amount: every cent up to 100 dollars, and large ones. */
static void test_round_trip(void **state)
{
	(void)state;
	for (int64_t cents = 0; cents <= MONEY_MAX_CENTS; cents += cents < 10000 ? 1 : cents / 7 + 1) {
		char out[MONEY_TEXT_MAX];
		int64_t read = -1;

		assert_int_equal(money_parse(money_format(cents, out), &read, NULL), 0);
		assert_int_equal(read, cents);
	}
}

static void test_add(void **state)
{
	int64_t sum = 1;

	(void)state;
	assert_int_equal(money_add(&sum, 2), 0);
	assert_int_equal(sum, 3);
	assert_int_equal(money_add(&sum, -4), 0);
	assert_int_equal(sum, -1);
	sum = INT64_MAX - 1;
	assert_int_equal(money_add(&sum, 1), 0);
	assert_int_equal(sum, INT64_MAX);
	assert_int_equal(money_add(&sum, 1), -1);
	assert_int_equal(sum, INT64_MAX);
	sum = INT64_MIN;
	assert_int_equal(money_add(&sum, -1), -1);
	assert_int_equal(sum, INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_amounts),	   cmocka_unit_test(test_no_amounts), cmocka_unit_test(test_format),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
