/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the nearest of a list of names.
 */
#ifndef NGMT_SUGGEST_H
#define NGMT_SUGGEST_H

#include <stddef.h>

/* A running search: start with suggest_init(), offer every candidate, read the best. Distance is Damerau-Levenshtein
 * (restricted), without regard to case; a candidate further than a third of the word's length (at least 1, at most 3)
 * is no suggestion. Names longer than 63 bytes are never near. */
struct suggest {
	const char *word;
	const char *best; /* borrowed from the offers; NULL: nothing is near */
	size_t distance;
};

void suggest_init(struct suggest *suggest, const char *word);
void suggest_offer(struct suggest *suggest, const char *candidate);

#endif
