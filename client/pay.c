/* SPDX-License-Identifier: MIT */
#include "pay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "batch.h"
#include "follow.h"
#include "interrupt.h"
#include "output.h"
#include "plan.h"
#include "printable.h"
#include "protocol.h"
#include "term.h"

struct pay {
	struct session *session;
	bool with_reject;
	int64_t left_out; /* rejections that were planned but not confirmed */
	struct json_object *plan;
};

static bool is_given(const struct pay *pay, enum option_id id)
{
	return option_is_given(pay->session->invocation, id);
}

/* A terminal is told that the platform is being asked: a plan over many HITs takes a while. */
static void note_planning(const struct pay *pay, bool is_over)
{
	if (pay->session->is_quiet || !term_is_terminal(stderr))
		return;
	(void)fputs(is_over ? "\r\033[K" : "Making the plan ...", stderr);
	(void)fflush(stderr);
}

static struct json_object *call_plan(struct pay *pay, int64_t offset, struct err *err)
{
	struct json_object *params = pay_params(pay->session->invocation, pay->with_reject);
	struct json_object *items = json_object_new_object(), *plan;

	json_put_int(items, "offset", offset);
	json_put_int(items, "limit", PROTOCOL_PAGE_MAX);
	json_put_value(params, "items", items);
	note_planning(pay, false);
	plan = session_call(pay->session, "plan", params, SESSION_PATIENT_MS, err);
	note_planning(pay, true);
	return plan;
}

static int make_plan(struct pay *pay, struct err *err)
{
	json_object_put(pay->plan);
	pay->plan = call_plan(pay, 0, err);
	if (pay->plan && output_text(pay->plan, "digest", NULL))
		return 0;
	return pay->plan ? err_set(err, ERR_PROTOCOL, "ngmtd sent a plan without a digest") : -1;
}

/* Whether the rejections of an upload wait for a person who is there. */
static bool asks_for_rejections(const struct pay *pay)
{
	return term_can_ask() && !is_given(pay, OPTION_ID_YES) && !is_given(pay, OPTION_ID_DRY_RUN) &&
	       !is_given(pay, OPTION_ID_PLAN);
}

static int leave_rejections_out(struct pay *pay, struct err *err)
{
	pay->left_out = plan_count(pay->plan, "reject");
	pay->with_reject = false;
	return make_plan(pay, err);
}

/* The plan of the command. Rejections are in an upload's only if --reject says so or a person may still be asked. */
static int make_first_plan(struct pay *pay, struct err *err)
{
	bool is_upload = pay->session->invocation->command->id == COMMAND_UPLOAD;

	pay->with_reject = is_upload;
	if (make_plan(pay, err) < 0)
		return -1;
	if (!is_upload || is_given(pay, OPTION_ID_DO_REJECT) || asks_for_rejections(pay))
		return 0;
	/* Without rejections the digest alone keeps later ones out; planning again would cost reads for nothing. */
	return plan_count(pay->plan, "reject") > 0 ? leave_rejections_out(pay, err) : 0;
}

static void show_left_out(const struct pay *pay, FILE *out)
{
	if (pay->left_out > 0)
		(void)fprintf(out, "Left out: %" PRId64 " %s; add --reject to send %s.\n", pay->left_out,
			      output_plural(pay->left_out, "rejection", "rejections"),
			      output_plural(pay->left_out, "it", "them"));
}

static int check_digest(const struct pay *pay, struct err *err)
{
	const char *wanted = option_text(pay->session->invocation, OPTION_ID_PLAN);
	const char *digest = output_text(pay->plan, "digest", "");

	if (!wanted || strcmp(wanted, digest) == 0)
		return 0;
	(void)err_set(err, ERR_MONEY_RULE, "the plan is no longer \"%.40s\", it is now \"%.40s\"; nothing was sent",
		      wanted, digest);
	return err_hint(err, "look at the new plan with --dry-run; with --plan the same options must be given as then");
}

/* --- dry run --- */

/* Appends the items of the later pages to the plan; each page must be of the same plan. */
static int collect_items(struct pay *pay, struct err *err)
{
	struct json_object *items = json_get_array(pay->plan, "items");
	int64_t offset = output_int(pay->plan, "items_next_offset", -1), last = 0;

	while (items && offset > last) {
		struct json_object *page = call_plan(pay, offset, err), *more = json_get_array(page, "items");
		bool is_same = strcmp(output_text(page, "digest", ""), output_text(pay->plan, "digest", "")) == 0;

		for (size_t i = 0; is_same && more && i < json_object_array_length(more); i++)
			(void)json_object_array_add(items, json_object_get(json_object_array_get_idx(more, i)));
		last = offset;
		offset = output_int(page, "items_next_offset", -1);
		json_object_put(page);
		if (!page)
			return -1;
		if (!is_same)
			return err_set(err, ERR_STATE, "the plan changed while it was read; try again");
	}
	if (items)
		json_put_value(pay->plan, "items_next_offset", NULL);
	return 0;
}

