/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATEMENTS_MAX 320

#define DAMAGED_BEFORE "nothing is paid from a damaged ledger: stop ngmtd, copy ledger.db* of"
#define DAMAGED_AFTER                                                                                    \
	" aside, put a backup in their place as ledger.db, remove ledger.db-wal and ledger.db-shm, start ngmtd; " \
	"see RECOVERY in ngmtd(8)"

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
	int64_t changes_before; /* the transaction */
	char *directory; /* for hints */
	char *log_path;  /* of the write-ahead log */
	int log_fd;
	bool has_failed;
	bool is_damaged;
	struct err failure; /* the first one */
};

/* Troubles after which nothing more is written, and what to do: the directory's name goes between the two parts. */
static const struct trouble {
	int code;
	const char *before, *after;
} troubles[] = {
	{ SQLITE_FULL, "free some space on the disk of", "" },
	{ SQLITE_IOERR, "free some space on the disk of", ", and see that it is healthy" },
	{ SQLITE_READONLY, "let the daemon's user write to", " and to the files ledger.db* in it" },
	{ SQLITE_CANTOPEN, "let the daemon's user write to", " and to the files ledger.db* in it" },
	{ SQLITE_PERM, "let the daemon's user write to", " and to the files ledger.db* in it" },
	{ SQLITE_BUSY, "close the other program that uses the ledger in", "" },
	{ SQLITE_PROTOCOL, "close the other program that uses the ledger in", "" },
	{ SQLITE_NOMEM, "free some memory for the daemon; its ledger is in", "" },
	{ SQLITE_CORRUPT, DAMAGED_BEFORE, DAMAGED_AFTER },
	{ SQLITE_NOTADB, DAMAGED_BEFORE, DAMAGED_AFTER },
};

static const struct trouble *find_trouble(int code)
{
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (troubles[i].code == (code & 0xff))
			return &troubles[i];
	return NULL;
}

static const char *system_words(const struct store *store, int code)
{
	int number = sqlite3_system_errno(store->db);

	if (number == 0 || ((code & 0xff) != SQLITE_IOERR && (code & 0xff) != SQLITE_CANTOPEN))
		return "";
	return strerror(number);
}

void store_refuse(struct store *store, const struct err *why)
{
	store_rollback(store);
	if (!store->has_failed)
		store->failure = *why;
	store->has_failed = true;
}

/* SQLite takes a whole transaction back by itself after some errors. What would be written after that would be
 * committed alone, without the rest of its turn. */
static bool has_lost_transaction(const struct store *store)
{
	return store->in_transaction && sqlite3_get_autocommit(store->db);
}

static int fail(struct store *store, const char *what, struct err *err)
{
	int code = sqlite3_extended_errcode(store->db);
	const struct trouble *trouble = find_trouble(code);
	const char *words = system_words(store, code);
	struct err told;

	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		store->is_damaged = true;
	if (store->is_damaged)
		(void)err_set(&told, ERR_LEDGER, "the ledger is damaged: %s", sqlite3_errmsg(store->db));
	else
		(void)err_set(&told, ERR_LEDGER, "the ledger cannot %s: %s%s%s%s", what, sqlite3_errmsg(store->db),
			      words[0] ? " (" : "", words, words[0] ? ")" : "");
	if (trouble)
		(void)err_hint(&told, "%s \"%s\"%s", trouble->before, store->directory, trouble->after);
	if (trouble || has_lost_transaction(store))
		store_refuse(store, &told);
	if (err)
		*err = told;
	return -1;
}

const struct err *store_failure(const struct store *store)
{
	return store->has_failed ? &store->failure : NULL;
}

bool store_is_damaged(const struct store *store)
{
	return store->is_damaged;
}

int store_damaged(struct store *store, const char *what, struct err *err)
{
	(void)err_set(err, ERR_LEDGER, "the ledger is damaged: %s", what);
	(void)err_hint(err, "%s \"%s\"%s", DAMAGED_BEFORE, store->directory, DAMAGED_AFTER);
	store->is_damaged = true;
	store_refuse(store, err);
	return -1;
}

static int refuse(const struct store *store, struct err *err)
{
	if (err)
		*err = store->failure;
	return -1;
}

