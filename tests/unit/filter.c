/* SPDX-License-Identifier: MIT
 *
 * The filter of rows: what it answers for which cells, what it refuses and where, and that nothing of it takes long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "config_option.h"
#include "filter.h"
#include "filter_scan.h"
#include "row.h"

#define COLUMNS_MAX 8

/* A file of one row that a filter is asked about. */
struct question {
	struct filter *filter;
	char *names[COLUMNS_MAX];
	size_t count;
	bool has_header;
	enum filter_word answer;
	int result;
	struct err err;
};

static int take_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct question *question = arg;

	if (question->has_header) {
		question->result = filter_row(question->filter, record, &question->answer, &question->err);
		return 0;
	}
	question->has_header = true;
	assert_true(record->count <= COLUMNS_MAX);
	for (size_t i = 0; i < record->count; i++)
		question->names[question->count++] = strdup(record->cells[i].text);
	return filter_prepare(question->filter, question->names, question->count, err);
}

static void ask_bytes(struct question *question, const char *text, size_t len)
{
	struct csv *csv = csv_new(NULL, take_record, question);
	struct err err;

	question->has_header = false;
	question->count = 0;
	question->result = -2;
	if (!csv || csv_feed(csv, text, len, &err) < 0 || csv_finish(csv, &err) < 0)
		fail_msg("%s", err.message);
	csv_free(csv);
	assert_int_not_equal(question->result, -2);
	for (size_t i = 0; i < question->count; i++)
		free(question->names[i]);
}

static void ask(struct question *question, const char *header, const char *cells)
{
	char *text = NULL;
	int len = asprintf(&text, "%s\n%s\n", header, cells);

	assert_true(len > 0);
	ask_bytes(question, text, (size_t)len);
	free(text);
}

static struct filter *make(const char *expression)
{
	struct err err = { .code = ERR_NONE };
	struct filter *filter = filter_new(expression, &err);

	if (!filter)
		fail_msg("%s: %s", expression, err.message);
	return filter;
}

/* "keep", "skip", "unknown: why", "error: why"; the caller frees. */
static char *answer_to(const char *expression, const char *header, const char *cells)
{
	struct question question = { .filter = make(expression) };
	char *text = NULL;
	int n;

	ask(&question, header, cells);
	if (question.result < 0)
		n = asprintf(&text, "error: %s", question.err.message);
	else if (question.answer == FILTER_UNKNOWN)
		n = asprintf(&text, "unknown: %s", filter_why_unknown(question.filter));
	else
		n = asprintf(&text, "%s", question.answer == FILTER_KEEP ? "keep" : "skip");
	assert_true(n > 0);
	filter_free(question.filter);
	return text;
}

struct answer {
	const char *expression;
	const char *header;
	const char *cells;
	const char *expected;
};

static void check_answers(const struct answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct answer *answer = &answers[i];
		char *text = answer_to(answer->expression, answer->header, answer->cells);

		if (strcmp(text, answer->expected) != 0)
			fail_msg("%s\nof %s: %s\nis \"%s\" instead of \"%s\"", answer->expression, answer->header,
				 answer->cells, text, answer->expected);
		free(text);
	}
}

#define CHECK(answers) check_answers(answers, sizeof(answers) / sizeof((answers)[0]))

static void test_default(void **state)
{
	const char *expression = config_option_find("import", "filter")->fallback;
	const struct answer answers[] = {
		{ expression, "id,type,skip", "1,human,0", "keep" },
		{ expression, "id,type,skip", "1,bot,0", "skip" },
		{ expression, "id,type,skip", "1,BOT,", "skip" },
		{ expression, "id,type,skip", "1,\" bot \",", "skip" },
		{ expression, "id,type,skip", "1,robot,NA", "keep" },
		{ expression, "id,type,skip", "1,,x", "skip" },
		{ expression, "id,type,skip", "1,NA,true", "skip" },
		{ expression, "id,type,skip", "1,NA,false", "keep" },
		{ expression, "id,type,skip", "1,human", "keep" },
		{ expression, "id", "1", "keep" },
		{ expression, "id,SKIP,Type", "1,1,x", "skip" },
		{ expression, "id,SKIP,Type", "1,0,Bot", "skip" },
	};

	(void)state;
	CHECK(answers);
}

