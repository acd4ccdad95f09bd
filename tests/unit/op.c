/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op.h"

static char assignment[] = "3NGMTASG00001", worker[] = "A1NGMT0000001X", purpose[] = "bonus", type[] = "3NGMTQUAL00001",
	    hit[] = "3NGMTHIT00001", subject[] = "Hello", text[] = "Thank you", workers[] = "[\"A1NGMT0000001X\"]";

static struct op sample(enum op_kind kind)
{
	return (struct op){ .kind = kind,
			    .assignment_id = assignment,
			    .worker_id = worker,
			    .hit_id = hit,
			    .purpose = purpose,
			    .qualification_type_id = type,
			    .subject = subject,
			    .text = text,
			    .workers = workers,
			    .integer_value = 5,
			    .amount_minor = 100 };
}

/* Written down once more on purpose: row is from, column is to. */
static void test_moves(void **state)
{
	static const char *const order[] = { "planned", "held", "queued", "sending",  "accepted",
					     "unsure",  "done", "failed", "cancelled" };
	static const char *const allowed[] = {
		/* PHQSAUDFC */
		".xx...xxx", /* planned */
		"x.....x.x", /* held */
		"xx.x....x", /* queued */
		"xxx.xxxx.", /* sending */
		".x...xxx.", /* accepted */
		".xxxx.xx.", /* unsure */
		".........", /* done */
		"x........", /* failed */
		"x........", /* cancelled */
	};

	(void)state;
	assert_int_equal(OP_STATES, 9);
	for (int from = 0; from < OP_STATES; from++) {
		assert_string_equal(op_state_name((enum op_state)from), order[from]);
		assert_int_equal(op_state_from_name(order[from]), from);
		for (int to = 0; to < OP_STATES; to++)
			if (op_may_move((enum op_state)from, (enum op_state)to) != (allowed[from][to] == 'x'))
				fail_msg("%s to %s", order[from], order[to]);
	}
}

static void test_rubbish(void **state)
{
	static const int rubbish[] = { -1, OP_STATES, 31, 32, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		assert_false(op_may_move((enum op_state)rubbish[i], OP_DONE));
		assert_false(op_may_move(OP_PLANNED, (enum op_state)rubbish[i]));
		assert_string_equal(op_state_name((enum op_state)rubbish[i]), "?");
	}
	assert_string_equal(op_kind_name((enum op_kind)OP_KINDS), "?");
	assert_string_equal(lane_name((enum lane)LANES), "?");
	assert_int_equal(op_state_from_name("Done"), -1);
	assert_int_equal(op_kind_from_name(""), -1);
}

/* The numbers are in ledgers out there. */
static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(OP_PLANNED, 0);
	assert_int_equal(OP_HELD, 1);
	assert_int_equal(OP_QUEUED, 2);
	assert_int_equal(OP_SENDING, 3);
	assert_int_equal(OP_ACCEPTED, 4);
	assert_int_equal(OP_UNSURE, 5);
	assert_int_equal(OP_DONE, 6);
	assert_int_equal(OP_FAILED, 7);
	assert_int_equal(OP_CANCELLED, 8);
	assert_int_equal(OP_APPROVE, 0);
	assert_int_equal(OP_REJECT, 1);
	assert_int_equal(OP_BONUS, 2);
	assert_int_equal(OP_QUALIFY, 3);
	assert_int_equal(OP_NOTIFY, 4);
	assert_int_equal(OP_CREATE_HIT, 5);
	assert_int_equal(OP_EXTEND_HIT, 6);
	assert_int_equal(OP_EXPIRE_HIT, 7);
	assert_int_equal(OP_DELETE_HIT, 8);
	assert_int_equal(OP_CREATE_TYPE, 9);
	assert_int_equal(OP_REVOKE, 10);
	assert_int_equal(OP_BLOCK, 11);
	assert_int_equal(OP_UNBLOCK, 12);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *name, *lane;
		bool moves_money, may_be_repeated;
	} kinds[] = { { "approve", "approve", false, true },    { "reject", "approve", false, true },
		      { "bonus", "bonus", true, false },        { "qualify", "qualify", false, true },
		      { "notify", "notify", false, false },     { "create-hit", "hit", true, false },
		      { "extend-hit", "hit", true, false },     { "expire-hit", "hit", false, true },
		      { "delete-hit", "hit", false, true },     { "create-qualification", "qualify", false, true },
		      { "revoke", "qualify", false, true },     { "block", "worker", false, true },
		      { "unblock", "worker", false, true } };

	(void)state;
	assert_int_equal(OP_KINDS, sizeof(kinds) / sizeof(kinds[0]));
	for (int i = 0; i < OP_KINDS; i++) {
		assert_string_equal(op_kind_name((enum op_kind)i), kinds[i].name);
		assert_int_equal(op_kind_from_name(kinds[i].name), i);
		assert_string_equal(lane_name(op_lane((enum op_kind)i)), kinds[i].lane);
		assert_int_equal(op_moves_money((enum op_kind)i), kinds[i].moves_money);
		assert_int_equal(op_may_be_repeated((enum op_kind)i), kinds[i].may_be_repeated);
	}
	/* Workers see approvals first. */
	assert_true(LANE_READ < LANE_APPROVE && LANE_APPROVE < LANE_BONUS && LANE_BONUS < LANE_QUALIFY &&
		    LANE_QUALIFY < LANE_NOTIFY && LANE_NOTIFY < LANE_HIT && LANE_HIT < LANE_WORKER);
}

