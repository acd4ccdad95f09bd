/* SPDX-License-Identifier: MIT
 *
 * A plan in words, the question that is asked, the end of a batch and the exit status that follows from both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "batch.h"
#include "confirm.h"
#include "output.h"
#include "plan.h"
#include "term.h"

static struct json_object *parse(const char *text)
{
	struct err err;
	struct json_object *value = json_parse(text, strlen(text), &err);

	if (!value)
		fail_msg("%s: %s", text, err.message);
	return value;
}

#define NOTIFY "{\"kind\":\"notify\",\"count\":250,\"amount_cents\":0,\"fees_cents\":0,\"fees_known\":true}"
#define APPROVE "{\"kind\":\"approve\",\"count\":7,\"amount_cents\":700,\"fees_cents\":140,\"fees_known\":true}"
#define REJECT "{\"kind\":\"reject\",\"count\":1,\"amount_cents\":0,\"fees_cents\":0,\"fees_known\":true}"
#define BONUS "{\"kind\":\"bonus\",\"count\":2,\"amount_cents\":2975,\"fees_cents\":595,\"fees_known\":true}"
#define MONEY "\"total_cents\":2975,\"total_fees_cents\":595,\"environment\":\"live\","
#define ITEMS "\"items\":[{\"verdict\":\"act\",\"worker_id\":\"A2\"},{\"verdict\":\"act\",\"worker_id\":\"A1\"}," \
	      "{\"verdict\":\"act\",\"worker_id\":\"A2\"},{\"verdict\":\"skip\",\"worker_id\":\"A3\"},7,{}]"

static void test_question(void **state)
{
	static const struct {
		const char *plan;
		const char *question;
	} cases[] = {
		{ "{" MONEY "\"workers\":2,\"actions\":[" BONUS "]}",
		  "Pay 2 workers $29.75 + $5.95 fees in LIVE? [y/N]" },
		{ "{" MONEY ITEMS ",\"actions\":[" BONUS "]}", "Pay 2 workers $29.75 + $5.95 fees in LIVE? [y/N]" },
		{ "{" MONEY "\"workers\":1,\"actions\":[" BONUS "]}",
		  "Pay 1 worker $29.75 + $5.95 fees in LIVE? [y/N]" },
		{ "{" MONEY "\"workers\":9,\"actions\":[" BONUS "]}",
		  "Pay 2 bonuses, $29.75 + $5.95 fees, in LIVE? [y/N]" },
		{ "{" MONEY "\"actions\":[" BONUS "]}", "Pay 2 bonuses, $29.75 + $5.95 fees, in LIVE? [y/N]" },
		{ "{\"environment\":\"sandbox\",\"actions\":[" APPROVE "]}",
		  "Approve 7 assignments in SANDBOX? [y/N]" },
		{ "{" MONEY "\"workers\":2,\"actions\":[" APPROVE "," REJECT "," BONUS "]}",
		  "Approve 7 assignments, reject 1 assignment and pay 2 workers $29.75 + $5.95 fees in LIVE? [y/N]" },
		{ "{\"environment\":\"live\"}", "Go on in LIVE? [y/N]" },
		{ "{\"environment\":\"sandbox\",\"workers\":250,\"actions\":[" NOTIFY "]}",
		  "Notify 250 workers in SANDBOX? [y/N]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *plan = parse(cases[i].plan);
		char *question = plan_question(plan, 0);

		assert_string_equal(question, cases[i].question);
		free(question);
		json_object_put(plan);
	}
}

static void test_question_for_a_number(void **state)
{
	struct json_object *plan = parse("{\"environment\":\"live\",\"actions\":[" REJECT "]}");
	char *question = plan_question(plan, 12);

	(void)state;
	assert_string_equal(question, "Reject 1 assignment in LIVE? Type 12, the number of rejections, to say yes:");
	free(question);
	json_object_put(plan);
	assert_int_equal(confirm_count(10), 0);
	assert_int_equal(confirm_count(11), 11);
}

static char *print_plan(const char *text)
{
	struct json_object *plan = parse(text);
	char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);

	term_init("never");
	plan_print(out, plan);
	assert_int_equal(fclose(out), 0);
	json_object_put(plan);
	return printed;
}

static void test_plan_text(void **state)
{
	char *text =
		print_plan("{" MONEY "\"digest\":\"d\",\"rows\":9,\"workers\":2,\"balance_cents\":100000,"
			   "\"balance_after_cents\":96430,\"actions\":[" APPROVE "," BONUS "],\"warnings\":[\"w\"],"
			   "\"groups\":[{\"verdict\":\"hold\",\"kind\":\"bonus\",\"count\":2,\"why\":\"too much\"}]}");

	(void)state;
	assert_string_equal(
		text, "Plan for LIVE  digest d, 9 rows\n"
		      "  approve  7  assignments   $7.00  + $1.40 fees  (reward, set aside by the platform already)\n"
		      "  bonus    2  bonuses      $29.75  + $5.95 fees  (to workers)\n"
		      "  workers:  2\n"
		      "  to pay:   $29.75 + $5.95 fees = $35.70\n"
		      "  balance:  $1,000.00, $964.30 afterwards\n"
		      "Not sent:\n"
		      "  2  hold  bonus  too much\n"
		      "warning: w\n");
	free(text);
}

static void test_workers_are_named(void **state)
{
	char *text =
		print_plan("{\"items\":[{\"verdict\":\"act\",\"worker_id\":\"A2\"},"
			   "{\"verdict\":\"act\",\"worker_id\":\"A1\"},{\"verdict\":\"act\",\"worker_id\":\"A2\"}]}");

	(void)state;
	assert_non_null(strstr(text, "  workers:  2 (A1, A2)\n"));
	free(text);
	text = print_plan("{\"workers\":9,\"items\":[{\"verdict\":\"act\",\"worker_id\":\"A2\"}]}");
	assert_non_null(strstr(text, "  workers:  9 (A2, ...)\n"));
	free(text);
}

/* What is beyond a limit is recorded, and nothing is asked for it. */
static void test_held_only(void **state)
{
	static const struct {
		const char *plan;
		bool is_void;
		bool only_holds;
	} cases[] = {
		{ "{}", false, false },
		{ "{\"nothing_to_do\":true}", true, false },
		{ "{\"nothing_to_do\":true,\"to_hold\":0}", true, false },
		{ "{\"nothing_to_do\":false,\"to_hold\":3}", false, true },
		{ "{\"nothing_to_do\":true,\"to_hold\":3}", false, true },
		{ "{\"to_hold\":3,\"actions\":[" BONUS "]}", false, false },
		{ "{\"to_hold\":3,\"actions\":[{\"kind\":\"bonus\",\"count\":0},7]}", false, true },
		{ "{\"to_hold\":-3}", false, false },
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *plan = parse(cases[i].plan);

		if (plan_is_void(plan, &why) != cases[i].is_void || plan_only_records(plan) != cases[i].only_holds)
			fail_msg("%s", cases[i].plan);
		json_object_put(plan);
	}
}

