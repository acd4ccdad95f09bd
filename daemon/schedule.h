/* SPDX-License-Identifier: MIT
 *
 * When: operation ids in the order in which they are due, in memory only. What they are is in the ledger, from which
 * the schedule is made anew at every start. A binary heap; ids due at the same time come out in the order of their
 * numbers.
 */
#ifndef NGMT_SCHEDULE_H
#define NGMT_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct due {
	int64_t at_ms; /* monotonic clock */
	int64_t id;
	int64_t verified_ms; /* when it was last found to agree with the platform; 0: not by this daemon */
	bool look;           /* read back instead of sending */
	int64_t hold_until_s; /* the end of the window for which it was scheduled: another one has its own entry */
	int64_t since_ms;    /* monotonic: since when the platform's side of it has been waited for; 0: not yet */
};

/* Zero-initialised is empty. */
struct schedule {
	struct due *heap;
	size_t count;
	size_t capacity;
};

int schedule_add(struct schedule *schedule, struct due due, struct err *err);
/* The first one due at `now_ms` or earlier; false: none. */
bool schedule_take(struct schedule *schedule, int64_t now_ms, struct due *out);
/* Milliseconds until the first is due (0: now); -1: empty. */
int64_t schedule_delay_ms(const struct schedule *schedule, int64_t now_ms);
/* Makes `*wait_ms` the sooner one of two waits in milliseconds; -1 is for ever. */
void schedule_sooner(int64_t *wait_ms, int64_t delay_ms);
/* What is in `ids` (ascending) and due later than `now_ms` is due then. */
void schedule_hurry(struct schedule *schedule, const int64_t *ids, size_t count, int64_t now_ms);
void schedule_finish(struct schedule *schedule);

#endif
