/* SPDX-License-Identifier: MIT */
#include "queue_change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "queue_page.h"
#include "queue_select.h"
#include "term.h"

/* How many reasons of refusals a report names, and operations of each. */
#define SHOWN_MAX 20
#define NAMED_MAX 10
/* How often taking back is tried while what is to be taken back moves on. */
#define TRIES_MAX 5
/* ngmtd takes no more at once, see ngmt-protocol(7). */
#define CALL_MAX 5000

void queue_change_init(struct queue_change *change, struct session *session, const struct queue_deed *deed)
{
	struct json_object *selects = queue_select_parts(session->invocation);

	*change = (struct queue_change){ .session = session, .deed = deed };
	change->parts = json_object_new_array();
	change->operations = json_object_new_array();
	change->batches = json_object_new_array();
	change->refused = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(selects); i++) {
		struct json_object *part = json_object_new_object();

		json_put_value(part, "select", json_object_get(json_object_array_get_idx(selects, i)));
		(void)json_object_array_add(change->parts, part);
	}
	json_object_put(selects);
}

void queue_change_finish(struct queue_change *change)
{
	json_object_put(change->parts);
	json_object_put(change->operations);
	json_object_put(change->batches);
	json_object_put(change->refused);
}

/* --- what is meant --- */

struct reading {
	struct queue_change *change;
	struct json_object *part;
};

static void on_page(void *arg, struct json_object *page)
{
	struct reading *reading = arg;
	struct json_object *operations = json_get_array(page, "operations");
	size_t n = operations ? json_object_array_length(operations) : 0;

	for (size_t i = 0; i < n; i++)
		(void)json_object_array_add(reading->change->operations,
					    json_object_get(json_object_array_get_idx(operations, i)));
	json_put_value(reading->part, "total", json_object_get(json_get_object(page, "total")));
}

/* Who names an operation by its number wants to know what becomes of it. */
static const char *purpose_of(const struct queue_change *change)
{
	const struct invocation *invocation = change->session->invocation;

	if (invocation->word_count > 0 || option_is_given(invocation, OPTION_ID_CANCELLED))
		return NULL;
	return change->deed->method;
}

static int read_part(struct queue_change *change, struct json_object *part, struct err *err)
{
	struct reading reading = { change, part };

	json_object_object_del(part, "total");
	return queue_page_each(change->session, json_get_object(part, "select"), purpose_of(change), on_page,
			       &reading, err);
}

static struct json_object *add_part(struct json_object *parts)
{
	struct json_object *part = json_object_new_object(), *select = json_object_new_object();

	json_put_value(select, "ids", json_object_new_array());
	json_put_value(part, "select", select);
	json_put_value(part, "total", json_object_new_object());
	(void)json_object_array_add(parts, part);
	return part;
}

static void add_to_total(struct json_object *part, struct json_object *operation)
{
	static const char *const keys[] = { "amount_cents", "fees_cents" };
	struct json_object *total = json_get_object(part, "total");

	json_put_int(total, "count", output_int(total, "count", 0) + 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int64_t sum = output_int(total, keys[i], 0);

		(void)money_add(&sum, output_int(operation, keys[i], 0));
		json_put_int(total, keys[i], sum);
	}
	(void)json_object_array_add(json_get_array(json_get_object(part, "select"), "ids"),
				    json_object_new_int64(output_int(operation, "id", 0)));
}

void queue_change_by_number(struct queue_change *change, bool (*may_go)(struct json_object *operation))
{
	struct json_object *part = NULL, *parts = json_object_new_array();
	int64_t count = 0;

	for (size_t i = 0; i < json_object_array_length(change->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);

		if (may_go && !may_go(operation))
			continue;
		if (count++ % CALL_MAX == 0)
			part = add_part(parts);
		add_to_total(part, operation);
	}
	json_object_put(change->parts);
	change->parts = parts;
	queue_change_add_totals(change);
}

