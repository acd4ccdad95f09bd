/* SPDX-License-Identifier: MIT
 *
 * Which rooms may be sent for without being asked for, and in which order: rule of money 9.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "room_fixture.h"

#define ADOPTED "SELECT sum(adopted) FROM room"

static const struct room_row good_row = { W1, A1, VERDICT_APPROVE, 150, NULL };

static void rooms_of_the_first_scan_wait(void **state)
{
	struct book *book = *state;
	const struct folder_seen seen = room_folder(POLICY_PAY);
	int64_t folder = room_see(book, &seen, true);
	struct err err;

	/* Whatever the watcher says. */
	(void)room_add(book, folder, "room000001");
	assert_int_equal(book_number(book, ADOPTED), 0);
	book_must(room_book_end_first_scan(book->ledger, folder, &err), &err);
	(void)room_add(book, folder, "room000002");
	assert_int_equal(book_number(book, ADOPTED), 1);
	assert_int_equal(room_see(book, &seen, false), folder);
}

static void a_first_scan_that_was_cut_off_is_still_the_first(void **state)
{
	struct book *book = *state;
	const struct folder_seen seen = room_folder(POLICY_PAY);
	int64_t folder = room_see(book, &seen, true);

	(void)room_add(book, folder, "room000001");
	/* Another run of the daemon. */
	book_must(room_book_open(book->ledger, NULL), NULL);
	assert_int_equal(room_see(book, &seen, true), folder);
	(void)room_add(book, folder, "room000002");
	assert_int_equal(book_number(book, ADOPTED), 0);
}

static void a_room_added_twice_is_one(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY), id = room_add(book, folder, "room000001");
	int64_t again = 0;
	struct err err;

	book_must(room_book_add(book->ledger, folder, "room000001", false, &again, &err), &err);
	assert_int_equal(again, id);
	assert_int_equal(book_number(book, ADOPTED), 1);
}

/* A test of ours, ignored, then renamed or copied. */
static void a_copy_of_what_is_kept_back_waits(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY);
	int64_t tried = room_add(book, folder, "room000001"), copy = room_add(book, folder, "room000002");
	int64_t empty = room_add(book, folder, "room000003"), renamed = room_add(book, folder, "room000004");
	const struct file_mark mark = { 100, ROOM_WRITTEN_NS + 1, 7 }, other = { 100, ROOM_WRITTEN_NS + 2, 8 };
	const struct file_mark third = { 100, ROOM_WRITTEN_NS + 3, 9 };
	const struct imported rows = { .sha256 = "5a", .is_new = true, .rows = 1, .rows_added = 1 };
	const struct imported header = { .sha256 = "5a", .is_new = true };
	struct err err;

	assert_int_equal(room_book_ignore(book->ledger, tried, true, &err), 1);
	book_must(room_book_imported(book->ledger, tried, "/a", &mark, "rules", &rows, &err), &err);
	book_must(room_book_imported(book->ledger, copy, "/b", &other, "rules", &rows, &err), &err);
	book_must(room_book_imported(book->ledger, empty, "/c", &third, "rules", &header, &err), &err);
	book_must(room_book_imported(book->ledger, renamed, "/d", &mark, "rules", &header, &err), &err);
	assert_int_equal(book_number(book, ADOPTED), 1);
	assert_int_equal(book_number(book, "SELECT id FROM room WHERE adopted = 1"), empty);
}

/* From a backup, perhaps: years old, and new in this folder. */
static void a_room_that_was_moved_here_waits(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY);
	int64_t room = room_add(book, folder, "room000001");
	struct err err;

	book_must(store_execute(book->ledger->store, "UPDATE folder SET since_s = 4102444803", &err), &err);
	assert_int_equal(book_number(book, ADOPTED), 1);
	room_imported(book, room, 1);
	assert_int_equal(book_number(book, ADOPTED), 0);
	/* A person's word holds, whatever is written to it later. */
	assert_int_equal(room_book_adopt(book->ledger, room, &err), 1);
	room_imported(book, room, 1);
	assert_int_equal(book_number(book, ADOPTED), 1);
}

/* What was written before that moment is no work of this policy. */
static void a_folder_that_is_new_again_is_watched_since_then(void **state)
{
	struct book *book = *state;
	struct folder_seen seen = room_folder(POLICY_APPROVE);

	(void)room_watched(book, POLICY_APPROVE);
	book_execute(book, "UPDATE folder SET since_s = 1");
	(void)room_see(book, &seen, false);
	assert_int_equal(book_number(book, "SELECT since_s FROM folder"), 1);
	seen.policy = POLICY_PAY;
	(void)room_see(book, &seen, true);
	assert_true(book_number(book, "SELECT since_s FROM folder") > 1);
}

