/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "choice.h"
#include "inherited.h"
#include "interrupt.h"
#include "run.h"
#include "term.h"
#include "words.h"

#define PROGRAM "ngmtctl"
#define EXIT_TEXT "exit, quit (or Ctrl-D): leave the console. What was confirmed is done by ngmtd even so.\n"

void console_init(struct console *console, const struct invocation *invocation)
{
	*console = (struct console){
		.invocation = invocation,
		.is_quiet = option_is_given(invocation, OPTION_ID_QUIET),
		.is_json = option_is_given(invocation, OPTION_ID_JSON),
	};
}

static const char *color_of(const struct console *console, const struct invocation *invocation)
{
	const char *color = option_text(invocation, OPTION_ID_COLOR);

	return color ? color : option_text(console->invocation, OPTION_ID_COLOR);
}

/* --- one command --- */

static int refuse_console(struct err *err)
{
	(void)err_set(err, ERR_USAGE, "this is the console already");
	return err_hint(err, "type a command; \"help\" lists them");
}

/* With the options of the console in front of its own. */
static int parse(const struct console *console, struct invocation *invocation, struct inherited *inherited,
		 struct err *err)
{
	if (invocation_parse(invocation, inherited->argc, inherited->argv, err) < 0)
		return -1;
	if (invocation->command->id == COMMAND_CONSOLE)
		return refuse_console(err);
	if (inherited_add(inherited, console->invocation, invocation, err) < 0)
		return -1;
	invocation_finish(invocation);
	if (invocation_parse(invocation, inherited->argc, inherited->argv, err) < 0)
		return -1;
	return option_is_given(console->invocation, OPTION_ID_START_DRY) ? invocation_make_dry(invocation, err) : 0;
}

static int run(struct console *console, struct inherited *inherited)
{
	struct invocation invocation;
	struct err err = { 0 };
	bool is_parsed = parse(console, &invocation, inherited, &err) == 0;
	bool is_json = console->is_json || option_is_given(&invocation, OPTION_ID_JSON);
	int status;

	term_init(color_of(console, &invocation));
	status = is_parsed ? run_invocation(&invocation, console->environment) : run_refuse(is_json, &err);
	invocation_finish(&invocation);
	term_init(color_of(console, console->invocation));
	return status;
}

void console_run_words(struct console *console, char *const *words, int count)
{
	struct inherited inherited;
	struct err err = { 0 };

	if (inherited_init(&inherited, words, count, &err) == 0)
		console->status = run(console, &inherited);
	else
		console->status = run_refuse(console->is_json, &err);
	inherited_free(&inherited);
}

/* --- the console's own words --- */

static bool is_word(const char *word, const char *wanted)
{
	return strcasecmp(word, wanted) == 0;
}

static bool is_own(const char *word)
{
	return is_word(word, "exit") || is_word(word, "quit");
}

static void leave(struct console *console, int count)
{
	struct err err = { 0 };

	if (count == 1) {
		console->is_over = true;
		return;
	}
	(void)err_set(&err, ERR_USAGE, "\"exit\" takes no words");
	console->status = run_refuse(console->is_json, &err);
}

/* True if that was all that was asked for. */
static bool help(struct console *console, char *const *words, int count)
{
	if (count != 2 || !is_own(words[1]))
		return false;
	(void)fputs(EXIT_TEXT, stdout);
	(void)fflush(stdout);
	console->status = 0;
	return true;
}

static void run_or_leave(struct console *console, char *const *words, int count)
{
	bool is_help = is_word(words[0], "help");

	if (is_own(words[0])) {
		leave(console, count);
	} else if (!is_help || !help(console, words, count)) {
		console_run_words(console, words, count);
		if (is_help && count == 1 && console->status == 0 && !console->is_json) {
			(void)fputs("\nIn the console:\n  " EXIT_TEXT, stdout);
			(void)fflush(stdout);
		}
	}
}

/* --- one line --- */

bool console_run_line(struct console *console, const char *line)
{
	struct words words;
	struct err err = { 0 };
	bool is_something = true;

	if (words_split(&words, line, getenv("HOME"), &err) < 0) {
		console->status = run_refuse(console->is_json, &err);
	} else {
		int skip = words.count > 0 && strcmp(words.words[0], PROGRAM) == 0;

		is_something = words.count > skip;
		if (is_something)
			run_or_leave(console, words.words + skip, words.count - skip);
	}
	words_free(&words);
	return is_something;
}
