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
#include "restored.h"

static void be_restored(struct book *book)
{
	struct err err;

	book->ledger->restored_s = 1700000000;
	book_must(ledger_set_restored(book->ledger, LEDGER_RESTORED, &err), &err);
}

static struct op make_notice(const struct book *book, const char *workers)
{
	return (struct op){ .kind = OP_NOTIFY,
			    .state = OP_PLANNED,
			    .batch_id = book->batch_id,
			    .subject = book_copy("Hello"),
			    .text = book_copy("Come again"),
			    .workers = book_copy(workers) };
}

static void expect(struct book *book, int64_t id, enum op_state state, enum op_hold hold, const char *why)
{
	struct op op = book_load(book, id);

	assert_int_equal(op.state, state);
	assert_int_equal(op.hold, hold);
	if (why)
		assert_non_null(op.why ? strstr(op.why, why) : NULL);
	op_finish(&op);
}

static void test_prepared(void **state)
{
	struct book *book = *state;
	int64_t queued, planned, unsure, finished, notice;
	struct err err;

	queued = book_insert(book, book_bonus(book, A1, W1, 100));
	planned = book_insert(book, book_bonus(book, A2, W1, 100));
	unsure = book_insert(book, book_bonus(book, "3NGMTASG00003", W1, 100));
	finished = book_insert(book, book_bonus(book, "3NGMTASG00004", W1, 100));
	notice = book_insert(book, make_notice(book, "[\"" W1 "\"]"));
	book_move(book, queued, OP_QUEUED, NULL);
	book_move(book, unsure, OP_QUEUED, NULL);
	book_move(book, unsure, OP_SENDING, NULL);
	book_move(book, unsure, OP_UNSURE, "lost");
	book_move(book, finished, OP_DONE, NULL);
	/* In a ledger that is as it was left, nothing is changed. */
	book_must(restored_prepare(book->ledger, &err), &err);
	expect(book, queued, OP_QUEUED, HOLD_NONE, NULL);
	expect(book, notice, OP_PLANNED, HOLD_NONE, NULL);
	be_restored(book);
	book_must(restored_prepare(book->ledger, &err), &err);
	assert_int_equal(book->ledger->restored, LEDGER_COMPARING);
	expect(book, queued, OP_PLANNED, HOLD_NONE, "was restored");
	expect(book, planned, OP_PLANNED, HOLD_NONE, NULL);
	expect(book, unsure, OP_UNSURE, HOLD_NONE, "lost");
	expect(book, finished, OP_DONE, HOLD_NONE, NULL);
	expect(book, notice, OP_HELD, HOLD_DOUBT, "may have been sent since");
	/* Only once: what is recorded after that is of this ledger. */
	notice = book_insert(book, make_notice(book, "[\"" W2 "\"]"));
	book_must(restored_prepare(book->ledger, &err), &err);
	expect(book, notice, OP_PLANNED, HOLD_NONE, NULL);
	/* Its history says so, too. */
	assert_int_equal(book_number(book, "SELECT count(*) FROM step WHERE why LIKE 'the ledger was restored%'"), 2);
}

/* Nor can the platform tell which request a HIT came from. What may be repeated is compared and sent. */
static void test_hits(void **state)
{
	static const struct {
		enum op_kind kind;
		enum op_state state;
	} cases[] = { { OP_CREATE_HIT, OP_HELD },   { OP_EXTEND_HIT, OP_HELD },    { OP_EXPIRE_HIT, OP_PLANNED },
		      { OP_DELETE_HIT, OP_PLANNED }, { OP_CREATE_TYPE, OP_PLANNED }, { OP_BLOCK, OP_PLANNED } };
	struct book *book = *state;
	int64_t ids[sizeof(cases) / sizeof(cases[0])];
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ids[i] = book_insert(book, (struct op){ .kind = cases[i].kind,
							.state = OP_PLANNED,
							.batch_id = book->batch_id,
							.hit_id = book_copy(H1),
							.worker_id = book_copy(W1),
							.subject = book_copy("1/2"),
							.text = book_copy("{}") });
		if (i % 2 == 0)
			book_move(book, ids[i], OP_QUEUED, NULL);
	}
	be_restored(book);
	book_must(restored_prepare(book->ledger, &err), &err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(book, ids[i], cases[i].state, cases[i].state == OP_HELD ? HOLD_DOUBT : HOLD_NONE, NULL);
}

/* A held one may have been released and sent after the copy was made: releasing it again would make a second HIT. */
static void test_held(void **state)
{
	static const enum op_kind kinds[] = { OP_CREATE_HIT, OP_EXTEND_HIT, OP_NOTIFY, OP_BONUS };
	struct book *book = *state;
	int64_t ids[sizeof(kinds) / sizeof(kinds[0])];
	struct err err;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		ids[i] = book_insert(book, (struct op){ .kind = kinds[i],
							.state = OP_PLANNED,
							.batch_id = book->batch_id,
							.assignment_id = book_copy(A1),
							.hit_id = book_copy(H1),
							.worker_id = book_copy(W1),
							.purpose = book_copy("bonus"),
							.workers = book_copy("[\"" W1 "\"]"),
							.subject = book_copy("1/2"),
							.text = book_copy("{}") });
		book_move(book, ids[i], OP_HELD, "held by a person");
	}
	be_restored(book);
	book_must(restored_prepare(book->ledger, &err), &err);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		/* A bonus is compared with the platform's list when it is released. */
		bool is_listed = kinds[i] == OP_BONUS;
		struct op op = book_load(book, ids[i]);

		assert_int_equal(op.doubtful, !is_listed);
		op_finish(&op);
		expect(book, ids[i], OP_HELD, is_listed ? HOLD_FACTS : HOLD_DOUBT,
		       is_listed ? "held by a person" : "may have been sent since");
	}
}

static void test_finished(void **state)
{
	struct book *book = *state;
	struct err err;

	be_restored(book);
	assert_int_equal(book_number(book, "SELECT count(*) FROM meta WHERE key = 'restored'"), 1);
	book_must(restored_finish(book->ledger, &err), &err);
	assert_int_equal(book->ledger->restored, LEDGER_AS_LEFT);
	assert_int_equal(book_number(book, "SELECT count(*) FROM meta WHERE key = 'restored'"), 0);
	book_must(restored_finish(book->ledger, &err), &err);
}

static void test_comparison(void **state)
{
	struct comparison comparison = { 0 };
	struct err err;

	(void)state;
	assert_false(comparison_done(&comparison, 1));
	for (int64_t id = 2; id <= 400; id += 2)
		assert_int_equal(comparison_add(&comparison, id, &err), 0);
	assert_int_equal(comparison.left, 200);
	/* Not of it, and twice the same. */
	assert_false(comparison_done(&comparison, 3));
	assert_false(comparison_done(&comparison, 402));
	assert_false(comparison_done(&comparison, 400));
	assert_false(comparison_done(&comparison, 400));
	assert_int_equal(comparison.left, 199);
	for (int64_t id = 2; id < 398; id += 2)
		assert_false(comparison_done(&comparison, id));
	assert_int_equal(comparison.left, 1);
	assert_true(comparison_done(&comparison, 398));
	assert_false(comparison_done(&comparison, 398));
	assert_int_equal(comparison.left, 0);
	comparison_finish(&comparison);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_prepared),
		BOOK_TEST(test_hits),
		BOOK_TEST(test_held),
		BOOK_TEST(test_finished),
		cmocka_unit_test(test_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