int store_probe(struct store *store, const char *sql, struct err *err)
{
	store_rollback(store);
	if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	(void)fail(store, "be written to", err);
	if (!sqlite3_get_autocommit(store->db))
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

int store_execute(struct store *store, const char *sql, struct err *err)
{
	if (store->has_failed)
		return refuse(store, err);
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
		return err_hint(err, "it must be a file that user %u, as whom the daemon runs, may read and write",
				(unsigned)geteuid());
	}
	(void)close(fd);
	return 0;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
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
	store->log_fd = -1;
	store->directory = directory_of(path);
	if (!store->directory || asprintf(&store->log_path, "%s-wal", path) < 0 || create_private(path, err) < 0) {
		free(store->directory);
		free(store->log_path);
		free(store);
		return NULL;
	}
	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(store->db, 2000) == SQLITE_OK)
		return store;
	(void)fail(store, "be opened", err);
	(void)sqlite3_close(store->db);
	free(store->directory);
	free(store->log_path);
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
	if (store->log_fd >= 0)
		(void)close(store->log_fd);
	free(store->directory);
	free(store->log_path);
	free(store);
	return result;
}

int store_begin(struct store *store, struct err *err)
{
	if (store->has_failed)
		return refuse(store, err);
	if (store->in_transaction)
		return 0;
	if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return fail(store, "be written to", err);
	store->in_transaction = true;
	store->changes_before = sqlite3_total_changes64(store->db);
	return 0;
}

int store_commit(struct store *store, struct err *err)
{
	struct err failure;

	if (store->has_failed)
		return refuse(store, err);
	if (!store->in_transaction)
		return 0;
	if (sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) {
		store->in_transaction = false;
		return 0;
	}
	/* Whatever it was: the turn is gone, and nobody but the next start knows what it consisted of. */
	(void)fail(store, "be committed", &failure);
	store_refuse(store, &failure);
	return refuse(store, err);
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

bool store_has_news(const struct store *store)
{
	return store->in_transaction && sqlite3_total_changes64(store->db) != store->changes_before;
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

void statement_bind_borrowed(struct statement *statement, int position, const char *text)
{
	(void)sqlite3_bind_text(statement->handle, position, text, -1, SQLITE_STATIC);
}

int statement_step(struct statement *statement, struct err *err)
{
	struct store *store = statement->store;
	int code;

	if (store->has_failed && !sqlite3_stmt_readonly(statement->handle)) {
		(void)sqlite3_reset(statement->handle);
		return refuse(store, err);
	}
	code = sqlite3_step(statement->handle);
	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		(void)fail(store, "be written to or read", err);
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

int statement_number(struct statement *statement, int64_t *out, struct err *err)
{
	if (!statement || statement_step(statement, err) != 1)
		return -1;
	*out = statement_int(statement, 0);
	statement_reset(statement);
	return 0;
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

int64_t store_total_changes(const struct store *store)
{
	return sqlite3_total_changes64(store->db);
}

int store_set_cache(struct store *store, int kib, struct err *err)
{
	char pragma[48];

	(void)snprintf(pragma, sizeof(pragma), "PRAGMA cache_size=-%d", kib);
	return store_execute(store, pragma, err);
}

int64_t store_changes(const struct store *store)
{
	return sqlite3_changes64(store->db);
}

/* https://www.sqlite.org/fileformat2.html, "WAL Header": the two salts, at 16. While the store is open, SQLite empties
 * that file but makes no other. */
uint64_t store_log_generation(struct store *store)
{
	uint64_t salts = 0;

	if (store->log_fd < 0)
		store->log_fd = open(store->log_path, O_RDONLY | O_CLOEXEC);
	if (store->log_fd < 0 || pread(store->log_fd, &salts, sizeof(salts), 16) != (ssize_t)sizeof(salts))
		return 0;
	return salts;
}

static int peek_into(sqlite3 *db, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = NULL;
	int found = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
		*number = sqlite3_column_int64(statement, 0);
		found = 1;
	}
	(void)sqlite3_finalize(statement);
	return found;
}

/* "immutable" makes SQLite leave the log alone; the path is escaped as a URI wants it. */
int store_peek(const char *path, const char *sql, int64_t *number)
{
	sqlite3_str *uri = sqlite3_str_new(NULL);
	sqlite3 *db = NULL;
	char *text;
	int found = 0;

	sqlite3_str_appendall(uri, "file:");
	for (const char *c = path; *c; c++)
		sqlite3_str_appendf(uri, strchr("%?#", *c) ? "%%%02x" : "%c", (unsigned char)*c);
	sqlite3_str_appendall(uri, "?immutable=1");
	text = sqlite3_str_finish(uri);
	if (text && sqlite3_open_v2(text, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK)
		found = peek_into(db, sql, number);
	(void)sqlite3_close(db);
	sqlite3_free(text);
	return found;
}
