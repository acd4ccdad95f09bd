/* SPDX-License-Identifier: MIT
 *
 * Times as a person types them. Pure.
 */
#ifndef NGMT_DURATION_H
#define NGMT_DURATION_H

#include <stdint.h>

#include "err.h"

/* The longest time that is parsed: a hundred years. */
#define DURATION_MAX_S INT64_C(3155760000)

/* "90" (seconds), "30s", "90m", "12h", "3d", "2w" into seconds. Refuses signs, fractions, several units and other
 * letters (ERR_FORMAT); the message quotes the text. */
int duration_parse(const char *text, int64_t *seconds, struct err *err);

#endif
