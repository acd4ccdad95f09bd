/* SPDX-License-Identifier: MIT
 *
 * Rule of money 4 beyond the single payment: what bonuses, HITs and their fees may cost within any 24 hours and in
 * total, and what must stay in the account. Pure arithmetic, in memory: filled from the ledger at the start, then told
 * of every move of what costs money (op_moves_money()). What has been let go on counts from that moment, so that many
 * payments in flight never exceed a budget together. Times are the caller's, in seconds.
 */
#ifndef NGMT_BUDGET_H
#define NGMT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "op.h"

/* Minor units; negative: no such limit. */
struct budget_limits {
	int64_t daily_minor;
	int64_t total_minor;
	int64_t floor_minor;
};

#define BUDGET_MINUTES (24 * 60 + 1)

/* Zero-initialised but for the limits. */
struct budget {
	struct budget_limits limits;
	int64_t spent_minor; /* confirmed, ever */
	int64_t open_minor;  /* queued, on its way, or perhaps paid */
	int64_t out;         /* how many payments are on their way */
	struct {
		int64_t minute; /* since 1970 */
		int64_t minor;
	} recent[BUDGET_MINUTES];
	bool has_balance;
	bool is_balance_exact;    /* nothing was out when it was read, and nothing was paid since */
	int64_t available_minor;  /* the last balance, less what was confirmed since */
};

/* Whether any limit is set: without one nothing needs to be counted. */
bool budget_is_limited(const struct budget *budget);

/* An operation that the ledger has at the start; `at_s`: when it was sent, by the platform's clock. */
void budget_count(struct budget *budget, const struct op *op, int64_t at_s);
/* `op` has moved; it was in the state `from`, doubtful or not, before. */
void budget_move(struct budget *budget, const struct op *op, enum op_state from, bool was_doubtful, int64_t now_s);
void budget_set_balance(struct budget *budget, int64_t available_minor);

/* Spent within the last 24 hours. */
int64_t budget_daily_minor(const struct budget *budget, int64_t now_s);

enum budget_verdict {
	BUDGET_FITS,
	BUDGET_BEYOND, /* `why` says which limit */
	BUDGET_ASK,    /* the balance must be read first, with nothing on its way */
};

/* Whether `cost_minor` more may be spent on top of what is counted already. */
#define BUDGET_WHY_MAX 120
enum budget_verdict budget_check(const struct budget *budget, int64_t cost_minor, int64_t now_s,
				 char why[BUDGET_WHY_MAX]);

#endif
