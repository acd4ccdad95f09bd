/* SPDX-License-Identifier: MIT
 *
 * Lines of the console: cut into words, and what TAB puts in.
 */
#include "completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

/* The words of a line until the cursor, without their quotes. */
struct line_words {
	char **words;
	int count;
	char *text; /* all of them, each with its terminator */
	size_t from;
};

/* Copies one word without its quotes; returns the first byte behind it. */
static const char *copy_word(const char *at, const char *end, char **out)
{
	char quote = '\0';

	for (; at < end && (quote || !strchr(" \t", *at)); at++) {
		if (*at == quote)
			quote = '\0';
		else if (!quote && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (*at == '\\' && quote != '\'' && at + 1 < end)
			*(*out)++ = *++at;
		else
			*(*out)++ = *at;
	}
	*(*out)++ = '\0';
	return at;
}

/* There are never more words than bytes, plus the one being typed. */
static int line_words_init(struct line_words *line, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	char *out;

	*line = (struct line_words){ .words = calloc(len + 2, sizeof(*line->words)), .text = malloc(2 * len + 2) };
	if (!line->words || !line->text)
		return -1;
	out = line->text;
	do {
		while (at < end && strchr(" \t", *at))
			at++;
		line->from = (size_t)(at - text);
		line->words[line->count++] = out;
		at = copy_word(at, end, &out);
	} while (at < end);
	return 0;
}

void completion_for_line(struct completion *completion, const char *line, size_t cursor, const char *more,
			 const struct completion_asker *asker)
{
	struct line_words words;
	size_t len = strnlen(line, cursor);

	*completion = (struct completion){ 0 };
	if (line_words_init(&words, line, len) == 0) {
		completion_for_words(completion, words.words, words.count, more, asker);
		completion->from = words.from;
		/* It would point into what is freed here; whoever asks for ids has asked. */
		completion->socket = NULL;
	}
	free(words.words);
	free(words.text);
}

/* Bytes that every word begins with, whole characters only. */
static size_t shared_length(const struct completion *completion)
{
	const char *first = completion->words[0].word;
	size_t len = strlen(first);

	for (size_t i = 1; i < completion->count; i++) {
		const char *word = completion->words[i].word;
		size_t n = 0;

		while (n < len && word[n] == first[n])
			n++;
		len = n;
	}
	return (size_t)utf8_cut(first, len);
}

static bool needs_quotes(const char *text, size_t len)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+~";

	for (size_t i = 0; i < len; i++)
		if (!strchr(plain, text[i]))
			return true;
	return false;
}

static void write_quoted(FILE *out, const char *text, size_t len, bool is_closed)
{
	(void)fputc('\'', out);
	for (size_t i = 0; i < len; i++)
		(void)fputs(text[i] == '\'' ? "'\\''" : (char[]){ text[i], '\0' }, out);
	if (is_closed)
		(void)fputc('\'', out);
}

static void write_insertion(FILE *out, const char *text, size_t len, bool is_whole)
{
	if (needs_quotes(text, len))
		write_quoted(out, text, len, is_whole);
	else
		(void)fwrite(text, 1, len, out);
	if (is_whole)
		(void)fputc(' ', out);
}

char *completion_insertion(const struct completion *completion)
{
	const char *first;
	char *text = NULL;
	size_t size = 0, len;
	bool is_whole;
	FILE *out;

	if (completion->count == 0)
		return NULL;
	first = completion->words[0].word;
	len = shared_length(completion);
	is_whole = completion->count == 1 && (len == 0 || first[len - 1] != '/');
	if (!is_whole && (len < strlen(completion->typed) || strncmp(first, completion->typed, len) == 0) &&
	    len <= strlen(completion->typed))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	write_insertion(out, first, len, is_whole);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
