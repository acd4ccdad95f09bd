/* SPDX-License-Identifier: MIT
 *
 * The console's prompt, its list of what TAB finds, what it is started with, and signals that come while a line runs.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "console_look.h"
#include "console_tab.h"
#include "interrupt.h"
#include "start.h"
#include "term.h"

#define WORDS_MAX 12

/* --- the prompt --- */

static void expect_prompt(const struct console_look *look, bool is_dry, const char *expected)
{
	char prompt[CONSOLE_PROMPT_MAX];

	console_prompt(prompt, look, is_dry, '\1');
	assert_string_equal(prompt, expected);
}

static void test_prompt(void **state)
{
	struct console_look look = { .environment = "sandbox" };

	(void)state;
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	term_init("never");
	expect_prompt(&look, false, "ngmt SANDBOX> ");
	expect_prompt(&look, true, "ngmt SANDBOX dry> ");
	(void)snprintf(look.hit, sizeof(look.hit), "3ABC0000000000000000000000000XYZ");
	expect_prompt(&look, false, "ngmt SANDBOX 3ABC\xe2\x80\xa6XYZ> ");
	(void)setenv("LC_ALL", "C", 1);
	expect_prompt(&look, false, "ngmt SANDBOX 3ABC...XYZ> ");
	(void)snprintf(look.hit, sizeof(look.hit), "short");
	(void)snprintf(look.environment, sizeof(look.environment), "live");
	expect_prompt(&look, false, "ngmt LIVE short> ");
	look.is_away = true;
	look.err.code = ERR_NO_DAEMON;
	expect_prompt(&look, false, "ngmt (no daemon)> ");
	look.err.code = ERR_TIMEOUT;
	expect_prompt(&look, false, "ngmt (no answer)> ");
}

/* What is invisible stands between marks, or the line would be drawn in the wrong place. */
static void test_coloured_prompt(void **state)
{
	struct console_look look = { .environment = "live" };
	char prompt[CONSOLE_PROMPT_MAX];
	bool is_visible = true;
	size_t columns = 0;

	(void)state;
	term_init("always");
	console_prompt(prompt, &look, false, '\1');
	assert_non_null(strstr(prompt, "\1\033[1;97;41m\1 LIVE \1\033[0m\1> "));
	for (const char *at = prompt; *at; at++) {
		if (*at == '\1')
			is_visible = !is_visible;
		else
			columns += is_visible;
	}
	assert_int_equal(columns, strlen("ngmt  LIVE > "));
	term_init("never");
}

/* Ids are opaque: even one made of characters of several bytes is cut at a character. */
static void test_prompt_with_a_strange_id(void **state)
{
	struct console_look look = { .environment = "rehearsal" };

	(void)state;
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	(void)snprintf(look.hit, sizeof(look.hit), "ab\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac\xc3\xa4\xc3\xb6\xc3\xbc");
	expect_prompt(&look, false, "ngmt REHEARSAL ab\xc3\xa4\xe2\x80\xa6\xc3\xa4\xc3\xb6\xc3\xbc> ");
}

/* --- the list --- */

static void expect_list(const char *const *words, const char *note, unsigned width, unsigned rows,
			const char *expected)
{
	struct completion completion = { .typed = strdup("") };
	char *list;

	for (size_t i = 0; words[i]; i++)
		completion_add(&completion, words[i], note);
	list = console_tab_list(&completion, width, rows);
	assert_string_equal(list, expected);
	free(list);
	completion_finish(&completion);
}

