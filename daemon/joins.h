/* SPDX-License-Identifier: MIT
 *
 * The engine of joining (joined.h): while rows wait for their assignment, it asks the platform for the lists of the
 * HITs in which they may be, and after each answer has every row looked at. One survey serves all rows of a HIT. Often
 * at first, since a player submits soon after the end of the game, then ever less; not at all when nothing waits.
 *
 * Where a game's rows are looked for: the hit= of the game, else [defaults] hit_id, else, for what a person has loaded,
 * the HIT that was selected with "get hit".
 */
#ifndef NGMT_JOINS_H
#define NGMT_JOINS_H

#include "config.h"
#include "joined.h"
#include "ledger.h"
#include "loop.h"
#include "survey.h"

struct joins;

/* Rows of a watched room have been joined, or what was joined is in doubt again; that is not committed yet. */
typedef int joins_room_fn(void *arg, int64_t room_id, struct err *err);

struct joins_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct surveys *surveys;
	const struct config *config;
	const char *platform; /* its title, for sentences */
	joins_room_fn *on_room;
	void *arg;
};

/* Also loads [import] input_codes_file. */
struct joins *joins_new(const struct joins_parts *parts, struct err *err);
void joins_free(struct joins *joins);

/* There may be something new to join: rows were imported or loaded, another HIT was selected. Cheap; say it too often
 * rather than not. */
void joins_news(struct joins *joins);

/* Has every list read anew, however long the rows have waited, and every row in doubt looked at again: somebody asks
 * for it ("rooms_rescan"), or others may count now (a room was adopted or ignored, codes were loaded). */
void joins_hurry(struct joins *joins);

/* Somebody else has had lists read: every row that waits is looked at again, without asking the platform. */
void joins_lists_read(struct joins *joins);

/* Calls `fn` once, from the loop, when everything that waits now has been looked for, or after a few seconds if that
 * takes longer, or when the daemon stops. */
typedef void joins_wait_fn(void *arg);
int joins_wait(struct joins *joins, joins_wait_fn *fn, void *arg, struct err *err);

/* Whether a row of such a file is to be joined at all. `folder`: the data folder that is watched, or NULL; `game`: how
 * it was loaded, or NULL. Valid until the next call. */
const struct join_rules *joins_rules(struct joins *joins, const char *game, const char *folder);

/* Every HIT in which rows of any game (NULL), or of this one, are looked for, as a JSON array. New reference; NULL: out
 * of memory. */
struct json_object *joins_hits(struct joins *joins, const char *game);

/* No list is asked for any more, and nothing is joined. */
void joins_halt(struct joins *joins);

/* End of a turn: one slice. Whether another turn is wanted at once. */
bool joins_pump(struct joins *joins);

#endif
