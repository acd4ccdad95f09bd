/* SPDX-License-Identifier: MIT
 *
 * Versions of one room's file: which rows are new, which are replaced, which copies are needed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "ledger_fixture.h"
#include "imports_fixture.h"
#include "results.h"

#define A3 "3NGMTASG00003"
#define W3 "A1NGMT0000003X"
#define DAY_S 86400

/* Two players, each with what their file may say of them. */
#define P1 "p1," W1 "," A1 "," H1 ",1.50,1,0\n"
#define P1_MORE "p1," W1 "," A1 "," H1 ",2.50,1,0\n"
#define P1_LEFT "p1," W1 "," A1 "," H1 ",1.50,0,1\n"
#define P1_NOTHING "p1," W1 "," A1 "," H1 ",0,1,0\n"
#define P2 "p2," W2 "," A2 "," H1 ",0.50,1,0\n"
#define P3 "p3," W3 "," A3 "," H1 ",0.75,1,0\n"
#define NOBODY "b1,NA,NA,NA,0,1,0\n"

static char quote[] = "\"";
static const struct config usual = { .max_bonus_cents = 1000, .validate_level = 2, .quote = quote };
static const struct config strict = { .max_bonus_cents = 100, .validate_level = 2, .quote = quote };

static struct imported import_room(struct book *book, int64_t room_id, const char *text, const struct config *config)
{
	struct import_request request = { .room_id = room_id,
					  .game = "ultimatum",
					  .room = "room000001",
					  .validate_level = 2 };
	struct imported out;
	struct err err;

	request.path = scratch_write(&book->scratch, "bonus.csv", text);
	if (import_once(book, &request, config, &out, &err) < 0)
		fail_msg("%s", err.message);
	return out;
}

/* A version of the file in room 1, and how many rows count anew. */
static struct imported see(struct book *book, const char *text, int64_t added)
{
	struct imported out = import_room(book, 1, text, &usual);

	if (out.rows_added != added)
		fail_msg("%d rows added, not %d", (int)out.rows_added, (int)added);
	return out;
}

static void expect_current(struct book *book, const char *expected)
{
	book_expect_text(book,
			 "SELECT group_concat(t, ' ') FROM (SELECT r.player_id || ':' || r.bonus_cents || '/' ||"
			 " r.verdict AS t FROM result r JOIN source s ON s.id = r.source_id WHERE " ROW_IS_CURRENT
			 " ORDER BY r.player_id, r.id)",
			 expected);
}

static void expect_rows(struct book *book, int64_t rows)
{
	assert_int_equal(book_number(book, "SELECT count(*) FROM result"), rows);
}

/* As players finish, one after the other: ten versions of ten rows make ten rows. */
static void test_appended(void **state)
{
	struct book *book = *state;
	char text[2000] = HEADER;

	for (int i = 1; i <= 10; i++) {
		struct imported out;
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used,
			       "p%02d,A1NGMT%07dX,3NGMTASG%05d," H1 ",1.00,1,0\n", i, i, i);
		out = see(book, text, 1);
		assert_true(out.is_new);
		assert_int_equal(out.rows, i);
		assert_int_equal(out.verdicts[VERDICT_APPROVE], i);
	}
	expect_rows(book, 10);
	assert_int_equal(book_number(book, "SELECT count(*) FROM source"), 10);
	/* All of them are to do for the room's policy, and lines are those of the file that had them first. */
	assert_int_equal(book_number(book, "SELECT count(*) FROM result WHERE todo AND current"), 10);
	assert_int_equal(book_number(book, "SELECT line FROM result WHERE player_id = 'p10'"), 11);
	/* Each version begins with the one before: one copy is enough, and the ledger knows where the others are. */
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot WHERE kept"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot n JOIN snapshot c"
					   " ON c.sha256 = n.contained_in WHERE n.kept = 0 AND n.removed_s > 0"
					   " AND c.bytes > n.bytes"),
			 9);
}

