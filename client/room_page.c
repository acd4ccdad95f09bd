/* SPDX-License-Identifier: MIT */
#include "room_page.h"

#include <inttypes.h>
#include <string.h>

#include "output.h"
#include "protocol.h"
#include "table.h"
#include "term.h"
#include "wrap.h"

/* What stands below a line of a table. */
#define INDENT "    "

static unsigned text_width(unsigned width)
{
	return width > 24 ? width - 4 : 20;
}

static void append_all(struct json_object *to, struct json_object *from)
{
	size_t n = from ? json_object_array_length(from) : 0;

	for (size_t i = 0; i < n; i++)
		(void)json_object_array_add(to, json_object_get(json_object_array_get_idx(from, i)));
}

struct json_object *room_page_all(struct session *session, const char *method, struct json_object *params,
				  const char *list, struct err *err)
{
	struct json_object *all = NULL, *page;
	int64_t offset = 0, next = 0;

	while (next >= 0) {
		json_put_int(params, "offset", offset = next);
		json_put_int(params, "limit", PROTOCOL_PAGE_MAX);
		page = session_call(session, method, json_object_get(params), SESSION_SOON_MS, err);
		if (!page) {
			json_object_put(all);
			json_object_put(params);
			return NULL;
		}
		next = output_int(page, "next_offset", -1);
		if (next <= offset)
			next = -1;
		if (!all) {
			all = page;
			continue;
		}
		if (json_get_array(all, list))
			append_all(json_get_array(all, list), json_get_array(page, list));
		json_object_put(page);
	}
	json_put_value(all, "next_offset", NULL);
	json_object_put(params);
	return all;
}

const char *room_page_name(struct json_object *room)
{
	const char *name = output_text(room, "room", "?");

	return name[0] ? name : ".";
}

static void add_titles(struct table *table, const char *const titles[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		table_add_text(table, titles[i]);
}

static size_t length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static void add_count(struct table *table, struct json_object *object, const char *key)
{
	int64_t count = output_int(object, key, 0);

	if (count)
		table_add(table, "%" PRId64, count);
	else
		table_add_text(table, "");
}

static void add_money(struct table *table, struct json_object *object, const char *key)
{
	char amount[MONEY_TEXT_MAX];
	int64_t cents = output_int(object, key, 0);

	table_add_text(table, cents ? money_display(cents, amount) : "");
}

static bool is_true(struct json_object *object, const char *key)
{
	bool value = false;

	return json_get_bool(object, key, &value) && value;
}

/* What is wrong with the room, or what comes next. */
static void describe(struct json_object *room, char *out, size_t size)
{
	const char *state = output_text(room, "state", "");
	int64_t rows = output_int(room, "held_rows", 0), held = output_int(room, "held", 0);
	int64_t failed = output_int(room, "failed", 0), unjoined = output_int(room, "unjoined", 0);

	out[0] = '\0';
	if (strcmp(state, "problem") == 0)
		output_append(out, size, "%s", output_text(room, "problem", "?"));
	else if (strcmp(state, "waiting") == 0)
		output_append(out, size, "waits to be adopted");
	else if (strcmp(state, "empty") == 0)
		output_append(out, size, "no results yet");
	if (rows > 0)
		output_append(out, size, "%s%" PRId64 " %s held", out[0] ? "; " : "", rows,
			      output_plural(rows, "row is", "rows are"));
	if (held > 0)
		output_append(out, size, "%s%" PRId64 " %s held", out[0] ? "; " : "", held,
			      output_plural(held, "operation is", "operations are"));
	if (failed > 0)
		output_append(out, size, "%s%" PRId64 " %s refused", out[0] ? "; " : "", failed,
			      output_plural(failed, "was", "were"));
	if (unjoined > 0)
		output_append(out, size, "%s%" PRId64 " without an assignment yet", out[0] ? "; " : "", unjoined);
	if (!is_true(room, "watched"))
		output_append(out, size, "%snot watched now", out[0] ? "; " : "");
}

static void add_figures(struct table *table, struct json_object *room)
{
	table_add_text(table, output_text(room, "state", "?"));
	table_add_text(table, output_text(room, "game", "?"));
	table_add_text(table, room_page_name(room));
	table_add(table, "%" PRId64 "%s", output_int(room, "rows", 0), is_true(room, "is_cut") ? "+" : "");
	add_count(table, room, "approved");
	add_count(table, room, "open");
	add_money(table, room, "paid_cents");
	add_money(table, room, "to_pay_cents");
}

#define FIGURES 8
static const char *const titles[] = { "state", "game", "room",   "rows",     "approved",
				      "open",  "paid", "to pay", "imported", "what" };

static struct table *wide_table(struct json_object *rooms)
{
	struct table *table = table_new("lllrrrrrll");
	char what[400];

	if (length_of(rooms) > 0)
		add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < length_of(rooms); i++) {
		struct json_object *room = json_object_array_get_idx(rooms, i);

		describe(room, what, sizeof(what));
		add_figures(table, room);
		table_add_text(table, output_text(room, "imported_at", NULL));
		table_add_text(table, what);
	}
	return table;
}

