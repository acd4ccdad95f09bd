/* SPDX-License-Identifier: MIT */
#include "game_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "suggest.h"

/* Where names of games are looked for, in this order. */
static const char *const game_folders[] = { "games", "games_available" };

#define GAME_FOLDERS (sizeof(game_folders) / sizeof(game_folders[0]))

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "out of memory");
}

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool has_entry(const char *folder, const char *name, mode_t type)
{
	struct stat status;
	char *path = NULL;
	bool found;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return false;
	found = stat(path, &status) == 0 && (status.st_mode & S_IFMT) == type;
	free(path);
	return found;
}

bool game_folder_is_game(const char *folder)
{
	return has_entry(folder, "data", S_IFDIR) || has_entry(folder, "package.json", S_IFREG);
}

/* Names that are near, else some that exist; `hint` gets a list like "a", "b". */
struct names {
	struct suggest suggest;
	struct dirent **entries[GAME_FOLDERS];
	int counts[GAME_FOLDERS];
};

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void names_read(struct names *names, const char *nodegame_path, const char *game)
{
	suggest_init(&names->suggest, game);
	for (size_t i = 0; i < GAME_FOLDERS; i++) {
		char *path = NULL;

		names->entries[i] = NULL;
		names->counts[i] = 0;
		if (asprintf(&path, "%s/%s", nodegame_path, game_folders[i]) < 0)
			continue;
		names->counts[i] = scandir(path, &names->entries[i], is_visible, alphasort);
		free(path);
		for (int j = 0; j < names->counts[i]; j++)
			suggest_offer(&names->suggest, names->entries[i][j]->d_name);
	}
}

static void names_finish(struct names *names)
{
	for (size_t i = 0; i < GAME_FOLDERS; i++) {
		for (int j = 0; j < names->counts[i]; j++)
			free(names->entries[i][j]);
		free(names->entries[i]);
	}
}

static int fail_no_game(const char *nodegame_path, const char *game, struct err *err)
{
	struct names names;

	if (!nodegame_path) {
		(void)err_set(err, ERR_NOT_FOUND, "no game \"%s\": it is not known where nodeGame is", game);
		return err_hint(err, "set \"path\" under [nodegame], or give the path of the game's folder");
	}
	(void)err_set(err, ERR_NOT_FOUND, "no game \"%s\" below \"%s/games\"", game, nodegame_path);
	names_read(&names, nodegame_path, game);
	if (names.suggest.best)
		(void)err_hint(err, "did you mean \"%s\"?", names.suggest.best);
	else if (names.counts[0] > 0)
		(void)err_hint(err, "there is \"%s\"%s; or give the path of the game's folder",
			       names.entries[0][0]->d_name, names.counts[0] > 1 ? " and others" : "");
	else
		(void)err_hint(err, "check \"path\" under [nodegame], or give the path of the game's folder");
	names_finish(&names);
	return -1;
}

/* The folder of a game by its name. */
static char *find_game(const char *nodegame_path, const char *game, struct err *err)
{
	for (size_t i = 0; nodegame_path && i < GAME_FOLDERS && game[0] != '\0' && game[0] != '.'; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s/%s", nodegame_path, game_folders[i], game) < 0) {
			(void)no_memory(err);
			return NULL;
		}
		if (is_folder(path))
			return path;
		free(path);
	}
	(void)fail_no_game(nodegame_path, game, err);
	return NULL;
}

static int fail_path(const char *path, struct err *err)
{
	enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_FILE;

	(void)err_set(err, code, "cannot open the folder \"%s\": %s", path, strerror(errno));
	return err_hint(err, "give a game's name, its folder, or its data folder");
}

static char *resolve(const char *path, struct err *err)
{
	char *real = realpath(path, NULL);

	if (real && is_folder(real))
		return real;
	if (real)
		errno = ENOTDIR;
	free(real);
	(void)fail_path(path, err);
	return NULL;
}

/* The data folder of a game's folder, or the folder itself. */
static char *find_data(const char *folder, struct err *err)
{
	char *path = NULL, *real = NULL;

	if (!has_entry(folder, "data", S_IFDIR) && has_entry(folder, "package.json", S_IFREG)) {
		(void)err_set(err, ERR_NOT_FOUND, "the game in \"%s\" has no data folder", folder);
		(void)err_hint(err, "nodeGame makes it when it starts the game for the first time");
		return NULL;
	}
	if (asprintf(&path, "%s%s", folder, has_entry(folder, "data", S_IFDIR) ? "/data" : "") < 0) {
		(void)no_memory(err);
		return NULL;
	}
	real = resolve(path, err);
	free(path);
	return real;
}

char *game_folder_data(const char *nodegame_path, const char *game, struct err *err)
{
	char *folder = strchr(game, '/') ? strdup(game) : find_game(nodegame_path, game, err);
	char *real, *data;

	if (!folder) {
		if (strchr(game, '/'))
			(void)no_memory(err);
		return NULL;
	}
	real = resolve(folder, err);
	free(folder);
	data = real ? find_data(real, err) : NULL;
	free(real);
	return data;
}

/* What decides at the end of the way: whether there is "data", and whether there is package.json. */
static int add_end(struct waypoints *points, const char *folder)
{
	static const char *const names[] = { "data", "package.json" };
	int result = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result == 0; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names[i]) < 0)
			return -1;
		result = waypoints_add(points, path);
		free(path);
	}
	return result;
}

int game_folder_way(struct waypoints *points, const char *nodegame_path, const char *game)
{
	int result = 0;

	if (strchr(game, '/'))
		return add_end(points, game);
	for (size_t i = 0; nodegame_path && i < GAME_FOLDERS && result == 0; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s/%s", nodegame_path, game_folders[i], game) < 0)
			return -1;
		result = add_end(points, path);
		free(path);
	}
	return result;
}

/* The last name of the first `len` bytes of a path; *len becomes where it begins. */
static size_t last_name(const char *path, size_t *len)
{
	size_t end = *len;

	while (end > 0 && path[end - 1] == '/')
		end--;
	*len = end;
	while (*len > 0 && path[*len - 1] != '/')
		(*len)--;
	return end - *len;
}

char *game_folder_name(const char *game)
{
	size_t at = strlen(game), above;
	size_t len = last_name(game, &at), above_len;

	if (len == 4 && strncmp(game + at, "data", 4) == 0) {
		above = at;
		above_len = last_name(game, &above);
		if (above_len > 0)
			return strndup(game + above, above_len);
	}
	return len > 0 ? strndup(game + at, len) : strdup(game);
}
