/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "operations.h"
#include "react.h"
#include "schedule.h"
#include "verify.h"

/* Facts about an assignment are good enough to verify an operation for this long, and a verified operation to be sent:
 * what waits longer (for money, for its turn, for the daemon to come back) is compared with the platform once more. */
#define FACTS_AGE_MS (INT64_C(5) * 60 * 1000)
/* How old the facts may be about an assignment that is being waited for. */
#define WAITING_AGE_MS INT64_C(10000)
#define VERIFIED_AGE_MS (INT64_C(5) * 60 * 1000)
/* Operations verified in one turn, so that the loop stays quick. */
#define CHECKS_PER_TURN 100
/* After a survey that failed. */
#define CHECK_AGAIN_MS 30000
/* Between two looks whether the platform's clock has become known. */
#define CLOCK_PATIENCE_MS 500
#define CLOCK_ASKED_MAX 40
/* How long an assignment that the platform does not know is waited for: it may have been submitted a moment ago. */
#define ABSENT_PATIENCE_S 600

/* A request that is out, or will be once the turn is committed; one per slot of the sender. */
struct flight {
	struct queue *queue;
	int64_t op_id;
	enum lane lane;
	bool is_ready; /* waits for the commit */
	bool is_out;
	bool reads_back;
	unsigned slot;
	struct platform_request request;
};

struct queue {
	struct queue_parts parts;
	struct pauses *pauses;
	struct schedule checks;
	struct schedule lanes[LANES];
	struct flight flights[SENDER_SLOTS_MAX];
	unsigned clock_asked;     /* how often the platform's clock was waited for */
	bool is_rechecking[LANES]; /* a survey is out for the head of the lane: the others wait for it too */
	int64_t trusted_since_ms; /* verifications before this moment are void */
	int64_t surveyed_for; /* operations that wait for a survey */
	bool draining;
	bool has_failed;
	struct err failure;
	queue_moved_fn *on_moved;
	void *arg;
};

/* An operation that waits for a survey. */
struct check {
	struct queue *queue;
	int64_t op_id;
	bool is_recheck; /* of a queued operation, whose lane waits */
};

/* While a lane stood still, somebody may have paid by other means: nothing that was known before counts any more. */
static void on_resume(void *arg)
{
	struct queue *queue = arg;

	queue->trusted_since_ms = clock_mono_ms();
	surveys_expire(queue->parts.surveys);
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
	queue->on_moved = on_moved;
	queue->arg = arg;
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		queue->flights[i].queue = queue;
	queue->pauses = pauses_new(parts->loop, parts->reader, parts->platform, on_resume, queue, err);
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
	schedule_finish(&queue->checks);
	pauses_free(queue->pauses);
	free(queue);
}

static void fail(struct queue *queue, const struct err *err)
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
	return state == OP_PLANNED ? &queue->checks : &queue->lanes[op_lane(kind)];
}

static void put(struct queue *queue, const struct op *op, int64_t delay_ms, bool look)
{
	struct schedule *schedule = schedule_of(queue, op->kind, op->state);
	struct err err;

	if (schedule &&
	    schedule_add(schedule, (struct due){ .at_ms = clock_mono_ms() + delay_ms, .id = op->id, .look = look },
			 &err) < 0)
		fail(queue, &err);
}

static void put_verified(struct queue *queue, const struct op *op)
{
	int64_t now_ms = clock_mono_ms();
	struct err err;

	if (schedule_add(&queue->lanes[op_lane(op->kind)],
			 (struct due){ .at_ms = now_ms, .id = op->id, .verified_ms = now_ms }, &err) < 0)
		fail(queue, &err);
}

static int add_pending(void *arg, int64_t id, enum op_kind kind, enum op_state state, struct err *err)
{
	struct queue *queue = arg;
	struct schedule *schedule = schedule_of(queue, kind, state);

	return schedule ? schedule_add(schedule, (struct due){ .at_ms = clock_mono_ms(), .id = id }, err) : 0;
}

