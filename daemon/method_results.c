/* SPDX-License-Identifier: MIT
 *
 * show: looking into the working set, the configuration and the names of fields.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "daemon.h"
#include "method.h"
#include "method_codes.h"
#include "protocol.h"
#include "results.h"

/* A balance seen within this time is good enough for a summary. */
#define BALANCE_AGE_S 60

struct summarising {
	struct daemon *daemon;
	struct ticket *ticket;
	struct json_object *result;
};

static void put_balance(struct json_object *out, const struct balance *balance, const char *message)
{
	struct json_object *object = json_object_new_object();

	json_put_value(object, "available_cents",
		       balance->is_known ? json_object_new_int64(balance->available_minor) : NULL);
	json_put_time(object, "at", balance->seen_s);
	json_put_text(object, "message", message);
	json_put_value(out, "balance", object);
}

static void on_balance(void *arg, const struct err *err)
{
	struct summarising *summarising = arg;

	put_balance(summarising->result, pauses_balance(queue_pauses(summarising->daemon->queue)),
		    err ? err->message : NULL);
	control_answer(summarising->ticket, summarising->result, NULL);
	free(summarising);
}

/* A summary is worth having without the balance too. */
static enum method_outcome show_summary(struct daemon *daemon, struct json_object *params, struct json_object **result,
					struct err *err)
{
	struct pauses *pauses = queue_pauses(daemon->queue);
	const struct balance *balance = pauses_balance(pauses);
	struct summarising *summarising;

	(void)params;
	*result = results_summary(daemon->ledger, err);
	if (!*result)
		return METHOD_FAILED;
	if (balance->is_known && clock_wall_ms() / 1000 - balance->seen_s <= BALANCE_AGE_S) {
		put_balance(*result, balance, NULL);
		return METHOD_DONE;
	}
	summarising = calloc(1, sizeof(*summarising));
	if (!summarising || pauses_refresh(pauses, false, on_balance, summarising, err) < 0) {
		put_balance(*result, balance, summarising ? err->message : "out of memory");
		free(summarising);
		return METHOD_DONE;
	}
	summarising->daemon = daemon;
	summarising->result = *result;
	summarising->ticket = control_defer(daemon->control);
	return METHOD_LATER;
}

static bool is_standing(const char *verdict)
{
	static const char *const names[] = { "approve", "reject", "hold", "skip", "done", "conflict" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], verdict) == 0)
			return true;
	return false;
}

static enum method_outcome show_results(struct daemon *daemon, struct json_object *params, struct json_object **result,
					struct err *err)
{
	int64_t offset = 0, limit = 100;
	const char *verdict = NULL;

	(void)json_get_int(params, "offset", &offset);
	(void)json_get_int(params, "limit", &limit);
	if (json_get_text(params, "verdict", &verdict) && !is_standing(verdict)) {
		(void)err_set(err, ERR_USAGE, "\"verdict\" is approve, reject, hold, skip, done or conflict");
		return METHOD_FAILED;
	}
	if (offset < 0 || limit < 1 || limit > PROTOCOL_PAGE_MAX) {
		(void)err_set(err, ERR_USAGE, "\"limit\" is 1 to %d, \"offset\" not negative", PROTOCOL_PAGE_MAX);
		return METHOD_FAILED;
	}
	*result = results_page(daemon->ledger, verdict, offset, limit, err);
	return *result ? METHOD_DONE : METHOD_FAILED;
}

static enum method_outcome show_config(struct daemon *daemon, struct json_object *params, struct json_object **result,
				       struct err *err)
{
	(void)params;
	(void)err;
	*result = json_object_new_object();
	json_put_value(*result, "options", config_describe(daemon->config));
	return METHOD_DONE;
}

static struct json_object *split_names(const char *names)
{
	struct json_object *array = json_object_new_array();

	while (*names) {
		size_t len = strcspn(names, ",");

		(void)json_object_array_add(array, json_object_new_string_len(names, (int)len));
		names += len + (names[len] == ',');
	}
	return array;
}

static enum method_outcome show_fields(struct daemon *daemon, struct json_object *params, struct json_object **result,
				       struct err *err)
{
	struct json_object *fields = json_object_new_array();

	(void)params;
	(void)err;
	for (int i = 0; i < FIELDS; i++) {
		const char *configured = daemon->config->fields[i];
		struct json_object *field;

		if (!field_key((enum field)i)[0])
			continue;
		field = json_object_new_object();
		json_put_text(field, "field", field_key((enum field)i));
		json_put_text(field, "name", configured ? configured : field_name((enum field)i));
		json_put_value(field, "others", split_names(configured ? "" : field_aliases((enum field)i)));
		(void)json_object_array_add(fields, field);
	}
	*result = json_object_new_object();
	json_put_value(*result, "fields", fields);
	return METHOD_DONE;
}

enum method_outcome method_show(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	static const struct {
		const char *what;
		enum method_outcome (*show)(struct daemon *daemon, struct json_object *params,
					    struct json_object **result, struct err *err);
	} shows[] = { { "summary", show_summary },
		      { "results", show_results },
		      { "config", show_config },
		      { "fields", show_fields },
		      { "inputcodes", method_show_codes } };
	const char *what = "";

	(void)peer;
	(void)json_get_text(params, "what", &what);
	for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++)
		if (strcmp(shows[i].what, what) == 0)
			return shows[i].show(daemon, params, result, err);
	(void)err_set(err, ERR_USAGE, "\"what\" is summary, results, config, fields or inputcodes, not \"%.40s\"",
		      what);
	return METHOD_FAILED;
}
