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

static struct json_object *approve_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body = json_object_new_object();

	(void)mturk;
	(void)err;
	json_put_text(body, "AssignmentId", op->assignment_id);
	if (op->text && op->text[0])
		json_put_text(body, "RequesterFeedback", op->text);
	return body;
}

static struct json_object *reject_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body = json_object_new_object();

	(void)mturk;
	(void)err;
	json_put_text(body, "AssignmentId", op->assignment_id);
	/* Required by the server, although it may be empty. */
	json_put_text(body, "RequesterFeedback", op->text ? op->text : "");
	return body;
}

static struct json_object *bonus_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body = json_object_new_object();
	char amount[MONEY_TEXT_MAX];

	(void)mturk;
	(void)err;
	json_put_text(body, "WorkerId", op->worker_id);
	json_put_text(body, "BonusAmount", money_format(op->amount_minor, amount));
	json_put_text(body, "AssignmentId", op->assignment_id);
	json_put_text(body, "Reason", op->text);
	json_put_text(body, "UniqueRequestToken", op->token);
	return body;
}

static struct json_object *qualify_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body = json_object_new_object();

	(void)mturk;
	(void)err;
	json_put_text(body, "QualificationTypeId", op->qualification_type_id);
	json_put_text(body, "WorkerId", op->worker_id);
	json_put_int(body, "IntegerValue", op->integer_value);
	/* MTurk's default is to write to the worker: always say it. */
	json_put_bool(body, "SendNotification", op->send_notification);
	return body;
}

static struct json_object *notify_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	(void)mturk;
	(void)err;
	return mturk_notify_members(op);
}

#define WANTS(member) (1U << (member))
enum wanted { ASSIGNMENT, WORKER, TEXT, WORKERS, SUBJECT, TYPE, HIT, AMOUNT, TOKEN, MEMBERS };

static const struct {
	const char *target;
	struct json_object *(*members)(struct mturk *mturk, const struct op *op, struct err *err);
	unsigned wants;
} writers[OP_KINDS] = {
	[OP_APPROVE] = { "ApproveAssignment", approve_members, WANTS(ASSIGNMENT) },
	[OP_REJECT] = { "RejectAssignment", reject_members, WANTS(ASSIGNMENT) },
	[OP_BONUS] = { "SendBonus", bonus_members,
		       WANTS(ASSIGNMENT) | WANTS(WORKER) | WANTS(TEXT) | WANTS(AMOUNT) | WANTS(TOKEN) },
	[OP_QUALIFY] = { "AssociateQualificationWithWorker", qualify_members, WANTS(WORKER) | WANTS(TYPE) },
	[OP_NOTIFY] = { "NotifyWorkers", notify_members, WANTS(TEXT) | WANTS(WORKERS) | WANTS(SUBJECT) },
	[OP_CREATE_HIT] = { "CreateHIT", mturk_hit_members, WANTS(TEXT) | WANTS(AMOUNT) | WANTS(TOKEN) },
	[OP_EXTEND_HIT] = { "CreateAdditionalAssignmentsForHIT", mturk_extend_members,
			    WANTS(HIT) | WANTS(AMOUNT) | WANTS(TOKEN) },
	[OP_EXPIRE_HIT] = { "UpdateExpirationForHIT", mturk_expire_members, WANTS(HIT) | WANTS(TOKEN) },
	[OP_DELETE_HIT] = { "DeleteHIT", mturk_hit_id_members, WANTS(HIT) },
	[OP_CREATE_TYPE] = { "CreateQualificationType", mturk_type_members, WANTS(TEXT) | WANTS(SUBJECT) },
	[OP_REVOKE] = { "DisassociateQualificationFromWorker", mturk_worker_members, WANTS(WORKER) | WANTS(TYPE) },
	[OP_BLOCK] = { "CreateWorkerBlock", mturk_worker_members, WANTS(WORKER) | WANTS(TEXT) },
	[OP_UNBLOCK] = { "DeleteWorkerBlock", mturk_worker_members, WANTS(WORKER) },
};

