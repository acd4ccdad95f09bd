/* SPDX-License-Identifier: MIT
 *
 * How the value of each key of mturk.conf.js becomes one of ngmt.conf. Pure; used by migration.c only.
 */
#ifndef NGMT_MIGRATION_RULE_H
#define NGMT_MIGRATION_RULE_H

#include <stdbool.h>

#include "migration.h"

/* One value of the old file, borrowed. */
struct setting {
	const char *type; /* JavaScript's typeof, or "array" */
	const char *text; /* of a string, number or boolean, and of an array of strings */
	bool truthy;
	const char *root; /* where relative paths begin */
};

/* Decides about an item whose key is set: state, value, why and hint. */
void migration_convert(struct migration_item *item, const struct setting *setting);

/* What the daemon does if [import] filter is not set. */
extern const char migration_filter_default[];

#endif
