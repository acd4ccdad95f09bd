/* SPDX-License-Identifier: MIT
 *
 * top: one screen, live.
 */
#include "commands.h"
#include "session.h"

int cmd_top(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
