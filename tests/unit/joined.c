/* SPDX-License-Identifier: MIT
 *
 * Which submission a row without ids is: every way, every kind of doubt, and what happens when the certainty comes late
 * or goes away again. Rows and facts are put straight into the ledger.
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
#include "facts.h"
#include "joined.h"
#include "ledger_fixture.h"
#include "row.h"

#define H2 "3NGMTHIT00002"
#define A3 "3NGMTASG00003"
#define NOW_S INT64_C(1790000000)

static int64_t now_ms(void)
{
	return NOW_S * 1000;
}

/* One file: of a room (its folder's first), or loaded by name. */
static int64_t add_source(struct book *book, const char *path, int64_t room_id, int64_t read_s)
{
	static int number;
	char sql[600];

	number++;
	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO snapshot (sha256, bytes, read_s) VALUES ('%d', 1, 0);"
		       "INSERT INTO source (sha256, path, game, room, rules, read_s, sequence, ready, room_id)"
		       " SELECT '%d', '%s', CASE WHEN %d THEN 'ultimatum' END, (SELECT name FROM room WHERE id = %d), "
		       "'r', %lld,"
		       " coalesce(max(sequence), 0) + 1, 1, nullif(%d, 0) FROM source",
		       number, number, path, (int)room_id, (int)room_id, (long long)read_s, (int)room_id);
	book_execute(book, sql);
	return book_number(book, "SELECT max(id) FROM source");
}

static int64_t add_room(struct book *book, const char *name, bool adopted, int64_t written_s)
{
	char sql[600];

	(void)snprintf(
		sql, sizeof(sql),
		"INSERT OR IGNORE INTO folder (id, path, game, inode, policy, pattern, since_s)"
		" VALUES (1, '/games/ultimatum/data', 'ultimatum', 1, 2, '', 0);"
		"INSERT INTO room (folder_id, name, adopted, found_s, file_mtime_ns) VALUES (1, '%s', %d, 0, %lld)",
		name, adopted, (long long)written_s * 1000000000);
	book_execute(book, sql);
	return book_number(book, "SELECT max(id) FROM room");
}

struct waiting {
	int64_t line;
	const char *player_id;
	const char *exit_code;
	const char *worker_id;
	int64_t cents;
	enum verdict verdict; /* what it would be */
};

static int64_t add_row(struct book *book, int64_t source_id, const struct waiting *row)
{
	static const char sql[] = "INSERT INTO result (source_id, line, player_id, exit_code, worker_id, bonus_cents,"
				  " bonus_payable, verdict, why, problem_column, join_state, join_verdict, join_why)"
				  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 2, 'waits', 0, 1, ?8, 'as the file says')";
	struct err err;
	struct statement *insert = store_statement(book->ledger->store, sql, &err);

	assert_non_null(insert);
	statement_bind_int(insert, 1, source_id);
	statement_bind_int(insert, 2, row->line);
	statement_bind_text(insert, 3, row->player_id);
	statement_bind_text(insert, 4, row->exit_code);
	statement_bind_text(insert, 5, row->worker_id);
	statement_bind_int(insert, 6, row->cents);
	statement_bind_int(insert, 7, row->cents > 0 && row->verdict == VERDICT_APPROVE);
	statement_bind_int(insert, 8, row->verdict);
	book_must(statement_run(insert, &err), &err);
	return book_number(book, "SELECT max(id) FROM result");
}

static void submit(struct book *book, const char *hit, const char *assignment, const char *worker, const char *codes)
{
	const struct assignment fact = { .assignment_id = assignment,
					 .hit_id = hit,
					 .worker_id = worker,
					 .status = ASSIGNMENT_SUBMITTED,
					 .codes = codes };
	struct err err;

	book_must(facts_put_assignment(book->ledger, &fact, &err), &err);
}

static int on_source(void *arg, const struct join_source *source, struct err *err)
{
	int64_t *ids = arg;

	(void)err;
	ids[++ids[0]] = source->id;
	return 0;
}

