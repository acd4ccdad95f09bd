/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "room_book.h"
#include "rooms.h"
#include "watch_private.h"

/* A turn belongs to others, too. */
#define SLICE_MS 4
/* How long the first scan of a folder goes before everything else. */
#define FIRST_SCAN_MS 2000
/* Files that wait for their import at once: whoever loads a file in between need not wait for all of them. */
#define IMPORTS_MAX 16

void watch_is_full(struct watch *watch, const struct err *err)
{
	watch->is_full = true;
	if (watch->has_told_limit)
		return;
	watch->has_told_limit = true;
	log_warn("%s: what is beyond is looked at every few seconds instead (%s) watched=%u", err->message, err->hint,
		 inotify_count(watch->inotify));
}

bool watch_has_noted(struct watch *watch, const char *what, int result, const struct err *err)
{
	/* Of a ledger that has failed as a whole others speak. */
	if (result < 0 && !store_failure(watch->parts.ledger->store))
		log_err(what, err);
	return result >= 0;
}

/* The way to the folders. */

static void on_point(void *arg, unsigned what, const char *name)
{
	struct watched_point *point = arg;

	if (what == INOTIFY_GONE || (name[0] && (!point->name[0] || strcmp(point->name, name) == 0)))
		point->watch->games_changed = true;
}

static void free_points(struct watched_point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		inotify_watch_free(points[i].inotify);
		free(points[i].name);
	}
	free(points);
}

/* What cannot be watched is found by the next scan. */
static void watch_point(struct watch *watch, struct watched_point *point, const struct waypoint *way)
{
	struct err err;

	point->watch = watch;
	if (watch->is_full || asprintf(&point->name, "%s", way->name) < 0) {
		point->name = NULL;
		return;
	}
	point->inotify = inotify_watch_new(watch->inotify, way->folder, WATCH_NAMES, on_point, point, &err);
	if (!point->inotify && err.code == ERR_STATE)
		watch_is_full(watch, &err);
}

static void watch_points(struct watch *watch)
{
	const struct waypoints *way = &watch->games.points;
	struct watched_point *before = watch->points;
	size_t count = watch->point_count;

	if (!watch->inotify)
		return;
	watch->points = calloc(way->count + 1, sizeof(*watch->points));
	watch->point_count = watch->points ? way->count : 0;
	for (size_t i = 0; i < watch->point_count; i++)
		watch_point(watch, &watch->points[i], &way->items[i]);
	free_points(before, count);
}

/* The folders. */

/* The same place, and for the same game: links may have made it another one's. */
static bool is_folder_of(const struct watched_folder *folder, const struct game *game)
{
	return game->data_path && strcmp(folder->path, game->data_path) == 0 &&
	       folder_identity_is_same(&folder->identity, &game->identity) && strcmp(folder->game, game->name) == 0 &&
	       folder->policy == game->policy && folder->join.way == game->join;
}

static struct watched_folder *find_folder(const struct watch *watch, const struct game *game)
{
	struct watched_folder *folder = watch->folders;

	while (folder && !is_folder_of(folder, game))
		folder = folder->next;
	return folder;
}

/* Before others take their places, and the numbers of their rooms in the ledger. */
static void close_lost(struct watch *watch)
{
	struct watched_folder **link = &watch->folders;
	struct err err;

	while (*link) {
		struct watched_folder *folder = *link;

		if (folder->is_found) {
			link = &folder->next;
			continue;
		}
		*link = folder->next;
		(void)watch_has_noted(watch, "a data folder",
				      room_book_lose_folder(watch->parts.ledger, folder->id, &err), &err);
		log_info("no longer watching game=\"%s\" folder=\"%s\"", folder->game, folder->path);
		watched_folder_free(folder);
	}
}

static void open_found(struct watch *watch)
{
	for (size_t i = 0; i < watch->games.count; i++) {
		const struct game *game = &watch->games.games[i];
		struct watched_folder **end = &watch->folders;

		if (!game->data_path || find_folder(watch, game))
			continue;
		while (*end)
			end = &(*end)->next;
		*end = watched_folder_open(watch, game);
	}
}

static bool was_told(const struct game_list *before, const struct game *game)
{
	for (size_t i = 0; i < before->count; i++)
		if (before->games[i].why && strcmp(before->games[i].place, game->place) == 0 &&
		    strcmp(before->games[i].why, game->why) == 0)
			return true;
	return false;
}

static void tell_missing(const struct game_list *before, const struct game_list *now)
{
	for (size_t i = 0; i < now->count; i++)
		if (now->games[i].is_unstarted && !was_told(before, &now->games[i]))
			log_info("a game is waited for game=\"%s\" why=\"%s\"", now->games[i].name, now->games[i].why);
		else if (now->games[i].why && !was_told(before, &now->games[i]))
			log_warn("a game is waited for game=\"%s\" why=\"%s\"", now->games[i].name,
				 now->games[i].why);
}

