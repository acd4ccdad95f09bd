/* SPDX-License-Identifier: MIT
 *
 * "rooms --follow": a line for everything that happens to a room, until Ctrl-C; a daemon that is restarted meanwhile is
 * waited for.
 */
#ifndef NGMT_ROOM_FOLLOW_H
#define NGMT_ROOM_FOLLOW_H

#include <stddef.h>

#include "err.h"
#include "json.h"
#include "session.h"

/* The exit status: 0 at Ctrl-C, 8 at --timeout; or -1 with `err`. */
int room_follow(struct session *session, struct err *err);

/* What happened to a room, in words after its state: "4 rows, 4 new". May be empty. */
void room_follow_describe(struct json_object *news, char *out, size_t size);

#endif