static void expect_line(const char *plan, const char *line, bool is_there)
{
	char *text = print_plan(plan);

	if ((strstr(text, line) != NULL) != is_there)
		fail_msg("%s\n%s", plan, text);
	free(text);
}

static void test_what_is_held_and_what_can_be_taken_back(void **state)
{
	(void)state;
	expect_line("{\"to_hold\":1}",
		    "1 of these: recorded as held, not sent (see ngmtctl queue list --held)\n", true);
	expect_line("{\"to_hold\":2}", "2 of these: recorded as held", true);
	expect_line("{\"actions\":[" REJECT "],\"undo_window_s\":600}",
		    "rejections wait 10 min; ngmtctl queue cancel --batch N takes them back\n", true);
	expect_line("{\"actions\":[" REJECT "],\"undo_window_s\":61}", "rejections wait 1 min 1 s;", true);
	expect_line("{\"actions\":[" REJECT "],\"undo_window_s\":0}", "takes them back", false);
	expect_line("{\"actions\":[" BONUS "],\"undo_window_s\":600}", "takes them back", false);
}

static void test_void_plan_with_something_held(void **state)
{
	char *text = print_plan("{\"nothing_to_do\":true,\"why\":\"1 held\",\"groups\":[{\"verdict\":\"hold\","
				"\"kind\":\"bonus\",\"count\":1,\"why\":\"a bonus needs a reason\"}]}");

	(void)state;
	assert_non_null(strstr(text, "\nNothing can be sent: 1 held\n"));
	assert_non_null(strstr(text, "  1  hold  bonus  a bonus needs a reason (-r)\n"));
	free(text);
}

