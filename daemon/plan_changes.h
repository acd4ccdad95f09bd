/* SPDX-License-Identifier: MIT
 *
 * What has changed since a plan was shown: the plans shown last are remembered by their digests, in temporary tables
 * of the ledger's connection, so that a refusal can name the rows that differ (rule of money 7).
 */
#ifndef NGMT_PLAN_CHANGES_H
#define NGMT_PLAN_CHANGES_H

#include "json.h"
#include "ledger.h"

/* Most differences that are named one by one. */
#define PLAN_CHANGES_MAX 20

int plan_changes_create(struct ledger *ledger, struct err *err);

/* Remembers the items of plan `plan` under its digest; the oldest ones are forgotten. */
int plan_changes_remember(struct ledger *ledger, int64_t plan, const char *digest, struct err *err);

/* What differs between the plan that was shown under `digest` and plan `plan`, as an array of sentences. New
 * reference. */
struct json_object *plan_changes(struct ledger *ledger, int64_t plan, const char *digest);
/* Adds the first of them to the error's message. */
void plan_changes_add(struct ledger *ledger, int64_t plan, const char *digest, struct err *err);

#endif
