/* SPDX-License-Identifier: MIT
 *
 * The list of words, and its end.
 */
#include "completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

static bool has_word(const struct completion *completion, const char *word)
{
	for (size_t i = 0; i < completion->count; i++)
		if (strcmp(completion->words[i].word, word) == 0)
			return true;
	return false;
}

/* A name that would drive the terminal cannot be typed either. */
static bool is_plain(const char *word)
{
	char *printable = utf8_printable(word);
	bool is_same = printable && strcmp(printable, word) == 0;

	free(printable);
	return is_same;
}

static bool make_room(struct completion *completion)
{
	size_t room = completion->room ? 2 * completion->room : 32;
	struct completion_word *bigger;

	if (completion->count < completion->room)
		return true;
	bigger = realloc(completion->words, room * sizeof(*bigger));
	if (!bigger)
		return false;
	completion->words = bigger;
	completion->room = room;
	return true;
}

/* Takes over both texts; either may be NULL. */
static void append(struct completion *completion, char *word, char *note)
{
	struct completion_word *added;

	if (!word || !note || !make_room(completion)) {
		free(word);
		free(note);
		return;
	}
	added = &completion->words[completion->count++];
	added->word = word;
	added->note = note;
}

void completion_add(struct completion *completion, const char *word, const char *note)
{
	const char *typed = completion->typed ? completion->typed : "";
	char *whole = NULL;

	if (asprintf(&whole, "%.*s%s", (int)completion->skip, typed, word) < 0)
		return;
	if (strncasecmp(whole, typed, strlen(typed)) == 0 && is_plain(whole) && !has_word(completion, whole))
		append(completion, strdup(whole), utf8_printable(note));
	free(whole);
}

void completion_finish(struct completion *completion)
{
	for (size_t i = 0; i < completion->count; i++) {
		free(completion->words[i].word);
		free(completion->words[i].note);
	}
	free(completion->words);
	free(completion->typed);
	*completion = (struct completion){ 0 };
}
