/* SPDX-License-Identifier: MIT
 *
 * Where a nodeGame game keeps its results: finds the game's data folder and the rooms in it. Reads directories, never
 * files. Rules: nodegame-files sections 1 and 9.1 (nodeGame 4 to 7.0.3).
 */
#ifndef NGMT_ROOMS_H
#define NGMT_ROOMS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct room {
	char *name; /* "room000061"; "" for data/bonus.csv itself (rooms that share one folder) */
	/* Absolute path of bonus.csv, else results.csv; NULL: no results in this room. A room that cannot be looked
	 * into has the path where bonus.csv would be: whoever opens it says why it cannot. */
	char *results_path;
	int64_t number;     /* the digits at the end of the name; -1: none */
};

struct room_list {
	char *data_path; /* absolute, links resolved */
	struct room *rooms; /* sorted by number, then by name */
	size_t count;
};

/* Names of rooms as nodeGame makes them by default. */
#define ROOMS_PATTERN "^room[0-9]+$"

/* A POSIX extended regular expression for the names of rooms; NULL: ROOMS_PATTERN. ERR_CONFIG. */
int rooms_compile(regex_t *compiled, const char *pattern, struct err *err);

/* Whether a folder of this name is a room. Hidden ones, "export" and backups (.bak) never are. */
bool rooms_is_name(const regex_t *pattern, const char *name);

/* `game` and `nodegame_path`: see game_folder.h; `pattern`: see rooms_compile(). The data folder's own bonus.csv is the
 * room "", if it exists and no bound is given. Rooms whose number is outside min_room..max_room are left out, rooms
 * without a number too if a bound is given (bounds: -1 is none). -1 with ERR_NOT_FOUND, ERR_FILE, ERR_USAGE or
 * ERR_CONFIG (pattern) and what to do. The caller finishes the list; after -1 there is nothing to finish. */
int rooms_find(struct room_list *list, const char *nodegame_path, const char *game, const char *pattern,
	       int64_t min_room, int64_t max_room, struct err *err);
void rooms_finish(struct room_list *list);

#endif
