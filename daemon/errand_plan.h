/* SPDX-License-Identifier: MIT
 *
 * What an errand would do: its requests, each with a verdict, what they cost, and their recording as one batch. Made,
 * reported and recorded within one turn; what must be asked of the platform for it has been asked before.
 */
#ifndef NGMT_ERRAND_PLAN_H
#define NGMT_ERRAND_PLAN_H

#include "batches.h"
#include "budget.h"
#include "errand_params.h"
#include "facts.h"
#include "ledger.h"
#include "platform.h"

/* The HIT that is to be changed, as the platform has just described it. */
struct errand_target {
	struct hit hit; /* hit_id NULL: the platform knows no such HIT */
	/* Before a deletion: */
	int64_t undecided;
	int64_t rejected;
};

/* Everything is borrowed for the plan's life. */
struct errand_terms {
	struct ledger *ledger;
	const struct platform_class *class;
	const struct errand_params *params;
	const char *hit_id;                /* the one named, else the selected one; NULL: none */
	const char *qualification_type_id; /* likewise */
	int64_t integer_value;
	bool send_notification;
	int64_t now_s;                      /* by the platform's clock */
	const struct errand_target *target; /* NULL unless errand_changes_hit() */
	const struct budget *budget;
	const int64_t *available_minor; /* the balance; NULL: not known */
	const char *paused;             /* why its requests would have to wait; NULL: they would not */
};

struct errand_plan;

/* NULL with ERR_USAGE (the definition of the HIT), ERR_STATE (nothing is selected), ERR_NOT_FOUND (no such HIT). */
struct errand_plan *errand_plan_new(const struct errand_terms *terms, struct err *err);
void errand_plan_free(struct errand_plan *plan);

/* 16 hexadecimal digits over everything that would be done. */
const char *errand_plan_digest(const struct errand_plan *plan);

/* The result of "plan_errand" (ngmt-protocol(7)). New reference. */
struct json_object *errand_plan_describe(const struct errand_plan *plan);

/* Records the batch and its operations; nothing of it stays after -1. Both are 0 if all is done already; ERR_STATE if
 * nothing can be done. */
int errand_plan_record(struct errand_plan *plan, const struct actor *actor, int64_t *batch_id, int64_t *operations,
		       struct err *err);
/* The result of "apply_errand". New reference. */
struct json_object *errand_plan_describe_recorded(const struct errand_plan *plan, int64_t batch_id,
						  int64_t operations);

#endif
