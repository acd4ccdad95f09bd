/* SPDX-License-Identifier: MIT
 *
 * What is made of file, ledger and platform side by side: tables of lines and findings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "reconcile_bonus.h"
#include "utf8.h"
#include "reconcile_params.h"
#include "reconcile_rule.h"

#define W1 "A1NGMT0000001X"
#define W2 "A1NGMT0000002X"
#define A1 "3NGMTASG00001"
#define H1 "3NGMTHIT00001"
#define H2 "3NGMTHIT00002"

#define ASKED_AT 1000
#define DUE 500 /* when the platform approves by itself */

/* An approved and paid assignment on which all agree: every test spoils it in one way. */
static struct reconcile_line good(void)
{
	return (struct reconcile_line){
		.assignment_id = A1,
		.worker_id = W1,
		.asked_at_s = ASKED_AT,
		.file = { .rows = 1, .verdict = VERDICT_APPROVE, .why = "as asked", .hit_id = H1,
			  .asked_minor = { 250 }, .asked = 1 },
		.ledger = { .has_decision = true,
			    .decision = { .kind = OP_APPROVE, .state = OP_DONE, .outcome = "approved",
					  .changed_s = 10 },
			    .bonuses = { { .amount_minor = 250, .state = OP_DONE, .changed_s = 10 } },
			    .count = 1 },
		.platform = { .title = "MTurk",
			      .is_known = true,
			      .status = ASSIGNMENT_APPROVED,
			      .worker_id = W1,
			      .hit_id = H1,
			      .approved_s = 10,
			      .auto_approval_s = DUE,
			      .listed = { { 250, 11 } },
			      .count = 1 },
	};
}

/* Nothing was done and nothing is asked for yet. */
static struct reconcile_line fresh(enum verdict verdict)
{
	struct reconcile_line line = good();

	line.file.verdict = verdict;
	line.file.asked = 0;
	line.ledger = (struct reconcile_ledger){ 0 };
	line.platform.status = ASSIGNMENT_SUBMITTED;
	line.platform.approved_s = 0;
	line.platform.count = 0;
	return line;
}

static void expect_words(const struct reconcile_line *line, enum finding finding, bool agrees, const char *words)
{
	struct reconcile_judgement judgement;

	reconcile_judge(line, &judgement);
	if (judgement.finding != finding || judgement.agrees != agrees || !strstr(judgement.why, words))
		fail_msg("%s, %s: %s (expected %s: %s)", finding_name(judgement.finding),
			 judgement.agrees ? "agrees" : "differs", judgement.why, finding_name(finding), words);
	assert_true(judgement.why[0]);
	assert_true(agrees == (judgement.finding == FINDING_AGREE || judgement.finding == FINDING_AUTO_APPROVED) ||
		    judgement.finding == FINDING_AUTO_APPROVED);
}

static void expect(const struct reconcile_line *line, enum finding finding)
{
	expect_words(line, finding, finding == FINDING_AGREE, "");
}

static void good_agrees(void **state)
{
	struct reconcile_line line = good();
	struct reconcile_judgement judgement;

	(void)state;
	expect_words(&line, FINDING_AGREE, true, "agree");
	reconcile_judge(&line, &judgement);
	assert_int_equal(judgement.due_minor, 250);
	assert_int_equal(judgement.found, 0);
}

