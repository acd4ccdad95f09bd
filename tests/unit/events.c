/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "events.h"
#include "ledger_fixture.h"

/* "operation done", "lane paused", "command", one after another. */
static void expect_list(struct book *book, struct events_range range, const char *expected, int64_t expected_next)
{
	char text[400] = "";
	int64_t next = 0;
	struct err err;
	struct json_object *list = events_list(book->ledger, &range, &next, &err);

	if (!list)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *what = "", *state = "";
		struct json_object *event = json_object_array_get_idx(list, i);

		assert_true(json_get_text(event, "what", &what));
		(void)json_get_text(event, "state", &state);
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s, ", what, state[0] ? " " : "",
			       state);
	}
	assert_string_equal(text, expected);
	assert_int_equal(next, expected_next);
	json_object_put(list);
}

static void note_lane(struct book *book, const char *lane, const char *lane_state)
{
	struct json_object *what = json_object_new_object();
	struct err err;

	json_put_text(what, "lane", lane);
	json_put_text(what, "state", lane_state);
	book_must(events_note(book->ledger, EVENT_LANE, what, 0, &err), &err);
}

/* Steps 1, 2: planned, queued; 3: held; 4: planned; 5: the command; 6, 7: lanes; 8: the approval, held. */
static void fill(struct book *book)
{
	int64_t bonus = book_insert(book, book_bonus(book, A1, W1, 250)), approval;
	struct err err;

	book_move(book, bonus, OP_QUEUED, NULL);
	book_move(book, bonus, OP_HELD, "so");
	approval = book_insert(book, book_decision(book, OP_APPROVE, A2));
	book_must(batch_finish(book->ledger, book->batch_id, &err), &err);
	note_lane(book, "bonus", "paused");
	note_lane(book, NULL, "resumed");
	book_move(book, approval, OP_HELD, "why not");
}

static void test_order_and_pages(void **state)
{
	struct book *book = *state;

	assert_int_equal(events_newest(book->ledger), 0);
	expect_list(book, (struct events_range){ .after = -1, .limit = 9, .lane = EVENTS_ALL_LANES }, "", 0);
	fill(book);
	assert_int_equal(events_newest(book->ledger), 8);
	expect_list(book, (struct events_range){ .after = -1, .limit = 9, .lane = EVENTS_ALL_LANES },
		    "operation held, command, lane paused, lane resumed, operation held, ", 0);
	expect_list(book, (struct events_range){ .after = -1, .limit = 2, .lane = EVENTS_ALL_LANES },
		    "lane resumed, operation held, ", 7);
	expect_list(book, (struct events_range){ .after = -1, .before = 7, .limit = 2, .lane = EVENTS_ALL_LANES },
		    "command, lane paused, ", 5);
	expect_list(book, (struct events_range){ .after = 0, .limit = 2, .lane = EVENTS_ALL_LANES },
		    "operation held, command, ", 5);
	expect_list(book, (struct events_range){ .after = 5, .limit = 9, .lane = EVENTS_ALL_LANES },
		    "lane paused, lane resumed, operation held, ", 0);
	expect_list(book, (struct events_range){ .after = 99, .limit = 9, .lane = EVENTS_ALL_LANES }, "", 0);
}

/* All lanes is each. */
static void test_lanes(void **state)
{
	struct book *book = *state;

	fill(book);
	expect_list(book, (struct events_range){ .after = -1, .limit = 9, .lane = LANE_BONUS },
		    "operation held, lane paused, lane resumed, ", 0);
	expect_list(book, (struct events_range){ .after = -1, .limit = 9, .lane = LANE_APPROVE },
		    "lane resumed, operation held, ", 0);
	expect_list(book, (struct events_range){ .after = 0, .limit = 9, .lane = LANE_HIT }, "lane resumed, ", 0);
}

/* However rare it is, a page costs no more than a few thousand steps. */
static void test_looking_for_a_lane_is_bounded(void **state)
{
	struct book *book = *state;
	int64_t bonus = book_insert(book, book_bonus(book, A1, W1, 250));
	int64_t next = 0, pages = 0, found = 0;
	struct events_range range = { .after = 0, .limit = 10, .lane = LANE_NOTIFY };
	struct err err;

	assert_int_equal(bonus, 1);
	book_execute(book, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
			   " INSERT INTO step (operation_id, at_s, state) SELECT 1, 1, 6 FROM n");
	note_lane(book, "notify", "paused");
	do {
		struct json_object *list;

		range.after = next;
		list = events_list(book->ledger, &range, &next, &err);
		assert_non_null(list);
		found += (int64_t)json_object_array_length(list);
		json_object_put(list);
		pages++;
	} while (next);
	assert_int_equal(found, 1);
	assert_int_equal(pages, 3);
}

