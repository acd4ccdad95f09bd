/* SPDX-License-Identifier: MIT
 *
 * plan_errand, apply_errand: single requests that no row asks for: HITs, qualification types, blocks.
 */
#include "daemon.h"
#include "method.h"

enum method_outcome method_plan_errand(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	(void)daemon;
	(void)peer;
	(void)params;
	(void)result;
	(void)err_set(err, ERR_INTERNAL, "not built yet");
	return METHOD_FAILED;
}

enum method_outcome method_apply_errand(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	(void)daemon;
	(void)peer;
	(void)params;
	(void)result;
	(void)err_set(err, ERR_INTERNAL, "not built yet");
	return METHOD_FAILED;
}
