/* SPDX-License-Identifier: MIT
 *
 * Where everything of nodegame-mturk has gone, from seed.def and migrate_keys.def: the section COMING FROM
 * NODEGAME-MTURK of ngmtctl(1).
 */
#ifndef NGMT_SEED_MANUAL_H
#define NGMT_SEED_MANUAL_H

#include <stdio.h>

#include "commands.h"
#include "options.h"

/* What is typed there: a command, or with `option` one of its options; `command` NULL: an option of the start. */
struct seed_row {
	const char *command;
	const char *option; /* "-r, --Reason" */
	const char *remark;
};

/* The table, in its order; NULL after the last one. */
const struct seed_row *seed_row_at(size_t index);

/* What it is here; NULL: nothing, which is a mistake in the tables. */
const struct command *seed_command(const struct seed_row *row);
const struct option_row *seed_option(const struct seed_row *row);

/* scdoc(5) text of the section. */
void seed_manual_print_scdoc(FILE *out);

#endif
