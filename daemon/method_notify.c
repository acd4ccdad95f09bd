/* SPDX-License-Identifier: MIT
 *
 * plan_notify, apply_notify: writing to workers, each once.
 */
#include <inttypes.h>
#include <string.h>

#include "daemon.h"
#include "log.h"
#include "method.h"
#include "notice.h"

/* What both methods need; the notice borrows the params. */
struct wish {
	struct notice_params params;
	struct notice *notice;
};

static int wish_init(struct wish *wish, const struct daemon *daemon, struct json_object *params, struct err *err)
{
	const struct platform_class *class = daemon->platform->class;

	if (!(class->capabilities & PLATFORM_NOTIFIES))
		return err_set(err, ERR_PLATFORM, "%s cannot write to workers", class->title);
	if (notice_params_read(&wish->params, params, &class->message, err) < 0)
		return -1;
	wish->notice = notice_new(daemon->ledger, &wish->params, &class->message, err);
	if (wish->notice)
		return 0;
	notice_params_finish(&wish->params);
	return -1;
}

static void wish_finish(struct wish *wish)
{
	notice_free(wish->notice);
	notice_params_finish(&wish->params);
}

enum method_outcome method_plan_notify(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				       struct json_object **result, struct err *err)
{
	struct wish wish = { 0 };

	(void)peer;
	if (wish_init(&wish, daemon, params, err) < 0)
		return METHOD_FAILED;
	*result = notice_describe(wish.notice, err);
	wish_finish(&wish);
	return *result ? METHOD_DONE : METHOD_FAILED;
}

static int check_digest(const struct wish *wish, struct err *err)
{
	const char *now = notice_digest(wish->notice), *shown = wish->params.digest;

	if (shown && strcmp(shown, now) == 0)
		return 0;
	(void)err_set(err, ERR_MONEY_RULE,
		      "the plan has changed since it was shown: it is %s now, not %.40s; nobody was told", now,
		      shown ? shown : "(none)");
	return err_hint(err, "look at the plan again and confirm that one");
}

/* Two commands at once cannot both get past this: it is one turn, and whoever is recorded is "about to be told". */
static struct json_object *record(struct daemon *daemon, const struct peer *peer, const struct wish *wish,
				  struct err *err)
{
	int64_t batch_id, operations;

	if (check_digest(wish, err) < 0 || notice_record(wish->notice, &peer->actor, &batch_id, &operations, err) < 0 ||
	    (batch_id && queue_add_batch(daemon->queue, batch_id, err) < 0))
		return NULL;
	log_info("notification recorded batch=%" PRId64 " operations=%" PRId64 " user=\"%s\" uid=%u pid=%d digest=%s",
		 batch_id, operations, peer->actor.user, (unsigned)peer->actor.uid, (int)peer->actor.pid,
		 notice_digest(wish->notice));
	return notice_describe_recorded(wish->notice, batch_id, operations, err);
}

enum method_outcome method_apply_notify(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					struct json_object **result, struct err *err)
{
	struct wish wish = { 0 };

	if (method_check_recording(daemon, err) < 0 || wish_init(&wish, daemon, params, err) < 0)
		return METHOD_FAILED;
	*result = record(daemon, peer, &wish, err);
	wish_finish(&wish);
	return *result ? METHOD_DONE : METHOD_FAILED;
}
