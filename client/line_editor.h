/* SPDX-License-Identifier: MIT
 *
 * Typing a line at a terminal, with history, Ctrl-R, TAB and the keys of Emacs (or those of ~/.editrc): libedit, which
 * is included in line_editor.c only. Draws on standard error, so that standard output has nothing but data. One at a
 * time.
 */
#ifndef NGMT_LINE_EDITOR_H
#define NGMT_LINE_EDITOR_H

#include <stddef.h>

struct line_editor;

/* In a prompt: stands before and behind what takes no room on the screen. */
#define LINE_EDITOR_INVISIBLE '\1'

/* What TAB does: `text` takes the place of the bytes from..cursor, or `list` is shown below; with neither it beeps.
 * Both are freed by the editor. */
struct line_completion {
	size_t from;
	char *text;
	char *list;
};

typedef void line_completer(const char *line, size_t cursor, struct line_completion *out, void *arg);

/* NULL if memory runs out or the terminal cannot be had. */
struct line_editor *line_editor_new(line_completer *complete, void *arg);
void line_editor_free(struct line_editor *editor);

/* One line without its end; the caller frees. Ctrl-C gives an empty one. NULL: Ctrl-D, or the terminal is gone. */
char *line_editor_read(struct line_editor *editor, const char *prompt);

/* Makes a line the newest that the key Up brings back. */
void line_editor_remember(struct line_editor *editor, const char *line);

#endif
