/* SPDX-License-Identifier: MIT */
#include "loads.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duplicates.h"
#include "joined.h"
#include "known.h"
#include "load_request.h"
#include "results.h"

#define PROBLEMS_SHOWN 100
/* Imports of one command that wait at the same time. */
#define AHEAD_MAX 64

struct load_file {
	struct load *load;
	struct load_place place;
	bool is_imported;
	struct imported imported;
	int64_t added; /* to the working set */
	int64_t repeated;
};

struct load {
	struct load *next;
	struct loads *loads;
	bool has_begun;
	struct load_request request;
	struct load_file *files;
	size_t count;
	size_t asked;    /* for how many an import was begun */
	size_t answered; /* and came to its end */
	struct duplicates *duplicates;
	struct json_object *warnings;
	bool is_done;   /* the working set has changed */
	bool is_joining; /* its rows are looked for on the platform */
	bool has_failed;
	struct err failure;
	load_done_fn *done;
	void *arg;
};

struct loads {
	struct loop *loop;
	struct ledger *ledger;
	struct imports *imports;
	struct joins *joins;
	const struct config *config;
	struct load *list; /* the first one is under way */
};

static void warn(struct load *load, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct load *load, const char *format, ...)
{
	char text[800];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)json_object_array_add(load->warnings, json_object_new_string(text));
}

static void fail(struct load *load, const struct err *err)
{
	if (!load->has_failed)
		load->failure = *err;
	load->has_failed = true;
}

static void load_free(struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		load_place_finish(&load->files[i].place);
	free(load->files);
	load_request_finish(&load->request);
	duplicates_free(load->duplicates);
	json_object_put(load->warnings);
	free(load);
}

/* --- what there is to load --- */

static int add_file(struct load *load, const char *path, const char *room, struct err *err)
{
	struct load_file *file = &load->files[load->count++];

	file->load = load;
	return load_place_init(&file->place, path, room, err);
}

static int add_rooms(struct load *load, const struct room_list *rooms, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < rooms->count && result == 0; i++) {
		if (rooms->rooms[i].results_path)
			result = add_file(load, rooms->rooms[i].results_path, rooms->rooms[i].name, err);
		else
			warn(load, "no results in room %s", rooms->rooms[i].name);
	}
	if (rooms->count == 0)
		warn(load, "no rooms in %s", rooms->data_path);
	return result;
}

/* The folders have said what is near there; else a game that is known from elsewhere. */
static int refuse_game(struct load *load, struct err *err)
{
	const char *game = load->request.game;
	char best[KNOWN_WORD_BYTES];

	if (err->code == ERR_NOT_FOUND && !strchr(game, '/') && strncmp(err->hint, "did you mean", 12) != 0 &&
	    known_nearest(load->loads->ledger, load->loads->config, "games", game, best))
		return err_hint(err, "did you mean \"%s\"?", best);
	return -1;
}

static int find_rooms(struct load *load, struct err *err)
{
	struct room_list rooms;
	int result;

	if (load_request_rooms(&load->request, load->loads->config, &rooms, err) < 0)
		return refuse_game(load, err);
	load->files = calloc(rooms.count + 1, sizeof(*load->files));
	result = load->files ? add_rooms(load, &rooms, err) : err_set(err, ERR_INTERNAL, "out of memory");
	rooms_finish(&rooms);
	return result;
}

static int check_mode(struct load *load, struct err *err)
{
	int64_t rows = working_set_count(load->loads->ledger, err);

	if (rows < 0)
		return -1;
	if (load->request.mode != LOAD_NEW || rows == 0)
		return 0;
	(void)err_set(err, ERR_STATE, "there are %" PRId64 " rows in the working set already", rows);
	return err_hint(err, "add to them with -a, or replace them with -r");
}

static int begin(struct load *load, struct err *err)
{
	load->has_begun = true;
	if (check_mode(load, err) < 0)
		return -1;
	if (load->request.game)
		return find_rooms(load, err);
	load->files = calloc(1, sizeof(*load->files));
	if (!load->files)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return add_file(load, load->request.path, NULL, err);
}

/* --- imports --- */

/* One bad room does not keep the others out: it is named. What the ledger cannot take stops everything. */
static void on_failure(struct load_file *file, const struct err *err)
{
	if (file->place.room && (err->code == ERR_FORMAT || err->code == ERR_FILE))
		warn(file->load, "room %s is left out: %s%s%s", file->place.room, err->message,
		     err->hint[0] ? "; " : "", err->hint);
	else
		fail(file->load, err);
}

/* A file that somebody names has rows, or is the wrong one. (An empty room is nothing unusual.) */
static void check_rows(struct load_file *file)
{
	struct err err;

	if (file->place.room || file->imported.rows > 0)
		return;
	(void)err_set(&err, ERR_FORMAT, "\"%s\" has no rows", file->place.path);
	(void)err_hint(&err, "the working set is as it was");
	fail(file->load, &err);
}

