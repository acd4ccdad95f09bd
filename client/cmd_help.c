/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "commands.h"
#include "manual.h"
#include "output.h"
#include "protocol.h"
#include "session.h"
#include "term.h"

static int help_about(const struct invocation *invocation, struct err *err)
{
	int used;
	const struct command *command = invocation->about;
	bool is_group = invocation->word_count == 1 && command_is_group(invocation->words[0]);

	if (!command && !is_group)
		command = command_find(invocation->words, invocation->word_count, &used);
	if (command)
		manual_print_command(stdout, command, term_width(stdout));
	else if (invocation->word_count == 0)
		manual_print_help(stdout);
	else if (is_group)
		manual_print_group(stdout, invocation->words[0]);
	else
		return command_refuse(invocation->words, invocation->word_count, err);
	return 0;
}

int cmd_help(struct session *session, struct err *err)
{
	if (session->is_json) {
		struct json_object *all = manual_json();

		output_json(all);
		json_object_put(all);
		return 0;
	}
	if (option_is_given(session->invocation, OPTION_ID_MANUAL)) {
		manual_print_scdoc(stdout);
		return 0;
	}
	return help_about(session->invocation, err);
}

int cmd_version(struct session *session, struct err *err)
{
	struct json_object *version;

	(void)err;
	if (!session->is_json) {
		(void)puts("ngmtctl " NGMT_VERSION);
		return 0;
	}
	version = json_object_new_object();
	json_put_text(version, "version", NGMT_VERSION);
	json_put_int(version, "protocol", PROTOCOL_VERSION);
	output_json(version);
	json_object_put(version);
	return 0;
}