int queue_add_batch(struct queue *queue, int64_t batch_id, struct err *err)
{
	loop_wake(queue->parts.loop);
	return operations_each_pending(queue->parts.ledger, batch_id, add_pending, queue, err);
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
	return operations_each_pending(queue->parts.ledger, 0, add_pending, queue, err);
}

static bool load(struct queue *queue, int64_t id, struct op *op)
{
	struct err err;
	int found = operation_load(queue->parts.ledger, id, op, &err);

	if (found < 0)
		fail(queue, &err);
	return found == 1;
}

static void move(struct queue *queue, struct op *op, enum op_state to, const char *why, const struct op_answer *answer)
{
	struct err err;

	if (operation_move(queue->parts.ledger, op, to, why, answer, &err) < 0)
		fail(queue, &err);
	queue->on_moved(queue->arg, op->batch_id);
}

static void note(struct queue *queue, struct op *op, const char *why)
{
	struct err err;

	if (operation_note(queue->parts.ledger, op, why, &err) < 0)
		fail(queue, &err);
}

/* planned: survey, verify, queue. */

static void on_surveyed(void *arg, const struct err *err)
{
	struct check *check = arg;
	struct queue *queue = check->queue;
	struct op op;

	queue->surveyed_for--;
	if (load(queue, check->op_id, &op)) {
		if (check->is_recheck)
			queue->is_rechecking[op_lane(op.kind)] = false;
		if (err && err->code == ERR_CREDENTIALS)
			pauses_stop(queue->pauses, op_lane(op.kind), PAUSE_ACCESS, 0, err->message);
		if (err)
			note(queue, &op, err->message);
		put(queue, &op, err ? CHECK_AGAIN_MS : 0, false);
		op_finish(&op);
	}
	free(check);
}

static void ask_survey(struct queue *queue, const struct op *op, enum survey_need need, const char *subject,
		       bool is_recheck)
{
	struct check *check = calloc(1, sizeof(*check));
	struct err err;

	if (!check) {
		put(queue, op, CHECK_AGAIN_MS, false);
		return;
	}
	*check = (struct check){ queue, op->id, is_recheck };
	queue->surveyed_for++;
	if (surveys_ask(queue->parts.surveys, need, subject, on_surveyed, check, &err) == 0) {
		queue->is_rechecking[op_lane(op->kind)] = queue->is_rechecking[op_lane(op->kind)] || is_recheck;
		return;
	}
	queue->surveyed_for--;
	free(check);
	put(queue, op, CHECK_AGAIN_MS, false);
}

/* Quick at first, since workers submit within minutes; then patient. */
static int64_t waiting_ms(const struct op *op)
{
	int64_t age_s = clock_wall_ms() / 1000 - op->created_s;

	return age_s < 600 ? 15000 : age_s < 3600 ? 60000 : 300000;
}

static void act_on_verification(struct queue *queue, struct op *op, const struct verification *verification)
{
	static const struct op_answer already = { .outcome = "already-decided" };

	switch (verification->verdict) {
	case VERIFIED_GO:
		move(queue, op, OP_QUEUED, NULL, NULL);
		put_verified(queue, op);
		return;
	case VERIFIED_DONE:
		move(queue, op, OP_DONE, verification->why, &already);
		return;
	case VERIFIED_HOLD:
		move(queue, op, OP_HELD, verification->why, NULL);
		return;
	case VERIFIED_ABSENT:
		/* changed_s dates the first time that this was the reason. */
		if (op->why && strcmp(op->why, verification->why) == 0 &&
		    clock_wall_ms() / 1000 - op->changed_s > ABSENT_PATIENCE_S) {
			move(queue, op, OP_HELD, verification->why, NULL);
			return;
		}
		break;
	case VERIFIED_WAIT:
	case VERIFIED_UNKNOWN:
		break;
	}
	note(queue, op, verification->why[0] ? verification->why : "waits for the platform's list");
	put(queue, op, waiting_ms(op), false);
}

