/* SPDX-License-Identifier: MIT */
#include "room_show.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "output.h"
#include "room_page.h"
#include "table.h"
#include "wrap.h"

/* Enough of a hash to tell versions apart. */
#define SHORT_SHA 12

static void add_titles(struct table *table, const char *const titles[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		table_add_text(table, titles[i]);
}

static size_t length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static bool is_true(struct json_object *object, const char *key)
{
	bool value = false;

	return json_get_bool(object, key, &value) && value;
}

static void add_money(struct table *table, struct json_object *object, const char *key)
{
	char amount[MONEY_TEXT_MAX];
	int64_t cents = output_int(object, key, 0);

	table_add_text(table, cents ? money_display(cents, amount) : "");
}

static void add_member(struct table *table, const char *label, const char *text)
{
	if (!text)
		return;
	table_add_text(table, label);
	table_add_text(table, text);
}

/* "4: 1 to approve, 1 held, 2 skipped". */
static void add_rows(struct table *table, struct json_object *room)
{
	static const struct {
		const char *key;
		const char *words;
	} counts[] = { { "approve", "to approve" },
		       { "reject", "to reject (never by itself)" },
		       { "held_rows", "held" },
		       { "unjoined", "without an assignment yet" },
		       { "skipped", "skipped" } };
	char line[300] = "";

	output_append(line, sizeof(line), "%" PRId64 "%s", output_int(room, "rows", 0),
		      is_true(room, "is_cut") ? " and more" : "");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t count = output_int(room, counts[i].key, 0);

		if (count > 0)
			output_append(line, sizeof(line), "%s%" PRId64 " %s", strchr(line, ':') ? ", " : ": ", count,
				      counts[i].words);
	}
	add_member(table, "rows:", line);
}

static void add_sent(struct table *table, struct json_object *room)
{
	static const struct {
		const char *key;
		const char *words;
	} counts[] = { { "approved", "approved" }, { "rejected", "rejected" },	 { "paid", "paid" },
		       { "open", "on their way" }, { "held", "held" },	 { "failed", "refused" },
		       { "cancelled", "taken back" } };
	char line[300] = "", a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t count = output_int(room, counts[i].key, 0);

		if (count > 0)
			output_append(line, sizeof(line), "%s%" PRId64 " %s", line[0] ? ", " : "", count,
				      counts[i].words);
	}
	add_member(table, "operations:", line[0] ? line : "none");
	if (output_int(room, "paid_cents", 0) > 0) {
		table_add_text(table, "paid:");
		table_add(table, "%s + %s fees", output_money(room, "paid_cents", a),
			  output_money(room, "paid_fees_cents", b));
	}
	if (output_int(room, "to_pay_cents", 0) > 0) {
		table_add_text(table, "to be paid:");
		table_add(table, "%s + %s fees", output_money(room, "to_pay_cents", a),
			  output_money(room, "to_pay_fees_cents", b));
	}
}

static const char *standing(struct json_object *room)
{
	if (is_true(room, "ignored"))
		return "ignored: nothing is sent for it";
	if (strcmp(output_text(room, "policy", ""), "import") == 0)
		return "nothing is sent without a command";
	return is_true(room, "adopted") ? "its rows are sent by themselves"
					: "waits to be adopted: nothing is sent for it until then";
}

static void print_members(FILE *out, struct json_object *room)
{
	struct table *table = table_new("ll");

	add_member(table, "room:", room_page_name(room));
	add_member(table, "game:", output_text(room, "game", NULL));
	add_member(table, "state:", output_text(room, "state", "?"));
	add_member(table, "problem:", output_text(room, "problem", NULL));
	add_member(table, "since:", output_text(room, "problem_at", NULL));
	table_add_text(table, "policy:");
	table_add(table, "%s (%s)", output_text(room, "policy", "?"), standing(room));
	add_member(table, "file:", output_text(room, "file", NULL));
	add_member(table, "imported:", output_text(room, "imported_at", NULL));
	add_rows(table, room);
	add_sent(table, room);
	table_print(table, out, "");
	table_free(table);
}

