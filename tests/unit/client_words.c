/* SPDX-License-Identifier: MIT
 *
 * Lines of the console: how they are cut into words, what the history keeps of them, and what goes along with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "history.h"
#include "inherited.h"
#include "words.h"

static void expect_words(const char *line, const char *home, const char *expected)
{
	struct words words;
	struct err err = { 0 };
	char joined[400] = "";

	assert_int_equal(words_split(&words, line, home, &err), 0);
	for (int i = 0; i < words.count; i++)
		(void)snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "[%s]", words.words[i]);
	if (strcmp(joined, expected) != 0)
		fail_msg("%s: %s instead of %s", line, joined, expected);
	words_free(&words);
}

static void test_words(void **state)
{
	static const struct {
		const char *line;
		const char *words;
	} cases[] = {
		{ "", "" },
		{ " \t \r\n", "" },
		{ "# bonus --yes", "" },
		{ "  #", "" },
		{ "status", "[status]" },
		{ "\tshow  Summary\r\n", "[show][Summary]" },
		{ "bonus -r \"Thank You\"", "[bonus][-r][Thank You]" },
		{ "bonus -r 'it is \"good\"'", "[bonus][-r][it is \"good\"]" },
		{ "bonus -r 'it'\\''s'", "[bonus][-r][it's]" },
		{ "bonus -r \"a \\\"b\\\" \\\\ \\n 'c'\"", "[bonus][-r][a \"b\" \\ \\n 'c']" },
		{ "bonus --reason=\"a b\"c", "[bonus][--reason=a bc]" },
		{ "load results a\\ b.csv", "[load][results][a b.csv]" },
		{ "bonus -r ''", "[bonus][-r][]" },
		{ "bonus -r a#b #c", "[bonus][-r][a#b]" },
		{ "bonus -r '#1' \\#2", "[bonus][-r][#1][#2]" },
		{ "x \xc3\xa4\xe2\x82\xac", "[x][\xc3\xa4\xe2\x82\xac]" },
		{ "a \\\\", "[a][\\]" },
		{ "$HOME *.csv `x` ; a|b >c", "[$HOME][*.csv][`x`][;][a|b][>c]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_words(cases[i].line, "/home/anna", cases[i].words);
}

static void test_home_folder(void **state)
{
	(void)state;
	expect_words("load results ~/a.csv", "/home/anna", "[load][results][/home/anna/a.csv]");
	expect_words("~ ~/ ~", "/home/anna", "[/home/anna][/home/anna/][/home/anna]");
	expect_words("'~/a' \\~/b ~bob/c a~/d", "/home/anna", "[~/a][~/b][~bob/c][a~/d]");
	expect_words("~/a", NULL, "[~/a]");
}

static void test_lines_that_are_not_whole(void **state)
{
	static const char *const lines[] = { "bonus -r 'Thank", "bonus -r \"Thank", "bonus -r \"a\\\"", "'", "\"\\",
					     "a'b'\"c", "status \\" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct words words;
		struct err err = { 0 };

		assert_int_equal(words_split(&words, lines[i], NULL, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_true(err.message[0] && err.hint[0]);
		words_free(&words);
	}
}

static void test_what_is_kept(void **state)
{
	static const struct {
		const char *line;
		const char *previous;
		bool is_kept;
	} cases[] = {
		{ "status", NULL, true },
		{ "status", "bonus", true },
		{ "status", "status", false },
		{ "", NULL, false },
		{ " status", NULL, false },
		{ "\tstatus", NULL, false },
		{ "# a note", NULL, true },
		{ "status\x1b[31m", NULL, false },
		{ "stat\xffus", NULL, false },
		{ "bonus -r \xc3\xbc", NULL, true },
		{ "AKIAIOSFODNN7EXAMPLE", NULL, false },
		{ "x=ASIAIOSFODNN7EXAMPLE", NULL, false },
		{ "AKIAEXAMPLE", NULL, true },
		{ "akiaiosfodnn7example", NULL, true },
		{ "secret_access_key = abcdefghijklmnopqrstuvwxyz/+ABCDEFGHIJKL", NULL, false },
		{ "SECRET 'abcdefghijklmnopqrstuvwxyz0123456789ABCD'", NULL, false },
		{ "bonus -r 'the secret is out'", NULL, true },
		{ "bonus --plan abcdefghijklmnopqrstuvwxyz0123456789ABCD", NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (history_keeps(cases[i].line, cases[i].previous) != cases[i].is_kept)
			fail_msg("%s", cases[i].line);
}

/* --- the file --- */