static void on_imported(void *arg, const struct imported *imported, const struct err *err)
{
	struct load_file *file = arg;

	file->load->answered++;
	if (err) {
		on_failure(file, err);
		return;
	}
	file->is_imported = true;
	file->imported = *imported;
	check_rows(file);
}

static int import_next(struct load *load, struct err *err)
{
	struct load_file *file = &load->files[load->asked];
	const struct import_request request = { .path = file->place.path,
						.game = load->request.game,
						.room = file->place.room,
						.validate_level = load->request.validate_level,
						.join = joins_rules(load->loads->joins, load->request.game, NULL),
						.is_part = true };

	load->asked++;
	if (imports_add(load->loads->imports, &request, on_imported, file, err) == 0)
		return 0;
	load->answered++;
	return -1;
}

static void import_some(struct load *load)
{
	struct err err;

	while (!load->has_failed && load->asked < load->count && load->asked - load->answered < AHEAD_MAX)
		if (import_next(load, &err) < 0)
			fail(load, &err);
}

/* --- the end --- */

static void drop_parts(struct load *load)
{
	struct err ignored;

	for (size_t i = 0; i < load->asked; i++)
		if (load->files[i].is_imported && load->files[i].imported.is_new)
			(void)imports_drop(load->loads->imports, load->files[i].imported.source_id, &ignored);
}

static int start_counting(struct load *load, struct err *err)
{
	int64_t *sources = calloc(load->count + 1, sizeof(*sources));
	size_t count = 0;

	if (!sources)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < load->count; i++)
		if (load->files[i].is_imported)
			sources[count++] = load->files[i].imported.source_id;
	load->duplicates =
		duplicates_new(load->loads->ledger, sources, count, load->request.mode != LOAD_REPLACE, err);
	free(sources);
	return load->duplicates ? 0 : -1;
}

static struct json_object *describe_file(struct load *load, const struct load_file *file, struct err *err)
{
	const struct imported *imported = &file->imported;
	struct json_object *problems, *object;
	int64_t verdicts[VERDICT_SKIP + 1], waiting = 0;

	memcpy(verdicts, imported->verdicts, sizeof(verdicts));
	if (joined_count(load->loads->ledger, imported->source_id, verdicts, &waiting, err) < 0)
		return NULL;
	problems = results_problems(load->loads->ledger, imported->source_id, PROBLEMS_SHOWN, err);
	if (!problems)
		return NULL;
	object = json_object_new_object();
	json_put_text(object, "path", file->place.path);
	json_put_text(object, "room", file->place.room);
	json_put_text(object, "sha256", imported->sha256);
	json_put_int(object, "rows", imported->rows);
	json_put_int(object, "new", file->added);
	for (int verdict = 0; verdict <= VERDICT_SKIP; verdict++)
		json_put_int(object, verdict_name((enum verdict)verdict), verdicts[verdict]);
	json_put_int(object, "unjoined", waiting);
	json_put_int(object, "duplicates", file->repeated);
	json_put_int(object, "problems_omitted",
		     verdicts[VERDICT_HOLD] - (int64_t)json_object_array_length(problems));
	json_put_value(object, "problems", problems);
	return object;
}

static int add_to_set(struct load *load, struct load_file *file, int64_t duplicates, struct err *err)
{
	struct ledger *ledger = load->loads->ledger;

	if (results_make_ready(ledger, file->imported.source_id, err) < 0)
		return -1;
	file->repeated = duplicates;
	file->added = working_set_add(ledger, file->imported.source_id, err);
	return file->added < 0 ? -1 : 0;
}

static int change_set(struct load *load, struct err *err)
{
	size_t counted = 0;

	if (load->request.mode == LOAD_REPLACE && working_set_clear(load->loads->ledger, err) < 0)
		return -1;
	for (size_t i = 0; i < load->count; i++) {
		if (!load->files[i].is_imported)
			continue;
		if (add_to_set(load, &load->files[i], duplicates_of(load->duplicates, counted), err) < 0)
			return -1;
		counted++;
	}
	return 0;
}

static struct json_object *describe_files(struct load *load, struct err *err)
{
	struct json_object *files = json_object_new_array(), *file;

	for (size_t i = 0; i < load->count; i++) {
		if (!load->files[i].is_imported)
			continue;
		file = describe_file(load, &load->files[i], err);
		if (!file) {
			json_object_put(files);
			return NULL;
		}
		(void)json_object_array_add(files, file);
	}
	return files;
}

