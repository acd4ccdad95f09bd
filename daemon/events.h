/* SPDX-License-Identifier: MIT
 *
 * What happened, in one order that survives everything: the notable steps of operations (held, accepted, in doubt,
 * done, failed, taken back), commands, rooms and lanes. Steps of operations are events by themselves; the others are
 * kept among them, in the same table, as steps of no operation, so that a number is enough to say where one stopped
 * reading. Numbers only grow, unless the ledger is replaced by an older one.
 */
#ifndef NGMT_EVENTS_H
#define NGMT_EVENTS_H

#include "json.h"
#include "ledger.h"
#include "op.h"

/* In the ledger in place of an operation's state: never renumber, only append. Also written as literals in the partial
 * indexes of migrations.c. */
enum event_code {
	EVENT_COMMAND = 100, /* a command was recorded; of its batch */
	EVENT_ROOM = 101,
	EVENT_ROOM_PROBLEM = 102,
	EVENT_LANE = 103,
	EVENT_CUT_OFF = 104, /* what an unfinished command had recorded was taken back */
};

/* Notes an event of this turn. Takes over `what` (members of the event object, see ngmt-protocol(7); NULL: none). */
int events_note(struct ledger *ledger, enum event_code code, struct json_object *what, int64_t batch_id,
		struct err *err);

/* The number of the last event or step; 0: there is none. */
int64_t events_newest(struct ledger *ledger);

#define EVENTS_ALL_LANES (-1)
/* The lane that params name with "lane"; ERR_USAGE. */
int events_read_lane(struct json_object *params, int *lane, struct err *err);

struct events_range {
	int64_t after;  /* the first ones after this number; -1: the last ones before `before` */
	int64_t before; /* 0: the newest */
	int64_t limit;
	int lane; /* only what concerns this one; EVENTS_ALL_LANES */
};

/* Oldest first; *next is where to go on in the same direction, 0 if there is nothing more. Looking for a lane, it goes
 * through a few thousand events at most, and may return fewer than there are. New reference; NULL on error. */
struct json_object *events_list(struct ledger *ledger, const struct events_range *range, int64_t *next,
				struct err *err);

/* What went wrong last and is still so: operations that were refused or are held, rooms that cannot be read. At most
 * `limit`, newest first. New reference; NULL on error. */
struct json_object *events_troubles(struct ledger *ledger, int64_t limit, struct err *err);

#endif
