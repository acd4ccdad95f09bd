/* SPDX-License-Identifier: MIT
 *
 * events: what happened, and what happens.
 */
#include "commands.h"
#include "session.h"

int cmd_events(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
