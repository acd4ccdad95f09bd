/* SPDX-License-Identifier: MIT
 *
 * The command and option tables as text: help on the terminal, the sections COMMANDS and OPTIONS of ngmtctl(1), and
 * JSON.
 */
#ifndef NGMT_MANUAL_H
#define NGMT_MANUAL_H

#include <stdio.h>

#include "commands.h"
#include "json.h"

/* All commands, one line each, and the general options. */
void manual_print_help(FILE *out);
/* One command with its options, `width` columns wide. */
void manual_print_command(FILE *out, const struct command *command, unsigned width);
/* The commands whose name starts with the word `group`. */
void manual_print_group(FILE *out, const char *group);
/* scdoc(5) text of the sections COMMANDS and OPTIONS. */
void manual_print_scdoc(FILE *out);
/* {"commands": [...], "options": [...]}; the caller puts it. */
struct json_object *manual_json(void);

#endif
