/* SPDX-License-Identifier: MIT
 *
 * TAB in the console: what completion.h finds, put in or listed.
 */
#ifndef NGMT_CONSOLE_TAB_H
#define NGMT_CONSOLE_TAB_H

#include "completion.h"
#include "line_editor.h"

/* A line_completer; `arg` is the struct console. */
void console_tab(const char *line, size_t cursor, struct line_completion *out, void *arg);

/* What fits, for a screen of `width` columns and `rows` lines: with notes if there are few, else in columns; what does
 * not fit on the screen is counted. Pure. The caller frees; NULL if memory runs out. */
char *console_tab_list(const struct completion *completion, unsigned width, unsigned rows);

#endif
