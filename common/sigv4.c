/* SPDX-License-Identifier: MIT */
#include "sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCOPE_END "aws4_request"

static int derive(struct sigv4_key *key, const char *secret, const struct sigv4_request *request)
{
	char scope[sizeof(key->scope)];
	char *start = NULL;
	int n;

	n = snprintf(scope, sizeof(scope), "%.8s/%s/%s", request->amz_date, request->region, request->service);
	if (n < 0 || (size_t)n >= sizeof(scope))
		return -1;
	if (strcmp(scope, key->scope) == 0)
		return 0;
	n = asprintf(&start, "AWS4%s", secret);
	if (n < 0)
		return -1;
	digest_hmac(start, (size_t)n, request->amz_date, 8, key->key);
	digest_forget(start, (size_t)n);
	free(start);
	digest_hmac(key->key, DIGEST_BYTES, request->region, strlen(request->region), key->key);
	digest_hmac(key->key, DIGEST_BYTES, request->service, strlen(request->service), key->key);
	digest_hmac(key->key, DIGEST_BYTES, SCOPE_END, strlen(SCOPE_END), key->key);
	memcpy(key->scope, scope, sizeof(scope));
	return 0;
}

/* "host;x-amz-date;…" */
static char *signed_headers(const struct sigv4_request *request)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < request->header_count; i++)
		(void)fprintf(out, "%s%s", i ? ";" : "", request->headers[i].name);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static char *canonical_request(const struct sigv4_request *request, size_t *size)
{
	char *names = signed_headers(request);
	char *text = NULL;
	FILE *out = names ? open_memstream(&text, size) : NULL;

	if (!out) {
		free(names);
		return NULL;
	}
	(void)fprintf(out, "%s\n%s\n%s\n", request->method, request->path, request->query);
	for (size_t i = 0; i < request->header_count; i++)
		(void)fprintf(out, "%s:%s\n", request->headers[i].name, request->headers[i].value);
	(void)fprintf(out, "\n%s\n%s", names, request->payload_sha256);
	free(names);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int sigv4_signature(struct sigv4_key *key, const char *secret, const struct sigv4_request *request,
		    char signature[DIGEST_HEX_MAX])
{
	uint8_t hash[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];
	char *canonical, *to_sign = NULL;
	size_t size = 0;
	int n;

	if (strlen(request->amz_date) != 16 || derive(key, secret, request) < 0)
		return -1;
	canonical = canonical_request(request, &size);
	if (!canonical)
		return -1;
	digest_sha256(canonical, size, hash);
	free(canonical);
	n = asprintf(&to_sign, SIGV4_ALGORITHM "\n%s\n%s/" SCOPE_END "\n%s", request->amz_date, key->scope,
		     digest_hex(hash, hex));
	if (n < 0)
		return -1;
	digest_hmac(key->key, DIGEST_BYTES, to_sign, (size_t)n, hash);
	free(to_sign);
	(void)digest_hex(hash, signature);
	return 0;
}

char *sigv4_authorization(struct sigv4_key *key, const char *access_key_id, const char *secret,
			  const struct sigv4_request *request)
{
	char signature[DIGEST_HEX_MAX];
	char *names, *text = NULL;

	if (sigv4_signature(key, secret, request, signature) < 0)
		return NULL;
	names = signed_headers(request);
	if (!names)
		return NULL;
	if (asprintf(&text, SIGV4_ALGORITHM " Credential=%s/%s/" SCOPE_END ", SignedHeaders=%s, Signature=%s",
		     access_key_id, key->scope, names, signature) < 0)
		text = NULL;
	free(names);
	return text;
}

void sigv4_key_forget(struct sigv4_key *key)
{
	digest_forget(key, sizeof(*key));
}