static void test_numbers_and_texts(void **state)
{
	static const struct answer answers[] = {
		{ "bonus > 2", "bonus", "2.5", "keep" },
		{ "bonus > 2", "bonus", "\"2.50\"", "keep" },
		{ "bonus > 2", "bonus", "10", "keep" },
		{ "bonus > 2", "bonus", "-10", "skip" },
		{ "bonus > 2", "bonus", "$2.63", "keep" },
		{ "bonus > 2", "bonus", "$1.63", "skip" },
		{ "bonus > 2", "bonus", "1.9999999999999999999", "skip" },
		{ "bonus = 2.5", "bonus", "2.50", "keep" },
		{ "bonus = '2.5'", "bonus", "2.50", "keep" },
		{ "coalesce(bonus, 0) > 2", "bonus", "10", "keep" },
		{ "coalesce(bonus, 0) > 2", "bonus", "1.50", "skip" },
		{ "coalesce(bonus, 0) > 2", "bonus", "0.30000000000000004", "skip" },
		{ "coalesce(bonus, 0) > 2", "bonus", "NA", "skip" },
		{ "max(bonus, 3) = 3", "bonus", "2.5", "keep" },
		{ "bonus IN (1, 2, 3)", "bonus", "2.00", "keep" },
		{ "bonus BETWEEN 2 AND 3", "bonus", "2.5", "keep" },
		{ "CASE bonus WHEN 2 THEN 1 ELSE 0 END", "bonus", "2", "keep" },
		{ "exit = '007'", "exit", "007", "keep" },
		{ "exit = '007'", "exit", "008", "skip" },
		{ "exit = '7'", "exit", "7", "keep" },
		{ "exit = 7", "exit", "007", "keep" },
		{ "cast(exit AS text) = '007'", "exit", "007", "keep" },
		{ "cast(exit AS text) = '007'", "exit", "7", "skip" },
		{ "length(exit) = 3", "exit", "007", "keep" },
		{ "exit LIKE '00%'", "exit", "007", "keep" },
		{ "substr(exit, 1, 2) = '12'", "exit", "12e345", "keep" },
		{ "typeof(exit) = 'text'", "exit", "12e345", "keep" },
		{ "typeof(exit) = 'text'", "exit", "0x10", "keep" },
		{ "typeof(exit) = 'text'", "exit", "1234567890123456789", "keep" },
		{ "typeof(exit) = 'integer'", "exit", "123456789012345678", "keep" },
		{ "typeof(exit) = 'text'", "exit", "-", "keep" },
		{ "typeof(exit) = 'text'", "exit", "$", "keep" },
		{ "typeof(exit) = 'text'", "exit", "2.", "keep" },
		{ "typeof(exit) = 'text'", "exit", ".5", "keep" },
		{ "typeof(exit) = 'text'", "exit", "1.2.3", "keep" },
		{ "typeof(exit) = 'integer'", "exit", "0", "keep" },
		{ "typeof(exit) = 'integer'", "exit", "-1", "keep" },
		{ "typeof(exit) = 'real'", "exit", "0.0", "keep" },
		{ "worker LIKE 'a1ngmt%'", "worker", "A1NGMT0000001X", "keep" },
		{ "worker GLOB 'A1*X'", "worker", "A1NGMT0000001X", "keep" },
		{ "worker = 'x' COLLATE nocase", "worker", "X", "keep" },
		{ "stage || '' = '2.1.3'", "stage", "2.1.3", "keep" },
		{ "true", "id", "1", "keep" },
		{ "FALSE", "id", "1", "skip" },
		{ "0.0", "id", "1", "skip" },
		{ "iif(bonus > 1, 1, 0)", "bonus", "2", "keep" },
		{ "round(bonus) = 3 AND abs(bonus) = 2.5 AND sign(bonus) = 1", "bonus", "2.5", "keep" },
		{ "replace(trim(upper(' a' || ltrim(rtrim(x)))), 'A', '') = 'B'", "x", "b", "keep" },
		{ "instr(x, 'b') = 2 AND nullif(x, 'a') IS x AND ifnull(x, 1) = x", "x", "abc", "keep" },
		{ "min(1, 2) = 1 AND coalesce(NULL, 2) = 2 AND substring('abc', 2) = 'bc'", "x", "1", "keep" },
		{ "like('a%', x) AND glob('a*', x)", "x", "abc", "keep" },
	};

	(void)state;
	CHECK(answers);
}