/* A whole pass. */
static struct join_counts pass_as(struct book *book, const struct join_order *order)
{
	struct join_counts counts = { 0 };
	int64_t ids[64] = { 0 }, cursor = 0;
	struct err err;
	int more;

	book_must(joined_each_source(book->ledger, on_source, ids, &err), &err);
	book_must(joined_begin(book->ledger, &err), &err);
	book_must(joined_add_hit(book->ledger, H1, &err), &err);
	book_must(joined_add_hit(book->ledger, H2, &err), &err);
	for (int64_t i = 1; i <= ids[0]; i++) {
		struct join_order this = *order;

		this.source_id = ids[i];
		cursor = 0;
		while ((more = joined_gather(book->ledger, &this, &cursor, &err)) == 1)
			;
		book_must(more, &err);
	}
	cursor = 0;
	while ((more = joined_decide(book->ledger, "MTurk", &cursor, &counts, &err)) == 1)
		;
	book_must(more, &err);
	return counts;
}

static struct join_counts pass(struct book *book)
{
	const struct join_order order = { .way = JOIN_AUTO,
					  .hits = "[\"" H1 "\"]",
					  .hit = H1,
					  .list = JOIN_LIST_READ,
					  .game = "/games/ultimatum/data" };

	return pass_as(book, &order);
}

static void expect(struct book *book, int64_t row, enum join_state state, enum verdict verdict, const char *assignment,
		   const char *worker, const char *words)
{
	struct err err;
	struct statement *get = store_statement(
		book->ledger->store,
		"SELECT join_state, verdict, coalesce(assignment_id, ''), coalesce(worker_id, ''), why FROM result"
		" WHERE id = ?1",
		&err);

	assert_non_null(get);
	statement_bind_int(get, 1, row);
	assert_int_equal(statement_step(get, &err), 1);
	if (statement_int(get, 0) != (int64_t)state || statement_int(get, 1) != (int64_t)verdict ||
	    strcmp(statement_text(get, 2), assignment) != 0 || strcmp(statement_text(get, 3), worker) != 0 ||
	    !strstr(statement_text(get, 4), words))
		fail_msg("row %d: state %d, %s, %s, %s: %s", (int)row, (int)statement_int(get, 0),
			 verdict_name((enum verdict)statement_int(get, 1)), statement_text(get, 2),
			 statement_text(get, 3), statement_text(get, 4));
	statement_reset(get);
}

static void expect_joined(struct book *book, int64_t row, const char *assignment, const char *worker, const char *words)
{
	expect(book, row, JOIN_DONE, VERDICT_APPROVE, assignment, worker, words);
}

static void expect_doubt(struct book *book, int64_t row, const char *words)
{
	expect(book, row, JOIN_DOUBTFUL, VERDICT_HOLD, "", "", words);
}

static int set_up(void **state)
{
	struct book *book;
	struct err err;

	clock_set_sources(now_ms, NULL, NULL);
	(void)book_set_up(state);
	book = *state;
	book_must(joined_create(book->ledger, &err), &err);
	book_must(store_begin(book->ledger->store, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	clock_set_sources(NULL, NULL, NULL);
	return book_tear_down(state);
}

/* Last week's players are not found in this week's HIT, whatever their codes are. */
static void a_hit_that_was_made_later_is_another_study(void **state)
{
	const struct waiting row = { 2, "p1", "exit1", NULL, 150, VERDICT_APPROVE };
	const struct hit hit = { .hit_id = H1, .created_s = NOW_S };
	struct join_order order = { .way = JOIN_AUTO, .hits = "[\"" H1 "\"]", .hit = H1, .list = JOIN_LIST_READ };
	struct book *book = *state;
	int64_t room = add_room(book, "room000001", true, NOW_S);
	int64_t id = add_row(book, add_source(book, "/a/bonus.csv", room, NOW_S), &row);
	struct err err;

	book_must(facts_put_hit(book->ledger, &hit, &err), &err);
	submit(book, H1, A1, W1, "[\"exit1\"]");
	order.written_s = NOW_S - 3600;
	(void)pass_as(book, &order);
	expect(book, id, JOIN_WAITING, VERDICT_HOLD, "", "", "nobody has submitted");
	order.written_s = NOW_S;
	(void)pass_as(book, &order);
	expect_joined(book, id, A1, W1, "by its exit code");
}

/* --- the ways --- */

static void test_by_exit_code(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", "ABC123", NULL, 250, VERDICT_APPROVE });
	int64_t other = add_row(book, source, &(struct waiting){ 3, "p2", "zzz", NULL, 100, VERDICT_APPROVE });

	/* Another HIT's submission is none. */
	submit(book, H2, A2, W2, "[\"zzz\"]");
	submit(book, H1, A1, W1, "[\"abc123\"]");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, row, A1, W1, "as the file says (joined by its exit code)");
	expect(book, other, JOIN_WAITING, VERDICT_HOLD, "", "",
	       "nobody has submitted exit code \"zzz\" on HIT " H1 " yet");
	book_expect_text(book, "SELECT hit_id FROM result WHERE line = 2", H1);
	assert_int_equal(book_number(book, "SELECT todo FROM result WHERE line = 2"), 0);
	/* The submission comes later. */
	submit(book, H1, A2, W2, "[\"zzz\"]");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, other, A2, W2, "joined by its exit code");
}

