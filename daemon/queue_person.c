/* SPDX-License-Identifier: MIT
 *
 * What a person does to single operations: release, cancel, hold, retry, resolve. Who it was is recorded by the caller
 * (ledger->acting_batch).
 */
#include <stdio.h>

#include "queue_private.h"

static int refuse(char why[QUEUE_WHY_MAX], const char *reason)
{
	(void)snprintf(why, QUEUE_WHY_MAX, "%s", reason);
	return 0;
}

/* Why the operation cannot be released or cancelled in the state in which it is; NULL: that state is no hindrance. */
static const char *hindrance(const struct op *op)
{
	static const char *const reasons[OP_STATES] = {
		[OP_SENDING] = "it is on its way",
		[OP_ACCEPTED] = "the platform has taken it and will confirm it",
		[OP_UNSURE] = "its answer was lost; that is being found out",
		[OP_DONE] = "it is done",
		[OP_FAILED] = "the platform refused it; correct the cause, then type: ngmtctl queue retry ID",
	};

	if (op->state == OP_HELD && op->doubtful)
		return "it is in doubt: find out whether it was executed, then type: ngmtctl queue resolve ID "
		       "--done (or --not-done)";
	return reasons[op->state];
}

static int release(struct queue *queue, struct op *op, char why[QUEUE_WHY_MAX], struct err *err)
{
	const char *reason = hindrance(op);

	(void)err;
	if (!reason && op->state != OP_HELD && op->state != OP_CANCELLED)
		reason = "it is not held";
	if (reason)
		return refuse(why, reason);
	/* It is waived what it was held for, where a person may waive it; the rest is compared as ever. */
	if (op->state == OP_HELD && (op->hold == HOLD_FOREIGN || op->hold == HOLD_CODE || op->hold == HOLD_REJECTED))
		op->released |= INT64_C(1) << op->hold;
	queue_look_anew(queue);
	queue_move(queue, op, OP_PLANNED, "released", NULL);
	queue_put(queue, op, 0, false);
	return 1;
}

static int cancel(struct queue *queue, struct op *op, char why[QUEUE_WHY_MAX], struct err *err)
{
	const char *reason = hindrance(op);

	(void)err;
	if (!reason && op->state == OP_CANCELLED)
		reason = "it is cancelled already";
	if (reason)
		return refuse(why, reason);
	queue_move(queue, op, OP_CANCELLED, "cancelled", NULL);
	queue_compared(queue, op->id);
	return 1;
}

/* A rejection that may still be taken back would go on by itself: it can be held as well. */
static int hold(struct queue *queue, struct op *op, char why[QUEUE_WHY_MAX], struct err *err)
{
	const char *reason = hindrance(op);

	(void)err;
	if (!reason && op->state == OP_CANCELLED)
		reason = "it was taken back";
	else if (!reason && op->state == OP_HELD && op->hold != HOLD_UNDO)
		reason = "it is held already";
	if (reason)
		return refuse(why, reason);
	if (op->state == OP_HELD)
		queue_move(queue, op, OP_PLANNED, "it does not go on by itself any more", NULL);
	op->hold = HOLD_PERSON;
	queue_move(queue, op, OP_HELD, "held by a person", NULL);
	queue_compared(queue, op->id);
	return 1;
}

/* What failed was not executed, or it would be in doubt: its token is as good as new. What a person waived was about
 * the facts of then. */
static int try_failed(struct queue *queue, struct op *op)
{
	op->released = op->waived_bonuses = 0;
	queue_look_anew(queue);
	queue_move(queue, op, OP_PLANNED, "tried again", NULL);
	queue_put(queue, op, 0, false);
	return 1;
}

static int retry(struct queue *queue, struct op *op, char why[QUEUE_WHY_MAX], struct err *err)
{
	static const char *const reasons[OP_STATES] = {
		[OP_SENDING] = "it is on its way",
		[OP_HELD] = "it is held; let it go on with: ngmtctl queue release ID",
		[OP_DONE] = "it is done",
		[OP_CANCELLED] = "it was taken back; have it back with: ngmtctl queue release ID",
	};

	(void)err;
	if (op->state == OP_HELD && op->doubtful)
		return refuse(why, hindrance(op));
	if (op->state == OP_FAILED && op->doubtful)
		return refuse(why, "it is not certain that nothing of it was executed");
	if (op->state == OP_FAILED)
		return try_failed(queue, op);
	return reasons[op->state] ? refuse(why, reasons[op->state]) : 1;
}

static int resolve_done(struct queue *queue, struct op *op, char why[QUEUE_WHY_MAX], struct err *err)
{
	static const struct op_answer answer = { .outcome = "resolved-done" };

	(void)err;
	if (op->state != OP_HELD || !op->doubtful)
		return refuse(why, "it is not held in doubt");
	queue_move(queue, op, OP_DONE, "a person found out that it was executed", &answer);
	return 1;
}

/* Its token is as good as new: should the platform recognise it after all, that is found out before any money moves. */
static int resolve_not_done(struct queue *queue, struct op *op, char why[QUEUE_WHY_MAX], struct err *err)
{
	(void)err;
	if (op->state != OP_HELD || !op->doubtful)
		return refuse(why, "it is not held in doubt");
	op->is_resolved = true;
	queue_look_anew(queue);
	queue_move(queue, op, OP_PLANNED, "a person found out that it was not executed", NULL);
	queue_put(queue, op, 0, false);
	return 1;
}

static int act(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err,
	       int (*deed)(struct queue *queue, struct op *op, char why[QUEUE_WHY_MAX], struct err *err))
{
	struct op op;
	int result = operation_load(queue->parts.ledger, id, &op, err);

	if (result == 0)
		return refuse(why, "there is no such operation");
	if (result < 0)
		return -1;
	result = deed(queue, &op, why, err);
	op_finish(&op);
	if (queue_failure(queue)) {
		*err = *queue_failure(queue);
		return -1;
	}
	loop_wake(queue->parts.loop);
	return result;
}

int queue_release(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err)
{
	return act(queue, id, why, err, release);
}

int queue_cancel(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err)
{
	return act(queue, id, why, err, cancel);
}

int queue_hold(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err)
{
	return act(queue, id, why, err, hold);
}

int queue_retry(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err)
{
	return act(queue, id, why, err, retry);
}

int queue_resolve(struct queue *queue, int64_t id, bool was_executed, char why[QUEUE_WHY_MAX], struct err *err)
{
	return act(queue, id, why, err, was_executed ? resolve_done : resolve_not_done);
}