static int run_dry(struct pay *pay, struct err *err)
{
	if (collect_items(pay, err) < 0)
		return -1;
	if (pay->session->is_json) {
		json_put_int(pay->plan, "rejections_left_out", pay->left_out);
		output_json(pay->plan);
		return 0;
	}
	plan_print(stdout, pay->plan);
	show_left_out(pay, stdout);
	(void)fputs("Every row:\n", stdout);
	plan_print_items(stdout, json_get_array(pay->plan, "items"));
	(void)printf("Nothing was sent (dry run). To do exactly this: --plan %s\n",
		     output_text(pay->plan, "digest", ""));
	return 0;
}

/* --- nothing to do --- */

static int report_void(const struct pay *pay, const char *why)
{
	if (pay->session->is_json) {
		json_put_text(pay->plan, "outcome", "nothing-to-do");
		json_put_int(pay->plan, "rejections_left_out", pay->left_out);
		json_put_int(pay->plan, "exit_status", 0);
		output_json(pay->plan);
		return 0;
	}
	if (pay->session->is_quiet) {
		(void)printf("Nothing to do: %s\n", why);
		return 0;
	}
	plan_print(stdout, pay->plan);
	show_left_out(pay, stdout);
	return 0;
}

/* --- confirmation --- */

static int not_confirmed(const struct pay *pay, struct err *err)
{
	char *typed = invocation_typed(pay->session->invocation);
	bool names_plan = is_given(pay, OPTION_ID_PLAN);

	(void)err_set(err, ERR_NOT_CONFIRMED, "not confirmed: nothing was sent");
	if (!term_can_ask() && typed &&
	    asprintf(&pay->session->advice, "%s --yes%s%s", typed, names_plan ? "" : " --plan ",
		     names_plan ? "" : output_text(pay->plan, "digest", "")) < 0)
		pay->session->advice = NULL;
	if (pay->session->advice)
		(void)err_hint(err, "there is no terminal to ask; to do exactly this plan, type:");
	free(typed);
	return -1;
}

/* The person confirms rejections by their number; anything else leaves them out. 1: the plan was made again. */
static int confirm_rejections(struct pay *pay, struct err *err)
{
	int64_t count = plan_count(pay->plan, "reject");
	char question[200], answer[32], number[32];

	if (count == 0 || is_given(pay, OPTION_ID_DO_REJECT) || !pay->with_reject)
		return 0;
	(void)snprintf(question, sizeof(question),
		       "%" PRId64 " %s would be rejected, and %s not paid. Type %" PRId64
		       " to reject, Enter to leave %s out:",
		       count, output_plural(count, "assignment", "assignments"),
		       output_plural(count, "its worker", "their workers"), count, output_plural(count, "it", "them"));
	(void)snprintf(number, sizeof(number), "%" PRId64, count);
	if (!term_ask(question, answer, sizeof(answer)))
		return not_confirmed(pay, err);
	if (strcmp(answer, number) == 0)
		return 0;
	return leave_rejections_out(pay, err) < 0 ? -1 : 1;
}

static int confirm_all(const struct pay *pay, struct err *err)
{
	char *question = plan_question(pay->plan);
	bool is_yes = question && term_confirm(question);

	free(question);
	return is_yes ? 0 : not_confirmed(pay, err);
}

/* 0: go on; 1: nothing is left to do; -1: no. */
static int confirm(struct pay *pay, struct err *err)
{
	const char *why;
	int changed;

	if (is_given(pay, OPTION_ID_YES))
		return 0;
	if (!term_can_ask())
		return not_confirmed(pay, err);
	changed = pay->session->invocation->command->id == COMMAND_UPLOAD ? confirm_rejections(pay, err) : 0;
	if (changed < 0)
		return -1;
	if (changed && plan_is_void(pay->plan, &why))
		return 1;
	return confirm_all(pay, err);
}

/* --- doing it --- */

static struct json_object *apply(struct pay *pay, struct err *err)
{
	struct json_object *params = pay_params(pay->session->invocation, pay->with_reject), *applied;

	json_put_text(params, "digest", output_text(pay->plan, "digest", ""));
	/* From here on Ctrl-C must not leave the person without knowing what the daemon does. */
	interrupt_watch();
	applied = session_call(pay->session, "apply", params, SESSION_PATIENT_MS, err);
	if (!applied && (err->code == ERR_NO_DAEMON || err->code == ERR_TIMEOUT)) {
		(void)err_prefix(err, "the plan was sent, but not answered");
		(void)err_hint(err, "it may be in the ledger: look with \"ngmtctl status\", or run the same command "
				    "again; nothing is paid twice");
	}
	return applied;
}

