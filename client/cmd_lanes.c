/* SPDX-License-Identifier: MIT
 *
 * pause, resume: lanes; queue hold, queue retry.
 */
#include "commands.h"
#include "session.h"

int cmd_pause(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_resume(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_queue_hold(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_queue_retry(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
