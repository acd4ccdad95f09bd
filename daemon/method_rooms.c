/* SPDX-License-Identifier: MIT
 *
 * rooms, room, rooms_adopt, rooms_ignore, rooms_rescan: watched rooms, as people see them and decide about them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "daemon.h"
#include "log.h"
#include "method.h"
#include "room_book.h"
#include "watch.h"

#define NAMES_MAX 1000

enum method_outcome method_rooms(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	struct json_object *counts;

	(void)peer;
	*result = room_book_list(daemon->ledger, params, err);
	counts = *result ? room_book_counts(daemon->ledger, err) : NULL;
	if (counts) {
		json_put_value(*result, "counts", counts);
		json_put_value(*result, "watch", watch_describe(daemon->watch));
		return METHOD_DONE;
	}
	json_object_put(*result);
	*result = NULL;
	return METHOD_FAILED;
}

enum method_outcome method_room(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	const char *name = NULL, *game = NULL;
	int64_t room_id;

	(void)peer;
	(void)json_get_text(params, "game", &game);
	if (!json_get_text(params, "room", &name))
		(void)err_set(err, ERR_USAGE, "\"room\" must be the name of a room");
	else if (room_book_find(daemon->ledger, game, name, &room_id, err) == 0)
		*result = room_book_show(daemon->ledger, room_id, params, err);
	return *result ? METHOD_DONE : METHOD_FAILED;
}

static void on_adopted(void *arg, struct json_object *result, const struct err *err)
{
	control_answer(arg, json_object_get(result), err);
}

static enum method_outcome adopt(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 bool applies, struct err *err)
{
	struct ticket *ticket = control_defer(daemon->control);

	if (!ticket) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	if (adoptions_start(daemon->adoptions, params, &peer->actor, applies, on_adopted, ticket, err) < 0)
		control_answer(ticket, NULL, err);
	return METHOD_LATER;
}

enum method_outcome method_plan_adopt(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				      struct json_object **result, struct err *err)
{
	(void)result;
	return adopt(daemon, peer, params, false, err);
}

enum method_outcome method_rooms_adopt(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				       struct json_object **result, struct err *err)
{
	(void)result;
	return adopt(daemon, peer, params, true, err);
}

/* rooms_ignore */

struct ignoring {
	struct daemon *daemon;
	const char *game;
	bool is_undone;
	int64_t count;
	int64_t to_hold; /* of what their policy has asked for */
	struct json_object *refused;
	struct json_object *unchanged; /* they were so already */
};

static void note(struct json_object *list, const char *name, const char *why)
{
	struct json_object *entry = json_object_new_object();

	json_put_text(entry, "room", name);
	json_put_text(entry, "why", why);
	(void)json_object_array_add(list, entry);
}

static void tell(struct ignoring *ignoring, int64_t room_id)
{
	struct daemon *daemon = ignoring->daemon;
	struct json_object *news;
	struct room_brief room;
	struct err err;

	if (room_book_get(daemon->ledger, room_id, &room, &err) < 0)
		return;
	news = json_object_new_object();
	json_put_text(news, "room", room.name);
	json_put_text(news, "game", room.game);
	json_put_text(news, "state", ignoring->is_undone ? "unignored" : "ignored");
	json_put_text(news, "policy", policy_name(room.policy));
	room_feed_tell(daemon->room_feed, news);
	room_brief_finish(&room);
}

static int ignore_one(struct ignoring *ignoring, const char *name, struct err *err)
{
	struct daemon *daemon = ignoring->daemon;
	int64_t room_id, open = 0;
	int changed;

	if (room_book_find(daemon->ledger, ignoring->game, name, &room_id, err) < 0)
		return -1;
	if (policies_is_busy_with(daemon->policies, room_id)) {
		note(ignoring->refused, name, "its rows are being recorded at this moment; try it again");
		return 0;
	}
	changed = room_book_ignore(daemon->ledger, room_id, !ignoring->is_undone, err);
	if (changed == 0)
		note(ignoring->unchanged, name,
		     ignoring->is_undone ? "it is not ignored" : "it is ignored already");
	if (changed <= 0)
		return changed;
	if (!ignoring->is_undone && room_book_policy_open(daemon->ledger, room_id, &open, err) < 0)
		return -1;
	ignoring->count++;
	ignoring->to_hold += open;
	joins_hurry(daemon->joins);
	watch_room_changed(daemon->watch, room_id);
	joins_news(daemon->joins);
	tell(ignoring, room_id);
	return 0;
}

