/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "mturk.h"

#define TARGET_PREFIX "MTurkRequesterServiceV20170117."
#define CONTENT_TYPE "application/x-amz-json-1.1"
#define SIGNING_NAME "mturk-requester"

/* A Date that is this near is ours; a slow answer's Date says little. */
#define SKEW_IGNORED_S 5
#define SKEW_SLOWEST_ANSWER_MS 10000

void mturk_observe(struct mturk *mturk, const struct http_answer *answer)
{
	int64_t server_s, skew_s;

	if (answer->outcome != HTTP_ANSWERED || answer->elapsed_ms > SKEW_SLOWEST_ANSWER_MS ||
	    clock_parse_http_date(answer->date, &server_s) < 0)
		return;
	mturk->date_s = server_s;
	mturk->date_mono_ms = clock_mono_ms();
	skew_s = server_s - clock_wall_ms() / 1000;
	mturk->skew_s = skew_s > SKEW_IGNORED_S || skew_s < -SKEW_IGNORED_S ? skew_s : 0;
}

static int ensure_credentials(struct mturk *mturk, struct err *err)
{
	char source[sizeof(mturk->credentials.source)];

	if (mturk->credentials.secret_access_key)
		return 0;
	return mturk->platform.class->reload(&mturk->platform, source, err);
}

/* "name: value" lines for the wire from what was signed; Host is libcurl's own. */
static char **write_headers(const struct sigv4_header *signed_headers, size_t count, char *authorization)
{
	char **headers = calloc(count + 2, sizeof(*headers));
	size_t n = 0;

	if (!headers)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(signed_headers[i].name, "host") == 0)
			continue;
		if (asprintf(&headers[n], "%s: %s", signed_headers[i].name, signed_headers[i].value) < 0) {
			headers[n] = NULL;
			return headers;
		}
		n++;
	}
	if (asprintf(&headers[n], "authorization: %s", authorization) < 0)
		headers[n] = NULL;
	return headers;
}

static int sign_headers(struct mturk *mturk, const char *target, const char *body, struct platform_request *out,
			struct err *err)
{
	char date[CLOCK_TEXT_MAX], hash[DIGEST_HEX_MAX], full_target[128];
	uint8_t digest[DIGEST_BYTES];
	const struct sigv4_header headers[] = {
		{ "content-type", CONTENT_TYPE },
		{ "host", mturk->endpoint.host },
		{ "x-amz-date", clock_format_amz(clock_wall_ms() / 1000 + mturk->skew_s, date) },
		{ "x-amz-security-token", mturk->credentials.session_token },
		{ "x-amz-target", full_target },
	};
	struct sigv4_header used[5];
	struct sigv4_request request = { .method = "POST",
					 .path = mturk->endpoint.path,
					 .query = "",
					 .headers = used,
					 .payload_sha256 = hash,
					 .amz_date = date,
					 .region = mturk->endpoint.region,
					 .service = SIGNING_NAME };
	char *authorization;

	(void)snprintf(full_target, sizeof(full_target), TARGET_PREFIX "%s", target);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (headers[i].value)
			used[request.header_count++] = headers[i];
	digest_sha256(body, strlen(body), digest);
	(void)digest_hex(digest, hash);
	authorization = sigv4_authorization(&mturk->key, mturk->credentials.access_key_id,
					    mturk->credentials.secret_access_key, &request);
	if (authorization)
		out->headers = write_headers(used, request.header_count, authorization);
	digest_forget(authorization, authorization ? strlen(authorization) : 0);
	free(authorization);
	/* All signed headers but Host, and Authorization: fewer means that memory ran out. */
	if (!out->headers || !out->headers[request.header_count - 1])
		return err_set(err, ERR_INTERNAL, "out of memory");
	return 0;
}

int mturk_sign(struct mturk *mturk, const char *target, char *body, struct platform_request *out, struct err *err)
{
	*out = (struct platform_request){ .body = body };
	if (!body) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
	} else if (ensure_credentials(mturk, err) == 0) {
		out->url = strdup(mturk->endpoint.url);
		if (out->url && sign_headers(mturk, target, body, out, err) == 0)
			return 0;
		if (!out->url)
			(void)err_set(err, ERR_INTERNAL, "out of memory");
	}
	platform_request_finish(out);
	return -1;
}
