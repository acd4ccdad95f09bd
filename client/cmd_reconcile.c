/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "protocol.h"
#include "reconcile_csv.h"
#include "session.h"
#include "table.h"
#include "term.h"

static bool is_given(const struct session *session, enum option_id id)
{
	return option_is_given(session->invocation, id);
}

static struct json_object *list_hits(const struct invocation *invocation)
{
	struct json_object *hits = json_object_new_array();

	for (size_t i = 0; i < invocation->given_count; i++)
		if (invocation->given[i].id == OPTION_ID_HITS)
			(void)json_object_array_add(hits, json_object_new_string(invocation->given[i].value));
	return hits;
}

/* What is to be compared; the pages after the first name the report instead. */
static struct json_object *selection(const struct session *session)
{
	struct json_object *params = json_object_new_object();

	if (is_given(session, OPTION_ID_HITS))
		json_put_value(params, "hits", list_hits(session->invocation));
	if (is_given(session, OPTION_ID_ROOM))
		json_put_text(params, "room", option_text(session->invocation, OPTION_ID_ROOM));
	if (is_given(session, OPTION_ID_GAME))
		json_put_text(params, "game", option_text(session->invocation, OPTION_ID_GAME));
	if (is_given(session, OPTION_ID_EVERYTHING))
		json_put_bool(params, "all", true);
	return params;
}

/* Whether the rows that agree are wanted, too. */
static bool wants_all_rows(const struct session *session)
{
	return session->is_json || is_given(session, OPTION_ID_CSV) || is_given(session, OPTION_ID_ALL_ROWS);
}

/* A terminal is told that the platform is being asked: that takes a while. */
static void note_asking(const struct session *session, bool is_over)
{
	if (session->is_quiet || !term_is_terminal(stderr))
		return;
	(void)fputs(is_over ? "\r\033[K" : "Asking the platform ...", stderr);
	(void)fflush(stderr);
}

static struct json_object *call_page(struct session *session, int64_t report, int64_t offset, struct err *err)
{
	struct json_object *params = report ? json_object_new_object() : selection(session), *page;

	if (report)
		json_put_int(params, "report", report);
	json_put_int(params, "offset", offset);
	json_put_int(params, "limit", PROTOCOL_PAGE_MAX);
	if (!wants_all_rows(session))
		json_put_bool(params, "differing", true);
	note_asking(session, false);
	page = session_call(session, "reconcile", params, SESSION_PATIENT_MS, err);
	note_asking(session, true);
	return page;
}

/* --- text --- */

static const char *signed_money(int64_t cents, char out[MONEY_TEXT_MAX + 1])
{
	char text[MONEY_TEXT_MAX];

	(void)snprintf(out, MONEY_TEXT_MAX + 1, "%s%s", cents > 0 ? "+" : "", money_display(cents, text));
	return out;
}

static void print_headline(struct json_object *report)
{
	int64_t hits = output_int(report, "hits", 0), compared = output_int(report, "compared", 0);
	int64_t differing = output_int(report, "differing", 0);

	output_environment(stdout, output_text(report, "environment", "unknown"));
	(void)printf("  %s, %" PRId64 " %s, as the platform had it at %s\n", output_text(report, "selection", "?"),
		     hits, output_plural(hits, "HIT", "HITs"), output_text(report, "at", "?"));
	if (compared == 0)
		(void)puts("Nothing to compare: no row is loaded, and the ledger knows of none.");
	else if (differing == 0 && compared == 1)
		(void)printf("%sThe one row agrees.%s\n", term_style(stdout, TERM_GOOD),
			     term_style(stdout, TERM_PLAIN));
	else if (differing == 0)
		(void)printf("%sAll %" PRId64 " rows agree.%s\n", term_style(stdout, TERM_GOOD), compared,
			     term_style(stdout, TERM_PLAIN));
	else
		(void)printf("%s%" PRId64 " of %" PRId64 " %s %s not agree:%s\n", term_style(stdout, TERM_BAD),
			     differing, compared, output_plural(compared, "row", "rows"),
			     output_plural(differing, "does", "do"), term_style(stdout, TERM_PLAIN));
}

static void print_findings(struct json_object *report)
{
	struct json_object *findings = json_get_array(report, "findings");
	size_t n = findings ? json_object_array_length(findings) : 0;
	struct table *table = table_new("rlrl");

	for (size_t i = 0; i < n; i++) {
		struct json_object *finding = json_object_array_get_idx(findings, i);
		int64_t difference = output_int(finding, "difference_cents", 0);
		char amount[MONEY_TEXT_MAX + 1];

		table_add(table, "%" PRId64, output_int(finding, "count", 0));
		table_add_text(table, output_text(finding, "finding", "?"));
		table_add_text(table, difference ? signed_money(difference, amount) : "");
		table_add_text(table, output_text(finding, "what", ""));
	}
	table_print(table, stdout, "  ");
	table_free(table);
}

