/* SPDX-License-Identifier: MIT
 *
 * A HIT's definition in MTurk's words. Members as in botocore's service-2.json (CreateHITRequest), schemas of questions
 * as in the developer guide.
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

#define SCHEMAS "http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/"
#define EXTERNAL(url, height)                                                                                     \
	"<ExternalQuestion xmlns=\"" SCHEMAS "2006-07-14/ExternalQuestion.xsd\"><ExternalURL>" url             \
	"</ExternalURL><FrameHeight>" height "</FrameHeight></ExternalQuestion>"
#define HTML(content, height)                                                                                \
	"<HTMLQuestion xmlns=\"" SCHEMAS "2011-11-11/HTMLQuestion.xsd\"><HTMLContent><![CDATA[" content        \
	"]]></HTMLContent><FrameHeight>" height "</FrameHeight></HTMLQuestion>"

#define PLAIN                                                                                         \
	"\"title\":\"A \\\"game\\\"\",\"description\":\"Play\",\"reward_cents\":150,"               \
	"\"max_assignments\":9,\"lifetime_s\":86400,\"duration_s\":3600"
#define QUESTION "\"question\":{\"url\":\"https://example.org/\",\"frame_height\":500}"

static struct op make_op(char *definition)
{
	static char token[] = TOKEN;

	return (struct op){ .kind = OP_CREATE_HIT,
			    .text = definition,
			    .token = token,
			    .integer_value = 9,
			    .amount_minor = 1350 };
}

/* The body, or NULL with `err`. The caller frees. */
static char *write_body(struct platform *platform, const char *definition, struct err *err)
{
	char *copy = definition ? strdup(definition) : NULL;
	const struct op op = make_op(copy);
	struct platform_request request;
	char *body = NULL;

	if (platform->class->write(platform, &op, &request, err) == 0) {
		body = request.body;
		request.body = NULL;
		platform_request_finish(&request);
	}
	free(copy);
	return body;
}

static void expect_body(void **state, const char *definition, const char *expected)
{
	struct mturk_fixture *fixture = *state;
	struct err err = { 0 };
	char *body = write_body(fixture->platform, definition, &err);

	if (!body)
		fail_msg("%s", err.message);
	assert_string_equal(body, expected);
	free(body);
}

static void test_least(void **state)
{
	expect_body(state, "{" PLAIN "," QUESTION "}",
		    "{\"MaxAssignments\":9,\"LifetimeInSeconds\":86400,\"AssignmentDurationInSeconds\":3600,"
		    "\"Title\":\"A \\\"game\\\"\",\"Description\":\"Play\",\"Reward\":\"1.50\",\"Question\":\""
		    "<ExternalQuestion xmlns=\\\"" SCHEMAS "2006-07-14/ExternalQuestion.xsd\\\"><ExternalURL>"
		    "https://example.org/</ExternalURL><FrameHeight>500</FrameHeight></ExternalQuestion>\","
		    "\"UniqueRequestToken\":\"" TOKEN "\"}");
}

