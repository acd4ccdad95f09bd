/* SPDX-License-Identifier: MIT
 *
 * Where a nodeGame game keeps its results: from a game's name, its folder or its data folder to the data folder. Rules:
 * nodegame-files section 1.1 (nodeGame 4 to 7.0.3).
 */
#ifndef NGMT_GAME_FOLDER_H
#define NGMT_GAME_FOLDER_H

#include <stdbool.h>

#include "err.h"
#include "waypoint.h"

/* `game`: the name of a game below `nodegame_path`/games (else games_available), or a path (with a "/" in it) of a
 * game folder or of a data folder: a folder with "data" in it is a game, one with package.json is a game that has
 * not been started yet (ERR_NOT_FOUND), any other is a data folder. Returns its absolute path, links resolved; the
 * caller frees. NULL with ERR_NOT_FOUND or ERR_FILE and what to do. */
char *game_folder_data(const char *nodegame_path, const char *game, struct err *err);

/* The way there, as far as it goes: another answer comes only after a change on it. -1: out of memory. */
int game_folder_way(struct waypoints *points, const char *nodegame_path, const char *game);

/* As nodeGame decides what is a game; those that somebody has taken the package.json of keep their rooms. */
bool game_folder_is_game(const char *folder);

/* "ultimatum" for /srv/games/ultimatum, also with a slash at its end, and for /srv/games/ultimatum/data. The caller
 * frees; NULL: out of memory. */
char *game_folder_name(const char *game);

#endif
