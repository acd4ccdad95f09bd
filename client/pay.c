/* SPDX-License-Identifier: MIT */
#include "pay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "batch.h"
#include "confirm.h"
#include "follow.h"
#include "input_text.h"
#include "output.h"
#include "plan.h"
#include "printable.h"
#include "protocol.h"
#include "term.h"

/* Longer ones are refused by the platform, too. */
#define MESSAGE_BYTES_MAX 65536

struct pay {
	struct session *session;
	bool with_reject;
	int64_t left_out; /* rejections that were planned but not confirmed */
	char *message;    /* what --file has in it; NULL: it was not given */
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

static struct json_object *make_params(const struct pay *pay)
{
	struct json_object *params = pay_params(pay->session->invocation, pay->with_reject);

	if (pay->message)
		json_put_text(params, "text", pay->message);
	return params;
}

static struct json_object *call_plan(struct pay *pay, int64_t offset, struct err *err)
{
	struct json_object *params = make_params(pay);
	struct json_object *items = json_object_new_object(), *plan;

	json_put_int(items, "offset", offset);
	json_put_int(items, "limit", PROTOCOL_PAGE_MAX);
	json_put_value(params, "items", items);
	/* So that the daemon can say what is different, if it is. */
	if (is_given(pay, OPTION_ID_PLAN))
		json_put_text(params, "digest", option_text(pay->session->invocation, OPTION_ID_PLAN));
	note_planning(pay, false);
	plan = session_call(pay->session, pay_method(pay->session->invocation, false), params, SESSION_PATIENT_MS, err);
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
	pay->session->changes = json_object_get(json_get_array(pay->plan, "changes"));
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
	const char *why;

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
	if (plan_is_void(pay->plan, &why))
		(void)puts("Nothing was sent (dry run).");
	else
		(void)printf("Nothing was sent (dry run). To do exactly this: --plan %s\n",
			     output_text(pay->plan, "digest", ""));
	return 0;
}

/* --- nothing to do --- */

/* What the daemon's status says of missing money, if some of the plan's rows may wait for it; the caller puts. */
static struct json_object *ask_funds(const struct pay *pay)
{
	struct json_object *status, *funds;

	if (plan_under_way(pay->plan) == 0)
		return NULL;
	status = session_call(pay->session, "status", NULL, SESSION_SOON_MS, NULL);
	funds = json_object_get(json_get_object(status, "funds"));
	json_object_put(status);
	if (output_int(funds, "payments", 0) > 0)
		return funds;
	json_object_put(funds);
	return NULL;
}

static void print_funds(struct json_object *funds)
{
	int64_t payments = output_int(funds, "payments", 0);
	char missing[MONEY_TEXT_MAX];

	if (funds)
		(void)printf("Out of funds: %" PRId64 " %s for %s, fees included; what is on its way goes on by itself "
			     "when there is money\n",
			     payments, output_plural(payments, "payment waits", "payments wait"),
			     output_money(funds, "missing_cents", missing));
}

/* Rows that were asked for and are held, or wait for money, are not done: a script must not take it for a success. */
static int void_exit_status(const struct pay *pay, struct json_object *funds)
{
	if (funds)
		return err_exit_status(ERR_FUNDS);
	return plan_troubled(pay->plan) > 0 ? err_exit_status(ERR_PARTIAL) : 0;
}

/* `is_shown`: the plan is on the screen already, or nobody wants to see it. */
static int report_void(const struct pay *pay, const char *why, bool is_shown)
{
	struct json_object *funds = ask_funds(pay);
	int status = void_exit_status(pay, funds);

	if (pay->session->is_json) {
		json_put_value(pay->plan, "funds", json_object_get(funds));
		json_put_text(pay->plan, "outcome", "nothing-to-do");
		json_put_int(pay->plan, "rejections_left_out", pay->left_out);
		json_put_int(pay->plan, "exit_status", status);
		output_json(pay->plan);
	} else if (is_shown || pay->session->is_quiet) {
		plan_print_void(stdout, pay->plan, why);
		plan_print_troubled(stdout, pay->plan, NULL);
	} else {
		plan_print(stdout, pay->plan);
		show_left_out(pay, stdout);
	}
	if (!pay->session->is_json)
		print_funds(funds);
	json_object_put(funds);
	return status;
}

/* --- confirmation --- */

static int not_confirmed(const struct pay *pay, struct err *err)
{
	char options[80];
	bool names_plan = is_given(pay, OPTION_ID_PLAN);

	(void)snprintf(options, sizeof(options), " --yes%s%.40s", names_plan ? "" : " --plan ",
		       names_plan ? "" : output_text(pay->plan, "digest", ""));
	return confirm_refuse(pay->session, "sent", options, err);
}

static void ask_for_rejections(int64_t count, char *question, size_t size)
{
	int len = snprintf(question, size, "%" PRId64 " %s would be rejected, and %s not paid. ", count,
			   output_plural(count, "assignment", "assignments"),
			   output_plural(count, "its worker", "their workers"));

	if (confirm_count(count))
		(void)snprintf(question + len, size - (size_t)len,
			       "Type %" PRId64 " to reject, Enter to leave them out:", count);
	else
		(void)snprintf(question + len, size - (size_t)len, "Reject %s? Otherwise %s left out. [y/N]",
			       output_plural(count, "it", "them"), output_plural(count, "it is", "they are"));
}

/* The person says yes to the rejections, to many by their number; anything else leaves them out. 1: the plan was made
 * again. */
static int confirm_rejections(struct pay *pay, struct err *err)
{
	int64_t count = plan_count(pay->plan, "reject");
	char question[200];

	if (count == 0 || is_given(pay, OPTION_ID_DO_REJECT) || !pay->with_reject)
		return 0;
	ask_for_rejections(count, question, sizeof(question));
	if (confirm_ask(question, confirm_count(count)))
		return 0;
	if (feof(stdin))
		return not_confirmed(pay, err);
	return leave_rejections_out(pay, err) < 0 ? -1 : 1;
}

/* Many rejections are confirmed by their number, unless confirm_rejections() asked for it already. */
static int confirm_all(const struct pay *pay, struct err *err)
{
	bool is_asked = pay->session->invocation->command->id == COMMAND_UPLOAD &&
			!is_given(pay, OPTION_ID_DO_REJECT);
	int64_t count = is_asked ? 0 : confirm_count(plan_count(pay->plan, "reject"));
	char *question = plan_question(pay->plan, count);
	bool is_yes = question && confirm_ask(question, count);

	free(question);
	return is_yes ? 0 : not_confirmed(pay, err);
}

/* 0: go on; 1: nothing is left to do; -1: no. */
static int confirm(struct pay *pay, struct err *err)
{
	const char *why;
	int changed;

	/* What only records that it is held sends nothing: there is nothing to say yes to. */
	if (is_given(pay, OPTION_ID_YES) || plan_only_records(pay->plan))
		return 0;
	if (!term_can_ask())
		return not_confirmed(pay, err);
	changed = pay->session->invocation->command->id == COMMAND_UPLOAD ? confirm_rejections(pay, err) : 0;
	if (changed < 0)
		return -1;
	if (changed && plan_is_void(pay->plan, &why))
		return 1;
	if (changed && plan_only_records(pay->plan))
		return 0;
	return confirm_all(pay, err);
}

/* --- doing it --- */

static struct json_object *apply(struct pay *pay, struct err *err)
{
	struct json_object *params = make_params(pay);

