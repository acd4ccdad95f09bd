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
#include "verify.h"

#define GRANTED_S 1700000000

/* What differs from a bonus of $1.00 that all facts speak for. */
struct variant {
	enum op_kind kind;
	enum assignment_status status;
	const char *worker, *hit; /* as MTurk says; NULL: as the file says */
	bool no_assignment, no_hit_in_file, missing_hit, nothing_known;
	int64_t cents;
	int64_t listed, ours;
	enum verified verdict;
	const char *why; /* NULL: none */
};

static const struct money_limits limits = { .max_bonus_minor = 1000, .min_bonus_minor = 50 };

static void judge(const struct variant *variant, struct verification *out)
{
	static char assignment[] = A1, worker[] = W1, hit[] = H1;
	const struct op op = { .kind = variant->kind,
			       .assignment_id = variant->no_assignment ? NULL : assignment,
			       .worker_id = worker,
			       .hit_id = variant->no_hit_in_file ? NULL : hit,
			       .amount_minor = variant->cents              ? variant->cents
					       : variant->kind == OP_BONUS ? 100
									   : 0 };
	struct verify_facts facts = { .platform = "MTurk",
				      .limits = limits,
				      .has_assignment = !variant->nothing_known,
				      .assignment = { .status = variant->status },
				      .has_hit = true,
				      .hit = { .known = !variant->missing_hit },
				      .bonuses = { variant->listed, 75, GRANTED_S },
				      .bonuses_of_ledger = variant->ours };

	(void)snprintf(facts.assignment.worker_id, ID_TEXT_MAX, "%s", variant->worker ? variant->worker : W1);
	(void)snprintf(facts.assignment.hit_id, ID_TEXT_MAX, "%s", variant->hit ? variant->hit : H1);
	verify(&op, &facts, out);
}

#define SUBMITTED ASSIGNMENT_SUBMITTED
#define NOT_OURS "MTurk lists a bonus of $0.75 from 2023-11-14T22:13:20Z that this ledger did not send; not paid again"

static const struct variant variants[] = {
	{ OP_BONUS, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_BONUS, ASSIGNMENT_APPROVED, .verdict = VERIFIED_GO },
	{ OP_APPROVE, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_REJECT, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_QUALIFY, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_QUALIFY, ASSIGNMENT_NONE, .no_assignment = true, .verdict = VERIFIED_GO },
	/* decided already */
	{ OP_APPROVE, ASSIGNMENT_APPROVED, .verdict = VERIFIED_DONE, .why = "approved on MTurk already" },
	{ OP_REJECT, ASSIGNMENT_REJECTED, .verdict = VERIFIED_DONE, .why = "rejected on MTurk already" },
	{ OP_APPROVE, ASSIGNMENT_REJECTED, .verdict = VERIFIED_HOLD,
	  .why = "rejected on MTurk already, so it cannot be approved" },
	{ OP_REJECT, ASSIGNMENT_APPROVED, .verdict = VERIFIED_HOLD,
	  .why = "approved on MTurk already, so it cannot be rejected" },
	{ OP_BONUS, ASSIGNMENT_REJECTED, .verdict = VERIFIED_HOLD,
	  .why = "rejected on MTurk: no bonus without a person's word" },
	/* somebody else's (rule 3) */
	{ OP_BONUS, SUBMITTED, .worker = W2, .verdict = VERIFIED_HOLD,
	  .why = "the file says worker " W1 ", MTurk says worker " W2 "; no money moved" },
	{ OP_APPROVE, ASSIGNMENT_APPROVED, .worker = W2, .verdict = VERIFIED_HOLD,
	  .why = "the file says worker " W1 ", MTurk says worker " W2 "; no money moved" },
	{ OP_BONUS, SUBMITTED, .hit = "3OTHER", .verdict = VERIFIED_HOLD,
	  .why = "the file says HIT " H1 ", MTurk says HIT 3OTHER; no money moved" },
	{ OP_BONUS, SUBMITTED, .hit = "3OTHER", .no_hit_in_file = true, .verdict = VERIFIED_GO },
	{ OP_APPROVE, SUBMITTED, .worker = "", .verdict = VERIFIED_HOLD,
	  .why = "the file says worker " W1 ", MTurk says worker ; no money moved" },
	/* not there (yet) */
	{ OP_BONUS, ASSIGNMENT_NOT_SUBMITTED, .verdict = VERIFIED_WAIT, .why = "not submitted on MTurk yet" },
	{ OP_APPROVE, ASSIGNMENT_NOT_SUBMITTED, .worker = W2, .verdict = VERIFIED_WAIT,
	  .why = "not submitted on MTurk yet" },
	{ OP_APPROVE, ASSIGNMENT_NONE, .verdict = VERIFIED_ABSENT,
	  .why = "MTurk knows no assignment " A1 " in this account" },
	{ OP_APPROVE, ASSIGNMENT_NONE, .nothing_known = true, .verdict = VERIFIED_UNKNOWN },
	{ OP_APPROVE, SUBMITTED, .missing_hit = true, .verdict = VERIFIED_HOLD,
	  .why = "MTurk knows no HIT " H1 " in this account; sandbox and live have different ids" },
	{ OP_APPROVE, SUBMITTED, .missing_hit = true, .no_hit_in_file = true, .verdict = VERIFIED_HOLD,
	  .why = "MTurk knows no HIT " H1 " in this account; sandbox and live have different ids" },
	/* limits in force now (rule 4) */
	{ OP_BONUS, SUBMITTED, .cents = 1000, .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .cents = 50, .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .cents = 1001, .verdict = VERIFIED_HOLD,
	  .why = "a bonus of $10.01 is above max_bonus ($10.00)" },
	{ OP_BONUS, SUBMITTED, .cents = 49, .verdict = VERIFIED_HOLD,
	  .why = "a bonus of $0.49 is below min_bonus ($0.50)" },
	{ OP_BONUS, SUBMITTED, .cents = -1, .verdict = VERIFIED_HOLD,
	  .why = "a bonus of -$0.01 is below min_bonus ($0.50)" },
	/* paid by another tool (rule 9) */
	{ OP_BONUS, SUBMITTED, .listed = 1, .verdict = VERIFIED_HOLD, .why = NOT_OURS },
	{ OP_BONUS, SUBMITTED, .listed = 2, .ours = 1, .verdict = VERIFIED_HOLD, .why = NOT_OURS },
	{ OP_BONUS, SUBMITTED, .listed = 1, .ours = 1, .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .listed = 0, .ours = 1, .verdict = VERIFIED_GO },
	{ OP_APPROVE, SUBMITTED, .listed = 3, .verdict = VERIFIED_GO },
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct verification out;

		judge(&variants[i], &out);
		if (out.verdict != variants[i].verdict || strcmp(out.why, variants[i].why ? variants[i].why : "") != 0)
			fail_msg("variant %zu: %d \"%s\"", i, (int)out.verdict, out.why);
	}
}

