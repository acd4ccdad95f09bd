/* SPDX-License-Identifier: MIT */
#include "imports.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "copies.h"
#include "filter.h"
#include "input_codes.h"
#include "intake.h"
#include "joined.h"
#include "log.h"
#include "point.h"
#include "results.h"
#include "room_rows.h"
#include "snapshot.h"

/* Whoever asks something meanwhile waits this long, and for a commit. */
#define SLICE_MS 5
/* Of bytes that become rows before the clock is looked at, and of a slice at most. */
#define PIECE ((size_t)32 * 1024)
#define PIECES_PER_SLICE 32
/* Files that become durable together. */
#define KEEP_MAX 16
/* Rows of earlier versions, rows that are back, rows that are removed, in one go. */
#define ROWS_AT_ONCE 1000
/* A commit for so many bytes of a file, or after this time. Fewer would cost no less, and keep people waiting longer. */
#define COMMIT_BYTES ((int64_t)512 * 1024)
#define COMMIT_MS 500
/* From this size on, more of the ledger is kept in memory. */
#define LARGE_BYTES ((int64_t)4 * 1024 * 1024)
#define CACHE_KIB 2000
#define CACHE_LARGE_KIB 8000
/* For a look at copies that are too old. */
#define SWEEP_MS (INT64_C(3600) * 1000)

struct import {
	struct import *next;
	struct import_request request;
	char *path, *game, *room; /* of the request */
	bool joins;
	char *source_rules; /* as source.rules has them */
	import_done_fn *done;
	void *arg;
	/* 1: go on with the same, 0: the next step, -1. */
	int (*step)(struct imports *imports, struct import *import, struct err *err);
	struct snapshot *snapshot;
	struct room_rows *known;
	struct intake *intake;
	struct digest_stream *check; /* of an old copy, while it is read */
	bool is_again;               /* a version that was there before the newest one */
	bool has_source;             /* not ready, and ours */
	char earlier[DIGEST_HEX_MAX]; /* the version before; "": none */
	int64_t at; /* bytes of the copy that were read */
	struct imported out;
};

struct import_list {
	struct import *first, *last;
	unsigned count;
};

struct imports {
	struct loop *loop;
	struct ledger *ledger;
	const struct config *config;
	struct filter *filter;
	struct loop_timer *sweep_timer;
	struct copies copies;
	struct import_list asked;   /* by a person */
	struct import_list watched;
	struct import *current;
	struct import *ready[KEEP_MAX]; /* all rows are there */
	size_t ready_count;
	bool has_abandoned;
	bool may_wait;
	bool has_paused; /* for a commit */
	bool has_large_cache;
	int64_t open_since_ms; /* the transaction that is not committed yet */
	int64_t open_bytes;
	bool is_halted;
	struct err halted;
	char *piece;
};

static int step_copy(struct imports *imports, struct import *import, struct err *err);
static int step_know(struct imports *imports, struct import *import, struct err *err);
static int step_rows(struct imports *imports, struct import *import, struct err *err);
static int step_settle(struct imports *imports, struct import *import, struct err *err);

/* --- rules --- */

static void hash_text(struct digest_stream *stream, const char *text)
{
	digest_stream_update(stream, text ? text : "", text ? strlen(text) + 1 : 1);
}

static const char *digest_rules(const struct config *config, int64_t validate_level, bool joins, const char *codes,
				char out[DIGEST_HEX_MAX])
{
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];
	char numbers[160];

	if (!stream)
		return NULL;
	(void)snprintf(numbers, sizeof(numbers), "%" PRId64 " %" PRId64 " %d %" PRId64 " %s %s %d %d",
		       config->max_bonus_cents, config->min_bonus_cents, config->auto_approve, validate_level,
		       config->separator ? config->separator : "", config->quote ? config->quote : "",
		       config->case_insensitive, joins);
	hash_text(stream, numbers);
	hash_text(stream, config->filter);
	hash_text(stream, config->columns);
	hash_text(stream, codes);
	for (int field = 0; field < FIELDS; field++)
		hash_text(stream, config->fields[field]);
	digest_stream_finish(stream, digest);
	return digest_hex(digest, out);
}

