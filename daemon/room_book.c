/* SPDX-License-Identifier: MIT */
#include "room_book.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "row.h"
#include "suggest.h"

/* A problem is one line for people; longer ones are cut. */
#define PROBLEM_MAX 1000
/* Rooms of one name that are shown to choose from. */
#define CANDIDATES_MAX 8

/* The statement with its transaction begun; NULL on error. */
static struct statement *change(struct ledger *ledger, const char *sql, struct err *err)
{
	return store_begin(ledger->store, err) < 0 ? NULL : store_statement(ledger->store, sql, err);
}

/* Runs a change of one room or folder by its id. */
static int change_one(struct ledger *ledger, const char *sql, int64_t id, struct err *err)
{
	struct statement *update = change(ledger, sql, err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, id);
	return statement_run(update, err);
}

int room_book_open(struct ledger *ledger, struct err *err)
{
	struct statement *update = change(ledger, "UPDATE folder SET watched = 1 WHERE watched = 2", err);

	return update ? statement_run(update, err) : -1;
}

int room_book_end_start(struct ledger *ledger, struct err *err)
{
	struct statement *update =
		change(ledger, "UPDATE folder SET watched = 0, scanned = 0 WHERE watched = 1", err);

	return update ? statement_run(update, err) : -1;
}

/* Folders. */

struct folder_known {
	int64_t id; /* 0: it is not known */
	int64_t inode;
	int64_t policy;
	bool is_scanned;
	bool has_pattern; /* the one that it was scanned with */
};

static int find_folder(struct ledger *ledger, const struct folder_seen *folder, struct folder_known *out,
		       struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT id, inode, policy, scanned, pattern = ?2 FROM folder WHERE path = ?1", err);
	int found;

	*out = (struct folder_known){ 0 };
	if (!get)
		return -1;
	statement_bind_text(get, 1, folder->path);
	statement_bind_text(get, 2, folder->pattern);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	*out = (struct folder_known){ .id = statement_int(get, 0),
				      .inode = statement_int(get, 1),
				      .policy = statement_int(get, 2),
				      .is_scanned = statement_int(get, 3) != 0,
				      .has_pattern = statement_int(get, 4) != 0 };
	statement_reset(get);
	return 1;
}

static int add_folder(struct ledger *ledger, const struct folder_seen *folder, int64_t *folder_id, struct err *err)
{
	struct statement *insert = change(
		ledger,
		"INSERT INTO folder (path, game, inode, policy, pattern, since_s, watched)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, 2)",
		err);

	if (!insert)
		return -1;
	statement_bind_text(insert, 1, folder->path);
	statement_bind_text(insert, 2, folder->game);
	statement_bind_int(insert, 3, folder->inode);
	statement_bind_int(insert, 4, folder->policy);
	statement_bind_text(insert, 5, folder->pattern);
	statement_bind_int(insert, 6, clock_wall_ms() / 1000);
	if (statement_run(insert, err) < 0)
		return -1;
	*folder_id = store_last_id(ledger->store);
	return 0;
}

static int update_folder(struct ledger *ledger, const struct folder_seen *folder, int64_t id, bool scanned,
			 struct err *err)
{
	struct statement *update = change(ledger,
					  "UPDATE folder SET game = ?2, inode = ?3, policy = ?4, pattern = ?5,"
					  " scanned = ?6, since_s = CASE ?6 WHEN 0 THEN ?7 ELSE since_s END,"
					  " watched = 2 WHERE id = ?1",
					  err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, id);
	statement_bind_text(update, 2, folder->game);
	statement_bind_int(update, 3, folder->inode);
	statement_bind_int(update, 4, folder->policy);
	statement_bind_text(update, 5, folder->pattern);
	statement_bind_int(update, 6, scanned);
	statement_bind_int(update, 7, clock_wall_ms() / 1000);
	return statement_run(update, err);
}

int room_book_see_folder(struct ledger *ledger, const struct folder_seen *folder, int64_t *folder_id, bool *is_new,
			 struct err *err)
{
	struct folder_known known;
	bool is_other;

	if (find_folder(ledger, folder, &known, err) < 0)
		return -1;
	*is_new = true;
	if (!known.id)
		return add_folder(ledger, folder, folder_id, err);
	*folder_id = known.id;
	is_other = known.inode != folder->inode || (int64_t)folder->policy > known.policy;
	*is_new = is_other || !known.is_scanned || !known.has_pattern;
	if (is_other &&
	    change_one(ledger, "UPDATE room SET adopted = 0, due = NULL WHERE folder_id = ?1", known.id, err) < 0)
		return -1;
	return update_folder(ledger, folder, known.id, !*is_new, err);
}

int room_book_end_first_scan(struct ledger *ledger, int64_t folder_id, struct err *err)
{
	return change_one(ledger, "UPDATE folder SET scanned = 1 WHERE id = ?1", folder_id, err);
}

