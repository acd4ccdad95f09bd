/* SPDX-License-Identifier: MIT
 *
 * The progress line at every width.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "progress.h"
#include "utf8.h"

static const struct progress half = {
	.total = 16,
	.settled = 8,
	.rate_per_s = 1.94,
	.eta_s = 4,
	.bonus_cents = 1275,
	.planned_cents = 2975,
};

static void test_all_parts(void **state)
{
	char line[PROGRESS_LINE_MAX];

	(void)state;
	assert_string_equal(progress_format(&half, 0, false, line),
			    "8/16   50 %  $12.75 of $29.75  1.9/s  4 s left");
	assert_string_equal(progress_format(&half, 80, false, line),
			    "[###############---------------]  8/16   50 %  $12.75 of $29.75  1.9/s  4 s left");
	assert_string_equal(progress_format(&half, 32, false, line), "[########---------]  8/16   50 %");
	assert_string_equal(progress_format(&half, 5, false, line), "8/16");
	assert_string_equal(progress_format(&half, 3, false, line), "8/1");
}

static void test_never_wider_than_the_terminal(void **state)
{
	static const int64_t totals[] = { 0, 1, 7, 1000000, INT64_C(1000000000000000) };

	(void)state;
	for (size_t t = 0; t < sizeof(totals) / sizeof(totals[0]); t++)
		for (unsigned width = 1; width < 300; width++)
			for (int utf8 = 0; utf8 < 2; utf8++) {
				struct progress progress = half;
				char line[PROGRESS_LINE_MAX];

				progress.total = totals[t];
				progress.settled = totals[t] / 3;
				progress.waiting_for = t % 2 ? "a very long reason with an umlaut \u00fc" : NULL;
				(void)progress_format(&progress, width, utf8 != 0, line);
				assert_in_range(utf8_length(line), 1, width);
				assert_int_equal(utf8_first_invalid(line, strlen(line)), strlen(line));
			}
}

static void test_percent(void **state)
{
	static const struct {
		int64_t settled;
		int64_t total;
		int percent;
	} cases[] = {
		{ 0, 0, 100 }, { 0, 10, 0 },	 { -5, 10, 0 },	   { 1, 3, 33 },
		{ 2, 3, 66 },  { 999, 1000, 99 }, { 1000, 1000, 100 }, { 5, 3, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct progress progress = { .settled = cases[i].settled, .total = cases[i].total };

		assert_int_equal(progress_percent(&progress), cases[i].percent);
	}
}

static void test_read(void **state)
{
	static const char text[] =
		"{\"total\": 16, \"done\": 5, \"failed\": 1, \"held\": 1, \"cancelled\": 1, \"unsure\": 2,"
		"\"rate_per_s\": 1.5, \"eta_s\": null, \"bonus_cents\": 7, \"waiting_for\": \"funds\"}";
	struct json_object *batch = json_parse(text, sizeof(text) - 1, NULL);
	struct progress progress;

	(void)state;
	assert_non_null(batch);
	progress_read(&progress, batch, 99);
	assert_int_equal(progress.settled, 8);
	assert_int_equal(progress.failed, 1);
	assert_int_equal(progress.held, 1);
	assert_int_equal(progress.unsure, 2);
	assert_int_equal(progress.eta_s, -1);
	assert_int_equal(progress.planned_cents, 99);
	assert_string_equal(progress.waiting_for, "funds");
	json_object_put(batch);
}

/* What is held did not fail, and what can be taken back is no trouble at all. */
static void test_troubles_by_their_names(void **state)
{
	static const struct {
		const char *batch;
		const char *line;
	} cases[] = {
		{ "{\"total\": 3, \"done\": 1, \"held\": 2}", "3/3  100 %  2 held" },
		{ "{\"total\": 3, \"done\": 1, \"held\": 2, \"undo\": 2}", "3/3  100 %" },
		{ "{\"total\": 3, \"failed\": 1, \"held\": 2, \"unsure\": 4}",
		  "3/3  100 %  1 failed, 2 held, 4 unsure" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *batch = json_parse(cases[i].batch, strlen(cases[i].batch), NULL);
		struct progress progress;
		char line[PROGRESS_LINE_MAX];

		progress_read(&progress, batch, 0);
		assert_string_equal(progress_format(&progress, 0, false, line), cases[i].line);
		json_object_put(batch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_parts),
		cmocka_unit_test(test_never_wider_than_the_terminal),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_troubles_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
