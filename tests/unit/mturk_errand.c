/* SPDX-License-Identifier: MIT
 *
 * Requests about HITs, qualification types and workers: bodies, and what answers mean. Messages as collected in the
 * project's facts about the API (sections 2 and 3), with invented ids.
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

#define NOW_S INT64_C(1700000000)
#define NEW_HIT "3NGMTHIT00009"
#define NEW_TYPE "3NGMTQUAL9"
#define ERROR_BODY(message, code) \
	"{\"__type\":\"RequestError\",\"Message\":\"" message "\",\"TurkErrorCode\":\"AWS.MechanicalTurk." code "\"}"
#define PROCESSED ERROR_BODY("The idempotency token \\\"x\\\" has already been processed. (1624047673969)", "Whatever")
#define HIT_EXISTS(code) ERROR_BODY("The HIT with ID \\\"" NEW_HIT "\\\" already exists. (1624047673969)", code)

static int64_t fake_wall_ms(void)
{
	return NOW_S * 1000 + 999;
}

static struct op make_op(enum op_kind kind)
{
	static char name[] = "Veterans", definition[] = "{\"description\":\"Took part\",\"keywords\":\"lab\"}";
	struct op op = mturk_sample_op(kind);

	op.created_s = NOW_S - 5;
	op.first_sent_s = NOW_S - 4;
	if (kind == OP_EXTEND_HIT)
		op.amount_minor = 700;
	if (kind == OP_CREATE_TYPE) {
		op.subject = name;
		op.text = definition;
	}
	return op;
}

static void expect_request(struct platform *platform, const struct op *op, const char *target, const char *body)
{
	struct platform_request request;
	char full[100];
	struct err err = { 0 };
	bool is_aimed = false;

	if (platform->class->write(platform, op, &request, &err) < 0)
		fail_msg("%s", err.message);
	(void)snprintf(full, sizeof(full), "x-amz-target: MTurkRequesterServiceV20170117.%s", target);
	for (char **header = request.headers; *header; header++)
		is_aimed = is_aimed || strcmp(*header, full) == 0;
	if (!is_aimed)
		fail_msg("not %s", target);
	assert_string_equal(request.body, body);
	platform_request_finish(&request);
}

static void test_bodies(void **state)
{
	static const struct {
		enum op_kind kind;
		const char *target, *body;
	} cases[] = {
		{ OP_EXTEND_HIT, "CreateAdditionalAssignmentsForHIT",
		  "{\"HITId\":\"" H1 "\",\"NumberOfAdditionalAssignments\":7,\"UniqueRequestToken\":\"" TOKEN "\"}" },
		{ OP_EXPIRE_HIT, "UpdateExpirationForHIT", "{\"HITId\":\"" H1 "\",\"ExpireAt\":7}" },
		{ OP_DELETE_HIT, "DeleteHIT", "{\"HITId\":\"" H1 "\"}" },
		{ OP_CREATE_TYPE, "CreateQualificationType",
		  "{\"Name\":\"Veterans\",\"Keywords\":\"lab\",\"Description\":\"Took part\","
		  "\"QualificationTypeStatus\":\"Active\"}" },
		{ OP_REVOKE, "DisassociateQualificationFromWorker",
		  "{\"WorkerId\":\"" W1 "\",\"QualificationTypeId\":\"3NGMTQUAL1\",\"Reason\":\"Thank you\"}" },
		{ OP_BLOCK, "CreateWorkerBlock", "{\"WorkerId\":\"" W1 "\",\"Reason\":\"Thank you\"}" },
		{ OP_UNBLOCK, "DeleteWorkerBlock", "{\"WorkerId\":\"" W1 "\",\"Reason\":\"Thank you\"}" },
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct op op = make_op(cases[i].kind);

		expect_request(fixture->platform, &op, cases[i].target, cases[i].body);
	}
}

static void test_optional_reason(void **state)
{
	struct mturk_fixture *fixture = *state;
	struct op op = make_op(OP_REVOKE);

	op.text = NULL;
	expect_request(fixture->platform, &op, "DisassociateQualificationFromWorker",
		       "{\"WorkerId\":\"" W1 "\",\"QualificationTypeId\":\"3NGMTQUAL1\"}");
	op.kind = OP_UNBLOCK;
	expect_request(fixture->platform, &op, "DeleteWorkerBlock", "{\"WorkerId\":\"" W1 "\"}");
}

static int64_t expiry_of(struct platform *platform, const struct op *op)
{
	struct platform_request request;
	struct json_object *body;
	struct err err;
	int64_t at = -1;

	assert_int_equal(platform->class->write(platform, op, &request, &err), 0);
	body = json_parse(request.body, strlen(request.body), &err);
	assert_true(json_get_int(body, "ExpireAt", &at));
	json_object_put(body);
	platform_request_finish(&request);
	return at;
}

/* Each wish has a moment of its own, or MTurk would take the second one within a day for the first; and none is to
 * come. */
