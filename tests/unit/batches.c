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
#include "recipients.h"

static int64_t number(struct json_object *object, const char *key)
{
	int64_t value = -1;

	if (!json_get_int(object, key, &value))
		fail_msg("no %s in %s", key, json_text(object, NULL));
	return value;
}

static struct json_object *describe(struct book *book)
{
	struct err err;
	struct json_object *out;

	book_must(batch_finish(book->ledger, book->batch_id, &err), &err);
	out = batch_describe(book->ledger, book->batch_id, &err);
	if (!out)
		fail_msg("%s", err.message);
	return out;
}

static void test_whose(void **state)
{
	struct book *book = *state;
	struct json_object *out;
	const char *text;
	bool finished = false;
	struct err err;

	/* What was not acknowledged does not exist. */
	assert_null(batch_describe(book->ledger, book->batch_id, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_null(batch_describe(book->ledger, 999, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	out = describe(book);
	assert_int_equal(number(out, "batch"), book->batch_id);
	assert_true(json_get_text(out, "command", &text));
	assert_string_equal(text, "approve, bonus");
	assert_true(json_get_text(out, "user", &text));
	assert_string_equal(text, "ada");
	assert_true(json_get_bool(out, "finished", &finished) && finished);
	assert_int_equal(number(out, "total"), 0);
	json_object_put(out);
	assert_int_equal(book_number(book, "SELECT uid FROM batch"), 1000);
	assert_int_equal(book_number(book, "SELECT pid FROM batch"), 77);
	book_expect_text(book, "SELECT digest FROM batch", "0123456789abcdef");
}

static void put_in_state(struct book *book, enum op_kind kind, enum op_state state)
{
	static int serial;
	char assignment[32], sql[120];
	int64_t id;

	(void)snprintf(assignment, sizeof(assignment), "3NGMTASG%05d", ++serial);
	id = book_insert(book, kind == OP_BONUS ? book_bonus(book, assignment, W1, 100)
						: book_decision(book, kind, assignment));
	(void)snprintf(sql, sizeof(sql), "UPDATE operation SET state = %d, why = 'why %d' WHERE id = %lld", (int)state,
		       (int)state, (long long)id);
	book_execute(book, sql);
}

static void test_counts(void **state)
{
	static const struct {
		const char *key;
		int64_t count;
	} counts[] = {
		{ "total", 13 },    { "waiting", 3 },   { "in_flight", 1 },     { "done", 5 },        { "held", 1 },
		{ "failed", 1 },    { "cancelled", 1 }, { "unsure", 1 },        { "approved", 2 },    { "rejected", 1 },
		{ "qualified", 0 }, { "bonuses", 2 },   { "bonus_cents", 200 }, { "fees_cents", 40 },
	};
	static const enum op_kind done[] = { OP_APPROVE, OP_APPROVE, OP_REJECT, OP_BONUS };
	struct book *book = *state;
	struct json_object *out;
	bool finished = true;

	for (int i = 0; i < OP_STATES; i++)
		put_in_state(book, OP_BONUS, (enum op_state)i);
	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++)
		put_in_state(book, done[i], OP_DONE);
	out = describe(book);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (number(out, counts[i].key) != counts[i].count)
			fail_msg("%s: %s", counts[i].key, json_text(out, NULL));
	assert_true(json_get_bool(out, "finished", &finished) && !finished);
	json_object_put(out);
}

static void test_finished(void **state)
{
	static const unsigned open = 1U << OP_PLANNED | 1U << OP_QUEUED | 1U << OP_SENDING | 1U << OP_ACCEPTED |
				     1U << OP_UNSURE;
	struct book *book = *state;

	put_in_state(book, OP_BONUS, OP_PLANNED);
	for (unsigned i = 0; i < OP_STATES; i++) {
		struct json_object *out;
		bool finished = false;
		char sql[60];

		(void)snprintf(sql, sizeof(sql), "UPDATE operation SET state = %u", i);
		book_execute(book, sql);
		out = describe(book);
		assert_true(json_get_bool(out, "finished", &finished));
		assert_int_equal(finished, (open & 1U << i) == 0);
		json_object_put(out);
	}
}

static void test_groups(void **state)
{
	struct book *book = *state;
	struct json_object *out, *groups, *first;
	const char *text;

	for (int i = 0; i < 3; i++)
		put_in_state(book, OP_BONUS, OP_HELD);
	put_in_state(book, OP_APPROVE, OP_HELD);
	put_in_state(book, OP_BONUS, OP_DONE);
	put_in_state(book, OP_BONUS, OP_QUEUED);
	out = describe(book);
	groups = json_get_array(out, "groups");
	assert_non_null(groups);
	/* What is done or under way needs no reason. */
	assert_int_equal(json_object_array_length(groups), 2);
	first = json_object_array_get_idx(groups, 0);
	assert_int_equal(number(first, "count"), 3);
	assert_true(json_get_text(first, "state", &text));
	assert_string_equal(text, "held");
	assert_true(json_get_text(first, "kind", &text));
	assert_string_equal(text, "bonus");
	assert_true(json_get_text(first, "why", &text));
	assert_string_equal(text, "why 1");
	assert_true(json_get_text(first, "example", &text));
	assert_memory_equal(text, "3NGMTASG", 8);
	json_object_put(out);
}

static void put_notification(struct book *book, const char *workers, enum op_state state, const char *refused)
{
	struct op op = { .kind = OP_NOTIFY,
			 .batch_id = book->batch_id,
			 .subject = book_copy("Hello"),
			 .text = book_copy("Thank you"),
			 .workers = book_copy(workers) };
	int64_t id = book_insert(book, op);
	struct err err;

	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	if (refused)
		book_must(recipients_refuse(book->ledger, id, refused, "no work done", &err), &err);
	book_move(book, id, state, state == OP_DONE ? NULL : "lost");
	if (state == OP_UNSURE)
		book_move(book, id, OP_HELD, "ask");
}

/* Of notifications, workers are counted, not requests. */
static void test_notifications(void **state)
{
	struct book *book = *state;
	struct json_object *out;

	put_notification(book, "[\"A1\",\"A2\",\"A3\"]", OP_DONE, "A2");
	put_notification(book, "[\"A4\",\"A5\"]", OP_UNSURE, NULL);
	out = describe(book);
	assert_int_equal(number(out, "total"), 2);
	assert_int_equal(number(out, "done"), 1);
	assert_int_equal(number(out, "told"), 2);
	assert_int_equal(number(out, "not_told"), 1);
	assert_int_equal(number(out, "perhaps_told"), 2);
	assert_string_equal(json_text(json_get_array(out, "groups"), NULL),
			    "[{\"state\":\"held\",\"kind\":\"notify\",\"count\":2,\"why\":\"ask\",\"example\":\"A4\"},"
			    "{\"state\":\"failed\",\"kind\":\"notify\",\"count\":1,\"why\":\"no work done\","
			    "\"example\":\"A2\"}]");
	json_object_put(out);
}

static void test_recipients(void **state)
{
	static const struct {
		const char *page, *recipients, *next;
	} cases[] = {
		{ "{\"limit\":1}", "[{\"worker_id\":\"A1\",\"state\":\"told\",\"why\":null}]", "1" },
		{ "{\"offset\":2}", "[{\"worker_id\":\"A3\",\"state\":\"told\",\"why\":null}]", "null" },
		{ "{\"troubled\":true}", "[{\"worker_id\":\"A2\",\"state\":\"refused\",\"why\":\"no work done\"}]",
		  "null" },
		{ "{\"offset\":9}", "[]", "null" },
	};
	static const char *const bad[] = { "{\"offset\":-1}", "{\"limit\":0}", "{\"limit\":1001}" };
	struct book *book = *state;
	struct json_object *page, *out, *next;
	struct err err;

	put_notification(book, "[\"A1\",\"A2\",\"A3\"]", OP_DONE, "A2");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		page = json_parse(cases[i].page, strlen(cases[i].page), &err);
		out = json_object_new_object();
		book_must(batch_put_recipients(book->ledger, book->batch_id, page, out, &err), &err);
		assert_string_equal(json_text(json_get_array(out, "recipients"), NULL), cases[i].recipients);
		assert_true(json_object_object_get_ex(out, "recipients_next_offset", &next));
		assert_string_equal(json_text(next, NULL), cases[i].next);
		json_object_put(out);
		json_object_put(page);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		page = json_parse(bad[i], strlen(bad[i]), &err);
		assert_int_equal(batch_put_recipients(book->ledger, book->batch_id, page, page, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		json_object_put(page);
	}
	assert_int_equal(batch_put_recipients(book->ledger, book->batch_id, NULL, NULL, &err), -1);
}

/* Whatever a ledger that was edited by hand says. */
static void test_edited_by_hand(void **state)
{
	struct book *book = *state;
	struct json_object *out;

	put_in_state(book, OP_BONUS, OP_HELD);
	book_execute(book, "UPDATE operation SET kind = 99; INSERT OR REPLACE INTO tally VALUES (1, 99, 1, 5, 5, 5), "
			   "(1, 0, 99, 5, 5, 5),"
			   " (1, -1, -1, 5, 5, 5)");
	out = describe(book);
	assert_non_null(json_text(out, NULL));
	json_object_put(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_whose),  BOOK_TEST(test_counts),         BOOK_TEST(test_finished),
		BOOK_TEST(test_groups), BOOK_TEST(test_edited_by_hand), BOOK_TEST(test_notifications),
		BOOK_TEST(test_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
