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

/* Commits what is open; 0 if nothing is. After -1 everything since store_begin() is gone. */
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);
bool store_in_transaction(const struct store *store);

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

/* 1: a row is there, 0: finished (and reset), -1: error (and reset). */
int statement_step(struct statement *statement, struct err *err);
/* For statements without rows: step to the end. */
int statement_run(struct statement *statement, struct err *err);
void statement_reset(struct statement *statement);

/* Columns of the current row from 0. Text is borrowed until the next step; NULL for null. */
int64_t statement_int(struct statement *statement, int column);
const char *statement_text(struct statement *statement, int column);
bool statement_is_null(struct statement *statement, int column);

int64_t store_last_id(const struct store *store);
/* Rows changed by the last statement. */
int64_t store_changes(const struct store *store);

#endif
