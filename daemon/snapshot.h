/* SPDX-License-Identifier: MIT
 *
 * Copies of the files that were read, by content: <ledger's directory>/snapshots/<sha256>.
 */
#ifndef NGMT_SNAPSHOT_H
#define NGMT_SNAPSHOT_H

#include <stdint.h>

#include "digest.h"
#include "err.h"

struct snapshot {
	int fd; /* of the copy, at its beginning; the caller closes */
	int64_t bytes;
	char sha256[DIGEST_HEX_MAX];
};

/* Copies the regular file `path` (at most `bytes_max`), durable before this returns. Refuses a file that changes under
 * the copying. */
int snapshot_take(const char *directory, const char *path, int64_t bytes_max, struct snapshot *out, struct err *err);

#endif
