/* SPDX-License-Identifier: MIT */
#include "picker.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* Lines of the screen that hold no label: the question, and what keys do. */
#define FRAME_LINES 2

static void filter_again(struct picker *picker)
{
	picker->shown_count = 0;
	for (size_t i = 0; i < picker->count; i++)
		if (!picker->filter[0] || strcasestr(picker->labels[i], picker->filter))
			picker->shown[picker->shown_count++] = i;
	picker->cursor = picker->top = 0;
}

int picker_init(struct picker *picker, const char *question, const char *const *labels, size_t count)
{
	*picker = (struct picker){ .question = question, .labels = labels, .count = count, .rows = 1 };
	picker->shown = calloc(count ? count : 1, sizeof(*picker->shown));
	if (!picker->shown)
		return -1;
	filter_again(picker);
	return 0;
}

void picker_finish(struct picker *picker)
{
	free(picker->shown);
	picker->shown = NULL;
}

/* The cursor is always on the screen, and the screen as full as it can be. */
static void scroll(struct picker *picker)
{
	size_t last_top = picker->shown_count > picker->rows ? picker->shown_count - picker->rows : 0;

	if (picker->cursor < picker->top)
		picker->top = picker->cursor;
	if (picker->cursor >= picker->top + picker->rows)
		picker->top = picker->cursor - picker->rows + 1;
	if (picker->top > last_top)
		picker->top = last_top;
}

void picker_resize(struct picker *picker, size_t lines)
{
	picker->rows = lines > FRAME_LINES ? lines - FRAME_LINES : 1;
	scroll(picker);
}

static void move_up(struct picker *picker, size_t by)
{
	picker->cursor = picker->cursor > by ? picker->cursor - by : 0;
	scroll(picker);
}

static void move_down(struct picker *picker, size_t by)
{
	size_t last = picker->shown_count > 0 ? picker->shown_count - 1 : 0;

	picker->cursor = picker->cursor < last && last - picker->cursor > by ? picker->cursor + by : last;
	scroll(picker);
}

static void add_to_filter(struct picker *picker, const char *text)
{
	size_t len = strlen(picker->filter);

	if (len + strlen(text) > PICKER_FILTER_MAX)
		return;
	(void)stpcpy(picker->filter + len, text);
	filter_again(picker);
}

static void shorten_filter(struct picker *picker)
{
	size_t len = strlen(picker->filter);

	if (len == 0) {
		picker->is_filtering = false;
		return;
	}
	/* The bytes that continue a character start with 10. */
	while (len > 0 && (picker->filter[--len] & 0xc0) == 0x80)
		;
	picker->filter[len] = '\0';
	filter_again(picker);
}

static enum picker_end press_text(struct picker *picker, const char *text)
{
	if (!picker->is_filtering && (strcmp(text, "q") == 0 || strcmp(text, "Q") == 0))
		return PICKER_LEFT;
	if (picker->is_filtering || strcmp(text, "/") != 0)
		add_to_filter(picker, text);
	picker->is_filtering = true;
	return PICKER_GOES_ON;
}

static void clear_filter(struct picker *picker)
{
	picker->filter[0] = '\0';
	picker->is_filtering = false;
	filter_again(picker);
}

enum picker_end picker_press(struct picker *picker, const struct key *key)
{
	switch (key->name) {
	case KEY_TEXT:
		return press_text(picker, key->text);
	case KEY_UP:
		move_up(picker, 1);
		break;
	case KEY_DOWN:
		move_down(picker, 1);
		break;
	case KEY_PAGE_UP:
		move_up(picker, picker->rows);
		break;
	case KEY_PAGE_DOWN:
		move_down(picker, picker->rows);
		break;
	case KEY_HOME:
		move_up(picker, picker->count);
		break;
	case KEY_END:
		move_down(picker, picker->count);
		break;
	case KEY_BACKSPACE:
		shorten_filter(picker);
		break;
	case KEY_CLEAR:
		clear_filter(picker);
		break;
	case KEY_ENTER:
		return picker->shown_count > 0 ? PICKER_CHOSEN : PICKER_GOES_ON;
	case KEY_ESCAPE:
	case KEY_LEAVE:
		return PICKER_LEFT;
	case KEY_NONE:
	case KEY_REDRAW:
		break;
	}
	return PICKER_GOES_ON;
}

size_t picker_choice(const struct picker *picker)
{
	return picker->shown_count > 0 ? picker->shown[picker->cursor] : 0;
}

/* At most `columns` characters. */
static void draw_text(FILE *out, const char *text, size_t columns)
{
	const char *end = text;

	while (*end && (columns > 0 || (*end & 0xc0) == 0x80))
		columns -= (*end++ & 0xc0) != 0x80;
	(void)fwrite(text, 1, (size_t)(end - text), out);
}

static void draw_question(const struct picker *picker, FILE *out, size_t columns)
{
	size_t left = picker->shown_count - picker->top;
	size_t last = picker->top + (left < picker->rows ? left : picker->rows);
	char line[400];

	if (picker->shown_count == 0)
		(void)snprintf(line, sizeof(line), "? %s (none of %zu matches)", picker->question, picker->count);
	else
		(void)snprintf(line, sizeof(line), "? %s (%zu-%zu of %zu)", picker->question, picker->top + 1, last,
			       picker->shown_count);
	(void)fputs("\033[H\033[1m", out);
	draw_text(out, line, columns);
	(void)fputs("\033[0m\033[K", out);
}

static void draw_keys(const struct picker *picker, FILE *out, size_t columns)
{
	char line[200];

	if (picker->is_filtering)
		(void)snprintf(line, sizeof(line), "filter: %s_", picker->filter);
	else
		(void)snprintf(line, sizeof(line), "arrows: move  type: filter  Enter: select  Esc or q: leave");
	(void)fputs("\r\n\033[2m", out);
	draw_text(out, line, columns);
	(void)fputs("\033[0m\033[K\033[J", out);
}

void picker_draw(const struct picker *picker, FILE *out, size_t columns)
{
	draw_question(picker, out, columns);
	for (size_t i = picker->top; i < picker->shown_count && i < picker->top + picker->rows; i++) {
		bool is_cursor = i == picker->cursor;

		(void)fprintf(out, "\r\n%s%s", is_cursor ? "\033[7m" : "", is_cursor ? "> " : "  ");
		draw_text(out, picker->labels[picker->shown[i]], columns > 2 ? columns - 2 : 0);
		(void)fputs("\033[0m\033[K", out);
	}
	draw_keys(picker, out, columns);
}
