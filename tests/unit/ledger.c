/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "ledger_fixture.h"
#include "migrations.h"
#include "witness.h"

static const char *path_of(struct book *book, const char *name)
{
	(void)snprintf(book->scratch.path, sizeof(book->scratch.path), "%s/%s", book->scratch.folder, name);
	return book->scratch.path;
}

static void close_book(struct book *book)
{
	ledger_close(book->ledger);
	book->ledger = NULL;
}

static void expect_refused(struct book *book, const char *environment, const char *message)
{
	struct err err = { 0 };
	struct ledger *ledger = ledger_open(book->scratch.folder, environment, &err);

	if (ledger) {
		ledger_close(ledger);
		fail_msg("opened; expected: %s", message);
	}
	assert_int_equal(err.code, ERR_LEDGER);
	if (!strstr(err.message, message))
		fail_msg("\"%s\" instead of \"%s\"", err.message, message);
	if (!err.hint[0])
		fail_msg("no hint for: %s", err.message);
}

static int mode_of(struct book *book, const char *name)
{
	struct stat status;

	assert_int_equal(stat(path_of(book, name), &status), 0);
	return status.st_mode & 07777;
}

static void test_private(void **state)
{
	struct book *book = *state;
	struct err err;

	book_must(ledger_commit(book->ledger, &err), &err);
	assert_int_equal(mode_of(book, "rehearsal"), 0700);
	assert_int_equal(mode_of(book, "rehearsal/lock"), 0600);
	assert_int_equal(mode_of(book, "rehearsal/ledger.db"), 0600);
	assert_int_equal(mode_of(book, "rehearsal/ledger.db-wal"), 0600);
}

static void test_deep_directory(void **state)
{
	struct book *book = *state;
	char path[300];
	struct ledger *ledger;
	struct err err;

	(void)snprintf(path, sizeof(path), "%s/var/lib/ngmt", book->scratch.folder);
	ledger = ledger_open(path, "sandbox", &err);
	assert_non_null(ledger);
	assert_string_equal(ledger->environment, "sandbox");
	ledger_close(ledger);
	assert_int_equal(mode_of(book, "var/lib/ngmt/sandbox"), 0700);
	(void)scratch_write(&book->scratch, "file", "not a folder");
	(void)snprintf(path, sizeof(path), "%s/file", book->scratch.folder);
	assert_null(ledger_open(path, "sandbox", &err));
	assert_int_equal(err.code, ERR_LEDGER);
	assert_true(err.hint[0] != '\0');
}

static void test_one_at_a_time(void **state)
{
	struct book *book = *state;
	struct ledger *sandbox;
	int status = 0;
	pid_t pid;

	expect_refused(book, "rehearsal", "another ngmtd holds the ledger");
	/* Also for another process, and another environment is another ledger. */
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(ledger_open(book->scratch.folder, "rehearsal", NULL) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	sandbox = book_open(book, "sandbox");
	ledger_close(sandbox);
	close_book(book);
	book->ledger = book_open(book, "rehearsal");
}

static void test_meta(void **state)
{
	struct book *book = *state;
	char *value;
	struct err err;

	assert_null(ledger_get_meta(book->ledger, "hit"));
	book_must(ledger_set_meta(book->ledger, "hit", H1, &err), &err);
	book_must(ledger_set_meta(book->ledger, "hit", "3OTHER", &err), &err);
	book_must(ledger_commit(book->ledger, &err), &err);
	close_book(book);
	book->ledger = book_open(book, "rehearsal");
	value = ledger_get_meta(book->ledger, "hit");
	assert_non_null(value);
	assert_string_equal(value, "3OTHER");
	free(value);
	book_must(ledger_set_meta(book->ledger, "hit", "", &err), &err);
	assert_null(ledger_get_meta(book->ledger, "hit"));
}

/* Somebody copies the live ledger over the sandbox's. */
static void test_other_environment(void **state)
{
	struct book *book = *state;
	char from[300], to[300];

	close_book(book);
	(void)snprintf(from, sizeof(from), "%s/rehearsal", book->scratch.folder);
	(void)snprintf(to, sizeof(to), "%s/live", book->scratch.folder);
	assert_int_equal(rename(from, to), 0);
	expect_refused(book, "live", "belongs to the rehearsal environment, not to live");
}

static void test_newer_version(void **state)
{
	struct book *book = *state;
	char sql[80];

	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", migrations_newest() + 1);
	store_rollback(book->ledger->store);
	book_execute(book, sql);
	close_book(book);
	expect_refused(book, "rehearsal", "this ngmtd knows versions up to");
}

static unsigned char *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	unsigned char *bytes = malloc(1 << 22);

	assert_true(file && bytes);
	*size = fread(bytes, 1, 1 << 22, file);
	(void)fclose(file);
	return bytes;
}

