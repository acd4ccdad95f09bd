/* SPDX-License-Identifier: MIT */
#include "queue_outcome.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "interrupt.h"
#include "output.h"
#include "protocol.h"
#include "queue_page.h"
#include "term.h"

#define ASK_AGAIN_MS 200
#define PATIENCE_MS 10000
/* How many reasons a report names. */
#define SHOWN_MAX 20

enum fate { FATE_HELD, FATE_FAILED, FATE_WAITING, FATE_MOVING, FATE_DONE, FATE_CANCELLED, FATES };

static const struct {
	const char *member;
	bool is_listed; /* by number and reason */
	const char *one;
	const char *many;
} fates[FATES] = {
	[FATE_HELD] = { "held_again", true, "held again", "held again" },
	[FATE_FAILED] = { "failed", true, "failed", "failed" },
	[FATE_WAITING] = { "waiting", true, "waits", "wait" },
	[FATE_MOVING] = { "on_their_way", false, "on its way", "on their way" },
	[FATE_DONE] = { "done", false, "done", "done" },
	[FATE_CANCELLED] = { "cancelled", false, "taken back meanwhile", "taken back meanwhile" },
};

static enum fate fate_of(struct json_object *operation)
{
	static const struct {
		const char *state;
		enum fate fate;
	} states[] = {
		{ "planned", FATE_WAITING }, { "held", FATE_HELD },	      { "failed", FATE_FAILED },
		{ "done", FATE_DONE },	     { "cancelled", FATE_CANCELLED },
	};
	const char *state = output_text(operation, "state", "");

	/* A rejection that can still be taken back goes on by itself. */
	if (strcmp(state, "held") == 0 && strcmp(output_text(operation, "hold", ""), "undo") == 0)
		return FATE_WAITING;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i].state) == 0)
			return states[i].fate;
	return FATE_MOVING;
}

/* What ngmtd's release or retry wrote is no reason to wait. */
static const char *why_of(struct json_object *operation)
{
	const char *why = output_text(operation, "why", "no reason given");

	bool is_ours = strcmp(why, "released") == 0 || strcmp(why, "tried again") == 0;

	return is_ours && strcmp(output_text(operation, "state", ""), "planned") == 0 ? "not checked yet" : why;
}

void queue_outcome_init(struct queue_outcome *outcome, struct json_object *ids)
{
	*outcome = (struct queue_outcome){ .ids = ids, .operations = json_object_new_array() };
}

void queue_outcome_finish(struct queue_outcome *outcome)
{
	json_object_put(outcome->ids);
	json_object_put(outcome->operations);
}

/* --- asking --- */

static void on_page(void *arg, struct json_object *page)
{
	struct json_object *operations = json_get_array(page, "operations");
	size_t n = operations ? json_object_array_length(operations) : 0;

	for (size_t i = 0; i < n; i++)
		(void)json_object_array_add(arg, json_object_get(json_object_array_get_idx(operations, i)));
}

/* One page of numbers in each call, so that no request and no answer is too long. */
static int read_all(const struct queue_outcome *outcome, struct session *session, struct json_object *operations,
		    struct err *err)
{
	size_t n = json_object_array_length(outcome->ids);
	int failed = 0;

	for (size_t first = 0; first < n && failed == 0; first += PROTOCOL_PAGE_MAX) {
		struct json_object *select = json_object_new_object(), *ids = json_object_new_array();

		for (size_t i = first; i < n && i < first + PROTOCOL_PAGE_MAX; i++)
			(void)json_object_array_add(ids, json_object_get(json_object_array_get_idx(outcome->ids, i)));
		json_put_value(select, "ids", ids);
		failed = queue_page_each(session, select, NULL, on_page, operations, err);
		json_object_put(select);
	}
	return failed;
}

static bool is_checked(const struct queue_outcome *outcome)
{
	for (size_t i = 0; i < json_object_array_length(outcome->operations); i++)
		if (strcmp(output_text(json_object_array_get_idx(outcome->operations, i), "state", ""), "planned") == 0)
			return false;
	return true;
}

static bool must_end(const struct session *session)
{
	return interrupt_happened() || (session->deadline_ms && clock_mono_ms() >= session->deadline_ms);
}

