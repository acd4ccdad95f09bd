/* SPDX-License-Identifier: MIT
 *
 * What a load command asks for, read from its params.
 */
#ifndef NGMT_LOAD_REQUEST_H
#define NGMT_LOAD_REQUEST_H

#include "config.h"
#include "json.h"
#include "rooms.h"

/* What becomes of the working set as it is. */
enum load_mode {
	LOAD_NEW,     /* it must be empty */
	LOAD_ADD,     /* it stays */
	LOAD_REPLACE, /* it goes */
	LOAD_MODES
};

struct load_request {
	char *game; /* NULL: one file */
	char *path; /* absolute; NULL: a game */
	int64_t min_room, max_room; /* -1: no bound */
	int64_t validate_level;
	enum load_mode mode;
};

/* ERR_USAGE. The caller finishes it, also after -1. */
int load_request_read(struct load_request *out, struct json_object *params, const struct config *config,
		      struct err *err);
void load_request_finish(struct load_request *request);

/* The rooms of the game: a game of the configuration may be called by its name; a name and a path stand for
 * themselves. As rooms_find(). */
int load_request_rooms(const struct load_request *request, const struct config *config, struct room_list *out,
		       struct err *err);

/* Where a file is. One place has one name, whatever links lead to it: versions of a file are told apart by it. */
struct load_place {
	char *path;
	char *room; /* NULL: the file was named itself */
};
/* ERR_INTERNAL. The caller finishes it, also after -1. */
int load_place_init(struct load_place *out, const char *path, const char *room, struct err *err);
void load_place_finish(struct load_place *place);

#endif
