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
#include "game_entry.h"
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

/* What a room's policy does by itself (game_entry.h): approves; for POLICY_PAY also pays, and grants the qualification
 * where one is named. Of all current rows of the room that the policy has not looked at yet (result.todo); never a
 * rejection. Nobody is there to be shown a plan and the platform is not asked: each operation is recorded as planned,
 * unless the ledger or a limit is against it, and verified before it is sent as any other. The rows it has looked at
 * are no longer to do once that is recorded. Texts are copied. */
struct plan_order {
	int64_t room_id;
	const char *room;
	const char *game;
	enum policy policy;
};
/* The result is that of "apply". One at a time is enough: the caller waits for `done`. */
int plans_start_automatic(struct plans *plans, const struct plan_order *order, plan_done_fn *done, void *arg,
			  struct err *err);

/* Plans under way fail with `why`, in the next plans_pump() or when what they wait for is answered. */
void plans_halt(struct plans *plans, const struct err *why);

/* End of a turn: one slice of one plan. Whether another turn is wanted at once. */
bool plans_pump(struct plans *plans);

#endif
