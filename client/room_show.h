/* SPDX-License-Identifier: MIT
 *
 * One room as the daemon's method "room" describes it, see ngmt-protocol(7). Pure.
 */
#ifndef NGMT_ROOM_SHOW_H
#define NGMT_ROOM_SHOW_H

#include <stdio.h>

#include "json.h"

/* All that is known of the room, its versions and its rows, in lines of at most `width` columns where that is possible
 * (0: as long as they get). */
void room_show_print(FILE *out, struct json_object *room, unsigned width);

#endif