static char folder[] = "/tmp/ngmt-history-XXXXXX";

static int make_home(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/ngmt-history-XXXXXX");
	return mkdtemp(folder) && setenv("HOME", folder, 1) == 0 && unsetenv("XDG_STATE_HOME") == 0 ? 0 : -1;
}

static int remove_home(void **state)
{
	static const char *const names[] = { "/.local/state/ngmt/history", "/.local/state/ngmt/history.new",
					     "/.local/state/ngmt", "/.local/state", "/.local", "/state/ngmt/history",
					     "/state/ngmt", "/state", "" };
	char path[200];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", folder, names[i]);
		(void)remove(path);
	}
	return 0;
}

struct seen {
	size_t count;
	char first[40];
	char last[40];
};

static void on_line(const char *line, void *arg)
{
	struct seen *seen = arg;

	if (seen->count++ == 0)
		(void)snprintf(seen->first, sizeof(seen->first), "%s", line);
	(void)snprintf(seen->last, sizeof(seen->last), "%s", line);
}

static struct seen read_back(void)
{
	struct seen seen = { 0 };

	history_read(on_line, &seen);
	return seen;
}

static mode_t mode_of(const char *name)
{
	char path[200];
	struct stat status = { 0 };

	(void)snprintf(path, sizeof(path), "%s%s", folder, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void test_the_file(void **state)
{
	struct seen seen;
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(read_back().count, 0);
	history_add("status");
	history_add("status");
	history_add(" bonus");
	history_add("show summary");
	(void)umask(before);
	seen = read_back();
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.first, "status");
	assert_string_equal(seen.last, "show summary");
	assert_int_equal(mode_of("/.local/state/ngmt"), 0700);
	assert_int_equal(mode_of("/.local/state/ngmt/history"), 0600);
}

static void test_another_state_folder(void **state)
{
	char path[200];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/state", folder);
	(void)setenv("XDG_STATE_HOME", path, 1);
	history_add("status");
	assert_int_equal(read_back().count, 1);
	assert_int_equal(mode_of("/state/ngmt/history"), 0600);
	/* A relative path is none (XDG Base Directory Specification). */
	(void)setenv("XDG_STATE_HOME", "state", 1);
	assert_int_equal(read_back().count, 0);
}

static void test_the_oldest_go(void **state)
{
	char path[200];
	struct seen seen;
	FILE *out;

	(void)state;
	history_add("first");
	(void)snprintf(path, sizeof(path), "%s/.local/state/ngmt/history", folder);
	out = fopen(path, "a");
	assert_non_null(out);
	for (int i = 0; i < HISTORY_LINES_MAX + 10; i++)
		(void)fprintf(out, "queue show %d\n", i);
	assert_int_equal(fclose(out), 0);
	seen = read_back();
	assert_int_equal(seen.count, HISTORY_LINES_MAX);
	assert_string_equal(seen.first, "queue show 10");
	history_add("last");
	seen = read_back();
	assert_int_equal(seen.count, HISTORY_LINES_MAX);
	assert_string_equal(seen.first, "queue show 11");
	assert_string_equal(seen.last, "last");
}

static void test_a_file_that_is_none_of_ours(void **state)
{
	char path[200];
	struct seen seen;
	FILE *out;

	(void)state;
	history_add("status");
	(void)snprintf(path, sizeof(path), "%s/.local/state/ngmt/history", folder);
	out = fopen(path, "w");
	assert_non_null(out);
	(void)fputs("one\n", out);
	for (int i = 0; i < 3 * HISTORY_LINE_BYTES; i++)
		(void)fputc('x', out);
	(void)fputs("\ntwo\x1b]0;title\n\xff\xfe\nthree", out);
	assert_int_equal(fclose(out), 0);
	seen = read_back();
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.first, "one");
	assert_string_equal(seen.last, "three");
}

