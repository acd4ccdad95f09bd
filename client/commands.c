/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "suggest.h"

#define NAME_MAX_BYTES 64

const struct command commands[] = {
#define COMMAND(symbol, handler, name, seed, argument, least, most, access, summary, text) \
	{ COMMAND_##symbol, handler, name, seed, argument, least, most, access, summary, text },
#include "commands.def"
#undef COMMAND
};

/* Number of words that `name` takes of `words`; 0: it is another name. */
static int match_words(const char *name, char *const *words, int count)
{
	int used = 0;

	while (*name) {
		size_t len = strcspn(name, " ");

		if (used == count || strlen(words[used]) != len || strncasecmp(words[used], name, len) != 0)
			return 0;
		used++;
		name += len + (name[len] == ' ');
	}
	return used;
}

struct match {
	char *const *words;
	int count;
	int used;
};

static void on_name_match(const char *name, void *arg)
{
	struct match *match = arg;
	int used = match_words(name, match->words, match->count);

	if (used > match->used)
		match->used = used;
}

void command_each_name(const struct command *command, void (*fn)(const char *name, void *arg), void *arg)
{
	char name[NAME_MAX_BYTES];
	const char *rest = command->seed;

	fn(command->name, arg);
	while (*rest) {
		size_t len = strcspn(rest, "|");

		(void)snprintf(name, sizeof(name), "%.*s", (int)len, rest);
		fn(name, arg);
		rest += len + (rest[len] == '|');
	}
}

const struct command *command_find(char *const *words, int count, int *used)
{
	const struct command *found = NULL;

	*used = 0;
	for (size_t i = 0; i < COMMANDS; i++) {
		struct match match = { words, count, 0 };

		command_each_name(&commands[i], on_name_match, &match);
		if (match.used > *used) {
			*used = match.used;
			found = &commands[i];
		}
	}
	return found;
}

bool command_is_hidden(const struct command *command)
{
	return command->summary[0] == '\0';
}

bool command_is_group(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < COMMANDS; i++)
		if (len > 0 && strncasecmp(commands[i].name, word, len) == 0 && commands[i].name[len] == ' ')
			return true;
	return false;
}

static void list_group(const char *word, char *list, size_t size)
{
	size_t len = strlen(word);

	list[0] = '\0';
	for (size_t i = 0; i < COMMANDS; i++) {
		size_t at = strlen(list);

		if (strncasecmp(commands[i].name, word, len) == 0 && commands[i].name[len] == ' ')
			(void)snprintf(list + at, size - at, "%s%s", at ? ", " : "", commands[i].name + len + 1);
	}
}

/* The suggestion must outlive the name that was offered, which is a copy: so rows are offered, not names. */
struct nearest {
	struct suggest suggest;
	size_t best;
	const struct command *command;
	const struct command *offered;
};

static void on_name_offer(const char *name, void *arg)
{
	struct nearest *nearest = arg;

	suggest_offer(&nearest->suggest, name);
	if (nearest->suggest.distance < nearest->best) {
		nearest->best = nearest->suggest.distance;
		nearest->command = nearest->offered;
	}
}

static const struct command *find_nearest(const char *text)
{
	struct nearest nearest = { 0 };

	suggest_init(&nearest.suggest, text);
	nearest.best = nearest.suggest.distance;
	for (size_t i = 0; i < COMMANDS; i++) {
		nearest.offered = &commands[i];
		if (!command_is_hidden(&commands[i]))
			command_each_name(&commands[i], on_name_offer, &nearest);
	}
	return nearest.command;
}

int command_refuse(char *const *words, int count, struct err *err)
{
	char text[2 * NAME_MAX_BYTES], list[200];
	bool is_group = command_is_group(words[0]);
	const struct command *near;

	if (is_group && count < 2) {
		list_group(words[0], list, sizeof(list));
		(void)err_set(err, ERR_USAGE, "\"%.60s\" needs a second word", words[0]);
		return err_hint(err, "one of: %s", list);
	}
	(void)snprintf(text, sizeof(text), "%s%s%s", words[0], is_group ? " " : "", is_group ? words[1] : "");
	near = find_nearest(text);
	if (!near && count > 1) {
		(void)snprintf(text, sizeof(text), "%s %s", words[0], words[1]);
		near = find_nearest(text);
		if (!near)
			(void)snprintf(text, sizeof(text), "%s", words[0]);
	}
	(void)err_set(err, ERR_USAGE, "unknown command \"%s\"", text);
	if (near)
		return err_hint(err, "did you mean \"%s\"?", near->name);
	if (!is_group)
		return err_hint(err, "\"ngmtctl help\" lists the commands");
	list_group(words[0], list, sizeof(list));
	return err_hint(err, "one of: %s", list);
}
