/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "log.h"
#include "room_book.h"
#include "rooms.h"
#include "watch_private.h"

/* Where nothing is told by itself. */
#define POLL_MS 3000
/* Scans by themselves take less than this part of the time. */
#define POLL_SHARE 200
/* Names that are read in one step. */
#define NAMES_A_STEP 64

/* Opening. */

static char **copy_hits(char *const *hits)
{
	size_t count = 0;
	char **copy;

	while (hits && hits[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++)
		/* Not strdup(): gcc 12's analyser would lose it in the array and call that a leak. */
		if (asprintf(&copy[i], "%s", hits[i]) < 0)
			copy[i] = NULL;
	return copy;
}

static struct watched_folder *make(struct watch *watch, const struct game *game)
{
	struct watched_folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return NULL;
	folder->watch = watch;
	folder->identity = game->identity;
	folder->policy = game->policy;
	folder->is_found = true;
	folder->is_near = inotify_reaches(game->data_path);
	folder->game = strdup(game->name);
	folder->path = strdup(game->data_path);
	folder->hits = copy_hits(game->hits);
	folder->join = (struct join_rules){ .way = game->join,
					    .hits = game->hits ? (const char *const *)folder->hits : NULL };
	if (folder->game && folder->path && folder->hits)
		return folder;
	watched_folder_free(folder);
	return NULL;
}

static int on_known_room(void *arg, const struct room_entry *entry, struct err *err)
{
	struct watched_folder *folder = arg;

	return watched_room_load(folder, entry) < 0 ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
}

static int load(struct watched_folder *folder, struct err *err)
{
	const struct watch_parts *parts = &folder->watch->parts;
	const struct config *config = parts->config;
	const struct folder_seen seen = { .path = folder->path,
					  .game = folder->game,
					  .inode = folder->identity.number,
					  .policy = folder->policy,
					  .pattern = config->room_pattern ? config->room_pattern : ROOMS_PATTERN };

	(void)imports_rules(parts->imports, config->validate_level,
			    folder->join.way == JOIN_NONE ? NULL : &folder->join, folder->rules);
	if (room_book_see_folder(parts->ledger, &seen, &folder->id, &folder->is_new, err) < 0)
		return -1;
	return room_book_each(parts->ledger, folder->id, on_known_room, folder, err);
}

struct watched_folder *watched_folder_open(struct watch *watch, const struct game *game)
{
	struct watched_folder *folder = make(watch, game);
	struct err err;

	if (!folder) {
		log_error("out of memory: a game is not watched game=\"%s\"", game->name);
		return NULL;
	}
	if (watch_has_noted(watch, "a data folder", load(folder, &err), &err)) {
		watched_folder_begin_scan(folder);
		return folder;
	}
	watched_folder_free(folder);
	return NULL;
}

static void leave_in_place(void *room)
{
	(void)room;
}

void watched_folder_free(struct watched_folder *folder)
{
	if (!folder)
		return;
	if (folder->listing)
		(void)closedir(folder->listing);
	inotify_watch_free(folder->inotify);
	tdestroy(folder->by_name, leave_in_place);
	for (size_t i = 0; i < folder->count; i++)
		watched_room_free(folder->rooms[i]);
	free(folder->rooms);
	for (size_t i = 0; folder->hits && folder->hits[i]; i++)
		free(folder->hits[i]);
	free(folder->hits);
	free(folder->game);
	free(folder->path);
	free(folder->problem);
	free(folder);
}

/* Events. */

static bool is_folder(const struct watched_folder *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	return snprintf(path, sizeof(path), "%s/%s", folder->path, name) < (int)sizeof(path) &&
	       stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static struct watched_room *get_room(struct watched_folder *folder, const char *name)
{
	struct watched_room *room = watched_room_get(folder, name);

	if (!room)
		log_error("out of memory: a room waits for the next scan room=\"%s\"", name);
	return room;
}

/* Made right now. While the folder is new, the scan comes first: it tells these from those that were there. And if the
 * folder may be another one by now, it is for the scan to say whose room it is. */
static void on_made(struct watched_folder *folder, const char *name)
{
	struct watched_room *room;

	if (folder->watch->games_changed && !watched_room_find(folder, name)) {
		watched_folder_begin_scan(folder);
		return;
	}
	room = get_room(folder, name);
	if (!room)
		return;
	if (folder->is_new && !room->id) {
		room->is_born = true;
		room->listed = folder->scan;
	} else if (room->id || watched_room_add(room, true) == 0) {
		watched_room_listen(room);
		watched_room_look(room, false);
	}
}

static void on_room_name(struct watched_folder *folder, unsigned what, const char *name)
{
	struct watched_room *room = watched_room_find(folder, name);

	if (what == INOTIFY_ADDED) {
		if (is_folder(folder, name))
			on_made(folder, name);
		return;
	}
	if (!room)
		return;
	if (what == INOTIFY_TAKEN) {
		inotify_watch_free(room->inotify);
		room->inotify = NULL;
	}
	watched_room_look(room, false);
}

/* The file that rooms share. */
static void on_shared_file(struct watched_folder *folder, unsigned what)
{
	struct watched_room *room = watched_room_find(folder, "");

	if (what == INOTIFY_ADDED && !room)
		on_made(folder, "");
	else if (room)
		watched_room_look(room, what == INOTIFY_WRITTEN);
}

static void on_event(void *arg, unsigned what, const char *name)
{
	struct watched_folder *folder = arg;
	struct watch *watch = folder->watch;

	if (what == INOTIFY_GONE) {
		inotify_watch_free(folder->inotify);
		folder->inotify = NULL;
		watch->games_changed = true;
	} else if (!name[0]) {
		watched_folder_begin_scan(folder);
	} else if (results_file_is_name(name, true)) {
		on_shared_file(folder, what);
	} else if (what != INOTIFY_WRITTEN && rooms_is_name(&watch->pattern, name)) {
		on_room_name(folder, what, name);
	}
}

/* Scanning. */

static void listen(struct watched_folder *folder)
{
	struct watch *watch = folder->watch;
	struct inotify_watch *before = folder->inotify;
	struct err err;

	if (!watch->inotify || !folder->is_near)
		return;
	if (watch->is_full) {
		folder->lacks_watches = true;
		return;
	}
	folder->inotify = inotify_watch_new(watch->inotify, folder->path, WATCH_FILES, on_event, folder, &err);
	inotify_watch_free(before);
	if (!folder->inotify && err.code == ERR_STATE)
		watch_is_full(watch, &err);
	if (!folder->inotify)
		folder->lacks_watches = true;
}

void watched_folder_begin_scan(struct watched_folder *folder)
{
	if (folder->listing)
		(void)closedir(folder->listing);
	folder->listing = NULL;
	folder->phase = SCAN_LIST;
	folder->scan++;
	folder->scan_began_ms = clock_mono_ms();
	folder->lacks_watches = false;
}

bool watched_folder_is_polled(const struct watched_folder *folder)
{
	return !folder->inotify || folder->lacks_watches;
}

static void end_scan(struct watched_folder *folder)
{
	int64_t now_ms = clock_mono_ms(), took_ms = now_ms - folder->scan_began_ms;
	int64_t rescan_ms = folder->watch->parts.config->rescan_ms;
	int64_t poll_ms = rescan_ms < POLL_MS ? rescan_ms : POLL_MS;

	folder->phase = SCAN_NONE;
	folder->next_poll_ms = now_ms + (took_ms * POLL_SHARE > poll_ms ? took_ms * POLL_SHARE : poll_ms);
	if (folder->is_announced || folder->problem)
		return;
	folder->is_announced = true;
	log_info("watching game=\"%s\" folder=\"%s\" rooms=%zu policy=%s events=%s took_ms=%" PRId64, folder->game,
		 folder->path, folder->count, policy_name(folder->policy),
		 watched_folder_is_polled(folder) ? "no" : "yes", took_ms);
}

/* Said once; whatever leads there may have changed. */
static void fail_to_list(struct watched_folder *folder, int error)
{
	char *problem = NULL;

	if (asprintf(&problem, "cannot read the folder: %s", strerror(error)) < 0)
		problem = NULL;
	if (problem && (!folder->problem || strcmp(folder->problem, problem) != 0))
		log_warn("a data folder cannot be read game=\"%s\" folder=\"%s\" why=\"%s\"", folder->game,
			 folder->path, strerror(error));
	free(folder->problem);
	folder->problem = problem;
	if (error == ENOENT || error == ENOTDIR)
		folder->watch->games_changed = true;
	end_scan(folder);
}

bool watched_folder_is_there(struct watched_folder *folder)
{
	struct folder_identity now;

	if (folder_identity_read(&now, folder->path) == 0 && folder_identity_is_same(&now, &folder->identity))
		return true;
	folder->watch->must_rescan = true;
	return false;
}

static void begin_listing(struct watched_folder *folder)
{
	/* Before: what is made while the names are read is told. */
	listen(folder);
	folder->listing = opendir(folder->path);
	if (!folder->listing) {
		fail_to_list(folder, errno);
		return;
	}
	free(folder->problem);
	folder->problem = NULL;
}

static void list_name(struct watched_folder *folder, const struct dirent *entry)
{
	bool is_shared = results_file_is_name(entry->d_name, true);
	struct watched_room *room;

	if (!is_shared && !rooms_is_name(&folder->watch->pattern, entry->d_name))
		return;
	if (is_shared ? entry->d_type == DT_DIR
		      : entry->d_type != DT_DIR &&
				((entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN) ||
				 !is_folder(folder, entry->d_name)))
		return;
	room = get_room(folder, is_shared ? "" : entry->d_name);
	if (room)
		room->listed = folder->scan;
}

/* `error` 0: all names were read. */
static void end_listing(struct watched_folder *folder, int error)
{
	(void)closedir(folder->listing);
	folder->listing = NULL;
	if (error) {
		fail_to_list(folder, error);
		return;
	}
	/* The names of another folder's rooms are forgotten. */
	if (!watched_folder_is_there(folder)) {
		folder->phase = SCAN_NONE;
		return;
	}
	folder->next_room = 0;
	/* Rooms that were made since are known as such before the others are put down. */
	if (folder->is_new && folder->inotify)
		inotify_read(folder->watch->inotify);
	folder->phase = folder->is_new ? SCAN_ADD : SCAN_LOOK;
}

static void step_list(struct watched_folder *folder)
{
	if (!folder->listing)
		begin_listing(folder);
	for (unsigned names = 0; folder->listing && names < NAMES_A_STEP; names++) {
		const struct dirent *entry;
		int error;

		errno = 0;
		entry = readdir(folder->listing);
		error = errno;
		if (entry)
			list_name(folder, entry);
		else
			end_listing(folder, error);
	}
}

static void step_add(struct watched_folder *folder)
{
	struct watch *watch = folder->watch;
	struct err err;

	if (folder->next_room < folder->count) {
		struct watched_room *room = folder->rooms[folder->next_room++];

		if (!room->id && !room->is_born && watched_room_add(room, false) < 0)
			end_scan(folder);
		return;
	}
	if (!watch_has_noted(watch, "a data folder",
			     room_book_end_first_scan(watch->parts.ledger, folder->id, &err), &err)) {
		end_scan(folder);
		return;
	}
	folder->is_new = false;
	folder->next_room = 0;
	folder->phase = SCAN_LOOK;
}

static void step_look(struct watched_folder *folder)
{
	struct watched_room *room;

	if (folder->next_room >= folder->count) {
		end_scan(folder);
		return;
	}
	room = folder->rooms[folder->next_room++];
	/* One that was seen before and is not there any more is looked at once more: its file is gone. */
	if (room->listed != folder->scan && !room->seen.name && !room->has_failed)
		return;
	if (!room->id && watched_room_add(room, true) < 0) {
		end_scan(folder);
		return;
	}
	if (room->listed == folder->scan)
		watched_room_listen(room);
	watched_room_look(room, false);
}

void watched_folder_step(struct watched_folder *folder)
{
	static void (*const steps[])(struct watched_folder *folder) = {
		[SCAN_LIST] = step_list,
		[SCAN_ADD] = step_add,
		[SCAN_LOOK] = step_look,
	};

	if (folder->phase != SCAN_NONE)
		steps[folder->phase](folder);
}
