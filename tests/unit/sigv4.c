/* SPDX-License-Identifier: MIT
 *
 * Signatures against those that botocore computed (sigv4_vectors.def, printed by sigv4_vectors.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sigv4.h"

struct vector {
	const char *name, *access_key_id, *secret, *token, *host, *path, *region, *service, *amz_date, *target, *body;
	const char *authorization;
};

static const struct vector vectors[] = {
#define VECTOR(name, ...) { #name, __VA_ARGS__ },
#include "sigv4_vectors.def"
#undef VECTOR
};

#define VECTOR_COUNT (sizeof(vectors) / sizeof(vectors[0]))

static char *authorize(struct sigv4_key *key, const struct vector *vector)
{
	const struct sigv4_header headers[] = {
		{ "content-type", "application/x-amz-json-1.1" },
		{ "host", vector->host },
		{ "x-amz-date", vector->amz_date },
		/* Without a token, the last one is not used. */
		{ vector->token ? "x-amz-security-token" : "x-amz-target",
		  vector->token ? vector->token : vector->target },
		{ "x-amz-target", vector->target },
	};
	uint8_t hash[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];
	const struct sigv4_request request = {
		.method = "POST",
		.path = vector->path,
		.query = "",
		.headers = headers,
		.header_count = vector->token ? 5 : 4,
		.payload_sha256 = hex,
		.amz_date = vector->amz_date,
		.region = vector->region,
		.service = vector->service,
	};

	digest_sha256(vector->body, strlen(vector->body), hash);
	(void)digest_hex(hash, hex);
	return sigv4_authorization(key, vector->access_key_id, vector->secret, &request);
}

static void test_agrees_with_botocore(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		struct sigv4_key key = { 0 };
		char *text = authorize(&key, &vectors[i]);

		assert_non_null(text);
		if (strcmp(text, vectors[i].authorization) != 0)
			fail_msg("%s: %s instead of %s", vectors[i].name, text, vectors[i].authorization);
		free(text);
	}
}

/* One key for all: it must notice a new day, region or service by itself; a new secret it must be told of. */
static void test_key_is_derived_again_when_it_must(void **state)
{
	struct sigv4_key key = { 0 };
	const char *secret = "";

	(void)state;
	for (size_t round = 0; round < 3; round++)
		for (size_t i = 0; i < VECTOR_COUNT; i++) {
			char *text;

			if (strcmp(secret, vectors[i].secret) != 0)
				sigv4_key_forget(&key);
			secret = vectors[i].secret;
			text = authorize(&key, &vectors[i]);
			assert_string_equal(text, vectors[i].authorization);
			free(text);
		}
}

static void test_every_part_is_signed(void **state)
{
	struct vector changed = vectors[0];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct sigv4_key key = { 0 }, other = { 0 };
		const char **parts[] = { &changed.secret, &changed.host, &changed.path,
					 &changed.amz_date, &changed.target, &changed.body };
		static const char *const values[] = { "other", "other", "/other",
						      "20261123T115259Z", "other", "other" };

		char *before, *after;

		changed = vectors[0];
		before = authorize(&key, &changed);
		*parts[i] = values[i];
		after = authorize(&other, &changed);
		assert_string_not_equal(strrchr(before, '='), strrchr(after, '='));
		free(before);
		free(after);
	}
}

static void test_refuses_what_is_no_date(void **state)
{
	static const char *const dates[] = { "", "20261123", "20261123T115200", "20261123T115200ZZ" };

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct sigv4_key key = { 0 };
		struct vector vector = vectors[0];

		vector.amz_date = dates[i];
		assert_null(authorize(&key, &vector));
	}
}

static void test_refuses_a_scope_that_does_not_fit(void **state)
{
	char region[400];
	struct sigv4_key key = { 0 };
	struct vector vector = vectors[0];

	(void)state;
	memset(region, 'r', sizeof(region) - 1);
	region[sizeof(region) - 1] = '\0';
	vector.region = region;
	assert_null(authorize(&key, &vector));
}

static void test_forgets(void **state)
{
	struct sigv4_key key = { 0 }, empty;

	(void)state;
	memset(&empty, 0, sizeof(empty));
	free(authorize(&key, &vectors[0]));
	assert_memory_not_equal(&key, &empty, sizeof(key));
	sigv4_key_forget(&key);
	assert_memory_equal(&key, &empty, sizeof(key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_botocore),
		cmocka_unit_test(test_key_is_derived_again_when_it_must),
		cmocka_unit_test(test_every_part_is_signed),
		cmocka_unit_test(test_refuses_what_is_no_date),
		cmocka_unit_test(test_refuses_a_scope_that_does_not_fit),
		cmocka_unit_test(test_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
