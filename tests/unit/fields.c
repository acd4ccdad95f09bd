/* SPDX-License-Identifier: MIT
 *
 * Which column is which field: defaults, aliases, configured names, case, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fields.h"

struct attempt {
	const struct field_names *names;
	struct field_map map;
	bool done;
	bool repeated; /* the last record was the header again */
};

static int copy_first(void *arg, const struct csv_record *record, struct err *err)
{
	struct attempt *attempt = arg;

	if (attempt->done) {
		attempt->repeated = field_map_is_header(&attempt->map, record);
		return 0;
	}
	if (field_map_init(&attempt->map, attempt->names, record, err) < 0)
		return -1;
	attempt->done = true;
	return 0;
}

/* Reads a text whose first line is a header. The caller finishes attempt->map if this returns 0. */
static int read_text(struct attempt *attempt, const struct field_names *names, const char *text, struct err *err)
{
	struct csv *csv;
	int status;

	*attempt = (struct attempt){ .names = names };
	csv = csv_new(NULL, copy_first, attempt);
	assert_non_null(csv);
	status = csv_feed(csv, text, strlen(text), err);
	if (status == 0)
		status = csv_finish(csv, err);
	csv_free(csv);
	return status;
}

static size_t column_in(const char *header, const struct field_names *names, enum field field)
{
	struct attempt attempt;
	struct err err = { .code = ERR_NONE };
	size_t column;

	if (read_text(&attempt, names, header, &err) < 0)
		fail_msg("%s: %s", header, err.message);
	column = attempt.map.columns[field];
	field_map_finish(&attempt.map);
	return column;
}

#define NONE FIELD_NO_COLUMN
#define WRITER_7 "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,basepay,bonus"
#define WIKI "\"access\",\"exit\",\"WorkerId\",\"hid\",\"AssignmentId\",\"bonus\",\"Approve\",\"Reject\""
#define WISHES "QualificationTypeId,IntegerValue,SendNotification,UniqueRequestToken,Reason,skip"

