/* SPDX-License-Identifier: MIT
 *
 * What is due when, soonest first: ten thousand deadlines behind one timer of the loop. Pure.
 */
#ifndef NGMT_AGENDA_H
#define NGMT_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Part of whatever has a deadline; all zero: it has none. */
struct agenda_item {
	int64_t due_ms;
	size_t place; /* in the heap, from 1; 0: not on the agenda */
};

struct agenda {
	struct agenda_item **heap;
	size_t count;
	size_t room;
};

/* Sets or moves the deadline. -1: out of memory; the item then is as it was. */
int agenda_put(struct agenda *agenda, struct agenda_item *item, int64_t due_ms);
/* Takes it off; nothing if it is not on it. */
void agenda_take(struct agenda *agenda, struct agenda_item *item);
/* The soonest; NULL: nothing is due ever. */
struct agenda_item *agenda_first(const struct agenda *agenda);
/* Frees the agenda, not the items. */
void agenda_finish(struct agenda *agenda);

#endif
