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

#include "game_folder.h"
#include "results_file.h"

#define NUMBER_DIGITS_MAX 18

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "out of memory");
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

bool rooms_is_name(const regex_t *pattern, const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && strcmp(name, "export") != 0 && !(len > 4 && strcmp(name + len - 4, ".bak") == 0) &&
	       regexec(pattern, name, 0, NULL, 0) == 0;
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

	if (!rooms_is_name(scan->pattern, name))
		return false;
	if (scan->min_room < 0 && scan->max_room < 0)
		return true;
	return number >= 0 && number >= scan->min_room && (scan->max_room < 0 || number <= scan->max_room);
}

/* The room's folder with links resolved. NULL with errno 0: not a folder. */
static char *folder_of(const struct scan *scan, const struct dirent *entry)
{
	char *path = NULL, *real = NULL;
	struct stat status;

	if (asprintf(&path, "%s/%s", strcmp(scan->data_path, "/") == 0 ? "" : scan->data_path, entry->d_name) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (entry->d_type == DT_DIR)
		return path;
	errno = 0;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		real = realpath(path, NULL);
	if (!real && errno != ENOMEM)
		errno = 0;
	free(path);
	return real;
}

/* *out stays NULL if there are no results. */
static int find_results(const char *folder, bool is_shared, char **out)
{
	struct results_file file;

	if (results_file_find(folder, is_shared, &file) == 0)
		return 0;
	return asprintf(out, "%s/%s", folder, file.name) < 0 ? -1 : 0;
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
	result = find_results(folder, false, &results);
	free(folder);
	if (result < 0 || add_room(scan, entry->d_name, results) < 0)
		return no_memory(err);
	return 0;
}

static int scan_own_file(struct scan *scan, struct err *err)
{
	char *path = NULL;

	if (scan->min_room >= 0 || scan->max_room >= 0)
		return 0;
	if (find_results(scan->data_path, true, &path) < 0 || (path && add_room(scan, "", path) < 0))
		return no_memory(err);
	return 0;
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

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int scan_folder(struct scan *scan, struct err *err)
{
	struct dirent **entries = NULL;
	int count = scandir(scan->data_path, &entries, is_visible, alphasort), result;

	if (count < 0) {
		(void)err_set(err, ERR_FILE, "cannot read the folder \"%s\": %s", scan->data_path, strerror(errno));
		return err_hint(err, "let the daemon's user read it");
	}
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

int rooms_compile(regex_t *compiled, const char *pattern, struct err *err)
{
	int result = regcomp(compiled, pattern ? pattern : ROOMS_PATTERN, REG_EXTENDED | REG_NOSUB);
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
	if (rooms_compile(&compiled, pattern, err) < 0)
		return -1;
	list->data_path = game_folder_data(nodegame_path, game, err);
	scan.data_path = list->data_path;
	result = list->data_path ? scan_folder(&scan, err) : -1;
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
