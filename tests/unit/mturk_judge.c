/* SPDX-License-Identifier: MIT
 *
 * What MTurk's answers mean. Bodies as observed in production and collected in the project's facts about the API
 * (sections 1 to 3), with invented ids.
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
#include "utf8.h"

#define ERROR_BODY(type, message, code) \
	"{\"__type\":\"" type "\",\"Message\":\"" message "\",\"TurkErrorCode\":\"AWS.MechanicalTurk." code "\"}"
#define FRAMEWORK(type, message) "{\"__type\":\"" type "\",\"message\":\"" message "\"}"
#define NAMESPACE "com.amazonaws.mturk.requester#"
#define HTML "<html><body><h1>503 Service Unavailable</h1></body></html>"

static const struct {
	int status;
	const char *body;
	enum judged verdict;
	const char *outcome;
} answers[] = {
	/* done */
	{ 200, "{}", JUDGED_DONE, "paid" },
	{ 200, " {}\n", JUDGED_DONE, "paid" },
	/* an earlier attempt was executed */
	{ 400,
	  ERROR_BODY("RequestError",
		     "The idempotency token \\\"" TOKEN "\\\" has already been processed. (1624047673969)", "Whatever"),
	  JUDGED_DONE, "already-processed" },
	{ 400,
	  "{\"__type\":\"RequestError\",\"Message\":\"The idempotency token \\\"x\\\" has already been processed. (1 "
	  "s)\"}",
	  JUDGED_DONE, "already-processed" },
	{ 400, ERROR_BODY("RequestError", "", "DuplicateCall"), JUDGED_DONE, "already-processed" },
	{ 400, ERROR_BODY("RequestError", "", "duplicatecall"), JUDGED_DONE, "already-processed" },
	{ 400, ERROR_BODY("RequestError", "", "QualificationAlreadyExists"), JUDGED_DONE, "already-granted" },
	/* the state of the assignment */
	{ 400,
	  ERROR_BODY("RequestError", "This operation can be called with a status of: null (1624047673908)",
		     "InvalidAssignmentState"),
	  JUDGED_NOT_YET, "no-assignment" },
	{ 400,
	  ERROR_BODY("RequestError", "Assignment " A1 " does not exist. (1624047673908 s)", "AssignmentDoesNotExist"),
	  JUDGED_NOT_YET, "no-assignment" },
	{ 400, ERROR_BODY(NAMESPACE "RequestError", "Hit " H1 " does not exist. (1624047673969)", "HITDoesNotExist"),
	  JUDGED_REFUSED, "no-hit" },
	/* money */
	{ 400,
	  ERROR_BODY(
		  "RequestError",
		  "This Requester has insufficient funds in their account to complete this transaction."
		  " Please visit https://requester.mturk.com/prepayments/new to purchase Prepaid HITs. (1585151438622)",
		  "InsufficientFunds"),
	  JUDGED_NO_FUNDS, "no-funds" },
	{ 500, ERROR_BODY("RequestError", "", "InsufficientFunds"), JUDGED_NO_FUNDS, "no-funds" },
	/* refused for good */
	{ 400,
	  FRAMEWORK("ParameterValidationError",
		    "The value \\\"" W1 "\\\" is not valid for the parameter WorkerId. (1 s)"),
	  JUDGED_REFUSED, "refused" },
	{ 400, FRAMEWORK("ValidationException", "1 validation error detected: Value '0.9752' at 'bonusAmount' failed"),
	  JUDGED_REFUSED, "refused" },
	{ 400, ERROR_BODY("RequestError", "You have blocked this worker", "NobodyKnowsThisCode"), JUDGED_REFUSED,
	  "refused" },
	{ 400, FRAMEWORK("SerializationException", ""), JUDGED_REFUSED, "refused" },
	{ 404, FRAMEWORK("com.amazon.coral.service#UnknownOperationException", ""), JUDGED_REFUSED, "refused" },
	/* too fast */
	{ 400, FRAMEWORK("ThrottlingException", "Rate exceeded"), JUDGED_THROTTLED, "throttled" },
	{ 400, FRAMEWORK("com.amazon.coral.availability#ThrottlingException", "Rate exceeded"), JUDGED_THROTTLED,
	  "throttled" },
	{ 503, FRAMEWORK("RequestLimitExceeded", "Request limit exceeded."), JUDGED_THROTTLED, "throttled" },
	{ 503, FRAMEWORK("SlowDown", ""), JUDGED_THROTTLED, "throttled" },
	{ 503, FRAMEWORK("Whatever", "Rate exceeded"), JUDGED_THROTTLED, "throttled" },
	{ 429, "", JUDGED_THROTTLED, "throttled" },
	{ 429, HTML, JUDGED_THROTTLED, "throttled" },
	/* access */
	{ 403, FRAMEWORK("com.amazon.coral.service#AccessDeniedException", "User is not authorized"), JUDGED_NO_ACCESS,
	  "access-denied" },
	{ 400, FRAMEWORK("UnrecognizedClientException", "The security token included in the request is invalid."),
	  JUDGED_NO_ACCESS, "unknown-key" },
	{ 400, FRAMEWORK("InvalidSignatureException", "The request signature we calculated does not match"),
	  JUDGED_NO_ACCESS, "bad-signature" },
	{ 400, FRAMEWORK("ExpiredTokenException", "expired"), JUDGED_NO_ACCESS, "expired-token" },
	{ 403, "{\"Message\":\"Missing Authentication Token\",\"__type\":\"MissingAuthenticationTokenException\"}",
	  JUDGED_NO_ACCESS, "no-signature" },
	{ 400,
	  "{\"__type\":\"RequestError\",\"Message\":\"To use the MTurk API, you will need an Amazon Web Services (AWS)"
	  " Account. Your AWS account must be linked to your Amazon Mechanical Turk Account. (1624047673908)\"}",
	  JUDGED_NO_ACCESS, "not-linked" },
	/* the clock */
	{ 400,
	  FRAMEWORK("InvalidSignatureException",
		    "Signature expired: 20261123T115200Z is now earlier than 20261123T121500Z"),
	  JUDGED_CLOCK, "clock" },
	{ 400,
	  FRAMEWORK("InvalidSignatureException", "Signature not yet current: 20261123T115200Z is still later than"),
	  JUDGED_CLOCK, "clock" },
	{ 403, FRAMEWORK("RequestTimeTooSkewed", ""), JUDGED_CLOCK, "clock" },
	/* who knows */
	{ 500,
	  ERROR_BODY("ServiceFault", "temporarily unable to process your request. Try your call again", "ServiceFault"),
	  JUDGED_UNKNOWN, "fault" },
	{ 500, FRAMEWORK("InternalFailure", ""), JUDGED_UNKNOWN, "fault" },
	{ 500, ERROR_BODY("RequestError", "", "NobodyKnowsThisCode"), JUDGED_UNKNOWN, "no-answer" },
	/* a refusal is no refusal under another status */
	{ 500, FRAMEWORK("ValidationException", ""), JUDGED_UNKNOWN, "no-answer" },
	{ 302, ERROR_BODY("RequestError", "", "HITDoesNotExist"), JUDGED_UNKNOWN, "no-answer" },
	{ 500, "", JUDGED_UNKNOWN, "no-answer" },
	{ 502, HTML, JUDGED_UNKNOWN, "no-answer" },
	{ 503, HTML, JUDGED_UNKNOWN, "no-answer" },
	{ 504, "", JUDGED_UNKNOWN, "no-answer" },
	{ 505, "HTTP Version Not Supported", JUDGED_UNKNOWN, "no-answer" },
	{ 400, "", JUDGED_UNKNOWN, "no-answer" },
	{ 403, HTML, JUDGED_UNKNOWN, "no-answer" },
	{ 404, "{}", JUDGED_UNKNOWN, "no-answer" },
	{ 400, "[]", JUDGED_UNKNOWN, "no-answer" },
	{ 400, "{\"__type\":5,\"Message\":[]}", JUDGED_UNKNOWN, "no-answer" },
	{ 301, "", JUDGED_UNKNOWN, "no-answer" },
	{ 302, FRAMEWORK("RequestError", ""), JUDGED_UNKNOWN, "no-answer" },
	{ 202, "{}", JUDGED_UNKNOWN, "no-answer" },
	{ 204, "", JUDGED_UNKNOWN, "no-answer" },
	{ 200, "", JUDGED_UNKNOWN, "empty" },
	{ 200, HTML, JUDGED_UNKNOWN, "rubbish" },
	{ 200, "[]", JUDGED_UNKNOWN, "rubbish" },
	{ 200, "null", JUDGED_UNKNOWN, "rubbish" },
	{ 200, "\"ok\"", JUDGED_UNKNOWN, "rubbish" },
	{ 200, "{\"a\":1", JUDGED_UNKNOWN, "rubbish" },
	{ 200, "{}{}", JUDGED_UNKNOWN, "rubbish" },
	{ 200, "{\"a\":1,\"a\":2}", JUDGED_UNKNOWN, "rubbish" },
	{ 200, " ", JUDGED_UNKNOWN, "rubbish" },
};

