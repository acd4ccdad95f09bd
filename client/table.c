/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

struct table {
	const char *alignment;
	size_t columns;
	char **cells;
	size_t count;
	size_t room;
};

struct table *table_new(const char *alignment)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table) {
		table->alignment = alignment;
		table->columns = strlen(alignment);
	}
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

/* Takes over `cell`. */
static void append(struct table *table, char *cell)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		char **bigger = realloc(table->cells, room * sizeof(*bigger));

		if (!bigger) {
			free(cell);
			return;
		}
		table->cells = bigger;
		table->room = room;
	}
	table->cells[table->count++] = cell;
}

void table_add_text(struct table *table, const char *text)
{
	if (table)
		append(table, utf8_printable(text ? text : "-"));
}

void table_add(struct table *table, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	table_add_text(table, text ? text : "");
	free(text);
}

static size_t cell_width(const struct table *table, size_t i)
{
	return i < table->count && table->cells[i] ? utf8_length(table->cells[i]) : 0;
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < table->count; i += table->columns)
		if (cell_width(table, i) > widest)
			widest = cell_width(table, i);
	return widest;
}

/* Blanks are owed until the next text, so that no line ends in blanks. */
static size_t print_cell(FILE *out, const char *cell, size_t width, char alignment, size_t owed)
{
	size_t pad = width - utf8_length(cell);

	if (alignment == 'r')
		owed += pad;
	if (cell[0]) {
		(void)fprintf(out, "%*s%s", (int)owed, "", cell);
		owed = 0;
	}
	return owed + (alignment == 'r' ? 0 : pad);
}

static void print_row(const struct table *table, FILE *out, size_t first, const size_t *widths)
{
	size_t owed = 0;

	for (size_t c = 0; c < table->columns && first + c < table->count; c++) {
		const char *cell = table->cells[first + c] ? table->cells[first + c] : "";

		owed = print_cell(out, cell, widths[c], table->alignment[c], owed);
		if (widths[c] > 0)
			owed += 2;
	}
	(void)fputc('\n', out);
}

/* NULL if memory runs out. */
static size_t *find_widths(const struct table *table)
{
	size_t *widths = table ? calloc(table->columns, sizeof(*widths)) : NULL;

	for (size_t c = 0; widths && c < table->columns; c++)
		widths[c] = column_width(table, c);
	return widths;
}

void table_print(const struct table *table, FILE *out, const char *indent)
{
	size_t *widths = find_widths(table);

	for (size_t first = 0; widths && first < table->count; first += table->columns) {
		(void)fputs(indent, out);
		print_row(table, out, first, widths);
	}
	free(widths);
}

size_t table_width(const struct table *table)
{
	size_t *widths = find_widths(table), width = 0;

	for (size_t c = 0; widths && c < table->columns; c++)
		width += widths[c] ? widths[c] + (width ? 2 : 0) : 0;
	free(widths);
	return width;
}

void table_print_each(const struct table *table, FILE *out, void (*below)(void *arg, FILE *out, size_t row), void *arg)
{
	size_t *widths = find_widths(table);

	for (size_t first = 0; widths && first < table->count; first += table->columns) {
		print_row(table, out, first, widths);
		below(arg, out, first / table->columns);
	}
	free(widths);
}
