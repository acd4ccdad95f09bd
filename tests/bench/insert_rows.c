/* SPDX-License-Identifier: MIT
 *
 * insert_rows LEDGER NEW [ROWS]: what SQLite alone needs for the rows of a ledger: reads them into memory, makes the
 * new file with the ledger's own tables and indexes and with ngmtd's pragmas, and inserts them in one transaction, or
 * in transactions of so many ROWS. Prints the rows, and the wall and CPU seconds from the first row to the end of the
 * last commit.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define COLUMNS_MAX 64

struct cell {
	int type;
	int64_t number;
	char *text;
};

static void die(sqlite3 *db, const char *what)
{
	(void)fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static sqlite3 *open_database(const char *path, int flags)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK)
		die(db, path);
	return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		die(db, sql);
	return statement;
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(db, sql);
}

static void read_cell(sqlite3_stmt *get, int column, struct cell *out)
{
	*out = (struct cell){ .type = sqlite3_column_type(get, column) };
	if (out->type == SQLITE_INTEGER)
		out->number = sqlite3_column_int64(get, column);
	else if (out->type == SQLITE_TEXT)
		out->text = strdup((const char *)sqlite3_column_text(get, column));
}

static struct cell *read_rows(sqlite3 *from, int *columns, size_t *count)
{
	sqlite3_stmt *get = prepare(from, "SELECT * FROM result ORDER BY id");
	struct cell *cells = NULL;
	size_t size = 0;

	*columns = sqlite3_column_count(get);
	*count = 0;
	while (sqlite3_step(get) == SQLITE_ROW) {
		if (*count == size) {
			size = size ? 2 * size : 1024;
			cells = realloc(cells, size * (size_t)*columns * sizeof(*cells));
			if (!cells)
				exit(1);
		}
		for (int i = 0; i < *columns; i++)
			read_cell(get, i, &cells[*count * (size_t)*columns + (size_t)i]);
		++*count;
	}
	(void)sqlite3_finalize(get);
	return cells;
}

static void copy_schema(sqlite3 *from, sqlite3 *to)
{
	sqlite3_stmt *get = prepare(from, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
					  " ORDER BY type <> 'table', rowid");

	while (sqlite3_step(get) == SQLITE_ROW)
		run(to, (const char *)sqlite3_column_text(get, 0));
	(void)sqlite3_finalize(get);
}

static sqlite3_stmt *prepare_insert(sqlite3 *to, int columns)
{
	char sql[32 + 2 * COLUMNS_MAX] = "INSERT INTO result VALUES (?";

	for (int i = 1; i < columns; i++)
		(void)strcat(sql, ",?");
	(void)strcat(sql, ")");
	return prepare(to, sql);
}

static void insert(sqlite3 *to, sqlite3_stmt *statement, const struct cell *cells, int columns)
{
	for (int i = 0; i < columns; i++) {
		if (cells[i].type == SQLITE_INTEGER)
			(void)sqlite3_bind_int64(statement, i + 1, cells[i].number);
		else if (cells[i].type == SQLITE_TEXT)
			(void)sqlite3_bind_text(statement, i + 1, cells[i].text, -1, SQLITE_STATIC);
		else
			(void)sqlite3_bind_null(statement, i + 1);
	}
	if (sqlite3_step(statement) != SQLITE_DONE)
		die(to, "insert");
	(void)sqlite3_reset(statement);
}

static double wall_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	sqlite3 *from, *to;
	sqlite3_stmt *statement;
	struct cell *cells;
	size_t count, commit_rows = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	int columns;
	double wall, cpu;

	if (argc < 3)
		return 2;
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	from = open_database(argv[1], SQLITE_OPEN_READWRITE);
	to = open_database(argv[2], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	/* As store.c has them, with the cache that imports.c asks for while it reads a large file. */
	run(to, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;"
		"PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-8000");
	copy_schema(from, to);
	cells = read_rows(from, &columns, &count);
	statement = prepare_insert(to, columns);
	wall = wall_s();
	cpu = cpu_s();
	run(to, "BEGIN IMMEDIATE");
	for (size_t i = 0; i < count; i++) {
		insert(to, statement, &cells[i * (size_t)columns], columns);
		if (commit_rows > 0 && i % commit_rows == commit_rows - 1)
			run(to, "COMMIT; BEGIN IMMEDIATE");
	}
	run(to, "COMMIT");
	(void)printf("%zu %.3f %.3f\n", count, wall_s() - wall, cpu_s() - cpu);
	return 0;
}
