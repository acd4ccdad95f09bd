/* SPDX-License-Identifier: MIT
 *
 * The filter of rows ([import] filter): an SQL expression over the columns of the file, evaluated by SQLite in a
 * database of its own with nothing in it, where an authorizer lets through expressions and a fixed list of functions
 * and nothing else, under limits of size and of steps. Pure: no I/O, no clock. filter_scan.c looks at the text first,
 * filter_table.c shows SQLite the row.
 *
 * Numbers compare as numbers: a column has NUMERIC affinity. A cell is a number if it is written as one (2, 2.5, -1,
 * also $2.63), but 007 and what has more than 18 digits are texts: ids. Blanks around it do not count. It is NULL if it
 * is empty, NA, undefined, null or NaN, or if the file does not have the column. What is NULL as a whole is neither yes
 * nor no: such a row is held. truthy(x) is the truth of a cell as truth_of() of cell.h sees it: 1 or 0.
 */
#ifndef NGMT_FILTER_H
#define NGMT_FILTER_H

#include <stdbool.h>

#include "csv.h"
#include "err.h"

#define FILTER_BYTES_MAX 4000

struct filter;

enum filter_word { FILTER_KEEP, FILTER_SKIP, FILTER_UNKNOWN };

/* Refuses (ERR_CONFIG) what is no expression or asks for something that is not allowed: "column 12: no such function:
 * \"load_extension\"", with the place in the text, from 1. */
struct filter *filter_new(const char *expression, struct err *err);
void filter_free(struct filter *filter);

/* Prepares it for a file with these columns (names without blanks around them; those without a name cannot be asked
 * for; of names that differ in case only, the first). Cheap: the expression is compiled once for all files.
 * ERR_INTERNAL. */
int filter_prepare(struct filter *filter, char *const *names, size_t count, struct err *err);
/* The columns that the expression names and the file lacks, separated by ", "; "" if none. Borrowed. */
const char *filter_missing(const struct filter *filter);
/* Whether the expression has this column in it, in any case. */
bool filter_asks_for(const struct filter *filter, const char *column);

/* One row. The same row always has the same answer. -1: it has none (its texts are too long, a number overflowed, …);
 * ERR_FORMAT with the reason, which may have bytes of the row in it. */
int filter_row(struct filter *filter, const struct csv_record *record, enum filter_word *out, struct err *err);
/* Why the last row was FILTER_UNKNOWN: "the file has no column \"score\"". Borrowed, until the next row. */
const char *filter_why_unknown(struct filter *filter);

#endif