static void test_no_folder_is_no_error(void **state)
{
	(void)state;
	(void)setenv("HOME", "/proc/nonexistent", 1);
	history_add("status");
	assert_int_equal(read_back().count, 0);
	(void)unsetenv("HOME");
	history_add("status");
	assert_int_equal(read_back().count, 0);
}

/* --- what goes along with a line --- */

static void expect_inherited(int console_argc, char **console_argv, char **words, const char *expected)
{
	struct invocation console, line;
	struct inherited inherited;
	struct err err = { 0 };
	char joined[400] = "";
	int count = 0;

	while (words[count])
		count++;
	assert_int_equal(invocation_parse(&console, console_argc, console_argv, &err), 0);
	assert_int_equal(inherited_init(&inherited, words, count, &err), 0);
	assert_int_equal(invocation_parse(&line, inherited.argc, inherited.argv, &err), 0);
	assert_int_equal(inherited_add(&inherited, &console, &line, &err), 0);
	for (int i = 0; i < inherited.argc; i++)
		(void)snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s ", inherited.argv[i]);
	assert_null(inherited.argv[inherited.argc]);
	assert_string_equal(joined, expected);
	inherited_free(&inherited);
	invocation_finish(&line);
	invocation_finish(&console);
}

static void test_inherited(void **state)
{
	char *console[] = { (char[]){ "ngmtctl" }, (char[]){ "-q" },	     (char[]){ "--socket=/s" },
			    (char[]){ "-t" },	   (char[]){ "day2" },	     (char[]){ "--timeout" },
			    (char[]){ "9" },	   (char[]){ "--color=never" }, NULL };
	char status[] = "status", bonus[] = "bonus", upload[] = "upload", doing[] = "-b", purpose[] = "-t",
	     other[] = "other", time[] = "--timeout=3", option[] = "--socket", path[] = "/t";

	(void)state;
	expect_inherited(8, console, (char *[]){ status, NULL },
			 "ngmtctl --timeout=9 --color=never --quiet --socket=/s status ");
	expect_inherited(8, console, (char *[]){ bonus, time, option, path, NULL },
			 "ngmtctl --color=never --quiet --purpose=day2 bonus --timeout=3 --socket /t ");
	expect_inherited(8, console, (char *[]){ bonus, purpose, other, NULL },
			 "ngmtctl --timeout=9 --color=never --quiet --socket=/s bonus -t other ");
	expect_inherited(8, console, (char *[]){ upload, NULL },
			 "ngmtctl --timeout=9 --color=never --quiet --socket=/s upload ");
	expect_inherited(8, console, (char *[]){ upload, doing, NULL },
			 "ngmtctl --timeout=9 --color=never --quiet --socket=/s --purpose=day2 upload -b ");
	expect_inherited(1, console, (char *[]){ status, NULL }, "ngmtctl status ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_home_folder),
		cmocka_unit_test(test_lines_that_are_not_whole),
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test_setup_teardown(test_the_file, make_home, remove_home),
		cmocka_unit_test_setup_teardown(test_another_state_folder, make_home, remove_home),
		cmocka_unit_test_setup_teardown(test_the_oldest_go, make_home, remove_home),
		cmocka_unit_test_setup_teardown(test_a_file_that_is_none_of_ours, make_home, remove_home),
		cmocka_unit_test(test_no_folder_is_no_error),
		cmocka_unit_test(test_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
