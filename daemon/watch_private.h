/* SPDX-License-Identifier: MIT
 *
 * What the parts of the watcher share: watch.c has the whole and the time, watch_folder.c finds rooms, watch_room.c
 * waits for their files and has them imported.
 */
#ifndef NGMT_WATCH_PRIVATE_H
#define NGMT_WATCH_PRIVATE_H

#include <dirent.h>
#include <regex.h>

#include "agenda.h"
#include "digest.h"
#include "games.h"
#include "inotify.h"
#include "joined.h"
#include "results_file.h"
#include "watch.h"

/* What hears of everything that may happen to a results file. */
#define WATCH_FILES (INOTIFY_ADDED | INOTIFY_TAKEN | INOTIFY_WRITTEN | INOTIFY_ATTRIBUTES)
#define WATCH_NAMES (INOTIFY_ADDED | INOTIFY_TAKEN | INOTIFY_ATTRIBUTES)

struct watched_folder;

struct watched_room {
	struct agenda_item due; /* first: the agenda's items are rooms */
	struct watched_folder *folder;
	int64_t id; /* in the ledger; 0: not there yet */
	char *name;
	struct inotify_watch *inotify;
	struct results_file seen; /* name NULL: there is no file */
	struct file_mark read;    /* what was read last, with or without success */
	int64_t read_ctime_ns;
	int64_t quiet_ms; /* monotonic: the file has not changed since */
	unsigned listed;  /* the folder's scan in which it was there */
	bool has_read;
	bool has_failed;  /* the last time that it was read, or looked at */
	bool is_dirty;    /* was written without looking different */
	bool is_forced;   /* a person wants it read */
	bool is_importing;
	bool is_adopted;
	bool is_ignored;
	bool is_born; /* was made while the folder was listed for the first time */
};

enum scan_phase {
	SCAN_NONE,
	SCAN_LIST, /* the names in the folder */
	SCAN_ADD,  /* of a new folder: all that were there, before anything else happens */
	SCAN_LOOK, /* at each room's file */
};

struct watched_folder {
	struct watch *watch;
	struct watched_folder *next;
	int64_t id;
	struct folder_identity identity;
	char *game;
	char *path;
	enum policy policy;
	struct join_rules join;
	char **hits;
	char rules[DIGEST_HEX_MAX];
	bool is_new;        /* its first scan has not ended, see room_book_see_folder() */
	bool is_found;      /* still configured and there */
	bool is_announced;
	bool is_near;       /* inotify reaches it */
	bool lacks_watches; /* some of its rooms have none */
	struct inotify_watch *inotify;
	struct watched_room **rooms;
	size_t count;
	void *by_name; /* tsearch() of struct watched_room */
	enum scan_phase phase;
	DIR *listing;
	unsigned scan;
	size_t next_room;
	int64_t scan_began_ms;
	int64_t next_poll_ms; /* where events are not to be relied on */
	char *problem;        /* NULL: none */
};

/* An entry of a folder on the way to a data folder. */
struct watched_point {
	struct watch *watch;
	struct inotify_watch *inotify;
	char *name; /* "": any */
};

struct watch {
	struct watch_parts parts;
	watch_news_fn *on_news;
	void *arg;
	bool is_on;
	bool is_halted;
	struct loop_timer *timer;
	struct inotify *inotify; /* NULL: there is none */
	bool is_full;            /* no more watches in this scan */
	bool has_told_limit;
	regex_t pattern;
	bool has_pattern;
	struct game_list games;
	struct watched_folder *folders;
	struct watched_point *points;
	size_t point_count;
	bool games_changed;
	bool must_rescan;
	int64_t next_rescan_ms;
	int64_t rescanned_s;
	void *rooms; /* by id: tsearch() of struct watched_room */
	struct agenda agenda;
	unsigned importing;
};

/* The limit of watches is reached: said once. */
void watch_is_full(struct watch *watch, const struct err *err);
/* Whether the ledger took it: what it did not is logged, and whatever else the ledger has to say about it. */
bool watch_has_noted(struct watch *watch, const char *what, int result, const struct err *err);

/* watch_folder.c. A data folder as it was found; takes over nothing. NULL: it was logged why. */
struct watched_folder *watched_folder_open(struct watch *watch, const struct game *game);
void watched_folder_free(struct watched_folder *folder);
void watched_folder_begin_scan(struct watched_folder *folder);
/* A bit of a scan that has begun. */
void watched_folder_step(struct watched_folder *folder);
bool watched_folder_is_polled(const struct watched_folder *folder);
/* Whether it still is what stands at its path; if not, everything will be looked at anew. */
bool watched_folder_is_there(struct watched_folder *folder);

/* watch_room.c. The room of the name, made if it is not known; NULL: out of memory. */
struct watched_room *watched_room_get(struct watched_folder *folder, const char *name);
struct watched_room *watched_room_find(struct watched_folder *folder, const char *name);
struct watched_room *watched_room_by_id(struct watch *watch, int64_t room_id);
/* As the ledger knows it. */
int watched_room_load(struct watched_folder *folder, const struct room_entry *entry);
void watched_room_free(struct watched_room *room);
/* Puts it into the ledger. */
int watched_room_add(struct watched_room *room, bool is_adopted);
/* Its folder is watched anew, since it may be another one. */
void watched_room_listen(struct watched_room *room);
/* At its file; `is_written`: it was written right now. */
void watched_room_look(struct watched_room *room, bool is_written);
/* Whether there is a file that waits to be read, or is being read. */
bool watched_room_is_unread(const struct watched_room *room);
/* Its time has come: has it imported, unless it has changed. */
void watched_room_is_due(struct watched_room *room);

#endif
