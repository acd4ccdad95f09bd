/* SPDX-License-Identifier: MIT
 *
 * Importing files, one after another and each in slices, one a turn of the loop, so that a file of a million rows keeps
 * nobody waiting: copies the file into the snapshot folder (so that every payment can be traced to the bytes that asked
 * for it), then reads the copy into rows. Nothing of a file counts before all of it is there (source.ready); what a
 * crash leaves behind is taken away at the next start.
 */
#ifndef NGMT_IMPORTS_H
#define NGMT_IMPORTS_H

#include "config.h"
#include "digest.h"
#include "ledger.h"
#include "loop.h"
#include "results_file.h"
#include "row.h"

/* Larger files are refused: they are no results files. */
#define IMPORT_BYTES_MAX (INT64_C(1) << 30)

struct imports;

/* Texts are copied. */
struct import_request {
	const char *path; /* absolute */
	const char *game; /* NULL: a file loaded by name */
	const char *room;
	int64_t room_id;  /* of a watched room (room_book.h); 0: loaded by a command */
	int64_t validate_level;
	/* Watched: the file must look like this before and after it is read, else ERR_BUSY. */
	bool has_mark;
	struct file_mark mark;
	const struct join_rules *join; /* NULL: rows without ids are held (joined.h); borrowed during the call */
	/* One of several that count together or not at all: a new source is complete, but not ready. The caller calls
	 * results_make_ready() for all of them in one turn, or imports_drop(). */
	bool is_part;
};

/* Rows of the whole content by verdict, also if they were known before. A row of a watched room that was replaced once
 * and is what counts again was added, too. */
struct imported {
	int64_t source_id;
	char sha256[DIGEST_HEX_MAX];
	bool is_new;        /* false: the same content was read from there before, under the same rules */
	int64_t bytes;
	bool ends_in_line;  /* the last line has its newline */
	int64_t rows;
	int64_t rows_added; /* not in any earlier version of the room's file; all rows of a loaded file that is new */
	int64_t verdicts[VERDICT_SKIP + 1];
};

/* Exactly one of `imported` (borrowed) and `err` is not NULL. ERR_FILE, ERR_FORMAT ("path: line L, column C: …"),
 * ERR_BUSY (the file changes) or ERR_LEDGER: nothing of the file is in the ledger then. Runs once, from
 * imports_pump(). */
typedef void import_done_fn(void *arg, const struct imported *imported, const struct err *err);

struct imports *imports_new(struct loop *loop, struct ledger *ledger, const struct config *config, struct err *err);
/* Imports under way and waiting are answered with ERR_BUSY "stopping". */
void imports_free(struct imports *imports);

/* Before the loop runs: what imports that were cut off by a crash have left counts nowhere and is removed piece by
 * piece, in turns with nothing else to import. */
int imports_recover(struct imports *imports, struct err *err);

/* What a person asks for goes before what was watched. */
int imports_add(struct imports *imports, const struct import_request *request, import_done_fn *done, void *arg,
		struct err *err);
/* Imports that wait or are under way. */
unsigned imports_count(const struct imports *imports);

/* Takes a part back that is not ready; does nothing to a source that is. */
int imports_drop(struct imports *imports, int64_t source_id, struct err *err);

/* All that is under way or waits fails with `why`, in the next imports_pump(). */
void imports_halt(struct imports *imports, const struct err *why);

/* End of a turn: one slice, a few milliseconds. Whether another turn is wanted at once. */
bool imports_pump(struct imports *imports);
/* After it: whether what imports have written so far needs no commit yet, for nobody was told of it and nothing relies
 * on it. (A commit for each slice of a large file would write everything twice and more.) */
bool imports_may_wait(const struct imports *imports);

/* Digest of the rules under which rows are judged: the same bytes under other rules give other verdicts. */
const char *imports_rules(const struct imports *imports, int64_t validate_level, const struct join_rules *join,
			  char out[DIGEST_HEX_MAX]);

#endif
