/* SPDX-License-Identifier: MIT
 *
 * events: what happened, and what happens.
 */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "event_page.h"
#include "interrupt.h"
#include "output.h"
#include "protocol.h"
#include "reconnect.h"
#include "session.h"

#define SHOWN_DEFAULT 20

struct story {
	struct session *session;
	struct json_object *events; /* oldest first */
	int64_t newest; /* the last event that was told, or will not be */
};

static struct json_object *new_params(const struct session *session)
{
	struct json_object *params = json_object_new_object();

	if (option_is_given(session->invocation, OPTION_ID_OF_LANE))
		json_put_text(params, "lane", option_text(session->invocation, OPTION_ID_OF_LANE));
	return params;
}

static struct json_object *call_page(struct session *session, int64_t before, int64_t limit, struct err *err)
{
	struct json_object *params = new_params(session);

	json_put_int(params, "limit", limit < PROTOCOL_PAGE_MAX ? limit : PROTOCOL_PAGE_MAX);
	if (before)
		json_put_int(params, "before", before);
	return session_call(session, "events", params, SESSION_SOON_MS, err);
}

/* Puts an older page before what is there. */
static void put_before(struct story *story, struct json_object *page)
{
	struct json_object *older = json_get_array(page, "events"), *all = json_object_new_array();

	for (size_t i = 0; older && i < json_object_array_length(older); i++)
		(void)json_object_array_add(all, json_object_get(json_object_array_get_idx(older, i)));
	for (size_t i = 0; i < json_object_array_length(story->events); i++)
		(void)json_object_array_add(all, json_object_get(json_object_array_get_idx(story->events, i)));
	json_object_put(story->events);
	story->events = all;
}

/* The last ones, page by page backwards: a page may be short while a lane is looked for. */
static int read_last(struct story *story, struct err *err)
{
	int64_t wanted = option_number(story->session->invocation, OPTION_ID_MAX, SHOWN_DEFAULT), before = 0;
	bool is_first = true;

	do {
		int64_t left = wanted - (int64_t)json_object_array_length(story->events);
		struct json_object *page = call_page(story->session, before, left, err);
		int64_t next;

		if (!page)
			return -1;
		put_before(story, page);
		if (is_first)
			story->newest = output_int(page, "newest", 0);
		next = output_int(page, "next_before", 0);
		/* It must lead backwards, whatever the daemon says. */
		before = before && next >= before ? 0 : next;
		is_first = false;
		json_object_put(page);
	} while (before > 0 && (int64_t)json_object_array_length(story->events) < wanted &&
		 !reconnect_is_over(story->session));
	return 0;
}

static void print_event(const struct session *session, struct json_object *event)
{
	if (session->is_json)
		output_json(event);
	else
		event_page_print(stdout, event);
	(void)fflush(stdout);
}

static void print_all(const struct story *story)
{
	for (size_t i = 0; i < json_object_array_length(story->events); i++)
		print_event(story->session, json_object_array_get_idx(story->events, i));
}

static void print_json(const struct story *story)
{
	struct json_object *all = json_object_new_object();

	json_put_text(all, "environment", story->session->environment);
	json_put_int(all, "newest", story->newest);
	json_put_value(all, "events", json_object_get(story->events));
	output_json(all);
	json_object_put(all);
}

/* --- following --- */

static int subscribe(void *arg, struct session *session, struct err *err)
{
	struct story *story = arg;
	struct json_object *params = new_params(session), *result;
	int64_t newest;

	json_put_bool(params, "events", true);
	json_put_int(params, "after", story->newest);
	result = session_call(session, "subscribe", params, SESSION_SOON_MS, err);
	if (!result)
		return -1;
	newest = output_int(result, "newest", story->newest);
	if (newest < story->newest) {
		if (!session->is_quiet)
			(void)fputs("The ledger is an older one than before: what follows is from now on.\n", stderr);
		story->newest = newest;
	}
	json_object_put(result);
	return 0;
}

/* Takes over `event`. A notification of another method is none of ours. */
static void take(struct story *story, struct json_object *event)
{
	int64_t id = output_int(event, "id", 0);

	if (json_has(event, "what") && id > story->newest) {
		story->newest = id;
		print_event(story->session, event);
	}
	json_object_put(event);
}

static int follow(struct story *story, struct err *err)
{
	struct session *session = story->session;

	interrupt_watch();
	if (subscribe(story, session, err) < 0)
		return -1;
	while (!reconnect_is_over(session)) {
		struct json_object *event = NULL;
		int found = session_next(session, &event, err);

		if (found == 1)
			take(story, event);
		else if (found < 0 && (err->code != ERR_NO_DAEMON ||
				       reconnect(session, subscribe, story, "Connected again.", err) < 0))
			return -1;
	}
	return interrupt_happened() ? 0 : err_exit_status(ERR_TIMEOUT);
}

static int tell(struct story *story, struct err *err)
{
	const struct session *session = story->session;
	bool follows = option_is_given(session->invocation, OPTION_ID_FOLLOW);

	if (read_last(story, err) < 0)
		return -1;
	if (session->is_json && !follows)
		print_json(story);
	else
		print_all(story);
	if (!session->is_quiet && !session->is_json && json_object_array_length(story->events) == 0)
		(void)fputs("Nothing has happened yet.\n", stderr);
	return follows ? follow(story, err) : 0;
}

int cmd_events(struct session *session, struct err *err)
{
	struct story story = { .session = session, .events = json_object_new_array() };
	int status = tell(&story, err);

	json_object_put(story.events);
	return status;
}
