/* SPDX-License-Identifier: MIT */
#include "room_page.h"

#include <inttypes.h>
#include <string.h>

#include "output.h"
#include "protocol.h"
#include "table.h"
#include "term.h"

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

static void add_room(struct table *table, struct json_object *room)
{
	char what[400];

	describe(room, what, sizeof(what));
	table_add_text(table, output_text(room, "state", "?"));
	table_add_text(table, output_text(room, "game", "?"));
	table_add_text(table, room_page_name(room));
	table_add(table, "%" PRId64 "%s", output_int(room, "rows", 0), is_true(room, "is_cut") ? "+" : "");
	add_count(table, room, "approved");
	add_count(table, room, "open");
	add_money(table, room, "paid_cents");
	add_money(table, room, "to_pay_cents");
	table_add_text(table, output_text(room, "imported_at", NULL));
	table_add_text(table, what);
}

void room_page_print(FILE *out, struct json_object *rooms)
{
	static const char *const titles[] = { "state", "game",	 "room",   "rows",     "approved",
					      "open",  "paid", "to pay", "imported", "what" };
	size_t n = rooms ? json_object_array_length(rooms) : 0;
	struct table *table = table_new("lllrrrrrll");

	if (n > 0)
		add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < n; i++)
		add_room(table, json_object_array_get_idx(rooms, i));
	table_print(table, out, "");
	table_free(table);
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

static void print_history(FILE *out, struct json_object *versions)
{
	static const char *const titles[] = { "imported", "bytes", "new rows", "sha256" };
	size_t n = versions ? json_object_array_length(versions) : 0;
	struct table *table = table_new("lrrl");

	if (n > 0) {
		output_heading(out, "Versions");
		add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *version = json_object_array_get_idx(versions, i);

		table_add_text(table, output_text(version, "at", NULL));
		table_add(table, "%" PRId64, output_int(version, "bytes", 0));
		table_add(table, "%" PRId64, output_int(version, "rows_added", 0));
		table_add_text(table, output_text(version, "sha256", NULL));
	}
	table_print(table, out, "");
	table_free(table);
}

/* Why the row is where it is: the row's own reason, then those of its operations. */
static void describe_why(struct json_object *row, char *out, size_t size)
{
	static const char *const keys[] = { "why", "decision_why", "bonus_why" };

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *why = output_text(row, keys[i], "");

		if (why[0])
			output_append(out, size, "%s%s", out[0] ? "; " : "", why);
	}
}

static void add_row(struct table *table, struct json_object *row)
{
	int64_t column = output_int(row, "column", 0);
	char why[700];

	describe_why(row, why, sizeof(why));
	if (column > 0)
		table_add(table, "%" PRId64 ":%" PRId64, output_int(row, "line", 0), column);
	else
		table_add(table, "%" PRId64, output_int(row, "line", 0));
	table_add_text(table, output_text(row, "verdict", "?"));
	table_add_text(table, output_text(row, "id", NULL));
	table_add_text(table, output_text(row, "worker_id", NULL));
	table_add_text(table, output_text(row, "assignment_id", NULL));
	table_add_text(table, output_text(row, "decision_state", NULL));
	add_money(table, row, "bonus_cents");
	table_add_text(table, output_text(row, "bonus_state", NULL));
	table_add_text(table, why);
}

void room_page_print_one(FILE *out, struct json_object *room)
{
	static const char *const titles[] = { "line",	  "verdict", "id",    "worker", "assignment",
					      "decision", "amount",  "bonus", "why" };
	struct json_object *rows = json_get_array(room, "rows_page");
	size_t n = rows ? json_object_array_length(rows) : 0;
	struct table *table = table_new("lllllllll");

	print_members(out, room);
	print_history(out, json_get_array(room, "history"));
	if (n > 0) {
		output_heading(out, "Rows");
		add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	}
	for (size_t i = 0; i < n; i++)
		add_row(table, json_object_array_get_idx(rows, i));
	table_print(table, out, "");
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

void room_page_print_unclaimed(FILE *out, struct json_object *submissions)
{
	static const char *const titles[] = { "assignment", "worker", "HIT", "submitted", "codes", "why" };
	size_t n = submissions ? json_object_array_length(submissions) : 0;
	struct table *table = table_new("llllll");

	if (n > 0)
		add_titles(table, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < n; i++) {
		struct json_object *submission = json_object_array_get_idx(submissions, i);

		table_add_text(table, output_text(submission, "assignment_id", NULL));
		table_add_text(table, output_text(submission, "worker_id", NULL));
		table_add_text(table, output_text(submission, "hit_id", NULL));
		table_add_text(table, output_text(submission, "submitted_at", NULL));
		add_codes(table, submission);
		table_add_text(table, output_text(submission, "why", ""));
	}
	table_print(table, out, "");
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
