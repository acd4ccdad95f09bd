/* SPDX-License-Identifier: MIT
 *
 * Nothing that came from a file, a worker or the platform may drive the terminal it is printed on.
 */
#ifndef NGMT_PRINTABLE_H
#define NGMT_PRINTABLE_H

#include <stdio.h>

#include "json.h"

/* Replaces every text inside `value` by utf8_printable() of it. */
void printable_value(struct json_object *value);

/* Writes `text` through utf8_printable(). */
void printable_write(FILE *out, const char *text);

/* Writes JSON text; what a terminal would obey and json-c leaves raw (DEL, C1, bidirectional overrides) becomes
 * \uXXXX, which means the same. */
void printable_write_json(FILE *out, const char *json, size_t len);

#endif