static void check_planned(struct queue *queue, int64_t id)
{
	struct verify_facts facts = { .platform = queue->parts.platform->class->title, .limits = queue->parts.limits };
	struct verification verification;
	char subject[ID_TEXT_MAX];
	int64_t now_ms = clock_mono_ms();
	enum survey_need need;
	struct op op;
	struct err err;

	if (!load(queue, id, &op))
		return;
	if (op.state != OP_PLANNED) {
		op_finish(&op);
		return;
	}
	if (verify_gather(queue->parts.ledger, &op, &facts, &err) < 0) {
		fail(queue, &err);
	} else {
		need = surveys_need(queue->parts.surveys, &op, &facts, now_ms - FACTS_AGE_MS, now_ms - WAITING_AGE_MS,
				    subject);
		if (need == SURVEY_NOTHING) {
			verify(&op, &facts, &verification);
			act_on_verification(queue, &op, &verification);
		} else {
			ask_survey(queue, &op, need, subject, false);
		}
	}
	op_finish(&op);
}

/* Answers. */

static void apply(struct queue *queue, struct op *op, const struct judgement *judgement,
		  const struct http_answer *answer)
{
	const struct op_answer kept = { .outcome = judgement->outcome,
					.http_status = answer->status,
					.request_id = answer->request_id[0] ? answer->request_id : NULL,
					.body = answer->body_bytes ? answer->body : NULL };
	struct reaction reaction;

	react(op, judgement, &queue->parts.react, clock_random(), &reaction);
	if (reaction.to != op->state)
		move(queue, op, reaction.to,
		     judgement->verdict == JUDGED_DONE && strcmp(judgement->why, judgement->outcome) == 0
			     ? NULL
			     : judgement->why,
		     &kept);
	else
		note(queue, op, judgement->why);
	if (reaction.pause != PAUSE_NONE)
		pauses_stop(queue->pauses, op_lane(op->kind), reaction.pause, op->amount_minor + op->fee_minor,
			    judgement->why);
	if (reaction.delay_ms >= 0)
		put(queue, op, reaction.delay_ms, reaction.look);
}

static void judge_read_back(struct queue *queue, const struct op *op, const struct http_answer *answer,
			    struct judgement *judgement)
{
	struct platform *platform = queue->parts.platform;
	int64_t twins = 0;
	struct err err;

	if (operations_count_twins(queue->parts.ledger, op, &twins, &err) < 0)
		fail(queue, &err);
	else
		platform->class->judge_read_back(platform, op, twins, answer, judgement);
}

static bool on_answer(void *arg, const struct http_answer *answer)
{
	struct flight *flight = arg;
	struct queue *queue = flight->queue;
	struct platform *platform = queue->parts.platform;
	struct judgement judgement = { .verdict = JUDGED_UNKNOWN };
	struct op op;

	flight->is_out = false;
	platform_request_finish(&flight->request);
	if (!load(queue, flight->op_id, &op))
		return false;
	if (flight->reads_back)
		judge_read_back(queue, &op, answer, &judgement);
	else
		platform->class->judge(platform, &op, answer, &judgement);
	apply(queue, &op, &judgement, answer);
	op_finish(&op);
	return judgement.verdict == JUDGED_THROTTLED;
}

/* Sending. */

/* The request cannot even be built: nothing leaves, and it is said why. */
static void on_unbuildable(struct queue *queue, struct op *op, const struct err *err)
{
	if (err->code == ERR_CREDENTIALS) {
		pauses_stop(queue->pauses, op_lane(op->kind), PAUSE_ACCESS, 0, err->message);
		put(queue, op, 0, false);
		return;
	}
	move(queue, op, OP_HELD, err->message, NULL);
}

static void start(struct queue *queue, struct op *op, bool reads_back)
{
	struct platform *platform = queue->parts.platform;
	struct platform_request request = { 0 };
	struct flight *flight;
	struct err err;
	unsigned slot;
	int built;

	built = reads_back ? platform->class->write_read_back(platform, op, &request, &err)
			   : platform->class->write(platform, op, &request, &err);
	if (built < 0) {
		on_unbuildable(queue, op, &err);
		return;
	}
	if (!reads_back) {
		if (op->first_sent_s == 0)
			(void)platform->class->now_s(platform, &op->first_sent_s);
		move(queue, op, OP_SENDING, NULL, NULL);
	}
	reader_yield(queue->parts.reader);
	slot = sender_take(queue->parts.sender);
	flight = &queue->flights[slot];
	flight->op_id = op->id;
	flight->lane = op_lane(op->kind);
	flight->reads_back = reads_back;
	flight->request = request;
	flight->slot = slot;
	flight->is_ready = true;
}