static void test_settled(void **state)
{
	static const unsigned settled = 1U << OP_HELD | 1U << OP_DONE | 1U << OP_FAILED | 1U << OP_CANCELLED;

	(void)state;
	for (unsigned i = 0; i < OP_STATES; i++)
		assert_int_equal(op_is_settled((enum op_state)i), (settled & 1U << i) != 0);
}

static void expect_key(const struct op *op, const char *expected)
{
	char *key = op_key(op);

	assert_non_null(key);
	assert_string_equal(key, expected);
	free(key);
}

#define OF_TEXT "45H2AMCKWK3UIHTB62XS2IQW7IEQ2I5FGYYKLZOXRISG6CQSLBWA"

static void test_keys(void **state)
{
	static const char *const keys[] = { "decision/3NGMTASG00001", "decision/3NGMTASG00001",
					    "bonus/3NGMTASG00001/A1NGMT0000001X/bonus",
					    "qualify/3NGMTQUAL00001/A1NGMT0000001X/5/bonus",
					    /* SHA-256 of these texts and 5, each with its NUL, in base 32 */
					    "notify/CY7DGQX2IXCIUNPEXW6JRDHON57Q6N46F4O7WXIOBV7DQ7TLYWDQ",
					    /* SHA-256 of the text with its NUL */
					    "create-hit/" OF_TEXT "/bonus/Hello",
					    "extend-hit/3NGMTHIT00001/Hello/5",
					    "expire-hit/3NGMTHIT00001/Hello/5/bonus",
					    "delete-hit/3NGMTHIT00001",
					    "create-qualification/Hello",
					    "revoke/3NGMTQUAL00001/A1NGMT0000001X/bonus",
					    "block/A1NGMT0000001X/bonus",
					    "unblock/A1NGMT0000001X/bonus" };
	static char other_purpose[] = "week-2", round[] = "1/5";
	struct op op;

	(void)state;
	for (int kind = 0; kind < OP_KINDS; kind++) {
		op = sample((enum op_kind)kind);
		expect_key(&op, keys[kind]);
		/* Another amount is a conflict, not a second payment. */
		op.amount_minor++;
		op.fee_minor++;
		op.id = 9;
		expect_key(&op, keys[kind]);
	}
	op = sample(OP_BONUS);
	op.purpose = other_purpose;
	expect_key(&op, "bonus/3NGMTASG00001/A1NGMT0000001X/week-2");
	op = sample(OP_QUALIFY);
	op.integer_value = -1;
	op.purpose = NULL;
	expect_key(&op, "qualify/3NGMTQUAL00001/A1NGMT0000001X/-1");
	op = sample(OP_CREATE_HIT);
	op.subject = round;
	expect_key(&op, "create-hit/" OF_TEXT "/bonus/1-5");
	op.purpose = NULL;
	expect_key(&op, "create-hit/" OF_TEXT "/1-5");
	op.subject = NULL;
	expect_key(&op, "create-hit/" OF_TEXT "/1-1");
}

