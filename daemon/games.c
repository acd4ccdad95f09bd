/* SPDX-License-Identifier: MIT */
#include "games.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "game_folder.h"

static void finish_game(struct game *game)
{
	for (size_t i = 0; game->hits && game->hits[i]; i++)
		free(game->hits[i]);
	free(game->hits);
	free(game->name);
	free(game->place);
	free(game->data_path);
	free(game->why);
}

/* Of games that are not there nothing but the name can be compared. */
static bool is_same(const struct game *one, const struct game *other)
{
	if (one->data_path && other->data_path)
		return strcmp(one->data_path, other->data_path) == 0;
	return !one->data_path && !other->data_path && strcmp(one->name, other->name) == 0;
}

/* Takes over what is in `game`. */
static int add(struct game_list *list, struct game *game, bool is_own)
{
	struct game *games;

	for (size_t i = 0; i < list->count; i++) {
		if (!is_same(&list->games[i], game))
			continue;
		if (is_own && game->policy < list->games[i].policy)
			list->games[i].policy = game->policy;
		finish_game(game);
		return 0;
	}
	games = reallocarray(list->games, list->count + 1, sizeof(*games));
	if (!games) {
		finish_game(game);
		return -1;
	}
	list->games = games;
	games[list->count++] = *game;
	return 0;
}

/* Where the game is now, or why it is not. */
static int locate(struct game *game, const char *nodegame_path)
{
	struct err err;

	game->data_path = game_folder_data(nodegame_path, game->place, &err);
	if (game->data_path) {
		(void)folder_identity_read(&game->identity, game->data_path);
		return 0;
	}
	game->is_unstarted = game->is_installed && err.code == ERR_NOT_FOUND;
	if (asprintf(&game->why, "%s", err.message) < 0)
		game->why = NULL;
	return game->why ? 0 : -1;
}

static enum policy default_policy(const struct config *config)
{
	int policy = config->policy ? policy_from_name(config->policy) : -1;

	return policy < 0 ? POLICY_IMPORT : (enum policy)policy;
}

static enum join_way default_join(const struct config *config)
{
	int way = config->join ? join_way_from_name(config->join) : -1;

	return way < 0 ? JOIN_NONE : (enum join_way)way;
}

/* Takes over what is in the entry. */
static int add_entry(struct game_list *list, const struct config *config, struct game_entry *entry)
{
	struct game game = { .name = game_folder_name(entry->place),
			     .place = entry->place,
			     .policy = entry->has_policy ? entry->policy : default_policy(config),
			     .join = entry->has_join ? entry->join : default_join(config),
			     .hits = entry->hits };

	if (!game.name || game_folder_way(&list->points, config->nodegame_path, game.place) < 0 ||
	    locate(&game, config->nodegame_path) < 0) {
		finish_game(&game);
		return -1;
	}
	return add(list, &game, true);
}

static int add_entries(struct game_list *list, const struct config *config, struct err *err)
{
	for (size_t i = 0; i < config->games.count; i++) {
		struct game_entry entry;

		if (game_entry_read(&entry, config->games.items[i], err) < 0)
			return -1;
		if (add_entry(list, config, &entry) < 0)
			return err_set(err, ERR_INTERNAL, "out of memory");
	}
	return 0;
}

static int add_installed(struct game_list *list, const struct config *config, const char *games, const char *name)
{
	struct game game = { .policy = default_policy(config), .join = default_join(config), .is_installed = true };

	if (asprintf(&game.place, "%s/%s", games, name) < 0) {
		game.place = NULL;
		return -1;
	}
	if (game_folder_way(&list->points, NULL, game.place) < 0)
		goto fail;
	if (!game_folder_is_game(game.place)) {
		finish_game(&game);
		return 0;
	}
	game.name = strdup(name);
	if (game.name && locate(&game, NULL) == 0)
		return add(list, &game, false);
fail:
	finish_game(&game);
	return -1;
}

/* The installation cannot be read: that is shown as a game that is not there. */
static int add_unreadable(struct game_list *list, const char *games, int error)
{
	struct game game = { .name = strdup("games"), .place = strdup(games) };

	if (asprintf(&game.why, "cannot open the folder \"%s\": %s", games, strerror(error)) < 0)
		game.why = NULL;
	if (game.name && game.place && game.why)
		return add(list, &game, false);
	finish_game(&game);
	return -1;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_all_of(struct game_list *list, const struct config *config, const char *games)
{
	struct dirent **entries = NULL;
	int count, result;

	if (waypoints_add(&list->points, games) < 0 || waypoints_add_all_of(&list->points, games) < 0)
		return -1;
	count = scandir(games, &entries, is_visible, alphasort);
	if (count < 0)
		return errno == ENOMEM ? -1 : add_unreadable(list, games, errno);
	result = 0;
	for (int i = 0; i < count; i++) {
		if (result == 0)
			result = add_installed(list, config, games, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return result;
}

static int add_installation(struct game_list *list, const struct config *config)
{
	char *games = NULL;
	int result;

	if (!config->nodegame_path)
		return 0;
	if (asprintf(&games, "%s/games", config->nodegame_path) < 0)
		return -1;
	result = add_all_of(list, config, games);
	free(games);
	return result;
}

/* Games of their own first: what their entry says goes before what holds for the whole installation. */
int games_find(struct game_list *list, const struct config *config, struct err *err)
{
	int result;

	*list = (struct game_list){ 0 };
	result = add_entries(list, config, err);
	if (result == 0 && add_installation(list, config) < 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	if (result < 0)
		games_finish(list);
	waypoints_unify(&list->points);
	return result;
}

void games_finish(struct game_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		finish_game(&list->games[i]);
	free(list->games);
	waypoints_finish(&list->points);
	*list = (struct game_list){ 0 };
}