struct change {
	const char *what;
	enum policy from, to;
	int64_t inode;
	const char *pattern;
	bool is_new;
	int adopted_after; /* of one that was */
};

static void what_takes_adoption_away(void **state)
{
	static const struct change changes[] = {
		{ "nothing", POLICY_PAY, POLICY_PAY, 7, PATTERN, false, 1 },
		{ "lowered", POLICY_PAY, POLICY_APPROVE, 7, PATTERN, false, 1 },
		{ "switched off", POLICY_PAY, POLICY_IMPORT, 7, PATTERN, false, 1 },
		{ "raised", POLICY_IMPORT, POLICY_APPROVE, 7, PATTERN, true, 0 },
		{ "raised further", POLICY_APPROVE, POLICY_PAY, 7, PATTERN, true, 0 },
		{ "another folder", POLICY_PAY, POLICY_PAY, 8, PATTERN, true, 0 },
		{ "other names are rooms", POLICY_PAY, POLICY_PAY, 7, ".*", true, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *change = &changes[i];
		struct folder_seen seen = room_folder(change->to);
		void *fresh = NULL;
		struct book *book;

		(void)book_set_up(&fresh);
		book = fresh;
		(void)room_add(book, room_watched(book, change->from), "room000001");
		seen.inode = change->inode;
		seen.pattern = change->pattern;
		(void)room_see(book, &seen, change->is_new);
		if (book_number(book, ADOPTED) != change->adopted_after)
			fail_msg("%s: adopted %d", change->what, (int)book_number(book, ADOPTED));
		(void)book_tear_down(&fresh);
	}
}

/* Whatever came into it meanwhile was not watched, and perhaps paid in another way. */
static void a_folder_that_was_not_watched_for_a_run_is_new(void **state)
{
	struct book *book = *state;
	const struct folder_seen seen = room_folder(POLICY_PAY);
	int64_t folder = room_watched(book, POLICY_PAY);
	struct err err;

	(void)room_add(book, folder, "room000001");
	/* A daemon that dies before it has looked for its folders has not left them out. */
	book_must(room_book_open(book->ledger, &err), &err);
	book_must(room_book_open(book->ledger, &err), &err);
	(void)room_see(book, &seen, false);
	book_must(room_book_end_start(book->ledger, &err), &err);
	/* One that has, has. */
	book_must(room_book_open(book->ledger, &err), &err);
	book_must(room_book_end_start(book->ledger, &err), &err);
	book_must(room_book_open(book->ledger, &err), &err);
	(void)room_see(book, &seen, true);
	(void)room_add(book, folder, "room000002");
	book_expect_text(book, "SELECT name FROM room WHERE adopted = 1", "room000001");
}

static int count_entry(void *arg, const struct room_entry *room, struct err *err)
{
	struct room_entry *out = arg;

	(void)err;
	*out = *room;
	out->name = out->file = out->rules = NULL;
	return 0;
}

static void what_was_imported_is_remembered(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY), id = room_add(book, folder, "room000001");
	struct room_entry entry = { 0 };
	struct err err;

	book_must(room_book_each(book->ledger, folder, count_entry, &entry, &err), &err);
	assert_int_equal(entry.id, id);
	assert_true(entry.is_adopted && !entry.is_ignored && !entry.has_mark);
	room_imported(book, id, 1);
	book_must(room_book_each(book->ledger, folder, count_entry, &entry, &err), &err);
	assert_true(entry.has_mark);
	assert_int_equal(entry.mark.bytes, 100);
	assert_int_equal(entry.mark.mtime_ns, ROOM_WRITTEN_NS);
	assert_int_equal(entry.mark.inode, 300 + id);
	assert_int_equal(book_number(book, "SELECT versions FROM room"), 1);
}

