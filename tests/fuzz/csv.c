/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: the reader of results files. The last three bytes choose the separator, the quote and where the
 * rest is cut (so that the files of tests/data are seeds as they are); what comes out must not depend on the cuts,
 * every record must keep csv.h's promises, and what is read is read again when it is written as NDDB 1.x and RFC 4180
 * do.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "utf8.h"

#define CHOICES 3
/* Escaping makes a line of this at most half as long as the reader's limit. */
#define REWRITTEN_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

struct watch {
	FILE *out;
	unsigned line;
};

static int on_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct watch *watch = arg;

	(void)err;
	require(record->count >= 1 && record->count <= CSV_CELLS_MAX, "the number of cells");
	require(record->line > watch->line, "lines count up");
	watch->line = record->line;
	(void)fprintf(watch->out, "%u:", record->line);
	for (size_t i = 0; i < record->count; i++) {
		const struct csv_cell *cell = &record->cells[i];

		require(cell->len <= CSV_CELL_MAX && strlen(cell->text) == cell->len, "a cell's length");
		require(utf8_first_invalid(cell->text, cell->len) == cell->len, "cells are UTF-8");
		require(cell->column >= 1, "a cell's column");
		(void)fprintf(watch->out, "%u%c%zu ", cell->column, cell->quoted ? 'q' : 'p', cell->len);
		(void)fwrite(cell->text, 1, cell->len, watch->out);
	}
	return 0;
}

/* `seed` 0: at once; else in parts of changing size. The caller frees. */
static char *read_all(const struct csv_options *options, const char *text, size_t len, unsigned seed)
{
	char *result = NULL;
	size_t size = 0;
	struct watch watch = { open_memstream(&result, &size), 0 };
	struct csv *csv = csv_new(options, on_record, &watch);
	struct err err = { .code = ERR_NONE };
	int status = 0;

	require(watch.out && csv, "memory");
	for (size_t at = 0, n; at < len && status == 0; at += n) {
		n = seed ? 1 + seed % 7 : len;
		seed = seed ? seed / 7 * 5 + 3 : 0;
		n = n < len - at ? n : len - at;
		/* A copy of its own size, so that reading beyond a part is seen. */
		char *part = malloc(n);

		if (!part)
			abort();
		memcpy(part, text + at, n);
		status = csv_feed(csv, part, n, &err);
		free(part);
	}
	if (csv_finish(csv, &err) < 0) {
		require(err.code == ERR_FORMAT && err.message[0], "an error says what is wrong");
		(void)fprintf(watch.out, "!%s", err.message);
	} else {
		require(status == 0, "an error stays");
	}
	csv_free(csv);
	(void)fclose(watch.out);
	return result;
}

/* All cells, and the same file written anew. */
struct copy {
	FILE *cells;
	FILE *file;
	char separator;
	char quote;
	bool escape; /* with a backslash, else by doubling */
};

static void write_cell(const struct copy *copy, const struct csv_cell *cell)
{
	(void)fputc(copy->quote, copy->file);
	for (const char *c = cell->text; *c; c++) {
		if (copy->escape &&
		    (*c == copy->quote || *c == '\\' || *c == copy->separator || *c == '\t' || *c == '\n'))
			(void)fputc('\\', copy->file);
		else if (*c == copy->quote)
			(void)fputc(*c, copy->file);
		(void)fputc(*c, copy->file);
	}
	(void)fputc(copy->quote, copy->file);
}

/* Doubling leaves a backslash as it is, which may then mean something else: such a file is escaped. */
static int copy_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct copy *copy = arg;

	(void)err;
	for (size_t i = 0; i < record->count; i++) {
		const struct csv_cell *cell = &record->cells[i];

		(void)fprintf(copy->cells, "%zu ", cell->len);
		(void)fwrite(cell->text, 1, cell->len, copy->cells);
		if (!copy->file)
			continue;
		write_cell(copy, cell);
		(void)fputc(i + 1 < record->count ? copy->separator : '\n', copy->file);
	}
	(void)fputc('/', copy->cells);
	return 0;
}

/* The cells of a file; NULL if it is refused. With `file`, also the file anew, as `copy` says. The caller frees. */
static char *read_cells(struct copy *copy, const char *text, size_t len, char **file, size_t *file_len)
{
	const struct csv_options options = { copy->separator, copy->quote };
	struct csv *csv = csv_new(&options, copy_record, copy);
	char *cells = NULL;
	size_t size = 0;
	struct err err;
	bool good;

	copy->cells = open_memstream(&cells, &size);
	copy->file = file ? open_memstream(file, file_len) : NULL;
	require(csv && copy->cells, "memory");
	good = csv_feed(csv, text, len, &err) == 0 && csv_finish(csv, &err) == 0;
	csv_free(csv);
	(void)fclose(copy->cells);
	if (copy->file)
		(void)fclose(copy->file);
	if (good)
		return cells;
	free(cells);
	return NULL;
}

static void check_rewritten(const struct csv_options *options, const char *text, size_t len)
{
	static const char usual[] = ",\"";
	struct copy copy = { .separator = (char)(options->separator ? options->separator : usual[0]),
			     .quote = (char)(options->quote ? options->quote : usual[1]),
			     .escape = memchr(text, '\\', len) || len % 2 };
	char *file = NULL, *cells, *again;
	size_t file_len = 0;

	if (len > REWRITTEN_MAX)
		return;
	cells = read_cells(&copy, text, len, &file, &file_len);
	if (cells) {
		again = read_cells(&copy, file, file_len, NULL, NULL);
		require(again && strcmp(cells, again) == 0, "what is written is read");
		free(again);
	}
	free(cells);
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char separators[] = { '\0', '\0', ',', ';', '\t', '|' };
	static const char quotes[] = { '\0', '\0', '"', '\'' };
	const char *text = (const char *)data;
	struct csv_options options;
	char *whole, *parts;
	size_t len;

	if (size < CHOICES)
		return 0;
	/* Where a file ends in a newline, all is found out. */
	len = size - CHOICES;
	options.separator = separators[(data[size - 1] ^ '\n') % sizeof(separators)];
	options.quote = quotes[(data[size - 1] ^ '\n') / sizeof(separators) % sizeof(quotes)];
	whole = read_all(&options, text, len, 0);
	parts = read_all(&options, text, len, 1U + data[len] + 256U * data[len + 1]);
	require(strcmp(whole, parts) == 0, "the same records, however the bytes are cut");
	check_rewritten(&options, text, len);
	free(whole);
	free(parts);
	return 0;
}
