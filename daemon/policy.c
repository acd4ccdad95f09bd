/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "room_book.h"
#include "watch.h"

/* After a plan that could not be made, so that it is not tried over and over. */
#define RETRY_MS 10000

struct policies {
	struct policy_parts parts;
	struct loop_timer *timer;
	struct room_brief room; /* whose plan is being made; id 0: none */
	int64_t resume_ms;    /* not before; 0: at once */
	bool is_halted;
};

/* The turn that it makes is all that is wanted. */
static void on_timer(void *arg)
{
	(void)arg;
}

struct policies *policies_new(const struct policy_parts *parts, struct err *err)
{
	struct policies *policies = calloc(1, sizeof(*policies));

	if (!policies) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	policies->parts = *parts;
	policies->timer = loop_timer_new(parts->loop, on_timer, policies, err);
	if (policies->timer && room_book_open(parts->ledger, err) == 0)
		return policies;
	policies_free(policies);
	return NULL;
}

void policies_free(struct policies *policies)
{
	if (!policies)
		return;
	room_brief_finish(&policies->room);
	loop_timer_free(policies->timer);
	free(policies);
}

/* Telling. */

static struct json_object *news_of(const char *game, const char *room, enum policy policy, const char *state)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "game", game);
	json_put_text(out, "room", room);
	json_put_text(out, "state", state);
	json_put_text(out, "policy", policy_name(policy));
	return out;
}

static void tell_import(struct policies *policies, const struct watch_news *news)
{
	const struct imported *imported = news->imported;
	struct json_object *out = news_of(news->game, news->room, news->policy, "imported");

	log_info("room imported game=\"%s\" room=\"%s\" rows=%" PRId64 " added=%" PRId64 " held=%" PRId64
		 " policy=%s%s source=%" PRId64,
		 news->game, news->room, imported->rows, imported->rows_added, imported->verdicts[VERDICT_HOLD],
		 policy_name(news->policy), news->is_adopted ? "" : " adopted=no", imported->source_id);
	json_put_int(out, "rows", imported->rows);
	json_put_int(out, "added", imported->rows_added);
	json_put_int(out, "held", imported->verdicts[VERDICT_HOLD]);
	json_put_int(out, "approve", imported->verdicts[VERDICT_APPROVE]);
	json_put_int(out, "reject", imported->verdicts[VERDICT_REJECT]);
	json_put_int(out, "skip", imported->verdicts[VERDICT_SKIP]);
	json_put_bool(out, "adopted", news->is_adopted);
	json_put_text(out, "problem", NULL);
	room_feed_tell(policies->parts.feed, out);
}

void policies_on_news(struct policies *policies, const struct watch_news *news)
{
	struct json_object *out;

	if (news->imported) {
		tell_import(policies, news);
		loop_wake(policies->parts.loop);
		return;
	}
	log_warn("room cannot be imported game=\"%s\" room=\"%s\" problem=\"%s\"", news->game, news->room,
		 news->problem ? news->problem : "");
	out = news_of(news->game, news->room, news->policy, "problem");
	json_put_text(out, "problem", news->problem);
	room_feed_tell(policies->parts.feed, out);
}

static void tell_recorded(struct policies *policies, struct json_object *result)
{
	const struct room_brief *room = &policies->room;
	struct json_object *out = news_of(room->game, room->name, room->policy, "recorded");
	int64_t batch_id = 0, operations = 0;

	(void)json_get_int(result, "batch", &batch_id);
	(void)json_get_int(result, "operations", &operations);
	log_info("room recorded game=\"%s\" room=\"%s\" policy=%s operations=%" PRId64 " batch=%" PRId64, room->game,
		 room->name, policy_name(room->policy), operations, batch_id);
	json_put_int(out, "operations", operations);
	json_put_value(out, "batch", batch_id ? json_object_new_int64(batch_id) : NULL);
	room_feed_tell(policies->parts.feed, out);
}

/* Doing. */

int policies_rows_changed(struct policies *policies, int64_t room_id, struct err *err)
{
	if (room_book_rows_changed(policies->parts.ledger, room_id, err) < 0)
		return -1;
	loop_wake(policies->parts.loop);
	return 0;
}

bool policies_is_busy_with(const struct policies *policies, int64_t room_id)
{
	return policies->room.id == room_id && room_id != 0;
}

void policies_halt(struct policies *policies)
{
	policies->is_halted = true;
}

/* To the end of the line, so that it does not keep the others waiting for good. */
static void put_off(struct policies *policies, const struct err *why)
{
	const struct room_brief *room = &policies->room;
	struct err err;

	log_warn("the policy of a room cannot be followed now, it will be tried again game=\"%s\" room=\"%s\""
		 " why=\"%s\"",
		 room->game, room->name, why->message);
	if (room_book_put_off(policies->parts.ledger, room->id, &err) < 0)
		log_err("putting off a room", &err);
	policies->resume_ms = clock_mono_ms() + RETRY_MS;
	(void)loop_timer_set(policies->timer, RETRY_MS);
}

static void on_planned(void *arg, struct json_object *result, const struct err *why)
{
	struct policies *policies = arg;
	struct room_brief *room = &policies->room;
	struct err err;

	if (why && !policies->is_halted)
		put_off(policies, why);
	if (!why) {
		tell_recorded(policies, result);
		if (room_book_end_due(policies->parts.ledger, room->id, room->turn, &err) < 0)
			log_err("noting that a room's policy was followed", &err);
	}
	room_brief_finish(room);
	loop_wake(policies->parts.loop);
}

static bool may_begin(const struct policies *policies)
{
	return !policies->parts.is_dry && !policies->is_halted && policies->room.id == 0 &&
	       policies->resume_ms <= clock_mono_ms();
}

bool policies_pump(struct policies *policies)
{
	struct room_brief *room = &policies->room;
	struct plan_order order;
	struct err err;
	int found;

	if (!may_begin(policies))
		return false;
	found = room_book_next_due(policies->parts.ledger, room, &err);
	if (found < 0)
		log_err("looking for rooms whose policy is to be followed", &err);
	if (found <= 0)
		return false;
	order = (struct plan_order){
		.room_id = room->id, .room = room->name, .game = room->game, .policy = room->policy
	};
	if (policies->parts.start(policies->parts.plans, &order, on_planned, policies, &err) == 0)
		return true;
	put_off(policies, &err);
	room_brief_finish(room);
	return false;
}