static void test_long_ids(void **state)
{
	static char long_id[] = "3AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	const struct op op = { .kind = OP_APPROVE, .assignment_id = long_id, .worker_id = long_id, .hit_id = long_id };
	struct verify_facts facts = { .platform = "MTurk",
				      .has_assignment = true,
				      .assignment = { .status = ASSIGNMENT_SUBMITTED } };
	struct verification out;

	(void)state;
	memset(facts.assignment.worker_id, 'A', ID_TEXT_MAX - 1);
	verify(&op, &facts, &out);
	assert_int_equal(out.verdict, VERIFIED_HOLD);
	assert_true(strlen(out.why) < sizeof(out.why));
	/* Two ids that agree in the part that is shown are still two. */
	memcpy(facts.assignment.worker_id, long_id, sizeof(long_id));
	facts.assignment.worker_id[60] = 'B';
	verify(&op, &facts, &out);
	assert_int_equal(out.verdict, VERIFIED_HOLD);
}

static void test_gathered(void **state)
{
	const struct hit hit = { .hit_id = H1, .reward_minor = 150, .max_assignments = 12 };
	const struct assignment assignment = { A1, H1, W1, ASSIGNMENT_SUBMITTED, 5 };
	const struct bonus_payment bonus = { A1, W1, "by hand", 75, GRANTED_S };
	struct book *book = *state;
	struct op op = book_bonus(book, A1, W1, 100);
	struct verify_facts facts = { .platform = "MTurk", .limits = limits };
	int64_t id;
	struct err err;

	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_false(facts.has_assignment || facts.has_hit || facts.bonuses.count || facts.bonuses_of_ledger);
	book_must(facts_put_hit(book->ledger, &hit, &err), &err);
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	book_must(facts_put_bonus(book->ledger, &bonus, &err), &err);
	id = book_insert(book, book_bonus(book, A1, W1, 100));
	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	free(op.hit_id);
	op.hit_id = NULL;
	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_true(facts.has_assignment);
	/* The HIT is learnt from the assignment. */
	assert_true(facts.has_hit && facts.hit.known);
	assert_int_equal(facts.hit.reward_minor, 150);
	assert_int_equal(facts.bonuses.count, 1);
	assert_int_equal(facts.bonuses_of_ledger, 1);
	free(op.assignment_id);
	op.assignment_id = NULL;
	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_false(facts.has_assignment || facts.has_hit || facts.bonuses.count || facts.bonuses_of_ledger);
	op_finish(&op);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_long_ids),
		BOOK_TEST(test_gathered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
