/* SPDX-License-Identifier: MIT
 *
 * queue resolve: a person says what became of an operation in doubt.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "printable.h"
#include "queue_ask.h"
#include "queue_page.h"
#include "queue_select.h"
#include "session.h"
#include "term.h"

static void show_doubt(const struct session *session, struct json_object *operation, bool is_done)
{
	static const char *const meanings[2][2] = {
		{ "It may be sent again, once the platform's own list does not show it either: if it was executed "
		  "after all and is not in that list, it happens twice.",
		  "It will count as done and is never sent again: if it was not executed after all, the worker goes "
		  "without." },
		{ "It is sent again to all its workers: whoever has it already gets it twice, for the platform keeps "
		  "no list of messages.",
		  "It will count as done and is never sent again: whoever did not get it goes without." },
	};
	struct json_object *copy = NULL, *list;

	if ((session->is_quiet && option_is_given(session->invocation, OPTION_ID_YES)) ||
	    (session->is_json && !term_can_ask()))
		return;
	if (json_object_deep_copy(operation, &copy, NULL) != 0)
		return;
	printable_value(copy);
	list = json_object_new_array();
	(void)json_object_array_add(list, copy);
	(void)fputs("In doubt in ", stderr);
	output_environment(stderr, session->environment);
	(void)fputs(":\n", stderr);
	queue_page_print(stderr, list, QUEUE_ASK_SHOWN_MAX);
	(void)fprintf(stderr, "%s\n", meanings[strcmp(output_text(operation, "kind", ""), "notify") == 0][is_done]);
	json_object_put(list);
}

/* "the bonus of $2.50 + $0.50 fees for A1NGMT0000001X" */
static void name_operation(struct json_object *operation, char *out, size_t size)
{
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];
	const char *worker = output_text(operation, "worker_id", NULL);

	out[0] = '\0';
	output_append(out, size, "the %.20s", output_text(operation, "kind", "operation"));
	if (output_int(operation, "amount_cents", 0) > 0)
		output_append(out, size, " of %s + %s fees", output_money(operation, "amount_cents", amount),
			      output_money(operation, "fees_cents", fees));
	if (worker)
		output_append(out, size, " for %.40s", worker);
}

static int confirm_resolve(struct session *session, struct json_object *operation, bool is_done, struct err *err)
{
	char *question = NULL, environment[32], name[200];

	name_operation(operation, name, sizeof(name));
	show_doubt(session, operation, is_done);
	if (asprintf(&question, is_done ? "Was %s executed in %s, and may it be recorded as done? [y/N]"
					: "Was %s not executed in %s, and may it be sent again? [y/N]",
		     name, output_environment_name(session->environment, environment)) < 0)
		question = NULL;
	return queue_ask(session, question, 0, "recorded", err);
}

static int check_doubt(struct json_object *operation, int64_t id, struct err *err)
{
	bool is_doubtful = queue_ask_is_doubtful(operation);
	char state[QUEUE_STATE_MAX];

	(void)json_get_bool(operation, "doubtful", &is_doubtful);
	if (is_doubtful && strcmp(output_text(operation, "state", ""), "held") == 0)
		return 0;
	(void)err_set(err, ERR_STATE, "operation %" PRId64 " is not held in doubt: it is %s; nothing was recorded", id,
		      queue_page_state(operation, state));
	return err_hint(err, "what is unsure is still being found out by ngmtd itself; \"ngmtctl queue list --hold "
			     "doubt\" shows what needs a person");
}

static int resolve(struct session *session, int64_t id, bool is_done, struct err *err)
{
	struct json_object *params = json_object_new_object(), *result;

	json_put_int(params, "id", id);
	json_put_bool(params, "done", is_done);
	result = session_call(session, "resolve", params, SESSION_SOON_MS, err);
	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else
		(void)printf("operation %" PRId64 " is now %s (batch %" PRId64 ")\n", id,
			     output_text(result, "state", "unknown"), output_int(result, "batch", 0));
	json_object_put(result);
	return 0;
}

int cmd_queue_resolve(struct session *session, struct err *err)
{
	int64_t id = queue_select_number(session->invocation, 0);
	bool is_done = option_is_given(session->invocation, OPTION_ID_DONE);
	struct json_object *operation = queue_page_one(session, id, err);
	int status = -1;

	if (operation && check_doubt(operation, id, err) == 0 &&
	    confirm_resolve(session, operation, is_done, err) == 0)
		status = resolve(session, id, is_done, err);
	json_object_put(operation);
	return status;
}
