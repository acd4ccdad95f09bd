/* SPDX-License-Identifier: MIT
 *
 * hit create, extend, expire, hit delete: HITs through the queue.
 */
#include "commands.h"
#include "duration.h"
#include "errand.h"
#include "hit_file.h"
#include "session.h"

/* The params of an errand about a HIT: the one that is named, else the daemon takes the selected one. */
static struct json_object *hit_params(const struct session *session)
{
	struct json_object *params = json_object_new_object();

	if (session->invocation->word_count > 0)
		json_put_text(params, "hit_id", session->invocation->words[0]);
	return params;
}

int cmd_hit_create(struct session *session, struct err *err)
{
	struct json_object *hit = hit_file_read(session->invocation->words[0], err), *params;

	if (!hit)
		return -1;
	params = json_object_new_object();
	json_put_value(params, "hit", hit);
	if (option_is_given(session->invocation, OPTION_ID_PURPOSE))
		json_put_text(params, "purpose", option_text(session->invocation, OPTION_ID_PURPOSE));
	if (option_is_given(session->invocation, OPTION_ID_ROUNDS))
		json_put_bool(params, "rounds", true);
	return errand_run(session, "create-hit", params, err);
}

int cmd_extend(struct session *session, struct err *err)
{
	const char *time = option_text(session->invocation, OPTION_ID_TIME);
	int64_t seconds = 0, assignments = option_number(session->invocation, OPTION_ID_ADD, 0);
	struct json_object *params;

	if (!time && assignments == 0) {
		(void)err_set(err, ERR_USAGE, "\"extend\" needs to be told by what");
		return err_hint(err, "say --assignments (-a) NUMBER, --time (-t) SECONDS, or both");
	}
	if (time && duration_parse(time, &seconds, err) < 0) {
		err->code = ERR_USAGE;
		return err_prefix(err, "--time");
	}
	if (time && seconds == 0)
		return err_set(err, ERR_USAGE, "\"--time %.40s\" puts nothing off", time);
	params = hit_params(session);
	if (assignments > 0)
		json_put_int(params, "assignments", assignments);
	if (time)
		json_put_int(params, "time_s", seconds);
	return errand_run(session, "extend-hit", params, err);
}

int cmd_expire(struct session *session, struct err *err)
{
	return errand_run(session, "expire-hit", hit_params(session), err);
}

int cmd_hit_delete(struct session *session, struct err *err)
{
	return errand_run(session, "delete-hit", hit_params(session), err);
}