static void test_expire_now(void **state)
{
	static char other[] = "OTHER";
	struct mturk_fixture *fixture = *state;
	struct op op = make_op(OP_EXPIRE_HIT);
	int64_t at;

	op.integer_value = 0;
	at = expiry_of(fixture->platform, &op);
	assert_in_range(at, 1, 1000000000);
	op.created_s += 77;
	assert_int_equal(expiry_of(fixture->platform, &op), at);
	op.token = other;
	assert_int_not_equal(expiry_of(fixture->platform, &op), at);
	assert_in_range(expiry_of(fixture->platform, &op), 1, 1000000000);
}

/* An end that was to be later, and is past by the time it may leave, would end the HIT at once. */
static void test_end_that_is_past(void **state)
{
	static const struct {
		int64_t end_s;
		bool doubtful, leaves;
	} cases[] = { { NOW_S + 60, false, true }, { NOW_S, false, false }, { NOW_S - 60, false, false },
		      { NOW_S - 60, true, true },  { 0, false, true } };
	struct mturk_fixture *fixture = *state;
	struct http_answer answer = mturk_answer(200, "{}");
	struct op op = make_op(OP_EXPIRE_HIT);
	struct judgement out;

	answer.date = "Tue, 14 Nov 2023 22:13:20 GMT";
	fixture->platform->class->judge(fixture->platform, &op, &answer, &out);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct platform_request request = { 0 };
		struct err err = { 0 };

		op.integer_value = cases[i].end_s;
		op.doubtful = cases[i].doubtful;
		assert_int_equal(fixture->platform->class->write(fixture->platform, &op, &request, &err) == 0,
				 cases[i].leaves);
		if (!cases[i].leaves)
			assert_non_null(strstr(err.message, "past by now"));
		platform_request_finish(&request);
	}
}

static void test_incomplete(void **state)
{
	static const struct {
		enum op_kind kind;
		bool hit, worker, type, text, subject, token, amount, value;
	} lacks[] = {
		{ OP_CREATE_HIT, .text = true },      { OP_CREATE_HIT, .token = true },
		{ OP_CREATE_HIT, .amount = true },    { OP_EXTEND_HIT, .hit = true },
		{ OP_EXTEND_HIT, .token = true },     { OP_EXTEND_HIT, .amount = true },
		{ OP_EXTEND_HIT, .value = true },     { OP_EXPIRE_HIT, .hit = true },
		{ OP_EXPIRE_HIT, .token = true },     { OP_DELETE_HIT, .hit = true },
		{ OP_CREATE_TYPE, .text = true },     { OP_CREATE_TYPE, .subject = true },
		{ OP_REVOKE, .worker = true },        { OP_REVOKE, .type = true },
		{ OP_BLOCK, .worker = true },         { OP_BLOCK, .text = true },
		{ OP_UNBLOCK, .worker = true },
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		struct op op = make_op(lacks[i].kind);
		struct platform_request request;
		struct err err;

		op.hit_id = lacks[i].hit ? NULL : op.hit_id;
		op.worker_id = lacks[i].worker ? NULL : op.worker_id;
		op.qualification_type_id = lacks[i].type ? NULL : op.qualification_type_id;
		op.text = lacks[i].text ? NULL : op.text;
		op.subject = lacks[i].subject ? NULL : op.subject;
		op.token = lacks[i].token ? NULL : op.token;
		op.amount_minor = lacks[i].amount ? 0 : op.amount_minor;
		op.integer_value = lacks[i].value ? 0 : op.integer_value;
		if (fixture->platform->class->write(fixture->platform, &op, &request, &err) == 0)
			fail_msg("case %zu was written: %s", i, request.body);
		assert_int_equal(err.code, ERR_PLATFORM);
		assert_non_null(strstr(err.message, "nothing was sent"));
	}
}

