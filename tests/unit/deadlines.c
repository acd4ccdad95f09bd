/* SPDX-License-Identifier: MIT
 *
 * What is due, and that finding out needs nothing but the indexes that are made for it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "deadlines.h"
#include "ledger_fixture.h"

#define NOW_S INT64_C(1700000000)
#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)

/* A platform whose clock stands still. */
static int64_t platform_now_s;

static bool now_s(const struct platform *platform, int64_t *out)
{
	(void)platform;
	*out = platform_now_s;
	return true;
}

static const struct platform_class with_tokens = { .token_life_s = 23 * HOUR_S, .now_s = now_s };
static const struct platform_class without_tokens = { .now_s = now_s };

static void expect_of(struct book *book, const struct platform_class *class, const char *expected)
{
	const struct platform platform = { .class = class };
	struct json_object *list = deadlines_describe(book->ledger, &platform);

	assert_string_equal(json_text(list, NULL), expected);
	json_object_put(list);
}

static void expect(struct book *book, const char *expected)
{
	expect_of(book, &with_tokens, expected);
}

static void put(struct book *book, const char *id, enum assignment_status status, int64_t submitted_s,
		int64_t auto_approval_s)
{
	const struct assignment assignment = { .assignment_id = id,
					       .hit_id = H1,
					       .worker_id = W1,
					       .status = status,
					       .submitted_s = submitted_s,
					       .auto_approval_s = auto_approval_s };
	struct err err;

	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
}

static int set_up(void **state)
{
	platform_now_s = NOW_S;
	return book_set_up(state);
}

#define AUTO(at, count, subject) \
	"{\"what\":\"auto-approval\",\"at\":\"" at "\",\"next_subject\":\"" subject "\",\"count\":" #count \
	",\"is_cut\":false}"
#define UNREJECT(at, count, subject) \
	"{\"what\":\"un-reject\",\"at\":\"" at "\",\"next_subject\":\"" subject "\",\"count\":" #count \
	",\"is_cut\":false}"

static void test_assignments(void **state)
{
	struct book *book = *state;

	expect(book, "[]");
	put(book, "3B", ASSIGNMENT_SUBMITTED, NOW_S - 60, NOW_S + 2 * HOUR_S);
	put(book, "3A", ASSIGNMENT_SUBMITTED, NOW_S - 60, NOW_S + HOUR_S);
	/* Over, decided, unknown: nothing is due for these. */
	put(book, "3C", ASSIGNMENT_SUBMITTED, NOW_S - 60, NOW_S);
	put(book, "3D", ASSIGNMENT_APPROVED, NOW_S - 60, NOW_S + 5);
	put(book, "3E", ASSIGNMENT_NONE, 0, 0);
	put(book, "3F", ASSIGNMENT_REJECTED, NOW_S - 30 * DAY_S, 0);
	expect(book, "[" AUTO("2023-11-14T23:13:20Z", 2, "3A") "]");
	put(book, "3G", ASSIGNMENT_REJECTED, NOW_S - 30 * DAY_S + 60, 0);
	expect(book, "[" UNREJECT("2023-11-14T22:14:20Z", 1, "3G") "," AUTO("2023-11-14T23:13:20Z", 2, "3A") "]");
	platform_now_s += HOUR_S;
	expect(book, "[" AUTO("2023-11-15T00:13:20Z", 1, "3B") "]");
}

