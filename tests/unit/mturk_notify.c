/* SPDX-License-Identifier: MIT
 *
 * NotifyWorkers: the request, and what its answers prove.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mturk_fixture.h"

#define FAILURES(list) "{\"NotifyWorkersFailureStatuses\":" list "}"
#define FAILURE(code, message, worker)                                                                    \
	"{\"NotifyWorkersFailureCode\":\"" code "\",\"NotifyWorkersFailureMessage\":\"" message           \
	"\",\"WorkerId\":\"" worker "\"}"
#define NO_WORK "Cannot send a notification to a worker who has not done any work for you"
#define ERROR_BODY(message, code) \
	"{\"__type\":\"RequestError\",\"Message\":\"" message "\",\"TurkErrorCode\":\"AWS.MechanicalTurk." code "\"}"

static struct op notification(void)
{
	static char subject[] = "Hello", text[] = "Gr\303\274\303\237e,\n\"you\"";
	static char workers[] = "[\"" W1 "\",\"" W2 "\"]";
	struct op op = mturk_sample_op(OP_NOTIFY);

	op.assignment_id = op.worker_id = op.hit_id = NULL;
	op.subject = subject;
	op.text = text;
	op.workers = workers;
	return op;
}

static void test_request(void **state)
{
	struct mturk_fixture *fixture = *state;
	const struct platform_class *class = fixture->platform->class;
	struct platform_request request = { 0 };
	struct op op = notification();
	struct err err;

	assert_int_equal(class->write(fixture->platform, &op, &request, &err), 0);
	assert_string_equal(request.body,
			    "{\"Subject\":\"Hello\",\"MessageText\":\"Gr\303\274\303\237e,\\n\\\"you\\\"\","
			    "\"WorkerIds\":[\"" W1 "\",\"" W2 "\"]}");
	platform_request_finish(&request);
	/* Nobody is left to be told: there is no such request. */
	op.workers = NULL;
	assert_int_equal(class->write(fixture->platform, &op, &request, &err), -1);
	assert_int_equal(err.code, ERR_PLATFORM);
	op = notification();
	op.subject = NULL;
	assert_int_equal(class->write(fixture->platform, &op, &request, &err), -1);
	op = notification();
	op.text = NULL;
	assert_int_equal(class->write(fixture->platform, &op, &request, &err), -1);
}

