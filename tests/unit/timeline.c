/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "timeline.h"

static struct json_object *describe(struct book *book, const char *worker)
{
	struct err err;
	struct json_object *story = timeline_describe(book->ledger, worker, &err);

	if (!story)
		fail_msg("%s", err.message);
	return story;
}

static const char *text_of(struct json_object *object, const char *key)
{
	const char *text = NULL;

	(void)json_get_text(object, key, &text);
	return text;
}

static struct json_object *element(struct json_object *object, const char *key, size_t i)
{
	struct json_object *array = json_get_array(object, key);

	assert_non_null(array);
	assert_true(i < json_object_array_length(array));
	return json_object_array_get_idx(array, i);
}

static void pay(struct book *book, int64_t id)
{
	static const struct op_answer answer = { "paid", 200, "request-7", "{}" };
	struct op op;
	struct err err;

	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	op = book_load(book, id);
	book_must(operation_move(book->ledger, &op, OP_DONE, "paid", &answer, &err), &err);
	op_finish(&op);
}

static void finish_batch(struct book *book)
{
	struct err err;

	book_must(batch_finish(book->ledger, book->batch_id, &err), &err);
}

static void paid_once(void **state)
{
	struct book *book = *state;
	struct json_object *story, *op, *step;
	int64_t bonus;

	book->ledger->acting_batch = book->batch_id;
	bonus = book_insert(book, book_bonus(book, A1, W1, 250));
	book->ledger->acting_batch = 0;
	finish_batch(book);
	pay(book, bonus);
	story = describe(book, W1);
	assert_string_equal(text_of(story, "answer"), "paid $2.50 in 1 bonus; nothing is open");
	op = element(story, "operations", 0);
	assert_string_equal(text_of(op, "request_id"), "request-7");
	assert_string_equal(text_of(op, "outcome"), "paid");
	assert_string_equal(text_of(op, "user"), "ada");
	/* A person asked for it; the rest is the daemon's own doing. */
	step = element(op, "steps", 0);
	assert_string_equal(text_of(step, "user"), "ada");
	assert_string_equal(text_of(step, "command"), "approve, bonus");
	step = element(op, "steps", 3);
	assert_string_equal(text_of(step, "state"), "done");
	assert_null(text_of(step, "user"));
	json_object_put(story);
}

static void every_state_is_counted(void **state)
{
	struct book *book = *state;
	struct json_object *story;
	int64_t ids[4];

	for (size_t i = 0; i < 4; i++) {
		char assignment[] = "3NGMTASG0000x";

		assignment[12] = (char)('1' + (char)i);
		ids[i] = book_insert(book, book_bonus(book, assignment, W1, 100));
	}
	pay(book, ids[0]);
	book_move(book, ids[1], OP_HELD, "a person decides");
	book_move(book, ids[2], OP_FAILED, "refused");
	(void)book_insert(book, book_decision(book, OP_APPROVE, A2));
	story = describe(book, W1);
	assert_string_equal(text_of(story, "answer"), "paid $1.00 in 1 bonus; 2 on the way, 1 held, 1 failed");
	assert_string_equal(text_of(element(story, "operations", 1), "hold"), "disagrees");
	json_object_put(story);
}

/* A ledger that somebody edited: told, not trusted. */
static void numbers_outside_of_the_tables(void **state)
{
	struct book *book = *state;
	struct json_object *story;

	(void)book_insert(book, book_bonus(book, A1, W1, 250));
	book_execute(book, "UPDATE operation SET kind = 77, state = 99, hold = 55; UPDATE step SET state = -3");
	story = describe(book, W1);
	assert_string_equal(text_of(story, "answer"), "paid no bonus; nothing is open");
	json_object_put(story);
}

static void expect_hint(struct book *book, const char *worker, const char *hint)
{
	struct err err;

	assert_null(timeline_describe(book->ledger, worker, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	if (!strstr(err.hint, hint))
		fail_msg("%s: %s", worker, err.hint);
}

static void unknown_workers(void **state)
{
	struct book *book = *state;

	expect_hint(book, W1, "no file");
	(void)book_insert(book, book_bonus(book, A1, W1, 250));
	(void)book_insert(book, book_bonus(book, A2, "A9NGMT7777777Z", 250));
	expect_hint(book, "A1NGMT0000001Y", "\"" W1 "\"");
	expect_hint(book, "a1ngmt0000001x", "\"" W1 "\"");
	expect_hint(book, "B1NGMT0000001X", "\"" W1 "\"");
	expect_hint(book, "A9NGMT777777Z", "\"A9NGMT7777777Z\"");
	expect_hint(book, "%", "no file");
	expect_hint(book, "SOMEBODY", "no file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(paid_once),
		BOOK_TEST(every_state_is_counted),
		BOOK_TEST(numbers_outside_of_the_tables),
		BOOK_TEST(unknown_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