static bool is_joining(const struct join_rules *join)
{
	return join && join->way != JOIN_NONE;
}

const char *imports_rules(const struct imports *imports, int64_t validate_level, const struct join_rules *join,
			  char out[DIGEST_HEX_MAX])
{
	char *codes = input_codes_rules(imports->ledger);
	const char *digest = codes ? digest_rules(imports->config, validate_level, is_joining(join), codes, out) : NULL;

	free(codes);
	return digest;
}

/* --- one import --- */

static void import_free(struct import *import)
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

/* For people: which file it is about, and what to do. */
static void explain(const struct import *import, struct err *err)
{
	if (err->code != ERR_FORMAT)
		return;
	(void)err_prefix(err, "%s", import->request.path);
	if (!err->hint[0])
		(void)err_hint(err, "nothing of this file was imported; correct it and load it again");
}

/* Exactly one of them is not NULL. Frees it. */
static void answer(struct imports *imports, struct import *import, const struct err *err)
{
	struct err ignored;

	if (err && import->has_source) {
		/* If that fails, the ledger has failed, and what is not ready is taken for abandoned by the next start. */
		(void)results_abandon(imports->ledger, import->out.source_id, &ignored);
		imports->has_abandoned = true;
	}
	if (!err)
		log_info("file imported path=\"%s\" sha256=%.12s new=%s rows=%" PRId64 " added=%" PRId64,
			 import->request.path, import->out.sha256, import->out.is_new ? "yes" : "no", import->out.rows,
			 import->out.rows_added);
	imports->may_wait = false;
	import->done(import->arg, err ? NULL : &import->out, err);
	import_free(import);
}

static int begin(struct imports *imports, struct import *import, struct err *err)
{
	struct snapshot_request request = { .directory = imports->ledger->directory,
					    .path = import->request.path,
					    .bytes_max = IMPORT_BYTES_MAX,
					    .mark = import->request.has_mark ? &import->request.mark : NULL };
	struct results_version version = { .bytes = 0 };
	struct stat status = { 0 };
	int known;

	if (import->request.room_id &&
	    results_newest_watched(imports->ledger, import->request.path, &version, err) < 0)
		return -1;
	memcpy(import->earlier, version.sha256, sizeof(import->earlier));
	request.prefix_bytes = version.bytes;
	/* What cannot be opened is told when it is. */
	known = stat(import->request.path, &status) < 0
			? 0
			: copies_may_have(&imports->copies, status.st_size, err);
	if (known < 0)
		return -1;
	request.may_be_kept = known == 1;
	import->snapshot = snapshot_open(&request, err);
	import->step = step_copy;
	return import->snapshot ? 1 : -1;
}

static int begin_known(struct imports *imports, struct import *import, struct err *err)
{
	struct results_version newest;
	int found;

	/* What is there already is what counts. */
	if (!import->request.room_id)
		return 0;
	found = results_newest_watched(imports->ledger, import->request.path, &newest, err);
	if (found < 0)
		return -1;
	if (found == 1 && newest.source_id == import->out.source_id)
		return 0;
	/* The file has gone back to an earlier version of itself: its rows are known, but others may have replaced
	 * them. */
	import->is_again = true;
	import->step = step_know;
	return 1;
}

static int add_source(struct imports *imports, struct import *import, struct err *err)
{
	const struct source source = { .path = import->request.path,
				       .sha256 = import->out.sha256,
				       .game = import->request.game,
				       .room = import->request.room,
				       .rules = import->source_rules,
				       .bytes = import->out.bytes,
				       .room_id = import->request.room_id };
	int added = results_add_source(imports->ledger, &source, &import->out.source_id, err);

	if (added < 0)
		return -1;
	import->out.is_new = added == 1;
	if (added == 0)
		return begin_known(imports, import, err);
	import->has_source = true;
	import->step = step_know;
	return 1;
}

static int step_copy(struct imports *imports, struct import *import, struct err *err)
{
	int more = snapshot_step(import->snapshot, err);

	if (more != 0)
		return more;
	import->out.bytes = snapshot_bytes(import->snapshot);
	import->out.ends_in_line = snapshot_ends_in_line(import->snapshot);
	memcpy(import->out.sha256, snapshot_sha256(import->snapshot), sizeof(import->out.sha256));
	return add_source(imports, import, err);
}