static void test_by_codes_file(void **state)
{
	struct book *book = *state;
	struct join_order order = { .way = JOIN_AUTO, .hits = "[\"" H1 "\"]", .hit = H1, .list = JOIN_LIST_READ };
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", NULL, NULL, 250, VERDICT_APPROVE });
	int64_t two = add_row(book, source, &(struct waiting){ 3, "p2", NULL, NULL, 250, VERDICT_APPROVE });

	book_execute(book, "INSERT INTO input_code (path, game, player_id, exit_code, line) VALUES"
			   " ('/c', '/games/ultimatum/data', 'p1', 'X1', 2), ('/c', NULL, 'p2', 'X2', 3),"
			   " ('/c', NULL, 'p2', 'X3', 4)");
	submit(book, H1, A1, W1, "[\"X1\"]");
	submit(book, H1, A2, W2, "[\"X2\"]");
	/* The codes of a game that this is not, or that are newer than the file: they say nothing. */
	assert_int_equal(pass_as(book, &order).joined, 0);
	order.game = "/games/ultimatum/data";
	order.way = JOIN_EXIT_CODE;
	assert_int_equal(pass_as(book, &order).joined, 0);
	order.way = JOIN_CODES_FILE;
	assert_int_equal(pass_as(book, &order).joined, 1);
	expect_joined(book, row, A1, W1, "by the exit code that a codes file has for its player");
	/* Two exit codes for one player are none. */
	expect(book, two, JOIN_WAITING, VERDICT_HOLD, "", "", "no exit code is known for player \"p2\"");
}

/* A later start of the game gives the same player id and another code to somebody else. */
static void test_codes_are_looked_up_once(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, "1", NULL, NULL, 250, VERDICT_APPROVE });

	book_execute(book, "INSERT INTO input_code (path, player_id, exit_code, line) VALUES ('/c', '1', 'OLD', 2)");
	assert_int_equal(pass(book).joined, 0);
	book_execute(book, "UPDATE input_code SET exit_code = 'NEW'");
	submit(book, H1, A1, W1, "[\"NEW\"]");
	assert_int_equal(pass(book).joined, 0);
	submit(book, H1, A2, W2, "[\"OLD\"]");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, row, A2, W2, "codes file");
}

static void test_by_worker(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t player = add_row(book, source, &(struct waiting){ 2, W1, NULL, NULL, 250, VERDICT_APPROVE });
	int64_t named = add_row(book, source, &(struct waiting){ 3, "p2", "wrong", W2, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, NULL);
	/* Somebody else has submitted the code: the worker that the file names goes before it. */
	submit(book, H1, A3, "A1NGMT0000003X", "[\"wrong\"]");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, player, A1, W1, "by its player id, which is the worker's");
	expect(book, named, JOIN_WAITING, VERDICT_HOLD, "", W2, "worker " W2 " has not submitted on HIT " H1 " yet");
	submit(book, H1, A2, W2, "[\"code\"]");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, named, A2, W2, "by its worker");
}

