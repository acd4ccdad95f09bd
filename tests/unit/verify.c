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
#include "utf8.h"
#include "verify.h"

#define GRANTED_S 1700000000

/* What differs from a bonus of $1.00 that all facts speak for. */
struct variant {
	enum op_kind kind;
	enum assignment_status status;
	const char *worker, *hit; /* as MTurk says; NULL: as the file says */
	bool no_assignment, no_hit_in_file, missing_hit, nothing_known;
	int64_t cents;
	int64_t listed, ours, moving, doubts;
	int64_t alike, twins, waived; /* of the listed ones, of ours, seen by whoever released it */
	bool released, second_purpose;
	int64_t approved_s, auto_approval_s;
	const char *exit_code, *codes; /* of the row, submitted; NULL: none */
	enum verified verdict;
	const char *why;     /* NULL: none */
	const char *outcome; /* NULL: none */
};

static const struct money_limits limits = { .max_bonus_minor = 1000, .min_bonus_minor = 50 };

#define WAIVED (INT64_C(1) << HOLD_FOREIGN | INT64_C(1) << HOLD_CODE | INT64_C(1) << HOLD_REJECTED)

static void judge(const struct variant *variant, struct verification *out)
{
	static char assignment[] = A1, worker[] = W1, hit[] = H1, first[] = OP_PURPOSE_DEFAULT, second[] = "second";
	const struct op op = { .kind = variant->kind,
			       .assignment_id = variant->no_assignment ? NULL : assignment,
			       .worker_id = worker,
			       .hit_id = variant->no_hit_in_file ? NULL : hit,
			       .purpose = variant->second_purpose ? second : first,
			       .released = variant->released ? WAIVED : 0,
			       .waived_bonuses = variant->waived,
			       .amount_minor = variant->cents              ? variant->cents
					       : variant->kind == OP_BONUS ? 100
									   : 0 };
	struct verify_facts facts = { .platform = "MTurk",
				      .limits = limits,
				      .has_assignment = !variant->nothing_known,
				      .assignment = { .status = variant->status,
						      .approved_s = variant->approved_s,
						      .auto_approval_s = variant->auto_approval_s },
				      .has_hit = true,
				      .hit = { .known = !variant->missing_hit },
				      .bonuses = { .count = variant->listed,
						   .last_amount_minor = 75,
						   .last_granted_s = GRANTED_S,
						   .alike = variant->alike,
						   },
				      .own = { variant->ours, variant->moving, variant->doubts },
				      .twins_of_ledger = variant->twins };

	(void)snprintf(facts.assignment.worker_id, ID_TEXT_MAX, "%s", variant->worker ? variant->worker : W1);
	(void)snprintf(facts.assignment.hit_id, ID_TEXT_MAX, "%s", variant->hit ? variant->hit : H1);
	if (variant->exit_code && variant->codes)
		verify_code(variant->exit_code, variant->codes, &facts.code);
	verify(&op, &facts, out);
}

#define SUBMITTED ASSIGNMENT_SUBMITTED
#define NOT_OURS \
	"MTurk lists a bonus of $0.75 from 2023-11-14T22:13:20Z that this ledger did not send; not paid again" \
	" (this one: $1.00)"
#define PAID_BY_ANOTHER "MTurk lists this bonus already: another ngmtd or tool paid it"
#define OTHER_CODE "the file says exit code exp1, the worker submitted exp2; no money moved"

