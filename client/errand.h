/* SPDX-License-Identifier: MIT
 *
 * The one path of what no row of a file asks for: HITs, qualification types, blocks. Plan, show, confirm, apply,
 * follow, report, as pay.h does it for rows; rules 7 and 8 of money hold here, too.
 */
#ifndef NGMT_ERRAND_H
#define NGMT_ERRAND_H

#include "err.h"
#include "json.h"
#include "session.h"

/* Runs the errand `name`, see ngmt-protocol(7), plan_errand. Takes over `params`, which need not have the member
 * "errand". Returns the exit status, or -1 with `err`. */
int errand_run(struct session *session, const char *name, struct json_object *params, struct err *err);

#endif
