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
#include "mturk.h"
#include "plan_item.h"

static const struct platform_class mturk_like = { .name = "mturk", .title = "MTurk", .fee_minor = mturk_fee };
static const struct platform platform = { .class = &mturk_like };

static char reason[] = "Well done", feedback[] = "Too late", purpose[] = "bonus", type[] = "3NGMTQUAL1";

static const struct plan_params bare = { .purpose = purpose, .integer_value = 1 };
static const struct plan_params full = { .purpose = purpose,
					 .reason = reason,
					 .feedback = feedback,
					 .qualification_type_id = type,
					 .integer_value = 1,
					 .send_notification = true };

static const struct plan_row approved = { .id = 5,
					  .line = 2,
					  .path = "/data/bonus.csv",
					  .worker_id = W1,
					  .assignment_id = A1,
					  .hit_id = H1,
					  .verdict = VERDICT_APPROVE,
					  .why = "approve says so",
					  .bonus_payable = true,
					  .bonus_cents = 150,
					  .bonus_text = "1.50" };

static void test_names(void **state)
{
	/* Beyond a limit is held, found done is done: people see one word for it. */
	static const char *const names[] = { "act", "wait", "hold", "skip", "done", "conflict", "hold", "done" };

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_string_equal(plan_verdict_name((enum plan_verdict)i), names[i]);
	assert_string_equal(plan_verdict_name((enum plan_verdict)8), "?");
}

struct variant {
	enum op_kind kind;
	enum verdict verdict;
	bool no_bonus, bonus_of_zero, row_speaks, command_speaks;
	int expected; /* an enum plan_verdict, or WANTED */
	const char *why;
};

#define WANTED (-1)

static const struct variant variants[] = {
	{ OP_APPROVE, VERDICT_APPROVE, .expected = WANTED },
	{ OP_REJECT, VERDICT_APPROVE, .expected = PLAN_SKIP, .why = "the file asks for an approval" },
	{ OP_BONUS, VERDICT_APPROVE, .command_speaks = true, .expected = WANTED },
	{ OP_BONUS, VERDICT_APPROVE, .row_speaks = true, .expected = WANTED },
	{ OP_BONUS, VERDICT_APPROVE, .expected = PLAN_HOLD, .why = "a bonus needs a reason that the worker will read" },
	{ OP_BONUS, VERDICT_APPROVE, .no_bonus = true, .expected = PLAN_SKIP, .why = "no bonus in the file" },
	{ OP_BONUS, VERDICT_APPROVE, .bonus_of_zero = true, .expected = PLAN_SKIP, .why = "nothing to pay" },
	{ OP_QUALIFY, VERDICT_APPROVE, .command_speaks = true, .expected = WANTED },
	{ OP_QUALIFY, VERDICT_APPROVE, .row_speaks = true, .expected = WANTED },
	{ OP_QUALIFY, VERDICT_APPROVE, .expected = PLAN_HOLD,
	  .why = "neither the command nor the file names a qualification type" },
	{ OP_APPROVE, VERDICT_REJECT, .expected = PLAN_SKIP, .why = "the file asks for a rejection" },
	{ OP_REJECT, VERDICT_REJECT, .command_speaks = true, .expected = WANTED },
	{ OP_REJECT, VERDICT_REJECT, .row_speaks = true, .expected = WANTED },
	{ OP_REJECT, VERDICT_REJECT, .expected = PLAN_HOLD,
	  .why = "a rejection needs a feedback text that tells the worker why" },
	{ OP_BONUS, VERDICT_REJECT, .command_speaks = true, .expected = PLAN_SKIP,
	  .why = "the file asks for a rejection: no bonus" },
	{ OP_QUALIFY, VERDICT_REJECT, .command_speaks = true, .expected = PLAN_SKIP,
	  .why = "the file asks for a rejection: no qualification" },
	{ OP_APPROVE, VERDICT_HOLD, .expected = PLAN_HOLD, .why = "approve says so" },
	{ OP_REJECT, VERDICT_HOLD, .command_speaks = true, .expected = PLAN_HOLD, .why = "approve says so" },
	{ OP_BONUS, VERDICT_HOLD, .command_speaks = true, .expected = PLAN_HOLD, .why = "approve says so" },
	{ OP_QUALIFY, VERDICT_HOLD, .command_speaks = true, .expected = PLAN_HOLD, .why = "approve says so" },
	{ OP_APPROVE, VERDICT_SKIP, .expected = PLAN_SKIP, .why = "approve says so" },
	{ OP_BONUS, VERDICT_SKIP, .command_speaks = true, .expected = PLAN_SKIP, .why = "approve says so" },
};

