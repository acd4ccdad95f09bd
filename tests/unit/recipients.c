/* SPDX-License-Identifier: MIT
 *
 * Who is told what, once: the ledger's side.
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
#include "recipients.h"

#define W3 "A1NGMT0000003X"
#define SUBJECT "Your bonus"
#define TEXT "It is on its way"
#define BOTH "[\"" W1 "\",\"" W2 "\"]"

static struct op notification(const struct book *book, const char *workers)
{
	return (struct op){ .kind = OP_NOTIFY,
			    .state = OP_PLANNED,
			    .batch_id = book->batch_id,
			    .subject = book_copy(SUBJECT),
			    .text = book_copy(TEXT),
			    .workers = book_copy(workers) };
}

static void move_on(struct book *book, int64_t id)
{
	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
}

static void refuse(struct book *book, int64_t id, const char *worker_id)
{
	struct err err;

	book_must(recipients_refuse(book->ledger, id, worker_id, "no work done", &err), &err);
}

static struct recipient_past past_of(struct book *book, const char *worker_id)
{
	char message[DIGEST_BASE32_MAX];
	struct recipient_past past;
	struct err err;

	assert_non_null(op_message(SUBJECT, TEXT, message));
	book_must(recipients_look_up(book->ledger, worker_id, message, &past, &err), &err);
	return past;
}

static void expect_past(struct book *book, const char *worker_id, int state, int64_t refusals)
{
	struct recipient_past past = past_of(book, worker_id);

	assert_int_equal(past.is_known, state >= 0);
	if (state >= 0)
		assert_int_equal(past.state, state);
	assert_int_equal(past.refusals, refusals);
}

static void expect_workers(struct book *book, int64_t id, const char *workers)
{
	struct op op = book_load(book, id);

	if (workers)
		assert_string_equal(op.workers, workers);
	else
		assert_null(op.workers);
	op_finish(&op);
}

static void test_told(void **state)
{
	struct book *book = *state;
	int64_t id, counts[RECIPIENT_STATES];
	struct err err;

	expect_past(book, W1, -1, 0);
	id = book_insert(book, notification(book, BOTH));
	expect_workers(book, id, BOTH);
	expect_past(book, W1, RECIPIENT_OPEN, 0);
	move_on(book, id);
	expect_workers(book, id, BOTH);
	refuse(book, id, W2);
	refuse(book, id, W3);
	expect_workers(book, id, "[\"" W1 "\"]");
	book_move(book, id, OP_DONE, NULL);
	expect_workers(book, id, NULL);
	expect_past(book, W1, RECIPIENT_TOLD, 0);
	/* Refused within a success: certainly not told. */
	expect_past(book, W2, -1, 1);
	expect_past(book, W3, -1, 0);
	/* After the end nobody becomes refused. */
	refuse(book, id, W1);
	expect_past(book, W1, RECIPIENT_TOLD, 0);
	book_must(recipients_count(book->ledger, book->batch_id, counts, &err), &err);
	assert_int_equal(counts[RECIPIENT_TOLD], 1);
	assert_int_equal(counts[RECIPIENT_REFUSED], 1);
	assert_int_equal(counts[RECIPIENT_OPEN] + counts[RECIPIENT_UNKNOWN], 0);
}

static void test_failed_as_a_whole(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH));

	move_on(book, id);
	book_move(book, id, OP_FAILED, "refused");
	expect_past(book, W1, -1, 1);
	expect_workers(book, id, NULL);
	/* Asked for again. */
	book_move(book, id, OP_PLANNED, "again");
	expect_past(book, W1, RECIPIENT_OPEN, 0);
	expect_workers(book, id, BOTH);
}

static void test_throttled(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH));

	move_on(book, id);
	book_move(book, id, OP_QUEUED, "too fast");
	expect_workers(book, id, BOTH);
	expect_past(book, W1, RECIPIENT_OPEN, 0);
}

/* In doubt: nobody is left to be told, whatever is asked for. */
static void test_in_doubt(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH));

	move_on(book, id);
	book_move(book, id, OP_UNSURE, "lost");
	expect_past(book, W1, RECIPIENT_UNKNOWN, 0);
	expect_workers(book, id, NULL);
	book_move(book, id, OP_HELD, "a person must decide");
	expect_past(book, W1, RECIPIENT_UNKNOWN, 0);
	book_expect_text(book, "SELECT why FROM recipient LIMIT 1", "a person must decide");
	/* Given up: the doubt stays. */
	book_move(book, id, OP_CANCELLED, "cancelled");
	expect_past(book, W1, RECIPIENT_UNKNOWN, 0);
}

