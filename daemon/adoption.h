/* SPDX-License-Identifier: MIT
 *
 * Adopting rooms that were there before they were watched (rule of money 9): what that would send is counted first, in
 * slices, one a turn, so that ten thousand rooms keep nobody waiting; then either told, or done if it is what was
 * shown.
 */
#ifndef NGMT_ADOPTION_H
#define NGMT_ADOPTION_H

#include "batches.h"
#include "json.h"
#include "ledger.h"
#include "loop.h"
#include "platform.h"
#include "room_feed.h"

struct adoptions;

struct adoption_parts {
	struct loop *loop;
	struct ledger *ledger;
	const struct platform *platform;
	struct room_feed *feed;
	void (*on_changed)(void *arg, int64_t room_id); /* it is adopted now */
	bool (*is_unread)(void *arg, int64_t room_id);  /* there is a file that waits to be read; NULL: never */
	void *arg;
};

/* Exactly one of `result` (borrowed) and `err` is not NULL. Runs once, from adoptions_pump(). */
typedef void adoption_done_fn(void *arg, struct json_object *result, const struct err *err);

struct adoptions *adoptions_new(const struct adoption_parts *parts, struct err *err);
/* Those under way are answered with ERR_BUSY "stopping"; nothing of them was done. */
void adoptions_free(struct adoptions *adoptions);

/* Method "plan_adopt", and with `applies` method "rooms_adopt" (ngmt-protocol(7)). ERR_USAGE, ERR_NOT_FOUND,
 * ERR_BUSY. */
int adoptions_start(struct adoptions *adoptions, struct json_object *params, const struct actor *actor, bool applies,
		    adoption_done_fn *done, void *arg, struct err *err);

/* Those under way fail with `why`, in the next adoptions_pump(). */
void adoptions_halt(struct adoptions *adoptions, const struct err *why);

/* End of a turn: one slice. Whether another turn is wanted at once. */
bool adoptions_pump(struct adoptions *adoptions);

#endif
