/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "printable.h"
#include "protocol.h"
#include "session.h"
#include "table.h"
#include "term.h"

static struct json_object *call_show(struct session *session, const char *what, struct json_object *params,
				     struct err *err)
{
	if (!params)
		params = json_object_new_object();
	json_put_text(params, "what", what);
	return session_call(session, "show", params, SESSION_SOON_MS, err);
}

/* --- summary: headings, labels and order are the seed's --- */

static void add_count(struct table *table, const char *label, struct json_object *object, const char *key)
{
	table_add_text(table, label);
	table_add(table, "%" PRId64, output_int(object, key, 0));
}

static void add_count_if(struct table *table, const char *label, struct json_object *object, const char *key)
{
	if (output_int(object, key, 0) > 0)
		add_count(table, label, object, key);
}

static void add_money(struct table *table, const char *label, struct json_object *object, const char *key)
{
	char amount[MONEY_TEXT_MAX];
	int64_t cents;

	table_add_text(table, label);
	table_add_text(table, json_get_int(object, key, &cents) ? money_display(cents, amount) : "-");
}

static void print_results(struct json_object *results)
{
	struct table *table = table_new("lr");

	output_heading(stdout, "Results");
	add_count(table, "tot results:", results, "total");
	add_count(table, "to approve:", results, "approve");
	add_count(table, "to reject:", results, "reject");
	add_count_if(table, "held:", results, "hold");
	add_count_if(table, "conflicts:", results, "conflict");
	add_count_if(table, "skipped:", results, "skip");
	add_count_if(table, "done already:", results, "done");
	table_print(table, stdout, "");
	table_free(table);
}

