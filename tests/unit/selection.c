/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "selection.h"

/* 1 queued, 2 held (limit), 3 held (doubt), 4 held (undo), 5 done, 6 cancelled, 7 failed. */
static void fill(struct book *book)
{
	static const struct {
		int state, hold, doubtful;
	} operations[] = { { OP_QUEUED, 0, 0 },       { OP_HELD, HOLD_LIMIT, 0 }, { OP_HELD, HOLD_DOUBT, 1 },
			   { OP_HELD, HOLD_UNDO, 0 }, { OP_DONE, 0, 0 },          { OP_CANCELLED, 0, 0 },
			   { OP_FAILED, 0, 0 } };
	char assignment[20], sql[160];

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		int64_t id;

		(void)snprintf(assignment, sizeof(assignment), "3NGMTASG%zu", i + 1);
		id = book_insert(book, book_bonus(book, assignment, i < 4 ? W1 : W2, 100));
		assert_int_equal(id, i + 1);
		(void)snprintf(sql, sizeof(sql),
			       "UPDATE operation SET state = %d, hold = %d, doubtful = %d, why = 'so' WHERE id = %zu",
			       operations[i].state, operations[i].hold, operations[i].doubtful, i + 1);
		book_execute(book, sql);
	}
	/* 1 and 5 are of a room, 2 of the file that a data folder has itself. */
	book_execute(book, "INSERT INTO snapshot (sha256, bytes, read_s) VALUES ('s', 1, 1);"
			   "INSERT INTO source (id, sha256, path, game, room, rules, read_s, sequence) VALUES"
			   " (1, 's', '/r7', 'ultimatum', 'room000007', '', 1, 1),"
			   " (2, 's', '/d', 'dictator', '', '', 1, 2);"
			   "INSERT INTO result (id, source_id, line, worker_id, assignment_id, bonus_payable, verdict,"
			   " why, problem_column) VALUES (1, 1, 2, '" W1 "', '3NGMTASG1', 1, 0, '', 0),"
			   " (2, 1, 3, '" W2 "', NULL, 1, 0, '', 0), (3, 2, 2, '" W1 "', '3NGMTASG2', 1, 0, '', 0);"
			   "UPDATE operation SET result_id = 1 WHERE id = 1;"
			   "UPDATE operation SET result_id = 2 WHERE id = 5;"
			   "UPDATE operation SET result_id = 3 WHERE id = 2");
}

static int read_text(struct selection *selection, const char *json, enum selection_purpose purpose, struct err *err)
{
	struct json_object *select = json ? json_parse(json, strlen(json), err) : NULL;
	int result;

	assert_true(!json || select);
	result = selection_read(selection, select, purpose, err);
	json_object_put(select);
	return result;
}

