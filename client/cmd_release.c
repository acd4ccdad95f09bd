/* SPDX-License-Identifier: MIT
 *
 * queue release, queue retry: what is held, was taken back or was refused goes on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "queue_ask.h"
#include "queue_change.h"
#include "queue_outcome.h"
#include "queue_page.h"
#include "queue_select.h"
#include "session.h"

static bool is_in_state(struct json_object *operation, const char *state)
{
	return strcmp(output_text(operation, "state", ""), state) == 0;
}

static bool may_be_released(struct json_object *operation)
{
	return is_in_state(operation, "cancelled") ||
	       (is_in_state(operation, "held") && !queue_ask_is_doubtful(operation));
}

static bool has_failed(struct json_object *operation)
{
	return is_in_state(operation, "failed");
}

/* Was refused, or waits for its next attempt. */
static bool may_be_retried(struct json_object *operation)
{
	static const char *const states[] = { "failed", "planned", "queued", "unsure", "accepted" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (is_in_state(operation, states[i]))
			return true;
	return false;
}

/* Numbers were typed one by one: what cannot go on is refused here, and only the rest is asked for, since what is shown
 * as sent may be held by the time that the person says yes. */
static void drop_what_cannot_go_on(struct queue_change *change)
{
	char why[200], state[QUEUE_STATE_MAX];

	for (size_t i = 0; i < json_object_array_length(change->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);
		int64_t id = output_int(operation, "id", 0);

		if (change->deed->may_be(operation))
			continue;
		if (queue_ask_is_doubtful(operation))
			(void)snprintf(why, sizeof(why), "it is in doubt: see \"ngmtctl queue resolve\"");
		else
			(void)snprintf(why, sizeof(why), "it is %s", queue_page_state(operation, state));
		queue_change_refuse(change, id, why);
	}
	queue_change_by_number(change, change->deed->may_be);
}

/* Whoever lets a batch go on should not think that it is all. */
static int note_left_out(const struct queue_change *change, struct err *err)
{
	static const struct {
		const char *hold;
		const char *words;
	} left[] = {
		{ "doubt", "in doubt; see \"ngmtctl queue list --hold doubt\" and \"ngmtctl queue resolve\"." },
		{ "undo", "to reject, which can still be taken back and go on by themselves; \"ngmtctl queue release "
			  "--hold undo\" does not wait." },
	};
	const struct session *session = change->session;
	int64_t count;

	if (session->is_quiet || session->is_json)
		return 0;
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		/* --hold says itself what is meant, and what waits for its time was not refused. */
		if (i > 0 && (change->deed->is_loose || option_is_given(session->invocation, OPTION_ID_HOLD)))
			continue;
		if (queue_change_count_also(change, "hold", left[i].hold, &count, err) < 0)
			return -1;
		if (count > 0)
			(void)fprintf(stderr, "Left out: %" PRId64 " %s\n", count, left[i].words);
	}
	return 0;
}

static bool has_something(const struct queue_change *change)
{
	for (size_t i = 0; i < json_object_array_length(change->operations); i++)
		if (change->deed->may_go(json_object_array_get_idx(change->operations, i)))
			return true;
	return false;
}

/* The numbers of what goes on; the caller puts. */
static struct json_object *list_released(const struct queue_change *change)
{
	struct json_object *ids = json_object_new_array();

	for (size_t i = 0; change->changed > 0 && i < json_object_array_length(change->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);
		int64_t id = output_int(operation, "id", 0);

		if (change->deed->may_be(operation) && !queue_change_is_refused(change, id))
			(void)json_object_array_add(ids, json_object_new_int64(id));
	}
	return ids;
}

static int report_outcome(const struct queue_change *change, const struct queue_outcome *outcome)
{
	const struct session *session = change->session;
	int refused = queue_change_exit_status(change), status = queue_outcome_exit_status(outcome);
	struct json_object *all;

	status = refused ? refused : status;
	if (session->is_json) {
		all = queue_change_describe(change);
		queue_outcome_put(outcome, all);
		return queue_change_print_json(all, status);
	}
	queue_outcome_print(outcome, stdout);
	if (queue_outcome_moves(outcome) && !session->is_quiet)
		(void)fputs("\"ngmtctl status\" shows how far they are.\n", stderr);
	return status;
}

/* What was released is checked at once, and may be held again in the same second: whoever said yes wants to know. */
static int follow_released(const struct queue_change *change, struct err *err)
{
	struct queue_outcome outcome;
	int status = -1;

	if (!change->session->is_json)
		queue_change_print(change);
	queue_outcome_init(&outcome, list_released(change));
	if (queue_outcome_wait(&outcome, change->session, err) == 0)
		status = report_outcome(change, &outcome);
	else
		(void)err_prefix(err, "%" PRId64 " were %s, but what became of them is not known",
				 change->changed, change->deed->verb);
	queue_outcome_finish(&outcome);
	return status;
}

static int let_go(struct queue_change *change, const char *title, struct err *err)
{
	bool by_number = change->session->invocation->word_count > 0;

	if (queue_change_read(change, err) < 0)
		return -1;
	if (by_number || option_is_given(change->session->invocation, OPTION_ID_CANCELLED))
		drop_what_cannot_go_on(change);
	else if (note_left_out(change, err) < 0)
		return -1;
	if (has_something(change) && queue_ask_to_send(change, title, change->deed->verb, err) < 0)
		return -1;
	if (queue_change_apply(change, err) < 0)
		return -1;
	return option_is_given(change->session->invocation, OPTION_ID_NO_WAIT) ? queue_change_report(change)
									       : follow_released(change, err);
}

int cmd_queue_release(struct session *session, struct err *err)
{
	bool waits = !option_is_given(session->invocation, OPTION_ID_NO_WAIT);
	struct queue_deed deed = {
		.method = "release",
		.done = "released",
		.verb = "released",
		.hint = waits ? NULL
			      : "They are checked again and then sent; \"ngmtctl status\" shows how far they are.",
		.may_be = may_be_released,
		.may_go = may_be_released,
	};
	struct queue_change change;
	int status;

	queue_change_init(&change, session, &deed);
	status = let_go(&change, "To be released", err);
	queue_change_finish(&change);
	return status;
}

int cmd_queue_retry(struct session *session, struct err *err)
{
	bool waits = !option_is_given(session->invocation, OPTION_ID_NO_WAIT);
	struct queue_deed deed = {
		.method = "retry",
		.done = "retried",
		.verb = "retried",
		.hint = waits ? NULL
			      : "They are checked again and then sent; \"ngmtctl status\" shows how far they are.",
		.is_loose = true,
		.may_be = may_be_retried,
		.may_go = has_failed,
	};
	struct queue_change change;
	int status;

	queue_change_init(&change, session, &deed);
	status = let_go(&change, "To be tried again", err);
	queue_change_finish(&change);
	return status;
}
