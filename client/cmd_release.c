/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "confirm.h"
#include "output.h"
#include "plan.h"
#include "printable.h"
#include "queue_change.h"
#include "queue_outcome.h"
#include "queue_page.h"
#include "queue_select.h"
#include "session.h"
#include "term.h"

/* How many operations a question shows. */
#define SHOWN_MAX 20

static bool is_in_doubt(struct json_object *operation)
{
	return strcmp(output_text(operation, "hold", ""), "doubt") == 0;
}

static bool may_be_released(struct json_object *operation)
{
	const char *state = output_text(operation, "state", "");

	return strcmp(state, "cancelled") == 0 || (strcmp(state, "held") == 0 && !is_in_doubt(operation));
}

/* --- the question --- */

static struct json_object *find_action(struct json_object *actions, const char *kind)
{
	struct json_object *action;

	for (size_t i = 0; i < json_object_array_length(actions); i++) {
		action = json_object_array_get_idx(actions, i);
		if (strcmp(output_text(action, "kind", ""), kind) == 0)
			return action;
	}
	action = json_object_new_object();
	json_put_text(action, "kind", kind);
	(void)json_object_array_add(actions, action);
	return action;
}

static void add_to(struct json_object *object, const char *key, int64_t value)
{
	int64_t sum = output_int(object, key, 0);

	(void)money_add(&sum, value);
	json_put_int(object, key, sum);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Different workers among the bonuses that go on. */
static int64_t count_workers(const struct queue_change *change)
{
	size_t n = json_object_array_length(change->operations), found = 0;
	const char **ids = calloc(n ? n : 1, sizeof(*ids));
	int64_t different = 0;

	for (size_t i = 0; ids && i < n; i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);

		if (may_be_released(operation) && strcmp(output_text(operation, "kind", ""), "bonus") == 0 &&
		    json_get_text(operation, "worker_id", &ids[found]))
			found++;
	}
	if (found > 0)
		qsort(ids, found, sizeof(*ids), compare_text);
	for (size_t i = 0; i < found; i++)
		different += i == 0 || strcmp(ids[i - 1], ids[i]) != 0;
	free(ids);
	return different;
}

/* What would go on, in the form of a plan, so that it is asked for in the same words. The caller puts. */
static struct json_object *as_plan(const struct queue_change *change)
{
	struct json_object *plan = json_object_new_object(), *actions = json_object_new_array();

	json_put_text(plan, "environment", change->session->environment);
	json_put_int(plan, "workers", count_workers(change));
	json_put_value(plan, "actions", actions);
	for (size_t i = 0; i < json_object_array_length(change->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);
		const char *kind = output_text(operation, "kind", "?");

		if (!may_be_released(operation))
			continue;
		add_to(find_action(actions, kind), "count", 1);
		if (strcmp(kind, "bonus") != 0)
			continue;
		add_to(plan, "total_cents", output_int(operation, "amount_cents", 0));
		add_to(plan, "total_fees_cents", output_int(operation, "fees_cents", 0));
	}
	return plan;
}

/* As pay.c: whoever can say no sees what it is about, and a script's log shows it too. */
static void show(const struct queue_change *change, const char *title)
{
	const struct session *session = change->session;
	struct json_object *copy = NULL, *total;
	char text[QUEUE_TOTAL_MAX];

	if ((session->is_quiet && option_is_given(session->invocation, OPTION_ID_YES)) ||
	    (session->is_json && !term_can_ask()))
		return;
	/* With --json the texts are still as they came. */
	if (json_object_deep_copy(change->operations, &copy, NULL) != 0)
		return;
	printable_value(copy);
	(void)fprintf(stderr, "%s in ", title);
	output_environment(stderr, session->environment);
	(void)fputs(":\n", stderr);
	queue_page_print(stderr, copy, SHOWN_MAX);
	total = json_object_new_object();
	json_put_int(total, "count", change->count);
	json_put_int(total, "amount_cents", change->amount_cents);
	json_put_int(total, "fees_cents", change->fees_cents);
	(void)fprintf(stderr, "%s\n", queue_page_total(total, text));
	json_object_put(total);
	json_object_put(copy);
}

