/* SPDX-License-Identifier: MIT */
#include "completion.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "completion_source.h"
#include "options.h"

#define WORD_BYTES 256
#define NOTE_BYTES 200

static void add_list(struct completion *completion, const char *list)
{
	char word[WORD_BYTES];

	while (*list) {
		size_t len = strcspn(list, "|");

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, list);
		completion_add(completion, word, "");
		list += len + (list[len] == '|');
	}
}

/* --- names of commands --- */

/* The words of a name that were typed already, and what becomes of the next. */
struct names {
	struct completion *completion;
	char *const *words;
	int count;
	bool is_ours; /* this time ours, else the seed's */
	const struct command *command;
	size_t nth;
};

/* Of the aliases those are ours that complete a group of ours: "hit list", but not "get HITIdList" or "grant bonus". */
static bool is_ours(const struct names *names, const char *name)
{
	char first[WORD_BYTES];

	if (names->nth == 0)
		return true;
	(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(name, " "), name);
	for (const char *at = name; *at; at++)
		if (isupper((unsigned char)*at))
			return false;
	return strchr(name, ' ') && command_is_group(first);
}

/* What is left of `name` behind the words typed; NULL: it begins otherwise, or nothing is left. */
static const char *rest_of(const struct names *names, const char *name)
{
	for (int i = 0; i < names->count; i++) {
		size_t len = strcspn(name, " ");

		if (strlen(names->words[i]) != len || strncasecmp(names->words[i], name, len) != 0 || !name[len])
			return NULL;
		name += len + 1;
	}
	return name;
}

/* "results, game, inputcodes": what stands behind the first word of a group. */
static void list_members(const char *group, char *list, size_t size)
{
	size_t len = strlen(group);

	list[0] = '\0';
	for (size_t i = 0; i < COMMANDS; i++) {
		size_t at = strlen(list);

		if (strncasecmp(commands[i].name, group, len) == 0 && commands[i].name[len] == ' ')
			(void)snprintf(list + at, size - at, "%s%s", at ? ", " : "", commands[i].name + len + 1);
	}
}

static void on_name(const char *name, void *arg)
{
	struct names *names = arg;
	const char *rest = rest_of(names, name);
	char word[WORD_BYTES], note[NOTE_BYTES];

	if (rest && is_ours(names, name) == names->is_ours) {
		size_t len = strcspn(rest, " ");

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, rest);
		if (rest == name && command_is_group(word))
			list_members(word, note, sizeof(note));
		else
			(void)snprintf(note, sizeof(note), "%s", names->command->summary);
		completion_add(names->completion, word, note);
	}
	names->nth++;
}

static void add_names_of(struct names *names, bool ours)
{
	names->is_ours = ours;
	for (size_t i = 0; i < COMMANDS; i++) {
		names->command = &commands[i];
		names->nth = 0;
		if (!command_is_hidden(&commands[i]))
			command_each_name(&commands[i], on_name, names);
	}
}

static void add_names(struct completion *completion, char *const *words, int count)
{
	struct names names = { .completion = completion, .words = words, .count = count };

	add_names_of(&names, true);
	if (completion->count == 0)
		add_names_of(&names, false);
}

/* --- the walk along the line --- */

struct walk {
	struct completion *completion;
	char *const *words;
	int count;
	const char *more;
	const struct completion_asker *asker;
	int first;                        /* where the command's name begins */
	const struct command *command;    /* NULL: not known yet */
	int used;                         /* words of its name */
	int arguments;                    /* words behind the name that are no options */
	bool has_options;                 /* an option stands behind the name's first word */
	bool is_over;                     /* "--": no options any more */
	const struct option_row *pending; /* the word being typed is its value */
	bool is_given[OPTION_IDS];
};

static bool may_stand(const struct walk *walk, const struct option_row *row)
{
	return !walk->command || option_belongs(row, walk->command);
}

static const struct option_row *find_long(const struct walk *walk, const char *name, size_t len)
{
	for (size_t i = 0; i < OPTION_IDS; i++) {
		const struct option_row *row = &option_rows[i];
		bool is_ours = strlen(row->name) == len && strncmp(row->name, name, len) == 0;

		if ((is_ours || (row->seed && strlen(row->seed) == len && strncmp(row->seed, name, len) == 0)) &&
		    may_stand(walk, row))
			return row;
	}
	return NULL;
}

/* Behind the command its own letters win, before it the general ones; see options.def. */
static const struct option_row *find_letter(const struct walk *walk, char letter)
{
	const struct option_row *found = NULL;

	for (size_t i = 0; i < OPTION_IDS; i++)
		if (option_rows[i].letter == letter && may_stand(walk, &option_rows[i]) &&
		    (!found || option_is_general(&option_rows[i]) == !walk->command))
			found = &option_rows[i];
	return found;
}

static void take_row(struct walk *walk, const struct option_row *row, const char *value, const char *next)
{
	if (!row)
		return;
	walk->is_given[row->id] = true;
	if (!row->argument)
		return;
	if (row->id == OPTION_ID_SOCKET)
		walk->completion->socket = value ? value : next;
	if (!value)
		walk->pending = row;
}