/* The exit code decides, also against the player id; and each way alone does what it says. */
static void test_order_of_ways(void **state)
{
	struct book *book = *state;
	struct join_order order = { .way = JOIN_WORKER_ID, .hits = "[\"" H1 "\"]", .hit = H1, .list = JOIN_LIST_READ };
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, W1, "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A2, W2, "[\"code\"]");
	assert_int_equal(pass_as(book, &order).joined, 0);
	order.way = JOIN_NONE;
	assert_int_equal(pass_as(book, &order).joined, 0);
	submit(book, H1, A1, W1, "[\"other\"]");
	order.way = JOIN_AUTO;
	assert_int_equal(pass_as(book, &order).joined, 1);
	expect_joined(book, row, A2, W2, "by its exit code");
}

/* --- doubt --- */

static void test_several_submissions(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"code\"]");
	submit(book, H1, A2, W2, "[\"CODE\"]");
	assert_int_equal(pass(book).doubtful, 1);
	expect_doubt(book, row,
		     "several submissions on MTurk have its exit code: " A1 " (worker " W1 "), " A2 " (worker " W2 ")");
	assert_int_equal(pass(book).doubtful, 0);
}

static void test_several_rows(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/data/a.csv", 0, NOW_S);
	int64_t one = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });
	int64_t two = add_row(book, source, &(struct waiting){ 3, "p2", "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"code\"]");
	assert_int_equal(pass(book).doubtful, 2);
	expect_doubt(book, one, "other rows ask for the same submission: line 3 of a.csv; on MTurk it is " A1
				" (worker " W1 ")");
	expect_doubt(book, two, "line 2 of a.csv");
	/* One of them goes: the other one is certain. */
	book_execute(book, "DELETE FROM result WHERE line = 3");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, one, A1, W1, "by its exit code");
}

/* Nobody has been paid yet: what comes later takes the certainty away. */
static void test_a_later_rival(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S), other = add_source(book, "/b.csv", 0, NOW_S), rival;
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"code\"]");
	assert_int_equal(pass(book).joined, 1);
	rival = add_row(book, other, &(struct waiting){ 5, "p9", "code", NULL, 900, VERDICT_APPROVE });
	assert_int_equal(pass(book).doubtful, 2);
	expect_doubt(book, row, "line 5 of b.csv");
	expect_doubt(book, rival, "line 2 of a.csv");
	assert_int_equal(book_number(book, "SELECT count(*) FROM result WHERE hit_id IS NOT NULL"), 0);
}

static void test_a_later_submission(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"code\"]");
	assert_int_equal(pass(book).joined, 1);
	submit(book, H1, A2, W2, "[\"code\"]");
	assert_int_equal(pass(book).doubtful, 1);
	expect_doubt(book, row, A2);
}

/* What the ledger has an operation for is not taken back; nobody else gets it either. */
static void test_settled(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S), rival;
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"code\"]");
	assert_int_equal(pass(book).joined, 1);
	(void)book_insert(book, book_bonus(book, A1, W1, 250));
	rival = add_row(book, source, &(struct waiting){ 3, "p2", "code", NULL, 900, VERDICT_APPROVE });
	assert_int_equal(pass(book).doubtful, 1);
	expect(book, row, JOIN_SETTLED, VERDICT_APPROVE, A1, W1, "joined");
	expect_doubt(book, rival, "line 2 of a.csv");
	submit(book, H1, A2, W2, "[\"code\"]");
	(void)pass(book);
	expect(book, row, JOIN_SETTLED, VERDICT_APPROVE, A1, W1, "joined");
	expect_doubt(book, rival, "several submissions");
}

