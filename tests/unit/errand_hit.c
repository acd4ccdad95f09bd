/* SPDX-License-Identifier: MIT
 *
 * Definitions of HITs: what is taken, what is refused and with which words, and that equal ones are equal texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "errand_hit.h"

#define TYPE "3NGMTQUALTYPE00001"
#define TIMES "\"lifetime_s\":3600,\"duration_s\":600"
#define MONEY "\"reward_cents\":150,\"max_assignments\":20"
#define WORDS "\"title\":\"Game\",\"description\":\"Play\""
#define QUESTION "\"question\":{\"url\":\"https://example.org/?a=1&b=2\"}"
#define WITH(members) "{" WORDS "," MONEY "," TIMES "," QUESTION "," members "}"
#define ASKING(question) "{" WORDS "," MONEY "," TIMES ",\"question\":" question "}"
#define REQUIRING(requirement) WITH("\"qualifications\":[" requirement "]")

static struct json_object *parse(const char *text)
{
	struct err err;
	struct json_object *object = json_parse(text, strlen(text), &err);

	if (!object)
		fail_msg("%s: %s", text, err.message);
	return object;
}

static int read_hit(struct errand_hit *out, const char *text, const char *selected, struct err *err)
{
	struct json_object *definition = parse(text);
	int result = errand_hit_read(out, definition, selected, err);

	json_object_put(definition);
	return result;
}

static void expect_text(const char *definition, const char *selected, int64_t assignments, const char *expected)
{
	struct errand_hit hit;
	struct err err;
	char *text;

	if (read_hit(&hit, definition, selected, &err) < 0)
		fail_msg("%s: %s", definition, err.message);
	text = errand_hit_text(&hit, assignments);
	assert_string_equal(text, expected);
	free(text);
	errand_hit_finish(&hit);
}

static void test_one_text(void **state)
{
	static const char plain[] =
		"{\"description\":\"Play\",\"duration_s\":600,\"lifetime_s\":3600,\"max_assignments\":20,\"question\":"
		"{\"frame_height\":0,\"url\":\"https://example.org/?a=1&b=2\"},\"reward_cents\":150,"
		"\"title\":\"Game\"}";

	(void)state;
	expect_text("{" WORDS "," MONEY "," TIMES "," QUESTION "}", NULL, 20, plain);
	expect_text("{" QUESTION "," TIMES "," MONEY "," WORDS "}", NULL, 20, plain);
	expect_text(WITH("\"keywords\":null,\"qualifications\":[]"), NULL, 20, plain);
	expect_text(WITH("\"auto_approval_s\":null,\"annotation\":null"), TYPE, 20, plain);
	expect_text(ASKING("{\"frame_height\":0,\"url\":\"https://example.org/?a=1&b=2\"}"), NULL, 20, plain);
}

static void test_round(void **state)
{
	(void)state;
	expect_text(ASKING("{\"xml\":\"<QuestionForm/>\"}"), NULL, 9,
		    "{\"description\":\"Play\",\"duration_s\":600,\"lifetime_s\":3600,\"max_assignments\":9,"
		    "\"question\":"
		    "{\"xml\":\"<QuestionForm/>\"},\"reward_cents\":150,\"title\":\"Game\"}");
	expect_text(ASKING("{\"html\":\"<p>é\\n</p>\",\"frame_height\":450}"), NULL, 1,
		    "{\"description\":\"Play\",\"duration_s\":600,\"lifetime_s\":3600,\"max_assignments\":1,"
		    "\"question\":"
		    "{\"frame_height\":450,\"html\":\"<p>é\\n</p>\"},\"reward_cents\":150,\"title\":\"Game\"}");
}

static void test_selected_type(void **state)
{
	struct errand_hit hit;
	struct err err;

	(void)state;
	expect_text(REQUIRING("{\"comparator\":\"DoesNotExist\",\"type\":\"selected\"}"), TYPE, 20,
		    "{\"description\":\"Play\",\"duration_s\":600,\"lifetime_s\":3600,\"max_assignments\":20,"
		    "\"qualifications\":[{\"comparator\":\"DoesNotExist\",\"type\":\"" TYPE "\"}],\"question\":"
		    "{\"frame_height\":0,\"url\":\"https://example.org/?a=1&b=2\"},\"reward_cents\":150,"
		    "\"title\":\"Game\"}");
	assert_int_equal(read_hit(&hit, REQUIRING("{\"type\":\"selected\",\"comparator\":\"Exists\"}"), NULL, &err),
			 -1);
	assert_int_equal(err.code, ERR_STATE);
	assert_string_equal(err.message, "\"hit.qualifications[0].type\": no qualification type is selected");
}

static void test_noted(void **state)
{
	struct errand_hit hit;
	struct err err;

	(void)state;
	assert_int_equal(read_hit(&hit, REQUIRING("{\"type\":\"masters\",\"comparator\":\"Exists\"}"), NULL, &err), 0);
	assert_string_equal(hit.title, "Game");
	assert_int_equal(hit.reward_minor, 150);
	assert_int_equal(hit.max_assignments, 20);
	assert_int_equal(hit.lifetime_s, 3600);
	assert_int_equal(hit.duration_s, 600);
	assert_true(hit.wants_masters);
	assert_false(hit.takes_once);
	errand_hit_finish(&hit);
}

static void test_good(void **state)
{
	static const char *const good[] = {
		WITH("\"auto_approval_s\":0"),
		WITH("\"auto_approval_s\":2592000,\"annotation\":\"a\",\"keywords\":\"\""),
		REQUIRING("{\"type\":\"approved-percent\",\"comparator\":\"GreaterThanOrEqualTo\",\"values\":[100]}"),
		REQUIRING("{\"type\":\"approved-count\",\"comparator\":\"GreaterThan\",\"values\":[5000],"
			  "\"guard\":\"discover\"}"),
		REQUIRING("{\"type\":\"locale\",\"comparator\":\"In\",\"locales\":[\"US\",\"US-NY\",\"DE\"]}"),
		REQUIRING("{\"type\":\"locale\",\"comparator\":\"EqualTo\",\"locales\":[\"US-NY\"],"
			  "\"guard\":\"accept\"}"),
		REQUIRING("{\"type\":\"adult\",\"comparator\":\"EqualTo\",\"values\":[1],\"guard\":\"preview\"}"),
		REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"NotIn\",\"values\":[1,2,3]}"),
		REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"DoesNotExist\"}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct errand_hit hit;
		struct err err;

		if (read_hit(&hit, good[i], NULL, &err) < 0)
			fail_msg("%s: %s", good[i], err.message);
		errand_hit_finish(&hit);
	}
}

static const struct {
	const char *definition;
	const char *message;
} bad[] = {
	{ "{}", "\"hit.title\" is missing" },
	{ "{\"titel\":\"Game\"}", "unknown member \"hit.titel\"" },
	{ WITH("\"reward\":1.5"), "unknown member \"hit.reward\"" },
	{ WITH("\"a\\nb\":1"), "unknown member \"hit.a\nb\"" },
	{ "{\"title\":\" \"}", "\"hit.title\" is empty" },
	{ "{\"title\":5}", "\"hit.title\" must be a text" },
	{ "{\"title\":\"a\\u0000b\"}", "\"hit.title\" must be a text" },
	{ "{\"title\":\"a\\nb\"}", "\"hit.title\" has a line break (code 10)" },
	{ "{\"title\":\"a\\u001bb\"}", "\"hit.title\" has a control character (code 27)" },
	{ "{\"title\":\"Game\",\"description\":\"a\\u000bb\"}",
	  "\"hit.description\" has a control character (code 11)" },
	{ "{" WORDS ",\"reward_cents\":1.5}", "\"hit.reward_cents\" must be a whole number" },
	{ "{" WORDS ",\"reward_cents\":\"150\"}", "\"hit.reward_cents\" must be a whole number" },
	{ "{" WORDS ",\"reward_cents\":0}", "\"hit.reward_cents\" is 0, which is not from 1 to 100000000000000" },
	{ "{" WORDS ",\"reward_cents\":-1}", "\"hit.reward_cents\" is -1, which is not from 1 to 100000000000000" },
	{ "{" WORDS ",\"reward_cents\":99999999999999999999}", "\"hit.reward_cents\" must be a whole number" },
	{ "{" WORDS ",\"reward_cents\":1,\"max_assignments\":0}",
	  "\"hit.max_assignments\" is 0, which is not from 1 to 1000000000" },
	{ "{" WORDS "," MONEY ",\"lifetime_s\":29}", "\"hit.lifetime_s\" is 29, which is not from 30 to 31536000" },
	{ "{" WORDS "," MONEY ",\"lifetime_s\":30}", "\"hit.duration_s\" is missing" },
	{ "{" WORDS "," MONEY "," TIMES ",\"auto_approval_s\":2592001}",
	  "\"hit.auto_approval_s\" is 2592001, which is not from 0 to 2592000" },
	{ "{" WORDS "," MONEY "," TIMES "}", "\"hit.question\" is missing" },
	{ "{" WORDS ",\"reward_cents\":100000000000000,\"max_assignments\":1000000000," TIMES "," QUESTION "}",
	  "\"hit\": so many assignments at this reward cost more than can be reckoned" },
	{ ASKING("\"https://example.org\""), "\"hit.question\" must be an object" },
	{ ASKING("{}"), "\"hit.question\" must have exactly one of url, html and xml, not none" },
	{ ASKING("{\"url\":\"https://example.org\",\"xml\":\"<a/>\"}"),
	  "\"hit.question\" must have exactly one of url, html and xml, not several" },
	{ ASKING("{\"xml\":\"<a/>\",\"frame_height\":1}"),
	  "\"hit.question.frame_height\": with \"xml\" it stands in the text itself" },
	{ ASKING("{\"link\":\"https://example.org\"}"), "unknown member \"hit.question.link\"" },
	{ ASKING("{\"url\":\"http://example.org\"}"), "\"hit.question.url\" must begin with https://" },
	{ ASKING("{\"url\":\"https://\"}"), "\"hit.question.url\" names no host" },
	{ ASKING("{\"url\":\"https:///game\"}"), "\"hit.question.url\" names no host" },
	{ ASKING("{\"url\":\"https://example.org/a b\"}"),
	  "\"hit.question.url\" has a character that no address has; write it as %XX" },
	{ ASKING("{\"html\":\"\"}"), "\"hit.question.html\" is empty" },
	{ ASKING("{\"html\":\"a\\u0008\"}"), "\"hit.question.html\" has a control character (code 8)" },
	{ ASKING("{\"html\":\"a\",\"frame_height\":-1}"),
	  "\"hit.question.frame_height\" is -1, which is not from 0 to 100000" },
	{ WITH("\"qualifications\":{}"), "\"hit.qualifications\" must be a list" },
	{ WITH("\"qualifications\":[1,2,3,4,5,6,7,8,9,10,11]"),
	  "\"hit.qualifications\" has 11 elements, at most 10 fit" },
	{ REQUIRING("7"), "\"hit.qualifications[0]\" must be an object" },
	{ REQUIRING("{}"), "\"hit.qualifications[0].type\" is missing" },
	{ REQUIRING("{\"type\":\"" TYPE "\"}"), "\"hit.qualifications[0].comparator\" is missing" },
	{ REQUIRING("{\"type\":\"aproved-percent\",\"comparator\":\"Exists\"}"),
	  "\"hit.qualifications[0].type\": \"aproved-percent\" is neither the id of a qualification type nor the name "
	  "of a common one" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"exists\"}"),
	  "\"hit.qualifications[0].comparator\": \"exists\" is no comparator" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\">=\"}"),
	  "\"hit.qualifications[0].comparator\": \">=\" is no comparator" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"EqualTo\"}"),
	  "\"hit.qualifications[0].values\" is missing" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"EqualTo\",\"values\":[]}"),
	  "\"hit.qualifications[0].values\" is empty" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"EqualTo\",\"values\":[1,2]}"),
	  "\"hit.qualifications[0].values\": EqualTo takes one, not 2" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"EqualTo\",\"values\":[\"1\"]}"),
	  "\"hit.qualifications[0].values\" must be whole numbers from 0 to 2147483647" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"Exists\",\"values\":[1]}"),
	  "\"hit.qualifications[0]\": Exists takes no \"values\"" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"EqualTo\",\"locales\":[\"US\"]}"),
	  "\"hit.qualifications[0]\": a qualification of the type \"" TYPE "\" has \"values\", not \"locales\"" },
	{ REQUIRING("{\"type\":\"approved-percent\",\"comparator\":\"LessThan\",\"values\":[101]}"),
	  "\"hit.qualifications[0].values\" must be whole numbers from 0 to 100" },
	{ REQUIRING("{\"type\":\"locale\",\"comparator\":\"LessThan\",\"locales\":[\"US\"]}"),
	  "\"hit.qualifications[0]\": places cannot be compared with LessThan" },
	{ REQUIRING("{\"type\":\"locale\",\"comparator\":\"In\",\"locales\":[\"US\",\"usa\"]}"),
	  "\"hit.qualifications[0].locales\" must be countries such as \"US\", or parts such as \"US-NY\"" },
	{ REQUIRING("{\"type\":\"locale\",\"comparator\":\"In\",\"locales\":[\"US-N\"]}"),
	  "\"hit.qualifications[0].locales\" must be countries such as \"US\", or parts such as \"US-NY\"" },
	{ REQUIRING("{\"type\":\"locale\",\"comparator\":\"In\",\"locales\":[\"US\\u0000\"]}"),
	  "\"hit.qualifications[0].locales\" must be countries such as \"US\", or parts such as \"US-NY\"" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"Exists\",\"guard\":\"Accept\"}"),
	  "\"hit.qualifications[0].guard\": \"Accept\" is not accept, preview or discover" },
	{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"Exists\",\"guards\":\"accept\"}"),
	  "unknown member \"hit.qualifications[0].guards\"" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct errand_hit hit;
		struct err err;

		if (read_hit(&hit, bad[i].definition, NULL, &err) == 0)
			fail_msg("taken: %s", bad[i].definition);
		assert_string_equal(err.message, bad[i].message);
		assert_int_equal(err.code, ERR_USAGE);
		assert_null(hit.definition);
	}
}

static void test_suggestions(void **state)
{
	static const struct {
		const char *definition;
		const char *hint;
	} cases[] = {
		{ "{\"titel\":\"Game\"}", "did you mean \"title\"?" },
		{ "{\"rewards_cents\":5}", "did you mean \"reward_cents\"?" },
		{ ASKING("{\"frame_hight\":5}"), "did you mean \"frame_height\"?" },
		{ REQUIRING("{\"type\":\"aproved-percent\",\"comparator\":\"Exists\"}"),
		  "did you mean \"approved-percent\"?" },
		{ REQUIRING("{\"type\":\"" TYPE "\",\"comparator\":\"EqualsTo\"}"), "did you mean \"EqualTo\"?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct errand_hit hit;
		struct err err;

		assert_int_equal(read_hit(&hit, cases[i].definition, NULL, &err), -1);
		assert_string_equal(err.hint, cases[i].hint);
	}
}

/* The limits are of characters, but for the question's. */
static void test_lengths(void **state)
{
	static const struct {
		const char *format;
		size_t most;
	} cases[] = {
		{ "{\"title\":\"%s\",\"description\":\"Play\"," MONEY "," TIMES "," QUESTION "}", 128 },
		{ "{\"title\":\"Game\",\"description\":\"%s\"," MONEY "," TIMES "," QUESTION "}", 2000 },
		{ WITH("\"keywords\":\"%s\""), 1000 },
		{ WITH("\"annotation\":\"%s\""), 255 },
		{ ASKING("{\"xml\":\"%s\"}"), 65535 / 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t more = 0; more < 2; more++) {
			size_t length = cases[i].most + more;
			char *text = calloc(length, 2 + 1), *definition = NULL;
			struct errand_hit hit;
			struct err err;
			int result;

			assert_non_null(text);
			for (size_t n = 0; n < length; n++)
				memcpy(text + 2 * n, "é", 2);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			assert_true(asprintf(&definition, cases[i].format, text) > 0);
#pragma GCC diagnostic pop
			result = read_hit(&hit, definition, NULL, &err);
			if (result == 0)
				errand_hit_finish(&hit);
			assert_int_equal(result, more ? -1 : 0);
			free(definition);
			free(text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_text),  cmocka_unit_test(test_round), cmocka_unit_test(test_selected_type),
		cmocka_unit_test(test_noted),	  cmocka_unit_test(test_good),	cmocka_unit_test(test_bad),
		cmocka_unit_test(test_suggestions), cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
