/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"
#include "wrap.h"

#define ELLIPSIS "..."

void page_init(struct page *page, unsigned width, bool wraps)
{
	*page = (struct page){ .width = width, .wraps = wraps };
}

void page_finish(struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		free(page->lines[i].text);
	free(page->lines);
	*page = (struct page){ .width = page->width, .wraps = page->wraps };
}

/* Bytes of the character at `text`, and its columns: two from U+1100 on, which is too much rather than too little. */
static size_t measure(const char *text, size_t *columns)
{
	unsigned char first = (unsigned char)text[0];
	size_t len = 1;

	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	*columns = first >= 0xf0 || (first >= 0xe1 && (first > 0xe1 || (unsigned char)text[1] >= 0x84)) ? 2 : 1;
	return len;
}

size_t page_columns(const char *text)
{
	size_t all = 0, columns;

	for (; *text; all += columns)
		text += measure(text, &columns);
	return all;
}

/* Bytes that fit into `width` columns. */
static size_t fitting(const char *text, size_t width)
{
	size_t len = 0, all = 0, columns = 0;

	while (text[len]) {
		size_t bytes = measure(text + len, &columns);

		all += columns;
		if (all > width)
			break;
		len += bytes;
	}
	return len;
}

/* Takes over `text`. */
static void append(struct page *page, char *text, const struct page_line *like)
{
	if (page->count == page->room) {
		size_t room = page->room ? 2 * page->room : 32;
		struct page_line *bigger = realloc(page->lines, room * sizeof(*bigger));

		if (!bigger) {
			free(text);
			return;
		}
		page->lines = bigger;
		page->room = room;
	}
	page->lines[page->count] = *like;
	page->lines[page->count++].text = text;
}

static void append_cut(struct page *page, const char *text, const struct page_line *like)
{
	size_t width = page->width, dots = strlen(ELLIPSIS);
	char *line = NULL;
	int len;

	if (width == 0 || page_columns(text) <= width)
		line = strdup(text);
	else if (width <= dots)
		line = strndup(ELLIPSIS, width);
	else {
		len = (int)fitting(text, width - dots);
		if (asprintf(&line, "%.*s" ELLIPSIS, len, text) < 0)
			line = NULL;
	}
	if (line)
		append(page, line, like);
}

/* Lines after the first start with `indent` blanks; a word that is longer than a line is cut. */
static void append_wrapped(struct page *page, const char *text, unsigned indent, const struct page_line *like)
{
	struct page_line next = *like;
	unsigned left = 0;

	while (*text) {
		size_t len = wrap_length(text, page->width - left);
		char *line = NULL;

		if (asprintf(&line, "%*s%.*s", (int)left, "", (int)len, text) >= 0)
			append_cut(page, line, &next);
		free(line);
		text += len;
		text += strspn(text, " ");
		left = indent;
		next.is_badge = false;
		if (like->is_badge)
			next.style = TERM_PLAIN;
	}
}

/* Takes over `raw`. */
static void add_text(struct page *page, char *raw, unsigned indent, const struct page_line *like)
{
	char *text = raw ? utf8_printable(raw) : NULL;

	if (text && page->wraps && page->width > 2 * indent && page_columns(text) > page->width)
		append_wrapped(page, text, indent, like);
	else if (text)
		append_cut(page, text, like);
	free(text);
	free(raw);
}

static char *format_text(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list args)
{
	char *text = NULL;

	return vasprintf(&text, format, args) < 0 ? NULL : text;
}

void page_add(struct page *page, int weight, enum term_style style, const char *format, ...)
{
	struct page_line like = { .style = style, .weight = weight };
	va_list args;

	va_start(args, format);
	add_text(page, format_text(format, args), 2, &like);
	va_end(args);
}

void page_add_badge(struct page *page, int weight, enum term_style style, const char *format, ...)
{
	struct page_line like = { .style = style, .weight = weight, .is_badge = true };
	va_list args;

	va_start(args, format);
	add_text(page, format_text(format, args), 2, &like);
	va_end(args);
}

void page_add_row(struct page *page, int weight, const char *label, const char *format, ...)
{
	struct page_line like = { .style = TERM_PLAIN, .weight = weight };
	char *value, *text = NULL;
	va_list args;

	va_start(args, format);
	value = format_text(format, args);
	va_end(args);
	if (!value || asprintf(&text, "  %-*s%s", PAGE_LABEL_COLUMNS - 2, label, value) < 0)
		text = NULL;
	free(value);
	add_text(page, text, PAGE_LABEL_COLUMNS, &like);
}

void page_take(struct page *page, struct page *other)
{
	for (size_t i = 0; i < other->count; i++) {
		append(page, other->lines[i].text, &other->lines[i]);
		other->lines[i].text = NULL;
	}
	page_finish(other);
}

static size_t heaviest(const struct page *page)
{
	size_t found = page->count - 1;

	for (size_t i = page->count; i-- > 0;)
		if (page->lines[i].weight > page->lines[found].weight)
			found = i;
	return found;
}

size_t page_fit(struct page *page, size_t height)
{
	size_t gone = 0;

	for (; page->count > height; gone++) {
		size_t at = heaviest(page);

		free(page->lines[at].text);
		memmove(page->lines + at, page->lines + at + 1, (--page->count - at) * sizeof(*page->lines));
	}
	return gone;
}

static void print_line(const struct page_line *line, FILE *out)
{
	size_t styled = line->is_badge ? strcspn(line->text, " ") : strlen(line->text);
	/* A badge in colours takes one of the blanks behind it to either side. */
	const char *blank = line->is_badge && strncmp(line->text + styled, "  ", 2) == 0 ? " " : "";

	if (line->style == TERM_PLAIN || !term_has_colour(stdout)) {
		(void)fputs(line->text, out);
		return;
	}
	(void)fprintf(out, "%s%s%.*s%s%s", term_style(stdout, line->style), blank, (int)styled, line->text, blank,
		      term_style(stdout, TERM_PLAIN));
	(void)fputs(line->text + styled + 2 * strlen(blank), out);
}

void page_print(const struct page *page, FILE *out, const char *newline)
{
	for (size_t i = 0; i < page->count; i++) {
		print_line(&page->lines[i], out);
		(void)fputs(newline, out);
	}
}
