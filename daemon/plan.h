/* SPDX-License-Identifier: MIT
 *
 * Plans: what a command would do, row by row, before anything is done (rule of money 7), and the recording of exactly
 * that plan as operations. A plan is made in slices, one a turn, so that the daemon answers everybody else meanwhile;
 * it asks for the surveys it needs and then judges every row with the same rules that guard the sending. Its items lie
 * in a temporary table.
 */
#ifndef NGMT_PLAN_H
#define NGMT_PLAN_H

#include "batches.h"
#include "config.h"
#include "json.h"
#include "ledger.h"
#include "queue.h"
#include "survey.h"

struct plans;

struct plan_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct surveys *surveys;
	struct queue *queue;
	struct platform *platform;
	const struct config *config;
};

/* Exactly one of `result` (borrowed) and `err` is not NULL. Runs once, from the loop. */
typedef void plan_done_fn(void *arg, struct json_object *result, const struct err *err);

struct plans *plans_new(const struct plan_parts *parts, struct err *err);
/* Plans under way are answered with ERR_BUSY "stopping". */
void plans_free(struct plans *plans);

/* Method "plan", and with `applies` method "apply" (ngmt-protocol(7)). -1 with ERR_USAGE for params that make no
 * sense. */
int plans_start(struct plans *plans, struct json_object *params, const struct actor *actor, bool applies,
		plan_done_fn *done, void *arg, struct err *err);

/* Plans under way fail with `why`, in the next plans_pump() or when what they wait for is answered. */
void plans_halt(struct plans *plans, const struct err *why);

/* End of a turn: one slice of one plan. Whether another turn is wanted at once. */
bool plans_pump(struct plans *plans);

#endif
