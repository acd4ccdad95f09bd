/* SPDX-License-Identifier: MIT
 *
 * Rows without MTurk's ids (nodeGame's single-player template writes none), and which assignment of the platform's own
 * list each of them is: by the exit code that the worker submitted, by the exit code that nodeGame's codes file has for
 * the player, or because the player's id is the worker's. Exactly one assignment, asked for by exactly one row: joined.
 * Anything else is held, with the candidates. Works on the ledger's copy of the platform's facts.
 *
 * One pass: joined_begin(), joined_add_hit() for every HIT of any game, joined_gather() over every source with such
 * rows, then joined_decide() until it is done. All rows ask before anything is decided, and what was joined in an
 * earlier pass is looked at again as long as nothing was done about it: a second row or a second submission that comes
 * later takes the certainty away from both.
 */
#ifndef NGMT_JOINED_H
#define NGMT_JOINED_H

#include "game_entry.h"
#include "json.h"
#include "ledger.h"
#include "row.h"

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
	JOIN_SETTLED = 4,  /* joined, and the ledger has an operation for its assignment: stays as it is */
};

/* Rows of rooms that wait to be adopted are joined and count as asking, too, as long as their file was written within
 * this time: what is still submitted and nothing more was submitted within 30 days. */
#define JOIN_AGE_S (INT64_C(31) * 86400)

/* Makes the temporary tables. Once for each ledger that is opened. */
int joined_create(struct ledger *ledger, struct err *err);

/* A source that has rows which wait, are in doubt, or are joined with nothing done about it. Texts are borrowed. */
struct join_source {
	int64_t id;
	const char *game;     /* NULL: loaded by name */
	const char *folder;   /* the data folder that is watched; NULL: it was loaded */
	int64_t room_id;      /* 0: it was loaded */
	int64_t written_s;    /* the file as it was read, at the latest */
	int64_t last_waiting; /* greatest id of its rows that wait; 0: none */
	bool has_doubtful;
	bool is_asking;       /* the platform is to be asked for them: they may be acted upon */
};
typedef int join_source_fn(void *arg, const struct join_source *source, struct err *err);
int joined_each_source(struct ledger *ledger, join_source_fn *fn, void *arg, struct err *err);

int joined_begin(struct ledger *ledger, struct err *err);
int joined_add_hit(struct ledger *ledger, const char *hit_id, struct err *err);

/* What is known of the submissions among which rows are looked for. */
enum join_list {
	JOIN_LIST_UNREAD = 0, /* not all of it was read since they came: nothing is decided about them */
	JOIN_LIST_READ = 1,
	JOIN_LIST_UNKNOWN = 2, /* nobody has said in which HIT */
	JOIN_LIST_MISSING = 3, /* the platform knows no such HIT */
};

/* What the rows of a source go by. */
struct join_order {
	int64_t source_id;
	enum join_way way;
	const char *hits;    /* JSON array of texts; "[]": none is known */
	enum join_list list;
	const char *hit;     /* the first of them, for sentences; NULL: none */
	const char *game;    /* whose codes files count besides those that a person loaded; NULL: no other ones */
	int64_t written_s;   /* of the source: a HIT that was made later is none of its rows' */
};
/* The next rows after *cursor (from 0). 1: there are more, 0: that was all of this source, -1: error. */
int joined_gather(struct ledger *ledger, const struct join_order *order, int64_t *cursor, struct err *err);

/* Adds to these. */
struct join_counts {
	int64_t joined;   /* now, not before */
	int64_t doubtful; /* likewise */
	int64_t waiting;
};
/* The next rows that are ready; likewise. `platform`: its title, for sentences. */
int joined_decide(struct ledger *ledger, const char *platform, int64_t *cursor, struct join_counts *counts,
		  struct err *err);
/* Rooms whose rows have changed, one after the other: 1 (taken out of the list), 0, -1. In the turn in which they have,
 * so that a crash does not part the rows from whoever is to act on them. */
int joined_take_room(struct ledger *ledger, int64_t *room_id, struct err *err);

/* Whether rows of the source wait: 1, 0, -1. */
int joined_has_waiting(struct ledger *ledger, int64_t source_id, struct err *err);
/* For a source with rows that were joined or wait, how many have which verdict by now, and how many wait. `verdicts` is
 * what was read from the file, and stays so for any other source. */
int joined_count(struct ledger *ledger, int64_t source_id, int64_t verdicts[VERDICT_SKIP + 1], int64_t *waiting,
		 struct err *err);

#endif