/* Its rooms that are known keep what they have: their rows may still be sent. */
int room_book_lose_folder(struct ledger *ledger, int64_t folder_id, struct err *err)
{
	return change_one(ledger, "UPDATE folder SET scanned = 0 WHERE id = ?1", folder_id, err);
}

/* Rooms, as the watcher sees them. */

static void read_entry(struct statement *get, struct room_entry *out)
{
	*out = (struct room_entry){ .id = statement_int(get, 0),
				    .name = statement_text(get, 1),
				    .file = statement_text(get, 2),
				    .is_adopted = statement_int(get, 3) != 0,
				    .is_ignored = statement_int(get, 4) != 0,
				    .has_mark = !statement_is_null(get, 5),
				    .mark = { .bytes = statement_int(get, 5),
					      .mtime_ns = statement_int(get, 6),
					      .inode = statement_int(get, 7) },
				    .rules = statement_text(get, 8),
				    .has_problem = !statement_is_null(get, 9) };
}

int room_book_each(struct ledger *ledger, int64_t folder_id, room_entry_fn *fn, void *arg, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT id, name, file, adopted, ignored, file_bytes, file_mtime_ns,"
						" file_inode, rules, problem FROM room WHERE folder_id = ?1"
						" ORDER BY id",
						err);
	struct room_entry room;
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, folder_id);
	while ((more = statement_step(get, err)) == 1) {
		read_entry(get, &room);
		if (fn(arg, &room, err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more;
}

int room_book_add(struct ledger *ledger, int64_t folder_id, const char *name, bool adopted, int64_t *room_id,
		  struct err *err)
{
	struct statement *insert, *get;

	insert = change(ledger,
			"INSERT INTO room (folder_id, name, adopted, found_s)"
			" SELECT id, ?2, ?3 AND scanned, ?4 FROM folder WHERE id = ?1"
			" ON CONFLICT (folder_id, name) DO NOTHING",
			err);
	if (!insert)
		return -1;
	statement_bind_int(insert, 1, folder_id);
	statement_bind_text(insert, 2, name);
	statement_bind_int(insert, 3, adopted);
	statement_bind_int(insert, 4, clock_wall_ms() / 1000);
	if (statement_run(insert, err) < 0)
		return -1;
	get = store_statement(ledger->store, "SELECT id FROM room WHERE folder_id = ?1 AND name = ?2", err);
	if (!get)
		return -1;
	statement_bind_int(get, 1, folder_id);
	statement_bind_text(get, 2, name);
	return statement_number(get, room_id, err);
}

/* What became of its file. */

/* The last place in the line, for a room whose policy may send. Others need none: a policy that does more takes their
 * adoption, and a person who adopts a room puts it into the line. */
#define JOIN_LINE \
	"due = CASE WHEN adopted = 1 AND ignored = 0 AND (SELECT f.policy FROM folder f WHERE f.id = folder_id) > 0" \
	" THEN (SELECT coalesce(max(other.due), 0) + 1 FROM room other WHERE other.due IS NOT NULL) END"

#define COUNT_HELD \
	"held = (SELECT count(*) FROM source s JOIN result r ON r.source_id = s.id AND r.verdict = 2" \
	" AND r.current = 1 AND r.join_state <> 1 WHERE s.room_id = room.id AND s.ready = 1)" \
	" + (SELECT count(*) FROM source s JOIN result r ON r.source_id = s.id AND r.todo = 2" \
	" AND r.current = 1 WHERE s.room_id = room.id AND s.ready = 1)"

_Static_assert(VERDICT_HOLD == 2 && POLICY_IMPORT == 0, "the numbers in COUNT_HELD and JOIN_LINE");

int room_book_rows_changed(struct ledger *ledger, int64_t room_id, struct err *err)
{
	return change_one(ledger, "UPDATE room SET " JOIN_LINE ", " COUNT_HELD " WHERE id = ?1", room_id, err);
}

/* A room of another name with the same file or content: renamed, or copied. */
#define IS_KEPT_BACK " o.id <> ?1 AND (o.adopted = 0 OR o.ignored = 1))"

int room_book_imported(struct ledger *ledger, int64_t room_id, const char *file, const struct file_mark *mark,
		       const char *rules, const struct imported *imported, struct err *err)
{
	/* Moved here from elsewhere: what was written before the folder was watched is as old as what was there then.
	 * (File systems date by the kernel's tick, some by two seconds.) */
	struct statement *update = change(
		ledger,
		"UPDATE room SET adopted = CASE WHEN imported_s IS NULL AND (?4 / 1000000000 + 2 <"
		"  (SELECT f.since_s FROM folder f WHERE f.id = folder_id)"
		"  OR EXISTS (SELECT 1 FROM room o WHERE o.file_inode = ?5 AND o.file_mtime_ns = ?4 AND" IS_KEPT_BACK
		"  OR ?10 AND EXISTS (SELECT 1 FROM room o WHERE o.sha256 = ?7 AND" IS_KEPT_BACK
		"  ) THEN 0 ELSE adopted END,"
		" file = ?2, file_bytes = ?3, file_mtime_ns = ?4,"
		" file_inode = ?5, rules = ?6, sha256 = ?7, imported_s = ?8,"
		" versions = versions + ?9, problem = NULL, problem_s = NULL WHERE id = ?1",
		err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, room_id);
	statement_bind_text(update, 2, file);
	statement_bind_int(update, 3, mark->bytes);
	statement_bind_int(update, 4, mark->mtime_ns);
	statement_bind_int(update, 5, mark->inode);
	statement_bind_text(update, 6, rules);
	statement_bind_text(update, 7, imported->sha256);
	statement_bind_int(update, 8, clock_wall_ms() / 1000);
	statement_bind_int(update, 9, imported->is_new);
	/* Files that have only a header are all the same. */
	statement_bind_int(update, 10, imported->rows > 0);
	if (statement_run(update, err) < 0)
		return -1;
	return imported->rows_added > 0 ? room_book_rows_changed(ledger, room_id, err) : 0;
}

int room_book_note_file(struct ledger *ledger, int64_t room_id, const struct file_mark *mark, struct err *err)
{
	struct statement *update = change(ledger,
					  "UPDATE room SET file_bytes = ?2, file_mtime_ns = ?3, file_inode = ?4,"
					  " rules = NULL WHERE id = ?1",
					  err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, room_id);
	statement_bind_int(update, 2, mark->bytes);
	statement_bind_int(update, 3, mark->mtime_ns);
	statement_bind_int(update, 4, mark->inode);
	return statement_run(update, err);
}

int room_book_problem(struct ledger *ledger, int64_t room_id, const char *problem, struct err *err)
{
	struct statement *update = change(
		ledger, "UPDATE room SET problem = ?2, problem_s = ?3 WHERE id = ?1 AND problem IS NOT ?2", err);
	char text[PROBLEM_MAX];

	if (!update)
		return -1;
	(void)snprintf(text, sizeof(text), "%s", problem ? problem : "");
	statement_bind_int(update, 1, room_id);
	statement_bind_text(update, 2, problem ? text : NULL);
	if (problem)
		statement_bind_int(update, 3, clock_wall_ms() / 1000);
	if (statement_run(update, err) < 0)
		return -1;
	return store_changes(ledger->store) > 0;
}

/* The line of rooms whose policy is to look at their rows. */

#define BRIEF "SELECT r.id, r.name, f.game, f.policy, r.adopted, r.ignored, r.due, r.imported_s IS NULL FROM room r"

void room_brief_finish(struct room_brief *room)
{
	free(room->name);
	free(room->game);
	*room = (struct room_brief){ 0 };
}

/* 1, 0 if there is none, -1. */
static int read_brief(struct statement *get, struct room_brief *out, struct err *err)
{
	int found = statement_step(get, err);
	int64_t policy;

	if (found != 1)
		return found;
	policy = statement_int(get, 3);
	*out = (struct room_brief){ .id = statement_int(get, 0),
				    .name = strdup(statement_text(get, 1)),
				    .game = strdup(statement_text(get, 2)),
				    .policy = policy > 0 && policy <= POLICY_PAY ? (enum policy)policy : POLICY_IMPORT,
				    .is_adopted = statement_int(get, 4) != 0,
				    .is_ignored = statement_int(get, 5) != 0,
				    .turn = statement_int(get, 6),
				    .is_unread = statement_int(get, 7) != 0 };
	statement_reset(get);
	if (out->name && out->game)
		return 1;
	room_brief_finish(out);
	return err_set(err, ERR_INTERNAL, "out of memory");
}

int room_book_get(struct ledger *ledger, int64_t room_id, struct room_brief *out, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store, BRIEF " JOIN folder f ON f.id = r.folder_id WHERE r.id = ?1", err);
	int found;

	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	found = read_brief(get, out, err);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no room %" PRId64, room_id);
	return found < 0 ? -1 : 0;
}

int room_book_next_due(struct ledger *ledger, struct room_brief *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		BRIEF " INDEXED BY room_due JOIN folder f ON f.id = r.folder_id WHERE r.due IS NOT NULL"
		      " AND r.adopted = 1 AND r.ignored = 0 AND f.watched = 2 AND f.policy > 0 ORDER BY r.due LIMIT 1",
		err);

	return get ? read_brief(get, out, err) : -1;
}