static void find_games(struct watch *watch)
{
	struct game_list before = watch->games, now;
	struct err err;

	watch->games_changed = false;
	if (games_find(&now, watch->parts.config, &err) < 0) {
		log_err("looking for games", &err);
		return;
	}
	watch->games = now;
	tell_missing(&before, &now);
	games_finish(&before);
	watch_points(watch);
	for (struct watched_folder *folder = watch->folders; folder; folder = folder->next) {
		folder->is_found = false;
		for (size_t i = 0; i < now.count; i++)
			folder->is_found |= is_folder_of(folder, &now.games[i]);
	}
	close_lost(watch);
	open_found(watch);
}

/* Time. */

static void on_timer(void *arg)
{
	/* The end of the turn does it. */
	(void)arg;
}

static void on_overflow(void *arg)
{
	struct watch *watch = arg;

	log_info("more happened than could be told, everything is looked at");
	watch->must_rescan = true;
}

static struct watched_folder *first_scanned(const struct watch *watch)
{
	struct watched_folder *folder = watch->folders;

	while (folder && folder->phase == SCAN_NONE)
		folder = folder->next;
	return folder;
}

static bool is_scanning(const struct watch *watch)
{
	return first_scanned(watch) != NULL;
}

static void begin_rescan(struct watch *watch, int64_t now_ms)
{
	watch->must_rescan = false;
	watch->is_full = false;
	watch->next_rescan_ms = now_ms + watch->parts.config->rescan_ms;
	find_games(watch);
	for (struct watched_folder *folder = watch->folders; folder; folder = folder->next)
		watched_folder_begin_scan(folder);
}

static void begin_scans(struct watch *watch, int64_t now_ms)
{
	if (watch->must_rescan || (now_ms >= watch->next_rescan_ms && !is_scanning(watch)))
		begin_rescan(watch, now_ms);
	else if (watch->games_changed)
		find_games(watch);
	for (struct watched_folder *folder = watch->folders; folder; folder = folder->next)
		if (folder->phase == SCAN_NONE && watched_folder_is_polled(folder) && now_ms >= folder->next_poll_ms)
			watched_folder_begin_scan(folder);
}

static struct watched_room *first_due(const struct watch *watch)
{
	struct agenda_item *item = agenda_first(&watch->agenda);

	return item && watch->importing < IMPORTS_MAX ? (struct watched_room *)item : NULL;
}

/* What is due goes before a scan, except the first one for a while: while files are imported it would take many times
 * as long, and nobody would be told what is there. Whether there was something to do. */
static bool do_next(struct watch *watch, int64_t now_ms)
{
	struct watched_room *room = first_due(watch);
	struct watched_folder *folder = first_scanned(watch);
	bool is_first = folder && !folder->is_announced && now_ms - folder->scan_began_ms < FIRST_SCAN_MS;

	if (!is_first && room && room->due.due_ms <= now_ms) {
		watched_room_is_due(room);
		return true;
	}
	if (!folder)
		return false;
	watched_folder_step(folder);
	if (!is_scanning(watch))
		watch->rescanned_s = clock_wall_ms() / 1000;
	return true;
}

static void set_timer(struct watch *watch, int64_t now_ms)
{
	const struct watched_room *room = first_due(watch);
	int64_t next_ms = watch->next_rescan_ms;

	if (room && room->due.due_ms < next_ms)
		next_ms = room->due.due_ms;
	for (const struct watched_folder *folder = watch->folders; folder; folder = folder->next)
		if (watched_folder_is_polled(folder) && folder->next_poll_ms < next_ms)
			next_ms = folder->next_poll_ms;
	(void)loop_timer_set(watch->timer, next_ms > now_ms ? next_ms - now_ms : 0);
}

bool watch_pump(struct watch *watch)
{
	int64_t now_ms = clock_mono_ms();
	int64_t until_ms = now_ms + SLICE_MS;

	if (!watch->is_on || watch->is_halted)
		return false;
	begin_scans(watch, now_ms);
	while (do_next(watch, now_ms)) {
		now_ms = clock_mono_ms();
		if (now_ms >= until_ms)
			return true;
	}
	set_timer(watch, now_ms);
	return false;
}

/* The whole. */

/* Without it everything is found by looking. */
static void make_inotify(struct watch *watch)
{
	struct err err;

	watch->inotify = inotify_new(watch->parts.loop, watch->parts.watches_max, on_overflow, watch, &err);
	if (!watch->inotify)
		log_warn("%s: everything is looked at every few seconds instead (%s)", err.message, err.hint);
}

