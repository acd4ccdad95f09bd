/* SPDX-License-Identifier: MIT
 *
 * Whose account: the AWS keys, by botocore's conventions (facts: mturk-api section 7). Secrets live in memory only as
 * long as they are needed, are never logged, and are overwritten after use.
 */
#ifndef NGMT_CREDENTIALS_H
#define NGMT_CREDENTIALS_H

#include "config.h"
#include "err.h"

struct credentials {
	char *access_key_id;
	char *secret_access_key;
	char *session_token; /* NULL: none */
	char source[160];    /* for people: "environment variables", "profile \"lab\" of /root/.aws/credentials" */
};

/* In this order: the configuration's keys, $CREDENTIALS_DIRECTORY (files access_key_id, secret_access_key,
 * session_token), the AWS environment variables, the shared files (AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE; the
 * profile is [aws] profile, AWS_PROFILE, AWS_DEFAULT_PROFILE, "default"). As in botocore, a profile named in the
 * configuration goes before the environment's keys, since it is the more deliberate choice. Half of a pair of keys, and
 * a profile with a role, are errors, never passed over: the next place may be another account. -1 with ERR_CREDENTIALS
 * saying which places were looked at. The caller finishes. */
int credentials_load(struct credentials *out, const struct config *config, struct err *err);

/* Frees everything, overwritten first. */
void credentials_finish(struct credentials *credentials);

#endif