void queue_change_add_totals(struct queue_change *change)
{
	change->count = change->amount_cents = change->fees_cents = 0;
	for (size_t i = 0; i < json_object_array_length(change->parts); i++) {
		struct json_object *total =
			json_get_object(json_object_array_get_idx(change->parts, i), "total");

		(void)money_add(&change->count, output_int(total, "count", 0));
		(void)money_add(&change->amount_cents, output_int(total, "amount_cents", 0));
		(void)money_add(&change->fees_cents, output_int(total, "fees_cents", 0));
	}
}

static struct json_object *find_operation(const struct queue_change *change, int64_t id)
{
	for (size_t i = 0; i < json_object_array_length(change->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);

		if (output_int(operation, "id", 0) == id)
			return operation;
	}
	return NULL;
}

/* A mistyped number must not go unnoticed among right ones. */
static int check_known(const struct queue_change *change, struct err *err)
{
	const struct invocation *invocation = change->session->invocation;

	for (int i = 0; i < invocation->word_count; i++) {
		int64_t id = queue_select_number(invocation, i);

		if (find_operation(change, id))
			continue;
		(void)err_set(err, ERR_NOT_FOUND, "there is no operation %" PRId64 "; nothing was %s", id,
			      change->deed->verb);
		return err_hint(err, "\"ngmtctl queue list\" shows the numbers");
	}
	return 0;
}

int queue_change_read(struct queue_change *change, struct err *err)
{
	json_object_put(change->operations);
	change->operations = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(change->parts); i++)
		if (read_part(change, json_object_array_get_idx(change->parts, i), err) < 0)
			return -1;
	queue_change_add_totals(change);
	if (change->count > CALL_MAX)
		queue_change_by_number(change, NULL);
	if (!change->deed->may_shrink && !change->deed->is_loose &&
	    change->count != (int64_t)json_object_array_length(change->operations))
		return err_set(err, ERR_STATE, "the queue changed while it was read; try again");
	return check_known(change, err);
}

void queue_change_refuse(struct queue_change *change, int64_t id, const char *why)
{
	struct json_object *refusal = json_object_new_object();

	json_put_int(refusal, "id", id);
	json_put_text(refusal, "why", why);
	(void)json_object_array_add(change->refused, refusal);
	change->refused_count++;
}

bool queue_change_is_refused(const struct queue_change *change, int64_t id)
{
	for (size_t i = 0; i < json_object_array_length(change->refused); i++)
		if (output_int(json_object_array_get_idx(change->refused, i), "id", 0) == id)
			return true;
	return false;
}

static void on_total(void *arg, struct json_object *page)
{
	*(int64_t *)arg = output_int(json_get_object(page, "total"), "count", 0);
}

int queue_change_count_also(const struct queue_change *change, const char *key, const char *value, int64_t *count,
			    struct err *err)
{
	struct json_object *select = queue_select_new(change->session->invocation);
	int failed;

	if (!select)
		select = json_object_new_object();
	json_put_text(select, key, value);
	*count = 0;
	failed = queue_page_each(change->session, select, NULL, on_total, count, err);
	json_object_put(select);
	return failed;
}

/* --- doing it --- */

/* A part that goes on by itself anyway: nobody is asked for it, and nobody relies on its number. */
static bool is_loose(const struct queue_change *change, struct json_object *part)
{
	const char *state = NULL;

	return change->deed->is_loose && json_get_text(json_get_object(part, "select"), "state", &state) &&
	       strcmp(state, "failed") != 0;
}

static struct json_object *call_change(struct queue_change *change, struct json_object *part, struct err *err)
{
	struct json_object *params = json_object_new_object(), *expect = json_object_new_object(), *result;
	struct json_object *total = json_get_object(part, "total");

	json_put_int(expect, "count", output_int(total, "count", 0));
	json_put_int(expect, "amount_cents", output_int(total, "amount_cents", 0));
	json_put_value(params, "select", json_object_get(json_get_object(part, "select")));
	if (is_loose(change, part))
		json_object_put(expect);
	else
		json_put_value(params, "expect", expect);
	result = session_call(change->session, change->deed->method, params, SESSION_SOON_MS, err);
	if (!result && (err->code == ERR_NO_DAEMON || err->code == ERR_TIMEOUT)) {
		(void)err_prefix(err, "it was asked for, but not answered");
		(void)err_hint(err, "look with \"ngmtctl queue list\", or run the same command again; nothing is paid "
				    "twice");
	}
	return result;
}

