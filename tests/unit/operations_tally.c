/* SPDX-License-Identifier: MIT
 *
 * The counts that the ledger's triggers keep, against counting, after whatever can happen to operations.
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

static void expect_exact_tally(struct book *book, int64_t batch_id)
{
	struct op_tally by_kind[OP_KINDS];
	struct err err;
	struct statement *get = store_statement(
		book->ledger->store,
		"SELECT count(*), coalesce(sum(amount_minor), 0), coalesce(sum(fee_minor), 0) FROM operation"
		" WHERE kind = ?1 AND state = ?2 AND (?3 = 0 OR batch_id = ?3)",
		&err);

	book_must(operations_tally(book->ledger, batch_id, by_kind, &err), &err);
	for (int kind = 0; kind < OP_KINDS; kind++) {
		for (int state = 0; state < OP_STATES; state++) {
			statement_bind_int(get, 1, kind);
			statement_bind_int(get, 2, state);
			statement_bind_int(get, 3, batch_id);
			assert_int_equal(statement_step(get, &err), 1);
			assert_int_equal(by_kind[kind].operations[state], statement_int(get, 0));
			assert_int_equal(by_kind[kind].amount_minor[state], statement_int(get, 1));
			assert_int_equal(by_kind[kind].fee_minor[state], statement_int(get, 2));
			statement_reset(get);
		}
	}
}

static unsigned roll(uint64_t *dice, unsigned sides)
{
	*dice = *dice * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(*dice >> 33) % sides;
}

static void insert_at_random(struct book *book, uint64_t *dice, const int64_t batches[3])
{
	char assignment[32];
	struct op op;
	struct err err;

	(void)snprintf(assignment, sizeof(assignment), "3NGMTASG%u", roll(dice, 200));
	op = roll(dice, 2) ? book_bonus(book, assignment, W1, (int64_t)roll(dice, 500) + 1)
			   : book_decision(book, roll(dice, 2) ? OP_APPROVE : OP_REJECT, assignment);
	op.batch_id = batches[roll(dice, 3)];
	book_must(operation_insert(book->ledger, &op, &err), &err);
	op_finish(&op);
}

static void move_at_random(struct book *book, uint64_t *dice)
{
	enum op_state to = (enum op_state)roll(dice, OP_STATES);
	struct op op;
	struct err err;

	if (operation_load(book->ledger, roll(dice, 200) + 1, &op, &err) != 1)
		return;
	if (op_may_move(op.state, to) && !op.doubtful)
		book_must(operation_move(book->ledger, &op, to, NULL, NULL, &err), &err);
	op_finish(&op);
}

static void delete_at_random(struct book *book, uint64_t *dice)
{
	char sql[80];

	(void)snprintf(sql, sizeof(sql), "DELETE FROM operation WHERE id = %u", roll(dice, 200) + 1);
	book_execute(book, sql);
}

static void rebatch_at_random(struct book *book, uint64_t *dice, const int64_t batches[3])
{
	char sql[120];

	(void)snprintf(sql, sizeof(sql), "UPDATE operation SET batch_id = %d WHERE id = %u",
		       (int)batches[roll(dice, 3)], roll(dice, 200) + 1);
	book_execute(book, sql);
}

/* What a corrected row does to an operation that is asked for again. */
static void correct_at_random(struct book *book, uint64_t *dice)
{
	char sql[120];

	(void)snprintf(sql, sizeof(sql),
		       "UPDATE operation SET amount_minor = %u, fee_minor = 3, kind = %u WHERE id = %u",
		       roll(dice, 500), roll(dice, OP_KINDS), roll(dice, 200) + 1);
	book_execute(book, sql);
}

struct costs {
	int64_t operations[OP_KINDS], minor;
};

static void add_cost(void *arg, const struct op *op)
{
	struct costs *costs = arg;

	costs->operations[op->kind]++;
	costs->minor += op->amount_minor + op->fee_minor;
}

/* Everything that moves money and has been let go on, or may have been executed, by the table of kinds. */
static void test_costs(void **state)
{
	struct book *book = *state;
	const int64_t batches[3] = { book->batch_id, book->batch_id, book->batch_id };
	struct costs seen = { .minor = 0 };
	struct statement *get;
	int64_t minor = 0;
	uint64_t dice = 11;
	struct err err;

	for (int i = 0; i < 150; i++)
		insert_at_random(book, &dice, batches);
	for (int i = 0; i < 200; i++)
		correct_at_random(book, &dice);
	for (int i = 0; i < 500; i++)
		move_at_random(book, &dice);
	book_must(operations_each_cost(book->ledger, add_cost, &seen, &err), &err);
	get = store_statement(book->ledger->store,
			      "SELECT count(*), coalesce(sum(amount_minor + fee_minor), 0) FROM operation"
			      " WHERE kind = ?1 AND (doubtful = 1 OR state BETWEEN 2 AND 6)",
			      &err);
	for (int kind = 0; kind < OP_KINDS; kind++) {
		bool is_money = op_moves_money((enum op_kind)kind);

		statement_bind_int(get, 1, kind);
		assert_int_equal(statement_step(get, &err), 1);
		assert_int_equal(seen.operations[kind], is_money ? statement_int(get, 0) : 0);
		minor += is_money ? statement_int(get, 1) : 0;
		statement_reset(get);
	}
	assert_int_equal(seen.minor, minor);
	assert_true(seen.operations[OP_BONUS] > 0 && seen.operations[OP_CREATE_HIT] > 0 &&
		    seen.operations[OP_EXTEND_HIT] > 0);
}

static void test_tally_is_exact(void **state)
{
	struct book *book = *state;
	const int64_t batches[3] = { book->batch_id, book_begin(book, "two"), book_begin(book, "three") };
	uint64_t dice = 7;
	struct err err;

	for (int round = 1; round <= 3000; round++) {
		unsigned what = roll(&dice, 20);

		if (what < 5)
			insert_at_random(book, &dice, batches);
		else if (what < 18)
			move_at_random(book, &dice);
		else if (what < 19)
			delete_at_random(book, &dice);
		else if (round % 2 == 0)
			correct_at_random(book, &dice);
		else
			rebatch_at_random(book, &dice, batches);
		if (round % 250 != 0)
			continue;
		(void)operations_recover(book->ledger, &err);
		for (int i = 0; i < 3; i++)
			expect_exact_tally(book, batches[i]);
		expect_exact_tally(book, 0);
	}
	assert_true(book_number(book, "SELECT count(*) FROM operation") > 50);
	(void)operations_forget_unfinished(book->ledger, &err);
	expect_exact_tally(book, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { BOOK_TEST(test_tally_is_exact), BOOK_TEST(test_costs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