static int64_t ask_balance(struct session *session)
{
	struct json_object *params = json_object_new_object(), *result;
	int64_t cents = -1;

	if (interrupt_happened())
		return -1;
	json_put_text(params, "what", "balance");
	result = session_call(session, "get", params, SESSION_SOON_MS, NULL);
	cents = output_int(result, "available_cents", -1);
	json_object_put(result);
	return cents;
}

static void note_end(const struct pay *pay, int64_t batch_id, enum batch_end end)
{
	static const char *const words[] = {
		[BATCH_FUNDS] = "Out of funds: the rest goes on by itself when there is money (--wait stays).",
		[BATCH_TIMEOUT] = "The time is over (--timeout), but the daemon goes on.",
		[BATCH_DETACHED] = "Detached: the daemon goes on.",
		[BATCH_QUEUED] = "In the ledger: the daemon does it now.",
	};

	if (end == BATCH_FINISHED || pay->session->is_quiet)
		return;
	(void)fprintf(stderr, "%s Batch %" PRId64 "; look again with \"ngmtctl status\".\n", words[end], batch_id);
}

static int report(struct pay *pay, struct json_object *batch, int64_t batch_id, enum batch_end end)
{
	int status = batch_exit_status(batch, pay->plan, end);
	int64_t balance = end == BATCH_FINISHED ? ask_balance(pay->session) : -1;

	if (pay->session->is_json) {
		json_put_text(batch, "outcome", batch_end_name(end));
		json_put_int(batch, "exit_status", status);
		json_put_value(batch, "balance_before_cents",
			       json_object_get(json_object_object_get(pay->plan, "balance_cents")));
		json_put_value(batch, "balance_cents", balance >= 0 ? json_object_new_int64(balance) : NULL);
		json_put_int(batch, "rejections_left_out", pay->left_out);
		json_object_object_del(pay->plan, "items");
		json_put_value(batch, "plan", json_object_get(pay->plan));
		output_json(batch);
		return status;
	}
	if (end != BATCH_QUEUED)
		batch_print(stdout, batch, pay->plan, balance);
	else
		(void)printf("batch %" PRId64 ": %" PRId64 " operations\n", batch_id,
			     output_int(batch, "operations", 0));
	(void)fflush(stdout);
	note_end(pay, batch_id, end);
	return status;
}

/* Takes over `applied`, the reply of apply. */
static int follow_and_report(struct pay *pay, struct json_object *applied, struct err *err)
{
	enum batch_end end = BATCH_QUEUED;
	struct json_object *batch = NULL;
	int64_t batch_id = 0;
	const char *why = NULL;
	int status = -1;

	if (plan_is_void(applied, &why) || !json_get_int(applied, "batch", &batch_id)) {
		json_put_bool(pay->plan, "nothing_to_do", true);
		json_put_text(pay->plan, "why", why);
		status = report_void(pay, why);
	} else if (is_given(pay, OPTION_ID_NO_WAIT)) {
		status = report(pay, applied, batch_id, end);
	} else if (follow_batch(pay->session, batch_id, output_int(pay->plan, "total_cents", 0), &batch, &end, err) ==
		   0) {
		if (!batch)
			batch = json_object_get(applied);
		status = report(pay, batch, batch_id, end);
	}
	json_object_put(batch);
	json_object_put(applied);
	return status;
}

/* Rule 7: whoever can say no sees what it is about; a script's log shows it too. */
static void show_plan(const struct pay *pay)
{
	struct json_object *copy = NULL;

	if ((pay->session->is_quiet && is_given(pay, OPTION_ID_YES)) || (pay->session->is_json && !term_can_ask()))
		return;
	/* With --json the texts are still as they came. */
	if (json_object_deep_copy(pay->plan, &copy, NULL) != 0)
		return;
	printable_value(copy);
	plan_print(stderr, copy);
	show_left_out(pay, stderr);
	json_object_put(copy);
}

static int confirm_and_apply(struct pay *pay, struct err *err)
{
	struct json_object *applied;
	const char *why;
	int answer;

	show_plan(pay);
	answer = confirm(pay, err);
	if (answer < 0)
		return -1;
	if (answer > 0) {
		(void)plan_is_void(pay->plan, &why);
		return report_void(pay, why);
	}
	applied = apply(pay, err);
	return applied ? follow_and_report(pay, applied, err) : -1;
}

int pay_run(struct session *session, struct err *err)
{
	struct pay pay = { .session = session };
	const char *why;
	int status = -1;

	if (make_first_plan(&pay, err) == 0 && check_digest(&pay, err) == 0) {
		if (is_given(&pay, OPTION_ID_DRY_RUN))
			status = run_dry(&pay, err);
		else if (plan_is_void(pay.plan, &why))
			status = report_void(&pay, why);
		else
			status = confirm_and_apply(&pay, err);
	}
	json_object_put(pay.plan);
	return status;
}
