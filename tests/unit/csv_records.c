/* SPDX-License-Identifier: MIT
 *
 * The daemon's reader as a program, for ../system/test_reader.py. From stdin comes one request after the other: a line
 * "BYTES SEPARATOR QUOTE PART SEED" (numbers; SEPARATOR and QUOTE are characters or 0, PART is how large the parts
 * are at most in which the bytes are fed, SEED chooses them), then so many bytes of a file. For each goes one line of
 * JSON to stdout: {"lines": [...], "cells": [[...]...], "error": null or text}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "json.h"

struct request {
	size_t bytes;
	unsigned separator;
	unsigned quote;
	size_t part;
	unsigned seed;
};

struct answer {
	struct json_object *lines;
	struct json_object *cells;
};

static int take_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct answer *answer = arg;
	struct json_object *cells = json_object_new_array_ext((int)record->count);

	(void)err;
	for (size_t i = 0; i < record->count; i++)
		(void)json_object_array_add(
			cells, json_object_new_string_len(record->cells[i].text, (int)record->cells[i].len));
	(void)json_object_array_add(answer->cells, cells);
	(void)json_object_array_add(answer->lines, json_object_new_int64(record->line));
	return 0;
}

/* Each part is a block of its own, so that a sanitizer sees what reads beyond it. */
static int feed(struct csv *csv, const char *bytes, struct request *request, struct err *err)
{
	int result = 0;

	for (size_t at = 0, n; at < request->bytes && result == 0; at += n) {
		char *part;

		n = 1 + (size_t)rand_r(&request->seed) % request->part;
		n = n < request->bytes - at ? n : request->bytes - at;
		part = malloc(n);
		if (!part)
			return err_set(err, ERR_INTERNAL, "out of memory");
		memcpy(part, bytes + at, n);
		result = csv_feed(csv, part, n, err);
		free(part);
	}
	return result == 0 ? csv_finish(csv, err) : result;
}

static int answer_one(struct request *request, const char *bytes)
{
	const struct csv_options options = { .separator = (char)request->separator, .quote = (char)request->quote };
	struct answer answer = { json_object_new_array(), json_object_new_array() };
	struct csv *csv = csv_new(&options, take_record, &answer);
	struct json_object *out = json_object_new_object();
	struct err err = { .code = ERR_NONE };

	if (!csv)
		return -1;
	json_put_value(out, "error", feed(csv, bytes, request, &err) < 0 ? json_object_new_string(err.message) : NULL);
	json_put_value(out, "lines", answer.lines);
	json_put_value(out, "cells", answer.cells);
	csv_free(csv);
	(void)puts(json_text(out, NULL));
	json_object_put(out);
	return fflush(stdout);
}

int main(void)
{
	struct request request;
	char line[100];

	while (fgets(line, sizeof(line), stdin)) {
		char *bytes;
		int result = -1;

		if (sscanf(line, "%zu %u %u %zu %u", &request.bytes, &request.separator, &request.quote, &request.part,
			   &request.seed) != 5 ||
		    request.part == 0)
			return 2;
		bytes = malloc(request.bytes + 1);
		if (bytes && fread(bytes, 1, request.bytes, stdin) == request.bytes)
			result = answer_one(&request, bytes);
		free(bytes);
		if (result < 0)
			return 1;
	}
	return 0;
}
