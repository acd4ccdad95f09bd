/* SPDX-License-Identifier: MIT */
#include "status_page.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "event_page.h"
#include "output.h"

/* What is left out first when there is no room: the heavy ones. */
enum { WEIGHT_KEEP = PAGE_KEEP, WEIGHT_MONEY, WEIGHT_RATE, WEIGHT_DEADLINE, WEIGHT_ERROR, WEIGHT_SELECTED, WEIGHT_LIMIT,
       WEIGHT_HINT, WEIGHT_REST };

#define PROBLEMS_MAX 5
#define DEADLINES_MAX 4
#define LINE_BYTES 400

static size_t length_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* --- times --- */

int64_t status_page_time(const char *utc)
{
	struct tm parts = { 0 };
	const char *end = utc ? strptime(utc, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;

	return end && strcmp(end, "Z") == 0 ? (int64_t)timegm(&parts) : -1;
}

const char *status_page_when(const char *utc, int64_t now_s, char out[48])
{
	int64_t at_s = status_page_time(utc);
	char duration[32];

	if (at_s < 0)
		(void)snprintf(out, 48, "%.40s", utc ? utc : "at an unknown time");
	else if (at_s > now_s)
		(void)snprintf(out, 48, "in %s", output_duration(at_s - now_s, duration));
	else
		(void)snprintf(out, 48, "%s ago", output_duration(now_s - at_s, duration));
	return out;
}

/* --- what is wrong, and who says so --- */

void status_page_problems(struct page *page, struct json_object *status)
{
	struct json_object *problems = json_get_array(status, "problems");
	size_t n = length_of(problems);

	for (size_t i = 0; i < n && i < PROBLEMS_MAX; i++) {
		struct json_object *problem = json_object_array_get_idx(problems, i);
		const char *hint = output_text(problem, "hint", NULL);

		page_add(page, i == 0 ? WEIGHT_KEEP : WEIGHT_MONEY, TERM_BAD, "! %s",
			 output_text(problem, "what", "?"));
		if (hint)
			page_add(page, WEIGHT_HINT, TERM_PLAIN, "  %s", hint);
	}
	if (n > PROBLEMS_MAX)
		page_add(page, WEIGHT_MONEY, TERM_BAD, "! %zu more: ngmtctl --json status", n - PROBLEMS_MAX);
}

static enum term_style badge_of(const char *environment)
{
	if (strcmp(environment, "live") == 0)
		return TERM_LIVE;
	return strcmp(environment, "sandbox") == 0 ? TERM_SANDBOX : TERM_REHEARSAL;
}

void status_page_headline(struct page *page, struct json_object *status)
{
	const char *environment = output_text(status, "environment", "unknown");
	const char *state = output_text(status, "state", "unknown");
	char name[32], uptime[32];
	bool is_dry = false;

	(void)json_get_bool(status, "dry", &is_dry);
	page_add_badge(page, WEIGHT_KEEP, badge_of(environment), "%s  %s", output_environment_name(environment, name),
		       output_text(status, "endpoint", ""));
	page_add(page, WEIGHT_MONEY, strcmp(state, "ok") == 0 ? TERM_PLAIN : TERM_WARN, "ngmtd %s, up %s, %s%s",
		 output_text(status, "version", "?"), output_duration(output_int(status, "uptime_s", 0), uptime), state,
		 is_dry ? ", dry: nothing is sent" : "");
}

/* --- rows --- */

static void add_selected(struct page *page, struct json_object *selected)
{
	struct json_object *hit = json_get_object(selected, "hit");
	struct json_object *type = json_get_object(selected, "qualification");

	if (hit)
		page_add_row(page, WEIGHT_SELECTED, "HIT", "%s  %s", output_text(hit, "hit_id", "?"),
			     output_text(hit, "title", ""));
	if (type)
		page_add_row(page, WEIGHT_SELECTED, "qualification", "%s  %s",
			     output_text(type, "qualification_type_id", "?"), output_text(type, "name", ""));
}

/* "3 queued, 1 sending": states without operations are left out. */
static void add_queue(struct page *page, struct json_object *queue)
{
	static const char *const states[] = {
		"unsure", "failed", "held", "planned", "queued", "sending", "accepted", "done", "cancelled",
	};
	char line[LINE_BYTES] = "";

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		int64_t n = output_int(queue, states[i], 0);

		if (n > 0)
			output_append(line, sizeof(line), "%s%" PRId64 " %s", line[0] ? ", " : "", n, states[i]);
	}
	page_add_row(page, WEIGHT_KEEP, "queue", "%s", line[0] ? line : queue ? "empty" : "unknown");
}

