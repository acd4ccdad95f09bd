/* SPDX-License-Identifier: MIT
 *
 * UTF-8 (RFC 3629): what is valid, how long it is, and how it is made fit to show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "utf8.h"

static void test_first_invalid(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		size_t at;
	} cases[] = {
		{ "", 0, 0 },
		{ "abc", 3, 3 },
		{ "a\0b", 3, 3 },
		{ "\x7f", 1, 1 },
		{ "\x80", 1, 0 },
		{ "a\xbf", 2, 1 },
		{ "\xc0\x80", 2, 0 },
		{ "\xc1\xbf", 2, 0 },
		{ "\xc2\x80", 2, 2 },
		{ "\xdf\xbf", 2, 2 },
		{ "a\xc2", 2, 1 },
		{ "\xc2z", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 },
		{ "\xe0\xa0\x80", 3, 3 },
		{ "\xe2\x82\xac!", 4, 4 },
		{ "xy\xe2\x82", 4, 2 },
		{ "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 3, 0 },
		{ "\xed\xbf\xbf", 3, 0 },
		{ "\xee\x80\x80", 3, 3 },
		{ "\xef\xbf\xbf", 3, 3 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 },
		{ "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 },
		{ "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xff", 1, 0 },
		{ "\xf0\x9f\x98\x80\xf0\x9f\x98", 7, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (utf8_first_invalid(cases[i].text, cases[i].len) != cases[i].at)
			fail_msg("case %zu", i);
}

/* Every code point, encoded here by the definition, is valid unless it is a surrogate. */
static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t cp = 0x80; cp <= 0x10ffff; cp++) {
		unsigned char s[4];
		size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
		bool surrogate = cp >= 0xd800 && cp <= 0xdfff;

		s[0] = (unsigned char)((0xf00U >> n & 0xffU) | cp >> (6 * (n - 1)));
		for (size_t i = 1; i < n; i++)
			s[i] = (unsigned char)(0x80 | (cp >> (6 * (n - 1 - i)) & 0x3f));
		if (utf8_first_invalid((const char *)s, n) != (surrogate ? 0 : n))
			fail_msg("U+%04X", cp);
	}
}

static void test_length(void **state)
{
	(void)state;
	assert_int_equal(utf8_length(""), 0);
	assert_int_equal(utf8_length("abc"), 3);
	assert_int_equal(utf8_length("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x"), 4);
}

static void test_cut(void **state)
{
	(void)state;
	assert_int_equal(utf8_cut("", 3), 0);
	assert_int_equal(utf8_cut("abc", 3), 3);
	assert_int_equal(utf8_cut("abcd", 3), 3);
	assert_int_equal(utf8_cut("ab\xc3\xa9", 3), 2);
	assert_int_equal(utf8_cut("ab\xc3\xa9", 4), 4);
	assert_int_equal(utf8_cut("\xf0\x9f\x98\x80", 3), 0);
}

static void test_printable(void **state)
{
	static const struct {
		const char *text;
		const char *shown;
	} cases[] = {
		{ "", "" },
		{ "plain \"text\" \\", "plain \"text\" \\" },
		{ "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80" },
		{ "\x1b[2J", "\\x1b[2J" },
		{ "a\nb\tc\r\x01\x7f", "a\\x0ab\\x09c\\x0d\\x01\\x7f" },
		{ "\xc2\x9b" "31m", "\\x9b31m" },
		{ "\xc2\xa0", "\xc2\xa0" },
		{ "\xe2\x80\xae" "txt", "\\u202etxt" },
		{ "\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9", "\\u202a\\u2066\\u2069" },
		{ "\xe2\x80\x8e\xe2\x80\x8f", "\\u200e\\u200f" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029" },
		{ "a\xff" "b", "a\\xffb" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xc0\xaf", "\\xc0\\xaf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *shown = utf8_printable(cases[i].text);

		assert_non_null(shown);
		assert_string_equal(shown, cases[i].shown);
		free(shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_invalid),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
