/* SPDX-License-Identifier: MIT
 *
 * Texts broken at blanks so that they fit into columns.
 */
#ifndef NGMT_WRAP_H
#define NGMT_WRAP_H

#include <stddef.h>
#include <stdio.h>

/* Bytes of the first line of `text` when it has `width` columns: it ends before a blank, or where the text ends; a word
 * that is longer stays whole. What follows begins behind the blanks. */
size_t wrap_length(const char *text, unsigned width);

/* Prints a paragraph: each line starts with `indent` (which does not count as width), and none with "-", which a
 * manual would take for a list. */
void wrap_print(FILE *out, const char *indent, const char *text, unsigned width);

/* Prints "  NAME  TEXT", the text in a column of its own behind `name_columns`, at most `width` columns in all (but
 * never fewer than twenty for the text); a name that is too long gets a line for itself. */
void wrap_definition(FILE *out, const char *name, unsigned name_columns, const char *text, unsigned width);

#endif
