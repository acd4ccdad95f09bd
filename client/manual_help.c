/* SPDX-License-Identifier: MIT
 *
 * Help on the terminal: all commands by topic, one topic, one group, one command.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "manual.h"
#include "options.h"
#include "suggest.h"
#include "term.h"
#include "utf8.h"
#include "wrap.h"

#define NAME_BYTES 200
#define NAME_COLUMNS_MAX 29
#define HELP_COLUMNS_MAX 100

/* Each topic is a stretch of commands.def; the order is that of the help. */
static const struct topic {
	const char *word; /* help WORD */
	const char *title;
	enum command_id first;
	enum command_id last;
} topics[] = {
	{ "money", "Approving and paying", COMMAND_APPROVE, COMMAND_UPLOAD },
	{ "files", "Files and their rows", COMMAND_LOAD_RESULTS, COMMAND_SHOW_FIELDS },
	{ "platform", "Asking the platform", COMMAND_GET_BALANCE, COMMAND_GET_BONUSES },
	{ "hits", "HITs", COMMAND_HIT_CREATE, COMMAND_HIT_DELETE },
	{ "workers", "Qualifications and workers", COMMAND_QUALIFICATION_CREATE, COMMAND_WORKER_UNBLOCK },
	{ "daemon", "Watching and steering the daemon", COMMAND_STATUS, COMMAND_RESUME },
	{ "queue", "The queue", COMMAND_QUEUE_LIST, COMMAND_QUEUE_RESOLVE },
	{ "rooms", "Watched rooms", COMMAND_ROOMS_LIST, COMMAND_ROOMS_RESCAN },
	{ "books", "Checking the books", COMMAND_RECONCILE, COMMAND_WORKER },
	{ "client", "The session and this program", COMMAND_CONNECT, COMMAND_VERSION },
};

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

static unsigned cap_width(unsigned width)
{
	return width > HELP_COLUMNS_MAX ? HELP_COLUMNS_MAX : width;
}

