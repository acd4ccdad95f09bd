/* SPDX-License-Identifier: MIT */
#include "room_feed.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "events.h"

struct room_feed {
	struct ledger *ledger;
	struct control *control;
	uint64_t clients[CONTROL_CLIENTS_MAX];
	size_t count;
};

struct room_feed *room_feed_new(struct ledger *ledger, struct err *err)
{
	struct room_feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		(void)err_set(err, ERR_INTERNAL, "out of memory");
	else
		feed->ledger = ledger;
	return feed;
}

void room_feed_free(struct room_feed *feed)
{
	free(feed);
}

void room_feed_attach(struct room_feed *feed, struct control *control)
{
	feed->control = control;
}

static void forget_gone(struct room_feed *feed)
{
	size_t kept = 0;

	for (size_t i = 0; i < feed->count; i++)
		if (control_has_client(feed->control, feed->clients[i]))
			feed->clients[kept++] = feed->clients[i];
	feed->count = kept;
}

int room_feed_subscribe(struct room_feed *feed, uint64_t client, struct err *err)
{
	forget_gone(feed);
	for (size_t i = 0; i < feed->count; i++)
		if (feed->clients[i] == client)
			return 0;
	if (feed->count == CONTROL_CLIENTS_MAX)
		return err_set(err, ERR_BUSY, "too many clients follow the rooms already");
	feed->clients[feed->count++] = client;
	return 0;
}

/* A ledger that cannot take it has failed, and says so at the commit. */
static void note(struct room_feed *feed, struct json_object *news)
{
	const char *state = "";
	struct err err;

	(void)json_get_text(news, "state", &state);
	(void)events_note(feed->ledger, strcmp(state, "problem") == 0 ? EVENT_ROOM_PROBLEM : EVENT_ROOM,
			  json_object_get(news), 0, &err);
}

void room_feed_tell(struct room_feed *feed, struct json_object *news)
{
	note(feed, news);
	if (feed->count > 0)
		forget_gone(feed);
	json_put_time(news, "at", clock_wall_ms() / 1000);
	for (size_t i = 0; i < feed->count; i++)
		(void)control_notify(feed->control, feed->clients[i], "room", json_object_get(news), false);
	json_object_put(news);
}