/* Takes over `question`. */
static int ask(struct session *session, char *question, int64_t count, const char *undone, struct err *err)
{
	bool is_yes = option_is_given(session->invocation, OPTION_ID_YES) ||
		      (question && term_can_ask() && confirm_ask(question, count));

	free(question);
	return is_yes ? 0 : confirm_refuse(session, undone, " --yes", err);
}

static int confirm_release(const struct queue_change *change, struct err *err)
{
	struct json_object *plan = as_plan(change);
	int64_t count = confirm_count(plan_count(plan, "reject"));
	char *question = plan_question(plan, count);

	json_object_put(plan);
	show(change, "To be released");
	return ask(change->session, question, count, "released", err);
}

static int confirm_cancel(const struct queue_change *change, struct err *err)
{
	char *question = NULL, environment[32];

	show(change, "To be taken back");
	if (asprintf(&question, "Take back all %" PRId64 " %s in %s? [y/N]", change->count,
		     output_plural(change->count, "operation", "operations"),
		     output_environment_name(change->session->environment, environment)) < 0)
		question = NULL;
	return ask(change->session, question, 0, "taken back", err);
}

/* --- release --- */

/* Numbers were typed one by one: what cannot go on is refused here, and only the rest is asked for, since what is shown
 * as sent may be held by the time that the person says yes. */
static void drop_what_cannot_go_on(struct queue_change *change)
{
	char why[200], state[QUEUE_STATE_MAX];

	for (size_t i = 0; i < json_object_array_length(change->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);
		int64_t id = output_int(operation, "id", 0);

		if (may_be_released(operation))
			continue;
		if (is_in_doubt(operation))
			(void)snprintf(why, sizeof(why), "it is in doubt: see \"ngmtctl queue resolve\"");
		else
			(void)snprintf(why, sizeof(why), "it is %s", queue_page_state(operation, state));
		queue_change_refuse(change, id, why);
	}
	queue_change_by_number(change, may_be_released);
}

static void on_total(void *arg, struct json_object *page)
{
	*(int64_t *)arg = output_int(json_get_object(page, "total"), "count", 0);
}

/* How many of what the command line describes also have `value` in `key`. */
static int count_also(const struct queue_change *change, const char *key, const char *value, int64_t *count,
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
		/* --hold says itself what is meant. */
		if (option_is_given(session->invocation, OPTION_ID_HOLD) && i > 0)
			continue;
		if (count_also(change, "hold", left[i].hold, &count, err) < 0)
			return -1;
		if (count > 0)
			(void)fprintf(stderr, "Left out: %" PRId64 " %s\n", count, left[i].words);
	}
	return 0;
}

/* "0 operations taken back" alone lets nobody know why. */
static int note_gone(const struct queue_change *change, struct err *err)
{
	static const struct {
		const char *state;
		const char *words;
	} gone[] = { { "cancelled", "taken back already" }, { "done", "done already" } };
	const struct session *session = change->session;
	int64_t count;

	if (change->count > 0 || change->refused_count > 0 || session->is_quiet || session->is_json ||
	    option_is_given(session->invocation, OPTION_ID_ALL) || option_is_given(session->invocation, OPTION_ID_HOLD))
		return 0;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (count_also(change, "state", gone[i].state, &count, err) < 0)
			return -1;
		if (count > 0)
			(void)fprintf(stderr, "Left out: %" PRId64 " %s.\n", count, gone[i].words);
	}
	return 0;
}

static bool has_something(const struct queue_change *change)
{
	for (size_t i = 0; i < json_object_array_length(change->operations); i++)
		if (may_be_released(json_object_array_get_idx(change->operations, i)))
			return true;
	return false;
}

