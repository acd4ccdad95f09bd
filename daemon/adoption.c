/* SPDX-License-Identifier: MIT */
#include "adoption.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "money.h"
#include "room_book.h"

#define ADOPTIONS_MAX 8
#define ROOMS_MAX 100000
#define ROOMS_PER_SLICE 50
#define ROWS_PER_SLICE 2000
/* Rooms that the result names; the totals are of all. */
#define ROOMS_SHOWN 1000
#define COMMAND_MAX 400

struct adoption {
	struct adoption *next;
	int64_t *ids;
	size_t count;
	size_t at; /* the next one to count */
	struct room_stake total;
	struct json_object *rooms;   /* shown */
	struct json_object *refused; /* [{room, game, why}] */
	bool applies;
	struct json_object *expect; /* NULL: nothing in particular */
	char *user;
	char *words;
	struct actor actor;
	bool has_failed;
	struct err failure;
	adoption_done_fn *done;
	void *arg;
};

struct adoptions {
	struct adoption_parts parts;
	struct adoption *list;
};

struct adoptions *adoptions_new(const struct adoption_parts *parts, struct err *err)
{
	struct adoptions *adoptions = calloc(1, sizeof(*adoptions));

	if (!adoptions) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	adoptions->parts = *parts;
	return adoptions;
}

static void adoption_free(struct adoption *adoption)
{
	free(adoption->ids);
	free(adoption->user);
	free(adoption->words);
	json_object_put(adoption->rooms);
	json_object_put(adoption->refused);
	json_object_put(adoption->expect);
	free(adoption);
}

static void adoption_end(struct adoption *adoption, struct json_object *result, const struct err *err)
{
	adoption->done(adoption->arg, result, err);
	json_object_put(result);
	adoption_free(adoption);
}

void adoptions_free(struct adoptions *adoptions)
{
	struct err err;

	if (!adoptions)
		return;
	(void)err_set(&err, ERR_BUSY, "the daemon is stopping");
	while (adoptions->list) {
		struct adoption *adoption = adoptions->list;

		adoptions->list = adoption->next;
		adoption_end(adoption, NULL, &err);
	}
	free(adoptions);
}

void adoptions_halt(struct adoptions *adoptions, const struct err *why)
{
	for (struct adoption *adoption = adoptions->list; adoption; adoption = adoption->next) {
		if (!adoption->has_failed)
			adoption->failure = *why;
		adoption->has_failed = true;
	}
}

/* Which rooms. */

static struct json_object *room_named(const struct room_brief *room)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "room", room->name);
	json_put_text(out, "game", room->game);
	return out;
}

static bool has_id(const struct adoption *adoption, int64_t id)
{
	for (size_t i = 0; i < adoption->count; i++)
		if (adoption->ids[i] == id)
			return true;
	return false;
}

static int choose_one(struct adoption *adoption, struct ledger *ledger, const char *game, const char *name,
		      struct err *err)
{
	struct json_object *refusal;
	struct room_brief room;
	int64_t id;

	if (room_book_find(ledger, game, name, &id, err) < 0 || room_book_get(ledger, id, &room, err) < 0)
		return -1;
	if (room.is_adopted || room.is_ignored) {
		refusal = room_named(&room);
		json_put_text(refusal, "why", room.is_ignored ? "it is ignored" : "it is adopted already");
		(void)json_object_array_add(adoption->refused, refusal);
	} else if (!has_id(adoption, id)) {
		adoption->ids[adoption->count++] = id;
	}
	room_brief_finish(&room);
	return 0;
}

