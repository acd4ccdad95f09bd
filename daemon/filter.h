/* SPDX-License-Identifier: MIT
 *
 * The filter of rows ([import] filter): an SQL expression over the columns of the file, evaluated by SQLite in a
 * database of its own with nothing in it, where an authorizer lets through expressions and a fixed list of functions
 * and nothing else, under limits of size and of steps. Numbers compare as numbers: a column has NUMERIC affinity.
 * truthy(x) is the truth of a cell as row.h's truth_of() sees it: 1 or 0.
 *
 * A column that the file does not have is NULL. What is NULL as a whole is neither yes nor no: such a row is held.
 */
#ifndef NGMT_FILTER_H
#define NGMT_FILTER_H

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
 * for; of names that differ in case only, the first). `names` is borrowed until the next filter_prepare(). ERR_CONFIG,
 * ERR_INTERNAL. */
int filter_prepare(struct filter *filter, char *const *names, size_t count, struct err *err);
/* The columns that the expression names and the file lacks, comma-separated; "" if none. Borrowed. */
const char *filter_missing(const struct filter *filter);

/* One row. -1: it cannot be evaluated (it took too many steps, a number overflowed, …); ERR_FORMAT with the reason. */
int filter_row(struct filter *filter, const struct csv_record *record, enum filter_word *out, struct err *err);

#endif