static void judge(void **state, const struct op *op, const struct http_answer *answer, struct judgement *out)
{
	struct mturk_fixture *fixture = *state;

	*out = (struct judgement){ .verdict = (enum judged)99 };
	fixture->platform->class->judge(fixture->platform, op, answer, out);
	assert_non_null(out->outcome);
	assert_true(out->why[0] != '\0');
	assert_null(strstr(out->why, "(1624"));
}

static void test_answers(void **state)
{
	struct op op = mturk_sample_op(OP_BONUS);

	/* An earlier attempt is in doubt: only then can "already processed" be about it. */
	op.doubtful = true;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct http_answer answer = mturk_answer(answers[i].status, answers[i].body);
		struct judgement out;

		judge(state, &op, &answer, &out);
		if (out.verdict != answers[i].verdict || strcmp(out.outcome, answers[i].outcome) != 0)
			fail_msg("%d %s: %d %s (%s)", answers[i].status, answers[i].body, (int)out.verdict, out.outcome,
				 out.why);
	}
}

static void test_words_for_success(void **state)
{
	static const char *const words[OP_KINDS] = { "approved", "rejected", "paid", "granted" };
	const struct http_answer answer = mturk_answer(200, "{}");

	for (int kind = 0; kind < OP_NOTIFY; kind++) {
		const struct op op = mturk_sample_op((enum op_kind)kind);
		struct judgement out;

		judge(state, &op, &answer, &out);
		assert_int_equal(out.verdict, JUDGED_DONE);
		assert_string_equal(out.outcome, words[kind]);
	}
}