static int ignore_all(struct ignoring *ignoring, struct json_object *names, struct err *err)
{
	for (size_t i = 0; i < json_object_array_length(names); i++)
		if (ignore_one(ignoring, json_object_get_string(json_object_array_get_idx(names, i)), err) < 0)
			return -1;
	return 0;
}

static struct json_object *read_names(struct json_object *params, struct err *err)
{
	struct json_object *names = json_get_array(params, "rooms");
	size_t count = names ? json_object_array_length(names) : 0;

	for (size_t i = 0; i < count; i++)
		if (!json_object_is_type(json_object_array_get_idx(names, i), json_type_string))
			count = 0;
	if (count > 0 && count <= NAMES_MAX)
		return names;
	(void)err_set(err, ERR_USAGE, "\"rooms\" must name 1 to %d rooms; nothing was done", NAMES_MAX);
	return NULL;
}

static int record_command(struct daemon *daemon, const struct peer *peer, const char *command, int64_t *batch_id,
			  struct err *err)
{
	if (batch_begin(daemon->ledger, &peer->actor, command, "", batch_id, err) < 0 ||
	    batch_finish(daemon->ledger, *batch_id, err) < 0)
		return -1;
	log_info("%s user=\"%s\" uid=%u pid=%d batch=%" PRId64, command, peer->actor.user, (unsigned)peer->actor.uid,
		 (int)peer->actor.pid, *batch_id);
	return 0;
}

/* All that are named, or none. */
static int ignore_and_record(struct ignoring *ignoring, const struct peer *peer, struct json_object *names,
			     int64_t *batch_id, struct err *err)
{
	struct store *store = ignoring->daemon->ledger->store;
	char command[600];

	(void)snprintf(command, sizeof(command), "rooms ignore%s %.500s", ignoring->is_undone ? " --undo" : "",
		       json_text(names, NULL));
	if (store_savepoint(store, err) < 0)
		return -1;
	if (ignore_all(ignoring, names, err) == 0 &&
	    record_command(ignoring->daemon, peer, command, batch_id, err) == 0)
		return store_release(store, err);
	store_rollback_savepoint(store);
	return -1;
}

enum method_outcome method_rooms_ignore(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					struct json_object **result, struct err *err)
{
	struct ignoring ignoring = { .daemon = daemon,
				     .refused = json_object_new_array(),
				     .unchanged = json_object_new_array() };
	struct json_object *names = read_names(params, err);
	int64_t batch_id = 0;

	(void)json_get_text(params, "game", &ignoring.game);
	(void)json_get_bool(params, "undo", &ignoring.is_undone);
	if (!names || ignore_and_record(&ignoring, peer, names, &batch_id, err) < 0) {
		json_object_put(ignoring.refused);
		json_object_put(ignoring.unchanged);
		return METHOD_FAILED;
	}
	/* What the policy has asked for already is looked at once more before it is sent (verify.c). */
	queue_look_anew(daemon->queue);
	*result = json_object_new_object();
	json_put_int(*result, "count", ignoring.count);
	json_put_int(*result, "to_hold", ignoring.to_hold);
	json_put_value(*result, "refused", ignoring.refused);
	json_put_value(*result, "unchanged", ignoring.unchanged);
	json_put_int(*result, "batch", batch_id);
	return METHOD_DONE;
}

/* rooms_rescan */

enum method_outcome method_rooms_rescan(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					struct json_object **result, struct err *err)
{
	(void)params;
	(void)err;
	log_info("rooms rescan user=\"%s\" uid=%u pid=%d", peer->actor.user, (unsigned)peer->actor.uid,
		 (int)peer->actor.pid);
	watch_rescan(daemon->watch);
	joins_hurry(daemon->joins);
	*result = json_object_new_object();
	json_put_value(*result, "watch", watch_describe(daemon->watch));
	return METHOD_DONE;
}
