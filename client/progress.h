/* SPDX-License-Identifier: MIT
 *
 * How far a batch is: a line that is drawn again and again on a terminal, or a line at each tenth elsewhere.
 * Formatting is pure: width and character set are arguments.
 */
#ifndef NGMT_PROGRESS_H
#define NGMT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

#define PROGRESS_LINE_MAX 1024

/* What is shown of a batch; see ngmt-protocol(7), method batch. */
struct progress {
	int64_t total;
	int64_t settled; /* done, failed, held or cancelled */
	int64_t failed;
	int64_t held; /* but for what can be taken back */
	int64_t unsure;
	double rate_per_s;
	int64_t eta_s;        /* -1: not known */
	int64_t bonus_cents;  /* paid until now */
	int64_t planned_cents; /* to be paid in all; 0: no money in it */
	const char *waiting_for; /* NULL: nothing */
};

void progress_read(struct progress *progress, struct json_object *batch, int64_t planned_cents);

/* Percent settled, 0 to 100; 100 only if all is. */
int progress_percent(const struct progress *progress);

/* "[#####-----]  8/16  50 %  1.9/s  4 s left  $12.75 of $29.75", at most `width` columns; the bar shrinks first,
 * then parts are left out from the right. Width 0: all parts without a bar, for a log. Returns `out`. */
const char *progress_format(const struct progress *progress, unsigned width, bool is_utf8, char out[PROGRESS_LINE_MAX]);

/* The display of one batch on standard error. */
struct progress_display {
	bool is_terminal;
	bool is_silent;
	bool is_drawn;
	int last_tenth;
};

void progress_display_init(struct progress_display *display, bool is_silent);
void progress_show(struct progress_display *display, const struct progress *progress);
/* Takes the line away (before other text is written). */
void progress_clear(struct progress_display *display);

#endif
