/* SPDX-License-Identifier: MIT
 *
 * plan, apply, batch, subscribe: deciding, doing, and following.
 */
#include "daemon.h"
#include "events.h"
#include "method.h"

static void on_planned(void *arg, struct json_object *result, const struct err *err)
{
	control_answer(arg, json_object_get(result), err);
}

static enum method_outcome start(struct daemon *daemon, struct json_object *params, const struct peer *peer,
				 bool applies, struct err *err)
{
	struct ticket *ticket = control_defer(daemon->control);

	if (!ticket) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	if (plans_start(daemon->plans, params, &peer->actor, applies, on_planned, ticket, err) == 0)
		return METHOD_LATER;
	control_answer(ticket, NULL, err);
	return METHOD_LATER;
}

enum method_outcome method_plan(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	(void)result;
	return start(daemon, params, peer, false, err);
}

int method_check_recording(const struct daemon *daemon, struct err *err)
{
	if (daemon->config->dry) {
		(void)err_set(err, ERR_MONEY_RULE,
			      "the daemon is in dry mode: nothing is sent, and nothing was recorded");
		return err_hint(err, "set [queue] dry = no and restart it");
	}
	if (daemon->stopping)
		return err_set(err, ERR_BUSY, "the daemon is stopping; nothing was recorded");
	return 0;
}

enum method_outcome method_apply(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	(void)result;
	if (method_check_recording(daemon, err) < 0)
		return METHOD_FAILED;
	return start(daemon, params, peer, true, err);
}

static bool read_batch(struct json_object *params, int64_t *batch_id, struct err *err)
{
	if (json_get_int(params, "batch", batch_id) && *batch_id > 0)
		return true;
	(void)err_set(err, ERR_USAGE, "\"batch\" must be the number of a batch");
	return false;
}

enum method_outcome method_batch(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	int64_t batch_id;

	(void)peer;
	if (!read_batch(params, &batch_id, err))
		return METHOD_FAILED;
	*result = daemon_describe_batch(daemon, batch_id, err);
	if (!*result)
		return METHOD_FAILED;
	if (!json_has(params, "recipients") ||
	    batch_put_recipients(daemon->ledger, batch_id, json_get_object(params, "recipients"), *result, err) == 0)
		return METHOD_DONE;
	json_object_put(*result);
	*result = NULL;
	return METHOD_FAILED;
}

static enum method_outcome subscribe_rooms(struct daemon *daemon, const struct peer *peer,
					   struct json_object **result, struct err *err)
{
	if (room_feed_subscribe(daemon->room_feed, peer->client, err) < 0)
		return METHOD_FAILED;
	*result = json_object_new_object();
	json_put_bool(*result, "rooms", true);
	return METHOD_DONE;
}

static enum method_outcome subscribe_events(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					    struct json_object **result, struct err *err)
{
	int64_t after = -1, newest = 0;
	int lane;

	(void)json_get_int(params, "after", &after);
	if (events_read_lane(params, &lane, err) < 0 ||
	    event_feed_subscribe(daemon->event_feed, peer->client, after, lane, &newest, err) < 0)
		return METHOD_FAILED;
	*result = json_object_new_object();
	json_put_bool(*result, "events", true);
	json_put_int(*result, "newest", newest);
	return METHOD_DONE;
}

enum method_outcome method_subscribe(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				     struct json_object **result, struct err *err)
{
	enum method_outcome outcome;
	int64_t batch_id = 0;
	bool rooms = false, events = false;

	if (json_get_bool(params, "events", &events) && events)
		return subscribe_events(daemon, peer, params, result, err);
	if (json_get_bool(params, "rooms", &rooms) && rooms)
		return subscribe_rooms(daemon, peer, result, err);
	outcome = method_batch(daemon, peer, params, result, err);
	if (outcome != METHOD_DONE)
		return outcome;
	(void)json_get_int(params, "batch", &batch_id);
	if (progress_subscribe(daemon->progress, peer->client, batch_id, err) == 0)
		return METHOD_DONE;
	json_object_put(*result);
	*result = NULL;
	return METHOD_FAILED;
}
