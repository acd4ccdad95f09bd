/* SPDX-License-Identifier: MIT
 *
 * What counts as JSON, and what the typed getters take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "json.h"

#define TEXT(text) { text, sizeof(text) - 1 }

struct text {
	const char *text;
	size_t len;
};

static struct json_object *parse(const char *text)
{
	struct err err;
	struct json_object *value = json_parse(text, strlen(text), &err);

	if (!value)
		fail_msg("%s: %s", text, err.message);
	return value;
}

static void test_takes_json(void **state)
{
	static const struct text good[] = {
		TEXT("{}"),
		TEXT("[]"),
		TEXT(" \t\r\n{ \"a\" : [ 1 , -2.5e+3 , true , false , null , \"x\" ] } \r\n"),
		TEXT("0"),
		TEXT("-0"),
		TEXT("-0.0e-0"),
		TEXT("1e5"),
		TEXT("1E+05"),
		TEXT("0.10"),
		TEXT("99999999999999999999"),
		TEXT("1e999"),
		TEXT("true"),
		TEXT("\"\""),
		TEXT("\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9 \\ud83d\\ude00\""),
		TEXT("\"NaN Infinity 'x' // /* 01 1. :\""),
		TEXT("{\"a\":\"\\u0000\"}"),
		TEXT("{\"\\\\u0000\":1}"),
		TEXT("{\"a:\":\":\",\"b\":\"{\\\":\"}"),
		TEXT("[{\"a\":1},{\"a\":2},{\"b\":{\"a\":3}}]"),
		TEXT("{\"\":{\"\":{}}}"),
		TEXT("{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err;
		struct json_object *value = json_parse(good[i].text, good[i].len, &err);

		if (!value)
			fail_msg("%s: %s", good[i].text, err.message);
		json_object_put(value);
	}
}

static const struct text bad[] = {
	TEXT(""),
	TEXT("  "),
	TEXT("null"),
	TEXT("null "),
	TEXT("nul"),
	TEXT("nULL"),
	TEXT("TRUE"),
	TEXT("[tRue]"),
	TEXT("{"),
	TEXT("[1,2"),
	TEXT("{\"a\""),
	TEXT("{\"a\":"),
	TEXT("{\"a\"}"),
	TEXT("{\"a\":}"),
	TEXT("{\"a\":1,}"),
	TEXT("{,}"),
	TEXT("{a:1}"),
	TEXT("{1:1}"),
	TEXT("{'a':1}"),
	TEXT("[1,]"),
	TEXT("[,1]"),
	TEXT("[1 2]"),
	TEXT("[1"),
	TEXT("]"),
	TEXT("{}x"),
	TEXT("{} {}"),
	TEXT("{}\0"),
	TEXT("1 2"),
	TEXT("01"),
	TEXT("-01"),
	TEXT("00"),
	TEXT("1."),
	TEXT(".5"),
	TEXT("+1"),
	TEXT("--1"),
	TEXT("-"),
	TEXT("1e"),
	TEXT("1e+"),
	TEXT("[1.e5]"),
	TEXT("[0x10]"),
	TEXT("1-2"),
	TEXT("NaN"),
	TEXT("[nan]"),
	TEXT("[-NaN]"),
	TEXT("[Infinity]"),
	TEXT("[-Infinity]"),
	TEXT("[inf]"),
	TEXT("\"a"),
	TEXT("\"\\x\""),
	TEXT("\"\\u12\""),
	TEXT("\"\\"),
	TEXT("\"a\nb\""),
	TEXT("\"a\tb\""),
	TEXT("\"a\0b\""),
	TEXT("\v1"),
	TEXT("/* */ 1"),
	TEXT("1 // x"),
	TEXT("\xef\xbb\xbf{}"),
	TEXT("\"\xff\""),
	TEXT("\"\xc0\xaf\""),
	TEXT("\"\xed\xa0\x80\""),
	TEXT("\"\xc3"),
};

