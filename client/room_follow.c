/* SPDX-License-Identifier: MIT */
#include "room_follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "output.h"
#include "reconnect.h"
#include "room_page.h"
#include "term.h"

static int subscribe(void *arg, struct session *session, struct err *err)
{
	struct json_object *params = json_object_new_object(), *result;

	(void)arg;
	json_put_bool(params, "rooms", true);
	result = session_call(session, "subscribe", params, SESSION_SOON_MS, err);
	if (!result)
		return -1;
	json_object_put(result);
	return 0;
}

static void describe_import(struct json_object *news, char *out, size_t size)
{
	int64_t rows = output_int(news, "rows", 0), held = output_int(news, "held", 0);
	bool is_adopted = true;

	output_append(out, size, "%" PRId64 " %s, %" PRId64 " new", rows, output_plural(rows, "row", "rows"),
		      output_int(news, "added", 0));
	if (held > 0)
		output_append(out, size, ", %" PRId64 " held", held);
	if (json_get_bool(news, "adopted", &is_adopted) && !is_adopted &&
	    strcmp(output_text(news, "policy", ""), "import") != 0)
		output_append(out, size, "; it waits to be adopted");
}

void room_follow_describe(struct json_object *news, char *out, size_t size)
{
	const char *state = output_text(news, "state", "?");
	int64_t operations = output_int(news, "operations", 0), batch = output_int(news, "batch", 0);

	out[0] = '\0';
	if (strcmp(state, "imported") == 0) {
		describe_import(news, out, size);
	} else if (strcmp(state, "problem") == 0) {
		output_append(out, size, "%s", output_text(news, "problem", "?"));
	} else if (strcmp(state, "recorded") == 0) {
		output_append(out, size, "%" PRId64 " %s under policy %s", operations,
			      output_plural(operations, "operation", "operations"), output_text(news, "policy", "?"));
		if (batch > 0)
			output_append(out, size, " (batch %" PRId64 ")", batch);
	}
}

static void print_news(struct json_object *news)
{
	const char *state = output_text(news, "state", "?");
	enum term_style style = strcmp(state, "problem") == 0 ? TERM_BAD : TERM_BOLD;
	char what[800];

	room_follow_describe(news, what, sizeof(what));
	(void)printf("%s  %s %s  %s%s%s%s%s\n", output_text(news, "at", "-"), output_text(news, "game", "?"),
		     room_page_name(news), term_style(stdout, style), state, term_style(stdout, TERM_PLAIN),
		     what[0] ? ": " : "", what);
	(void)fflush(stdout);
}

/* Takes over `news`. A notification of another method is none of ours. */
static void take(struct session *session, struct json_object *news)
{
	const char *game = option_text(session->invocation, OPTION_ID_OF_GAME);

	if (json_has(news, "room") && json_has(news, "state") &&
	    (!game || strcmp(game, output_text(news, "game", "")) == 0)) {
		if (session->is_json)
			output_json(news);
		else
			print_news(news);
	}
	json_object_put(news);
}

int room_follow(struct session *session, struct err *err)
{
	interrupt_watch();
	if (subscribe(NULL, session, err) < 0)
		return -1;
	if (!session->is_quiet && !session->is_json)
		(void)fputs("Following the rooms; Ctrl-C ends it.\n", stderr);
	while (!reconnect_is_over(session)) {
		struct json_object *news = NULL;
		int found = session_next(session, &news, err);

		if (found == 1)
			take(session, news);
		else if (found < 0 && (err->code != ERR_NO_DAEMON ||
				       reconnect(session, subscribe, NULL,
						 "Connected again. \"ngmtctl rooms\" shows what happened meanwhile.",
						 err) < 0))
			return -1;
	}
	return interrupt_happened() ? 0 : err_exit_status(ERR_TIMEOUT);
}
