/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 63

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t an = strlen(a), bn = strlen(b);

	if (an > WORD_MAX || bn > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= bn; j++) {
		before[j] = 0;
		above[j] = j;
	}
	for (size_t i = 1; i <= an; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[bn];
}

void suggest_init(struct suggest *suggest, const char *word)
{
	size_t limit = strlen(word) / 3;

	suggest->word = word;
	suggest->best = NULL;
	/* One more than the largest distance that is still near. */
	suggest->distance = 1 + (limit < 1 ? 1 : limit > 3 ? 3 : limit);
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	size_t d = distance(suggest->word, candidate);

	if (d < suggest->distance) {
		suggest->distance = d;
		suggest->best = candidate;
	}
}
