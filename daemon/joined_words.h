/* SPDX-License-Identifier: MIT
 *
 * The sentences about joining that a row gets as its reason. Private to joined.c.
 */
#ifndef NGMT_JOINED_WORDS_H
#define NGMT_JOINED_WORDS_H

#include "ledger.h"

/* What a row and an assignment have in common; numbers as in joined.c's SQL. */
enum join_by {
	JOIN_BY_BEFORE = 0, /* nothing new: it was joined earlier */
	JOIN_BY_WORKER = 1, /* the file names the worker */
	JOIN_BY_EXIT_CODE = 2,
	JOIN_BY_CODES_FILE = 3,
	JOIN_BY_PLAYER = 4, /* the player's id is the worker's */
	JOIN_BYS
};

/* Each returns a sentence that the caller frees; NULL on error. `row` is the row's id. */
char *join_say_joined(struct ledger *ledger, int64_t row, enum join_by by, struct err *err);
/* A code that several players have tells nobody apart (nodeGame's auth mode "dummy" gives "0exit" to all): 0 with *why
 * NULL if it is one player's, else a sentence that the caller frees. -1. */
int join_say_shared_code(struct ledger *ledger, int64_t row, char **why, struct err *err);

char *join_say_waiting(struct ledger *ledger, int64_t row, const char *platform, struct err *err);
char *join_say_candidates(struct ledger *ledger, int64_t row, enum join_by by, const char *platform, struct err *err);

/* *why is NULL if no other row asks for the assignment, or only such as are one with this row. -1: error. */
int join_say_rivals(struct ledger *ledger, int64_t row, const char *assignment_id, const char *platform, char **why,
		    struct err *err);

#endif
