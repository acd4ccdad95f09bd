/* SPDX-License-Identifier: MIT */
#include "queue_select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"

static const struct {
	const char *key;
	enum option_id option;
} members[] = {
	{ "batch", OPTION_ID_BATCH },
	{ "kind", OPTION_ID_KIND },
	{ "state", OPTION_ID_STATE },
	{ "hold", OPTION_ID_HOLD },
	{ "worker", OPTION_ID_OF_WORKER },
	{ "assignment", OPTION_ID_OF_ASSIGNMENT },
	{ "hit", OPTION_ID_OF_HIT },
	{ "room", OPTION_ID_WORK_ROOM },
	{ "game", OPTION_ID_WORK_GAME },
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

/* 0: it is none. */
static int64_t parse_number(const char *text)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 ? value : 0;
}

int64_t queue_select_number(const struct invocation *invocation, int at)
{
	return parse_number(invocation->words[at]);
}

static int check_numbers(const struct invocation *invocation, struct err *err)
{
	for (int i = 0; i < invocation->word_count; i++) {
		if (queue_select_number(invocation, i) > 0)
			continue;
		(void)err_set(err, ERR_USAGE, "\"%.80s\" is not the number of an operation", invocation->words[i]);
		return err_hint(err, "\"ngmtctl queue list\" shows the numbers");
	}
	return 0;
}

/* The first option that narrows the choice; NULL: none. */
static const char *narrowed_by(const struct invocation *invocation)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (option_is_given(invocation, members[i].option))
			return option_rows[members[i].option].name;
	return NULL;
}

static int check_one_way(const struct invocation *invocation, struct err *err)
{
	const char *option = narrowed_by(invocation);
	bool has_all = option_is_given(invocation, OPTION_ID_ALL);

	if (!option && option_is_given(invocation, OPTION_ID_CANCELLED))
		option = option_rows[OPTION_ID_CANCELLED].name;
	if (invocation->word_count > 0 && (option || has_all))
		return err_set(err, ERR_USAGE, "say which either by numbers or by \"--%s\", not by both",
			       option ? option : "all");
	if (option && has_all)
		return err_set(err, ERR_USAGE, "options \"--all\" and \"--%s\" exclude each other", option);
	if (invocation->word_count > 0 || option || has_all)
		return 0;
	(void)err_set(err, ERR_USAGE, "\"%s\" needs to know which operations", invocation->command->name);
	return err_hint(err, "name their numbers, or narrow them down with --batch, --worker, ..., or say --all; "
			     "\"ngmtctl queue list\" shows them");
}

int queue_select_check(const struct invocation *invocation, struct err *err)
{
	enum command_id id = invocation->command->id;

	if (id == COMMAND_QUEUE_RELEASE || id == COMMAND_QUEUE_CANCEL || id == COMMAND_QUEUE_HOLD ||
	    id == COMMAND_QUEUE_RETRY)
		return check_numbers(invocation, err) < 0 ? -1 : check_one_way(invocation, err);
	if ((id == COMMAND_PAUSE || id == COMMAND_RESUME) && invocation->word_count > 0)
		return choice_check("lane", invocation->words[0], option_rows[OPTION_ID_OF_LANE].argument, err);
	if (id == COMMAND_QUEUE_RESOLVE && !option_is_given(invocation, OPTION_ID_DONE) &&
	    !option_is_given(invocation, OPTION_ID_NOT_DONE))
		return err_set(err, ERR_USAGE, "\"queue resolve\" needs \"--done\" or \"--not-done\"");
	return id == COMMAND_QUEUE_SHOW || id == COMMAND_QUEUE_RESOLVE ? check_numbers(invocation, err) : 0;
}

static struct json_object *list_numbers(const struct invocation *invocation)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < invocation->word_count; i++)
		(void)json_object_array_add(list, json_object_new_int64(queue_select_number(invocation, i)));
	return list;
}

struct json_object *queue_select_new(const struct invocation *invocation)
{
	struct json_object *select = json_object_new_object();

	if (invocation->word_count > 0)
		json_put_value(select, "ids", list_numbers(invocation));
	for (size_t i = 0; i < MEMBERS; i++) {
		enum option_id option = members[i].option;

		if (!option_is_given(invocation, option))
			continue;
		if (option_rows[option].kind == OPTION_NUMBER)
			json_put_int(select, members[i].key, option_number(invocation, option, 0));
		else
			json_put_text(select, members[i].key, option_text(invocation, option));
	}
	if (option_is_given(invocation, OPTION_ID_HELD))
		json_put_text(select, "state", "held");
	if (json_object_object_length(select) > 0)
		return select;
	json_object_put(select);
	return NULL;
}

static void add_part(struct json_object *parts, const struct invocation *invocation, const char *key,
		     const char *value)
{
	struct json_object *select = queue_select_new(invocation);

	if (!select)
		select = json_object_new_object();
	if (key)
		json_put_text(select, key, value);
	(void)json_object_array_add(parts, select);
}

/* An empty select is refused, and states change while one looks: so all is all kinds, and money comes first. */
static void add_kinds(struct json_object *parts, const struct invocation *invocation)
{
	static const char *const kinds[] = { "bonus",	   "create-hit", "extend-hit",
					     "approve",	   "reject",	 "qualify",
					     "notify",	   "expire-hit", "delete-hit",
					     "revoke",	   "block",	 "unblock",
					     "create-qualification" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		add_part(parts, invocation, "kind", kinds[i]);
}

/* What was refused first, since a person is asked about it; then what waits, which goes on anyway. */
static void add_retries(struct json_object *parts, const struct invocation *invocation)
{
	static const char *const waiting[] = { "planned", "queued", "unsure" };

	add_part(parts, invocation, "state", "failed");
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]) && !option_is_given(invocation, OPTION_ID_ALL); i++)
		add_part(parts, invocation, "state", waiting[i]);
}

struct json_object *queue_select_parts(const struct invocation *invocation)
{
	enum command_id id = invocation->command->id;
	bool is_cancel = id == COMMAND_QUEUE_CANCEL || id == COMMAND_QUEUE_HOLD;
	struct json_object *parts = json_object_new_array();

	if (id == COMMAND_QUEUE_RETRY && invocation->word_count == 0)
		add_retries(parts, invocation);
	else if (is_cancel && option_is_given(invocation, OPTION_ID_ALL))
		add_kinds(parts, invocation);
	else if (is_cancel || invocation->word_count > 0)
		add_part(parts, invocation, NULL, NULL);
	else
		add_part(parts, invocation, "state",
			 option_is_given(invocation, OPTION_ID_CANCELLED) ? "cancelled" : "held");
	return parts;
}
