/* SPDX-License-Identifier: MIT */
#include "plan_params.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "row.h"
#include "utf8.h"

#define TEXT_MAX 1024
#define PURPOSE_MAX 64

static int read_kinds(struct plan_params *out, struct json_object *params, struct err *err)
{
	struct json_object *kinds = json_get_array(params, "do");
	size_t count = kinds ? json_object_array_length(kinds) : 0;

	if (count == 0)
		return err_set(err, ERR_USAGE, "\"do\" must name at least one of approve, reject, bonus, qualify");
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(kinds, i);
		int kind = json_object_is_type(item, json_type_string) ? op_kind_from_name(json_object_get_string(item))
								       : -1;

		/* What no row asks for has methods of its own. */
		if (kind < 0 || kind >= OP_NOTIFY)
			return err_set(err, ERR_USAGE, "\"do\" knows approve, reject, bonus, qualify, not %.40s",
				       json_object_get_string(item));
		out->wants[kind] = true;
	}
	return 0;
}

/* MTurk refuses these characters and longer texts (reference of RejectAssignment and SendBonus). */
static int check_text(const char *key, const char *text, struct err *err)
{
	if (utf8_length(text) > TEXT_MAX)
		return err_set(err, ERR_USAGE, "the %s has more than %d characters", key, TEXT_MAX);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 32 && !strchr("\t\n\r", *p))
			return err_set(err, ERR_USAGE, "the %s has a control character (code %d)", key, *p);
	return 0;
}

