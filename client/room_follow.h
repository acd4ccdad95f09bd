/* SPDX-License-Identifier: MIT
 *
 * "rooms --follow": a line for everything that happens to a room, until Ctrl-C; a daemon that is restarted meanwhile is
 * waited for.
 */
#ifndef NGMT_ROOM_FOLLOW_H
#define NGMT_ROOM_FOLLOW_H

#include "err.h"
#include "session.h"

/* The exit status: 0 at Ctrl-C, 8 at --timeout; or -1 with `err`. */
int room_follow(struct session *session, struct err *err);

#endif
