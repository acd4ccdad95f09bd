/* SPDX-License-Identifier: MIT
 *
 * From queued to the answer: requests leave, and what their answers mean is done.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "point.h"
#include "queue_private.h"
#include "react.h"
#include "recipients.h"
#include "selected.h"

/* A verified operation may be sent for this long; then (after waiting for money, for its turn, for the daemon to come
 * back) it is compared with the platform once more. */
#define VERIFIED_AGE_MS (INT64_C(5) * 60 * 1000)
/* Between two looks whether the platform's clock has become known. */
#define CLOCK_PATIENCE_MS 500
#define DATELESS_ANSWERS_MAX 3

struct refusals {
	struct queue *queue;
	int64_t op_id;
};

static void on_refusal(void *arg, const struct platform_refusal *refusal)
{
	struct refusals *refusals = arg;
	struct err err;

	if (recipients_refuse(refusals->queue->parts.ledger, refusals->op_id, refusal->worker_id, refusal->why,
			      &err) < 0)
		queue_fail(refusals->queue, &err);
}

/* Before the operation is done, which makes everybody else of it "told". */
static void note_refusals(struct queue *queue, const struct op *op, const struct http_answer *answer)
{
	struct refusals refusals = { queue, op->id };
	struct platform *platform = queue->parts.platform;

	if (platform->class->each_refusal)
		platform->class->each_refusal(answer, on_refusal, &refusals);
}

static void hold_for_person(struct queue *queue, struct op *op)
{
	queue_move(queue, op, OP_HELD,
		   op->kind == OP_CREATE_HIT
			   ? "the answer was lost: a person must look whether the HIT is there (ngmtctl get hits)"
			   : "the answer was lost and the platform cannot tell: a person must decide",
		   NULL);
}

/* What was created is what is meant from now on where none is named. */
static int select_created(struct ledger *ledger, const struct op *op, struct err *err)
{
	struct json_object *definition = op->text ? json_parse(op->text, strlen(op->text), NULL) : NULL;
	const char *title = NULL;
	int result;

	(void)json_get_text(definition, "title", &title);
	result = op->kind == OP_CREATE_HIT ? selected_set_hit(ledger, op->hit_id, title, err)
					   : selected_set_type(ledger, op->qualification_type_id, op->subject, err);
	json_object_put(definition);
	return result;
}

/* What is deleted is meant no more. */
static int forget_deleted(struct ledger *ledger, const struct op *op, struct err *err)
{
	char *selected = selected_hit(ledger);
	bool is_it = selected && op->hit_id && strcmp(selected, op->hit_id) == 0;

	free(selected);
	return is_it ? selected_set_hit(ledger, NULL, NULL, err) : 0;
}

/* In the turn in which it becomes done, so that no crash comes between. */
static void keep_created(struct queue *queue, struct op *op, const struct judgement *judgement)
{
	struct ledger *ledger = queue->parts.ledger;
	struct err err;
	int result = 0;

	if (op->kind == OP_DELETE_HIT)
		result = forget_deleted(ledger, op, &err);
	else if ((op->kind == OP_CREATE_HIT || op->kind == OP_CREATE_TYPE) && judgement->id[0])
		result = operation_name(ledger, op, judgement->id, &err) < 0 ? -1 : select_created(ledger, op, &err);
	if (result < 0)
		queue_fail(queue, &err);
}

/* Nothing will ever tell what became of it, so there is nothing to wait for. */
static bool is_beyond_finding_out(const struct queue *queue, const struct op *op)
{
	return op->state == OP_UNSURE && !op_moves_money(op->kind) && !op_may_be_repeated(op->kind) &&
	       queue->parts.platform->class->doubt(op, 0) == DOUBT_PERSON;
}