/* Of these contents, how many have a file. */
static int copies(struct book *book, const struct imported *one, const struct imported *other)
{
	const struct imported *contents[] = { one, other };
	char path[400];
	int there = 0;

	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/snapshots/%s", book->ledger->directory, contents[i]->sha256);
		there += access(path, R_OK) == 0;
	}
	return there;
}

/* nodeGame without append: only the player that finished last is in the file. All are kept, and so are the copies. */
static void test_truncated(void **state)
{
	struct book *book = *state;

	(void)see(book, HEADER P1, 1);
	(void)see(book, HEADER P2, 1);
	(void)see(book, HEADER, 0);
	expect_current(book, "p1:150/0 p2:50/0");
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot WHERE kept"), 3);
	(void)see(book, HEADER P1, 0);
	expect_current(book, "p1:150/0 p2:50/0");
	expect_rows(book, 2);
}

/* A second computeBonus() with another exchange rate: both stay, so that a plan makes them a conflict. */
static void test_other_amount(void **state)
{
	struct book *book = *state;

	(void)see(book, HEADER P1, 1);
	(void)see(book, HEADER P1_MORE, 1);
	expect_current(book, "p1:150/0 p1:250/0");
	(void)see(book, HEADER P1, 0);
	expect_current(book, "p1:150/0 p1:250/0");
}

static void test_replaced(void **state)
{
	struct book *book = *state;

	(void)see(book, HEADER P1 P2, 2);
	(void)see(book, HEADER P1_LEFT P2, 1);
	expect_current(book, "p1:150/1 p2:50/0");
	assert_int_equal(book_number(book, "SELECT todo FROM result WHERE id = 1"), 0);
	(void)see(book, HEADER P1_NOTHING P2, 1);
	expect_current(book, "p1:0/0 p2:50/0");
	expect_rows(book, 4);
}

/* The file says again what it said before. */
static void test_back_again(void **state)
{
	struct book *book = *state;

	(void)see(book, HEADER P1 P2, 2);
	(void)see(book, HEADER P1_LEFT P2, 1);
	(void)see(book, HEADER P1 P2, 1);
	expect_current(book, "p1:150/0 p2:50/0");
	assert_int_equal(book_number(book, "SELECT todo FROM result WHERE id = 1"), 1);
	(void)see(book, HEADER P1 P2 P3, 1);
	expect_current(book, "p1:150/0 p2:50/0 p3:75/0");
	(void)see(book, HEADER P1_LEFT P2 P3, 1);
	expect_current(book, "p1:150/1 p2:50/0 p3:75/0");
	expect_rows(book, 4);
}

/* A later line of a file that is appended to replaces the earlier one for good, though both are in it. */
static void test_appended_correction(void **state)
{
	struct book *book = *state;

	(void)see(book, HEADER P1_LEFT, 1);
	(void)see(book, HEADER P1_LEFT P1, 1);
	expect_current(book, "p1:150/0");
	(void)see(book, HEADER P1_LEFT P1 P2, 1);
	expect_current(book, "p1:150/0 p2:50/0");
	(void)see(book, HEADER P1_LEFT P1 P2 P3, 1);
	expect_current(book, "p1:150/0 p2:50/0 p3:75/0");
}

static void test_same_line_several_times(void **state)
{
	struct book *book = *state;

	(void)see(book, HEADER P1 P1 NOBODY NOBODY, 4);
	(void)see(book, HEADER P1 P1 P1 NOBODY NOBODY NOBODY P2, 1);
	expect_rows(book, 5);
}

static void test_nothing_to_do_about_bots(void **state)
{
	struct book *book = *state;

	(void)see(book, "type," HEADER "bot,b1,NA,NA,NA,0,1,0\nhuman," P1, 2);
	assert_int_equal(book_number(book, "SELECT count(*) FROM result WHERE todo"), 1);
	assert_int_equal(book_number(book, "SELECT todo FROM result WHERE verdict = 3"), 0);
}