/* The age of a token counts by the platform's clock, which nobody knows before its first dated answer (right after a start). If no
 * answer ever has a date, the token counts as gone: then the lists decide. */
static bool is_clock_known(struct queue *queue, struct op *op, bool look, int64_t *now_s)
{
	struct platform *platform = queue->parts.platform;
	struct err err;

	if (platform->class->now_s(platform, now_s) || !op_moves_money(op->kind))
		return true;
	if (queue->clock_asked >= CLOCK_ASKED_MAX) {
		*now_s = INT64_MAX;
		return true;
	}
	queue->clock_asked++;
	note(queue, op, "waits for the platform's clock");
	if (pauses_refresh(queue->pauses, false, NULL, NULL, &err) < 0 && err.code == ERR_CREDENTIALS)
		pauses_stop(queue->pauses, op_lane(op->kind), PAUSE_ACCESS, 0, err.message);
	put(queue, op, CLOCK_PATIENCE_MS, look);
	return false;
}

static void start_unsure(struct queue *queue, struct op *op, bool look)
{
	int64_t now_s;
	enum doubt doubt;

	if (!is_clock_known(queue, op, look, &now_s))
		return;
	doubt = look ? DOUBT_READ_BACK : queue->parts.platform->class->doubt(op, now_s - op->first_sent_s);

	if (doubt == DOUBT_PERSON)
		move(queue, op, OP_HELD, "the answer was lost and the platform cannot tell: a person must decide",
		     NULL);
	else
		start(queue, op, doubt == DOUBT_READ_BACK);
}

/* A queued operation that has waited long is compared with the platform once more, where it stands: if nothing has changed it is
 * sent at once, and its history says nothing of it. */
static void verify_again(struct queue *queue, struct op *op, int64_t now_ms)
{
	struct verify_facts facts = { .platform = queue->parts.platform->class->title, .limits = queue->parts.limits };
	int64_t since_ms = now_ms - VERIFIED_AGE_MS;
	struct verification verification;
	char subject[ID_TEXT_MAX];
	enum survey_need need;
	struct err err;

	if (verify_gather(queue->parts.ledger, op, &facts, &err) < 0) {
		fail(queue, &err);
		return;
	}
	need = surveys_need(queue->parts.surveys, op, &facts, since_ms, now_ms - WAITING_AGE_MS, subject);
	if (need != SURVEY_NOTHING) {
		ask_survey(queue, op, need, subject, true);
		return;
	}
	verify(op, &facts, &verification);
	if (verification.verdict == VERIFIED_GO) {
		start(queue, op, false);
		return;
	}
	move(queue, op, OP_PLANNED, verification.why[0] ? verification.why : NULL, NULL);
	put(queue, op, 0, false);
}

static void start_due(struct queue *queue, const struct due *due)
{
	int64_t now_ms = clock_mono_ms();
	bool is_verified = due->verified_ms && due->verified_ms >= queue->trusted_since_ms &&
			   now_ms - due->verified_ms <= VERIFIED_AGE_MS;
	struct op op;

	if (!load(queue, due->id, &op))
		return;
	if (op.state == OP_QUEUED && is_verified)
		start(queue, &op, false);
	else if (op.state == OP_QUEUED)
		verify_again(queue, &op, now_ms);
	else if (op.state == OP_UNSURE)
		start_unsure(queue, &op, due->look);
	else if (op.state == OP_ACCEPTED)
		start(queue, &op, true);
	op_finish(&op);
}

