/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cell.h"
#include "filter_private.h"

/* Digits of a whole number that fits into 64 bits whatever they are. Longer ones are ids. */
#define DIGITS_MAX 18
#define NUMBER_BYTES_MAX 40

struct table {
	sqlite3_vtab base;
	struct filter *filter;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits with an optional point among them; no zeros in front, which are an id's. */
static bool is_number(const char *text, size_t len, bool *is_whole)
{
	size_t at = len > 0 && text[0] == '-', digits = 0;

	while (at + digits < len && is_digit(text[at + digits]))
		digits++;
	if (digits == 0 || len > NUMBER_BYTES_MAX || (digits > 1 && text[at] == '0'))
		return false;
	at += digits;
	*is_whole = at == len;
	if (*is_whole)
		return digits <= DIGITS_MAX;
	if (text[at++] != '.' || at == len)
		return false;
	while (at < len && is_digit(text[at]))
		at++;
	return at == len;
}

static bool put_number(sqlite3_context *context, const char *text, size_t len)
{
	char copy[NUMBER_BYTES_MAX + 1];
	bool is_whole = false;

	if (len > 0 && text[0] == '$') {
		text++;
		len--;
	}
	if (!is_number(text, len, &is_whole))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (is_whole)
		sqlite3_result_int64(context, strtoll(copy, NULL, 10));
	else
		sqlite3_result_double(context, strtod(copy, NULL));
	return true;
}

/* A text that has its end where the cell has needs no copy. */
static void put_text(sqlite3_context *context, struct filter *filter, const char *text, size_t len)
{
	filter->bytes += len;
	if (filter->bytes > FILTER_ROW_BYTES_MAX)
		sqlite3_result_error(context, "the texts of the row are too long", -1);
	else
		sqlite3_result_text(context, text, text[len] == '\0' ? -1 : (int)len, SQLITE_STATIC);
}

static int on_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int index)
{
	struct filter *filter = ((struct table *)cursor->pVtab)->filter;
	struct filter_column *column = &filter->columns[index];
	const struct csv_cell *cell =
		column->cell < filter->record->count ? &filter->record->cells[column->cell] : NULL;
	size_t len = 0;
	const char *text = cell ? cell_trimmed(cell->text, &len) : "";

	if (cell_says_nothing(text, len) || (len == 3 && strncasecmp(text, "NaN", 3) == 0))
		column->was_empty = true;
	else if ((text[0] > '9' || text[0] < '$') || !put_number(context, text, len))
		put_text(context, filter, text, len);
	return SQLITE_OK;
}

static int declare(sqlite3 *db, const struct filter *filter)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int code = SQLITE_NOMEM;

	if (!out)
		return code;
	(void)fputs("CREATE TABLE x(", out);
	for (int i = 0; i < filter->column_count; i++) {
		char *name = sqlite3_mprintf("\"%w\"", filter->columns[i].name);

		(void)fprintf(out, "%s %s NUMERIC", i > 0 ? "," : "", name ? name : "");
		sqlite3_free(name);
	}
	(void)fputs(filter->column_count > 0 ? ")" : "no_name)", out);
	if (fclose(out) == 0)
		code = sqlite3_declare_vtab(db, text);
	free(text);
	return code;
}

static int on_connect(sqlite3 *db, void *arg, int argc, const char *const *argv, sqlite3_vtab **out, char **message)
{
	struct table *table = sqlite3_malloc(sizeof(*table));
	int code;

	(void)argc;
	(void)argv;
	(void)message;
	if (!table)
		return SQLITE_NOMEM;
	*table = (struct table){ .filter = arg };
	code = declare(db, arg);
	if (code == SQLITE_OK)
		*out = &table->base;
	else
		sqlite3_free(table);
	return code;
}

static int on_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int on_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1;
	return SQLITE_OK;
}

static int on_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	(void)table;
	*out = sqlite3_malloc(sizeof(**out));
	if (!*out)
		return SQLITE_NOMEM;
	**out = (sqlite3_vtab_cursor){ 0 };
	return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int on_filter(sqlite3_vtab_cursor *cursor, int number, const char *text, int argc, sqlite3_value **argv)
{
	(void)cursor;
	(void)number;
	(void)text;
	(void)argc;
	(void)argv;
	return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *cursor)
{
	(void)cursor;
	return SQLITE_OK;
}

static int on_eof(sqlite3_vtab_cursor *cursor)
{
	(void)cursor;
	return 0;
}

static int on_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	(void)cursor;
	*out = 0;
	return SQLITE_OK;
}

/* Without xCreate the table is there by itself and nothing else can be made of it. */
static const sqlite3_module module = {
	.xConnect = on_connect,
	.xBestIndex = on_best_index,
	.xDisconnect = on_disconnect,
	.xOpen = on_open,
	.xClose = on_close,
	.xFilter = on_filter,
	.xNext = on_next,
	.xEof = on_eof,
	.xColumn = on_column,
	.xRowid = on_rowid,
};

const struct sqlite3_module *filter_table_module(void)
{
	return &module;
}