static void test_most(void **state)
{
	expect_body(state,
		    "{" PLAIN ",\"keywords\":\"game, study\",\"auto_approval_s\":0,\"annotation\":\"round 1\","
		    "\"question\":{\"xml\":\"<QuestionForm/>\"},\"qualifications\":["
		    "{\"type\":\"approved-percent\",\"comparator\":\"GreaterThanOrEqualTo\",\"values\":[95],"
		    "\"guard\":\"discover\"},"
		    "{\"type\":\"approved-count\",\"comparator\":\"In\",\"values\":[100,200],\"guard\":\"preview\"},"
		    "{\"type\":\"locale\",\"comparator\":\"In\",\"locales\":[\"US\",\"US-NY\"],\"guard\":\"accept\"},"
		    "{\"type\":\"adult\",\"comparator\":\"EqualTo\",\"values\":[1]},"
		    "{\"type\":\"masters\",\"comparator\":\"Exists\"},"
		    "{\"type\":\"3NGMTQUAL1\",\"comparator\":\"DoesNotExist\"}]}",
		    "{\"MaxAssignments\":9,\"AutoApprovalDelayInSeconds\":0,\"LifetimeInSeconds\":86400,"
		    "\"AssignmentDurationInSeconds\":3600,\"Title\":\"A \\\"game\\\"\",\"Keywords\":\"game, study\","
		    "\"Description\":\"Play\",\"RequesterAnnotation\":\"round 1\",\"Reward\":\"1.50\","
		    "\"Question\":\"<QuestionForm/>\",\"QualificationRequirements\":["
		    "{\"QualificationTypeId\":\"000000000000000000L0\",\"Comparator\":\"GreaterThanOrEqualTo\","
		    "\"IntegerValues\":[95],\"ActionsGuarded\":\"DiscoverPreviewAndAccept\"},"
		    "{\"QualificationTypeId\":\"00000000000000000040\",\"Comparator\":\"In\","
		    "\"IntegerValues\":[100,200],\"ActionsGuarded\":\"PreviewAndAccept\"},"
		    "{\"QualificationTypeId\":\"00000000000000000071\",\"Comparator\":\"In\","
		    "\"LocaleValues\":[{\"Country\":\"US\"},{\"Country\":\"US\",\"Subdivision\":\"NY\"}],"
		    "\"ActionsGuarded\":\"Accept\"},"
		    "{\"QualificationTypeId\":\"00000000000000000060\",\"Comparator\":\"EqualTo\","
		    "\"IntegerValues\":[1]},"
		    "{\"QualificationTypeId\":\"2ARFPLSP75KLA8M8DH1HTEQVJT3SY6\",\"Comparator\":\"Exists\"},"
		    "{\"QualificationTypeId\":\"3NGMTQUAL1\",\"Comparator\":\"DoesNotExist\"}],"
		    "\"UniqueRequestToken\":\"" TOKEN "\"}");
}

/* Masters have one id in production and another in the sandbox. */
static void test_masters_live(void **state)
{
	struct mturk_fixture *fixture = *state;
	struct mturk *mturk = (struct mturk *)fixture->platform;
	struct err err;
	char *body;

	mturk->endpoint.environment = ENVIRONMENT_LIVE;
	body = write_body(fixture->platform,
			  "{" PLAIN "," QUESTION ",\"qualifications\":[{\"type\":\"masters\",\"comparator\":"
			  "\"Exists\"}]}",
			  &err);
	mturk->endpoint.environment = ENVIRONMENT_REHEARSAL;
	assert_non_null(body);
	assert_non_null(strstr(body, "\"2F1QJWKUDD8XADTFD2Q0G6UTO95ALH\""));
	free(body);
}

static char *question_of(const char *json, struct err *err)
{
	struct json_object *question = json_parse(json, strlen(json), err);
	char *xml = mturk_hit_question(question, err);

	json_object_put(question);
	return xml;
}