static void test_null(void **state)
{
	static const struct answer answers[] = {
		{ "bonus > 2", "bonus,id", ",1", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2", "bonus", "NA", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2", "bonus", "undefined", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2", "bonus", "null", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2", "bonus", "NaN", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2", "bonus,id", "\" \",1", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2", "id,bonus", "1", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2", "id", "1", "unknown: the file has no column \"bonus\"" },
		{ "type = \"human\"", "type", "human", "unknown: the file has no column \"human\"" },
		{ "bonus > 2 AND id = 1", "id,bonus", "1,", "unknown: nothing is in \"bonus\"" },
		{ "bonus > 2 AND id = 2", "id,bonus", "1,", "skip" },
		{ "bonus > 2 OR id = 1", "id,bonus", "1,", "keep" },
		{ "NOT bonus", "bonus,id", ",1", "unknown: nothing is in \"bonus\"" },
		{ "bonus IS NULL", "bonus,id", "NA,1", "keep" },
		{ "bonus IS NOT NULL", "id", "1", "skip" },
		{ "score IS NULL AND bonus > 1", "id,bonus", "1,", "unknown: the file has no column \"score\"" },
		{ "NULL", "id", "1", "unknown: it is NULL whatever the row says" },
		{ "truthy(skip)", "id", "1", "skip" },
		{ "typeof(truthy(skip)) = 'integer'", "id", "1", "keep" },
	};

	(void)state;
	CHECK(answers);
}

static void test_odd_names(void **state)
{
	static const struct answer answers[] = {
		{ "\"Answer.surveycode\" = 'x7'", "Answer.surveycode", "x7", "keep" },
		{ "[Answer.surveycode] = 'x7'", "Answer.surveycode", "x7", "keep" },
		{ "`Answer.surveycode` = 'x7'", "Answer.surveycode", "x7", "keep" },
		{ "\"the \"\"best\"\" one; -- )\" = 1", "\"the \"\"best\"\" one; -- )\"", "1", "keep" },
		{ "\"select\" = 1 AND \"from\" = 2 AND \"rowid\" = 3", "select,from,rowid", "1,2,3", "keep" },
		{ "rowid = 3 AND key = 4 AND results = 5", "rowid,key,results", "3,4,5", "keep" },
		{ "größe > 1", "gr\xc3\xb6\xc3\x9f" "e", "2", "keep" },
		{ "a$b = 1 AND _x = 2", "a$b,_x", "1,2", "keep" },
		{ "\"it's\" = 'it''s'", "it's", "it's", "keep" },
		{ "\"true\" = 'no' AND \"lower\" = 1", "true,lower", "no,1", "keep" },
		{ "WORKERID = 'A1NGMT0000001X'", "WorkerId", "A1NGMT0000001X", "keep" },
		{ "a = 1", "a,A", "1,2", "keep" },
		{ "\"1st\" = 1", "1st", "1", "keep" },
	};

	(void)state;
	CHECK(answers);
}