static void test_odd_types(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{}", "{\"description\":\"\"}", "{\"description\":7}" };
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct op op = make_op(OP_CREATE_TYPE);
		struct platform_request request;
		char *text = strdup(texts[i]);
		struct err err;

		op.text = text;
		assert_int_equal(fixture->platform->class->write(fixture->platform, &op, &request, &err), -1);
		assert_int_equal(err.code, ERR_PLATFORM);
		free(text);
	}
}

enum doubts { SURE = 1, DOUBTFUL = 2, EITHER = 3 };

static const struct answer_case {
	enum op_kind kind;
	enum doubts doubts;
	int status;
	const char *body;
	enum judged verdict;
	const char *outcome, *id;
} answers[] = {
	/* created, now or by an earlier attempt */
	{ OP_CREATE_HIT, EITHER, 200, "{\"HIT\":{\"HITId\":\"" NEW_HIT "\"}}", JUDGED_DONE, "created", NEW_HIT },
	{ OP_CREATE_HIT, EITHER, 400, HIT_EXISTS("HitAlreadyExists"), JUDGED_DONE, "already-created", NEW_HIT },
	{ OP_CREATE_HIT, EITHER, 400, HIT_EXISTS("HITAlreadyExists"), JUDGED_DONE, "already-created", NEW_HIT },
	{ OP_CREATE_HIT, EITHER, 400, HIT_EXISTS("NobodyKnowsThisCode"), JUDGED_DONE, "already-created", NEW_HIT },
	{ OP_CREATE_HIT, EITHER, 400, ERROR_BODY("", "HitAlreadyExists"), JUDGED_DONE, "already-created", "" },
	{ OP_CREATE_HIT, EITHER, 400, PROCESSED, JUDGED_DONE, "already-created", "" },
	/* an answer without the id proves nothing, nor does an id that is none */
	{ OP_CREATE_HIT, EITHER, 200, "{}", JUDGED_UNKNOWN, "rubbish", "" },
	{ OP_CREATE_HIT, EITHER, 200, "{\"HIT\":{\"HITId\":\"\"}}", JUDGED_UNKNOWN, "rubbish", "" },
	{ OP_CREATE_HIT, EITHER, 200, "{\"HIT\":{\"HITId\":\"3X; DROP\"}}", JUDGED_UNKNOWN, "rubbish", "" },
	{ OP_CREATE_HIT, EITHER, 200, "{\"HIT\":7}", JUDGED_UNKNOWN, "rubbish", "" },
	{ OP_CREATE_HIT, EITHER, 200,
	  "{\"HIT\":{\"HITId\":\"333333333333333333333333333333333333333333333333333333333333333333333333\"}}",
	  JUDGED_UNKNOWN, "rubbish", "" },
	{ OP_CREATE_HIT, EITHER, 200, "", JUDGED_UNKNOWN, "empty", "" },
	{ OP_CREATE_HIT, EITHER, 500, HIT_EXISTS("NobodyKnowsThisCode"), JUDGED_UNKNOWN, "no-answer", "" },
	{ OP_CREATE_HIT, EITHER, 400, ERROR_BODY("", "InsufficientFunds"), JUDGED_NO_FUNDS, "no-funds", "" },
	{ OP_CREATE_HIT, EITHER, 400, ERROR_BODY("There was an error parsing the XML question", "XMLParseError"),
	  JUDGED_REFUSED, "refused", "" },
	{ OP_CREATE_HIT, EITHER, 400, ERROR_BODY("", "QualificationAlreadyExists"), JUDGED_REFUSED, "already-granted",
	  "" },
	/* extended */
	{ OP_EXTEND_HIT, EITHER, 200, "{}", JUDGED_DONE, "extended", "" },
	{ OP_EXTEND_HIT, DOUBTFUL, 400, PROCESSED, JUDGED_DONE, "already-processed", "" },
	{ OP_EXTEND_HIT, DOUBTFUL, 400, ERROR_BODY("", "DuplicateCall"), JUDGED_DONE, "already-processed", "" },
	{ OP_EXTEND_HIT, SURE, 400, PROCESSED, JUDGED_PERSON, "duplicate-token", "" },
	{ OP_EXTEND_HIT, EITHER, 400, ERROR_BODY("", "InvalidMaximumAssignmentsIncrease"), JUDGED_REFUSED, "refused",
	  "" },
	{ OP_EXTEND_HIT, EITHER, 400, ERROR_BODY("", "HITDoesNotExist"), JUDGED_REFUSED, "no-hit", "" },
	{ OP_EXTEND_HIT, EITHER, 400, ERROR_BODY("", "InvalidAssignmentState"), JUDGED_REFUSED, "state", "" },
	{ OP_EXTEND_HIT, EITHER, 400, ERROR_BODY("", "AssignmentDoesNotExist"), JUDGED_REFUSED, "no-assignment", "" },
	/* the expiry: its token is MTurk's own */
	{ OP_EXPIRE_HIT, EITHER, 200, "{}", JUDGED_DONE, "expiry-set", "" },
	{ OP_EXPIRE_HIT, EITHER, 400, PROCESSED, JUDGED_LOOK, "already-processed", "" },
	{ OP_EXPIRE_HIT, EITHER, 400, ERROR_BODY("", "HITDoesNotExist"), JUDGED_REFUSED, "no-hit", "" },
	/* deleted */
	{ OP_DELETE_HIT, EITHER, 200, "{}", JUDGED_DONE, "deleted", "" },
	{ OP_DELETE_HIT, EITHER, 400,
	  ERROR_BODY("This HIT is currently in the state 'Disposed'.  This operation can be called with a status of: "
		     "Reviewable",
		     "InvalidHITState"),
	  JUDGED_DONE, "already-deleted", "" },
	{ OP_DELETE_HIT, EITHER, 400,
	  ERROR_BODY("This HIT is currently in the state 'Assignable'.", "InvalidHITState"), JUDGED_REFUSED, "refused",
	  "" },
	{ OP_DELETE_HIT, SURE, 400, ERROR_BODY("", "HITDoesNotExist"), JUDGED_REFUSED, "no-hit", "" },
	{ OP_DELETE_HIT, DOUBTFUL, 400, ERROR_BODY("", "HITDoesNotExist"), JUDGED_DONE, "already-deleted", "" },
	/* a name that is taken: by whom? */
	{ OP_CREATE_TYPE, EITHER, 200, "{\"QualificationType\":{\"QualificationTypeId\":\"" NEW_TYPE "\"}}",
	  JUDGED_DONE, "created", NEW_TYPE },
	{ OP_CREATE_TYPE, EITHER, 200, "{}", JUDGED_UNKNOWN, "rubbish", "" },
	{ OP_CREATE_TYPE, SURE, 400, ERROR_BODY("", "QualificationTypeAlreadyExists"), JUDGED_REFUSED, "type-exists",
	  "" },
	{ OP_CREATE_TYPE, DOUBTFUL, 400, ERROR_BODY("", "QualificationTypeAlreadyExists"), JUDGED_LOOK, "type-exists",
	  "" },
	{ OP_CREATE_TYPE, EITHER, 400, PROCESSED, JUDGED_LOOK, "type-exists", "" },
	/* revoked */
	{ OP_REVOKE, EITHER, 200, "{}", JUDGED_DONE, "revoked", "" },
	{ OP_REVOKE, EITHER, 400, ERROR_BODY("", "QualificationDoesNotExist"), JUDGED_DONE, "already-revoked", "" },
	{ OP_REVOKE, EITHER, 400,
	  ERROR_BODY("This operation can be called with a status of: Granted (1)", "InvalidQualificationState"),
	  JUDGED_DONE, "already-revoked", "" },
	{ OP_REVOKE, EITHER, 400, ERROR_BODY("This operation can be called with a status of: Granted (1)", "Odd"),
	  JUDGED_DONE, "already-revoked", "" },
	{ OP_REVOKE, EITHER, 400, ERROR_BODY("", "QualificationTypeDoesNotExist"), JUDGED_REFUSED,
	  "no-qualification-type", "" },
	{ OP_QUALIFY, EITHER, 400, ERROR_BODY("", "InvalidQualificationState"), JUDGED_REFUSED, "no-qualification",
	  "" },
	/* blocks */
	{ OP_BLOCK, EITHER, 200, "{}", JUDGED_DONE, "blocked", "" },
	{ OP_UNBLOCK, EITHER, 200, "{}", JUDGED_DONE, "unblocked", "" },
	{ OP_BLOCK, EITHER, 500, "", JUDGED_UNKNOWN, "no-answer", "" },
	{ OP_UNBLOCK, EITHER, 400, ERROR_BODY("WorkerId is invalid.", "Odd"), JUDGED_REFUSED, "refused", "" },
	/* what only HITs are told is no word about others */
	{ OP_BONUS, EITHER, 400, HIT_EXISTS("HITAlreadyExists"), JUDGED_REFUSED, "hit-exists", "" },
};

