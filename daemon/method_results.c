/* SPDX-License-Identifier: MIT
 *
 * load and show: files into the working set, and looking into it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "daemon.h"
#include "importer.h"
#include "log.h"
#include "method.h"
#include "protocol.h"
#include "results.h"
#include "rooms.h"

#define PROBLEMS_SHOWN 100
/* A balance seen within this time is good enough for a summary. */
#define BALANCE_AGE_S 60

/* One load command, while it runs. */
struct loading {
	struct daemon *daemon;
	int64_t validate_level;
	struct json_object *files;
	struct json_object *warnings;
	unsigned loaded;
};

static void warn(struct loading *loading, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct loading *loading, const char *format, ...)
{
	char text[800];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)json_object_array_add(loading->warnings, json_object_new_string(text));
}

static int describe_file(struct loading *loading, const char *path, const char *room, const struct imported *imported,
			 int64_t added, struct err *err)
{
	struct ledger *ledger = loading->daemon->ledger;
	struct json_object *file = json_object_new_object(), *problems = NULL;
	struct source_counts counts;

	if (results_count_source(ledger, imported->source_id, &counts, err) == 0)
		problems = results_problems(ledger, imported->source_id, PROBLEMS_SHOWN, err);
	if (!problems) {
		json_object_put(file);
		return -1;
	}
	json_put_text(file, "path", path);
	json_put_text(file, "room", room);
	json_put_text(file, "sha256", imported->sha256);
	json_put_int(file, "rows", counts.rows);
	json_put_int(file, "new", added);
	for (int verdict = 0; verdict <= VERDICT_SKIP; verdict++)
		json_put_int(file, verdict_name((enum verdict)verdict), counts.verdicts[verdict]);
	json_put_int(file, "duplicates", counts.duplicates);
	json_put_int(file, "problems_omitted",
		     counts.verdicts[VERDICT_HOLD] - (int64_t)json_object_array_length(problems));
	json_put_value(file, "problems", problems);
	(void)json_object_array_add(loading->files, file);
	return 0;
}

/* One place has one name, whatever links lead to it: versions of a file are told apart by it. */
static char *resolve(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : strdup(path);
}

static int load_file(struct loading *loading, const char *path, const char *game, const char *room, struct err *err)
{
	struct ledger *ledger = loading->daemon->ledger;
	const struct import_options options = { .config = loading->daemon->config,
						.validate_level = loading->validate_level,
						.game = game,
						.room = room };
	char *real = resolve(path);
	struct imported imported;
	int64_t added = -1;
	int result = -1;

	if (!real)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (import_file(ledger, real, &options, &imported, err) == 0)
		added = working_set_add(ledger, imported.source_id, err);
	if (added >= 0) {
		loading->loaded++;
		result = describe_file(loading, real, room, &imported, added, err);
	}
	free(real);
	return result;
}

/* One bad room does not keep the others out: it is named. What the ledger cannot take stops everything. */
static int load_room(struct loading *loading, const char *game, const struct room *room, struct err *err)
{
	if (!room->results_path) {
		warn(loading, "no results in room %s", room->name);
		return 0;
	}
	if (load_file(loading, room->results_path, game, room->name, err) == 0)
		return 0;
	if (err->code != ERR_FORMAT && err->code != ERR_FILE)
		return -1;
	warn(loading, "room %s is left out: %s%s%s", room->name, err->message, err->hint[0] ? "; " : "", err->hint);
	return 0;
}

/* "ultimatum" for /srv/games/ultimatum and for /srv/games/ultimatum/data. */
static bool is_named(const char *path, const char *name)
{
	size_t end = strlen(path), length = strlen(name);

	while (end > 0 && path[end - 1] == '/')
		end--;
	if (end > 5 && strncmp(path + end - 5, "/data", 5) == 0)
		end -= 5;
	return end > length && path[end - length - 1] == '/' && strncmp(path + end - length, name, length) == 0;
}

/* A game of the configuration may be called by its name; a name and a path stand for themselves. */
static const char *find_game(const struct config *config, const char *game)
{
	for (size_t i = 0; i < config->games.count; i++)
		if (is_named(config->games.items[i], game))
			return config->games.items[i];
	return game;
}

static int load_game(struct loading *loading, struct json_object *params, struct err *err)
{
	const struct config *config = loading->daemon->config;
	int64_t min_room = -1, max_room = -1;
	const char *game;
	struct room_list rooms;
	int result = 0;

	if (!json_get_text(params, "game", &game))
		return err_set(err, ERR_USAGE, "\"game\" must name a game");
	(void)json_get_int(params, "min_room", &min_room);
	(void)json_get_int(params, "max_room", &max_room);
	if (rooms_find(&rooms, config->nodegame_path, find_game(config, game), config->room_pattern, min_room,
		       max_room, err) < 0)
		return -1;
	for (size_t i = 0; i < rooms.count && result == 0; i++)
		result = load_room(loading, game, &rooms.rooms[i], err);
	if (rooms.count == 0)
		warn(loading, "no rooms in %s", rooms.data_path);
	rooms_finish(&rooms);
	return result;
}

