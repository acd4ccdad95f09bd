/* SPDX-License-Identifier: MIT
 *
 * The items of plans, in a temporary table of the ledger's connection: written while a plan is made, read for its
 * report, its digest and its recording, gone when it is answered.
 */
#ifndef NGMT_PLAN_TABLE_H
#define NGMT_PLAN_TABLE_H

#include "plan_item.h"

#define PLAN_DIGEST_MAX 17

int plan_table_create(struct ledger *ledger, struct err *err);
int plan_table_clear(struct ledger *ledger, int64_t plan, struct err *err);

/* Adds an item. A second row that asks for the same operation becomes a skip, or makes both a conflict if the amounts
 * differ. `op` without a key is for items that are no operation. 1: added as it is, 0: as a skip or conflict, -1. */
int plan_table_add(struct ledger *ledger, int64_t plan, const struct plan_row *row, const struct op *op,
		   const struct plan_item *item, struct err *err);

/* Notes which decision a row asks for. 1: it opposes an earlier row about the same assignment, 0: it does not (or
 * agrees with the first one), -1: error. */
int plan_table_decide(struct ledger *ledger, int64_t plan, const struct plan_row *row, struct err *err);
/* Turns everything that would be done about assignments with opposite decisions into conflicts: bonuses and grants
 * too. */
int plan_table_oppose(struct ledger *ledger, int64_t plan, struct err *err);

/* The selected rows after row `after`, at most `limit`, in the order of import. */
typedef int plan_row_fn(void *arg, const struct plan_row *row, struct err *err);
int plan_table_each_row(struct ledger *ledger, const struct plan_params *params, int64_t after, int64_t limit,
			plan_row_fn *fn, void *arg, struct err *err);

/* The items that are to be recorded, after item `after`. */
struct plan_recordable {
	int64_t id;
	const char *key; /* borrowed; the row may ask for something else by now */
	enum op_kind kind;
	int64_t fee_minor;
	enum plan_verdict verdict;
	const char *why;     /* borrowed, as is the outcome */
	const char *outcome; /* NULL: none */
	enum op_hold hold;   /* with PLAN_RECORD_HOLD */
	int64_t surplus;     /* with HOLD_FOREIGN */
};
typedef int plan_recordable_fn(void *arg, const struct plan_row *row, const struct plan_recordable *item,
			       struct err *err);
int plan_table_each_recordable(struct ledger *ledger, int64_t plan, int64_t after, int64_t limit,
			       plan_recordable_fn *fn, void *arg, struct err *err);
int64_t plan_table_count_recordable(struct ledger *ledger, int64_t plan, struct err *err);

/* 16 hexadecimal digits over everything that would be recorded, in order, and over what the workers would read. */
int plan_table_digest(struct ledger *ledger, int64_t plan, const struct plan_params *params,
		      char out[PLAN_DIGEST_MAX], struct err *err);

#endif
