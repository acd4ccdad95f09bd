/* SPDX-License-Identifier: MIT
 *
 * select, complete: what is selected, and what could be typed.
 */
#include "daemon.h"
#include "method.h"

enum method_outcome method_select(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	(void)daemon;
	(void)peer;
	(void)params;
	(void)result;
	(void)err_set(err, ERR_INTERNAL, "not built yet");
	return METHOD_FAILED;
}

enum method_outcome method_complete(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	(void)daemon;
	(void)peer;
	(void)params;
	(void)result;
	(void)err_set(err, ERR_INTERNAL, "not built yet");
	return METHOD_FAILED;
}
