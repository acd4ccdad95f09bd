/* SPDX-License-Identifier: MIT
 *
 * events: what happened.
 */
#include "daemon.h"
#include "events.h"
#include "method.h"
#include "protocol.h"

#define LIMIT_DEFAULT 100

static int read_range(struct events_range *range, struct json_object *params, struct err *err)
{
	*range = (struct events_range){ .after = -1, .limit = LIMIT_DEFAULT };
	(void)json_get_int(params, "after", &range->after);
	(void)json_get_int(params, "before", &range->before);
	(void)json_get_int(params, "limit", &range->limit);
	if (range->limit < 1 || range->limit > PROTOCOL_PAGE_MAX)
		return err_set(err, ERR_USAGE, "\"limit\" must be 1 to %d", PROTOCOL_PAGE_MAX);
	if (range->before < 0 || (json_has(params, "after") && range->after < 0) ||
	    (range->after >= 0 && range->before > 0))
		return err_set(err, ERR_USAGE, "\"before\" or \"after\" must be the number of an event, and not both");
	return events_read_lane(params, &range->lane, err);
}

enum method_outcome method_events(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	struct events_range range;
	struct json_object *list;
	int64_t next = 0;

	(void)peer;
	if (read_range(&range, params, err) < 0)
		return METHOD_FAILED;
	list = events_list(daemon->ledger, &range, &next, err);
	if (!list)
		return METHOD_FAILED;
	*result = json_object_new_object();
	json_put_value(*result, "events", list);
	json_put_value(*result, range.after >= 0 ? "next_after" : "next_before",
		       next ? json_object_new_int64(next) : NULL);
	json_put_int(*result, "newest", events_newest(daemon->ledger));
	return METHOD_DONE;
}
