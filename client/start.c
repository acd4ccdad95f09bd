/* SPDX-License-Identifier: MIT */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_look.h"
#include "interrupt.h"
#include "output.h"

/* --- what is the daemon's --- */

static const struct {
	enum option_id id;
	const char *letter;
	const char *setting; /* in ngmt.conf; NULL: there is none */
	const char *unit;
} of_the_daemon[] = {
	{ OPTION_ID_START_RETRIES, "n", "retries", "" },
	{ OPTION_ID_START_INTERVAL, "l", "retry_interval", "ms" },
	{ OPTION_ID_START_THROTTLE, "o", "throttle_interval", "ms" },
	{ OPTION_ID_START_CONFIG, "C", NULL, "" },
};

static int refuse_daemons(size_t i, const char *value, struct err *err)
{
	(void)err_set(err, ERR_USAGE, "option \"-%s %.200s\" is one of ngmtd, which sends the requests",
		      of_the_daemon[i].letter, value);
	if (!of_the_daemon[i].setting)
		return err_hint(err, "start the daemon with it: ngmtd -%s %.200s", of_the_daemon[i].letter, value);
	return err_hint(err, "write \"%s = %.40s%s\" into section [queue] of ngmt.conf, or start ngmtd -%s %.40s",
			of_the_daemon[i].setting, value, of_the_daemon[i].unit, of_the_daemon[i].letter, value);
}

static bool is_range(const char *word)
{
	return word[0] >= '0' && word[0] <= '9' && strspn(word, "0123456789-") == strlen(word);
}

int start_check(const struct invocation *invocation, struct err *err)
{
	const char *word = invocation->word_count ? invocation->words[0] : NULL;

	for (size_t i = 0; i < sizeof(of_the_daemon) / sizeof(of_the_daemon[0]); i++)
		if (option_is_given(invocation, of_the_daemon[i].id))
			return refuse_daemons(i, option_text(invocation, of_the_daemon[i].id), err);
	if (word && (!option_is_given(invocation, OPTION_ID_START_GAME) || !is_range(word))) {
		(void)err_set(err, ERR_USAGE, "\"console\" does not take \"%.80s\"", word);
		return err_hint(err, "a range of rooms such as 60-61 goes with -g GAME");
	}
	return 0;
}

int start_check_sandbox(struct console *console, struct err *err)
{
	struct console_look look;

	if (!option_is_given(console->invocation, OPTION_ID_START_SANDBOX))
		return 0;
	console_look(&look, console->invocation);
	if (look.is_away) {
		*err = look.err;
		return -1;
	}
	if (strcmp(look.environment, "live") == 0) {
		(void)err_set(err, ERR_MONEY_RULE, "the daemon works LIVE, and -s wants the sandbox: nothing was done");
		return err_hint(err, "set \"sandbox = true\" in section [aws] of ngmt.conf and start ngmtd again, or "
				     "name the socket of another daemon with --socket");
	}
	(void)snprintf(console->environment, sizeof(console->environment), "%s", look.environment);
	return 0;
}

/* --- what is done --- */

#define STEPS_MAX 6
#define WORDS_MAX 6

struct step {
	const char *words[WORDS_MAX];
	const char *before; /* said before it, and after it; NULL: nothing */
	const char *after;
};


static bool is_given(const struct invocation *invocation, enum option_id id)
{
	return option_is_given(invocation, id);
}

static bool asks_platform(const struct invocation *invocation)
{
	return is_given(invocation, OPTION_ID_START_CONNECT) || is_given(invocation, OPTION_ID_START_HIT) ||
	       is_given(invocation, OPTION_ID_START_QUALIFICATION);
}

static struct step load_step(const char *what, const char *name, const char *range)
{
	struct step step = { .words = { "load", what } };
	size_t n = 2;

	if (range) {
		step.words[n++] = "--limit";
		step.words[n++] = range;
	}
	if (name[0] == '-')
		step.words[n++] = "--";
	step.words[n] = name;
	return step;
}

/* As in nodegame-mturk, -H and -Q connect first. */
static size_t list_steps(const struct invocation *invocation, struct step steps[STEPS_MAX])
{
	const char *results = option_text(invocation, OPTION_ID_START_RESULTS);
	const char *codes = option_text(invocation, OPTION_ID_START_CODES);
	const char *game = option_text(invocation, OPTION_ID_START_GAME);
	const char *range = invocation->word_count ? invocation->words[0] : NULL;
	size_t n = 0;

	if (codes)
		steps[n++] = load_step("inputcodes", codes, NULL);
	if (results)
		steps[n++] = load_step("results", results, NULL);
	if (game)
		steps[n++] = load_step("game", game, range);
	if (asks_platform(invocation))
		steps[n++] = (struct step){ { "connect" }, "creating mturk client...", "done." };
	if (is_given(invocation, OPTION_ID_START_QUALIFICATION))
		steps[n++] = (struct step){ .words = { "get", "qualification" } };
	if (is_given(invocation, OPTION_ID_START_HIT))
		steps[n++] = (struct step){ .words = { "get", "hit" } };
	return n;
}

bool start_has_work(const struct invocation *invocation)
{
	struct step steps[STEPS_MAX];

	return list_steps(invocation, steps) > 0;
}

static void say(const struct console *console, const char *text)
{
	if (console->is_quiet || !text)
		return;
	(void)fflush(stdout);
	(void)fprintf(stderr, "info: %s\n", text);
}

static void say_environment(const struct console *console)
{
	struct console_look look;
	char text[80], name[32];

	console_look(&look, console->invocation);
	if (look.is_away)
		return;
	(void)snprintf(text, sizeof(text), "sandbox-mode: %s", strcmp(look.environment, "live") ? "on" : "off");
	if (strcmp(look.environment, "sandbox") != 0)
		output_append(text, sizeof(text), " (%s)", output_environment_name(look.environment, name));
	say(console, text);
}

static int run_step(struct console *console, const struct step *step)
{
	char *words[WORDS_MAX];
	int count = 0;

	/* The parser keeps pointers to the words of a line, and changes none. */
	for (; count < WORDS_MAX && step->words[count]; count++)
		words[count] = strdup(step->words[count]);
	say(console, step->before);
	interrupt_watch();
	console_run_words(console, words, count);
	console->signal = interrupt_reset();
	if (console->status == 0)
		say(console, step->after);
	for (int i = 0; i < count; i++)
		free(words[i]);
	return console->status;
}

int start_run(struct console *console, bool stops)
{
	struct step steps[STEPS_MAX];
	size_t n = list_steps(console->invocation, steps);
	int failed = 0;

	if (n > 0)
		say_environment(console);
	for (size_t i = 0; i < n && !console->signal && !(failed && stops); i++) {
		int status = run_step(console, &steps[i]);

		if (!failed)
			failed = status;
	}
	return failed;
}
