/* SPDX-License-Identifier: MIT
 *
 * From a file to rows in the ledger: copies the whole file into the snapshot folder first (so that every payment can be
 * traced to the bytes that asked for it), then reads the copy. All or nothing per file.
 */
#ifndef NGMT_IMPORTER_H
#define NGMT_IMPORTER_H

#include "config.h"
#include "digest.h"
#include "ledger.h"

/* Larger files are refused: they are no results files. */
#define IMPORT_BYTES_MAX (INT64_C(1) << 30)

struct import_options {
	const struct config *config;
	int64_t validate_level;
	const char *game; /* NULL: a file loaded by name */
	const char *room;
};

struct imported {
	int64_t source_id;
	char sha256[DIGEST_HEX_MAX];
	bool is_new; /* false: the same content was read from there before, under the same rules */
};

/* `path` must be absolute. ERR_FILE, ERR_FORMAT ("path: line L, column C: …") or ERR_LEDGER; nothing of the file is in
 * the ledger then. */
int import_file(struct ledger *ledger, const char *path, const struct import_options *options, struct imported *out,
		struct err *err);

#endif
