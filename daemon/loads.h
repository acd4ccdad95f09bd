/* SPDX-License-Identifier: MIT
 *
 * Loading files into the working set, one command after another: everything that a command names is imported, then the
 * working set changes at once; or nothing has happened.
 */
#ifndef NGMT_LOADS_H
#define NGMT_LOADS_H

#include "config.h"
#include "imports.h"
#include "joins.h"
#include "json.h"

struct loads;

/* Rows without ids are joined first, as far as that can be done within a few seconds. */
struct loads *loads_new(struct loop *loop, struct ledger *ledger, struct imports *imports, struct joins *joins,
			const struct config *config, struct err *err);
/* Commands under way are answered with ERR_BUSY "stopping". After joins_free() and imports_free(). */
void loads_free(struct loads *loads);

/* {files, warnings, working_set} as in ngmt-protocol(7), borrowed, or the error. Runs once, from loads_pump() or
 * loads_free(). */
typedef void load_done_fn(void *arg, struct json_object *result, const struct err *err);

/* The params of method "load" for results and games. ERR_USAGE. */
int loads_start(struct loads *loads, struct json_object *params, load_done_fn *done, void *arg, struct err *err);

/* Commands under way fail with `why`, in one of the next calls of loads_pump(). */
void loads_halt(struct loads *loads, const struct err *why);

/* End of a turn, after imports_pump(): one slice. Whether another turn is wanted at once. */
bool loads_pump(struct loads *loads);

#endif
