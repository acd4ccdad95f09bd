/* SPDX-License-Identifier: MIT
 *
 * Commands from standard input that is no terminal, line by line. The commands themselves get an empty standard input:
 * the lines of a script are never taken for answers.
 */
#ifndef NGMT_SCRIPT_H
#define NGMT_SCRIPT_H

#include "console.h"

#define SCRIPT_LINE_MAX 65536

/* Runs all lines, or until the first that fails unless --keep-going was given, and says which it was. The exit status
 * is that of the first that failed, or `status` (of what ran before) if that is not 0; *count is the number of lines
 * that were run. -1 with `err` if standard input cannot be read. */
int script_run(struct console *console, int status, size_t *count, struct err *err);

#endif