/* 1: all were checked; 0: not yet; -1: error. What was known before remains known if this reading breaks off. */
static int look(struct queue_outcome *outcome, struct session *session, struct err *err)
{
	struct json_object *operations = json_object_new_array();

	if (read_all(outcome, session, operations, err) < 0) {
		json_object_put(operations);
		return -1;
	}
	json_object_put(outcome->operations);
	outcome->operations = operations;
	return is_checked(outcome);
}

int queue_outcome_wait(struct queue_outcome *outcome, struct session *session, struct err *err)
{
	int64_t now = clock_mono_ms(), until = session->deadline_ms ? session->deadline_ms : now + PATIENCE_MS;
	int found = json_object_array_length(outcome->ids) == 0;

	interrupt_watch();
	while (found == 0 && !must_end(session) && clock_mono_ms() < until) {
		found = look(outcome, session, err);
		now = clock_mono_ms();
		if (found == 0)
			(void)interrupt_poll(-1, 0, now + ASK_AGAIN_MS < until ? now + ASK_AGAIN_MS : until);
	}
	if (found == 1)
		return 0;
	outcome->is_given_up = must_end(session);
	return found < 0 && !outcome->is_given_up ? -1 : 0;
}

/* --- telling --- */

static int64_t count_fate(const struct queue_outcome *outcome, enum fate fate)
{
	int64_t count = 0;

	for (size_t i = 0; i < json_object_array_length(outcome->operations); i++)
		count += fate_of(json_object_array_get_idx(outcome->operations, i)) == fate;
	return count;
}

/* {why: count}, in the order in which they are met. The caller puts. */
static struct json_object *count_reasons(const struct queue_outcome *outcome, enum fate fate)
{
	struct json_object *reasons = json_object_new_object();

	for (size_t i = 0; i < json_object_array_length(outcome->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(outcome->operations, i);
		const char *why = why_of(operation);

		if (fate_of(operation) == fate)
			json_put_int(reasons, why, output_int(reasons, why, 0) + 1);
	}
	return reasons;
}

static void print_reasons(const struct queue_outcome *outcome, enum fate fate, FILE *out)
{
	struct json_object *reasons = count_reasons(outcome, fate);
	int64_t left = count_fate(outcome, fate), shown = 0;

	json_object_object_foreach(reasons, why, value)
	{
		int64_t count = json_object_get_int64(value);

		if (shown++ == SHOWN_MAX)
			break;
		(void)fprintf(out, "%s%" PRId64 " %s:%s %s\n", term_style(out, TERM_WARN), count,
			      output_plural(count, fates[fate].one, fates[fate].many), term_style(out, TERM_PLAIN),
			      why);
		left -= count;
	}
	if (left > 0)
		(void)fprintf(out, "... and %" PRId64 " more %s\n", left,
			      output_plural(left, fates[fate].one, fates[fate].many));
	json_object_put(reasons);
}

void queue_outcome_print(const struct queue_outcome *outcome, FILE *out)
{
	for (int i = 0; i < FATES; i++) {
		int64_t count = count_fate(outcome, (enum fate)i);

		if (fates[i].is_listed)
			print_reasons(outcome, (enum fate)i, out);
		else if (count > 0)
			(void)fprintf(out, "%" PRId64 " %s\n", count,
				      output_plural(count, fates[i].one, fates[i].many));
	}
	(void)fflush(out);
}

static struct json_object *list_fate(const struct queue_outcome *outcome, enum fate fate)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(outcome->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(outcome->operations, i), *one;

		if (fate_of(operation) != fate)
			continue;
		one = json_object_new_object();
		json_put_int(one, "id", output_int(operation, "id", 0));
		json_put_text(one, "why", why_of(operation));
		(void)json_object_array_add(list, one);
	}
	return list;
}

void queue_outcome_put(const struct queue_outcome *outcome, struct json_object *out)
{
	for (int i = 0; i < FATES; i++) {
		if (fates[i].is_listed)
			json_put_value(out, fates[i].member, list_fate(outcome, (enum fate)i));
		else
			json_put_int(out, fates[i].member, count_fate(outcome, (enum fate)i));
	}
}

bool queue_outcome_moves(const struct queue_outcome *outcome)
{
	return count_fate(outcome, FATE_MOVING) > 0;
}

int queue_outcome_exit_status(const struct queue_outcome *outcome)
{
	if (count_fate(outcome, FATE_HELD) > 0 || count_fate(outcome, FATE_FAILED) > 0)
		return err_exit_status(ERR_PARTIAL);
	return outcome->is_given_up ? err_exit_status(ERR_TIMEOUT) : 0;
}