static void add_lanes(struct page *page, struct json_object *lanes)
{
	const char *label = "lanes";

	for (size_t i = 0; i < length_of(lanes); i++) {
		struct json_object *lane = json_object_array_get_idx(lanes, i);
		int64_t waiting = output_int(lane, "waiting", 0), in_flight = output_int(lane, "in_flight", 0);
		const char *paused = output_text(lane, "paused", NULL);

		if (waiting == 0 && in_flight == 0 && !paused)
			continue;
		page_add_row(page, WEIGHT_RATE, label, "%s: %" PRId64 " waiting, %" PRId64 " on their way%s%s",
			     output_text(lane, "lane", "?"), waiting, in_flight, paused ? ", paused: " : "",
			     paused ? paused : "");
		label = "";
	}
}

/* What bonuses and HITs have cost and will cost; of what is nothing only bonuses sent are told. */
static void add_money(struct page *page, struct json_object *money)
{
	static const struct {
		const char *label;
		const char *cents;
		const char *fees_cents;
		bool is_always;
	} rows[] = {
		{ "sent", "sent_cents", "sent_fees_cents", true },
		{ "to send", "to_send_cents", "to_send_fees_cents", false },
		{ "HITs", "set_aside_cents", "set_aside_fees_cents", false },
		{ "HITs to make", "to_set_aside_cents", "to_set_aside_fees_cents", false },
	};
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_always || output_int(money, rows[i].cents, 0) > 0)
			page_add_row(page, WEIGHT_MONEY, rows[i].label, "%s + %s fees",
				     output_money(money, rows[i].cents, a), output_money(money, rows[i].fees_cents, b));
}

static void add_funds(struct page *page, struct json_object *funds)
{
	int64_t payments = output_int(funds, "payments", 0);
	char missing[MONEY_TEXT_MAX];

	if (!funds)
		return;
	(void)output_money(funds, "missing_cents", missing);
	page_add_row(page, WEIGHT_MONEY, "missing", "%s for %" PRId64 " %s, fees included; they go on by themselves",
		     missing, payments, output_plural(payments, "payment", "payments"));
}

/* "$5.00 of $100.00": a limit that is not set is left out. */
static void add_limits(struct page *page, struct json_object *limits)
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

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (json_get_int(limits, rows[i].limit, &cents))
			page_add_row(page, WEIGHT_LIMIT, rows[i].label, "%s%s%s",
				     rows[i].spent ? output_money(limits, rows[i].spent, spent) : "",
				     rows[i].spent ? " of " : "", money_display(cents, limit));
}

static void add_rate(struct page *page, struct json_object *status)
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
		output_append(line, sizeof(line), ", slowed down %" PRId64 " %s", throttled,
			      output_plural(throttled, "time", "times"));
	if (eta >= 0)
		output_append(line, sizeof(line), ", %s left", output_duration(eta, duration));
	page_add_row(page, WEIGHT_RATE, "rate", "%s", line);
}

/* "12 watched, 5 waiting to be adopted". */
static void add_rooms(struct page *page, struct json_object *rooms)
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
	if (watched > 0 || line[0])
		page_add_row(page, WEIGHT_RATE, "rooms", "%" PRId64 " watched%s", watched, line);
}

