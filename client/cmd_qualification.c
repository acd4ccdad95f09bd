/* SPDX-License-Identifier: MIT
 *
 * qualification create, grant, revoke, worker block, unblock: through the queue.
 */
#include "commands.h"
#include "errand.h"
#include "session.h"

/* What each option becomes in the params of the errand. */
static const struct {
	enum option_id option;
	const char *key;
} members[] = {
	{ OPTION_ID_TYPE_ID, "qualification_type_id" },
	{ OPTION_ID_WHY, "reason" },
	{ OPTION_ID_DESCRIPTION, "description" },
	{ OPTION_ID_KEYWORDS, "keywords" },
};

static struct json_object *common_params(const struct invocation *invocation)
{
	struct json_object *params = json_object_new_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (option_is_given(invocation, members[i].option))
			json_put_text(params, members[i].key, option_text(invocation, members[i].option));
	if (option_is_given(invocation, OPTION_ID_INTEGER))
		json_put_int(params, "integer_value", option_number(invocation, OPTION_ID_INTEGER, 0));
	if (option_is_given(invocation, OPTION_ID_NOTIFY))
		json_put_bool(params, "send_notification", true);
	return params;
}

static int run_for_workers(struct session *session, const char *errand, struct err *err)
{
	struct json_object *params = common_params(session->invocation), *workers = json_object_new_array();

	for (int i = 0; i < session->invocation->word_count; i++)
		(void)json_object_array_add(workers, json_object_new_string(session->invocation->words[i]));
	json_put_value(params, "workers", workers);
	return errand_run(session, errand, params, err);
}

int cmd_qualification_create(struct session *session, struct err *err)
{
	struct json_object *params = common_params(session->invocation);

	json_put_text(params, "name", session->invocation->words[0]);
	return errand_run(session, "create-qualification", params, err);
}

int cmd_qualification_grant(struct session *session, struct err *err)
{
	return run_for_workers(session, "grant", err);
}

int cmd_qualification_revoke(struct session *session, struct err *err)
{
	return run_for_workers(session, "revoke", err);
}

int cmd_worker_block(struct session *session, struct err *err)
{
	if (option_is_given(session->invocation, OPTION_ID_WHY))
		return run_for_workers(session, "block", err);
	(void)err_set(err, ERR_USAGE, "\"worker block\" needs --reason (-r) TEXT");
	return err_hint(err, "the platform wants one; the worker does not see it");
}

int cmd_worker_unblock(struct session *session, struct err *err)
{
	return run_for_workers(session, "unblock", err);
}