/* The numbers of what was released; the caller puts. */
static struct json_object *list_released(const struct queue_change *change)
{
	struct json_object *ids = json_object_new_array();

	for (size_t i = 0; change->changed > 0 && i < json_object_array_length(change->operations); i++) {
		struct json_object *operation = json_object_array_get_idx(change->operations, i);
		int64_t id = output_int(operation, "id", 0);

		if (may_be_released(operation) && !queue_change_is_refused(change, id))
			(void)json_object_array_add(ids, json_object_new_int64(id));
	}
	return ids;
}

/* Takes over `report`. */
static int print_json(struct json_object *report, int status)
{
	json_put_int(report, "exit_status", status);
	output_json(report);
	json_object_put(report);
	return status;
}

static int report(const struct queue_change *change)
{
	int status = queue_change_exit_status(change);

	if (change->session->is_json)
		return print_json(queue_change_describe(change), status);
	queue_change_print(change);
	return status;
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
		return print_json(all, status);
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
		(void)err_prefix(err, "%" PRId64 " were released, but what became of them is not known",
				 change->changed);
	queue_outcome_finish(&outcome);
	return status;
}

static int release(struct queue_change *change, struct err *err)
{
	bool by_number = change->session->invocation->word_count > 0;

	if (queue_change_read(change, err) < 0)
		return -1;
	if (by_number || option_is_given(change->session->invocation, OPTION_ID_CANCELLED))
		drop_what_cannot_go_on(change);
	else if (note_left_out(change, err) < 0)
		return -1;
	if (has_something(change) && confirm_release(change, err) < 0)
		return -1;
	if (queue_change_apply(change, err) < 0)
		return -1;
	return option_is_given(change->session->invocation, OPTION_ID_NO_WAIT) ? report(change)
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
	};
	struct queue_change change;
	int status;

	queue_change_init(&change, session, &deed);
	status = release(&change, err);
	queue_change_finish(&change);
	return status;
}

/* --- cancel --- */

/* Whoever said yes to some does not say yes to more that came meanwhile. */
static int read_again(struct queue_change *change, struct err *err)
{
	int64_t shown = change->count;

	if (queue_change_read(change, err) < 0)
		return -1;
	if (change->count <= shown)
		return 0;
	(void)err_set(err, ERR_STATE, "there are %" PRId64 " operations now, not the %" PRId64
		      " that were shown; nothing was taken back", change->count, shown);
	return err_hint(err, "somebody added more: try again");
}

static int cancel(struct queue_change *change, struct err *err)
{
	bool has_all = option_is_given(change->session->invocation, OPTION_ID_ALL);

	if (queue_change_read(change, err) < 0)
		return -1;
	if (has_all && change->count > 0 && (confirm_cancel(change, err) < 0 || read_again(change, err) < 0))
		return -1;
	if (queue_change_apply(change, err) < 0 || queue_change_add_moving(change, err) < 0 ||
	    note_gone(change, err) < 0)
		return -1;
	return report(change);
}

int cmd_queue_cancel(struct session *session, struct err *err)
{
	static const struct queue_deed deed = {
		.method = "cancel",
		.done = "cancelled",
		.verb = "taken back",
		.hint = "\"ngmtctl queue release ID ...\" has them back.",
		.may_shrink = true,
	};
	struct queue_change change;
	int status;

	queue_change_init(&change, session, &deed);
	status = cancel(&change, err);
	queue_change_finish(&change);
	return status;
}

/* --- resolve --- */

