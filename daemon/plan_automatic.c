/* SPDX-License-Identifier: MIT
 *
 * What a room's policy does by itself: a plan that nobody is shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "operations.h"
#include "plan_item.h"
#include "plan_private.h"

void plan_forget_facts(struct verify_facts *facts)
{
	facts->has_assignment = false;
	facts->code = (struct code_fact){ .differs = false };
	facts->bonuses = (struct bonus_fact){ 0 };
	/* The reward and the fee may still be told; "no such HIT" is the queue's to find out. */
	facts->has_hit = facts->has_hit && facts->hit.known;
}

int plan_note_reversal(struct plan *plan, const struct plan_row *row, struct plan_item *item, struct err *err)
{
	struct op op, known;
	int found;

	if (row->verdict != VERDICT_REJECT)
		return 0;
	if (plan_item_make_op(row, &plan->params, OP_REJECT, &op, err) < 0)
		return -1;
	found = operation_find(plan->plans->parts.ledger, op.key, &known, err);
	op_finish(&op);
	if (found != 1)
		return found;
	if (known.kind == OP_APPROVE && known.state != OP_CANCELLED && known.state != OP_FAILED) {
		item->verdict = PLAN_CONFLICT;
		(void)snprintf(item->why, sizeof(item->why),
			       "the ledger has it as approve (%s), the file asks to reject",
			       op_state_name(known.state));
	}
	op_finish(&known);
	return 0;
}

void plan_follow_decision(struct plan *plan, const struct plan_row *row, enum op_kind kind, struct plan_item *item)
{
	bool is_stopped = item->verdict == PLAN_CONFLICT || item->verdict == PLAN_HOLD;

	if (kind == OP_APPROVE && is_stopped) {
		plan->stopped_row = row->id;
		plan->stopped = *item;
	} else if (kind != OP_APPROVE && plan->stopped_row == row->id && item->verdict != PLAN_DONE) {
		item->verdict = plan->stopped.verdict;
		(void)snprintf(item->why, sizeof(item->why), "as its approval: %.250s", plan->stopped.why);
	}
}

static struct json_object *kinds_of(enum policy policy)
{
	struct json_object *kinds = json_object_new_array();

	(void)json_object_array_add(kinds, json_object_new_string(op_kind_name(OP_APPROVE)));
	if (policy == POLICY_PAY) {
		(void)json_object_array_add(kinds, json_object_new_string(op_kind_name(OP_BONUS)));
		(void)json_object_array_add(kinds, json_object_new_string(op_kind_name(OP_QUALIFY)));
	}
	return kinds;
}

static int read_params(struct plan *plan, const struct plan_order *order, struct err *err)
{
	struct json_object *params = json_object_new_object();
	int result;

	json_put_value(params, "do", kinds_of(order->policy));
	/* What somebody selected is not what the rooms of every game are granted. */
	result = plan_params_read(&plan->params, params, plan->plans->parts.config, NULL, err);
	json_object_put(params);
	plan->params.todo_room = order->room_id;
	return result;
}

static int become_daemon(struct plan *plan, const struct plan_order *order, struct err *err)
{
	char words[400];
	const struct actor actor = { .user = "ngmtd", .uid = geteuid(), .pid = getpid(), .words = words,
				     .is_policy = true };

	(void)snprintf(words, sizeof(words), "policy %s: room \"%.100s\" of \"%.200s\"", policy_name(order->policy),
		       order->room, order->game);
	return plan_become_actor(plan, &actor, err);
}

int plans_start_automatic(struct plans *plans, const struct plan_order *order, plan_done_fn *done, void *arg,
			  struct err *err)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return err_set(err, ERR_INTERNAL, "out of memory");
	plan->plans = plans;
	plan->id = ++plans->last_id;
	plan->is_automatic = true;
	plan->uid = geteuid();
	plan->started_ms = clock_mono_ms();
	plan->done = done;
	plan->arg = arg;
	if (read_params(plan, order, err) < 0 || become_daemon(plan, order, err) < 0) {
		plan_free(plan);
		return -1;
	}
	plan->budget = *queue_budget(plans->parts.queue);
	/* The floor is looked at when the bonus is let go on: the balance may be old by now. */
	plan->budget.has_balance = plan->budget.is_balance_exact = false;
	plan->phase = PHASE_ROWS;
	plans_append(plans, plan);
	return 0;
}

/* Of the rows of some items, up to the item `until`. */
static int run_on_items(struct plan *plan, const char *sql, int64_t until, struct err *err)
{
	struct statement *update = store_statement(plan->plans->parts.ledger->store, sql, err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, plan->id);
	statement_bind_int(update, 2, plan->cursor);
	statement_bind_int(update, 3, until);
	return statement_run(update, err);
}

_Static_assert(PLAN_CONFLICT == 5, "the number in plan_tick_slice()");

/* The batch is recorded: a crash from here on leaves rows to do whose operations exist, and they are found again. What
 * contradicts something else was not recorded, and the room must say so. */
int plan_tick_slice(struct plan *plan, struct err *err)
{
	struct store *store = plan->plans->parts.ledger->store;
	struct statement *last;
	int64_t until = 0;

	last = store_statement(store,
			       "SELECT coalesce(max(id), 0) FROM (SELECT id FROM plan_item WHERE plan = ?1 AND id > ?2"
			       " ORDER BY id LIMIT ?3)",
			       err);
	if (!last || store_begin(store, err) < 0)
		return -1;
	statement_bind_int(last, 1, plan->id);
	statement_bind_int(last, 2, plan->cursor);
	statement_bind_int(last, 3, INT64_C(10) * ROWS_PER_SLICE);
	if (statement_number(last, &until, err) < 0)
		return -1;
	if (until == 0) {
		plan_finish(plan, plan->result, NULL);
		return 0;
	}
	if (run_on_items(plan,
			 "UPDATE result SET todo = 0 WHERE todo = 1 AND id IN"
			 " (SELECT result_id FROM plan_item WHERE plan = ?1 AND id > ?2 AND id <= ?3)",
			 until, err) < 0 ||
	    run_on_items(plan,
			 "UPDATE result SET todo = 2 WHERE id IN"
			 " (SELECT result_id FROM plan_item WHERE plan = ?1 AND id > ?2 AND id <= ?3 AND verdict = 5)",
			 until, err) < 0)
		return -1;
	plan->cursor = until;
	return 0;
}
