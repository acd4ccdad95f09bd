/* SPDX-License-Identifier: MIT
 *
 * What Amazon takes on top, in cents: 20 % of rewards and bonuses, at least one cent each, rounded half up; another 20
 * % of the reward for HITs of ten and more assignments. Source: Amazon's price list of 2015-07-21.
 */
#ifndef SIM_FEES_H
#define SIM_FEES_H

#include <stdint.h>

#define FEES_MANY_ASSIGNMENTS 10

int64_t fee_of_bonus(int64_t bonus_cents);
int64_t fee_of_reward(int64_t reward_cents, int64_t max_assignments);

#endif
