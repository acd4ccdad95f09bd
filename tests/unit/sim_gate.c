/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "gate.h"

#define NOW_S INT64_C(1795437399) /* 20261123T123639Z */
#define DATE "20261123T123639Z"

static struct gate gate;

/* A request signed with common/sigv4, whose judge is botocore in the system tests. */
struct letter {
	struct request request;
	char *authorization;
};

static void sign(struct letter *letter, const char *id, const char *secret, const char *date, const char *token)
{
	struct sigv4_key key = { .scope = "" };
	struct sigv4_header headers[] = { { "host", "localhost:1" },
					  { "x-amz-date", date },
					  { "x-amz-security-token", token ? token : "" } };
	char payload[DIGEST_HEX_MAX];
	uint8_t digest[DIGEST_BYTES];
	const struct sigv4_request to_sign = { .method = "POST",
					       .path = "/",
					       .query = "",
					       .headers = headers,
					       .header_count = token ? 3 : 2,
					       .payload_sha256 = payload,
					       .amz_date = date,
					       .region = GATE_REGION,
					       .service = GATE_SERVICE };

	digest_sha256("{}", 2, digest);
	(void)digest_hex(digest, payload);
	letter->authorization = sigv4_authorization(&key, id, secret, &to_sign);
	letter->request = (struct request){ .method = "POST", .path = "/", .query = "", .body = "{}", .body_len = 2 };
	letter->request.headers[0] = (struct request_header){ "Host", "localhost:1" };
	letter->request.headers[1] = (struct request_header){ "X-Amz-Date", date };
	letter->request.headers[2] = (struct request_header){ "Authorization", letter->authorization };
	letter->request.headers[3] = (struct request_header){ "X-Amz-Security-Token", token };
	letter->request.header_count = token ? 4 : 3;
	sigv4_key_forget(&key);
}

static void expect(struct letter *letter, int64_t now_s, const char *type)
{
	char *message = NULL;
	const char *refusal = gate_refusal(&gate, &letter->request, now_s, &message);

	if (type)
		assert_string_equal(refusal, type);
	else
		assert_null(refusal);
	assert_true(!type == !message);
	free(message);
	free(letter->authorization);
}

static int set_up(void **state)
{
	(void)state;
	return gate_set(&gate, "AKID", "secret", NULL);
}

static int tear_down(void **state)
{
	(void)state;
	gate_finish(&gate);
	return 0;
}

static void a_good_signature(void **state)
{
	struct letter letter;

	(void)state;
	sign(&letter, "AKID", "secret", DATE, NULL);
	expect(&letter, NOW_S, NULL);
	sign(&letter, "AKID", "secret", DATE, NULL);
	expect(&letter, NOW_S + 900, NULL);
	sign(&letter, "AKID", "secret", DATE, NULL);
	expect(&letter, NOW_S - 900, NULL);
}

static void wrong_keys_and_dates(void **state)
{
	struct letter letter;

	(void)state;
	sign(&letter, "AKIX", "secret", DATE, NULL);
	expect(&letter, NOW_S, "UnrecognizedClientException");
	sign(&letter, "AKID", "Secret", DATE, NULL);
	expect(&letter, NOW_S, "InvalidSignatureException");
	sign(&letter, "AKID", "secret", DATE, NULL);
	expect(&letter, NOW_S + 901, "InvalidSignatureException");
	sign(&letter, "AKID", "secret", DATE, NULL);
	expect(&letter, NOW_S - 901, "InvalidSignatureException");
}

static void a_changed_request(void **state)
{
	struct letter letter;

	(void)state;
	sign(&letter, "AKID", "secret", DATE, NULL);
	letter.request.body = "{ ";
	expect(&letter, NOW_S, "InvalidSignatureException");
	sign(&letter, "AKID", "secret", DATE, NULL);
	letter.request.headers[0].value = "elsewhere:1";
	expect(&letter, NOW_S, "InvalidSignatureException");
}

static void session_tokens(void **state)
{
	struct letter letter;

	(void)state;
	sign(&letter, "AKID", "secret", DATE, "tok");
	expect(&letter, NOW_S, "UnrecognizedClientException");
	assert_int_equal(gate_set(&gate, "AKID", "secret", "tok"), 0);
	sign(&letter, "AKID", "secret", DATE, "tok");
	expect(&letter, NOW_S, NULL);
	sign(&letter, "AKID", "secret", DATE, NULL);
	expect(&letter, NOW_S, "UnrecognizedClientException");
	gate.is_expired = true;
	sign(&letter, "AKID", "secret", DATE, "tok");
	expect(&letter, NOW_S, "ExpiredTokenException");
}

static void malformed_headers(void **state)
{
	static const struct {
		const char *authorization;
		const char *type;
	} cases[] = {
		{ "Basic YTpi", "IncompleteSignatureException" },
		{ "AWS4-HMAC-SHA256 ", "IncompleteSignatureException" },
		{ "AWS4-HMAC-SHA256 Credential", "IncompleteSignatureException" },
		{ "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "IncompleteSignatureException" },
		{ "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=, Signature=", "InvalidSignatureException" },
		{ "AWS4-HMAC-SHA256 Credential=AKID/20261123/us-west-2/mturk-requester/aws4_request, "
		  "SignedHeaders=host;x-amz-date, Signature=0",
		  "InvalidSignatureException" },
		{ "AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/mturk-requester/aws4_request, "
		  "SignedHeaders=x-amz-date, Signature=0",
		  "InvalidSignatureException" },
		{ "AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/mturk-requester/aws4_request, "
		  "SignedHeaders=host;x-amz-date, Signature=0",
		  "InvalidSignatureException" },
	};
	struct letter letter;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sign(&letter, "AKID", "secret", DATE, NULL);
		letter.request.headers[2].value = cases[i].authorization;
		expect(&letter, NOW_S, cases[i].type);
	}
	sign(&letter, "AKID", "secret", DATE, NULL);
	letter.request.headers[2].name = "Other";
	expect(&letter, NOW_S, "MissingAuthenticationTokenException");
	sign(&letter, "AKID", "secret", DATE, NULL);
	letter.request.headers[1].value = "20261123";
	expect(&letter, NOW_S, "IncompleteSignatureException");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_good_signature, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_keys_and_dates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_changed_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(session_tokens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(malformed_headers, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
