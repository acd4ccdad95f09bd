/* SPDX-License-Identifier: MIT
 *
 * Keys out of bytes, and what they do to a picker: the window, the filter, the picture.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picker.h"

static void test_keys(void **state)
{
	static const struct {
		const char *bytes;
		size_t used;
		enum key_name name;
	} cases[] = {
		{ "a", 1, KEY_TEXT },	       { "\u00fcx", 2, KEY_TEXT },	{ "\U0001f600", 4, KEY_TEXT },
		{ "\033[A", 3, KEY_UP },       { "\033OB", 3, KEY_DOWN },	{ "\033[5~", 4, KEY_PAGE_UP },
		{ "\033[6~z", 4, KEY_PAGE_DOWN }, { "\033[1~", 4, KEY_HOME },	{ "\033OF", 3, KEY_END },
		{ "\r", 1, KEY_ENTER },	       { "\x7f", 1, KEY_BACKSPACE },	{ "\x15", 1, KEY_CLEAR },
		{ "\x03", 1, KEY_LEAVE },      { "\x04", 1, KEY_LEAVE },	{ "\x0c", 1, KEY_REDRAW },
		{ "\x1a", 1, KEY_NONE },       { "\xffx", 1, KEY_NONE },	{ "\033[1;5A", 6, KEY_NONE },
		{ "\033\033[A", 1, KEY_ESCAPE }, { "\033x", 1, KEY_ESCAPE },	{ "\033[", 0, KEY_NONE },
		{ "\033", 0, KEY_NONE },       { "\033O", 0, KEY_NONE },	{ "\xe2\x82", 0, KEY_NONE },
		{ "\033[11111111111111111", 16, KEY_NONE },
	};
	struct key key;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].bytes), used = keys_take(cases[i].bytes, len, 0, &key);

		assert_int_equal(used, cases[i].used);
		assert_int_equal(key.name, cases[i].name);
	}
	/* Nothing more comes: the key Escape, and what is no character. */
	assert_int_equal(keys_take("\033", 1, 1, &key), 1);
	assert_int_equal(key.name, KEY_ESCAPE);
	assert_int_equal(keys_take("\033[", 2, 1, &key), 1);
	assert_int_equal(key.name, KEY_ESCAPE);
	assert_int_equal(keys_take("\xe2\x82", 2, 1, &key), 2);
	assert_int_equal(key.name, KEY_NONE);
	assert_int_equal(keys_take("\u00fc", 2, 0, &key), 2);
	assert_string_equal(key.text, "\u00fc");
}

static const char *const labels[] = { "one", "two", "three", "four", "five", "six", "Se\u00dfven", "eight" };
#define LABELS (sizeof(labels) / sizeof(labels[0]))

static enum picker_end press(struct picker *picker, enum key_name name)
{
	const struct key key = { .name = name };

	return picker_press(picker, &key);
}

static enum picker_end type(struct picker *picker, const char *text)
{
	enum picker_end end = PICKER_GOES_ON;

	while (*text && end == PICKER_GOES_ON) {
		struct key key;

		text += keys_take(text, strlen(text), 1, &key);
		end = picker_press(picker, &key);
	}
	return end;
}

