/* SPDX-License-Identifier: MIT
 *
 * Bodies of requests. Member names and order as in botocore's service-2.json.
 */
#include <stdlib.h>
#include <string.h>

#include "money.h"
#include "mturk.h"

#define PAGE_RESULTS 100

/* Serialises and puts the object. */
static char *take_body(struct json_object *object)
{
	char *body = strdup(json_text(object, NULL));

	json_object_put(object);
	return body;
}

static struct json_object *approve_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "AssignmentId", op->assignment_id);
	if (op->text && op->text[0])
		json_put_text(body, "RequesterFeedback", op->text);
	return body;
}

static struct json_object *reject_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "AssignmentId", op->assignment_id);
	/* Required by the server, although it may be empty. */
	json_put_text(body, "RequesterFeedback", op->text ? op->text : "");
	return body;
}

static struct json_object *bonus_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();
	char amount[MONEY_TEXT_MAX];

	json_put_text(body, "WorkerId", op->worker_id);
	json_put_text(body, "BonusAmount", money_format(op->amount_minor, amount));
	json_put_text(body, "AssignmentId", op->assignment_id);
	json_put_text(body, "Reason", op->text);
	json_put_text(body, "UniqueRequestToken", op->token);
	return body;
}

static struct json_object *qualify_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "QualificationTypeId", op->qualification_type_id);
	json_put_text(body, "WorkerId", op->worker_id);
	json_put_int(body, "IntegerValue", op->integer_value);
	/* MTurk's default is to write to the worker: always say it. */
	json_put_bool(body, "SendNotification", op->send_notification);
	return body;
}

static const struct {
	const char *target;
	struct json_object *(*members)(const struct op *op);
	bool wants_assignment, wants_worker, wants_text, wants_workers;
} writers[OP_KINDS] = {
	[OP_APPROVE] = { "ApproveAssignment", approve_members, true, false, false, false },
	[OP_REJECT] = { "RejectAssignment", reject_members, true, false, false, false },
	[OP_BONUS] = { "SendBonus", bonus_members, true, true, true, false },
	[OP_QUALIFY] = { "AssociateQualificationWithWorker", qualify_members, false, true, false, false },
	[OP_NOTIFY] = { "NotifyWorkers", mturk_notify_members, false, false, true, true },
};

int mturk_write(struct platform *platform, const struct op *op, struct platform_request *out, struct err *err)
{
	if ((writers[op->kind].wants_assignment && !op->assignment_id) ||
	    (writers[op->kind].wants_worker && !op->worker_id) || (writers[op->kind].wants_text && !op->text) ||
	    (writers[op->kind].wants_workers && (!op->workers || !op->subject)) ||
	    (op->kind == OP_QUALIFY && !op->qualification_type_id) ||
	    (op->kind == OP_BONUS && (op->amount_minor <= 0 || !op->token)))
		return err_set(err, ERR_PLATFORM, "the %s lacks what MTurk requires; nothing was sent",
			       op_kind_name(op->kind));
	return mturk_sign((struct mturk *)platform, writers[op->kind].target,
			  take_body(writers[op->kind].members(op)), out, err);
}

int mturk_write_read_back(struct platform *platform, const struct op *op, struct platform_request *out,
			  struct err *err)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "AssignmentId", op->assignment_id);
	if (op->kind != OP_BONUS)
		return mturk_sign((struct mturk *)platform, "GetAssignment", take_body(body), out, err);
	json_put_int(body, "MaxResults", PAGE_RESULTS);
	return mturk_sign((struct mturk *)platform, "ListBonusPayments", take_body(body), out, err);
}

static const struct {
	const char *target;
	const char *subject; /* member for the subject; NULL: none */
	bool is_paged;
} readers[READ_KINDS] = {
	[READ_BALANCE] = { "GetAccountBalance", NULL, false },
	[READ_HIT] = { "GetHIT", "HITId", false },
	[READ_HITS] = { "ListHITs", NULL, true },
	[READ_ASSIGNMENTS] = { "ListAssignmentsForHIT", "HITId", true },
	[READ_ASSIGNMENT] = { "GetAssignment", "AssignmentId", false },
	[READ_BONUSES] = { "ListBonusPayments", "HITId", true },
};

int mturk_write_read(struct platform *platform, const struct read *read, struct platform_request *out,
		     struct err *err)
{
	struct json_object *body = json_object_new_object();

	if (readers[read->kind].subject)
		json_put_text(body, readers[read->kind].subject, read->subject);
	if (readers[read->kind].is_paged) {
		if (read->page)
			json_put_text(body, "NextToken", read->page);
		json_put_int(body, "MaxResults", PAGE_RESULTS);
	}
	return mturk_sign((struct mturk *)platform, readers[read->kind].target, take_body(body), out, err);
}