/* Nothing of ours was executed, so another daemon of the same account paid: under the same token, but who knows how
 * much. */
static void test_processed_by_another(void **state)
{
	const struct http_answer answer = mturk_answer(400, ERROR_BODY("RequestError", "", "DuplicateCall"));
	static const enum judged verdicts[OP_KINDS] = { JUDGED_DONE, JUDGED_DONE, JUDGED_LOOK, JUDGED_DONE };

	for (int kind = 0; kind < OP_NOTIFY; kind++) {
		const struct op op = mturk_sample_op((enum op_kind)kind);
		struct judgement out;

		judge(state, &op, &answer, &out);
		assert_int_equal(out.verdict, verdicts[kind]);
	}
}

/* A 200 that carries an error is not a success. */
static void test_error_with_200(void **state)
{
	const struct http_answer answer = mturk_answer(200, ERROR_BODY("RequestError", "", "InsufficientFunds"));
	const struct op op = mturk_sample_op(OP_BONUS);
	struct judgement out;

	judge(state, &op, &answer, &out);
	assert_int_not_equal(out.verdict, JUDGED_DONE);
}

static void test_wrong_state(void **state)
{
	const struct http_answer answer =
		mturk_answer(400, ERROR_BODY("RequestError",
					     "This operation can be called with a status of: Submitted (1624047673908)",
					     "InvalidAssignmentState"));
	static const enum judged verdicts[OP_KINDS] = { JUDGED_LOOK, JUDGED_LOOK, JUDGED_PERSON, JUDGED_PERSON };

	for (int kind = 0; kind < OP_NOTIFY; kind++) {
		const struct op op = mturk_sample_op((enum op_kind)kind);
		struct judgement out;

		judge(state, &op, &answer, &out);
		assert_int_equal(out.verdict, verdicts[kind]);
	}
}

