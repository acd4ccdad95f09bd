/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "react.h"

#define RETRIES 3
#define JUDGEMENTS (JUDGED_PERSON + 1)

static const struct react_options options = { .retries = RETRIES, .retry_interval_ms = 1000 };

enum pace { SETTLED, AT_ONCE, SHORTLY, BACKOFF, NOT_YET, CONFIRM };

/* The whole table once more, written from the rules of money and not from the code. Of doubtful money, another
 * column. */
static const struct expectation {
	enum judged verdict;
	enum op_state certain, doubtful, doubtful_money;
	enum pace pace;
	bool look;
	enum pause_cause pause;
} expectations[] = {
	{ JUDGED_DONE, OP_DONE, OP_DONE, OP_DONE, SETTLED, false, PAUSE_NONE },
	{ JUDGED_ACCEPTED, OP_ACCEPTED, OP_ACCEPTED, OP_ACCEPTED, CONFIRM, true, PAUSE_NONE },
	{ JUDGED_NOTHING, OP_QUEUED, OP_QUEUED, OP_QUEUED, BACKOFF, false, PAUSE_NONE },
	{ JUDGED_AGAIN, OP_QUEUED, OP_UNSURE, OP_UNSURE, BACKOFF, false, PAUSE_NONE },
	{ JUDGED_THROTTLED, OP_QUEUED, OP_UNSURE, OP_UNSURE, SHORTLY, false, PAUSE_NONE },
	{ JUDGED_UNKNOWN, OP_UNSURE, OP_UNSURE, OP_UNSURE, BACKOFF, false, PAUSE_NONE },
	{ JUDGED_LOOK, OP_UNSURE, OP_UNSURE, OP_UNSURE, AT_ONCE, true, PAUSE_NONE },
	{ JUDGED_NOT_YET, OP_PLANNED, OP_UNSURE, OP_UNSURE, NOT_YET, false, PAUSE_NONE },
	{ JUDGED_NO_FUNDS, OP_QUEUED, OP_UNSURE, OP_UNSURE, AT_ONCE, false, PAUSE_FUNDS },
	{ JUDGED_NO_ACCESS, OP_QUEUED, OP_UNSURE, OP_UNSURE, AT_ONCE, false, PAUSE_ACCESS },
	{ JUDGED_CLOCK, OP_QUEUED, OP_UNSURE, OP_UNSURE, SHORTLY, false, PAUSE_NONE },
	{ JUDGED_REFUSED, OP_FAILED, OP_FAILED, OP_HELD, SETTLED, false, PAUSE_NONE },
	{ JUDGED_PERSON, OP_HELD, OP_HELD, OP_HELD, SETTLED, false, PAUSE_NONE },
};

static struct reaction react_to(enum judged verdict, enum op_kind kind, bool doubtful, int64_t attempts, double chance)
{
	const struct op op = { .kind = kind, .state = OP_SENDING, .doubtful = doubtful, .attempts = attempts };
	const struct judgement judgement = { .verdict = verdict };
	struct reaction out;

	react(&op, &judgement, &options, chance, &out);
	return out;
}

static bool is_paced(int64_t delay_ms, enum pace pace)
{
	static const struct {
		int64_t least, most;
	} spans[] = {
		[SETTLED] = { -1, -1 },  [AT_ONCE] = { 0, 0 },         [SHORTLY] = { 1, 1000 },
		[BACKOFF] = { 1, 1000 }, [NOT_YET] = { 15000, 15000 }, [CONFIRM] = { 10000, 10000 },
	};

	return delay_ms >= spans[pace].least && delay_ms <= spans[pace].most;
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(sizeof(expectations) / sizeof(expectations[0]), JUDGEMENTS);
	for (size_t i = 0; i < JUDGEMENTS; i++) {
		const struct expectation *expected = &expectations[i];

		for (int kind = 0; kind < OP_KINDS; kind++) {
			struct reaction certain = react_to(expected->verdict, (enum op_kind)kind, false, 1, 0.5);
			struct reaction doubtful = react_to(expected->verdict, (enum op_kind)kind, true, 1, 0.5);

			assert_int_equal(certain.to, expected->certain);
			/* A notification is as dear as money: it cannot be repeated either. */
			assert_int_equal(doubtful.to,
					 op_may_be_repeated((enum op_kind)kind) ? expected->doubtful
										: expected->doubtful_money);
			assert_true(is_paced(certain.delay_ms, expected->pace));
			assert_true(is_paced(doubtful.delay_ms, expected->pace));
			assert_int_equal(certain.look, expected->look);
			assert_int_equal(certain.pause, expected->pause);
			assert_int_equal(doubtful.pause, expected->pause);
		}
	}
}

