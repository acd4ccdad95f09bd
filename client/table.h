/* SPDX-License-Identifier: MIT
 *
 * Aligned columns: cells are put in row by row, widths are found when it is printed. Used for lists and, with two
 * columns, for labels and values.
 */
#ifndef NGMT_TABLE_H
#define NGMT_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table;

/* `alignment` has one letter for each column: "l" or "r". */
struct table *table_new(const char *alignment);
void table_free(struct table *table);

/* The next cell, from left to right. Control characters are made visible. Out of memory leaves a cell empty. */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The next cell; NULL is shown as "-". */
void table_add_text(struct table *table, const char *text);

/* Prints all rows, each starting with `indent`, columns two blanks apart, without blanks at the end of a line. */
void table_print(const struct table *table, FILE *out, const char *indent);

/* The columns that its longest possible row takes. */
size_t table_width(const struct table *table);

/* As table_print() without indent; `below` may write more after each row (0 is the first). */
void table_print_each(const struct table *table, FILE *out, void (*below)(void *arg, FILE *out, size_t row), void *arg);

#endif
