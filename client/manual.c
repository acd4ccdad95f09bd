/* SPDX-License-Identifier: MIT */
#include "manual.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"
#include "seed_manual.h"
#include "wrap.h"

bool manual_is_letter_taken(const struct option_row *row, const struct command *command)
{
	for (size_t i = 0; command && option_is_general(row) && i < OPTION_IDS; i++)
		if (!option_is_general(&option_rows[i]) && option_belongs(&option_rows[i], command) &&
		    option_rows[i].letter == row->letter)
			return true;
	return false;
}

struct name_list {
	FILE *out;
	const char *before;
	bool is_scdoc;
	size_t count;
};

/* scdoc takes some characters for markup. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\", *text))
			(void)fputc('\\', out);
		(void)fputc(*text, out);
	}
}

static void on_seed_name(const char *name, void *arg)
{
	struct name_list *list = arg;

	/* The first name is ours. */
	if (list->count++ == 0)
		return;
	(void)fputs(list->count == 2 ? list->before : ", ", list->out);
	if (list->is_scdoc)
		print_escaped(list->out, name);
	else
		(void)fputs(name, list->out);
}

bool manual_print_seed_names(FILE *out, const struct command *command, bool is_scdoc, const char *before)
{
	struct name_list list = { out, before, is_scdoc, 0 };

	command_each_name(command, on_seed_name, &list);
	return list.count > 1;
}

bool manual_has_options(const struct command *command)
{
	for (size_t i = 0; i < OPTION_IDS; i++)
		if (!option_is_general(&option_rows[i]) && option_belongs(&option_rows[i], command))
			return true;
	return false;
}

/* --- scdoc --- */

#define MANUAL_COLUMNS 104

/* A paragraph of the manual is written to memory first, because it is broken into lines with all its markup. */
struct paragraph {
	char *text;
	size_t size;
};

/* Closes what the paragraph was written to, and prints it. */
static void paragraph_print(struct paragraph *paragraph, FILE *written, FILE *out, const char *indent)
{
	if (fclose(written) == 0)
		wrap_print(out, indent, paragraph->text, MANUAL_COLUMNS);
	free(paragraph->text);
	(void)fputc('\n', out);
}

static void print_scdoc_option(FILE *out, const struct option_row *row, const char *indent)
{
	struct paragraph paragraph = { 0 };
	char deeper[8];
	FILE *text;

	(void)fputs(indent, out);
	if (row->letter)
		(void)fprintf(out, "*-%c*, ", row->letter);
	(void)fprintf(out, "*--%s*", row->name);
	if (row->argument)
		(void)fprintf(out, " _%s_", row->argument);
	(void)fputc('\n', out);
	text = open_memstream(&paragraph.text, &paragraph.size);
	if (!text)
		return;
	print_escaped(text, row->text);
	if (row->seed)
		(void)fprintf(text, " (also *--%s*)", row->seed);
	(void)snprintf(deeper, sizeof(deeper), "%s\t", indent);
	paragraph_print(&paragraph, text, out, deeper);
}

static void print_scdoc_options(FILE *out, const struct command *command, bool is_general, const char *indent)
{
	for (size_t i = 0; i < OPTION_IDS; i++)
		if (option_is_general(&option_rows[i]) == is_general && option_belongs(&option_rows[i], command))
			print_scdoc_option(out, &option_rows[i], indent);
}

static const char *access_sentence(enum access access)
{
	static const char *const sentences[] = {
		[ACCESS_NONE] = "",
		[ACCESS_LOOK] = " Needs the group ngmt.",
		[ACCESS_CHANGE] = " Needs the group ngmt-pay.",
	};

	return sentences[access];
}

static void print_scdoc_command(FILE *out, const struct command *command)
{
	struct paragraph paragraph = { 0 };
	FILE *text;

	(void)fprintf(out, "*%s*", command->name);
	if (command->argument[0])
		(void)fprintf(out, " _%s_", command->argument);
	(void)fputs(manual_has_options(command) ? " [_OPTIONS_]\n" : "\n", out);
	text = open_memstream(&paragraph.text, &paragraph.size);
	if (!text)
		return;
	print_escaped(text, command->text);
	(void)fputs(access_sentence(command->access), text);
	if (manual_print_seed_names(text, command, true, " Also: "))
		(void)fputc('.', text);
	paragraph_print(&paragraph, text, out, "\t");
	print_scdoc_options(out, command, false, "\t");
}

void manual_print_scdoc(FILE *out)
{
	(void)fputs("# COMMANDS\n\nNames are taken in any case. Options may stand before or after the command.\n\n",
		    out);
	for (size_t i = 0; i < COMMANDS; i++)
		if (!command_is_hidden(&commands[i]))
			print_scdoc_command(out, &commands[i]);
	(void)fputs("# OPTIONS\n\nThese go with every command. Names are never taken abbreviated.\n\n", out);
	print_scdoc_options(out, NULL, true, "");
	seed_manual_print_scdoc(out);
}

/* --- JSON --- */

static void on_json_name(const char *name, void *arg)
{
	(void)json_object_array_add(arg, json_object_new_string(name));
}

static struct json_object *command_json(const struct command *command)
{
	static const char *const access[] = {
		[ACCESS_NONE] = "none", [ACCESS_LOOK] = "look", [ACCESS_CHANGE] = "change"
	};
	struct json_object *object = json_object_new_object(), *names = json_object_new_array();
	struct json_object *options = json_object_new_array();

	command_each_name(command, on_json_name, names);
	for (size_t i = 0; i < OPTION_IDS; i++)
		if (!option_is_general(&option_rows[i]) && option_belongs(&option_rows[i], command))
			(void)json_object_array_add(options, json_object_new_string(option_rows[i].name));
	json_put_text(object, "name", command->name);
	json_put_value(object, "names", names);
	json_put_text(object, "argument", command->argument);
	json_put_text(object, "access", access[command->access]);
	json_put_text(object, "summary", command->summary);
	json_put_text(object, "text", command->text);
	json_put_value(object, "options", options);
	return object;
}

static struct json_object *option_json(const struct option_row *row)
{
	struct json_object *object = json_object_new_object();
	char letter[2] = { row->letter, '\0' };

	json_put_text(object, "name", row->name);
	json_put_text(object, "also", row->seed);
	json_put_text(object, "letter", row->letter ? letter : NULL);
	json_put_text(object, "argument", row->argument);
	json_put_bool(object, "general", option_is_general(row));
	json_put_text(object, "text", row->text);
	return object;
}

struct json_object *manual_json(void)
{
	struct json_object *all = json_object_new_object(), *list = json_object_new_array();
	struct json_object *options = json_object_new_array();

	for (size_t i = 0; i < COMMANDS; i++)
		if (!command_is_hidden(&commands[i]))
			(void)json_object_array_add(list, command_json(&commands[i]));
	for (size_t i = 0; i < OPTION_IDS; i++)
		(void)json_object_array_add(options, option_json(&option_rows[i]));
	json_put_value(all, "commands", list);
	json_put_value(all, "options", options);
	return all;
}