static void test_headers_speak_too(void **state)
{
	const struct op op = mturk_sample_op(OP_BONUS);
	struct http_answer answer = mturk_answer(400, "");
	struct judgement out;

	/* botocore's order: query error, type in the body, type in the header. */
	answer.query_error = "ThrottlingException;Sender";
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_THROTTLED);
	answer = mturk_answer(400, FRAMEWORK("ValidationException", "no"));
	answer.query_error = "RequestLimitExceeded;Sender";
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_THROTTLED);
	answer = mturk_answer(403, HTML);
	answer.error_type = "AccessDeniedException:http://internal.amazon.com/coral/com.amazon.coral.service/";
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_NO_ACCESS);
	answer = mturk_answer(400, FRAMEWORK("ValidationException", "no"));
	answer.error_type = "ThrottlingException";
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_REFUSED);
	/* MTurk's own code says more than a type. */
	answer = mturk_answer(400, ERROR_BODY("RequestError", "", "InsufficientFunds"));
	answer.query_error = "RequestError;Sender";
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_NO_FUNDS);
}

static void test_no_answer(void **state)
{
	const struct op op = mturk_sample_op(OP_BONUS);
	struct http_answer answer = mturk_answer(0, "");
	struct judgement out;

	answer.outcome = HTTP_NOT_SENT;
	answer.error = "Could not resolve host";
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_AGAIN);
	assert_non_null(strstr(out.why, "nothing was sent: Could not resolve host"));
	answer.outcome = HTTP_UNKNOWN;
	answer.error = "Connection reset by peer";
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_UNKNOWN);
	assert_non_null(strstr(out.why, "Connection reset by peer"));
}

static void test_sentences(void **state)
{
	static const struct {
		const char *body, *why;
	} cases[] = {
		{ FRAMEWORK("ParameterValidationError", "The value \\\"x\\\" is not valid. (1585151438622 s)"),
		  "MTurk does not take a value; no money moved; correct the value that it names; compare the id with"
		  " MTurk's; sandbox and live have different ones (MTurk says: The value \"x\" is not valid.)" },
		{ ERROR_BODY("RequestError", "", "DuplicateCall"), "an earlier attempt had been executed" },
		{ ERROR_BODY("RequestError", "Assignment does not exist. (1 s)", "AssignmentDoesNotExist"),
		  "MTurk does not know the assignment (yet); no money moved; ngmtd tries again; if it stays so, compare"
		  " the id with MTurk's; sandbox and live have different ones (MTurk says: Assignment does not"
		  " exist.)" },
		{ ERROR_BODY("RequestError", "A (good) reason (1585151438622)", "SomeCode"),
		  "MTurk refused it: SomeCode: A (good) reason; no money moved" },
		{ ERROR_BODY("RequestError", "(5)", "SomeCode"), "MTurk refused it: SomeCode: (5); no money moved" },
		{ ERROR_BODY("RequestError", "of five (5", "SomeCode"),
		  "MTurk refused it: SomeCode: of five; no money moved" },
		{ ERROR_BODY("RequestError", "", "SomeCode"), "MTurk refused it: SomeCode; no money moved" },
	};
	struct op op = mturk_sample_op(OP_BONUS);

	op.doubtful = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct http_answer answer = mturk_answer(400, cases[i].body);
		struct judgement out;

		judge(state, &op, &answer, &out);
		assert_string_equal(out.why, cases[i].why);
	}
}