static void print_money(struct json_object *report)
{
	struct json_object *money = json_get_object(report, "money");
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX], difference[MONEY_TEXT_MAX + 1];
	struct table *table = table_new("ll");

	table_add_text(table, "files ask for");
	table_add_text(table, output_money(money, "file_cents", a));
	table_add_text(table, "the ledger paid");
	table_add(table, "%s + %s fees", output_money(money, "ledger_cents", a),
		  output_money(money, "ledger_fees_cents", b));
	table_add_text(table, "the platform lists");
	table_add(table, "%s (%s against what was asked for)", output_money(money, "platform_cents", a),
		  signed_money(output_int(money, "difference_cents", 0), difference));
	table_add_text(table, "rewards");
	table_add(table, "%s for approved assignments", output_money(money, "rewards_cents", a));
	(void)puts("Bonuses:");
	table_print(table, stdout, "  ");
	table_free(table);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "room000061/bonus.csv:7": the folder tells the room. */
static void add_place(struct table *table, struct json_object *file)
{
	const char *path = output_text(file, "path", NULL), *name;

	if (!path) {
		table_add_text(table, "-");
		return;
	}
	name = base_name(path);
	while (name > path + 1 && name[-2] != '/')
		name--;
	if (name > path)
		name--;
	table_add(table, "%s:%" PRId64, name, output_int(file, "line", 0));
}

static void add_amount(struct table *table, struct json_object *side)
{
	int64_t cents = output_int(side, "bonus_cents", 0);
	char amount[MONEY_TEXT_MAX];

	table_add_text(table, cents ? money_display(cents, amount) : "-");
}

static void print_rows(struct json_object *rows, bool is_first)
{
	static const char *const titles[] = { "finding", "assignment", "worker", "file",
					      "asked",	 "paid",       "listed", "why" };
	size_t n = rows ? json_object_array_length(rows) : 0;
	struct table *table = table_new("llllrrrl");

	if (n > 0 && is_first)
		(void)putchar('\n');
	for (size_t i = 0; n > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		table_add_text(table, output_text(row, "finding", "?"));
		table_add_text(table, output_text(row, "assignment_id", NULL));
		table_add_text(table, output_text(row, "worker_id", NULL));
		add_place(table, json_get_object(row, "file"));
		add_amount(table, json_get_object(row, "file"));
		add_amount(table, json_get_object(row, "ledger"));
		add_amount(table, json_get_object(row, "platform"));
		table_add_text(table, output_text(row, "why", ""));
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void print_page(struct json_object *page, bool is_first)
{
	if (is_first) {
		print_headline(page);
		if (output_int(page, "compared", 0) > 0) {
			print_findings(page);
			print_money(page);
		}
	}
	print_rows(json_get_array(page, "rows"), is_first);
}

/* --- CSV and JSON --- */

static void print_csv(struct json_object *page, bool is_first)
{
	struct json_object *rows = json_get_array(page, "rows");
	size_t n = rows ? json_object_array_length(rows) : 0;

	if (is_first)
		reconcile_csv_header(stdout);
	for (size_t i = 0; i < n; i++)
		reconcile_csv_row(stdout, json_object_array_get_idx(rows, i));
}

/* All pages become one object. */
static void gather_json(struct json_object *all, struct json_object *page)
{
	struct json_object *into = json_get_array(all, "rows"), *rows = json_get_array(page, "rows");
	size_t n = rows && into ? json_object_array_length(rows) : 0;

	for (size_t i = 0; i < n; i++)
		(void)json_object_array_add(into, json_object_get(json_object_array_get_idx(rows, i)));
}

static void show_page(struct session *session, struct json_object *first, struct json_object *page)
{
	if (session->is_json && page != first)
		gather_json(first, page);
	else if (session->is_json)
		return;
	else if (is_given(session, OPTION_ID_CSV))
		print_csv(page, page == first);
	else
		print_page(page, page == first);
}

/* Goes through the pages after the first. */
static int show_rest(struct session *session, struct json_object *first, struct err *err)
{
	int64_t report = output_int(first, "report", 0), next = output_int(first, "next_offset", -1), offset = 0;

	while (next > offset && report > 0) {
		struct json_object *page = call_page(session, report, offset = next, err);

		if (!page)
			return -1;
		show_page(session, first, page);
		next = output_int(page, "next_offset", -1);
		json_object_put(page);
	}
	return 0;
}

int cmd_reconcile(struct session *session, struct err *err)
{
	struct json_object *first = call_page(session, 0, 0, err);
	bool agrees = false;
	int status = -1;

	if (!first)
		return -1;
	show_page(session, first, first);
	if (show_rest(session, first, err) == 0) {
		(void)json_get_bool(first, "agrees", &agrees);
		status = agrees ? 0 : err_exit_status(ERR_PARTIAL);
		if (session->is_json) {
			json_put_text(first, "next_offset", NULL);
			output_json(first);
		}
	}
	json_object_put(first);
	return status;
}
