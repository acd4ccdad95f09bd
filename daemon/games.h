/* SPDX-License-Identifier: MIT
 *
 * The games that are watched, by the configuration: every game of the nodeGame installation ("path": what stands in its
 * games/, which may be links), and every "game". A data folder that is found twice is watched once, as its own "game"
 * says; where two of them say different things, as the one says that does less.
 */
#ifndef NGMT_GAMES_H
#define NGMT_GAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "folder_identity.h"
#include "game_entry.h"
#include "waypoint.h"

struct game {
	char *name;  /* for people and for --game */
	char *place; /* as it is configured, or its folder in games/ */
	char *data_path; /* absolute, links resolved; NULL: it is not there */
	char *why;       /* NULL unless it is not there */
	bool is_installed; /* found by "path" */
	bool is_unstarted; /* of these one that nodeGame has made no data folder for yet: nothing is wrong */
	struct folder_identity identity;
	enum policy policy;
	enum join_way join;
	char **hits; /* NULL-terminated; NULL: none */
};

struct game_list {
	struct game *games;
	size_t count;
	struct waypoints points; /* where a change may lead to another list */
};

/* -1: out of memory. The caller finishes the list; after -1 there is nothing to finish. */
int games_find(struct game_list *list, const struct config *config, struct err *err);
void games_finish(struct game_list *list);

#endif
