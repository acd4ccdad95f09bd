/* SPDX-License-Identifier: MIT */
#include "inherited.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "out of memory");
}

int inherited_init(struct inherited *inherited, char *const *words, int count, struct err *err)
{
	static char program[] = "ngmtctl";

	*inherited = (struct inherited){ .argc = count + 1 };
	inherited->argv = calloc((size_t)count + 2 + INHERITED_MAX, sizeof(*inherited->argv));
	if (!inherited->argv)
		return out_of_memory(err);
	inherited->argv[0] = program;
	for (int i = 0; i < count; i++)
		inherited->argv[1 + i] = words[i];
	return 0;
}

void inherited_free(struct inherited *inherited)
{
	for (size_t i = 0; i < inherited->own_count; i++)
		free(inherited->own[i]);
	free(inherited->argv);
	*inherited = (struct inherited){ 0 };
}

/* Puts --NAME or --NAME=VALUE right behind the program. */
static int put(struct inherited *inherited, const char *name, const char *value, struct err *err)
{
	char *word = NULL;

	if (inherited->own_count == INHERITED_MAX)
		return err_set(err, ERR_INTERNAL, "too many options of the console");
	if (asprintf(&word, "--%s%s%s", name, value ? "=" : "", value ? value : "") < 0)
		return out_of_memory(err);
	inherited->own[inherited->own_count++] = word;
	memmove(inherited->argv + 2, inherited->argv + 1, (size_t)inherited->argc * sizeof(*inherited->argv));
	inherited->argv[1] = word;
	inherited->argc++;
	return 0;
}

static bool is_inherited(const struct option_row *row, const struct invocation *console,
			 const struct invocation *line)
{
	return option_is_general(row) && row->id != OPTION_ID_HELP && row->id != OPTION_ID_VERSION &&
	       option_is_given(console, row->id) && !option_is_given(line, row->id);
}

/* An upload has a purpose only if it pays bonuses; another HIT from the same file is too much to be said in passing. */
static bool takes_purpose(const struct invocation *line)
{
	return (line->command->id == COMMAND_BONUS || option_is_given(line, OPTION_ID_DO_BONUS)) &&
	       !option_is_given(line, OPTION_ID_PURPOSE);
}

int inherited_add(struct inherited *inherited, const struct invocation *console, const struct invocation *line,
		  struct err *err)
{
	const char *token = option_text(console, OPTION_ID_START_TOKEN);

	if (token && takes_purpose(line) && put(inherited, option_rows[OPTION_ID_PURPOSE].name, token, err) < 0)
		return -1;
	for (size_t i = 0; i < OPTION_IDS; i++)
		if (is_inherited(&option_rows[i], console, line) &&
		    put(inherited, option_rows[i].name, option_text(console, option_rows[i].id), err) < 0)
			return -1;
	return 0;
}
