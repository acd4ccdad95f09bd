/* SPDX-License-Identifier: MIT
 *
 * The argv of one line of the console: its words, with those options of the console in front that the line does not say
 * otherwise, written out. So what a refusal tells to type, and what the ledger keeps, is complete. Pure.
 */
#ifndef NGMT_INHERITED_H
#define NGMT_INHERITED_H

#include <stddef.h>

#include "err.h"
#include "options.h"

/* The general options, and --purpose. */
#define INHERITED_MAX 8

struct inherited {
	char **argv; /* argv[0] is the program; ends with NULL */
	int argc;
	char *own[INHERITED_MAX]; /* those words that are freed with it */
	size_t own_count;
};

/* Only the words, which are borrowed. inherited_free() in every case. */
int inherited_init(struct inherited *inherited, char *const *words, int count, struct err *err);
void inherited_free(struct inherited *inherited);

/* `line` is what the words until now mean. */
int inherited_add(struct inherited *inherited, const struct invocation *console, const struct invocation *line,
		  struct err *err);

#endif