static void expect_judged(struct platform *platform, const struct answer_case *expected, bool doubtful)
{
	struct http_answer answer = mturk_answer(expected->status, expected->body);
	struct op op = make_op(expected->kind);
	struct judgement out = { .id = "rubbish" };

	op.doubtful = doubtful;
	platform->class->judge(platform, &op, &answer, &out);
	if (out.verdict != expected->verdict || strcmp(out.outcome, expected->outcome) != 0 ||
	    strcmp(out.id, expected->id) != 0)
		fail_msg("%s%s: %d, %s, \"%s\" (%s)", expected->body, doubtful ? ", doubtful" : "", (int)out.verdict,
			 out.outcome, out.id, out.why);
	assert_true(out.why[0] != '\0');
}

static void test_answers(void **state)
{
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].doubts & SURE)
			expect_judged(fixture->platform, &answers[i], false);
		if (answers[i].doubts & DOUBTFUL)
			expect_judged(fixture->platform, &answers[i], true);
	}
}

static void test_questions(void **state)
{
	static const struct {
		enum op_kind kind;
		const char *body;
	} cases[] = { { OP_EXPIRE_HIT, "{\"HITId\":\"" H1 "\"}" },
		      { OP_CREATE_TYPE, "{\"Query\":\"Veterans\",\"MustBeRequestable\":false,"
					"\"MustBeOwnedByCaller\":true,\"MaxResults\":100}" } };
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct op op = make_op(cases[i].kind);
		struct platform_request request;
		struct err err;

		assert_int_equal(fixture->platform->class->write_read_back(fixture->platform, &op, &request, &err), 0);
		assert_string_equal(request.body, cases[i].body);
		platform_request_finish(&request);
	}
}

