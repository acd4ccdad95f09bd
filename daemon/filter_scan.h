/* SPDX-License-Identifier: MIT
 *
 * The text of a filter before SQLite sees it: which names it has, and what must not be in it. SQLite's own grammar
 * decides about the rest (filter.c), and its authorizer has the last word; this is what can say the place. Pure.
 */
#ifndef NGMT_FILTER_SCAN_H
#define NGMT_FILTER_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* A name that may be a column's, without its quotes; valid during the call. A word of the language ("and") may be among
 * them. -1, with `err` filled, ends the scan. */
typedef int filter_name_fn(void *arg, const char *name, struct err *err);

/* Refuses (ERR_CONFIG, "column 12: …", counted in characters from 1) an empty or too long text, one that is not UTF-8,
 * what is no expression (";", comments, parentheses that do not match, quotes that are never closed, parameters,
 * binary data, SELECT and the like), and functions that are not allowed. */
int filter_scan(const char *expression, filter_name_fn *on_name, void *arg, struct err *err);

/* Whether a function is on the list, in any case. */
bool filter_may_call(const char *function);

/* "column 12: " in front of the message; `at` is a byte of the text, from 0. Returns -1. */
int filter_place(const char *expression, size_t at, struct err *err);

#endif
