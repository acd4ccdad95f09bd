/* SPDX-License-Identifier: MIT */
#include "join_groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "game_folder.h"
#include "input_codes.h"
#include "log.h"
#include "selected.h"

/* Looking for games reads folders. */
#define GAMES_AGE_MS 10000

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's analyser loses sight of what is stored in a list behind a pointer, and calls it leaked. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

void join_groups_init(struct join_groups *groups, struct ledger *ledger, const struct config *config)
{
	*groups = (struct join_groups){ .ledger = ledger, .config = config };
}

static void free_hits(char **hits)
{
	for (size_t i = 0; hits && hits[i]; i++)
		free(hits[i]);
	free(hits);
}

static void group_free(struct join_group *group)
{
	if (!group)
		return;
	free_hits(group->hits);
	free(group->hits_json);
	free(group->game);
	free(group->folder);
	free(group);
}

void join_groups_finish(struct join_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		group_free(groups->items[i]);
	free(groups->items);
	if (groups->has_games)
		games_finish(&groups->games);
	*groups = (struct join_groups){ 0 };
}

static bool is_equal(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

static const struct game *search(const struct join_groups *groups, const char *name, const char *folder)
{
	for (size_t i = 0; i < groups->games.count; i++) {
		const struct game *game = &groups->games.games[i];

		if (folder ? is_equal(game->data_path, folder) : is_equal(game->name, name))
			return game;
	}
	return NULL;
}

static int find_games(struct join_groups *groups, struct err *err)
{
	struct game_list found;

	if (games_find(&found, groups->config, err) < 0)
		return -1;
	if (groups->has_games)
		games_finish(&groups->games);
	groups->games = found;
	groups->has_games = true;
	groups->games_ms = clock_mono_ms();
	return 0;
}

/* *out is NULL if it is no game of the configuration. */
static int find_game(struct join_groups *groups, const struct join_group *group, const struct game **out,
		     struct err *err)
{
	char *name = group->game ? game_folder_name(group->game) : NULL;
	int result = 0;

	*out = NULL;
	if (!group->folder && !group->game)
		return 0;
	if (groups->has_games)
		*out = search(groups, name, group->folder);
	if (!*out && (!groups->has_games || clock_mono_ms() - groups->games_ms > GAMES_AGE_MS)) {
		result = find_games(groups, err);
		if (result == 0)
			*out = search(groups, name, group->folder);
	}
	free(name);
	return result;
}

static enum join_way default_way(const struct config *config)
{
	int way = config->join ? join_way_from_name(config->join) : -1;

	return way < 0 ? JOIN_NONE : (enum join_way)way;
}

/* [defaults] hit_id, else the one that was selected; NULL: neither. The caller frees. */
static char *default_hit(const struct join_groups *groups)
{
	char *hit = groups->config->default_hit_id ? strdup(groups->config->default_hit_id)
						   : selected_hit(groups->ledger);

	if (hit && hit[0])
		return hit;
	free(hit);
	return NULL;
}

/* What somebody selected to look at is not what the rooms of every game may be joined with, and paid by themselves. */
static char *hit_of_watched(const struct join_groups *groups)
{
	return groups->config->default_hit_id ? strdup(groups->config->default_hit_id) : NULL;
}

static struct json_object *hits_of(const struct join_groups *groups, const struct join_group *group,
				   const struct game *game)
{
	struct json_object *array = json_object_new_array();
	char *hit;

	for (size_t i = 0; game && game->hits && game->hits[i]; i++)
		(void)json_object_array_add(array, json_object_new_string(game->hits[i]));
	if (json_object_array_length(array) > 0)
		return array;
	hit = group->folder ? hit_of_watched(groups) : default_hit(groups);
	if (hit)
		(void)json_object_array_add(array, json_object_new_string(hit));
	free(hit);
	return array;
}

static char **copy_hits(struct json_object *array)
{
	size_t count = json_object_array_length(array);
	char **hits = calloc(count + 1, sizeof(*hits));

	for (size_t i = 0; hits && i < count; i++) {
		const char *hit = json_object_get_string(json_object_array_get_idx(array, i));

		hits[i] = hit ? strdup(hit) : NULL;
		if (!hits[i]) {
			free_hits(hits);
			return NULL;
		}
	}
	return hits;
}

static int set_hits(struct join_group *group, struct json_object *array, struct err *err)
{
	char *text = strdup(json_text(array, NULL));
	char **hits;

	if (text && is_equal(text, group->hits_json)) {
		free(text);
		return 0;
	}
	hits = text ? copy_hits(array) : NULL;
	if (!hits) {
		free(text);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	free_hits(group->hits);
	free(group->hits_json);
	group->hits = hits;
	group->hits_json = text;
	return 1;
}

int join_groups_update(struct join_groups *groups, struct join_group *group, struct err *err)
{
	struct json_object *hits;
	const struct game *game;
	int result;

	if (find_game(groups, group, &game, err) < 0)
		return -1;
	group->way = game ? game->join : default_way(groups->config);
	hits = hits_of(groups, group, game);
	result = set_hits(group, hits, err);
	json_object_put(hits);
	return result;
}

static struct join_group *make(struct join_groups *groups, const char *game, const char *folder, struct err *err)
{
	struct join_group **items = reallocarray(groups->items, groups->count + 1, sizeof(struct join_group *));
	struct join_group *group = calloc(1, sizeof(*group));

	if (items)
		groups->items = items;
	if (group) {
		group->game = game ? strdup(game) : NULL;
		group->folder = folder ? strdup(folder) : NULL;
	}
	if (!items || !group || (game && !group->game) || (folder && !group->folder)) {
		group_free(group);
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	if (join_groups_update(groups, group, err) < 0) {
		group_free(group);
		return NULL;
	}
	items[groups->count++] = group;
	return group;
}

struct join_group *join_groups_find(struct join_groups *groups, const char *game, const char *folder, struct err *err)
{
	for (size_t i = 0; i < groups->count; i++)
		if (is_equal(groups->items[i]->game, game) && is_equal(groups->items[i]->folder, folder))
			return groups->items[i];
	return make(groups, game, folder, err);
}

/* --- codes --- */

/* "/srv/games/ultimatum" of "/srv/games/ultimatum/data". 0: it is no game's. */
static int length_of_game(const char *folder)
{
	size_t length = strlen(folder);

	return length > 5 && strcmp(folder + length - 5, "/data") == 0 ? (int)(length - 5) : 0;
}

/* What nodeGame wrote at its start is what it gives out; the other file is what it was given, if it writes none. */
static char *find_codes(const char *folder, struct file_mark *mark)
{
	static const char *const names[] = { "codes.imported.csv", "codes.csv" };
	int length = length_of_game(folder);
	struct stat status;
	char *path = NULL;

	for (size_t i = 0; length > 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		if (asprintf(&path, "%.*s/auth/%s", length, folder, names[i]) < 0)
			return NULL;
		if (stat(path, &status) == 0) {
			file_mark_of(&status, mark);
			return path;
		}
		free(path);
	}
	return NULL;
}

int join_groups_read_codes(struct join_groups *groups, struct join_group *group, struct err *err)
{
	bool is_wanted = group->folder && (group->way == JOIN_AUTO || group->way == JOIN_CODES_FILE);
	struct file_mark mark = { 0 };
	char *path = is_wanted ? find_codes(group->folder, &mark) : NULL;
	int64_t count;
	int result = 0;

	if (path && !(group->has_mark && file_mark_is_same(&mark, &group->codes_mark))) {
		group->has_mark = true;
		group->codes_mark = mark;
		result = input_codes_follow(groups->ledger, path, group->folder, &count, err);
		group->has_codes = result == 0;
		if (result == 0)
			log_info("codes read path=\"%s\" game=\"%s\" codes=%" PRId64, path, group->game, count);
		if (result < 0 && err->code != ERR_LEDGER) {
			log_err("the codes of a game are left out", err);
			result = 0;
		}
	}
	free(path);
	return result;
}

int64_t join_group_codes_s(const struct join_group *group)
{
	return group->has_codes ? group->codes_mark.mtime_ns / 1000000000 : INT64_MAX;
}

/* --- everything --- */

static void add_once(struct json_object *hits, const char *hit)
{
	for (size_t i = 0; i < json_object_array_length(hits); i++)
		if (is_equal(json_object_get_string(json_object_array_get_idx(hits, i)), hit))
			return;
	(void)json_object_array_add(hits, json_object_new_string(hit));
}

int join_groups_add_hits(struct join_groups *groups, const char *game, struct json_object *hits, struct err *err)
{
	char *hit = default_hit(groups);

	if (hit)
		add_once(hits, hit);
	free(hit);
	if (!groups->has_games && find_games(groups, err) < 0)
		return -1;
	for (size_t i = 0; i < groups->games.count; i++)
		for (char *const *own = groups->games.games[i].hits; own && *own; own++)
			if (!game || is_equal(game, groups->games.games[i].name))
				add_once(hits, *own);
	return 0;
}