/* Whatever MTurk cannot tell is for a person. */
static void test_no_questions(void **state)
{
	static const enum op_kind kinds[] = { OP_NOTIFY, OP_CREATE_HIT, OP_EXTEND_HIT, OP_DELETE_HIT,
					      OP_REVOKE, OP_BLOCK,      OP_UNBLOCK };
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct op op = make_op(kinds[i]);
		struct platform_request request;
		struct err err;

		assert_int_equal(fixture->platform->class->write_read_back(fixture->platform, &op, &request, &err),
				 -1);
		assert_int_equal(err.code, ERR_PLATFORM);
	}
}

#define TYPES(name, created)                                                                                \
	"{\"QualificationTypes\":[{\"QualificationTypeId\":\"3NGMTQUAL8\",\"Name\":\"veterans\",\"CreationTime\":" \
	"1},{\"QualificationTypeId\":\"" NEW_TYPE "\",\"Name\":\"" name "\",\"CreationTime\":" created "}]}"

static void test_read_back(void **state)
{
	static const struct {
		enum op_kind kind;
		int64_t expires_s;
		const char *body;
		enum judged verdict;
		const char *id;
	} cases[] = {
		{ OP_EXPIRE_HIT, 1800000000, "{\"HIT\":{\"Expiration\":1800000000.0}}", JUDGED_DONE, "" },
		{ OP_EXPIRE_HIT, 1800000000, "{\"HIT\":{\"Expiration\":1700000000}}", JUDGED_REFUSED, "" },
		{ OP_EXPIRE_HIT, 0, "{\"HIT\":{\"Expiration\":1699999995.5}}", JUDGED_DONE, "" },
		{ OP_EXPIRE_HIT, 0, "{\"HIT\":{\"Expiration\":1700000001}}", JUDGED_REFUSED, "" },
		{ OP_EXPIRE_HIT, 0, "{\"HIT\":{}}", JUDGED_UNKNOWN, "" },
		{ OP_EXPIRE_HIT, 0, "{}", JUDGED_UNKNOWN, "" },
		/* The first attempt was four seconds ago. */
		{ OP_CREATE_TYPE, 0, TYPES("Veterans", "1699999997"), JUDGED_DONE, NEW_TYPE },
		{ OP_CREATE_TYPE, 0, TYPES("Veterans", "1690000000"), JUDGED_REFUSED, "" },
		{ OP_CREATE_TYPE, 0, TYPES("Veterans of 2025", "1699999997"), JUDGED_REFUSED, "" },
		{ OP_CREATE_TYPE, 0, "{\"QualificationTypes\":[]}", JUDGED_REFUSED, "" },
		{ OP_CREATE_TYPE, 0, "{\"QualificationTypes\":[7]}", JUDGED_REFUSED, "" },
		{ OP_CREATE_TYPE, 0, "{}", JUDGED_UNKNOWN, "" },
		{ OP_CREATE_TYPE, 0, "{\"QualificationTypes\":[{\"Name\":\"Veterans\"}]}", JUDGED_UNKNOWN, "" },
		/* An answer to another question. */
		{ OP_CREATE_TYPE, 0, PROCESSED, JUDGED_UNKNOWN, "" },
	};
	struct mturk_fixture *fixture = *state;

	clock_set_sources(fake_wall_ms, NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer = mturk_answer(cases[i].body[2] == '_' ? 400 : 200, cases[i].body);
		struct op op = make_op(cases[i].kind);
		struct judgement out = { .id = "rubbish" };

		op.state = OP_UNSURE;
		op.doubtful = true;
		op.integer_value = cases[i].expires_s;
		fixture->platform->class->judge_read_back(fixture->platform, &op, 0, &answer, &out);
		if (out.verdict != cases[i].verdict || strcmp(out.id, cases[i].id) != 0)
			fail_msg("%s: %d, \"%s\" (%s)", cases[i].body, (int)out.verdict, out.id, out.why);
	}
	clock_set_sources(NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MTURK_TEST(test_bodies),           MTURK_TEST(test_optional_reason), MTURK_TEST(test_expire_now),
		MTURK_TEST(test_end_that_is_past), MTURK_TEST(test_incomplete),      MTURK_TEST(test_odd_types),
		MTURK_TEST(test_answers),          MTURK_TEST(test_questions),       MTURK_TEST(test_no_questions),
		MTURK_TEST(test_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
