/* SPDX-License-Identifier: MIT
 *
 * The one path of everything that pays, rejects or grants: plan, show, confirm, apply, follow, report. Rules 7 and 8
 * of money live here and in the daemon; no command goes around it.
 */
#ifndef NGMT_PAY_H
#define NGMT_PAY_H

#include <stdbool.h>

#include "err.h"
#include "json.h"
#include "session.h"

/* The params of the methods plan and apply for this command line. `with_reject` adds rejections to an upload. Pure;
 * the caller puts the result. */
struct json_object *pay_params(const struct invocation *invocation, bool with_reject);

/* The daemon's method that makes the plan of this command, or does it. */
const char *pay_method(const struct invocation *invocation, bool applies);

/* Runs the command. Returns the exit status, or -1 with `err`. */
int pay_run(struct session *session, struct err *err);

#endif