static void apply(struct queue *queue, struct op *op, const struct judgement *judgement,
		  const struct http_answer *answer, bool looks_only)
{
	const struct op_answer kept = { .outcome = judgement->outcome,
					.http_status = answer->status,
					.request_id = answer->request_id[0] ? answer->request_id : NULL,
					.body = answer->body_bytes ? answer->body : NULL };
	struct reaction reaction;

	react(op, judgement, &queue->parts.react, clock_random(), &reaction);
	/* "Already processed" to a payment that we never sent: its token is spent, so it must never be sent again, only
	 * read back; and that must survive a restart. A token of 1970 is too old for anything else. */
	if (judgement->verdict == JUDGED_LOOK && op_moves_money(op->kind))
		op->first_sent_s = 1;
	if (op->kind == OP_NOTIFY && reaction.to == OP_DONE)
		note_refusals(queue, op, answer);
	if (reaction.to == OP_DONE)
		keep_created(queue, op, judgement);
	if (reaction.to != op->state)
		queue_move(queue, op, reaction.to,
		     judgement->verdict == JUDGED_DONE && strcmp(judgement->why, judgement->outcome) == 0
			     ? NULL
			     : judgement->why,
		     &kept);
	else
		queue_note(queue, op, judgement->why);
	if (reaction.pause != PAUSE_NONE)
		pauses_stop(queue->pauses, op_lane(op->kind), reaction.pause, op->amount_minor + op->fee_minor,
			    judgement->why);
	if (is_beyond_finding_out(queue, op))
		hold_for_person(queue, op);
	else if (reaction.delay_ms >= 0)
		queue_put(queue, op, reaction.delay_ms, reaction.look && !looks_only);
	point_pass(POINT_ANSWER_RECORDED);
}

static void judge_read_back(struct queue *queue, const struct op *op, const struct http_answer *answer,
			    struct judgement *judgement)
{
	struct platform *platform = queue->parts.platform;
	int64_t twins = 0;
	struct err err;

	if (operations_count_twins(queue->parts.ledger, op, &twins, &err) < 0)
		queue_fail(queue, &err);
	else
		platform->class->judge_read_back(platform, op, twins, answer, judgement);
}

/* A list that does not show it proves less than sending it again under its own token, for which it waits. */
static void put_aside(struct queue *queue, struct op *op)
{
	queue_note(queue, op, "its answer was lost; that is found out once the lane goes on");
	queue_put_aside(queue, op);
}

static bool on_answer(void *arg, const struct http_answer *answer)
{
	struct flight *flight = arg;
	struct queue *queue = flight->queue;
	struct platform *platform = queue->parts.platform;
	struct judgement judgement = { .verdict = JUDGED_UNKNOWN };
	struct op op;

	point_pass(flight->reads_back ? POINT_READ_BACK_ARRIVED : POINT_ANSWER_ARRIVED);
	flight->is_out = false;
	platform_request_finish(&flight->request);
	if (!queue_load(queue, flight->op_id, &op))
		return false;
	/* Another answer has settled it: no answer may ever stop the ledger. */
	if (op_is_settled(op.state) || op.state == OP_PLANNED || op.state == OP_QUEUED) {
		log_warn("an answer came for an operation that is %s op=%" PRId64, op_state_name(op.state), op.id);
		op_finish(&op);
		return false;
	}
	if (flight->reads_back)
		judge_read_back(queue, &op, answer, &judgement);
	else
		platform->class->judge(platform, &op, answer, &judgement);
	if (flight->looks_only && (judgement.verdict == JUDGED_NOTHING || judgement.verdict == JUDGED_PERSON))
		put_aside(queue, &op);
	else
		apply(queue, &op, &judgement, answer, flight->looks_only);
	op_finish(&op);
	return judgement.verdict == JUDGED_THROTTLED;
}

/* The request cannot even be built: nothing leaves, and it is said why. */
static void on_unbuildable(struct queue *queue, struct op *op, const struct err *err)
{
	if (err->code == ERR_CREDENTIALS) {
		pauses_stop(queue->pauses, op_lane(op->kind), PAUSE_ACCESS, 0, err->message);
		queue_put(queue, op, 0, false);
		return;
	}
	queue_move(queue, op, OP_HELD, err->message, NULL);
}

enum way { WAY_SEND, WAY_READ_BACK, WAY_LOOK_ONLY };

static void start(struct queue *queue, struct op *op, enum way way)
{
	bool reads_back = way != WAY_SEND;
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
		queue_move(queue, op, OP_SENDING, NULL, NULL);
	}
	reader_yield(queue->parts.reader);
	slot = sender_take(queue->parts.sender);
	flight = &queue->flights[slot];
	flight->op_id = op->id;
	flight->lane = op_lane(op->kind);
	flight->reads_back = reads_back;
	flight->looks_only = way == WAY_LOOK_ONLY;
	flight->request = request;
	flight->slot = slot;
	flight->is_ready = true;
}