static void test_window(void **state)
{
	static const struct {
		enum key_name key;
		size_t cursor;
		size_t top;
	} steps[] = {
		{ KEY_UP, 0, 0 },   { KEY_DOWN, 1, 0 },	     { KEY_DOWN, 2, 0 },      { KEY_DOWN, 3, 1 },
		{ KEY_UP, 2, 1 },   { KEY_PAGE_DOWN, 5, 3 }, { KEY_PAGE_DOWN, 7, 5 }, { KEY_DOWN, 7, 5 },
		{ KEY_PAGE_UP, 4, 4 }, { KEY_END, 7, 5 },    { KEY_HOME, 0, 0 },      { KEY_NONE, 0, 0 },
	};
	struct picker picker;

	(void)state;
	assert_int_equal(picker_init(&picker, "Select", labels, LABELS), 0);
	picker_resize(&picker, 5);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(press(&picker, steps[i].key), PICKER_GOES_ON);
		assert_int_equal(picker.cursor, steps[i].cursor);
		assert_int_equal(picker.top, steps[i].top);
	}
	press(&picker, KEY_END);
	picker_resize(&picker, 0);
	assert_int_equal(picker.rows, 1);
	assert_int_equal(picker.top, 7);
	picker_resize(&picker, 100);
	assert_int_equal(picker.top, 0);
	assert_int_equal(picker.cursor, 7);
	assert_int_equal(press(&picker, KEY_ENTER), PICKER_CHOSEN);
	assert_int_equal(picker_choice(&picker), 7);
	picker_finish(&picker);
}

static void test_filter(void **state)
{
	struct picker picker;

	(void)state;
	assert_int_equal(picker_init(&picker, "Select", labels, LABELS), 0);
	picker_resize(&picker, 10);
	assert_int_equal(type(&picker, "E"), PICKER_GOES_ON);
	assert_int_equal(picker.shown_count, 5);
	type(&picker, "\u00df");
	assert_int_equal(picker.shown_count, 1);
	assert_int_equal(picker_choice(&picker), 6);
	press(&picker, KEY_BACKSPACE);
	assert_string_equal(picker.filter, "E");
	assert_int_equal(type(&picker, "q"), PICKER_GOES_ON);
	assert_int_equal(picker.shown_count, 0);
	assert_int_equal(press(&picker, KEY_ENTER), PICKER_GOES_ON);
	assert_int_equal(picker_choice(&picker), 0);
	press(&picker, KEY_CLEAR);
	assert_int_equal(picker.shown_count, LABELS);
	assert_int_equal(type(&picker, "/q"), PICKER_GOES_ON);
	assert_string_equal(picker.filter, "q");
	press(&picker, KEY_BACKSPACE);
	press(&picker, KEY_BACKSPACE);
	assert_int_equal(type(&picker, "q"), PICKER_LEFT);
	for (size_t i = 0; i < (size_t)2 * PICKER_FILTER_MAX; i++)
		type(&picker, "x");
	assert_int_equal(strlen(picker.filter), PICKER_FILTER_MAX);
	assert_int_equal(press(&picker, KEY_ESCAPE), PICKER_LEFT);
	assert_int_equal(press(&picker, KEY_LEAVE), PICKER_LEFT);
	picker_finish(&picker);
}

static char *draw(const struct picker *picker, size_t columns)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	picker_draw(picker, out, columns);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_picture(void **state)
{
	struct picker picker;
	char *text;

	(void)state;
	assert_int_equal(picker_init(&picker, "Select a thing", labels, LABELS), 0);
	picker_resize(&picker, 4);
	press(&picker, KEY_DOWN);
	text = draw(&picker, 80);
	assert_string_equal(text, "\033[H\033[1m? Select a thing (1-2 of 8)\033[0m\033[K"
				  "\r\n  one\033[0m\033[K"
				  "\r\n\033[7m> two\033[0m\033[K"
				  "\r\n\033[2marrows: move  type: filter  Enter: select  Esc or q: leave"
				  "\033[0m\033[K\033[J");
	free(text);
	type(&picker, "\u00df");
	text = draw(&picker, 7);
	assert_string_equal(text, "\033[H\033[1m? Selec\033[0m\033[K"
				  "\r\n\033[7m> Se\u00dfve\033[0m\033[K"
				  "\r\n\033[2mfilter:\033[0m\033[K\033[J");
	free(text);
	picker_finish(&picker);
	assert_int_equal(picker_init(&picker, "Nothing", labels, 0), 0);
	text = draw(&picker, 40);
	assert_non_null(strstr(text, "? Nothing (none of 0 matches)"));
	free(text);
	picker_finish(&picker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
