/* SPDX-License-Identifier: MIT
 *
 * The options with which nodegame-mturk is started, as ngmtctl takes them: what is loaded, fetched and checked before
 * the first line of the console.
 */
#ifndef NGMT_START_H
#define NGMT_START_H

#include <stdbool.h>

#include "console.h"
#include "err.h"

/* Whether anything is to be done at the start. */
bool start_has_work(const struct invocation *invocation);

/* Refuses what is the daemon's to decide, with what to write for it there, and words that belong to nothing. */
int start_check(const struct invocation *invocation, struct err *err);

/* With --sandbox: -1 unless the daemon is there and sends nothing live. The console is then bound to its
 * environment. */
int start_check_sandbox(struct console *console, struct err *err);

/* Does what was asked for, in the seed's order, and says so in the seed's words. `stops`: the first failure ends it.
 * Returns the exit status of the first failure, 0 if there was none. */
int start_run(struct console *console, bool stops);

#endif
