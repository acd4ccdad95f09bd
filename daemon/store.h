/* SPDX-License-Identifier: MIT
 *
 * SQLite, and the only file that includes <sqlite3.h>: one connection, prepared statements kept by their text, and one
 * write transaction per turn of the loop (WAL, synchronous=FULL: when store_commit() has returned 0, it is on the
 * disk).
 */
#ifndef NGMT_STORE_H
#define NGMT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct store;
struct statement;

/* Opens or creates the file (mode 0600). ERR_LEDGER. */
struct store *store_open(const char *path, struct err *err);

/* Switches to WAL and full durability: the first change to the file, so only after it is known to be ours. */
int store_configure(struct store *store, struct err *err);

/* Rolls back what is not committed and closes. -1 if SQLite says that a statement was left open (a bug). */
int store_close(struct store *store, struct err *err);

/* Runs SQL without results (migrations, pragmas). */
int store_execute(struct store *store, const char *sql, struct err *err);

/* Starts the turn's transaction unless one is open. Everything that writes calls this first. */
int store_begin(struct store *store, struct err *err);

/* Commits what is open; 0 if nothing is. After -1 everything since store_begin() is gone, and the store has failed. */
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);
bool store_in_transaction(const struct store *store);
/* Whether rows have been changed in the transaction that is open. */
bool store_has_news(const struct store *store);

/* A store fails once and for all: when the disk is full, a page is damaged or a commit did not succeed, the transaction
 * is rolled back and from then on everything that would write is refused with the first failure, so that nothing of a
 * turn is kept without the rest of it. Reading goes on. NULL: it has not failed. */
const struct err *store_failure(const struct store *store);
/* The failure is that the file is damaged. May also become true of a store that has failed before. */
bool store_is_damaged(const struct store *store);
/* Makes it fail because whoever looked (quick_check) found it damaged. -1. */
int store_damaged(struct store *store, const char *what, struct err *err);
/* Makes it fail for a reason of the caller's. */
void store_refuse(struct store *store, const struct err *why);
/* Runs `sql` as a transaction of its own, also in a store that has failed: whether it would work again. The store
 * remains failed; close and open it. */
int store_probe(struct store *store, const char *sql, struct err *err);

/* Part of a transaction that can be taken back by itself. */
int store_savepoint(struct store *store, struct err *err);
int store_release(struct store *store, struct err *err);
void store_rollback_savepoint(struct store *store);

/* The prepared statement for `sql`, which must be a string literal (its address is the key). Ready to bind; never freed
 * by the caller. NULL on error. A statement must be run to its end or reset before it is asked for again. */
struct statement *store_statement(struct store *store, const char *sql, struct err *err);

/* Bind by position from 1. Text is copied; NULL binds null. Errors show at the next step. */
void statement_bind_int(struct statement *statement, int position, int64_t value);
void statement_bind_text(struct statement *statement, int position, const char *text);
/* Not copied: must stay as it is until the statement has run. */
void statement_bind_borrowed(struct statement *statement, int position, const char *text);

/* 1: a row is there, 0: finished (and reset), -1: error (and reset). */
int statement_step(struct statement *statement, struct err *err);
/* For statements without rows: step to the end. */
int statement_run(struct statement *statement, struct err *err);
/* For statements that yield one row: its first column. -1 also for a NULL statement, whose error the caller has. */
int statement_number(struct statement *statement, int64_t *out, struct err *err);
void statement_reset(struct statement *statement);

/* Columns of the current row from 0. Text is borrowed until the next step; NULL for null. */
int64_t statement_int(struct statement *statement, int column);
const char *statement_text(struct statement *statement, int column);
bool statement_is_null(struct statement *statement, int column);

/* A number that changes when the write-ahead log begins anew, which it does only once everything in it is in the file
 * itself. 0: there is none yet. */
uint64_t store_log_generation(struct store *store);
/* The number that `sql` asks for, of the file alone, whatever write-ahead log lies beside it. 1: there it is, 0: no, or
 * it cannot be read. */
int store_peek(const char *path, const char *sql, int64_t *number);

int64_t store_last_id(const struct store *store);
/* Rows changed since the store was opened, in temporary tables too. */
int64_t store_total_changes(const struct store *store);
/* How much of the file is kept in memory, in KiB; more pays for itself while very many rows are written. */
int store_set_cache(struct store *store, int kib, struct err *err);
/* Rows changed by the last statement. */
int64_t store_changes(const struct store *store);

#endif
