/* SPDX-License-Identifier: MIT
 *
 * One import, step by step: a copy of the file, its rows, and the moment from which they count. Private to imports.c,
 * which decides whose turn it is.
 */
#ifndef NGMT_IMPORT_H
#define NGMT_IMPORT_H

#include "copies.h"
#include "imports.h"
#include "snapshot.h"

/* What all imports have in common. */
struct import_shop {
	struct ledger *ledger;
	const struct config *config;
	struct filter *filter; /* NULL: none */
	struct copies copies;
	char *piece; /* IMPORT_PIECE bytes */
	int64_t open_bytes; /* of files that became rows since it was set to 0 */
	bool has_large_cache;
};

/* Of bytes that become rows in one step. */
#define IMPORT_PIECE ((size_t)32 * 1024)

struct import;
/* 1: there is more of this, or another step; 0: all rows are there; -1: nothing of it counts. */
typedef int import_step_fn(struct import_shop *shop, struct import *import, struct err *err);

struct import {
	struct import *next;
	struct import_request request;
	char *path, *game, *room; /* of the request */
	bool joins;
	char *source_rules; /* as source.rules has them */
	import_done_fn *done;
	void *arg;
	import_step_fn *step; /* the next one */
	struct snapshot *snapshot;
	struct room_rows *known;
	struct intake *intake;
	struct digest_stream *check;  /* of an old copy, while it is read */
	bool has_source;              /* a new one, that is not ready */
	char earlier[DIGEST_HEX_MAX]; /* the version before; "": none */
	int64_t at;                   /* bytes of the copy that were read */
	struct imported out;
};

/* Copies the request. `rules`: digest of the rules (imports_rules()). */
struct import *import_new(const struct import_request *request, const char *rules, struct err *err);
void import_free(struct import *import);

/* After the last step, when the copy is kept: the rows count, unless the import is a part. */
int import_finish(struct import_shop *shop, struct import *import, struct err *err);
/* For people: which file an error is about, and what to do. */
void import_explain(const struct import *import, struct err *err);

/* Whether rows of that kind wait to be joined. */
bool import_is_joining(const struct join_rules *join);

#endif
