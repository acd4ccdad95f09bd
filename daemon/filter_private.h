/* SPDX-License-Identifier: MIT
 *
 * What filter.c and filter_table.c share: the expression is asked of a virtual table with one endless column of rows,
 * each of which is the record that filter_row() was given. Its columns are the names in the expression, not those of
 * the file, so that it is compiled once and for all files.
 */
#ifndef NGMT_FILTER_PRIVATE_H
#define NGMT_FILTER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "filter.h"

#define FILTER_TABLE "results"
#define FILTER_NAMES_MAX 200
#define FILTER_WHY_MAX 160
/* All texts that an expression reads of one row. */
#define FILTER_ROW_BYTES_MAX CSV_CELL_MAX
#define FILTER_NO_CELL ((size_t)-1)

struct filter_column {
	char *name;
	bool is_asked_for; /* by the expression; the others are words of the language */
	bool was_empty;    /* when it was read for this row */
	size_t cell;       /* FILTER_NO_CELL: the file has none */
};

struct filter {
	struct sqlite3 *db;
	struct sqlite3_stmt *statement; /* each step gives the answer for one more row */
	char *expression;
	struct filter_column columns[FILTER_NAMES_MAX];
	int column_count;
	unsigned selects;
	char denied[64]; /* by the authorizer; "": nothing */

	const struct csv_record *record;
	size_t bytes;     /* read for this row */
	bool has_stepped; /* the limit of steps was met once in this row: it ends when it is met again */
	char *missing;
	char why_unknown[FILTER_WHY_MAX];
};

/* For sqlite3_create_module(), with the filter as its argument. */
const struct sqlite3_module *filter_table_module(void);

#endif
