/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fault.h"

static int set_rules(struct faults *faults, const char *text, struct err *err)
{
	struct json_object *list = json_parse(text, strlen(text), err);
	int result = faults_set(faults, list, err);

	json_object_put(list);
	return result;
}

static const struct fault *match(struct faults *faults, const char *operation, const char *body)
{
	return faults_match(faults, operation, body, strlen(body));
}

static void after_and_count(void **state)
{
	struct faults faults = { .count = 0 };
	unsigned fired = 0;

	(void)state;
	assert_int_equal(set_rules(&faults,
				   "[{\"operation\":\"SendBonus\",\"kind\":\"freeze\",\"after\":2,"
				   "\"count\":3}]",
				   NULL),
			 0);
	assert_null(match(&faults, "GetHIT", "{}"));
	assert_null(match(&faults, "SendBonus", "{}"));
	assert_null(match(&faults, "SendBonus", "{}"));
	for (int i = 0; i < 10; i++)
		fired += match(&faults, "SendBonus", "{}") != NULL;
	assert_int_equal(fired, 3);
	faults_finish(&faults);
}

static void first_rule_that_fires_wins(void **state)
{
	struct faults faults = { .count = 0 };

	(void)state;
	assert_int_equal(set_rules(&faults,
				   "[{\"kind\":\"empty\",\"contains\":\"A1X\",\"count\":1},"
				   "{\"kind\":\"delay\",\"ms\":5}]",
				   NULL),
			 0);
	assert_string_equal(fault_name(match(&faults, "GetHIT", "{}")), "delay");
	assert_string_equal(fault_name(match(&faults, "GetHIT", "{A1X}")), "empty");
	assert_string_equal(fault_name(match(&faults, "GetHIT", "{A1X}")), "delay");
	faults_finish(&faults);
}

static void chance_is_repeatable(void **state)
{
	static const char rules[] = "[{\"kind\":\"drop-after\",\"probability\":0.05,\"seed\":7}]";
	struct faults faults = { .count = 0 };
	int fired[2] = { 0, 0 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(set_rules(&faults, rules, NULL), 0);
		for (int i = 0; i < 10000; i++)
			fired[round] += match(&faults, "SendBonus", "{}") != NULL;
	}
	assert_in_range(fired[0], 400, 600);
	assert_int_equal(fired[0], fired[1]);
	faults_finish(&faults);
}

static void bad_rules_leave_the_old_ones(void **state)
{
	static const char *const bad[] = {
		"[{\"kind\":\"freese\"}]", "[{}]", "[7]", "[{\"kind\":\"empty\",\"probabilty\":1}]",
		"[{\"kind\":\"status\",\"status\":99}]", "{}",
	};
	struct faults faults = { .count = 0 };
	struct err err = { ERR_NONE, "", "" };

	(void)state;
	assert_int_equal(set_rules(&faults, "[{\"kind\":\"empty\"}]", &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(set_rules(&faults, bad[i], &err), -1);
	assert_int_equal(faults.count, 1);
	assert_int_equal(set_rules(&faults, bad[0], &err), -1);
	assert_string_equal(err.hint, "did you mean \"freeze\"?");
	faults_finish(&faults);
}

static void answers_are_replaced(void **state)
{
	struct faults faults = { .count = 0 };
	struct reply reply = { .status = 200, .body = strdup("{}"), .body_len = 2 };

	(void)state;
	assert_int_equal(set_rules(&faults,
				   "[{\"kind\":\"error\",\"type\":\"RequestError\",\"message\":\"no\","
				   "\"code\":\"AWS.X\",\"ms\":9}]",
				   NULL),
			 0);
	fault_apply(match(&faults, "GetHIT", "{}"), &reply);
	assert_int_equal(reply.status, 400);
	assert_int_equal(reply.delay_ms, 9);
	assert_string_equal(reply.body, "{\"__type\":\"RequestError\",\"Message\":\"no\",\"TurkErrorCode\":\"AWS.X\"}");
	free(reply.body);
	faults_finish(&faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_and_count),
		cmocka_unit_test(first_rule_that_fires_wins),
		cmocka_unit_test(chance_is_repeatable),
		cmocka_unit_test(bad_rules_leave_the_old_ones),
		cmocka_unit_test(answers_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
