/* SPDX-License-Identifier: MIT
 *
 * Which rooms a command line of "rooms ..." means. Pure.
 */
#ifndef NGMT_ROOM_SELECT_H
#define NGMT_ROOM_SELECT_H

#include "err.h"
#include "json.h"
#include "options.h"

/* What the tables cannot say: an adoption says which rooms, in one way. Does nothing for other commands. -1 with
 * ERR_USAGE. */
int room_select_check(const struct invocation *invocation, struct err *err);

/* The params of the methods plan_adopt, rooms_adopt and rooms_ignore: "rooms", "game", "all", "undo". The caller
 * puts. */
struct json_object *room_select_params(const struct invocation *invocation);

#endif