static void test_no_answer(void **state)
{
	static const struct answer answers[] = {
		{ "approve", "approve", "1", "keep" },
		{ "approve", "approve", "0", "skip" },
		{ "approve", "approve", "x",
		  "error: it gives the text \"x\", which is neither true nor false" },
		{ "approve", "approve", "007",
		  "error: it gives the text \"007\", which is neither true nor false" },
		{ "truthy(approve)", "approve", "x", "keep" },
		{ "truthy(approve)", "approve", "007", "keep" },
		{ "abs(x - 9223372036854775807 - 1) > 0", "x", "0", "error: integer overflow" },
	};

	(void)state;
	CHECK(answers);
}

/* truthy() of a column is truth_of() of its cell. */
static void test_truthy(void **state)
{
	static const char *const cells[] = {
		"1", "x", "TRUE", "yes", "2", "0.5", "01", "nope", "0", "false", "No", "NA", "undefined", "null", "NaN",
		"-1", "-", "-0.5", "0.0", "00", "n", "f", "off", "none", "N/A", "", " ", " 0 ", " x ", "12e345", "0e5",
		"-0", "1e400",
	};
	struct question question = { .filter = make("truthy(x)") };

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		char quoted[40];

		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", cells[i]);
		ask(&question, "x", quoted);
		assert_int_equal(question.result, 0);
		if ((question.answer == FILTER_KEEP) != (truth_of(cells[i]) == TRUTH_YES))
			fail_msg("truthy('%s') is not what truth_of() says", cells[i]);
	}
	filter_free(question.filter);
}