static void test_list(void **state)
{
	static const char *const five[] = { "a", "bb", "ccc", "d", "e", NULL };

	(void)state;
	expect_list(five, "", 80, 24, "a    bb   ccc  d    e\n");
	expect_list(five, "", 11, 24, "a    d\nbb   e\nccc\n");
	expect_list(five, "", 1, 24, "a\nbb\nccc\nd\ne\n");
	expect_list(five, "", 1, 5, "a\nbb\n... and 3 more\n");
	expect_list((const char *const[]){ "a", "bb", NULL }, "a note", 80, 24, "a   a note\nbb  a note\n");
	expect_list((const char *const[]){ "a", "bb", NULL }, "a note that is long", 16, 24,
		    "a   a note that\nbb  a note that\n");
	expect_list((const char *const[]){ "a", NULL },
		    "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6", 14, 24,
		    "a  \xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\n");
}

/* --- the start --- */

static void expect_start(const char *typed, bool has_work, const char *refusal)
{
	char text[200], *argv[WORDS_MAX + 1] = { 0 }, *rest = NULL;
	struct invocation invocation;
	struct err err = { 0 };
	int argc = 0, failed;

	(void)snprintf(text, sizeof(text), "ngmtctl %s", typed);
	for (char *word = strtok_r(text, " ", &rest); word && argc < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	if (invocation_parse(&invocation, argc, argv, &err) < 0)
		fail_msg("%s: %s", typed, err.message);
	assert_int_equal(invocation.command->id, COMMAND_CONSOLE);
	failed = start_check(&invocation, &err);
	assert_int_equal(failed, refusal ? -1 : 0);
	if (refusal && !strstr(err.hint, refusal) && !strstr(err.message, refusal))
		fail_msg("%s: %s (%s)", typed, err.message, err.hint);
	if (!refusal)
		assert_int_equal(start_has_work(&invocation), has_work);
	invocation_finish(&invocation);
}

static void test_start(void **state)
{
	(void)state;
	expect_start("", false, NULL);
	expect_start("-s -d -q -t x", false, NULL);
	expect_start("-r path/to/results/file.csv -H -Q", true, NULL);
	expect_start("-Q --resultsFile=a -H --getLastHITId -c", true, NULL);
	expect_start("console -g mygame 60-61 -H", true, NULL);
	expect_start("-g mygame 60-61 -H", true, NULL);
	expect_start("-g 60-61 -H", true, NULL);
	expect_start("-n 3", false, "\"retries = 3\" into section [queue] of ngmt.conf, or start ngmtd -n 3");
	expect_start("--retryInterval 10000", false, "\"retry_interval = 10000ms\"");
	expect_start("-o 500", false, "\"throttle_interval = 500ms\"");
	expect_start("-C my.conf", false, "ngmtd -C my.conf");
	expect_start("console 60-61", false, "goes with -g GAME");
	expect_start("console what", false, "does not take \"what\"");
}

/* --- signals --- */

static volatile sig_atomic_t usual_effects;

static void on_usual_effect(int number)
{
	(void)number;
	usual_effects++;
}

static void test_signals_are_reset(void **state)
{
	struct sigaction action = { .sa_handler = on_usual_effect };

	(void)state;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	assert_int_equal(interrupt_reset(), 0);
	for (int round = 0; round < 2; round++) {
		interrupt_watch();
		assert_false(interrupt_happened());
		(void)raise(SIGINT);
		assert_true(interrupt_happened());
		assert_int_equal(interrupt_reset(), SIGINT);
		assert_false(interrupt_happened());
	}
	assert_int_equal(usual_effects, 0);
	(void)raise(SIGINT);
	assert_int_equal(usual_effects, 1);
	interrupt_watch();
	(void)raise(SIGTERM);
	(void)raise(SIGINT);
	assert_int_equal(interrupt_poll(-1, 0, clock_mono_ms() + 60000), 0);
	assert_int_equal(interrupt_reset(), SIGTERM);
	(void)raise(SIGTERM);
	assert_int_equal(usual_effects, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt),	cmocka_unit_test(test_coloured_prompt),
		cmocka_unit_test(test_prompt_with_a_strange_id),
		cmocka_unit_test(test_list),	cmocka_unit_test(test_start),
		cmocka_unit_test(test_signals_are_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
