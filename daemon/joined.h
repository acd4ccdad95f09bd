/* SPDX-License-Identifier: MIT
 *
 * Rows without MTurk's ids (nodeGame's single-player template writes none), and which assignment of the platform's own
 * list each of them is: by the exit code that the worker submitted, by the exit code that nodeGame's codes file has for
 * the player, or because the player's id is the worker's. Exactly one assignment, asked for by exactly one row: joined.
 * Anything else is held, with the candidates. Works on the ledger's copy of the platform's facts.
 */
#ifndef NGMT_JOINED_H
#define NGMT_JOINED_H

#include "game_entry.h"
#include "json.h"
#include "ledger.h"

struct join_rules {
	enum join_way way;
	const char *const *hits; /* NULL-terminated, borrowed: where their assignments are; NULL: none known */
};

/* result.join_state; never renumber. */
enum join_state {
	JOIN_NOT = 0,      /* has its ids, or is not to be joined */
	JOIN_WAITING = 1,  /* its assignment is not known yet */
	JOIN_DONE = 2,
	JOIN_DOUBTFUL = 3, /* several candidates: held until the rows or the list change */
};

#endif
