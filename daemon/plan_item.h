/* SPDX-License-Identifier: MIT
 *
 * One line of a plan: one row of results, one kind of operation, one verdict with its reason.
 */
#ifndef NGMT_PLAN_ITEM_H
#define NGMT_PLAN_ITEM_H

#include "ledger.h"
#include "op.h"
#include "plan_params.h"
#include "platform.h"
#include "row.h"
#include "verify.h"

/* Numbers stand in the temporary table's index: PLAN_ACT, PLAN_WAIT, PLAN_RECORD_HOLD and PLAN_FOUND will be
 * recorded. */
enum plan_verdict {
	PLAN_ACT = 0,
	PLAN_WAIT = 1, /* recorded too; sent once the worker has submitted */
	PLAN_HOLD = 2,
	PLAN_SKIP = 3,
	PLAN_DONE = 4,
	PLAN_CONFLICT = 5,
	PLAN_RECORD_HOLD = 6, /* recorded as held, so that a person can release it (rules of money 3, 4 and 9) */
	PLAN_FOUND = 7, /* the platform shows it as done, which the ledger did not know: recorded as done */
};

const char *plan_verdict_name(enum plan_verdict verdict);

/* A row of the ledger's results; texts are borrowed. */
struct plan_row {
	int64_t id;
	int64_t line;
	const char *path;
	const char *worker_id;
	const char *assignment_id;
	const char *hit_id;
	enum verdict verdict;
	const char *why;
	bool bonus_payable;
	int64_t bonus_cents;
	const char *bonus_text;
	const char *qualification_type_id;
	bool has_integer_value;
	int64_t integer_value;
	bool has_send_notification;
	bool send_notification;
	const char *reason;
	const char *requester_feedback;
	bool is_beyond_limits; /* held for its amount alone */
};

struct plan_item {
	enum plan_verdict verdict;
	int64_t amount_minor;
	int64_t fee_minor;
	bool fee_known;
	enum op_hold hold;   /* with PLAN_RECORD_HOLD: why */
	int64_t surplus;     /* with HOLD_FOREIGN (verify.h) */
	const char *outcome; /* with PLAN_FOUND: one word for the ledger; static */
	char why[300];
};

/* Whether the row by itself (no platform, no ledger) asks for this kind. If not, `out` says why (skip or hold). */
bool plan_item_is_wanted(const struct plan_row *row, const struct plan_params *params, enum op_kind kind,
			 struct plan_item *out);

/* For a row that is not wanted for lack of a text: what the ledger has done or is doing already needs none. 1: `out`
 * tells of it, 0: the ledger does not know it, -1: error. */
int plan_item_ask_ledger(struct ledger *ledger, const struct plan_row *row, const struct plan_params *params,
			 enum op_kind kind, struct plan_item *out, struct err *err);

/* The operation that a wanted row means; its hold is HOLD_LIMIT if the row is beyond the limits. The caller finishes
 * it. */
int plan_item_make_op(const struct plan_row *row, const struct plan_params *params, enum op_kind kind, struct op *out,
		      struct err *err);

/* The verdict, with everything known: the ledger's own operation of that key first, then the platform's facts. */
int plan_item_judge(struct ledger *ledger, const struct platform *platform, struct op *op,
		    const struct plan_params *params, const struct verify_facts *facts, struct plan_item *out,
		    struct err *err);

#endif
