/* SPDX-License-Identifier: MIT
 *
 * console: commands line by line, from a terminal or from a script.
 */
#include <signal.h>
#include <stdio.h>

#include "commands.h"
#include "console.h"
#include "console_terminal.h"
#include "manual.h"
#include "script.h"
#include "session.h"
#include "start.h"
#include "term.h"

static bool keeps_going(const struct console *console)
{
	return option_is_given(console->invocation, OPTION_ID_KEEP_GOING);
}

/* ngmtctl alone, with nothing to read: whoever typed that wants to know what it can do. */
static int explain(void)
{
	manual_print_help(stderr, term_width(stderr));
	return err_exit_status(ERR_USAGE);
}

static int run_script(struct console *console, struct err *err)
{
	int status = start_run(console, !keeps_going(console));
	size_t count = 0;

	if ((status != 0 && !keeps_going(console)) || console->signal)
		return status;
	status = script_run(console, status, &count, err);
	if (status == 0 && count == 0 && console->invocation->is_unnamed && !start_has_work(console->invocation))
		return explain();
	return status;
}

static int run_terminal(struct console *console, struct err *err)
{
	(void)start_run(console, false);
	if (console->signal == SIGTERM)
		return console->status;
	return console_terminal(console, err);
}

int cmd_console(struct session *session, struct err *err)
{
	struct console console;

	console_init(&console, session->invocation);
	if (start_check(session->invocation, err) < 0 || start_check_sandbox(&console, err) < 0)
		return -1;
	return term_can_ask() ? run_terminal(&console, err) : run_script(&console, err);
}
