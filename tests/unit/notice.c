/* SPDX-License-Identifier: MIT
 *
 * To whom a notification goes, and how it is recorded.
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
#include "notice.h"

#define W3 "A1NGMT0000003X"
#define MESSAGE "\"subject\":\"Hello\",\"text\":\"One\\nTwo\""

static const struct platform_message limits = { .workers_max = 2, .subject_max = 200, .text_max = 4096 };
static const struct actor actor = { .user = "ada", .uid = 1000, .pid = 77 };

/* A wish, and what came of it. */
struct wish {
	struct notice_params params;
	struct notice *notice;
};

static void wish_init(struct wish *wish, struct book *book, const char *text)
{
	struct err err;
	struct json_object *params = json_parse(text, strlen(text), &err);

	assert_non_null(params);
	book_must(notice_params_read(&wish->params, params, &limits, &err), &err);
	json_object_put(params);
	wish->notice = notice_new(book->ledger, &wish->params, &limits, &err);
}

static void wish_finish(struct wish *wish)
{
	notice_free(wish->notice);
	notice_params_finish(&wish->params);
}

static int64_t record(struct book *book, const char *text, int64_t *operations)
{
	struct wish wish;
	int64_t batch_id;
	struct err err;

	wish_init(&wish, book, text);
	assert_non_null(wish.notice);
	book_must(notice_record(wish.notice, &actor, &batch_id, operations, &err), &err);
	wish_finish(&wish);
	return batch_id;
}

/* Members of a description, by their JSON text. */
static void expect_described(struct book *book, const char *text, const char *key, const char *expected)
{
	struct json_object *out, *member = NULL;
	struct wish wish;
	struct err err;

	wish_init(&wish, book, text);
	assert_non_null(wish.notice);
	out = notice_describe(wish.notice, &err);
	assert_non_null(out);
	(void)json_object_object_get_ex(out, key, &member);
	assert_string_equal(json_text(member, NULL), expected);
	json_object_put(out);
	wish_finish(&wish);
}

/* Two files' worth of rows: verdict 0 approve, 1 reject, 2 hold, 3 skip. */
static void add_rows(struct book *book)
{
	book_execute(book,
		     "INSERT INTO snapshot (sha256, bytes, read_s) VALUES ('s', 1, 1);"
		     "INSERT INTO source (id, sha256, path, room, rules, read_s, sequence)"
		     " VALUES (1, 's', '/a', 'room000061', 'r', 1, 1), (2, 's', '/b', 'room000062', 'r', 1, 2);"
		     "INSERT INTO result (id, source_id, line, worker_id, hit_id, bonus_payable, verdict, why,"
		     " problem_column)"
		     " VALUES (1, 1, 2, '" W2 "', '" H1 "', 0, 0, '', 0), (2, 1, 3, '" W1 "', '" H1 "', 0, 2, 'x', 0),"
		     " (3, 1, 4, NULL, NULL, 0, 3, 'a bot', 0), (4, 1, 5, '" W3 "', '" H1 "', 0, 2, 'x', 0),"
		     " (5, 2, 2, '" W1 "', '" H1 "', 0, 1, '', 0), (6, 2, 3, 'nobody', '" H1 "', 0, 0, '', 0);"
		     "INSERT INTO working_set SELECT DISTINCT source_id FROM result");
}

