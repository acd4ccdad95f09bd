/* SPDX-License-Identifier: MIT
 *
 * Rooms as the daemon's methods "rooms", "room" and "unclaimed" list them, see ngmt-protocol(7): all pages read into
 * one result, and shown as tables.
 */
#ifndef NGMT_ROOM_PAGE_H
#define NGMT_ROOM_PAGE_H

#include <stdio.h>

#include "err.h"
#include "json.h"
#include "session.h"

/* Calls `method` until there is no further page, and adds what is in the array `list` of each to that of the first.
 * Takes over `params`. The caller puts; NULL on error. */
struct json_object *room_page_all(struct session *session, const char *method, struct json_object *params,
				  const char *list, struct err *err);

/* "room000007"; "." for the data folder's own file, whose name is empty. */
const char *room_page_name(struct json_object *room);

/* A table with a line of titles. If its lines have more than `width` columns (0: any number will do), what is wrong
 * stands below each room. */
void room_page_print(FILE *out, struct json_object *rooms, unsigned width);
/* Submissions that no row claims, likewise. */
void room_page_print_unclaimed(FILE *out, struct json_object *submissions, unsigned width);

/* What is wrong with the watching itself: a line each. Number of lines. */
int room_page_print_trouble(FILE *out, struct json_object *watch);

#endif
