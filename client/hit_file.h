/* SPDX-License-Identifier: MIT
 *
 * A HIT file, see ngmtctl(1), HIT FILES: read from disk or standard input, with the file that its question is in.
 */
#ifndef NGMT_HIT_FILE_H
#define NGMT_HIT_FILE_H

#include "err.h"
#include "json.h"

/* The definition that ngmtd takes. `path` is an ini file, JSON if its name ends in ".json"; "-" is standard input, in
 * either form. A question's file is looked for beside it. The caller puts; NULL on error. */
struct json_object *hit_file_read(const char *path, struct err *err);

#endif
