/* SPDX-License-Identifier: MIT
 *
 * The command line of ngmtd, by one table. Most options set one of ngmt.conf(5) for this start; those with which
 * nodegame-mturk is started are among them, in its spelling too.
 */
#ifndef NGMT_ARGUMENTS_H
#define NGMT_ARGUMENTS_H

#include <stdbool.h>
#include <stdio.h>

#include "log.h"

#define ARGUMENTS_OVERRIDES_MAX 64

struct arguments {
	const char *config; /* NULL: the usual place */
	char *overrides[ARGUMENTS_OVERRIDES_MAX + 1]; /* as config_load() wants them */
	unsigned override_count;
	enum log_level level;
	bool check_config;
	void (*print)(FILE *out); /* what is to be printed instead of working, or NULL */
};

/* What is wrong is said on stderr: -1. The caller finishes it, also after -1. */
int arguments_read(struct arguments *arguments, int argc, char **argv);
void arguments_finish(struct arguments *arguments);

#endif
