/* SPDX-License-Identifier: MIT
 *
 * The ledger of one environment: <state directory>/<environment>/ledger.db, held by one daemon at a time. This file
 * opens, locks and identifies it, and commits once a turn; what is in it is the business of operations.h (what was
 * asked and what became of it), results.h (files and rows), facts.h (what the platform said) and batches.h (whose
 * command it was).
 */
#ifndef NGMT_LEDGER_H
#define NGMT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "store.h"

struct ledger {
	struct store *store;
	char *directory;   /* <state directory>/<environment> */
	char *environment; /* also the scope of tokens */
	int lock_fd;
	int64_t acting_batch; /* the batch of the command that is being carried out: steps are recorded as its; 0: none */
};

/* Opens (creating directories and file), takes the lock, checks integrity (quick_check), migrates. ERR_LEDGER. */
struct ledger *ledger_open(const char *state_directory, const char *environment, struct err *err);
/* Commits, closes and unlocks; logs what goes wrong. NULL is fine. */
void ledger_close(struct ledger *ledger);

/* Commits the turn. -1: everything of this turn is rolled back. */
int ledger_commit(struct ledger *ledger, struct err *err);

/* A remembered value ("hit": the selected HIT); "" deletes. The caller frees; NULL if there is none. */
char *ledger_get_meta(struct ledger *ledger, const char *key);
int ledger_set_meta(struct ledger *ledger, const char *key, const char *value, struct err *err);

#endif
