/* SPDX-License-Identifier: MIT */
#include "errand.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "confirm.h"
#include "errand_page.h"
#include "follow.h"
#include "interrupt.h"
#include "output.h"
#include "printable.h"
#include "queue_page.h"
#include "term.h"

/* How many items a question shows. */
#define SHOWN_MAX 20

struct errand {
	struct session *session;
	struct json_object *params;
	struct json_object *plan;
};

static bool is_given(const struct errand *errand, enum option_id id)
{
	return option_is_given(errand->session->invocation, id);
}

static int make_plan(struct errand *errand, struct err *err)
{
	errand->plan = session_call(errand->session, "plan_errand", json_object_get(errand->params),
				    SESSION_PATIENT_MS, err);
	if (errand->plan && output_text(errand->plan, "digest", NULL))
		return 0;
	return errand->plan ? err_set(err, ERR_PROTOCOL, "ngmtd sent a plan without a digest") : -1;
}

static int check_digest(const struct errand *errand, struct err *err)
{
	const char *wanted = option_text(errand->session->invocation, OPTION_ID_PLAN);
	const char *digest = output_text(errand->plan, "digest", "");

	if (!wanted || strcmp(wanted, digest) == 0)
		return 0;
	(void)err_set(err, ERR_MONEY_RULE, "the plan is no longer \"%.40s\", it is now \"%.40s\"; nothing was sent",
		      wanted, digest);
	return err_hint(err, "look at the new plan with --dry-run; with --plan the same options must be given as then");
}

/* Who asks for what cannot be done must not take it for a success. */
static int plan_exit_status(const struct errand *errand)
{
	return errand_page_refused(errand->plan) > 0 ? err_exit_status(ERR_PARTIAL) : 0;
}

/* --- nothing is sent --- */

static int run_dry(const struct errand *errand)
{
	if (errand->session->is_json) {
		output_json(errand->plan);
		return 0;
	}
	errand_page_print(stdout, errand->plan, SIZE_MAX);
	if (errand_page_go(errand->plan) == 0)
		errand_page_print_void(stdout, errand->plan);
	if (errand_page_go(errand->plan) == 0)
		(void)puts("Nothing was sent (dry run).");
	else
		(void)printf("Nothing was sent (dry run). To do exactly this: --plan %s\n",
			     output_text(errand->plan, "digest", ""));
	return 0;
}

static int report_void(const struct errand *errand)
{
	int status = plan_exit_status(errand);

	if (errand->session->is_json) {
		json_put_text(errand->plan, "outcome", "nothing-to-do");
		json_put_int(errand->plan, "exit_status", status);
		output_json(errand->plan);
		return status;
	}
	if (!errand->session->is_quiet)
		errand_page_print(stdout, errand->plan, SHOWN_MAX);
	errand_page_print_void(stdout, errand->plan);
	return status;
}

/* --- confirmation --- */

/* As pay.c: whoever can say no sees what it is about; a script's log shows it too. */
static void show_plan(const struct errand *errand)
{
	const struct session *session = errand->session;
	struct json_object *copy = NULL;

	if ((session->is_quiet && is_given(errand, OPTION_ID_YES)) || (session->is_json && !term_can_ask()))
		return;
	/* With --json the texts are still as they came. */
	if (json_object_deep_copy(errand->plan, &copy, NULL) != 0)
		return;
	printable_value(copy);
	errand_page_print(stderr, copy, SHOWN_MAX);
	json_object_put(copy);
}

static int confirm(const struct errand *errand, struct err *err)
{
	bool names_plan = is_given(errand, OPTION_ID_PLAN), is_yes = is_given(errand, OPTION_ID_YES);
	char *question = is_yes || !term_can_ask() ? NULL : errand_page_question(errand->plan);
	char options[80];

	is_yes = is_yes || (question && confirm_ask(question, 0));
	free(question);
	if (is_yes)
		return 0;
	(void)snprintf(options, sizeof(options), " --yes%s%.40s", names_plan ? "" : " --plan ",
		       names_plan ? "" : output_text(errand->plan, "digest", ""));
	return confirm_refuse(errand->session, errand_page_undone(errand->plan), options, err);
}

/* --- doing it --- */

struct collecting {
	struct errand *errand;
	struct json_object *operations;
};

/* The id of a new qualification type stands in the operation's own page only. */
static struct json_object *complete_operation(struct errand *errand, struct json_object *operation)
{
	struct json_object *whole;

	if (strcmp(output_text(operation, "kind", ""), "create-qualification") != 0)
		return json_object_get(operation);
	whole = queue_page_one(errand->session, output_int(operation, "id", 0), NULL);
	return whole ? whole : json_object_get(operation);
}

