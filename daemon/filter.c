/* SPDX-License-Identifier: MIT */
#include "filter.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cell.h"
#include "filter_private.h"
#include "filter_scan.h"
#include "utf8.h"

#define BEFORE "SELECT ("
#define AFTER ") FROM " FILTER_TABLE

#define SQL_BYTES_MAX (4 * FILTER_BYTES_MAX)
/* Functions search texts in texts, which takes the product of their lengths: with FILTER_ROW_BYTES_MAX these bound the
 * time of a row. Not by a clock: the same row must always get the same answer. */
#define TEXT_BYTES_MAX (2 * FILTER_ROW_BYTES_MAX)
#define PATTERN_BYTES_MAX 250
/* Without loops an expression takes fewer steps than this. */
#define STEPS_A_ROW_MAX 100000
#define SHOWN_MAX 40

static void on_truthy(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *text = (const char *)sqlite3_value_text(argv[0]);

	(void)argc;
	sqlite3_result_int(context, truth_of(text) == TRUTH_YES);
}

static int deny(struct filter *filter, const char *what)
{
	if (!filter->denied[0])
		(void)snprintf(filter->denied, sizeof(filter->denied), "%s", what);
	return SQLITE_DENY;
}

static void note_column(struct filter *filter, const char *name)
{
	for (int i = 0; i < filter->column_count; i++)
		if (strcasecmp(filter->columns[i].name, name) == 0)
			filter->columns[i].is_asked_for = true;
}

static int on_action(void *arg, int action, const char *table, const char *name, const char *database,
		     const char *trigger)
{
	struct filter *filter = arg;

	(void)database;
	(void)trigger;
	if (action == SQLITE_FUNCTION)
		return filter_may_call(name) ? SQLITE_OK : deny(filter, name);
	if (action == SQLITE_SELECT)
		return filter->selects++ == 0 ? SQLITE_OK : deny(filter, "select");
	if (action != SQLITE_READ || strcmp(table, FILTER_TABLE) != 0)
		return deny(filter, table ? table : "this");
	note_column(filter, name);
	return SQLITE_OK;
}

static int on_steps(void *arg)
{
	struct filter *filter = arg;
	bool is_over = filter->has_stepped;

	filter->has_stepped = true;
	return is_over;
}

static int fail(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "out of memory");
}

