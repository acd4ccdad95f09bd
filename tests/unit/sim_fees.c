/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fees.h"

static void bonus_is_a_fifth_at_least_a_cent(void **state)
{
	(void)state;
	assert_int_equal(fee_of_bonus(1), 1);
	assert_int_equal(fee_of_bonus(5), 1);
	assert_int_equal(fee_of_bonus(100), 20);
	assert_int_equal(fee_of_bonus(250), 50);
	assert_int_equal(fee_of_bonus(100000), 20000);
}

static void halves_go_up(void **state)
{
	(void)state;
	assert_int_equal(fee_of_bonus(52), 10); /* 10.4 */
	assert_int_equal(fee_of_bonus(53), 11); /* 10.6 */
	assert_int_equal(fee_of_bonus(7), 1);	/* 1.4 */
	assert_int_equal(fee_of_bonus(8), 2);	/* 1.6 */
	assert_int_equal(fee_of_reward(105, 1), 21);
}

static void many_assignments_cost_double(void **state)
{
	(void)state;
	assert_int_equal(fee_of_reward(100, 9), 20);
	assert_int_equal(fee_of_reward(100, 10), 40);
	assert_int_equal(fee_of_reward(0, 10), 1);
}

static void large_amounts_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(fee_of_reward(INT64_C(100000000000000), 10), INT64_C(40000000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bonus_is_a_fifth_at_least_a_cent),
		cmocka_unit_test(halves_go_up),
		cmocka_unit_test(many_assignments_cost_double),
		cmocka_unit_test(large_amounts_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
