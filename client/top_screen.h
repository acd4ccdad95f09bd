/* SPDX-License-Identifier: MIT
 *
 * The terminal while top has it: the other screen, no cursor, keys one by one. It is as it was before at every end: by
 * a key, an error, Ctrl-C, SIGTERM (both by interrupt.h), SIGHUP, SIGQUIT. One at a time.
 */
#ifndef NGMT_TOP_SCREEN_H
#define NGMT_TOP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "page.h"

/* Whether standard input and standard output are a terminal that can do it. */
bool top_screen_can(void);

/* Takes the terminal; interrupts are watched from here on. -1 on error. */
int top_screen_open(struct err *err);
void top_screen_close(void);

/* Rows and columns now. */
void top_screen_size(unsigned *rows, unsigned *columns);

/* Shows the lines of a page, in one write, and nothing else. */
void top_screen_draw(const struct page *page);

enum top_key {
	TOP_KEY_NONE,  /* the time is over, or the size may have changed */
	TOP_KEY_OTHER, /* a key that means nothing */
	TOP_KEY_QUIT,  /* q, Escape, Ctrl-D, an interrupt, or a terminal that is gone */
	TOP_KEY_LOOK,
	TOP_KEY_PAUSE,
	TOP_KEY_HELP
};

/* Waits for a key until `deadline_ms` on clock_mono_ms(). */
enum top_key top_screen_key(int64_t deadline_ms);

#endif
