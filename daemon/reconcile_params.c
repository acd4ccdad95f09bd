/* SPDX-License-Identifier: MIT */
#include "reconcile_params.h"

#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "row.h"

#define HITS_MAX 1000

static int read_text(struct json_object *params, const char *key, char **out, struct err *err)
{
	const char *text;

	if (!json_has(params, key))
		return 0;
	if (!json_get_text(params, key, &text) || !text[0])
		return err_set(err, ERR_USAGE, "\"%s\" must be a text that is not empty", key);
	*out = strdup(text);
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int read_hits(struct json_object *params, char **out, struct err *err)
{
	struct json_object *hits = json_get_array(params, "hits");
	size_t count = hits ? json_object_array_length(hits) : 0;

	if (!json_has(params, "hits"))
		return 0;
	if (count == 0 || count > HITS_MAX)
		return err_set(err, ERR_USAGE, "\"hits\" must be a list of 1 to %d ids", HITS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct json_object *hit = json_object_array_get_idx(hits, i);

		if (!json_object_is_type(hit, json_type_string) || !is_entity_id(json_object_get_string(hit)))
			return err_set(err, ERR_USAGE, "\"%.80s\" is not the id of a HIT", json_object_get_string(hit));
	}
	*out = strdup(json_text(hits, NULL));
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int read_flag(struct json_object *params, const char *key, bool *out, struct err *err)
{
	if (!json_has(params, key) || json_get_bool(params, key, out))
		return 0;
	return err_set(err, ERR_USAGE, "\"%s\" must be a boolean", key);
}

static int read_page(struct reconcile_params *out, struct json_object *params, struct err *err)
{
	if ((json_has(params, "report") && (!json_get_int(params, "report", &out->report) || out->report < 1)) ||
	    (json_has(params, "offset") && !json_get_int(params, "offset", &out->offset)) ||
	    (json_has(params, "limit") && !json_get_int(params, "limit", &out->limit)))
		return err_set(err, ERR_USAGE, "\"report\", \"offset\" and \"limit\" must be whole numbers");
	if (out->offset >= 0 && out->limit >= 1 && out->limit <= PROTOCOL_PAGE_MAX)
		return 0;
	return err_set(err, ERR_USAGE, "\"limit\" is 1 to %d, \"offset\" not negative", PROTOCOL_PAGE_MAX);
}

static int check_together(const struct reconcile_params *out, struct err *err)
{
	if (out->report && (out->all || reconcile_params_select(out)))
		return err_set(err, ERR_USAGE, "a page of a report takes no selection: it has its own");
	if (out->all && reconcile_params_select(out))
		return err_set(err, ERR_USAGE, "\"all\" and a selection exclude each other");
	return 0;
}

int reconcile_params_read(struct reconcile_params *out, struct json_object *params, struct err *err)
{
	*out = (struct reconcile_params){ .limit = PROTOCOL_PAGE_MAX };
	if (read_hits(params, &out->hits, err) == 0 && read_text(params, "room", &out->room, err) == 0 &&
	    read_text(params, "game", &out->game, err) == 0 && read_flag(params, "all", &out->all, err) == 0 &&
	    read_flag(params, "differing", &out->only_differing, err) == 0 && read_page(out, params, err) == 0 &&
	    check_together(out, err) == 0)
		return 0;
	reconcile_params_finish(out);
	return -1;
}

void reconcile_params_finish(struct reconcile_params *params)
{
	free(params->hits);
	free(params->room);
	free(params->game);
	params->hits = params->room = params->game = NULL;
}

bool reconcile_params_select(const struct reconcile_params *params)
{
	return params->hits || params->room || params->game;
}