static int begin_rows(struct imports *imports, struct import *import, struct err *err)
{
	const struct intake_rules rules = { .config = imports->config,
					    .filter = imports->filter,
					    .validate_level = import->request.validate_level,
					    .joins = import->joins };

	if (import->out.bytes > LARGE_BYTES && !imports->has_large_cache)
		imports->has_large_cache = store_set_cache(imports->ledger->store, CACHE_LARGE_KIB, err) == 0;
	if (snapshot_is_old(import->snapshot))
		import->check = digest_stream_new();
	import->intake = intake_new(imports->ledger, &rules, import->out.source_id, import->known, err);
	import->step = step_rows;
	return import->intake ? 1 : -1;
}

/* What the room has from earlier versions of its file. */
static int step_know(struct imports *imports, struct import *import, struct err *err)
{
	int more;

	if (!import->request.room_id)
		return begin_rows(imports, import, err);
	if (!import->known)
		import->known = room_rows_new(imports->ledger, import->request.room_id, import->source_rules, err);
	if (!import->known)
		return -1;
	more = room_rows_load(import->known, ROWS_AT_ONCE, err);
	return more != 0 ? more : begin_rows(imports, import, err);
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

static int end_rows(struct imports *imports, struct import *import, struct err *err)
{
	struct imported *out = &import->out;

	if (end_check(import, err) < 0 || store_begin(imports->ledger->store, err) < 0 ||
	    intake_finish(import->intake, err) < 0)
		return -1;
	memcpy(out->verdicts, intake_verdicts(import->intake), sizeof(out->verdicts));
	out->rows_added = intake_added(import->intake);
	intake_free(import->intake);
	import->intake = NULL;
	import->step = import->known ? step_settle : NULL;
	return import->step != NULL;
}

static int step_rows(struct imports *imports, struct import *import, struct err *err)
{
	ssize_t got;

	do {
		got = pread(snapshot_fd(import->snapshot), imports->piece, PIECE, import->at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(err, ERR_LEDGER, "cannot read the copy of \"%s\": %m", import->request.path);
	if (got == 0)
		return import->at == import->out.bytes ? end_rows(imports, import, err) : refuse_damaged(import, err);
	/* What was begun may have been committed since: rows would be committed one by one. */
	if (store_begin(imports->ledger->store, err) < 0)
		return -1;
	import->at += got;
	imports->open_bytes += got;
	if (import->check)
		digest_stream_update(import->check, imports->piece, (size_t)got);
	return intake_feed(import->intake, imports->piece, (size_t)got, err) < 0 ? -1 : 1;
}

static int step_settle(struct imports *imports, struct import *import, struct err *err)
{
	int more = room_rows_settle(import->known, import->out.source_id, ROWS_AT_ONCE / 10, err);

	(void)imports;
	if (more == 0)
		import->step = NULL;
	return more;
}

/* --- the end of imports: what becomes durable together --- */

/* The rows count from here on. */
static int make_ready(struct imports *imports, struct import *import, struct err *err)
{
	struct imported *out = &import->out;
	int64_t revived = 0;

	if (import->known) {
		revived = room_rows_apply(import->known, err);
		if (revived < 0)
			return -1;
		out->rows_added += revived;
	}
	if (import->has_source && results_count_rows(imports->ledger, out->source_id, out->verdicts, err) < 0)
		return -1;
	if (!import->has_source && results_get_counts(imports->ledger, out->source_id, out->verdicts, err) < 0)
		return -1;
	for (int verdict = 0; verdict <= VERDICT_SKIP; verdict++)
		out->rows += out->verdicts[verdict];
	if (import->request.is_part)
		return 0;
	return results_make_ready(imports->ledger, out->source_id, err);
}

static int finish(struct imports *imports, struct import *import, struct err *err)
{
	const char *prefix = snapshot_prefix_sha256(import->snapshot);

	point_pass(POINT_SNAPSHOT_WRITTEN);
	if (copies_note_kept(&imports->copies, import->out.sha256, err) < 0 || make_ready(imports, import, err) < 0)
		return -1;
	if (prefix[0] && strcmp(prefix, import->earlier) == 0 && strcmp(prefix, import->out.sha256) != 0 &&
	    copies_note_contained(&imports->copies, prefix, import->out.sha256, err) < 0)
		return -1;
	point_pass(POINT_IMPORT_ROWS);
	import->has_source = import->has_source && import->request.is_part;
	return 0;
}

static void finish_one(struct imports *imports, struct import *import, const struct err *failure)
{
	struct err err;

	if (!failure && finish(imports, import, &err) < 0)
		failure = &err;
	answer(imports, import, failure);
}

static void keep_ready(struct imports *imports)
{
	struct snapshot *snapshots[KEEP_MAX] = { NULL };
	size_t count = imports->ready_count;
	struct import *ready[KEEP_MAX] = { NULL };
	struct err err;
	int kept;

	for (size_t i = 0; i < count; i++) {
		ready[i] = imports->ready[i];
		snapshots[i] = ready[i]->snapshot;
	}
	kept = snapshot_keep(snapshots, count, &err);
	imports->ready_count = 0;
	for (size_t i = 0; i < count; i++)
		finish_one(imports, ready[i], kept < 0 ? &err : NULL);
}

/* --- the queue --- */

static char *copy_text(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed = *failed || (text && !copy);
	return copy;
}

/* The rules of a watched source name the room: the same content may be loaded as well. */
static char *rules_of(const struct imports *imports, const struct import_request *request)
{
	char rules[DIGEST_HEX_MAX], *text = NULL;

	if (!imports_rules(imports, request->validate_level, request->join, rules))
		return NULL;
	if (!request->room_id)
		return strdup(rules);
	return asprintf(&text, "%s room %" PRId64, rules, request->room_id) < 0 ? NULL : text;
}

static void append(struct import_list *list, struct import *import)
{
	if (list->last)
		list->last->next = import;
	else
		list->first = import;
	list->last = import;
	list->count++;
}

static struct import *take_first(struct import_list *list)
{
	struct import *import = list->first;

	if (import) {
		list->first = import->next;
		if (!list->first)
			list->last = NULL;
		list->count--;
	}
	return import;
}

int imports_add(struct imports *imports, const struct import_request *request, import_done_fn *done, void *arg,
		struct err *err)
{
	struct import *import = calloc(1, sizeof(*import));
	bool failed = !import;

	if (import) {
		import->request = *request;
		import->request.join = NULL;
		import->request.path = import->path = copy_text(request->path, &failed);
		import->request.game = import->game = copy_text(request->game, &failed);
		import->request.room = import->room = copy_text(request->room, &failed);
		import->joins = is_joining(request->join);
		import->source_rules = rules_of(imports, request);
		import->done = done;
		import->arg = arg;
		import->step = begin;
	}
	if (failed || !import->source_rules) {
		import_free(import);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	append(request->room_id ? &imports->watched : &imports->asked, import);
	loop_wake(imports->loop);
	return 0;
}

unsigned imports_count(const struct imports *imports)
{
	return imports->asked.count + imports->watched.count + (imports->current != NULL) +
	       (unsigned)imports->ready_count;
}

static struct import *take_next(struct imports *imports)
{
	struct import *import = take_first(&imports->asked);

	return import ? import : take_first(&imports->watched);
}

/* One step of the current import. False: there is none. */
static bool go_on(struct imports *imports)
{
	struct import *import;
	struct err err = { 0 };
	int more;

	if (!imports->current)
		imports->current = take_next(imports);
	import = imports->current;
	if (!import)
		return false;
	more = import->step(imports, import, &err);
	if (more > 0)
		return true;
	imports->current = NULL;
	if (more < 0) {
		explain(import, &err);
		answer(imports, import, &err);
	} else {
		imports->ready[imports->ready_count++] = import;
	}
	return true;
}

static void slice(struct imports *imports)
{
	int64_t until = clock_mono_ms() + SLICE_MS;
	int steps = 0;

	while (steps++ < PIECES_PER_SLICE && imports->ready_count < KEEP_MAX && go_on(imports))
		if (clock_mono_ms() >= until)
			break;
	if (imports->ready_count > 0)
		keep_ready(imports);
}

static void shrink_cache(struct imports *imports)
{
	struct err ignored;

	if (!imports->has_large_cache)
		return;
	imports->has_large_cache = false;
	(void)store_set_cache(imports->ledger->store, CACHE_KIB, &ignored);
}

/* With nothing to import: what is left to be removed. */
static bool clean(struct imports *imports)
{
	struct err err;
	int more = 0;

	shrink_cache(imports);
	if (imports->has_abandoned) {
		more = results_remove_abandoned(imports->ledger, ROWS_AT_ONCE, &err);
		imports->has_abandoned = more > 0;
	} else {
		more = copies_sweep(&imports->copies, &err);
	}
	if (more < 0)
		log_err("what is not needed any more could not be removed", &err);
	return more > 0;
}

static void refuse_all(struct imports *imports, const struct err *why)
{
	struct import *import;

	while (imports->ready_count > 0)
		answer(imports, imports->ready[--imports->ready_count], why);
	import = imports->current;
	imports->current = NULL;
	for (; import; import = take_next(imports))
		answer(imports, import, why);
}

bool imports_pump(struct imports *imports)
{
	if (imports->is_halted) {
		refuse_all(imports, &imports->halted);
		return false;
	}
	if (!store_in_transaction(imports->ledger->store)) {
		imports->open_since_ms = clock_mono_ms();
		imports->open_bytes = 0;
		imports->has_paused = false;
	}
	imports->may_wait = imports->open_bytes < COMMIT_BYTES &&
			    clock_mono_ms() - imports->open_since_ms < COMMIT_MS;
	if (imports_count(imports) == 0)
		return clean(imports);
	/* A commit is enough for one turn; whoever does not commit gets on all the same. */
	if (imports->may_wait || imports->has_paused)
		slice(imports);
	imports->has_paused = !imports->may_wait;
	return true;
}

bool imports_may_wait(const struct imports *imports)
{
	return imports->may_wait && imports->current;
}

void imports_halt(struct imports *imports, const struct err *why)
{
	imports->is_halted = true;
	imports->halted = *why;
	loop_wake(imports->loop);
}

int imports_drop(struct imports *imports, int64_t source_id, struct err *err)
{
	imports->has_abandoned = true;
	loop_wake(imports->loop);
	return results_abandon(imports->ledger, source_id, err);
}

int imports_recover(struct imports *imports, struct err *err)
{
	imports->has_abandoned = true;
	return results_abandon_all(imports->ledger, err);
}

static void on_sweep(void *arg)
{
	struct imports *imports = arg;

	/* The turn that comes with this looks. */
	(void)loop_timer_set(imports->sweep_timer, SWEEP_MS);
}

static int init(struct imports *imports, struct err *err)
{
	const struct config *config = imports->config;
	int64_t keep_ms = config->keep_snapshots_ms == CONFIG_UNSET ? 0 : config->keep_snapshots_ms;

	imports->piece = malloc(PIECE);
	if (!imports->piece)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (config->filter && config->filter[0]) {
		imports->filter = filter_new(config->filter, err);
		if (!imports->filter)
			return err_prefix(err, "[import] filter");
	}
	imports->sweep_timer = loop_timer_new(imports->loop, on_sweep, imports, err);
	if (!imports->sweep_timer || loop_timer_set(imports->sweep_timer, SWEEP_MS) < 0)
		return -1;
	copies_init(&imports->copies, imports->ledger, keep_ms / 1000);
	return 0;
}

struct imports *imports_new(struct loop *loop, struct ledger *ledger, const struct config *config, struct err *err)
{
	struct imports *imports = calloc(1, sizeof(*imports));

	if (!imports) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	imports->loop = loop;
	imports->ledger = ledger;
	imports->config = config;
	if (init(imports, err) == 0)
		return imports;
	imports_free(imports);
	return NULL;
}

void imports_free(struct imports *imports)
{
	struct err why;

	if (!imports)
		return;
	(void)err_set(&why, ERR_BUSY, "stopping");
	refuse_all(imports, &why);
	loop_timer_free(imports->sweep_timer);
	filter_free(imports->filter);
	free(imports->piece);
	free(imports);
}
