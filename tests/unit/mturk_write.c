/* SPDX-License-Identifier: MIT
 *
 * Requests as they leave: body, headers, signature.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "mturk_fixture.h"

static int64_t fake_wall_ms(void)
{
	return INT64_C(1700000000000); /* 2023-11-14T22:13:20Z */
}

/* The value of a header; NULL: there is none. */
static const char *header_of(const struct platform_request *request, const char *name)
{
	size_t len = strlen(name);

	for (char **header = request->headers; *header; header++)
		if (strncmp(*header, name, len) == 0 && strncmp(*header + len, ": ", 2) == 0)
			return *header + len + 2;
	return NULL;
}

/* As a server would: from what is on the wire, with nothing but the secret. */
static void expect_signed(const struct platform_request *request, bool has_session)
{
	struct sigv4_header headers[5];
	struct sigv4_request wire = { .method = "POST",
				      .path = "/mturk",
				      .query = "",
				      .headers = headers,
				      .region = "us-east-1",
				      .service = "mturk-requester" };
	static const char *const names[] = { "content-type", "host", "x-amz-date", "x-amz-security-token",
					     "x-amz-target" };
	struct sigv4_key key = { .scope = "" };
	char hash[DIGEST_HEX_MAX], *expected;
	uint8_t digest[DIGEST_BYTES];

	for (size_t i = 0; i < 5; i++) {
		if (i == 3 && !has_session)
			continue;
		headers[wire.header_count].name = names[i];
		headers[wire.header_count++].value = i == 1 ? "127.0.0.1:8080" : header_of(request, names[i]);
	}
	digest_sha256(request->body, strlen(request->body), digest);
	wire.payload_sha256 = digest_hex(digest, hash);
	wire.amz_date = header_of(request, "x-amz-date");
	expected = sigv4_authorization(&key, KEY_ID, SECRET, &wire);
	assert_non_null(expected);
	assert_string_equal(header_of(request, "authorization"), expected);
	assert_non_null(
		strstr(expected, has_session ? ";x-amz-security-token;" : "content-type;host;x-amz-date;x-amz-target"));
	free(expected);
}

static void expect_request(const struct platform_request *request, const char *operation, const char *body)
{
	char target[100];

	(void)snprintf(target, sizeof(target), "MTurkRequesterServiceV20170117.%s", operation);
	assert_string_equal(request->url, "http://127.0.0.1:8080/mturk");
	assert_string_equal(request->body, body);
	assert_string_equal(header_of(request, "x-amz-target"), target);
	assert_string_equal(header_of(request, "content-type"), "application/x-amz-json-1.1");
	assert_null(header_of(request, "host"));
	expect_signed(request, false);
}

static void test_operations(void **state)
{
	static const struct {
		enum op_kind kind;
		const char *operation, *body;
	} cases[] = {
		{ OP_APPROVE, "ApproveAssignment",
		  "{\"AssignmentId\":\"" A1 "\",\"RequesterFeedback\":\"Thank you\"}" },
		{ OP_REJECT, "RejectAssignment", "{\"AssignmentId\":\"" A1 "\",\"RequesterFeedback\":\"Thank you\"}" },
		{ OP_BONUS, "SendBonus",
		  "{\"WorkerId\":\"" W1 "\",\"BonusAmount\":\"1.50\",\"AssignmentId\":\"" A1
		  "\",\"Reason\":\"Thank you\",\"UniqueRequestToken\":\"" TOKEN "\"}" },
		{ OP_QUALIFY, "AssociateQualificationWithWorker",
		  "{\"QualificationTypeId\":\"3NGMTQUAL1\",\"WorkerId\":\"" W1
		  "\",\"IntegerValue\":7,\"SendNotification\":false}" },
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct op op = mturk_sample_op(cases[i].kind);
		struct platform_request request;
		struct err err;

		assert_int_equal(fixture->platform->class->write(fixture->platform, &op, &request, &err), 0);
		expect_request(&request, cases[i].operation, cases[i].body);
		platform_request_finish(&request);
	}
}

static char *body_of(void **state, const struct op *op)
{
	struct mturk_fixture *fixture = *state;
	struct platform_request request;
	struct err err;
	char *body;

	if (fixture->platform->class->write(fixture->platform, op, &request, &err) < 0)
		fail_msg("%s", err.message);
	body = request.body;
	request.body = NULL;
	platform_request_finish(&request);
	return body;
}

static void expect_body(void **state, const struct op *op, const char *expected)
{
	char *body = body_of(state, op);

	assert_string_equal(body, expected);
	free(body);
}