/* Every row of the catalogue: its verdict, its word, and a sentence that says whether something was done, whole however
 * much MTurk adds. */
static void test_catalogue(void **state)
{
	static const struct {
		const char *code;
		enum judged verdict;
		const char *outcome, *sentence, *advice;
	} rows[] = {
#define ERROR(code, verdict, outcome, sentence, advice) { code, verdict, outcome, sentence, advice },
#include "mturk_errors.def"
#undef ERROR
	};
	static const char *const words[] = { "no money moved", "nothing was done", "nothing was granted",
					     "being found out", "had been executed", "had the qualification" };
	struct op op = mturk_sample_op(OP_APPROVE);

	op.doubtful = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_answer answer;
		struct judgement out;
		char body[700];
		size_t word = 0;

		(void)snprintf(body, sizeof(body),
			       "{\"__type\":\"RequestError\",\"Message\":\"%0180d\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac"
			       "\u20ac\","
			       "\"TurkErrorCode\":\"AWS.MechanicalTurk.%s\"}",
			       0, rows[i].code);
		answer = mturk_answer(400, body);
		judge(state, &op, &answer, &out);
		assert_int_equal(out.verdict, rows[i].verdict);
		assert_string_equal(out.outcome, rows[i].outcome);
		assert_ptr_equal(strstr(out.why, rows[i].sentence), out.why);
		assert_non_null(strstr(out.why, rows[i].advice));
		assert_non_null(strstr(out.why, " (MTurk says: 0000000000"));
		assert_int_equal(utf8_first_invalid(out.why, strlen(out.why)), strlen(out.why));
		while (word < sizeof(words) / sizeof(words[0]) && !strstr(rows[i].sentence, words[word]))
			word++;
		if (word == sizeof(words) / sizeof(words[0]))
			fail_msg("%s does not say what became of it: %s", rows[i].code, rows[i].sentence);
	}
}

static void test_long_texts(void **state)
{
	const struct op op = mturk_sample_op(OP_BONUS);
	char *body = malloc(70000), *filler = malloc(60001);
	struct http_answer answer;
	struct judgement out;

	memset(filler, 'x', 60000);
	filler[60000] = '\0';
	(void)snprintf(body, 70000, "{\"__type\":\"%.500s\",\"Message\":\"%s\"}", filler, filler);
	answer = mturk_answer(400, body);
	judge(state, &op, &answer, &out);
	assert_int_equal(out.verdict, JUDGED_REFUSED);
	assert_true(strlen(out.why) < sizeof(out.why));
	free(body);
	free(filler);
}

/* Reading back. */

static void read_back(void **state, enum op_kind kind, int64_t twins, int status, const char *body,
		      struct judgement *out)
{
	struct mturk_fixture *fixture = *state;
	const struct op op = mturk_sample_op(kind);
	const struct http_answer answer = mturk_answer(status, body);

	*out = (struct judgement){ .verdict = (enum judged)99 };
	fixture->platform->class->judge_read_back(fixture->platform, &op, twins, &answer, out);
}

#define DECIDED(status) "{\"Assignment\":{\"AssignmentId\":\"" A1 "\",\"AssignmentStatus\":\"" status "\"}}"
#define TIMED(approved, auto_approval) \
	"{\"Assignment\":{\"AssignmentId\":\"" A1 "\",\"AssignmentStatus\":\"Approved\",\"ApprovalTime\":" approved \
	",\"AutoApprovalTime\":" auto_approval "}}"