/* A decision of ours counts from the moment it is done, not from the next list. */
static void test_own_decisions(void **state)
{
	struct book *book = *state;
	int64_t approval, rejection;

	put(book, A1, ASSIGNMENT_SUBMITTED, NOW_S, NOW_S + HOUR_S);
	put(book, A2, ASSIGNMENT_SUBMITTED, NOW_S, NOW_S + HOUR_S);
	approval = book_insert(book, book_decision(book, OP_APPROVE, A1));
	rejection = book_insert(book, book_decision(book, OP_REJECT, A2));
	book_move(book, approval, OP_QUEUED, NULL);
	expect(book, "[" AUTO("2023-11-14T23:13:20Z", 2, A1) "]");
	book_move(book, approval, OP_SENDING, NULL);
	book_move(book, approval, OP_DONE, NULL);
	expect(book, "[" AUTO("2023-11-14T23:13:20Z", 1, A2) "]");
	book_move(book, rejection, OP_QUEUED, NULL);
	book_move(book, rejection, OP_SENDING, NULL);
	book_move(book, rejection, OP_DONE, NULL);
	expect(book, "[" UNREJECT("2023-12-14T22:13:20Z", 1, A2) "]");
	/* The platform's own word goes before ours. */
	put(book, A2, ASSIGNMENT_APPROVED, NOW_S, NOW_S + HOUR_S);
	expect(book, "[]");
}

static void test_doubt(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 100));
	char expected[200], sql[120];

	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	book_move(book, id, OP_UNSURE, NULL);
	(void)snprintf(sql, sizeof(sql), "UPDATE operation SET first_sent_s = %" PRId64, NOW_S - HOUR_S);
	book_execute(book, sql);
	(void)snprintf(expected, sizeof(expected),
		       "[{\"what\":\"token\",\"at\":\"2023-11-15T20:13:20Z\",\"next_subject\":\"%" PRId64
		       "\",\"count\":1,\"is_cut\":false}]",
		       id);
	expect(book, expected);
	expect_of(book, &without_tokens, "[]");
	/* What may be repeated at any time has no such deadline. */
	book_execute(book, "UPDATE operation SET kind = 3");
	expect(book, "[]");
	book_execute(book, "UPDATE operation SET kind = 5");
	expect(book, expected);
	book_move(book, id, OP_DONE, NULL);
	expect(book, "[]");
}

static void test_selected_hit(void **state)
{
	static const char expected[] =
		"[{\"what\":\"hit-expiry\",\"at\":\"2023-11-14T23:13:20Z\",\"next_subject\":\"" H1
		"\",\"count\":1,\"is_cut\":false}]";
	const struct hit hit = { .hit_id = H1, .title = "A game", .expires_s = NOW_S + HOUR_S };
	struct book *book = *state;
	struct op op = { .kind = OP_EXPIRE_HIT, .batch_id = book->batch_id, .integer_value = NOW_S + 2 * HOUR_S };
	struct err err;
	int64_t id;

	book_must(facts_put_hit(book->ledger, &hit, &err), &err);
	expect(book, "[]");
	book_must(ledger_set_meta(book->ledger, "hit", H1, &err), &err);
	expect(book, expected);
	/* Until the HIT is read again, what we have asked for ourselves counts. */
	op.hit_id = book_copy(H1);
	op.subject = book_copy("1700003600");
	id = book_insert(book, op);
	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	expect(book, expected);
	book_move(book, id, OP_DONE, NULL);
	assert_int_equal(book_number(book, "SELECT expires_s FROM hit_fact"), NOW_S + 2 * HOUR_S);
	platform_now_s = NOW_S + 2 * HOUR_S;
	expect(book, "[]");
}

static void test_cut(void **state)
{
	const struct platform platform = { .class = &with_tokens };
	struct book *book = *state;
	struct json_object *list, *first;
	int64_t count = 0;
	bool is_cut = false;

	book_execute(book, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
			   " INSERT INTO assignment_fact (assignment_id, status, auto_approval_s, seen_s)"
			   " SELECT printf('3%05d', i), 2, 1800000000 + i, 1 FROM n");
	list = deadlines_describe(book->ledger, &platform);
	first = json_object_array_get_idx(list, 0);
	assert_true(json_get_int(first, "count", &count) && count == DEADLINES_COUNTED_MAX);
	assert_true(json_get_bool(first, "is_cut", &is_cut) && is_cut);
	json_object_put(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, book_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_assignments),  TEST(test_own_decisions), TEST(test_doubt),
		TEST(test_selected_hit), TEST(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
