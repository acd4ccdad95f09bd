/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "session.h"
#include "table.h"
#include "term.h"

static void print_problems(struct json_object *status)
{
	struct json_object *problems = json_get_array(status, "problems");
	size_t n = problems ? json_object_array_length(problems) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *problem = json_object_array_get_idx(problems, i);
		const char *hint = output_text(problem, "hint", NULL);

		(void)printf("%s! %s%s\n", term_style(stdout, TERM_BAD), output_text(problem, "what", "?"),
			     term_style(stdout, TERM_PLAIN));
		if (hint)
			(void)printf("  %s\n", hint);
	}
	if (n > 0)
		(void)putchar('\n');
}

static void print_headline(struct json_object *status)
{
	const char *state = output_text(status, "state", "unknown");
	bool is_dry = false;
	char uptime[32];

	(void)json_get_bool(status, "dry", &is_dry);
	output_environment(stdout, output_text(status, "environment", "unknown"));
	(void)printf("  %s\n", output_text(status, "endpoint", ""));
	(void)printf("ngmtd %s, up %s, %s%s%s%s\n", output_text(status, "version", "?"),
		     output_duration(output_int(status, "uptime_s", 0), uptime),
		     term_style(stdout, state[0] == 'o' ? TERM_GOOD : TERM_WARN), state, term_style(stdout, TERM_PLAIN),
		     is_dry ? ", dry: nothing is sent" : "");
}

/* "3 queued, 1 sending": states without operations are left out. */
static void add_queue(struct table *table, struct json_object *queue)
{
	static const char *const states[] = {
		"unsure", "failed", "held", "planned", "queued", "sending", "accepted", "done", "cancelled",
	};
	char line[400] = "";

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		int64_t n = output_int(queue, states[i], 0);

		if (n > 0)
			output_append(line, sizeof(line), "%s%" PRId64 " %s", line[0] ? ", " : "", n, states[i]);
	}
	table_add_text(table, "queue");
	table_add_text(table, line[0] ? line : "empty");
}

static void add_lanes(struct table *table, struct json_object *status)
{
	struct json_object *lanes = json_get_array(status, "lanes");
	size_t n = lanes ? json_object_array_length(lanes) : 0;
	const char *label = "lanes";

	for (size_t i = 0; i < n; i++) {
		struct json_object *lane = json_object_array_get_idx(lanes, i);
		int64_t waiting = output_int(lane, "waiting", 0), in_flight = output_int(lane, "in_flight", 0);
		const char *paused = output_text(lane, "paused", NULL);

		if (waiting == 0 && in_flight == 0 && !paused)
			continue;
		table_add_text(table, label);
		table_add(table, "%s: %" PRId64 " waiting, %" PRId64 " on their way%s%s",
			  output_text(lane, "lane", "?"), waiting, in_flight, paused ? ", paused: " : "",
			  paused ? paused : "");
		label = "";
	}
}

static void add_money(struct table *table, struct json_object *money)
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];
	int64_t to_send = output_int(money, "to_send_cents", 0);

	table_add_text(table, "sent");
	table_add(table, "%s + %s fees", output_money(money, "sent_cents", a),
		  output_money(money, "sent_fees_cents", b));
	if (to_send > 0) {
		table_add_text(table, "to send");
		table_add(table, "%s + %s fees", output_money(money, "to_send_cents", a),
			  output_money(money, "to_send_fees_cents", b));
	}
}

static void add_funds(struct table *table, struct json_object *funds)
{
	int64_t payments = output_int(funds, "payments", 0);
	char missing[MONEY_TEXT_MAX];

	if (!funds)
		return;
	table_add_text(table, "missing");
	table_add(table, "%s for %" PRId64 " %s, fees included; they go on by themselves",
		  output_money(funds, "missing_cents", missing), payments,
		  output_plural(payments, "payment", "payments"));
}

/* "$5.00 of $100.00": a limit that is not set is left out. */
static void add_limits(struct table *table, struct json_object *limits)
{
	static const struct {
		const char *label;
		const char *limit;
		const char *spent;
	} rows[] = {
		{ "daily budget", "daily_budget_cents", "daily_spent_cents" },
		{ "total budget", "total_budget_cents", "total_spent_cents" },
		{ "balance floor", "balance_floor_cents", NULL },
	};
	char limit[MONEY_TEXT_MAX], spent[MONEY_TEXT_MAX];
	int64_t cents;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!json_get_int(limits, rows[i].limit, &cents))
			continue;
		table_add_text(table, rows[i].label);
		table_add(table, "%s%s%s", rows[i].spent ? output_money(limits, rows[i].spent, spent) : "",
			  rows[i].spent ? " of " : "", money_display(cents, limit));
	}
}

