/* SPDX-License-Identifier: MIT
 *
 * reconcile, worker: what was asked for, what was done, and what the platform says; who was paid by whose command.
 */
#include <string.h>

#include "daemon.h"
#include "method.h"
#include "timeline.h"

#define WORKER_MAX 255

static void on_compared(void *arg, struct json_object *result, const struct err *err)
{
	control_answer(arg, json_object_get(result), err);
}

static bool is_waited_for(void *arg)
{
	return control_is_waited_for(arg);
}

enum method_outcome method_reconcile(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				     struct json_object **result, struct err *err)
{
	struct reconcile_client client = { .uid = peer->actor.uid, .done = on_compared, .is_wanted = is_waited_for };
	struct reconcile_params read;

	if (reconcile_params_read(&read, params, err) < 0)
		return METHOD_FAILED;
	if (read.report) {
		*result = reconciles_page(daemon->reconciles, &read, err);
		reconcile_params_finish(&read);
		return *result ? METHOD_DONE : METHOD_FAILED;
	}
	client.arg = control_defer(daemon->control);
	if (!client.arg) {
		reconcile_params_finish(&read);
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	if (reconciles_start(daemon->reconciles, &read, &client, err) < 0)
		control_answer(client.arg, NULL, err);
	return METHOD_LATER;
}

enum method_outcome method_worker(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				  struct json_object **result, struct err *err)
{
	const char *worker_id;

	(void)peer;
	if (!json_get_text(params, "worker_id", &worker_id) || !worker_id[0] || strlen(worker_id) > WORKER_MAX) {
		(void)err_set(err, ERR_USAGE, "\"worker_id\" must be the id of a worker");
		return METHOD_FAILED;
	}
	*result = timeline_describe(daemon->ledger, worker_id, err);
	return *result ? METHOD_DONE : METHOD_FAILED;
}