/* A file that somebody names has rows, or is the wrong one. (An empty room is nothing unusual.) */
static int load_results(struct loading *loading, struct json_object *params, struct err *err)
{
	const char *path;
	int64_t rows = 0;

	if (!json_get_text(params, "path", &path) || path[0] != '/')
		return err_set(err, ERR_USAGE, "\"path\" must be an absolute path");
	if (load_file(loading, path, NULL, NULL, err) < 0)
		return -1;
	(void)json_get_int(json_object_array_get_idx(loading->files, 0), "rows", &rows);
	if (rows > 0)
		return 0;
	(void)err_set(err, ERR_FORMAT, "\"%s\" has no rows", path);
	return err_hint(err, "the working set is as it was");
}

static const char *const modes[] = { "new", "add", "replace" };

static int prepare_working_set(struct daemon *daemon, const char *mode, struct err *err)
{
	int64_t rows = working_set_count(daemon->ledger, err);
	size_t known = 0;

	while (known < 3 && strcmp(modes[known], mode) != 0)
		known++;
	if (rows < 0)
		return -1;
	if (known == 3)
		return err_set(err, ERR_USAGE, "\"mode\" is new, add or replace, not \"%.40s\"", mode);
	if (strcmp(mode, "replace") == 0)
		return working_set_clear(daemon->ledger, err);
	if (strcmp(mode, "new") == 0 && rows > 0) {
		(void)err_set(err, ERR_STATE, "there are %" PRId64 " rows in the working set already", rows);
		return err_hint(err, "add to them with -a, or replace them with -r");
	}
	return 0;
}

static int load_what(struct loading *loading, struct json_object *params, struct err *err)
{
	const char *what = "", *mode = "new";
	struct daemon *daemon = loading->daemon;

	(void)json_get_text(params, "what", &what);
	(void)json_get_text(params, "mode", &mode);
	loading->validate_level = daemon->config->validate_level;
	(void)json_get_int(params, "validate_level", &loading->validate_level);
	if (loading->validate_level < 0 || loading->validate_level > 2)
		return err_set(err, ERR_USAGE, "the validation level is 0, 1 or 2");
	if (prepare_working_set(daemon, mode, err) < 0)
		return -1;
	if (strcmp(what, "results") == 0)
		return load_results(loading, params, err);
	if (strcmp(what, "game") == 0)
		return load_game(loading, params, err);
	return err_set(err, ERR_USAGE, "\"what\" is results or game, not \"%.40s\"", what);
}

enum method_outcome method_load(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	struct loading loading = { .daemon = daemon,
				   .files = json_object_new_array(),
				   .warnings = json_object_new_array() };
	struct json_object *set;
	int64_t rows = -1;

	/* Everything or nothing: import_file() nests its own part inside this one. */
	if (store_savepoint(daemon->ledger->store, err) == 0) {
		if (load_what(&loading, params, err) == 0 && store_release(daemon->ledger->store, err) == 0)
			rows = working_set_count(daemon->ledger, err);
		else
			store_rollback_savepoint(daemon->ledger->store);
	}
	if (rows < 0) {
		json_object_put(loading.files);
		json_object_put(loading.warnings);
		return METHOD_FAILED;
	}
	log_info("loaded files=%u rows=%" PRId64 " user=\"%s\" uid=%u pid=%d", loading.loaded, rows, peer->actor.user,
		 (unsigned)peer->actor.uid, (int)peer->actor.pid);
	*result = json_object_new_object();
	json_put_value(*result, "files", loading.files);
	json_put_value(*result, "warnings", loading.warnings);
	set = json_object_new_object();
	json_put_int(set, "rows", rows);
	json_put_value(*result, "working_set", set);
	return METHOD_DONE;
}

/* show */

struct summarising {
	struct daemon *daemon;
	struct ticket *ticket;
	struct json_object *result;
};

static void put_balance(struct json_object *out, const struct balance *balance, const char *message)
{
	struct json_object *object = json_object_new_object();

	json_put_value(object, "available_cents",
		       balance->is_known ? json_object_new_int64(balance->available_minor) : NULL);
	json_put_time(object, "at", balance->seen_s);
	json_put_text(object, "message", message);
	json_put_value(out, "balance", object);
}

