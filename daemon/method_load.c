/* SPDX-License-Identifier: MIT
 *
 * load: files into the working set.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "log.h"
#include "method.h"
#include "method_codes.h"

/* Whose command it is. */
struct loading {
	struct ticket *ticket;
	char *user;
	struct actor actor;
};

static void on_loaded(void *arg, struct json_object *result, const struct err *err)
{
	struct loading *loading = arg;
	int64_t rows = 0;

	if (result) {
		(void)json_get_int(json_get_object(result, "working_set"), "rows", &rows);
		log_info("loaded files=%zu rows=%" PRId64 " user=\"%s\" uid=%u pid=%d",
			 json_object_array_length(json_get_array(result, "files")), rows, loading->user,
			 (unsigned)loading->actor.uid, (int)loading->actor.pid);
	}
	control_answer(loading->ticket, json_object_get(result), err);
	free(loading->user);
	free(loading);
}

static enum method_outcome load_into_set(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					 struct json_object **result, struct err *err)
{
	struct loading *loading = calloc(1, sizeof(*loading));

	(void)result;
	if (loading)
		loading->user = strdup(peer->actor.user);
	if (!loading || !loading->user) {
		free(loading);
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	loading->actor = peer->actor;
	if (loads_start(daemon->loads, params, on_loaded, loading, err) < 0) {
		free(loading->user);
		free(loading);
		return METHOD_FAILED;
	}
	loading->ticket = control_defer(daemon->control);
	return METHOD_LATER;
}

enum method_outcome method_load(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	static const struct {
		const char *what;
		method_fn *load;
	} loads[] = { { "results", load_into_set }, { "game", load_into_set }, { "inputcodes", method_load_codes } };
	const char *what = "";

	(void)json_get_text(params, "what", &what);
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (strcmp(loads[i].what, what) == 0)
			return loads[i].load(daemon, peer, params, result, err);
	(void)err_set(err, ERR_USAGE, "\"what\" is results, game or inputcodes, not \"%.40s\"", what);
	return METHOD_FAILED;
}