static void test_wanted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		const struct variant *variant = &variants[i];
		struct plan_row row = approved;
		struct plan_item item;
		bool wanted;

		row.verdict = variant->verdict;
		if (variant->no_bonus || variant->bonus_of_zero)
			row.bonus_payable = false;
		if (variant->no_bonus)
			row.bonus_text = NULL;
		if (variant->row_speaks) {
			row.reason = row.requester_feedback = "from the file";
			row.qualification_type_id = type;
		}
		wanted = plan_item_is_wanted(&row, variant->command_speaks ? &full : &bare, variant->kind, &item);
		assert_int_equal(wanted, variant->expected == WANTED);
		if (!wanted && ((int)item.verdict != variant->expected || strcmp(item.why, variant->why) != 0))
			fail_msg("variant %zu: %d %s", i, (int)item.verdict, item.why);
	}
}

static void expect_text(const char *text, const char *expected)
{
	assert_true(!text == !expected);
	if (expected)
		assert_string_equal(text, expected);
}

static void test_operations(void **state)
{
	static const struct {
		enum op_kind kind;
		const char *key, *text, *type;
		int64_t cents;
	} cases[] = {
		{ OP_APPROVE, "decision/" A1, "Too late", NULL, 0 },
		{ OP_REJECT, "decision/" A1, "Too late", NULL, 0 },
		{ OP_BONUS, "bonus/" A1 "/" W1 "/bonus", "Well done", NULL, 150 },
		{ OP_QUALIFY, "qualify/3NGMTQUAL1/" W1 "/1", NULL, "3NGMTQUAL1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct op op;
		struct err err;

		assert_int_equal(plan_item_make_op(&approved, &full, cases[i].kind, &op, &err), 0);
		assert_int_equal(op.kind, cases[i].kind);
		assert_int_equal(op.state, OP_PLANNED);
		assert_int_equal(op.row_id, 5);
		assert_int_equal(op.amount_minor, cases[i].cents);
		expect_text(op.key, cases[i].key);
		expect_text(op.text, cases[i].text);
		expect_text(op.qualification_type_id, cases[i].type);
		expect_text(op.worker_id, W1);
		expect_text(op.hit_id, H1);
		assert_true(op.send_notification);
		op_finish(&op);
	}
}

/* What the command says goes before what the row says; numbers and flags of the row before the defaults. */
static void test_who_says_what(void **state)
{
	static char default_type[] = "3NGMTDEFAULT";
	struct plan_params defaulted = bare;
	struct plan_row row = approved;
	struct op op;
	struct err err;

	(void)state;
	row.reason = "from the file";
	row.requester_feedback = "from the file";
	row.qualification_type_id = "3OTHER";
	row.has_integer_value = true;
	row.integer_value = 42;
	row.has_send_notification = true;
	row.send_notification = false;
	assert_int_equal(plan_item_make_op(&row, &full, OP_BONUS, &op, &err), 0);
	expect_text(op.text, "Well done");
	assert_false(op.send_notification);
	op_finish(&op);
	assert_int_equal(plan_item_make_op(&row, &full, OP_QUALIFY, &op, &err), 0);
	expect_text(op.key, "qualify/3NGMTQUAL1/" W1 "/42");
	op_finish(&op);
	assert_int_equal(plan_item_make_op(&row, &bare, OP_QUALIFY, &op, &err), 0);
	expect_text(op.key, "qualify/3OTHER/" W1 "/42");
	op_finish(&op);
	defaulted.default_type_id = default_type;
	assert_int_equal(plan_item_make_op(&row, &defaulted, OP_QUALIFY, &op, &err), 0);
	expect_text(op.key, "qualify/3OTHER/" W1 "/42");
	op_finish(&op);
	row.qualification_type_id = NULL;
	assert_int_equal(plan_item_make_op(&row, &defaulted, OP_QUALIFY, &op, &err), 0);
	expect_text(op.key, "qualify/3NGMTDEFAULT/" W1 "/42");
	op_finish(&op);
	assert_int_equal(plan_item_make_op(&row, &bare, OP_APPROVE, &op, &err), 0);
	expect_text(op.text, "from the file");
	op_finish(&op);
}

static struct verify_facts facts_of(enum assignment_status status)
{
	struct verify_facts facts = { .platform = "MTurk",
				      .limits = { 1000, 0 },
				      .has_assignment = true,
				      .assignment = { .status = status, .hit_id = H1, .worker_id = W1 },
				      .has_hit = true,
				      .hit = { .known = true, .reward_minor = 200, .max_assignments = 20 } };

	return facts;
}

static struct plan_item judge_as(struct book *book, const struct plan_params *params, enum op_kind kind, int64_t cents,
				 const struct verify_facts *facts)
{
	struct plan_row row = approved;
	struct plan_item item;
	struct op op;
	struct err err;

	row.bonus_cents = cents;
	assert_int_equal(plan_item_make_op(&row, &full, kind, &op, &err), 0);
	book_must(plan_item_judge(book->ledger, &platform, &op, params, facts, &item, &err), &err);
	assert_int_equal(op.fee_minor, item.fee_minor);
	op_finish(&op);
	return item;
}

static struct plan_item judge(struct book *book, enum op_kind kind, int64_t cents, const struct verify_facts *facts)
{
	return judge_as(book, &full, kind, cents, facts);
}

static void expect_item(const struct plan_item *item, enum plan_verdict verdict, const char *why)
{
	if (item->verdict != verdict || strcmp(item->why, why) != 0)
		fail_msg("%s \"%s\"", plan_verdict_name(item->verdict), item->why);
}

static void test_platform_facts(void **state)
{
	static const struct {
		enum op_kind kind;
		enum assignment_status status;
		enum plan_verdict verdict;
		const char *why;
	} cases[] = {
		{ OP_APPROVE, ASSIGNMENT_SUBMITTED, PLAN_ACT, "" },
		{ OP_APPROVE, ASSIGNMENT_APPROVED, PLAN_FOUND, "approved on MTurk already" },
		{ OP_APPROVE, ASSIGNMENT_REJECTED, PLAN_RECORD_HOLD,
		  "rejected on MTurk already, so it cannot be approved" },
		{ OP_APPROVE, ASSIGNMENT_NOT_SUBMITTED, PLAN_WAIT, "not submitted on MTurk yet" },
		{ OP_BONUS, ASSIGNMENT_NONE, PLAN_RECORD_HOLD, "MTurk knows no assignment " A1 " in this account" },
	};
	struct book *book = *state;
	struct verify_facts unknown = { .platform = "MTurk", .limits = { 1000, 0 } };
	struct plan_item item;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct verify_facts facts = facts_of(cases[i].status);

		item = judge(book, cases[i].kind, 150, &facts);
		expect_item(&item, cases[i].verdict, cases[i].why);
	}
	item = judge(book, OP_APPROVE, 0, &unknown);
	expect_item(&item, PLAN_WAIT, "");
	assert_false(item.fee_known);
}

