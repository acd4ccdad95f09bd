/* SPDX-License-Identifier: MIT
 *
 * rooms adopt, rooms ignore, rooms rescan: deciding. Adopting may pay, so it goes the way of everything that does:
 * shown, confirmed, then exactly that (rule of money 7).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "confirm.h"
#include "output.h"
#include "printable.h"
#include "room_page.h"
#include "room_select.h"
#include "session.h"
#include "table.h"
#include "term.h"

/* How many rooms a question shows. */
#define SHOWN_MAX 20

static int64_t refused(struct json_object *result)
{
	struct json_object *list = json_get_array(result, "refused");

	return list ? (int64_t)json_object_array_length(list) : 0;
}

static void print_refused(struct json_object *result)
{
	struct json_object *list = json_get_array(result, "refused");

	for (size_t i = 0; i < (size_t)refused(result); i++) {
		struct json_object *room = json_object_array_get_idx(list, i);

		(void)fprintf(stderr, "%swarn:%s %s: %s\n", term_style(stderr, TERM_WARN),
			      term_style(stderr, TERM_PLAIN), room_page_name(room), output_text(room, "why", "?"));
	}
}

static void print_unchanged(struct json_object *result)
{
	struct json_object *list = json_get_array(result, "unchanged");

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *room = json_object_array_get_idx(list, i);

		(void)fprintf(stderr, "%s: %s\n", room_page_name(room), output_text(room, "why", "?"));
	}
}

/* --json: with the exit status, as the other commands that change something. */
static void print_json(struct json_object *result, int status)
{
	json_put_int(result, "exit_status", status);
	output_json(result);
}

/* --- adopt --- */

static void add_room(struct table *table, struct json_object *room)
{
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];

	table_add_text(table, output_text(room, "game", "?"));
	table_add_text(table, room_page_name(room));
	table_add_text(table, output_text(room, "policy", "?"));
	table_add(table, "%" PRId64, output_int(room, "rows", 0));
	table_add(table, "%" PRId64, output_int(room, "held_rows", 0));
	table_add(table, "%" PRId64, output_int(room, "approvals", 0));
	table_add(table, "%" PRId64, output_int(room, "bonuses", 0));
	table_add_text(table, output_money(room, "amount_cents", amount));
	table_add_text(table, output_money(room, "fees_cents", fees));
}

static void print_plan(FILE *out, const struct session *session, struct json_object *plan, size_t most)
{
	static const char *const titles[] = { "game",	   "room",    "policy", "rows", "held",
					      "approvals", "bonuses", "amount", "fees" };
	struct json_object *rooms = json_get_array(plan, "rooms");
	size_t n = rooms ? json_object_array_length(rooms) : 0;
	struct table *table = table_new("lllrrrrrr");

	(void)fputs("To be adopted in ", out);
	output_environment(out, session->environment);
	(void)fputs(":\n", out);
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < n && i < most; i++)
		add_room(table, json_object_array_get_idx(rooms, i));
	table_print(table, out, "");
	table_free(table);
	if (output_int(plan, "count", 0) > (int64_t)(n < most ? n : most))
		(void)fprintf(out, "... and %" PRId64 " more\n",
			      output_int(plan, "count", 0) - (int64_t)(n < most ? n : most));
}

/* "3 rooms, 7 approvals, 7 bonuses of $29.75 + $5.95 fees". */
#define TOTAL_MAX 240
static const char *total_of(struct json_object *plan, char out[TOTAL_MAX])
{
	int64_t count = output_int(plan, "count", 0), approvals = output_int(plan, "approvals", 0);
	int64_t bonuses = output_int(plan, "bonuses", 0);
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];

	out[0] = '\0';
	output_append(out, TOTAL_MAX, "%" PRId64 " %s, %" PRId64 " %s", count, output_plural(count, "room", "rooms"),
		      approvals, output_plural(approvals, "approval", "approvals"));
	if (bonuses > 0)
		output_append(out, TOTAL_MAX, ", %" PRId64 " %s of %s + %s fees", bonuses,
			      output_plural(bonuses, "bonus", "bonuses"), output_money(plan, "amount_cents", amount),
			      output_money(plan, "fees_cents", fees));
	return out;
}

/* As pay.c: whoever can say no sees what it is about, and a script's log shows it too. */
static void show(const struct session *session, struct json_object *plan)
{
	struct json_object *copy = NULL;
	char total[TOTAL_MAX];

	if ((session->is_quiet && option_is_given(session->invocation, OPTION_ID_YES)) ||
	    (session->is_json && !term_can_ask()))
		return;
	/* With --json the texts are still as they came. */
	if (json_object_deep_copy(plan, &copy, NULL) != 0)
		return;
	printable_value(copy);
	print_plan(stderr, session, copy, SHOWN_MAX);
	(void)fprintf(stderr, "%s. What these rooms get later is sent by itself, too.\n", total_of(copy, total));
	json_object_put(copy);
}

