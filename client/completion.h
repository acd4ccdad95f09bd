/* SPDX-License-Identifier: MIT
 *
 * What can be typed next: the engine behind TAB in the console and in bash, zsh and fish. It walks the command line by
 * the tables (commands.def, options.def) as options.c would, and says which words may follow: words of command names,
 * options, choices, ids. It never reads a file or asks the daemon itself: who wants ids gives a completion_asker, files
 * are left to the caller (see completion_ask.h for both).
 *
 * Names are ours; the seed's are offered only where what was typed begins none of ours. Words are matched in any case.
 * Commands without a summary are hidden: they are never offered.
 */
#ifndef NGMT_COMPLETION_H
#define NGMT_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>

/* The shells that there is a script for, as an OPTION_CHOICE would name them. */
#define COMPLETION_SHELLS "bash|zsh|fish"

struct completion_word {
	char *word; /* the whole word, not quoted: "--hit=3ABC" takes the place of "--hit=3A" */
	char *note; /* for people; "" if there is nothing to say */
};

struct completion {
	struct completion_word *words;
	size_t count;
	size_t room;
	bool wants_files;   /* names of files fit too; those are not among `words` */
	size_t skip;        /* bytes at the front of the typed word that belong to its option ("--hit=") */
	char *typed;        /* the word being typed until now, without its quotes; "" if it is a new one */
	const char *socket; /* --socket among the words, borrowed from them; NULL: none */
	size_t from;        /* completion_for_line(): offset of the first byte of that word, quotes included */
};

/* Who knows ids. `what` is that of the daemon's method "complete" ("hits"); answers by completion_add(), at once: with
 * nothing if it takes long. */
struct completion_asker {
	void (*ask)(struct completion *completion, const char *what, const char *prefix, void *arg);
	void *arg;
};

/* The last of `words` (which start after the program's name, or after the prompt) is being typed, perhaps still empty;
 * count is at least 1. `more` are other first words, separated by "|" (the console's own: "exit|quit"), or NULL. No
 * asker: no ids. completion_finish() frees. Out of memory means fewer words. */
void completion_for_words(struct completion *completion, char *const *words, int count, const char *more,
			  const struct completion_asker *asker);

/* The same for a line of the console with the cursor at byte `cursor`; what stands behind it does not matter. Words are
 * separated by blanks and quoted as in a shell. */
void completion_for_line(struct completion *completion, const char *line, size_t cursor, const char *more,
			 const struct completion_asker *asker);

void completion_finish(struct completion *completion);

/* Adds a word, with what is skipped in front of it, unless it is there already, does not begin (in any case) like what
 * is being typed, or could drive a terminal. Copies both texts. */
void completion_add(struct completion *completion, const char *word, const char *note);

/* What takes the place of the bytes from..cursor of a console line: the only word, quoted if it must be, with a blank
 * after it (but not after a folder), or else the beginning that all words share. The caller frees; NULL: that would
 * change nothing, or shorten what was typed: beep, or list the words. */
char *completion_insertion(const struct completion *completion);

#endif
