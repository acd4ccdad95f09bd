/* SPDX-License-Identifier: MIT */
#include "rooms.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "suggest.h"

#define NUMBER_DIGITS_MAX 18

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

static int locate(struct room_list *list, const char *nodegame_path, const char *game, struct err *err)
{
	char *folder = strchr(game, '/') ? strdup(game) : find_game(nodegame_path, game, err);
	char *real;

	if (!folder)
		return strchr(game, '/') ? no_memory(err) : -1;
	real = resolve(folder, err);
	free(folder);
	if (!real)
		return -1;
	list->data_path = find_data(real, err);
	free(real);
	return list->data_path ? 0 : -1;
}

/* The digits at the end of a name. */
static int64_t number_of(const char *name)
{
	size_t len = strlen(name), digits = 0;

	while (digits < len && name[len - digits - 1] >= '0' && name[len - digits - 1] <= '9')
		digits++;
	for (; digits > 0 && name[len - digits] == '0'; digits--)
		if (digits == 1)
			return 0;
	if (digits == 0 || digits > NUMBER_DIGITS_MAX)
		return -1;
	return strtoll(name + len - digits, NULL, 10);
}

struct scan {
	struct room *rooms;
	size_t count;
	const char *data_path;
	const regex_t *pattern;
	int64_t min_room;
	int64_t max_room;
};

static bool is_wanted(const struct scan *scan, const char *name)
{
	int64_t number = number_of(name);

	if (regexec(scan->pattern, name, 0, NULL, 0) != 0)
		return false;
	if (scan->min_room < 0 && scan->max_room < 0)
		return true;
	return number >= 0 && number >= scan->min_room && (scan->max_room < 0 || number <= scan->max_room);
}

/* The room's folder with links resolved. NULL with errno 0: not a folder. */
static char *folder_of(const struct scan *scan, const struct dirent *entry)
{
	char *path = NULL, *real = NULL;

	if (asprintf(&path, "%s/%s", strcmp(scan->data_path, "/") == 0 ? "" : scan->data_path, entry->d_name) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (entry->d_type == DT_DIR)
		return path;
	errno = 0;
	if (is_folder(path))
		real = realpath(path, NULL);
	if (!real && errno != ENOMEM)
		errno = 0;
	free(path);
	return real;
}

/* *out stays NULL if there are no results. */
static int find_results(const char *folder, char **out)
{
	static const char *const names[] = { "bonus.csv", "results.csv" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat status;
		char *path = NULL;
		bool found;

		if (asprintf(&path, "%s/%s", folder, names[i]) < 0)
			return -1;
		found = stat(path, &status) == 0;
		if (found ? S_ISREG(status.st_mode) : errno == EACCES) {
			*out = path;
			return 0;
		}
		free(path);
	}
	return 0;
}

/* Takes over `results_path`. There is room for every entry of the folder. */
static int add_room(struct scan *scan, const char *name, char *results_path)
{
	struct room room = { .results_path = results_path, .number = number_of(name) };

	if (asprintf(&room.name, "%s", name) < 0) {
		free(results_path);
		return -1;
	}
	scan->rooms[scan->count++] = room;
	return 0;
}

static int scan_entry(struct scan *scan, const struct dirent *entry, struct err *err)
{
	char *folder, *results = NULL;
	int result;

	if (!is_wanted(scan, entry->d_name))
		return 0;
	folder = folder_of(scan, entry);
	if (!folder)
		return errno == 0 ? 0 : no_memory(err);
	result = find_results(folder, &results);
	free(folder);
	if (result < 0 || add_room(scan, entry->d_name, results) < 0)
		return no_memory(err);
	return 0;
}

static int scan_own_file(struct scan *scan, struct err *err)
{
	char *path = NULL;

	if (scan->min_room >= 0 || scan->max_room >= 0 || !has_entry(scan->data_path, "bonus.csv", S_IFREG))
		return 0;
	if (asprintf(&path, "%s/bonus.csv", scan->data_path) < 0)
		return no_memory(err);
	return add_room(scan, "", path) < 0 ? no_memory(err) : 0;
}

static int scan_entries(struct scan *scan, struct dirent **entries, size_t count, struct err *err)
{
	/* One more for the folder's own file. */
	scan->rooms = calloc(count + 1, sizeof(*scan->rooms));
	if (!scan->rooms)
		return no_memory(err);
	for (size_t i = 0; i < count; i++)
		if (scan_entry(scan, entries[i], err) < 0)
			return -1;
	return scan_own_file(scan, err);
}

static int scan_folder(struct scan *scan, struct err *err)
{
	struct dirent **entries = NULL;
	int count = scandir(scan->data_path, &entries, is_visible, alphasort), result;

	if (count < 0)
		return fail_path(scan->data_path, err);
	result = scan_entries(scan, entries, (size_t)count, err);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return result;
}

static int compare(const void *a, const void *b)
{
	const struct room *left = a, *right = b;

	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return strcmp(left->name, right->name);
}

static int compile(regex_t *compiled, const char *pattern, struct err *err)
{
	int result = regcomp(compiled, pattern, REG_EXTENDED | REG_NOSUB);
	char why[100];

	if (result == 0)
		return 0;
	(void)regerror(result, compiled, why, sizeof(why));
	return err_set(err, ERR_CONFIG, "the room pattern \"%.100s\" is not a regular expression: %s", pattern, why);
}

int rooms_find(struct room_list *list, const char *nodegame_path, const char *game, const char *pattern,
	       int64_t min_room, int64_t max_room, struct err *err)
{
	regex_t compiled;
	struct scan scan = { .pattern = &compiled, .min_room = min_room, .max_room = max_room };
	int result;

	*list = (struct room_list){ 0 };
	if (min_room >= 0 && max_room >= 0 && min_room > max_room)
		return err_set(err, ERR_USAGE, "no rooms are from %" PRId64 " to %" PRId64, min_room, max_room);
	if (compile(&compiled, pattern ? pattern : ROOMS_PATTERN, err) < 0)
		return -1;
	result = locate(list, nodegame_path, game, err);
	scan.data_path = list->data_path;
	if (result == 0)
		result = scan_folder(&scan, err);
	list->rooms = scan.rooms;
	list->count = scan.count;
	regfree(&compiled);
	if (result == 0 && list->count > 1)
		qsort(list->rooms, list->count, sizeof(*list->rooms), compare);
	if (result < 0)
		rooms_finish(list);
	return result;
}

void rooms_finish(struct room_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->rooms[i].name);
		free(list->rooms[i].results_path);
	}
	free(list->rooms);
	free(list->data_path);
	*list = (struct room_list){ 0 };
}