static void test_costs(void **state)
{
	static const struct {
		enum op_kind kind;
		int64_t amount, fee;
	} cases[] = { { OP_APPROVE, 200, 80 }, { OP_REJECT, 0, 0 }, { OP_BONUS, 150, 30 }, { OP_QUALIFY, 0, 0 } };
	const struct verify_facts facts = facts_of(ASSIGNMENT_SUBMITTED);
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_item item = judge(book, cases[i].kind, 150, &facts);

		assert_int_equal(item.amount_minor, cases[i].amount);
		assert_int_equal(item.fee_minor, cases[i].fee);
		assert_true(item.fee_known);
	}
}

/* Moves a bonus of $1.50 along the path, then asks for `cents` again. */
static void test_ledger_speaks_first(void **state)
{
	static const struct {
		enum op_state path[4];
		int64_t cents;
		enum plan_verdict verdict;
		const char *why;
	} cases[] = {
		{ { OP_PLANNED }, 150, PLAN_DONE, "on its way already (planned)" },
		{ { OP_QUEUED }, 150, PLAN_DONE, "on its way already (queued)" },
		{ { OP_QUEUED, OP_SENDING }, 150, PLAN_DONE, "on its way already (sending)" },
		{ { OP_QUEUED, OP_SENDING, OP_UNSURE }, 150, PLAN_DONE, "on its way already (unsure)" },
		{ { OP_QUEUED, OP_SENDING, OP_DONE }, 150, PLAN_DONE, "paid already" },
		{ { OP_CANCELLED },
		  150,
		  PLAN_HOLD,
		  "cancelled by a person (see \"ngmtctl queue list --state cancelled\")" },
		{ { OP_QUEUED, OP_SENDING, OP_FAILED }, 150, PLAN_ACT, "again, after it was refused: no reason known" },
		{ { OP_QUEUED, OP_SENDING, OP_FAILED }, 250, PLAN_ACT, "again, after it was refused: no reason known" },
		{ { OP_HELD }, 150, PLAN_ACT, "again, after it was held: no reason known" },
		/* Perhaps paid: nothing that a file says sends it again. */
		{ { OP_QUEUED, OP_SENDING, OP_UNSURE, OP_HELD },
		  150,
		  PLAN_HOLD,
		  "held: a person must decide (see \"ngmtctl queue list --held\")" },
		{ { OP_QUEUED, OP_SENDING, OP_UNSURE, OP_HELD },
		  250,
		  PLAN_CONFLICT,
		  "the ledger has $1.50 (held), the file says $2.50; a second bonus on purpose needs --purpose" },
		{ { OP_QUEUED, OP_SENDING, OP_DONE },
		  250,
		  PLAN_CONFLICT,
		  "the ledger has $1.50 (done), the file says $2.50; a second bonus on purpose needs --purpose" },
		{ { OP_QUEUED, OP_SENDING },
		  250,
		  PLAN_CONFLICT,
		  "the ledger has $1.50 (sending), the file says $2.50; a second bonus on purpose needs --purpose" },
	};
	const struct verify_facts facts = facts_of(ASSIGNMENT_SUBMITTED);
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t id = book_insert(book, book_bonus(book, A1, W1, 150));
		struct plan_item item;

		for (size_t j = 0; j < 4 && cases[i].path[j] != OP_PLANNED; j++)
			book_move(book, id, cases[i].path[j], NULL);
		item = judge(book, OP_BONUS, cases[i].cents, &facts);
		if (item.verdict != cases[i].verdict || strcmp(item.why, cases[i].why) != 0)
			fail_msg("case %zu: %s \"%s\"", i, plan_verdict_name(item.verdict), item.why);
		book_execute(book, "DELETE FROM operation");
	}
}

