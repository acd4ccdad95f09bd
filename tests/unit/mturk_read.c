/* SPDX-License-Identifier: MIT
 *
 * What MTurk lists, into platform-neutral words; and above all what is not taken for a list.
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

/* Everything that a sink was given, as text. */
struct seen {
	char text[2000];
};

static void note(struct seen *seen, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct seen *seen, const char *format, ...)
{
	size_t used = strlen(seen->text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(seen->text + used, sizeof(seen->text) - used, format, args);
	va_end(args);
}

#define T1 "3NGMTTYPE1"
#define OR_DASH(text) ((text) ? (text) : "-")

static void on_balance(void *arg, int64_t available_minor, int64_t on_hold_minor, bool on_hold_known)
{
	note(arg, "balance %lld %lld %d;", (long long)available_minor, (long long)on_hold_minor, on_hold_known);
}

static void on_hit(void *arg, const struct hit *hit)
{
	note(arg, "hit %s %s %s %s %lld %lld/%lld/%lld/%lld %lld %lld;", hit->hit_id, OR_DASH(hit->title),
	     OR_DASH(hit->status), OR_DASH(hit->annotation), (long long)hit->reward_minor,
	     (long long)hit->max_assignments, (long long)hit->pending, (long long)hit->available,
	     (long long)hit->completed, (long long)hit->created_s, (long long)hit->expires_s);
}

static void on_missing_hit(void *arg, const char *hit_id)
{
	note(arg, "missing %s;", hit_id);
}

static void on_assignment(void *arg, const struct assignment *assignment)
{
	note(arg, "assignment %s %s %s %s %lld", assignment->assignment_id, OR_DASH(assignment->hit_id),
	     OR_DASH(assignment->worker_id), assignment_status_name(assignment->status),
	     (long long)assignment->auto_approval_s);
	if (assignment->submitted_s)
		note(arg, " submitted at %lld", (long long)assignment->submitted_s);
	if (assignment->approved_s)
		note(arg, " approved at %lld", (long long)assignment->approved_s);
	if (assignment->codes)
		note(arg, " codes %s", assignment->codes);
	note(arg, ";");
}

static void on_bonus(void *arg, const struct bonus_payment *bonus)
{
	note(arg, "bonus %s %s %lld %lld %s;", bonus->assignment_id, bonus->worker_id, (long long)bonus->amount_minor,
	     (long long)bonus->granted_s, OR_DASH(bonus->reason));
}

static void on_type(void *arg, const struct qualification_type *type)
{
	note(arg, "type %s %s %s %s %s %lld", type->qualification_type_id, OR_DASH(type->name),
	     OR_DASH(type->description), OR_DASH(type->keywords), OR_DASH(type->status), (long long)type->created_s);
	note(arg, "%s%s", type->is_requestable ? " requestable" : "", type->has_test ? " test" : "");
	if (type->is_auto_granted)
		note(arg, " auto %lld", (long long)type->auto_granted_value);
	note(arg, ";");
}

static void on_holder(void *arg, const struct qualification *holder)
{
	note(arg, "holder %s %lld %s %lld;", holder->worker_id, (long long)holder->integer_value,
	     OR_DASH(holder->locale), (long long)holder->granted_s);
}

static void on_missing(void *arg, const char *subject)
{
	note(arg, "none %s;", subject);
}

static void on_page(void *arg, const char *next)
{
	note(arg, "next %s;", next);
}

static const char *subject_of(enum read_kind kind)
{
	static const char *const subjects[READ_KINDS] = {
		[READ_HIT] = H1,       [READ_ASSIGNMENTS] = H1, [READ_ASSIGNMENT] = A1, [READ_BONUSES] = H1,
		[READ_BONUSES_OF] = A1, [READ_TYPE] = T1,	[READ_HOLDERS] = T1,
	};

	return subjects[kind];
}

static void read_answer(void **state, enum read_kind kind, const struct http_answer *answer, struct seen *seen,
			struct judgement *out)
{
	const struct read read = { .kind = kind,
				   .subject = subject_of(kind) };
	const struct read_sink all = { seen, on_balance, on_hit, on_missing_hit, on_assignment, on_bonus, on_page,
				       on_type, on_holder, on_missing };
	const struct read_sink none = { .arg = NULL };
	struct mturk_fixture *fixture = *state;
	struct judgement again;

	*seen = (struct seen){ "" };
	fixture->platform->class->judge_read(fixture->platform, &read, answer, &all, out);
	/* Members of the sink may be missing; the judgement is the same. */
	fixture->platform->class->judge_read(fixture->platform, &read, answer, &none, &again);
	assert_int_equal(again.verdict, out->verdict);
}

#define HIT \
	"{\"HITId\":\"" H1 "\",\"Title\":\"A game\",\"HITStatus\":\"Reviewable\",\"RequesterAnnotation\":\"x\"," \
	"\"Reward\":\"1.50\",\"MaxAssignments\":12,\"NumberOfAssignmentsPending\":1," \
	"\"NumberOfAssignmentsAvailable\":2,\"NumberOfAssignmentsCompleted\":3,\"CreationTime\":1.7E9," \
	"\"Expiration\":1700000100.5}"
#define HIT_SEEN "hit " H1 " A game Reviewable x 150 12/1/2/3 1700000000 1700000100;"
#define ASSIGNMENT(id, worker, status) \
	"{\"AssignmentId\":\"" id "\",\"WorkerId\":\"" worker "\",\"HITId\":\"" H1 "\",\"AssignmentStatus\":\"" status \
	"\",\"AutoApprovalTime\":1700000000.123,\"Answer\":\"<xml/>\"}"
#define TYPE \
	"{\"QualificationTypeId\":\"" T1 "\",\"Name\":\"Finished\",\"Description\":\"d\",\"Keywords\":\"k\"," \
	"\"QualificationTypeStatus\":\"Active\",\"CreationTime\":1.7E9,\"IsRequestable\":true,\"Test\":\"<x/>\"," \
	"\"AutoGranted\":true,\"AutoGrantedValue\":7}"
#define TYPE_SEEN "type " T1 " Finished d k Active 1700000000 requestable test auto 7;"
#define BONUS(amount) \
	"{\"WorkerId\":\"" W1 "\",\"BonusAmount\":\"" amount "\",\"AssignmentId\":\"" A1 \
	"\",\"Reason\":\"Thanks\",\"GrantTime\":1700000000.5}"

static const struct {
	enum read_kind kind;
	const char *body;
	const char *seen;
} complete[] = {
	{ READ_BALANCE, "{\"AvailableBalance\":\"10000.00\",\"OnHoldBalance\":\"0.50\"}", "balance 1000000 50 1;" },
	{ READ_BALANCE, "{\"AvailableBalance\":\"0\"}", "balance 0 0 0;" },
	{ READ_BALANCE, "{\"AvailableBalance\":\"3.10\",\"OnHoldBalance\":5}", "balance 310 0 0;" },
	{ READ_HIT, "{\"HIT\":" HIT "}", HIT_SEEN },
	{ READ_HIT, "{\"HIT\":{\"HITId\":\"" H1 "\"}}", "hit " H1 " - - - 0 0/0/0/0 0 0;" },
	{ READ_HITS, "{\"NumResults\":2,\"NextToken\":\"p2\",\"HITs\":[" HIT "," HIT "]}",
	  HIT_SEEN HIT_SEEN "next p2;" },
	{ READ_HITS, "{\"HITs\":[]}", "" },
	{ READ_HITS, "{\"HITs\":[],\"NextToken\":\"\"}", "" },
	{ READ_HITS, "{\"HITs\":[],\"NextToken\":null}", "" },
	{ READ_ASSIGNMENTS,
	  "{\"Assignments\":[" ASSIGNMENT("3A", W1, "Submitted") "," ASSIGNMENT("3B", W2, "Approved") "," ASSIGNMENT(
		  "3C", W2, "Rejected") "],\"NextToken\":\"t\"}",
	  "assignment 3A " H1 " " W1 " submitted 1700000000;assignment 3B " H1 " " W2 " approved 1700000000;"
	  "assignment 3C " H1 " " W2 " rejected 1700000000;next t;" },
	{ READ_ASSIGNMENT, "{\"Assignment\":" ASSIGNMENT(A1, W1, "Submitted") ",\"HIT\":" HIT "}",
	  "assignment " A1 " " H1 " " W1 " submitted 1700000000;" HIT_SEEN },
	{ READ_ASSIGNMENTS,
	  "{\"Assignments\":[{\"AssignmentId\":\"3A\",\"WorkerId\":\"" W1 "\",\"HITId\":\"" H1
	  "\",\"AssignmentStatus\":\"Approved\",\"SubmitTime\":1700000001.5,\"ApprovalTime\":1700000009.9,"
	  "\"Answer\":\"<QuestionFormAnswers><Answer>"
	  "<QuestionIdentifier>surveycode</QuestionIdentifier><FreeText>E\\u00e91</FreeText></Answer>"
	  "</QuestionFormAnswers>\"}]}",
	  "assignment 3A " H1 " " W1 " approved 0 submitted at 1700000001 approved at 1700000009"
	  " codes [\"E\u00e91\"];" },
	/* An answer that is not understood says nothing about the assignment. */
	{ READ_ASSIGNMENTS,
	  "{\"Assignments\":[{\"AssignmentId\":\"3A\",\"WorkerId\":\"" W1 "\",\"HITId\":\"" H1
	  "\",\"AssignmentStatus\":\"Approved\",\"ApprovalTime\":\"x\",\"Answer\":5}]}",
	  "assignment 3A " H1 " " W1 " approved 0;" },
	{ READ_BONUSES, "{\"BonusPayments\":[" BONUS("0.5") "," BONUS("2") "]}",
	  "bonus " A1 " " W1 " 50 1700000000 Thanks;bonus " A1 " " W1 " 200 1700000000 Thanks;" },
	{ READ_BONUSES_OF, "{\"BonusPayments\":[" BONUS("0.5") "]}", "bonus " A1 " " W1 " 50 1700000000 Thanks;" },
	{ READ_TYPE, "{\"QualificationType\":" TYPE "}", TYPE_SEEN },
	{ READ_TYPE, "{\"QualificationType\":{\"QualificationTypeId\":\"" T1 "\"}}", "type " T1 " - - - - 0;" },
	{ READ_TYPES, "{\"QualificationTypes\":[" TYPE "," TYPE "],\"NextToken\":\"p2\"}",
	  TYPE_SEEN TYPE_SEEN "next p2;" },
	{ READ_TYPES, "{\"QualificationTypes\":[]}", "" },
	{ READ_HOLDERS,
	  "{\"Qualifications\":[{\"QualificationTypeId\":\"" T1 "\",\"WorkerId\":\"" W1 "\",\"IntegerValue\":5,"
	  "\"GrantTime\":1700000000.5,\"Status\":\"Granted\"},{\"WorkerId\":\"" W2 "\",\"LocaleValue\":{\"Country\":"
	  "\"US\"}}],\"NextToken\":\"n\"}",
	  "holder " W1 " 5 - 1700000000;holder " W2 " 0 US 0;next n;" },
};

static void test_complete(void **state)
{
	for (size_t i = 0; i < sizeof(complete) / sizeof(complete[0]); i++) {
		const struct http_answer answer = mturk_answer(200, complete[i].body);
		struct judgement out;
		struct seen seen;

		read_answer(state, complete[i].kind, &answer, &seen, &out);
		if (out.verdict != JUDGED_DONE || strcmp(seen.text, complete[i].seen) != 0)
			fail_msg("%s: %d %s", complete[i].body, (int)out.verdict, seen.text);
	}
}

/* A bonus that is overlooked is paid twice: whatever lacks something is asked for again, never taken for complete. */
static void test_incomplete(void **state)
{
	static const struct {
		enum read_kind kind;
		const char *body;
	} cases[] = {
		{ READ_BALANCE, "{}" },
		{ READ_BALANCE, "" },
		{ READ_BALANCE, "{\"AvailableBalance\":10.5}" },
		{ READ_BALANCE, "{\"AvailableBalance\":\"-1.00\"}" },
		{ READ_BALANCE, "{\"AvailableBalance\":\"1,000.00\"}" },
		{ READ_BALANCE, "{\"AvailableBalance\":\"1e9\"}" },
		{ READ_HIT, "{}" },
		{ READ_HIT, "{\"HIT\":[]}" },
		{ READ_HIT, "{\"HIT\":{\"Title\":\"x\"}}" },
		{ READ_HITS, "{}" },
		{ READ_HITS, "{\"HITs\":{}}" },
		{ READ_HITS, "{\"HITs\":[" HIT ",{}]}" },
		{ READ_HITS, "{\"HITs\":[null]}" },
		{ READ_HITS, "{\"NextToken\":\"x\"}" },
		{ READ_ASSIGNMENTS, "" },
		{ READ_ASSIGNMENTS, "{\"NumResults\":0}" },
		{ READ_ASSIGNMENTS, "{\"Assignments\":[" ASSIGNMENT("3A", W1, "Accepted") "]}" },
		{ READ_ASSIGNMENTS,
		  "{\"Assignments\":[{\"AssignmentId\":\"3A\",\"HITId\":\"3H\",\"AssignmentStatus\":\"Approved\"}]}" },
		{ READ_ASSIGNMENTS, "{\"Assignments\":[{\"AssignmentId\":\"3A\",\"WorkerId\":\"A1\","
				    "\"AssignmentStatus\":\"Approved\"}]}" },
		{ READ_ASSIGNMENTS,
		  "{\"Assignments\":[{\"WorkerId\":\"A1\",\"HITId\":\"3H\",\"AssignmentStatus\":\"Approved\"}]}" },
		{ READ_ASSIGNMENT, "{\"Assignment\":" ASSIGNMENT(A1, W1, "Submitted") "}" },
		{ READ_ASSIGNMENT, "{\"HIT\":" HIT "}" },
		{ READ_ASSIGNMENT, "{\"Assignment\":" ASSIGNMENT(A1, W1, "Submitted") ",\"HIT\":{}}" },
		/* good ones before the odd one */
		{ READ_BONUSES, "{\"BonusPayments\":[" BONUS("1") "," BONUS("1") ",5]}" },
		{ READ_BONUSES, "{\"BonusPayments\":[" BONUS("1") "],\"NextToken\":5}" },
		{ READ_ASSIGNMENTS, "{\"Assignments\":[" ASSIGNMENT("3A", W1, "Approved") ",{}]}" },
		{ READ_BONUSES, "{}" },
		{ READ_BONUSES_OF, "{}" },
		{ READ_TYPE, "{}" },
		{ READ_TYPE, "{\"QualificationType\":{\"Name\":\"x\"}}" },
		{ READ_TYPES, "{\"NumResults\":0}" },
		{ READ_TYPES, "{\"QualificationTypes\":[" TYPE ",{}]}" },
		{ READ_HOLDERS, "{}" },
		{ READ_HOLDERS, "{\"Qualifications\":[{\"IntegerValue\":5}]}" },
		{ READ_BONUSES, "{\"BonusPayments\":null}" },
		{ READ_BONUSES, "{\"BonusPayments\":[5]}" },
		{ READ_BONUSES, "{\"BonusPayments\":[" BONUS("1.505") "]}" },
		{ READ_BONUSES, "{\"BonusPayments\":[" BONUS("") "]}" },
		{ READ_BONUSES, "{\"BonusPayments\":[{\"WorkerId\":\"A1\",\"BonusAmount\":\"1\"}]}" },
		{ READ_BONUSES,
		  "{\"BonusPayments\":[{\"WorkerId\":\"A1\",\"BonusAmount\":1,\"AssignmentId\":\"3A\"}]}" },
		{ READ_BONUSES, "{\"BonusPayments\":[{\"AssignmentId\":\"3A\",\"BonusAmount\":\"1\"}]}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct http_answer answer = mturk_answer(200, cases[i].body);
		struct judgement out;
		struct seen seen;

		read_answer(state, cases[i].kind, &answer, &seen, &out);
		if (out.verdict != JUDGED_UNKNOWN)
			fail_msg("%s: %d %s", cases[i].body, (int)out.verdict, seen.text);
		/* Nor is anybody told of the part that was good: the page is asked for again. */
		assert_string_equal(seen.text, "");
	}
}

/* A next page that is not a text may not look like the last page. */
static void test_odd_next_page(void **state)
{
	static const char *const bodies[] = {
		"{\"BonusPayments\":[],\"NextToken\":5}",
		"{\"BonusPayments\":[],\"NextToken\":[\"x\"]}",
		"{\"BonusPayments\":[],\"NextToken\":\"a\\u0000b\"}",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct http_answer answer = mturk_answer(200, bodies[i]);
		struct judgement out;
		struct seen seen;

		read_answer(state, READ_BONUSES, &answer, &seen, &out);
		if (out.verdict == JUDGED_DONE && !strstr(seen.text, "next"))
			fail_msg("taken for the last page: %s", bodies[i]);
	}
}

static void test_absent(void **state)
{
	static const struct {
		enum read_kind kind;
		const char *code, *message;
		enum judged verdict;
		const char *seen;
	} cases[] = {
		{ READ_HIT, "HITDoesNotExist", "Hit does not exist. (1624047673969)", JUDGED_DONE, "missing " H1 ";" },
		{ READ_ASSIGNMENTS, "HITDoesNotExist", "", JUDGED_DONE, "missing " H1 ";" },
		{ READ_BONUSES, "HITDoesNotExist", "", JUDGED_DONE, "missing " H1 ";" },
		{ READ_HITS, "HITDoesNotExist", "", JUDGED_REFUSED, "" },
		{ READ_TYPE, "QualificationTypeDoesNotExist", "", JUDGED_DONE, "none " T1 ";" },
		{ READ_HOLDERS, "QualificationTypeDoesNotExist", "", JUDGED_DONE, "none " T1 ";" },
		{ READ_TYPES, "QualificationTypeDoesNotExist", "", JUDGED_REFUSED, "" },
		{ READ_HIT, "QualificationTypeDoesNotExist", "", JUDGED_REFUSED, "" },
		{ READ_BONUSES_OF, "AssignmentDoesNotExist", "", JUDGED_DONE, "none " A1 ";" },
		{ READ_BONUSES, "AssignmentDoesNotExist", "", JUDGED_NOT_YET, "" },
		{ READ_ASSIGNMENT, "AssignmentDoesNotExist", "", JUDGED_DONE, "assignment " A1 " - - unknown 0;" },
		/* Not submitted yet. */
		{ READ_ASSIGNMENT, "InvalidAssignmentState",
		  "This operation can be called with a status of: Reviewable,Approved,Rejected (1624047673969)",
		  JUDGED_DONE, "assignment " A1 " - - not submitted 0;" },
		{ READ_ASSIGNMENT, "InvalidAssignmentState", "This operation can be called with a status of: null",
		  JUDGED_DONE, "assignment " A1 " - - unknown 0;" },
		{ READ_BONUSES, "InvalidAssignmentState", "", JUDGED_LOOK, "" },
		{ READ_BALANCE, "AssignmentDoesNotExist", "", JUDGED_NOT_YET, "" },
		{ READ_HIT, "NobodyKnowsThisCode", "", JUDGED_REFUSED, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_answer answer;
		struct judgement out;
		struct seen seen;
		char body[400];

		(void)snprintf(
			body, sizeof(body),
			"{\"__type\":\"RequestError\",\"Message\":\"%s\",\"TurkErrorCode\":\"AWS.MechanicalTurk.%s\"}",
			cases[i].message, cases[i].code);
		answer = mturk_answer(400, body);
		read_answer(state, cases[i].kind, &answer, &seen, &out);
		if (out.verdict != cases[i].verdict || strcmp(seen.text, cases[i].seen) != 0)
			fail_msg("case %zu: %d %s", i, (int)out.verdict, seen.text);
	}
}

static void test_errors_are_no_lists(void **state)
{
	static const char *const codes[] = { "DuplicateCall", "DuplicateRequest", "QualificationAlreadyExists" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct http_answer answer;
		struct judgement out;
		struct seen seen;
		char body[200];

		(void)snprintf(body, sizeof(body),
			       "{\"__type\":\"RequestError\",\"TurkErrorCode\":\"AWS.MechanicalTurk.%s\"}", codes[i]);
		answer = mturk_answer(400, body);
		read_answer(state, READ_BONUSES, &answer, &seen, &out);
		assert_int_not_equal(out.verdict, JUDGED_DONE);
		read_answer(state, READ_BALANCE, &answer, &seen, &out);
		assert_int_not_equal(out.verdict, JUDGED_DONE);
	}
}

static void test_nothing_read(void **state)
{
	struct http_answer answer = mturk_answer(0, "");
	struct judgement out;
	struct seen seen;

	answer.outcome = HTTP_NOT_SENT;
	read_answer(state, READ_BONUSES, &answer, &seen, &out);
	assert_int_equal(out.verdict, JUDGED_AGAIN);
	answer.outcome = HTTP_UNKNOWN;
	read_answer(state, READ_BONUSES, &answer, &seen, &out);
	assert_int_equal(out.verdict, JUDGED_UNKNOWN);
	assert_string_equal(seen.text, "");
}

/* The codes in what a worker submitted. */

#define NAMESPACE "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionFormAnswers.xsd"
#define FORM(answers) \
	"<?xml version=\"1.0\" encoding=\"ASCII\"?><QuestionFormAnswers xmlns=\"" NAMESPACE "\">" answers \
	"</QuestionFormAnswers>"
#define ANSWER(name, text) \
	"<Answer><QuestionIdentifier>" name "</QuestionIdentifier><FreeText>" text "</FreeText></Answer>"
#define DOCTYPE "<?xml version=\"1.0\"?><!DOCTYPE QuestionFormAnswers "

static const struct {
	const char *xml;
	const char *codes; /* NULL: none */
} forms[] = {
	{ FORM(ANSWER("surveycode", "exp1")), "[\"exp1\"]" },
	{ FORM(ANSWER("Exit-CODE", " \n\texp 1\r\n ")), "[\"exp 1\"]" },
	{ FORM(ANSWER("comment", "Nice!") ANSWER("code", "exp1") ANSWER("age", "33")), "[\"exp1\"]" },
	{ FORM(ANSWER("code1", "a") ANSWER("code2", "b")), "[\"a\",\"b\"]" },
	{ FORM(ANSWER("x", "&lt;a&gt;&amp;&quot;&#65;&#xe9;")), "[\"<a>&\\\"A\u00e9\"]" },
	{ FORM(ANSWER("x", "<![CDATA[<b>]]>c")), "[\"<b>c\"]" },
	{ FORM("<Answer><FreeText>exp1</FreeText><QuestionIdentifier>code</QuestionIdentifier></Answer>"),
	  "[\"exp1\"]" },
	{ "<a:QuestionFormAnswers xmlns:a=\"" NAMESPACE "\"><a:Answer><a:QuestionIdentifier>code</a:QuestionIdentifier>"
	  "<a:FreeText>exp1</a:FreeText></a:Answer></a:QuestionFormAnswers>", "[\"exp1\"]" },
	{ "<QuestionFormAnswers>" ANSWER("code", "exp1") "</QuestionFormAnswers>", "[\"exp1\"]" },
	/* the only free text, if nothing is called a code */
	{ FORM(ANSWER("q1", "exp1")), "[\"exp1\"]" },
	{ FORM(ANSWER("q1", "exp1") ANSWER("q2", "  ")), "[\"exp1\"]" },
	{ FORM(ANSWER("q1", "exp1") "<Answer><QuestionIdentifier>q2</QuestionIdentifier><SelectionIdentifier>yes"
				    "</SelectionIdentifier></Answer>"), "[\"exp1\"]" },
	{ FORM(ANSWER("q1", "exp1") ANSWER("q2", "exp2")), NULL },
	{ FORM(ANSWER("surveycode", "") ANSWER("comment", "Nice!")), NULL },
	{ FORM(ANSWER("taskAnswers", "[{&quot;q&quot;:&quot;exp1&quot;}]")), NULL },
	/* nothing */
	{ FORM(""), NULL },
	{ FORM(ANSWER("code", "")), NULL },
	{ FORM(ANSWER("code", " \t\n")), NULL },
	{ FORM("<Answer><QuestionIdentifier>code</QuestionIdentifier></Answer>"), NULL },
	{ FORM("<Answer><FreeText>exp1</FreeText></Answer>"), "[\"exp1\"]" },
	/* not this schema, or broken */
	{ "", NULL },
	{ "exp1", NULL },
	{ "<xml/>", NULL },
	{ "<QuestionFormAnswers>", NULL },
	{ FORM(ANSWER("code", "exp1")) "<more/>", NULL },
	{ FORM(ANSWER("code", "exp1") "<Reply/>"), NULL },
	{ FORM(ANSWER("code", "&unknown;")), NULL },
	{ FORM(ANSWER("code", "exp1") "\xff"), NULL },
	{ FORM(ANSWER("code", "exp1") "&#0;"), NULL },
	{ "<Answer><QuestionIdentifier>code</QuestionIdentifier><FreeText>exp1</FreeText></Answer>", NULL },
	{ FORM("<Answer><a><b><c><d><e><f><g/></f></e></d></c></b></a></Answer>" ANSWER("code", "exp1")), NULL },
	/* hostile */
	{ DOCTYPE "[<!ENTITY a \"exp1\">]><QuestionFormAnswers>" ANSWER("code", "&a;") "</QuestionFormAnswers>", NULL },
	{ DOCTYPE "[<!ENTITY a SYSTEM \"file:///etc/passwd\">]><QuestionFormAnswers>" ANSWER("code", "&a;")
	  "</QuestionFormAnswers>", NULL },
	{ DOCTYPE "SYSTEM \"http://127.0.0.1:1/x.dtd\"><QuestionFormAnswers>" ANSWER("code", "exp1")
	  "</QuestionFormAnswers>", NULL },
	{ DOCTYPE "[]><QuestionFormAnswers>" ANSWER("code", "exp1") "</QuestionFormAnswers>", NULL },
};

static void test_codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct json_object *codes = mturk_read_codes(forms[i].xml);
		const char *text = codes ? json_text(codes, NULL) : "none";

		if (strcmp(text, forms[i].codes ? forms[i].codes : "none") != 0)
			fail_msg("%s: %s", forms[i].xml, text);
		json_object_put(codes);
	}
}

/* A form with one free text of `bytes` bytes of `filler`, repeated `times`. The caller frees. */
static char *make_form(const char *filler, size_t bytes, size_t times)
{
	char *form = NULL;
	size_t length;
	FILE *out = open_memstream(&form, &length);

	assert_non_null(out);
	(void)fputs("<QuestionFormAnswers>", out);
	for (size_t i = 0; i < times; i++) {
		(void)fputs("<Answer><QuestionIdentifier>code</QuestionIdentifier><FreeText>", out);
		for (size_t written = 0; written < bytes; written += strlen(filler))
			(void)fputs(filler, out);
		(void)fputs("</FreeText></Answer>", out);
	}
	(void)fputs("</QuestionFormAnswers>", out);
	(void)fclose(out);
	return form;
}

static void test_large_codes(void **state)
{
	static const struct {
		const char *filler;
		size_t bytes, times, codes, code_bytes;
	} cases[] = {
		{ "x", 200, 1, 1, 200 },
		{ "x", 201, 1, 1, 200 },
		{ "x", 100000, 1, 1, 200 },
		/* never half a character */
		{ "\u20ac", 300, 1, 1, 198 },
		{ "&#8364;", 3000, 1, 1, 198 },
		{ " x", 300, 1, 1, 199 },
		{ "x", 1, 20, 20, 1 },
		{ "x", 1, 500, 20, 1 },
		{ "x", 1, 3000, 0, 0 },
		{ "x", 140000, 1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *form = make_form(cases[i].filler, cases[i].bytes, cases[i].times);
		struct json_object *codes = mturk_read_codes(form);
		size_t count = codes ? json_object_array_length(codes) : 0, bytes = 0;

		if (codes)
			bytes = (size_t)json_object_get_string_len(json_object_array_get_idx(codes, 0));
		if (count != cases[i].codes || bytes != cases[i].code_bytes)
			fail_msg("case %zu: %zu codes, the first of %zu bytes", i, count, bytes);
		json_object_put(codes);
		free(form);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MTURK_TEST(test_complete), MTURK_TEST(test_incomplete),          MTURK_TEST(test_odd_next_page),
		MTURK_TEST(test_absent),   MTURK_TEST(test_errors_are_no_lists), MTURK_TEST(test_nothing_read),
		cmocka_unit_test(test_codes), cmocka_unit_test(test_large_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