static void show_doubt(const struct session *session, struct json_object *operation, bool is_done)
{
	static const char *const meanings[2][2] = {
		{ "It may be sent again, once the platform's own list does not show it either: if it was executed "
		  "after all and is not in that list, it happens twice.",
		  "It will count as done and is never sent again: if it was not executed after all, the worker goes "
		  "without." },
		{ "It is sent again to all its workers: whoever has it already gets it twice, for the platform keeps "
		  "no list of messages.",
		  "It will count as done and is never sent again: whoever did not get it goes without." },
	};
	struct json_object *copy = NULL, *list;

	if ((session->is_quiet && option_is_given(session->invocation, OPTION_ID_YES)) ||
	    (session->is_json && !term_can_ask()))
		return;
	if (json_object_deep_copy(operation, &copy, NULL) != 0)
		return;
	printable_value(copy);
	list = json_object_new_array();
	(void)json_object_array_add(list, copy);
	(void)fputs("In doubt in ", stderr);
	output_environment(stderr, session->environment);
	(void)fputs(":\n", stderr);
	queue_page_print(stderr, list, SHOWN_MAX);
	(void)fprintf(stderr, "%s\n", meanings[strcmp(output_text(operation, "kind", ""), "notify") == 0][is_done]);
	json_object_put(list);
}

/* "the bonus of $2.50 + $0.50 fees for A1NGMT0000001X" */
static void name_operation(struct json_object *operation, char *out, size_t size)
{
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];
	const char *worker = output_text(operation, "worker_id", NULL);

	out[0] = '\0';
	output_append(out, size, "the %.20s", output_text(operation, "kind", "operation"));
	if (output_int(operation, "amount_cents", 0) > 0)
		output_append(out, size, " of %s + %s fees", output_money(operation, "amount_cents", amount),
			      output_money(operation, "fees_cents", fees));
	if (worker)
		output_append(out, size, " for %.40s", worker);
}

static int confirm_resolve(struct session *session, struct json_object *operation, bool is_done, struct err *err)
{
	char *question = NULL, environment[32], name[200];

	name_operation(operation, name, sizeof(name));
	show_doubt(session, operation, is_done);
	if (asprintf(&question, is_done ? "Was %s executed in %s, and may it be recorded as done? [y/N]"
					: "Was %s not executed in %s, and may it be sent again? [y/N]",
		     name, output_environment_name(session->environment, environment)) < 0)
		question = NULL;
	return ask(session, question, 0, "recorded", err);
}

static int check_doubt(struct json_object *operation, int64_t id, struct err *err)
{
	bool is_doubtful = is_in_doubt(operation);
	char state[QUEUE_STATE_MAX];

	(void)json_get_bool(operation, "doubtful", &is_doubtful);
	if (is_doubtful && strcmp(output_text(operation, "state", ""), "held") == 0)
		return 0;
	(void)err_set(err, ERR_STATE, "operation %" PRId64 " is not held in doubt: it is %s; nothing was recorded", id,
		      queue_page_state(operation, state));
	return err_hint(err, "what is unsure is still being found out by ngmtd itself; \"ngmtctl queue list --hold "
			     "doubt\" shows what needs a person");
}

static int resolve(struct session *session, int64_t id, bool is_done, struct err *err)
{
	struct json_object *params = json_object_new_object(), *result;

	json_put_int(params, "id", id);
	json_put_bool(params, "done", is_done);
	result = session_call(session, "resolve", params, SESSION_SOON_MS, err);
	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else
		(void)printf("operation %" PRId64 " is now %s (batch %" PRId64 ")\n", id,
			     output_text(result, "state", "unknown"), output_int(result, "batch", 0));
	json_object_put(result);
	return 0;
}

int cmd_queue_resolve(struct session *session, struct err *err)
{
	int64_t id = queue_select_number(session->invocation, 0);
	bool is_done = option_is_given(session->invocation, OPTION_ID_DONE);
	struct json_object *operation = queue_page_one(session, id, err);
	int status = -1;

	if (operation && check_doubt(operation, id, err) == 0 &&
	    confirm_resolve(session, operation, is_done, err) == 0)
		status = resolve(session, id, is_done, err);
	json_object_put(operation);
	return status;
}