static const struct {
	const char *expression;
	const char *message;
	const char *hint;
} refused[] = {
	/* no expression */
	{ "", "the filter is empty", "" },
	{ " \t ", "the filter is empty", "" },
	{ "bonus >", "the expression ends too early", "" },
	{ "not", "the expression ends too early", "" },
	{ "()", "column 2: near \")\": syntax error", "" },
	{ "bonus > 2 3", "column 11: near \"3\": syntax error", "" },
	{ "bonus = 2 and and type = 1", "column 15: near \"and\": syntax error", "" },
	{ "gr\xc3\xb6\xc3\x9f" "e > 1 1", "column 11: near \"1\": syntax error", "" },
	{ "bonus > 1e", "column 9: unrecognized token: \"1e\"", "" },
	{ "1, 2", "row value misused", "" },
	{ "'abc'", "it gives the text \"abc\", which is neither true nor false",
	  "truthy(x) tells whether a cell says yes" },
	{ "abs(-9223372036854775807 - 1)", "integer overflow", "" },
	{ "bonus > 2 ORDER BY 1", "column 11: near \"ORDER\": syntax error", "" },
	{ "1 LIMIT 1", "column 3: near \"LIMIT\": syntax error", "" },
	{ "1 AS x", "column 3: near \"AS\": syntax error", "" },
	{ "*", "column 1: near \"*\": syntax error", "" },
	/* out of the parentheses, and on to something else */
	{ "1) FROM results; DROP TABLE results; --", "column 2: there is no parenthesis for this one to close", "" },
	{ "1), (1", "column 2: there is no parenthesis for this one to close", "" },
	{ "((bonus > 2)", "column 1: the parenthesis that opens here is never closed", "" },
	{ "1 AND (lower(x) = 'a'", "column 7: the parenthesis that opens here is never closed", "" },
	{ "bonus > 2; DROP TABLE x", "column 10: \";\" is not allowed: a filter is one expression", "" },
	{ "bonus > 2;", "column 10: \";\" is not allowed: a filter is one expression", "" },
	{ "bonus > 2 -- more", "column 11: a comment is not allowed in a filter", "" },
	{ "bonus /* x */ > 2", "column 7: a comment is not allowed in a filter", "" },
	{ "type = 'human", "column 8: what opens here is never closed", "" },
	{ "\"type = 'human'", "column 1: what opens here is never closed", "" },
	{ "[type", "column 1: what opens here is never closed", "" },
	{ "type = 'it''s", "column 8: what opens here is never closed", "" },
	{ "\"\" = 1", "column 1: a column without a name cannot be asked for", "" },
	{ "bonus > ?1", "column 9: \"?\" is not allowed in a filter", "" },
	{ "bonus > :a", "column 9: \":\" is not allowed in a filter", "" },
	{ "bonus > @a", "column 9: \"@\" is not allowed in a filter", "" },
	{ "bonus > $a", "column 9: \"$\" is not allowed in a filter", "" },
	{ "a = x'00'", "column 5: binary data is not allowed in a filter", "" },
	{ "a = {b}", "column 5: \"{\" is not allowed in a filter", "" },
	{ "a.b = 1", "column 2: \".\" is not allowed in a filter",
	  "write a name with a point in it in double quotes" },
	{ "a = '\x01'", "column 6: there is a control character", "" },
	{ "a\n= 1", "column 2: there is a control character", "" },
	{ "a = '\xff'", "column 6: there is a byte that is not UTF-8", "" },
	/* other tables, other statements */
	{ "(SELECT 1)", "column 2: \"SELECT\" is not allowed in a filter",
	  "if it is the name of a column, write it in double quotes" },
	{ "EXISTS (SELECT 1)", "column 1: \"EXISTS\" is not allowed in a filter",
	  "if it is the name of a column, write it in double quotes" },
	{ "x IN (VALUES (1))", "column 7: \"VALUES\" is not allowed in a filter",
	  "if it is the name of a column, write it in double quotes" },
	{ "x IN sqlite_schema", "column 6: IN wants a list in parentheses", "" },
	{ "x IN \"sqlite_schema\"", "column 6: IN wants a list in parentheses", "" },
	{ "x IN 'sqlite_schema'", "column 6: IN wants a list in parentheses", "" },
	{ "x IN pragma_table_list('x')", "column 6: IN wants a list in parentheses", "" },
	{ "x MATCH 'y'", "column 3: \"MATCH\" is not allowed in a filter",
	  "if it is the name of a column, write it in double quotes" },
	{ "RAISE(IGNORE)", "column 1: \"RAISE\" is not allowed in a filter",
	  "if it is the name of a column, write it in double quotes" },
	{ "x < CURRENT_TIMESTAMP", "column 5: \"CURRENT_TIMESTAMP\" is not allowed in a filter",
	  "if it is the name of a column, write it in double quotes" },
	{ "x -> 'y'", "\"->\" is not allowed in a filter", "" },
	{ "x ->> 'y'", "\"->>\" is not allowed in a filter", "" },
	/* functions */
	{ "1 OR load_extension('x')", "column 6: no such function: \"load_extension\"",
	  "the functions of filters are in ngmt.conf(5), under FILTER" },
	{ "lowr(type) = 'x'", "column 1: no such function: \"lowr\"", "did you mean \"lower\"?" },
	{ "\"random\"() > 0", "column 1: no such function: \"random\"",
	  "the functions of filters are in ngmt.conf(5), under FILTER" },
	{ "lower() = 'x'", "column 1: wrong number of arguments to function lower()", "" },
	{ "max(bonus) > 2", "column 1: wrong number of arguments to function max()", "" },
	{ "min(bonus) > 2", "column 1: wrong number of arguments to function min()", "" },
	{ "truthy(1, 2)", "column 1: wrong number of arguments to function truthy()", "" },
	{ "x = 'a' COLLATE elsewhere", "no such collation sequence: elsewhere", "" },
	{ "replace(x) = 'a'", "column 1: wrong number of arguments to function replace()", "" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct err err = { .code = ERR_NONE };
		struct filter *filter = filter_new(refused[i].expression, &err);

		if (filter)
			fail_msg("\"%s\" is taken", refused[i].expression);
		if (strcmp(err.message, refused[i].message) != 0 || strcmp(err.hint, refused[i].hint) != 0)
			fail_msg("\"%s\": %s (%s) instead of %s (%s)", refused[i].expression, err.message, err.hint,
				 refused[i].message, refused[i].hint);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_null(filter_new(refused[i].expression, NULL));
	}
}

