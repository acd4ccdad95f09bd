/* SPDX-License-Identifier: MIT */
#include "top_page.h"

#include <string.h>

#include "event_page.h"
#include "local_time.h"
#include "output.h"
#include "status_page.h"

#define KEYS "q quit  r look now  p pause  h help"
#define EVENT_BYTES 400

/* Events that are worth having beside the rest: fewer only if the screen is small. */
#define EVENTS_MIN 5

/* Lighter than every row of the status page but what is kept. */
#define WEIGHT_EVENT 1

static void add_trouble(struct page *page, const struct top_view *view)
{
	char duration[32];

	if (view->trouble)
		page_add(page, PAGE_KEEP, TERM_BAD, "! %s since %s; what stands below is older", view->trouble,
			 output_duration(view->lost_s, duration));
	else if (view->is_paused)
		page_add(page, PAGE_KEEP, TERM_WARN, "paused: p goes on");
}

static void add_help(struct page *page)
{
	static const char *const lines[] = {
		"", "  q, Ctrl-C   leave; the daemon goes on",
		"  r           look at once, not only every second",
		"  p, Space    stop the display, and go on",
		"  h, ?        this help, and back", "",
		"  Nothing here changes anything. What to do about a problem stands below it.",
		"  The same without a terminal: ngmtctl top | cat, ngmtctl --json top.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		page_add(page, 1, TERM_PLAIN, "%s", lines[i]);
}

/* "12:00:05", as the clock on the wall shows it. */
static const char *clock_of(const char *utc, char out[LOCAL_TIME_MAX])
{
	const char *blank = strchr(local_time_plain(utc, out), ' ');

	return blank ? blank + 1 : out;
}

/* The newest stand at the end, as in a log. */
static void add_events(struct page *page, struct json_object *events, size_t most)
{
	size_t n = events ? json_object_array_length(events) : 0;
	char text[EVENT_BYTES], time[LOCAL_TIME_MAX];

	for (size_t i = n > most ? n - most : 0; i < n; i++) {
		struct json_object *event = json_object_array_get_idx(events, i);

		page_add(page, WEIGHT_EVENT, event_page_is_bad(event) ? TERM_WARN : TERM_PLAIN, "  %s  %s",
			 clock_of(output_text(event, "at", NULL), time), status_page_event(event, text, sizeof(text)));
	}
}

static size_t events_known(const struct top_view *view)
{
	size_t n = view->events ? json_object_array_length(view->events) : 0;

	return n < EVENTS_MIN ? n : EVENTS_MIN;
}

/* What happened last: what is left of the screen, and a part of it in any case. */
static void add_last(struct page *page, const struct top_view *view, size_t lines)
{
	size_t known = events_known(view);

	if (known == 0 || lines < 2)
		return;
	page_add(page, WEIGHT_EVENT, TERM_BOLD, "  what happened last");
	add_events(page, view->events, lines - 1);
}

static void compose_body(struct page *page, const struct top_view *view, size_t lines)
{
	size_t reserved = events_known(view) + 1;

	if (!view->status) {
		page_add(page, PAGE_KEEP, TERM_PLAIN, "  waiting for ngmtd");
		return;
	}
	status_page_headline(page, view->status);
	add_trouble(page, view);
	status_page_problems(page, view->status);
	status_page_rows(page, view->status, view->now_s);
	status_page_errors(page, view->status, view->now_s);
	/* On a small screen the events go first. */
	if (reserved < 2 || lines < 4 * reserved)
		reserved = 0;
	(void)page_fit(page, lines - reserved);
	add_last(page, view, lines - page->count);
}

static void compose_help(struct page *page, const struct top_view *view, size_t lines)
{
	if (view->status)
		status_page_headline(page, view->status);
	add_help(page);
	(void)page_fit(page, lines);
}

void top_page_compose(struct page *page, const struct top_view *view, unsigned rows)
{
	size_t lines = rows ? rows : 1000;

	/* The keys only where there is a line to spare. */
	if (view->is_live && lines >= 3)
		lines--;
	if (!view->status)
		add_trouble(page, view);
	if (view->shows_help)
		compose_help(page, view, lines);
	else
		compose_body(page, view, lines);
	(void)page_fit(page, lines);
	if (!view->is_live || rows < 3)
		return;
	while (page->count < lines)
		page_add(page, PAGE_KEEP, TERM_PLAIN, "%s", "");
	page_add(page, PAGE_KEEP, TERM_DIM, "%s", KEYS);
}
