/* SPDX-License-Identifier: MIT
 *
 * completion: scripts for shells.
 */
#include "commands.h"
#include "session.h"

int cmd_completion(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
