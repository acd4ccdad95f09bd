/* SPDX-License-Identifier: MIT
 *
 * The gate: checks Signature Version 4 of a request as Amazon does, with Amazon's errors. Header signatures only; what
 * common/sigv4 signs is recomputed here from what arrived.
 */
#ifndef SIM_GATE_H
#define SIM_GATE_H

#include "request.h"
#include "sigv4.h"

#define GATE_REGION "us-east-1"
#define GATE_SERVICE "mturk-requester"
#define GATE_WINDOW_S 900

struct gate {
	char *access_key_id;
	char *secret_key;
	char *session_token; /* NULL: permanent keys, which need none */
	bool is_expired;     /* the session token is too old */
	struct sigv4_key key;
};

/* Takes copies. -1 if memory runs out. */
int gate_set(struct gate *gate, const char *access_key_id, const char *secret_key, const char *session_token);
void gate_finish(struct gate *gate);

/* NULL if the signature is good at `now_s`; otherwise the error's type, with its sentence (which the caller frees) in
 * *message. */
const char *gate_refusal(struct gate *gate, const struct request *request, int64_t now_s, char **message);

#endif
