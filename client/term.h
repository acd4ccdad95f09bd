/* SPDX-License-Identifier: MIT
 *
 * The terminal: is there one, how wide is it, may colours be used, and asking its person.
 */
#ifndef NGMT_TERM_H
#define NGMT_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum term_style {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_DIM,
	TERM_GOOD,
	TERM_WARN,
	TERM_BAD,
	TERM_LIVE,     /* the environments, as badges */
	TERM_SANDBOX,
	TERM_REHEARSAL,
	TERM_STYLES
};

/* `choice` is the value of --color: "auto", "always", "never", or NULL for auto. Auto colours a stream that is a
 * terminal, unless NO_COLOR is set (https://no-color.org) or TERM is "dumb". */
void term_init(const char *choice);

/* Whether a person can be asked: standard input and standard error are both terminals. */
bool term_can_ask(void);
bool term_is_terminal(FILE *stream);
/* Whether `stream` gets colours. */
bool term_has_colour(FILE *stream);
/* Columns of the terminal behind `stream`, looked up each time since it may be resized; 80 if it is none. */
unsigned term_width(FILE *stream);
/* Lines of it; 24 if it is none. */
unsigned term_height(FILE *stream);
/* Whether the locale's character set is UTF-8, by its environment variables. */
bool term_is_utf8(void);

/* The escape sequence that starts a style; "" where there are no colours. TERM_PLAIN ends every style. */
const char *term_style(FILE *stream, enum term_style style);

/* Writes the question to standard error and reads one line of the answer, without newline and blanks around it, into
 * `answer`. False at the end of input, or if a signal came that is watched (interrupt.h). */
bool term_ask(const char *question, char *answer, size_t size);

/* term_ask() of a question that only "y" or "yes" (any case) says yes to. */
bool term_confirm(const char *question);

#endif
