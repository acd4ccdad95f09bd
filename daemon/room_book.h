/* SPDX-License-Identifier: MIT
 *
 * Watched data folders and their rooms in the ledger: what was seen, what was imported, what is wrong, and whether a
 * room's rows may be sent by themselves (rule of money 9). Reads no files.
 */
#ifndef NGMT_ROOM_BOOK_H
#define NGMT_ROOM_BOOK_H

#include "game_entry.h"
#include "imports.h"
#include "json.h"
#include "ledger.h"

/* A data folder as it is found at the start, after a reload, and when it is replaced. A folder that is new here, that
 * is another one under the same path (inode), or whose policy does more than before: the rooms that are there now
 * wait to be adopted, and *is_new is true until room_book_end_first_scan(). */
struct folder_seen {
	const char *path; /* absolute, links resolved */
	const char *game; /* its name, for people and for --game */
	int64_t inode;
	enum policy policy;
};
int room_book_see_folder(struct ledger *ledger, const struct folder_seen *folder, int64_t *folder_id, bool *is_new,
			 struct err *err);

/* A room as it is in the ledger; texts are borrowed until the next call. */
struct room_entry {
	int64_t id;
	const char *name;
	const char *file; /* NULL: it had no results yet */
	bool is_adopted;
	bool is_ignored;
	bool has_mark;
	struct file_mark mark; /* of what was imported last */
	const char *rules;     /* under which it was; NULL: never */
};
typedef int room_entry_fn(void *arg, const struct room_entry *room, struct err *err);
/* All rooms of a folder, once at the start: the watcher keeps them in memory. */
int room_book_each(struct ledger *ledger, int64_t folder_id, room_entry_fn *fn, void *arg, struct err *err);

/* A room that is seen for the first time. `adopted` false: it was there when the folder was first watched. */
int room_book_add(struct ledger *ledger, int64_t folder_id, const char *name, bool adopted, int64_t *room_id,
		  struct err *err);
/* All rooms of the folder lose what adopted them: see room_book_see_folder(). */
int room_book_unadopt(struct ledger *ledger, int64_t folder_id, struct err *err);

/* What became of reading its file. `imported` clears the problem. */
int room_book_imported(struct ledger *ledger, int64_t room_id, const char *file, const struct file_mark *mark,
		       const char *rules, const struct imported *imported, struct err *err);
/* NULL: nothing is wrong. The same problem again changes nothing. 1: it is news, 0: it is not, -1. */
int room_book_problem(struct ledger *ledger, int64_t room_id, const char *problem, struct err *err);

/* A person's word. By room name and game (NULL: any; several: ERR_USAGE with the candidates); ERR_NOT_FOUND with a
 * suggestion. */
int room_book_find(struct ledger *ledger, const char *game, const char *name, int64_t *room_id, struct err *err);
int room_book_adopt(struct ledger *ledger, int64_t room_id, struct err *err);
int room_book_ignore(struct ledger *ledger, int64_t room_id, bool ignored, struct err *err);

/* Method "rooms" (ngmt-protocol(7)): a page, what is wrong first; and one room in full with its rows. New
 * references. */
struct json_object *room_book_list(struct ledger *ledger, struct json_object *params, struct err *err);
struct json_object *room_book_show(struct ledger *ledger, int64_t room_id, struct json_object *page, struct err *err);

/* For "status": {watched, waiting, problems, held_rows, ignored}. New reference. */
struct json_object *room_book_counts(struct ledger *ledger, struct err *err);

#endif
