/* SPDX-License-Identifier: MIT */
#include "printable.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static void clean_text(struct json_object *value)
{
	const char *text = json_object_get_string(value);
	char *clean = utf8_printable(text);

	/* The length differs too if there was a NUL in it. */
	if (clean && (strcmp(clean, text) != 0 || strlen(text) != (size_t)json_object_get_string_len(value)))
		(void)json_object_set_string(value, clean);
	else if (!clean)
		(void)json_object_set_string(value, "");
	free(clean);
}

void printable_value(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string)) {
		clean_text(value);
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			printable_value(member);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			printable_value(json_object_array_get_idx(value, i));
	}
}

void printable_write(FILE *out, const char *text)
{
	char *clean = utf8_printable(text);

	(void)fputs(clean ? clean : "(out of memory)", out);
	free(clean);
}

/* The code point at `s` if it is one of those that need care, and its length; else 0. json-c's texts are valid
 * UTF-8. */
static size_t find_dangerous(const unsigned char *s, size_t left, unsigned *code)
{
	if (s[0] == 0x7f) {
		*code = 0x7f;
		return 1;
	}
	if (left >= 2 && s[0] == 0xc2 && s[1] < 0xa0) {
		*code = s[1];
		return 2;
	}
	if (left < 3 || s[0] != 0xe2)
		return 0;
	*code = 0x2000U | (s[1] & 0x3fU) << 6 | (s[2] & 0x3fU);
	if (*code == 0x200e || *code == 0x200f || (*code >= 0x2028 && *code <= 0x202e) ||
	    (*code >= 0x2066 && *code <= 0x2069))
		return 3;
	return 0;
}

void printable_write_json(FILE *out, const char *json, size_t len)
{
	const unsigned char *s = (const unsigned char *)json;
	size_t from = 0;

	for (size_t i = 0; i < len;) {
		unsigned code = 0;
		size_t n = s[i] >= 0x7f ? find_dangerous(s + i, len - i, &code) : 0;

		if (n > 0) {
			(void)fwrite(json + from, 1, i - from, out);
			(void)fprintf(out, "\\u%04x", code);
			from = i + n;
		}
		i += n ? n : 1;
	}
	(void)fwrite(json + from, 1, len - from, out);
}
