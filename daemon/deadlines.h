/* SPDX-License-Identifier: MIT
 *
 * What happens by itself, or becomes impossible, at a time that is known: for status. Counted through indexes of
 * their own and capped, so that it costs the same at a million rows.
 */
#ifndef NGMT_DEADLINES_H
#define NGMT_DEADLINES_H

#include "json.h"
#include "ledger.h"
#include "platform.h"

/* So many are counted of each kind; then "is_cut" is true. */
#define DEADLINES_COUNTED_MAX 1000

/* [{"what", "at", "count", "is_cut", "next_subject"}], the soonest first; only what is still to come, by the platform's
 * clock. One for each "what":
 *   auto-approval  submitted assignments that nobody has decided, as far as they are known: approved by themselves
 *   un-reject      rejected assignments: until 30 days after their submission a rejection can be taken back
 *   token          money requests in doubt: until then they can be sent again without paying twice
 *   hit-expiry     the selected HIT is off the market
 * New reference. What cannot be read is left out. */
struct json_object *deadlines_describe(struct ledger *ledger, const struct platform *platform);

#endif
