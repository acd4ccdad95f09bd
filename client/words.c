/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A carriage return is what an editor of another system left at the end of the line. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct cutting {
	const char *at;
	char *out;
	const char *line;
};

static void put(struct cutting *cutting, char c)
{
	*cutting->out++ = c;
}

static int refuse(const struct cutting *cutting, const char *from, struct err *err)
{
	(void)err_set(err, ERR_USAGE, "a quote (%c) is opened at byte %zu of the line, and not closed", *from,
		      (size_t)(from - cutting->line) + 1);
	return err_hint(err, "close it, or write \\%c for one that is meant", *from);
}

/* From the opening quote to behind the closing one. */
static int copy_quoted(struct cutting *cutting, struct err *err)
{
	const char *from = cutting->at;
	char quote = *cutting->at++;

	while (*cutting->at != quote) {
		if (quote == '"' && *cutting->at == '\\' && (cutting->at[1] == '"' || cutting->at[1] == '\\'))
			cutting->at++;
		if (*cutting->at == '\0')
			return refuse(cutting, from, err);
		put(cutting, *cutting->at++);
	}
	cutting->at++;
	return 0;
}

static int copy_escaped(struct cutting *cutting, struct err *err)
{
	if (cutting->at[1] == '\0') {
		(void)err_set(err, ERR_USAGE, "the line ends with a backslash");
		return err_hint(err, "a command is one line; write \\\\ for a backslash");
	}
	put(cutting, cutting->at[1]);
	cutting->at += 2;
	return 0;
}

static int copy_word(struct cutting *cutting, const char *home, struct err *err)
{
	if (home && cutting->at[0] == '~' && (cutting->at[1] == '/' || !cutting->at[1] || is_blank(cutting->at[1]))) {
		cutting->out = stpcpy(cutting->out, home);
		cutting->at++;
	}
	while (*cutting->at && !is_blank(*cutting->at)) {
		if (*cutting->at == '\'' || *cutting->at == '"') {
			if (copy_quoted(cutting, err) < 0)
				return -1;
		} else if (*cutting->at == '\\') {
			if (copy_escaped(cutting, err) < 0)
				return -1;
		} else {
			put(cutting, *cutting->at++);
		}
	}
	put(cutting, '\0');
	return 0;
}

int words_split(struct words *words, const char *line, const char *home, struct err *err)
{
	size_t len = strlen(line), words_max = len / 2 + 2;
	struct cutting cutting = { .at = line, .line = line };

	/* No word is longer than what it was written as, but for its end and the home folder. */
	*words = (struct words){
		.words = calloc(words_max, sizeof(*words->words)),
		.text = malloc(len + 1 + words_max * ((home ? strlen(home) : 0) + 1)),
	};
	if (!words->words || !words->text)
		return err_set(err, ERR_INTERNAL, "out of memory");
	cutting.out = words->text;
	for (;;) {
		while (is_blank(*cutting.at))
			cutting.at++;
		if (*cutting.at == '\0' || *cutting.at == '#')
			return 0;
		words->words[words->count++] = cutting.out;
		if (copy_word(&cutting, home, err) < 0)
			return -1;
	}
}

void words_free(struct words *words)
{
	free(words->words);
	free(words->text);
	*words = (struct words){ 0 };
}