/* Also those that this SQLite has and no filter may have. */
static void test_functions(void **state)
{
	static const char *const none[] = {
		"count(*)", "count(x)", "sum(x)", "total(x)", "avg(x)", "group_concat(x)", "row_number() OVER ()",
		"max(x) OVER ()", "sum(x) FILTER (WHERE 1)", "random()", "randomblob(1000)", "zeroblob(1000000000)",
		"printf('%1000000000d', 1)", "format('%s', x)", "char(65)", "hex(x)", "quote(x)", "load_extension('x')",
		"sqlite_version()", "sqlite_source_id()", "sqlite_compileoption_get(1)", "last_insert_rowid()",
		"changes()", "total_changes()", "date('now')", "datetime('now')", "strftime('%s', 'now')",
		"julianday('now')", "json('1')", "json_extract(x, '$')", "fts3_tokenizer('x')", "soundex(x)",
		"likely(x)", "likelihood(x, 0.5)", "unlikely(x)", "sqlite_offset(x)", "regexp('a', x)", "match('a', x)",
		"subtype(x)", "exp(x)", "pow(x, 1000)", "unicode(x)", "rtreecheck('x')", "sqlite_rename_table(x)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct err err = { .code = ERR_NONE };

		if (filter_new(none[i], &err))
			fail_msg("\"%s\" is taken", none[i]);
		if (!strstr(err.message, "no such function") && !strstr(err.message, "is not allowed") &&
		    !strstr(err.message, "wrong number of arguments"))
			fail_msg("%s: %s", none[i], err.message);
	}
	assert_true(filter_may_call("LOWER"));
	assert_false(filter_may_call("random"));
	assert_false(filter_may_call(""));
}

/* `count` times `text` between two others. */
static char *repeat(const char *before, const char *text, size_t count, const char *after)
{
	char *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);

	assert_non_null(out);
	(void)fputs(before, out);
	for (size_t i = 0; i < count; i++)
		(void)fputs(text, out);
	(void)fputs(after, out);
	assert_int_equal(fclose(out), 0);
	return result;
}

static void test_limits(void **state)
{
	static const struct {
		const char *before, *text;
		size_t count;
		const char *after, *message;
	} cases[] = {
		{ "x = '", "a", 4000, "'", "the filter has more than 4000 bytes" },
		{ "", "(", 1000, "1", "column 1: the parenthesis that opens here is never closed" },
		{ "", "not ", 900, "x", "parser stack overflow" },
		{ "x", " OR x", 700, "", "Expression tree is too large (maximum depth 500)" },
		{ "coalesce(1", ",1", 200, ")", "column 1: too many arguments on function coalesce" },
		{ "x LIKE '", "a", 300, "'", "LIKE or GLOB pattern too complex" },
	};
	char *text = strdup("a0"), *longer;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *expression = repeat(cases[i].before, cases[i].text, cases[i].count, cases[i].after);

		assert_null(filter_new(expression, &err));
		assert_string_equal(err.message, cases[i].message);
		free(expression);
	}
	for (unsigned i = 1; i <= 200; i++, text = longer) {
		assert_true(asprintf(&longer, "%s + a%u", text, i) > 0);
		free(text);
	}
	assert_null(filter_new(text, &err));
	free(text);
	assert_string_equal(err.message, "the filter has more than 200 names");
}

