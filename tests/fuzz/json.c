/* SPDX-License-Identifier: MIT
 *
 * What json_parse() takes must come back the same when it is written and read again, and no getter may read beyond it.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_members(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_object))
		return;
	json_object_object_foreach(value, key, member)
	{
		const char *text = "";
		int64_t number = 0;
		double real = 0;
		bool yes = false;

		if (!json_has(value, key) || (json_get_text(value, key, &text) && strlen(text) > SIZE_MAX / 2))
			abort();
		(void)json_get_int(value, key, &number);
		(void)json_get_number(value, key, &real);
		(void)json_get_bool(value, key, &yes);
		if (number == INT64_MAX || number == INT64_MIN || real - real != 0)
			abort();
		read_members(member);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct json_object *value = json_parse((const char *)data, size, &err);
	struct json_object *again;
	const char *text;
	char *copy;
	size_t len = 0;

	if (!value) {
		if (err.message[0] == '\0')
			abort();
		return 0;
	}
	read_members(value);
	text = json_text(value, &len);
	copy = strndup(text, len);
	again = copy ? json_parse(copy, len, &err) : NULL;
	if (!again || strcmp(json_text(again, &len), copy) != 0)
		abort();
	json_object_put(again);
	json_object_put(value);
	free(copy);
	return 0;
}
