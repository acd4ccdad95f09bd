/* SPDX-License-Identifier: MIT
 *
 * A HIT file in ini form, see ngmtctl(1), HIT FILES, turned into the definition that ngmtd takes (ngmt-protocol(7),
 * plan_errand). What stands in it is judged here, so that a complaint has its line; ngmtd judges the definition again.
 * Pure: the question's file is read by hit_file.c.
 */
#ifndef NGMT_HIT_INI_H
#define NGMT_HIT_INI_H

#include <stddef.h>

#include "err.h"
#include "json.h"

/* The definition, with "question": {"file": NAME} if the question is in a file. `name` is what messages call the text.
 * The caller puts. NULL: the first thing that is wrong, as "hit.ini:3: unknown key "rewrd"" (ERR_FORMAT). */
struct json_object *hit_ini_read(const char *text, size_t len, const char *name, struct err *err);

#endif