/* Takes over `result`, the answer for `count` operations. */
static void take_result(struct queue_change *change, int64_t count, struct json_object *result)
{
	struct json_object *refused = json_get_array(result, "refused"), *batch = NULL;
	int64_t changed = output_int(result, change->deed->done, 0);

	(void)money_add(&change->changed, changed);
	if (count > changed)
		(void)money_add(&change->refused_count, count - changed);
	for (size_t i = 0; refused && i < json_object_array_length(refused); i++)
		(void)json_object_array_add(change->refused, json_object_get(json_object_array_get_idx(refused, i)));
	if (json_object_object_get_ex(result, "batch", &batch) && batch)
		(void)json_object_array_add(change->batches, json_object_get(batch));
	json_object_put(result);
}

/* What goes away while one looks at it (because it is sent) may go: taking back less than was shown is no harm. So a
 * cancellation that comes too late for the number it expects looks again. */
static int apply_part(struct queue_change *change, struct json_object *part, struct err *err)
{
	int tries = change->deed->may_shrink ? TRIES_MAX : 1;

	for (;;) {
		int64_t count = output_int(json_get_object(part, "total"), "count", 0);
		struct json_object *result;

		if (count == 0)
			return 0;
		result = call_change(change, part, err);
		if (result && is_loose(change, part))
			count = output_int(result, change->deed->done, 0) +
				(int64_t)json_object_array_length(json_get_array(result, "refused"));
		if (result) {
			take_result(change, count, result);
			return 0;
		}
		if (is_loose(change, part) && err->code == ERR_NOT_FOUND)
			return 0;
		if (err->code != ERR_MONEY_RULE || --tries == 0 || read_part(change, part, err) < 0)
			return -1;
	}
}

int queue_change_apply(struct queue_change *change, struct err *err)
{
	for (size_t i = 0; i < json_object_array_length(change->parts); i++) {
		if (apply_part(change, json_object_array_get_idx(change->parts, i), err) == 0)
			continue;
		if (change->changed > 0)
			(void)err_prefix(err, "%" PRId64 " were %s before this", change->changed, change->deed->verb);
		return -1;
	}
	return 0;
}

static void on_moving_page(void *arg, struct json_object *page)
{
	struct queue_change *change = arg;
	struct json_object *operations = json_get_array(page, "operations");
	size_t n = operations ? json_object_array_length(operations) : 0;
	char why[120];

	for (size_t i = 0; i < n; i++) {
		struct json_object *operation = json_object_array_get_idx(operations, i);

		if (strcmp(output_text(operation, "hold", ""), "doubt") == 0)
			(void)snprintf(why, sizeof(why), "it is in doubt: see \"ngmtctl queue resolve\"");
		else
			(void)snprintf(why, sizeof(why), "it is on its way (%.40s)",
				       output_text(operation, "state", "?"));
		queue_change_refuse(change, output_int(operation, "id", 0), why);
	}
}

int queue_change_add_moving(struct queue_change *change, struct err *err)
{
	static const struct {
		const char *key;
		const char *value;
	} movings[] = {
		{ "state", "sending" }, { "state", "accepted" }, { "state", "unsure" }, { "hold", "doubt" },
	};
	const struct invocation *invocation = change->session->invocation;
	int failed = 0;

	if (invocation->word_count > 0 || option_is_given(invocation, OPTION_ID_HOLD))
		return 0;
	for (size_t i = 0; failed == 0 && i < sizeof(movings) / sizeof(movings[0]); i++) {
		struct json_object *select = queue_select_new(invocation);

		if (!select)
			select = json_object_new_object();
		json_put_text(select, movings[i].key, movings[i].value);
		failed = queue_page_each(change->session, select, NULL, on_moving_page, change, err);
		json_object_put(select);
	}
	return failed;
}

