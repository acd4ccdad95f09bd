/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <strings.h>

#include "commands.h"
#include "manual.h"
#include "output.h"
#include "protocol.h"
#include "session.h"
#include "term.h"

static int refuse(char *const *words, int count, struct err *err)
{
	const char *near = manual_nearest(words[0]);

	(void)command_refuse(words, count, err);
	return near && strcasecmp(near, words[0]) != 0 ? err_hint(err, "did you mean \"%s\"?", near) : -1;
}

static int help_about(const struct invocation *invocation, struct err *err)
{
	int used = 0, count = invocation->word_count;
	const struct command *command = invocation->about;
	unsigned width = term_width(stdout);

	if (!command && count == 0) {
		manual_print_help(stdout, width);
		return 0;
	}
	if (!command && count == 1 && manual_print_group(stdout, invocation->words[0], width))
		return 0;
	if (!command)
		command = command_find(invocation->words, count, &used);
	if (!command || (used > 0 && used < count))
		return refuse(invocation->words, count, err);
	manual_print_command(stdout, command, width);
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
