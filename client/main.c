/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "manual.h"
#include "options.h"
#include "output.h"
#include "rpc.h"
#include "session.h"
#include "term.h"

static int run_command(struct session *session, struct err *err)
{
	const struct command *command = session->invocation->command;

	if (command->access != ACCESS_NONE && session_open(session, err) < 0)
		return -1;
	return command->handler(session, err);
}

static int run(const struct invocation *invocation)
{
	struct session session;
	struct err err = { 0 };
	int status;

	session_init(&session, invocation);
	if (!invocation->command) {
		manual_print_help(stderr);
		return err_exit_status(ERR_USAGE);
	}
	status = run_command(&session, &err);
	if (status < 0)
		status = output_error(session.is_json, &err, rpc_refusal(session.rpc), session.environment,
				      session.changes, session.advice);
	session_close(&session);
	return status;
}

/* A full disk must not look like success. */
static int flush_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "ngmtctl: cannot write the output: %s\n", strerror(errno));
	return status ? status : 1;
}

int main(int argc, char **argv)
{
	struct invocation invocation;
	struct err err = { 0 };
	int status;

	if (invocation_parse(&invocation, argc, argv, &err) == 0) {
		term_init(option_text(&invocation, OPTION_ID_COLOR));
		status = run(&invocation);
	} else {
		term_init(NULL);
		status = output_error(option_is_given(&invocation, OPTION_ID_JSON), &err, NULL, "", NULL, NULL);
	}
	invocation_finish(&invocation);
	return flush_output(status);
}
