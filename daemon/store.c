/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATEMENTS_MAX 192

struct statement {
	const char *sql;
	sqlite3_stmt *handle;
	struct store *store;
};

struct store {
	sqlite3 *db;
	struct statement statements[STATEMENTS_MAX];
	unsigned statement_count;
	bool in_transaction;
};

static int fail(struct store *store, const char *what, struct err *err)
{
	int code = sqlite3_extended_errcode(store->db);

	(void)err_set(err, ERR_LEDGER, "the ledger cannot %s: %s", what, sqlite3_errmsg(store->db));
	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		(void)err_hint(err, "nothing is paid from a damaged ledger; restore a backup of it");
	if ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR)
		(void)err_hint(err, "free some space on the disk of the state directory; nothing was sent for what "
				    "could not be written");
	return -1;
}

int store_execute(struct store *store, const char *sql, struct err *err)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(store, "be changed", err);
	return 0;
}

/* SQLite would create the file with the umask's rights: the ledger names workers, so it is made private first. */
static int create_private(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		(void)err_set(err, ERR_LEDGER, "cannot open the ledger \"%s\": %m", path);
		return err_hint(err, "the state directory must exist and be writable for the daemon's user");
	}
	(void)close(fd);
	return 0;
}

struct store *store_open(const char *path, struct err *err)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	/* One thread, no statistics: a tenth of SQLite's work. Refused, harmlessly, where SQLite is in use already. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (create_private(path, err) < 0) {
		free(store);
		return NULL;
	}
	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(store->db, 2000) == SQLITE_OK)
		return store;
	(void)fail(store, "be opened", err);
	(void)sqlite3_close(store->db);
	free(store);
	return NULL;
}

int store_configure(struct store *store, struct err *err)
{
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return store_execute(store,
			     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
			     "PRAGMA journal_size_limit=16777216; PRAGMA temp_store=MEMORY;"
			     "PRAGMA trusted_schema=OFF; PRAGMA cache_size=-2000",
			     err);
}

int store_close(struct store *store, struct err *err)
{
	int result = 0;

	if (!store)
		return 0;
	store_rollback(store);
	for (unsigned i = 0; i < store->statement_count; i++)
		(void)sqlite3_finalize(store->statements[i].handle);
	if (sqlite3_close(store->db) != SQLITE_OK)
		result = fail(store, "be closed", err);
	free(store);
	return result;
}

int store_begin(struct store *store, struct err *err)
{
	if (store->in_transaction)
		return 0;
	if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return fail(store, "be written to", err);
	store->in_transaction = true;
	return 0;
}

int store_commit(struct store *store, struct err *err)
{
	if (!store->in_transaction)
		return 0;
	if (sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) {
		store->in_transaction = false;
		return 0;
	}
	(void)fail(store, "be committed", err);
	store_rollback(store);
	return -1;
}

void store_rollback(struct store *store)
{
	if (store->in_transaction && !sqlite3_get_autocommit(store->db))
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->in_transaction = false;
}

bool store_in_transaction(const struct store *store)
{
	return store->in_transaction;
}

int store_savepoint(struct store *store, struct err *err)
{
	return store_begin(store, err) < 0 ? -1 : store_execute(store, "SAVEPOINT part", err);
}

int store_release(struct store *store, struct err *err)
{
	return store_execute(store, "RELEASE part", err);
}

void store_rollback_savepoint(struct store *store)
{
	(void)sqlite3_exec(store->db, "ROLLBACK TO part; RELEASE part", NULL, NULL, NULL);
}

struct statement *store_statement(struct store *store, const char *sql, struct err *err)
{
	struct statement *statement;

	for (unsigned i = 0; i < store->statement_count; i++) {
		statement = &store->statements[i];
		if (statement->sql == sql) {
			(void)sqlite3_reset(statement->handle);
			(void)sqlite3_clear_bindings(statement->handle);
			return statement;
		}
	}
	if (store->statement_count == STATEMENTS_MAX) {
		(void)err_set(err, ERR_INTERNAL, "too many prepared statements");
		return NULL;
	}
	statement = &store->statements[store->statement_count];
	if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL) != SQLITE_OK) {
		(void)fail(store, "be asked", err);
		return NULL;
	}
	statement->sql = sql;
	statement->store = store;
	store->statement_count++;
	return statement;
}

void statement_bind_int(struct statement *statement, int position, int64_t value)
{
	(void)sqlite3_bind_int64(statement->handle, position, value);
}

void statement_bind_text(struct statement *statement, int position, const char *text)
{
	(void)sqlite3_bind_text(statement->handle, position, text, -1, SQLITE_TRANSIENT);
}

int statement_step(struct statement *statement, struct err *err)
{
	int code = sqlite3_step(statement->handle);

	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		(void)fail(statement->store, "be written to or read", err);
	(void)sqlite3_reset(statement->handle);
	return code == SQLITE_DONE ? 0 : -1;
}

int statement_run(struct statement *statement, struct err *err)
{
	int more;

	do {
		more = statement_step(statement, err);
	} while (more > 0);
	return more;
}

void statement_reset(struct statement *statement)
{
	(void)sqlite3_reset(statement->handle);
}

int64_t statement_int(struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->handle, column);
}

const char *statement_text(struct statement *statement, int column)
{
	return (const char *)sqlite3_column_text(statement->handle, column);
}

bool statement_is_null(struct statement *statement, int column)
{
	return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

int64_t store_last_id(const struct store *store)
{
	return sqlite3_last_insert_rowid(store->db);
}

int64_t store_changes(const struct store *store)
{
	return sqlite3_changes64(store->db);
}
