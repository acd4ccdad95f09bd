/* SPDX-License-Identifier: MIT
 *
 * The console on a terminal: prompt, history, TAB, Ctrl-C.
 */
#ifndef NGMT_CONSOLE_TERMINAL_H
#define NGMT_CONSOLE_TERMINAL_H

#include "console.h"
#include "err.h"

/* Reads and runs lines until exit or Ctrl-D: the exit status of the last command. -1 if the terminal cannot be had. */
int console_terminal(struct console *console, struct err *err);

#endif