static void test_what_is_on_its_way(void **state)
{
	struct json_object *plan = parse(
		"{\"groups\":[7,{},{\"verdict\":\"done\",\"count\":2,\"why\":\"paid already\"},"
		"{\"verdict\":\"done\",\"count\":3,\"why\":\"on its way already (queued)\"},"
		"{\"verdict\":\"hold\",\"count\":5,\"why\":\"on its way already (queued)\"}]}");

	(void)state;
	assert_int_equal(plan_under_way(plan), 3);
	assert_int_equal(plan_under_way(NULL), 0);
	json_object_put(plan);
}

static void test_void_plan_and_empty_object(void **state)
{
	char *text = print_plan(
		"{\"nothing_to_do\":true,\"why\":\"all done\",\"environment\":\"sandbox\",\"digest\":\"x\"}");

	(void)state;
	assert_string_equal(text, "Plan for SANDBOX  digest x, 0 rows\nNothing to do: all done\n");
	free(text);
	text = print_plan("{}");
	assert_non_null(strstr(text, "UNKNOWN"));
	free(text);
}

static void test_counts(void **state)
{
	struct json_object *plan =
		parse("{" ITEMS ",\"actions\":[7,null,{}," BONUS "],\"groups\":["
		      "{\"verdict\":\"hold\",\"count\":2},{\"verdict\":\"conflict\",\"count\":3},"
		      "{\"verdict\":\"done\",\"count\":4},{\"verdict\":\"hold\",\"count\":9223372036854775806}]}");

	(void)state;
	assert_int_equal(plan_count(plan, "bonus"), 2);
	assert_int_equal(plan_count(plan, "approve"), 0);
	assert_int_equal(plan_workers(plan), 2);
	assert_int_equal(plan_troubled(plan), 5);
	json_put_int(plan, "items_next_offset", 3);
	assert_int_equal(plan_workers(plan), -1);
	json_object_put(plan);
}

