/* SPDX-License-Identifier: MIT
 *
 * hit create, extend, expire, hit delete: HITs through the queue.
 */
#include "commands.h"
#include "session.h"

int cmd_hit_create(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_extend(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_expire(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_hit_delete(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
