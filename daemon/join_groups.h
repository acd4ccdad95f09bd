/* SPDX-License-Identifier: MIT
 *
 * What rows that wait to be joined go by: one group for each game (and data folder) that has such rows, with the way of
 * joining and the HITs that the configuration gives it, and the file of codes that nodeGame itself keeps beside it.
 * Private to joins.c.
 */
#ifndef NGMT_JOIN_GROUPS_H
#define NGMT_JOIN_GROUPS_H

#include "config.h"
#include "games.h"
#include "joined.h"
#include "ledger.h"
#include "results_file.h"

struct join_group {
	char *game;   /* as in the ledger; NULL: loaded by name */
	char *folder; /* the data folder that is watched; NULL: loaded */
	enum join_way way;
	char **hits;    /* NULL-terminated; empty: none known */
	char *hits_json;
	int64_t last_waiting; /* greatest id of the rows that wait and are asked for; 0: none does */
	int64_t news_ms;      /* monotonic: when that changed, or the HITs did */
	bool has_codes;       /* what was read last is in the ledger */
	bool has_mark;        /* codes_mark is of the file that was read last */
	struct file_mark codes_mark;
};

struct join_groups {
	struct ledger *ledger;
	const struct config *config;
	struct game_list games;
	bool has_games;
	int64_t games_ms; /* when they were looked for */
	struct join_group **items;
	size_t count;
};

void join_groups_init(struct join_groups *groups, struct ledger *ledger, const struct config *config);
void join_groups_finish(struct join_groups *groups);

/* The group, made if need be. NULL on error. */
struct join_group *join_groups_find(struct join_groups *groups, const char *game, const char *folder, struct err *err);

/* Has the group follow the configuration and the selected HIT. 1: its HITs have changed, 0: not, -1: error. */
int join_groups_update(struct join_groups *groups, struct join_group *group, struct err *err);

/* Reads auth/codes.imported.csv, else auth/codes.csv, beside the group's data folder, if it is there and was not read
 * as it is now. A file that cannot be read is told in the log, once. -1: the ledger. */
int join_groups_read_codes(struct join_groups *groups, struct join_group *group, struct err *err);

/* When these codes were written; INT64_MAX: there are none. */
int64_t join_group_codes_s(const struct join_group *group);

/* Adds the HITs of every game (NULL) of the configuration, with or without rows, or of this one, to a JSON array of
 * texts. */
int join_groups_add_hits(struct join_groups *groups, const char *game, struct json_object *hits, struct err *err);

#endif
