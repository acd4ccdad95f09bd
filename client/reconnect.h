/* SPDX-License-Identifier: MIT
 *
 * What is followed without an end (rooms, events) goes on after ngmtd was started again.
 */
#ifndef NGMT_RECONNECT_H
#define NGMT_RECONNECT_H

#include <stdbool.h>

#include "err.h"
#include "session.h"

typedef int reconnect_fn(void *arg, struct session *session, struct err *err);

/* Whether following is over: Ctrl-C, or --timeout. */
bool reconnect_is_over(const struct session *session);

/* Connects and calls `subscribe` until both work (or following is over): 0. `note` is said when it has. -1: ngmtd did
 * not come back, or refused for good. */
int reconnect(struct session *session, reconnect_fn *subscribe, void *arg, const char *note, struct err *err);

#endif
