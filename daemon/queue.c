/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "queue_private.h"

/* Operations verified in one turn, so that the loop stays quick. */
#define CHECKS_PER_TURN 100

void queue_look_anew(struct queue *queue)
{
	queue->trusted_since_ms = clock_mono_ms();
	queue->balance_ms = 0;
	surveys_distrust(queue->parts.surveys, queue->trusted_since_ms);
}

static void on_resume(void *arg)
{
	struct queue *queue = arg;

	queue_look_anew(queue);
	loop_wake(queue->parts.loop);
}

struct queue *queue_new(const struct queue_parts *parts, queue_moved_fn *on_moved, void *arg, struct err *err)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (!queue) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	queue->parts = *parts;
	queue->budget.limits = parts->budget_limits;
	queue->on_moved = on_moved;
	queue->arg = arg;
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		queue->flights[i].queue = queue;
	queue->pauses = pauses_new(parts->loop, parts->ledger, parts->reader, parts->platform, on_resume, queue, err);
	if (queue->pauses)
		return queue;
	free(queue);
	return NULL;
}

void queue_free(struct queue *queue)
{
	if (!queue)
		return;
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		platform_request_finish(&queue->flights[i].request);
	for (int i = 0; i < LANES; i++)
		schedule_finish(&queue->lanes[i]);
	for (int i = 0; i < LANES; i++)
		schedule_finish(&queue->doubts[i]);
	schedule_finish(&queue->checks);
	comparison_finish(&queue->comparison);
	pauses_free(queue->pauses);
	free(queue);
}

void queue_fail(struct queue *queue, const struct err *err)
{
	if (!queue->has_failed)
		queue->failure = *err;
	queue->has_failed = true;
}

const struct err *queue_failure(const struct queue *queue)
{
	return queue->has_failed ? &queue->failure : NULL;
}

/* Where an operation in this state waits; NULL: nowhere. */
static struct schedule *schedule_of(struct queue *queue, enum op_kind kind, enum op_state state)
{
	if (op_is_settled(state))
		return NULL;
	if (state == OP_PLANNED)
		return &queue->checks;
	return state == OP_QUEUED ? &queue->lanes[op_lane(kind)] : &queue->doubts[op_lane(kind)];
}

/* `due` comes with the delay in at_ms (0: due at once) and without its id. */
static void put_into(struct queue *queue, struct schedule *schedule, const struct op *op, struct due due)
{
	struct err err;

	due.id = op->id;
	due.at_ms += clock_mono_ms();
	if (schedule && schedule_add(schedule, due, &err) < 0)
		queue_fail(queue, &err);
}

static void put(struct queue *queue, const struct op *op, struct due due)
{
	put_into(queue, schedule_of(queue, op->kind, op->state), op, due);
}

void queue_put_aside(struct queue *queue, const struct op *op)
{
	put_into(queue, &queue->lanes[op_lane(op->kind)], op, (struct due){ 0 });
}

void queue_put(struct queue *queue, const struct op *op, int64_t delay_ms, bool look)
{
	put(queue, op, (struct due){ .at_ms = delay_ms, .look = look });
}

void queue_put_waiting(struct queue *queue, const struct op *op, int64_t delay_ms, int64_t since_ms)
{
	put(queue, op, (struct due){ .at_ms = delay_ms, .since_ms = since_ms });
}

void queue_put_verified(struct queue *queue, const struct op *op)
{
	put(queue, op, (struct due){ .verified_ms = clock_mono_ms() });
}

/* The date is by the wall clock, the waiting is not: however that clock was set meanwhile, never longer than the
 * window. */
static int64_t undo_left_ms(const struct queue *queue, int64_t hold_until_s)
{
	int64_t left_ms = hold_until_s * 1000 - clock_wall_ms();

	if (left_ms < 0)
		return 0;
	return left_ms < queue->parts.undo_window_ms ? left_ms : queue->parts.undo_window_ms;
}

