/* SPDX-License-Identifier: MIT
 *
 * The watcher: finds the data folders of the configured games, their rooms and the results files in them, waits until a
 * file is quiet, and has it imported. Scans are the truth; inotify only says where to look now. What is found is kept
 * by room_book.h; what is done with an imported room is decided by its owner.
 */
#ifndef NGMT_WATCH_H
#define NGMT_WATCH_H

#include "config.h"
#include "game_entry.h"
#include "imports.h"
#include "json.h"
#include "ledger.h"
#include "loop.h"

struct watch;

struct watch_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct imports *imports;
	const struct config *config;
	unsigned watches_max; /* of folders with inotify; 0: the kernel's limit alone */
};

/* A room was imported (its rows are in the ledger, the turn is not committed yet), or something is wrong with it. */
struct watch_news {
	int64_t room_id;
	const char *game;
	const char *room;
	enum policy policy;
	bool is_adopted;
	const struct imported *imported; /* NULL: a problem */
	const char *problem;
};
typedef void watch_news_fn(void *arg, const struct watch_news *news);

/* Does nothing where no game is configured or [nodegame] watch is no. */
struct watch *watch_new(const struct watch_parts *parts, watch_news_fn *on_news, void *arg, struct err *err);
/* After the imports are freed, which answer it to the end. */
void watch_free(struct watch *watch);

/* Looks at everything again, also at files that have not changed. */
void watch_rescan(struct watch *watch);
/* After room_book_adopt() and room_book_ignore(). */
void watch_room_changed(struct watch *watch, int64_t room_id);
/* Whether the room has a file that waits to be read, or is being read. */
bool watch_is_unread(struct watch *watch, int64_t room_id);

/* End of a turn: one slice of a scan. Whether another turn is wanted at once. */
bool watch_pump(struct watch *watch);

/* No file is looked at any more. */
void watch_halt(struct watch *watch);

/* For "status" and "rooms": {folders: [{game, path, policy, rooms, events, problem}], scanning, waiting, rescanned_at}.
 * New reference. */
struct json_object *watch_describe(const struct watch *watch);

#endif
