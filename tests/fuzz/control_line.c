/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: one line from the control socket, as far as it is understood without a daemon: the JSON, the
 * method, and the params of "plan" and "apply". A selection that was asked for is never taken for "everything".
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "method.h"
#include "plan_params.h"
#include "protocol.h"
#include "row.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_text(const char *text)
{
	if (!text)
		return;
	require(text[0] && utf8_length(text) <= 1024, "the length of a text that a worker reads");
	for (; *text; text++)
		require((unsigned char)*text >= 32 || strchr("\t\n\r", *text), "no control characters");
}

static void check_list(const char *text)
{
	struct json_object *list;
	struct err err;

	if (!text)
		return;
	list = json_parse(text, strlen(text), &err);
	require(list && json_object_is_type(list, json_type_array), "a list is a JSON array");
	json_object_put(list);
}

static void check_params(const struct plan_params *params, struct json_object *object)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	bool wants = false;
	char *command;

	for (int kind = 0; kind < OP_KINDS; kind++)
		wants = wants || params->wants[kind];
	require(wants, "something is to be done");
	require(params->purpose && params->purpose[0] && strlen(params->purpose) <= 64 &&
			strspn(params->purpose, allowed) == strlen(params->purpose),
		"the purpose is a name");
	check_text(params->reason);
	check_text(params->feedback);
	check_list(params->assignments);
	check_list(params->workers);
	require(params->integer_value >= 0 && params->integer_value <= INT32_MAX, "the integer value");
	require(!params->wants[OP_QUALIFY] || !params->qualification_type_id ||
			is_entity_id(params->qualification_type_id),
		"the qualification type");
	require(params->items_offset >= 0 && params->items_limit >= 1 && params->items_limit <= PROTOCOL_PAGE_MAX,
		"the page");
	require(params->has_selection ==
			(params->room || params->game || params->hit || params->assignments || params->workers),
		"what is selected");
	require(params->has_selection || !json_get_object(object, "select") ||
			json_object_object_length(json_get_object(object, "select")) == 0,
		"a selection never becomes everything");
	command = plan_params_describe(params);
	require(command && command[0], "what the ledger records");
	free(command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char reason[] = "Thank you";
	static const struct config config = { .default_integer_value = 1, .default_reason = reason };
	struct err err = { .code = ERR_NONE };
	struct json_object *request = json_parse((const char *)data, size, &err), *object;
	struct plan_params params;
	const char *name;

	if (!request) {
		require(err.message[0], "an error says what is wrong");
		return 0;
	}
	if (json_get_text(request, "method", &name) && !method_find(name))
		(void)method_suggest(name);
	object = json_get_object(request, "params");
	if (plan_params_read(&params, object, &config, NULL, &err) == 0) {
		check_params(&params, object);
		plan_params_finish(&params);
	} else {
		require(err.code == ERR_USAGE && err.message[0], "a refusal says what is wrong");
	}
	json_object_put(request);
	return 0;
}