static void add_rate(struct table *table, struct json_object *status)
{
	struct json_object *rate = json_get_object(status, "rate");
	double per_s = 0, limit = 0;
	int64_t throttled = output_int(rate, "throttled", 0), eta = output_int(status, "eta_s", -1);
	char line[200] = "", duration[32];

	(void)json_get_number(rate, "per_s", &per_s);
	output_append(line, sizeof(line), "%.1f/s", per_s);
	if (json_get_number(rate, "limit_per_s", &limit))
		output_append(line, sizeof(line), " of at most %.1f/s", limit);
	if (throttled > 0)
		output_append(line, sizeof(line), ", slowed down by the platform %" PRId64 " %s", throttled,
			      output_plural(throttled, "time", "times"));
	if (eta >= 0)
		output_append(line, sizeof(line), ", %s left", output_duration(eta, duration));
	table_add_text(table, "rate");
	table_add_text(table, line);
}

/* "12 watched, 5 wait to be adopted: ngmtctl rooms". */
static void add_rooms(struct table *table, struct json_object *rooms)
{
	static const struct {
		const char *key;
		const char *words;
	} counts[] = { { "problems", "not imported" },
		       { "waiting", "waiting to be adopted" },
		       { "ignored", "ignored" } };
	int64_t watched = output_int(rooms, "watched", 0);
	char line[200] = "";

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t count = output_int(rooms, counts[i].key, 0);

		if (count > 0)
			output_append(line, sizeof(line), ", %" PRId64 " %s", count, counts[i].words);
	}
	if (watched == 0 && !line[0])
		return;
	table_add_text(table, "rooms");
	table_add(table, "%" PRId64 " watched%s", watched, line);
}

static void add_rest(struct table *table, struct json_object *status)
{
	struct json_object *balance = json_get_object(status, "balance"), *last = json_get_object(status, "last_error");
	const char *at = output_text(balance, "at", NULL);
	char amount[MONEY_TEXT_MAX];

	table_add_text(table, "balance");
	table_add(table, "%s%s%s%s", output_money(balance, "available_cents", amount), at ? " (at " : "", at ? at : "",
		  at ? ")" : "");
	table_add_text(table, "working set");
	table_add(table, "%" PRId64 " rows", output_int(json_get_object(status, "working_set"), "rows", 0));
	if (last) {
		table_add_text(table, "last error");
		table_add(table, "%s (at %s)", output_text(last, "message", "?"), output_text(last, "at", "?"));
	}
}

/* Whether a problem says already where to look. */
static bool is_hinted(struct json_object *status)
{
	struct json_object *problems = json_get_array(status, "problems");
	size_t n = problems ? json_object_array_length(problems) : 0;

	for (size_t i = 0; i < n; i++)
		if (strstr(output_text(json_object_array_get_idx(problems, i), "hint", ""), "queue list"))
			return true;
	return false;
}

static void print_status(struct json_object *status)
{
	struct table *table = table_new("ll");

	print_problems(status);
	print_headline(status);
	add_queue(table, json_get_object(status, "queue"));
	add_lanes(table, status);
	add_money(table, json_get_object(status, "money"));
	add_funds(table, json_get_object(status, "funds"));
	add_limits(table, json_get_object(status, "limits"));
	add_rate(table, status);
	add_rooms(table, json_get_object(status, "rooms"));
	add_rest(table, status);
	table_print(table, stdout, "  ");
	table_free(table);
	if (output_int(json_get_object(status, "queue"), "held", 0) > 0 && !is_hinted(status))
		(void)puts("  What is held, and why: ngmtctl queue list --held");
}

int cmd_status(struct session *session, struct err *err)
{
	struct json_object *status = session_call(session, "status", NULL, SESSION_SOON_MS, err);

	if (!status)
		return -1;
	if (session->is_json)
		output_json(status);
	else
		print_status(status);
	json_object_put(status);
	return 0;
}