static int choose_named(struct adoption *adoption, struct ledger *ledger, struct json_object *names,
			const char *game, struct err *err)
{
	size_t count = json_object_array_length(names);

	adoption->ids = count > 0 && count <= ROOMS_SHOWN ? calloc(count, sizeof(*adoption->ids)) : NULL;
	if (!adoption->ids)
		return err_set(err, ERR_USAGE, "\"rooms\" must name 1 to %d rooms", ROOMS_SHOWN);
	for (size_t i = 0; i < count; i++) {
		struct json_object *name = json_object_array_get_idx(names, i);

		if (!json_object_is_type(name, json_type_string))
			return err_set(err, ERR_USAGE, "\"rooms\" must be names of rooms");
		if (choose_one(adoption, ledger, game, json_object_get_string(name), err) < 0)
			return -1;
	}
	return 0;
}

/* A selection that selects nothing by mistake must never mean "everything". */
static int choose(struct adoption *adoption, struct ledger *ledger, struct json_object *params, struct err *err)
{
	struct json_object *names = json_get_array(params, "rooms");
	const char *game = NULL;
	bool all = false;
	int64_t count;

	(void)json_get_text(params, "game", &game);
	(void)json_get_bool(params, "all", &all);
	if (json_has(params, "rooms") && !names)
		return err_set(err, ERR_USAGE, "\"rooms\" must be an array of names; nothing was done");
	if (game && room_book_check_game(ledger, game, err) < 0)
		return -1;
	if (names)
		return choose_named(adoption, ledger, names, game, err);
	if (!game && !all)
		return err_set(err, ERR_USAGE, "\"rooms\", \"game\" or \"all\" must say which rooms; nothing was done");
	count = room_book_waiting(ledger, game, ROOMS_MAX, &adoption->ids, err);
	adoption->count = count > 0 ? (size_t)count : 0;
	return count < 0 ? -1 : 0;
}

static int become_actor(struct adoption *adoption, const struct actor *actor, struct err *err)
{
	adoption->user = strdup(actor->user);
	adoption->words = actor->words ? strdup(actor->words) : NULL;
	if (!adoption->user || (actor->words && !adoption->words))
		return err_set(err, ERR_INTERNAL, "out of memory");
	adoption->actor = *actor;
	adoption->actor.user = adoption->user;
	adoption->actor.words = adoption->words;
	return 0;
}

static int read_expect(struct adoption *adoption, struct json_object *params, struct err *err)
{
	static const char *const keys[] = { "rooms", "approvals", "bonuses", "amount_cents" };
	struct json_object *expect = json_get_object(params, "expect");
	int64_t ignored;

	if (!json_has(params, "expect"))
		return 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!expect || !json_get_int(expect, keys[i], &ignored))
			return err_set(err, ERR_USAGE,
				       "\"expect\" must have rooms, approvals, bonuses and amount_cents");
	adoption->expect = json_object_get(expect);
	return 0;
}

int adoptions_start(struct adoptions *adoptions, struct json_object *params, const struct actor *actor, bool applies,
		    adoption_done_fn *done, void *arg, struct err *err)
{
	struct adoption **end = &adoptions->list, *adoption;
	unsigned count = 0;

	for (; *end; end = &(*end)->next)
		count++;
	if (count >= ADOPTIONS_MAX)
		return err_set(err, ERR_BUSY, "%d adoptions are being counted already", ADOPTIONS_MAX);
	adoption = calloc(1, sizeof(*adoption));
	if (!adoption)
		return err_set(err, ERR_INTERNAL, "out of memory");
	adoption->rooms = json_object_new_array();
	adoption->refused = json_object_new_array();
	adoption->applies = applies;
	adoption->done = done;
	adoption->arg = arg;
	if (choose(adoption, adoptions->parts.ledger, params, err) < 0 || read_expect(adoption, params, err) < 0 ||
	    become_actor(adoption, actor, err) < 0) {
		adoption_free(adoption);
		return -1;
	}
	*end = adoption;
	loop_wake(adoptions->parts.loop);
	return 0;
}

/* Counting. */