int room_book_end_due(struct ledger *ledger, int64_t room_id, int64_t turn, struct err *err)
{
	struct statement *update = change(ledger, "UPDATE room SET due = NULL WHERE id = ?1 AND due = ?2", err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, room_id);
	statement_bind_int(update, 2, turn);
	if (statement_run(update, err) < 0)
		return -1;
	/* Some of its rows may contradict what the ledger has. */
	return change_one(ledger, "UPDATE room SET " COUNT_HELD " WHERE id = ?1", room_id, err);
}

int room_book_put_off(struct ledger *ledger, int64_t room_id, struct err *err)
{
	return change_one(ledger, "UPDATE room SET " JOIN_LINE " WHERE id = ?1", room_id, err);
}

/* A person's word. */

static int find_nothing(struct ledger *ledger, const char *game, const char *name, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT DISTINCT r.name FROM room r JOIN folder f ON f.id = r.folder_id"
						" WHERE (?1 IS NULL OR ?1 IN (f.game, f.path))",
						err);
	char best[64] = "";
	int more;

	if (!get || (game && room_book_check_game(ledger, game, err) < 0))
		return -1;
	statement_bind_text(get, 1, game);
	while ((more = statement_step(get, err)) == 1) {
		struct suggest suggest;

		suggest_init(&suggest, name);
		if (best[0])
			suggest_offer(&suggest, best);
		suggest_offer(&suggest, statement_text(get, 0));
		if (suggest.best && suggest.best != best)
			(void)snprintf(best, sizeof(best), "%s", suggest.best);
	}
	if (more < 0)
		return -1;
	(void)err_set(err, ERR_NOT_FOUND, "there is no room \"%.100s\"%s%.100s%s", name, game ? " of \"" : "",
		      game ? game : "", game ? "\"" : "");
	return best[0] ? err_hint(err, "did you mean \"%s\"?", best) : err_hint(err, "ngmtctl rooms lists them");
}

