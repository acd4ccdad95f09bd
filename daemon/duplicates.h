/* SPDX-License-Identifier: MIT
 *
 * How many rows of files that are to enter the working set repeat an assignment that comes before them: in the set, in
 * an earlier one of these files, or earlier in the same file. Exact, in slices, and in bounded memory: a filter of a
 * few bits a row says of nearly all rows that their assignment is new; the others are looked for in the ledger.
 */
#ifndef NGMT_DUPLICATES_H
#define NGMT_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"

struct duplicates;

/* `sources`: the files, in their order, copied. `adds`: what is in the working set stays, but for other versions of
 * these files. */
struct duplicates *duplicates_new(struct ledger *ledger, const int64_t *sources, size_t count, bool adds,
				  struct err *err);
void duplicates_free(struct duplicates *duplicates);

/* The next rows, a few milliseconds. 1: there are more, 0: all are counted, -1. */
int duplicates_slice(struct duplicates *duplicates, struct err *err);

/* Of the file at this place of `sources`. */
int64_t duplicates_of(const struct duplicates *duplicates, size_t index);

#endif