static void put_stake(struct json_object *out, const struct room_stake *stake)
{
	json_put_int(out, "rows", stake->rows);
	json_put_int(out, "held_rows", stake->held);
	json_put_int(out, "approvals", stake->approvals);
	json_put_int(out, "bonuses", stake->bonuses);
	json_put_int(out, "amount_cents", stake->amount_minor);
	json_put_int(out, "fees_cents", stake->fee_minor);
}

static int count_one(struct adoptions *adoptions, struct adoption *adoption, struct room_stake *stake,
		     struct err *err)
{
	const struct adoption_parts *parts = &adoptions->parts;
	struct room_stake *total = &adoption->total;
	struct json_object *shown;
	struct room_brief room;

	if (room_book_get(parts->ledger, adoption->ids[adoption->at], &room, err) < 0)
		return -1;
	if (room.is_unread && parts->is_unread && parts->is_unread(parts->arg, room.id)) {
		(void)err_set(err, ERR_BUSY, "the file of room \"%.100s\" of \"%.100s\" is not read yet", room.name,
			      room.game);
		room_brief_finish(&room);
		return err_hint(
			err, "try again in a moment: what adopting would send is not known before; nothing was done");
	}
	if (room_book_stake(parts->ledger, room.id, room.policy, parts->platform->class->fee_minor, stake, err) < 0) {
		room_brief_finish(&room);
		return -1;
	}
	total->rows += stake->rows;
	total->held += stake->held;
	total->approvals += stake->approvals;
	total->bonuses += stake->bonuses;
	if (json_object_array_length(adoption->rooms) < ROOMS_SHOWN) {
		shown = room_named(&room);
		json_put_text(shown, "policy", policy_name(room.policy));
		put_stake(shown, stake);
		(void)json_object_array_add(adoption->rooms, shown);
	}
	room_brief_finish(&room);
	return money_add(&total->amount_minor, stake->amount_minor) == 0 &&
			       money_add(&total->fee_minor, stake->fee_minor) == 0
		       ? 0
		       : err_set(err, ERR_MONEY_RULE, "the amounts of these rooms are beyond any limit");
}

static int count_slice(struct adoptions *adoptions, struct adoption *adoption, struct err *err)
{
	struct room_stake stake = { 0 };
	int64_t rows = 0;

	for (int i = 0; i < ROOMS_PER_SLICE && rows < ROWS_PER_SLICE && adoption->at < adoption->count; i++) {
		if (count_one(adoptions, adoption, &stake, err) < 0)
			return -1;
		adoption->at++;
		rows += stake.rows;
	}
	return 0;
}

/* Doing. */

static int64_t expected(const struct adoption *adoption, const char *key)
{
	int64_t number = -1;

	(void)json_get_int(adoption->expect, key, &number);
	return number;
}

/* What was shown and confirmed must be what is done (rule of money 7). */
static int check_expectation(const struct adoption *adoption, struct err *err)
{
	const struct room_stake *total = &adoption->total;
	char then[MONEY_TEXT_MAX], now[MONEY_TEXT_MAX];

	if (!adoption->expect ||
	    (expected(adoption, "rooms") == (int64_t)adoption->count &&
	     expected(adoption, "approvals") == total->approvals && expected(adoption, "bonuses") == total->bonuses &&
	     expected(adoption, "amount_cents") == total->amount_minor))
		return 0;
	(void)err_set(err, ERR_MONEY_RULE,
		      "%" PRId64 " rooms with %" PRId64 " approvals and %s of bonuses were shown, it would be %zu with "
		      "%" PRId64 " and %s now; nothing was done",
		      expected(adoption, "rooms"), expected(adoption, "approvals"),
		      money_display(expected(adoption, "amount_cents"), then), adoption->count, total->approvals,
		      money_display(total->amount_minor, now));
	return err_hint(err, "look at them again and confirm those");
}

