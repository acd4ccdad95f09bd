/* SPDX-License-Identifier: MIT
 *
 * What options must be besides well-formed, and how they must fit together. Pure; used by config.c only.
 */
#ifndef NGMT_CONFIG_RULE_H
#define NGMT_CONFIG_RULE_H

#include <stddef.h>

#include "config.h"
#include "err.h"

struct config_rule {
	const char *section;
	const char *key;   /* where the problem is reported */
	const char *other; /* a second key of the section that the rule looks at, or NULL */
	int (*check)(const struct config *config, struct err *err);
};

size_t config_rule_count(void);
const struct config_rule *config_rule_at(size_t index);

#endif