static void test_of_rows(void **state)
{
	struct book *book = *state;

	expect_described(book, "{" MESSAGE "}", "nothing_to_do", "true");
	expect_described(book, "{" MESSAGE "}", "why", "\"no worker is selected: load some results first\"");
	add_rows(book);
	expect_described(book, "{" MESSAGE "}", "rows", "6");
	expect_described(book, "{" MESSAGE "}", "workers", "2");
	expect_described(book, "{" MESSAGE "}", "groups",
			 "[{\"verdict\":\"hold\",\"kind\":\"notify\",\"count\":1,\"why\":\"bad worker id\"},"
			 "{\"verdict\":\"hold\",\"kind\":\"notify\",\"count\":1,\"why\":\"held, as its row is\"},"
			 "{\"verdict\":\"skip\",\"kind\":\"notify\",\"count\":1,\"why\":"
			 "\"skipped, as its row is (a bot, or filtered out)\"}]");
	expect_described(book, "{" MESSAGE ",\"items\":{\"limit\":1}}", "items",
			 "[{\"row\":5,\"kind\":\"notify\",\"worker_id\":\"" W1 "\",\"verdict\":\"act\",\"why\":\"\"}]");
	expect_described(book, "{" MESSAGE ",\"items\":{\"limit\":1}}", "items_next_offset", "1");
	expect_described(book, "{" MESSAGE ",\"items\":{\"offset\":3}}", "items_next_offset", "null");
	expect_described(book, "{" MESSAGE ",\"select\":{\"room\":\"room000061\"}}", "workers", "1");
	expect_described(book, "{" MESSAGE ",\"select\":{\"worker\":\"" W1 "\"}}", "workers", "1");
}

static void test_no_such_rows(void **state)
{
	struct wish wish;

	wish_init(&wish, *state, "{" MESSAGE ",\"select\":{\"room\":\"room000099\"}}");
	assert_null(wish.notice);
	wish_finish(&wish);
}

static void test_described(void **state)
{
	static const char named[] = "{" MESSAGE ",\"workers\":[\"" W2 "\",\"" W1 "\",\"" W2 "\",\"" W3 "\"]}";

	expect_described(*state, named, "rows", "4");
	expect_described(*state, named, "workers", "3");
	expect_described(*state, named, "requests", "2");
	expect_described(*state, named, "subject", "\"Hello\"");
	expect_described(*state, named, "first_line", "\"One\"");
	expect_described(*state, named, "characters", "7");
	expect_described(*state, named, "why", "null");
	expect_described(*state, named, "groups", "[]");
	expect_described(*state, named, "actions",
			 "[{\"kind\":\"notify\",\"count\":3,\"amount_cents\":0,\"fees_cents\":0,\"fees_known\":true}]");
}

static void test_digest(void **state)
{
	static const struct {
		const char *params;
		bool same;
	} cases[] = {
		{ "{" MESSAGE ",\"workers\":[\"" W1 "\",\"" W2 "\"]}", true },
		{ "{" MESSAGE ",\"workers\":[\"" W2 "\",\"" W1 "\",\"" W1 "\",\"nobody\"]}", true },
		{ "{" MESSAGE ",\"workers\":[\"" W1 "\"]}", false },
		{ "{" MESSAGE ",\"workers\":[\"" W1 "\",\"" W3 "\"]}", false },
		{ "{\"subject\":\"Hello!\",\"text\":\"One\\nTwo\",\"workers\":[\"" W1 "\",\"" W2 "\"]}", false },
		{ "{\"subject\":\"Hello\",\"text\":\"One\\nTwo \",\"workers\":[\"" W1 "\",\"" W2 "\"]}", false },
	};
	char first[20] = "";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wish wish;

		wish_init(&wish, *state, cases[i].params);
		assert_int_equal(strlen(notice_digest(wish.notice)), 16);
		if (i == 0)
			(void)snprintf(first, sizeof(first), "%s", notice_digest(wish.notice));
		assert_int_equal(strcmp(first, notice_digest(wish.notice)) == 0, cases[i].same);
		wish_finish(&wish);
	}
}

