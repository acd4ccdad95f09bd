/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "commands.h"
#include "pay.h"

/* What each option becomes in the params of plan and apply. */
static const struct {
	const char *key;
	enum option_id option;
	bool is_select; /* goes into "select" */
} members[] = {
	{ "reason", OPTION_ID_REASON, false },
	{ "feedback", OPTION_ID_FEEDBACK, false },
	{ "purpose", OPTION_ID_PURPOSE, false },
	{ "qualification_type_id", OPTION_ID_TYPE_ID, false },
	{ "qualification_type_id", OPTION_ID_TYPE_ID_Q, false },
	{ "integer_value", OPTION_ID_INTEGER, false },
	{ "send_notification", OPTION_ID_NOTIFY, false },
	{ "subject", OPTION_ID_SUBJECT, false },
	{ "text", OPTION_ID_MESSAGE, false },
	{ "workers", OPTION_ID_TO, false },
	{ "room", OPTION_ID_ROOM, true },
	{ "game", OPTION_ID_GAME, true },
	{ "hit", OPTION_ID_HIT, true },
	{ "assignment", OPTION_ID_ASSIGNMENT, true },
	{ "worker", OPTION_ID_WORKER, true },
};

#define ALWAYS (-1)

/* What each command wants done; an option adds to it. */
static const struct {
	const char *kind;
	enum command_id command;
	int option; /* ALWAYS, or the option that asks for it */
} deeds[] = {
	{ "approve", COMMAND_APPROVE, ALWAYS },
	{ "reject", COMMAND_REJECT, ALWAYS },
	{ "bonus", COMMAND_BONUS, ALWAYS },
	{ "qualify", COMMAND_QUALIFY, ALWAYS },
	{ "approve", COMMAND_UPLOAD, ALWAYS },
	{ "reject", COMMAND_UPLOAD, OPTION_ID_DO_REJECT },
	{ "bonus", COMMAND_UPLOAD, OPTION_ID_DO_BONUS },
	{ "qualify", COMMAND_UPLOAD, OPTION_ID_DO_QUALIFY },
};

static bool is_wanted(const struct invocation *invocation, int option, bool with_reject)
{
	/* Rejections also come in by a person's answer, and go out for lack of one. */
	if (option == OPTION_ID_DO_REJECT)
		return with_reject;
	return option == ALWAYS || option_is_given(invocation, (enum option_id)option);
}

static struct json_object *list_deeds(const struct invocation *invocation, bool with_reject)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (deeds[i].command == invocation->command->id && is_wanted(invocation, deeds[i].option, with_reject))
			(void)json_object_array_add(list, json_object_new_string(deeds[i].kind));
	return list;
}

/* Ids have no commas: one text may be several, as in nodegame-mturk. */
static void add_ids(struct json_object *list, const char *text)
{
	for (; *text; text += strspn(text, ", ")) {
		int len = (int)strcspn(text, ",");

		if (len > 0)
			(void)json_object_array_add(list, json_object_new_string_len(text, len));
		text += len;
	}
}

static struct json_object *list_values(const struct invocation *invocation, enum option_id id)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < invocation->given_count; i++)
		if (invocation->given[i].id == id)
			add_ids(list, invocation->given[i].value);
	return list;
}

static struct json_object *value_of(const struct invocation *invocation, enum option_id id)
{
	switch (option_rows[id].kind) {
	case OPTION_FLAG:
		return json_object_new_boolean(true);
	case OPTION_NUMBER:
		return json_object_new_int64(option_number(invocation, id, 0));
	case OPTION_LIST:
		return list_values(invocation, id);
	case OPTION_TEXT:
	case OPTION_CHOICE:
	case OPTION_RANGE:
		break;
	}
	return json_object_new_string(option_text(invocation, id));
}

const char *pay_method(const struct invocation *invocation, bool applies)
{
	if (invocation->command->id == COMMAND_NOTIFY)
		return applies ? "apply_notify" : "plan_notify";
	return applies ? "apply" : "plan";
}

struct json_object *pay_params(const struct invocation *invocation, bool with_reject)
{
	struct json_object *params = json_object_new_object(), *select = json_object_new_object();

	if (invocation->command->id != COMMAND_NOTIFY)
		json_put_value(params, "do", list_deeds(invocation, with_reject));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (option_is_given(invocation, members[i].option))
			json_put_value(members[i].is_select ? select : params, members[i].key,
				       value_of(invocation, members[i].option));
	if (json_object_object_length(select) > 0)
		json_put_value(params, "select", select);
	else
		json_object_put(select);
	return params;
}

int cmd_approve(struct session *session, struct err *err)
{
	return pay_run(session, err);
}

int cmd_reject(struct session *session, struct err *err)
{
	return pay_run(session, err);
}

int cmd_bonus(struct session *session, struct err *err)
{
	return pay_run(session, err);
}

int cmd_qualify(struct session *session, struct err *err)
{
	return pay_run(session, err);
}

int cmd_notify(struct session *session, struct err *err)
{
	bool has_text = option_is_given(session->invocation, OPTION_ID_MESSAGE) ||
			option_is_given(session->invocation, OPTION_ID_MESSAGE_FILE);

	if (!option_is_given(session->invocation, OPTION_ID_SUBJECT))
		return err_set(err, ERR_USAGE, "\"notify\" needs --subject (-s) TEXT");
	if (!has_text)
		return err_set(err, ERR_USAGE, "\"notify\" needs --message (-m) TEXT, or --file FILE");
	return pay_run(session, err);
}

int cmd_upload(struct session *session, struct err *err)
{
	return pay_run(session, err);
}
