/* SPDX-License-Identifier: MIT
 *
 * From planned to queued: what the platform says about an operation before it may be sent.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "queue_private.h"
#include "verify.h"

/* Facts about an assignment are good enough to verify an operation for this long. */
#define FACTS_AGE_MS (INT64_C(5) * 60 * 1000)
/* How old they may be about an assignment that is being waited for. */
#define WAITING_AGE_MS INT64_C(10000)
/* After a survey that failed. */
#define CHECK_AGAIN_MS 30000
/* How long an assignment that the platform does not know is waited for: it may have been submitted a moment ago. */
#define ABSENT_PATIENCE_MS (INT64_C(600) * 1000)
/* Nobody is held for a balance that is older: there may have been a top-up. */
#define BALANCE_AGE_MS 2000
/* Between two looks whether the balance has come. */
#define BALANCE_PATIENCE_MS 200

/* An operation that waits for a survey. */
struct check {
	struct queue *queue;
	int64_t op_id;
	int64_t since_ms;
	bool is_recheck; /* of a queued operation, whose lane waits */
	enum lane lane;
};

/* Facts from before a lane stood still do not count: somebody may have paid by other means meanwhile. */
static int64_t facts_since(const struct queue *queue, int64_t now_ms)
{
	int64_t since_ms = now_ms - FACTS_AGE_MS;

	return since_ms > queue->trusted_since_ms ? since_ms : queue->trusted_since_ms;
}

static void on_surveyed(void *arg, const struct err *err)
{
	struct check *check = arg;
	struct queue *queue = check->queue;
	struct op op;

	queue->surveyed_for--;
	if (check->is_recheck)
		queue->is_rechecking[check->lane] = false;
	if (queue_load(queue, check->op_id, &op)) {
		if (err && err->code == ERR_CREDENTIALS)
			pauses_stop(queue->pauses, op_lane(op.kind), PAUSE_ACCESS, 0, err->message);
		if (err)
			queue_note(queue, &op, err->message);
		queue_put_waiting(queue, &op, err ? CHECK_AGAIN_MS : 0, check->since_ms);
		/* Taken back meanwhile: nobody will ask for it again. */
		if (op_is_settled(op.state))
			queue_compared(queue, check->op_id);
		op_finish(&op);
	} else {
		queue_compared(queue, check->op_id);
	}
	free(check);
}

static void ask_survey(struct queue *queue, const struct op *op, int64_t since_ms, enum survey_need need,
		       const char *subject, bool is_recheck)
{
	struct check *check = calloc(1, sizeof(*check));
	struct err err;

	if (!check) {
		queue_put(queue, op, CHECK_AGAIN_MS, false);
		return;
	}
	*check = (struct check){ queue, op->id, since_ms, is_recheck, op_lane(op->kind) };
	queue->surveyed_for++;
	if (is_recheck)
		queue->is_rechecking[check->lane] = true;
	if (surveys_ask(queue->parts.surveys, need, subject, on_surveyed, check, &err) == 0)
		return;
	if (is_recheck)
		queue->is_rechecking[check->lane] = false;
	queue->surveyed_for--;
	free(check);
	queue_put(queue, op, CHECK_AGAIN_MS, false);
}

/* Quick at first, since workers submit within minutes; then patient. By the monotonic clock: however ours is set, and
 * after a restart it begins anew. */
static int64_t waiting_ms(int64_t since_ms)
{
	int64_t age_s = (clock_mono_ms() - since_ms) / 1000;

	return age_s < 600 ? 15000 : age_s < 3600 ? 60000 : 300000;
}

/* What the account holds is asked for between payments, where a floor must be kept. */
static void on_balance(void *arg, const struct err *err)
{
	struct queue *queue = arg;
	const struct balance *balance = pauses_balance(queue->pauses);

	queue->is_asking_balance = false;
	if (!err && balance->is_known && queue->money_moved_ms < balance->asked_ms) {
		budget_set_balance(&queue->budget, balance->available_minor);
		queue->balance_ms = clock_mono_ms();
	}
	loop_wake(queue->parts.loop);
}

static void ask_balance(struct queue *queue, const struct op *op)
{
	struct err err;

	if (queue->is_asking_balance)
		return;
	queue->is_asking_balance = true;
	if (pauses_refresh(queue->pauses, false, on_balance, queue, &err) == 0)
		return;
	queue->is_asking_balance = false;
	if (err.code == ERR_CREDENTIALS)
		pauses_stop(queue->pauses, op_lane(op->kind), PAUSE_ACCESS, 0, err.message);
}

