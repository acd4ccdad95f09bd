/* SPDX-License-Identifier: MIT
 *
 * Has node read a mturk.conf.js, which is a program, and tell what it exports.
 */
#ifndef NGMT_MIGRATE_NODE_H
#define NGMT_MIGRATE_NODE_H

#include <stdint.h>

#include "err.h"
#include "json.h"

/* What migration_init() wants, of the file with this absolute path; it may hold secrets, and nothing of it is in an
 * error. ERR_NOT_FOUND: there is no node. The caller puts it; NULL on error. */
struct json_object *migrate_node_read(const char *path, int64_t deadline_ms, struct err *err);

#endif
