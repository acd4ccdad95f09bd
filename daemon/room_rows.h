/* SPDX-License-Identifier: MIT
 *
 * The rows that a watched room has from earlier versions of its file, while a new version is read: which of its rows
 * are known, and which old rows are replaced. Sixteen bytes a row in memory; the ledger is changed by room_rows_apply()
 * alone, so that all of it happens at once.
 */
#ifndef NGMT_ROOM_ROWS_H
#define NGMT_ROOM_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"
#include "row.h"

/* A room with more rows than this is none. */
#define ROOM_ROWS_MAX 1500000

struct room_rows;

/* `rules`: under which the new version is judged (source.rules), copied. */
struct room_rows *room_rows_new(struct ledger *ledger, int64_t room_id, const char *rules, struct err *err);
void room_rows_free(struct room_rows *rows);

/* The next `limit` rows of earlier versions. 1: there are more, 0: all are known now, -1: ERR_FORMAT if there are too
 * many. */
int room_rows_load(struct room_rows *rows, int64_t limit, struct err *err);

/* The new version has a row with this digest. 1: it is known, under the same rules; 0: it is new (what was judged under
 * other rules is replaced by it); -1. */
int room_rows_meet(struct room_rows *rows, int64_t digest, struct err *err);
/* A new row is in the ledger, of the source `source_id`: older rows with its assignment and worker are replaced, unless
 * both ask for a payable bonus and the amounts differ; then both stay, and a plan makes them a conflict. */
int room_rows_replace(struct room_rows *rows, int64_t source_id, const struct row *row, struct err *err);

/* At the end of the file: a row that was replaced and is in the file again is what counts, if the row that replaced it
 * is not. The next `limit` of those. 1: there are more, 0: that was all, -1. */
int room_rows_settle(struct room_rows *rows, int64_t source_id, int64_t limit, struct err *err);

/* Writes all of it down. Returns the number of rows that count again, -1: error. */
int64_t room_rows_apply(struct room_rows *rows, struct err *err);

#endif