static void on_balance(void *arg, const struct err *err)
{
	struct summarising *summarising = arg;

	put_balance(summarising->result, pauses_balance(queue_pauses(summarising->daemon->queue)),
		    err ? err->message : NULL);
	control_answer(summarising->ticket, summarising->result, NULL);
	free(summarising);
}

/* A summary is worth having without the balance too. */
static enum method_outcome show_summary(struct daemon *daemon, struct json_object *params, struct json_object **result,
					struct err *err)
{
	struct pauses *pauses = queue_pauses(daemon->queue);
	const struct balance *balance = pauses_balance(pauses);
	struct summarising *summarising;

	(void)params;
	*result = results_summary(daemon->ledger, err);
	if (!*result)
		return METHOD_FAILED;
	if (balance->is_known && clock_wall_ms() / 1000 - balance->seen_s <= BALANCE_AGE_S) {
		put_balance(*result, balance, NULL);
		return METHOD_DONE;
	}
	summarising = calloc(1, sizeof(*summarising));
	if (!summarising || pauses_refresh(pauses, false, on_balance, summarising, err) < 0) {
		put_balance(*result, balance, summarising ? err->message : "out of memory");
		free(summarising);
		return METHOD_DONE;
	}
	summarising->daemon = daemon;
	summarising->result = *result;
	summarising->ticket = control_defer(daemon->control);
	return METHOD_LATER;
}

static bool is_standing(const char *verdict)
{
	static const char *const names[] = { "approve", "reject", "hold", "skip", "done", "conflict" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], verdict) == 0)
			return true;
	return false;
}

static enum method_outcome show_results(struct daemon *daemon, struct json_object *params, struct json_object **result,
					struct err *err)
{
	int64_t offset = 0, limit = 100;
	const char *verdict = NULL;

	(void)json_get_int(params, "offset", &offset);
	(void)json_get_int(params, "limit", &limit);
	if (json_get_text(params, "verdict", &verdict) && !is_standing(verdict)) {
		(void)err_set(err, ERR_USAGE, "\"verdict\" is approve, reject, hold, skip, done or conflict");
		return METHOD_FAILED;
	}
	if (offset < 0 || limit < 1 || limit > PROTOCOL_PAGE_MAX) {
		(void)err_set(err, ERR_USAGE, "\"limit\" is 1 to %d, \"offset\" not negative", PROTOCOL_PAGE_MAX);
		return METHOD_FAILED;
	}
	*result = results_page(daemon->ledger, verdict, offset, limit, err);
	return *result ? METHOD_DONE : METHOD_FAILED;
}

static enum method_outcome show_config(struct daemon *daemon, struct json_object *params, struct json_object **result,
				       struct err *err)
{
	(void)params;
	(void)err;
	*result = json_object_new_object();
	json_put_value(*result, "options", config_describe(daemon->config));
	return METHOD_DONE;
}

static struct json_object *split_names(const char *names)
{
	struct json_object *array = json_object_new_array();

	while (*names) {
		size_t len = strcspn(names, ",");

		(void)json_object_array_add(array, json_object_new_string_len(names, (int)len));
		names += len + (names[len] == ',');
	}
	return array;
}

static enum method_outcome show_fields(struct daemon *daemon, struct json_object *params, struct json_object **result,
				       struct err *err)
{
	struct json_object *fields = json_object_new_array();

	(void)params;
	(void)err;
	for (int i = 0; i < FIELDS; i++) {
		const char *configured = daemon->config->fields[i];
		struct json_object *field;

		if (!field_key((enum field)i)[0])
			continue;
		field = json_object_new_object();
		json_put_text(field, "field", field_key((enum field)i));
		json_put_text(field, "name", configured ? configured : field_name((enum field)i));
		json_put_value(field, "others", split_names(configured ? "" : field_aliases((enum field)i)));
		(void)json_object_array_add(fields, field);
	}
	*result = json_object_new_object();
	json_put_value(*result, "fields", fields);
	return METHOD_DONE;
}

enum method_outcome method_show(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	static const struct {
		const char *what;
		enum method_outcome (*show)(struct daemon *daemon, struct json_object *params,
					    struct json_object **result, struct err *err);
	} shows[] = { { "summary", show_summary },
		      { "results", show_results },
		      { "config", show_config },
		      { "fields", show_fields } };
	const char *what = "";

	(void)peer;
	(void)json_get_text(params, "what", &what);
	for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++)
		if (strcmp(shows[i].what, what) == 0)
			return shows[i].show(daemon, params, result, err);
	(void)err_set(err, ERR_USAGE, "\"what\" is summary, results, config or fields, not \"%.40s\"", what);
	return METHOD_FAILED;
}