static void a_problem_is_news_once(void **state)
{
	struct book *book = *state;
	int64_t id = room_add(book, room_watched(book, POLICY_PAY), "room000001");
	struct err err;

	assert_int_equal(room_book_problem(book->ledger, id, NULL, &err), 0);
	assert_int_equal(room_book_problem(book->ledger, id, "line 2, column 5: a quote is not closed", &err), 1);
	assert_int_equal(room_book_problem(book->ledger, id, "line 2, column 5: a quote is not closed", &err), 0);
	assert_int_equal(room_book_problem(book->ledger, id, "line 3, column 5: a quote is not closed", &err), 1);
	room_imported(book, id, 0);
	book_expect_text(book, "SELECT problem FROM room", NULL);
	assert_int_equal(room_book_problem(book->ledger, id, NULL, &err), 0);
}

/* The line. */

static int64_t next_due(struct book *book)
{
	struct room_brief room = { 0 };
	struct err err;
	int found = room_book_next_due(book->ledger, &room, &err);
	int64_t id = room.id;

	book_must(found, &err);
	room_brief_finish(&room);
	return found ? id : 0;
}

static void rooms_come_in_the_order_in_which_they_finished(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY);
	int64_t a = room_add(book, folder, "room000001"), b = room_add(book, folder, "room000002");
	struct room_brief room;
	struct err err;

	assert_int_equal(next_due(book), 0);
	room_imported(book, b, 1);
	room_imported(book, a, 1);
	assert_int_equal(next_due(book), b);
	assert_int_equal(room_book_next_due(book->ledger, &room, &err), 1);
	assert_string_equal(room.game, "ultimatum");
	assert_string_equal(room.name, "room000002");
	assert_int_equal(room.policy, POLICY_PAY);
	/* Rows that came while its plan was made put it into the line again. */
	room_imported(book, b, 1);
	book_must(room_book_end_due(book->ledger, room.id, room.turn, &err), &err);
	room_brief_finish(&room);
	assert_int_equal(next_due(book), a);
	book_must(room_book_put_off(book->ledger, a, &err), &err);
	assert_int_equal(next_due(book), b);
	assert_int_equal(room_book_next_due(book->ledger, &room, &err), 1);
	book_must(room_book_end_due(book->ledger, room.id, room.turn, &err), &err);
	room_brief_finish(&room);
	assert_int_equal(next_due(book), a);
}

static void nothing_new_is_nothing_to_do(void **state)
{
	struct book *book = *state;
	int64_t id = room_add(book, room_watched(book, POLICY_PAY), "room000001");

	room_imported(book, id, 0);
	assert_int_equal(next_due(book), 0);
}

static void only_watched_adopted_rooms_of_a_policy_that_sends_are_due(void **state)
{
	struct book *book = *state;
	struct folder_seen seen = room_folder(POLICY_PAY);
	int64_t id = room_with(book, room_watched(book, POLICY_PAY), "room000001", &good_row, 1);
	struct err err;

	assert_int_equal(next_due(book), id);
	assert_int_equal(room_book_ignore(book->ledger, id, true, &err), 1);
	assert_int_equal(room_book_ignore(book->ledger, id, true, &err), 0);
	assert_int_equal(next_due(book), 0);
	/* Who ignores it no more has not been shown what would be sent. */
	assert_int_equal(room_book_ignore(book->ledger, id, false, &err), 1);
	assert_int_equal(next_due(book), 0);
	assert_int_equal(room_book_adopt(book->ledger, id, &err), 1);
	assert_int_equal(next_due(book), id);
	/* A game that is taken out of the configuration. */
	book_must(room_book_open(book->ledger, &err), &err);
	assert_int_equal(next_due(book), 0);
	(void)room_see(book, &seen, false);
	assert_int_equal(next_due(book), id);
	seen.policy = POLICY_IMPORT;
	(void)room_see(book, &seen, false);
	assert_int_equal(next_due(book), 0);
	/* What was adopted for one policy is not adopted for one that does more. */
	seen.policy = POLICY_PAY;
	(void)room_see(book, &seen, true);
	assert_int_equal(next_due(book), 0);
}

static void adopting_has_all_rows_looked_at(void **state)
{
	struct book *book = *state;
	const struct folder_seen seen = room_folder(POLICY_PAY);
	int64_t folder = room_see(book, &seen, true), id;
	struct err err;

	id = room_with(book, folder, "room000001", &good_row, 1);
	/* An earlier policy has looked at it. */
	book_execute(book, "UPDATE result SET todo = 0");
	assert_int_equal(next_due(book), 0);
	assert_int_equal(room_book_adopt(book->ledger, id, &err), 1);
	assert_int_equal(room_book_adopt(book->ledger, id, &err), 0);
	assert_int_equal(next_due(book), id);
	assert_int_equal(book_number(book, "SELECT sum(todo) FROM result"), 1);
}

