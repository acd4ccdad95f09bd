/* SPDX-License-Identifier: MIT
 *
 * The way to a folder: every entry of a folder through which a path leads, links followed. If one of them is made,
 * renamed, replaced or removed, the path leads elsewhere.
 */
#ifndef NGMT_WAYPOINT_H
#define NGMT_WAYPOINT_H

#include <stddef.h>

struct waypoint {
	char *folder;
	char *name;   /* "": any of its entries */
};

struct waypoints {
	struct waypoint *items; /* without order, may repeat before waypoints_unify() */
	size_t count;
};

/* Adds the way to the absolute `path`, as far as it goes. -1: out of memory. */
int waypoints_add(struct waypoints *points, const char *path);
/* All entries of a folder. */
int waypoints_add_all_of(struct waypoints *points, const char *folder);

/* Sorts them, and leaves one of each. */
void waypoints_unify(struct waypoints *points);
void waypoints_finish(struct waypoints *points);

#endif
