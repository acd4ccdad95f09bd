/* SPDX-License-Identifier: MIT
 *
 * The half of reconcile_rule.h that is about bonuses: which payment of the platform's list is which of the ledger's,
 * and which of those the file asks for. Pure; for reconcile_rule.c, and the findings that both add.
 */
#ifndef NGMT_RECONCILE_BONUS_H
#define NGMT_RECONCILE_BONUS_H

#include "reconcile_rule.h"

/* Adds a finding that does not agree, with its sentence. */
void reconcile_find(struct reconcile_judgement *out, enum finding finding, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds what is to be said about the bonuses, and fills in due_minor. `may_be_owed`: the file asks
 * for it in one voice, and the worker has handed in. */
void reconcile_judge_bonuses(const struct reconcile_line *line, bool may_be_owed, struct reconcile_judgement *out);

#endif