static const struct variant variants[] = {
	{ OP_BONUS, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_BONUS, ASSIGNMENT_APPROVED, .verdict = VERIFIED_GO },
	{ OP_APPROVE, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_REJECT, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_QUALIFY, SUBMITTED, .verdict = VERIFIED_GO },
	{ OP_QUALIFY, ASSIGNMENT_NONE, .no_assignment = true, .verdict = VERIFIED_GO },
	/* decided already */
	{ OP_APPROVE, ASSIGNMENT_APPROVED, .verdict = VERIFIED_DONE, .why = "approved on MTurk already",
	  .outcome = "already-approved" },
	{ OP_APPROVE, ASSIGNMENT_APPROVED, .approved_s = 9, .auto_approval_s = 10, .verdict = VERIFIED_DONE,
	  .why = "approved on MTurk already", .outcome = "already-approved" },
	{ OP_APPROVE, ASSIGNMENT_APPROVED, .approved_s = 10, .auto_approval_s = 10, .verdict = VERIFIED_DONE,
	  .why = "approved on MTurk already, by time alone", .outcome = "auto-approved" },
	{ OP_APPROVE, ASSIGNMENT_APPROVED, .approved_s = 11, .verdict = VERIFIED_DONE,
	  .why = "approved on MTurk already", .outcome = "already-approved" },
	{ OP_APPROVE, ASSIGNMENT_APPROVED, .auto_approval_s = 10, .verdict = VERIFIED_DONE,
	  .why = "approved on MTurk already", .outcome = "already-approved" },
	{ OP_REJECT, ASSIGNMENT_REJECTED, .verdict = VERIFIED_DONE, .why = "rejected on MTurk already",
	  .outcome = "already-rejected" },
	{ OP_APPROVE, ASSIGNMENT_REJECTED, .verdict = VERIFIED_HOLD,
	  .why = "rejected on MTurk already, so it cannot be approved" },
	{ OP_REJECT, ASSIGNMENT_APPROVED, .verdict = VERIFIED_HOLD,
	  .why = "approved on MTurk already, so it cannot be rejected" },
	{ OP_BONUS, ASSIGNMENT_REJECTED, .verdict = VERIFIED_HOLD,
	  .why = "rejected on MTurk: no bonus without a person's word" },
	{ OP_BONUS, ASSIGNMENT_REJECTED, .released = true, .verdict = VERIFIED_GO },
	{ OP_APPROVE, ASSIGNMENT_REJECTED, .released = true, .verdict = VERIFIED_HOLD,
	  .why = "rejected on MTurk already, so it cannot be approved" },
	/* somebody else's (rule 3) */
	{ OP_BONUS, SUBMITTED, .worker = W2, .released = true, .verdict = VERIFIED_HOLD,
	  .why = "the file says worker " W1 ", MTurk says worker " W2 "; no money moved" },
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
	/* a payment that may be one of ours whose fate is not known, or somebody else's */
	{ OP_BONUS, SUBMITTED, .listed = 0, .moving = 1, .doubts = 1, .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .listed = 1, .moving = 1, .verdict = VERIFIED_WAIT,
	  .why = "waits until another bonus of this worker is found out" },
	{ OP_BONUS, SUBMITTED, .listed = 1, .doubts = 1, .verdict = VERIFIED_HOLD,
	  .why = "another bonus of this worker is in doubt, and MTurk lists one: resolve that one first" },
	{ OP_BONUS, SUBMITTED, .listed = 2, .moving = 1, .verdict = VERIFIED_HOLD, .why = NOT_OURS },
	{ OP_APPROVE, SUBMITTED, .listed = 3, .verdict = VERIFIED_GO },
	/* the very same, from elsewhere */
	{ OP_BONUS, SUBMITTED, .listed = 1, .alike = 1, .verdict = VERIFIED_DONE, .why = PAID_BY_ANOTHER,
	  .outcome = "found-paid" },
	{ OP_BONUS, SUBMITTED, .listed = 2, .alike = 1, .verdict = VERIFIED_DONE, .why = PAID_BY_ANOTHER,
	  .outcome = "found-paid" },
	{ OP_BONUS, SUBMITTED, .listed = 2, .ours = 1, .alike = 2, .twins = 1, .verdict = VERIFIED_DONE,
	  .why = PAID_BY_ANOTHER, .outcome = "found-paid" },
	/* ... but not if it may be one of ours for another purpose, nor if this one is for another purpose */
	{ OP_BONUS, SUBMITTED, .listed = 2, .ours = 1, .alike = 1, .twins = 1, .verdict = VERIFIED_HOLD,
	  .why = NOT_OURS },
	{ OP_BONUS, SUBMITTED, .listed = 1, .ours = 1, .alike = 1, .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .listed = 1, .alike = 1, .second_purpose = true, .verdict = VERIFIED_HOLD,
	  .why = NOT_OURS },
	/* ... nor if somebody is to be paid although they were paid */
	{ OP_BONUS, SUBMITTED, .listed = 1, .alike = 1, .waived = 1, .released = true, .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .listed = 2, .ours = 1, .waived = 1, .released = true, .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .listed = 2, .alike = 2, .waived = 1, .released = true, .verdict = VERIFIED_HOLD,
	  .why = NOT_OURS },
	{ OP_BONUS, SUBMITTED, .listed = 1, .released = true, .verdict = VERIFIED_HOLD, .why = NOT_OURS },
	{ OP_BONUS, SUBMITTED, .listed = 1, .alike = 1, .released = true, .verdict = VERIFIED_DONE,
	  .why = PAID_BY_ANOTHER, .outcome = "found-paid" },
	/* codes */
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp1\"]", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = " exp1\n", .codes = "[\"EXP1\"]", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\",\"exp1\"]", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .codes = "[\"exp2\"]", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = " ", .codes = "[\"exp2\"]", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "[]", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "rubbish", .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\"]", .verdict = VERIFIED_HOLD,
	  .why = OTHER_CODE },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\",\"exp\",\"exp12\"]",
	  .verdict = VERIFIED_HOLD, .why = OTHER_CODE },
	{ OP_APPROVE, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\"]", .verdict = VERIFIED_HOLD,
	  .why = OTHER_CODE },
	{ OP_REJECT, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\"]", .verdict = VERIFIED_HOLD,
	  .why = OTHER_CODE },
	{ OP_QUALIFY, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\"]", .verdict = VERIFIED_HOLD,
	  .why = OTHER_CODE },
	{ OP_QUALIFY, ASSIGNMENT_NONE, .no_assignment = true, .exit_code = "exp1", .codes = "[\"exp2\"]",
	  .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\"]", .released = true,
	  .verdict = VERIFIED_GO },
	{ OP_BONUS, SUBMITTED, .exit_code = "exp1", .codes = "[\"exp2\"]", .worker = W2, .verdict = VERIFIED_HOLD,
	  .why = "the file says worker " W1 ", MTurk says worker " W2 "; no money moved" },
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		struct verification out;

		judge(&variants[i], &out);
		if (out.verdict != variants[i].verdict || strcmp(out.why, variants[i].why ? variants[i].why : "") != 0)
			fail_msg("variant %zu: %d \"%s\"", i, (int)out.verdict, out.why);
		assert_string_equal(out.outcome ? out.outcome : "", variants[i].outcome ? variants[i].outcome : "");
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

