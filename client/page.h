/* SPDX-License-Identifier: MIT
 *
 * A page of lines that must fit into columns and lines: lines are added with a weight, and what does not fit is left
 * out, the heaviest first. Pure: nothing is printed before page_print().
 */
#ifndef NGMT_PAGE_H
#define NGMT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "term.h"

/* Columns of a label and the blanks around it. */
#define PAGE_LABEL_COLUMNS 17

/* Lines of this weight stay until nothing else is left. */
#define PAGE_KEEP 0

struct page_line {
	char *text;
	enum term_style style; /* of the first word, or of all of it */
	bool is_badge;         /* of the first word only */
	int weight;
};

struct page {
	struct page_line *lines;
	size_t count;
	size_t room;
	unsigned width; /* 0: as wide as it takes */
	bool wraps;     /* a line that is too long goes on in the next, else it ends in "..." */
};

void page_init(struct page *page, unsigned width, bool wraps);
void page_finish(struct page *page);

/* Adds a line. Control characters are made visible. */
void page_add(struct page *page, int weight, enum term_style style, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same; only its first word gets the style. */
void page_add_badge(struct page *page, int weight, enum term_style style, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Adds "  LABEL          TEXT"; a label of "" belongs to the row above. */
void page_add_row(struct page *page, int weight, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Adds all lines of another page, and empties it. */
void page_take(struct page *page, struct page *other);

/* Leaves out lines until at most `height` are left: the last of those that weigh most. Returns how many went. */
size_t page_fit(struct page *page, size_t height);

/* Lines end in `newline`. */
void page_print(const struct page *page, FILE *out, const char *newline);

/* Columns that a text takes on a terminal at most: letters of East Asia and pictures take two. */
size_t page_columns(const char *text);

#endif
