/* SPDX-License-Identifier: MIT */
#include "errand_rounds.h"

#include "money.h"

void errand_rounds_make(struct errand_rounds *out, int64_t assignments, int64_t small_hit_max)
{
	int64_t each = small_hit_max > 0 && small_hit_max < assignments ? small_hit_max : assignments;
	int64_t count = each > 0 ? (assignments + each - 1) / each : 0;

	*out = (struct errand_rounds){ .count = count, .each = each, .last = assignments - each * (count - 1) };
}

int64_t errand_rounds_of(const struct errand_rounds *rounds, int64_t nth)
{
	return nth == rounds->count - 1 ? rounds->last : rounds->each;
}

int errand_cost_make(struct errand_cost *out, const struct platform_class *class, enum op_kind kind,
		     int64_t reward_minor, int64_t assignments, int64_t max_assignments, struct err *err)
{
	/* Of each reward by itself: that is how fees are rounded. */
	int64_t fee_minor = class->fee_minor(kind, reward_minor, max_assignments);

	if (!__builtin_mul_overflow(reward_minor, assignments, &out->amount_minor) &&
	    !__builtin_mul_overflow(fee_minor, assignments, &out->fee_minor) &&
	    out->amount_minor <= MONEY_MAX_CENTS && out->fee_minor <= MONEY_MAX_CENTS)
		return 0;
	*out = (struct errand_cost){ 0 };
	return err_set(err, ERR_USAGE, "so many assignments at this reward cost more than can be reckoned");
}

int errand_rounds_cost(struct errand_cost *out, const struct platform_class *class, int64_t reward_minor,
		       const struct errand_rounds *rounds, struct err *err)
{
	struct errand_cost full = { 0 }, last;

	if (rounds->count > 1 && errand_cost_make(&full, class, OP_CREATE_HIT, reward_minor,
						  rounds->each * (rounds->count - 1), rounds->each, err) < 0)
		return -1;
	if (errand_cost_make(&last, class, OP_CREATE_HIT, reward_minor, rounds->last, rounds->last, err) < 0)
		return -1;
	*out = (struct errand_cost){ .amount_minor = full.amount_minor + last.amount_minor,
				     .fee_minor = full.fee_minor + last.fee_minor };
	return 0;
}