static int add_pending(void *arg, int64_t id, enum op_kind kind, enum op_state state, int64_t hold_until_s,
		       struct err *err)
{
	struct queue *queue = arg;
	struct schedule *schedule = state == OP_HELD ? &queue->checks : schedule_of(queue, kind, state);
	int64_t delay_ms = state == OP_HELD ? undo_left_ms(queue, hold_until_s) : 0;

	if (!schedule)
		return 0;
	if (queue->is_recovering && state == OP_PLANNED && comparison_add(&queue->comparison, id, err) < 0)
		return -1;
	return schedule_add(
		schedule,
		(struct due){ .at_ms = clock_mono_ms() + delay_ms, .id = id, .hold_until_s = hold_until_s }, err);
}

int queue_add_batch(struct queue *queue, int64_t batch_id, struct err *err)
{
	loop_wake(queue->parts.loop);
	return operations_each_pending(queue->parts.ledger, batch_id, add_pending, queue, err);
}

static void count_cost(void *arg, const struct op *op)
{
	struct queue *queue = arg;

	budget_count(&queue->budget, op, op->first_sent_s);
}

/* In a restored ledger, everything planned is compared with the platform before anything leaves. */
static int add_all_pending(struct queue *queue, struct err *err)
{
	struct ledger *ledger = queue->parts.ledger;
	int result;

	queue->is_recovering = ledger->restored != LEDGER_AS_LEFT;
	result = operations_each_pending(ledger, 0, add_pending, queue, err);
	queue->is_recovering = false;
	return result < 0 || queue->comparison.left ? result : restored_finish(ledger, err);
}

void queue_compared(struct queue *queue, int64_t id)
{
	struct err err;

	if (!queue->has_failed && comparison_done(&queue->comparison, id) &&
	    restored_finish(queue->parts.ledger, &err) < 0)
		queue_fail(queue, &err);
}

int64_t queue_to_compare(const struct queue *queue)
{
	return (int64_t)queue->comparison.left;
}

void queue_halt(struct queue *queue, const struct err *why)
{
	queue_fail(queue, why);
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++) {
		if (!queue->flights[i].is_ready)
			continue;
		queue->flights[i].is_ready = false;
		platform_request_finish(&queue->flights[i].request);
	}
}

static int renew_windows(struct queue *queue, struct err *err)
{
	int64_t now_ms = clock_wall_ms();
	int64_t renewed = operations_renew_undo(queue->parts.ledger, now_ms / 1000,
						(now_ms + queue->parts.undo_window_ms) / 1000, err);

	if (renewed > 0)
		log_info("rejections whose time ended while ngmtd did not run can be taken back once more "
			 "operations=%" PRId64 " window_s=%" PRId64,
			 renewed, queue->parts.undo_window_ms / 1000);
	return renewed < 0 ? -1 : 0;
}

int queue_recover(struct queue *queue, struct err *err)
{
	int64_t unfinished = operations_forget_unfinished(queue->parts.ledger, err);
	int64_t unsure = unfinished < 0 ? -1 : operations_recover(queue->parts.ledger, err);

	if (unsure < 0)
		return -1;
	if (unfinished > 0)
		log_warn("a command was cut off before it was acknowledged, nothing of it was sent operations=%" PRId64,
			 unfinished);
	if (unsure > 0)
		log_warn("requests were out when the last ngmtd stopped, their fate is being found out "
			 "operations=%" PRId64,
			 unsure);
	if (restored_prepare(queue->parts.ledger, err) < 0)
		return -1;
	if (renew_windows(queue, err) < 0)
		return -1;
	if (budget_is_limited(&queue->budget) &&
	    operations_each_cost(queue->parts.ledger, count_cost, queue, err) < 0)
		return -1;
	return add_all_pending(queue, err);
}

