/* SPDX-License-Identifier: MIT
 *
 * Copies of the files that were read, by content: <ledger's directory>/snapshots/<sha256>. A copy is made piece by
 * piece, so that a large file keeps nobody waiting, and a content that is there already is not written again.
 */
#ifndef NGMT_SNAPSHOT_H
#define NGMT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "err.h"
#include "results_file.h"

struct snapshot;

struct snapshot_request {
	const char *directory; /* the ledger's; borrowed as long as the snapshot */
	const char *path;      /* the original; borrowed likewise */
	int64_t bytes_max;
	const struct file_mark *mark; /* NULL: any; else the file must look like this: ERR_BUSY if it does not */
	int64_t prefix_bytes;         /* of an older version that this one may begin with; 0: none */
	bool may_be_kept;             /* perhaps the content is there: it is looked for before anything is written */
};

/* Opens the regular file. ERR_FILE, ERR_BUSY, ERR_LEDGER. */
struct snapshot *snapshot_open(const struct snapshot_request *request, struct err *err);
/* The next piece, about a megabyte. 1: there is more, 0: all of it is read, -1: ERR_FILE (ERR_BUSY if a mark was given)
 * for a file that changes under the copying, ERR_LEDGER. */
int snapshot_step(struct snapshot *snapshot, struct err *err);

/* Once all of it is read. The descriptor reads the copy (pread); it belongs to the snapshot. */
const char *snapshot_sha256(const struct snapshot *snapshot);
int64_t snapshot_bytes(const struct snapshot *snapshot);
int snapshot_fd(const struct snapshot *snapshot);
/* Whether it is an old copy, whose bytes nobody has looked at since it was written. */
bool snapshot_is_old(const struct snapshot *snapshot);
/* The last line has its end (also true of an empty file). */
bool snapshot_ends_in_line(const struct snapshot *snapshot);
/* Of the first prefix_bytes; "" if the file has not that many. */
const char *snapshot_prefix_sha256(const struct snapshot *snapshot);

/* Puts the copies under their names, durable when this returns; several at once cost little more than one. ERR_LEDGER:
 * none of them counts as kept. */
int snapshot_keep(struct snapshot *const *snapshots, size_t count, struct err *err);

/* Of one that was not kept, nothing is left behind. NULL is fine. */
void snapshot_close(struct snapshot *snapshot);

/* Removes the copy of a content. 0 also if there is none; -1 with errno. */
int snapshot_remove(const char *directory, const char *sha256);
/* Removes what a crash has left of copies that were being made. */
void snapshot_clean(const char *directory);

#endif