static void take_letters(struct walk *walk, const char *letters, const char *next)
{
	for (; *letters && !walk->pending; letters++) {
		const struct option_row *row = find_letter(walk, *letters);
		bool has_value = row && row->argument && letters[1];

		take_row(walk, row, has_value ? letters + 1 : NULL, next);
		if (has_value)
			return;
	}
}

static void take_long(struct walk *walk, const char *name, const char *next)
{
	size_t len = strcspn(name, "=");

	take_row(walk, find_long(walk, name, len), name[len] ? name + len + 1 : NULL, next);
}

/* The word at `i` begins with "-"; returns the index of the word that follows it and its value. */
static int take_option(struct walk *walk, int i)
{
	const char *word = walk->words[i], *next = walk->words[i + 1];

	if (strcmp(word, "--") == 0)
		walk->is_over = true;
	else if (word[1] == '-')
		take_long(walk, word + 2, next);
	else
		take_letters(walk, word + 1, next);
	/* A value that is being typed is no word that was passed. */
	if (!walk->pending || i + 1 == walk->count - 1)
		return i + 1;
	walk->pending = NULL;
	return i + 2;
}

static bool is_option(const struct walk *walk, int i)
{
	return !walk->is_over && walk->words[i][0] == '-' && walk->words[i][1] != '\0';
}

/* Everything but the last word. */
static void take_words(struct walk *walk)
{
	int i = 0, last = walk->count - 1;

	while (i < last && is_option(walk, i))
		i = take_option(walk, i);
	walk->first = i;
	if (i >= last)
		return;
	walk->command = command_find(walk->words + i, last - i, &walk->used);
	i += walk->used;
	while (walk->command && i < last) {
		if (is_option(walk, i)) {
			walk->has_options = true;
			i = take_option(walk, i);
		} else {
			walk->arguments++;
			i++;
		}
	}
}

/* --- what may follow --- */

static void add_source(const struct walk *walk, const struct completion_source *source)
{
	struct completion *completion = walk->completion;
	const char *prefix = completion->typed + completion->skip;

	if (source->kind == COMPLETION_LIST)
		add_list(completion, source->from);
	else if (source->kind == COMPLETION_DAEMON && walk->asker)
		walk->asker->ask(completion, source->from, prefix, walk->asker->arg);
	else if (source->kind == COMPLETION_COMMANDS)
		add_names(completion, walk->words + walk->first + walk->used, walk->arguments);
	if (source->kind == COMPLETION_FILES || source->or_files)
		completion->wants_files = true;
}

static void add_values(const struct walk *walk, const struct option_row *row)
{
	const struct completion_source *source = NULL;

	if (row->kind == OPTION_CHOICE)
		add_list(walk->completion, row->argument);
	else if (row->argument)
		source = completion_source(row->argument, walk->command);
	if (source)
		add_source(walk, source);
}

static void add_option(const struct walk *walk, const struct option_row *row, bool ours)
{
	const char *name = ours ? row->name : row->seed;
	char word[WORD_BYTES];
	bool is_again = walk->is_given[row->id] && row->kind != OPTION_LIST;

	/* Before the command only those are offered that go with every command. */
	if (!name || is_again || !(walk->command ? option_belongs(row, walk->command) : option_is_general(row)))
		return;
	(void)snprintf(word, sizeof(word), "--%s", name);
	completion_add(walk->completion, word, row->text);
}

/* The command's own first. */
static void add_options(const struct walk *walk, bool ours, bool is_general)
{
	for (size_t i = 0; i < OPTION_IDS; i++)
		if (option_is_general(&option_rows[i]) == is_general)
			add_option(walk, &option_rows[i], ours);
}

static void complete_option(const struct walk *walk)
{
	struct completion *completion = walk->completion;
	const char *typed = completion->typed, *equals = strchr(typed, '=');
	const struct option_row *row = NULL;

	if (equals && typed[1] == '-')
		row = find_long(walk, typed + 2, (size_t)(equals - typed - 2));
	if (row) {
		completion->skip = (size_t)(equals + 1 - typed);
		add_values(walk, row);
		return;
	}
	add_options(walk, true, false);
	add_options(walk, true, true);
	if (completion->count == 0)
		add_options(walk, false, false);
}

static void complete_argument(const struct walk *walk)
{
	struct completion *completion = walk->completion;
	const struct completion_source *source = NULL;

	if (walk->more && walk->first == walk->count - 1)
		add_list(completion, walk->more);
	if (!walk->has_options)
		add_names(completion, walk->words + walk->first, walk->count - 1 - walk->first);
	if (walk->command && walk->arguments < walk->command->most_words)
		source = completion_source(walk->command->argument, walk->command);
	if (source)
		add_source(walk, source);
	/* Nothing but options can follow. */
	if (walk->command && !source && completion->count == 0 && completion->typed[0] == '\0' && !walk->is_over)
		add_options(walk, true, false);
}

void completion_for_words(struct completion *completion, char *const *words, int count, const char *more,
			  const struct completion_asker *asker)
{
	struct walk walk = { .completion = completion, .words = words, .count = count, .more = more, .asker = asker };

	*completion = (struct completion){ .typed = strdup(words[count - 1]) };
	if (!completion->typed)
		return;
	take_words(&walk);
	if (walk.pending)
		add_values(&walk, walk.pending);
	else if (completion->typed[0] == '-' && !walk.is_over)
		complete_option(&walk);
	else
		complete_argument(&walk);
}