static enum budget_verdict check_budget(struct queue *queue, const struct op *op, int64_t cost_minor,
					char why[BUDGET_WHY_MAX])
{
	int64_t now_s;

	if (!op_moves_money(op->kind) || !budget_is_limited(&queue->budget))
		return BUDGET_FITS;
	if (clock_mono_ms() - queue->balance_ms > BALANCE_AGE_MS)
		queue->budget.is_balance_exact = false;
	(void)queue->parts.platform->class->now_s(queue->parts.platform, &now_s);
	return budget_check(&queue->budget, cost_minor, now_s, why);
}

static void queue_up(struct queue *queue, struct op *op)
{
	char why[BUDGET_WHY_MAX];

	switch (check_budget(queue, op, op->amount_minor + op->fee_minor, why)) {
	case BUDGET_FITS:
		queue_move(queue, op, OP_QUEUED, NULL, NULL);
		queue_put_verified(queue, op);
		return;
	case BUDGET_BEYOND:
		op->hold = HOLD_LIMIT;
		queue_move(queue, op, OP_HELD, why, NULL);
		return;
	case BUDGET_ASK:
		break;
	}
	ask_balance(queue, op);
	queue_note(queue, op, "waits for the balance");
	queue_put(queue, op, BALANCE_PATIENCE_MS, false);
}

static void act_on_verification(struct queue *queue, struct op *op, int64_t since_ms,
				const struct verification *verification)
{
	const struct op_answer already = { .outcome = verification->outcome };

	switch (verification->verdict) {
	case VERIFIED_GO:
		queue_up(queue, op);
		return;
	case VERIFIED_DONE:
		queue_move(queue, op, OP_DONE, verification->why, &already);
		return;
	case VERIFIED_HOLD:
		op->hold = verification->hold;
		/* What the person is shown now is what a release will waive, and no more. */
		op->released &= ~(INT64_C(1) << verification->hold);
		if (verification->hold == HOLD_FOREIGN)
			op->waived_bonuses = verification->surplus;
		queue_move(queue, op, OP_HELD, verification->why, NULL);
		return;
	case VERIFIED_ABSENT:
		if (clock_mono_ms() - since_ms > ABSENT_PATIENCE_MS) {
			queue_move(queue, op, OP_HELD, verification->why, NULL);
			return;
		}
		break;
	case VERIFIED_WAIT:
	case VERIFIED_UNKNOWN:
		break;
	}
	queue_note(queue, op, verification->why[0] ? verification->why : "waits for the platform's list");
	queue_put_waiting(queue, op, waiting_ms(since_ms), since_ms);
}

/* What the platform says about the operation now. False: nothing yet, since a survey was asked for (it becomes due
 * again after that) or the ledger failed. */
static bool compare(struct queue *queue, const struct op *op, int64_t since_ms, bool is_recheck,
		    struct verification *out)
{
	struct verify_facts facts = { .platform = queue->parts.platform->class->title, .limits = queue->parts.limits };
	int64_t now_ms = clock_mono_ms();
	char subject[ID_TEXT_MAX];
	enum survey_need need;
	struct err err;

	if (verify_gather(queue->parts.ledger, op, &facts, &err) < 0) {
		queue_fail(queue, &err);
		return false;
	}
	need = surveys_need(queue->parts.surveys, op, &facts, facts_since(queue, now_ms), now_ms - WAITING_AGE_MS,
			    subject);
	if (need != SURVEY_NOTHING) {
		ask_survey(queue, op, since_ms, need, subject, is_recheck);
		return false;
	}
	verify(op, &facts, out);
	return true;
}

void queue_check(struct queue *queue, const struct due *due)
{
	int64_t id = due->id, since_ms = due->since_ms ? due->since_ms : clock_mono_ms();
	struct verification verification;
	bool is_compared = true;
	struct op op;

	if (!queue_load(queue, id, &op)) {
		queue_compared(queue, id);
		return;
	}
	if (op.state == OP_HELD && op.hold == HOLD_UNDO && op.hold_until_s == due->hold_until_s) {
		queue_move(queue, &op, OP_PLANNED, "the time to take it back is over", NULL);
		queue_put(queue, &op, 0, false);
	} else if (op.state == OP_PLANNED) {
		is_compared = compare(queue, &op, since_ms, false, &verification);
		if (is_compared)
			act_on_verification(queue, &op, since_ms, &verification);
	}
	if (is_compared)
		queue_compared(queue, id);
	op_finish(&op);
}

bool queue_may_still_send(struct queue *queue, struct op *op)
{
	struct verification verification;
	char why[BUDGET_WHY_MAX];

	if (!compare(queue, op, 0, true, &verification))
		return false;
	/* Its cost is counted since it was queued; yet a limit may be lower than before the restart. */
	if (verification.verdict == VERIFIED_GO && check_budget(queue, op, 0, why) == BUDGET_FITS)
		return true;
	queue_move(queue, op, OP_PLANNED, verification.why[0] ? verification.why : NULL, NULL);
	queue_put(queue, op, 0, false);
	return false;
}
