/* SPDX-License-Identifier: MIT
 *
 * Dates as they are written and read, and clocks that tests own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "clock.h"

static void test_formats(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_format_utc(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_format_utc(1795434720, text), "2026-11-23T11:52:00Z");
	assert_string_equal(clock_format_amz(1795434720, text), "20261123T115200Z");
	assert_string_equal(clock_format_amz(1835481599, text), "20280229T235959Z");
	assert_string_equal(clock_format_utc(-1, text), "1969-12-31T23:59:59Z");
	assert_string_equal(clock_format_utc(253402300799, text), "9999-12-31T23:59:59Z");
	/* A year that no calendar holds leaves no garbage. */
	assert_true(strlen(clock_format_utc(INT64_MAX, text)) < CLOCK_TEXT_MAX);
	assert_true(strlen(clock_format_amz(INT64_MIN, text)) < CLOCK_TEXT_MAX);
}

struct date {
	const char *text;
	int64_t wall_s;
};

static void test_reads_http_dates(void **state)
{
	static const struct date dates[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 }, /* the example of RFC 9110 */
		{ "Mon, 23 Nov 2026 11:52:00 GMT", 1795434720 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Tue, 29 Feb 2028 23:59:59 GMT", 1835481599 },
		{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		int64_t wall_s = -1;

		assert_int_equal(clock_parse_http_date(dates[i].text, &wall_s), 0);
		assert_int_equal(wall_s, dates[i].wall_s);
	}
}

static const char *const not_dates[] = {
	"",
	"Mon",
	"Mon, 23 Nov 2026 11:52:00",
	"Mon, 23 Nov 2026 11:52:00 UTC",
	"Mon, 23 Nov 2026 11:52:00 GMT ",
	"Mon, 23 Nov 2026 11:52:00 GMTX",
	" Mon, 23 Nov 2026 11:52:00 GMT",
	"Mon,  3 Nov 2026 11:52:00 GMT",
	"Mon, +3 Nov 2026 11:52:00 GMT",
	"Mon, -3 Nov 2026 11:52:00 GMT",
	"Mon, 3 Nov 2026 11:52:00 GMT",
	"Mon, 00 Nov 2026 11:52:00 GMT",
	"Mon, 31 Nov 2026 11:52:00 GMT",
	"Fri, 31 Dec 9999 23:59:60 GMT",
	"Mon, 32 Oct 2026 11:52:00 GMT",
	"Sun, 29 Feb 2026 11:52:00 GMT",
	"Mon, 23 ovD 2026 11:52:00 GMT",
	"Mon, 23 Nox 2026 11:52:00 GMT",
	"Mon, 23 nov 2026 11:52:00 GMT",
	"Mox, 23 Nov 2026 11:52:00 GMT",
	"onT, 23 Nov 2026 11:52:00 GMT",
	"Mon, 23 Nov 2026 24:00:00 GMT",
	"Mon, 23 Nov 2026 11:60:00 GMT",
	"Mon, 23 Nov 2026 11:52:61 GMT",
	"Mon, 23 Nov 2026  1:52:00 GMT",
	"Mon, 23 Nov 26 11:52:00 GMT",
	"Mon, 23 Nov 1969 11:52:00 GMT",
	"Monday, 23-Nov-26 11:52:00 GMT", /* obsolete forms of RFC 9110 */
	"Mon Nov 23 11:52:00 2026",
	"2026-11-23T11:52:00Z",
};

static void test_refuses_other_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(not_dates) / sizeof(not_dates[0]); i++) {
		int64_t wall_s = 42;

		if (clock_parse_http_date(not_dates[i], &wall_s) == 0)
			fail_msg("\"%s\" was taken for a date", not_dates[i]);
		assert_int_equal(wall_s, 42);
	}
}

/* Every day of a leap year and the one after, written by the C library and read back. */
static void test_reads_what_strftime_writes(void **state)
{
	(void)state;
	for (int64_t wall_s = 1830297600; wall_s < 1830297600 + (int64_t)731 * 86400; wall_s += 86399) {
		time_t seconds = (time_t)wall_s;
		struct tm utc;
		char text[64];
		int64_t read_s = 0;

		assert_non_null(gmtime_r(&seconds, &utc));
		assert_int_equal(strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc), 29);
		assert_int_equal(clock_parse_http_date(text, &read_s), 0);
		assert_int_equal(read_s, wall_s);
	}
}

static int64_t fixed_wall(void)
{
	return 1234;
}

static int64_t fixed_mono(void)
{
	return 5678;
}

static double fixed_random(void)
{
	return 0.25;
}

static void test_sources_can_be_replaced(void **state)
{
	int64_t before_ms, after_ms;

	(void)state;
	clock_set_sources(fixed_wall, fixed_mono, fixed_random);
	assert_int_equal(clock_wall_ms(), 1234);
	assert_int_equal(clock_mono_ms(), 5678);
	assert_true(clock_random() == 0.25);
	clock_set_sources(NULL, NULL, NULL);
	before_ms = (int64_t)time(NULL) * 1000;
	after_ms = clock_wall_ms();
	assert_in_range(after_ms, before_ms - 1000, before_ms + 60000);
	before_ms = clock_mono_ms();
	assert_true(clock_mono_ms() >= before_ms);
}

static void test_chance_is_a_fraction(void **state)
{
	double sum = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		double fraction = clock_random();

		assert_true(fraction >= 0.0 && fraction < 1.0);
		sum += fraction;
	}
	assert_true(sum > 400 && sum < 600); /* eleven standard deviations */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_reads_http_dates),
		cmocka_unit_test(test_refuses_other_dates),
		cmocka_unit_test(test_reads_what_strftime_writes),
		cmocka_unit_test(test_sources_can_be_replaced),
		cmocka_unit_test(test_chance_is_a_fraction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