/* A row that has its ids asks for its assignment as well. */
static void test_a_row_with_ids(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S), row;

	book_execute(book,
		     "INSERT INTO result (source_id, line, player_id, exit_code, worker_id, assignment_id, bonus_cents,"
		     " bonus_payable, verdict, why, problem_column) SELECT max(id), 7, 'px', 'code', '" W1 "', '" A1
		     "', 100, 1, 0, 'ok', 0 FROM source");
	row = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });
	submit(book, H1, A1, W1, "[\"code\"]");
	assert_int_equal(pass(book).doubtful, 1);
	expect_doubt(book, row, "line 7 of a.csv");
	/* The very same is one. */
	book_execute(book, "UPDATE result SET player_id = 'p1', bonus_cents = 250 WHERE line = 7");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, row, A1, W1, "exit code");
}

static void test_unread_lists_decide_nothing(void **state)
{
	struct book *book = *state;
	struct join_order order = { .way = JOIN_AUTO, .hits = "[\"" H1 "\"]", .hit = H1, .list = JOIN_LIST_UNREAD };
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"code\"]");
	assert_int_equal(pass_as(book, &order).joined, 0);
	expect(book, row, JOIN_WAITING, VERDICT_HOLD, "", "", "waits");
	order.list = JOIN_LIST_UNKNOWN;
	order.hits = "[]";
	order.hit = NULL;
	assert_int_equal(pass_as(book, &order).waiting, 1);
	expect(book, row, JOIN_WAITING, VERDICT_HOLD, "", "", "it is not known in which HIT to look");
	order.list = JOIN_LIST_MISSING;
	order.hits = "[\"" H2 "\"]";
	order.hit = H2;
	assert_int_equal(pass_as(book, &order).waiting, 1);
	expect(book, row, JOIN_WAITING, VERDICT_HOLD, "", "", "MTurk knows no HIT " H2 " in this account");
}

/* --- rooms and versions --- */

static void test_versions_of_a_room(void **state)
{
	struct book *book = *state;
	int64_t room = add_room(book, "room000001", true, NOW_S);
	int64_t first = add_source(book, "/r1/bonus.csv", room, NOW_S - 10), second, id;
	int64_t old = add_row(book, first, &(struct waiting){ 2, "p1", "code", NULL, 0, VERDICT_REJECT }), new, third;
	struct err err;

	submit(book, H1, A1, W1, "[\"code\"]");
	/* The player came back: the later version counts. */
	second = add_source(book, "/r1/bonus.csv", room, NOW_S);
	new = add_row(book, second, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });
	(void)pass(book);
	expect_joined(book, new, A1, W1, "exit code");
	assert_int_equal(book_number(book, "SELECT current FROM result WHERE verdict = 1"), 0);
	assert_int_equal(book_number(book, "SELECT todo FROM result WHERE verdict = 0"), 1);
	assert_int_equal(joined_take_room(book->ledger, &id, &err), 1);
	assert_int_equal(id, room);
	assert_int_equal(joined_take_room(book->ledger, &id, &err), 0);
	/* Another amount is not simply believed. */
	third = add_row(book, add_source(book, "/r1/bonus.csv", room, NOW_S),
			&(struct waiting){ 2, "p1", "code", NULL, 25, VERDICT_APPROVE });
	(void)pass(book);
	expect_doubt(book, new, "line 2 of room000001");
	expect_doubt(book, third, "line 2 of room000001");
	(void)old;
}

/* A copy of the room's file in the working set is the same row, not another player's. */
static void test_a_copy_in_the_working_set(void **state)
{
	struct book *book = *state;
	int64_t room = add_room(book, "room000001", true, NOW_S);
	int64_t watched = add_source(book, "/r1/bonus.csv", room, NOW_S),
		loaded = add_source(book, "/r1/bonus.csv", 0, NOW_S);
	int64_t one = add_row(book, watched, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });
	int64_t two = add_row(book, loaded, &(struct waiting){ 2, "p1", "code", NULL, 250, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"code\"]");
	assert_int_equal(pass(book).joined, 1);
	expect(book, two, JOIN_WAITING, VERDICT_HOLD, "", "", "waits");
	book_execute(book, "INSERT INTO working_set SELECT max(id) FROM source");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, one, A1, W1, "exit code");
	expect_joined(book, two, A1, W1, "exit code");
}

