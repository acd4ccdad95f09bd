/* SPDX-License-Identifier: MIT
 *
 * The command line in one piece again: to be typed by a person, and to be kept by ngmtd.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static void type_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";

	if (word[0] && strspn(word, plain) == strlen(word)) {
		(void)fputs(word, out);
		return;
	}
	(void)fputc('\'', out);
	for (; *word; word++)
		(void)fputs(*word == '\'' ? "'\\''" : (char[]){ *word, '\0' }, out);
	(void)fputc('\'', out);
}

static char *type_all(const struct invocation *invocation, const char *program)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int i = 0; i < invocation->argc; i++) {
		if (i > 0)
			(void)fputc(' ', out);
		type_word(out, i == 0 && program ? program : invocation->argv[i]);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *invocation_typed(const struct invocation *invocation)
{
	return type_all(invocation, NULL);
}

char *invocation_command(const struct invocation *invocation)
{
	char *typed = type_all(invocation, "ngmtctl"), *text = typed ? utf8_printable(typed) : NULL;
	size_t len = text ? strlen(text) : 0;

	free(typed);
	if (len > INVOCATION_COMMAND_MAX) {
		text[INVOCATION_COMMAND_MAX] = '\0';
		text[utf8_first_invalid(text, INVOCATION_COMMAND_MAX)] = '\0';
	}
	return text;
}