static void test_doubt_resolved(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH));

	move_on(book, id);
	book_move(book, id, OP_UNSURE, "lost");
	book_move(book, id, OP_HELD, NULL);
	book_move(book, id, OP_DONE, "a person found out");
	expect_past(book, W1, RECIPIENT_TOLD, 0);
	expect_past(book, W2, RECIPIENT_TOLD, 0);
}

/* The daemon died while it was out. */
static void test_recovered(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH));
	struct err err;

	move_on(book, id);
	assert_int_equal(operations_recover(book->ledger, &err), 1);
	assert_true(past_of(book, W1).is_known);
	book_move(book, id, OP_HELD, "a person must decide");
	expect_past(book, W1, RECIPIENT_UNKNOWN, 0);
}

/* An operation that failed or was cancelled and comes back must not tell those whom another one has told meanwhile. */
static void test_comes_back(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH)), other;

	book_move(book, id, OP_CANCELLED, "cancelled");
	expect_past(book, W1, -1, 1);
	other = book_insert(book, notification(book, "[\"" W1 "\",\"" W3 "\"]"));
	book_move(book, id, OP_PLANNED, "released");
	expect_workers(book, id, "[\"" W2 "\"]");
	move_on(book, other);
	book_move(book, other, OP_DONE, NULL);
	move_on(book, id);
	book_move(book, id, OP_DONE, NULL);
	assert_int_equal(book_number(book, "SELECT count(*) FROM recipient WHERE state = 1"), 3);
}

/* What the index of the ledger says, past every check. */
static void test_never_twice(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH));
	struct op twice = notification(book, "[\"" W2 "\",\"" W3 "\"]");
	struct op same = notification(book, BOTH);
	struct err err;

	assert_int_equal(operation_insert(book->ledger, &same, &err), 0);
	assert_int_equal(operation_insert(book->ledger, &twice, &err), -1);
	move_on(book, id);
	book_move(book, id, OP_DONE, NULL);
	op_finish(&twice);
	op_finish(&same);
}

struct seen {
	int count;
	int64_t workers;
	char text[400];
};

static void on_group(void *arg, enum op_state state, const char *why, int64_t count, const char *example)
{
	struct seen *seen = arg;
	size_t at = strlen(seen->text);

	seen->count++;
	seen->workers += count;
	(void)snprintf(seen->text + at, sizeof(seen->text) - at, "%s %lld %s %s;", op_state_name(state),
		       (long long)count, why, example);
}

static void on_recipient(void *arg, const char *worker_id, enum recipient_state state, const char *why)
{
	struct seen *seen = arg;
	size_t at = strlen(seen->text);

	seen->count++;
	(void)snprintf(seen->text + at, sizeof(seen->text) - at, "%s %s %s;", worker_id, recipient_state_name(state),
		       why ? why : "-");
}

static void test_listed(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, "[\"" W1 "\",\"" W2 "\",\"" W3 "\"]"));
	struct seen seen = { 0 };
	struct err err;

	move_on(book, id);
	refuse(book, id, W2);
	refuse(book, id, W3);
	book_move(book, id, OP_DONE, NULL);
	book_must(recipients_each_group(book->ledger, book->batch_id, on_group, &seen, &err), &err);
	assert_string_equal(seen.text, "failed 2 no work done " W2 ";");
	seen = (struct seen){ 0 };
	book_must(recipients_each(book->ledger, book->batch_id, false, 0, 2, on_recipient, &seen, &err), &err);
	assert_string_equal(seen.text, W1 " told -;" W2 " refused no work done;");
	seen = (struct seen){ 0 };
	book_must(recipients_each(book->ledger, book->batch_id, true, 1, 9, on_recipient, &seen, &err), &err);
	assert_string_equal(seen.text, W3 " refused no work done;");
}

static void test_groups_of_doubt(void **state)
{
	struct book *book = *state;
	int64_t id = book_insert(book, notification(book, BOTH));
	struct seen seen = { 0 };
	struct err err;

	book_must(recipients_each_group(book->ledger, book->batch_id, on_group, &seen, &err), &err);
	assert_int_equal(seen.count, 0);
	move_on(book, id);
	book_move(book, id, OP_UNSURE, "lost");
	book_move(book, id, OP_HELD, "ask");
	book_must(recipients_each_group(book->ledger, book->batch_id, on_group, &seen, &err), &err);
	assert_string_equal(seen.text, "held 2 ask " W1 ";");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_told),	   BOOK_TEST(test_failed_as_a_whole), BOOK_TEST(test_throttled),
		BOOK_TEST(test_in_doubt),  BOOK_TEST(test_doubt_resolved),    BOOK_TEST(test_recovered),
		BOOK_TEST(test_comes_back), BOOK_TEST(test_never_twice),      BOOK_TEST(test_listed),
		BOOK_TEST(test_groups_of_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