static int refuse_several(struct statement *get, const char *name, char *games, size_t size, struct err *err)
{
	int more, count = 1;

	do {
		size_t used = strlen(games);

		if (count++ < CANDIDATES_MAX)
			(void)snprintf(games + used, size - used, ", \"%.120s\"", statement_text(get, 1));
	} while ((more = statement_step(get, err)) == 1);
	if (more < 0)
		return -1;
	(void)err_set(err, ERR_USAGE, "there are %d rooms \"%.100s\": of %s", count, name, games);
	return err_hint(err, "say which one with --game");
}

int room_book_find(struct ledger *ledger, const char *game, const char *name, int64_t *room_id, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"WITH named AS (SELECT r.id, f.game, f.path, f.watched = 2 AS now FROM folder f JOIN room r"
		" ON r.folder_id = f.id AND r.name = ?2 WHERE (?1 IS NULL OR ?1 IN (f.game, f.path)))"
		/* A game that has moved is named by its folder. */
		" SELECT id, CASE WHEN (SELECT count(*) FROM named o WHERE o.game = n.game AND o.now = n.now) > 1"
		" THEN path ELSE game END FROM named n WHERE now = (SELECT max(now) FROM named) ORDER BY id",
		err);
	char games[600];
	int found;

	if (!get)
		return -1;
	statement_bind_text(get, 1, game);
	statement_bind_text(get, 2, strcmp(name, ".") == 0 ? "" : name);
	found = statement_step(get, err);
	if (found == 0)
		return find_nothing(ledger, game, name, err);
	if (found < 0)
		return -1;
	*room_id = statement_int(get, 0);
	(void)snprintf(games, sizeof(games), "\"%.120s\"", statement_text(get, 1));
	found = statement_step(get, err);
	return found == 1 ? refuse_several(get, name, games, sizeof(games), err) : found;
}

int room_book_adopt(struct ledger *ledger, int64_t room_id, struct err *err)
{
	if (change_one(ledger, "UPDATE room SET adopted = 1 WHERE id = ?1 AND adopted = 0", room_id, err) < 0)
		return -1;
	if (store_changes(ledger->store) == 0)
		return 0;
	/* Also those that an earlier policy has looked at: this one may do more. */
	if (change_one(ledger,
		       "UPDATE result SET todo = 1 WHERE todo <> 1 AND current = 1 AND source_id IN"
		       " (SELECT id FROM source WHERE room_id = ?1)",
		       room_id, err) < 0)
		return -1;
	return room_book_put_off(ledger, room_id, err) < 0 ? -1 : 1;
}

int room_book_ignore(struct ledger *ledger, int64_t room_id, bool ignored, struct err *err)
{
	struct statement *update = change(
		ledger, "UPDATE room SET ignored = ?2, adopted = 0, due = NULL WHERE id = ?1 AND ignored <> ?2", err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, room_id);
	statement_bind_int(update, 2, ignored);
	return statement_run(update, err) < 0 ? -1 : store_changes(ledger->store) > 0;
}
