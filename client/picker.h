/* SPDX-License-Identifier: MIT
 *
 * One of several lines, picked by a person: which lines are shown, which one the cursor is on, what a key does, and the
 * picture of it. Pure: keys, size and stream are arguments; picker_screen.c gives it a terminal.
 */
#ifndef NGMT_PICKER_H
#define NGMT_PICKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "keys.h"

#define PICKER_FILTER_MAX 63

struct picker {
	const char *question;
	const char *const *labels; /* borrowed */
	size_t count;
	size_t *shown; /* those that match the filter */
	size_t shown_count;
	size_t cursor; /* which of those shown */
	size_t top;    /* the first of them on the screen */
	size_t rows;   /* lines for them, at least 1 */
	char filter[PICKER_FILTER_MAX + 1];
	bool is_filtering; /* "/" was typed, or the filter has text: "q" is a letter then */
};

enum picker_end { PICKER_GOES_ON, PICKER_CHOSEN, PICKER_LEFT };

/* `labels` and `question` are borrowed. -1 if memory runs out. */
int picker_init(struct picker *picker, const char *question, const char *const *labels, size_t count);
void picker_finish(struct picker *picker);

/* The terminal has so many lines now. */
void picker_resize(struct picker *picker, size_t lines);

/* Arrows, Page Up and Down, Home and End move; text filters without regard to case; Enter takes what the cursor is on
 * (if anything is shown); Escape, Ctrl-C and, unless one filters, "q" leave. */
enum picker_end picker_press(struct picker *picker, const struct key *key);

/* Which label was chosen. */
size_t picker_choice(const struct picker *picker);

/* Draws all of it from the upper left corner, no line longer than `columns`. */
void picker_draw(const struct picker *picker, FILE *out, size_t columns);

#endif