static void test_rooms_that_wait_or_are_ignored(void **state)
{
	struct book *book = *state;
	int64_t old = add_room(book, "room000001", false, NOW_S - JOIN_AGE_S - 10);
	int64_t fresh = add_room(book, "room000002", false, NOW_S - 100);
	int64_t mine = add_room(book, "room000003", true, NOW_S);
	int64_t long_ago = add_row(book, add_source(book, "/r1/bonus.csv", old, NOW_S),
				   &(struct waiting){ 2, "1", "10", NULL, 250, VERDICT_APPROVE });
	int64_t other = add_row(book, add_source(book, "/r2/bonus.csv", fresh, NOW_S),
				&(struct waiting){ 2, "1", "10", NULL, 300, VERDICT_APPROVE });
	int64_t row = add_row(book, add_source(book, "/r3/bonus.csv", mine, NOW_S),
			      &(struct waiting){ 2, "1", "10", NULL, 400, VERDICT_APPROVE });

	submit(book, H1, A1, W1, "[\"10\"]");
	assert_int_equal(pass(book).doubtful, 2);
	expect_doubt(book, row, "line 2 of room000002");
	expect_doubt(book, other, "line 2 of room000003");
	expect(book, long_ago, JOIN_WAITING, VERDICT_HOLD, "", "", "waits");
	book_execute(book, "UPDATE room SET ignored = 1 WHERE name = 'room000002'");
	assert_int_equal(pass(book).joined, 1);
	expect_joined(book, row, A1, W1, "exit code");
}

/* Beyond the limits: joined, and held for that, so that a person can release it. */
static void test_beyond_the_limits(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	int64_t row = add_row(book, source, &(struct waiting){ 2, "p1", "code", NULL, 5000, VERDICT_HOLD });
	int64_t reject = add_row(book, source, &(struct waiting){ 3, "p2", "c2", NULL, 0, VERDICT_REJECT });

	submit(book, H1, A1, W1, "[\"code\"]");
	submit(book, H1, A2, W2, "[\"c2\"]");
	assert_int_equal(pass(book).joined, 2);
	expect(book, row, JOIN_DONE, VERDICT_HOLD, A1, W1, "as the file says");
	assert_int_equal(book_number(book, "SELECT beyond_limits FROM result WHERE line = 2"), 1);
	expect(book, reject, JOIN_DONE, VERDICT_REJECT, A2, W2, "as the file says");
}

/* More rows than one slice. */
static void test_many(void **state)
{
	struct book *book = *state;
	int64_t source = add_source(book, "/a.csv", 0, NOW_S);
	char code[16], assignment[32], worker[32], codes[32];

	for (int i = 0; i < 450; i++) {
		(void)snprintf(code, sizeof(code), "c%05d", i);
		(void)snprintf(assignment, sizeof(assignment), "3NGMTASG%05d", i);
		(void)snprintf(worker, sizeof(worker), "A1NGMT%07dX", i);
		(void)snprintf(codes, sizeof(codes), "[\"%s\"]", code);
		(void)add_row(book, source, &(struct waiting){ i + 2, code, code, NULL, 100, VERDICT_APPROVE });
		submit(book, H1, assignment, worker, codes);
	}
	assert_int_equal(pass(book).joined, 450);
	assert_int_equal(
		book_number(book, "SELECT count(*) FROM result WHERE substr(exit_code, 2) <> substr(assignment_id, 9)"),
		0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_by_exit_code),
		TEST(test_by_codes_file),
		TEST(test_codes_are_looked_up_once),
		TEST(test_by_worker),
		TEST(test_order_of_ways),
		TEST(test_several_submissions),
		TEST(test_several_rows),
		TEST(test_a_later_rival),
		TEST(test_a_later_submission),
		TEST(test_settled),
		TEST(test_a_row_with_ids),
		TEST(test_unread_lists_decide_nothing),
		TEST(test_versions_of_a_room),
		TEST(test_a_copy_in_the_working_set),
		TEST(test_rooms_that_wait_or_are_ignored),
		TEST(test_beyond_the_limits),
		TEST(a_hit_that_was_made_later_is_another_study),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
