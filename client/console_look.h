/* SPDX-License-Identifier: MIT
 *
 * A look at the daemon before each prompt: is it there, in which environment, which HIT is selected; and the prompt
 * that says so.
 */
#ifndef NGMT_CONSOLE_LOOK_H
#define NGMT_CONSOLE_LOOK_H

#include <stdbool.h>

#include "err.h"
#include "options.h"
#include "session.h"

#define CONSOLE_PROMPT_MAX 256

struct console_look {
	bool is_away;
	struct err err; /* why */
	char environment[SESSION_ENVIRONMENT_MAX];
	bool is_dry;
	char hit[80]; /* the id of the selected HIT; "": none */
};

/* Asks the daemon that `invocation` means; never waits longer than a second. */
void console_look(struct console_look *look, const struct invocation *invocation);

/* "ngmt SANDBOX 3ABC…XYZ> ", for standard error. What is invisible in it stands between marks. Pure, but for term.h. */
void console_prompt(char prompt[CONSOLE_PROMPT_MAX], const struct console_look *look, bool is_dry, char mark);

#endif
