/* SPDX-License-Identifier: MIT
 *
 * The reader of results files: nodeGame's dialects and RFC 4180 in one streaming parser (push: bytes in, records
 * out). Pure: no I/O. Memory is bounded by the limits below, whatever comes in. Strict where a guess could move
 * money wrongly (unclosed quotes, text after a closing quote, NUL, invalid UTF-8), tolerant about the rest (BOM,
 * LF/CRLF/CR in any mixture, blank lines, no final newline, blanks around unquoted cells).
 */
#ifndef NGMT_CSV_H
#define NGMT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define CSV_CELL_MAX ((size_t)64 * 1024)
#define CSV_LINE_MAX ((size_t)1024 * 1024)
#define CSV_CELLS_MAX 1024

struct csv_cell {
	const char *text; /* NUL-terminated, unescaped; valid during the callback */
	size_t len;
	bool quoted;
	unsigned column; /* byte position in the physical line where the cell begins, from 1 */
};

struct csv_record {
	unsigned line; /* physical line on which the record begins, from 1 */
	const struct csv_cell *cells;
	size_t count;
};

/* Return -1 (with `err` filled) to stop reading. */
typedef int csv_record_fn(void *arg, const struct csv_record *record, struct err *err);

struct csv_options {
	char separator; /* 0: "," or ";", whichever occurs more often outside quotes in the first non-blank line */
	char quote;     /* 0: '"' */
};

struct csv;

struct csv *csv_new(const struct csv_options *options, csv_record_fn *on_record, void *arg);
void csv_free(struct csv *csv);

/* Takes any number of bytes, cut anywhere. -1 with ERR_FORMAT "line L, column C: …" (or what on_record returned); the
 * parser is then dead and csv_finish() returns the same error. */
int csv_feed(struct csv *csv, const char *bytes, size_t len, struct err *err);

/* The end of the file: an unterminated last line is a record like any other. */
int csv_finish(struct csv *csv, struct err *err);

/* The separator in force (0 before the first line). */
char csv_separator(const struct csv *csv);

#endif
