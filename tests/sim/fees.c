/* SPDX-License-Identifier: MIT */
#include "fees.h"

static int64_t fee(int64_t cents, int64_t percent)
{
	/* Split, so that the largest amounts cannot overflow. */
	int64_t amount = cents / 100 * percent + (cents % 100 * percent + 50) / 100;

	return amount > 0 ? amount : 1;
}

int64_t fee_of_bonus(int64_t bonus_cents)
{
	return fee(bonus_cents, 20);
}

int64_t fee_of_reward(int64_t reward_cents, int64_t max_assignments)
{
	return fee(reward_cents, max_assignments >= FEES_MANY_ASSIGNMENTS ? 40 : 20);
}