	json_put_text(params, "digest", output_text(pay->plan, "digest", ""));
	return follow_apply(pay->session, pay_method(pay->session->invocation, true), params, err);
}

static bool is_notification(const struct pay *pay)
{
	return pay->session->invocation->command->id == COMMAND_NOTIFY;
}

/* The workers who were not told, or perhaps not: the first page of them. */
static void add_untold(struct pay *pay, struct json_object *batch, int64_t batch_id)
{
	static const char *const members[] = { "recipients", "recipients_next_offset" };
	struct json_object *params = json_object_new_object(), *page = json_object_new_object(), *result;

	json_put_bool(page, "troubled", true);
	json_put_int(params, "batch", batch_id);
	json_put_value(params, "recipients", page);
	result = session_call(pay->session, "batch", params, SESSION_SOON_MS, NULL);
	for (size_t i = 0; result && i < sizeof(members) / sizeof(members[0]); i++)
		json_put_value(batch, members[i], json_object_get(json_object_object_get(result, members[i])));
	json_object_put(result);
}

static void print_queued(const struct pay *pay, struct json_object *applied, int64_t batch_id)
{
	int64_t count = output_int(applied, "operations", 0);

	(void)printf("batch %" PRId64 ": %" PRId64 " %s\n", batch_id, count,
		     output_plural(count, "operation", "operations"));
	plan_print_troubled(stdout, pay->plan, NULL);
}

static int report(struct pay *pay, struct json_object *batch, int64_t batch_id, enum batch_end end)
{
	int status = batch_exit_status(batch, pay->plan, end);
	int64_t balance = end == BATCH_FINISHED && !is_notification(pay) ? follow_balance(pay->session) : -1;

	if (pay->session->is_json && is_notification(pay))
		add_untold(pay, batch, batch_id);
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
		print_queued(pay, batch, batch_id);
	(void)fflush(stdout);
	follow_note_end(pay->session, batch_id, end);
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
		why = output_text(applied, "why", "another command has recorded it meanwhile");
		json_put_text(pay->plan, "why", why);
		status = report_void(pay, why, true);
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
		return report_void(pay, why, false);
	}
	applied = apply(pay, err);
	return applied ? follow_and_report(pay, applied, err) : -1;
}

/* Standard input can be read once only: the text is kept for plan and apply. */
static int read_message(struct pay *pay, struct err *err)
{
	const char *path = option_text(pay->session->invocation, OPTION_ID_MESSAGE_FILE);
	size_t len = 0;

	if (!path)
		return 0;
	pay->message = input_text_read(path, MESSAGE_BYTES_MAX, &len, err);
	if (!pay->message)
		return -1;
	/* The newline at the end is the file's, not the message's. */
	while (len > 0 && (pay->message[len - 1] == '\n' || pay->message[len - 1] == '\r'))
		pay->message[--len] = '\0';
	if (len > 0)
		return 0;
	return err_set(err, ERR_USAGE, "\"%.300s\" is empty: there is nothing to tell", input_text_name(path));
}

int pay_run(struct session *session, struct err *err)
{
	struct pay pay = { .session = session };
	const char *why;
	int status = -1;

	if (read_message(&pay, err) == 0 && make_first_plan(&pay, err) == 0 && check_digest(&pay, err) == 0) {
		if (is_given(&pay, OPTION_ID_DRY_RUN))
			status = run_dry(&pay, err);
		else if (plan_is_void(pay.plan, &why))
			status = report_void(&pay, why, false);
		else
			status = confirm_and_apply(&pay, err);
	}
	json_object_put(pay.plan);
	free(pay.message);
	return status;
}
