/* SPDX-License-Identifier: MIT
 *
 * AWS Signature Version 4, the part that signer and checker share: ngmtd signs with it, mturk-sim recomputes with it.
 * Source of the rules: "Signature Version 4 signing process", AWS General Reference; judged in the tests by botocore.
 * MTurk's requests are always POST / without a query, so no URI encoding happens here: path and query are given
 * in canonical form.
 */
#ifndef NGMT_SIGV4_H
#define NGMT_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"

struct sigv4_header {
	const char *name;  /* lower case */
	const char *value; /* as sent, trimmed */
};

struct sigv4_request {
	const char *method;
	const char *path;
	const char *query;
	const struct sigv4_header *headers; /* those to be signed, sorted by name */
	size_t header_count;
	const char *payload_sha256; /* 64 hexadecimal digits */
	const char *amz_date;       /* YYYYMMDDTHHMMSSZ */
	const char *region;
	const char *service;
};

/* The key of one day, region and service, derived once and kept, since deriving costs four HMACs. */
struct sigv4_key {
	char scope[160]; /* "YYYYMMDD/region/service", empty: nothing derived yet */
	uint8_t key[DIGEST_BYTES];
};

/* Computes the signature in hexadecimal. Derives `key` from `secret` again if day, region or service changed; `secret`
 * must stay the same for one `key` (sigv4_key_forget() when it changes). -1 only if memory runs out or the date is
 * not 16 characters long. */
int sigv4_signature(struct sigv4_key *key, const char *secret, const struct sigv4_request *request,
		    char signature[DIGEST_HEX_MAX]);

/* The complete value of the Authorization header. The caller frees; NULL if memory runs out. */
char *sigv4_authorization(struct sigv4_key *key, const char *access_key_id, const char *secret,
			  const struct sigv4_request *request);

void sigv4_key_forget(struct sigv4_key *key);

#endif