static void test_feedback(void **state)
{
	static char empty[] = "", odd[] = "a/b \"c\" \xc3\xa4\n<\x7f>";
	struct op op = mturk_sample_op(OP_APPROVE);

	op.text = NULL;
	expect_body(state, &op, "{\"AssignmentId\":\"" A1 "\"}");
	op.text = empty;
	expect_body(state, &op, "{\"AssignmentId\":\"" A1 "\"}");
	/* For a rejection the server insists on it. */
	op.kind = OP_REJECT;
	expect_body(state, &op, "{\"AssignmentId\":\"" A1 "\",\"RequesterFeedback\":\"\"}");
	op.text = NULL;
	expect_body(state, &op, "{\"AssignmentId\":\"" A1 "\",\"RequesterFeedback\":\"\"}");
	op.text = odd;
	expect_body(state, &op,
		    "{\"AssignmentId\":\"" A1 "\",\"RequesterFeedback\":\"a/b \\\"c\\\" \xc3\xa4\\n<\x7f>\"}");
}

static void test_amounts(void **state)
{
	static const struct {
		int64_t cents;
		const char *text;
	} cases[] = { { 1, "\"0.01\"" }, { 10, "\"0.10\"" }, { 100, "\"1.00\"" }, { 123456, "\"1234.56\"" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct op op = mturk_sample_op(OP_BONUS);
		char *body;

		op.amount_minor = cases[i].cents;
		body = body_of(state, &op);
		assert_non_null(strstr(body, cases[i].text));
		free(body);
	}
}

static void test_notification(void **state)
{
	struct op op = mturk_sample_op(OP_QUALIFY);

	op.send_notification = true;
	op.integer_value = 0;
	expect_body(state, &op,
		    "{\"QualificationTypeId\":\"3NGMTQUAL1\",\"WorkerId\":\"" W1
		    "\",\"IntegerValue\":0,\"SendNotification\":true}");
}

/* What lacks an id, a reason, a token or an amount does not leave. */
static void test_refused(void **state)
{
	static const struct {
		enum op_kind kind;
		bool assignment, worker, text, type;
		int64_t cents;
	} lacks[] = {
		{ OP_APPROVE, .assignment = true }, { OP_REJECT, .assignment = true }, { OP_BONUS, .assignment = true },
		{ OP_BONUS, .worker = true },       { OP_BONUS, .text = true },        { OP_BONUS, .cents = -150 },
		{ OP_BONUS, .cents = -151 },        { OP_QUALIFY, .worker = true },    { OP_QUALIFY, .type = true },
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		struct op op = mturk_sample_op(lacks[i].kind);
		struct platform_request request;
		struct err err;

		op.assignment_id = lacks[i].assignment ? NULL : op.assignment_id;
		op.worker_id = lacks[i].worker ? NULL : op.worker_id;
		op.text = lacks[i].text ? NULL : op.text;
		op.qualification_type_id = lacks[i].type ? NULL : op.qualification_type_id;
		op.amount_minor += lacks[i].cents;
		if (fixture->platform->class->write(fixture->platform, &op, &request, &err) == 0)
			fail_msg("case %zu was written: %s", i, request.body);
		assert_int_equal(err.code, ERR_PLATFORM);
		assert_non_null(strstr(err.message, "nothing was sent"));
	}
}

/* A bonus without its token would be paid again whenever it is repeated. */
static void test_no_token(void **state)
{
	struct mturk_fixture *fixture = *state;
	struct op op = mturk_sample_op(OP_BONUS);
	struct platform_request request = { 0 };
	struct err err;
	int result;

	op.token = NULL;
	result = fixture->platform->class->write(fixture->platform, &op, &request, &err);
	if (result == 0)
		platform_request_finish(&request);
	assert_int_equal(result, -1);
}

static void test_read_back(void **state)
{
	struct mturk_fixture *fixture = *state;

	for (int kind = OP_APPROVE; kind <= OP_BONUS; kind++) {
		const struct op op = mturk_sample_op((enum op_kind)kind);
		struct platform_request request;
		struct err err;

		assert_int_equal(fixture->platform->class->write_read_back(fixture->platform, &op, &request, &err), 0);
		expect_request(&request, kind == OP_BONUS ? "ListBonusPayments" : "GetAssignment",
			       kind == OP_BONUS ? "{\"AssignmentId\":\"" A1 "\",\"MaxResults\":100}"
						: "{\"AssignmentId\":\"" A1 "\"}");
		platform_request_finish(&request);
	}
}

static void test_reads(void **state)
{
	static const struct {
		struct read read;
		const char *operation, *body;
	} cases[] = {
		{ { READ_BALANCE, NULL, NULL }, "GetAccountBalance", "{}" },
		{ { READ_HIT, H1, NULL }, "GetHIT", "{\"HITId\":\"" H1 "\"}" },
		{ { READ_HITS, NULL, NULL }, "ListHITs", "{\"MaxResults\":100}" },
		{ { READ_HITS, NULL, "p/2=" }, "ListHITs", "{\"NextToken\":\"p/2=\",\"MaxResults\":100}" },
		{ { READ_ASSIGNMENTS, H1, NULL },
		  "ListAssignmentsForHIT",
		  "{\"HITId\":\"" H1 "\",\"MaxResults\":100}" },
		{ { READ_ASSIGNMENTS, H1, "n" },
		  "ListAssignmentsForHIT",
		  "{\"HITId\":\"" H1 "\",\"NextToken\":\"n\",\"MaxResults\":100}" },
		{ { READ_ASSIGNMENT, A1, NULL }, "GetAssignment", "{\"AssignmentId\":\"" A1 "\"}" },
		{ { READ_BONUSES, H1, "n" },
		  "ListBonusPayments",
		  "{\"HITId\":\"" H1 "\",\"NextToken\":\"n\",\"MaxResults\":100}" },
		{ { READ_BONUSES_OF, A1, NULL },
		  "ListBonusPayments",
		  "{\"AssignmentId\":\"" A1 "\",\"MaxResults\":100}" },
		{ { READ_TYPE, "3NGMTTYPE1", NULL },
		  "GetQualificationType",
		  "{\"QualificationTypeId\":\"3NGMTTYPE1\"}" },
		{ { READ_TYPES, NULL, "n" },
		  "ListQualificationTypes",
		  "{\"MustBeRequestable\":false,\"MustBeOwnedByCaller\":true,\"NextToken\":\"n\",\"MaxResults\":100}" },
		{ { READ_HOLDERS, "3NGMTTYPE1", NULL },
		  "ListWorkersWithQualificationType",
		  "{\"QualificationTypeId\":\"3NGMTTYPE1\",\"Status\":\"Granted\",\"MaxResults\":100}" },
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct platform_request request;
		struct err err;

		assert_int_equal(
			fixture->platform->class->write_read(fixture->platform, &cases[i].read, &request, &err), 0);
		expect_request(&request, cases[i].operation, cases[i].body);
		platform_request_finish(&request);
	}
}

static void test_session_and_clock(void **state)
{
	static char session[] = "FwoGZXIvYXdzEXAMPLE";
	struct config config;
	struct platform *platform = mturk_fixture_make(&config, session);
	const struct op op = mturk_sample_op(OP_BONUS);
	struct platform_request request;
	struct err err;

	(void)state;
	clock_set_sources(fake_wall_ms, NULL, NULL);
	((struct mturk *)platform)->skew_s = -3600;
	assert_int_equal(platform->class->write(platform, &op, &request, &err), 0);
	clock_set_sources(NULL, NULL, NULL);
	/* The server's time, not ours. */
	assert_string_equal(header_of(&request, "x-amz-date"), "20231114T211320Z");
	assert_string_equal(header_of(&request, "x-amz-security-token"), session);
	expect_signed(&request, true);
	platform_request_finish(&request);
	assert_null(request.headers);
	platform->class->free(platform);
}

static void test_no_keys(void **state)
{
	static char region[] = "us-east-1", url[] = "http://127.0.0.1:9/", nowhere[] = "no-such-profile";
	const struct config config = { .region = region, .endpoint = url, .sandbox = true, .profile = nowhere };
	const struct op op = mturk_sample_op(OP_BONUS);
	struct platform_request request;
	struct platform *platform;
	struct err err;

	(void)state;
	assert_int_equal(setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1), 0);
	assert_int_equal(setenv("AWS_CONFIG_FILE", "/nonexistent/config", 1), 0);
	platform = mturk_new(&config, &err);
	assert_non_null(platform);
	assert_int_equal(platform->class->write(platform, &op, &request, &err), -1);
	assert_int_equal(err.code, ERR_CREDENTIALS);
	assert_null(request.body);
	platform->class->free(platform);
}