static void name_command(const struct adoption *adoption, char out[COMMAND_MAX])
{
	size_t shown = json_object_array_length(adoption->rooms);
	int used = snprintf(out, COMMAND_MAX, "rooms adopt (%zu):", adoption->count);

	for (size_t i = 0; i < shown && used < COMMAND_MAX - 80; i++) {
		const char *name = "";

		(void)json_get_text(json_object_array_get_idx(adoption->rooms, i), "room", &name);
		used += snprintf(out + used, COMMAND_MAX - (size_t)used, " %.60s", name[0] ? name : ".");
	}
	if (used >= COMMAND_MAX - 80)
		(void)snprintf(out + used, COMMAND_MAX - (size_t)used, " ...");
}

static int adopt_one(struct adoptions *adoptions, int64_t room_id, struct err *err)
{
	const struct adoption_parts *parts = &adoptions->parts;
	struct json_object *news;
	struct room_brief room;
	int changed = room_book_adopt(parts->ledger, room_id, err);

	if (changed <= 0)
		return changed;
	if (room_book_get(parts->ledger, room_id, &room, err) < 0)
		return -1;
	news = room_named(&room);
	json_put_text(news, "state", "adopted");
	json_put_text(news, "policy", policy_name(room.policy));
	room_feed_tell(parts->feed, news);
	room_brief_finish(&room);
	parts->on_changed(parts->arg, room_id);
	return 0;
}

static int adopt(struct adoptions *adoptions, struct adoption *adoption, int64_t *batch_id, struct err *err)
{
	const struct actor *actor = &adoption->actor;
	struct ledger *ledger = adoptions->parts.ledger;
	char command[COMMAND_MAX];

	name_command(adoption, command);
	if (batch_begin(ledger, actor, command, "", batch_id, err) < 0)
		return -1;
	for (size_t i = 0; i < adoption->count; i++)
		if (adopt_one(adoptions, adoption->ids[i], err) < 0)
			return -1;
	log_info("%s user=\"%s\" uid=%u pid=%d batch=%" PRId64, command, actor->user, (unsigned)actor->uid,
		 (int)actor->pid, *batch_id);
	return batch_finish(ledger, *batch_id, err);
}

/* All of them or none. */
static int adopt_if_expected(struct adoptions *adoptions, struct adoption *adoption, int64_t *batch_id,
			     struct err *err)
{
	struct store *store = adoptions->parts.ledger->store;

	if (check_expectation(adoption, err) < 0 || store_begin(store, err) < 0 || store_savepoint(store, err) < 0)
		return -1;
	if (adopt(adoptions, adoption, batch_id, err) == 0)
		return store_release(store, err);
	store_rollback_savepoint(store);
	return -1;
}

static struct json_object *describe(struct adoption *adoption, int64_t batch_id)
{
	struct json_object *out = json_object_new_object();

	json_put_int(out, "count", (int64_t)adoption->count);
	put_stake(out, &adoption->total);
	json_put_value(out, "rooms", json_object_get(adoption->rooms));
	json_put_value(out, "refused", json_object_get(adoption->refused));
	json_put_value(out, "batch", batch_id ? json_object_new_int64(batch_id) : NULL);
	return out;
}

static void finish(struct adoptions *adoptions, struct adoption *adoption)
{
	int64_t batch_id = 0;
	struct err err;

	if (adoption->applies && adoption->count > 0 &&
	    adopt_if_expected(adoptions, adoption, &batch_id, &err) < 0)
		adoption_end(adoption, NULL, &err);
	else
		adoption_end(adoption, describe(adoption, batch_id), NULL);
}

bool adoptions_pump(struct adoptions *adoptions)
{
	struct adoption *adoption = adoptions->list;

	if (!adoption)
		return false;
	if (!adoption->has_failed && count_slice(adoptions, adoption, &adoption->failure) < 0)
		adoption->has_failed = true;
	if (!adoption->has_failed && adoption->at < adoption->count)
		return true;
	adoptions->list = adoption->next;
	if (adoption->has_failed)
		adoption_end(adoption, NULL, &adoption->failure);
	else
		finish(adoptions, adoption);
	return true;
}
