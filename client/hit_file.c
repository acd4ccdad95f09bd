/* SPDX-License-Identifier: MIT */
#include "hit_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hit_ini.h"
#include "input_text.h"
#include "output.h"

/* A definition with a question of the platform's 65535 bytes fits even if each is escaped. */
#define FILE_BYTES_MAX 500000
#define QUESTION_BYTES_MAX 65535

static bool ends_with(const char *path, const char *end)
{
	size_t len = strlen(path), end_len = strlen(end);

	return len > end_len && strcasecmp(path + len - end_len, end) == 0;
}

static bool is_json(const char *path, const char *text)
{
	if (strcmp(path, "-") == 0)
		return text[strspn(text, " \t\r\n")] == '{';
	return ends_with(path, ".json");
}

static struct json_object *read_json(const char *text, size_t len, const char *name, struct err *err)
{
	struct json_object *hit = json_parse(text, len, err);

	if (hit && json_object_is_type(hit, json_type_object))
		return hit;
	if (hit)
		(void)err_set(err, ERR_FORMAT, "not a JSON object");
	(void)err_prefix(err, "%s", name);
	json_object_put(hit);
	return NULL;
}

/* `file` beside `path`; the caller frees. */
static char *beside(const char *path, const char *file)
{
	const char *slash = strrchr(path, '/');
	char *place = NULL;

	if (file[0] == '/' || !slash)
		return strdup(file);
	return asprintf(&place, "%.*s/%s", (int)(slash - path), path, file) < 0 ? NULL : place;
}

/* The question is what the file holds; its form is by the file's name. */
static int put_question(struct json_object *question, const char *place, struct err *err)
{
	bool is_html = ends_with(place, ".html") || ends_with(place, ".htm");
	size_t len = 0;
	char *text;

	if (!is_html && !ends_with(place, ".xml")) {
		(void)err_set(err, ERR_FORMAT, "the question's file \"%.300s\" ends neither in .xml nor in .html",
			      place);
		return -1;
	}
	text = input_text_read(place, QUESTION_BYTES_MAX, &len, err);
	if (!text)
		return -1;
	json_object_object_del(question, "file");
	json_put_text(question, is_html ? "html" : "xml", text);
	free(text);
	return 0;
}

static int read_question(const char *path, struct json_object *hit, struct err *err)
{
	struct json_object *question = json_get_object(hit, "question");
	const char *file = output_text(question, "file", NULL);
	char *place = file ? beside(path, file) : NULL;
	int failed = 0;

	if (file)
		failed = place ? put_question(question, place, err) : err_set(err, ERR_INTERNAL, "out of memory");
	free(place);
	return failed;
}

struct json_object *hit_file_read(const char *path, struct err *err)
{
	const char *name = input_text_name(path);
	struct json_object *hit;
	size_t len = 0;
	char *text = input_text_read(path, FILE_BYTES_MAX, &len, err);

	if (!text)
		return NULL;
	hit = is_json(path, text) ? read_json(text, len, name, err) : hit_ini_read(text, len, name, err);
	free(text);
	if (!hit || read_question(path, hit, err) == 0)
		return hit;
	json_object_put(hit);
	return NULL;
}
