/* SPDX-License-Identifier: MIT
 *
 * One connection to ngmtd: JSON-RPC 2.0 lines over a Unix stream socket, see ngmt-protocol(7). One request at a time;
 * what the daemon says on its own (notifications) is read by rpc_next(). Whatever the other side sends, lines that are
 * too long or no JSON included, ends in an error, never in a crash or an endless wait when a deadline is given.
 *
 * Errors: ERR_NO_DAEMON when the connection cannot be made or is lost, ERR_NOT_AUTHORISED when the socket may not be
 * opened, ERR_PROTOCOL when the other side does not speak the protocol, ERR_TIMEOUT when the deadline passed or a
 * signal came (see interrupt.h), else the error that the daemon replied.
 */
#ifndef NGMT_RPC_H
#define NGMT_RPC_H

#include <stdint.h>

#include "err.h"
#include "json.h"

struct rpc;

/* Connects; says nothing yet. NULL on error. */
struct rpc *rpc_open(const char *path, struct err *err);
void rpc_close(struct rpc *rpc);

/* Sends one request and waits for its reply until `deadline_ms` (clock_mono_ms(), 0: for ever). Takes over `params`.
 * The caller puts the result, which is an object. Notifications that arrive meanwhile are dropped. NULL on error. */
struct json_object *rpc_call(struct rpc *rpc, const char *method, struct json_object *params, int64_t deadline_ms,
			     struct err *err);

/* The next notification: 1 and its params in *params (the caller puts); 0: the deadline passed or a signal came; -1:
 * error. */
int rpc_next(struct rpc *rpc, int64_t deadline_ms, struct json_object **params, struct err *err);

/* The error object of the last reply, NULL if it was none. Borrowed until the next call. */
struct json_object *rpc_refusal(const struct rpc *rpc);

#endif
