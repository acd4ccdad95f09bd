/* SPDX-License-Identifier: MIT
 *
 * Tables, durations, what a terminal must never see, and the exit status of an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output.h"
#include "printable.h"
#include "table.h"

static void test_table(void **state)
{
	struct table *table = table_new("lrl");
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	table_add_text(table, "name");
	table_add_text(table, "n");
	table_add_text(table, "");
	table_add_text(table, "\u00fcber");
	table_add(table, "%d", 1234);
	table_add_text(table, NULL);
	table_add_text(table, "evil\033[31m");
	table_print(table, out, "  ");
	table_free(table);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "  name             n\n"
				  "  \u00fcber          1234  -\n"
				  "  evil\\x1b[31m\n");
	free(text);
}

static void test_duration(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ -1, "0 s" },	  { 0, "0 s" },		 { 59, "59 s" },	  { 60, "1 min 0 s" },
		{ 3599, "59 min 59 s" }, { 3600, "1 h 0 min" }, { 86399, "23 h 59 min" }, { 90000, "1 d 1 h" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(output_duration(cases[i].seconds, text), cases[i].text);
}

static void test_append_cuts_between_characters(void **state)
{
	char text[8] = "abc";

	(void)state;
	output_append(text, sizeof(text), "%s", "de\u00fc\u00fc");
	assert_string_equal(text, "abcde\u00fc");
	output_append(text, sizeof(text), "%s", "more");
	assert_string_equal(text, "abcde\u00fc");
}

static void test_nonsense_numbers_are_absent(void **state)
{
	struct json_object *object = json_object_new_object();

	(void)state;
	json_put_int(object, "huge", INT64_MAX - 1);
	json_put_int(object, "fine", OUTPUT_INT_MAX);
	assert_int_equal(output_int(object, "huge", -7), -7);
	assert_int_equal(output_int(object, "fine", -7), OUTPUT_INT_MAX);
	assert_int_equal(output_int(object, "none", -7), -7);
	assert_int_equal(output_int(NULL, "none", -7), -7);
	json_object_put(object);
}

static char *write_json(const char *json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	printable_write_json(out, json, strlen(json));
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_json_for_terminals_means_the_same(void **state)
{
	static const struct {
		const char *json;
		const char *text;
	} cases[] = {
		{ "\"\u00fc \u20ac\"", "\"\u00fc \u20ac\"" },
		{ "\"a\177b\"", "\"a\\u007fb\"" },
		{ "\"\302\233m\"", "\"\\u009bm\"" },
		{ "\"\u202e\u2066\"", "\"\\u202e\\u2066\"" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = write_json(cases[i].json);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

static void test_every_text_inside_is_cleaned(void **state)
{
	static const char text[] = "{\"a\":[\"\\u001b[1m\",{\"b\":\"x\\u0000y\"}],\"c\":\"plain\",\"d\":null,\"e\":7}";
	struct json_object *value = json_parse(text, sizeof(text) - 1, NULL);

	(void)state;
	assert_non_null(value);
	printable_value(value);
	assert_string_equal(json_text(value, NULL),
			    "{\"a\":[\"\\\\x1b[1m\",{\"b\":\"x\"}],\"c\":\"plain\",\"d\":null,\"e\":7}");
	json_object_put(value);
}

static void test_exit_status_of_errors(void **state)
{
	static const struct {
		enum err_code code;
		const char *refusal;
		int status;
	} cases[] = {
		{ ERR_MONEY_RULE, "{\"data\":{\"name\":\"money-rule\",\"exit_status\":9}}", 5 },
		{ ERR_INTERNAL, "{\"data\":{\"name\":\"from-the-future\",\"exit_status\":6}}", 6 },
		{ ERR_INTERNAL, "{\"data\":{\"name\":\"from-the-future\",\"exit_status\":0}}", 1 },
		{ ERR_INTERNAL, "{\"data\":{\"name\":\"from-the-future\",\"exit_status\":11}}", 1 },
		{ ERR_INTERNAL, "{}", 1 },
		{ ERR_NONE, "{}", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { .code = cases[i].code };
		struct json_object *refusal = json_parse(cases[i].refusal, strlen(cases[i].refusal), NULL);

		assert_non_null(refusal);
		assert_int_equal(output_exit_status(&err, refusal), cases[i].status);
		json_object_put(refusal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_append_cuts_between_characters),
		cmocka_unit_test(test_nonsense_numbers_are_absent),
		cmocka_unit_test(test_json_for_terminals_means_the_same),
		cmocka_unit_test(test_every_text_inside_is_cleaned),
		cmocka_unit_test(test_exit_status_of_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
