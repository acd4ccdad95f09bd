/* SPDX-License-Identifier: MIT
 *
 * What a row means: nodegame-files, sections 9.3 and 9.4. Cells are given as a small file with a header, so that the
 * whole way from bytes to verdict is tested. The files of section 10 are in row_files.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "row_table.h"
#include "utf8.h"

/* One row from a header and its cells; the caller calls row_finish(). */
static struct row read_one(const char *header, const char *cells, const struct row_rules *rules)
{
	struct table table = { .rules = rules };
	struct row row;
	char *text = NULL;

	assert_true(asprintf(&text, "%s\n%s\n", header, cells) > 0);
	read_table(&table, text, strlen(text));
	free(text);
	assert_int_equal(table.count, 1);
	row = table.rows[0];
	table.count = 0;
	finish_table(&table);
	return row;
}

static void check_one(const char *header, const char *cells, const struct row_rules *rules, enum verdict verdict,
		      const char *why)
{
	struct row row = read_one(header, cells, rules);

	if (row.verdict != verdict || strcmp(row.why, why) != 0)
		fail_msg("%s\n%s\n%s: %s\ninstead of\n%s: %s", header, cells, verdict_name(row.verdict), row.why,
			 verdict_name(verdict), why);
	if (row.has_bonus && row.verdict != VERDICT_APPROVE)
		fail_msg("%s: a bonus for a row that is not to be approved", cells);
	row_finish(&row);
}