static void test_exit_status(void **state)
{
	static const struct {
		const char *batch;
		const char *plan;
		enum batch_end end;
		int status;
	} cases[] = {
		{ "{\"finished\":true}", "{}", BATCH_FINISHED, 0 },
		{ "{\"failed\":1}", "{}", BATCH_FINISHED, 7 },
		{ "{\"held\":1}", "{}", BATCH_FINISHED, 7 },
		{ "{\"unsure\":1}", "{}", BATCH_FINISHED, 7 },
		{ "{\"cancelled\":1}", "{}", BATCH_FINISHED, 7 },
		{ "{}", "{\"groups\":[{\"verdict\":\"hold\",\"count\":1}]}", BATCH_FINISHED, 7 },
		{ "{}", "{\"groups\":[{\"verdict\":\"skip\",\"count\":1}]}", BATCH_FINISHED, 0 },
		{ "{\"held\":2,\"undo\":2}", "{}", BATCH_FINISHED, 0 },
		{ "{\"held\":2,\"undo\":1}", "{}", BATCH_FINISHED, 7 },
		{ "{\"held\":2,\"undo\":3}", "{}", BATCH_FINISHED, 0 },
		{ "{\"held\":1,\"undo\":-1}", "{}", BATCH_FINISHED, 7 },
		{ "{\"held\":2,\"undo\":2,\"failed\":1}", "{}", BATCH_FINISHED, 7 },
		{ "{\"failed\":1}", "{}", BATCH_FUNDS, 6 },
		{ "{\"failed\":1}", "{}", BATCH_TIMEOUT, 8 },
		{ "{}", "{}", BATCH_DETACHED, 8 },
		{ "{}", "{}", BATCH_QUEUED, 0 },
		{ "{}", "{\"groups\":[{\"verdict\":\"hold\",\"count\":1}]}", BATCH_QUEUED, 7 },
		{ "{}", "{\"groups\":[{\"verdict\":\"conflict\",\"count\":1}]}", BATCH_QUEUED, 7 },
		{ "{}", "{\"groups\":[{\"verdict\":\"done\",\"count\":1}]}", BATCH_QUEUED, 0 },
		{ "{}", "{\"groups\":[{\"verdict\":\"hold\",\"count\":1}]}", BATCH_FUNDS, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *batch = parse(cases[i].batch), *plan = parse(cases[i].plan);

		assert_int_equal(batch_exit_status(batch, plan, cases[i].end), cases[i].status);
		json_object_put(batch);
		json_object_put(plan);
	}
	assert_int_equal(batch_exit_status(NULL, NULL, BATCH_FINISHED), 0);
}

static void test_batch_text(void **state)
{
	struct json_object *plan = parse("{\"balance_cents\":100000,\"actions\":[" APPROVE "," REJECT "," BONUS "]}");
	struct json_object *batch =
		parse("{\"finished\":true,\"approved\":6,\"rejected\":1,\"bonuses\":2,\"bonus_cents\":2975,"
		      "\"fees_cents\":595,\"failed\":1,\"groups\":[{\"state\":\"failed\",\"kind\":\"approve\","
		      "\"count\":1,\"why\":\"expired\",\"example\":\"3NGMTASG00001\"}]}");
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	term_init("never");
	batch_print(out, batch, plan, 96430);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "results processed:      8/8\n"
				  "approved:               6\n"
				  "rejected:               1\n"
				  "approve/reject failed:  1\n"
				  "bonuses paid:           2, $29.75 (fees: $5.95)\n"
				  "1 approval failed: expired (such as 3NGMTASG00001)\n"
				  "Original balance: $1,000.00  New balance: $964.30  (diff: $35.70)\n");
	free(text);
	json_object_put(plan);
	json_object_put(batch);
}

static void expect_batch_of_plan(const char *batch_text, const char *plan_text, const char *expected)
{
	struct json_object *batch = parse(batch_text), *plan = plan_text ? parse(plan_text) : NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	term_init("never");
	batch_print(out, batch, plan, -1);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	free(text);
	json_object_put(plan);
	json_object_put(batch);
}

static void expect_batch(const char *batch_text, const char *expected)
{
	expect_batch_of_plan(batch_text, NULL, expected);
}

static void test_what_is_held_did_not_fail(void **state)
{
	(void)state;
	expect_batch_of_plan(
		"{\"approved\":6,\"bonuses\":1,\"bonus_cents\":200,\"fees_cents\":40,"
		"\"held\":3,\"unsure\":1,\"cancelled\":1,"
		"\"groups\":[{\"state\":\"held\",\"kind\":\"approve\",\"count\":1,\"why\":\"too much\"},"
		"{\"state\":\"held\",\"kind\":\"bonus\",\"count\":2,\"why\":\"too much\"},"
		"{\"state\":\"unsure\",\"kind\":\"bonus\",\"count\":1,\"why\":\"lost\"},"
		"{\"state\":\"failed\",\"kind\":\"bonus\",\"count\":1,\"why\":\"blocked\"},"
		"{\"state\":\"cancelled\",\"kind\":\"reject\",\"count\":1,\"why\":\"taken back\"}]}",
		"{\"actions\":[" APPROVE "," BONUS "]}",
		"results processed:          6/7\n"
		"approved:                   6\n"
		"rejected:                   0\n"
		"approve/reject failed:      0\n"
		"bonuses paid:               1, $2.00 (fees: $0.40)\n"
		"bonuses failed:             1\n"
		"unsure (being cleared up):  1\n"
		"cancelled:                  1\n"
		"1 approval held: too much\n"
		"2 bonuses held: too much\n"
		"1 bonus unsure: lost\n"
		"1 bonus failed: blocked\n"
		"1 rejection cancelled: taken back\n"
		"3 held (see ngmtctl queue list --held)\n");
}

