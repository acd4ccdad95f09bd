/* SPDX-License-Identifier: MIT */
#include "load_request.h"

#include <stdlib.h>
#include <string.h>

#include "game_entry.h"
#include "game_folder.h"

static const char *const modes[LOAD_MODES] = {
	[LOAD_NEW] = "new", [LOAD_ADD] = "add", [LOAD_REPLACE] = "replace"
};

static int read_text(struct json_object *params, const char *key, char **out, struct err *err)
{
	const char *text;

	if (!json_get_text(params, key, &text))
		return 0;
	*out = strdup(text);
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int read_mode(struct load_request *request, struct json_object *params, struct err *err)
{
	const char *mode = modes[LOAD_NEW];

	(void)json_get_text(params, "mode", &mode);
	for (int i = 0; i < LOAD_MODES; i++) {
		request->mode = (enum load_mode)i;
		if (strcmp(mode, modes[i]) == 0)
			return 0;
	}
	return err_set(err, ERR_USAGE, "\"mode\" is new, add or replace, not \"%.40s\"", mode);
}

static int read_place(struct load_request *request, struct json_object *params, struct err *err)
{
	const char *what = "";

	(void)json_get_text(params, "what", &what);
	request->min_room = request->max_room = -1;
	if (strcmp(what, "game") == 0) {
		(void)json_get_int(params, "min_room", &request->min_room);
		(void)json_get_int(params, "max_room", &request->max_room);
		if (read_text(params, "game", &request->game, err) < 0)
			return -1;
		return request->game ? 0 : err_set(err, ERR_USAGE, "\"game\" must name a game");
	}
	if (read_text(params, "path", &request->path, err) < 0)
		return -1;
	if (request->path && request->path[0] == '/')
		return 0;
	return err_set(err, ERR_USAGE, "\"path\" must be an absolute path");
}

int load_request_read(struct load_request *out, struct json_object *params, const struct config *config,
		      struct err *err)
{
	*out = (struct load_request){ .validate_level = config->validate_level };
	(void)json_get_int(params, "validate_level", &out->validate_level);
	if (out->validate_level < 0 || out->validate_level > 2)
		return err_set(err, ERR_USAGE, "the validation level is 0, 1 or 2");
	return read_mode(out, params, err) < 0 ? -1 : read_place(out, params, err);
}

void load_request_finish(struct load_request *request)
{
	free(request->game);
	free(request->path);
	*request = (struct load_request){ .game = NULL };
}

/* The place of a configured game, if it is one that goes by this name. The caller frees; NULL: it is not. */
static char *place_of(const char *text, const char *name)
{
	struct game_entry entry;
	char *known, *place = NULL;

	if (game_entry_read(&entry, text, NULL) < 0)
		return NULL;
	known = game_folder_name(entry.place);
	if (known && strchr(entry.place, '/') && strcmp(known, name) == 0)
		place = strdup(entry.place);
	free(known);
	game_entry_finish(&entry);
	return place;
}

/* The caller frees. */
static char *find_game(const struct config *config, const char *game)
{
	for (size_t i = 0; i < config->games.count; i++) {
		char *place = place_of(config->games.items[i], game);

		if (place)
			return place;
	}
	return strdup(game);
}

int load_request_rooms(const struct load_request *request, const struct config *config, struct room_list *out,
		       struct err *err)
{
	char *game = find_game(config, request->game);
	int result;

	if (!game)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = rooms_find(out, config->nodegame_path, game, config->room_pattern, request->min_room,
			    request->max_room, err);
	free(game);
	return result;
}

int load_place_init(struct load_place *out, const char *path, const char *room, struct err *err)
{
	char *real = realpath(path, NULL);

	*out = (struct load_place){ .path = real ? real : strdup(path), .room = room ? strdup(room) : NULL };
	return out->path && (!room || out->room) ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

void load_place_finish(struct load_place *place)
{
	free(place->path);
	free(place->room);
	*place = (struct load_place){ .path = NULL };
}
