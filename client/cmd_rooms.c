/* SPDX-License-Identifier: MIT
 *
 * rooms, rooms show: looking.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "room_follow.h"
#include "room_page.h"
#include "room_show.h"
#include "session.h"
#include "term.h"

static bool needs_person(struct json_object *room)
{
	const char *state = output_text(room, "state", "");

	return strcmp(state, "problem") == 0 || strcmp(state, "held") == 0;
}

static int exit_status_of(bool is_wrong)
{
	return is_wrong ? err_exit_status(ERR_PARTIAL) : 0;
}

/* A file or a pipe takes lines of any length. */
static unsigned width_of(FILE *stream)
{
	return term_is_terminal(stream) ? term_width(stream) : 0;
}

/* --- list --- */

static struct json_object *list_params(const struct invocation *invocation)
{
	struct json_object *params = json_object_new_object();

	if (option_is_given(invocation, OPTION_ID_OF_GAME))
		json_put_text(params, "game", option_text(invocation, OPTION_ID_OF_GAME));
	if (option_is_given(invocation, OPTION_ID_PROBLEMS))
		json_put_bool(params, "problems", true);
	if (option_is_given(invocation, OPTION_ID_ROOM_STATE))
		json_put_text(params, "state", option_text(invocation, OPTION_ID_ROOM_STATE));
	return params;
}

/* "12 rooms watched: 1 with a problem, 3 rows held, 5 wait to be adopted". */
static void print_counts(struct json_object *counts)
{
	static const struct {
		const char *key;
		const char *one;
		const char *many;
	} parts[] = {
		{ "problems", "with a problem", "with a problem" },
		{ "held_rows", "row held", "rows held" },
		{ "waiting", "waits to be adopted", "wait to be adopted" },
		{ "ignored", "ignored", "ignored" },
	};
	int64_t watched = output_int(counts, "watched", 0);
	const char *separator = ": ";

	(void)printf("%" PRId64 " %s watched", watched, output_plural(watched, "room", "rooms"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int64_t count = output_int(counts, parts[i].key, 0);

		if (count == 0)
			continue;
		(void)printf("%s%" PRId64 " %s", separator, count, output_plural(count, parts[i].one, parts[i].many));
		separator = ", ";
	}
	(void)putchar('\n');
}

static void note_next(const struct session *session, struct json_object *list)
{
	struct json_object *counts = json_get_object(list, "counts");

	(void)fflush(stdout);
	if (session->is_quiet)
		return;
	if (output_int(list, "total", 0) == 0)
		(void)fputs("No such room is known.\n", stderr);
	if (output_int(counts, "waiting", 0) > 0)
		(void)fputs("Rooms that were there before they were watched wait: \"ngmtctl rooms adopt --all "
			    "--dry-run\" shows what would be sent for them.\n",
			    stderr);
	if (output_int(counts, "problems", 0) + output_int(counts, "held_rows", 0) > 0)
		(void)fputs("\"ngmtctl rooms show ROOM\" says why row by row.\n", stderr);
}

static int print_list(struct session *session, struct json_object *list)
{
	struct json_object *rooms = json_get_array(list, "rooms");
	size_t n = rooms ? json_object_array_length(rooms) : 0;
	bool is_wrong = false;

	for (size_t i = 0; i < n; i++)
		is_wrong = is_wrong || needs_person(json_object_array_get_idx(rooms, i));
	if (session->is_json) {
		output_json(list);
		return exit_status_of(is_wrong);
	}
	if (room_page_print_trouble(stdout, json_get_object(list, "watch")) > 0)
		is_wrong = true;
	room_page_print(stdout, rooms, width_of(stdout));
	print_counts(json_get_object(list, "counts"));
	note_next(session, list);
	return exit_status_of(is_wrong);
}

static int list_unclaimed(struct session *session, struct err *err)
{
	struct json_object *list = room_page_all(session, "unclaimed", list_params(session->invocation), "submissions",
						 err);
	struct json_object *submissions;
	size_t n;

	if (!list)
		return -1;
	submissions = json_get_array(list, "submissions");
	n = submissions ? json_object_array_length(submissions) : 0;
	if (session->is_json)
		output_json(list);
	else
		room_page_print_unclaimed(stdout, submissions, width_of(stdout));
	(void)fflush(stdout);
	if (!session->is_json && !session->is_quiet)
		(void)fprintf(stderr, "%zu %s no row of a room.\n", n,
			      output_plural((int64_t)n, "submission is in", "submissions are in"));
	json_object_put(list);
	return exit_status_of(n > 0);
}

int cmd_rooms_list(struct session *session, struct err *err)
{
	struct json_object *list;
	int status;

	if (option_is_given(session->invocation, OPTION_ID_UNCLAIMED))
		return list_unclaimed(session, err);
	if (option_is_given(session->invocation, OPTION_ID_FOLLOW))
		return room_follow(session, err);
	list = room_page_all(session, "rooms", list_params(session->invocation), "rooms", err);
	if (!list)
		return -1;
	status = print_list(session, list);
	json_object_put(list);
	return status;
}

/* --- show --- */

/* Adds the complete commands below the error: one for each game that has a room of this name. */
static void add_commands(struct session *session, struct json_object *rooms, const char *name)
{
	struct json_object *lines = json_object_new_array();
	char *typed = invocation_typed(session->invocation), *line = NULL;

	for (size_t i = 0; rooms && typed && i < json_object_array_length(rooms); i++) {
		struct json_object *room = json_object_array_get_idx(rooms, i);
		bool is_path = strcmp(output_text(room, "game", ""), "") == 0;

		if (strcmp(room_page_name(room), name) != 0)
			continue;
		if (asprintf(&line, "%s --game '%s'", typed, output_text(room, is_path ? "folder" : "game", "?")) < 0)
			break;
		(void)json_object_array_add(lines, json_object_new_string(line));
		free(line);
	}
	free(typed);
	json_object_put(session->changes);
	session->changes = lines;
}

/* The daemon refuses a name that several games have. */
static void name_the_games(struct session *session, const char *name)
{
	struct json_object *list = room_page_all(session, "rooms", json_object_new_object(), "rooms", NULL);

	if (list)
		add_commands(session, json_get_array(list, "rooms"), name);
	json_object_put(list);
}

int cmd_rooms_show(struct session *session, struct err *err)
{
	struct json_object *params = list_params(session->invocation), *room;
	int status;

	json_put_text(params, "room", session->invocation->words[0]);
	room = room_page_all(session, "room", params, "rows_page", err);
	if (!room && err->code == ERR_USAGE && !option_is_given(session->invocation, OPTION_ID_OF_GAME))
		name_the_games(session, session->invocation->words[0]);
	if (!room)
		return -1;
	if (session->is_json)
		output_json(room);
	else
		room_show_print(stdout, room, width_of(stdout));
	(void)fflush(stdout);
	if (!session->is_json && !session->is_quiet && strcmp(output_text(room, "state", ""), "waiting") == 0)
		(void)fprintf(stderr, "\"ngmtctl rooms adopt %s\" shows what would be sent, and asks.\n",
			      room_page_name(room));
	status = exit_status_of(needs_person(room));
	json_object_put(room);
	return status;
}