bool queue_load(struct queue *queue, int64_t id, struct op *op)
{
	struct err err;
	int found = operation_load(queue->parts.ledger, id, op, &err);

	if (found < 0)
		queue_fail(queue, &err);
	return found == 1;
}

static void keep_budget(struct queue *queue, const struct op *op, enum op_state from, bool was_doubtful)
{
	int64_t now_s;

	if (!op_moves_money(op->kind) || !budget_is_limited(&queue->budget))
		return;
	(void)queue->parts.platform->class->now_s(queue->parts.platform, &now_s);
	budget_move(&queue->budget, op, from, was_doubtful, now_s);
	if (from == OP_SENDING || op->state == OP_SENDING || op->state == OP_DONE)
		queue->money_moved_ms = clock_mono_ms();
}

void queue_move(struct queue *queue, struct op *op, enum op_state to, const char *why, const struct op_answer *answer)
{
	enum op_state from = op->state;
	bool was_doubtful = op->doubtful;
	struct err err;

	if (operation_move(queue->parts.ledger, op, to, why, answer, &err) < 0)
		queue_fail(queue, &err);
	else
		keep_budget(queue, op, from, was_doubtful);
	queue->on_moved(queue->arg, op->batch_id);
}

void queue_note(struct queue *queue, struct op *op, const char *why)
{
	struct err err;

	if (operation_note(queue->parts.ledger, op, why, &err) < 0)
		queue_fail(queue, &err);
}

static bool is_of_money(enum lane lane)
{
	return lane == LANE_BONUS || lane == LANE_HIT;
}

/* Money that may be out at once, where a platform bounds it. */
static bool has_room(const struct queue *queue, enum lane lane)
{
	unsigned most = queue->parts.platform->class->money_in_flight_max, out = 0;

	if (most == 0 || !is_of_money(lane))
		return true;
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		out += (queue->flights[i].is_ready || queue->flights[i].is_out) && is_of_money(queue->flights[i].lane);
	return out < most;
}

/* Whether requests of the lane may leave that find out what became of earlier ones. */
static bool may_look(const struct queue *queue, enum lane lane)
{
	enum pause_cause cause = pauses_cause(queue->pauses, lane);

	return !queue->comparison.left && (cause == PAUSE_NONE || cause == PAUSE_PERSON) &&
	       !queue->is_rechecking[lane] && has_room(queue, lane);
}

static bool may_send(const struct queue *queue, enum lane lane)
{
	return may_look(queue, lane) && !pauses_stopped(queue->pauses, lane);
}

static bool take_due(struct queue *queue, int64_t now_ms, struct due *out)
{
	for (int lane = LANE_READ + 1; lane < LANES; lane++)
		if ((may_look(queue, (enum lane)lane) && schedule_take(&queue->doubts[lane], now_ms, out)) ||
		    (may_send(queue, (enum lane)lane) && schedule_take(&queue->lanes[lane], now_ms, out)))
			return true;
	return false;
}

static int64_t next_wait_ms(const struct queue *queue, int64_t now_ms)
{
	int64_t wait_ms = -1, gate_ms = sender_delay_ms(queue->parts.sender);

	for (int lane = LANE_READ + 1; lane < LANES; lane++) {
		if (may_look(queue, (enum lane)lane))
			schedule_sooner(&wait_ms, schedule_delay_ms(&queue->doubts[lane], now_ms));
		if (may_send(queue, (enum lane)lane))
			schedule_sooner(&wait_ms, schedule_delay_ms(&queue->lanes[lane], now_ms));
	}
	/* Something is due but the gate is shut: until it opens, or until an answer frees a slot. */
	if (wait_ms >= 0)
		wait_ms = gate_ms < 0 ? -1 : wait_ms > gate_ms ? wait_ms : gate_ms;
	schedule_sooner(&wait_ms, schedule_delay_ms(&queue->checks, now_ms));
	return wait_ms;
}