/* What is shown of two codes is printable, cut, and never half a character. */
static void test_odd_codes(void **state)
{
	struct code_fact code;
	char submitted[600] = "[\"", in_file[300];
	size_t i;

	(void)state;
	verify_code("exp1", "[\"a\\u001b[2J\\u202eb\"]", &code);
	assert_true(code.differs);
	assert_null(strchr(code.submitted, '\x1b'));
	assert_non_null(strstr(code.submitted, "\\x1b[2J"));
	for (i = 0; i < 100; i++)
		(void)strcat(submitted, "\u00e9");
	(void)strcat(submitted, "\"]");
	verify_code("exp1", submitted, &code);
	assert_true(code.differs);
	assert_int_equal(utf8_first_invalid(code.submitted, strlen(code.submitted)), strlen(code.submitted));
	assert_true(strlen(code.submitted) > 50);
	/* The platform's side is cut at 200 bytes: so is ours. */
	memset(in_file, 'x', 255);
	in_file[255] = '\0';
	(void)snprintf(submitted, sizeof(submitted), "[\"%.200s\"]", in_file);
	verify_code(in_file, submitted, &code);
	assert_false(code.differs);
	/* Not texts, and not by us. */
	verify_code("exp1", "[null,[],{}]", &code);
	assert_true(code.differs);
	verify_code("exp1", "{\"a\":1}", &code);
	assert_false(code.differs);
}

