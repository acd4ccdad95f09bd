/* SPDX-License-Identifier: MIT
 *
 * qualification create, grant, revoke, worker block, unblock: through the queue.
 */
#include "commands.h"
#include "session.h"

int cmd_qualification_create(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_qualification_grant(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_qualification_revoke(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_worker_block(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_worker_unblock(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