/* Rule of money 2, whatever the table says otherwise. */
static void test_doubt_stays(void **state)
{
	(void)state;
	for (int verdict = 0; verdict < JUDGEMENTS; verdict++) {
		for (int kind = 0; kind < OP_KINDS; kind++) {
			struct reaction reaction = react_to((enum judged)verdict, (enum op_kind)kind, true, 5, 0.5);

			if (verdict != JUDGED_NOTHING) {
				assert_int_not_equal(reaction.to, OP_QUEUED);
				assert_int_not_equal(reaction.to, OP_PLANNED);
			}
			if (op_moves_money((enum op_kind)kind))
				assert_int_not_equal(reaction.to, OP_FAILED);
		}
	}
}

/* What react() says must be a move that the table of states has, from wherever an answer can come. */
static void test_moves_exist(void **state)
{
	(void)state;
	for (int verdict = 0; verdict < JUDGEMENTS; verdict++) {
		for (int kind = 0; kind < OP_KINDS; kind++) {
			for (int doubtful = 0; doubtful < 2; doubtful++) {
				struct reaction reaction =
					react_to((enum judged)verdict, (enum op_kind)kind, doubtful, 1, 0);

				if (!op_may_move(OP_SENDING, reaction.to))
					fail_msg("sending to %s", op_state_name(reaction.to));
				/* Read back: unsure operations are doubtful. */
				if (doubtful && verdict != JUDGED_ACCEPTED && reaction.to != OP_UNSURE &&
				    !op_may_move(OP_UNSURE, reaction.to))
					fail_msg("unsure to %s", op_state_name(reaction.to));
			}
		}
	}
}

/* An accepted operation was taken: what goes wrong while it is confirmed never makes it be sent again. */
static void test_accepted_is_only_read(void **state)
{
	(void)state;
	for (int verdict = 0; verdict < JUDGEMENTS; verdict++) {
		const struct op op = { .kind = OP_BONUS, .state = OP_ACCEPTED, .attempts = 1 };
		const struct judgement judgement = { .verdict = (enum judged)verdict };
		struct reaction reaction;

		react(&op, &judgement, &options, 0.5, &reaction);
		if (reaction.to != OP_ACCEPTED && !op_may_move(OP_ACCEPTED, reaction.to))
			fail_msg("judgement %d moves accepted to %s", verdict, op_state_name(reaction.to));
	}
}

static void test_settled_is_not_scheduled(void **state)
{
	(void)state;
	for (int verdict = 0; verdict < JUDGEMENTS; verdict++) {
		for (int doubtful = 0; doubtful < 2; doubtful++) {
			struct reaction reaction = react_to((enum judged)verdict, OP_BONUS, doubtful, 1, 0.9);

			assert_int_equal(op_is_settled(reaction.to), reaction.delay_ms < 0);
		}
	}
}

static void test_backoff(void **state)
{
	static const struct {
		int64_t attempts;
		double chance;
		int64_t delay_ms;
	} cases[] = {
		{ 1, 0.0, 1 },
		{ 1, 0.5, 500 },
		{ 2, 0.5, 1000 },
		{ 3, 0.5, 2000 },
		/* All quick repetitions are used up. */
		{ RETRIES + 1, 0.0, REACT_SLOW_MS / 2 },
		{ RETRIES + 1, 0.5, REACT_SLOW_MS * 3 / 4 },
		{ 1000000, 0.5, REACT_SLOW_MS * 3 / 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reaction reaction =
			react_to(JUDGED_UNKNOWN, OP_BONUS, false, cases[i].attempts, cases[i].chance);

		assert_int_equal(reaction.delay_ms, cases[i].delay_ms);
	}
}

/* The lists say submitted and the payment says unknown, again and again: a person looks. */
static void test_not_yet_for_ever(void **state)
{
	(void)state;
	for (int doubtful = 0; doubtful < 2; doubtful++) {
		struct reaction reaction = react_to(JUDGED_NOT_YET, OP_BONUS, doubtful, RETRIES + 1, 0.5);

		assert_int_equal(reaction.to, OP_HELD);
		assert_int_equal(reaction.delay_ms, -1);
		assert_int_equal(reaction.pause, PAUSE_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_doubt_stays),
		cmocka_unit_test(test_moves_exist),
		cmocka_unit_test(test_settled_is_not_scheduled),
		cmocka_unit_test(test_accepted_is_only_read),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_not_yet_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