static void add_balance(struct page *page, struct json_object *balance, int64_t now_s)
{
	const char *at = output_text(balance, "at", NULL);
	char amount[MONEY_TEXT_MAX], when[48];

	page_add_row(page, WEIGHT_MONEY, "balance", "%s%s%s%s", output_money(balance, "available_cents", amount),
		     at ? " (" : "", at ? status_page_when(at, now_s, when) : "", at ? ")" : "");
}

/* What happens then; auto-approval says it itself. */
static const struct {
	const char *what;
	const char *words;
} deadline_words[] = {
	{ "un-reject", "a rejection becomes final" },
	{ "token", "what is in doubt needs a person" },
	{ "hit-expiry", "the selected HIT ends" },
};

static void add_deadline(struct page *page, const char *label, struct json_object *deadline, int64_t now_s)
{
	const char *what = output_text(deadline, "what", "?"), *words = what;
	const char *subject = output_text(deadline, "next_subject", NULL);
	int64_t count = output_int(deadline, "count", 1);
	bool is_cut = false;
	char when[48], number[40] = "";

	(void)json_get_bool(deadline, "is_cut", &is_cut);
	for (size_t i = 0; i < sizeof(deadline_words) / sizeof(deadline_words[0]); i++)
		if (strcmp(deadline_words[i].what, what) == 0)
			words = deadline_words[i].words;
	if (count > 1)
		(void)snprintf(number, sizeof(number), " (%" PRId64 "%s)", count, is_cut ? " or more" : "");
	page_add_row(page, WEIGHT_DEADLINE, label, "%s: %s%s%s%s",
		     status_page_when(output_text(deadline, "at", NULL), now_s, when), words, number,
		     subject ? ", first " : "", subject ? subject : "");
}

static void add_deadlines(struct page *page, struct json_object *deadlines, int64_t now_s)
{
	for (size_t i = 0; i < length_of(deadlines) && i < DEADLINES_MAX; i++)
		add_deadline(page, i == 0 ? "deadlines" : "", json_object_array_get_idx(deadlines, i), now_s);
}

void status_page_rows(struct page *page, struct json_object *status, int64_t now_s)
{
	add_selected(page, json_get_object(status, "selected"));
	add_queue(page, json_get_object(status, "queue"));
	add_lanes(page, json_get_array(status, "lanes"));
	add_money(page, json_get_object(status, "money"));
	add_funds(page, json_get_object(status, "funds"));
	add_limits(page, json_get_object(status, "limits"));
	add_rate(page, status);
	add_rooms(page, json_get_object(status, "rooms"));
	add_balance(page, json_get_object(status, "balance"), now_s);
	page_add_row(page, WEIGHT_REST, "working set", "%" PRId64 " rows",
		     output_int(json_get_object(status, "working_set"), "rows", 0));
	add_deadlines(page, json_get_array(status, "deadlines"), now_s);
}

/* --- events and errors --- */

const char *status_page_event(struct json_object *event, char *out, size_t size)
{
	const char *subject = output_text(event, "worker_id", output_text(event, "hit_id", NULL));
	char what[EVENT_WHAT_MAX], words[EVENT_WORDS_MAX], amount[MONEY_TEXT_MAX];

	out[0] = '\0';
	output_append(out, size, "%s", event_page_what(event, what));
	if (subject)
		output_append(out, size, ", %s", subject);
	if (output_int(event, "amount_cents", 0) > 0)
		output_append(out, size, ", %s", output_money(event, "amount_cents", amount));
	(void)event_page_words(event, words);
	if (words[0])
		output_append(out, size, ": %s", words);
	return out;
}

void status_page_errors(struct page *page, struct json_object *status, int64_t now_s)
{
	struct json_object *errors = json_get_array(status, "errors");
	char text[LINE_BYTES], when[48];

	for (size_t i = 0; i < length_of(errors); i++) {
		struct json_object *error = json_object_array_get_idx(errors, i);

		page_add_row(page, i == 0 ? WEIGHT_ERROR : WEIGHT_REST, i == 0 ? "last errors" : "", "%s: %s",
			     status_page_when(output_text(error, "at", NULL), now_s, when),
			     status_page_event(error, text, sizeof(text)));
	}
}