/* What MTurk requires and the operation does not have would leave as a null, or as a payment without a token. */
static bool is_complete(const struct op *op)
{
	const bool has[MEMBERS] = {
		[ASSIGNMENT] = op->assignment_id, [WORKER] = op->worker_id,
		[TEXT] = op->text,                [WORKERS] = op->workers,
		[SUBJECT] = op->subject,          [TYPE] = op->qualification_type_id,
		[HIT] = op->hit_id,               [AMOUNT] = op->amount_minor > 0,
		[TOKEN] = op->token,
	};

	for (unsigned i = 0; i < MEMBERS; i++)
		if ((writers[op->kind].wants & WANTS(i)) && !has[i])
			return false;
	return true;
}

int mturk_write(struct platform *platform, const struct op *op, struct platform_request *out, struct err *err)
{
	struct mturk *mturk = (struct mturk *)platform;
	struct json_object *members;

	if (!is_complete(op))
		return err_set(err, ERR_PLATFORM, "the %s lacks what MTurk requires; nothing was sent",
			       op_kind_name(op->kind));
	members = writers[op->kind].members(mturk, op, err);
	return members ? mturk_sign(mturk, writers[op->kind].target, take_body(members), out, err) : -1;
}

static struct json_object *bonuses_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "AssignmentId", op->assignment_id);
	json_put_int(body, "MaxResults", PAGE_RESULTS);
	return body;
}

static struct json_object *assignment_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "AssignmentId", op->assignment_id);
	return body;
}

static struct json_object *hit_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "HITId", op->hit_id);
	return body;
}

int mturk_write_read_back(struct platform *platform, const struct op *op, struct platform_request *out,
			  struct err *err)
{
	static const struct {
		const char *target;
		struct json_object *(*members)(const struct op *op);
	} questions[OP_KINDS] = {
		[OP_APPROVE] = { "GetAssignment", assignment_members },
		[OP_REJECT] = { "GetAssignment", assignment_members },
		[OP_BONUS] = { "ListBonusPayments", bonuses_members },
		[OP_EXPIRE_HIT] = { "GetHIT", hit_members },
		[OP_CREATE_TYPE] = { "ListQualificationTypes", mturk_types_named_members },
	};

	if (!questions[op->kind].members)
		return err_set(err, ERR_PLATFORM, "MTurk cannot tell what became of the %s: a person must decide",
			       op_kind_name(op->kind));
	return mturk_sign((struct mturk *)platform, questions[op->kind].target,
			  take_body(questions[op->kind].members(op)), out, err);
}

/* Amazon's own types are in nobody's lists. */
static void only_own(struct json_object *body)
{
	json_put_bool(body, "MustBeRequestable", false);
	json_put_bool(body, "MustBeOwnedByCaller", true);
}

static void only_granted(struct json_object *body)
{
	json_put_text(body, "Status", "Granted");
}

static const struct {
	const char *target;
	const char *subject; /* member for the subject; NULL: none */
	bool is_paged;
	void (*narrow)(struct json_object *body); /* NULL: everything */
} readers[READ_KINDS] = {
	[READ_BALANCE] = { "GetAccountBalance", NULL, false, NULL },
	[READ_HIT] = { "GetHIT", "HITId", false, NULL },
	[READ_HITS] = { "ListHITs", NULL, true, NULL },
	[READ_ASSIGNMENTS] = { "ListAssignmentsForHIT", "HITId", true, NULL },
	[READ_ASSIGNMENT] = { "GetAssignment", "AssignmentId", false, NULL },
	[READ_BONUSES] = { "ListBonusPayments", "HITId", true, NULL },
	[READ_BONUSES_OF] = { "ListBonusPayments", "AssignmentId", true, NULL },
	[READ_TYPE] = { "GetQualificationType", "QualificationTypeId", false, NULL },
	[READ_TYPES] = { "ListQualificationTypes", NULL, true, only_own },
	[READ_HOLDERS] = { "ListWorkersWithQualificationType", "QualificationTypeId", true, only_granted },
};

int mturk_write_read(struct platform *platform, const struct read *read, struct platform_request *out,
		     struct err *err)
{
	struct json_object *body = json_object_new_object();

	if (readers[read->kind].subject)
		json_put_text(body, readers[read->kind].subject, read->subject);
	if (readers[read->kind].narrow)
		readers[read->kind].narrow(body);
	if (readers[read->kind].is_paged) {
		if (read->page)
			json_put_text(body, "NextToken", read->page);
		json_put_int(body, "MaxResults", PAGE_RESULTS);
	}
	return mturk_sign((struct mturk *)platform, readers[read->kind].target, take_body(body), out, err);
}