static struct json_object *describe(struct load *load, struct err *err)
{
	int64_t rows = working_set_count(load->loads->ledger, err);
	struct json_object *files = rows < 0 ? NULL : describe_files(load, err), *result, *set;

	if (!files)
		return NULL;
	result = json_object_new_object();
	set = json_object_new_object();
	json_put_int(result, "validate_level", (int64_t)load->request.validate_level);
	json_put_value(result, "files", files);
	json_put_value(result, "warnings", json_object_get(load->warnings));
	json_put_int(set, "rows", rows);
	json_put_value(result, "working_set", set);
	return result;
}

static int finish(struct load *load, struct err *err)
{
	struct store *store = load->loads->ledger->store;

	if (store_savepoint(store, err) < 0)
		return -1;
	if (change_set(load, err) == 0 && store_release(store, err) == 0) {
		load->is_done = true;
		return 0;
	}
	store_rollback_savepoint(store);
	return -1;
}

/* Takes the first command out of the list. */
static void answer(struct loads *loads, struct json_object *result, const struct err *err)
{
	struct load *load = loads->list;

	loads->list = load->next;
	if (err)
		drop_parts(load);
	load->done(load->arg, result, err);
	load_free(load);
}

static void fail_first(struct loads *loads, const struct err *err)
{
	const struct err why = *err;

	answer(loads, NULL, &why);
}

static void on_joined(void *arg)
{
	struct load *load = arg;

	load->is_joining = false;
	loop_wake(load->loads->loop);
}

/* Whether some of its rows wait for it. */
static bool begin_joining(struct load *load)
{
	struct err err;

	for (size_t i = 0; i < load->count && !load->is_joining; i++)
		if (load->files[i].is_imported &&
		    joined_has_waiting(load->loads->ledger, load->files[i].imported.source_id, &err) == 1)
			load->is_joining = joins_wait(load->loads->joins, on_joined, load, &err) == 0;
	return load->is_joining;
}

static void tell(struct loads *loads)
{
	struct err err;
	struct json_object *result = describe(loads->list, &err);

	answer(loads, result, result ? NULL : &err);
	json_object_put(result);
}

/* One slice of the first command, until its rows are in the working set. */
static void go_on(struct loads *loads)
{
	struct load *load = loads->list;
	struct err err;
	int more;

	if (!load->has_begun && begin(load, &err) < 0)
		fail(load, &err);
	import_some(load);
	if (load->answered < load->asked)
		return;
	if (!load->has_failed && !load->duplicates && start_counting(load, &err) < 0)
		fail(load, &err);
	if (load->has_failed) {
		fail_first(loads, &load->failure);
		return;
	}
	more = duplicates_slice(load->duplicates, &err);
	if (more > 0)
		return;
	if (more < 0 || finish(load, &err) < 0)
		answer(loads, NULL, &err);
	else if (!begin_joining(load))
		tell(loads);
}

void loads_halt(struct loads *loads, const struct err *why)
{
	for (struct load *load = loads->list; load; load = load->next) {
		load->has_begun = true;
		fail(load, why);
	}
	loop_wake(loads->loop);
}

bool loads_pump(struct loads *loads)
{
	struct load *load = loads->list;

	if (load && !load->is_done)
		go_on(loads);
	else if (load && !load->is_joining)
		tell(loads);
	/* While imports are under way, they ask for turns; so does joining. */
	return loads->list && !loads->list->is_joining;
}

int loads_start(struct loads *loads, struct json_object *params, load_done_fn *done, void *arg, struct err *err)
{
	struct load *load = calloc(1, sizeof(*load)), **end = &loads->list;

	if (!load)
		return err_set(err, ERR_INTERNAL, "out of memory");
	load->loads = loads;
	load->warnings = json_object_new_array();
	load->done = done;
	load->arg = arg;
	if (load_request_read(&load->request, params, loads->config, err) < 0) {
		load_free(load);
		return -1;
	}
	while (*end)
		end = &(*end)->next;
	*end = load;
	loop_wake(loads->loop);
	return 0;
}

struct loads *loads_new(struct loop *loop, struct ledger *ledger, struct imports *imports, struct joins *joins,
			const struct config *config, struct err *err)
{
	struct loads *loads = calloc(1, sizeof(*loads));

	if (!loads) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	*loads = (struct loads){ .loop = loop, .ledger = ledger, .imports = imports, .joins = joins, .config = config };
	return loads;
}

void loads_free(struct loads *loads)
{
	struct err why;

	if (!loads)
		return;
	(void)err_set(&why, ERR_BUSY, "stopping");
	while (loads->list) {
		if (loads->list->is_done) {
			tell(loads);
			continue;
		}
		/* Nothing to drop any more: the next start does it. */
		loads->list->asked = 0;
		fail_first(loads, &why);
	}
	free(loads);
}
