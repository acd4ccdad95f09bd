/* SPDX-License-Identifier: MIT
 *
 * get qualification, qualifications, bonuses; qualification show, workers: questions to the platform.
 */
#include "commands.h"
#include "session.h"

int cmd_get_qualification(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_get_qualifications(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_get_bonuses(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_qualification_show(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}

int cmd_qualification_workers(struct session *session, struct err *err)
{
	(void)session;
	return err_set(err, ERR_INTERNAL, "not built yet");
}