static void on_page(void *arg, struct json_object *page)
{
	struct collecting *collecting = arg;
	struct json_object *operations = json_get_array(page, "operations");
	size_t n = operations ? json_object_array_length(operations) : 0;

	for (size_t i = 0; i < n; i++)
		(void)json_object_array_add(collecting->operations,
					    complete_operation(collecting->errand,
							       json_object_array_get_idx(operations, i)));
}

/* What became of each; the caller puts. Empty if the daemon cannot be asked: the batch has the numbers. */
static struct json_object *read_operations(struct errand *errand, int64_t batch_id)
{
	struct collecting collecting = { errand, json_object_new_array() };
	struct json_object *select = json_object_new_object();

	json_put_int(select, "batch", batch_id);
	if (!interrupt_happened())
		(void)queue_page_each(errand->session, select, NULL, on_page, &collecting, NULL);
	json_object_put(select);
	return collecting.operations;
}

static int print_json(const struct errand *errand, struct json_object *batch, struct json_object *operations,
		      enum batch_end end, int status)
{
	json_put_text(batch, "outcome", batch_end_name(end));
	json_put_int(batch, "exit_status", status);
	json_put_value(batch, "operation_list", json_object_get(operations));
	json_put_value(batch, "plan", json_object_get(errand->plan));
	output_json(batch);
	return status;
}

/* What the closing lines know of the plan: the balance before. */
static void print_batch(struct errand *errand, struct json_object *batch, enum batch_end end)
{
	struct json_object *before = json_object_new_object();
	int64_t cents = output_int(json_get_object(errand->plan, "balance"), "available_cents", -1), now = -1;

	if (end == BATCH_FINISHED && errand_page_cents(errand->plan) > 0)
		now = follow_balance(errand->session);
	if (cents >= 0)
		json_put_int(before, "balance_cents", cents);
	batch_print(stdout, batch, before, now);
	json_object_put(before);
}

static void print_queued(struct json_object *applied, int64_t batch_id)
{
	int64_t count = output_int(applied, "operations", 0);

	(void)printf("batch %" PRId64 ": %" PRId64 " %s\n", batch_id, count,
		     output_plural(count, "operation", "operations"));
}

static int report(struct errand *errand, struct json_object *batch, int64_t batch_id, enum batch_end end)
{
	int status = batch_exit_status(batch, NULL, end);
	struct json_object *operations = NULL;

	if (status == 0)
		status = plan_exit_status(errand);
	if (end != BATCH_QUEUED)
		operations = read_operations(errand, batch_id);
	if (errand->session->is_json) {
		status = print_json(errand, batch, operations, end, status);
	} else {
		if (end == BATCH_QUEUED)
			print_queued(batch, batch_id);
		errand_page_print_done(stdout, errand->plan, operations);
		if (end != BATCH_QUEUED)
			print_batch(errand, batch, end);
		errand_page_print_refused(stdout, errand->plan);
		(void)fflush(stdout);
		follow_note_end(errand->session, batch_id, end);
	}
	json_object_put(operations);
	return status;
}

static int apply_and_follow(struct errand *errand, struct err *err)
{
	struct json_object *applied, *batch = NULL;
	enum batch_end end = BATCH_QUEUED;
	int64_t batch_id = 0;
	int status = -1;

	json_put_text(errand->params, "digest", output_text(errand->plan, "digest", ""));
	applied = follow_apply(errand->session, "apply_errand", json_object_get(errand->params), err);
	if (!applied)
		return -1;
	if (!json_get_int(applied, "batch", &batch_id))
		(void)err_set(err, ERR_PROTOCOL, "ngmtd did not say which batch it is");
	else if (is_given(errand, OPTION_ID_NO_WAIT))
		status = report(errand, applied, batch_id, end);
	else if (follow_batch(errand->session, batch_id, 0, &batch, &end, err) == 0)
		status = report(errand, batch ? batch : applied, batch_id, end);
	json_object_put(batch);
	json_object_put(applied);
	return status;
}

int errand_run(struct session *session, const char *name, struct json_object *params, struct err *err)
{
	struct errand errand = { .session = session, .params = params };
	int status = -1;

	json_put_text(params, "errand", name);
	if (make_plan(&errand, err) == 0 && check_digest(&errand, err) == 0) {
		if (is_given(&errand, OPTION_ID_DRY_RUN)) {
			status = run_dry(&errand);
		} else if (errand_page_go(errand.plan) == 0) {
			status = report_void(&errand);
		} else {
			show_plan(&errand);
			status = confirm(&errand, err) < 0 ? -1 : apply_and_follow(&errand, err);
		}
	}
	json_object_put(errand.plan);
	json_object_put(errand.params);
	return status;
}
