/* SPDX-License-Identifier: MIT */
#include "seed_manual.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "migration.h"

#define COMMAND_BYTES 80
#define WORDS_MAX 4

static const struct seed_row rows[] = {
#define SEED(command, option, remark) { command, option, remark },
#define START(option, remark) { NULL, option, remark },
#include "seed.def"
#undef SEED
#undef START
};

const struct seed_row *seed_row_at(size_t index)
{
	return index < sizeof(rows) / sizeof(rows[0]) ? &rows[index] : NULL;
}

const struct command *seed_command(const struct seed_row *row)
{
	char text[COMMAND_BYTES], *words[WORDS_MAX], *rest = text;
	const struct command *command;
	int count = 0, used = 0;

	if (!row->command)
		return &commands[COMMAND_CONSOLE];
	(void)snprintf(text, sizeof(text), "%s", row->command);
	while (count < WORDS_MAX && rest)
		words[count++] = strsep(&rest, " ");
	command = command_find(words, count, &used);
	return used == count ? command : NULL;
}

static bool is_called(const struct option_row *row, const char *name)
{
	return strcmp(row->name, name) == 0 || (row->seed && strcmp(row->seed, name) == 0);
}

const struct option_row *seed_option(const struct seed_row *row)
{
	const struct command *command = seed_command(row);
	const char *name = row->option ? strstr(row->option, "--") : NULL;

	for (size_t i = 0; name && command && i < OPTION_IDS; i++)
		if (option_belongs(&option_rows[i], command) && is_called(&option_rows[i], name + strlen("--")))
			return &option_rows[i];
	return NULL;
}

static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\", *text))
			(void)fputc('\\', out);
		(void)fputc(*text, out);
	}
}

static void print_remark(FILE *out, const char *remark)
{
	if (remark) {
		(void)fputs("; ", out);
		print_escaped(out, remark);
	}
	(void)fputc('\n', out);
}

static void print_command_row(FILE *out, const struct seed_row *row)
{
	const struct command *command = seed_command(row);

	(void)fprintf(out, "|  %s\n:  *%s*: %s", row->command, command ? command->name : "",
		      command ? command->summary : "");
	print_remark(out, row->remark);
}

static void print_option_row(FILE *out, const struct seed_row *row, const char *indent)
{
	const struct option_row *option = seed_option(row);

	(void)fprintf(out, "|  %s%s\n:  *--%s*%s%s%s", indent, row->option, option ? option->name : "",
		      option && option->argument ? " _" : "", option && option->argument ? option->argument : "",
		      option && option->argument ? "_" : "");
	/* With a command the option is explained above, at the command. */
	if (!row->command && option)
		(void)fputs(": ", out);
	if (!row->command && option)
		print_escaped(out, option->text);
	print_remark(out, row->remark);
}

static void print_heading(FILE *out, const char *title, const char *there, const char *here)
{
	(void)fprintf(out, "%s\n\n[[ *%s*\n:< *%s*\n", title, there, here);
}

static void print_key_row(FILE *out, const struct migration_key *key)
{
	(void)fputs("|  ", out);
	print_escaped(out, key->name);
	(void)fputs("\n:  ", out);
	if (key->section)
		(void)fprintf(out, "\\[%s\\] ", key->section);
	if (key->key)
		print_escaped(out, key->key);
	if (key->section) {
		print_remark(out, key->remark);
		return;
	}
	print_escaped(out, key->remark ? key->remark : "");
	(void)fputc('\n', out);
}

void seed_manual_print_scdoc(FILE *out)
{
	const struct migration_key *key;

	(void)fputs("# COMING FROM NODEGAME-MTURK\n\n"
		    "Every command of nodegame-mturk can be typed here as it was there, in any case, in the console\n"
		    "and on the command line; only _exit_ is a word of the console alone. *ngmtctl migrate* turns its\n"
		    "configuration into *ngmt.conf*(5).\n\n",
		    out);
	print_heading(out, "Commands and their options:", "there", "here");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].command && rows[i].option)
			print_option_row(out, &rows[i], "\\    ");
		else if (rows[i].command)
			print_command_row(out, &rows[i]);
	(void)fputc('\n', out);
	print_heading(out, "Options of the start, _node ng-amt.js_ there, *ngmtctl* without a command here:", "there",
		      "here");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!rows[i].command)
			print_option_row(out, &rows[i], "");
	(void)fputc('\n', out);
	print_heading(out, "The configuration:", "mturk.conf.js", "ngmt.conf");
	for (size_t i = 0; (key = migration_key_at(i)) != NULL; i++)
		print_key_row(out, key);
	(void)fputc('\n', out);
}
