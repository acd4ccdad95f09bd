/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan_params.h"
#include "protocol.h"

static char default_reason[] = "Thank you";
static char default_type[] = "3NGMTQUALTYPE00001";

static const struct config plain = { .default_integer_value = 1 };
static const struct config defaults = { .default_integer_value = 7,
					.default_send_notification = true,
					.default_reason = default_reason,
					.default_qualification_type_id = default_type };

static struct json_object *parse(const char *text)
{
	struct err err;
	struct json_object *params = json_parse(text, strlen(text), &err);

	if (!params)
		fail_msg("%s: %s", text, err.message);
	return params;
}

/* The qualification type that somebody selected. */
static const char *selected;

static int read_params(struct plan_params *out, const char *text, const struct config *config, struct err *err)
{
	struct json_object *params = parse(text);
	int result;

	*err = (struct err){ 0 };
	result = plan_params_read(out, params, config, selected, err);
	json_object_put(params);
	return result;
}

static void accept(struct plan_params *out, const char *text, const struct config *config)
{
	struct err err;

	if (read_params(out, text, config, &err) < 0)
		fail_msg("%s: %s", text, err.message);
}

static void expect_text(const char *text, const char *expected)
{
	assert_true(!text == !expected);
	if (expected)
		assert_string_equal(text, expected);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *text;
		unsigned wants;
	} cases[] = {
		{ "{\"do\": [\"approve\"]}", 1U << OP_APPROVE },
		{ "{\"do\": [\"reject\"]}", 1U << OP_REJECT },
		{ "{\"do\": [\"bonus\", \"approve\"]}", 1U << OP_BONUS | 1U << OP_APPROVE },
		{ "{\"do\": [\"qualify\", \"qualify\"]}", 1U << OP_QUALIFY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_params params;
		unsigned wants = 0;

		accept(&params, cases[i].text, &plain);
		for (unsigned kind = 0; kind < OP_KINDS; kind++)
			wants |= (unsigned)params.wants[kind] << kind;
		assert_int_equal(wants, cases[i].wants);
		plan_params_finish(&params);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "{}", "\"do\" must name" },
		{ "{\"do\": []}", "\"do\" must name" },
		{ "{\"do\": \"approve\"}", "\"do\" must name" },
		{ "{\"do\": [\"pay\"]}", "not pay" },
		{ "{\"do\": [\"approve\", 3]}", "not 3" },
		{ "{\"do\": [null]}", "\"do\" knows" },
		{ "{\"do\": [\"bonus\"], \"reason\": \"a\\u0001b\"}", "reason has a control character (code 1)" },
		{ "{\"do\": [\"reject\"], \"feedback\": \"a\\u001f\"}", "feedback has a control character (code 31)" },
		{ "{\"do\": [\"bonus\"], \"purpose\": \"two words\"}", "purpose \"two words\" is not a name" },
		{ "{\"do\": [\"bonus\"], \"purpose\": \"a/b\"}", "purpose \"a/b\" is not a name" },
		{ "{\"do\": [\"qualify\"], \"qualification_type_id\": \"nope!\"}",
		  "not the id of a qualification type" },
		{ "{\"do\": [\"qualify\"], \"integer_value\": -1}", "integer value -1" },
		{ "{\"do\": [\"qualify\"], \"integer_value\": 2147483648}", "integer value 2147483648" },
		{ "{\"do\": [\"approve\"], \"select\": []}", "\"select\" must be an object" },
		{ "{\"do\": [\"approve\"], \"select\": null}", "\"select\" must be an object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_params params;
		struct err err;

		if (read_params(&params, cases[i].text, &plain, &err) == 0)
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.message, cases[i].message))
			fail_msg("%s: %s", cases[i].text, err.message);
	}
}

static void test_long_texts(void **state)
{
	char text[3000], word[1100 * 2 + 1];
	struct plan_params params;
	struct err err;

	(void)state;
	/* 1024 characters of two bytes each fit; one more does not. */
	for (int i = 0; i < 1025; i++)
		memcpy(word + 2 * i, "\xc3\xa4", 2);
	word[2 * 1024] = '\0';
	(void)snprintf(text, sizeof(text), "{\"do\": [\"bonus\"], \"reason\": \"%s\"}", word);
	accept(&params, text, &plain);
	assert_int_equal(strlen(params.reason), 2048);
	plan_params_finish(&params);
	memcpy(word + 2 * 1024, "\xc3\xa4", 3);
	(void)snprintf(text, sizeof(text), "{\"do\": [\"bonus\"], \"reason\": \"%s\"}", word);
	assert_int_equal(read_params(&params, text, &plain, &err), -1);
	assert_non_null(strstr(err.message, "more than 1024 characters"));
	memset(word, 'p', 65);
	word[65] = '\0';
	(void)snprintf(text, sizeof(text), "{\"do\": [\"bonus\"], \"purpose\": \"%s\"}", word);
	assert_int_equal(read_params(&params, text, &plain, &err), -1);
	word[64] = '\0';
	(void)snprintf(text, sizeof(text), "{\"do\": [\"bonus\"], \"purpose\": \"%s\"}", word);
	accept(&params, text, &plain);
	expect_text(params.purpose, word);
	plan_params_finish(&params);
}