static void names_are_told_apart(void **state)
{
	(void)state;
	for (int a = 0; a < FINDINGS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(finding_name((enum finding)a), finding_name((enum finding)b));
	assert_string_equal(finding_name((enum finding)FINDINGS), "?");
	assert_string_equal(finding_sentence((enum finding)-1), "?");
}

/* The decision: file verdict, operation, platform. */
static void decisions(void **state)
{
	enum { NO_OP = -1, NO_ROW = -1 };
	static const struct {
		int verdict;
		int kind;
		int op_state;
		enum assignment_status status;
		enum finding finding;
	} cases[] = {
		{ VERDICT_APPROVE, NO_OP, 0, ASSIGNMENT_SUBMITTED, FINDING_OWED },
		{ VERDICT_REJECT, NO_OP, 0, ASSIGNMENT_SUBMITTED, FINDING_OWED },
		{ VERDICT_HOLD, NO_OP, 0, ASSIGNMENT_SUBMITTED, FINDING_HELD },
		{ VERDICT_SKIP, NO_OP, 0, ASSIGNMENT_SUBMITTED, FINDING_UNDECIDED },
		{ NO_ROW, NO_OP, 0, ASSIGNMENT_SUBMITTED, FINDING_NOT_IN_FILE },
		{ VERDICT_APPROVE, OP_APPROVE, OP_PLANNED, ASSIGNMENT_SUBMITTED, FINDING_WAITING },
		{ VERDICT_APPROVE, OP_APPROVE, OP_SENDING, ASSIGNMENT_SUBMITTED, FINDING_WAITING },
		{ VERDICT_APPROVE, OP_APPROVE, OP_UNSURE, ASSIGNMENT_SUBMITTED, FINDING_WAITING },
		{ VERDICT_APPROVE, OP_APPROVE, OP_HELD, ASSIGNMENT_SUBMITTED, FINDING_HELD },
		{ VERDICT_APPROVE, OP_APPROVE, OP_FAILED, ASSIGNMENT_SUBMITTED, FINDING_OWED },
		{ VERDICT_APPROVE, OP_APPROVE, OP_CANCELLED, ASSIGNMENT_SUBMITTED, FINDING_OWED },
		{ VERDICT_APPROVE, OP_APPROVE, OP_DONE, ASSIGNMENT_SUBMITTED, FINDING_MISSING },
		{ VERDICT_APPROVE, OP_REJECT, OP_QUEUED, ASSIGNMENT_SUBMITTED, FINDING_DECIDED_OTHERWISE },
		{ VERDICT_REJECT, OP_REJECT, OP_QUEUED, ASSIGNMENT_SUBMITTED, FINDING_WAITING },
		{ VERDICT_HOLD, OP_APPROVE, OP_QUEUED, ASSIGNMENT_SUBMITTED, FINDING_WAITING },
		{ NO_ROW, OP_APPROVE, OP_QUEUED, ASSIGNMENT_SUBMITTED, FINDING_WAITING },
		{ VERDICT_APPROVE, OP_APPROVE, OP_DONE, ASSIGNMENT_APPROVED, FINDING_AGREE },
		{ VERDICT_REJECT, OP_REJECT, OP_DONE, ASSIGNMENT_REJECTED, FINDING_AGREE },
		{ VERDICT_APPROVE, NO_OP, 0, ASSIGNMENT_APPROVED, FINDING_APPROVED_OUTSIDE },
		{ VERDICT_APPROVE, OP_APPROVE, OP_FAILED, ASSIGNMENT_APPROVED, FINDING_APPROVED_OUTSIDE },
		{ VERDICT_APPROVE, OP_APPROVE, OP_HELD, ASSIGNMENT_APPROVED, FINDING_APPROVED_OUTSIDE },
		{ VERDICT_APPROVE, OP_APPROVE, OP_QUEUED, ASSIGNMENT_APPROVED, FINDING_WAITING },
		{ VERDICT_REJECT, NO_OP, 0, ASSIGNMENT_REJECTED, FINDING_REJECTED_OUTSIDE },
		{ VERDICT_REJECT, NO_OP, 0, ASSIGNMENT_APPROVED, FINDING_DECIDED_OTHERWISE },
		{ VERDICT_REJECT, OP_APPROVE, OP_DONE, ASSIGNMENT_APPROVED, FINDING_DECIDED_OTHERWISE },
		{ VERDICT_APPROVE, OP_REJECT, OP_DONE, ASSIGNMENT_REJECTED, FINDING_DECIDED_OTHERWISE },
		{ VERDICT_APPROVE, OP_REJECT, OP_DONE, ASSIGNMENT_APPROVED, FINDING_DECIDED_OTHERWISE },
		{ VERDICT_HOLD, OP_APPROVE, OP_DONE, ASSIGNMENT_APPROVED, FINDING_HELD },
		{ VERDICT_SKIP, OP_APPROVE, OP_DONE, ASSIGNMENT_APPROVED, FINDING_DECIDED_OTHERWISE },
		{ VERDICT_SKIP, NO_OP, 0, ASSIGNMENT_REJECTED, FINDING_REJECTED_OUTSIDE },
		{ NO_ROW, OP_APPROVE, OP_DONE, ASSIGNMENT_APPROVED, FINDING_NOT_IN_FILE },
		{ NO_ROW, NO_OP, 0, ASSIGNMENT_APPROVED, FINDING_APPROVED_OUTSIDE },
		{ VERDICT_APPROVE, NO_OP, 0, ASSIGNMENT_NOT_SUBMITTED, FINDING_NOT_SUBMITTED },
		{ VERDICT_APPROVE, NO_OP, 0, ASSIGNMENT_NONE, FINDING_UNKNOWN_ASSIGNMENT },
		{ VERDICT_APPROVE, OP_APPROVE, OP_DONE, ASSIGNMENT_NONE, FINDING_MISSING },
		{ VERDICT_HOLD, NO_OP, 0, ASSIGNMENT_NONE, FINDING_HELD },
		{ VERDICT_SKIP, NO_OP, 0, ASSIGNMENT_NONE, FINDING_AGREE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reconcile_line line = fresh(VERDICT_APPROVE);
		struct reconcile_judgement judgement;

		line.file.rows = cases[i].verdict >= 0;
		line.file.verdict = cases[i].verdict >= 0 ? (enum verdict)cases[i].verdict : VERDICT_APPROVE;
		line.ledger.has_decision = cases[i].kind >= 0;
		line.ledger.decision.kind = cases[i].kind >= 0 ? (enum op_kind)cases[i].kind : OP_APPROVE;
		line.ledger.decision.state = (enum op_state)cases[i].op_state;
		line.platform.status = cases[i].status;
		line.platform.approved_s = cases[i].status == ASSIGNMENT_APPROVED ? 10 : 0;
		reconcile_judge(&line, &judgement);
		if (judgement.finding != cases[i].finding)
			fail_msg("case %zu: %s (%s), expected %s", i, finding_name(judgement.finding), judgement.why,
				 finding_name(cases[i].finding));
	}
}

/* The ledger's bonuses, the file's and the platform's, in cents; 0 ends a list. */
static void bonuses(void **state)
{
	static const struct {
		int asked[3];
		struct {
			int cents;
			int op_state;
			bool on_purpose;
		} sent[3];
		int listed[4];
		enum finding finding;
		int due;
	} cases[] = {
		{ { 250 }, { { 0 } }, { 0 }, FINDING_OWED, 250 },
		{ { 250 }, { { 250, OP_QUEUED, false } }, { 0 }, FINDING_WAITING, 250 },
		{ { 250 }, { { 250, OP_UNSURE, false } }, { 0 }, FINDING_WAITING, 250 },
		{ { 250 }, { { 250, OP_UNSURE, false } }, { 250 }, FINDING_WAITING, 250 },
		{ { 250 }, { { 250, OP_HELD, false } }, { 0 }, FINDING_HELD, 250 },
		{ { 250 }, { { 250, OP_FAILED, false } }, { 0 }, FINDING_OWED, 250 },
		{ { 250 }, { { 250, OP_CANCELLED, false } }, { 0 }, FINDING_OWED, 250 },
		{ { 250 }, { { 250, OP_DONE, false } }, { 250 }, FINDING_AGREE, 250 },
		{ { 250 }, { { 250, OP_DONE, false } }, { 0 }, FINDING_MISSING, 250 },
		{ { 250 }, { { 250, OP_DONE, false } }, { 300 }, FINDING_OTHER_AMOUNT, 250 },
		{ { 300 }, { { 250, OP_DONE, false } }, { 250 }, FINDING_OTHER_AMOUNT, 300 },
		{ { 300 }, { { 250, OP_QUEUED, false } }, { 0 }, FINDING_OTHER_AMOUNT, 300 },
		{ { 0 }, { { 250, OP_DONE, false } }, { 250 }, FINDING_OTHER_AMOUNT, 0 },
		{ { 0 }, { { 250, OP_DONE, true } }, { 250 }, FINDING_AGREE, 250 },
		{ { 250 }, { { 0 } }, { 250 }, FINDING_PAID_OUTSIDE, 250 },
		{ { 250 }, { { 0 } }, { 300 }, FINDING_PAID_OUTSIDE, 250 },
		{ { 0 }, { { 0 } }, { 300 }, FINDING_PAID_OUTSIDE, 0 },
		{ { 0 }, { { 0 } }, { 300, 300 }, FINDING_DOUBLE, 0 },
		{ { 250 }, { { 250, OP_DONE, false } }, { 250, 250 }, FINDING_DOUBLE, 250 },
		{ { 250 }, { { 250, OP_DONE, false } }, { 100, 250 }, FINDING_DOUBLE, 250 },
		{ { 250 }, { { 250, OP_DONE, false }, { 100, OP_DONE, true } }, { 250, 100 }, FINDING_AGREE, 350 },
		{ { 250 }, { { 250, OP_DONE, false }, { 250, OP_DONE, true } }, { 250, 250 }, FINDING_AGREE, 500 },
		{ { 250 }, { { 250, OP_DONE, false }, { 250, OP_DONE, true } }, { 250, 250, 250 }, FINDING_DOUBLE,
		  500 },
		{ { 250 }, { { 250, OP_DONE, true } }, { 250 }, FINDING_AGREE, 250 },
		{ { 250, 100 }, { { 250, OP_DONE, false }, { 100, OP_DONE, true } }, { 250, 100 }, FINDING_AGREE, 350 },
		{ { 250, 100 }, { { 0 } }, { 0 }, FINDING_HELD, 350 },
		{ { 250 }, { { 250, OP_FAILED, false }, { 250, OP_DONE, true } }, { 250 }, FINDING_AGREE, 250 },
		{ { 250 }, { { 100, OP_QUEUED, true } }, { 0 }, FINDING_OWED, 250 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reconcile_line line = good();
		struct reconcile_judgement judgement;

		line.file.asked = line.ledger.count = line.platform.count = 0;
		while (line.file.asked < 3 && cases[i].asked[line.file.asked]) {
			line.file.asked_minor[line.file.asked] = cases[i].asked[line.file.asked];
			line.file.asked++;
		}
		for (size_t b = 0; b < 3 && cases[i].sent[b].cents; b++)
			line.ledger.bonuses[line.ledger.count++] =
				(struct reconcile_bonus){ .amount_minor = cases[i].sent[b].cents,
							  .state = (enum op_state)cases[i].sent[b].op_state,
							  .has_own_purpose = cases[i].sent[b].on_purpose,
							  .changed_s = 10 };
		for (size_t p = 0; p < 4 && cases[i].listed[p]; p++)
			line.platform.listed[line.platform.count++] =
				(struct reconcile_listed){ cases[i].listed[p], 11 };
		reconcile_judge(&line, &judgement);
		if (judgement.finding != cases[i].finding || judgement.due_minor != cases[i].due)
			fail_msg("case %zu: %s, due %d (%s), expected %s", i, finding_name(judgement.finding),
				 (int)judgement.due_minor, judgement.why, finding_name(cases[i].finding));
	}
}

static void auto_approval(void **state)
{
	struct reconcile_line line = good();

	(void)state;
	line.platform.approved_s = DUE;
	/* Our own approval, which the platform dated late. */
	expect(&line, FINDING_AGREE);
	/* Found so by reading back. */
	line.ledger.decision.outcome = "already-approved";
	expect_words(&line, FINDING_AUTO_APPROVED, true, "by itself");
	line.ledger.has_decision = false;
	expect_words(&line, FINDING_AUTO_APPROVED, true, "by itself");
	line.platform.approved_s = DUE - 1;
	expect(&line, FINDING_APPROVED_OUTSIDE);
	line.platform.approved_s = DUE;
	line.file.verdict = VERDICT_REJECT;
	line.file.asked = line.ledger.count = line.platform.count = 0;
	expect_words(&line, FINDING_AUTO_APPROVED, false, "asks for a rejection");
	line.file.verdict = VERDICT_SKIP;
	expect_words(&line, FINDING_AUTO_APPROVED, false, "leaves it out");
	line.file.verdict = VERDICT_HOLD;
	expect(&line, FINDING_HELD);
	line.file.rows = 0;
	expect_words(&line, FINDING_NOT_IN_FILE, false, "by time alone");
	/* Without a time nothing is said about it. */
	line.file = good().file;
	line.file.asked = 0;
	line.platform.approved_s = 0;
	expect(&line, FINDING_APPROVED_OUTSIDE);
}

static void somebody_else(void **state)
{
	struct reconcile_line line = good();

	(void)state;
	line.worker_id = W2;
	expect_words(&line, FINDING_WRONG_WORKER, false, "file says worker " W2 ", MTurk says worker " W1);
	line.file.rows = 0;
	expect_words(&line, FINDING_WRONG_WORKER, false, "ledger says worker " W2);
	/* The other side of the same: the platform's worker, whom no row names. */
	line = fresh(VERDICT_APPROVE);
	line.file.rows = 0;
	line.file.other_worker = W2;
	expect_words(&line, FINDING_WRONG_WORKER, false, "file says worker " W2 ", MTurk says worker " W1);
	line = good();
	line.file.hit_id = H2;
	expect_words(&line, FINDING_WRONG_HIT, false, H2);
	line.platform.lacks_hit = true;
	line.platform.is_known = false;
	expect(&line, FINDING_MISSING);
	line.ledger = (struct reconcile_ledger){ 0 };
	line.platform.count = 0;
	expect_words(&line, FINDING_UNKNOWN_ASSIGNMENT, false, "knows no HIT " H1);
}

/* What the ledger did after the platform was asked, the answer cannot show. */
static void done_meanwhile(void **state)
{
	struct reconcile_line line = good();

	(void)state;
	line.platform.status = ASSIGNMENT_SUBMITTED;
	line.platform.count = 0;
	line.ledger.decision.changed_s = line.ledger.bonuses[0].changed_s = ASKED_AT;
	expect(&line, FINDING_WAITING);
	line.ledger.decision.changed_s = line.ledger.bonuses[0].changed_s = ASKED_AT - 1;
	expect(&line, FINDING_MISSING);
}

static void held_and_contradictory(void **state)
{
	struct reconcile_line line = fresh(VERDICT_APPROVE);
	struct reconcile_judgement judgement;

	(void)state;
	line.file.is_contradictory = true;
	line.file.asked = 1;
	expect_words(&line, FINDING_HELD, false, "contradict");
	line = fresh(VERDICT_APPROVE);
	line.file.is_beyond_limits = true;
	line.file.asked = 1;
	line.file.why = "above max_bonus";
	expect_words(&line, FINDING_HELD, false, "above max_bonus");
	line = fresh(VERDICT_REJECT);
	line.ledger.has_decision = true;
	line.ledger.decision = (struct reconcile_decision){ .kind = OP_REJECT, .state = OP_HELD, .goes_on = true };
	expect(&line, FINDING_WAITING);
	line = good();
	line.assignment_id = NULL;
	expect_words(&line, FINDING_HELD, false, "names no assignment: as asked");
	line = good();
	line.is_cut = true;
	expect(&line, FINDING_UNDECIDED);
	/* Paid under doubt, held for a person, and listed: it is not somebody else's. */
	line = good();
	line.ledger.bonuses[0] = (struct reconcile_bonus){ .amount_minor = 250, .state = OP_HELD, .is_doubtful = true };
	expect(&line, FINDING_HELD);
	reconcile_judge(&line, &judgement);
	assert_false(judgement.found & (1U << FINDING_PAID_OUTSIDE));
}

/* The worst comes first, whatever the order of finding; texts of any length are cut. */
static void the_worst_comes_first(void **state)
{
	struct reconcile_line line = fresh(VERDICT_APPROVE);
	struct reconcile_judgement judgement;
	char longest[2000];

	(void)state;
	line.platform.listed[0] = line.platform.listed[1] = (struct reconcile_listed){ 100, 1 };
	line.platform.count = 2;
	reconcile_judge(&line, &judgement);
	assert_int_equal(judgement.finding, FINDING_DOUBLE);
	assert_true(judgement.found & (1U << FINDING_OWED) && judgement.found & (1U << FINDING_PAID_OUTSIDE));
	assert_ptr_equal(strstr(judgement.why, "MTurk lists 2 payments"), judgement.why);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	line.file.verdict = VERDICT_HOLD;
	line.file.why = longest;
	reconcile_judge(&line, &judgement);
	assert_true(strlen(judgement.why) < sizeof(judgement.why));
}

/* As many payments as fit, all different, none in its order. */
static void many_payments(void **state)
{
	struct reconcile_line line = good();

	(void)state;
	line.ledger.count = line.platform.count = line.file.asked = RECONCILE_PAYMENTS_MAX;
	for (int i = 0; i < RECONCILE_PAYMENTS_MAX; i++) {
		line.file.asked_minor[i] = i + 1;
		line.ledger.bonuses[RECONCILE_PAYMENTS_MAX - 1 - i] =
			(struct reconcile_bonus){ .amount_minor = i + 1, .state = OP_DONE };
		line.platform.listed[(i * 5) % RECONCILE_PAYMENTS_MAX] = (struct reconcile_listed){ i + 1, 1 };
	}
	expect(&line, FINDING_AGREE);
	line.platform.listed[63].amount_minor = 1000;
	expect(&line, FINDING_OTHER_AMOUNT);
}

static int read_params(const char *text, struct reconcile_params *out, struct err *err)
{
	struct json_object *json = json_parse(text, strlen(text), err);
	int result;

	assert_non_null(json);
	result = reconcile_params_read(out, json, err);
	json_object_put(json);
	return result;
}

static void params_are_read(void **state)
{
	struct reconcile_params params;
	struct err err;

	(void)state;
	assert_int_equal(read_params("{}", &params, &err), 0);
	assert_false(reconcile_params_select(&params) || params.all || params.only_differing || params.report);
	assert_int_equal(params.limit, 1000);
	reconcile_params_finish(&params);
	assert_int_equal(read_params("{\"hits\":[\"" H1 "\",\"" H2 "\"],\"room\":\"r\",\"game\":\"g\","
				     "\"differing\":true,\"offset\":3,\"limit\":7}", &params, &err), 0);
	assert_true(reconcile_params_select(&params));
	assert_string_equal(params.hits, "[\"" H1 "\",\"" H2 "\"]");
	assert_string_equal(params.room, "r");
	assert_string_equal(params.game, "g");
	assert_true(params.only_differing && params.offset == 3 && params.limit == 7);
	reconcile_params_finish(&params);
}

static void odd_params_are_refused(void **state)
{
	static const char *const cases[] = {
		"{\"hits\":[]}",	 "{\"hits\":\"x\"}",	 "{\"hits\":[\"\"]}", "{\"hits\":[null]}",
		"{\"hits\":[\"a;b\"]}", "{\"room\":\"\"}",	 "{\"room\":1}",      "{\"all\":\"yes\"}",
		"{\"limit\":0}",	 "{\"limit\":1001}",	 "{\"offset\":-1}",   "{\"report\":0}",
		"{\"report\":\"1\"}",	 "{\"all\":true,\"hits\":[\"" H1 "\"]}", "{\"report\":1,\"room\":\"r\"}",
	};
	struct reconcile_params params;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_params(cases[i], &params, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
	}
}

/* A worker chooses the code: wherever the sentence is cut, it stays text, or the report would lose the row. */
static void test_sentences_are_cut_at_characters(void **state)
{
	char code[200] = "", why[240];

	(void)state;
	for (int n = 1; n <= 40; n++) {
		struct reconcile_judgement judgement;

		if (n < 32)
			(void)strcat(code, "\xc3\xb6");
		(void)snprintf(why, sizeof(why),
			       "the file says exit code AB12CD34EF, the worker submitted %s; no money moved", code);
		reconcile_judge(
			&(struct reconcile_line){
				.assignment_id = "3NGMTASG00001",
				.worker_id = "A1NGMT0000001X",
				.asked_at_s = 1000,
				.file = { .rows = 1,
					  .verdict = VERDICT_APPROVE,
					  .why = "",
					  .asked_minor = { 250 },
					  .asked = 1 },
				.ledger = { .has_decision = true,
					    .decision = { .kind = OP_APPROVE, .state = OP_HELD, .why = why },
					    .bonuses = { { .amount_minor = 250, .state = OP_HELD, .why = why } },
					    .count = 1 },
				.platform = { .title = "MTurk",
					      .is_known = true,
					      .status = ASSIGNMENT_SUBMITTED,
					      .worker_id = "A1NGMT0000001X",
					      .listed = { { 250, 11 } },
					      .count = 1 } },
			&judgement);
		assert_int_equal(utf8_first_invalid(judgement.why, strlen(judgement.why)), strlen(judgement.why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences_are_cut_at_characters),
		cmocka_unit_test(good_agrees),
		cmocka_unit_test(names_are_told_apart),
		cmocka_unit_test(decisions),
		cmocka_unit_test(bonuses),
		cmocka_unit_test(auto_approval),
		cmocka_unit_test(somebody_else),
		cmocka_unit_test(done_meanwhile),
		cmocka_unit_test(held_and_contradictory),
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(many_payments),
		cmocka_unit_test(params_are_read),
		cmocka_unit_test(odd_params_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