static void test_refuses_what_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = { 0 };
		struct json_object *value = json_parse(bad[i].text, bad[i].len, &err);

		if (value || err.code != ERR_FORMAT || err.message[0] == '\0')
			fail_msg("%zu: \"%s\" was taken, or refused without a word", i, bad[i].text);
	}
}

/* The last of two equal keys would win; an attacker shows a person the first. */
static void test_refuses_equal_keys(void **state)
{
	static const char *const texts[] = {
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"a\":1}",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"\":1,\"\":2}",
		"{\"a\":null,\"a\":null}",
		"{\"a\":{\"b\":1},\"a\":{\"c\":2,\"d\":3}}",
		"{\"a\":{\"c\":2,\"d\":3},\"a\":1}",
		"{\"x\":[{\"y\":{\"a\":1,\"b\":2,\"a\":3}}]}",
		"{\"\\/\":1,\"/\":2}",
		"{\"\xc3\xa9\":1,\"\\u00e9\":2}",
		"{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}",
		"{\"\\ud800\":1,\"\\ud801\":2}",
		"{\"a\":\":\",\"b\":\"\\\":\",\"a\":2}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = { 0 };

		if (json_parse(texts[i], strlen(texts[i]), &err))
			fail_msg("%s was taken", texts[i]);
		assert_non_null(strstr(err.message, "same key twice"));
	}
}

/* json-c ends a key at its NUL: WorkerId\u0000x would pass for WorkerId. */
static void test_refuses_nul_in_keys(void **state)
{
	static const char *const texts[] = {
		"{\"WorkerId\\u0000\":\"A\"}",
		"{\"\\u0000\":1}",
		"{\"a\":{\"\\\\\\u0000\" :1}}",
		"{\"x\\u0000y\\n\":1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = { 0 };

		if (json_parse(texts[i], strlen(texts[i]), &err))
			fail_msg("%s was taken", texts[i]);
		assert_non_null(strstr(err.message, "NUL"));
	}
}

/* Each beginning of a value that is longer than a number is refused, and nothing behind `len` is looked at. */
static void test_no_terminator_needed(void **state)
{
	static const char text[] = "{\"a\":[1.5e3,true,null,\"x\\u00e9\\n\"],\"b\":{\"c\":-0.1}}";
	size_t len = sizeof(text) - 1;

	(void)state;
	for (size_t n = 0; n <= len; n++) {
		struct err err;
		char *copy = malloc(n ? n : 1);
		struct json_object *value;

		assert_non_null(copy);
		memcpy(copy, text, n);
		value = json_parse(copy, n, &err);
		assert_true((value != NULL) == (n == len));
		json_object_put(value);
		free(copy);
	}
}

static void test_depth(void **state)
{
	(void)state;
	for (size_t depth = 1; depth < 100; depth++) {
		char text[200];
		struct err err;
		struct json_object *value;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		value = json_parse(text, 2 * depth, &err);
		assert_true((value != NULL) == (depth <= JSON_DEPTH_MAX));
		json_object_put(value);
	}
}

static void test_getters_take_only_their_type(void **state)
{
	static const char text[] = "{\"text\":\"x\",\"int\":7,\"number\":1.5,\"yes\":true,\"no\":false,\"null\":null,"
				   "\"object\":{},\"array\":[],\"nul\":\"a\\u0000b\",\"empty\":\"\"}";
	static const char *const keys[] = { "text", "int",    "number", "yes", "no",	"null",
					    "object", "array", "nul",	"empty", "absent" };
	struct json_object *object = parse(text);

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *key = keys[i], *as_text = "default";
		int64_t as_int = 42;
		double as_number = 42;
		bool as_bool = false;

		assert_int_equal(json_get_text(object, key, &as_text), i == 0 || i == 9);
		assert_string_equal(as_text, i == 0 ? "x" : i == 9 ? "" : "default");
		assert_int_equal(json_get_int(object, key, &as_int), i == 1);
		assert_int_equal(as_int, i == 1 ? 7 : 42);
		assert_int_equal(json_get_number(object, key, &as_number), i == 1 || i == 2);
		assert_true(as_number == (i == 1 ? 7 : i == 2 ? 1.5 : 42));
		assert_int_equal(json_get_bool(object, key, &as_bool), i == 3 || i == 4);
		assert_int_equal(as_bool, i == 3);
		assert_int_equal(json_get_object(object, key) != NULL, i == 6);
		assert_int_equal(json_get_array(object, key) != NULL, i == 7);
		assert_int_equal(json_has(object, key), i != 10);
	}
	json_object_put(object);
}