static int64_t cpu_ms(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* What an expression of moderate length can be made to do by a file: an answer or an error, and soon. The limit is a
 * hundred times what it takes, since a sanitizer or valgrind may be at work. */
static void test_bombs(void **state)
{
	static const struct {
		const char *expression;
		size_t x, y; /* so many "a", and a "b" */
	} cases[] = {
		{ "x LIKE '%a%a%a%a%a%a%a%a%a%a%a%ac'", 60000, 1 },
		{ "x LIKE '%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac'", 60000, 1 },
		{ "x LIKE '%' || y || '%'", 60000, 200 },
		{ "x GLOB '*[ab]*[ab]*[ab]*[ab]*[ab]c'", 60000, 1 },
		{ "instr(x, substr(y, 2)) = 1", 42000, 21000 },
		{ "replace(x, y, 'b') = 1", 42000, 21000 },
		{ "trim(x, y || 'c') = 1", 40000, 12000 },
		{ "replace(replace(replace(x, 'a', 'aaaaaaaa'), 'a', 'aaaaaaaa'), 'a', 'aaaaaaaa') = 1", 60000, 1 },
		{ "x || x || x || x || x || x = 1", 30000, 1 },
		{ "x = y OR x = y OR x = y", 30000, 30000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct question question = { .filter = make(cases[i].expression) };
		char *x = repeat("x,y\n", "a", cases[i].x, "b,"), *text = repeat(x, "a", cases[i].y, "b\n");
		int64_t before = cpu_ms();

		ask_bytes(&question, text, strlen(text));
		if (cpu_ms() - before > 20000)
			fail_msg("%s takes %lld ms", cases[i].expression, (long long)(cpu_ms() - before));
		if (question.result < 0)
			assert_true(question.err.code == ERR_FORMAT && question.err.message[0]);
		filter_free(question.filter);
		free(text);
		free(x);
	}
}

/* After a row without an answer the next one has its own. */
static void test_after_an_error(void **state)
{
	struct question question = { .filter = make("x || x <> '' AND y") };
	char *row = repeat("", "a", 40000, ",1"), *header_and_row = NULL;

	(void)state;
	assert_true(asprintf(&header_and_row, "x,y\n%s\n", row) > 0);
	for (int i = 0; i < 3; i++) {
		ask(&question, "x,y", "a,1");
		assert_int_equal(question.result, 0);
		assert_int_equal(question.answer, FILTER_KEEP);
		ask_bytes(&question, header_and_row, strlen(header_and_row));
		assert_int_equal(question.result, -1);
		assert_string_equal(question.err.message, "the texts of the row are too long");
		ask(&question, "y,x", "0,a");
		assert_int_equal(question.result, 0);
		assert_int_equal(question.answer, FILTER_SKIP);
	}
	filter_free(question.filter);
	free(header_and_row);
	free(row);
}

static void test_missing(void **state)
{
	struct filter *filter = make("lower(type) = 'x' AND NOT truthy(skip) AND \"a b\" > 1 OR Type = 'y'");
	char type[] = "TYPE", other[] = "other", nameless[] = "", both[] = "a b", skip[] = "skip";
	char *const some[] = { nameless, type, other }, *const all[] = { both, skip, type };
	struct err err;

	(void)state;
	assert_int_equal(filter_prepare(filter, some, 3, &err), 0);
	assert_string_equal(filter_missing(filter), "skip, a b");
	assert_int_equal(filter_prepare(filter, all, 3, &err), 0);
	assert_string_equal(filter_missing(filter), "");
	assert_int_equal(filter_prepare(filter, NULL, 0, &err), 0);
	assert_string_equal(filter_missing(filter), "type, skip, a b");
	assert_true(filter_asks_for(filter, "SKIP"));
	assert_true(filter_asks_for(filter, "a b"));
	assert_false(filter_asks_for(filter, "and"));
	assert_false(filter_asks_for(filter, "x"));
	filter_free(filter);
	filter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_numbers_and_texts),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_truthy),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_after_an_error),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
