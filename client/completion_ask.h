/* SPDX-License-Identifier: MIT
 *
 * Where words come from that no table has: ids from the daemon, names from the file system.
 */
#ifndef NGMT_COMPLETION_ASK_H
#define NGMT_COMPLETION_ASK_H

#include "completion.h"

/* Nobody waits longer for a TAB. */
#define COMPLETION_ASK_MS 300

/* A completion_asker's `ask`: method "complete" over a connection of its own. `arg` is the path of the socket or NULL:
 * then it is found as for every command, --socket among the words included. No daemon, no right, an old daemon or one
 * slower than COMPLETION_ASK_MS: no words, and nothing is said. */
void completion_ask_daemon(struct completion *completion, const char *what, const char *prefix, void *arg);

/* If the completion wants files: adds the names that fit, folders with a "/" behind; "~/" is the home folder. At most a
 * thousand. Shells do that themselves. */
void completion_add_files(struct completion *completion);

#endif
