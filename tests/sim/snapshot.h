/* SPDX-License-Identifier: MIT
 *
 * The books as JSON: to be looked at, and to be saved and loaded again.
 */
#ifndef SIM_SNAPSHOT_H
#define SIM_SNAPSHOT_H

#include "books.h"

/* All of the books, or only the named sections ("account,bonuses"; NULL or "": all). The caller puts it. */
struct json_object *snapshot_json(const struct books *books, const char *only);

/* Fills empty books from what snapshot_json() made. -1 if it is not that. */
int snapshot_load(struct books *books, struct json_object *json, struct err *err);

/* The same with a file; saving writes a new file and renames it. A missing file is no error for loading. */
int snapshot_read_file(struct books *books, const char *path, struct err *err);
int snapshot_write_file(const struct books *books, const char *path, struct err *err);

#endif
