/* SPDX-License-Identifier: MIT
 *
 * What the interactive console and scripts have in common: a line is cut into words and run like a process of its own,
 * with a connection of its own, so that a daemon that is started again in between is no trouble. The options with which
 * the console itself was started go along with each line.
 */
#ifndef NGMT_CONSOLE_H
#define NGMT_CONSOLE_H

#include <stdbool.h>

#include "options.h"
#include "session.h"

struct console {
	const struct invocation *invocation; /* of the console itself */
	char environment[SESSION_ENVIRONMENT_MAX]; /* the one that lines run in; empty: whichever comes first */
	bool is_quiet;
	bool is_json;
	bool is_over; /* exit or quit was said */
	int status;   /* exit status of the last command */
	int signal;   /* the one that came during the last command; 0: none */
};

/* The words that are commands here only, separated by "|". */
#define CONSOLE_WORDS "exit|quit"

void console_init(struct console *console, const struct invocation *invocation);

/* Runs one line; a leading "ngmtctl" is dropped. False if there was nothing in it but blanks and comment: all stays as
 * it was. */
bool console_run_line(struct console *console, const char *line);

/* Runs one command; the words are those after "ngmtctl". */
void console_run_words(struct console *console, char *const *words, int count);

#endif