static int open_database(struct filter *filter, struct err *err)
{
	/* As in store.c: whoever comes first. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(":memory:", &filter->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) != SQLITE_OK)
		return fail(err);
	return 0;
}

static int set_limits(struct filter *filter, struct err *err)
{
	static const struct {
		int limit;
		int value;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, (int)TEXT_BYTES_MAX },
		{ SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX },
		{ SQLITE_LIMIT_COLUMN, FILTER_NAMES_MAX },
		{ SQLITE_LIMIT_EXPR_DEPTH, 500 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 1 },
		{ SQLITE_LIMIT_VDBE_OP, STEPS_A_ROW_MAX },
		{ SQLITE_LIMIT_FUNCTION_ARG, 100 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES_MAX },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 0 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 0 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};
	/* Double quotes are for columns only: "human" instead of 'human' must not be a text in silence. */
	static const struct {
		int option;
		int value;
	} options[] = {
		{ SQLITE_DBCONFIG_DQS_DML, 0 },	       { SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },      { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (sqlite3_db_config(filter->db, options[i].option, options[i].value, NULL) != SQLITE_OK)
			return err_set(err, ERR_INTERNAL, "SQLite cannot be set up for filters");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)sqlite3_limit(filter->db, limits[i].limit, limits[i].value);
	return 0;
}

/* min(x) and max(x) would be over all rows: they go, and those of several arguments stay. */
static int set_functions(struct filter *filter, struct err *err)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

	if (sqlite3_create_function(filter->db, "truthy", 1, flags, NULL, on_truthy, NULL, NULL) != SQLITE_OK ||
	    sqlite3_create_function(filter->db, "min", 1, SQLITE_UTF8, NULL, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_create_function(filter->db, "max", 1, SQLITE_UTF8, NULL, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_create_module(filter->db, FILTER_TABLE, filter_table_module(), filter) != SQLITE_OK)
		return fail(err);
	return 0;
}

/* Reading its own tables and making ours is what SQLite must not be denied: both are done when the door is shut. */
static int shut_door(struct filter *filter, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(filter->db, "SELECT 1 FROM " FILTER_TABLE, -1, &statement, NULL);

	(void)sqlite3_finalize(statement);
	if (code != SQLITE_OK)
		return err_set(err, ERR_INTERNAL, "SQLite cannot be set up for filters: %s",
			       sqlite3_errmsg(filter->db));
	(void)sqlite3_set_authorizer(filter->db, on_action, filter);
	sqlite3_progress_handler(filter->db, STEPS_A_ROW_MAX, on_steps, filter);
	return 0;
}

static int on_name(void *arg, const char *name, struct err *err)
{
	struct filter *filter = arg;
	char *copy;

	for (int i = 0; i < filter->column_count; i++)
		if (strcasecmp(filter->columns[i].name, name) == 0)
			return 0;
	if (filter->column_count == FILTER_NAMES_MAX)
		return err_set(err, ERR_CONFIG, "the filter has more than %d names", FILTER_NAMES_MAX);
	/* Not strdup(): gcc 12's analyser would lose it in the array and call that a leak. */
	if (asprintf(&copy, "%s", name) < 0)
		return fail(err);
	filter->columns[filter->column_count++] = (struct filter_column){ .name = copy, .cell = FILTER_NO_CELL };
	return 0;
}

static int find_names(struct filter *filter, struct err *err)
{
	return filter_scan(filter->expression, on_name, filter, err);
}

/* SQLite's complaint, with the place if it knows it. */
static int refuse(const struct filter *filter, struct err *err)
{
	int offset = sqlite3_error_offset(filter->db) - (int)strlen(BEFORE);

	if (filter->denied[0])
		return err_set(err, ERR_CONFIG, "\"%s\" is not allowed in a filter", filter->denied);
	if (offset >= (int)strlen(filter->expression))
		return err_set(err, ERR_CONFIG, "the expression ends too early");
	(void)err_set(err, ERR_CONFIG, "%.300s", sqlite3_errmsg(filter->db));
	return offset < 0 ? -1 : filter_place(filter->expression, (size_t)offset, err);
}

static int compile(struct filter *filter, struct err *err)
{
	const char *rest = NULL;
	char *sql = NULL;
	int code;

	if (asprintf(&sql, BEFORE "%s" AFTER, filter->expression) < 0)
		return fail(err);
	code = sqlite3_prepare_v3(filter->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &filter->statement, &rest);
	if (code != SQLITE_OK)
		(void)(code == SQLITE_NOMEM ? fail(err) : refuse(filter, err));
	else if (*rest || !filter->statement || sqlite3_column_count(filter->statement) != 1)
		code = err_set(err, ERR_CONFIG, "the filter is not one expression");
	free(sql);
	return code == SQLITE_OK ? 0 : -1;
}

/* What fails for a row without anything fails for every row. */
static int try_out(struct filter *filter, struct err *err)
{
	static const struct csv_record nothing = { .line = 1 };
	enum filter_word word;

	if (filter_prepare(filter, NULL, 0, err) < 0)
		return -1;
	if (filter_row(filter, &nothing, &word, err) == 0)
		return 0;
	err->code = ERR_CONFIG;
	return -1;
}

struct filter *filter_new(const char *expression, struct err *err)
{
	static int (*const steps[])(struct filter *filter, struct err *err) = {
		find_names, open_database, set_limits, set_functions, shut_door, compile, try_out,
	};
	struct filter *filter = calloc(1, sizeof(*filter));
	struct err unheard = { .code = ERR_NONE };
	int result;

	err = err ? err : &unheard;
	if (!filter) {
		(void)fail(err);
		return NULL;
	}
	filter->expression = strdup(expression);
	result = filter->expression ? 0 : fail(err);
	for (size_t i = 0; result == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		result = steps[i](filter, err);
	if (result == 0)
		return filter;
	filter_free(filter);
	return NULL;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	(void)sqlite3_finalize(filter->statement);
	(void)sqlite3_close(filter->db);
	for (int i = 0; i < filter->column_count; i++)
		free(filter->columns[i].name);
	free(filter->expression);
	free(filter->missing);
	free(filter);
}

static size_t find_cell(const char *name, char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(names[i], name) == 0)
			return i;
	return FILTER_NO_CELL;
}

/* The columns without a cell, for people. */
static char *list_missing(const struct filter *filter)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const char *comma = "";

	if (!out)
		return NULL;
	for (int i = 0; i < filter->column_count; i++) {
		const struct filter_column *column = &filter->columns[i];

		if (!column->is_asked_for || column->cell != FILTER_NO_CELL)
			continue;
		(void)fprintf(out, "%s%s", comma, column->name);
		comma = ", ";
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int filter_prepare(struct filter *filter, char *const *names, size_t count, struct err *err)
{
	for (int i = 0; i < filter->column_count; i++)
		filter->columns[i].cell = find_cell(filter->columns[i].name, names, count);
	free(filter->missing);
	filter->missing = list_missing(filter);
	return filter->missing ? 0 : fail(err);
}

const char *filter_missing(const struct filter *filter)
{
	return filter->missing;
}

bool filter_asks_for(const struct filter *filter, const char *column)
{
	for (int i = 0; i < filter->column_count; i++)
		if (filter->columns[i].is_asked_for && strcasecmp(filter->columns[i].name, column) == 0)
			return true;
	return false;
}

static const char *find_empty(const struct filter *filter, bool is_missing)
{
	for (int i = 0; i < filter->column_count; i++)
		if (filter->columns[i].was_empty && (filter->columns[i].cell == FILTER_NO_CELL) == is_missing)
			return filter->columns[i].name;
	return NULL;
}

/* One of each kind is enough to see what to do. */
const char *filter_why_unknown(struct filter *filter)
{
	const char *missing = find_empty(filter, true), *empty = find_empty(filter, false);
	size_t size = sizeof(filter->why_unknown);

	if (missing)
		(void)snprintf(filter->why_unknown, size, "the file has no column \"%.*s\"",
			       utf8_cut(missing, SHOWN_MAX), missing);
	else if (empty)
		(void)snprintf(filter->why_unknown, size, "nothing is in \"%.*s\"", utf8_cut(empty, SHOWN_MAX), empty);
	else
		(void)snprintf(filter->why_unknown, size, "it is NULL whatever the row says");
	return filter->why_unknown;
}

/* A text is no answer: SQL would take 'x' and 'true' for no. */
static int read_answer(struct filter *filter, enum filter_word *out, struct err *err)
{
	const char *text;

	switch (sqlite3_column_type(filter->statement, 0)) {
	case SQLITE_NULL:
		*out = FILTER_UNKNOWN;
		return 0;
	case SQLITE_INTEGER:
	case SQLITE_FLOAT:
		*out = sqlite3_column_double(filter->statement, 0) != 0.0 ? FILTER_KEEP : FILTER_SKIP;
		return 0;
	default:
		text = (const char *)sqlite3_column_text(filter->statement, 0);
		(void)err_set(err, ERR_FORMAT, "it gives the text \"%.*s\", which is neither true nor false",
			      text ? utf8_cut(text, SHOWN_MAX) : 0, text ? text : "");
		return err_hint(err, "truthy(x) tells whether a cell says yes");
	}
}

int filter_row(struct filter *filter, const struct csv_record *record, enum filter_word *out, struct err *err)
{
	int code;

	for (int i = 0; i < filter->column_count; i++)
		filter->columns[i].was_empty = false;
	filter->record = record;
	filter->bytes = 0;
	filter->has_stepped = false;
	code = sqlite3_step(filter->statement);
	if (code == SQLITE_ROW)
		return read_answer(filter, out, err);
	if (code == SQLITE_NOMEM)
		(void)fail(err);
	else
		(void)err_set(err, ERR_FORMAT, "%.300s", sqlite3_errmsg(filter->db));
	(void)sqlite3_reset(filter->statement);
	return -1;
}
