/* SPDX-License-Identifier: MIT */
#include "console_terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_look.h"
#include "console_tab.h"
#include "history.h"
#include "interrupt.h"
#include "line_editor.h"
#include "term.h"

struct terminal {
	struct console *console;
	struct line_editor *editor;
	char *previous; /* the line before, as history_keeps() wants it */
};

static void on_history_line(const char *line, void *arg)
{
	struct terminal *terminal = arg;

	line_editor_remember(terminal->editor, line);
	free(terminal->previous);
	terminal->previous = strdup(line);
}

/* TAB leaves a blank behind a word. */
static void trim_end(char *line)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(" \t", line[len - 1]) && !(len > 1 && line[len - 2] == '\\'))
		line[--len] = '\0';
}

static void remember(struct terminal *terminal, const char *line)
{
	if (!history_keeps(line, terminal->previous))
		return;
	on_history_line(line, terminal);
	history_add(line);
}

/* What the prompt shows is what the next line runs in, or it is refused. With --sandbox it never changes. */
static void look(struct console *console, char prompt[CONSOLE_PROMPT_MAX])
{
	struct console_look seen;

	interrupt_watch();
	console_look(&seen, console->invocation);
	/* Ctrl-C this early means the same as at the prompt: nothing is there to be cleared. */
	if (interrupt_reset() == SIGTERM)
		console->signal = SIGTERM;
	if (!option_is_given(console->invocation, OPTION_ID_START_SANDBOX))
		(void)snprintf(console->environment, sizeof(console->environment), "%s", seen.environment);
	console_prompt(prompt, &seen, option_is_given(console->invocation, OPTION_ID_START_DRY),
		       LINE_EDITOR_INVISIBLE);
}

static void run_line(struct console *console, const char *line)
{
	interrupt_watch();
	(void)console_run_line(console, line);
	console->signal = interrupt_reset();
	(void)fflush(stdout);
}

static void read_and_run(struct terminal *terminal)
{
	struct console *console = terminal->console;
	char prompt[CONSOLE_PROMPT_MAX];
	char *line;

	look(console, prompt);
	if (console->signal == SIGTERM)
		return;
	line = line_editor_read(terminal->editor, prompt);
	if (!line) {
		(void)fputc('\n', stderr);
		console->is_over = true;
		return;
	}
	trim_end(line);
	remember(terminal, line);
	run_line(console, line);
	free(line);
}

static void greet(const struct console *console)
{
	if (!console->is_quiet)
		(void)fputs("ngmtctl " NGMT_VERSION ": \"help\" lists the commands, TAB completes, \"exit\" leaves.\n",
			    stderr);
}

int console_terminal(struct console *console, struct err *err)
{
	struct terminal terminal = { .console = console };

	terminal.editor = line_editor_new(console_tab, console);
	if (!terminal.editor)
		return err_set(err, ERR_INTERNAL, "cannot set the terminal up for typing");
	history_read(on_history_line, &terminal);
	greet(console);
	while (!console->is_over && console->signal != SIGTERM)
		read_and_run(&terminal);
	line_editor_free(terminal.editor);
	free(terminal.previous);
	if (console->signal == SIGTERM)
		(void)raise(SIGTERM);
	return console->status;
}
