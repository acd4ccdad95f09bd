/* SPDX-License-Identifier: MIT
 *
 * Whether one operation may be sent, given what the file says, what the platform says and what the ledger has done.
 * Pure: used with the same facts when a plan is shown and again right before the operation is queued (rules of money 3
 * and 9).
 */
#ifndef NGMT_VERIFY_H
#define NGMT_VERIFY_H

#include "facts.h"
#include "op.h"
#include "operations.h"

enum verified {
	VERIFIED_GO,
	VERIFIED_DONE,    /* the platform shows it as done already */
	VERIFIED_HOLD,    /* does not agree: a person decides */
	VERIFIED_WAIT,    /* the worker has not submitted yet */
	VERIFIED_ABSENT,  /* the platform knows no such assignment (which may still be on its way) */
	VERIFIED_UNKNOWN, /* the facts needed are not there: survey first */
};

/* Rule of money 4. */
struct money_limits {
	int64_t max_bonus_minor;
	int64_t min_bonus_minor;
};

/* The exit code of the row and the codes that the worker submitted, where both exist. */
#define CODE_SHOWN_MAX 64

struct code_fact {
	bool differs;
	char in_file[CODE_SHOWN_MAX]; /* to be shown: printable, perhaps cut */
	char submitted[CODE_SHOWN_MAX];
};

struct verify_facts {
	/* A policy's operation: what has become of its room or of the policy since; NULL: nothing that matters. */
	const char *withdrawn;
	const char *platform; /* its title, for sentences */
	struct money_limits limits;
	bool has_assignment;
	struct assignment_fact assignment;
	bool has_hit;
	struct hit_fact hit;
	struct code_fact code;
	struct bonus_fact bonuses; /* on the platform's list for assignment and worker */
	struct own_bonuses own;    /* of this ledger, for any purpose */
	int64_t twins_of_ledger;     /* those of them that the platform's list cannot tell from this one */
};

struct verification {
	enum verified verdict;
	enum op_hold hold; /* with VERIFIED_HOLD: why, in one word */
	char why[240]; /* empty for VERIFIED_GO */
	int64_t surplus; /* with HOLD_FOREIGN: how many bonuses the platform lists beyond those of the ledger */
	const char *outcome; /* with VERIFIED_DONE: one word for the ledger; static */
};

void verify(const struct op *op, const struct verify_facts *facts, struct verification *out);

/* Compares a row's exit code with the codes that were submitted (a JSON array of texts). Blanks around it and the case
 * of ASCII letters make no difference. */
void verify_code(const char *exit_code, const char *codes, struct code_fact *out);

/* Gathers the facts from the ledger; `platform` and `limits` are the caller's to fill in. */
int verify_gather(struct ledger *ledger, const struct op *op, struct verify_facts *out, struct err *err);

#endif
