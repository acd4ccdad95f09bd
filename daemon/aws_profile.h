/* SPDX-License-Identifier: MIT
 *
 * One profile of AWS's shared files, ~/.aws/credentials and ~/.aws/config: what the two say about it. Reads the two
 * files and nothing else; which profile and which files is the caller's business. Source: AWS SDKs and Tools reference
 * guide, "Shared config and credentials files"; botocore's configloader where the guide is silent.
 */
#ifndef NGMT_AWS_PROFILE_H
#define NGMT_AWS_PROFILE_H

#include <stdbool.h>

#include "err.h"

enum aws_setting {
	AWS_ACCESS_KEY_ID,
	AWS_SECRET_ACCESS_KEY,
	AWS_SESSION_TOKEN,
	AWS_REGION,
	AWS_CREDENTIAL_PROCESS,
	AWS_SSO_SESSION,
	AWS_SSO_START_URL,
	AWS_ROLE_ARN,
	AWS_WEB_IDENTITY_TOKEN_FILE,
	AWS_SETTINGS,
};

enum aws_file {
	AWS_CREDENTIALS_FILE, /* headings "[name]" */
	AWS_CONFIG_FILE,      /* headings "[profile name]" and "[default]" */
};

struct aws_profile {
	bool exists;
	char *settings[AWS_SETTINGS]; /* NULL: not set, or empty */
	char similar[64];             /* the name of a profile that may have been meant; "" if none or if it exists */
};

/* Reads what `path` says about the profile `name`. -1: ERR_NOT_FOUND (no such file), ERR_NOT_AUTHORISED (may not be
 * read), ERR_FILE, or ERR_FORMAT with the line (bad bytes, or a key of ours twice: which of two accounts pays is no
 * guess of ours). Never quotes a value. The caller finishes in every case. */
int aws_profile_read(struct aws_profile *out, const char *path, enum aws_file file, const char *name, struct err *err);

/* Frees everything, overwritten first. */
void aws_profile_finish(struct aws_profile *profile);

/* "role_arn" and so on, as the files have it. */
const char *aws_setting_name(enum aws_setting setting);

#endif
