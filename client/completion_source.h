/* SPDX-License-Identifier: MIT
 *
 * Which kind of thing an argument is, by the placeholder that the tables of commands and options call it.
 */
#ifndef NGMT_COMPLETION_SOURCE_H
#define NGMT_COMPLETION_SOURCE_H

#include <stdbool.h>

#include "commands.h"

enum completion_kind {
	COMPLETION_NOTHING,  /* nobody can know: a text, an amount, a time */
	COMPLETION_FILES,    /* names of files */
	COMPLETION_LIST,     /* `from` is the list, separated by "|" */
	COMPLETION_DAEMON,   /* the daemon knows: `from` is the "what" of its method "complete" */
	COMPLETION_COMMANDS  /* names of commands */
};

struct completion_source {
	const char *placeholder;
	enum command_id only; /* of this command only; COMMANDS: of all */
	enum completion_kind kind;
	const char *from;
	bool or_files; /* a path will do as well */
};

/* The source of an argument as a table calls it ("[ROOM ...]" is ROOM); NULL: it is new and has no row yet. */
const struct completion_source *completion_source(const char *argument, const struct command *command);

#endif
