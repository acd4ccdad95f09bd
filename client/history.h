/* SPDX-License-Identifier: MIT
 *
 * What was typed at the console, kept in the user's state folder ($XDG_STATE_HOME/ngmt/history, else
 * ~/.local/state/ngmt/history; the folder 0700, the file 0600). Several consoles at once lose nothing of each other. No
 * folder, no right or a full disk is no error: there is no history then, and nothing is said.
 */
#ifndef NGMT_HISTORY_H
#define NGMT_HISTORY_H

#include <stdbool.h>

#define HISTORY_LINES_MAX 1000
#define HISTORY_LINE_BYTES 4096

/* Whether a line is worth keeping after `previous` (NULL: none): not empty, not the same again, not started with a
 * blank, nothing that could drive a terminal, and nothing that looks like a key of AWS. Pure. */
bool history_keeps(const char *line, const char *previous);

/* Puts each kept line, oldest first, into fn. */
void history_read(void (*fn)(const char *line, void *arg), void *arg);

/* Adds one line to the file, which then has the newest HISTORY_LINES_MAX. */
void history_add(const char *line);

#endif