/* A round is no purpose, however it is called. */
static void test_rounds_are_no_purposes(void **state)
{
	static char one[] = "1", other[] = "5", both[] = "1/5", text_of_both[] = "1-5";
	static char *const wishes[][2] = { { NULL, both }, { one, other }, { one, NULL }, { text_of_both, NULL },
					   { both, one }, { NULL, one } };
	enum { COUNT = sizeof(wishes) / sizeof(wishes[0]) };
	char *keys[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct op op = sample(OP_CREATE_HIT);

		op.purpose = wishes[i][0];
		op.subject = wishes[i][1];
		keys[i] = op_key(&op);
		assert_non_null(keys[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(keys[i], keys[j]);
	}
	for (size_t i = 0; i < COUNT; i++)
		free(keys[i]);
}

/* What the key is made of must be there: two different wishes without it would be one. */
static void test_no_key(void **state)
{
	(void)state;
	for (int kind = OP_CREATE_HIT; kind < OP_KINDS; kind++) {
		struct op op = { .kind = (enum op_kind)kind };

		assert_null(op_key(&op));
	}
}

/* Each part of a notification makes it another one; what is missing makes it none. */
static void test_keys_of_notifications(void **state)
{
	static char other[] = "Hell";
	struct op op = sample(OP_NOTIFY);
	char one[DIGEST_BASE32_MAX], two[DIGEST_BASE32_MAX], *keys[5];

	(void)state;
	keys[0] = op_key(&op);
	op.subject = other;
	keys[1] = op_key(&op);
	op = sample(OP_NOTIFY);
	op.text = other;
	keys[2] = op_key(&op);
	op = sample(OP_NOTIFY);
	op.workers = other;
	keys[3] = op_key(&op);
	op = sample(OP_NOTIFY);
	op.integer_value = 6;
	keys[4] = op_key(&op);
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	for (int i = 0; i < 5; i++)
		free(keys[i]);
	op.workers = NULL;
	assert_null(op_key(&op));
	/* Where the subject ends is part of the message. */
	assert_string_not_equal(op_message("ab", "c", one), op_message("a", "bc", two));
	assert_string_equal(op_message("ab", "c", one), op_message("ab", "c", two));
}

/* If one of these fails, tokens of an older version are no longer recognised: what it left in doubt would be paid
 * twice. */
static void test_tokens_are_for_ever(void **state)
{
	static const struct {
		const char *scope, *key, *token;
	} cases[] = {
		/* python3: base64.b32encode(hashlib.sha256(b"ngmt 1\0" + scope + b"\0" + key +
		 * b"\0").digest()).rstrip(b"=") */
		{ "live", "bonus/3NGMTASG00001/A1NGMT0000001X/bonus",
		  "5PZUGDSTV7SK5F46VSCIS6WN5QVGKAW6GFBO36KJLZUCUST7RGQA" },
		{ "sandbox", "bonus/3NGMTASG00001/A1NGMT0000001X/bonus",
		  "MMFW2CN7ZPOB3DK6CHFG4IADTCG2TLVVUU5X272LLYANYGMRCMSQ" },
		{ "rehearsal", "decision/3NGMTASG00001", "MZH6IRTWANPW3GK7NIN2CXIN4JBDVXEGFYUTQDTZCMIE4FFTOQJQ" },
		{ "", "", "IZXGVHOVIHAUA6VWDUZH6O3M3PPR7H6ZVUWMYNLYAX2KJMNA5JTA" },
	};
	char token[DIGEST_BASE32_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(op_token(cases[i].scope, cases[i].key, token), cases[i].token);
}

static void test_tokens_differ(void **state)
{
	static const char *const pairs[][2] = {
		{ "live", "bonus/A/W/bonus" },  { "sandbox", "bonus/A/W/bonus" }, { "rehearsal", "bonus/A/W/bonus" },
		{ "live", "bonus/A/W/bonus2" }, { "live", "bonus/A/W/week" },     { "live", "decision/A" },
		{ "live", "qualify/A/W/1" },    { "live", "qualify/A/W/11" },     { "livebonus", "/A/W/bonus" },
		{ "live", "bonus/A/W2/bonus" }, { "live", "bonus/A2/W/bonus" },   { "", "livebonus/A/W/bonus" },
	};
	enum { COUNT = sizeof(pairs) / sizeof(pairs[0]) };
	char tokens[COUNT][DIGEST_BASE32_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		assert_non_null(op_token(pairs[i][0], pairs[i][1], tokens[i]));
		assert_int_equal(strlen(tokens[i]), 52);
		assert_int_equal(strspn(tokens[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 52);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(tokens[i], tokens[j]);
	}
}

static void test_finished(void **state)
{
	struct op op = { .key = strdup("k"), .token = strdup("t"), .why = strdup("w"), .text = strdup("x") };

	(void)state;
	op_finish(&op);
	assert_null(op.key);
	assert_null(op.why);
	op_finish(&op);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_rubbish),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_rounds_are_no_purposes),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_keys_of_notifications),
		cmocka_unit_test(test_tokens_are_for_ever),
		cmocka_unit_test(test_tokens_differ),
		cmocka_unit_test(test_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
