/* SPDX-License-Identifier: MIT
 *
 * What every command's output has in common: JSON, errors, headings, the environment's badge, members of a result as
 * text. Data goes to standard output, everything else to standard error.
 */
#ifndef NGMT_OUTPUT_H
#define NGMT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "json.h"
#include "money.h"

/* One line on standard output, at once. */
void output_json(struct json_object *value);

/* Reports an error once: to standard error as text, or as {"error": {...}} on standard output. `refusal` is the
 * daemon's error object or NULL, `environment` is "" if not known, `changes` an array of texts (what is not as it was
 * shown) or NULL, `advice` a command to type or NULL. Returns the exit status. */
int output_error(bool is_json, const struct err *err, struct json_object *refusal, const char *environment,
		 struct json_object *changes, const char *advice);

/* The exit status of an error: the daemon's word counts where it knows a name that we do not. */
int output_exit_status(const struct err *err, struct json_object *refusal);

/* "**** Results ****", as in the seed. */
void output_heading(FILE *out, const char *title);

/* " LIVE ", " SANDBOX ", " REHEARSAL " in its colours. */
void output_environment(FILE *out, const char *environment);
/* The name in capitals for sentences: "LIVE". */
const char *output_environment_name(const char *environment, char out[32]);

/* Integer member, `absent` if null or missing. What is beyond OUTPUT_INT_MAX is nonsense and counts as missing, so
 * that a few of them can be added without overflow. */
#define OUTPUT_INT_MAX INT64_C(1000000000000000)
int64_t output_int(struct json_object *object, const char *key, int64_t absent);
/* Text member, `absent` if null or missing. */
const char *output_text(struct json_object *object, const char *key, const char *absent);
/* "$1,234.50", or "unknown". Returns `out`. */
const char *output_money(struct json_object *object, const char *key, char out[MONEY_TEXT_MAX]);

/* "1 bonus", "7 bonuses": the word for `count` things. */
const char *output_plural(int64_t count, const char *one, const char *many);

/* Appends to a text in a buffer of `size` bytes; what does not fit is cut. */
void output_append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "3 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". Returns `out`. */
const char *output_duration(int64_t seconds, char out[32]);

#endif
