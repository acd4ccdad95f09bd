/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
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

/* A full disk must not look like success. The next line of a console gets another chance. */
static int flush_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "ngmtctl: cannot write the output: %s\n", strerror(errno));
	clearerr(stdout);
	return status ? status : 1;
}

int run_invocation(const struct invocation *invocation, char *environment)
{
	struct session session;
	struct err err = { 0 };
	int status;

	session_init(&session, invocation);
	if (environment)
		(void)snprintf(session.environment, sizeof(session.environment), "%s", environment);
	status = run_command(&session, &err);
	if (status < 0)
		status = output_error(session.is_json, &err, rpc_refusal(session.rpc), session.environment,
				      session.changes, session.advice);
	if (environment && !environment[0])
		(void)snprintf(environment, sizeof(session.environment), "%s", session.environment);
	session_close(&session);
	return flush_output(status);
}

int run_refuse(bool is_json, const struct err *err)
{
	return flush_output(output_error(is_json, err, NULL, "", NULL, NULL));
}

int run_program(int argc, char *const *argv)
{
	struct invocation invocation;
	struct err err = { 0 };
	int status;

	if (invocation_parse(&invocation, argc, argv, &err) == 0) {
		term_init(option_text(&invocation, OPTION_ID_COLOR));
		status = run_invocation(&invocation, NULL);
	} else {
		term_init(NULL);
		status = run_refuse(option_is_given(&invocation, OPTION_ID_JSON), &err);
	}
	invocation_finish(&invocation);
	return status;
}
