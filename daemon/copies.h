/* SPDX-License-Identifier: MIT
 *
 * The copies of files (snapshot.h) as the ledger knows them: which are there, which are not needed any more because a
 * later content begins with them or because of their age, and their removal, a few at a time. The ledger notes it.
 */
#ifndef NGMT_COPIES_H
#define NGMT_COPIES_H

#include <stdbool.h>

#include "ledger.h"

struct copies {
	struct ledger *ledger;
	int64_t keep_s;    /* they are removed at this age; 0: never */
	int64_t swept_s;   /* when the last look for old ones began; 0: never */
	char cursor[80];   /* of the look that is under way */
	bool is_sweeping;
	bool has_contained; /* there may be some that others contain */
};

/* Takes away what a crash has left in the folder. */
void copies_init(struct copies *copies, struct ledger *ledger, int64_t keep_s);

/* The copy of a content is there (again); it was read now. */
int copies_note_kept(struct copies *copies, const char *sha256, struct err *err);
/* Whether a content of this length was kept before. 1, 0, -1. */
int copies_may_have(struct copies *copies, int64_t bytes, struct err *err);
/* The later content begins with the earlier one, whose copy is not needed once this is committed. */
int copies_note_contained(struct copies *copies, const char *earlier, const char *later, struct err *err);

/* A few removals; call it in turns with nothing better to do and at the earliest in the turn after copies_note_*().
 * 1: there is more to do, 0: not for now, -1. */
int copies_sweep(struct copies *copies, struct err *err);

#endif