static void test_questions(void **state)
{
	static const struct {
		const char *question, *xml;
	} cases[] = {
		{ "{\"url\":\"https://example.org/a?b=1&c=<2>'\\\"\",\"frame_height\":0}",
		  EXTERNAL("https://example.org/a?b=1&amp;c=&lt;2&gt;&apos;&quot;", "0") },
		/* Without a height, there is one. */
		{ "{\"url\":\"https://example.org/\\u00e4\"}", EXTERNAL("https://example.org/\xc3\xa4", "600") },
		{ "{\"html\":\"<p>&nbsp;</p>\\t\\r\\n\",\"frame_height\":450}",
		  HTML("<p>&nbsp;</p>\t\r\n", "450") },
		{ "{\"html\":\"if (a[b[0]]>1) x]]>y]]>\"}",
		  HTML("if (a[b[0]]]]><![CDATA[>1) x]]]]><![CDATA[>y]]]]><![CDATA[>", "600") },
		{ "{\"html\":\"\",\"frame_height\":1}", HTML("", "1") },
		{ "{\"xml\":\"<a>&amp;</a>\",\"frame_height\":1}", "<a>&amp;</a>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		char *xml = question_of(cases[i].question, &err);

		if (!xml)
			fail_msg("%s: %s", cases[i].question, err.message);
		assert_string_equal(xml, cases[i].xml);
		free(xml);
	}
}

static void test_no_questions(void **state)
{
	static const char *const cases[] = { "{}",
					     "{\"url\":7}",
					     "{\"html\":null}",
					     "{\"url\":\"https://example.org/\\u0001\"}",
					     "{\"html\":\"\\u001f\"}",
					     "{\"xml\":\"\\u000c\"}",
					     "{\"html\":\"\\uffff\"}",
					     "{\"html\":\"x\\ufffe\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };

		assert_null(question_of(cases[i], &err));
		assert_int_equal(err.code, ERR_PLATFORM);
		assert_non_null(strstr(err.message, "nothing was sent"));
	}
	assert_null(mturk_hit_question(NULL, &(struct err){ 0 }));
}

/* MTurk counts bytes, with everything that is put around. */
static void test_length(void **state)
{
	static const char frame[] = HTML("", "600");
	size_t fits = 65535 - (sizeof(frame) - 1);

	(void)state;
	for (size_t bytes = fits; bytes <= fits + 1; bytes++) {
		struct json_object *question = json_object_new_object();
		char *html = malloc(bytes + 1), *xml;
		struct err err;

		assert_non_null(html);
		memset(html, 'x', bytes);
		html[bytes] = '\0';
		json_put_text(question, "html", html);
		xml = mturk_hit_question(question, &err);
		assert_int_equal(xml != NULL, bytes == fits);
		if (xml)
			assert_int_equal(strlen(xml), 65535);
		free(xml);
		free(html);
		json_object_put(question);
	}
}

/* Whatever is wrong with it, nothing leaves, least of all another amount than the one that was counted. */
static void test_refused(void **state)
{
	static const char *const cases[] = {
		NULL,
		"",
		"{",
		"[]",
		"7",
		"{}",
		"{" PLAIN "}",
		"{" PLAIN ",\"question\":7}",
		"{" QUESTION "}",
		"{\"description\":\"d\",\"reward_cents\":150,\"max_assignments\":9,\"lifetime_s\":60,"
		"\"duration_s\":60," QUESTION "}",
		"{\"title\":7,\"description\":\"d\",\"reward_cents\":150,\"max_assignments\":9,\"lifetime_s\":60,"
		"\"duration_s\":60," QUESTION "}",
		"{\"title\":\"t\",\"description\":\"d\",\"reward_cents\":151,\"max_assignments\":9,\"lifetime_s\":60,"
		"\"duration_s\":60," QUESTION "}",
		"{\"title\":\"t\",\"description\":\"d\",\"reward_cents\":150,\"max_assignments\":10,\"lifetime_s\":60,"
		"\"duration_s\":60," QUESTION "}",
		"{\"title\":\"t\",\"description\":\"d\",\"reward_cents\":-150,\"max_assignments\":-9,"
		"\"lifetime_s\":60,\"duration_s\":60," QUESTION "}",
		"{\"title\":\"t\",\"description\":\"d\",\"reward_cents\":9223372036854775807,\"max_assignments\":9,"
		"\"lifetime_s\":60,\"duration_s\":60," QUESTION "}",
		"{" PLAIN "," QUESTION ",\"qualifications\":[7]}",
		"{" PLAIN "," QUESTION ",\"qualifications\":[{\"type\":\"adult\"}]}",
		"{" PLAIN "," QUESTION ",\"qualifications\":[{\"comparator\":\"Exists\"}]}",
		"{" PLAIN "," QUESTION ",\"qualifications\":[{\"type\":\"selected\",\"comparator\":\"Exists\"}]}",
		"{" PLAIN "," QUESTION
		",\"qualifications\":[{\"type\":\"locale\",\"comparator\":\"In\",\"locales\":[7]}]}",
		"{" PLAIN "," QUESTION
		",\"qualifications\":[{\"type\":\"adult\",\"comparator\":\"Exists\",\"guard\":\"all\"}]}",
	};
	struct mturk_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };
		char *body = write_body(fixture->platform, cases[i], &err);

		if (body)
			fail_msg("%s was written: %s", cases[i], body);
		assert_int_equal(err.code, ERR_PLATFORM);
		assert_non_null(strstr(err.message, "nothing was sent"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MTURK_TEST(test_least),          MTURK_TEST(test_most),
		MTURK_TEST(test_masters_live),   cmocka_unit_test(test_questions),
		cmocka_unit_test(test_no_questions), cmocka_unit_test(test_length),
		MTURK_TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
