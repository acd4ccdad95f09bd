/* SPDX-License-Identifier: MIT
 *
 * events: what happened.
 */
#include "daemon.h"
#include "method.h"

enum method_outcome method_events(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	(void)daemon;
	(void)peer;
	(void)params;
	(void)result;
	(void)err_set(err, ERR_INTERNAL, "not built yet");
	return METHOD_FAILED;
}
