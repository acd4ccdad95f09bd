/* SPDX-License-Identifier: MIT
 *
 * pause, resume: lanes that a person stops.
 */
#include <inttypes.h>
#include <stdio.h>

#include "daemon.h"
#include "events.h"
#include "log.h"
#include "method.h"
#include "operations.h"

struct order {
	struct daemon *daemon;
	const struct actor *actor;
	int lane; /* EVENTS_ALL_LANES */
	bool stops;
	bool changed[LANES];
	int64_t count; /* lanes that changed */
	int64_t batch_id;
};

static bool is_meant(const struct order *order, int lane)
{
	return order->lane == EVENTS_ALL_LANES || order->lane == lane;
}

static int set_lanes(struct order *order, struct err *err)
{
	struct pauses *pauses = queue_pauses(order->daemon->queue);

	for (int lane = LANE_READ + 1; lane < LANES; lane++) {
		int result;

		if (!is_meant(order, lane))
			continue;
		result = order->stops ? pauses_hold_back(pauses, (enum lane)lane, order->actor->user, err)
				      : pauses_let_go(pauses, (enum lane)lane, err);
		if (result < 0)
			return -1;
		order->changed[lane] = result > 0;
		order->count += result;
	}
	return 0;
}

/* What changed nothing is nobody's command. */
static int record(struct order *order, struct err *err)
{
	struct ledger *ledger = order->daemon->ledger;
	const char *verb = order->stops ? "pause" : "resume";
	const char *name = order->lane == EVENTS_ALL_LANES ? "all" : lane_name((enum lane)order->lane);
	struct json_object *what;
	char command[40];

	if (order->count == 0)
		return 0;
	(void)snprintf(command, sizeof(command), "%s %s", verb, name);
	if (batch_begin(ledger, order->actor, command, "", &order->batch_id, err) < 0 ||
	    batch_finish(ledger, order->batch_id, err) < 0)
		return -1;
	what = json_object_new_object();
	json_put_text(what, "lane", order->lane == EVENTS_ALL_LANES ? NULL : name);
	json_put_text(what, "state", order->stops ? "paused" : "resumed");
	json_put_text(what, "cause", pause_cause_name(PAUSE_PERSON));
	log_warn("%s user=\"%s\" uid=%u pid=%d batch=%" PRId64, command, order->actor->user,
		 (unsigned)order->actor->uid, (int)order->actor->pid, order->batch_id);
	return events_note(ledger, EVENT_LANE, what, order->batch_id, err);
}

struct waiting {
	int64_t operations;
	int64_t unsure;
	int64_t amount_minor;
	int64_t fee_minor;
};

static struct waiting count_waiting(const struct op_tally by_kind[OP_KINDS], int lane)
{
	struct waiting waiting = { 0 };

	for (int kind = 0; kind < OP_KINDS; kind++) {
		const struct op_tally *tally = &by_kind[kind];

		if ((int)op_lane((enum op_kind)kind) != lane)
			continue;
		waiting.operations += tally->operations[OP_PLANNED] + tally->operations[OP_QUEUED];
		waiting.amount_minor += tally->amount_minor[OP_PLANNED] + tally->amount_minor[OP_QUEUED];
		waiting.fee_minor += tally->fee_minor[OP_PLANNED] + tally->fee_minor[OP_QUEUED];
		waiting.unsure += tally->operations[OP_UNSURE] + tally->operations[OP_ACCEPTED] +
				  tally->operations[OP_SENDING];
	}
	return waiting;
}

static struct json_object *describe_lane(const struct order *order, const struct op_tally by_kind[OP_KINDS], int lane)
{
	const struct pauses *pauses = queue_pauses(order->daemon->queue);
	const struct stop *stop = pauses_stopped(pauses, (enum lane)lane);
	const char *why = pauses_why(pauses, (enum lane)lane);
	struct waiting waiting = count_waiting(by_kind, lane);
	struct json_object *out = json_object_new_object();

	json_put_text(out, "lane", lane_name((enum lane)lane));
	json_put_bool(out, "changed", order->changed[lane]);
	json_put_text(out, "state", why ? "paused" : "ok");
	json_put_text(out, "paused", why);
	json_put_text(out, "cause",
		      pause_cause_name(stop ? PAUSE_PERSON : pauses_cause(pauses, (enum lane)lane)));
	json_put_text(out, "user", stop ? stop->user : NULL);
	json_put_time(out, "paused_at", stop ? stop->at_s : 0);
	json_put_int(out, "waiting", waiting.operations);
	json_put_int(out, "amount_cents", waiting.amount_minor);
	json_put_int(out, "fees_cents", waiting.fee_minor);
	json_put_int(out, "in_flight", waiting.unsure);
	return out;
}

static struct json_object *describe(const struct order *order, struct err *err)
{
	struct json_object *out, *lanes;
	struct op_tally by_kind[OP_KINDS];

	if (operations_tally(order->daemon->ledger, 0, by_kind, err) < 0)
		return NULL;
	out = json_object_new_object();
	lanes = json_object_new_array();
	json_put_value(out, "batch", order->batch_id ? json_object_new_int64(order->batch_id) : NULL);
	json_put_int(out, "changed", order->count);
	json_put_value(out, "lanes", lanes);
	for (int lane = LANE_READ + 1; lane < LANES; lane++)
		if (is_meant(order, lane))
			(void)json_object_array_add(lanes, describe_lane(order, by_kind, lane));
	return out;
}

static enum method_outcome carry_out(struct order *order, struct json_object *params, struct json_object **result,
				     struct err *err)
{
	if (events_read_lane(params, &order->lane, err) < 0 || set_lanes(order, err) < 0 || record(order, err) < 0)
		return METHOD_FAILED;
	if (order->count > 0)
		progress_touch_all(order->daemon->progress);
	*result = describe(order, err);
	return *result ? METHOD_DONE : METHOD_FAILED;
}

enum method_outcome method_pause(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	struct order order = { .daemon = daemon, .actor = &peer->actor, .stops = true };

	return carry_out(&order, params, result, err);
}

enum method_outcome method_resume(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	struct order order = { .daemon = daemon, .actor = &peer->actor };

	return carry_out(&order, params, result, err);
}
