/* SPDX-License-Identifier: MIT
 *
 * HIT files in ini form, and times as people type them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "duration.h"
#include "hit_ini.h"

#define HEAD "[hit]\ntitle = T\ndescription = D\nreward = 1.5\nassignments = 9\nlifetime = 2h\nduration = 90\n"
#define QUESTION "[question]\nurl = https://example.org/\n"
#define BEGINNING "{\"title\":\"T\",\"description\":\"D\",\"reward_cents\":150,\"max_assignments\":9," \
		  "\"lifetime_s\":7200,\"duration_s\":90,"

static void test_definition(void **state)
{
	static const struct {
		const char *text;
		const char *json;
	} cases[] = {
		{ HEAD QUESTION, BEGINNING "\"question\":{\"url\":\"https://example.org/\"}}" },
		{ QUESTION "frame_height = 0\n" HEAD "keywords = a, b\nauto_approval = 0\nannotation = x;y # z\n",
		  "{\"question\":{\"url\":\"https://example.org/\",\"frame_height\":0},\"title\":\"T\",\"description\":"
		  "\"D\",\"reward_cents\":150,\"max_assignments\":9,\"lifetime_s\":7200,\"duration_s\":90,"
		  "\"keywords\":\"a, b\",\"auto_approval_s\":0,\"annotation\":\"x;y # z\"}" },
		{ HEAD "[question]\nfile = q.html\n[qualification locale]\ncomparator = In\nlocales = US\t,US-NY\n"
		       "[qualification 3ABC]\ncomparator = Exists\nguard = discover\n",
		  BEGINNING "\"question\":{\"file\":\"q.html\"},\"qualifications\":[{\"type\":\"locale\","
			    "\"comparator\":\"In\",\"locales\":[\"US\",\"US-NY\"]},{\"type\":\"3ABC\","
			    "\"comparator\":\"Exists\",\"guard\":\"discover\"}]}" },
		{ HEAD QUESTION "[qualification approved-count]\ncomparator = In\nvalues = 1, 2147483647\n",
		  BEGINNING "\"question\":{\"url\":\"https://example.org/\"},\"qualifications\":[{\"type\":"
			    "\"approved-count\",\"comparator\":\"In\",\"values\":[1,2147483647]}]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		struct json_object *hit = hit_ini_read(cases[i].text, strlen(cases[i].text), "f", &err);

		assert_string_equal(err.message, "");
		assert_string_equal(json_text(hit, NULL), cases[i].json);
		json_object_put(hit);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text;
		const char *message;
		const char *hint;
	} cases[] = {
		{ "", "f: there is no section [hit]", "" },
		{ QUESTION, "f: there is no section [hit]", "" },
		{ HEAD, "f: there is no section [question]", "" },
		{ HEAD "[question]\nframe_height = 5\n", "f: [question] needs either \"url\" or \"file\"", "" },
		{ HEAD QUESTION "file = x\n", "f: [question] needs either \"url\" or \"file\"", "" },
		{ HEAD QUESTION QUESTION, "f:10: [question] stands here a second time", "" },
		{ HEAD HEAD, "f:8: [hit] stands here a second time", "" },
		{ HEAD "colour = red\n", "f:8: unknown key \"colour\" in [hit]", "" },
		{ HEAD "anotation = x\n", "f:8: unknown key \"anotation\" in [hit]", "did you mean \"annotation\"?" },
		{ HEAD "url = x\n", "f:8: unknown key \"url\" in [hit]", "it belongs into [question]" },
		{ "[hit 2]\n", "f:1: unknown section [hit 2]", "there are [hit], [question] and [qualification NAME]" },
		{ "[quesiton]\n", "f:1: unknown section [quesiton]", "did you mean [question]?" },
		{ "[qualification]\n", "f:1: [qualification] needs a name",
		  "such as [qualification locale], or the id of a qualification type" },
		{ "[hit]\ntitle = T\n", "f:1: [hit] has no \"description\"", "" },
		{ HEAD QUESTION "[qualification x]\nvalues = 5\n", "f:10: [qualification] has no \"comparator\"", "" },
		{ "[hit]\nreward = 0.00\n", "f:2: reward: \"0.00\" is nothing", "" },
		{ "[hit]\nreward = x\n", NULL, "write dollars and cents, such as 1.50" },
		{ "[hit]\nassignments = 0\n", "f:2: assignments: \"0\" is not a whole number from 1 to 1000000000",
		  "" },
		{ "[hit]\nassignments = 99999999999999999999\n", NULL, "" },
		{ "[hit]\nduration = 29\n", "f:2: duration: \"29\" is not from 30 seconds to 365 days", "" },
		{ "[hit]\nduration = 1x\n", "f:2: duration: \"1x\" is not a time",
		  "write seconds, or a number with a unit: 30s, 90m, 12h, 3d" },
		{ "[qualification x]\nvalues = ,\n", "f:2: values: nothing stands between two commas", "" },
		{ "[qualification x]\nvalues = 1, -2\n",
		  "f:2: values: \"-2\" is not a whole number from 0 to 2147483647", "" },
		{ "[hit]\ntitle\n", "f:2: a line without \"=\"", "write \"key = value\", and comments after \"#\"" },
		{ "[hit]\n[hat]\nnever = looked at\n", "f:1: [hit] has no \"title\"", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };

		assert_null(hit_ini_read(cases[i].text, strlen(cases[i].text), "f", &err));
		assert_int_equal(err.code, ERR_FORMAT);
		if (cases[i].message)
			assert_string_equal(err.message, cases[i].message);
		assert_string_equal(err.hint, cases[i].hint);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = {
		{ "0", 0 },	 { "90", 90 },	    { "30s", 30 },	{ "90m", 5400 },	  { "12h", 43200 },
		{ "3d", 259200 }, { "2w", 1209600 }, { "5 min", 300 },	{ "3155760000", 3155760000 },
		{ "", -1 },	 { "s", -1 },	    { "-5", -1 },	{ "1.5h", -1 },		  { "1h30m", -1 },
		{ "3 days", -1 }, { " 5", -1 },	    { "5 ", 5 },	{ "3155760001", -1 },	  { "36526d", -1 },
		{ "99999999999999999999999s", -1 }, { "5D", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t seconds = -1;
		struct err err = { 0 };

		assert_int_equal(duration_parse(cases[i].text, &seconds, &err), cases[i].seconds < 0 ? -1 : 0);
		assert_int_equal(seconds, cases[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definition),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