static void print_bonus(struct json_object *bonus)
{
	struct table *table = table_new("lr");

	output_heading(stdout, "Bonus");
	add_count(table, "bonuses:", bonus, "count");
	if (output_int(bonus, "count", 0) > 0) {
		add_money(table, "bonuses tot:", bonus, "total_cents");
		add_money(table, "bonuses mean:", bonus, "mean_cents");
		add_money(table, "bonuses std:", bonus, "std_cents");
		add_money(table, "bonuses min:", bonus, "min_cents");
		add_money(table, "bonuses max:", bonus, "max_cents");
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void print_summary(struct json_object *summary)
{
	struct json_object *balance = json_get_object(summary, "balance");
	const char *message = output_text(balance, "message", NULL);
	char amount[MONEY_TEXT_MAX];

	print_results(json_get_object(summary, "results"));
	(void)putchar('\n');
	print_bonus(json_get_object(summary, "bonus"));
	(void)putchar('\n');
	output_heading(stdout, "Qualification");
	(void)printf("qualifications: %" PRId64 "\n\n",
		     output_int(json_get_object(summary, "qualification"), "count", 0));
	output_heading(stdout, "Balance");
	if (json_has(balance, "available_cents") && output_int(balance, "available_cents", -1) >= 0)
		(void)printf("Your balance is: %s in ", output_money(balance, "available_cents", amount));
	else
		(void)printf("Your balance is not known%s%s, in ", message ? ": " : "", message ? message : "");
	output_environment(stdout, output_text(summary, "environment", "unknown"));
	(void)putchar('\n');
}

int cmd_show_summary(struct session *session, struct err *err)
{
	struct json_object *summary = call_show(session, "summary", NULL, err);

	if (!summary)
		return -1;
	if (session->is_json)
		output_json(summary);
	else
		print_summary(summary);
	json_object_put(summary);
	return 0;
}

/* --- results --- */

static struct json_object *call_results(struct session *session, int64_t offset, int64_t limit, struct err *err)
{
	struct json_object *params = json_object_new_object();

	json_put_int(params, "offset", offset);
	json_put_int(params, "limit", limit);
	if (option_is_given(session->invocation, OPTION_ID_VERDICT))
		json_put_text(params, "verdict", option_text(session->invocation, OPTION_ID_VERDICT));
	return call_show(session, "results", params, err);
}

/* The position is the one that --position takes. */
static void print_rows(struct json_object *rows, int64_t offset)
{
	static const char *const titles[] = { "position", "worker", "assignment", "verdict", "bonus", "why" };
	struct table *table = table_new("rlllrl");
	size_t n = rows ? json_object_array_length(rows) : 0;

	for (size_t i = 0; n > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		char bonus[MONEY_TEXT_MAX];
		int64_t cents;

		table_add(table, "%" PRId64, offset + (int64_t)i);
		table_add_text(table, output_text(row, "worker_id", output_text(row, "id", NULL)));
		table_add_text(table, output_text(row, "assignment_id", NULL));
		table_add_text(table, output_text(row, "verdict", NULL));
		table_add_text(table, json_get_int(row, "bonus_cents", &cents) ? money_display(cents, bonus) : "-");
		table_add_text(table, output_text(row, "why", ""));
	}
	table_print(table, stdout, "");
	table_free(table);
}

static int show_one(struct session *session, int64_t position, struct err *err)
{
	struct json_object *page = call_results(session, position, 1, err), *row = NULL;
	struct json_object *rows = json_get_array(page, "rows");
	struct table *table;

	if (rows && json_object_array_length(rows) > 0)
		row = json_object_array_get_idx(rows, 0);
	if (!row) {
		if (page)
			(void)err_set(err, ERR_NOT_FOUND, "no row at position %" PRId64 " of %" PRId64, position,
				      output_int(page, "total", 0));
		json_object_put(page);
		return -1;
	}
	table = table_new("ll");
	if (session->is_json) {
		output_json(page);
	} else if (json_object_is_type(row, json_type_object)) {
		json_object_object_foreach(row, key, member)
		{
			table_add(table, "%s:", key);
			table_add_text(table, member ? json_object_get_string(member) : NULL);
		}
		table_print(table, stdout, "");
	}
	table_free(table);
	json_object_put(page);
	return 0;
}

/* Writes the rows of one page to `out`, comma-separated JSON; pages are not kept, since there may be a thousand of
 * them. */
static void append_rows(FILE *out, struct json_object *rows, bool is_first)
{
	size_t n = rows ? json_object_array_length(rows) : 0;

	for (size_t i = 0; i < n; i++) {
		(void)fputs(is_first && i == 0 ? "" : ",", out);
		(void)fputs(json_text(json_object_array_get_idx(rows, i), NULL), out);
	}
}

/* Goes through all pages; `json` collects rows with --json. Returns the total or -1. */
static int64_t each_page(struct session *session, FILE *json, struct err *err)
{
	int64_t offset = 0, next = 0, total = 0;

	while (next >= 0) {
		struct json_object *page = call_results(session, offset = next, PROTOCOL_PAGE_MAX, err);

		if (!page)
			return -1;
		if (session->is_json)
			append_rows(json, json_get_array(page, "rows"), offset == 0);
		else
			print_rows(json_get_array(page, "rows"), offset);
		total = output_int(page, "total", 0);
		next = output_int(page, "next_offset", -1);
		json_object_put(page);
		if (next <= offset)
			next = -1;
	}
	return total;
}

static void print_all_json(const struct session *session, const char *rows, int64_t total)
{
	struct json_object *environment = json_object_new_string(session->environment);

	(void)printf("{\"environment\":%s,\"total\":%" PRId64 ",\"next_offset\":null,\"rows\":[",
		     json_text(environment, NULL), total);
	printable_write_json(stdout, rows, strlen(rows));
	(void)puts("]}");
	json_object_put(environment);
}

int cmd_show_results(struct session *session, struct err *err)
{
	char *rows = NULL;
	size_t size = 0;
	FILE *json;
	int64_t total;

	if (option_is_given(session->invocation, OPTION_ID_POSITION))
		return show_one(session, option_number(session->invocation, OPTION_ID_POSITION, 0), err);
	json = open_memstream(&rows, &size);
	if (!json)
		return err_set(err, ERR_INTERNAL, "out of memory");
	total = each_page(session, json, err);
	if (fclose(json) != 0)
		total = err_set(err, ERR_INTERNAL, "out of memory");
	if (total >= 0 && session->is_json)
		print_all_json(session, rows, total);
	else if (total == 0 && !session->is_quiet)
		(void)fputs("The working set is empty; \"ngmtctl load\" fills it.\n", stderr);
	free(rows);
	return total < 0 ? -1 : 0;
}

/* --- config, fields --- */

/* "a, b". The caller frees; NULL if memory runs out. */
static char *join(struct json_object *list)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *item = json_object_get_string(json_object_array_get_idx(list, i));

		(void)fprintf(out, "%s%s", i > 0 ? ", " : "", item ? item : "");
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static void add_value(struct table *table, struct json_object *value)
{
	char *list = json_object_is_type(value, json_type_array) ? join(value) : NULL;
	const char *text = list ? list : value ? json_object_get_string(value) : NULL;

	table_add(table, "= %s", text ? text : "");
	free(list);
}

static void print_config(struct json_object *result)
{
	struct json_object *options = json_get_array(result, "options");
	struct table *table = table_new("lll");
	size_t n = options ? json_object_array_length(options) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *option = json_object_array_get_idx(options, i);

		table_add(table, "[%s] %s", output_text(option, "section", "?"), output_text(option, "key", "?"));
		add_value(table, json_object_object_get(option, "value"));
		table_add(table, "(%s)", output_text(option, "origin", "default"));
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void print_fields(struct json_object *result)
{
	struct json_object *fields = json_get_array(result, "fields");
	struct table *table = table_new("lll");
	size_t n = fields ? json_object_array_length(fields) : 0;

	table_add_text(table, "field");
	table_add_text(table, "column");
	table_add_text(table, "also accepted");
	for (size_t i = 0; i < n; i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);
		struct json_object *others = json_get_array(field, "others");
		size_t m = others ? json_object_array_length(others) : 0;
		char list[512] = "";

		for (size_t k = 0; k < m; k++)
			if (json_object_is_type(json_object_array_get_idx(others, k), json_type_string))
				output_append(list, sizeof(list), "%s%s", list[0] ? ", " : "",
					      json_object_get_string(json_object_array_get_idx(others, k)));
		table_add_text(table, output_text(field, "field", "?"));
		table_add_text(table, output_text(field, "name", NULL));
		table_add_text(table, list);
	}
	table_print(table, stdout, "");
	table_free(table);
}

static int show_list(struct session *session, const char *what, void (*print)(struct json_object *result),
		     struct err *err)
{
	struct json_object *result = call_show(session, what, NULL, err);

	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else
		print(result);
	json_object_put(result);
	return 0;
}

int cmd_show_config(struct session *session, struct err *err)
{
	return show_list(session, "config", print_config, err);
}

int cmd_show_fields(struct session *session, struct err *err)
{
	return show_list(session, "fields", print_fields, err);
}
