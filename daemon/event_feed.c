/* SPDX-License-Identifier: MIT */
#include "event_feed.h"

#include <stdlib.h>

#include "events.h"
#include "log.h"
#include "schedule.h"

/* Events for one client in one turn, so that nobody waits for a long story. */
#define EVENTS_PER_TURN 200
/* Until a client that does not read is looked at again. */
#define BEHIND_MS 100

struct listener_place {
	uint64_t client;
	int64_t told;
	int lane;
};

struct event_feed {
	struct control *control;
	struct ledger *ledger;
	struct loop_timer *timer;
	struct listener_place places[CONTROL_CLIENTS_MAX];
	size_t count;
	int64_t wait_ms; /* until the next look at somebody who has not been told everything; -1: all have */
};

/* The turn that it makes is all that is wanted. */
static void on_timer(void *arg)
{
	(void)arg;
}

struct event_feed *event_feed_new(struct loop *loop, struct ledger *ledger, struct err *err)
{
	struct event_feed *feed = calloc(1, sizeof(*feed));

	if (!feed) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	feed->ledger = ledger;
	feed->wait_ms = -1;
	feed->timer = loop_timer_new(loop, on_timer, feed, err);
	if (feed->timer)
		return feed;
	free(feed);
	return NULL;
}

void event_feed_free(struct event_feed *feed)
{
	if (!feed)
		return;
	loop_timer_free(feed->timer);
	free(feed);
}

void event_feed_attach(struct event_feed *feed, struct control *control)
{
	feed->control = control;
}

static void forget_gone(struct event_feed *feed)
{
	size_t kept = 0;

	for (size_t i = 0; i < feed->count; i++)
		if (control_has_client(feed->control, feed->places[i].client))
			feed->places[kept++] = feed->places[i];
	feed->count = kept;
}

static struct listener_place *place_of(struct event_feed *feed, uint64_t client)
{
	for (size_t i = 0; i < feed->count; i++)
		if (feed->places[i].client == client)
			return &feed->places[i];
	return feed->count < CONTROL_CLIENTS_MAX ? &feed->places[feed->count++] : NULL;
}

int event_feed_subscribe(struct event_feed *feed, uint64_t client, int64_t after, int lane, int64_t *newest,
			 struct err *err)
{
	struct listener_place *place;

	forget_gone(feed);
	place = place_of(feed, client);
	if (!place)
		return err_set(err, ERR_BUSY, "too many clients follow the events already");
	*newest = events_newest(feed->ledger);
	/* A number from a newer ledger than this one means nothing here. */
	*place = (struct listener_place){ client, after < 0 || after > *newest ? *newest : after, lane };
	feed->wait_ms = 0;
	return 0;
}

/* When to go on with it; -1: all is told. */
static int64_t tell(struct event_feed *feed, struct listener_place *place)
{
	const struct events_range range = { .after = place->told, .limit = EVENTS_PER_TURN, .lane = place->lane };
	struct json_object *list;
	int64_t next = 0, id = 0;
	struct err err;

	if (!control_takes_more(feed->control, place->client))
		return BEHIND_MS;
	list = events_list(feed->ledger, &range, &next, &err);
	if (!list) {
		log_err("telling what happened", &err);
		return -1;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *event = json_object_array_get_idx(list, i);

		if (json_get_int(event, "id", &id))
			place->told = id;
		(void)control_notify(feed->control, place->client, "event", json_object_get(event), true);
	}
	json_object_put(list);
	if (next > place->told)
		place->told = next;
	return next > 0 ? 0 : -1;
}

void event_feed_pump(struct event_feed *feed, bool has_news)
{
	if (feed->count == 0 || (!has_news && feed->wait_ms < 0))
		return;
	forget_gone(feed);
	feed->wait_ms = -1;
	for (size_t i = 0; i < feed->count; i++)
		schedule_sooner(&feed->wait_ms, tell(feed, &feed->places[i]));
	if (feed->wait_ms >= 0)
		(void)loop_timer_set(feed->timer, feed->wait_ms);
}