#define PAYMENT_FOR(worker, amount, reason) \
	"{\"WorkerId\":\"" worker "\",\"BonusAmount\":\"" amount "\",\"AssignmentId\":\"" A1 "\",\"Reason\":\"" reason \
	"\",\"GrantTime\":1.6E9}"
#define PAYMENT(worker, amount) PAYMENT_FOR(worker, amount, "Thank you")

static void test_read_back(void **state)
{
	static const struct {
		enum op_kind kind;
		int status;
		const char *body;
		int64_t twins;
		enum judged verdict;
	} cases[] = {
		{ OP_APPROVE, 200, DECIDED("Approved"), 0, JUDGED_DONE },
		{ OP_APPROVE, 200, DECIDED("Submitted"), 0, JUDGED_NOTHING },
		{ OP_APPROVE, 200, DECIDED("Rejected"), 0, JUDGED_REFUSED },
		{ OP_APPROVE, 200, DECIDED("approved"), 0, JUDGED_UNKNOWN },
		{ OP_APPROVE, 200, "{\"Assignment\":{}}", 0, JUDGED_UNKNOWN },
		{ OP_APPROVE, 200, "{}", 0, JUDGED_UNKNOWN },
		{ OP_APPROVE, 200, "", 0, JUDGED_UNKNOWN },
		{ OP_REJECT, 200, DECIDED("Rejected"), 0, JUDGED_DONE },
		{ OP_REJECT, 200, DECIDED("Submitted"), 0, JUDGED_NOTHING },
		{ OP_REJECT, 200, DECIDED("Approved"), 0, JUDGED_REFUSED },
		{ OP_APPROVE, 503, HTML, 0, JUDGED_UNKNOWN },
		{ OP_APPROVE, 400, FRAMEWORK("ThrottlingException", "Rate exceeded"), 0, JUDGED_THROTTLED },
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT(W1, "1.50") "]}", 0, JUDGED_DONE },
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT(W1, "1.5") "]}", 0, JUDGED_DONE },
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT(W2, "1.50") "," PAYMENT(W1, "1.50") "]}", 0,
		  JUDGED_DONE },
		/* Another operation accounts for one of them. */
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT(W1, "1.50") "]}", 1, JUDGED_PERSON },
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT(W1, "1.50") "," PAYMENT(W1, "1.50") "]}", 1,
		  JUDGED_DONE },
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT_FOR(W1, "1.50", "by hand") "]}", 0, JUDGED_PERSON },
		/* Not found is never "not executed": a person decides. */
		{ OP_BONUS, 200, "{\"BonusPayments\":[]}", 0, JUDGED_PERSON },
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT(W2, "1.50") "]}", 0, JUDGED_PERSON },
		{ OP_BONUS, 200, "{\"BonusPayments\":[" PAYMENT(W1, "1.51") "]}", 0, JUDGED_PERSON },
		{ OP_BONUS, 200, "{\"BonusPayments\":[5,null,{}]}", 0, JUDGED_PERSON },
		{ OP_BONUS, 200, "{}", 0, JUDGED_UNKNOWN },
		{ OP_BONUS, 200, "", 0, JUDGED_UNKNOWN },
		{ OP_BONUS, 200, "{\"BonusPayments\":{}}", 0, JUDGED_UNKNOWN },
		{ OP_BONUS, 500, "", 0, JUDGED_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct judgement out;

		read_back(state, cases[i].kind, cases[i].twins, cases[i].status, cases[i].body, &out);
		if (out.verdict != cases[i].verdict)
			fail_msg("case %zu: %d (%s)", i, (int)out.verdict, out.why);
	}
}

