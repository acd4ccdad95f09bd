/* SPDX-License-Identifier: MIT
 *
 * Input codes, and the submissions that no row claims.
 */
#include "method_codes.h"

#include <inttypes.h>

#include "daemon.h"
#include "input_codes.h"
#include "log.h"
#include "protocol.h"

static void put_warnings(struct json_object *result, const struct input_codes_loaded *loaded)
{
	struct json_object *warnings = json_object_new_array();

	if (loaded->looks_like_results)
		(void)json_object_array_add(
			warnings, json_object_new_string(
					  "this file has results in it, amounts or decisions: rows that claim other "
					  "codes than these are held from now on; results are loaded with \"load "
					  "results\", and codes are in auth/codes.csv"));
	json_put_value(result, "warnings", warnings);
}

enum method_outcome method_load_codes(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				      struct json_object **result, struct err *err)
{
	const char *path = "", *mode = "new";
	struct input_codes_loaded loaded;
	int number;

	(void)json_get_text(params, "path", &path);
	(void)json_get_text(params, "mode", &mode);
	number = input_codes_mode_from_name(mode);
	if (path[0] != '/' || number < 0) {
		(void)err_set(err, ERR_USAGE, "%s",
			      number < 0 ? "\"mode\" is new, add or replace" : "\"path\" must be an absolute path");
		return METHOD_FAILED;
	}
	if (input_codes_load(daemon->ledger, path, (enum input_codes_mode)number, &loaded, err) < 0)
		return METHOD_FAILED;
	log_info("input codes loaded path=\"%s\" mode=%s codes=%" PRId64 " total=%" PRId64 " user=\"%s\" uid=%u pid=%d",
		 path, mode, loaded.rows, loaded.total, peer->actor.user, (unsigned)peer->actor.uid,
		 (int)peer->actor.pid);
	joins_hurry(daemon->joins);
	*result = json_object_new_object();
	json_put_text(*result, "path", path);
	json_put_int(*result, "codes", loaded.rows);
	json_put_int(*result, "new", loaded.added);
	json_put_int(*result, "total", loaded.total);
	put_warnings(*result, &loaded);
	return METHOD_DONE;
}

enum method_outcome method_show_codes(struct daemon *daemon, struct json_object *params, struct json_object **result,
				      struct err *err)
{
	int64_t offset = 0, limit = 100;

	(void)json_get_int(params, "offset", &offset);
	(void)json_get_int(params, "limit", &limit);
	if (offset < 0 || limit < 1 || limit > PROTOCOL_PAGE_MAX) {
		(void)err_set(err, ERR_USAGE, "\"limit\" is 1 to %d, \"offset\" not negative", PROTOCOL_PAGE_MAX);
		return METHOD_FAILED;
	}
	*result = input_codes_page(daemon->ledger, offset, limit, err);
	return *result ? METHOD_DONE : METHOD_FAILED;
}

static void on_listed(void *arg, struct json_object *result, const struct err *err)
{
	control_answer(arg, json_object_get(result), err);
}

static bool is_waited_for(void *arg)
{
	return control_is_waited_for(arg);
}

enum method_outcome method_unclaimed(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				     struct json_object **result, struct err *err)
{
	struct unclaimed_client client = { .done = on_listed, .is_wanted = is_waited_for };

	(void)peer;
	(void)result;
	client.arg = control_defer(daemon->control);
	if (!client.arg) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	if (unclaimeds_start(daemon->unclaimeds, params, &client, err) < 0)
		control_answer(client.arg, NULL, err);
	return METHOD_LATER;
}
