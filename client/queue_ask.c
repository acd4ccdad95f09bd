/* SPDX-License-Identifier: MIT */
#include "queue_ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confirm.h"
#include "output.h"
#include "plan.h"
#include "printable.h"
#include "queue_page.h"
#include "term.h"

bool queue_ask_is_doubtful(struct json_object *operation)
{
	return strcmp(output_text(operation, "hold", ""), "doubt") == 0;
}

static bool may_go(const struct queue_change *change, struct json_object *operation)
{
	return !change->deed->may_go || change->deed->may_go(operation);
}

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

		if (may_go(change, operation) && strcmp(output_text(operation, "kind", ""), "bonus") == 0 &&
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

		if (!may_go(change, operation))
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
	queue_page_print(stderr, copy, QUEUE_ASK_SHOWN_MAX);
	total = json_object_new_object();
	json_put_int(total, "count", change->count);
	json_put_int(total, "amount_cents", change->amount_cents);
	json_put_int(total, "fees_cents", change->fees_cents);
	(void)fprintf(stderr, "%s\n", queue_page_total(total, text));
	json_object_put(total);
	json_object_put(copy);
}

int queue_ask(struct session *session, char *question, int64_t count, const char *undone, struct err *err)
{
	bool is_yes = option_is_given(session->invocation, OPTION_ID_YES) ||
		      (question && term_can_ask() && confirm_ask(question, count));

	free(question);
	return is_yes ? 0 : confirm_refuse(session, undone, " --yes", err);
}

int queue_ask_to_send(const struct queue_change *change, const char *title, const char *undone, struct err *err)
{
	struct json_object *plan = as_plan(change);
	int64_t count = confirm_count(plan_count(plan, "reject"));
	char *question = plan_question(plan, count);

	json_object_put(plan);
	show(change, title);
	return queue_ask(change->session, question, count, undone, err);
}

int queue_ask_all(const struct queue_change *change, const char *title, const char *verb, const char *undone,
		  struct err *err)
{
	char *question = NULL, environment[32];

	show(change, title);
	if (asprintf(&question, "%s all %" PRId64 " %s in %s? [y/N]", verb, change->count,
		     output_plural(change->count, "operation", "operations"),
		     output_environment_name(change->session->environment, environment)) < 0)
		question = NULL;
	return queue_ask(change->session, question, 0, undone, err);
}