/* What waits for a release goes on by nothing else, unless something else is asked for. */
static void test_waiting_for_a_release(void **state)
{
	static const struct {
		enum op_hold hold;
		int64_t cents;
		enum plan_verdict verdict;
	} cases[] = {
		{ HOLD_LIMIT, 150, PLAN_HOLD }, { HOLD_LIMIT, 100, PLAN_ACT },  { HOLD_PERSON, 150, PLAN_HOLD },
		{ HOLD_UNDO, 150, PLAN_DONE },  { HOLD_FACTS, 150, PLAN_ACT },  { HOLD_DOUBT, 150, PLAN_ACT },
	};
	const struct verify_facts facts = facts_of(ASSIGNMENT_SUBMITTED);
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct op op = book_bonus(book, A1, W1, 150);
		struct plan_item item;

		op.state = OP_HELD;
		op.hold = cases[i].hold;
		free(op.hit_id);
		op.hit_id = book_copy(H1);
		(void)book_insert(book, op);
		item = judge(book, OP_BONUS, cases[i].cents, &facts);
		if (item.verdict != cases[i].verdict)
			fail_msg("case %zu: %s \"%s\"", i, plan_verdict_name(item.verdict), item.why);
		book_execute(book, "DELETE FROM operation");
	}
}

/* Nobody is there who was shown what is different now. */
static void test_a_policy_decides_nothing_anew(void **state)
{
	static const struct {
		enum op_state state;
		enum op_hold hold;
		int64_t cents;
		enum plan_verdict verdict;
	} cases[] = {
		{ OP_HELD, HOLD_LIMIT, 150, PLAN_HOLD },    { OP_HELD, HOLD_LIMIT, 100, PLAN_CONFLICT },
		{ OP_HELD, HOLD_PERSON, 100, PLAN_CONFLICT }, { OP_HELD, HOLD_UNDO, 100, PLAN_CONFLICT },
		{ OP_HELD, HOLD_FACTS, 150, PLAN_ACT },     { OP_HELD, HOLD_FACTS, 100, PLAN_CONFLICT },
		{ OP_HELD, HOLD_FOREIGN, 150, PLAN_HOLD },  { OP_FAILED, HOLD_NONE, 150, PLAN_HOLD },
		{ OP_FAILED, HOLD_NONE, 100, PLAN_CONFLICT }, { OP_DONE, HOLD_NONE, 150, PLAN_DONE },
	};
	const struct verify_facts facts = facts_of(ASSIGNMENT_SUBMITTED);
	struct plan_params policy = full;
	struct book *book = *state;

	policy.todo_room = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct op op = book_bonus(book, A1, W1, 150);
		struct plan_item item;

		op.state = cases[i].state;
		op.hold = cases[i].hold;
		free(op.hit_id);
		op.hit_id = book_copy(H1);
		(void)book_insert(book, op);
		item = judge_as(book, &policy, OP_BONUS, cases[i].cents, &facts);
		if (item.verdict != cases[i].verdict)
			fail_msg("case %zu: %s \"%s\"", i, plan_verdict_name(item.verdict), item.why);
		book_execute(book, "DELETE FROM operation");
	}
}

