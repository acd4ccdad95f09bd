/* SPDX-License-Identifier: MIT
 *
 * Running one command line from its words to its exit status: errors are reported, the output is flushed. The program
 * as a whole does so once, the console for each of its lines.
 */
#ifndef NGMT_RUN_H
#define NGMT_RUN_H

#include <stdbool.h>

#include "err.h"
#include "options.h"

/* Returns the exit status. `environment` (SESSION_ENVIRONMENT_MAX bytes) is the one that the daemon has to be in, for a
 * daemon that was started again may be another one; if it is empty any will do, and is put there. NULL: any. */
int run_invocation(const struct invocation *invocation, char *environment);

/* Reports why a command line cannot be run. Returns the exit status. */
int run_refuse(bool is_json, const struct err *err);

/* Parses and runs main's argv. */
int run_program(int argc, char *const *argv);

#endif