static int read_text(struct json_object *params, const char *key, const char *otherwise, char **out, struct err *err)
{
	const char *text = otherwise;
	struct json_object *member;

	if (json_object_object_get_ex(params, key, &member) && member && !json_get_text(params, key, &text))
		return err_set(err, ERR_USAGE, "\"%s\" must be a text; nothing was done", key);
	if (!text || !text[0])
		return 0;
	if (check_text(key, text, err) < 0)
		return -1;
	*out = strdup(text);
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

/* NULL: given, but empty. */
static int check_purpose(const char *purpose, struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (purpose && strlen(purpose) <= PURPOSE_MAX && strspn(purpose, allowed) == strlen(purpose))
		return 0;
	(void)err_set(err, ERR_USAGE, "the purpose \"%.80s\" is not a name", purpose ? purpose : "");
	return err_hint(err, "use up to %d letters, digits, points, dashes and underscores", PURPOSE_MAX);
}

/* A text or an array of texts, as the text of a JSON array. An empty array selects nothing; empty texts are refused. */
static int read_list(struct json_object *value, const char *key, char **out, struct err *err)
{
	bool is_text = json_object_is_type(value, json_type_string);
	struct json_object *array = is_text ? json_object_new_array() : json_object_get(value);
	bool is_good = json_object_is_type(array, json_type_array);

	if (is_text)
		(void)json_object_array_add(array, json_object_get(value));
	for (size_t i = 0; is_good && i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		is_good = json_object_is_type(item, json_type_string) && json_object_get_string_len(item) > 0;
	}
	if (is_good)
		*out = strdup(json_text(array, NULL));
	json_object_put(array);
	if (!is_good)
		return err_set(err, ERR_USAGE, "\"select\": \"%s\" must be an id or a list of ids; nothing was done",
			       key);
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int read_selector(struct json_object *value, const char *key, char **out, struct err *err)
{
	if (!json_object_is_type(value, json_type_string) || json_object_get_string_len(value) == 0)
		return err_set(err, ERR_USAGE, "\"select\": \"%s\" must be a text that is not empty; nothing was done",
			       key);
	*out = strdup(json_object_get_string(value));
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

/* A selection that selects nothing by mistake (an empty variable in a script) must never mean "everything". */
static int read_selection(struct plan_params *out, struct json_object *params, struct err *err)
{
	const struct {
		const char *key;
		char **text;
		int (*read)(struct json_object *value, const char *key, char **out, struct err *err);
	} selectors[] = { { "room", &out->room, read_selector },
			  { "game", &out->game, read_selector },
			  { "hit", &out->hit, read_selector },
			  { "assignment", &out->assignments, read_list },
			  { "worker", &out->workers, read_list } };
	struct json_object *select = json_get_object(params, "select"), *value;
	int members = 0;

	if (!json_has(params, "select"))
		return 0;
	if (!select)
		return err_set(err, ERR_USAGE, "\"select\" must be an object");
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
		if (!json_object_object_get_ex(select, selectors[i].key, &value))
			continue;
		members++;
		if (selectors[i].read(value, selectors[i].key, selectors[i].text, err) < 0)
			return -1;
	}
	out->has_selection = true;
	if (members > 0 && members == json_object_object_length(select))
		return 0;
	return err_set(err, ERR_USAGE,
		       "\"select\" takes at least one of room, game, hit, assignment, worker and nothing else");
}

static void read_items(struct plan_params *out, struct json_object *params)
{
	struct json_object *items = json_get_object(params, "items");

	out->wants_items = items != NULL;
	out->items_limit = PROTOCOL_PAGE_MAX;
	(void)json_get_int(items, "offset", &out->items_offset);
	(void)json_get_int(items, "limit", &out->items_limit);
	if (out->items_limit < 1 || out->items_limit > PROTOCOL_PAGE_MAX)
		out->items_limit = PROTOCOL_PAGE_MAX;
	if (out->items_offset < 0)
		out->items_offset = 0;
}

int plan_params_read_rows(struct plan_params *out, struct json_object *params, struct err *err)
{
	*out = (struct plan_params){ 0 };
	read_items(out, params);
	if (read_selection(out, params, err) == 0)
		return 0;
	plan_params_finish(out);
	return -1;
}

static int check_together(const struct plan_params *out, struct err *err)
{
	const char *types[] = { out->qualification_type_id, out->default_type_id };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (out->wants[OP_QUALIFY] && types[i] && !is_entity_id(types[i]))
			return err_set(err, ERR_USAGE, "\"%.80s\" is not the id of a qualification type", types[i]);
	if (out->integer_value < 0 || out->integer_value > INT32_MAX)
		return err_set(err, ERR_USAGE, "the integer value %" PRId64 " is not from 0 to %d", out->integer_value,
			       INT32_MAX);
	return check_purpose(out->purpose, err);
}

static int keep(char **out, const char *text, struct err *err)
{
	*out = text && text[0] ? strdup(text) : NULL;
	return text && text[0] && !*out ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
}

int plan_params_read(struct plan_params *out, struct json_object *params, const struct config *config,
		     const char *selected_type, struct err *err)
{
	const char *default_type = selected_type ? selected_type : config->default_qualification_type_id;

	*out = (struct plan_params){ .integer_value = config->default_integer_value,
				     .send_notification = config->default_send_notification };
	if ((json_has(params, "integer_value") && !json_get_int(params, "integer_value", &out->integer_value)) ||
	    (json_has(params, "send_notification") &&
	     !json_get_bool(params, "send_notification", &out->send_notification)))
		return err_set(err, ERR_USAGE,
			       "\"integer_value\" must be a whole number and \"send_notification\" a boolean");
	read_items(out, params);
	if (read_kinds(out, params, err) == 0 &&
	    read_text(params, "reason", config->default_reason, &out->reason, err) == 0 &&
	    read_text(params, "feedback", config->default_requester_feedback, &out->feedback, err) == 0 &&
	    read_text(params, "purpose", OP_PURPOSE_DEFAULT, &out->purpose, err) == 0 &&
	    read_text(params, "qualification_type_id", NULL, &out->qualification_type_id, err) == 0 &&
	    keep(&out->default_type_id, default_type, err) == 0 &&
	    read_text(params, "digest", NULL, &out->digest, err) == 0 && read_selection(out, params, err) == 0 &&
	    check_together(out, err) == 0)
		return 0;
	plan_params_finish(out);
	return -1;
}

void plan_params_finish(struct plan_params *params)
{
	char **texts[] = { &params->reason, &params->feedback, &params->purpose,     &params->qualification_type_id,
			   &params->default_type_id,
			   &params->room,   &params->game,     &params->hit,	     &params->assignments,
			   &params->workers, &params->digest };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}

char *plan_params_describe(const struct plan_params *params)
{
	const struct {
		const char *name;
		const char *value;
	} texts[] = { { "reason", params->reason }, { "feedback", params->feedback }, { "purpose", params->purpose },
		      { "room", params->room },	    { "game", params->game },	      { "hit", params->hit },
		      { "assignments", params->assignments }, { "workers", params->workers } };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const char *comma = "";

	if (!out)
		return NULL;
	for (int kind = 0; kind < OP_KINDS; kind++) {
		if (!params->wants[kind])
			continue;
		(void)fprintf(out, "%s%s", comma, op_kind_name((enum op_kind)kind));
		comma = ", ";
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].value)
			(void)fprintf(out, " %s=\"%s\"", texts[i].name, texts[i].value);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