/* The same cells mean something else under another header. */
static void test_other_header(void **state)
{
	struct book *book = *state;

	(void)see(book, HEADER P1, 1);
	(void)see(book, "id,WorkerId,AssignmentId,HITId,points,Approve,Reject\n" P1, 1);
	expect_rows(book, 2);
	expect_current(book, "p1:0/0");
}

/* Under other rules every row is judged anew, and what was judged before does not count any more. */
static void test_other_rules(void **state)
{
	struct book *book = *state;
	struct imported out;

	(void)see(book, HEADER P1 P2 NOBODY, 3);
	out = import_room(book, 1, HEADER P1 P2 NOBODY, &strict);
	assert_true(out.is_new);
	assert_int_equal(out.rows_added, 3);
	expect_current(book, "b1:0/2 p1:150/2 p2:50/0");
	out = import_room(book, 1, HEADER P1 P2 NOBODY, &strict);
	assert_false(out.is_new);
	assert_int_equal(out.rows_added, 0);
	assert_int_equal(out.rows, 3);
	/* And back. */
	(void)see(book, HEADER P1 P2 NOBODY, 3);
	expect_current(book, "b1:0/2 p1:150/0 p2:50/0");
	expect_rows(book, 6);
}

static void test_rooms_apart(void **state)
{
	struct book *book = *state;
	struct import_request loaded = { .validate_level = 2 };
	struct imported out;
	struct err err;

	out = import_room(book, 1, HEADER P1, &usual);
	assert_true(out.is_new);
	out = import_room(book, 2, HEADER P1, &usual);
	assert_true(out.is_new);
	assert_int_equal(out.rows_added, 1);
	expect_current(book, "p1:150/0 p1:150/0");
	/* A person loads the same file: that is a source of its own, and counts for the working set only. */
	loaded.path = book->scratch.path;
	book_must(import_once(book, &loaded, &usual, &out, &err), &err);
	assert_true(out.is_new);
	expect_rows(book, 3);
	expect_current(book, "p1:150/0 p1:150/0");
}

static void test_loaded_first(void **state)
{
	struct book *book = *state;
	struct import_request loaded = { .validate_level = 2 };
	struct imported out;
	struct err err;

	loaded.path = scratch_write(&book->scratch, "bonus.csv", HEADER P1 P2);
	book_must(import_once(book, &loaded, &usual, &out, &err), &err);
	expect_current(book, "p1:150/0 p2:50/0");
	(void)see(book, HEADER P1, 1);
	expect_current(book, "p1:150/0");
}

