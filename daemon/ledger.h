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
#include "witness.h"

/* A ledger that is older than the one that was here before, and what has been done about it (restored.h). */
enum ledger_restored { LEDGER_AS_LEFT, LEDGER_RESTORED, LEDGER_COMPARING };

struct ledger {
	struct store *store;
	char *directory;   /* <state directory>/<environment> */
	char *environment; /* also the scope of tokens */
	int lock_fd;
	int64_t acting_batch; /* of the command that is being carried out: steps are recorded as its; 0: none */
	struct witness witness;
	uint64_t log_generation; /* of the last commit (store.h) */
	enum ledger_restored restored;
	int64_t restored_s; /* of a restored one: its last entry when it was put in place; 0: it had none */
};

/* Opens (creating directories and file), takes the lock, checks integrity (quick_check), migrates, and compares it with
 * its witness: a ledger that was put in place of a newer one is opened as restored. ERR_LEDGER. */
struct ledger *ledger_open(const char *state_directory, const char *environment, struct err *err);
/* Commits, closes and unlocks; logs what goes wrong. NULL is fine. */
void ledger_close(struct ledger *ledger);

/* Commits the turn. -1: everything of this turn is rolled back, and nothing is written any more (store.h). */
int ledger_commit(struct ledger *ledger, struct err *err);
/* Whether a ledger that has failed could be written now: writes, commits and removes about what a turn needs. It must
 * be opened anew after that. */
int ledger_probe(struct ledger *ledger, struct err *err);

/* A remembered value ("hit": the selected HIT); "" deletes. The caller frees; NULL if there is none. */
char *ledger_get_meta(struct ledger *ledger, const char *key);
int ledger_set_meta(struct ledger *ledger, const char *key, const char *value, struct err *err);

/* How far the comparison of a restored ledger has come, kept across restarts. */
int ledger_set_restored(struct ledger *ledger, enum ledger_restored restored, struct err *err);

#endif
