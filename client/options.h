/* SPDX-License-Identifier: MIT
 *
 * The command line: which command, its words, its options. Everything is checked against the two tables (commands.def,
 * options.def) before anything runs; what is unknown, abbreviated, contradictory or out of range is refused with the
 * nearest name as hint, never guessed. Pure: no output, no daemon.
 */
#ifndef NGMT_OPTIONS_H
#define NGMT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commands.h"
#include "err.h"

enum option_id {
#define OPTION(symbol, name, seed, letter, argument, kind, least, most, where, text) OPTION_ID_##symbol,
#include "options.def"
#undef OPTION
	OPTION_IDS
};

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_LIST,   /* text that may be given several times */
	OPTION_NUMBER, /* least..most */
	OPTION_CHOICE, /* one of the words of the argument's name, separated by "|" */
	OPTION_RANGE   /* "60-61", "60" or "60-" */
};

/* A bit for each command_id: there are more than 64. */
__extension__ typedef unsigned __int128 command_mask;

struct option_row {
	enum option_id id;
	const char *name;
	const char *seed;
	char letter;
	const char *argument;
	enum option_kind kind;
	int64_t least;
	int64_t most;
	command_mask where;
	const char *text;
};

/* The table; OPTION_IDS rows, in the order of the enum. */
extern const struct option_row option_rows[];

/* Whether the option belongs to `command`, and whether it belongs to every command. */
bool option_belongs(const struct option_row *row, const struct command *command);
bool option_is_general(const struct option_row *row);

struct option_given {
	enum option_id id;
	const char *value; /* NULL for a flag */
};

/* One command line. Borrows the texts of argv. */
struct invocation {
	const struct command *command; /* NULL only after an error */
	bool is_unnamed;               /* no command was typed: `command` is console */
	const struct command *about;   /* --help was given for this command; `command` is then help */
	char **words;                  /* what stands after the command's own words */
	int word_count;
	struct option_given *given;
	size_t given_count;
	int argc;
	char *const *argv; /* as typed */
	char **scratch;    /* argv in the order that getopt leaves it */
};

/* Parses main's argv. -1 with ERR_USAGE; options that were understood until then (--json) are in `invocation` even so.
 * invocation_finish() frees in every case. */
int invocation_parse(struct invocation *invocation, int argc, char *const *argv, struct err *err);
void invocation_finish(struct invocation *invocation);

/* Has the command only show what it would do (--dry-run), even if --yes was given. Commands that change nothing, or
 * only what is loaded, are left as they are; -1 with ERR_STATE for others that know no --dry-run. */
int invocation_make_dry(struct invocation *invocation, struct err *err);

bool option_is_given(const struct invocation *invocation, enum option_id id);
/* The value, or NULL. */
const char *option_text(const struct invocation *invocation, enum option_id id);
/* The value; `absent` if it was not given. Range and form were checked by invocation_parse(). */
int64_t option_number(const struct invocation *invocation, enum option_id id, int64_t absent);
/* A range "60-61"; an open end leaves *most alone. False: not given. */
bool option_range(const struct invocation *invocation, enum option_id id, int64_t *least, int64_t *most);

/* The command line as it would be typed in a shell, quoted where needed. The caller frees; NULL if memory runs out. */
char *invocation_typed(const struct invocation *invocation);

/* The same for ngmtd to keep: "ngmtctl bonus -r 'Thank you'", without the path of the program, without control
 * characters, at most INVOCATION_COMMAND_MAX bytes (cut at a character). The caller frees; NULL if memory runs out. */
#define INVOCATION_COMMAND_MAX 1000
char *invocation_command(const struct invocation *invocation);

#endif