static void make_foreign(struct book *book, const char *folder)
{
	struct err err;
	struct store *store;

	(void)scratch_folder(&book->scratch, folder);
	(void)strncat(book->scratch.path, "/ledger.db", sizeof(book->scratch.path) - strlen(book->scratch.path) - 1);
	store = store_open(book->scratch.path, &err);
	assert_non_null(store);
	assert_int_equal(store_execute(store,
				       "PRAGMA journal_mode = DELETE; CREATE TABLE bookmarks (url TEXT);"
				       "INSERT INTO bookmarks VALUES ('x')",
				       &err),
			 0);
	assert_int_equal(store_close(store, &err), 0);
}

static void test_foreign_database(void **state)
{
	struct book *book = *state;
	unsigned char *before, *after;
	size_t size_before, size_after;
	bool is_same;

	make_foreign(book, "live");
	before = read_all(path_of(book, "live/ledger.db"), &size_before);
	expect_refused(book, "live", "a database of another program");
	after = read_all(path_of(book, "live/ledger.db"), &size_after);
	is_same = size_before == size_after && memcmp(before, after, size_before) == 0;
	free(before);
	free(after);
	/* The hint says that nothing was changed. */
	assert_true(is_same);
}

static void fill(struct book *book)
{
	struct err err;

	for (int i = 0; i < 400; i++) {
		char assignment[32];

		(void)snprintf(assignment, sizeof(assignment), "3NGMTASG%05d", i);
		(void)book_insert(book, book_bonus(book, assignment, W1, 100));
	}
	book_must(ledger_commit(book->ledger, &err), &err);
	/* The write-ahead log is emptied into the file. */
	close_book(book);
}

static void damage(struct book *book, size_t at, size_t count, unsigned char flip)
{
	const char *path = path_of(book, "rehearsal/ledger.db");
	size_t size;
	unsigned char *bytes = read_all(path, &size);
	FILE *file = fopen(path, "wb");

	assert_true(size > at + count && file);
	for (size_t i = 0; i < count; i++)
		bytes[at + i] ^= flip;
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	free(bytes);
}

static void test_damaged(void **state)
{
	static const struct {
		size_t at, count;
	} damages[] = {
		{ 0, 16 },          /* the magic */
		{ 100, 200 },       /* the schema's page */
		{ 2 * 4096, 4096 }, /* a page of a table or an index */
		{ 9 * 4096, 64 },   /* the header of a page in the middle */
		{ 20 * 4096, 400 },
	};
	struct book *book = *state;

	fill(book);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct ledger *ledger;

		damage(book, damages[i].at, damages[i].count, 0xff);
		expect_refused(book, "rehearsal", "the ledger ");
		damage(book, damages[i].at, damages[i].count, 0xff);
		/* Put right, it opens: the refusal changed nothing. */
		ledger = book_open(book, "rehearsal");
		book->ledger = ledger;
		assert_int_equal(book_number(book, "SELECT count(*) FROM operation"), 400);
		close_book(book);
	}
}

static void test_cut_off(void **state)
{
	struct book *book = *state;

	fill(book);
	assert_int_equal(truncate(path_of(book, "rehearsal/ledger.db"), 5 * 4096), 0);
	expect_refused(book, "rehearsal", "the ledger ");
}

static void test_not_a_database(void **state)
{
	struct book *book = *state;

	close_book(book);
	(void)scratch_write(
		&book->scratch, "rehearsal/ledger.db",
		"worker,assignment\nthis is somebody's table, much longer than a hundred bytes, so that SQLite reads "
		"a whole header of it and finds none\n");
	expect_refused(book, "rehearsal", "not a database");
}

/* The witness. */

static int64_t commits_of_witness(struct book *book)
{
	struct witness witness;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/rehearsal", book->scratch.folder);
	return witness_read(path, &witness) == 1 ? witness.commits : -1;
}