static void on_clock_asked(void *arg, const struct err *err)
{
	struct queue *queue = arg;
	int64_t now_s;

	queue->is_asking_clock = false;
	if (!err && !queue->parts.platform->class->now_s(queue->parts.platform, &now_s))
		queue->answers_without_date++;
}

static void ask_clock(struct queue *queue, const struct op *op)
{
	struct err err;

	if (queue->is_asking_clock)
		return;
	queue->is_asking_clock = true;
	if (pauses_refresh(queue->pauses, false, on_clock_asked, queue, &err) == 0)
		return;
	queue->is_asking_clock = false;
	if (err.code == ERR_CREDENTIALS)
		pauses_stop(queue->pauses, op_lane(op->kind), PAUSE_ACCESS, 0, err.message);
}

/* The age of a token counts by the platform's clock, which nobody knows before its first dated answer (right after a
 * start). If its answers never have a date, the token counts as gone: then the lists decide. */
static bool is_clock_known(struct queue *queue, struct op *op, bool look, int64_t *now_s)
{
	struct platform *platform = queue->parts.platform;

	if (platform->class->now_s(platform, now_s) || !op_moves_money(op->kind))
		return true;
	if (queue->answers_without_date >= DATELESS_ANSWERS_MAX) {
		*now_s = INT64_MAX;
		return true;
	}
	ask_clock(queue, op);
	queue_note(queue, op, "waits for the platform's clock");
	queue_put(queue, op, CLOCK_PATIENCE_MS, look);
	return false;
}

/* Whether reading could tell what became of it, though sending again is preferred. */
static bool may_be_read(const struct queue *queue, const struct op *op)
{
	return op->kind == OP_APPROVE || op->kind == OP_REJECT ||
	       queue->parts.platform->class->doubt(op, INT64_MAX) == DOUBT_READ_BACK;
}

/* A person has stopped the lane: what is lost is found out by reading, or waits. */
static void look_only(struct queue *queue, struct op *op)
{
	if (may_be_read(queue, op)) {
		start(queue, op, WAY_LOOK_ONLY);
		return;
	}
	put_aside(queue, op);
}

static void start_unsure(struct queue *queue, struct op *op, bool look)
{
	int64_t now_s;
	enum doubt doubt;

	if (!is_clock_known(queue, op, look, &now_s))
		return;
	doubt = look ? DOUBT_READ_BACK : queue->parts.platform->class->doubt(op, now_s - op->first_sent_s);

	if (doubt == DOUBT_PERSON)
		hold_for_person(queue, op);
	else if (doubt == DOUBT_RESEND && pauses_stopped(queue->pauses, op_lane(op->kind)))
		look_only(queue, op);
	else
		start(queue, op, doubt == DOUBT_READ_BACK ? WAY_READ_BACK : WAY_SEND);
}

/* An operation that was taken back and released again stands in its lane twice. */
static bool is_under_way(const struct queue *queue, int64_t id)
{
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		if ((queue->flights[i].is_ready || queue->flights[i].is_out) && queue->flights[i].op_id == id)
			return true;
	return false;
}

void queue_start_due(struct queue *queue, const struct due *due)
{
	bool is_verified = due->verified_ms && due->verified_ms >= queue->trusted_since_ms &&
			   clock_mono_ms() - due->verified_ms <= VERIFIED_AGE_MS;
	struct op op;

	if (is_under_way(queue, due->id) || !queue_load(queue, due->id, &op))
		return;
	if (op.state == OP_UNSURE)
		start_unsure(queue, &op, due->look);
	else if (op.state == OP_ACCEPTED)
		start(queue, &op, WAY_READ_BACK);
	else if (op.state == OP_QUEUED && pauses_stopped(queue->pauses, op_lane(op.kind)))
		queue_put_aside(queue, &op);
	else if (op.state == OP_QUEUED && (is_verified || queue_may_still_send(queue, &op)))
		start(queue, &op, WAY_SEND);
	op_finish(&op);
}

void queue_flush(struct queue *queue)
{
	if (queue->has_failed)
		return;
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++) {
		struct flight *flight = &queue->flights[i];

		if (!flight->is_ready)
			continue;
		flight->is_ready = false;
		flight->is_out = true;
		sender_send(queue->parts.sender, flight->slot, &flight->request, on_answer, flight);
		point_pass(POINT_REQUEST_HANDED);
	}
}

