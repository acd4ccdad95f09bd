/* SPDX-License-Identifier: MIT
 *
 * console: commands line by line.
 */
#include "commands.h"
#include "session.h"

int cmd_console(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