static void test_truth(void **state)
{
	static const char *const yes[] = { "1", "x", "X", "true", "TRUE", "yes", "Yes", "y", "2", "0.5", "ok",
					   "The answers are random.", "01", " x ", "nope" };
	static const char *const no[] = { "0", "false", "FALSE", "False", "no", "No", "NA", "na", "undefined", "null",
					  "NULL", "NaN", "nan", "-1", "-", "-0.5", "0.0", "00", "n", "f", "off", "none",
					  "N/A", " 0 " };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (truth_of(yes[i]) != TRUTH_YES)
			fail_msg("\"%s\" is not yes", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (truth_of(no[i]) != TRUTH_NO)
			fail_msg("\"%s\" is not no", no[i]);
	assert_int_equal(truth_of(""), TRUTH_ABSENT);
	assert_int_equal(truth_of("  "), TRUTH_ABSENT);
	assert_int_equal(truth_of(NULL), TRUTH_ABSENT);
}

static void test_id_patterns(void **state)
{
	static const char longest[] = "A12345678901234567890123456789012345678901234567890123456789012X";
	static const char longer[] = "A12345678901234567890123456789012345678901234567890123456789012XX";

	(void)state;
	assert_int_equal(strlen(longest), 64);
	assert_true(is_entity_id(A1));
	assert_true(is_entity_id("0"));
	assert_true(is_entity_id(longest));
	assert_false(is_entity_id(longer));
	assert_false(is_entity_id(""));
	assert_false(is_entity_id("3ASGp1"));
	assert_false(is_entity_id("2.5"));
	assert_false(is_entity_id("3A B"));
	assert_false(is_entity_id("3A\n"));
	assert_false(is_entity_id("3\xc3\x84"));
	assert_true(is_worker_id(W1));
	assert_true(is_worker_id("AB"));
	assert_true(is_worker_id(longest));
	assert_false(is_worker_id(longer));
	assert_false(is_worker_id("A"));
	assert_false(is_worker_id("B1NGMT0000001X"));
	assert_false(is_worker_id("Ap1WORKER"));
	assert_false(is_worker_id(""));
}

#define DECIDE "workerid,assignmentid,approve,reject,bonus"
#define IDS W1 "," A1 ","

/* Section 9.4's table: approve, reject, with and without auto_approve. */
static void test_decisions(void **state)
{
	static const char *const neither = "neither approve nor reject is set (see auto_approve)";
	static const char *const both = "both approve and reject are set";
	static const char *const approve = "to approve, bonus $2.50";
	static const char *const reject = "to reject: the bonus of $2.50 is not due";
	const struct {
		const char *cells;
		enum verdict verdict;
		const char *why;
		enum verdict with_auto;
		const char *why_with_auto;
	} cases[] = {
		{ IDS "1,0,2.5", VERDICT_APPROVE, approve, VERDICT_APPROVE, approve },
		{ IDS "x,,2.5", VERDICT_APPROVE, approve, VERDICT_APPROVE, approve },
		{ IDS "1,NA,2.5", VERDICT_APPROVE, approve, VERDICT_APPROVE, approve },
		{ IDS "true,false,2.5", VERDICT_APPROVE, approve, VERDICT_APPROVE, approve },
		{ IDS "1,\"0\",2.5", VERDICT_APPROVE, approve, VERDICT_APPROVE, approve },
		{ IDS "1,\"false\",2.5", VERDICT_APPROVE, approve, VERDICT_APPROVE, approve },
		{ IDS "1,FALSE,2.5", VERDICT_APPROVE, approve, VERDICT_APPROVE, approve },
		{ IDS "0,1,2.5", VERDICT_REJECT, reject, VERDICT_REJECT, reject },
		{ IDS ",x,2.5", VERDICT_REJECT, reject, VERDICT_REJECT, reject },
		{ IDS "NA,too fast,2.5", VERDICT_REJECT, reject, VERDICT_REJECT, reject },
		{ IDS "1,1,2.5", VERDICT_HOLD, both, VERDICT_HOLD, both },
		{ IDS "x,true,2.5", VERDICT_HOLD, both, VERDICT_HOLD, both },
		{ IDS "0,0,2.5", VERDICT_HOLD, neither, VERDICT_APPROVE, approve },
		{ IDS ",,2.5", VERDICT_HOLD, neither, VERDICT_APPROVE, approve },
		{ IDS "NA,NA,2.5", VERDICT_HOLD, neither, VERDICT_APPROVE, approve },
		{ IDS "-1,NaN,2.5", VERDICT_HOLD, neither, VERDICT_APPROVE, approve },
	};
	struct row_rules automatic = usual;

	(void)state;
	automatic.auto_approve = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_one(DECIDE, cases[i].cells, &usual, cases[i].verdict, cases[i].why);
		check_one(DECIDE, cases[i].cells, &automatic, cases[i].with_auto, cases[i].why_with_auto);
	}
	check_one("workerid,assignmentid,bonus", IDS "2.5", &usual, VERDICT_HOLD, neither);
	check_one("workerid,assignmentid,bonus", IDS "2.5", &automatic, VERDICT_APPROVE, approve);
	check_one("workerid,assignmentid,approve", IDS "1", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one("workerid,assignmentid,reject", IDS "1", &usual, VERDICT_REJECT, "to reject, no bonus");
	check_one("workerid,assignmentid,reject", IDS "0", &usual, VERDICT_HOLD, neither);
}

static void test_bonus(void **state)
{
	static const struct {
		const char *cell;
		enum verdict verdict;
		const char *why;
		bool has_bonus;
		int64_t cents;
	} cases[] = {
		{ "2.5", VERDICT_APPROVE, "to approve, bonus $2.50", true, 250 },
		{ "2", VERDICT_APPROVE, "to approve, bonus $2.00", true, 200 },
		{ "2.50", VERDICT_APPROVE, "to approve, bonus $2.50", true, 250 },
		{ "\"2.38\"", VERDICT_APPROVE, "to approve, bonus $2.38", true, 238 },
		{ "$2.63", VERDICT_APPROVE, "to approve, bonus $2.63", true, 263 },
		{ "0.01", VERDICT_APPROVE, "to approve, bonus $0.01", true, 1 },
		{ "10", VERDICT_APPROVE, "to approve, bonus $10.00", true, 1000 },
		{ "007", VERDICT_APPROVE, "to approve, bonus $7.00", true, 700 },
		{ "0", VERDICT_APPROVE, "to approve, bonus 0: nothing to pay", false, 0 },
		{ "0.00", VERDICT_APPROVE, "to approve, bonus 0: nothing to pay", false, 0 },
		{ "", VERDICT_APPROVE, "to approve, no bonus", false, 0 },
		{ "NA", VERDICT_APPROVE, "to approve, no bonus", false, 0 },
		{ "undefined", VERDICT_APPROVE, "to approve, no bonus", false, 0 },
		{ "\" \"", VERDICT_APPROVE, "to approve, no bonus", false, 0 },
		{ "10.01", VERDICT_HOLD, "bonus \"10.01\" is above max_bonus ($10.00)", false, 1001 },
		{ "5000", VERDICT_HOLD, "bonus \"5000\" is above max_bonus ($10.00)", false, 500000 },
		{ "1700", VERDICT_HOLD, "bonus \"1700\" is above max_bonus ($10.00)", false, 170000 },
		{ "NaN", VERDICT_HOLD, "bonus \"NaN\" is not a number (NaN)", false, 0 },
		{ "Infinity", VERDICT_HOLD, "bonus \"Infinity\" is not finite", false, 0 },
		{ "-2", VERDICT_HOLD, "bonus \"-2\" is negative", false, 0 },
		{ "-0", VERDICT_HOLD, "bonus \"-0\" is negative", false, 0 },
		{ "1e-7", VERDICT_HOLD, "bonus \"1e-7\" is written with an exponent", false, 0 },
		{ "1e+21", VERDICT_HOLD, "bonus \"1e+21\" is written with an exponent", false, 0 },
		{ "0.3333333333333333", VERDICT_HOLD,
		  "bonus \"0.3333333333333333\" has more than two decimals", false, 0 },
		{ "0.30000000000000004", VERDICT_HOLD,
		  "bonus \"0.30000000000000004\" has more than two decimals", false, 0 },
		{ "2.500", VERDICT_HOLD, "bonus \"2.500\" has more than two decimals", false, 0 },
		{ "\"2,5\"", VERDICT_HOLD, "bonus \"2,5\" has a comma in it", false, 0 },
		{ ".5", VERDICT_HOLD, "bonus \".5\" has no digit before the point", false, 0 },
		{ "0x10", VERDICT_HOLD, "bonus \"0x10\" is not an amount in dollars", false, 0 },
		{ "+2", VERDICT_HOLD, "bonus \"+2\" is not an amount in dollars", false, 0 },
		{ "2 USD", VERDICT_HOLD, "bonus \"2 USD\" is not an amount in dollars", false, 0 },
		{ "\"2\x1b[2J\"", VERDICT_HOLD, "bonus \"2\\x1b[2J\" is not an amount in dollars", false, 0 },
		{ "99999999999999999999999", VERDICT_HOLD, "bonus \"99999999999999999999999\" is too large", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char cells[200];
		struct row row;

		(void)snprintf(cells, sizeof(cells), IDS "1,0,%s", cases[i].cell);
		check_one(DECIDE, cells, &usual, cases[i].verdict, cases[i].why);
		row = read_one(DECIDE, cells, &usual);
		if (row.has_bonus != cases[i].has_bonus || row.bonus_cents != cases[i].cents)
			fail_msg("%s: %d, %lld", cells, row.has_bonus, (long long)row.bonus_cents);
		if (row.verdict == VERDICT_HOLD)
			assert_int_equal(row.column, sizeof(IDS "1,0,"));
		row_finish(&row);
	}
}

static void test_bonus_limits(void **state)
{
	struct row_rules rules = { .max_bonus_cents = 200, .min_bonus_cents = 50, .validate_level = 2 };

	(void)state;
	check_one(DECIDE, IDS "1,0,0.50", &rules, VERDICT_APPROVE, "to approve, bonus $0.50");
	check_one(DECIDE, IDS "1,0,2", &rules, VERDICT_APPROVE, "to approve, bonus $2.00");
	check_one(DECIDE, IDS "1,0,0.49", &rules, VERDICT_HOLD, "bonus \"0.49\" is below min_bonus ($0.50)");
	check_one(DECIDE, IDS "1,0,2.01", &rules, VERDICT_HOLD, "bonus \"2.01\" is above max_bonus ($2.00)");
	check_one(DECIDE, IDS "1,0,0", &rules, VERDICT_APPROVE, "to approve, bonus 0: nothing to pay");
	/* Whoever gets no bonus is not held for its amount, but an amount that is none is still a mistake. */
	check_one(DECIDE, IDS "0,1,5000", &rules, VERDICT_REJECT, "to reject: the bonus of $5,000.00 is not due");
	check_one(DECIDE, IDS "0,1,NaN", &rules, VERDICT_HOLD, "bonus \"NaN\" is not a number (NaN)");
	rules.validate_level = 0;
	rules.auto_approve = true;
	check_one(DECIDE, IDS "1,0,2.01", &rules, VERDICT_HOLD, "bonus \"2.01\" is above max_bonus ($2.00)");
	check_one(DECIDE, IDS "1,0,1e1", &rules, VERDICT_HOLD, "bonus \"1e1\" is written with an exponent");
	check_one(DECIDE, IDS "1,1,1", &rules, VERDICT_HOLD, "both approve and reject are set");
	rules.max_bonus_cents = 0;
	check_one(DECIDE, IDS "1,0,0.01", &rules, VERDICT_HOLD, "bonus \"0.01\" is above max_bonus ($0.00)");
}

/* Five characters of two bytes: values are cut between characters. */
#define E5 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"

static void test_ids(void **state)
{
	static const char *const head = "workerid,assignmentid,hitid,QualificationTypeId,approve";
	static const struct {
		const char *cells;
		const char *why;
		unsigned column;
	} held[] = {
		{ "NA,NA,NA,NA,1", "no MTurk ids: the row says neither the worker nor the assignment", 1 },
		{ "0,0,0,,1", "no MTurk ids: the row says neither the worker nor the assignment", 1 },
		{ "undefined,null,,,1", "no MTurk ids: the row says neither the worker nor the assignment", 1 },
		{ "NA," A1 ",,,1", "no worker id for assignment \"" A1 "\"", 1 },
		{ W1 ",NA,,,1", "no assignment id for worker \"" W1 "\"", 16 },
		{ "Ap1WORKER,3ASGp1,,,1",
		  "worker id \"Ap1WORKER\" is not one that MTurk gives out (A, then capital letters and digits)", 1 },
		{ "B2,3ASG,,,1",
		  "worker id \"B2\" is not one that MTurk gives out (A, then capital letters and digits)", 1 },
		{ W1 ",3ASGp1,,,1",
		  "assignment id \"3ASGp1\" is not one that MTurk gives out (capital letters and digits)", 16 },
		{ W1 ",2.5,,,1",
		  "assignment id \"2.5\" is not one that MTurk gives out (capital letters and digits)", 16 },
		{ W1 ",3A,x,,1", "HIT id \"x\" is not one that MTurk gives out (capital letters and digits)", 19 },
		{ W1 ",3A,,q1,1",
		  "qualification type id \"q1\" is not one that MTurk gives out (capital letters and digits)", 20 },
		{ "A" E5 E5 E5 E5 ",3A,,,1",
		  "worker id \"A" E5 E5 E5 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\" is not one that MTurk gives out "
		  "(A, then capital letters and digits)", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		for (unsigned level = 0; level <= 2; level++) {
			struct row_rules rules = { .max_bonus_cents = 1000,
						   .auto_approve = true,
						   .validate_level = level };
			struct row row = read_one(head, held[i].cells, &rules);

			check_one(head, held[i].cells, &rules, VERDICT_HOLD, held[i].why);
			if (row.column != held[i].column)
				fail_msg("%s: column %u", held[i].cells, row.column);
			row_finish(&row);
		}
	}
	check_one(head, " " W1 " ,\" " A1 "\"," H1 ",3QUAL,1", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one("id,type,basepay,bonus", "p1,player,0,2.5", &usual, VERDICT_HOLD,
		  "no MTurk ids: the row says neither the worker nor the assignment");
}

static void test_skipped(void **state)
{
	static const char *const head = "type,skip,workerid,assignmentid,approve,reject,bonus";

	(void)state;
	check_one(head, "bot,,NA,NA,1,0,3", &usual, VERDICT_SKIP, "a bot");
	check_one(head, "BOT,,NA,NA,1,1,NaN", &usual, VERDICT_SKIP, "a bot");
	check_one(head, "bot,,?,?,1,1,NaN,one,more", &usual, VERDICT_SKIP, "a bot");
	check_one(head, "player,1,?,?,1,1,NaN", &usual, VERDICT_SKIP, "marked to be skipped");
	check_one(head, "player,true," IDS "1,0,1", &usual, VERDICT_SKIP, "marked to be skipped");
	check_one(head, "player,0," IDS "1,0,1", &usual, VERDICT_APPROVE, "to approve, bonus $1.00");
	check_one(head, "player,false," IDS "1,0,1", &usual, VERDICT_APPROVE, "to approve, bonus $1.00");
	check_one(head, "robot,NA," IDS "1,0,1", &usual, VERDICT_APPROVE, "to approve, bonus $1.00");
	check_one(head, ",,,,,,", &usual, VERDICT_SKIP, "an empty row");
	/* Columns that have moved must not hide a worker. */
	check_one(head, "player,x," IDS "1,0,1,9", &usual, VERDICT_HOLD,
		  "8 cells, but the header has 7: a separator inside a text has moved the columns");
}

static void check_filtered(const char *expression, const char *cells, enum verdict verdict, const char *why)
{
	struct row_rules rules = usual;
	struct err err;

	rules.filter = filter_new(expression, &err);
	if (!rules.filter)
		fail_msg("%s: %s", expression, err.message);
	check_one("type,skip,score,workerid,assignmentid,approve,reject,bonus", cells, &rules, verdict, why);
	filter_free(rules.filter);
}

/* A configured filter replaces the default one, except that bots are nobody who could be paid. */
static void test_filter(void **state)
{
	static const char *const approve = "to approve, bonus $1.00";
	static const char *const left_out = "left out by the filter";

	(void)state;
	check_filtered("score > 10", "player,,11," IDS "1,0,1", VERDICT_APPROVE, approve);
	check_filtered("score > 10", "player,,9," IDS "1,0,1", VERDICT_SKIP, left_out);
	check_filtered("score > 10", "bot,,11," IDS "1,0,1", VERDICT_SKIP, "a bot");
	check_filtered("type = 'bot'", "bot,,11," IDS "1,0,1", VERDICT_SKIP, "a bot");
	check_filtered("score > 10", "player,1,11," IDS "1,0,1", VERDICT_APPROVE, approve);
	check_filtered("score > 10", "player,1,9," IDS "1,0,1", VERDICT_SKIP, left_out);
	check_filtered("score > 10 AND NOT truthy(skip)", "player,1,11," IDS "1,0,1", VERDICT_SKIP,
		       "marked to be skipped");
	check_filtered("score > 10 AND NOT truthy(skip)", "player,0,9," IDS "1,0,1", VERDICT_SKIP, left_out);
	/* The filter comes before what is wrong with the rest, and after what may be wrong with the columns. */
	check_filtered("score > 10", "player,,9,?,?,1,1,NaN", VERDICT_SKIP, left_out);
	check_filtered("score > 10", "player,,11,?," A1 ",1,0,1", VERDICT_HOLD,
		       "worker id \"?\" is not one that MTurk gives out (A, then capital letters and digits)");
	check_filtered("score > 10", "player,,9," IDS "1,0,1,9", VERDICT_HOLD,
		       "9 cells, but the header has 8: a separator inside a text has moved the columns");
	check_filtered("score > 10", "player,,9," W1, VERDICT_HOLD,
		       "the row ends before the column \"assignmentid\" (4 cells of 8)");
	check_filtered("score IS NULL", ",,,,,,,", VERDICT_SKIP, "an empty row");
	/* Neither yes nor no is for a person. */
	check_filtered("score > 10", "player,,NA," IDS "1,0,1", VERDICT_HOLD,
		       "the filter is neither true nor false: nothing is in \"score\"");
	check_filtered("level > 10", "player,,11," IDS "1,0,1", VERDICT_HOLD,
		       "the filter is neither true nor false: the file has no column \"level\"");
	check_filtered("type", "player,,11," IDS "1,0,1", VERDICT_HOLD,
		       "the filter cannot tell: it gives the text \"player\", which is neither true nor false");
	check_filtered("type", "\"\x1b[2J\",,11," IDS "1,0,1", VERDICT_HOLD,
		       "the filter cannot tell: it gives the text \"\\x1b[2J\", which is neither true nor false");
}

static void test_width(void **state)
{
	static const char *const head = "workerid,assignmentid,bonus,Approve,Reject";

	(void)state;
	check_one(head, IDS "2,5,1,0", &usual, VERDICT_HOLD,
		  "6 cells, but the header has 5: a separator inside a text has moved the columns");
	check_one(head, IDS "2", &usual, VERDICT_HOLD, "neither approve nor reject is set (see auto_approve)");
	check_one(head, IDS "2,x", &usual, VERDICT_APPROVE, "to approve, bonus $2.00");
	check_one(head, W1 "," A1, &usual, VERDICT_HOLD, "the row ends before the column \"bonus\" (2 cells of 5)");
	check_one(head, W1, &usual, VERDICT_HOLD, "the row ends before the column \"assignmentid\" (1 cells of 5)");
	check_one("workerid,assignmentid,approve,note", IDS "1", &usual, VERDICT_HOLD,
		  "the row ends before the column \"note\" (3 cells of 4)");
	check_one("workerid,assignmentid,approve,", IDS "1", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one("workerid,assignmentid,approve,", IDS "1,9", &usual, VERDICT_APPROVE, "to approve, no bonus");
}

static void test_wide_row_column(void **state)
{
	struct row row = read_one("workerid,assignmentid", W1 "," A1 ",x", &usual);

	(void)state;
	assert_int_equal(row.column, sizeof(W1 "," A1 ","));
	assert_int_equal(row.line, 2);
	row_finish(&row);
}

static void test_disconnected(void **state)
{
	static const char *const head = "workerid,assignmentid,approve,reject,bonus,disconnected";
	static const char *const approved = "to approve, disconnected: the bonus of $1.00 is not due";
	static const char *const rejected = "to reject, disconnected: the bonus of $1.00 is not due";
	struct row_rules automatic = usual;
	struct row row;

	(void)state;
	automatic.auto_approve = true;
	check_one(head, IDS "1,0,1,0", &usual, VERDICT_APPROVE, "to approve, bonus $1.00");
	check_one(head, IDS "1,0,1,1", &usual, VERDICT_APPROVE, approved);
	check_one(head, IDS "0,1,1,1", &usual, VERDICT_REJECT, rejected);
	check_one(head, IDS "0,1,0,1", &usual, VERDICT_REJECT, "to reject, disconnected: no bonus");
	check_one(head, IDS "0,0,1,1", &usual, VERDICT_HOLD, "neither approve nor reject is set (see auto_approve)");
	check_one(head, IDS ",,1,1", &automatic, VERDICT_APPROVE, approved);
	check_one(head, IDS "1,0,5000,1", &usual, VERDICT_APPROVE,
		  "to approve, disconnected: the bonus of $5,000.00 is not due");
	row = read_one(head, IDS "1,0,1,1", &usual);
	assert_false(row.has_bonus);
	assert_int_equal(row.bonus_cents, 100);
	assert_int_equal(row.disconnected, TRUTH_YES);
	row_finish(&row);
}

static void test_status(void **state)
{
	static const char *const head = "workerid,assignmentid,approve,reject,AssignmentStatus";
	struct row_rules lax = usual;

	(void)state;
	check_one(head, IDS "1,0,Submitted", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one(head, IDS "1,0,approved", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one(head, IDS "1,0,", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one(head, IDS "0,1,Rejected", &usual, VERDICT_REJECT, "to reject, no bonus");
	check_one(head, IDS "1,0,Sumbitted", &usual, VERDICT_HOLD,
		  "assignment status \"Sumbitted\" is none of Submitted, Approved and Rejected");
	lax.validate_level = 1;
	check_one(head, IDS "1,0,Sumbitted", &lax, VERDICT_APPROVE, "to approve, no bonus");
	lax.validate_level = 0;
	check_one(head, IDS "1,0,Rejected", &lax, VERDICT_HOLD,
		  "to be approved, but the file says that it is rejected already");
	check_one(head, IDS "0,1,Approved", &lax, VERDICT_HOLD,
		  "reject is set, but the file says that it is approved already");
	lax.auto_approve = true;
	check_one(head, IDS ",,Rejected", &lax, VERDICT_HOLD,
		  "to be approved, but the file says that it is rejected already");
}

static void test_codes(void **state)
{
	static const char *const head = "id,workerid,assignmentid,access,exit,approve";
	struct row_rules lax = usual;

	(void)state;
	lax.validate_level = 1;
	check_one(head, "p1," IDS "acc,007,1", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one(head, "p1," IDS "NA,NA,1", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one(head, "p1," IDS "acc,NA,1", &usual, VERDICT_HOLD, "access code \"acc\" without an exit code");
	check_one(head, "p1," IDS "0,ex,1", &usual, VERDICT_HOLD, "exit code \"ex\" without an access code");
	check_one(head, "p1," IDS "acc,NA,1", &lax, VERDICT_APPROVE, "to approve, no bonus");
	check_one("workerid,assignmentid,exit,approve", IDS "ex,1", &usual, VERDICT_APPROVE, "to approve, no bonus");
	check_one(head, "\"p\a\"," IDS "acc,ex,1", &usual, VERDICT_HOLD,
		  "id has a control character in it: \"p\\x07\"");
	check_one(head, "\"p\a\"," IDS "acc,ex,1", &lax, VERDICT_APPROVE, "to approve, no bonus");
}

/* `count` times a character of `bytes`, in quotes, behind the ids. */
static char *with_text(const char *bytes, size_t count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	(void)fprintf(out, IDS "1,\"");
	for (size_t i = 0; i < count; i++)
		(void)fputs(bytes, out);
	(void)fputc('"', out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_text_limits(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t count;
		const char *why; /* NULL: none */
	} cases[] = {
		{ "Reason", "\xe4\xb8\xad", 1024, NULL },
		{ "Reason", "x", 1025, "Reason has 1025 characters; at most 1024 can be sent" },
		{ "RequesterFeedback", "\xc3\xa9", 1024, NULL },
		{ "RequesterFeedback", "\xc3\xa9", 1025,
		  "RequesterFeedback has 1025 characters; at most 1024 can be sent" },
		{ "UniqueRequestToken", "t", 64, NULL },
		{ "UniqueRequestToken", "t", 65, "UniqueRequestToken has 65 characters; at most 64 can be sent" },
		{ "Reason", "a\tb\nc\rd", 3, NULL },
		{ "Reason", "\x01", 1, "Reason has a control character in it: \"\\x01\"" },
		{ "Reason", "a\x08", 1, "Reason has a control character in it: \"a\\x08\"" },
		{ "Reason", "\x0b.", 1, "Reason has a control character in it: \"\\x0b.\"" },
		{ "Reason", "\x0c.", 1, "Reason has a control character in it: \"\\x0c.\"" },
		{ "RequesterFeedback", "\x0e", 1, "RequesterFeedback has a control character in it: \"\\x0e\"" },
		{ "RequesterFeedback", "\x1f", 1, "RequesterFeedback has a control character in it: \"\\x1f\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *cells = with_text(cases[i].bytes, cases[i].count), head[100];

		(void)snprintf(head, sizeof(head), "workerid,assignmentid,approve,%s", cases[i].name);
		for (unsigned level = 0; level <= 2; level++) {
			struct row_rules rules = { .max_bonus_cents = 1000, .validate_level = level };
			bool held = level > 0 && cases[i].why;

			check_one(head, cells, &rules, held ? VERDICT_HOLD : VERDICT_APPROVE,
				  held ? cases[i].why : "to approve, no bonus");
		}
		free(cells);
	}
}

static void test_integer_value(void **state)
{
	static const char *const head = "workerid,assignmentid,approve,IntegerValue,SendNotification";
	static const struct {
		const char *cells;
		bool held;
		bool has_value;
		int64_t value;
	} cases[] = {
		{ IDS "1,1,1", false, true, 1 },	 { IDS "1,0,1", false, true, 0 },
		{ IDS "1,2147483647,1", false, true, 2147483647 }, { IDS "1,,1", false, false, 0 },
		{ IDS "1,NA,1", false, false, 0 },	 { IDS "1,2147483648,1", true, false, 0 },
		{ IDS "1,-1,1", true, false, 0 },	 { IDS "1,1.5,1", true, false, 0 },
		{ IDS "1,1e3,1", true, false, 0 },	 { IDS "1,99999999999999999999,1", true, false, 0 },
		{ IDS "1,one,1", true, false, 0 },	 { IDS "1, 12 ,1", false, true, 12 },
	};
	struct row_rules lax = { .max_bonus_cents = 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct row row = read_one(head, cases[i].cells, &usual);

		assert_int_equal(row.verdict, cases[i].held ? VERDICT_HOLD : VERDICT_APPROVE);
		assert_int_equal(row.has_integer_value, cases[i].has_value);
		if (cases[i].has_value)
			assert_int_equal(row.integer_value, cases[i].value);
		assert_int_equal(row.send_notification, TRUTH_YES);
		row_finish(&row);
	}
	check_one(head, IDS "1,1.5,0", &usual, VERDICT_HOLD,
		  "integer value \"1.5\" is not a whole number from 0 to 2147483647");
	check_one(head, IDS "1,1.5,0", &lax, VERDICT_APPROVE, "to approve, no bonus");
}

static void test_texts_are_taken(void **state)
{
	struct row row = read_one("id,type,workerid,hitid,assignmentid,access,exit,bonus,approve,QualificationTypeId,"
				  "Reason,RequesterFeedback,UniqueRequestToken,AssignmentStatus",
				  "007, player ," W1 "," H1 "," A1 ",12e345,1e3,$2.5,x,3Q,"
				  "\" Thank \"\"you\"\" \",undefined,second,Submitted",
				  &usual);

	(void)state;
	assert_string_equal(row.player_id, "007");
	assert_string_equal(row.type, "player");
	assert_string_equal(row.worker_id, W1);
	assert_string_equal(row.hit_id, H1);
	assert_string_equal(row.assignment_id, A1);
	assert_string_equal(row.access_code, "12e345");
	assert_string_equal(row.exit_code, "1e3");
	assert_string_equal(row.bonus_text, "$2.5");
	assert_string_equal(row.qualification_type_id, "3Q");
	assert_string_equal(row.reason, "Thank \"you\"");
	assert_null(row.requester_feedback);
	assert_string_equal(row.unique_request_token, "second");
	assert_string_equal(row.assignment_status, "Submitted");
	assert_int_equal(row.approve, TRUTH_YES);
	assert_int_equal(row.reject, TRUTH_ABSENT);
	assert_int_equal(row.send_notification, TRUTH_ABSENT);
	assert_int_equal(row.verdict, VERDICT_APPROVE);
	row_finish(&row);
	assert_null(row.worker_id);
	row_finish(&row);
}

/* However long and odd the values are, the sentence fits, is printable and ends between characters. */
static void test_why_is_always_fit_to_show(void **state)
{
	static const char *const odd[] = { "\x1b]0;x\a", "\xe2\x80\xaegnp", "\xf0\x9f\x98\x80", "x" };

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		for (size_t n = 1; n < 100; n++) {
			char *cells = NULL, *printable;
			size_t size = 0;
			FILE *out = open_memstream(&cells, &size);
			struct row row;

			assert_non_null(out);
			(void)fprintf(out, W1 ",\"");
			for (size_t j = 0; j < n; j++)
				(void)fputs(odd[i], out);
			(void)fputs("\",1", out);
			assert_int_equal(fclose(out), 0);
			row = read_one("workerid,assignmentid,approve", cells, &usual);
			assert_int_equal(row.verdict, VERDICT_HOLD);
			assert_int_equal(utf8_first_invalid(row.why, strlen(row.why)), strlen(row.why));
			printable = utf8_printable(row.why);
			assert_string_equal(printable, row.why);
			free(printable);
			row_finish(&row);
			free(cells);
		}
	}
}

static void test_verdict_names(void **state)
{
	(void)state;
	assert_string_equal(verdict_name(VERDICT_APPROVE), "approve");
	assert_string_equal(verdict_name(VERDICT_REJECT), "reject");
	assert_string_equal(verdict_name(VERDICT_HOLD), "hold");
	assert_string_equal(verdict_name(VERDICT_SKIP), "skip");
}

/* Points kept in a column of their own are a bonus only if configured. */
static void test_win(void **state)
{
	struct field_names names = { .names = { [FIELD_BONUS] = "win" } };
	static const char text[] = "workerid,assignmentid,approve,bonus,win\n" IDS "1,9,2\n";
	struct table table = { .rules = &usual, .names = &names };

	(void)state;
	read_table(&table, text, strlen(text));
	assert_int_equal(table.rows[0].bonus_cents, 200);
	finish_table(&table);
	check_one("workerid,assignmentid,approve,win,basepay", IDS "1,9,5", &usual, VERDICT_APPROVE,
		  "to approve, no bonus");
}

/* What a row without an assignment would be is judged all the same; see joined.h for what becomes of it. */
static void test_waiting(void **state)
{
	static const struct row_rules rules = {
		.max_bonus_cents = 1000, .auto_approve = true, .validate_level = 2, .joins = true
	};
	static const struct {
		const char *header;
		const char *cells;
		bool waits;
		enum verdict verdict; /* what it would be, or is */
		const char *why;
	} rows[] = {
		{ "id,type,basepay,bonus", "p1,human,1,2.5", true, VERDICT_APPROVE, "to approve, bonus $2.50" },
		{ "id,type,basepay,bonus", "p1,human,1,0", true, VERDICT_APPROVE,
		  "to approve, bonus 0: nothing to pay" },
		{ "id,bonus,reject", "p1,1,1", true, VERDICT_REJECT, "to reject: the bonus of $1.00 is not due" },
		{ "id,bonus", "p1,10.01", true, VERDICT_HOLD, "bonus \"10.01\" is above max_bonus ($10.00)" },
		{ "workerid,bonus", W1 ",1", true, VERDICT_APPROVE, "to approve, bonus $1.00" },
		{ "exit,bonus", "x1,1", true, VERDICT_APPROVE, "to approve, bonus $1.00" },
		/* Something else is wrong with it: no list makes that good. */
		{ "id,bonus", "p1,NaN", false, VERDICT_HOLD, "bonus \"NaN\" is not a number" },
		{ "id,access,exit,bonus", "p1,a1,NA,1", false, VERDICT_HOLD,
		  "access code \"a1\" without an exit code" },
		{ "workerid,bonus", "B12,1", false, VERDICT_HOLD,
		  "worker id \"B12\" is not one that MTurk gives out (A, then capital letters and digits)" },
		{ "id,hitid,bonus", "p1,h-1,1", false, VERDICT_HOLD,
		  "HIT id \"h-1\" is not one that MTurk gives out (capital letters and digits)" },
		{ "id,approve,reject,bonus", "p1,1,1,1", false, VERDICT_HOLD, "both approve and reject are set" },
		/* There is nothing to find it by; and whose assignment it is, nobody says. */
		{ "access,bonus", "a1,1", false, VERDICT_HOLD,
		  "no MTurk ids: the row says neither the worker nor the assignment" },
		{ "id,assignmentid,bonus", "p1," A1 ",1", false, VERDICT_HOLD,
		  "no worker id for assignment \"" A1 "\"" },
		{ "id,type,bonus", "p1,bot,1", false, VERDICT_SKIP, "a bot" },
		{ "id,workerid,assignmentid,bonus", "p1," W1 "," A1 ",1", false, VERDICT_APPROVE,
		  "to approve, bonus $1.00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row row = read_one(rows[i].header, rows[i].cells, &rules);
		enum verdict verdict = row.waits ? row.join_verdict : row.verdict;
		const char *why = row.waits ? row.join_why : row.why;

		if (row.waits != rows[i].waits || verdict != rows[i].verdict ||
		    strncmp(why, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("%s\n%s: %s, %s: %s", rows[i].header, rows[i].cells, row.waits ? "waits" : "settled",
				 verdict_name(verdict), why);
		if (row.waits) {
			assert_int_equal(row.verdict, VERDICT_HOLD);
			assert_false(row.is_beyond_limits);
			assert_non_null(strstr(row.why, "waits for MTurk's list: no "));
		}
		row_finish(&row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_id_patterns),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_bonus),
		cmocka_unit_test(test_bonus_limits),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_wide_row_column),
		cmocka_unit_test(test_disconnected),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_text_limits),
		cmocka_unit_test(test_integer_value),
		cmocka_unit_test(test_texts_are_taken),
		cmocka_unit_test(test_why_is_always_fit_to_show),
		cmocka_unit_test(test_verdict_names),
		cmocka_unit_test(test_win),
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
