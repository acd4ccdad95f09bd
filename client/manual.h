/* SPDX-License-Identifier: MIT
 *
 * The command and option tables as text: help on the terminal, the sections COMMANDS and OPTIONS of ngmtctl(1), and
 * JSON.
 */
#ifndef NGMT_MANUAL_H
#define NGMT_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

#include "commands.h"
#include "json.h"
#include "options.h"

/* All commands by topic, one line each, and the general options, `width` columns wide as all help. */
void manual_print_help(FILE *out, unsigned width);
/* One command with its options. */
void manual_print_command(FILE *out, const struct command *command, unsigned width);
/* The commands that begin with `word` ("hit"), or those of a topic ("money"). False: it is neither, nothing was
 * printed. */
bool manual_print_group(FILE *out, const char *word, unsigned width);
/* The nearest of topics and first words of commands, valid until the next call; NULL: none is near. */
const char *manual_nearest(const char *word);

/* What the pages have in common. Whether the command has an option of its own with the letter of this general one;
 * whether it has any options of its own; its seed names after `before`, false if there are none. */
bool manual_is_letter_taken(const struct option_row *row, const struct command *command);
bool manual_has_options(const struct command *command);
bool manual_print_seed_names(FILE *out, const struct command *command, bool is_scdoc, const char *before);

/* scdoc(5) text of the sections COMMANDS, OPTIONS and COMING FROM NODEGAME-MTURK. */
void manual_print_scdoc(FILE *out);
/* {"commands": [...], "options": [...]}; the caller puts it. */
struct json_object *manual_json(void);

#endif
