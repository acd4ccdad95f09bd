/* SPDX-License-Identifier: MIT */
#include "import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "intake.h"
#include "joined.h"
#include "point.h"
#include "results.h"
#include "room_rows.h"

/* Workers who submitted longer ago are approved by now. */
#define LONG_OVER_MS (INT64_C(31) * 86400 * 1000)
/* Rows of earlier versions in one step, and rows that are back. */
#define KNOWN_ROWS 1000
#define BACK_ROWS 100
/* From this size on, more of the ledger is kept in memory. */
#define LARGE_BYTES ((int64_t)4 * 1024 * 1024)
#define CACHE_LARGE_KIB 8000
/* Smaller files are read twice anyway (snapshot.c). */
#define LOOKED_UP_BYTES ((int64_t)1024 * 1024)

static int begin(struct import_shop *shop, struct import *import, struct err *err);
static int step_copy(struct import_shop *shop, struct import *import, struct err *err);
static int step_know(struct import_shop *shop, struct import *import, struct err *err);
static int step_rows(struct import_shop *shop, struct import *import, struct err *err);
static int step_settle(struct import_shop *shop, struct import *import, struct err *err);

void import_free(struct import *import)
{
	if (!import)
		return;
	snapshot_close(import->snapshot);
	room_rows_free(import->known);
	intake_free(import->intake);
	if (import->check) {
		uint8_t ignored[DIGEST_BYTES];

		digest_stream_finish(import->check, ignored);
	}
	free(import->path);
	free(import->game);
	free(import->room);
	free(import->source_rules);
	free(import);
}

static char *copy_text(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed = *failed || (text && !copy);
	return copy;
}

/* The rules of a watched source name the room: the same content may be loaded as well. */
static char *name_rules(const struct import_request *request, const char *rules)
{
	char *text = NULL;

	if (!request->room_id)
		return strdup(rules);
	return asprintf(&text, "%s room %" PRId64, rules, request->room_id) < 0 ? NULL : text;
}

bool import_is_joining(const struct join_rules *join)
{
	return join && join->way != JOIN_NONE;
}

struct import *import_new(const struct import_request *request, const char *rules, struct err *err)
{
	struct import *import = calloc(1, sizeof(*import));
	bool failed = false;

	if (!import) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	import->request = *request;
	import->request.join = NULL;
	import->request.path = import->path = copy_text(request->path, &failed);
	import->request.game = import->game = copy_text(request->game, &failed);
	import->request.room = import->room = copy_text(request->room, &failed);
	import->joins = import_is_joining(request->join);
	import->source_rules = name_rules(request, rules);
	import->step = begin;
	if (!failed && import->source_rules)
		return import;
	import_free(import);
	(void)err_set(err, ERR_INTERNAL, "out of memory");
	return NULL;
}

/* For people: which file it is about, and what to do. */
void import_explain(const struct import *import, struct err *err)
{
	if (err->code != ERR_FORMAT)
		return;
	(void)err_prefix(err, "%s", import->request.path);
	if (!err->hint[0])
		(void)err_hint(err, "nothing of this file was imported; correct it and load it again");
}

static int begin(struct import_shop *shop, struct import *import, struct err *err)
{
	struct snapshot_request request = { .directory = shop->ledger->directory,
					    .path = import->request.path,
					    .bytes_max = IMPORT_BYTES_MAX,
					    .mark = import->request.has_mark ? &import->request.mark : NULL };
	struct results_version version = { .bytes = 0 };
	struct stat status = { 0 };
	int known = 0;

	if (import->request.room_id &&
	    results_newest_watched(shop->ledger, import->request.path, &version, err) < 0)
		return -1;
	memcpy(import->earlier, version.sha256, sizeof(import->earlier));
	request.prefix_bytes = version.bytes;
	/* What cannot be looked at is told when it is opened. */
	if (stat(import->request.path, &status) == 0 && status.st_size > LOOKED_UP_BYTES)
		known = copies_may_have(&shop->copies, status.st_size, err);
	if (known < 0)
		return -1;
	request.may_be_kept = known == 1;
	import->snapshot = snapshot_open(&request, err);
	import->step = step_copy;
	return import->snapshot ? 1 : -1;
}

static int begin_known(struct import_shop *shop, struct import *import, struct err *err)
{
	struct results_version newest;
	int found;

	/* What is there already is what counts. */
	if (!import->request.room_id)
		return 0;
	found = results_newest_watched(shop->ledger, import->request.path, &newest, err);
	if (found < 0)
		return -1;
	if (found == 1 && newest.source_id == import->out.source_id)
		return 0;
	/* The file has gone back to an earlier version of itself: its rows are known, but others may have replaced
	 * them. */
	import->step = step_know;
	return 1;
}

static int add_source(struct import_shop *shop, struct import *import, struct err *err)
{
	const struct source source = { .path = import->request.path,
				       .sha256 = import->out.sha256,
				       .game = import->request.game,
				       .room = import->request.room,
				       .rules = import->source_rules,
				       .bytes = import->out.bytes,
				       .room_id = import->request.room_id };
	int added = results_add_source(shop->ledger, &source, &import->out.source_id, err);

	if (added < 0)
		return -1;
	import->out.is_new = added == 1;
	if (added == 0)
		return begin_known(shop, import, err);
	import->has_source = true;
	import->step = step_know;
	return 1;
}

static int step_copy(struct import_shop *shop, struct import *import, struct err *err)
{
	int more = snapshot_step(import->snapshot, err);

	if (more != 0)
		return more;
	import->out.bytes = snapshot_bytes(import->snapshot);
	import->out.ends_in_line = snapshot_ends_in_line(import->snapshot);
	memcpy(import->out.sha256, snapshot_sha256(import->snapshot), sizeof(import->out.sha256));
	return add_source(shop, import, err);
}

