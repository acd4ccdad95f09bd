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
#include "op.h"

/* At the start of the daemon: no folder is watched until it is seen. */
int room_book_open(struct ledger *ledger, struct err *err);
/* All configured folders that are there have been seen. One that was not is new when it is seen again: whatever was
 * done for the rooms that it got meanwhile, it was not done here. */
int room_book_end_start(struct ledger *ledger, struct err *err);

/* A data folder as it is found at the start, after a reload, and when it is replaced. *is_new: it is new here, or
 * another one under the same path (inode), or its policy does more than before, or other names are rooms now. It
 * stays so, also across a crash, until room_book_end_first_scan(): rooms that are added until then wait to be adopted.
 * Another folder and a policy that does more also take their adoption from the rooms that are known. */
struct folder_seen {
	const char *path; /* absolute, links resolved */
	const char *game; /* its name, for people and for --game */
	int64_t inode;     /* and when it was made: struct game's identity */
	enum policy policy;
	const char *pattern; /* of the names of its rooms ([nodegame] room_pattern) */
};
int room_book_see_folder(struct ledger *ledger, const struct folder_seen *folder, int64_t *folder_id, bool *is_new,
			 struct err *err);
/* All rooms that were there are known. */
int room_book_end_first_scan(struct ledger *ledger, int64_t folder_id, struct err *err);
/* It is not there any more, or not configured: it is new when it is seen again. */
int room_book_lose_folder(struct ledger *ledger, int64_t folder_id, struct err *err);

/* A room as it is in the ledger; texts are borrowed until the next call. */
struct room_entry {
	int64_t id;
	const char *name;
	const char *file; /* NULL: it had no results yet */
	bool is_adopted;
	bool is_ignored;
	bool has_problem;
	bool has_mark;
	struct file_mark mark; /* of what was imported last */
	const char *rules;     /* under which it was; NULL: never */
};
typedef int room_entry_fn(void *arg, const struct room_entry *room, struct err *err);
/* All rooms of a folder, once at the start: the watcher keeps them in memory. */
int room_book_each(struct ledger *ledger, int64_t folder_id, room_entry_fn *fn, void *arg, struct err *err);

/* A room that is seen for the first time, or again (then only its id). `adopted` false: it was there when the folder
 * was first watched; nothing is adopted before that scan has ended. */
int room_book_add(struct ledger *ledger, int64_t folder_id, const char *name, bool adopted, int64_t *room_id,
		  struct err *err);

/* What became of reading its file. `imported` clears the problem, and puts the room into the line of those whose policy
 * is to look at their rows. A room whose first file was written before its folder was watched, or is that of
 * another room which is ignored or not adopted, was moved or copied here, and waits to be adopted, too. */
int room_book_imported(struct ledger *ledger, int64_t room_id, const char *file, const struct file_mark *mark,
		       const char *rules, const struct imported *imported, struct err *err);
/* What the file of a room that is ignored looks like: it counts as not read. */
int room_book_note_file(struct ledger *ledger, int64_t room_id, const struct file_mark *mark, struct err *err);
/* NULL: nothing is wrong. The same problem again changes nothing. 1: it is news, 0: it is not, -1. */
int room_book_problem(struct ledger *ledger, int64_t room_id, const char *problem, struct err *err);
/* Rows of it have changed by themselves (joined.h): they are counted anew, and its policy is to look at them. */
int room_book_rows_changed(struct ledger *ledger, int64_t room_id, struct err *err);

/* Which room, in short. The caller finishes it. */
struct room_brief {
	int64_t id;
	char *name;
	char *game;
	enum policy policy; /* of its folder */
	bool is_adopted;
	bool is_ignored;
	int64_t turn; /* its place in the line; 0: it is not in it */
	bool is_unread; /* no file of it was ever imported */
};
void room_brief_finish(struct room_brief *room);
/* ERR_NOT_FOUND. */
int room_book_get(struct ledger *ledger, int64_t room_id, struct room_brief *out, struct err *err);

/* The first room in that line which may act: its folder is watched under a policy that sends, it is adopted and not
 * ignored. 1: there it is, and the caller finishes it, 0: none, -1. */
int room_book_next_due(struct ledger *ledger, struct room_brief *out, struct err *err);
/* Looked at: out of the line, unless it has come into it again since. */
int room_book_end_due(struct ledger *ledger, int64_t room_id, int64_t turn, struct err *err);
/* Not possible now: to the end of the line. */
int room_book_put_off(struct ledger *ledger, int64_t room_id, struct err *err);

/* A person's word. By room name and game, or the path of the data folder (NULL: any; several: ERR_USAGE with the
 * candidates; rooms of folders that are watched now come before others); "." is the data folder's own file, whose name
 * is ""; ERR_NOT_FOUND with a suggestion. */
int room_book_find(struct ledger *ledger, const char *game, const char *name, int64_t *room_id, struct err *err);
/* Its policy may send from now on, and looks at all of its rows. 1, 0 if it was so already, -1. */
int room_book_adopt(struct ledger *ledger, int64_t room_id, struct err *err);
/* Nothing more is sent for it by itself, and it is no problem to anybody. One that is ignored no more waits to be
 * adopted: that shows what would be sent. 1, 0 if it was so already, -1. */
int room_book_ignore(struct ledger *ledger, int64_t room_id, bool ignored, struct err *err);

/* For people (room_list.c). */

/* Whether a game (or the path of a folder) is or was watched: 0, or ERR_NOT_FOUND with a suggestion. */
int room_book_check_game(struct ledger *ledger, const char *game, struct err *err);
/* How many decisions and bonuses a policy has asked for the rows of a room that were not sent yet. */
int room_book_policy_open(struct ledger *ledger, int64_t room_id, int64_t *count, struct err *err);

/* Method "rooms" (ngmt-protocol(7)): a page, what is wrong first; and one room in full with a page of its rows. New
 * references; ERR_USAGE, ERR_NOT_FOUND. */
struct json_object *room_book_list(struct ledger *ledger, struct json_object *params, struct err *err);
struct json_object *room_book_show(struct ledger *ledger, int64_t room_id, struct json_object *params,
				   struct err *err);

/* For "status": {watched, waiting, problems, held_rows, ignored}. New reference. */
struct json_object *room_book_counts(struct ledger *ledger, struct err *err);

/* What would be sent for a room if it were adopted now: of its rows with a verdict of approve, those that nothing was
 * recorded for yet. */
struct room_stake {
	int64_t rows; /* all that count */
	int64_t held; /* of these */
	int64_t approvals;
	int64_t bonuses;
	int64_t amount_minor;
	int64_t fee_minor;
};
/* `fee_minor` is the platform's. */
int room_book_stake(struct ledger *ledger, int64_t room_id, enum policy policy,
		    int64_t (*fee_minor)(enum op_kind kind, int64_t amount_minor, int64_t max_assignments),
		    struct room_stake *out, struct err *err);
/* The rooms that an adoption of all is about: neither adopted nor ignored, of folders that are watched under a policy
 * that sends, of `game` (or a folder's path; NULL: any). The ids, at most `limit`; the caller frees. -1: error. */
int64_t room_book_waiting(struct ledger *ledger, const char *game, int64_t limit, int64_t **ids, struct err *err);

#endif