static void adopting_is_no_order_to_send_where_nothing_is_sent(void **state)
{
	struct book *book = *state;
	const struct folder_seen seen = room_folder(POLICY_IMPORT);
	int64_t id = room_with(book, room_see(book, &seen, true), "room000001", &good_row, 1);
	struct err err;

	assert_int_equal(room_book_adopt(book->ledger, id, &err), 1);
	assert_int_equal(next_due(book), 0);
}

/* Finding. */

static void rooms_are_found_by_name_and_game(void **state)
{
	struct book *book = *state;
	struct folder_seen other = { "/srv/other/data", "survey", 9, POLICY_PAY, PATTERN };
	int64_t first = room_watched(book, POLICY_PAY), second = room_see(book, &other, true);
	int64_t a = room_add(book, first, "room000001"), b = room_add(book, second, "room000001");
	int64_t c = room_add(book, second, ""), id = 0;
	struct err err;

	assert_int_equal(room_book_find(book->ledger, NULL, "room000001", &id, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.message, "there are 2 rooms \"room000001\": of \"ultimatum\", \"survey\"");
	assert_string_equal(err.hint, "say which one with --game");
	book_must(room_book_find(book->ledger, "ultimatum", "room000001", &id, &err), &err);
	assert_int_equal(id, a);
	book_must(room_book_find(book->ledger, "survey", "room000001", &id, &err), &err);
	assert_int_equal(id, b);
	book_must(room_book_find(book->ledger, NULL, ".", &id, &err), &err);
	assert_int_equal(id, c);
	/* The game was moved, and only the new folder is watched; then both are. */
	other.path = "/srv/moved/data";
	book_must(room_book_open(book->ledger, &err), &err);
	b = room_add(book, room_see(book, &other, true), "room000001");
	book_must(room_book_find(book->ledger, NULL, "room000001", &id, &err), &err);
	assert_int_equal(id, b);
	other.path = "/srv/other/data";
	(void)room_see(book, &other, true);
	assert_int_equal(room_book_find(book->ledger, NULL, "room000001", &id, &err), -1);
	assert_string_equal(err.message,
			    "there are 2 rooms \"room000001\": of \"/srv/other/data\", \"/srv/moved/data\"");
	book_must(room_book_find(book->ledger, "/srv/moved/data", "room000001", &id, &err), &err);
	assert_int_equal(id, b);
}

static void a_room_that_is_not_there_is_suggested(void **state)
{
	struct book *book = *state;
	int64_t folder = room_watched(book, POLICY_PAY), id = 0;
	struct err err;

	(void)room_add(book, folder, "room000001");
	assert_int_equal(room_book_find(book->ledger, NULL, "room00001", &id, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.message, "there is no room \"room00001\"");
	assert_string_equal(err.hint, "did you mean \"room000001\"?");
	assert_int_equal(room_book_find(book->ledger, "ultimatum", "zebra", &id, &err), -1);
	assert_string_equal(err.message, "there is no room \"zebra\" of \"ultimatum\"");
	assert_string_equal(err.hint, "ngmtctl rooms lists them");
	assert_int_equal(room_book_find(book->ledger, "survey", "room000001", &id, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(rooms_of_the_first_scan_wait),
		BOOK_TEST(a_first_scan_that_was_cut_off_is_still_the_first),
		BOOK_TEST(a_room_added_twice_is_one),
		BOOK_TEST(what_takes_adoption_away),
		BOOK_TEST(a_folder_that_is_new_again_is_watched_since_then),
		BOOK_TEST(a_room_that_was_moved_here_waits),
		BOOK_TEST(a_copy_of_what_is_kept_back_waits),
		BOOK_TEST(a_folder_that_was_not_watched_for_a_run_is_new),
		BOOK_TEST(what_was_imported_is_remembered),
		BOOK_TEST(a_problem_is_news_once),
		BOOK_TEST(rooms_come_in_the_order_in_which_they_finished),
		BOOK_TEST(nothing_new_is_nothing_to_do),
		BOOK_TEST(only_watched_adopted_rooms_of_a_policy_that_sends_are_due),
		BOOK_TEST(adopting_has_all_rows_looked_at),
		BOOK_TEST(adopting_is_no_order_to_send_where_nothing_is_sent),
		BOOK_TEST(rooms_are_found_by_name_and_game),
		BOOK_TEST(a_room_that_is_not_there_is_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
