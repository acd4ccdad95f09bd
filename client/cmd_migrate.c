/* SPDX-License-Identifier: MIT
 *
 * migrate: from mturk.conf.js to ngmt.conf.
 */
#include "commands.h"
#include "session.h"

int cmd_migrate(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