/* --- what became of it --- */

static const char *why_not(struct json_object *refusal)
{
	return output_text(refusal, "why", "no reason given");
}

/* {why: [numbers]}, in the order in which the reasons are met. The caller puts. */
static struct json_object *group_refused(const struct queue_change *change)
{
	struct json_object *groups = json_object_new_object();

	for (size_t i = 0; i < json_object_array_length(change->refused); i++) {
		struct json_object *refusal = json_object_array_get_idx(change->refused, i);
		struct json_object *ids = json_get_array(groups, why_not(refusal));

		if (!ids) {
			ids = json_object_new_array();
			json_put_value(groups, why_not(refusal), ids);
		}
		(void)json_object_array_add(ids, json_object_new_int64(output_int(refusal, "id", 0)));
	}
	return groups;
}

static void print_group(const struct queue_change *change, const char *why, struct json_object *ids)
{
	size_t n = json_object_array_length(ids), named = n < NAMED_MAX ? n : NAMED_MAX;

	(void)printf("%snot %s: ", term_style(stdout, TERM_WARN), change->deed->verb);
	if (n > 1)
		(void)printf("%zu operations%s, %s (", n, term_style(stdout, TERM_PLAIN), why);
	for (size_t i = 0; i < named; i++)
		(void)printf("%s%s", i ? ", " : "", json_object_get_string(json_object_array_get_idx(ids, i)));
	if (n > 1)
		(void)printf("%s)\n", n > named ? ", ..." : "");
	else
		(void)printf("%s, %s\n", term_style(stdout, TERM_PLAIN), why);
}

/* A line for each reason. */
static void print_refused(const struct queue_change *change)
{
	struct json_object *groups = group_refused(change);
	int64_t left = change->refused_count;
	int shown = 0;

	json_object_object_foreach(groups, why, ids)
	{
		if (shown++ == SHOWN_MAX)
			break;
		print_group(change, why, ids);
		left -= (int64_t)json_object_array_length(ids);
	}
	if (left > 0)
		(void)printf("... and %" PRId64 " more\n", left);
	json_object_put(groups);
}

void queue_change_print(const struct queue_change *change)
{
	size_t batches = json_object_array_length(change->batches);

	(void)printf("%" PRId64 " %s %s", change->changed,
		     output_plural(change->changed, "operation", "operations"), change->deed->verb);
	for (size_t i = 0; i < batches; i++)
		(void)printf("%s%s", i == 0 ? " (batch " : ", ",
			     json_object_get_string(json_object_array_get_idx(change->batches, i)));
	(void)puts(batches > 0 ? ")" : "");
	print_refused(change);
	(void)fflush(stdout);
	if (change->changed > 0 && change->deed->hint && !change->session->is_quiet)
		(void)fprintf(stderr, "%s\n", change->deed->hint);
}

int queue_change_exit_status(const struct queue_change *change)
{
	return change->refused_count > 0 ? err_exit_status(ERR_PARTIAL) : 0;
}

struct json_object *queue_change_describe(const struct queue_change *change)
{
	struct json_object *all = json_object_new_object();

	json_put_text(all, "environment", change->session->environment);
	json_put_value(all, "batch", json_object_get(json_object_array_get_idx(change->batches, 0)));
	json_put_value(all, "batches", json_object_get(change->batches));
	json_put_int(all, change->deed->done, change->changed);
	json_put_int(all, "refused_total", change->refused_count);
	json_put_value(all, "refused", json_object_get(change->refused));
	return all;
}

int queue_change_print_json(struct json_object *report, int status)
{
	json_put_int(report, "exit_status", status);
	output_json(report);
	json_object_put(report);
	return status;
}

int queue_change_report(const struct queue_change *change)
{
	int status = queue_change_exit_status(change);

	if (change->session->is_json)
		return queue_change_print_json(queue_change_describe(change), status);
	queue_change_print(change);
	return status;
}
