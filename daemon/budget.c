/* SPDX-License-Identifier: MIT */
#include "budget.h"

#include <stdio.h>

#include "money.h"

#define DAY_S (INT64_C(24) * 3600)

enum account { ACCOUNT_NONE, ACCOUNT_OPEN, ACCOUNT_OUT, ACCOUNT_SPENT };

/* Where an operation's money stands. What is held in doubt may have been paid. */
static enum account account_of(const struct op *op, enum op_state state, bool is_doubtful)
{
	if (!op_moves_money(op->kind))
		return ACCOUNT_NONE;
	if (state == OP_DONE)
		return ACCOUNT_SPENT;
	if (state == OP_SENDING || state == OP_ACCEPTED || state == OP_UNSURE)
		return ACCOUNT_OUT;
	/* What is held in doubt moves no more until a person resolves it: a balance read meanwhile is exact. */
	return is_doubtful || state == OP_QUEUED ? ACCOUNT_OPEN : ACCOUNT_NONE;
}

bool budget_is_limited(const struct budget *budget)
{
	return budget->limits.daily_minor >= 0 || budget->limits.total_minor >= 0 || budget->limits.floor_minor >= 0;
}

static int64_t cost_of(const struct op *op)
{
	return op->amount_minor + op->fee_minor;
}

/* `is_now`: a minute that is there and lies ahead was dated by a wrong clock; what it has counts now. */
static void spend(struct budget *budget, int64_t cost_minor, int64_t at_s, bool is_now)
{
	int64_t minute = (at_s > 0 ? at_s : 0) / 60;
	size_t slot = (size_t)(minute % BUDGET_MINUTES);

	budget->spent_minor += cost_minor;
	if (is_now && budget->recent[slot].minute > minute)
		budget->recent[slot].minute = minute;
	/* An older minute than the one that is there would be forgotten, a newer one takes its place. */
	if (budget->recent[slot].minute < minute) {
		budget->recent[slot].minute = minute;
		budget->recent[slot].minor = 0;
	}
	if (budget->recent[slot].minute == minute)
		budget->recent[slot].minor += cost_minor;
}

/* What was never sent and is done all the same was paid by another daemon or tool, nobody knows on which day: it counts
 * in total, as after the loss of a ledger. */
static void enter(struct budget *budget, const struct op *op, enum account account, int64_t at_s, bool is_now)
{
	int64_t cost_minor = cost_of(op);

	if (account == ACCOUNT_SPENT)
		spend(budget, cost_minor, op->attempts > 0 ? at_s : 0, is_now && op->attempts > 0);
	else if (account != ACCOUNT_NONE)
		budget->open_minor += cost_minor;
	budget->out += account == ACCOUNT_OUT;
}

static void leave(struct budget *budget, enum account account, int64_t cost_minor)
{
	if (account == ACCOUNT_OPEN || account == ACCOUNT_OUT)
		budget->open_minor -= cost_minor;
	budget->out -= account == ACCOUNT_OUT;
}

void budget_count(struct budget *budget, const struct op *op, int64_t at_s)
{
	enter(budget, op, account_of(op, op->state, op->doubtful), at_s, false);
}

void budget_move(struct budget *budget, const struct op *op, enum op_state from, bool was_doubtful, int64_t now_s)
{
	enum account before = account_of(op, from, was_doubtful);
	enum account after = account_of(op, op->state, op->doubtful);

	if (before == after)
		return;
	leave(budget, before, cost_of(op));
	enter(budget, op, after, now_s, true);
	if (before == ACCOUNT_OUT || after == ACCOUNT_OUT)
		budget->is_balance_exact = false;
	if (after == ACCOUNT_SPENT && op->attempts > 0)
		budget->available_minor -= cost_of(op);
}

void budget_set_balance(struct budget *budget, int64_t available_minor)
{
	budget->has_balance = true;
	budget->available_minor = available_minor;
	budget->is_balance_exact = budget->out == 0;
}

int64_t budget_daily_minor(const struct budget *budget, int64_t now_s)
{
	int64_t since = (now_s - DAY_S) / 60, sum = 0;

	for (size_t i = 0; i < BUDGET_MINUTES; i++)
		if (budget->recent[i].minute >= since)
			sum += budget->recent[i].minor;
	return sum;
}

/* Without what is spent: rows that are held for one reason shall read the same. */
static enum budget_verdict beyond(char why[BUDGET_WHY_MAX], const char *what, int64_t limit_minor, const char *how)
{
	char limit[MONEY_TEXT_MAX];

	(void)snprintf(why, BUDGET_WHY_MAX, "%s (%s%s)", what, money_display(limit_minor, limit), how);
	return BUDGET_BEYOND;
}

static enum budget_verdict check_floor(const struct budget *budget, int64_t cost_minor, char why[BUDGET_WHY_MAX])
{
	int64_t left_minor = budget->available_minor - budget->open_minor - cost_minor;

	if (budget->limits.floor_minor < 0 || (budget->has_balance && left_minor >= budget->limits.floor_minor))
		return BUDGET_FITS;
	if (!budget->is_balance_exact)
		return BUDGET_ASK;
	return beyond(why, "would leave less than balance_floor", budget->limits.floor_minor, " in the account");
}

enum budget_verdict budget_check(const struct budget *budget, int64_t cost_minor, int64_t now_s,
				 char why[BUDGET_WHY_MAX])
{
	const struct budget_limits *limits = &budget->limits;
	int64_t asked_minor = budget->open_minor + cost_minor;

	why[0] = '\0';
	if (limits->total_minor >= 0 && budget->spent_minor + asked_minor > limits->total_minor)
		return beyond(why, "beyond total_budget", limits->total_minor, ", fees included");
	if (limits->daily_minor >= 0 && budget_daily_minor(budget, now_s) + asked_minor > limits->daily_minor)
		return beyond(why, "beyond daily_budget", limits->daily_minor, " within 24 hours, fees included");
	return check_floor(budget, cost_minor, why);
}
