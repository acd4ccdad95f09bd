/* SPDX-License-Identifier: MIT
 *
 * Where requests go, and what kind of world that is: MTurk itself, its sandbox, or a rehearsal. Which of the three
 * decides which ledger is used and what every prompt says, so what is contradictory is refused, never guessed.
 */
#ifndef NGMT_ENDPOINT_H
#define NGMT_ENDPOINT_H

#include <stdbool.h>

#include "config.h"
#include "err.h"

enum environment { ENVIRONMENT_SANDBOX, ENVIRONMENT_LIVE, ENVIRONMENT_REHEARSAL };

struct endpoint {
	char *url;  /* "https://mturk-requester-sandbox.us-east-1.amazonaws.com/": always with a path */
	char *host; /* as the Host header has it, lower case, with ":port" unless it is the scheme's default */
	char *path; /* "/", or the path of a custom endpoint as it was given; needs no encoding */
	char region[32];
	enum environment environment;
	bool is_loopback;
	bool is_tls;
};

/* From [aws] endpoint, else AWS_ENDPOINT_URL_MTURK, else AWS_ENDPOINT_URL (the two not if
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true), else the sandbox or, with sandbox = no, production. Any URL that is
 * neither of Amazon's two is a rehearsal. Refused: plain http unless the host is loopback; Amazon's production while
 * sandbox = yes, and the reverse; Amazon's hosts with another port or path. ERR_CONFIG; the URL is never quoted as a
 * whole. The caller finishes. */
int endpoint_resolve(struct endpoint *out, const struct config *config, struct err *err);
void endpoint_finish(struct endpoint *endpoint);

/* "sandbox", "live", "rehearsal". */
const char *environment_name(enum environment environment);

#endif