static void test_what_is_chosen(void **state)
{
	static const struct {
		const char *select;
		enum selection_purpose purpose;
		const char *ids;
	} cases[] = {
		{ NULL, SELECTED_TO_LOOK, "1 2 3 4 7 " },
		{ "{\"state\": \"held\"}", SELECTED_TO_LOOK, "2 3 4 " },
		{ "{\"state\": \"done\"}", SELECTED_TO_LOOK, "5 " },
		{ "{\"hold\": \"doubt\"}", SELECTED_TO_LOOK, "3 " },
		{ "{\"worker\": \"" W2 "\"}", SELECTED_TO_LOOK, "5 6 7 " },
		{ "{\"worker\": \"" W2 "\", \"state\": \"done\"}", SELECTED_TO_LOOK, "5 " },
		{ "{\"assignment\": \"3NGMTASG4\"}", SELECTED_TO_LOOK, "4 " },
		{ "{\"kind\": \"approve\"}", SELECTED_TO_LOOK, "" },
		{ "{\"batch\": 1}", SELECTED_TO_LOOK, "1 2 3 4 5 6 7 " },
		{ "{\"batch\": 2}", SELECTED_TO_LOOK, "" },
		{ "{\"ids\": [6, 2, 99]}", SELECTED_TO_LOOK, "2 6 " },
		/* Doubts are resolved, not released; what waits for its time is released only if it is asked for. */
		{ "{\"state\": \"held\"}", SELECTED_TO_RELEASE, "2 " },
		{ "{\"hold\": \"undo\"}", SELECTED_TO_RELEASE, "4 " },
		{ "{\"ids\": [3, 4, 5]}", SELECTED_TO_RELEASE, "3 4 5 " },
		{ "{\"batch\": 1}", SELECTED_TO_CANCEL, "1 2 4 " },
		{ "{\"state\": \"held\"}", SELECTED_TO_CANCEL, "2 4 " },
		{ "{\"kind\": \"bonus\"}", SELECTED_TO_CANCEL, "1 2 4 " },
		/* To hold: what would go on by itself. To retry: what was refused, and what waits. */
		{ "{\"batch\": 1}", SELECTED_TO_HOLD, "1 4 " },
		{ "{\"kind\": \"bonus\"}", SELECTED_TO_HOLD, "1 4 " },
		{ "{\"ids\": [2, 5]}", SELECTED_TO_HOLD, "2 5 " },
		{ "{\"batch\": 1}", SELECTED_TO_RETRY, "1 7 " },
		{ "{\"state\": \"failed\"}", SELECTED_TO_RETRY, "7 " },
		{ "{\"kind\": \"bonus\"}", SELECTED_TO_RETRY, "1 7 " },
		/* By the rows that asked for them. */
		{ "{\"room\": \"room000007\"}", SELECTED_TO_LOOK, "1 5 " },
		{ "{\"room\": \"room000007\", \"state\": \"done\"}", SELECTED_TO_LOOK, "5 " },
		{ "{\"room\": \"room000007\"}", SELECTED_TO_CANCEL, "1 " },
		{ "{\"room\": \"room000007\", \"game\": \"dictator\"}", SELECTED_TO_LOOK, "" },
		{ "{\"room\": \".\"}", SELECTED_TO_LOOK, "2 " },
		{ "{\"game\": \"ultimatum\"}", SELECTED_TO_LOOK, "1 5 " },
		{ "{\"game\": \"dictator\"}", SELECTED_TO_RELEASE, "2 " },
		{ "{\"room\": \"room000008\"}", SELECTED_TO_HOLD, "" },
	};
	struct book *book = *state;

	fill(book);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selection selection;
		struct selection_total total;
		struct err err;
		int64_t *ids, count;
		char text[200] = "";

		book_must(read_text(&selection, cases[i].select, cases[i].purpose, &err), &err);
		book_must(selection_total(book->ledger, &selection, &total, &err), &err);
		count = selection_ids(book->ledger, &selection, 100, &ids, &err);
		assert_int_equal(count, total.count);
		assert_int_equal(total.amount_minor, 100 * count);
		for (int64_t k = 0; k < count; k++)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ", (int)ids[k]);
		if (strcmp(text, cases[i].ids) != 0)
			fail_msg("%s: %s, not %s", cases[i].select, text, cases[i].ids);
		free(ids);
		selection_finish(&selection);
	}
}

static void test_pages(void **state)
{
	struct book *book = *state;
	struct selection selection;
	struct json_object *page;
	struct err err;
	int64_t next;

	fill(book);
	book_must(read_text(&selection, "{\"state\": \"held\"}", SELECTED_TO_LOOK, &err), &err);
	page = selection_page(book->ledger, &selection, 0, 2, &err);
	assert_true(json_get_int(page, "next_offset", &next));
	assert_int_equal(next, 2);
	json_object_put(page);
	page = selection_page(book->ledger, &selection, 2, 2, &err);
	assert_false(json_get_int(page, "next_offset", &next));
	assert_int_equal(json_object_array_length(json_get_array(page, "operations")), 1);
	json_object_put(page);
	selection_finish(&selection);
}

static void test_bad_selections(void **state)
{
	static const char *const bad[] = {
		"{\"ids\": []}",          "{\"ids\": [\"1\"]}",     "{\"ids\": 1}",           "{\"kind\": \"tip\"}",
		"{\"kind\": 1}",          "{\"state\": \"gone\"}", "{\"hold\": \"\"}",      "{\"worker\": \"\"}",
		"{\"worker\": null}",     "{\"batch\": 0}",         "{\"batch\": \"1\"}",    "{\"wroker\": \"" W1 "\"}",
		"{\"assignment\": [1]}",  "[]",                    "{\"room\": \"\"}",        "{\"game\": 7}",
	};
	struct selection selection;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(&selection, bad[i], SELECTED_TO_LOOK, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		selection_finish(&selection);
	}
	/* Nothing chosen is everything only for whoever looks. */
	for (int purpose = SELECTED_TO_RELEASE; purpose <= SELECTED_TO_RETRY; purpose++) {
		assert_int_equal(read_text(&selection, NULL, (enum selection_purpose)purpose, &err), -1);
		assert_int_equal(read_text(&selection, "{}", (enum selection_purpose)purpose, &err), -1);
	}
}

static void test_show(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	struct json_object *shown;
	const char *key;
	struct err err;

	book_move(book, id, OP_HELD, "so");
	shown = selection_show(book->ledger, id, &err);
	assert_true(json_get_text(shown, "key", &key));
	assert_string_equal(key, "bonus/" A1 "/" W1 "/bonus");
	assert_int_equal(json_object_array_length(json_get_array(shown, "steps")), 2);
	json_object_put(shown);
	assert_null(selection_show(book->ledger, id + 1, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_what_is_chosen),
		BOOK_TEST(test_pages),
		cmocka_unit_test(test_bad_selections),
		BOOK_TEST(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