static void test_judged(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum judged verdict;
	} cases[] = {
		{ 200, FAILURES("[]"), JUDGED_DONE },
		{ 200, FAILURES("[" FAILURE("HardFailure", NO_WORK, W2) "]"), JUDGED_DONE },
		{ 200, FAILURES("[" FAILURE("SoftFailure", "x", W1) "," FAILURE("HardFailure", "y", W2) "]"),
		  JUDGED_DONE },
		{ 200, FAILURES("[{\"WorkerId\":\"" W1 "\"}]"), JUDGED_DONE },
		/* a success that proves nothing */
		{ 200, "", JUDGED_UNKNOWN },
		{ 200, "{}", JUDGED_UNKNOWN },
		{ 200, "[]", JUDGED_UNKNOWN },
		{ 200, FAILURES("null"), JUDGED_UNKNOWN },
		{ 200, FAILURES("{}"), JUDGED_UNKNOWN },
		{ 200, FAILURES("\"none\""), JUDGED_UNKNOWN },
		{ 200, FAILURES("[null]"), JUDGED_UNKNOWN },
		{ 200, FAILURES("[{}]"), JUDGED_UNKNOWN },
		{ 200, FAILURES("[[]]"), JUDGED_UNKNOWN },
		{ 200, FAILURES("[{\"WorkerId\":7}]"), JUDGED_UNKNOWN },
		{ 200, FAILURES("[" FAILURE("HardFailure", "x", "A1NGMT0000009X") "]"), JUDGED_UNKNOWN },
		{ 200, FAILURES("["), JUDGED_UNKNOWN },
		{ 200, "<html></html>", JUDGED_UNKNOWN },
		{ 200, "{\"__type\":\"RequestError\"}", JUDGED_UNKNOWN },
		/* lost */
		{ 500, FAILURES("[]"), JUDGED_UNKNOWN },
		{ 500, "{\"__type\":\"ServiceFault\"}", JUDGED_UNKNOWN },
		{ 503, "", JUDGED_UNKNOWN },
		{ 502, "<html></html>", JUDGED_UNKNOWN },
		/* what no notification can mean */
		{ 400, ERROR_BODY("The idempotency token x has already been processed.", "Whatever"), JUDGED_UNKNOWN },
		{ 400, ERROR_BODY("", "DuplicateRequest"), JUDGED_UNKNOWN },
		{ 400, ERROR_BODY("", "InvalidAssignmentState"), JUDGED_REFUSED },
		{ 400, ERROR_BODY("", "AssignmentDoesNotExist"), JUDGED_REFUSED },
		/* certainly not executed */
		{ 400, "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}", JUDGED_THROTTLED },
		{ 429, "", JUDGED_THROTTLED },
		{ 400, "{\"__type\":\"AccessDeniedException\"}", JUDGED_NO_ACCESS },
		{ 400, "{\"__type\":\"ExpiredTokenException\"}", JUDGED_NO_ACCESS },
		{ 400, "{\"__type\":\"ParameterValidationError\",\"message\":\"too long\"}", JUDGED_REFUSED },
		{ 400, ERROR_BODY("no", "Whatever"), JUDGED_REFUSED },
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer = mturk_answer(cases[i].status, cases[i].body);
		struct op op = notification();
		struct judgement judgement;

		fixture->platform->class->judge(fixture->platform, &op, &answer, &judgement);
		if (judgement.verdict != cases[i].verdict)
			fail_msg("%d %s: %d (%s)", cases[i].status, cases[i].body, (int)judgement.verdict,
				 judgement.why);
	}
}

static void test_not_answered(void **state)
{
	struct mturk_fixture *fixture = *state;
	struct http_answer answer = mturk_answer(0, "");
	struct op op = notification();
	struct judgement judgement;

	answer.outcome = HTTP_NOT_SENT;
	fixture->platform->class->judge(fixture->platform, &op, &answer, &judgement);
	assert_int_equal(judgement.verdict, JUDGED_AGAIN);
	answer.outcome = HTTP_UNKNOWN;
	fixture->platform->class->judge(fixture->platform, &op, &answer, &judgement);
	assert_int_equal(judgement.verdict, JUDGED_UNKNOWN);
	/* However old it is: nothing but a person knows. */
	assert_int_equal(fixture->platform->class->doubt(&op, 0), DOUBT_PERSON);
	assert_int_equal(fixture->platform->class->doubt(&op, INT64_MAX), DOUBT_PERSON);
}

static void on_refusal(void *arg, const struct platform_refusal *refusal)
{
	char *text = arg;
	size_t at = strlen(text);

	(void)snprintf(text + at, 1000 - at, "%s|%s|%d;", refusal->worker_id, refusal->why, refusal->may_pass);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *body, *refusals;
	} cases[] = {
		{ FAILURES("[]"), "" },
		{ FAILURES("[" FAILURE("HardFailure", NO_WORK, W2) "]"), W2 "|MTurk says: " NO_WORK "|0;" },
		{ FAILURES("[" FAILURE("SoftFailure", "busy", W1) "," FAILURE("HardFailure", "no", W2) "]"),
		  W1 "|MTurk says: busy (later it may work)|1;" W2 "|MTurk says: no|0;" },
		{ FAILURES("[{\"WorkerId\":\"" W1 "\"}]"), W1 "|MTurk says: no reason given|0;" },
		{ FAILURES("[null,7,{}]"), "" },
		{ "{}", "" },
		{ "", "" },
		{ "rubbish", "" },
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer = mturk_answer(200, cases[i].body);
		char text[1000] = "";

		fixture->platform->class->each_refusal(&answer, on_refusal, text);
		assert_string_equal(text, cases[i].refusals);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MTURK_TEST(test_request),
		MTURK_TEST(test_judged),
		MTURK_TEST(test_not_answered),
		MTURK_TEST(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
