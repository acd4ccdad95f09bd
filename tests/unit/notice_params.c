/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notice_params.h"

/* five letters of two bytes */
#define AE5 "\303\244\303\244\303\244\303\244\303\244"
#define GOOD "\"subject\":\"Hello\",\"text\":\"You are invited\""

static const struct platform_message limits = { .workers_max = 3, .subject_max = 10, .text_max = 20 };

static int read_params(const char *text, struct notice_params *out, struct err *err)
{
	struct err parse;
	struct json_object *params = json_parse(text, strlen(text), &parse);
	int result;

	if (!params)
		fail_msg("%s: %s", text, parse.message);
	result = notice_params_read(out, params, &limits, err);
	json_object_put(params);
	return result;
}

static void test_good(void **state)
{
	static const struct {
		const char *params, *described;
	} cases[] = {
		{ "{" GOOD "}", "notify subject=\"Hello\"" },
		{ "{" GOOD ",\"workers\":[\"A1\",\"bad id\"]}", "notify subject=\"Hello\" workers=2" },
		{ "{" GOOD ",\"select\":{\"room\":\"room000061\"}}", "notify subject=\"Hello\" room=\"room000061\"" },
		{ "{" GOOD ",\"select\":{\"hit\":\"3H\"},\"digest\":\"0123\"}", "notify subject=\"Hello\" hit=\"3H\"" },
		{ "{\"subject\":\"" AE5 AE5 "\",\"text\":\"a\\tb\\r\\nc\"}", "notify subject=\"" AE5 AE5 "\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct notice_params params;
		struct err err;
		char *described;

		if (read_params(cases[i].params, &params, &err) < 0)
			fail_msg("%s: %s", cases[i].params, err.message);
		described = notice_params_describe(&params);
		assert_string_equal(described, cases[i].described);
		free(described);
		notice_params_finish(&params);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *params, *message;
	} cases[] = {
		{ "{}", "\"subject\" must be a text" },
		{ "{\"subject\":\"Hello\"}", "\"text\" must be a text" },
		{ "{\"subject\":\" \",\"text\":\"t\"}", "\"subject\" must be a text" },
		{ "{\"subject\":\"s\",\"text\":\" \\n\"}", "\"text\" must be a text" },
		{ "{\"subject\":7,\"text\":\"t\"}", "\"subject\" must be a text" },
		{ "{\"subject\":\"12345678901\",\"text\":\"t\"}", "the subject has 11 characters, at most 10" },
		{ "{\"subject\":\"s\",\"text\":\"123456789012345678901\"}", "the text has 21 characters, at most 20" },
		{ "{\"subject\":\"a\\u0007\",\"text\":\"t\"}", "the subject has a control character (code 7)" },
		{ "{\"subject\":\"s\",\"text\":\"a\\u000b\"}", "the text has a control character (code 11)" },
		{ "{\"subject\":\"s\",\"text\":\"a\\u007f\"}", "the text has a control character (code 127)" },
		{ "{\"subject\":\"s\\u0000t\",\"text\":\"t\"}", "\"subject\" must be a text" },
		{ "{" GOOD ",\"workers\":[]}", "\"workers\" must be a list" },
		{ "{" GOOD ",\"workers\":null}", "\"workers\" must be a list" },
		{ "{" GOOD ",\"workers\":\"A1\"}", "\"workers\" must be a list" },
		{ "{" GOOD ",\"workers\":[\"A1\",\"\"]}", "\"workers\" must be a list" },
		{ "{" GOOD ",\"workers\":[\"A1\",7]}", "\"workers\" must be a list" },
		{ "{" GOOD ",\"workers\":[\"A1\\u0000B\"]}", "\"workers\" must be a list" },
		{ "{" GOOD ",\"workers\":[\"A1\"],\"select\":{\"room\":\"r\"}}", "exclude each other" },
		{ "{" GOOD ",\"select\":{}}", "\"select\" takes at least one" },
		{ "{" GOOD ",\"select\":{\"room\":\"\"}}", "must be a text that is not empty" },
		{ "{" GOOD ",\"select\":{\"rooms\":\"r\"}}", "\"select\" takes at least one" },
		{ "{" GOOD ",\"digest\":7}", "\"digest\" must be a text" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct notice_params params;
		struct err err;

		if (read_params(cases[i].params, &params, &err) == 0)
			fail_msg("%s was taken", cases[i].params);
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.message, cases[i].message))
			fail_msg("%s: %s", cases[i].params, err.message);
	}
}

static void test_too_many(void **state)
{
	struct json_object *params = json_object_new_object(), *workers = json_object_new_array();
	struct notice_params out;
	struct err err;

	(void)state;
	json_put_text(params, "subject", "s");
	json_put_text(params, "text", "t");
	for (int i = 0; i < NOTICE_WORKERS_MAX; i++)
		(void)json_object_array_add(workers, json_object_new_string("A1"));
	json_put_value(params, "workers", json_object_get(workers));
	assert_int_equal(notice_params_read(&out, params, &limits, &err), 0);
	notice_params_finish(&out);
	(void)json_object_array_add(workers, json_object_new_string("A1"));
	assert_int_equal(notice_params_read(&out, params, &limits, &err), -1);
	assert_non_null(strstr(err.message, "10001 workers are too many"));
	json_object_put(workers);
	json_object_put(params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
