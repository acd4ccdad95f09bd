/* SPDX-License-Identifier: MIT
 *
 * pause, resume: lanes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "choice.h"
#include "commands.h"
#include "local_time.h"
#include "output.h"
#include "session.h"
#include "term.h"

/* "3 operations wait, $7.50 + $1.50 fees"; "nothing waits". */
static void describe_waiting(struct json_object *lane, char *out, size_t size)
{
	int64_t waiting = output_int(lane, "waiting", 0), in_flight = output_int(lane, "in_flight", 0);
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];

	out[0] = '\0';
	if (waiting == 0)
		output_append(out, size, "nothing waits");
	else
		output_append(out, size, "%" PRId64 " %s", waiting,
			      output_plural(waiting, "operation waits", "operations wait"));
	if (output_int(lane, "amount_cents", 0) > 0)
		output_append(out, size, ", %s + %s fees", output_money(lane, "amount_cents", amount),
			      output_money(lane, "fees_cents", fees));
	if (in_flight > 0)
		output_append(out, size, ", %" PRId64 " %s on the way or being found out", in_flight,
			      output_plural(in_flight, "is", "are"));
}

static void print_new(enum term_style style, const char *what, const char *lane, const char *waiting)
{
	(void)printf("%s%s:%s %s; %s\n", term_style(stdout, style), what, term_style(stdout, TERM_PLAIN), lane,
		     waiting);
}

static void print_paused(struct json_object *lane, const char *waiting)
{
	const char *name = output_text(lane, "lane", "?"), *user = output_text(lane, "user", NULL);
	char time[LOCAL_TIME_MAX];
	bool is_new = false;

	(void)json_get_bool(lane, "changed", &is_new);
	if (is_new)
		print_new(TERM_WARN, "paused", name, waiting);
	else
		(void)printf("paused already: %s, by %s since %s; %s\n", name, user ? user : "?",
			     local_time_plain(output_text(lane, "paused_at", NULL), time), waiting);
}

static void print_resumed(struct json_object *lane, const char *waiting)
{
	const char *name = output_text(lane, "lane", "?"), *why = output_text(lane, "paused", NULL);
	bool is_new = false;

	(void)json_get_bool(lane, "changed", &is_new);
	if (is_new && why)
		(void)printf("resumed: %s, but it still waits: %s; %s\n", name, why, waiting);
	else if (is_new)
		print_new(TERM_GOOD, "goes on", name, waiting);
	else
		(void)printf("not paused: %s%s%s; %s\n", name, why ? ", but it waits: " : "", why ? why : "", waiting);
}

/* Of all lanes, those that nothing waits in need no line of their own, unless nothing is said otherwise. */
static void print_lanes(struct json_object *result, bool is_pause)
{
	struct json_object *lanes = json_get_array(result, "lanes");
	size_t n = lanes ? json_object_array_length(lanes) : 0;
	bool has_changed = output_int(result, "changed", 0) > 0;

	if (!is_pause && n > 1 && !has_changed)
		(void)puts("Nothing was paused.");
	for (size_t i = 0; i < n; i++) {
		struct json_object *lane = json_object_array_get_idx(lanes, i);
		char waiting[200];
		bool is_new = false;

		(void)json_get_bool(lane, "changed", &is_new);
		describe_waiting(lane, waiting, sizeof(waiting));
		if (is_pause)
			print_paused(lane, waiting);
		else if (is_new || n == 1)
			print_resumed(lane, waiting);
	}
}

static void note_next(const struct session *session, struct json_object *result, bool is_pause)
{
	const char *lane = session->invocation->word_count > 0 ? session->invocation->words[0] : NULL;

	(void)fflush(stdout);
	if (session->is_quiet || !is_pause || output_int(result, "changed", 0) == 0)
		return;
	(void)fprintf(stderr, "It stays so, also over a restart of ngmtd, until: ngmtctl resume%s%s\n", lane ? " " : "",
		      lane ? lane : "");
}

static int call(struct session *session, const char *method, struct err *err)
{
	const struct invocation *invocation = session->invocation;
	struct json_object *params = json_object_new_object(), *result;
	bool is_pause = strcmp(method, "pause") == 0;

	if (invocation->word_count > 0)
		json_put_text(params, "lane", invocation->words[0]);
	result = session_call(session, method, params, SESSION_SOON_MS, err);
	if (!result)
		return -1;
	if (session->is_json) {
		output_json(result);
	} else {
		print_lanes(result, is_pause);
		note_next(session, result, is_pause);
	}
	json_object_put(result);
	return 0;
}

int cmd_pause(struct session *session, struct err *err)
{
	return call(session, "pause", err);
}

int cmd_resume(struct session *session, struct err *err)
{
	return call(session, "resume", err);
}
