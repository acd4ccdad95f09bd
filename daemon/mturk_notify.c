/* SPDX-License-Identifier: MIT
 *
 * NotifyWorkers. There is no token and no list to look into, and status 200 says nothing about a single worker: only an
 * answer with its list of failures, every one of them about a worker who was asked for, proves anything.
 */
#include <stdio.h>
#include <string.h>

#include "mturk.h"

#define FAILURES "NotifyWorkersFailureStatuses"

struct json_object *mturk_notify_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();
	struct err err;

	json_put_text(body, "Subject", op->subject);
	json_put_text(body, "MessageText", op->text);
	json_put_value(body, "WorkerIds", json_parse(op->workers, strlen(op->workers), &err));
	return body;
}

static bool has_text(struct json_object *array, const char *text)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		if (json_object_is_type(item, json_type_string) && strcmp(json_object_get_string(item), text) == 0)
			return true;
	}
	return false;
}

static bool are_about(struct json_object *failures, struct json_object *workers)
{
	const char *worker_id;

	for (size_t i = 0; i < json_object_array_length(failures); i++)
		if (!json_get_text(json_object_array_get_idx(failures, i), "WorkerId", &worker_id) ||
		    !has_text(workers, worker_id))
			return false;
	return true;
}

static void judge_failures(const struct op *op, struct json_object *body, struct judgement *out)
{
	struct err err;
	struct json_object *failures = json_get_array(body, FAILURES);
	struct json_object *workers = op->workers ? json_parse(op->workers, strlen(op->workers), &err) : NULL;

	if (failures && json_object_is_type(workers, json_type_array) && are_about(failures, workers))
		mturk_say(out, JUDGED_DONE, "sent", "sent");
	else
		mturk_say(out, JUDGED_UNKNOWN, "rubbish",
			  "the answer does not tell which workers were told; whether MTurk acted is not known");
	json_object_put(workers);
}

void mturk_judge_notified(const struct op *op, struct json_object *body, struct judgement *out)
{
	if (out->verdict == JUDGED_DONE && body)
		judge_failures(op, body, out);
	else if (out->verdict == JUDGED_DONE)
		/* Nothing identifies a notification, so nothing can be "processed already". */
		mturk_say(out, JUDGED_UNKNOWN, "rubbish",
			  "the answer does not fit a notification; whether MTurk acted is not known");
	else if (out->verdict == JUDGED_LOOK || out->verdict == JUDGED_NOT_YET || out->verdict == JUDGED_NO_FUNDS)
		out->verdict = JUDGED_REFUSED;
}

static void tell_refusal(struct json_object *failure, platform_refusal_fn *fn, void *arg)
{
	struct platform_refusal refusal = { 0 };
	const char *words = "no reason given", *code = "";
	char why[700];

	if (!json_get_text(failure, "WorkerId", &refusal.worker_id))
		return;
	(void)json_get_text(failure, "NotifyWorkersFailureMessage", &words);
	(void)json_get_text(failure, "NotifyWorkersFailureCode", &code);
	refusal.may_pass = strcmp(code, "SoftFailure") == 0;
	(void)snprintf(why, sizeof(why), "MTurk says: %.600s%s", words, refusal.may_pass ? " (later it may work)" : "");
	refusal.why = why;
	fn(arg, &refusal);
}

void mturk_each_refusal(const struct http_answer *answer, platform_refusal_fn *fn, void *arg)
{
	struct err err;
	struct json_object *body = json_parse(answer->body, answer->body_bytes, &err);
	struct json_object *failures = json_get_array(body, FAILURES);

	for (size_t i = 0; failures && i < json_object_array_length(failures); i++)
		tell_refusal(json_object_array_get_idx(failures, i), fn, arg);
	json_object_put(body);
}
