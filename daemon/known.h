/* SPDX-License-Identifier: MIT
 *
 * Ids and names that the ledger or the configuration knows: for completing what a person types, and for "did you
 * mean". No platform and no folder is asked, and what is looked at is capped: a million rows cost no more than a
 * thousand.
 */
#ifndef NGMT_KNOWN_H
#define NGMT_KNOWN_H

#include <stdbool.h>

#include "config.h"
#include "json.h"
#include "ledger.h"

#define KNOWN_WORDS_MAX 100
#define KNOWN_WORD_BYTES 80

/* Those that begin with `prefix` (without regard to case; ids are in capitals), the newest first as far as the newest
 * few thousand go: [{"word", "note": text or null}]. `what`: hits, workers, assignments, rooms, games, qualifications,
 * operations, batches. New reference; NULL with ERR_USAGE, ERR_LEDGER. */
struct json_object *known_words(struct ledger *ledger, const struct config *config, const char *what,
				const char *prefix, int64_t limit, struct err *err);

/* The word that is nearest to one that is none. False: nothing is near. */
bool known_nearest(struct ledger *ledger, const struct config *config, const char *what, const char *word,
		   char best[KNOWN_WORD_BYTES]);

#endif