static void test_getters_of_no_object(void **state)
{
	struct json_object *array = parse("[1]");
	int64_t value = 42;

	(void)state;
	assert_false(json_get_int(NULL, "a", &value));
	assert_false(json_get_int(array, "a", &value));
	assert_false(json_has(NULL, "a"));
	assert_false(json_has(array, "0"));
	assert_null(json_get_object(NULL, "a"));
	assert_int_equal(value, 42);
	json_object_put(array);
}

/* json-c clamps what does not fit; nothing clamped comes out. */
static void test_large_numbers(void **state)
{
	struct json_object *object =
		parse("{\"fits\":9223372036854775806,\"most\":9223372036854775807,\"more\":9223372036854775808,"
		      "\"unsigned\":18446744073709551615,\"huge\":99999999999999999999,\"least\":-9223372036854775807,"
		      "\"less\":-9223372036854775809,\"infinite\":1e999,\"minus\":-1e999,\"exponent\":1e3}");
	int64_t value = 42;
	double number = 42;

	(void)state;
	assert_true(json_get_int(object, "fits", &value));
	assert_int_equal(value, INT64_MAX - 1);
	assert_true(json_get_int(object, "least", &value));
	assert_int_equal(value, INT64_MIN + 1);
	value = 42;
	assert_false(json_get_int(object, "most", &value));
	assert_false(json_get_int(object, "more", &value));
	assert_false(json_get_int(object, "unsigned", &value));
	assert_false(json_get_int(object, "huge", &value));
	assert_false(json_get_int(object, "less", &value));
	assert_false(json_get_int(object, "exponent", &value));
	assert_int_equal(value, 42);
	assert_false(json_get_number(object, "infinite", &number));
	assert_false(json_get_number(object, "minus", &number));
	assert_true(number == 42);
	json_object_put(object);
}

static void test_building(void **state)
{
	struct json_object *object = json_object_new_object();
	size_t len = 0;

	(void)state;
	json_put_text(object, "text", "a/\"\xc3\xa9\n");
	json_put_text(object, "none", NULL);
	json_put_int(object, "int", INT64_MIN);
	json_put_bool(object, "yes", true);
	json_put_time(object, "time", 1795434720);
	json_put_time(object, "never", 0);
	json_put_value(object, "array", json_object_new_array());
	assert_string_equal(json_text(object, &len),
			    "{\"text\":\"a/\\\"\xc3\xa9\\n\",\"none\":null,\"int\":-9223372036854775808,\"yes\":true,"
			    "\"time\":\"2026-11-23T11:52:00Z\",\"never\":null,\"array\":[]}");
	assert_int_equal(len, strlen(json_text(object, &len)));
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_json),
		cmocka_unit_test(test_refuses_what_is_not),
		cmocka_unit_test(test_refuses_equal_keys),
		cmocka_unit_test(test_refuses_nul_in_keys),
		cmocka_unit_test(test_no_terminator_needed),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_getters_take_only_their_type),
		cmocka_unit_test(test_getters_of_no_object),
		cmocka_unit_test(test_large_numbers),
		cmocka_unit_test(test_building),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
