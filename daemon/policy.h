/* SPDX-License-Identifier: MIT
 *
 * What is done by itself once a room's rows are in the ledger: under the policies "approve" and "pay" its rows that
 * were not looked at yet become operations, room after room in the order in which they finished (room_book.h keeps that
 * line, so a crash loses nothing of it). Never a rejection, nothing of a room that waits to be adopted or is ignored;
 * every operation is verified before it is sent as any other. In dry mode nothing is recorded, and the line waits.
 */
#ifndef NGMT_POLICY_H
#define NGMT_POLICY_H

#include "ledger.h"
#include "loop.h"
#include "plan.h"
#include "room_feed.h"

struct policies;
struct watch_news; /* watch.h */

/* plans_start_automatic(), or a test's own. */
typedef int policy_start_fn(struct plans *plans, const struct plan_order *order, plan_done_fn *done, void *arg,
			    struct err *err);

struct policy_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct plans *plans;
	struct room_feed *feed;
	policy_start_fn *start;
	bool is_dry;
};

struct policies *policies_new(const struct policy_parts *parts, struct err *err);
void policies_free(struct policies *policies);

/* Logs and tells what became of a room's file. */
void policies_on_news(struct policies *policies, const struct watch_news *news);

/* Rows of the room have changed by themselves (joined.h): as after an import. */
int policies_rows_changed(struct policies *policies, int64_t room_id, struct err *err);

/* Whether the room's rows are becoming operations at this moment. */
bool policies_is_busy_with(const struct policies *policies, int64_t room_id);

/* No further room is begun. */
void policies_halt(struct policies *policies);

/* End of a turn, before plans_pump(): begins the next room. Whether another turn is wanted at once. */
bool policies_pump(struct policies *policies);

#endif