static int begin(struct watch *watch, struct err *err)
{
	const struct config *config = watch->parts.config;

	watch->is_on = config->watch && (config->nodegame_path || config->games.count > 0);
	if (watch->is_on) {
		if (rooms_compile(&watch->pattern, config->room_pattern, err) < 0)
			return -1;
		watch->has_pattern = true;
		make_inotify(watch);
		watch->next_rescan_ms = clock_mono_ms() + config->rescan_ms;
		find_games(watch);
	}
	return room_book_end_start(watch->parts.ledger, err);
}

struct watch *watch_new(const struct watch_parts *parts, watch_news_fn *on_news, void *arg, struct err *err)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	watch->parts = *parts;
	watch->on_news = on_news;
	watch->arg = arg;
	watch->timer = loop_timer_new(parts->loop, on_timer, watch, err);
	if (watch->timer && begin(watch, err) == 0)
		return watch;
	watch_free(watch);
	return NULL;
}

static void leave_in_place(void *room)
{
	(void)room;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	while (watch->folders) {
		struct watched_folder *folder = watch->folders;

		watch->folders = folder->next;
		watched_folder_free(folder);
	}
	tdestroy(watch->rooms, leave_in_place);
	free_points(watch->points, watch->point_count);
	inotify_free(watch->inotify);
	games_finish(&watch->games);
	agenda_finish(&watch->agenda);
	if (watch->has_pattern)
		regfree(&watch->pattern);
	loop_timer_free(watch->timer);
	free(watch);
}

void watch_rescan(struct watch *watch)
{
	for (struct watched_folder *folder = watch->folders; folder; folder = folder->next)
		for (size_t i = 0; i < folder->count; i++)
			folder->rooms[i]->is_forced = true;
	watch->must_rescan = true;
	loop_wake(watch->parts.loop);
}

void watch_room_changed(struct watch *watch, int64_t room_id)
{
	struct watched_room *room = watched_room_by_id(watch, room_id);
	struct room_brief brief;
	struct err err;

	if (!room ||
	    !watch_has_noted(watch, "a room", room_book_get(watch->parts.ledger, room_id, &brief, &err), &err))
		return;
	room->is_adopted = brief.is_adopted;
	room->is_ignored = brief.is_ignored;
	room_brief_finish(&brief);
	watched_room_look(room, false);
	loop_wake(watch->parts.loop);
}

bool watch_is_unread(struct watch *watch, int64_t room_id)
{
	const struct watched_room *room = watched_room_by_id(watch, room_id);

	return room && watched_room_is_unread(room);
}

void watch_halt(struct watch *watch)
{
	watch->is_halted = true;
	loop_timer_clear(watch->timer);
}

static size_t count_rooms(const struct watched_folder *folder)
{
	size_t count = 0;

	for (size_t i = 0; i < folder->count; i++)
		count += folder->rooms[i]->listed > 0;
	return count;
}

static struct json_object *describe_folder(const struct watched_folder *folder)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "game", folder->game);
	json_put_text(out, "path", folder->path);
	json_put_text(out, "policy", policy_name(folder->policy));
	json_put_int(out, "rooms", (int64_t)count_rooms(folder));
	json_put_bool(out, "events", !watched_folder_is_polled(folder));
	json_put_text(out, "problem", folder->problem);
	json_put_text(out, "note", NULL);
	return out;
}

static struct json_object *describe_missing(const struct game *game)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "game", game->name);
	json_put_text(out, "path", game->place);
	json_put_text(out, "policy", policy_name(game->policy));
	json_put_int(out, "rooms", 0);
	json_put_bool(out, "events", false);
	json_put_text(out, "problem", game->is_unstarted ? NULL : game->why);
	json_put_text(out, "note", game->is_unstarted ? game->why : NULL);
	return out;
}

struct json_object *watch_describe(const struct watch *watch)
{
	struct json_object *out = json_object_new_object(), *folders = json_object_new_array();

	for (const struct watched_folder *folder = watch->folders; folder; folder = folder->next)
		(void)json_object_array_add(folders, describe_folder(folder));
	for (size_t i = 0; i < watch->games.count; i++)
		if (watch->games.games[i].why)
			(void)json_object_array_add(folders, describe_missing(&watch->games.games[i]));
	json_put_value(out, "folders", folders);
	json_put_bool(out, "scanning", is_scanning(watch));
	/* Files that are not quiet yet, wait for their turn or are being read. */
	json_put_int(out, "waiting", (int64_t)watch->agenda.count + watch->importing);
	json_put_time(out, "rescanned_at", watch->rescanned_s);
	return out;
}
