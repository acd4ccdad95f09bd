/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: the reader of results files. The first four bytes choose the separator, the quote and where the
 * rest is cut; what comes out must not depend on the cuts, and every record must keep csv.h's promises.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "utf8.h"

#define CHOICES 4

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char separators[] = { '\0', '\0', ',', ';', '\t', '|' };
	static const char quotes[] = { '\0', '\0', '"', '\'' };
	struct csv_options options;
	const char *text = (const char *)data + CHOICES;
	char *whole, *parts;

	if (size < CHOICES)
		return 0;
	options.separator = separators[data[0] % sizeof(separators)];
	options.quote = quotes[data[1] % sizeof(quotes)];
	whole = read_all(&options, text, size - CHOICES, 0);
	parts = read_all(&options, text, size - CHOICES, 1U + data[2] + 256U * data[3]);
	require(strcmp(whole, parts) == 0, "the same records, however the bytes are cut");
	free(whole);
	free(parts);
	return 0;
}