/* "-r, --reason TEXT"; a letter that the command uses otherwise is left out. */
static void format_option(const struct option_row *row, const struct command *command, char *out, size_t size)
{
	char letter[8] = "    ";

	if (row->letter && !manual_is_letter_taken(row, command))
		(void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	(void)snprintf(out, size, "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
		       row->argument ? row->argument : "");
}

/* The widest name that gets no line for itself. */
static void widen(unsigned *columns, const char *name)
{
	unsigned len = (unsigned)utf8_length(name);

	if (len > *columns && len <= NAME_COLUMNS_MAX)
		*columns = len;
}

static void print_options(FILE *out, const struct command *command, bool is_general, unsigned width)
{
	char name[NAME_BYTES];
	unsigned columns = 0;

	for (int is_printing = 0; is_printing < 2; is_printing++)
		for (size_t i = 0; i < OPTION_IDS; i++) {
			const struct option_row *row = &option_rows[i];

			if (option_is_general(row) != is_general || !option_belongs(row, command))
				continue;
			format_option(row, command, name, sizeof(name));
			if (is_printing)
				wrap_definition(out, name, columns, row->text, width);
			else
				widen(&columns, name);
		}
}

static void print_command_line(FILE *out, const char *name, const struct command *command, unsigned width)
{
	char line[NAME_BYTES];

	(void)snprintf(line, sizeof(line), "%s%s%s", name, command->argument[0] ? " " : "", command->argument);
	wrap_definition(out, line, NAME_COLUMNS_MAX, command->summary, width);
}

static void print_topic(FILE *out, const struct topic *topic, unsigned width)
{
	(void)fprintf(out, "%s%s%s", term_style(out, TERM_BOLD), topic->title, term_style(out, TERM_PLAIN));
	(void)fprintf(out, " (help %s)\n", topic->word);
	for (size_t i = topic->first; i <= topic->last; i++)
		if (!command_is_hidden(&commands[i]))
			print_command_line(out, commands[i].name, &commands[i], width);
}

void manual_print_help(FILE *out, unsigned width)
{
	width = cap_width(width);
	(void)fprintf(out, "%sngmtctl%s [OPTIONS] COMMAND: approve and pay crowd workers, exactly once\n\n",
		      term_style(out, TERM_BOLD), term_style(out, TERM_PLAIN));
	for (size_t i = 0; i < TOPICS; i++) {
		print_topic(out, &topics[i], width);
		(void)fputc('\n', out);
	}
	(void)fprintf(out, "%sWith every command%s\n", term_style(out, TERM_BOLD), term_style(out, TERM_PLAIN));
	print_options(out, NULL, true, width);
	(void)fputs("\n\"ngmtctl help COMMAND\" explains one command; the manual is ngmtctl(1).\n", out);
}

static const struct topic *find_topic(const char *word)
{
	for (size_t i = 0; i < TOPICS; i++)
		if (strcasecmp(topics[i].word, word) == 0)
			return &topics[i];
	return NULL;
}

/* The names of a group and those of other commands that complete it ("hit list"). */
struct group {
	FILE *out;
	const char *word;
	const struct command *command;
	unsigned width;
	size_t printed;
};

static void on_group_name(const char *name, void *arg)
{
	struct group *group = arg;
	size_t len = strlen(group->word);

	if (command_is_hidden(group->command) || strncasecmp(name, group->word, len) != 0 || name[len] != ' ')
		return;
	/* "get HITIdList" is the same as "get hits", which is there. */
	if (strncasecmp(group->command->name, group->word, len) == 0 && group->command->name[len] == ' ' &&
	    strcmp(group->command->name, name) != 0)
		return;
	print_command_line(group->out, name, group->command, group->width);
	group->printed++;
}

static size_t print_group(FILE *out, const char *word, unsigned width)
{
	struct group group = { .out = out, .word = word, .width = width };

	for (size_t i = 0; i < COMMANDS && command_is_group(word); i++) {
		group.command = &commands[i];
		command_each_name(&commands[i], on_group_name, &group);
	}
	return group.printed;
}

bool manual_print_group(FILE *out, const char *word, unsigned width)
{
	const struct topic *topic = find_topic(word);
	size_t printed = print_group(out, word, cap_width(width));

	/* "queue" is both: the same commands. */
	if (printed == 0 && topic)
		print_topic(out, topic, cap_width(width));
	if (printed == 0 && !topic)
		return false;
	(void)fputs("\n\"ngmtctl help COMMAND\" explains one command.\n", out);
	return true;
}

const char *manual_nearest(const char *word)
{
	static char nearest[NAME_BYTES];
	struct suggest suggest;

	suggest_init(&suggest, word);
	nearest[0] = '\0';
	for (size_t i = 0; i < COMMANDS + TOPICS; i++) {
		const char *offer = i < TOPICS ? topics[i].word : commands[i - TOPICS].name;
		size_t before = suggest.distance;
		char first[NAME_BYTES];

		if (i >= TOPICS && command_is_hidden(&commands[i - TOPICS]))
			continue;
		(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(offer, " "), offer);
		suggest_offer(&suggest, first);
		if (suggest.distance < before)
			memcpy(nearest, first, sizeof(first));
	}
	return nearest[0] ? nearest : NULL;
}

void manual_print_command(FILE *out, const struct command *command, unsigned width)
{
	char title[NAME_BYTES];

	width = cap_width(width);
	(void)snprintf(title, sizeof(title), "ngmtctl %s%s%s%s", command->name, command->argument[0] ? " " : "",
		       command->argument, manual_has_options(command) ? " [OPTIONS]" : "");
	/* What is too long for one line gets two. */
	(void)fprintf(out, "%s%s%s:%s%s\n\n", term_style(out, TERM_BOLD), title, term_style(out, TERM_PLAIN),
		      strlen(title) + 2 + strlen(command->summary) > width ? "\n" : " ", command->summary);
	wrap_print(out, "", command->text, width);
	if (manual_print_seed_names(out, command, false, "\nAlso: "))
		(void)fputc('\n', out);
	if (manual_has_options(command)) {
		(void)fputs("\nOptions:\n", out);
		print_options(out, command, false, width);
	}
	(void)fputs("\nWith every command:\n", out);
	print_options(out, command, true, width);
}
