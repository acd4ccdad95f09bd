/* SPDX-License-Identifier: MIT
 *
 * One "game" of the configuration: a name, a game folder or a data folder, and after it, separated by blanks, what is
 * different for this game: policy=pay, hit=ID (may be given several times), join=WAY. Pure.
 */
#ifndef NGMT_GAME_ENTRY_H
#define NGMT_GAME_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* What is done by itself with the rows of a room. Numbers are stored in the ledger; a greater one does more. */
enum policy {
	POLICY_IMPORT = 0,  /* nothing is sent */
	POLICY_APPROVE = 1, /* rows to be approved are approved; never a rejection */
	POLICY_PAY = 2,     /* and paid, and granted the qualification if one is configured */
};

/* How rows without MTurk's ids find their assignment. */
enum join_way { JOIN_NONE, JOIN_AUTO, JOIN_EXIT_CODE, JOIN_CODES_FILE, JOIN_WORKER_ID, JOIN_WAYS };

struct game_entry {
	char *place; /* the name or the path */
	bool has_policy;
	enum policy policy;
	bool has_join;
	enum join_way join;
	char **hits; /* NULL-terminated; NULL: none */
};

/* ERR_CONFIG. The caller finishes it; after -1 there is nothing to finish. */
int game_entry_read(struct game_entry *out, const char *text, struct err *err);
void game_entry_finish(struct game_entry *entry);

/* -1: no such word. */
int policy_from_name(const char *name);
const char *policy_name(enum policy policy);
int join_way_from_name(const char *name);
const char *join_way_name(enum join_way way);

#endif