static void test_keys_read_again(void **state)
{
	static char other[] = "AKIDNGMTOTHER";
	struct mturk_fixture *fixture = *state;
	const struct op op = mturk_sample_op(OP_BONUS);
	struct platform_request request;
	char source[160] = "";
	struct err err;

	assert_int_equal(fixture->platform->class->write(fixture->platform, &op, &request, &err), 0);
	platform_request_finish(&request);
	fixture->config.access_key_id = other;
	assert_int_equal(fixture->platform->class->reload(fixture->platform, source, &err), 0);
	assert_true(source[0] != '\0');
	assert_int_equal(fixture->platform->class->write(fixture->platform, &op, &request, &err), 0);
	assert_non_null(strstr(header_of(&request, "authorization"), "Credential=AKIDNGMTOTHER/"));
	platform_request_finish(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MTURK_TEST(test_operations),
		MTURK_TEST(test_feedback),
		MTURK_TEST(test_amounts),
		MTURK_TEST(test_notification),
		MTURK_TEST(test_refused),
		MTURK_TEST(test_no_token),
		MTURK_TEST(test_read_back),
		MTURK_TEST(test_reads),
		cmocka_unit_test(test_session_and_clock),
		cmocka_unit_test(test_no_keys),
		MTURK_TEST(test_keys_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
