/* SPDX-License-Identifier: MIT
 *
 * The params of errands: what each takes, and that nothing else passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "errand_params.h"
#include "platform.h"

#define W1 "A1NGMT0000001X"
#define W2 "A1NGMT0000002X"
#define H1 "3NGMTHIT00001"

static int read_params(struct errand_params *out, const char *text, struct err *err)
{
	struct json_object *params = json_parse(text, strlen(text), err);
	int result;

	if (!params)
		fail_msg("%s: %s", text, err->message);
	result = errand_params_read(out, params, err);
	json_object_put(params);
	return result;
}

static void accept(struct errand_params *out, const char *text)
{
	struct err err;

	if (read_params(out, text, &err) < 0)
		fail_msg("%s: %s", text, err.message);
}

static void test_create_hit(void **state)
{
	struct errand_params params;

	(void)state;
	accept(&params, "{\"errand\":\"create-hit\",\"hit\":{\"title\":\"x\"},\"rounds\":true,\"purpose\":\"two\","
			"\"digest\":\"0123456789abcdef\",\"command\":\"ngmtctl hit create x\"}");
	assert_int_equal(params.errand, ERRAND_CREATE_HIT);
	assert_true(params.has_rounds);
	assert_string_equal(params.purpose, "two");
	assert_string_equal(params.digest, "0123456789abcdef");
	assert_true(json_has(params.hit, "title"));
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"create-hit\",\"hit\":{},\"purpose\":null,\"rounds\":null}");
	assert_null(params.purpose);
	assert_false(params.has_rounds);
	errand_params_finish(&params);
}

static void test_changes(void **state)
{
	struct errand_params params;

	(void)state;
	accept(&params, "{\"errand\":\"extend-hit\",\"assignments\":3}");
	assert_null(params.hit_id);
	assert_int_equal(params.assignments, 3);
	assert_int_equal(params.time_s, 0);
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"extend-hit\",\"hit_id\":\"" H1 "\",\"time_s\":60}");
	assert_string_equal(params.hit_id, H1);
	assert_int_equal(params.time_s, 60);
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"expire-hit\"}");
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"delete-hit\",\"hit_id\":\"" H1 "\"}");
	errand_params_finish(&params);
}

static void test_people(void **state)
{
	struct errand_params params;

	(void)state;
	accept(&params, "{\"errand\":\"grant\",\"workers\":[\"" W1 "\",\"" W2 "\"],\"integer_value\":0,"
			"\"send_notification\":false}");
	assert_int_equal(json_object_array_length(params.workers), 2);
	assert_true(params.has_integer_value);
	assert_int_equal(params.integer_value, 0);
	assert_true(params.has_send_notification);
	assert_false(params.send_notification);
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"revoke\",\"workers\":[\"" W1 "\"],\"reason\":\"\"}");
	assert_false(params.has_integer_value);
	assert_null(params.reason);
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"block\",\"workers\":[\"x\"],\"reason\":\"spam\"}");
	assert_string_equal(params.reason, "spam");
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"unblock\",\"workers\":[\"" W1 "\"]}");
	errand_params_finish(&params);
	accept(&params, "{\"errand\":\"create-qualification\",\"name\":\"Was there\",\"description\":\"d\"}");
	assert_string_equal(params.name, "Was there");
	errand_params_finish(&params);
}

static void test_bad(void **state)
{
	static const struct {
		const char *params;
		const char *message;
		const char *hint;
	} cases[] = {
		{ "{}",
		  "\"errand\" must say which: create-hit, extend-hit, expire-hit, delete-hit, create-qualification, "
		  "grant, revoke, block or unblock",
		  "" },
		{ "{\"errand\":\"creat-hit\"}", "there is no errand \"creat-hit\"", "did you mean \"create-hit\"?" },
		{ "{\"errand\":\"pay\"}", "there is no errand \"pay\"", "" },
		{ "{\"errand\":\"create-hit\"}", "\"hit\" is missing", "" },
		{ "{\"errand\":\"create-hit\",\"hit\":{},\"round\":true}", "unknown member \"round\"",
		  "did you mean \"rounds\"?" },
		{ "{\"errand\":\"create-hit\",\"hit\":{},\"rounds\":1}", "\"rounds\" must be true or false", "" },
		{ "{\"errand\":\"create-hit\",\"hit\":{},\"purpose\":\"a/b\"}", "the purpose \"a/b\" is not a name",
		  "use up to 64 letters, digits, points, dashes and underscores" },
		{ "{\"errand\":\"expire-hit\",\"time_s\":5}", "unknown member \"time_s\"", "" },
		{ "{\"errand\":\"extend-hit\"}", "\"extend-hit\" needs \"assignments\", \"time_s\" or both", "" },
		{ "{\"errand\":\"extend-hit\",\"assignments\":0}",
		  "\"assignments\" is 0, which is not from 1 to 1000000000", "" },
		{ "{\"errand\":\"extend-hit\",\"time_s\":-60}", "\"time_s\" is -60, which is not from 1 to 31536000",
		  "" },
		{ "{\"errand\":\"extend-hit\",\"time_s\":60,\"hit_id\":\"a b\"}", "\"a b\" is not the id of a HIT",
		  "" },
		{ "{\"errand\":\"delete-hit\"}", "\"hit_id\" is missing", "" },
		{ "{\"errand\":\"block\",\"workers\":[\"" W1 "\"]}", "\"reason\" is missing", "" },
		{ "{\"errand\":\"block\",\"workers\":[\"" W1 "\"],\"reason\":\" \"}", "\"reason\" is empty", "" },
		{ "{\"errand\":\"unblock\",\"workers\":[]}", "\"workers\" is empty", "" },
		{ "{\"errand\":\"unblock\",\"workers\":\"" W1 "\"}", "\"workers\" must be a list", "" },
		{ "{\"errand\":\"unblock\",\"workers\":[\"" W1 "\",5]}",
		  "\"workers\" must be a list of ids; number 2 is none", "" },
		{ "{\"errand\":\"unblock\",\"workers\":[\"\"]}",
		  "\"workers\" must be a list of ids; number 1 is none", "" },
		{ "{\"errand\":\"grant\",\"workers\":[\"" W1 "\"],\"integer_value\":2147483648}",
		  "\"integer_value\" is 2147483648, which is not from 0 to 2147483647", "" },
		{ "{\"errand\":\"grant\",\"workers\":[\"" W1 "\"],\"qualification_type_id\":\"é\"}",
		  "\"é\" is not the id of a qualification type", "" },
		{ "{\"errand\":\"create-qualification\",\"name\":\"\"}", "\"name\" is empty", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_params params;
		struct err err;

		if (read_params(&params, cases[i].params, &err) == 0)
			fail_msg("taken: %s", cases[i].params);
		assert_string_equal(err.message, cases[i].message);
		assert_string_equal(err.hint, cases[i].hint);
		assert_int_equal(err.code, ERR_USAGE);
	}
}

static void test_names(void **state)
{
	static const char *const names[ERRANDS] = { "create-hit", "extend-hit", "expire-hit", "delete-hit",
						    "create-qualification", "grant", "revoke", "block", "unblock" };

	(void)state;
	for (int i = 0; i < ERRANDS; i++) {
		assert_string_equal(errand_name((enum errand)i), names[i]);
		assert_true(errand_capability((enum errand)i) != 0);
		assert_int_equal(errand_changes_hit((enum errand)i), i >= ERRAND_EXTEND_HIT && i <= ERRAND_DELETE_HIT);
		assert_int_equal(errand_is_divisible((enum errand)i), i >= ERRAND_GRANT);
	}
	assert_int_equal(errand_capability(ERRAND_BLOCK), PLATFORM_BLOCKS);
	assert_int_equal(errand_capability(ERRAND_GRANT), PLATFORM_QUALIFIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_hit), cmocka_unit_test(test_changes), cmocka_unit_test(test_people),
		cmocka_unit_test(test_bad),	   cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