static void copy_file(const char *from, const char *to)
{
	size_t size;
	unsigned char *bytes = read_all(from, &size);
	FILE *file = fopen(to, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	free(bytes);
}

static void keep_copy(struct book *book, const char *name)
{
	char from[300], to[300];

	(void)snprintf(from, sizeof(from), "%s/rehearsal/ledger.db", book->scratch.folder);
	(void)snprintf(to, sizeof(to), "%s/%s", book->scratch.folder, name);
	close_book(book);
	copy_file(from, to);
	book->ledger = book_open(book, "rehearsal");
}

static void restore_copy(struct book *book, const char *name)
{
	char from[300], to[300];

	(void)snprintf(to, sizeof(to), "%s/rehearsal/ledger.db", book->scratch.folder);
	(void)snprintf(from, sizeof(from), "%s/%s", book->scratch.folder, name);
	close_book(book);
	copy_file(from, to);
	book->ledger = book_open(book, "rehearsal");
}

static void add_entry(struct book *book, const char *assignment)
{
	struct err err;

	(void)book_insert(book, book_bonus(book, assignment, W1, 100));
	book_must(ledger_commit(book->ledger, &err), &err);
}

static void test_commits_are_counted(void **state)
{
	struct book *book = *state;
	int64_t commits;
	struct err err;

	book_must(ledger_commit(book->ledger, &err), &err);
	commits = commits_of_witness(book);
	assert_true(commits > 0);
	/* Nothing to commit is no commit. */
	book_must(ledger_commit(book->ledger, &err), &err);
	assert_int_equal(commits_of_witness(book), commits);
	add_entry(book, A1);
	assert_int_equal(commits_of_witness(book), commits + 1);
	assert_int_equal(book_number(book, "SELECT value FROM meta WHERE key = 'commits'"), commits + 1);
	(void)book_insert(book, book_bonus(book, A2, W1, 100));
	store_rollback(book->ledger->store);
	book_must(ledger_commit(book->ledger, &err), &err);
	assert_int_equal(commits_of_witness(book), commits + 1);
	assert_int_equal(mode_of(book, "rehearsal/witness"), 0600);
	close_book(book);
	book->ledger = book_open(book, "rehearsal");
	assert_int_equal(book->ledger->restored, LEDGER_AS_LEFT);
	add_entry(book, A2);
	assert_true(commits_of_witness(book) > commits + 1);
}

static void test_restored(void **state)
{
	struct book *book = *state;
	struct err err;

	add_entry(book, A1);
	keep_copy(book, "old");
	assert_int_equal(book->ledger->restored, LEDGER_AS_LEFT);
	add_entry(book, A2);
	keep_copy(book, "new");
	restore_copy(book, "old");
	assert_int_equal(book->ledger->restored, LEDGER_RESTORED);
	assert_true(book->ledger->restored_s > 0);
	/* Until somebody has compared it. */
	close_book(book);
	book->ledger = book_open(book, "rehearsal");
	assert_int_equal(book->ledger->restored, LEDGER_RESTORED);
	book_must(ledger_set_restored(book->ledger, LEDGER_COMPARING, &err), &err);
	close_book(book);
	book->ledger = book_open(book, "rehearsal");
	assert_int_equal(book->ledger->restored, LEDGER_COMPARING);
	assert_true(book->ledger->restored_s > 0);
	book_must(ledger_set_restored(book->ledger, LEDGER_AS_LEFT, &err), &err);
	close_book(book);
	book->ledger = book_open(book, "rehearsal");
	assert_int_equal(book->ledger->restored, LEDGER_AS_LEFT);
	/* The one that was newer knows nothing of what happened since. */
	restore_copy(book, "new");
	assert_int_equal(book->ledger->restored, LEDGER_RESTORED);
}

static void test_no_witness(void **state)
{
	static const char *const contents[] = { NULL, "", "ngmt witness 1 0123", "\377\376rubbish\n",
						"ngmt witness 1 0123456789abcdef0123456789abcdef 00000000x5\n" };
	struct book *book = *state;
	struct err err;

	add_entry(book, A1);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		close_book(book);
		if (contents[i])
			(void)scratch_write(&book->scratch, "rehearsal/witness", contents[i]);
		else
			assert_int_equal(unlink(path_of(book, "rehearsal/witness")), 0);
		book->ledger = book_open(book, "rehearsal");
		/* A backup on a new machine looks just like this. */
		assert_int_equal(book->ledger->restored, LEDGER_RESTORED);
		assert_true(commits_of_witness(book) > 0);
		book_must(ledger_set_restored(book->ledger, LEDGER_AS_LEFT, &err), &err);
	}
}

/* A ledger from before there were witnesses. */
static void test_first_witness(void **state)
{
	struct book *book = *state;

	add_entry(book, A1);
	book_execute(book, "DELETE FROM meta WHERE key = 'identity' OR key = 'commits'");
	/* Nothing is counted any more when it is closed. */
	close_book(book);
	assert_int_equal(unlink(path_of(book, "rehearsal/witness")), 0);
	book->ledger = book_open(book, "rehearsal");
	assert_int_equal(book->ledger->restored, LEDGER_AS_LEFT);
	assert_true(commits_of_witness(book) >= 0);
}

static void test_probe(void **state)
{
	struct book *book = *state;
	struct err err, why;

	add_entry(book, A1);
	(void)err_set(&why, ERR_LEDGER, "the disk is full");
	(void)book_insert(book, book_bonus(book, A2, W1, 100));
	store_refuse(book->ledger->store, &why);
	assert_int_equal(ledger_commit(book->ledger, &err), -1);
	assert_string_equal(err.message, "the disk is full");
	book_must(ledger_probe(book->ledger, &err), &err);
	assert_int_equal(ledger_commit(book->ledger, &err), -1);
	close_book(book);
	book->ledger = book_open(book, "rehearsal");
	assert_int_equal(book->ledger->restored, LEDGER_AS_LEFT);
	assert_int_equal(book_number(book, "SELECT count(*) FROM operation"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM meta WHERE key = 'probe'"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_private),           BOOK_TEST(test_deep_directory),
		BOOK_TEST(test_one_at_a_time),     BOOK_TEST(test_meta),
		BOOK_TEST(test_other_environment), BOOK_TEST(test_newer_version),
		BOOK_TEST(test_foreign_database),  BOOK_TEST(test_damaged),
		BOOK_TEST(test_cut_off),           BOOK_TEST(test_not_a_database),
		BOOK_TEST(test_commits_are_counted), BOOK_TEST(test_restored), BOOK_TEST(test_no_witness),
		BOOK_TEST(test_first_witness),     BOOK_TEST(test_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
