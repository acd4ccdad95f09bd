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
#include "output.h"
#include "printable.h"
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

static int print_json(const struct errand *errand, struct json_object *batch, enum batch_end end, int status)
{
	json_put_text(batch, "outcome", batch_end_name(end));
	json_put_int(batch, "exit_status", status);
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

	if (status == 0)
		status = plan_exit_status(errand);
	if (errand->session->is_json)
		return print_json(errand, batch, end, status);
	if (end == BATCH_QUEUED) {
		print_queued(batch, batch_id);
	} else {
		errand_page_print_done(stdout, errand->plan, batch);
		print_batch(errand, batch, end);
	}
	errand_page_print_refused(stdout, errand->plan);
	(void)fflush(stdout);
	follow_note_end(errand->session, batch_id, end);
	return status;
}

/* Another command did it between the plan and this. */
static int report_late(const struct errand *errand, struct json_object *applied)
{
	if (errand->session->is_json) {
		json_put_text(applied, "outcome", "nothing-to-do");
		json_put_int(applied, "exit_status", 0);
		output_json(applied);
	} else {
		(void)printf("Nothing to do: %s\n",
			     output_text(applied, "why", "another command has done it meanwhile"));
	}
	return 0;
}

static int apply_and_follow(struct errand *errand, struct err *err)
{
	struct json_object *applied, *batch = NULL;
	enum batch_end end = BATCH_QUEUED;
	bool is_late = false;
	int64_t batch_id = 0;
	int status = -1;

	json_put_text(errand->params, "digest", output_text(errand->plan, "digest", ""));
	applied = follow_apply(errand->session, "apply_errand", json_object_get(errand->params), err);
	if (!applied)
		return -1;
	(void)json_get_bool(applied, "nothing_to_do", &is_late);
	if (is_late)
		status = report_late(errand, applied);
	else if (!json_get_int(applied, "batch", &batch_id))
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
