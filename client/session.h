/* SPDX-License-Identifier: MIT
 *
 * What a command handler works with: the parsed command line and, unless the command needs no daemon, a connection on
 * which both sides have said hello. Checks the right to run the command before its handler does anything.
 */
#ifndef NGMT_SESSION_H
#define NGMT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "json.h"
#include "options.h"

struct rpc;

#define SESSION_PATH_MAX 4096
#define SESSION_ENVIRONMENT_MAX 32

/* Waiting times of session_call(): what the daemon answers by itself, and what it may have to ask the platform for. */
#define SESSION_SOON_MS 30000
#define SESSION_PATIENT_MS 0

struct session {
	const struct invocation *invocation;
	struct rpc *rpc;
	char socket[SESSION_PATH_MAX];
	char environment[SESSION_ENVIRONMENT_MAX]; /* as hello said it; empty before */
	bool may_look;
	bool may_change;
	bool is_dry; /* the daemon sends nothing ([queue] dry) */
	struct json_object *selected; /* as hello said it; NULL: it did not. Put by session_close() */
	bool is_json;
	bool is_quiet;
	struct json_object *changes; /* texts to list below an error: what is not as it was shown; NULL: none. Put by
					session_close() */
	char *advice; /* a complete command to type, shown below an error; NULL: none. Freed by session_close() */
	int64_t deadline_ms; /* of the whole command (--timeout), on clock_mono_ms(); 0: none */
};

/* Fills `session` from the command line; connects to nothing. */
void session_init(struct session *session, const struct invocation *invocation);

/* Finds the socket, connects, says hello, checks that the command's access class is granted (a dry run only needs to
 * look). -1 on error. */
int session_open(struct session *session, struct err *err);

/* Connects again to the same socket after the connection was lost. The environment must still be the same (ERR_STATE
 * if not). */
int session_reopen(struct session *session, struct err *err);
/* Frees what the session holds, not the session. */
void session_close(struct session *session);

/* One call. Takes over `params`; the caller puts the result. `wait_ms` is the longest time to wait (0: as long as it
 * takes); --timeout shortens it. A method that changes something also gets the command line, as "command" (see
 * invocation_command()). Unless --json is on, every text in the result is safe for a terminal. NULL on
 * error. */
struct json_object *session_call(struct session *session, const char *method, struct json_object *params,
				 int64_t wait_ms, struct err *err);

/* rpc_next() within the command's deadline, texts made safe likewise. */
int session_next(struct session *session, struct json_object **params, struct err *err);

/* The access that this command line needs. */
enum access session_access(const struct invocation *invocation);

#endif
