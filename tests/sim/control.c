/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "money.h"
#include "operation.h"
#include "snapshot.h"

int64_t control_query_int(const struct control *control, const char *name, int64_t def)
{
	size_t n = strlen(name);

	for (const char *p = control->query; p; p = strchr(p, '&')) {
		char *end;
		int64_t value;

		p += *p == '&';
		if (strncmp(p, name, n) != 0 || p[n] != '=')
			continue;
		value = strtoll(p + n + 1, &end, 10);
		return end > p + n + 1 && (*end == '\0' || *end == '&') ? value : def;
	}
	return def;
}

static struct json_object *tallies_json(const struct sim *sim)
{
	struct json_object *json = json_object_new_object();

	for (size_t i = 0; i <= operation_count; i++) {
		const struct tally *tally = &sim->tallies[i];
		struct json_object *item;

		if (tally->calls == 0)
			continue;
		item = json_object_new_object();
		json_put_int(item, "calls", tally->calls);
		json_put_int(item, "succeeded", tally->succeeded);
		json_put_int(item, "refused", tally->refused);
		json_put_int(item, "throttled", tally->throttled);
		json_put_int(item, "faulted", tally->faulted);
		json_put_value(json, i < operation_count ? operations[i].name : "unknown", item);
	}
	return json;
}

static struct json_object *rates_json(const struct sim *sim)
{
	struct json_object *list = json_object_new_array();
	int64_t now = clock_mono_ms() / 1000;

	for (int64_t second = now - SIM_RATE_SECONDS + 1; second <= now; second++) {
		const struct rate *rate = &sim->rates[second < 0 ? 0 : second % SIM_RATE_SECONDS];
		struct json_object *item;

		if (rate->second != second || rate->accepted + rate->throttled == 0)
			continue;
		item = json_object_new_object();
		json_put_int(item, "second", second - now);
		json_put_int(item, "accepted", rate->accepted);
		json_put_int(item, "throttled", rate->throttled);
		(void)json_object_array_add(list, item);
	}
	return list;
}

static int get_books(struct control *control)
{
	struct books *books = control->sim->books;
	const char *only = strncmp(control->query, "only=", 5) == 0 ? control->query + 5 : "";

	books_settle(books, books_now_ms(books));
	json_object_put(control->output);
	control->output = snapshot_json(books, only);
	json_put_value(control->output, "calls", tallies_json(control->sim));
	json_put_value(control->output, "rates", rates_json(control->sim));
	return 0;
}

static int get_requests(struct control *control)
{
	json_object_put(control->output);
	control->output = record_json(control->sim->record, control_query_int(control, "since", 0),
				      control_query_int(control, "limit", INT32_MAX));
	return 0;
}

static int set_balance(struct control *control)
{
	const char *text;
	int64_t cents;

	if (!json_get_text(control->input, "available", &text))
		return err_set(control->err, ERR_USAGE, "\"available\" must be an amount in quotes: \"100.00\"");
	if (money_parse(text, &cents, control->err) < 0)
		return -1;
	control->sim->books->available_cents = cents;
	return 0;
}

static int show_clock(struct control *control)
{
	struct books *books = control->sim->books;
	int64_t now_ms = books_now_ms(books);

	books_settle(books, now_ms);
	json_put_int(control->output, "now_ms", now_ms);
	json_put_int(control->output, "offset_ms", books->clock_offset_ms);
	json_put_int(control->output, "skew_ms", control->sim->skew_ms);
	return 0;
}

static int move_clock(struct control *control)
{
	struct books *books = control->sim->books;
	int64_t set_s = 0, advance_s = 0, skew_s, limit_s = INT64_C(100) * 366 * 24 * 3600;

	if (json_get_int(control->input, "set_s", &set_s))
		advance_s = set_s - books_now_ms(books) / 1000;
	(void)json_get_int(control->input, "advance_s", &advance_s);
	if (advance_s < 0 || advance_s > limit_s)
		return err_set(control->err, ERR_USAGE, "the books' clock only moves forward, by a century at most");
	books->clock_offset_ms += advance_s * 1000;
	if (json_get_int(control->input, "skew_s", &skew_s)) {
		if (skew_s < -limit_s || skew_s > limit_s)
			return err_set(control->err, ERR_USAGE, "\"skew_s\" must be less than a century");
		control->sim->skew_ms = skew_s * 1000;
	}
	return show_clock(control);
}

static int set_throttle(struct control *control)
{
	double per_second, burst;

	if (!json_get_number(control->input, "per_second", &per_second) || per_second < 0 || per_second > 1e9)
		return err_set(control->err, ERR_USAGE, "\"per_second\" must be a number, 0 for no limit");
	burst = per_second < 1 ? 1 : per_second;
	(void)json_get_number(control->input, "burst", &burst);
	if (burst < 1)
		return err_set(control->err, ERR_USAGE, "\"burst\" must be at least 1");
	bucket_set(&control->sim->bucket, per_second, burst, clock_mono_ms());
	return 0;
}

static int show_faults(struct control *control)
{
	json_put_value(control->output, "faults", faults_json(&control->sim->faults));
	return 0;
}

