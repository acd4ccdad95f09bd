/* SPDX-License-Identifier: MIT
 *
 * csv_rows FILE: reads FILE with the daemon's reader and prints rows, cells and bytes of text; see csv_speed.py.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "csv.h"

struct counts {
	uint64_t rows, cells, bytes;
};

static int count(void *arg, const struct csv_record *record, struct err *err)
{
	struct counts *counts = arg;

	(void)err;
	counts->rows++;
	counts->cells += record->count;
	for (size_t i = 0; i < record->count; i++)
		counts->bytes += record->cells[i].len;
	return 0;
}

static int read_all(FILE *file, struct csv *csv, struct err *err)
{
	static char bytes[64 * 1024];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		if (csv_feed(csv, bytes, n, err) < 0)
			return -1;
	return csv_finish(csv, err);
}

int main(int argc, char **argv)
{
	const struct csv_options options = { .separator = ',' };
	struct counts counts = { 0 };
	struct csv *csv = csv_new(&options, count, &counts);
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	struct err err = { 0 };

	if (!csv || !file || read_all(file, csv, &err) < 0) {
		(void)fprintf(stderr, "csv_rows: %s\n", err.message);
		return 1;
	}
	(void)printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", counts.rows, counts.cells, counts.bytes);
	(void)fclose(file);
	csv_free(csv);
	return 0;
}