/* What is watched must look as it did when it was quiet. */
static void test_mark(void **state)
{
	struct book *book = *state;
	struct import_request request = { .room_id = 1, .validate_level = 2, .has_mark = true };
	struct imported out;
	struct stat status;
	struct err err;

	request.path = scratch_write(&book->scratch, "bonus.csv", HEADER P1);
	assert_int_equal(stat(request.path, &status), 0);
	file_mark_of(&status, &request.mark);
	book_must(import_once(book, &request, &usual, &out, &err), &err);
	request.mark.mtime_ns--;
	assert_int_equal(import_once(book, &request, &usual, &out, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
}

/* A version that cannot be read leaves everything as it was. */
static void test_bad_version(void **state)
{
	struct book *book = *state;
	struct import_request request = { .room_id = 1, .validate_level = 2 };
	struct imported out;
	struct err err;

	(void)see(book, HEADER P1 P2, 2);
	request.path = scratch_write(&book->scratch, "bonus.csv", HEADER P1_LEFT P3 "p4,\"never closed\n");
	assert_int_equal(import_once(book, &request, &usual, &out, &err), -1);
	assert_int_equal(err.code, ERR_FORMAT);
	expect_current(book, "p1:150/0 p2:50/0");
	expect_rows(book, 2);
	assert_int_equal(book_number(book, "SELECT count(*) FROM source"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot"), 1);
	(void)see(book, HEADER P1 P2 P3, 1);
}

/* Unsent things of a daemon that died in the middle. */
static void test_recovered(void **state)
{
	struct book *book = *state;
	struct imports *imports;
	struct loop *loop;
	struct err err;

	(void)see(book, HEADER P1, 1);
	book_execute(book, "INSERT INTO snapshot (sha256, bytes, read_s, kept) VALUES ('cc', 1, 1, 0);"
			   "INSERT INTO source (id, sha256, path, rules, read_s, sequence, ready, room_id)"
			   " VALUES (9, 'cc', '/a', 'r', 1, 0, 0, 1);"
			   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
			   " INSERT INTO result (source_id, line, worker_id, assignment_id, bonus_payable, verdict,"
			   " why, problem_column, digest) SELECT 9, i, '" W1 "', '" A1 "', 0, 0, '', 0, i FROM n");
	/* It counts nowhere. */
	expect_current(book, "p1:150/0");
	imports = make_imports(book, &loop, &usual);
	book_must(imports_recover(imports, &err), &err);
	assert_int_equal(book_number(book, "SELECT count(*) FROM source WHERE path = '/a'"), 0);
	run_imports(book, imports);
	imports_free(imports);
	loop_free(loop);
	expect_rows(book, 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM source"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot"), 1);
}

static int64_t now_s = INT64_C(1800000000);

static int64_t fake_wall(void)
{
	return now_s * 1000;
}

/* keep_snapshots: by age, counted from the last time that a content was read. */
static void test_old_copies(void **state)
{
	struct config config = usual;
	struct book *book = *state;
	struct imported first, second;

	clock_set_sources(fake_wall, NULL, NULL);
	config.keep_snapshots_ms = INT64_C(30) * DAY_S * 1000;
	first = import_room(book, 1, HEADER P1, &config);
	now_s += 20 * DAY_S;
	second = import_room(book, 1, HEADER P2, &config);
	assert_int_equal(copies(book, &first, &second), 2);
	now_s += 20 * DAY_S;
	(void)import_room(book, 1, HEADER P2, &config);
	assert_string_not_equal(first.sha256, second.sha256);
	assert_int_equal(copies(book, &first, &second), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot WHERE kept"), 1);
	/* The ledger still knows what it was, and since when it is gone. */
	assert_int_equal(book_number(book, "SELECT removed_s FROM snapshot WHERE NOT kept"), now_s);
	/* Read once more, it is there again. */
	(void)import_room(book, 1, HEADER P1, &config);
	assert_int_equal(copies(book, &first, &second), 2);
	assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot WHERE kept AND removed_s = 0"), 2);
	clock_set_sources(NULL, NULL, NULL);
}

/* A copy whose bytes have changed is no proof of anything. */
static void test_damaged_copy(void **state)
{
	struct book *book = *state;
	struct import_request request = { .room_id = 2, .validate_level = 2 };
	struct imported out = see(book, HEADER P1, 1);
	char path[400];
	struct err err;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/snapshots/%s", book->ledger->directory, out.sha256);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "9", 1, (off_t)strlen(HEADER) + 1), 1);
	(void)close(fd);
	request.path = book->scratch.path;
	assert_int_equal(import_once(book, &request, &usual, &out, &err), -1);
	assert_int_equal(err.code, ERR_LEDGER);
	assert_non_null(strstr(err.message, "damaged"));
	expect_rows(book, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_appended),
		BOOK_TEST(test_truncated),
		BOOK_TEST(test_other_amount),
		BOOK_TEST(test_replaced),
		BOOK_TEST(test_back_again),
		BOOK_TEST(test_appended_correction),
		BOOK_TEST(test_same_line_several_times),
		BOOK_TEST(test_nothing_to_do_about_bots),
		BOOK_TEST(test_other_header),
		BOOK_TEST(test_other_rules),
		BOOK_TEST(test_rooms_apart),
		BOOK_TEST(test_loaded_first),
		BOOK_TEST(test_mark),
		BOOK_TEST(test_bad_version),
		BOOK_TEST(test_recovered),
		BOOK_TEST(test_old_copies),
		BOOK_TEST(test_damaged_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