static void test_recorded(void **state)
{
	struct book *book = *state;
	static const char all[] = "{" MESSAGE ",\"workers\":[\"" W3 "\",\"" W2 "\",\"" W1 "\"]}";
	int64_t operations, batch = record(book, all, &operations);

	assert_int_equal(operations, 2);
	assert_int_equal(batch, book_number(book, "SELECT max(id) FROM batch WHERE ready = 1"));
	book_expect_text(book, "SELECT command FROM batch ORDER BY id DESC LIMIT 1",
			 "notify subject=\"Hello\" workers=3");
	book_expect_text(book, "SELECT group_concat(worker_id) FROM recipient WHERE operation_id = 1", W1 "," W2);
	book_expect_text(book, "SELECT group_concat(worker_id) FROM recipient WHERE operation_id = 2", W3);
	book_expect_text(book, "SELECT subject || text FROM operation WHERE id = 1", "HelloOne\nTwo");
	assert_int_equal(book_number(book, "SELECT count(*) FROM step WHERE batch_id = 2 AND operation_id > 0"), 2);
	assert_int_equal(book->ledger->acting_batch, 0);
	/* Once more: nobody is left. */
	assert_int_equal(record(book, "{" MESSAGE ",\"workers\":[\"" W1 "\",\"" W3 "\"]}", &operations), 0);
	assert_int_equal(operations, 0);
	expect_described(book, "{" MESSAGE ",\"workers\":[\"" W1 "\",\"" W3 "\"]}", "why",
			 "\"2 about to be told this by an earlier command\"");
	book_execute(book, "UPDATE recipient SET state = 1 WHERE operation_id = 2");
	book_execute(book, "UPDATE recipient SET state = 3 WHERE operation_id = 1");
	expect_described(book, "{" MESSAGE ",\"workers\":[\"" W1 "\",\"" W3 "\"]}", "why",
			 "\"1 told this already, 1 perhaps told this already: the answer was lost, and a person must "
			 "decide\"");
}

/* The very same chunk, again and again as long as the platform refuses it: each time an operation of its own. */
static void test_refused_again_and_again(void **state)
{
	struct book *book = *state;
	int64_t operations;

	for (int i = 1; i <= 3; i++) {
		assert_true(record(book, "{" MESSAGE ",\"workers\":[\"" W1 "\"]}", &operations) > 0);
		assert_int_equal(operations, 1);
		book_execute(book, "UPDATE recipient SET state = 2");
		assert_int_equal(book_number(book, "SELECT count(DISTINCT key) FROM operation"), i);
	}
}

/* A command that cannot be recorded as a whole leaves nothing behind, and what came before it in the turn stays. */
static void test_taken_back(void **state)
{
	struct book *book = *state;
	int64_t batch_id, operations;
	struct wish wish;
	struct err err;

	wish_init(&wish, book, "{" MESSAGE ",\"workers\":[\"" W1 "\",\"" W2 "\",\"" W3 "\"]}");
	/* Between the look and the record, which the daemon does in one turn. */
	(void)record(book, "{" MESSAGE ",\"workers\":[\"" W3 "\"]}", &operations);
	assert_int_equal(notice_record(wish.notice, &actor, &batch_id, &operations, &err), -1);
	assert_int_equal(batch_id, 0);
	wish_finish(&wish);
	assert_int_equal(book_number(book, "SELECT count(*) FROM operation"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM recipient"), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM batch"), 2);
	assert_int_equal(book->ledger->acting_batch, 0);
}

static void test_too_many(void **state)
{
	struct book *book = *state;
	struct wish wish;

	add_rows(book);
	book_execute(book, "DELETE FROM working_set WHERE source_id = 2");
	book_execute(book, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)"
			   " INSERT INTO result (source_id, line, worker_id, bonus_payable, verdict, why,"
			   " problem_column) SELECT 2, i, printf('A1NGMT%08dX', i), 0, 0, '', 0 FROM n");
	wish_init(&wish, book, "{" MESSAGE ",\"select\":{\"room\":\"room000062\"}}");
	assert_null(wish.notice);
	wish_finish(&wish);
	expect_described(book, "{" MESSAGE "}", "workers", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_of_rows),  BOOK_TEST(test_no_such_rows), BOOK_TEST(test_described),
		BOOK_TEST(test_digest),   BOOK_TEST(test_recorded),     BOOK_TEST(test_refused_again_and_again),
		BOOK_TEST(test_taken_back), BOOK_TEST(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