/* Money that may be out at once, where a platform bounds it. */
static bool has_room(const struct queue *queue, enum lane lane)
{
	unsigned most = queue->parts.platform->class->money_in_flight_max, out = 0;

	if (most == 0 || lane != LANE_BONUS)
		return true;
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		out += (queue->flights[i].is_ready || queue->flights[i].is_out) && queue->flights[i].lane == lane;
	return out < most;
}

static bool may_send(const struct queue *queue, enum lane lane)
{
	return !pauses_why(queue->pauses, lane) && !queue->is_rechecking[lane] && has_room(queue, lane);
}

static bool take_due(struct queue *queue, int64_t now_ms, struct due *out)
{
	for (int lane = LANE_READ + 1; lane < LANES; lane++)
		if (may_send(queue, (enum lane)lane) &&
		    schedule_take(&queue->lanes[lane], now_ms, out))
			return true;
	return false;
}

static void sooner(int64_t *wait_ms, int64_t delay_ms)
{
	if (delay_ms >= 0 && (*wait_ms < 0 || delay_ms < *wait_ms))
		*wait_ms = delay_ms;
}

static int64_t next_wait_ms(const struct queue *queue, int64_t now_ms)
{
	int64_t wait_ms = -1, gate_ms = sender_delay_ms(queue->parts.sender);

	for (int lane = LANE_READ + 1; lane < LANES; lane++)
		if (may_send(queue, (enum lane)lane))
			sooner(&wait_ms, schedule_delay_ms(&queue->lanes[lane], now_ms));
	/* Something is due but the gate is shut: until it opens, or until an answer frees a slot. */
	if (wait_ms >= 0)
		wait_ms = gate_ms < 0 ? -1 : wait_ms > gate_ms ? wait_ms : gate_ms;
	sooner(&wait_ms, schedule_delay_ms(&queue->checks, now_ms));
	return wait_ms;
}

int64_t queue_pump(struct queue *queue)
{
	int64_t now_ms = clock_mono_ms();
	struct due due;

	if (queue->draining || queue->has_failed || queue->parts.dry)
		return -1;
	for (int i = 0; i < CHECKS_PER_TURN && schedule_take(&queue->checks, now_ms, &due); i++)
		check_planned(queue, due.id);
	while (!queue->has_failed && sender_delay_ms(queue->parts.sender) == 0 && take_due(queue, now_ms, &due))
		start_due(queue, &due);
	return next_wait_ms(queue, now_ms);
}

void queue_flush(struct queue *queue)
{
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++) {
		struct flight *flight = &queue->flights[i];

		if (!flight->is_ready)
			continue;
		flight->is_ready = false;
		flight->is_out = true;
		sender_send(queue->parts.sender, flight->slot, &flight->request, on_answer, flight);
	}
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

struct pauses *queue_pauses(struct queue *queue)
{
	return queue->pauses;
}

int64_t queue_waiting(const struct queue *queue)
{
	int64_t waiting = (int64_t)queue->checks.count + queue->surveyed_for;

	for (int lane = 0; lane < LANES; lane++)
		waiting += (int64_t)queue->lanes[lane].count;
	return waiting;
}

static unsigned count_out(const struct queue *queue, enum lane lane)
{
	unsigned out = 0;

	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		out += queue->flights[i].is_out && queue->flights[i].lane == lane;
	return out;
}

struct json_object *queue_describe_lanes(const struct queue *queue)
{
	struct json_object *lanes = json_object_new_array();

	for (int i = 0; i < LANES; i++) {
		struct json_object *lane = json_object_new_object();
		bool reads = i == LANE_READ;

		json_put_text(lane, "lane", lane_name((enum lane)i));
		json_put_int(lane, "waiting",
			     reads ? reader_waiting(queue->parts.reader) : (int64_t)queue->lanes[i].count);
		json_put_int(lane, "in_flight",
			     reads ? reader_in_flight(queue->parts.reader) : count_out(queue, (enum lane)i));
		json_put_text(lane, "paused", pauses_why(queue->pauses, (enum lane)i));
		(void)json_object_array_add(lanes, lane);
	}
	return lanes;
}
