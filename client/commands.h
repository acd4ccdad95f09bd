/* SPDX-License-Identifier: MIT
 *
 * The command table of ngmtctl (commands.def): one row a command, one handler each, one file for commands of a kind.
 */
#ifndef NGMT_COMMANDS_H
#define NGMT_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct session;

enum command_id {
#define COMMAND(symbol, handler, name, seed, argument, least, most, access, summary, text) COMMAND_##symbol,
#include "commands.def"
#undef COMMAND
	COMMANDS
};

/* What the daemon must allow us before the handler runs. ACCESS_NONE: the daemon is not asked at all. */
enum access { ACCESS_NONE, ACCESS_LOOK, ACCESS_CHANGE };

struct command {
	enum command_id id;
	/* Returns the exit status, or -1 with `err` filled; main reports that error. */
	int (*handler)(struct session *session, struct err *err);
	const char *name;
	const char *seed; /* other names, separated by "|" */
	const char *argument;
	int least_words;
	int most_words;
	enum access access;
	const char *summary; /* "": hidden; see command_is_hidden() */
	const char *text;
};

/* The table; COMMANDS rows, in the order of the enum. */
extern const struct command commands[];

/* The command that the first of `words` name, in our spelling or the seed's, in any case; the longest name wins and
 * *used is the number of words it takes. NULL: none. */
const struct command *command_find(char *const *words, int count, int *used);

/* A command that programs use (the completion scripts): it runs, but no help, manual, completion or suggestion names
 * it. */
bool command_is_hidden(const struct command *command);

/* Whether `word` is the first word of a name of several words ("show"). */
bool command_is_group(const char *word);

/* Fills `err` with ERR_USAGE: the command is unknown or incomplete, with the nearest name as hint. Returns -1. */
int command_refuse(char *const *words, int count, struct err *err);

/* "Can be called as": puts each name of the command, ours first, into fn. */
void command_each_name(const struct command *command, void (*fn)(const char *name, void *arg), void *arg);

/* The handlers. */
#define COMMAND(symbol, handler, name, seed, argument, least, most, access, summary, text) \
	int handler(struct session *session, struct err *err);
#include "commands.def"
#undef COMMAND

#endif
