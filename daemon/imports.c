/* SPDX-License-Identifier: MIT */
#include "imports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "filter.h"
#include "import.h"
#include "input_codes.h"
#include "log.h"
#include "results.h"

/* Whoever asks something meanwhile waits this long, and for a commit. */
#define SLICE_MS 5
#define STEPS_PER_SLICE 32
/* Files that become durable together. */
#define KEEP_MAX 16
/* Rows that are removed in one turn. */
#define REMOVALS 500
/* A commit for so many bytes of a file, or after this time: fewer commits would cost no less in all, and each of them
 * would keep people waiting longer. */
#define COMMIT_BYTES ((int64_t)512 * 1024)
#define COMMIT_MS 500
/* What the store begins with. */
#define CACHE_KIB 2000
/* For a look at copies that are too old. */
#define SWEEP_MS (INT64_C(3600) * 1000)

struct import_list {
	struct import *first, *last;
	unsigned count;
};

struct imports {
	struct loop *loop;
	struct loop_timer *sweep_timer;
	struct import_shop shop;
	struct import_list asked; /* by a person */
	struct import_list watched;
	struct import *current;
	struct import *ready[KEEP_MAX]; /* all rows are there */
	size_t ready_count;
	bool has_abandoned;
	bool may_wait;
	bool has_paused;       /* for a commit */
	int64_t open_since_ms; /* the transaction that is not committed yet */
	bool is_halted;
	struct err halted;
};

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

const char *imports_rules(const struct imports *imports, int64_t validate_level, const struct join_rules *join,
			  char out[DIGEST_HEX_MAX])
{
	char *codes = input_codes_rules(imports->shop.ledger);
	const char *digest = NULL;

	if (codes)
		digest = digest_rules(imports->shop.config, validate_level, import_is_joining(join), codes, out);
	free(codes);
	return digest;
}

/* Exactly one of them is not NULL. Frees it. */
static void answer(struct imports *imports, struct import *import, const struct err *err)
{
	struct err ignored;

	if (err && import->has_source) {
		/* If that fails, the ledger has failed: the next start takes for abandoned what is not ready. */
		(void)results_abandon(imports->shop.ledger, import->out.source_id, &ignored);
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

static void finish_one(struct imports *imports, struct import *import, const struct err *failure)
{
	struct err err;

	if (!failure && import_finish(&imports->shop, import, &err) < 0)
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
	char rules[DIGEST_HEX_MAX];
	struct import *import;

	if (!imports_rules(imports, request->validate_level, request->join, rules))
		return err_set(err, ERR_INTERNAL, "out of memory");
	import = import_new(request, rules, err);
	if (!import)
		return -1;
	import->done = done;
	import->arg = arg;
	append(request->room_id ? &imports->watched : &imports->asked, import);
	loop_wake(imports->loop);
	return 0;
}

unsigned imports_count(const struct imports *imports)
{
	return imports->asked.count + imports->watched.count + (imports->current != NULL) +
	       (unsigned)imports->ready_count;
}

static const struct import *look_at_next(const struct imports *imports)
{
	return imports->asked.first ? imports->asked.first : imports->watched.first;
}

static struct import *take_next(struct imports *imports)
{
	return take_first(imports->asked.first ? &imports->asked : &imports->watched);
}

/* Whether the rows of another version of the same room are about to count: it builds on them. */
static bool has_ready(const struct imports *imports, const struct import *import)
{
	for (size_t i = 0; import && import->request.room_id && i < imports->ready_count; i++)
		if (imports->ready[i]->request.room_id == import->request.room_id)
			return true;
	return false;
}

/* One step of the current import. False: there is none, or it has to wait. */
static bool go_on(struct imports *imports)
{
	struct import *import;
	struct err err = { 0 };
	int more;

	if (!imports->current && !has_ready(imports, look_at_next(imports)))
		imports->current = take_next(imports);
	import = imports->current;
	if (!import)
		return false;
	more = import->step(&imports->shop, import, &err);
	if (more > 0)
		return true;
	imports->current = NULL;
	if (more < 0) {
		import_explain(import, &err);
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

	while (steps++ < STEPS_PER_SLICE && imports->ready_count < KEEP_MAX && go_on(imports))
		if (clock_mono_ms() >= until)
			break;
	if (imports->ready_count > 0)
		keep_ready(imports);
}

static void shrink_cache(struct imports *imports)
{
	struct err ignored;

	if (!imports->shop.has_large_cache)
		return;
	imports->shop.has_large_cache = false;
	(void)store_set_cache(imports->shop.ledger->store, CACHE_KIB, &ignored);
}

/* With nothing to import: what is left to be removed. */
static bool clean(struct imports *imports)
{
	struct err err;
	int more = 0;

	shrink_cache(imports);
	if (imports->has_abandoned) {
		more = results_remove_abandoned(imports->shop.ledger, REMOVALS, &err);
		imports->has_abandoned = more > 0;
	} else {
		more = copies_sweep(&imports->shop.copies, &err);
	}
	if (more < 0)
		log_err("what is not needed any more could not be removed", &err);
	return more > 0;
}

static void refuse_all(struct imports *imports, const struct err *why)
{
	struct import *import = imports->current;

	while (imports->ready_count > 0)
		answer(imports, imports->ready[--imports->ready_count], why);
	imports->current = NULL;
	if (import)
		answer(imports, import, why);
	while ((import = take_next(imports)))
		answer(imports, import, why);
}

bool imports_pump(struct imports *imports)
{
	if (imports->is_halted) {
		refuse_all(imports, &imports->halted);
		return false;
	}
	if (!store_in_transaction(imports->shop.ledger->store)) {
		imports->open_since_ms = clock_mono_ms();
		imports->shop.open_bytes = 0;
		imports->has_paused = false;
	}
	imports->may_wait = imports->shop.open_bytes < COMMIT_BYTES &&
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
	return results_abandon(imports->shop.ledger, source_id, err);
}

int imports_recover(struct imports *imports, struct err *err)
{
	imports->has_abandoned = true;
	return results_abandon_all(imports->shop.ledger, err);
}

static void on_sweep(void *arg)
{
	struct imports *imports = arg;

	/* The turn that comes with this looks. */
	(void)loop_timer_set(imports->sweep_timer, SWEEP_MS);
}

static int init(struct imports *imports, struct err *err)
{
	const struct config *config = imports->shop.config;
	int64_t keep_ms = config->keep_snapshots_ms == CONFIG_UNSET ? 0 : config->keep_snapshots_ms;

	imports->shop.piece = malloc(IMPORT_PIECE);
	if (!imports->shop.piece)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (config->filter && config->filter[0]) {
		imports->shop.filter = filter_new(config->filter, err);
		if (!imports->shop.filter)
			return err_prefix(err, "[import] filter");
	}
	imports->sweep_timer = loop_timer_new(imports->loop, on_sweep, imports, err);
	if (!imports->sweep_timer || loop_timer_set(imports->sweep_timer, SWEEP_MS) < 0)
		return -1;
	copies_init(&imports->shop.copies, imports->shop.ledger, keep_ms / 1000);
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
	imports->shop.ledger = ledger;
	imports->shop.config = config;
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
	filter_free(imports->shop.filter);
	free(imports->shop.piece);
	free(imports);
}
