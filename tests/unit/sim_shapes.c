/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shapes.h"

static void expect(const char *operation, const char *input, enum shape_verdict verdict, const char *sentence)
{
	struct json_object *json = json_parse(input, strlen(input), NULL);
	char *text = NULL;

	assert_non_null(json);
	assert_int_equal(shapes_check(operation, json, &text), verdict);
	if (sentence)
		assert_string_equal(text, sentence);
	else
		assert_null(text);
	free(text);
	json_object_put(json);
}

#define BONUS(amount) "{\"WorkerId\":\"A1X\",\"AssignmentId\":\"3X\",\"Reason\":\"r\",\"BonusAmount\":\"" amount "\"}"

static void good_requests_fit(void **state)
{
	static const char *const amounts[] = { BONUS("5"), BONUS("5."), BONUS("5.1"), BONUS("05.10"), BONUS("0.00") };

	(void)state;
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++)
		expect("SendBonus", amounts[i], SHAPE_FITS, NULL);
	expect("GetAccountBalance", "{}", SHAPE_FITS, NULL);
	expect("ListHITs", "{\"MaxResults\":100,\"Unheard\":{\"of\":1},\"NextToken\":null}", SHAPE_FITS, NULL);
	expect("UpdateExpirationForHIT", "{\"HITId\":\"3X\",\"ExpireAt\":1.5e9}", SHAPE_FITS, NULL);
}

static void amazons_own_sentence(void **state)
{
	(void)state;
	expect("SendBonus", BONUS("0.9752"), SHAPE_INVALID,
	       "1 validation error detected: Value '0.9752' at 'bonusAmount' failed to satisfy constraint: Member must "
	       "satisfy regular expression pattern: ^[0-9]+(\\.)?[0-9]{0,2}$");
}

static void bad_amounts(void **state)
{
	static const char *const amounts[] = { BONUS(".50"), BONUS("-1"), BONUS("1,000"), BONUS("1e3"), BONUS("") };
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		struct json_object *json = json_parse(amounts[i], strlen(amounts[i]), NULL);

		assert_int_equal(shapes_check("SendBonus", json, &text), SHAPE_INVALID);
		free(text);
		json_object_put(json);
	}
}

static void several_errors_in_one_sentence(void **state)
{
	(void)state;
	expect("RejectAssignment", "{\"AssignmentId\":\"lower\"}", SHAPE_INVALID,
	       "2 validation errors detected: Value 'lower' at 'assignmentId' failed to satisfy constraint: Member "
	       "must satisfy regular expression pattern: ^[A-Z0-9]+$; Value null at 'requesterFeedback' failed to "
	       "satisfy constraint: Member must not be null");
	expect("GetHIT", "{\"HITId\":\"\"}", SHAPE_INVALID,
	       "2 validation errors detected: Value '' at 'hITId' failed to satisfy constraint: Member must have "
	       "length greater than or equal to 1; Value '' at 'hITId' failed to satisfy constraint: Member must "
	       "satisfy regular expression pattern: ^[A-Z0-9]+$");
}

static void numbers_and_enumerations(void **state)
{
	(void)state;
	expect("ListHITs", "{\"MaxResults\":101}", SHAPE_INVALID,
	       "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must "
	       "have value less than or equal to 100");
	expect("ListHITs", "{\"MaxResults\":0}", SHAPE_INVALID,
	       "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have "
	       "value greater than or equal to 1");
	expect("ListReviewableHITs", "{\"Status\":\"Review\"}", SHAPE_INVALID,
	       "1 validation error detected: Value 'Review' at 'status' failed to satisfy constraint: Member must "
	       "satisfy enum value set: [Reviewable, Reviewing]");
}

static void lists(void **state)
{
	(void)state;
	expect("NotifyWorkers", "{\"Subject\":\"s\",\"MessageText\":\"m\",\"WorkerIds\":[\"A1X\",\"b\"]}",
	       SHAPE_INVALID,
	       "1 validation error detected: Value '[A1X, b]' at 'workerIds' failed to satisfy constraint: Member must "
	       "satisfy constraint: [Member must have length less than or equal to 64, Member must have length greater "
	       "than or equal to 1, Member must satisfy regular expression pattern: ^A[A-Z0-9]+$]");
	expect("CreateHITType",
	       "{\"AssignmentDurationInSeconds\":60,\"Reward\":\"1\",\"Title\":\"t\",\"Description\":\"d\","
	       "\"QualificationRequirements\":[{\"QualificationTypeId\":\"3X\"}]}",
	       SHAPE_INVALID,
	       "1 validation error detected: Value null at 'qualificationRequirements.1.member.comparator' failed to "
	       "satisfy constraint: Member must not be null");
}

static void wrong_types(void **state)
{
	(void)state;
	expect("GetHIT", "{\"HITId\":7}", SHAPE_UNREADABLE, "NUMBER_VALUE can not be converted to a String");
	expect("ListHITs", "{\"MaxResults\":\"7\"}", SHAPE_UNREADABLE,
	       "STRING_VALUE can not be converted to an Integer");
	expect("ListHITs", "{\"MaxResults\":1.5}", SHAPE_UNREADABLE, "NUMBER_VALUE can not be converted to an Integer");
	expect("GetHIT", "{\"HITId\":[]}", SHAPE_UNREADABLE, "Start of list found where not expected");
	expect("GetHIT", "{\"HITId\":{}}", SHAPE_UNREADABLE,
	       "Start of structure or map found where not expected.");
	expect("NotifyWorkers", "{\"Subject\":\"s\",\"MessageText\":\"m\",\"WorkerIds\":[null]}", SHAPE_UNREADABLE,
	       "VALUE can not be converted to a String");
	expect("ListHITs", "{\"MaxResults\":99999999999}", SHAPE_UNREADABLE,
	       "NUMBER_VALUE can not be converted to an Integer");
}

static void limits_beyond_the_model(void **state)
{
	(void)state;
	expect("RejectAssignment", "{\"AssignmentId\":\"3X\",\"RequesterFeedback\":\"a\\u0007b\"}", SHAPE_OUT_OF_RANGE,
	       "The value \"a\007b\" is not valid for the parameter RequesterFeedback.");
	expect("RejectAssignment", "{\"AssignmentId\":\"3X\",\"RequesterFeedback\":\"a\\tb\\r\\nc\"}", SHAPE_FITS,
	       NULL);
	expect("CreateAdditionalAssignmentsForHIT", "{\"HITId\":\"3X\",\"NumberOfAdditionalAssignments\":0}",
	       SHAPE_OUT_OF_RANGE, "The value \"0\" is not valid for the parameter NumberOfAdditionalAssignments.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_requests_fit),
		cmocka_unit_test(amazons_own_sentence),
		cmocka_unit_test(bad_amounts),
		cmocka_unit_test(several_errors_in_one_sentence),
		cmocka_unit_test(numbers_and_enumerations),
		cmocka_unit_test(lists),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(limits_beyond_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