static void print_history(FILE *out, struct json_object *versions, unsigned width)
{
	static const char *const titles[] = { "imported", "bytes", "new rows", "sha256" };
	int digits = width > 0 && width < 120 ? SHORT_SHA : 64;
	struct table *table = table_new("lrrl");

	if (length_of(versions) > 0) {
		output_heading(out, "Versions");
		add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	}
	for (size_t i = 0; i < length_of(versions); i++) {
		struct json_object *version = json_object_array_get_idx(versions, i);

		table_add_text(table, output_text(version, "at", NULL));
		table_add(table, "%" PRId64, output_int(version, "bytes", 0));
		table_add(table, "%" PRId64, output_int(version, "rows_added", 0));
		table_add(table, "%.*s", digits, output_text(version, "sha256", "-"));
	}
	table_print(table, out, "");
	table_free(table);
}

/* Why the row is where it is: the row's own reason, then those of its operations, each once. */
static void describe_why(struct json_object *row, char *out, size_t size)
{
	static const char *const keys[] = { "why", "decision_why", "bonus_why" };

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *why = output_text(row, keys[i], "");

		if (why[0] && !strstr(out, why))
			output_append(out, size, "%s%s", out[0] ? "; " : "", why);
	}
}

static void add_place(struct table *table, struct json_object *row)
{
	int64_t column = output_int(row, "column", 0);

	if (column > 0)
		table_add(table, "%" PRId64 ":%" PRId64, output_int(row, "line", 0), column);
	else
		table_add(table, "%" PRId64, output_int(row, "line", 0));
	table_add_text(table, output_text(row, "verdict", "?"));
}

static void add_states(struct table *table, struct json_object *row)
{
	table_add_text(table, output_text(row, "decision_state", NULL));
	add_money(table, row, "bonus_cents");
	table_add_text(table, output_text(row, "bonus_state", NULL));
}

static struct table *wide_table(struct json_object *rows)
{
	static const char *const titles[] = { "line",	  "verdict", "id",    "worker", "assignment",
					      "decision", "amount",  "bonus", "why" };
	struct table *table = table_new("lllllllll");
	char why[700];

	add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < length_of(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		describe_why(row, why, sizeof(why));
		add_place(table, row);
		table_add_text(table, output_text(row, "id", NULL));
		table_add_text(table, output_text(row, "worker_id", NULL));
		table_add_text(table, output_text(row, "assignment_id", NULL));
		add_states(table, row);
		table_add_text(table, why);
	}
	return table;
}

struct narrow {
	struct json_object *rows;
	unsigned width;
};

/* Assignment, id and reason stand below their row; row 0 of the table is the titles. */
static void print_below(void *arg, FILE *out, size_t at)
{
	const struct narrow *narrow = arg;
	struct json_object *row = at > 0 ? json_object_array_get_idx(narrow->rows, at - 1) : NULL;
	char line[900] = "", why[700];

	if (!row)
		return;
	describe_why(row, why, sizeof(why));
	output_append(line, sizeof(line), "%s, %s", output_text(row, "assignment_id", "no assignment"),
		      output_text(row, "id", "no id"));
	if (why[0])
		output_append(line, sizeof(line), ": %s", why);
	wrap_print(out, "    ", line, narrow->width > 24 ? narrow->width - 4 : 20);
}

static void print_narrow(FILE *out, struct json_object *rows, unsigned width)
{
	static const char *const titles[] = { "line", "verdict", "worker", "decision", "amount", "bonus" };
	struct table *table = table_new("llllll");
	struct narrow narrow = { rows, width };

	add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < length_of(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		add_place(table, row);
		table_add_text(table, output_text(row, "worker_id", NULL));
		add_states(table, row);
	}
	table_print_each(table, out, print_below, &narrow);
	table_free(table);
}

static void print_rows(FILE *out, struct json_object *rows, unsigned width)
{
	struct table *table;

	if (length_of(rows) == 0)
		return;
	output_heading(out, "Rows");
	table = wide_table(rows);
	if (width == 0 || table_width(table) <= width)
		table_print(table, out, "");
	else
		print_narrow(out, rows, width);
	table_free(table);
}

void room_show_print(FILE *out, struct json_object *room, unsigned width)
{
	print_members(out, room);
	print_history(out, json_get_array(room, "history"), width);
	print_rows(out, json_get_array(room, "rows_page"), width);
}
