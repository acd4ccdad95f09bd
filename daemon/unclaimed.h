/* SPDX-License-Identifier: MIT
 *
 * Submissions that no row claims: somebody handed in, and no file that counts asks for it. Waiting-room exits, players
 * whose row was lost, and those whose row could not be joined. The HITs of the games, of the rooms of the last month
 * and of the working set are surveyed, then their submissions are gone through in slices.
 */
#ifndef NGMT_UNCLAIMED_H
#define NGMT_UNCLAIMED_H

#include "joins.h"
#include "json.h"
#include "ledger.h"
#include "loop.h"
#include "survey.h"

struct unclaimeds;

struct unclaimed_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct surveys *surveys;
	struct joins *joins;
};

/* Whoever asks. Exactly one of `result` (borrowed) and `err` is not NULL; `done` runs once, from the loop or from
 * unclaimeds_free(). */
struct unclaimed_client {
	void (*done)(void *arg, struct json_object *result, const struct err *err);
	bool (*is_wanted)(void *arg);
	void *arg;
};

struct unclaimeds *unclaimeds_new(const struct unclaimed_parts *parts, struct err *err);
/* Those under way are answered with ERR_BUSY "stopping". */
void unclaimeds_free(struct unclaimeds *unclaimeds); /* after the joins */

/* Method "unclaimed" (ngmt-protocol(7)). ERR_USAGE, ERR_BUSY. */
int unclaimeds_start(struct unclaimeds *unclaimeds, struct json_object *params, const struct unclaimed_client *client,
		     struct err *err);

/* Those under way fail with `why`, in the next unclaimeds_pump() or when what they wait for is answered. */
void unclaimeds_halt(struct unclaimeds *unclaimeds, const struct err *why);

/* End of a turn: one slice. Whether another turn is wanted at once. */
bool unclaimeds_pump(struct unclaimeds *unclaimeds);

#endif
