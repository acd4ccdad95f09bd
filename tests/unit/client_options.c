/* SPDX-License-Identifier: MIT
 *
 * The command line of ngmtctl: which command, which words, which options, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"
#include "queue_select.h"

#define WORDS_MAX 24

/* One command line, split at blanks. */
struct line {
	char text[400];
	char *argv[WORDS_MAX + 1];
	int argc;
	struct invocation invocation;
	struct err err;
	int failed;
};

static void parse(struct line *line, const char *text)
{
	char *rest, *word;

	memset(line, 0, sizeof(*line));
	(void)snprintf(line->text, sizeof(line->text), "ngmtctl %s", text);
	for (word = strtok_r(line->text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		line->argv[line->argc++] = word;
	line->failed = invocation_parse(&line->invocation, line->argc, line->argv, &line->err);
}

static void test_command_is_found(void **state)
{
	static const struct {
		const char *text;
		enum command_id command;
	} cases[] = {
		{ "status", COMMAND_STATUS },
		{ "STATUS", COMMAND_STATUS },
		{ "show summary", COMMAND_SHOW_SUMMARY },
		{ "show Summary", COMMAND_SHOW_SUMMARY },
		{ "uploadResults", COMMAND_UPLOAD },
		{ "UploadRESULTS", COMMAND_UPLOAD },
		{ "upload results", COMMAND_UPLOAD },
		{ "grantBonus", COMMAND_BONUS },
		{ "assignQualification", COMMAND_QUALIFY },
		{ "get HITIdList", COMMAND_GET_HITS },
		{ "get HITId", COMMAND_GET_HIT },
		{ "Config.fields", COMMAND_SHOW_FIELDS },
		{ "queue", COMMAND_QUEUE_LIST },
		{ "QUEUE --held", COMMAND_QUEUE_LIST },
		{ "queue list", COMMAND_QUEUE_LIST },
		{ "queue show 7", COMMAND_QUEUE_SHOW },
		{ "--batch 7 queue", COMMAND_QUEUE_LIST },
		{ "--all queue release", COMMAND_QUEUE_RELEASE },
		{ "queue --help", COMMAND_HELP },
		{ "--json status", COMMAND_STATUS },
		{ "--socket status status", COMMAND_STATUS },
		{ "--socket status show config", COMMAND_SHOW_CONFIG },
		{ "-r upload bonus", COMMAND_BONUS },
		{ "-r x --yes bonus", COMMAND_BONUS },
		{ "bonus -r approve --yes", COMMAND_BONUS },
		{ "bonus --reason=approve", COMMAND_BONUS },
		{ "--version", COMMAND_VERSION },
		{ "-V", COMMAND_VERSION },
		{ "bonus --version", COMMAND_VERSION },
		{ "bonus --help", COMMAND_HELP },
		{ "show --help", COMMAND_HELP },
		{ "-h", COMMAND_HELP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;

		parse(&line, cases[i].text);
		if (line.failed || line.invocation.command->id != cases[i].command)
			fail_msg("\"%s\": %s", cases[i].text, line.err.message);
		invocation_finish(&line.invocation);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message; /* part of the message or hint */
	} cases[] = {
		{ "nonsense", "unknown command" },
		{ "statsu", "\"status\"" },
		{ "show", "second word" },
		{ "show nonsense", "one of: summary" },
		{ "load results", "needs FILE" },
		{ "status now", "does not take" },
		{ "status --js", "unknown option" },
		{ "status --jso", "unknown option" },
		{ "--sock x status", "unknown option" },
		{ "upload --re x", "unknown option" },
		{ "status --", "" },
		{ "status -a", "unknown option \"-a\"" },
		{ "status -qa", "unknown option \"-a\"" },
		{ "bonus -r", "needs a value" },
		{ "bonus --reason", "needs a value" },
		{ "bonus --reason=", "is empty" },
		{ "bonus --yes=1", "takes no value" },
		{ "bonus -r a --reason b", "given twice" },
		{ "load results a -v 3", "from 0 to 2" },
		{ "load results a -v 99999999999999999999", "from 0 to 2" },
		{ "load results a -v +1", "from 0 to 2" },
		{ "load results a -v -1", "from 0 to 2" },
		{ "load results a -a -r", "exclude" },
		{ "load game g -l 5-4", "range" },
		{ "load game g -l 5-4-3", "range" },
		{ "load game g -l --", "range" },
		{ "load game g -l 99999999999999999999-1", "range" },
		{ "status --color blue", "not one of" },
		{ "status --color aut", "not one of" },
		{ "upload -r x", "no effect" },
		{ "queue lst", "\"queue list\"" },
		{ "queue list lst", "does not take" },
		{ "queue show", "needs ID" },
		{ "queue show 07x", "not the number" },
		{ "queue show +7", "not the number" },
		{ "queue show 9223372036854775808", "not the number" },
		{ "queue release", "needs to know which" },
		{ "queue cancel --json", "needs to know which" },
		{ "queue release 7 --hit 3H", "not by both" },
		{ "queue release --all --hit 3H", "exclude" },
		{ "queue release --cancelled --all", "exclude" },
		{ "queue release --done 7", "unknown option" },
		{ "queue list --all", "unknown option" },
		{ "queue resolve 7", "--not-done" },
		{ "queue resolve 7 --done --not-done", "exclude" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;

		parse(&line, cases[i].text);
		if (strcmp(cases[i].text, "status --") == 0)
			assert_int_equal(line.failed, 0);
		else if (line.failed != -1 || line.err.code != ERR_USAGE ||
			 !(strstr(line.err.message, cases[i].message) || strstr(line.err.hint, cases[i].message)))
			fail_msg("\"%s\": %s (%s)", cases[i].text, line.err.message, line.err.hint);
		invocation_finish(&line.invocation);
	}
}

/* -q is quiet in front of the command and, for upload, qualify behind it, as in the seed. */
static void test_letter_with_two_meanings(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "-q upload");
	assert_true(option_is_given(&line.invocation, OPTION_ID_QUIET));
	assert_false(option_is_given(&line.invocation, OPTION_ID_DO_QUALIFY));
	invocation_finish(&line.invocation);
	parse(&line, "upload -q");
	assert_false(option_is_given(&line.invocation, OPTION_ID_QUIET));
	assert_true(option_is_given(&line.invocation, OPTION_ID_DO_QUALIFY));
	invocation_finish(&line.invocation);
	parse(&line, "bonus -q");
	assert_true(option_is_given(&line.invocation, OPTION_ID_QUIET));
	invocation_finish(&line.invocation);
	parse(&line, "load results f -r");
	assert_true(option_is_given(&line.invocation, OPTION_ID_REPLACE));
	invocation_finish(&line.invocation);
	parse(&line, "upload -br x");
	assert_string_equal(option_text(&line.invocation, OPTION_ID_REASON), "x");
	invocation_finish(&line.invocation);
}

static void test_values(void **state)
{
	struct line line;
	int64_t least = 0, most = INT64_MAX;

	(void)state;
	parse(&line, "load game -l 60-61 mygame -v 1 --json");
	assert_int_equal(line.failed, 0);
	assert_int_equal(line.invocation.word_count, 1);
	assert_string_equal(line.invocation.words[0], "mygame");
	assert_int_equal(option_number(&line.invocation, OPTION_ID_VALIDATE, 2), 1);
	assert_int_equal(option_number(&line.invocation, OPTION_ID_TIMEOUT, 7), 7);
	assert_true(option_range(&line.invocation, OPTION_ID_LIMIT, &least, &most));
	assert_int_equal(least, 60);
	assert_int_equal(most, 61);
	invocation_finish(&line.invocation);
	parse(&line, "load game g");
	assert_false(option_range(&line.invocation, OPTION_ID_LIMIT, &least, &most));
	invocation_finish(&line.invocation);
	parse(&line, "load results -- -odd-name");
	assert_int_equal(line.failed, 0);
	assert_string_equal(line.invocation.words[0], "-odd-name");
	invocation_finish(&line.invocation);
}

static void test_json_is_known_even_after_an_error(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "--nonsense status --json");
	assert_int_equal(line.failed, -1);
	assert_true(option_is_given(&line.invocation, OPTION_ID_JSON));
	invocation_finish(&line.invocation);
}

static void test_no_command(void **state)
{
	struct line line;

	(void)state;
	parse(&line, "");
	assert_int_equal(line.failed, 0);
	assert_int_equal(line.invocation.command->id, COMMAND_CONSOLE);
	assert_true(line.invocation.is_unnamed);
	invocation_finish(&line.invocation);
	parse(&line, "--json --color never");
	assert_int_equal(line.failed, 0);
	assert_int_equal(line.invocation.command->id, COMMAND_CONSOLE);
	invocation_finish(&line.invocation);
	parse(&line, "console");
	assert_int_equal(line.failed, 0);
	assert_false(line.invocation.is_unnamed);
	invocation_finish(&line.invocation);
}

/* The options with which nodegame-mturk is started, without a command word, in any order. */
static void test_options_that_start_the_console(void **state)
{
	static const struct {
		const char *text;
		enum command_id command;
		enum option_id given; /* OPTION_IDS: none */
		const char *value;
		int words;
	} cases[] = {
		{ "-r path/to/results.csv -H -Q", COMMAND_CONSOLE, OPTION_ID_START_RESULTS, "path/to/results.csv", 0 },
		{ "-H -Q -r a", COMMAND_CONSOLE, OPTION_ID_START_HIT, NULL, 0 },
		{ "--getLastHITId --resultsFile a", COMMAND_CONSOLE, OPTION_ID_START_RESULTS, "a", 0 },
		{ "-cHQsdr a", COMMAND_CONSOLE, OPTION_ID_START_RESULTS, "a", 0 },
		{ "-g mygame 60-61 -Q", COMMAND_CONSOLE, OPTION_ID_START_QUALIFICATION, NULL, 1 },
		{ "-Q -g mygame -H 60-61", COMMAND_CONSOLE, OPTION_ID_START_HIT, NULL, 1 },
		{ "console 60-61 -g mygame", COMMAND_CONSOLE, OPTION_ID_START_GAME, "mygame", 1 },
		{ "-t bonus", COMMAND_CONSOLE, OPTION_ID_START_TOKEN, "bonus", 0 },
		{ "-t bonus -q", COMMAND_CONSOLE, OPTION_ID_QUIET, NULL, 0 },
		{ "-r upload bonus", COMMAND_BONUS, OPTION_ID_REASON, "upload", 0 },
		{ "-s -h", COMMAND_HELP, OPTION_ID_START_SANDBOX, NULL, 0 },
		{ "-n 3 -l 10 -o 500", COMMAND_CONSOLE, OPTION_ID_START_INTERVAL, "10", 0 },
		{ "-k", COMMAND_CONSOLE, OPTION_ID_KEEP_GOING, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;

		parse(&line, cases[i].text);
		if (line.failed || line.invocation.command->id != cases[i].command)
			fail_msg("\"%s\": %s", cases[i].text, line.err.message);
		assert_true(option_is_given(&line.invocation, cases[i].given));
		if (cases[i].value)
			assert_string_equal(option_text(&line.invocation, cases[i].given), cases[i].value);
		assert_int_equal(line.invocation.word_count, cases[i].words);
		invocation_finish(&line.invocation);
	}
}

static void test_options_that_start_nothing(void **state)
{
	static const struct {
		const char *text;
		const char *message; /* part of the message or hint */
	} cases[] = {
		{ "-r", "option \"-r\" needs a value" },
		{ "-r a foo", "unknown command \"foo\"" },
		{ "-r a 60-61", "unknown command" },
		{ "-g mygame 60-61 70", "\"70\" is one word too many" },
		{ "-H status", "unknown option \"-H\" of status" },
		{ "-g a -g b", "given twice" },
		{ "-x", "unknown option \"-x\"" },
		{ "--getlasthitid", "\"--getLastHITId\"" },
		{ "--reslts a", "\"--results\"" },
		{ "-n x", "not a whole number" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;

		parse(&line, cases[i].text);
		if (line.failed != -1 ||
		    !(strstr(line.err.message, cases[i].message) || strstr(line.err.hint, cases[i].message)))
			fail_msg("\"%s\": %s (%s)", cases[i].text, line.err.message, line.err.hint);
		invocation_finish(&line.invocation);
	}
}

static void test_a_dry_console(void **state)
{
	static const struct {
		const char *text;
		bool is_refused;
		bool is_dry;
	} cases[] = {
		{ "bonus", false, true },	 { "bonus --yes", false, true },  { "upload -by", false, true },
		{ "bonus -d", false, true },	 { "status", false, false },	  { "load results a", false, false },
		{ "rooms rescan", false, false }, { "queue cancel 7", true, false }, { "pause", true, false },
		{ "rooms adopt --all", false, true }, { "expire --yes", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;

		parse(&line, cases[i].text);
		assert_int_equal(line.failed, 0);
		assert_int_equal(invocation_make_dry(&line.invocation, &line.err), cases[i].is_refused ? -1 : 0);
		assert_int_equal(option_is_given(&line.invocation, OPTION_ID_DRY_RUN), cases[i].is_dry);
		assert_false(option_is_given(&line.invocation, OPTION_ID_YES));
		invocation_finish(&line.invocation);
	}
}

static void test_typed_command_can_be_typed_again(void **state)
{
	char name[] = "ngmtctl", bonus[] = "bonus", option[] = "-r", reason[] = "it's $5; you", empty[] = "";
	char *argv[] = { name, bonus, option, reason, empty, NULL };
	struct invocation invocation = { .argc = 5, .argv = argv };
	char *typed = invocation_typed(&invocation);

	(void)state;
	assert_string_equal(typed, "ngmtctl bonus -r 'it'\\''s $5; you' ''");
	free(typed);
}

static void expect_command(const char *program, const char *reason, const char *expected)
{
	char *argv[] = { (char[200]){ 0 }, (char[]){ "bonus" }, (char[]){ "-r" }, (char[2000]){ 0 }, NULL };
	struct invocation invocation = { .argc = 4, .argv = argv };
	char *command;

	(void)snprintf(argv[0], 200, "%s", program);
	(void)snprintf(argv[3], 2000, "%s", reason);
	command = invocation_command(&invocation);
	assert_string_equal(command, expected);
	free(command);
}

static void test_the_command_for_the_ledger(void **state)
{
	char reason[1501], expected[INVOCATION_COMMAND_MAX + 1];

	(void)state;
	expect_command("ngmtctl", "Thank you", "ngmtctl bonus -r 'Thank you'");
	expect_command("/opt/my tools/ngmtctl", "Thanks", "ngmtctl bonus -r Thanks");
	expect_command("./ngmtctl", "a\x1b[31m\nb\xff", "ngmtctl bonus -r 'a\\x1b[31m\\x0ab\\xff'");
	/* Cut at a character: 18 bytes stand before the reason, so the 491 umlauts that fit whole end at 1000. */
	for (size_t i = 0; i < 750; i++)
		memcpy(reason + 2 * i, "\xc3\xbc", 3);
	(void)snprintf(expected, sizeof(expected), "ngmtctl bonus -r '%.982s", reason);
	expect_command("ngmtctl", reason, expected);
	memmove(reason + 1, reason, sizeof(reason) - 1);
	reason[0] = 'x';
	reason[1499] = '\0';
	(void)snprintf(expected, sizeof(expected), "ngmtctl bonus -r '%.981s", reason);
	expect_command("ngmtctl", reason, expected);
}

static void expect_json(struct json_object *value, const char *expected)
{
	assert_string_equal(value ? json_text(value, NULL) : "null", expected);
	json_object_put(value);
}

#define ALL_KINDS                                                                                                  \
	"[{\"kind\":\"bonus\"},{\"kind\":\"create-hit\"},{\"kind\":\"extend-hit\"},{\"kind\":\"approve\"}," \
	"{\"kind\":\"reject\"},{\"kind\":\"qualify\"},{\"kind\":\"notify\"},{\"kind\":\"expire-hit\"},"    \
	"{\"kind\":\"delete-hit\"},{\"kind\":\"revoke\"},{\"kind\":\"block\"},{\"kind\":\"unblock\"},"      \
	"{\"kind\":\"create-qualification\"}]"

/* What the daemon is asked for: each case is the command line, what it selects, and the calls that are made. */
static void test_queue_selects(void **state)
{
	static const struct {
		const char *text;
		const char *select;
		const char *parts; /* NULL: the command makes no such calls */
	} cases[] = {
		{ "queue", "null", NULL },
		{ "queue list --held --kind bonus", "{\"kind\":\"bonus\",\"state\":\"held\"}", NULL },
		{ "queue list --state done --batch 7", "{\"batch\":7,\"state\":\"done\"}", NULL },
		{ "queue list --worker A --assignment B --hit C --hold undo",
		  "{\"hold\":\"undo\",\"worker\":\"A\",\"assignment\":\"B\",\"hit\":\"C\"}", NULL },
		{ "queue release 9223372036854775807 2", "{\"ids\":[9223372036854775807,2]}",
		  "[{\"ids\":[9223372036854775807,2]}]" },
		{ "queue release --batch 7", "{\"batch\":7}", "[{\"batch\":7,\"state\":\"held\"}]" },
		{ "queue release --batch 7 --hold undo", "{\"batch\":7,\"hold\":\"undo\"}",
		  "[{\"batch\":7,\"hold\":\"undo\",\"state\":\"held\"}]" },
		{ "queue release --cancelled", "null", "[{\"state\":\"cancelled\"}]" },
		{ "queue release --all", "null", "[{\"state\":\"held\"}]" },
		{ "queue cancel 3", "{\"ids\":[3]}", "[{\"ids\":[3]}]" },
		{ "queue cancel --all", "null",
		  ALL_KINDS },
		{ "queue hold --all", "null", ALL_KINDS },
		{ "queue hold 3 4", "{\"ids\":[3,4]}", "[{\"ids\":[3,4]}]" },
		{ "queue hold --room room000007", "{\"room\":\"room000007\"}", "[{\"room\":\"room000007\"}]" },
		{ "queue cancel --game ultimatum --kind bonus", "{\"kind\":\"bonus\",\"game\":\"ultimatum\"}",
		  "[{\"kind\":\"bonus\",\"game\":\"ultimatum\"}]" },
		{ "queue retry --all", "null", "[{\"state\":\"failed\"}]" },
		{ "queue retry 3", "{\"ids\":[3]}", "[{\"ids\":[3]}]" },
		{ "queue retry --batch 7", "{\"batch\":7}",
		  "[{\"batch\":7,\"state\":\"failed\"},{\"batch\":7,\"state\":\"planned\"},"
		  "{\"batch\":7,\"state\":\"queued\"},{\"batch\":7,\"state\":\"unsure\"}]" },
		{ "queue cancel --hit C", "{\"hit\":\"C\"}", "[{\"hit\":\"C\"}]" },
		{ "queue cancel --hold undo", "{\"hold\":\"undo\"}", "[{\"hold\":\"undo\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct line line;

		parse(&line, cases[i].text);
		assert_int_equal(line.failed, 0);
		expect_json(queue_select_new(&line.invocation), cases[i].select);
		if (cases[i].parts)
			expect_json(queue_select_parts(&line.invocation), cases[i].parts);
		invocation_finish(&line.invocation);
	}
}

/* Every row of the tables is usable: names are unique, and no letter means two things to one command. */
static void test_tables_are_consistent(void **state)
{
	(void)state;
	for (size_t c = 0; c < COMMANDS; c++)
		for (size_t i = 0; i < OPTION_IDS; i++)
			for (size_t j = 0; j < i; j++) {
				const struct option_row *a = &option_rows[i], *b = &option_rows[j];

				if (!option_belongs(a, &commands[c]) || !option_belongs(b, &commands[c]))
					continue;
				assert_string_not_equal(a->name, b->name);
				if (a->letter && a->letter == b->letter)
					assert_true(option_is_general(a) != option_is_general(b));
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_is_found),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_letter_with_two_meanings),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_json_is_known_even_after_an_error),
		cmocka_unit_test(test_no_command),
		cmocka_unit_test(test_options_that_start_the_console),
		cmocka_unit_test(test_options_that_start_nothing),
		cmocka_unit_test(test_a_dry_console),
		cmocka_unit_test(test_typed_command_can_be_typed_again),
		cmocka_unit_test(test_the_command_for_the_ledger),
		cmocka_unit_test(test_queue_selects),
		cmocka_unit_test(test_tables_are_consistent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
