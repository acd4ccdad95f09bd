/* SPDX-License-Identifier: MIT
 *
 * queue cancel, queue hold: what was not sent is taken back, or stands still.
 */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "queue_ask.h"
#include "queue_change.h"
#include "session.h"

/* "0 operations taken back" alone lets nobody know why. */
static int note_gone(const struct queue_change *change, struct err *err)
{
	static const struct {
		const char *state;
		const char *words;
	} gone[] = { { "cancelled", "taken back already" }, { "done", "done already" }, { "held", "held already" } };
	const struct session *session = change->session;
	int64_t count;

	if (change->count > 0 || change->refused_count > 0 || session->is_quiet || session->is_json ||
	    option_is_given(session->invocation, OPTION_ID_ALL) || option_is_given(session->invocation, OPTION_ID_HOLD))
		return 0;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (queue_change_count_also(change, "state", gone[i].state, &count, err) < 0)
			return -1;
		if (count > 0)
			(void)fprintf(stderr, "Left out: %" PRId64 " %s.\n", count, gone[i].words);
	}
	return 0;
}

/* Stopping is no harm: what left meanwhile is named. */
static int stop(struct queue_change *change, struct err *err)
{
	if (queue_change_apply(change, err) < 0 || queue_change_add_moving(change, err) < 0 ||
	    note_gone(change, err) < 0)
		return -1;
	return queue_change_report(change);
}

/* Whoever said yes to some does not say yes to more that came meanwhile. */
static int read_again(struct queue_change *change, struct err *err)
{
	int64_t shown = change->count;

	if (queue_change_read(change, err) < 0)
		return -1;
	if (change->count <= shown)
		return 0;
	(void)err_set(err, ERR_STATE, "there are %" PRId64 " operations now, not the %" PRId64
		      " that were shown; nothing was taken back", change->count, shown);
	return err_hint(err, "somebody added more: try again");
}

static int cancel(struct queue_change *change, struct err *err)
{
	bool has_all = option_is_given(change->session->invocation, OPTION_ID_ALL);

	if (queue_change_read(change, err) < 0)
		return -1;
	if (has_all && change->count > 0 &&
	    (queue_ask_all(change, "To be taken back", "Take back", "taken back", err) < 0 ||
	     read_again(change, err) < 0))
		return -1;
	return stop(change, err);
}

int cmd_queue_cancel(struct session *session, struct err *err)
{
	static const struct queue_deed deed = {
		.method = "cancel",
		.done = "cancelled",
		.verb = "taken back",
		.hint = "\"ngmtctl queue release ID ...\" has them back.",
		.may_shrink = true,
	};
	struct queue_change change;
	int status;

	queue_change_init(&change, session, &deed);
	status = cancel(&change, err);
	queue_change_finish(&change);
	return status;
}

int cmd_queue_hold(struct session *session, struct err *err)
{
	static const struct queue_deed deed = {
		.method = "hold",
		.done = "held",
		.verb = "held",
		.hint = "\"ngmtctl queue release ID ...\" lets them go on.",
		.may_shrink = true,
	};
	struct queue_change change;
	int status = -1;

	queue_change_init(&change, session, &deed);
	if (queue_change_read(&change, err) == 0)
		status = stop(&change, err);
	queue_change_finish(&change);
	return status;
}
