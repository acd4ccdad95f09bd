/* SPDX-License-Identifier: MIT
 *
 * Which operations a command line of "queue list", "queue release", "queue cancel", "queue hold" or "queue retry"
 * means: the member "select" of the methods queue, release, cancel, hold and retry, see ngmt-protocol(7). Pure.
 */
#ifndef NGMT_QUEUE_SELECT_H
#define NGMT_QUEUE_SELECT_H

#include "err.h"
#include "json.h"
#include "options.h"

/* What the tables cannot say: numbers are numbers, lanes are lanes, and something is selected in one way. Does nothing
 * for other commands. -1 with ERR_USAGE. */
int queue_select_check(const struct invocation *invocation, struct err *err);

/* The number in words[at], which queue_select_check() has seen. */
int64_t queue_select_number(const struct invocation *invocation, int at);

/* What numbers and options say together; NULL: neither is given. The caller puts. */
struct json_object *queue_select_new(const struct invocation *invocation);

/* An array with one select for each call that the command makes: one, but for "cancel --all", "hold --all" and "retry".
 * What they never take (what is in doubt, what is on its way) the daemon leaves out by itself. The caller
 * puts. */
struct json_object *queue_select_parts(const struct invocation *invocation);

#endif
