/* SPDX-License-Identifier: MIT
 *
 * Watched folders, rooms and rows in a ledger, as the watcher and the importer leave them. Include after
 * ledger_fixture.h.
 */
#ifndef NGMT_ROOM_FIXTURE_H
#define NGMT_ROOM_FIXTURE_H

#include "room_book.h"

#define DATA "/srv/nodegame/games/ultimatum/data"
#define PATTERN "^room[0-9]+$"
/* After any folder was first watched. */
#define ROOM_WRITTEN_NS INT64_C(4102444800000000000)

static inline struct folder_seen room_folder(enum policy policy)
{
	return (struct folder_seen){
		.path = DATA, .game = "ultimatum", .inode = 7, .policy = policy, .pattern = PATTERN
	};
}

/* Sees it; returns its id. */
static inline int64_t room_see(struct book *book, const struct folder_seen *seen, bool expect_new)
{
	bool is_new = !expect_new;
	int64_t id = 0;
	struct err err;

	book_must(room_book_see_folder(book->ledger, seen, &id, &is_new, &err), &err);
	assert_int_equal(is_new, expect_new);
	return id;
}

/* A folder whose first scan is over, so that what is added now is adopted. */
static inline int64_t room_watched(struct book *book, enum policy policy)
{
	const struct folder_seen seen = room_folder(policy);
	int64_t id = room_see(book, &seen, true);
	struct err err;

	book_must(room_book_end_first_scan(book->ledger, id, &err), &err);
	return id;
}

static inline int64_t room_add(struct book *book, int64_t folder_id, const char *name)
{
	int64_t id = 0;
	struct err err;

	book_must(room_book_add(book->ledger, folder_id, name, true, &id, &err), &err);
	return id;
}

/* A version of the room's file, ready; returns the source's id. */
static inline int64_t room_source(struct book *book, int64_t room_id, const char *sha256)
{
	struct err err;
	struct statement *insert = store_statement(
		book->ledger->store, "INSERT OR IGNORE INTO snapshot (sha256, bytes, read_s) VALUES (?1, 100, 1)",
		&err);

	assert_non_null(insert);
	statement_bind_text(insert, 1, sha256);
	book_must(statement_run(insert, &err), &err);
	insert = store_statement(book->ledger->store,
				 "INSERT INTO source (sha256, path, game, room, rules, read_s, sequence, room_id)"
				 " VALUES (?1, '/bonus.csv', 'ultimatum', 'room', ?2, 1, 1, ?2)",
				 &err);
	assert_non_null(insert);
	statement_bind_text(insert, 1, sha256);
	statement_bind_int(insert, 2, room_id);
	book_must(statement_run(insert, &err), &err);
	return store_last_id(book->ledger->store);
}

struct room_row {
	const char *worker;
	const char *assignment;
	int verdict;
	int64_t cents; /* 0: none to pay */
	const char *why;
};

static inline int64_t room_insert_row(struct book *book, int64_t source_id, const struct room_row *row)
{
	struct err err;
	struct statement *insert = store_statement(
		book->ledger->store,
		"INSERT INTO result (source_id, line, worker_id, assignment_id, bonus_cents, bonus_payable, verdict,"
		" why, problem_column, todo)"
		" VALUES (?1, (SELECT count(*) + 2 FROM result), ?2, ?3, ?4, ?4 > 0, ?5, ?6, 3, 1)",
		&err);

	assert_non_null(insert);
	statement_bind_int(insert, 1, source_id);
	statement_bind_text(insert, 2, row->worker);
	statement_bind_text(insert, 3, row->assignment);
	statement_bind_int(insert, 4, row->cents);
	statement_bind_int(insert, 5, row->verdict);
	statement_bind_text(insert, 6, row->why ? row->why : "");
	book_must(statement_run(insert, &err), &err);
	return store_last_id(book->ledger->store);
}

/* Tells the book that a version with `added` new rows was imported. */
static inline void room_imported(struct book *book, int64_t room_id, int64_t added)
{
	struct imported imported = { .is_new = added > 0, .rows = added, .rows_added = added };
	const struct file_mark mark = { 100, ROOM_WRITTEN_NS, 300 + room_id };
	struct err err;

	/* Each room has a file of its own. */
	(void)snprintf(imported.sha256, sizeof(imported.sha256), "5a%d", (int)room_id);

	book_must(room_book_imported(book->ledger, room_id, "/bonus.csv", &mark, "rules", &imported, &err), &err);
}

/* A room with one version of these rows, imported. */
static inline int64_t room_with(struct book *book, int64_t folder_id, const char *name, const struct room_row *rows,
				size_t count)
{
	int64_t id = room_add(book, folder_id, name), source_id = room_source(book, id, name);

	for (size_t i = 0; i < count; i++)
		(void)room_insert_row(book, source_id, &rows[i]);
	room_imported(book, id, (int64_t)count);
	return id;
}

#endif