static int begin_rows(struct import_shop *shop, struct import *import, struct err *err)
{
	const struct intake_rules rules = { .config = shop->config,
					    .filter = shop->filter,
					    .validate_level = import->request.validate_level,
					    .joins = import->joins };

	if (import->out.bytes > LARGE_BYTES && !shop->has_large_cache)
		shop->has_large_cache = store_set_cache(shop->ledger->store, CACHE_LARGE_KIB, err) == 0;
	if (snapshot_is_old(import->snapshot)) {
		import->check = digest_stream_new();
		if (!import->check)
			return err_set(err, ERR_INTERNAL, "out of memory");
	}
	import->intake = intake_new(shop->ledger, &rules, import->out.source_id, import->known, err);
	import->step = step_rows;
	return import->intake ? 1 : -1;
}

/* What the room has from earlier versions of its file. */
static int step_know(struct import_shop *shop, struct import *import, struct err *err)
{
	int more;

	if (!import->request.room_id)
		return begin_rows(shop, import, err);
	if (!import->known)
		import->known = room_rows_new(shop->ledger, import->request.room_id, import->source_rules, err);
	if (!import->known)
		return -1;
	more = room_rows_load(import->known, KNOWN_ROWS, err);
	return more != 0 ? more : begin_rows(shop, import, err);
}

static int refuse_damaged(const struct import *import, struct err *err)
{
	(void)err_set(err, ERR_LEDGER, "the copy \"%s\" in the folder of the snapshots is damaged", import->out.sha256);
	return err_hint(err, "remove that file and load it again; nothing was imported");
}

/* An old copy was written long ago: its bytes are what its name says, or nothing of it counts. */
static int end_check(struct import *import, struct err *err)
{
	uint8_t digest[DIGEST_BYTES];
	char sha256[DIGEST_HEX_MAX];

	if (!import->check)
		return 0;
	digest_stream_finish(import->check, digest);
	import->check = NULL;
	return strcmp(digest_hex(digest, sha256), import->out.sha256) == 0 ? 0 : refuse_damaged(import, err);
}

static int end_rows(struct import_shop *shop, struct import *import, struct err *err)
{
	struct imported *out = &import->out;

	if (end_check(import, err) < 0 || store_begin(shop->ledger->store, err) < 0 ||
	    intake_finish(import->intake, err) < 0)
		return -1;
	memcpy(out->verdicts, intake_verdicts(import->intake), sizeof(out->verdicts));
	out->rows_added = intake_added(import->intake);
	intake_free(import->intake);
	import->intake = NULL;
	import->step = import->known ? step_settle : NULL;
	return import->step != NULL;
}

static int step_rows(struct import_shop *shop, struct import *import, struct err *err)
{
	ssize_t got;

	do {
		got = pread(snapshot_fd(import->snapshot), shop->piece, IMPORT_PIECE, import->at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(err, ERR_LEDGER, "cannot read the copy of \"%s\": %m", import->request.path);
	if (got == 0)
		return import->at == import->out.bytes ? end_rows(shop, import, err) : refuse_damaged(import, err);
	/* What was begun may have been committed since: rows would be committed one by one. */
	if (store_begin(shop->ledger->store, err) < 0)
		return -1;
	import->at += got;
	shop->open_bytes += got;
	if (import->check)
		digest_stream_update(import->check, shop->piece, (size_t)got);
	return intake_feed(import->intake, shop->piece, (size_t)got, err) < 0 ? -1 : 1;
}

static int step_settle(struct import_shop *shop, struct import *import, struct err *err)
{
	int more = room_rows_settle(import->known, import->out.source_id, BACK_ROWS, err);

	(void)shop;
	if (more == 0)
		import->step = NULL;
	return more;
}

/* The rows count from here on. */
/* Read before, and nobody has written to it for long: other rules judge it anew, and that is all (rule of money 9). */
static bool is_long_over(const struct import *import)
{
	return import->request.has_mark && import->earlier[0] &&
	       clock_wall_ms() - import->request.mark.mtime_ns / 1000000 > LONG_OVER_MS;
}

static int make_ready(struct import_shop *shop, struct import *import, struct err *err)
{
	struct imported *out = &import->out;
	int64_t revived = 0;

	if (import->known) {
		revived = room_rows_apply(import->known, err);
		if (revived < 0)
			return -1;
		out->rows_added += revived;
	}
	if (import->has_source && results_count_rows(shop->ledger, out->source_id, out->verdicts, err) < 0)
		return -1;
	if (!import->has_source && results_get_counts(shop->ledger, out->source_id, out->verdicts, err) < 0)
		return -1;
	for (int verdict = 0; verdict <= VERDICT_SKIP; verdict++)
		out->rows += out->verdicts[verdict];
	if (is_long_over(import) && results_leave_to_people(shop->ledger, out->source_id, err) < 0)
		return -1;
	if (import->request.is_part)
		return 0;
	return results_make_ready(shop->ledger, out->source_id, err);
}

int import_finish(struct import_shop *shop, struct import *import, struct err *err)
{
	const char *prefix = snapshot_prefix_sha256(import->snapshot);

	point_pass(POINT_SNAPSHOT_WRITTEN);
	if (copies_note_kept(&shop->copies, import->out.sha256, err) < 0 || make_ready(shop, import, err) < 0)
		return -1;
	if (prefix[0] && strcmp(prefix, import->earlier) == 0 && strcmp(prefix, import->out.sha256) != 0 &&
	    copies_note_contained(&shop->copies, prefix, import->out.sha256, err) < 0)
		return -1;
	point_pass(POINT_IMPORT_ROWS);
	import->has_source = import->has_source && import->request.is_part;
	return 0;
}
