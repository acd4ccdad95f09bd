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

/* Numbers stand in the temporary table's index: PLAN_ACT and PLAN_WAIT will be recorded. */
enum plan_verdict {
	PLAN_ACT = 0,
	PLAN_WAIT = 1, /* recorded too; sent once the worker has submitted */
	PLAN_HOLD = 2,
	PLAN_SKIP = 3,
	PLAN_DONE = 4,
	PLAN_CONFLICT = 5,
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
};

struct plan_item {
	enum plan_verdict verdict;
	int64_t amount_minor;
	int64_t fee_minor;
	bool fee_known;
	char why[300];
};

/* Whether the row by itself (no platform, no ledger) asks for this kind. If not, `out` says why (skip or hold). */
bool plan_item_is_wanted(const struct plan_row *row, const struct plan_params *params, enum op_kind kind,
			 struct plan_item *out);

/* The operation that a wanted row means. The caller finishes it. */
int plan_item_make_op(const struct plan_row *row, const struct plan_params *params, enum op_kind kind, struct op *out,
		      struct err *err);

/* The verdict, with everything known: the ledger's own operation of that key first, then the platform's facts. */
int plan_item_judge(struct ledger *ledger, const struct platform *platform, struct op *op,
		    const struct verify_facts *facts, struct plan_item *out, struct err *err);

#endif
