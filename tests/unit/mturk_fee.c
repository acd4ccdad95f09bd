/* SPDX-License-Identifier: MIT
 *
 * MTurk's fees and the life of its tokens. Sources: pricing page since 2015-07-21, developer guide "Use request
 * tokens".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "money.h"
#include "mturk.h"

#define MONEY_LARGE MONEY_MAX_CENTS

static void test_fees(void **state)
{
	static const struct {
		enum op_kind kind;
		int64_t amount, assignments, fee;
	} cases[] = {
		/* 20 %, half a cent up, at least a cent */
		{ OP_BONUS, 100, 0, 20 },
		{ OP_BONUS, 250, 0, 50 },
		{ OP_BONUS, 1, 0, 1 },
		{ OP_BONUS, 2, 0, 1 },
		{ OP_BONUS, 5, 0, 1 },
		{ OP_BONUS, 7, 0, 1 },
		{ OP_BONUS, 8, 0, 2 },
		{ OP_BONUS, 52, 0, 10 },
		{ OP_BONUS, 53, 0, 11 },
		{ OP_BONUS, 1000, 500, 200 },
		{ OP_BONUS, 0, 0, 0 },
		{ OP_BONUS, -5, 0, 0 },
		/* rewards of HITs with ten and more assignments: 40 % */
		{ OP_APPROVE, 100, 9, 20 },
		{ OP_APPROVE, 100, 10, 40 },
		{ OP_APPROVE, 1, 9, 1 },
		{ OP_APPROVE, 1, 100, 1 },
		{ OP_APPROVE, 4, 10, 2 },
		{ OP_APPROVE, 0, 10, 0 },
		{ OP_CREATE_HIT, 100, 9, 20 },
		{ OP_CREATE_HIT, 100, 10, 40 },
		{ OP_EXTEND_HIT, 100, 9, 20 },
		{ OP_EXTEND_HIT, 100, 10, 40 },
		{ OP_EXPIRE_HIT, 100, 10, 0 },
		/* nothing is paid */
		{ OP_REJECT, 100, 10, 0 },
		{ OP_QUALIFY, 100, 10, 0 },
		/* the largest amount there is */
		{ OP_APPROVE, MONEY_LARGE, 10, MONEY_LARGE / 100 * 40 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (mturk_fee(cases[i].kind, cases[i].amount, cases[i].assignments) != cases[i].fee)
			fail_msg("case %zu: %lld", i,
				 (long long)mturk_fee(cases[i].kind, cases[i].amount, cases[i].assignments));
}

static struct platform *make_platform(struct config *config)
{
	static char region[] = "us-east-1", url[] = "http://127.0.0.1:9/";
	struct platform *platform;
	struct err err;

	*config = (struct config){ .region = region, .endpoint = url, .sandbox = true };
	platform = mturk_new(config, &err);
	if (!platform)
		fail_msg("%s", err.message);
	return platform;
}

static void test_doubt(void **state)
{
	static const struct {
		enum op_kind kind;
		int64_t age_s;
		enum doubt doubt;
	} cases[] = {
		{ OP_BONUS, 0, DOUBT_RESEND },
		{ OP_BONUS, 23 * 3600 - 1, DOUBT_RESEND },
		{ OP_BONUS, 23 * 3600, DOUBT_READ_BACK },
		{ OP_BONUS, 24 * 3600, DOUBT_READ_BACK },
		{ OP_BONUS, INT64_MAX, DOUBT_READ_BACK },
		/* The clock was set back: who knows how old it is. */
		{ OP_BONUS, -1, DOUBT_READ_BACK },
		{ OP_APPROVE, 90 * 3600, DOUBT_RESEND },
		{ OP_REJECT, -1, DOUBT_RESEND },
		{ OP_QUALIFY, 90 * 3600, DOUBT_RESEND },
		{ OP_NOTIFY, 0, DOUBT_PERSON },
		/* A HIT that nobody asked for costs as much as a bonus: no list tells which request made it. */
		{ OP_CREATE_HIT, 0, DOUBT_RESEND },
		{ OP_CREATE_HIT, 23 * 3600 - 1, DOUBT_RESEND },
		{ OP_CREATE_HIT, 23 * 3600, DOUBT_PERSON },
		{ OP_CREATE_HIT, -1, DOUBT_PERSON },
		{ OP_EXTEND_HIT, 23 * 3600 - 1, DOUBT_RESEND },
		{ OP_EXTEND_HIT, INT64_MAX, DOUBT_PERSON },
		{ OP_EXPIRE_HIT, 90 * 3600, DOUBT_RESEND },
		{ OP_DELETE_HIT, 90 * 3600, DOUBT_RESEND },
		{ OP_CREATE_TYPE, 90 * 3600, DOUBT_RESEND },
		{ OP_REVOKE, 90 * 3600, DOUBT_RESEND },
		{ OP_BLOCK, -1, DOUBT_RESEND },
		{ OP_UNBLOCK, 90 * 3600, DOUBT_RESEND },
	};
	struct config config;
	struct platform *platform = make_platform(&config);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct op op = { .kind = cases[i].kind };

		assert_int_equal(platform->class->doubt(&op, cases[i].age_s), cases[i].doubt);
	}
	assert_true(platform->class->fee_minor == mturk_fee);
	assert_string_equal(platform->class->currency, "USD");
	platform->class->free(platform);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fees), cmocka_unit_test(test_doubt) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
