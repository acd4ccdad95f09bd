/* SPDX-License-Identifier: MIT
 *
 * What the ledger knows about one assignment and worker, from all three sides: rows of files, operations, and the copy
 * of what the platform said; as it is compared (reconcile_rule.h), and as it is told (the row of ngmt-protocol(7)).
 */
#ifndef NGMT_RECONCILE_GATHER_H
#define NGMT_RECONCILE_GATHER_H

#include "json.h"
#include "reconcile_rule.h"
#include "reconcile_table.h"

struct reconcile_asking {
	struct ledger *ledger;
	const struct reconcile_scope *scope;
	const char *platform; /* its title */
	int64_t asked_at_s;   /* wall clock: facts that were seen earlier are not believed */
};

/* Amounts in minor units. */
struct reconcile_sums {
	int64_t file_minor;
	int64_t ledger_minor; /* done */
	int64_t ledger_fees_minor;
	int64_t platform_minor;
	int64_t reward_minor; /* of an approved assignment */
};

struct reconcile_gathered {
	struct reconcile_line line; /* its texts belong to `described` */
	struct reconcile_sums sums;
	bool is_none_of_ours;         /* claimed by files outside of the scope only, or by nobody and nothing at all */
	struct json_object *described; /* the row, but for what is found; the caller puts it */
};

/* -1: nothing to put. */
int reconcile_gather(const struct reconcile_asking *asking, const struct reconcile_key *key,
		     struct reconcile_gathered *out, struct err *err);

#endif
