/* SPDX-License-Identifier: MIT
 *
 * queue, release, cancel, hold, retry, resolve: looking at single operations, and deciding about those that wait for a
 * person.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "log.h"
#include "method.h"
#include "money.h"
#include "protocol.h"
#include "selection.h"

/* More at once would hold up everybody else. */
#define DEEDS_MAX 5000
#define REFUSALS_SHOWN 100

static const char *const purposes[] = { [SELECTED_TO_LOOK] = "look",
					[SELECTED_TO_RELEASE] = "release",
					[SELECTED_TO_CANCEL] = "cancel",
					[SELECTED_TO_HOLD] = "hold",
					[SELECTED_TO_RETRY] = "retry" };

static enum selection_purpose purpose_of(struct json_object *params)
{
	const char *wanted = NULL;

	if (json_get_text(params, "for", &wanted))
		for (int i = SELECTED_TO_RELEASE; i <= SELECTED_TO_RETRY; i++)
			if (strcmp(purposes[i], wanted) == 0)
				return (enum selection_purpose)i;
	return SELECTED_TO_LOOK;
}

static struct json_object *list(struct ledger *ledger, struct json_object *params, struct err *err)
{
	int64_t offset = 0, limit = PROTOCOL_PAGE_MAX;
	struct json_object *select = NULL, *page = NULL;
	struct selection selection;

	(void)json_get_int(params, "offset", &offset);
	(void)json_get_int(params, "limit", &limit);
	if (offset < 0 || limit < 1 || limit > PROTOCOL_PAGE_MAX) {
		(void)err_set(err, ERR_USAGE, "\"offset\" must be 0 or more and \"limit\" 1 to %d", PROTOCOL_PAGE_MAX);
		return NULL;
	}
	(void)json_object_object_get_ex(params, "select", &select);
	if (selection_read(&selection, select, purpose_of(params), err) == 0)
		page = selection_page(ledger, &selection, offset, limit, err);
	selection_finish(&selection);
	return page;
}

enum method_outcome method_queue(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	const char *what = "list";
	int64_t id = 0;

	(void)peer;
	(void)json_get_text(params, "what", &what);
	if (strcmp(what, "list") == 0)
		*result = list(daemon->ledger, params, err);
	else if (strcmp(what, "show") == 0 && json_get_int(params, "id", &id))
		*result = selection_show(daemon->ledger, id, err);
	else
		(void)err_set(err, ERR_USAGE, "\"what\" must be \"list\", or \"show\" with the \"id\" of an operation");
	return *result ? METHOD_DONE : METHOD_FAILED;
}

/* What a command does to each operation that it is about. */
typedef int deed_fn(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err);

struct doing {
	struct daemon *daemon;
	deed_fn *deed;
	int64_t batch_id;
	int64_t done;
	struct json_object *refused;
};

static int begin(struct doing *doing, const struct peer *peer, const char *command, struct err *err)
{
	struct ledger *ledger = doing->daemon->ledger;

	if (batch_begin(ledger, &peer->actor, command, "", &doing->batch_id, err) < 0 ||
	    batch_finish(ledger, doing->batch_id, err) < 0)
		return -1;
	log_info("%s user=\"%s\" uid=%u pid=%d batch=%" PRId64, command, peer->actor.user, (unsigned)peer->actor.uid,
		 (int)peer->actor.pid, doing->batch_id);
	doing->refused = json_object_new_array();
	return 0;
}

static void note_refusal(struct doing *doing, int64_t id, const char *why)
{
	struct json_object *refusal;

	if (json_object_array_length(doing->refused) >= REFUSALS_SHOWN)
		return;
	refusal = json_object_new_object();
	json_put_int(refusal, "id", id);
	json_put_text(refusal, "why", why);
	(void)json_object_array_add(doing->refused, refusal);
}

static int do_all(struct doing *doing, const int64_t *ids, int64_t count, struct err *err)
{
	char why[QUEUE_WHY_MAX];
	int result = 0;

	doing->daemon->ledger->acting_batch = doing->batch_id;
	for (int64_t i = 0; i < count && result >= 0; i++) {
		result = doing->deed(doing->daemon->queue, ids[i], why, err);
		doing->done += result > 0;
		if (result == 0)
			note_refusal(doing, ids[i], why);
	}
	doing->daemon->ledger->acting_batch = 0;
	return result < 0 ? -1 : 0;
}

/* What was shown and confirmed must be what is done (rule of money 7). */
static int check_expectation(struct ledger *ledger, const struct selection *selection, struct json_object *params,
			     struct err *err)
{
	struct json_object *expect = json_get_object(params, "expect");
	struct selection_total total;
	int64_t count = 0, amount = 0;
	char now[MONEY_TEXT_MAX], then[MONEY_TEXT_MAX];

