/* SPDX-License-Identifier: MIT */
#include "chooser.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "picker_screen.h"
#include "protocol.h"
#include "term.h"

#define LISTED 10

static struct json_object *call_list(struct session *session, const struct chooser *chooser, int64_t least,
				     struct err *err)
{
	int64_t limit = option_number(session->invocation, OPTION_ID_MAX, LISTED);
	const char *search = option_text(session->invocation, OPTION_ID_SEARCH);
	struct json_object *params = json_object_new_object();

	json_put_text(params, "what", chooser->what);
	json_put_int(params, "limit", limit > least ? limit : least);
	if (search)
		json_put_text(params, "search", search);
	return session_call(session, "get", params, SESSION_PATIENT_MS, err);
}

static size_t count_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* Columns that the other cells of a row leave for the title. */
static int title_columns(const struct chooser *chooser, struct json_object *list, unsigned width)
{
	size_t widest = 0, size = 0;
	struct table *table = table_new(chooser->columns);
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < count_of(list); i++)
		chooser->add_row(table, i + 1, json_object_array_get_idx(list, i), 1);
	if (out) {
		table_print(table, out, "");
		(void)fclose(out);
	}
	for (char *line = text; line && *line; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > widest)
			widest = strcspn(line, "\n");
	table_free(table);
	free(text);
	return widest + 12 < width ? (int)(width - widest) : 12;
}

static void print_table(const struct chooser *chooser, struct json_object *list, FILE *out, int columns)
{
	struct table *table = table_new(chooser->columns);

	for (size_t i = 0; i < count_of(list); i++)
		chooser->add_row(table, i + 1, json_object_array_get_idx(list, i), columns);
	table_print(table, out, "");
	table_free(table);
}

/* A file or a pipe gets whole titles, a terminal what fits into its lines. */
static void print_list(const struct session *session, const struct chooser *chooser, struct json_object *result)
{
	struct json_object *list = json_get_array(result, chooser->what);
	int64_t n = (int64_t)count_of(list), total = output_int(result, "total", n);

	print_table(chooser, list, stdout,
		    term_is_terminal(stdout) ? title_columns(chooser, list, term_width(stdout)) : INT_MAX);
	(void)fflush(stdout);
	if (n == 0 && option_is_given(session->invocation, OPTION_ID_SEARCH))
		(void)fprintf(stderr, "No %s matches.\n", chooser->noun);
	else if (n == 0)
		(void)fprintf(stderr, "There is no %s yet.\n", chooser->noun);
	else if (n < total && !session->is_quiet)
		(void)fprintf(stderr, "%" PRId64 " of %" PRId64 " %s; more with --max.\n", n, total, chooser->nouns);
}

/* --- selecting --- */

static struct json_object *call_select(struct session *session, const struct chooser *chooser, const char *id,
				       struct err *err)
{
	struct json_object *params = json_object_new_object();

	json_put_text(params, chooser->id_key, id);
	return session_call(session, "select", params, SESSION_PATIENT_MS, err);
}

/* `entry` is the list's, or NULL: then the daemon's answer has the title. */
static int select_one(struct session *session, const struct chooser *chooser, const char *id, struct json_object *entry,
		      struct err *err)
{
	struct json_object *result = call_select(session, chooser, id, err), *selected;

	if (!result)
		return -1;
	selected = json_get_object(result, chooser->member);
	if (!selected)
		selected = json_get_object(json_get_object(result, "selected"), chooser->member);
	if (session->is_json)
		output_json(result);
	else
		(void)printf("selected %s id: %s (\"%s\")\n", chooser->noun, id,
			     output_text(selected ? selected : entry, chooser->title_key, ""));
	json_object_put(result);
	return 0;
}