struct narrow {
	struct json_object *rooms;
	unsigned width;
};

/* What is wrong stands below its room; row 0 is the titles. */
static void print_below(void *arg, FILE *out, size_t row)
{
	const struct narrow *narrow = arg;
	char what[400] = "";

	if (row > 0)
		describe(json_object_array_get_idx(narrow->rooms, row - 1), what, sizeof(what));
	if (what[0])
		wrap_print(out, INDENT, what, text_width(narrow->width));
}

/* The figures alone. */
static void print_narrow(FILE *out, struct json_object *rooms, unsigned width)
{
	struct table *table = table_new("lllrrrrr");
	struct narrow narrow = { rooms, width };

	add_titles(table, titles, FIGURES);
	for (size_t i = 0; i < length_of(rooms); i++)
		add_figures(table, json_object_array_get_idx(rooms, i));
	table_print_each(table, out, print_below, &narrow);
	table_free(table);
}

void room_page_print(FILE *out, struct json_object *rooms, unsigned width)
{
	struct table *table = wide_table(rooms);

	if (width == 0 || table_width(table) <= width)
		table_print(table, out, "");
	else
		print_narrow(out, rooms, width);
	table_free(table);
}

/* The texts that a worker submitted, on one line. */
static void add_codes(struct table *table, struct json_object *submission)
{
	struct json_object *codes = json_get_array(submission, "codes");
	size_t n = codes ? json_object_array_length(codes) : 0;
	char line[300] = "";

	for (size_t i = 0; i < n; i++)
		output_append(line, sizeof(line), "%s%s", i ? ", " : "",
			      json_object_get_string(json_object_array_get_idx(codes, i)));
	table_add_text(table, n > 0 ? line : output_text(submission, "codes", NULL));
}

static struct table *unclaimed_table(struct json_object *submissions)
{
	static const char *const columns[] = { "assignment", "worker", "HIT", "submitted", "codes", "why" };
	struct table *table = table_new("llllll");

	if (length_of(submissions) > 0)
		add_titles(table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < length_of(submissions); i++) {
		struct json_object *submission = json_object_array_get_idx(submissions, i);

		table_add_text(table, output_text(submission, "assignment_id", NULL));
		table_add_text(table, output_text(submission, "worker_id", NULL));
		table_add_text(table, output_text(submission, "hit_id", NULL));
		table_add_text(table, output_text(submission, "submitted_at", NULL));
		add_codes(table, submission);
		table_add_text(table, output_text(submission, "why", ""));
	}
	return table;
}

/* Assignment, worker and time in one line; the rest below. */
static void print_unclaimed_narrow(FILE *out, struct json_object *submissions, unsigned width)
{
	for (size_t i = 0; i < length_of(submissions); i++) {
		struct json_object *submission = json_object_array_get_idx(submissions, i);
		struct table *codes = table_new("ll");

		(void)fprintf(out, "%s  %s  %s\n", output_text(submission, "assignment_id", "-"),
			      output_text(submission, "worker_id", "-"), output_text(submission, "submitted_at", "-"));
		table_add_text(codes, "HIT:");
		table_add_text(codes, output_text(submission, "hit_id", NULL));
		table_add_text(codes, "codes:");
		add_codes(codes, submission);
		table_print(codes, out, INDENT);
		table_free(codes);
		if (output_text(submission, "why", "")[0])
			wrap_print(out, INDENT, output_text(submission, "why", ""), text_width(width));
	}
}

void room_page_print_unclaimed(FILE *out, struct json_object *submissions, unsigned width)
{
	struct table *table = unclaimed_table(submissions);

	if (width == 0 || table_width(table) <= width)
		table_print(table, out, "");
	else
		print_unclaimed_narrow(out, submissions, width);
	table_free(table);
}

int room_page_print_trouble(FILE *out, struct json_object *watch)
{
	struct json_object *folders = json_get_array(watch, "folders");
	size_t n = folders ? json_object_array_length(folders) : 0;
	int lines = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *folder = json_object_array_get_idx(folders, i);
		const char *problem = output_text(folder, "problem", NULL);

		if (!problem)
			continue;
		(void)fprintf(out, "%s! %s: %s%s\n", term_style(out, TERM_BAD), output_text(folder, "game", "?"),
			      problem, term_style(out, TERM_PLAIN));
		lines++;
	}
	return lines;
}
