/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "budget.h"

#define NOW INT64_C(1800000000)
#define DAY (24 * 3600)

/* $1.00 and its fee. */
static struct op bonus(enum op_state state)
{
	return (struct op){ .kind = OP_BONUS, .state = state, .amount_minor = 100, .fee_minor = 20, .attempts = 1 };
}

static void expect(const struct budget *budget, int64_t cost_minor, enum budget_verdict verdict, const char *why)
{
	char said[BUDGET_WHY_MAX];

	assert_int_equal(budget_check(budget, cost_minor, NOW, said), verdict);
	assert_string_equal(said, why);
}

static void move(struct budget *budget, struct op *op, enum op_state to)
{
	enum op_state from = op->state;
	bool was_doubtful = op->doubtful;

	op->state = to;
	op->doubtful = to == OP_UNSURE || (to == OP_HELD && was_doubtful);
	budget_move(budget, op, from, was_doubtful, NOW);
}

static void test_without_limits(void **state)
{
	struct budget budget = { .limits = { -1, -1, -1 } };

	(void)state;
	assert_false(budget_is_limited(&budget));
	expect(&budget, INT64_C(1000000000000), BUDGET_FITS, "");
	budget.limits.total_minor = 0;
	assert_true(budget_is_limited(&budget));
	expect(&budget, 0, BUDGET_FITS, "");
	expect(&budget, 1, BUDGET_BEYOND, "beyond total_budget ($0.00, fees included)");
}

/* What a HIT sets aside is spent; what else is done to one costs nothing. */
static void test_hits_cost(void **state)
{
	static const struct {
		enum op_kind kind;
		int64_t spent;
	} cases[] = { { OP_CREATE_HIT, 120 }, { OP_EXTEND_HIT, 120 }, { OP_EXPIRE_HIT, 0 }, { OP_DELETE_HIT, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct budget budget = { .limits = { -1, 1000, -1 } };
		struct op op = bonus(OP_PLANNED);

		op.kind = cases[i].kind;
		move(&budget, &op, OP_QUEUED);
		assert_int_equal(budget.open_minor, cases[i].spent);
		move(&budget, &op, OP_SENDING);
		move(&budget, &op, OP_DONE);
		assert_int_equal(budget.open_minor, 0);
		assert_int_equal(budget.spent_minor, cases[i].spent);
	}
}

/* What is on its way, or may be, counts; what is refused, cancelled or held for another reason does not. */
static void test_along_a_life(void **state)
{
	static const struct {
		enum op_state to;
		int64_t open, spent, out;
	} steps[] = {
		{ OP_QUEUED, 120, 0, 0 },  { OP_SENDING, 120, 0, 1 }, { OP_QUEUED, 120, 0, 0 },
		{ OP_SENDING, 120, 0, 1 }, { OP_UNSURE, 120, 0, 1 },  { OP_HELD, 120, 0, 0 },
		{ OP_PLANNED, 0, 0, 0 },   { OP_QUEUED, 120, 0, 0 },  { OP_CANCELLED, 0, 0, 0 },
		{ OP_PLANNED, 0, 0, 0 },   { OP_HELD, 0, 0, 0 },      { OP_PLANNED, 0, 0, 0 },
		{ OP_QUEUED, 120, 0, 0 },  { OP_SENDING, 120, 0, 1 }, { OP_DONE, 0, 120, 0 },
	};
	struct budget budget = { .limits = { -1, 1000, -1 } };
	struct op op = bonus(OP_PLANNED);

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		move(&budget, &op, steps[i].to);
		assert_int_equal(budget.open_minor, steps[i].open);
		assert_int_equal(budget.spent_minor, steps[i].spent);
		assert_int_equal(budget.out, steps[i].out);
	}
	assert_int_equal(budget_daily_minor(&budget, NOW), 120);
}

static void test_other_kinds_cost_nothing(void **state)
{
	struct budget budget = { .limits = { -1, 1000, -1 } };
	struct op op = { .kind = OP_APPROVE, .state = OP_QUEUED, .fee_minor = 20 };

	(void)state;
	move(&budget, &op, OP_DONE);
	assert_int_equal(budget.spent_minor, 0);
}

static void test_the_last_24_hours(void **state)
{
	struct budget budget = { .limits = { 250, -1, -1 } };
	struct op done = bonus(OP_DONE);

	(void)state;
	budget_count(&budget, &done, NOW - DAY - 61);
	assert_int_equal(budget_daily_minor(&budget, NOW), 0);
	assert_int_equal(budget.spent_minor, 120);
	/* In any order, older ones in the same slot of the clock included. */
	budget_count(&budget, &done, NOW - DAY + 60);
	budget_count(&budget, &done, NOW - 5);
	budget_count(&budget, &done, NOW - 5 - BUDGET_MINUTES * 60);
	assert_int_equal(budget_daily_minor(&budget, NOW), 240);
	expect(&budget, 10, BUDGET_FITS, "");
	expect(&budget, 11, BUDGET_BEYOND, "beyond daily_budget ($2.50 within 24 hours, fees included)");
	assert_int_equal(budget_daily_minor(&budget, NOW + 120), 120);
	assert_int_equal(budget_daily_minor(&budget, NOW + DAY + 60), 0);
}

static void test_dates_that_make_no_sense(void **state)
{
	struct budget budget = { .limits = { 250, -1, -1 } };
	struct op done = bonus(OP_DONE);

	(void)state;
	budget_count(&budget, &done, -5);
	budget_count(&budget, &done, 0);
	assert_int_equal(budget_daily_minor(&budget, NOW), 0);
	/* Dated in the future by a wrong clock: it counts, rather too long than not at all. */
	budget_count(&budget, &done, NOW + 3600);
	assert_int_equal(budget_daily_minor(&budget, NOW), 120);
}

static void test_floor(void **state)
{
	struct budget budget = { .limits = { -1, -1, 500 } };
	struct op op = bonus(OP_PLANNED);

	(void)state;
	expect(&budget, 120, BUDGET_ASK, "");
	budget_set_balance(&budget, 740);
	expect(&budget, 120, BUDGET_FITS, "");
	move(&budget, &op, OP_QUEUED);
	expect(&budget, 120, BUDGET_FITS, "");
	expect(&budget, 121, BUDGET_BEYOND, "would leave less than balance_floor ($5.00 in the account)");
	/* On its way: the balance may have paid it or not, so nobody is held for it. */
	move(&budget, &op, OP_SENDING);
	expect(&budget, 121, BUDGET_ASK, "");
	move(&budget, &op, OP_DONE);
	assert_int_equal(budget.available_minor, 620);
	expect(&budget, 120, BUDGET_FITS, "");
	expect(&budget, 121, BUDGET_ASK, "");
	budget_set_balance(&budget, 620);
	expect(&budget, 121, BUDGET_BEYOND, "would leave less than balance_floor ($5.00 in the account)");
}

static void test_a_balance_read_while_something_is_out_is_not_exact(void **state)
{
	struct budget budget = { .limits = { -1, -1, 500 } };
	struct op op = bonus(OP_QUEUED);

	(void)state;
	budget_count(&budget, &op, NOW);
	move(&budget, &op, OP_SENDING);
	budget_set_balance(&budget, 600);
	expect(&budget, 120, BUDGET_ASK, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_limits),
		cmocka_unit_test(test_hits_cost),
		cmocka_unit_test(test_along_a_life),
		cmocka_unit_test(test_other_kinds_cost_nothing),
		cmocka_unit_test(test_the_last_24_hours),
		cmocka_unit_test(test_dates_that_make_no_sense),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_a_balance_read_while_something_is_out_is_not_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
