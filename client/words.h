/* SPDX-License-Identifier: MIT
 *
 * A line of the console or of a script, cut into words as a shell does it: blanks separate, '...' is as it is, in "..."
 * a backslash takes the meaning of a following " or \, elsewhere of whatever follows; a word that begins with # ends
 * the line. A word that begins with ~/ unquoted is in the home folder. No variables, no patterns. Pure.
 */
#ifndef NGMT_WORDS_H
#define NGMT_WORDS_H

#include "err.h"

struct words {
	char **words;
	int count;
	char *text; /* what the words point into */
};

/* `home` takes the place of "~"; NULL: it stays. -1 with ERR_USAGE if a quote is not closed or nothing follows a
 * backslash. words_free() frees in every case. */
int words_split(struct words *words, const char *line, const char *home, struct err *err);
void words_free(struct words *words);

#endif