static void test_how_it_was_decided(void **state)
{
	static const struct {
		enum op_kind kind;
		const char *body, *outcome;
	} cases[] = {
		{ OP_APPROVE, DECIDED("Approved"), "already-approved" },
		{ OP_REJECT, DECIDED("Rejected"), "already-rejected" },
		{ OP_APPROVE, TIMED("16.9", "17.5"), "already-approved" },
		{ OP_APPROVE, TIMED("17.5", "17"), "auto-approved" },
		{ OP_APPROVE, TIMED("1.7E9", "1.7E9"), "auto-approved" },
		{ OP_APPROVE, TIMED("null", "1.7E9"), "already-approved" },
		{ OP_APPROVE, TIMED("1.7E9", "\"x\""), "already-approved" },
		{ OP_REJECT, DECIDED("Approved"), "decided-otherwise" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct judgement out;

		read_back(state, cases[i].kind, 0, 200, cases[i].body, &out);
		assert_string_equal(out.outcome, cases[i].outcome);
	}
}

/* However a question is answered, an error is no proof of payment. */
static void test_errors_prove_nothing(void **state)
{
	static const char *const bodies[] = {
		ERROR_BODY("RequestError", "", "DuplicateCall"),
		ERROR_BODY("RequestError", "", "QualificationAlreadyExists"),
		"{\"__type\":\"RequestError\",\"Message\":\"The idempotency token \\\"x\\\" has already been "
		"processed.\"}",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct judgement out;

		read_back(state, OP_BONUS, 0, 400, bodies[i], &out);
		assert_int_not_equal(out.verdict, JUDGED_DONE);
		assert_int_not_equal(out.verdict, JUDGED_NOTHING);
		read_back(state, OP_APPROVE, 0, 400, bodies[i], &out);
		assert_int_not_equal(out.verdict, JUDGED_DONE);
	}
}

/* The clock. */

static int64_t fake_wall_ms(void)
{
	return INT64_C(1700000000000); /* 2023-11-14T22:13:20Z */
}

static void test_skew(void **state)
{
	static const struct {
		const char *date;
		int64_t elapsed_ms;
		enum http_outcome outcome;
		int64_t skew_s;
	} cases[] = {
		{ "Tue, 14 Nov 2023 22:28:20 GMT", 50, HTTP_ANSWERED, 900 },
		{ "", 50, HTTP_ANSWERED, 900 },
		{ "yesterday", 50, HTTP_ANSWERED, 900 },
		{ "Tue, 14 Nov 2023 22:13:20 GMT", 20000, HTTP_ANSWERED, 900 }, /* too slow to tell */
		{ "Tue, 14 Nov 2023 22:13:20 GMT", 50, HTTP_UNKNOWN, 900 },
		{ "Tue, 14 Nov 2023 21:13:20 GMT", 50, HTTP_ANSWERED, -3600 },
		{ "Tue, 14 Nov 2023 22:13:24 GMT", 50, HTTP_ANSWERED, 0 }, /* as good as ours */
	};
	struct mturk_fixture *fixture = *state;
	const struct mturk *mturk = (const struct mturk *)fixture->platform;
	const struct op op = mturk_sample_op(OP_BONUS);

	clock_set_sources(fake_wall_ms, NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer = mturk_answer(200, "{}");
		struct judgement out;

		answer.date = cases[i].date;
		answer.elapsed_ms = cases[i].elapsed_ms;
		answer.outcome = cases[i].outcome;
		judge(state, &op, &answer, &out);
		assert_int_equal(mturk->skew_s, cases[i].skew_s);
	}
	clock_set_sources(NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MTURK_TEST(test_answers),
		MTURK_TEST(test_words_for_success),
		MTURK_TEST(test_error_with_200),
		MTURK_TEST(test_wrong_state),
		MTURK_TEST(test_headers_speak_too),
		MTURK_TEST(test_no_answer),
		MTURK_TEST(test_sentences),
		MTURK_TEST(test_long_texts),
		MTURK_TEST(test_catalogue),
		MTURK_TEST(test_read_back),
		MTURK_TEST(test_how_it_was_decided),
		MTURK_TEST(test_errors_prove_nothing),
		MTURK_TEST(test_skew),
		MTURK_TEST(test_processed_by_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
