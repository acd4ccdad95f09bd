/* SPDX-License-Identifier: MIT */
#include "notice_params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* Platforms refuse the other control characters (MTurk: NotifyWorkers). */
static int check_text(const char *key, const char *text, size_t most, struct err *err)
{
	if (utf8_length(text) > most)
		return err_set(err, ERR_USAGE, "the %s has %zu characters, at most %zu fit; nothing was done", key,
			       utf8_length(text), most);
	for (const char *p = text; *p; p++)
		if (((unsigned char)*p < 32 && !strchr("\t\n\r", *p)) || *p == 127)
			return err_set(err, ERR_USAGE, "the %s has a control character (code %d); nothing was done",
				       key, *p);
	return 0;
}

static int read_text(struct json_object *params, const char *key, size_t most, char **out, struct err *err)
{
	const char *text;

	if (!json_get_text(params, key, &text) || !text[strspn(text, " \t\r\n")])
		return err_set(err, ERR_USAGE, "\"%s\" must be a text that is not empty; nothing was done", key);
	if (check_text(key, text, most, err) < 0)
		return -1;
	*out = strdup(text);
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int read_digest(struct notice_params *out, struct json_object *params, struct err *err)
{
	const char *text;

	if (!json_get_text(params, "digest", &text))
		return json_has(params, "digest") ? err_set(err, ERR_USAGE, "\"digest\" must be a text") : 0;
	out->digest = strdup(text);
	return out->digest ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static bool is_text(struct json_object *item)
{
	size_t len = json_object_is_type(item, json_type_string) ? (size_t)json_object_get_string_len(item) : 0;

	return len > 0 && strlen(json_object_get_string(item)) == len;
}

/* An empty list selects nobody by mistake (an empty variable in a script): it must not mean "everybody". */
static int read_workers(struct notice_params *out, struct json_object *params, struct err *err)
{
	struct json_object *workers = json_get_array(params, "workers");
	size_t count = workers ? json_object_array_length(workers) : 0;
	bool is_good = count > 0;

	if (!json_has(params, "workers"))
		return 0;
	for (size_t i = 0; is_good && i < count; i++)
		is_good = is_text(json_object_array_get_idx(workers, i));
	if (!is_good)
		return err_set(err, ERR_USAGE, "\"workers\" must be a list of ids, at least one; nothing was done");
	if (json_has(params, "select"))
		return err_set(err, ERR_USAGE, "\"workers\" and \"select\" exclude each other; nothing was done");
	if (count > NOTICE_WORKERS_MAX)
		return err_set(err, ERR_USAGE, "%zu workers are too many for one command, at most %d; nothing was done",
			       count, NOTICE_WORKERS_MAX);
	out->workers = json_object_get(workers);
	return 0;
}

int notice_params_read(struct notice_params *out, struct json_object *params, const struct platform_message *limits,
		       struct err *err)
{
	*out = (struct notice_params){ 0 };
	if (plan_params_read_rows(&out->rows, params, err) < 0)
		return -1;
	if (read_text(params, "subject", limits->subject_max, &out->subject, err) == 0 &&
	    read_text(params, "text", limits->text_max, &out->text, err) == 0 && read_workers(out, params, err) == 0 &&
	    read_digest(out, params, err) == 0)
		return 0;
	notice_params_finish(out);
	return -1;
}

void notice_params_finish(struct notice_params *params)
{
	free(params->subject);
	free(params->text);
	free(params->digest);
	json_object_put(params->workers);
	plan_params_finish(&params->rows);
	*params = (struct notice_params){ 0 };
}

char *notice_params_describe(const struct notice_params *params)
{
	/* Without a kind that is wanted, that is the selection alone. */
	char *rows = plan_params_describe(&params->rows), *text = NULL;
	int length = -1;

	if (rows && params->workers)
		length = asprintf(&text, "notify subject=\"%s\" workers=%zu", params->subject,
				  json_object_array_length(params->workers));
	else if (rows)
		length = asprintf(&text, "notify subject=\"%s\"%s", params->subject, rows);
	free(rows);
	return length < 0 ? NULL : text;
}