static void test_gathered(void **state)
{
	const struct hit hit = { .hit_id = H1, .reward_minor = 150, .max_assignments = 12 };
	const struct assignment assignment = { A1, H1, W1, ASSIGNMENT_SUBMITTED, 5, 0, NULL, 0 };
	const struct bonus_payment bonus = { A1, W1, "by hand", 75, GRANTED_S };
	struct book *book = *state;
	struct op op = book_bonus(book, A1, W1, 100);
	struct verify_facts facts = { .platform = "MTurk", .limits = limits };
	int64_t id;
	struct err err;

	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_false(facts.has_assignment || facts.has_hit || facts.bonuses.count || facts.own.done);
	book_must(facts_put_hit(book->ledger, &hit, &err), &err);
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	book_must(facts_put_bonus(book->ledger, &bonus, 1, &err), &err);
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
	assert_int_equal(facts.own.moving, 1);
	free(op.assignment_id);
	op.assignment_id = NULL;
	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_false(facts.has_assignment || facts.has_hit || facts.bonuses.count || facts.own.done);
	op_finish(&op);
}

static void add_row(struct book *book, const char *sql)
{
	book_execute(book, "INSERT INTO snapshot (sha256, bytes, read_s) VALUES ('00', 1, 1)");
	book_execute(book, "INSERT INTO source (id, sha256, path, rules, read_s, sequence)"
			   " VALUES (1, '00', 'x', '', 1, 1)");
	book_execute(book, sql);
}

/* The code of the row that the operation came from, only where the worker submitted any. */
static void test_gathered_codes(void **state)
{
	struct assignment assignment = { A1, H1, W1, ASSIGNMENT_SUBMITTED, 5, 0, NULL, 0 };
	struct book *book = *state;
	struct op op = book_bonus(book, A1, W1, 100);
	struct verify_facts facts = { .platform = "MTurk", .limits = limits };
	struct err err;

	add_row(book, "INSERT INTO result (id, source_id, line, exit_code, bonus_payable, verdict, why, problem_column)"
		      " VALUES (7, 1, 2, 'exp1', 1, 0, '', -1), (8, 1, 3, NULL, 1, 0, '', -1)");
	op.row_id = 7;
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_false(facts.code.differs);
	assignment.codes = "[\"exp2\"]";
	book_must(facts_put_assignment(book->ledger, &assignment, &err), &err);
	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_true(facts.code.differs);
	assert_string_equal(facts.code.in_file, "exp1");
	assert_string_equal(facts.code.submitted, "exp2");
	for (op.row_id = 8; op.row_id < 10; op.row_id++) {
		book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
		assert_false(facts.code.differs);
	}
	op_finish(&op);
}

/* Twins: what this ledger sent for another purpose, with the same amount. */
static void test_gathered_twins(void **state)
{
	const struct bonus_payment bonus = { A1, W1, "Thank you", 100, GRANTED_S };
	struct book *book = *state;
	struct op op = book_bonus(book, A1, W1, 100), second = book_bonus(book, A1, W1, 100);
	struct verify_facts facts = { .platform = "MTurk", .limits = limits };
	struct err err;
	int64_t id;

	free(second.purpose);
	second.purpose = book_copy("second");
	id = book_insert(book, second);
	book_must(facts_put_bonus(book->ledger, &bonus, 1, &err), &err);
	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_int_equal(facts.bonuses.alike, 1);
	assert_int_equal(facts.twins_of_ledger, 0);
	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	book_must(verify_gather(book->ledger, &op, &facts, &err), &err);
	assert_int_equal(facts.twins_of_ledger, 1);
	op_finish(&op);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_long_ids),
		cmocka_unit_test(test_odd_codes),
		BOOK_TEST(test_gathered),
		BOOK_TEST(test_gathered_codes),
		BOOK_TEST(test_gathered_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
