/* SPDX-License-Identifier: MIT
 *
 * Results files in the ledger: which content was read from where, its rows with their verdicts, and the working set
 * (the rows that a command without a selector acts on; the seed's results database).
 */
#ifndef NGMT_RESULTS_H
#define NGMT_RESULTS_H

#include "json.h"
#include "ledger.h"
#include "row.h"

/* Where a content was read. Texts are borrowed. */
struct source {
	const char *path;
	const char *sha256;
	const char *game;  /* NULL: a file loaded by name */
	const char *room;  /* NULL: none */
	const char *rules; /* digest of the rules under which its rows were judged */
	int64_t bytes;
};

/* Records content and place. 1: new, *source_id is to be filled with rows; 0: the same content was read from there
 * under the same rules before, its rows are there already; -1: error. */
int results_add_source(struct ledger *ledger, const struct source *source, int64_t *source_id, struct err *err);
int results_add_row(struct ledger *ledger, int64_t source_id, const struct row *row, struct err *err);
/* The exit code of a row: 1, and the caller frees; 0 and NULL: no such row, or it has none. */
int results_get_exit_code(struct ledger *ledger, int64_t row_id, char **out, struct err *err);

/* The working set. working_set_add() takes out the rows of other versions
 * of the same file and returns the number of rows that were not in it. */
int64_t working_set_count(struct ledger *ledger, struct err *err);
int working_set_clear(struct ledger *ledger, struct err *err);
int64_t working_set_add(struct ledger *ledger, int64_t source_id, struct err *err);

/* Counts of one source's rows by verdict, and how many of its rows repeat an assignment that is in the working set from
 * elsewhere. */
struct source_counts {
	int64_t rows;
	int64_t verdicts[VERDICT_SKIP + 1];
	int64_t duplicates;
};
int results_count_source(struct ledger *ledger, int64_t source_id, struct source_counts *out, struct err *err);

/* [{line, column, message}] of the held rows of a source, the first `limit`. */
struct json_object *results_problems(struct ledger *ledger, int64_t source_id, int64_t limit, struct err *err);

/* What method "show" says of the working set: {results, bonus, qualification}, and a page of rows. New references. */
struct json_object *results_summary(struct ledger *ledger, struct err *err);
struct json_object *results_page(struct ledger *ledger, const char *verdict, int64_t offset, int64_t limit,
				 struct err *err);

#endif