static int set_faults(struct control *control)
{
	struct json_object *list = json_get_array(control->input, "faults");

	if (!list)
		return err_set(control->err, ERR_USAGE, "\"faults\" must be a list of rules");
	if (faults_set(&control->sim->faults, list, control->err) < 0)
		return -1;
	return show_faults(control);
}

static int set_record(struct control *control)
{
	int64_t limit = 0;
	bool on = true;

	(void)json_get_bool(control->input, "on", &on);
	(void)json_get_int(control->input, "limit", &limit);
	if (limit < 0 || limit > 10000000)
		return err_set(control->err, ERR_USAGE, "\"limit\" must be 1 to 10000000");
	if (record_set(control->sim->record, on, (size_t)limit) < 0)
		return err_set(control->err, ERR_INTERNAL, "out of memory");
	return 0;
}

static int set_credentials(struct control *control)
{
	struct gate *gate = &control->sim->gate;
	const char *id = gate->access_key_id, *secret = gate->secret_key, *token = gate->session_token;
	bool is_expired = false;

	(void)json_get_text(control->input, "access_key_id", &id);
	(void)json_get_text(control->input, "secret_access_key", &secret);
	if (json_has(control->input, "session_token")) {
		token = NULL;
		(void)json_get_text(control->input, "session_token", &token);
	}
	(void)json_get_bool(control->input, "expired", &is_expired);
	if (gate_set(gate, id, secret, token) < 0)
		return err_set(control->err, ERR_INTERNAL, "out of memory");
	gate->is_expired = is_expired;
	return 0;
}

static int reset(struct control *control)
{
	struct sim *sim = control->sim;
	struct books *books = books_new();

	if (!books)
		return err_set(control->err, ERR_INTERNAL, "out of memory");
	books_free(sim->books);
	sim->books = books;
	record_clear(sim->record);
	faults_finish(&sim->faults);
	bucket_set(&sim->bucket, 0, 1, clock_mono_ms());
	memset(sim->tallies, 0, (operation_count + 1) * sizeof(*sim->tallies));
	memset(sim->rates, 0, sizeof(sim->rates));
	sim->skew_ms = 0;
	return 0;
}

struct route {
	const char *method;
	const char *path;
	int (*run)(struct control *control);
};

static const struct route routes[] = {
	{ "GET", "/sim/books", get_books },
	{ "GET", "/sim/requests", get_requests },
	{ "GET", "/sim/clock", show_clock },
	{ "GET", "/sim/faults", show_faults },
	{ "POST", "/sim/submit", control_submit },
	{ "POST", "/sim/accept", control_accept },
	{ "POST", "/sim/hit", control_hit },
	{ "POST", "/sim/balance", set_balance },
	{ "POST", "/sim/clock", move_clock },
	{ "POST", "/sim/throttle", set_throttle },
	{ "POST", "/sim/faults", set_faults },
	{ "POST", "/sim/record", set_record },
	{ "POST", "/sim/credentials", set_credentials },
	{ "POST", "/sim/reset", reset },
};

static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	       strncmp(address, "::ffff:127.", 11) == 0;
}

static int run(struct control *control, const struct request *request)
{
	if (!is_loopback(request->remote))
		return err_set(control->err, ERR_NOT_AUTHORISED, "the control interface is for this machine only");
	/* A web page in a browser of this machine must not move the rehearsal: browsers say where they come from. */
	if (request_header(request, "Origin"))
		return err_set(control->err, ERR_NOT_AUTHORISED, "the control interface is not for web pages");
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, request->path) != 0 || strcmp(routes[i].method, request->method) != 0)
			continue;
		if (request->body_len == 0)
			control->input = json_object_new_object();
		else
			control->input = json_parse(request->body, request->body_len, control->err);
		if (!control->input)
			return -1;
		if (!json_object_is_type(control->input, json_type_object))
			return err_set(control->err, ERR_USAGE, "the body must be a JSON object");
		return routes[i].run(control);
	}
	(void)err_set(control->err, ERR_NOT_FOUND, "no control \"%.16s %.100s\"", request->method, request->path);
	return err_hint(control->err, "see CONTROL INTERFACE in mturk-sim(1)");
}

void control_answer(struct sim *sim, const struct request *request, struct reply *reply)
{
	struct err err = { ERR_NONE, "", "" };
	struct control control = {
		.sim = sim, .query = request->query, .output = json_object_new_object(), .err = &err
	};
	const char *text;

	reply->status = 200;
	if (run(&control, request) < 0) {
		reply->status = err.code == ERR_NOT_FOUND ? 404 : err.code == ERR_NOT_AUTHORISED ? 403 : 400;
		json_object_put(control.output);
		control.output = json_object_new_object();
		json_put_text(control.output, "error", err.message);
		if (err.hint[0])
			json_put_text(control.output, "hint", err.hint);
	}
	(void)snprintf(reply->content_type, sizeof(reply->content_type), "application/json");
	text = json_text(control.output, &reply->body_len);
	reply->body = strdup(text ? text : "{}");
	json_object_put(control.input);
	json_object_put(control.output);
}