int64_t queue_pump(struct queue *queue)
{
	int64_t now_ms = clock_mono_ms();
	struct due due;

	if (queue->draining || queue->has_failed || queue->parts.dry)
		return -1;
	for (int i = 0; i < CHECKS_PER_TURN && schedule_take(&queue->checks, now_ms, &due); i++)
		queue_check(queue, &due);
	while (!queue->has_failed && sender_delay_ms(queue->parts.sender) == 0 && take_due(queue, now_ms, &due))
		queue_start_due(queue, &due);
	return next_wait_ms(queue, now_ms);
}

void queue_hurry(struct queue *queue, const int64_t *ids, int64_t count)
{
	int64_t now_ms = clock_mono_ms();

	schedule_hurry(&queue->checks, ids, (size_t)count, now_ms);
	for (int lane = LANE_READ + 1; lane < LANES; lane++) {
		schedule_hurry(&queue->lanes[lane], ids, (size_t)count, now_ms);
		schedule_hurry(&queue->doubts[lane], ids, (size_t)count, now_ms);
	}
	loop_wake(queue->parts.loop);
}

void queue_drain(struct queue *queue)
{
	queue->draining = true;
}

bool queue_is_drained(const struct queue *queue)
{
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		if (queue->flights[i].is_ready || queue->flights[i].is_out)
			return false;
	return true;
}

int queue_record_found(struct queue *queue, const char *key, const char *why, const char *outcome, struct err *err)
{
	const struct op_answer answer = { .outcome = outcome };
	struct op op;
	int result = operation_find(queue->parts.ledger, key, &op, err);

	if (result != 1)
		return result;
	queue_move(queue, &op, OP_DONE, why, &answer);
	op_finish(&op);
	if (!queue->has_failed)
		return 1;
	*err = queue->failure;
	return -1;
}

const struct budget *queue_budget(const struct queue *queue)
{
	return &queue->budget;
}

struct pauses *queue_pauses(struct queue *queue)
{
	return queue->pauses;
}

int64_t queue_waiting(const struct queue *queue)
{
	int64_t waiting = (int64_t)queue->checks.count + queue->surveyed_for;

	for (int lane = 0; lane < LANES; lane++)
		waiting += (int64_t)(queue->lanes[lane].count + queue->doubts[lane].count);
	return waiting;
}

static unsigned count_out(const struct queue *queue, enum lane lane)
{
	unsigned out = 0;

	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		out += queue->flights[i].is_out && queue->flights[i].lane == lane;
	return out;
}

/* Who stopped it is told even if something is missing as well. */
static void describe_pause(const struct pauses *pauses, enum lane lane, struct json_object *out)
{
	const struct stop *stop = pauses_stopped(pauses, lane);
	const char *why = pauses_why(pauses, lane);

	json_put_text(out, "state", why ? "paused" : "ok");
	json_put_text(out, "paused", why);
	json_put_text(out, "cause", pause_cause_name(stop ? PAUSE_PERSON : pauses_cause(pauses, lane)));
	json_put_text(out, "user", stop ? stop->user : NULL);
	json_put_time(out, "paused_at", stop ? stop->at_s : 0);
}

struct json_object *queue_describe_lanes(const struct queue *queue)
{
	struct json_object *lanes = json_object_new_array();

	for (int i = 0; i < LANES; i++) {
		struct json_object *lane = json_object_new_object();
		bool reads = i == LANE_READ;

		json_put_text(lane, "lane", lane_name((enum lane)i));
		json_put_int(lane, "waiting",
			     reads ? reader_waiting(queue->parts.reader)
				   : (int64_t)(queue->lanes[i].count + queue->doubts[i].count));
		json_put_int(lane, "in_flight",
			     reads ? reader_in_flight(queue->parts.reader) : count_out(queue, (enum lane)i));
		describe_pause(queue->pauses, (enum lane)i, lane);
		(void)json_object_array_add(lanes, lane);
	}
	return lanes;
}