	if (selection_total(ledger, selection, &total, err) < 0)
		return -1;
	if (total.count == 0)
		return err_set(err, ERR_NOT_FOUND, "no operation is chosen by that; nothing was done");
	if (total.count > DEEDS_MAX)
		return err_set(err, ERR_USAGE, "%" PRId64 " operations at once are too many: at most %d", total.count,
			       DEEDS_MAX);
	if (!json_has(params, "expect"))
		return 0;
	if (!json_get_int(expect, "count", &count) || !json_get_int(expect, "amount_cents", &amount))
		return err_set(err, ERR_USAGE, "\"expect\" must have \"count\" and \"amount_cents\"");
	if (count == total.count && amount == total.amount_minor)
		return 0;
	(void)err_set(err, ERR_MONEY_RULE,
		      "%" PRId64 " operations over %s were shown, it would be %" PRId64
		      " over %s now; nothing was done",
		      count, money_display(amount, then), total.count, money_display(total.amount_minor, now));
	return err_hint(err, "look at them again and confirm those");
}

static int choose(struct daemon *daemon, struct json_object *params, enum selection_purpose purpose, int64_t **ids,
		  int64_t *count, struct err *err)
{
	struct json_object *select = NULL;
	struct selection selection;
	int result;

	(void)json_object_object_get_ex(params, "select", &select);
	result = selection_read(&selection, select, purpose, err);
	if (result == 0)
		result = check_expectation(daemon->ledger, &selection, params, err);
	if (result == 0) {
		*count = selection_ids(daemon->ledger, &selection, DEEDS_MAX, ids, err);
		result = *count < 0 ? -1 : 0;
	}
	selection_finish(&selection);
	return result;
}

static enum method_outcome decide(struct doing *doing, const struct peer *peer, struct json_object *params,
				  enum selection_purpose purpose, const char *participle, struct json_object **result,
				  struct err *err)
{
	int64_t *ids = NULL, count = 0;
	char command[600];
	int outcome = choose(doing->daemon, params, purpose, &ids, &count, err);

	(void)snprintf(command, sizeof(command), "queue %s %.500s", purposes[purpose],
		       json_text(json_get_object(params, "select"), NULL));
	if (outcome == 0)
		outcome = begin(doing, peer, command, err);
	if (outcome == 0)
		outcome = do_all(doing, ids, count, err);
	if (outcome == 0 && purpose == SELECTED_TO_RETRY)
		queue_hurry(doing->daemon->queue, ids, count);
	free(ids);
	if (outcome < 0) {
		json_object_put(doing->refused);
		return METHOD_FAILED;
	}
	*result = json_object_new_object();
	json_put_int(*result, "batch", doing->batch_id);
	json_put_int(*result, participle, doing->done);
	json_put_value(*result, "refused", doing->refused);
	return METHOD_DONE;
}

enum method_outcome method_release(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				   struct json_object **result, struct err *err)
{
	struct doing doing = { .daemon = daemon, .deed = queue_release };

	return decide(&doing, peer, params, SELECTED_TO_RELEASE, "released", result, err);
}

enum method_outcome method_cancel(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				  struct json_object **result, struct err *err)
{
	struct doing doing = { .daemon = daemon, .deed = queue_cancel };

	return decide(&doing, peer, params, SELECTED_TO_CANCEL, "cancelled", result, err);
}

enum method_outcome method_hold(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	struct doing doing = { .daemon = daemon, .deed = queue_hold };

	return decide(&doing, peer, params, SELECTED_TO_HOLD, "held", result, err);
}

enum method_outcome method_retry(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	struct doing doing = { .daemon = daemon, .deed = queue_retry };

	return decide(&doing, peer, params, SELECTED_TO_RETRY, "retried", result, err);
}

static int resolve_done(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err)
{
	return queue_resolve(queue, id, true, why, err);
}

static int resolve_not_done(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err)
{
	return queue_resolve(queue, id, false, why, err);
}

enum method_outcome method_resolve(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				   struct json_object **result, struct err *err)
{
	struct doing doing = { .daemon = daemon };
	char command[80], why[QUEUE_WHY_MAX];
	bool was_executed = false;
	int64_t id = 0;
	int outcome;

	if (!json_get_int(params, "id", &id) || !json_get_bool(params, "done", &was_executed)) {
		(void)err_set(err, ERR_USAGE, "\"id\" must be the number of an operation and \"done\" true or false");
		return METHOD_FAILED;
	}
	doing.deed = was_executed ? resolve_done : resolve_not_done;
	(void)snprintf(command, sizeof(command), "queue resolve %" PRId64 " --%s", id,
		       was_executed ? "done" : "not-done");
	outcome = begin(&doing, peer, command, err);
	if (outcome == 0) {
		daemon->ledger->acting_batch = doing.batch_id;
		outcome = doing.deed(daemon->queue, id, why, err);
		daemon->ledger->acting_batch = 0;
	}
	json_object_put(doing.refused);
	if (outcome == 0)
		(void)err_set(err, ERR_STATE, "operation %" PRId64 " cannot be resolved: %s", id, why);
	if (outcome <= 0)
		return METHOD_FAILED;
	*result = json_object_new_object();
	json_put_int(*result, "batch", doing.batch_id);
	json_put_int(*result, "id", id);
	json_put_text(*result, "state", was_executed ? "done" : "planned");
	return METHOD_DONE;
}
