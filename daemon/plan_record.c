/* SPDX-License-Identifier: MIT
 *
 * apply: exactly the plan that was shown becomes operations in the ledger, all or none of them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "operations.h"
#include "plan_changes.h"
#include "plan_item.h"
#include "plan_private.h"
#include "plan_report.h"
#include "plan_table.h"
#include "point.h"

int plan_begin_recording(struct plan *plan, struct err *err)
{
	struct ledger *ledger = plan->plans->parts.ledger;
	char digest[PLAN_DIGEST_MAX];
	char *command;
	int result;

	if (plan_table_digest(ledger, plan->id, &plan->params, digest, err) < 0)
		return -1;
	if (plan->is_automatic) {
		plan->params.digest = strdup(digest);
	} else if (!plan->params.digest || strcmp(plan->params.digest, digest) != 0) {
		(void)err_set(err, ERR_MONEY_RULE,
			      "the plan has changed since it was shown: it is %s now, not %s; no money moved", digest,
			      plan->params.digest ? plan->params.digest : "(none)");
		plan_changes_add(ledger, plan->id, plan->params.digest, err);
		return err_hint(err, "look at the plan again and confirm that one");
	}
	if (plan_table_count_recordable(ledger, plan->id, err) == 0)
		return 0;
	command = plan_params_describe(&plan->params);
	if (!command)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = batch_begin(ledger, &plan->actor, command, digest, &plan->batch_id, err);
	free(command);
	point_pass(POINT_APPLY_BEGUN);
	return result;
}

/* What is beyond a limit or does not agree waits for a release; a rejection can be taken back for a while (rules of
 * money 3, 4, 7 and 9). */
static int hold_if_due(const struct plan *plan, struct op *op, const struct plan_recordable *item, struct err *err)
{
	int64_t window_ms = plan->plans->parts.config->undo_window_ms;

	if (item->verdict == PLAN_RECORD_HOLD)
		op->hold = item->hold;
	else if (op->kind == OP_REJECT && window_ms > 0 && item->verdict != PLAN_FOUND)
		op->hold = HOLD_UNDO;
	else
		return 0;
	op->state = OP_HELD;
	op->waived_bonuses = item->surplus;
	if (op->hold == HOLD_UNDO)
		op->hold_until_s = (clock_wall_ms() + window_ms) / 1000;
	free(op->why);
	op->why = strdup(op->hold == HOLD_UNDO ? "can be taken back until its time is over" : item->why);
	return op->why ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

/* The ledger has one of this key already. What a person has asked for since the policy was judged is the person's. */
static int replan(const struct plan *plan, struct op *op, struct err *err)
{
	struct ledger *ledger = plan->plans->parts.ledger;
	struct op known;
	int found = plan->is_automatic ? operation_find(ledger, op->key, &known, err) : 0;
	bool may = true;

	if (found == 1) {
		may = op_may_be_replanned_by_policy(&known, op);
		op_finish(&known);
	}
	return found < 0 ? -1 : may ? operation_replan(ledger, op, err) : 0;
}

static int on_recordable(void *arg, const struct plan_row *row, const struct plan_recordable *item, struct err *err)
{
	struct slice *slice = arg;
	struct plan *plan = slice->plan;
	struct ledger *ledger = plan->plans->parts.ledger;
	struct op op;
	int result;

	slice->rows++;
	plan->cursor = item->id;
	if (plan_item_make_op(row, &plan->params, item->kind, &op, err) < 0)
		return -1;
	/* The row has lost its assignment again since it was judged (joined.h): it will be looked at anew. */
	if (!item->key || strcmp(op.key, item->key) != 0) {
		op_finish(&op);
		return 0;
	}
	op.batch_id = plan->batch_id;
	op.fee_minor = item->fee_minor;
	result = hold_if_due(plan, &op, item, err) < 0 ? -1 : operation_insert(ledger, &op, err);
	if (result == 0)
		result = replan(plan, &op, err);
	if (result == 1 && item->verdict == PLAN_FOUND)
		result = queue_record_found(plan->plans->parts.queue, op.key, item->why, item->outcome, err);
	op_finish(&op);
	plan->recorded += result > 0;
	return result < 0 ? -1 : 0;
}

static int end_recording(struct plan *plan, struct err *err)
{
	struct json_object *result;

	if (plan->batch_id && (batch_finish(plan->plans->parts.ledger, plan->batch_id, err) < 0 ||
			       queue_add_batch(plan->plans->parts.queue, plan->batch_id, err) < 0))
		return -1;
	log_info("plan recorded batch=%" PRId64 " operations=%" PRId64 " user=\"%s\" uid=%u pid=%d digest=%s",
		 plan->batch_id, plan->recorded, plan->actor.user, (unsigned)plan->actor.uid, (int)plan->actor.pid,
		 plan->params.digest);
	result = plan_report_applied(plan->plans->parts.ledger, plan->id, plan->batch_id, plan->recorded, err);
	if (!result)
		return -1;
	point_pass(POINT_APPLY_FINISHED);
	if (plan->is_automatic) {
		plan->result = result;
		plan->cursor = 0;
		plan->phase = PHASE_TICK;
		return 0;
	}
	plan_finish(plan, result, NULL);
	json_object_put(result);
	return 0;
}

int plan_record_slice(struct plan *plan, struct err *err)
{
	struct ledger *ledger = plan->plans->parts.ledger;
	struct slice slice = { plan, 0 };
	int result = 0;

	ledger->acting_batch = plan->batch_id;
	if (plan->batch_id)
		result = plan_table_each_recordable(ledger, plan->id, plan->cursor, ROWS_PER_SLICE, on_recordable,
						    &slice, err);
	ledger->acting_batch = 0;
	if (result < 0)
		return -1;
	if (slice.rows < ROWS_PER_SLICE)
		return end_recording(plan, err);
	point_pass(POINT_APPLY_SLICE);
	return 0;
}