static void test_other_decision(void **state)
{
	const struct verify_facts facts = facts_of(ASSIGNMENT_SUBMITTED);
	struct book *book = *state;
	int64_t id = book_insert(book, book_decision(book, OP_APPROVE, A1));
	struct plan_item item = judge(book, OP_REJECT, 0, &facts);

	expect_item(&item, PLAN_CONFLICT, "the ledger has it as approve (planned), the file asks to reject");
	book_move(book, id, OP_HELD, "x");
	item = judge(book, OP_REJECT, 0, &facts);
	expect_item(&item, PLAN_ACT, "again, after it was held: x");
}

/* Asked for again after a refusal, it must still agree with the platform. */
static void test_again_is_verified(void **state)
{
	struct verify_facts facts = facts_of(ASSIGNMENT_SUBMITTED);
	struct book *book = *state;
	int64_t id = book_insert(book, book_bonus(book, A1, W1, 150));
	struct plan_item item;

	book_move(book, id, OP_QUEUED, NULL);
	book_move(book, id, OP_SENDING, NULL);
	book_move(book, id, OP_FAILED, "refused");
	facts.bonuses = (struct bonus_fact){ .count = 1, .last_amount_minor = 150, .last_granted_s = 1700000000 };
	item = judge(book, OP_BONUS, 150, &facts);
	assert_int_equal(item.verdict, PLAN_HOLD);
	assert_non_null(strstr(item.why, "this ledger did not send"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),          cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_operations),     cmocka_unit_test(test_who_says_what),
		BOOK_TEST(test_platform_facts),        BOOK_TEST(test_costs),
		BOOK_TEST(test_waiting_for_a_release), BOOK_TEST(test_ledger_speaks_first),
		BOOK_TEST(test_a_policy_decides_nothing_anew),
		BOOK_TEST(test_other_decision),        BOOK_TEST(test_again_is_verified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
