/* SPDX-License-Identifier: MIT */
#include "event_page.h"

#include <inttypes.h>
#include <string.h>

#include "local_time.h"
#include "output.h"
#include "room_follow.h"
#include "room_page.h"
#include "term.h"

static bool is_what(struct json_object *event, const char *what)
{
	return strcmp(output_text(event, "what", ""), what) == 0;
}

static bool is_state(struct json_object *event, const char *state)
{
	return strcmp(output_text(event, "state", ""), state) == 0;
}

const char *event_page_what(struct json_object *event, char out[EVENT_WHAT_MAX])
{
	const char *state = output_text(event, "state", NULL);

	out[0] = '\0';
	output_append(out, EVENT_WHAT_MAX, "%.24s",
		      is_what(event, "operation") ? output_text(event, "kind", "operation")
						  : output_text(event, "what", "?"));
	if (state)
		output_append(out, EVENT_WHAT_MAX, " %.24s", is_state(event, "unsure") ? "in doubt" : state);
	return out;
}

/* "anna: ngmtctl bonus (bonus) (batch 9)". */
static void describe_command(struct json_object *event, char *out)
{
	int64_t batch = output_int(event, "batch", 0);
	bool by_policy = false;

	(void)json_get_bool(event, "policy", &by_policy);
	if (!batch) {
		output_append(out, EVENT_WORDS_MAX, "%s", output_text(event, "why", ""));
		return;
	}
	output_append(out, EVENT_WORDS_MAX, "%.60s: %s (batch %" PRId64 ")",
		      by_policy ? "by itself" : output_text(event, "user", "?"), output_text(event, "command", "?"),
		      batch);
}

static void describe_room(struct json_object *event, char *out)
{
	char what[800];

	room_follow_describe(event, what, sizeof(what));
	output_append(out, EVENT_WORDS_MAX, "%.80s %.80s%s%s", output_text(event, "game", "?"), room_page_name(event),
		      what[0] ? ": " : "", what);
}

static void describe_lane(struct json_object *event, char *out)
{
	const char *lane = output_text(event, "lane", NULL), *user = output_text(event, "user", NULL);
	const char *why = output_text(event, "why", NULL);

	output_append(out, EVENT_WORDS_MAX, "%s", lane ? lane : "all lanes");
	if (user)
		output_append(out, EVENT_WORDS_MAX, ", by %.60s", user);
	if (why)
		output_append(out, EVENT_WORDS_MAX, ": %s", why);
}

/* Whose command it was is said where it was somebody's. */
static void describe_operation(struct json_object *event, char *out)
{
	const char *why = output_text(event, "why", NULL), *user = output_text(event, "user", NULL);

	output_append(out, EVENT_WORDS_MAX, "%s", why ? why : "");
	if (user)
		output_append(out, EVENT_WORDS_MAX, "%s%.60s, batch %" PRId64 "%s", why ? " (" : "by ", user,
			      output_int(event, "batch", 0), why ? ")" : "");
}

const char *event_page_words(struct json_object *event, char out[EVENT_WORDS_MAX])
{
	static const struct {
		const char *what;
		void (*describe)(struct json_object *event, char *out);
	} kinds[] = { { "operation", describe_operation },
		      { "command", describe_command },
		      { "room", describe_room },
		      { "lane", describe_lane } };

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_what(event, kinds[i].what))
			kinds[i].describe(event, out);
	return out;
}

bool event_page_is_bad(struct json_object *event)
{
	static const char *const states[] = { "held", "failed", "unsure", "problem", "paused", "cut-off" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (is_state(event, states[i]))
			return true;
	return false;
}

static enum term_style style_of(struct json_object *event)
{
	if (is_state(event, "failed") || is_state(event, "problem"))
		return TERM_BAD;
	if (event_page_is_bad(event))
		return TERM_WARN;
	return is_state(event, "done") ? TERM_GOOD : TERM_PLAIN;
}

void event_page_print(FILE *out, struct json_object *event)
{
	int64_t cents = output_int(event, "amount_cents", 0), operation = output_int(event, "operation", 0);
	char time[LOCAL_TIME_MAX], what[EVENT_WHAT_MAX], words[EVENT_WORDS_MAX], money[MONEY_TEXT_MAX], number[24] = "";
	enum term_style style = style_of(event);

	if (operation)
		(void)snprintf(number, sizeof(number), "%" PRId64, operation);
	(void)fprintf(out, "%s  %s%-16s%s  %5s", local_time_plain(output_text(event, "at", NULL), time),
		      style == TERM_PLAIN ? "" : term_style(out, style), event_page_what(event, what),
		      style == TERM_PLAIN ? "" : term_style(out, TERM_PLAIN), number);
	(void)event_page_words(event, words);
	if (is_what(event, "operation"))
		(void)fprintf(out, "  %-14s  %8s", output_text(event, "worker_id", "-"),
			      cents ? money_display(cents, money) : "");
	(void)fprintf(out, "%s%s\n", words[0] ? "  " : "", words);
}
