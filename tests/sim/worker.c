/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "operation.h"

void op_create_worker_block(struct call *call)
{
	struct worker *worker = books_add_worker(call->books, call_text(call, "WorkerId", ""));

	if (!worker || books_set_text(&worker->block_reason, call_text(call, "Reason", "")) < 0)
		call_fault(call);
}

void op_delete_worker_block(struct call *call)
{
	struct worker *worker = books_worker(call->books, call_text(call, "WorkerId", ""));

	if (worker)
		(void)books_set_text(&worker->block_reason, NULL);
}

static bool is_blocked(const struct call *call, const void *item, const void *filter)
{
	(void)call;
	(void)filter;
	return ((const struct worker *)item)->block_reason;
}

static struct json_object *block_view(const struct call *call, const void *item)
{
	struct json_object *json = json_object_new_object();

	(void)call;
	put_text(json, "WorkerId", ((const struct worker *)item)->id);
	put_text(json, "Reason", ((const struct worker *)item)->block_reason);
	return json;
}

void op_list_worker_blocks(struct call *call)
{
	const struct listing listing = { .member = "WorkerBlocks",
					 .scope = "ListWorkerBlocks",
					 .items = call->books->workers,
					 .accept = is_blocked,
					 .view = block_view };

	call_list(call, &listing);
}

static struct json_object *failure_view(const char *worker_id)
{
	struct json_object *json = json_object_new_object();

	put_text(json, "NotifyWorkersFailureCode", "HardFailure");
	put_text(json, "NotifyWorkersFailureMessage",
		 "Cannot send a notification to a worker who has not done any work for you");
	put_text(json, "WorkerId", worker_id);
	return json;
}

/* One worker gets the message or an entry among the failures: the call as a whole succeeds either way. */
static void notify(struct call *call, struct message *message, const char *worker_id, struct json_object *failures)
{
	struct worker *worker = books_worker(call->books, worker_id);
	bool is_known = worker && worker->submitted > 0;
	char *copy = strdup(worker_id);

	if (!copy || array_list_add(is_known ? message->workers : message->failures, copy) < 0)
		free(copy);
	if (is_known)
		worker->messages++;
	else
		(void)json_object_array_add(failures, failure_view(worker_id));
}

void op_notify_workers(struct call *call)
{
	struct json_object *ids = json_get_array(call->input, "WorkerIds"), *failures;
	struct message *message;

	message = books_add_message(call->books, call_text(call, "Subject", ""), call_text(call, "MessageText", ""),
				    call->now_ms);
	if (!message || !ids) {
		call_fault(call);
		return;
	}
	failures = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(ids); i++)
		notify(call, message, json_object_get_string(json_object_array_get_idx(ids, i)), failures);
	json_put_value(call->output, "NotifyWorkersFailureStatuses", failures);
}