#define GROUP(verdict, kind, count, why) \
	"{\"verdict\":\"" verdict "\",\"kind\":\"" kind "\",\"count\":" #count ",\"why\":\"" why "\"}"

/* What the plan itself held is told at the end too, unless the batch has it for the same reason. */
static void test_what_the_plan_held_is_told_at_the_end(void **state)
{
	(void)state;
	expect_batch_of_plan(
		"{\"held\":1,\"groups\":["
		"{\"state\":\"held\",\"kind\":\"bonus\",\"count\":1,\"why\":\"above max_bonus\"}]}",
		"{\"groups\":[" GROUP("hold", "bonus", 36, "a bonus needs a reason that the worker will read") ","
		GROUP("hold", "bonus", 1, "above max_bonus") "," GROUP("hold", "bonus", 1, "below min_bonus") ","
		GROUP("hold", "reject", 1, "a rejection needs a feedback text that tells the worker why") ","
		GROUP("hold", "qualify", 2, "neither the command nor the file names a qualification type") ","
		GROUP("conflict", "approve", 2, "lines 3 and 4 contradict each other") ","
		GROUP("done", "approve", 9, "approved already") "," GROUP("skip", "bonus", 9, "nothing to pay") ","
		GROUP("hold", "other", 1, "w") ",7,{}]}",
		"1 bonus held: above max_bonus\n"
		"36 bonuses not sent: a bonus needs a reason that the worker will read (-r)\n"
		"1 bonus not sent: below min_bonus\n"
		"1 rejection not sent: a rejection needs a feedback text that tells the worker why (-f)\n"
		"2 qualifications not sent: neither the command nor the file names a qualification type (-Q)\n"
		"2 approvals not sent: lines 3 and 4 contradict each other\n"
		"1 other not sent: w\n"
		"1 held (see ngmtctl queue list --held)\n");
}

static void test_many_reasons_are_counted(void **state)
{
	struct json_object *plan = json_object_new_object(), *groups = json_object_new_array();
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	json_put_value(plan, "groups", groups);
	for (int i = 0; i < 23; i++)
		(void)json_object_array_add(groups, parse(GROUP("hold", "bonus", 2, "w")));
	plan_print_troubled(out, plan, NULL);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "2 bonuses not sent: w\n... and 6 more not sent\n"));
	free(text);
	json_object_put(plan);
}

static void test_batch_names_what_is_held(void **state)
{
	(void)state;
	expect_batch("{\"batch\":7,\"held\":3}", "3 held (see ngmtctl queue list --held)\n");
	expect_batch("{\"batch\":7,\"held\":3,\"undo\":2,\"undo_until\":\"T\"}",
		     "1 held (see ngmtctl queue list --held)\n"
		     "2 rejections wait until T and are then sent; ngmtctl queue cancel --batch 7 takes them back\n");
	expect_batch("{\"batch\":7,\"held\":1,\"undo\":1}",
		     "1 rejection waits until the end of the undo window and is then sent; ngmtctl queue cancel "
		     "--batch 7 takes it back\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),	 cmocka_unit_test(test_plan_text),
		cmocka_unit_test(test_void_plan_and_empty_object), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_workers_are_named),
		cmocka_unit_test(test_question_for_a_number),
		cmocka_unit_test(test_held_only),
		cmocka_unit_test(test_what_is_held_and_what_can_be_taken_back),
		cmocka_unit_test(test_batch_names_what_is_held),
		cmocka_unit_test(test_void_plan_with_something_held),
		cmocka_unit_test(test_what_is_on_its_way),
		cmocka_unit_test(test_what_is_held_did_not_fail),
		cmocka_unit_test(test_what_the_plan_held_is_told_at_the_end),
		cmocka_unit_test(test_many_reasons_are_counted),
		cmocka_unit_test(test_exit_status),	 cmocka_unit_test(test_batch_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
