/* SPDX-License-Identifier: MIT
 *
 * Rounds of a HIT and what they cost, with MTurk's fees: 20 %, 40 % for ten assignments and more, at least a cent each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "errand_rounds.h"
#include "money.h"
#include "mturk.h"

static const struct platform_class class = { .small_hit_max = 9, .fee_minor = mturk_fee };

static void test_rounds(void **state)
{
	static const struct {
		int64_t assignments, most, count, each, last;
	} cases[] = {
		{ 1, 9, 1, 1, 1 },    { 9, 9, 1, 9, 9 },     { 10, 9, 2, 9, 1 },  { 18, 9, 2, 9, 9 },
		{ 19, 9, 3, 9, 1 },   { 20, 9, 3, 9, 2 },    { 20, 0, 1, 20, 20 }, { 100, 9, 12, 9, 1 },
		{ 1000000000, 9, 111111112, 9, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_rounds rounds;
		int64_t sum = 0;

		errand_rounds_make(&rounds, cases[i].assignments, cases[i].most);
		assert_int_equal(rounds.count, cases[i].count);
		assert_int_equal(rounds.each, cases[i].each);
		assert_int_equal(rounds.last, cases[i].last);
		for (int64_t nth = 0; rounds.count < 100 && nth < rounds.count; nth++)
			sum += errand_rounds_of(&rounds, nth);
		assert_true(rounds.count >= 100 || sum == cases[i].assignments);
	}
}

static void test_costs(void **state)
{
	static const struct {
		int64_t reward, assignments, fee, fee_in_rounds;
	} cases[] = {
		{ 100, 9, 180, 180 },	  { 100, 10, 400, 200 },  { 100, 20, 800, 400 }, { 1, 9, 9, 9 },
		{ 1, 10, 10, 10 },	  { 3, 10, 10, 10 },	  { 5, 10, 20, 10 },	 { 53, 9, 99, 99 },
		{ 53, 10, 210, 110 },	  { 150, 100, 6000, 3000 }, { 250, 1, 50, 50 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_rounds rounds;
		struct errand_cost one, all;
		struct err err;

		assert_int_equal(errand_cost_make(&one, &class, OP_CREATE_HIT, cases[i].reward, cases[i].assignments,
						  cases[i].assignments, &err), 0);
		assert_int_equal(one.amount_minor, cases[i].reward * cases[i].assignments);
		assert_int_equal(one.fee_minor, cases[i].fee);
		errand_rounds_make(&rounds, cases[i].assignments, class.small_hit_max);
		assert_int_equal(errand_rounds_cost(&all, &class, cases[i].reward, &rounds, &err), 0);
		assert_int_equal(all.amount_minor, one.amount_minor);
		assert_int_equal(all.fee_minor, cases[i].fee_in_rounds);
	}
}

/* What is added pays the fee of the HIT that it becomes part of. */
static void test_extension(void **state)
{
	struct errand_cost cost;
	struct err err;

	(void)state;
	assert_int_equal(errand_cost_make(&cost, &class, OP_EXTEND_HIT, 100, 2, 9, &err), 0);
	assert_int_equal(cost.fee_minor, 40);
	assert_int_equal(errand_cost_make(&cost, &class, OP_EXTEND_HIT, 100, 2, 12, &err), 0);
	assert_int_equal(cost.fee_minor, 80);
}

static void test_too_much(void **state)
{
	static const struct {
		int64_t reward, assignments;
	} cases[] = { { MONEY_MAX_CENTS, 2 }, { MONEY_MAX_CENTS, 1000000000 }, { 1000000, 1000000000 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_rounds rounds;
		struct errand_cost cost;
		struct err err;

		assert_int_equal(errand_cost_make(&cost, &class, OP_CREATE_HIT, cases[i].reward, cases[i].assignments,
						  cases[i].assignments, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_int_equal(cost.amount_minor, 0);
		errand_rounds_make(&rounds, cases[i].assignments, class.small_hit_max);
		assert_int_equal(errand_rounds_cost(&cost, &class, cases[i].reward, &rounds, &err), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_extension),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
