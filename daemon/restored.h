/* SPDX-License-Identifier: MIT
 *
 * What becomes of a ledger that is older than the one that was here (ledger.h finds out): what it believes to be open
 * may have been done since. Requests go back to where they are compared with the platform, nothing leaves before all
 * of them have been (the queue sees to that), and what the platform cannot tell is held for a person.
 */
#ifndef NGMT_RESTORED_H
#define NGMT_RESTORED_H

#include <stddef.h>

#include "ledger.h"

/* Once after the ledger was found to be restored: what was queued is planned again, messages that are not sent are
 * held. Afterwards it is LEDGER_COMPARING. */
int restored_prepare(struct ledger *ledger, struct err *err);

/* All has been compared: says so and forgets it. */
int restored_finish(struct ledger *ledger, struct err *err);

/* The operations that must be compared first, by id. Zero-initialised is empty. */
struct comparison {
	int64_t *ids; /* ascending; negative when it is done */
	size_t count, capacity, left;
};

/* In the order of ids. */
int comparison_add(struct comparison *comparison, int64_t id, struct err *err);
/* One was compared, or is open no more; others are ignored. True: it was the last. */
bool comparison_done(struct comparison *comparison, int64_t id);
void comparison_finish(struct comparison *comparison);

#endif