/* --select NUMBER. */
static int select_by_number(struct session *session, const struct chooser *chooser, int64_t number, struct err *err)
{
	struct json_object *result = call_list(session, chooser, number, err), *list, *entry = NULL;
	int64_t n;
	int status;

	if (!result)
		return -1;
	list = json_get_array(result, chooser->what);
	n = (int64_t)count_of(list);
	if (number <= n)
		entry = json_object_array_get_idx(list, (size_t)number - 1);
	if (entry)
		status = select_one(session, chooser, output_text(entry, chooser->id_key, ""), entry, err);
	else
		status = err_set(err, ERR_NOT_FOUND, "there is no number %" PRId64 " in a list of %" PRId64 " %s",
				 number, n, output_plural(n, chooser->noun, chooser->nouns));
	json_object_put(result);
	return status;
}

/* The ids of the platform are longer than every number of a list. */
static bool is_number(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n < 7 && text[n] == '\0';
}

static int select_as_told(struct session *session, const struct chooser *chooser, const char *which, struct err *err)
{
	int64_t number = is_number(which) ? strtoll(which, NULL, 10) : 0;

	if (!is_number(which))
		return select_one(session, chooser, which, NULL, err);
	if (number < 1 || number > PROTOCOL_PAGE_MAX)
		return err_set(err, ERR_USAGE, "\"--select %.40s\": the list has the numbers from 1 to %d", which,
			       PROTOCOL_PAGE_MAX);
	return select_by_number(session, chooser, number, err);
}

/* --- picking --- */

/* Cuts the text into its lines. Returns how many there are, at most `most`. */
static size_t split_lines(char *text, const char **lines, size_t most)
{
	size_t n = 0;

	for (; *text && n < most; n++) {
		lines[n] = text;
		text += strcspn(text, "\n");
		if (*text)
			*text++ = '\0';
	}
	return n;
}

/* The lines of the table; *text holds them. NULL if memory runs out. */
static const char **make_labels(const struct chooser *chooser, struct json_object *list, char **text)
{
	size_t size = 0, count = count_of(list);
	FILE *out = open_memstream(text, &size);
	const char **labels;

	if (!out)
		return NULL;
	/* Two columns are the cursor's. */
	print_table(chooser, list, out, title_columns(chooser, list, term_width(stderr) - 2));
	if (fclose(out) != 0)
		return NULL;
	labels = calloc(count + 1, sizeof(*labels));
	if (labels && split_lines(*text, labels, count) == count)
		return labels;
	free(labels);
	return NULL;
}

static int pick(struct session *session, const struct chooser *chooser, struct json_object *result, struct err *err)
{
	struct json_object *list = json_get_array(result, chooser->what), *entry;
	char *text = NULL;
	const char **labels = make_labels(chooser, list, &text);
	struct picker picker = { 0 };
	enum picker_end end = PICKER_LEFT;

	if (labels && picker_init(&picker, chooser->question, labels, count_of(list)) == 0)
		end = picker_screen_run(&picker);
	entry = json_object_array_get_idx(list, labels ? picker_choice(&picker) : 0);
	picker_finish(&picker);
	free(labels);
	free(text);
	if (end == PICKER_CHOSEN)
		return select_one(session, chooser, output_text(entry, chooser->id_key, ""), entry, err);
	print_list(session, chooser, result);
	if (!session->is_quiet)
		(void)fputs("Nothing was selected.\n", stderr);
	return 0;
}

int chooser_run(struct session *session, const struct chooser *chooser, struct err *err)
{
	const char *which = option_text(session->invocation, OPTION_ID_SELECT);
	struct json_object *result;
	int status = 0;

	if (which && strcmp(which, "none") != 0)
		return select_as_told(session, chooser, which, err);
	result = call_list(session, chooser, 0, err);
	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else if (!which && session->may_change && picker_screen_can() &&
		 count_of(json_get_array(result, chooser->what)) > 0)
		status = pick(session, chooser, result, err);
	else
		print_list(session, chooser, result);
	json_object_put(result);
	return status;
}

void chooser_note_unselected(const struct session *session, struct json_object *result)
{
	bool is_selected = true;

	(void)json_get_bool(result, "selected", &is_selected);
	(void)fflush(stdout);
	if (!is_selected && !session->is_quiet)
		(void)fputs("It was not selected: this user may only look.\n", stderr);
}