static void test_params(void **state)
{
	static const struct {
		const char *params;
		int result, lane;
	} cases[] = { { "{}", 0, EVENTS_ALL_LANES }, { "{\"lane\": \"bonus\"}", 0, LANE_BONUS },
		      { "{\"lane\": \"worker\"}", 0, LANE_WORKER }, { "{\"lane\": \"read\"}", -1, 0 },
		      { "{\"lane\": null}", -1, 0 }, { "{\"lane\": \"\"}", -1, 0 } };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *params = json_parse(cases[i].params, strlen(cases[i].params), &err);
		int lane = 0;

		assert_int_equal(events_read_lane(params, &lane, &err), cases[i].result);
		if (cases[i].result == 0)
			assert_int_equal(lane, cases[i].lane);
		json_object_put(params);
	}
}

static size_t count_troubles(struct book *book, int64_t limit)
{
	struct err err;
	struct json_object *list = events_troubles(book->ledger, limit, &err);
	size_t count;

	if (!list)
		fail_msg("%s", err.message);
	count = json_object_array_length(list);
	json_object_put(list);
	return count;
}

/* Only what is still so, and nobody wanted. */
static void test_troubles(void **state)
{
	struct book *book = *state;
	struct json_object *room = json_object_new_object();
	struct err err;

	assert_int_equal(count_troubles(book, 5), 0);
	fill(book);
	assert_int_equal(count_troubles(book, 5), 2);
	assert_int_equal(count_troubles(book, 1), 1);
	book_execute(book, "UPDATE operation SET hold = 5 WHERE id = 1");
	assert_int_equal(count_troubles(book, 5), 1);
	book_move(book, 2, OP_PLANNED, "released");
	assert_int_equal(count_troubles(book, 5), 0);
	book_move(book, 2, OP_FAILED, "no");
	assert_int_equal(count_troubles(book, 5), 1);
	/* A room, until it can be read, or nobody cares. */
	book_execute(book, "INSERT INTO folder (id, path, game, inode, policy, pattern, since_s)"
			   " VALUES (1, '/d', 'lab', 1, 0, '', 1);"
			   "INSERT INTO room (folder_id, name, adopted, found_s, problem)"
			   " VALUES (1, 'room000007', 1, 1, 'no')");
	json_put_text(room, "game", "lab");
	json_put_text(room, "room", "room000007");
	json_put_text(room, "state", "problem");
	book_must(events_note(book->ledger, EVENT_ROOM_PROBLEM, room, 0, &err), &err);
	assert_int_equal(count_troubles(book, 5), 2);
	book_execute(book, "UPDATE room SET problem = NULL");
	assert_int_equal(count_troubles(book, 5), 1);
}

/* What somebody wrote into the ledger by hand is told as well as it can be. */
static void test_nonsense(void **state)
{
	struct book *book = *state;

	book_execute(book, "INSERT INTO step (operation_id, at_s, state, why) VALUES (0, 1, 101, '{'),"
			   " (0, 1, 103, '[1]'), (0, 1, 99, NULL), (77, 1, 6, x'ff00'),"
			   " (0, 1, 100000, '{\"id\": \"x\"}'), (0, 1, 102, 'x')");
	expect_list(book, (struct events_range){ .after = -1, .limit = 9, .lane = EVENTS_ALL_LANES },
		    "room, lane, operation ?, operation done, operation, room, ", 0);
	expect_list(book, (struct events_range){ .after = -1, .limit = 9, .lane = LANE_BONUS }, "lane, ", 0);
	book_execute(book, "INSERT INTO folder (id, path, game, inode, policy, pattern, since_s)"
			   " VALUES (1, '/d', 'lab', 1, 0, '', 1);"
			   "INSERT INTO room (folder_id, name, adopted, found_s, problem) VALUES (1, 'x', 1, 1, 'no')");
	assert_int_equal(count_troubles(book, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_order_and_pages), BOOK_TEST(test_lanes), BOOK_TEST(test_looking_for_a_lane_is_bounded),
		cmocka_unit_test(test_params),   BOOK_TEST(test_troubles), BOOK_TEST(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
