/* SPDX-License-Identifier: MIT */
#include "room_select.h"

int room_select_check(const struct invocation *invocation, struct err *err)
{
	bool is_all = option_is_given(invocation, OPTION_ID_ALL_ROOMS);

	if (invocation->command->id != COMMAND_ROOMS_ADOPT)
		return 0;
	if (invocation->word_count > 0 && is_all)
		return err_set(err, ERR_USAGE, "either name rooms or say --all");
	if (invocation->word_count > 0 || is_all || option_is_given(invocation, OPTION_ID_OF_GAME))
		return 0;
	(void)err_set(err, ERR_USAGE, "\"rooms adopt\" needs to be told which rooms");
	return err_hint(err, "name them, or say --game NAME or --all; --dry-run shows what would be sent");
}

struct json_object *room_select_params(const struct invocation *invocation)
{
	struct json_object *params = json_object_new_object(), *names = json_object_new_array();

	for (int i = 0; i < invocation->word_count; i++)
		(void)json_object_array_add(names, json_object_new_string(invocation->words[i]));
	if (invocation->word_count > 0)
		json_put_value(params, "rooms", names);
	else
		json_object_put(names);
	if (option_is_given(invocation, OPTION_ID_OF_GAME))
		json_put_text(params, "game", option_text(invocation, OPTION_ID_OF_GAME));
	if (option_is_given(invocation, OPTION_ID_ALL_ROOMS))
		json_put_bool(params, "all", true);
	if (option_is_given(invocation, OPTION_ID_UNDO))
		json_put_bool(params, "undo", true);
	return params;
}