static int confirm(struct session *session, struct json_object *plan, struct err *err)
{
	char *question = NULL, environment[32], total[TOTAL_MAX];
	bool is_yes = option_is_given(session->invocation, OPTION_ID_YES);

	show(session, plan);
	if (!is_yes && asprintf(&question, "Adopt %s in %s? [y/N]", total_of(plan, total),
				output_environment_name(session->environment, environment)) < 0)
		question = NULL;
	is_yes = is_yes || (question && term_can_ask() && confirm_ask(question, 0));
	free(question);
	return is_yes ? 0 : confirm_refuse(session, "adopted", " --yes", err);
}

/* Exactly what was shown. */
static struct json_object *expect_of(struct json_object *plan)
{
	struct json_object *expect = json_object_new_object();

	json_put_int(expect, "rooms", output_int(plan, "count", 0));
	json_put_int(expect, "approvals", output_int(plan, "approvals", 0));
	json_put_int(expect, "bonuses", output_int(plan, "bonuses", 0));
	json_put_int(expect, "amount_cents", output_int(plan, "amount_cents", 0));
	return expect;
}

static int adopt(struct session *session, struct json_object *plan, struct err *err)
{
	struct json_object *params = room_select_params(session->invocation), *result;
	int status;

	json_put_value(params, "expect", expect_of(plan));
	result = session_call(session, "rooms_adopt", params, SESSION_PATIENT_MS, err);
	if (!result)
		return -1;
	status = refused(result) > 0 ? err_exit_status(ERR_PARTIAL) : 0;
	if (session->is_json) {
		print_json(result, status);
	} else {
		int64_t count = output_int(result, "count", 0);

		(void)printf("%" PRId64 " %s adopted\n", count, output_plural(count, "room", "rooms"));
		(void)fflush(stdout);
		print_refused(result);
		if (!session->is_quiet)
			(void)fputs("\"ngmtctl rooms --follow\" shows what becomes of them, \"ngmtctl status\" how far "
				    "it is.\n",
				    stderr);
	}
	json_object_put(result);
	return status;
}

/* A dry run, or nothing to adopt. */
static int report_plan(const struct session *session, struct json_object *plan)
{
	int status = refused(plan) > 0 ? err_exit_status(ERR_PARTIAL) : 0;
	char total[TOTAL_MAX];

	if (session->is_json) {
		print_json(plan, status);
		return status;
	}
	if (output_int(plan, "count", 0) > 0) {
		print_plan(stdout, session, plan, SIZE_MAX);
		(void)printf("%s\n", total_of(plan, total));
	} else {
		(void)puts("No such room waits to be adopted.");
	}
	(void)fflush(stdout);
	print_refused(plan);
	return status;
}

int cmd_rooms_adopt(struct session *session, struct err *err)
{
	struct json_object *plan = session_call(session, "plan_adopt", room_select_params(session->invocation),
						SESSION_PATIENT_MS, err);
	int status;

	if (!plan)
		return -1;
	if (option_is_given(session->invocation, OPTION_ID_DRY_RUN) || output_int(plan, "count", 0) == 0)
		status = report_plan(session, plan);
	else
		status = confirm(session, plan, err) < 0 ? -1 : adopt(session, plan, err);
	json_object_put(plan);
	return status;
}

/* --- ignore, rescan --- */

int cmd_rooms_ignore(struct session *session, struct err *err)
{
	bool is_undone = option_is_given(session->invocation, OPTION_ID_UNDO);
	struct json_object *result = session_call(session, "rooms_ignore", room_select_params(session->invocation),
						  SESSION_SOON_MS, err);
	int64_t count;
	int status;

	if (!result)
		return -1;
	count = output_int(result, "count", 0);
	status = refused(result) > 0 ? err_exit_status(ERR_PARTIAL) : 0;
	if (session->is_json) {
		print_json(result, status);
	} else {
		(void)printf("%" PRId64 " %s ignored%s\n", count, output_plural(count, "room", "rooms"),
			     is_undone ? " no more" : "");
		(void)fflush(stdout);
		print_refused(result);
		if (!session->is_quiet)
			print_unchanged(result);
		if (count > 0 && !session->is_quiet)
			(void)fputs(is_undone ? "Nothing is sent for it until \"ngmtctl rooms adopt\".\n"
					      : "What its policy has in the queue already is held. What a person asked "
						"for goes on: \"ngmtctl queue cancel\" takes it back.\n",
				    stderr);
	}
	json_object_put(result);
	return status;
}

int cmd_rooms_rescan(struct session *session, struct err *err)
{
	struct json_object *result = session_call(session, "rooms_rescan", NULL, SESSION_SOON_MS, err);
	struct json_object *folders;
	size_t n;

	if (!result)
		return -1;
	folders = json_get_array(json_get_object(result, "watch"), "folders");
	n = folders ? json_object_array_length(folders) : 0;
	if (session->is_json)
		output_json(result);
	else
		(void)printf("looking at %zu %s again\n", n, output_plural((int64_t)n, "folder", "folders"));
	json_object_put(result);
	return 0;
}
