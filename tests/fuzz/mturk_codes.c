/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: what a worker submitted (member Answer of an assignment), read for codes. Whatever it is, the codes
 * are few, short, whole characters without blanks around them, and end up as a JSON array that verify() can compare.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mturk.h"
#include "utf8.h"
#include "verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_code(struct json_object *codes, size_t i)
{
	struct json_object *code = json_object_array_get_idx(codes, i);
	const char *text = json_object_get_string(code);
	size_t bytes = text ? strlen(text) : 0;

	require(json_object_is_type(code, json_type_string) && bytes > 0, "a text that is not empty");
	require(bytes == (size_t)json_object_get_string_len(code) && bytes <= CODE_BYTES_MAX, "its length");
	require(utf8_first_invalid(text, bytes) == bytes, "whole characters");
	require(!strchr(" \t\r\n", text[0]) && !strchr(" \t\r\n", text[bytes - 1]), "no blanks around it");
}

static void check_comparison(struct json_object *codes)
{
	const char *json = json_text(codes, NULL);
	struct code_fact code;

	verify_code(json_object_get_string(json_object_array_get_idx(codes, 0)), json, &code);
	require(!code.differs, "the code that was submitted is the code that was submitted");
	verify_code("no such code", json, &code);
	require(utf8_first_invalid(code.submitted, strlen(code.submitted)) == strlen(code.submitted),
		"what is shown is whole characters");
	for (const char *shown = code.submitted; *shown; shown++)
		require((unsigned char)*shown >= 0x20 && *shown != 0x7f, "what is shown is printable");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *xml = strndup((const char *)data, size);
	struct json_object *codes;

	if (!xml)
		return 0;
	codes = mturk_read_codes(xml);
	free(xml);
	if (!codes)
		return 0;
	require(json_object_array_length(codes) > 0 && json_object_array_length(codes) <= 20, "how many");
	for (size_t i = 0; i < json_object_array_length(codes); i++)
		check_code(codes, i);
	check_comparison(codes);
	json_object_put(codes);
	return 0;
}
