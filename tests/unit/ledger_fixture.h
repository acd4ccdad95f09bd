/* SPDX-License-Identifier: MIT
 *
 * A ledger in a temporary folder, for the tests of what is kept in it; and reading of it past the modules under test.
 * Include after <cmocka.h>.
 */
#ifndef NGMT_LEDGER_FIXTURE_H
#define NGMT_LEDGER_FIXTURE_H

#include "batches.h"
#include "ledger.h"
#include "operations.h"
#include "scratch.h"

#define W1 "A1NGMT0000001X"
#define W2 "A1NGMT0000002X"
#define A1 "3NGMTASG00001"
#define A2 "3NGMTASG00002"
#define H1 "3NGMTHIT00001"

struct book {
	struct scratch scratch;
	struct ledger *ledger;
	int64_t batch_id;
};

static inline void book_must(int result, const struct err *err)
{
	if (result < 0)
		fail_msg("%s", err->message);
}

static inline struct ledger *book_open(struct book *book, const char *environment)
{
	struct err err;
	struct ledger *ledger = ledger_open(book->scratch.folder, environment, &err);

	if (!ledger)
		fail_msg("%s", err.message);
	return ledger;
}

static inline int64_t book_begin(struct book *book, const char *command)
{
	const struct actor actor = { .user = "ada", .uid = 1000, .pid = 77 };
	struct err err;
	int64_t id = 0;

	book_must(batch_begin(book->ledger, &actor, command, "0123456789abcdef", &id, &err), &err);
	return id;
}

static inline int book_set_up(void **state)
{
	struct book *book = calloc(1, sizeof(*book));

	assert_non_null(book);
	scratch_make(&book->scratch);
	book->ledger = book_open(book, "rehearsal");
	book->batch_id = book_begin(book, "approve, bonus");
	*state = book;
	return 0;
}

static inline int book_tear_down(void **state)
{
	struct book *book = *state;

	ledger_close(book->ledger);
	scratch_remove(&book->scratch);
	free(book);
	return 0;
}

static inline char *book_copy(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	assert_true(!text || copy);
	return copy;
}

static inline struct op book_bonus(const struct book *book, const char *assignment, const char *worker, int64_t cents)
{
	return (struct op){ .kind = OP_BONUS,
			    .state = OP_PLANNED,
			    .batch_id = book->batch_id,
			    .assignment_id = book_copy(assignment),
			    .worker_id = book_copy(worker),
			    .hit_id = book_copy(H1),
			    .purpose = book_copy(OP_PURPOSE_DEFAULT),
			    .text = book_copy("Thank you"),
			    .amount_minor = cents,
			    .fee_minor = cents / 5 };
}

static inline struct op book_decision(const struct book *book, enum op_kind kind, const char *assignment)
{
	return (struct op){ .kind = kind,
			    .state = OP_PLANNED,
			    .batch_id = book->batch_id,
			    .assignment_id = book_copy(assignment),
			    .worker_id = book_copy(W1),
			    .hit_id = book_copy(H1),
			    .purpose = book_copy(OP_PURPOSE_DEFAULT) };
}

/* Inserts and finishes; returns the id. */
static inline int64_t book_insert(struct book *book, struct op op)
{
	struct err err;
	int result = operation_insert(book->ledger, &op, &err);
	int64_t id = op.id;

	book_must(result, &err);
	assert_int_equal(result, 1);
	op_finish(&op);
	return id;
}

static inline struct op book_load(struct book *book, int64_t id)
{
	struct op op;
	struct err err;

	assert_int_equal(operation_load(book->ledger, id, &op, &err), 1);
	return op;
}

static inline void book_move(struct book *book, int64_t id, enum op_state to, const char *why)
{
	struct op op = book_load(book, id);
	struct err err;

	book_must(operation_move(book->ledger, &op, to, why, NULL, &err), &err);
	op_finish(&op);
}

/* The first column of the first row, as a number (-1: none) or as text (NULL: none or null; the caller frees). */
static inline int64_t book_number(struct book *book, const char *literal)
{
	struct err err;
	struct statement *get = store_statement(book->ledger->store, literal, &err);
	int64_t number = -1;

	if (!get)
		fail_msg("%s", err.message);
	if (statement_step(get, &err) == 1) {
		number = statement_int(get, 0);
		statement_reset(get);
	}
	return number;
}

static inline char *book_text(struct book *book, const char *literal)
{
	struct err err;
	struct statement *get = store_statement(book->ledger->store, literal, &err);
	char *text = NULL;

	if (!get)
		fail_msg("%s", err.message);
	if (statement_step(get, &err) == 1) {
		text = book_copy(statement_text(get, 0));
		statement_reset(get);
	}
	return text;
}

static inline void book_expect_text(struct book *book, const char *literal, const char *expected)
{
	char *text = book_text(book, literal);

	if (expected && text)
		assert_string_equal(text, expected);
	else
		assert_true(!expected && !text);
	free(text);
}

static inline void book_execute(struct book *book, const char *sql)
{
	struct err err;

	book_must(store_execute(book->ledger->store, sql, &err), &err);
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, book_set_up, book_tear_down)

#endif
