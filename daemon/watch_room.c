/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "room_book.h"
#include "watch_private.h"

/* How much longer a file is waited for whose last line has no end: half an amount must not be paid. */
#define UNFINISHED_TIMES 10
/* Two writes within this time may leave a file that looks the same: file systems date by the kernel's tick. */
#define SAME_TIME_MS 100

/* One import that was asked for, until it is answered; its room may be forgotten meanwhile. */
struct order {
	struct watch *watch;
	int64_t room_id;
	char *path;
	struct results_file file;
	char rules[DIGEST_HEX_MAX];
};

/* Names and numbers. */

static int by_name(const void *a, const void *b)
{
	const struct watched_room *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static int by_id(const void *a, const void *b)
{
	const struct watched_room *one = a, *other = b;

	return one->id < other->id ? -1 : one->id > other->id;
}

/* tfind() gives what it looks for first. */
static int has_name(const void *name, const void *room)
{
	return strcmp(name, ((const struct watched_room *)room)->name);
}

struct watched_room *watched_room_find(struct watched_folder *folder, const char *name)
{
	void *found = tfind(name, &folder->by_name, has_name);

	return found ? *(struct watched_room **)found : NULL;
}

struct watched_room *watched_room_by_id(struct watch *watch, int64_t room_id)
{
	const struct watched_room key = { .id = room_id };
	void *found = tfind(&key, &watch->rooms, by_id);

	return found ? *(struct watched_room **)found : NULL;
}

static struct watched_room *make(struct watched_folder *folder, const char *name)
{
	struct watched_room *room = calloc(1, sizeof(*room));
	struct watched_room **rooms;

	if (!room)
		return NULL;
	room->folder = folder;
	room->name = strdup(name);
	rooms = room->name ? reallocarray(folder->rooms, folder->count + 1, sizeof(struct watched_room *)) : NULL;
	if (rooms)
		folder->rooms = rooms;
	if (rooms && tsearch(room, &folder->by_name, by_name)) {
		rooms[folder->count++] = room;
		return room;
	}
	free(room->name);
	free(room);
	return NULL;
}

struct watched_room *watched_room_get(struct watched_folder *folder, const char *name)
{
	struct watched_room *room = watched_room_find(folder, name);

	return room ? room : make(folder, name);
}

static int set_id(struct watched_room *room, int64_t id)
{
	room->id = id;
	if (tsearch(room, &room->folder->watch->rooms, by_id))
		return 0;
	room->id = 0;
	return -1;
}

int watched_room_load(struct watched_folder *folder, const struct room_entry *entry)
{
	struct watched_room *room = watched_room_get(folder, entry->name);

	if (!room || set_id(room, entry->id) < 0)
		return -1;
	room->is_adopted = entry->is_adopted;
	room->is_ignored = entry->is_ignored;
	room->has_failed = entry->has_problem;
	room->has_read = entry->has_mark && entry->rules && strcmp(entry->rules, folder->rules) == 0;
	room->read = entry->mark;
	return 0;
}

int watched_room_add(struct watched_room *room, bool is_adopted)
{
	struct watched_folder *folder = room->folder;
	int64_t id = 0;
	struct err err;
	int result = room_book_add(folder->watch->parts.ledger, folder->id, room->name, is_adopted, &id, &err);

	if (!watch_has_noted(folder->watch, "a new room", result, &err))
		return -1;
	room->is_adopted = is_adopted;
	return set_id(room, id);
}

void watched_room_free(struct watched_room *room)
{
	struct watch *watch = room->folder->watch;

	agenda_take(&watch->agenda, &room->due);
	inotify_watch_free(room->inotify);
	if (room->id)
		(void)tdelete(room, &watch->rooms, by_id);
	free(room->name);
	free(room);
}

/* Looking. */

static bool is_shared(const struct watched_room *room)
{
	return room->name[0] == '\0';
}

static bool path_of(const struct watched_room *room, char path[PATH_MAX])
{
	const char *folder = room->folder->path;
	int len = snprintf(path, PATH_MAX, "%s%s%s", folder, is_shared(room) || strcmp(folder, "/") == 0 ? "" : "/",
			   room->name);

	return len < PATH_MAX;
}

static void on_event(void *arg, unsigned what, const char *name)
{
	struct watched_room *room = arg;

	if (what == INOTIFY_GONE) {
		inotify_watch_free(room->inotify);
		room->inotify = NULL;
	} else if (name[0] && !results_file_is_name(name, false)) {
		return;
	}
	watched_room_look(room, what == INOTIFY_WRITTEN);
}

void watched_room_listen(struct watched_room *room)
{
	struct watch *watch = room->folder->watch;
	struct inotify_watch *before = room->inotify;
	char path[PATH_MAX];
	struct err err;

	/* The data folder's own file is heard of from there. */
	if (is_shared(room) || !watch->inotify || !room->folder->is_near || !path_of(room, path))
		return;
	/* First the new one: it is mostly the same to the kernel, and nothing is missed. */
	if (watch->is_full) {
		room->folder->lacks_watches = true;
		return;
	}
	room->inotify = inotify_watch_new(watch->inotify, path, WATCH_FILES, on_event, room, &err);
	inotify_watch_free(before);
	if (!room->inotify && err.code == ERR_STATE)
		watch_is_full(watch, &err);
	if (!room->inotify)
		room->folder->lacks_watches = true;
}

static int64_t quiet_for_ms(const struct watched_room *room, const struct results_file *file)
{
	int64_t last_ns = file->ctime_ns > file->mark.mtime_ns ? file->ctime_ns : file->mark.mtime_ns;
	int64_t age_ms = clock_wall_ms() - last_ns / 1000000;

	/* The clocks of other machines say nothing here. */
	return room->folder->is_near && age_ms > 0 ? age_ms : 0;
}

static bool needs_reading(const struct watched_room *room)
{
	const struct results_file *seen = &room->seen;

	/* An empty file is one that is about to be written, also if it had rows before. */
	if (!seen->name || seen->mark.bytes == 0)
		return false;
	if (room->is_forced || room->is_dirty || !room->has_read || !file_mark_is_same(&room->read, &seen->mark))
		return true;
	return room->has_failed && room->read_ctime_ns != seen->ctime_ns;
}

static void put_on_agenda(struct watched_room *room, int64_t due_ms)
{
	if (agenda_put(&room->folder->watch->agenda, &room->due, due_ms) < 0)
		log_error("out of memory: a room waits for the next scan room=\"%s\"", room->name);
}

static void schedule(struct watched_room *room)
{
	struct watch *watch = room->folder->watch;

	/* Its turn comes when the import that is under way is answered. */
	if (room->is_importing)
		return;
	if (needs_reading(room))
		put_on_agenda(room, room->quiet_ms + watch->parts.config->settle_ms);
	else
		agenda_take(&watch->agenda, &room->due);
}

static struct watch_news news_of(const struct watched_room *room)
{
	return (struct watch_news){ .room_id = room->id,
				    .game = room->folder->game,
				    .room = room->name,
				    .policy = room->folder->policy,
				    .is_adopted = room->is_adopted };
}

static void note_problem(struct watched_room *room, const char *problem)
{
	struct watch *watch = room->folder->watch;
	struct watch_news news = news_of(room);
	struct err err;
	int is_news = room_book_problem(watch->parts.ledger, room->id, problem, &err);

	room->has_failed = problem != NULL;
	news.problem = problem;
	if (watch_has_noted(watch, "a room's problem", is_news, &err) && is_news == 1 && problem)
		watch->on_news(watch->arg, &news);
}

/* What is wrong with looking: only looking again can tell that it is over. */
static void fail_to_look(struct watched_room *room, const char *path, const char *name, int error)
{
	char *problem = NULL;

	room->seen.name = NULL;
	room->has_read = false;
	agenda_take(&room->folder->watch->agenda, &room->due);
	if (asprintf(&problem, "cannot look at \"%s/%s\": %s", path, name, strerror(error)) < 0)
		return;
	note_problem(room, problem);
	free(problem);
}

/* What was imported stays. */
static void note_gone(struct watched_room *room)
{
	if (room->seen.name)
		log_debug("the file is gone game=\"%s\" room=\"%s\" file=%s", room->folder->game, room->name,
			  room->seen.name);
	room->seen.name = NULL;
	agenda_take(&room->folder->watch->agenda, &room->due);
	if (room->has_failed)
		note_problem(room, NULL);
}

static bool looks_the_same(const struct watched_room *room, const struct results_file *file)
{
	return room->seen.name && strcmp(room->seen.name, file->name) == 0 &&
	       file_mark_is_same(&room->seen.mark, &file->mark) && room->seen.ctime_ns == file->ctime_ns;
}

static void see(struct watched_room *room, const struct results_file *file, bool is_written)
{
	if (is_written && room->folder->watch->parts.config->settle_ms < SAME_TIME_MS)
		room->is_dirty = true;
	if (is_written)
		room->quiet_ms = clock_mono_ms();
	else if (!looks_the_same(room, file))
		room->quiet_ms = clock_mono_ms() - quiet_for_ms(room, file);
	room->seen = *file;
	schedule(room);
}

/* It is not read, yet it is known again under another name (room_book_imported()). */
static void note_ignored(struct watched_room *room, const struct results_file *file)
{
	struct watch *watch = room->folder->watch;
	struct err err;

	if (looks_the_same(room, file))
		return;
	room->seen = *file;
	room->has_read = false;
	room->quiet_ms = clock_mono_ms();
	(void)watch_has_noted(watch, "the file of an ignored room",
			      room_book_note_file(watch->parts.ledger, room->id, &file->mark, &err), &err);
}

bool watched_room_is_unread(const struct watched_room *room)
{
	return room->is_importing || needs_reading(room);
}

void watched_room_look(struct watched_room *room, bool is_written)
{
	struct results_file file;
	char path[PATH_MAX];
	int found;

	if (!room->id || !path_of(room, path))
		return;
	found = results_file_find(path, is_shared(room), &file);
	if (room->is_ignored) {
		agenda_take(&room->folder->watch->agenda, &room->due);
		if (found > 0)
			note_ignored(room, &file);
		return;
	}
	if (!room->inotify)
		watched_room_listen(room);
	if (found < 0)
		fail_to_look(room, path, file.name, errno);
	else if (found == 0)
		note_gone(room);
	else
		see(room, &file, is_written);
}

/* Importing. */

static void order_free(struct order *order)
{
	free(order->path);
	free(order);
}

/* Once more when it has been quiet again. */
static void try_again(struct watched_room *room)
{
	room->has_read = false;
	room->seen.name = NULL;
	watched_room_look(room, true);
}

static void import_failed(struct watched_room *room, const struct err *err)
{
	char *problem = NULL;

	if (room->folder->watch->is_halted)
		return;
	if (err->code == ERR_BUSY) {
		try_again(room);
		return;
	}
	/* What is not in the file may pass: looked at again in the next scan. */
	if (err->code != ERR_FORMAT)
		room->has_read = false;
	if (err->code == ERR_LEDGER || err->code == ERR_INTERNAL) {
		log_err("import", err);
		return;
	}
	if (asprintf(&problem, "%s%s%s", err->message, err->hint[0] ? "; " : "", err->hint) < 0)
		return;
	note_problem(room, problem);
	free(problem);
}

/* The age of a file that is read for the first time may have taken the room's adoption from it. */
static void learn_adoption(struct watched_room *room)
{
	struct watch *watch = room->folder->watch;
	struct room_brief brief;
	struct err err;

	if (!watch_has_noted(watch, "a room", room_book_get(watch->parts.ledger, room->id, &brief, &err), &err))
		return;
	room->is_adopted = brief.is_adopted;
	room_brief_finish(&brief);
}

static void import_done(struct watched_room *room, const struct imported *imported)
{
	struct watch *watch = room->folder->watch;
	struct watch_news news;
	bool was_wrong = room->has_failed;

	room->has_failed = false;
	if (!imported->is_new && !was_wrong)
		return;
	learn_adoption(room);
	news = news_of(room);
	news.imported = imported;
	watch->on_news(watch->arg, &news);
}

static void on_imported(void *arg, const struct imported *imported, const struct err *why)
{
	struct order *order = arg;
	struct watch *watch = order->watch;
	struct watched_room *room = watched_room_by_id(watch, order->room_id);
	struct err err;
	int result = 0;

	watch->importing--;
	/* Also of a room that was forgotten meanwhile: its rows are in the ledger. */
	if (imported)
		result = room_book_imported(watch->parts.ledger, order->room_id, order->path, &order->file.mark,
					    order->rules, imported, &err);
	if (watch_has_noted(watch, "an import", result, &err) && room) {
		room->is_importing = false;
		if (imported)
			import_done(room, imported);
		else
			import_failed(room, why);
		/* It may have changed while it was read; what has failed waits for a change. */
		if (!why || !file_mark_is_same(&order->file.mark, &room->seen.mark))
			schedule(room);
	}
	order_free(order);
	loop_wake(watch->parts.loop);
}

static struct order *make_order(const struct watched_room *room, const char *folder)
{
	struct order *order = calloc(1, sizeof(*order));
	char *path = NULL;

	if (!order)
		return NULL;
	order->watch = room->folder->watch;
	order->room_id = room->id;
	order->file = room->seen;
	memcpy(order->rules, room->folder->rules, sizeof(order->rules));
	if (asprintf(&path, "%s/%s", folder, room->seen.name) < 0) {
		free(order);
		return NULL;
	}
	/* One file has one name, whatever links lead to it. */
	order->path = realpath(path, NULL);
	if (!order->path)
		order->path = path;
	else
		free(path);
	return order;
}

static void import(struct watched_room *room, const char *path)
{
	struct watched_folder *folder = room->folder;
	struct watch *watch = folder->watch;
	struct order *order = make_order(room, path);
	struct import_request request = { .game = folder->game,
					  .room = room->name,
					  .room_id = room->id,
					  .validate_level = watch->parts.config->validate_level,
					  .has_mark = true,
					  .mark = room->seen.mark,
					  .join = folder->join.way == JOIN_NONE ? NULL : &folder->join };
	struct err err;

	if (!order) {
		log_error("out of memory: a room waits for the next scan room=\"%s\"", room->name);
		return;
	}
	request.path = order->path;
	if (imports_add(watch->parts.imports, &request, on_imported, order, &err) < 0) {
		log_err("a room waits for the next scan", &err);
		order_free(order);
		return;
	}
	log_debug("file is quiet game=\"%s\" room=\"%s\" bytes=%" PRId64, folder->game, room->name,
		  room->seen.mark.bytes);
	watch->importing++;
	room->is_importing = true;
	room->is_dirty = false;
	room->is_forced = false;
	room->has_read = true;
	room->read = room->seen.mark;
	room->read_ctime_ns = room->seen.ctime_ns;
}

/* Whether the file ends in the middle of a line; one that cannot be read is for the import to complain about. */
static bool is_unfinished(const struct watched_room *room, const char *folder)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, room->seen.name) < (int)sizeof(path) &&
	       results_file_ends_in_line(path) == 0;
}

void watched_room_is_due(struct watched_room *room)
{
	struct watch *watch = room->folder->watch;
	int64_t now_ms = clock_mono_ms();
	int64_t unfinished_ms = room->quiet_ms + UNFINISHED_TIMES * watch->parts.config->settle_ms;
	char path[PATH_MAX];

	/* Events are hints: it may have been written without any. */
	watched_room_look(room, false);
	if (room->due.place == 0 || room->due.due_ms > now_ms || !path_of(room, path))
		return;
	if (now_ms < unfinished_ms && is_unfinished(room, path)) {
		put_on_agenda(room, unfinished_ms);
		return;
	}
	agenda_take(&watch->agenda, &room->due);
	/* After the look: else it may be the file of another folder's room of the same name. */
	if (watched_folder_is_there(room->folder))
		import(room, path);
}