static void test_defaults_and_aliases(void **state)
{
	static const struct {
		const char *header;
		enum field field;
		size_t column;
	} cases[] = {
		{ WRITER_7, FIELD_ID, 0 },
		{ WRITER_7, FIELD_TYPE, 1 },
		{ WRITER_7, FIELD_WORKER_ID, 2 },
		{ WRITER_7, FIELD_HIT_ID, 3 },
		{ WRITER_7, FIELD_ASSIGNMENT_ID, 4 },
		{ WRITER_7, FIELD_ACCESS_CODE, 5 },
		{ WRITER_7, FIELD_EXIT_CODE, 6 },
		{ WRITER_7, FIELD_APPROVE, 7 },
		{ WRITER_7, FIELD_REJECT, 8 },
		{ WRITER_7, FIELD_BONUS, 10 },
		{ "id,type,bonus,disconnected,disconnectedStage", FIELD_DISCONNECTED, 3 },
		{ WIKI, FIELD_HIT_ID, 3 },
		{ "access, exit , bonus", FIELD_EXIT_CODE, 1 },
		{ "\" exit \",x", FIELD_EXIT_CODE, 0 },
		{ "AccessCode,ExitCode", FIELD_ACCESS_CODE, 0 },
		{ "AccessCode,ExitCode", FIELD_EXIT_CODE, 1 },
		{ "accesscode,exitcode", FIELD_EXIT_CODE, 1 },
		{ "HITId,Answer.surveycode", FIELD_EXIT_CODE, 1 },
		{ "WORKERID,x", FIELD_WORKER_ID, 0 },
		{ "worker_id,assignment_id", FIELD_ASSIGNMENT_ID, 1 },
		{ "AssignmentStatus,RequesterFeedback,Approve,Reject", FIELD_ASSIGNMENT_STATUS, 0 },
		{ "AssignmentStatus,RequesterFeedback,Approve,Reject", FIELD_REQUESTER_FEEDBACK, 1 },
		{ WISHES, FIELD_QUALIFICATION_TYPE_ID, 0 },
		{ WISHES, FIELD_INTEGER_VALUE, 1 },
		{ WISHES, FIELD_SEND_NOTIFICATION, 2 },
		{ WISHES, FIELD_UNIQUE_REQUEST_TOKEN, 3 },
		{ WISHES, FIELD_REASON, 4 },
		{ WISHES, FIELD_SKIP, 5 },
		{ "id,win", FIELD_BONUS, NONE },
		{ "id,basepay", FIELD_BONUS, NONE },
		{ "id,Reward", FIELD_BONUS, NONE },
		{ "player,playerBonus", FIELD_BONUS, NONE },
		{ "workerid2,xworkerid,worker", FIELD_WORKER_ID, NONE },
		{ ",id", FIELD_ID, 1 },
		{ "a,,b,,id,", FIELD_ID, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (column_in(cases[i].header, NULL, cases[i].field) != cases[i].column)
			fail_msg("%s: %s", cases[i].header, field_name(cases[i].field));
}

static void test_configured_names(void **state)
{
	struct field_names names = { .names = { [FIELD_BONUS] = "win", [FIELD_ID] = "WorkerId" } };

	(void)state;
	assert_int_equal(column_in("id,bonus,WIN", &names, FIELD_BONUS), 2);
	assert_int_equal(column_in("id,bonus", &names, FIELD_BONUS), NONE);
	/* One column may serve two fields: in external mode the player's id is the worker's. */
	assert_int_equal(column_in("x,workerid", &names, FIELD_ID), 1);
	assert_int_equal(column_in("x,workerid", &names, FIELD_WORKER_ID), 1);
	/* A configured name ends the search for aliases, so these are no contradiction. */
	names.names[FIELD_EXIT_CODE] = "code";
	assert_int_equal(column_in("exit,exitcode,code", &names, FIELD_EXIT_CODE), 2);
	/* As altruisticVoting writes: who has told which is meant need not care for the case of others. */
	names.names[FIELD_EXIT_CODE] = "exit";
	assert_int_equal(column_in("Exit,EXIT,exit", &names, FIELD_EXIT_CODE), 2);
	assert_int_equal(column_in("x,Exit", &names, FIELD_EXIT_CODE), 1);
}

static void test_case(void **state)
{
	struct field_names names = { .names = { [FIELD_BONUS] = "Win" }, .case_sensitive = true };

	(void)state;
	assert_int_equal(column_in("win,WORKERID", &names, FIELD_BONUS), NONE);
	assert_int_equal(column_in("Win,WORKERID", &names, FIELD_BONUS), 0);
	assert_int_equal(column_in("Win,WORKERID", &names, FIELD_WORKER_ID), NONE);
	assert_int_equal(column_in("Win,workerid", &names, FIELD_WORKER_ID), 1);
	assert_int_equal(column_in("Win,WorkerId", &names, FIELD_WORKER_ID), 1);
	assert_int_equal(column_in("approve,Approve2", &names, FIELD_APPROVE), 0);
}

static void test_refused(void **state)
{
	static const struct {
		const char *header;
		const char *message;
		const char *hint;
	} cases[] = {
		{ "a,b,a", "line 1, column 5: two columns are called \"a\"", "" },
		{ "\n\nid,\"x\",\"x\"", "line 3, column 8: two columns are called \"x\"", "" },
		{ "bonus,Bonus", "line 1, column 7: \"bonus\" and \"Bonus\" are both the field \"bonus\"",
		  "set \"bonus\" under [fields] to the name of the right one" },
		{ "HITId,x,hid", "line 1, column 9: \"HITId\" and \"hid\" are both the field \"HITId\"",
		  "set \"hit_id\" under [fields] to the name of the right one" },
		{ "type,TYPE", "line 1, column 6: \"type\" and \"TYPE\" are both the field \"type\"", "" },
		{ ",,", "line 1, column 1: the header has no names", "the first line must name the columns" },
		{ "\"\"", "line 1, column 1: the header has no names", "the first line must name the columns" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct attempt attempt;
		struct err err = { .code = ERR_NONE };

		assert_int_equal(read_text(&attempt, NULL, cases[i].header, &err), -1);
		assert_int_equal(err.code, ERR_FORMAT);
		assert_string_equal(err.message, cases[i].message);
		assert_string_equal(err.hint, cases[i].hint);
	}
}

/* Names that differ in case only and mean no field are two columns (answers of a questionnaire). */
static void test_other_names_in_two_cases(void **state)
{
	(void)state;
	assert_int_equal(column_in("Answer.q,Answer.Q,id", NULL, FIELD_ID), 2);
}

static void test_repeated_header(void **state)
{
	static const struct {
		const char *text;
		bool case_sensitive;
		bool repeated;
	} cases[] = {
		{ "id,bonus\nid,bonus\n", false, true },
		{ "id,bonus\n\"id\", bonus \n", false, true },
		{ "id,bonus\nID,Bonus\n", false, true },
		{ "id,bonus\nID,Bonus\n", true, false },
		{ "id,bonus\nid,bonus\n", true, true },
		{ "id,bonus\nid,bonus,x\n", false, false },
		{ "id,bonus\nid\n", false, false },
		{ "id,bonus\nid,bonus2\n", false, false },
		{ "id,bonus\nid,2.5\n", false, false },
		{ "id,,bonus\nid,,bonus\n", false, true },
		{ "id,,bonus\nid,x,bonus\n", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct field_names names = { .case_sensitive = cases[i].case_sensitive };
		struct attempt attempt;
		struct err err;

		assert_int_equal(read_text(&attempt, &names, cases[i].text, &err), 0);
		if (attempt.repeated != cases[i].repeated)
			fail_msg("%s", cases[i].text);
		field_map_finish(&attempt.map);
	}
}

static void test_header_is_kept(void **state)
{
	struct attempt attempt;
	struct err err;

	(void)state;
	assert_int_equal(read_text(&attempt, NULL, "WorkerId, Bonus ,\"a \"\"b\"\"\",\n", &err), 0);
	assert_int_equal(attempt.map.width, 4);
	assert_string_equal(attempt.map.header[0], "WorkerId");
	assert_string_equal(attempt.map.header[1], "Bonus");
	assert_string_equal(attempt.map.header[2], "a \"b\"");
	assert_string_equal(attempt.map.header[3], "");
	field_map_finish(&attempt.map);
	field_map_finish(&attempt.map);
}

/* How a file with this first line begins. */
struct beginning {
	const char *columns;
	struct field_map map;
	int begun;
};

static int begin(void *arg, const struct csv_record *record, struct err *err)
{
	struct beginning *beginning = arg;

	beginning->begun = field_map_begin(&beginning->map, NULL, beginning->columns, record, err);
	return beginning->begun < 0 ? -1 : 0;
}

static void test_files_without_a_header(void **state)
{
	static const char *const names = "id, WorkerId ,AssignmentId,bonus,\"a, b\",Approve,Reject";
	static const char *const no_fit =
		"line 1, column 1: no header, and no row of a file without one: ";
	static const struct {
		const char *line;
		int begun; /* 1: a header; 0: a row of 7 columns; -1 */
		const char *more;
	} cases[] = {
		{ "p1,A1,3A1,2.5,x,1,0", 0, "" },
		{ "p1,A1,3A1,2.5,x,1", 0, "" },
		{ "p1,A1,3A1,2.5,x", 0, "" },
		{ "0,0,0,0,0,0,0", 0, "" },
		{ "p1,A1,3A1,2.5", -1, "4 cells, but \"columns\" has 7 names" },
		{ "p1,A1,3A1,2.5,x,1,0,9", -1, "8 cells, but \"columns\" has 7 names" },
		{ "id,bonus", 1, "" },
		{ "a,b,c,d,e,f,reject", 1, "" },
		{ "bonus,bonus", -1, "line 1, column 7: two columns are called \"bonus\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct beginning beginning = { .columns = names };
		struct csv *csv = csv_new(NULL, begin, &beginning);
		struct err err = { .code = ERR_NONE };

		assert_non_null(csv);
		if (csv_feed(csv, cases[i].line, strlen(cases[i].line), &err) == 0)
			(void)csv_finish(csv, &err);
		csv_free(csv);
		if (beginning.begun != cases[i].begun)
			fail_msg("%s: %d: %s", cases[i].line, beginning.begun, err.message);
		if (beginning.begun == 0) {
			assert_int_equal(beginning.map.width, 7);
			assert_string_equal(beginning.map.header[1], "WorkerId");
			assert_string_equal(beginning.map.header[4], "a, b");
			assert_int_equal(beginning.map.columns[FIELD_REJECT], 6);
		}
		if (beginning.begun >= 0)
			field_map_finish(&beginning.map);
		else if (!strstr(err.message, cases[i].more) ||
			 (cases[i].more[0] != 'l' && strncmp(err.message, no_fit, strlen(no_fit)) != 0))
			fail_msg("%s: %s", cases[i].line, err.message);
	}
}

static void test_names_of_columns(void **state)
{
	static const struct {
		const char *columns;
		const char *message;
	} cases[] = {
		{ "id,x,x", "\"columns\": line 1, column 6: two columns are called \"x\"" },
		{ "id,hid,HITId", "\"columns\": line 1, column 8: \"hid\" and \"HITId\" are both the field \"HITId\"" },
		{ "a,b", "\"columns\": no column of a results file is among them" },
		{ ",", "\"columns\": no column of a results file is among them" },
		{ " ", "\"columns\": there are no names in it" },
		{ "id,\"x", "\"columns\": line 1, column 4: the quote that opens here is never closed" },
		{ "id\nbonus", "\"columns\": there is more than one line" },
	};
	struct err err;

	(void)state;
	assert_int_equal(field_map_check_columns(NULL, "id,,bonus", &err), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(field_map_check_columns(NULL, cases[i].columns, &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_string_equal(err.message, cases[i].message);
	}
}

static void test_table(void **state)
{
	(void)state;
	assert_string_equal(field_key(FIELD_WORKER_ID), "worker_id");
	assert_string_equal(field_name(FIELD_WORKER_ID), "WorkerId");
	assert_string_equal(field_aliases(FIELD_HIT_ID), "hitid,hit_id,hid");
	assert_int_equal(FIELDS_CONFIGURABLE, 17);
	for (enum field field = 0; field < FIELDS; field++) {
		assert_true(field_name(field)[0]);
		assert_int_equal(field_key(field)[0] != '\0', field < FIELDS_CONFIGURABLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_and_aliases),
		cmocka_unit_test(test_configured_names),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_other_names_in_two_cases),
		cmocka_unit_test(test_repeated_header),
		cmocka_unit_test(test_header_is_kept),
		cmocka_unit_test(test_files_without_a_header),
		cmocka_unit_test(test_names_of_columns),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
