/* SPDX-License-Identifier: MIT
 *
 * top: one screen, live.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "commands.h"
#include "interrupt.h"
#include "output.h"
#include "page.h"
#include "session.h"
#include "term.h"
#include "top_page.h"
#include "top_screen.h"

#define EVERY_MS 1000
#define ANSWER_MS 2000
#define EVENTS_MAX 60

struct top {
	struct session *session;
	struct json_object *status;
	struct json_object *events; /* the whole result; NULL: this daemon has none to tell */
	bool is_connected;
	struct err err;      /* why not */
	int64_t seen_ms;     /* when the daemon answered last, on clock_mono_ms() */
	bool is_paused;
	bool shows_help;
};

static struct json_object *ask_events(struct session *session)
{
	struct json_object *params = json_object_new_object();

	json_put_int(params, "limit", EVENTS_MAX);
	return session_call(session, "events", params, ANSWER_MS, NULL);
}

static struct json_object *ask_status(struct top *top)
{
	/* After a late answer the connection is as good as before. */
	if (!top->is_connected && top->err.code != ERR_TIMEOUT && session_reopen(top->session, &top->err) < 0)
		return NULL;
	return session_call(top->session, "status", NULL, ANSWER_MS, &top->err);
}

/* What is there already stays if the daemon does not answer. */
static void look(struct top *top)
{
	int64_t deadline_ms = top->session->deadline_ms, until_ms = clock_mono_ms() + ANSWER_MS;
	struct json_object *status;

	/* Saying hello may take long, too, and keys wait meanwhile. */
	if (!deadline_ms || until_ms < deadline_ms)
		top->session->deadline_ms = until_ms;
	status = ask_status(top);
	top->session->deadline_ms = deadline_ms;
	top->is_connected = status != NULL;
	if (!status)
		return;
	json_object_put(top->status);
	json_object_put(top->events);
	top->status = status;
	top->events = ask_events(top->session);
	top->seen_ms = clock_mono_ms();
}

/* What cannot become better by waiting. */
static bool is_final(const struct top *top)
{
	return !top->is_connected && (top->err.code == ERR_STATE || top->err.code == ERR_PROTOCOL ||
				      top->err.code == ERR_NOT_AUTHORISED);
}

static void view_init(struct top_view *view, const struct top *top)
{
	*view = (struct top_view){
		.status = top->status,
		.events = json_get_array(top->events, "events"),
		.now_s = clock_wall_ms() / 1000,
		.is_paused = top->is_paused,
		.shows_help = top->shows_help,
		.is_live = true,
	};
	if (top->is_connected)
		return;
	view->trouble = top->err.code == ERR_TIMEOUT ? "no answer from the daemon" : "no daemon";
	view->lost_s = (clock_mono_ms() - top->seen_ms) / 1000;
}

static void draw(const struct top *top)
{
	struct top_view view;
	struct page page;
	unsigned rows, columns;

	top_screen_size(&rows, &columns);
	view_init(&view, top);
	page_init(&page, columns, false);
	top_page_compose(&page, &view, rows);
	top_screen_draw(&page);
	page_finish(&page);
}

/* Draws until it is time to look again. 1: look; 0: leave. */
static int idle(struct top *top, int64_t next_ms)
{
	while (!interrupt_happened()) {
		enum top_key key;

		draw(top);
		key = top_screen_key(next_ms);
		if (key == TOP_KEY_QUIT)
			return 0;
		if (key == TOP_KEY_LOOK)
			return 1;
		if (key == TOP_KEY_HELP)
			top->shows_help = !top->shows_help;
		if (key == TOP_KEY_PAUSE)
			top->is_paused = !top->is_paused;
		if (clock_mono_ms() < next_ms)
			continue;
		if (!top->is_paused)
			return 1;
		next_ms += EVERY_MS;
	}
	return 0;
}

static bool is_late(const struct session *session)
{
	return session->deadline_ms && clock_mono_ms() >= session->deadline_ms;
}

/* Draws before it looks again: a daemon that hangs must not leave the screen as if all were well. */
static int run_live(struct top *top, struct err *err)
{
	int64_t next_ms;

	if (top_screen_open(err) < 0)
		return -1;
	do {
		next_ms = clock_mono_ms() + EVERY_MS;
		look(top);
		if (is_final(top) || is_late(top->session))
			break;
	} while (idle(top, next_ms));
	top_screen_close();
	if (!is_final(top))
		return 0;
	*err = top->err;
	return -1;
}

/* Without a terminal: what there is now. */
static void print_once(const struct top *top)
{
	struct top_view view;
	struct page page;

	view_init(&view, top);
	view.is_live = false;
	page_init(&page, 0, false);
	top_page_compose(&page, &view, 0);
	page_print(&page, stdout, "\n");
	page_finish(&page);
}

/* The daemon's status, with "events" in it. */
static void print_json(const struct top *top)
{
	struct json_object *events = json_get_array(top->events, "events");

	json_put_value(top->status, "events", events ? json_object_get(events) : json_object_new_array());
	output_json(top->status);
}

static int print_top(struct top *top, struct err *err)
{
	top->status = session_call(top->session, "status", NULL, SESSION_SOON_MS, err);
	if (!top->status)
		return -1;
	top->events = ask_events(top->session);
	if (top->session->is_json)
		print_json(top);
	else
		print_once(top);
	return 0;
}

int cmd_top(struct session *session, struct err *err)
{
	struct top top = { .session = session, .is_connected = true, .seen_ms = clock_mono_ms() };
	int status = session->is_json || !top_screen_can() ? print_top(&top, err) : run_live(&top, err);

	json_object_put(top.status);
	json_object_put(top.events);
	return status;
}