static void test_defaults(void **state)
{
	struct plan_params params;

	(void)state;
	accept(&params, "{\"do\": [\"bonus\", \"qualify\"]}", &defaults);
	expect_text(params.reason, "Thank you");
	expect_text(params.feedback, NULL);
	expect_text(params.purpose, "bonus");
	expect_text(params.qualification_type_id, NULL);
	expect_text(params.default_type_id, "3NGMTQUALTYPE00001");
	expect_text(params.digest, NULL);
	assert_int_equal(params.integer_value, 7);
	assert_true(params.send_notification);
	assert_false(params.has_selection);
	assert_false(params.wants_items);
	assert_int_equal(params.items_limit, PROTOCOL_PAGE_MAX);
	plan_params_finish(&params);
	accept(&params,
	       "{\"do\": [\"bonus\"], \"reason\": \"Well\\tdone\\n\", \"purpose\": \"week-2\", \"send_notification\": "
	       "false,"
	       " \"integer_value\": 0, \"digest\": \"00ff\", \"qualification_type_id\": \"3OTHER\"}",
	       &defaults);
	expect_text(params.reason, "Well\tdone\n");
	expect_text(params.purpose, "week-2");
	expect_text(params.qualification_type_id, "3OTHER");
	expect_text(params.digest, "00ff");
	assert_int_equal(params.integer_value, 0);
	assert_false(params.send_notification);
	plan_params_finish(&params);
}

/* The selected qualification type goes before the configured one; neither is what the command names. */
static void test_selected_type(void **state)
{
	struct plan_params params;
	struct err err;

	(void)state;
	selected = "3NGMTSELECTED1";
	accept(&params, "{\"do\": [\"qualify\"], \"qualification_type_id\": \"3OTHER\"}", &defaults);
	expect_text(params.qualification_type_id, "3OTHER");
	expect_text(params.default_type_id, "3NGMTSELECTED1");
	plan_params_finish(&params);
	accept(&params, "{\"do\": [\"qualify\"]}", &plain);
	expect_text(params.qualification_type_id, NULL);
	expect_text(params.default_type_id, "3NGMTSELECTED1");
	plan_params_finish(&params);
	selected = "not an id";
	assert_int_equal(read_params(&params, "{\"do\": [\"qualify\"]}", &plain, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	accept(&params, "{\"do\": [\"approve\"]}", &plain);
	plan_params_finish(&params);
	selected = NULL;
}

static void test_empty_purpose(void **state)
{
	struct plan_params params;
	struct err err;

	(void)state;
	/* Nobody named one: either the default or a refusal, never a crash. */
	if (read_params(&params, "{\"do\": [\"bonus\"], \"purpose\": \"\"}", &plain, &err) == 0) {
		expect_text(params.purpose, "bonus");
		plan_params_finish(&params);
	} else {
		assert_int_equal(err.code, ERR_USAGE);
	}
}

static void test_selection(void **state)
{
	struct plan_params params;

	(void)state;
	accept(&params,
	       "{\"do\": [\"approve\"], \"select\": {\"room\": \"room12\", \"game\": \"ultimatum\", \"hit\": \"3HIT\","
	       " \"assignment\": [\"3A\", \"3B\"], \"worker\": \"A1\"}}",
	       &plain);
	assert_true(params.has_selection);
	expect_text(params.room, "room12");
	expect_text(params.game, "ultimatum");
	expect_text(params.hit, "3HIT");
	expect_text(params.assignments, "[\"3A\",\"3B\"]");
	expect_text(params.workers, "[\"A1\"]");
	plan_params_finish(&params);
	accept(&params, "{\"do\": [\"approve\"], \"select\": {\"assignment\": []}}", &plain);
	assert_true(params.has_selection);
	plan_params_finish(&params);
}

/* A selector that is misspelt, empty or of the wrong type must not silently mean the whole working set. */
static void test_void_selection(void **state)
{
	static const char *const cases[] = {
		"{\"do\": [\"bonus\"], \"select\": {\"room\": \"\"}}",
		"{\"do\": [\"bonus\"], \"select\": {\"room\": 12}}",
		"{\"do\": [\"bonus\"], \"select\": {\"romo\": \"room12\"}}",
		"{\"do\": [\"bonus\"], \"select\": {\"assignment\": 12}}",
		"{\"do\": [\"bonus\"], \"select\": {\"worker\": {}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_params params;
		struct err err;

		if (read_params(&params, cases[i], &plain, &err) < 0)
			continue;
		if (!params.has_selection)
			fail_msg("selects the whole working set: %s", cases[i]);
		plan_params_finish(&params);
	}
}

static void test_items(void **state)
{
	static const struct {
		const char *items;
		int64_t offset, limit;
	} cases[] = {
		{ "{}", 0, PROTOCOL_PAGE_MAX },
		{ "{\"offset\": 5, \"limit\": 10}", 5, 10 },
		{ "{\"offset\": -5, \"limit\": 0}", 0, PROTOCOL_PAGE_MAX },
		{ "{\"limit\": 1001}", 0, PROTOCOL_PAGE_MAX },
		{ "{\"limit\": -3}", 0, PROTOCOL_PAGE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_params params;
		char text[200];

		(void)snprintf(text, sizeof(text), "{\"do\": [\"approve\"], \"items\": %s}", cases[i].items);
		accept(&params, text, &plain);
		assert_true(params.wants_items);
		assert_int_equal(params.items_offset, cases[i].offset);
		assert_int_equal(params.items_limit, cases[i].limit);
		plan_params_finish(&params);
	}
}

static void test_described(void **state)
{
	struct plan_params params;
	char *text;

	(void)state;
	accept(&params,
	       "{\"do\": [\"bonus\", \"approve\"], \"reason\": \"Thanks\", \"select\": {\"room\": \"room12\"}}",
	       &plain);
	text = plan_params_describe(&params);
	expect_text(text, "approve, bonus reason=\"Thanks\" purpose=\"bonus\" room=\"room12\"");
	free(text);
	plan_params_finish(&params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),          cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_texts),     cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_selected_type),
		cmocka_unit_test(test_empty_purpose),  cmocka_unit_test(test_selection),
		cmocka_unit_test(test_void_selection), cmocka_unit_test(test_items),
		cmocka_unit_test(test_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
