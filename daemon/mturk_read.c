/* SPDX-License-Identifier: MIT
 *
 * The shapes of what MTurk lists, into platform-neutral words.
 */
#include <string.h>

#include "money.h"
#include "mturk.h"

bool mturk_get_status(struct json_object *assignment, enum assignment_status *out)
{
	static const struct {
		const char *word;
		enum assignment_status status;
	} words[] = { { "Submitted", ASSIGNMENT_SUBMITTED },
		      { "Approved", ASSIGNMENT_APPROVED },
		      { "Rejected", ASSIGNMENT_REJECTED } };
	const char *word;

	if (!json_get_text(assignment, "AssignmentStatus", &word))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, word) == 0) {
			*out = words[i].status;
			return true;
		}
	}
	return false;
}

bool mturk_get_time(struct json_object *object, const char *key, int64_t *out)
{
	double seconds;

	if (!json_get_number(object, key, &seconds) || seconds < 0 || seconds > 1e11)
		return false;
	*out = (int64_t)seconds;
	return true;
}

bool mturk_get_money(struct json_object *object, const char *key, int64_t *out)
{
	const char *text;

	return json_get_text(object, key, &text) && money_parse(text, out, NULL) == 0;
}

bool mturk_get_bonus(struct json_object *payment, struct bonus_payment *out)
{
	*out = (struct bonus_payment){ 0 };
	(void)json_get_text(payment, "Reason", &out->reason);
	(void)mturk_get_time(payment, "GrantTime", &out->granted_s);
	return json_get_text(payment, "AssignmentId", &out->assignment_id) &&
	       json_get_text(payment, "WorkerId", &out->worker_id) &&
	       mturk_get_money(payment, "BonusAmount", &out->amount_minor);
}

static bool get_hit(struct json_object *object, struct hit *out)
{
	*out = (struct hit){ 0 };
	(void)json_get_text(object, "Title", &out->title);
	(void)json_get_text(object, "HITStatus", &out->status);
	(void)json_get_text(object, "HITReviewStatus", &out->review_status);
	(void)json_get_text(object, "RequesterAnnotation", &out->annotation);
	(void)json_get_text(object, "Description", &out->description);
	(void)json_get_text(object, "Keywords", &out->keywords);
	(void)json_get_int(object, "MaxAssignments", &out->max_assignments);
	(void)json_get_int(object, "NumberOfAssignmentsPending", &out->pending);
	(void)json_get_int(object, "NumberOfAssignmentsAvailable", &out->available);
	(void)json_get_int(object, "NumberOfAssignmentsCompleted", &out->completed);
	(void)mturk_get_time(object, "CreationTime", &out->created_s);
	(void)mturk_get_time(object, "Expiration", &out->expires_s);
	(void)json_get_int(object, "AssignmentDurationInSeconds", &out->duration_s);
	(void)json_get_int(object, "AutoApprovalDelayInSeconds", &out->auto_approval_s);
	(void)mturk_get_money(object, "Reward", &out->reward_minor);
	return json_get_text(object, "HITId", &out->hit_id);
}

static bool get_assignment(struct json_object *object, struct assignment *out)
{
	*out = (struct assignment){ 0 };
	(void)mturk_get_time(object, "SubmitTime", &out->submitted_s);
	(void)mturk_get_time(object, "AutoApprovalTime", &out->auto_approval_s);
	(void)mturk_get_time(object, "ApprovalTime", &out->approved_s);
	return json_get_text(object, "AssignmentId", &out->assignment_id) &&
	       json_get_text(object, "WorkerId", &out->worker_id) && json_get_text(object, "HITId", &out->hit_id) &&
	       mturk_get_status(object, &out->status);
}

static bool get_type(struct json_object *object, struct qualification_type *out)
{
	*out = (struct qualification_type){ 0 };
	(void)json_get_text(object, "Description", &out->description);
	(void)json_get_text(object, "Keywords", &out->keywords);
	(void)json_get_text(object, "QualificationTypeStatus", &out->status);
	(void)mturk_get_time(object, "CreationTime", &out->created_s);
	(void)json_get_bool(object, "IsRequestable", &out->is_requestable);
	(void)json_get_bool(object, "AutoGranted", &out->is_auto_granted);
	(void)json_get_int(object, "AutoGrantedValue", &out->auto_granted_value);
	out->has_test = json_has(object, "Test");
	(void)json_get_text(object, "Name", &out->name);
	return json_get_text(object, "QualificationTypeId", &out->qualification_type_id);
}

static bool get_qualification(struct json_object *object, struct qualification *out)
{
	*out = (struct qualification){ 0 };
	(void)json_get_text(object, "QualificationTypeId", &out->qualification_type_id);
	(void)json_get_int(object, "IntegerValue", &out->integer_value);
	(void)json_get_text(json_get_object(object, "LocaleValue"), "Country", &out->locale);
	(void)mturk_get_time(object, "GrantTime", &out->granted_s);
	return json_get_text(object, "WorkerId", &out->worker_id);
}

static bool take_balance(struct json_object *body, const struct read_sink *sink)
{
	int64_t available, on_hold = 0;
	bool on_hold_known = mturk_get_money(body, "OnHoldBalance", &on_hold);

	if (!mturk_get_money(body, "AvailableBalance", &available))
		return false;
	if (sink->on_balance)
		sink->on_balance(sink->arg, available, on_hold, on_hold_known);
	return true;
}

static bool take_hit(struct json_object *object, const struct read_sink *sink)
{
	struct hit hit;

	if (!get_hit(object, &hit))
		return false;
	if (sink->on_hit)
		sink->on_hit(sink->arg, &hit);
	return true;
}

static void tell_assignment(struct json_object *object, struct assignment *assignment, const struct read_sink *sink)
{
	const char *answer;
	struct json_object *codes = json_get_text(object, "Answer", &answer) ? mturk_read_codes(answer) : NULL;

	assignment->codes = codes ? json_text(codes, NULL) : NULL;
	sink->on_assignment(sink->arg, assignment);
	json_object_put(codes);
}

static bool take_assignment(struct json_object *object, const struct read_sink *sink)
{
	struct assignment assignment;

	if (!get_assignment(object, &assignment))
		return false;
	if (sink->on_assignment)
		tell_assignment(object, &assignment, sink);
	return true;
}

static bool take_bonus(struct json_object *object, const struct read_sink *sink)
{
	struct bonus_payment payment;

	if (!mturk_get_bonus(object, &payment))
		return false;
	if (sink->on_bonus)
		sink->on_bonus(sink->arg, &payment);
	return true;
}

static bool take_type(struct json_object *object, const struct read_sink *sink)
{
	struct qualification_type type;

	if (!get_type(object, &type))
		return false;
	if (sink->on_type)
		sink->on_type(sink->arg, &type);
	return true;
}

static bool take_qualification(struct json_object *object, const struct read_sink *sink)
{
	struct qualification qualification;

	if (!get_qualification(object, &qualification))
		return false;
	if (sink->on_holder)
		sink->on_holder(sink->arg, &qualification);
	return true;
}

/* A sink that takes everything and does nothing: whether an answer is good is asked before anybody is told of it,
 * since a page that is not is asked for again. */
static const struct read_sink nobody;

typedef bool take_fn(struct json_object *object, const struct read_sink *sink);

static bool take_items(struct json_object *list, const struct read_sink *sink, take_fn *take)
{
	size_t count = json_object_array_length(list);

	for (size_t i = 0; i < count; i++)
		if (!take(json_object_array_get_idx(list, i), sink))
			return false;
	return true;
}

/* A list that lacks an item or holds an odd one must not pass for a complete one: a bonus that is overlooked is paid
 * twice. Nor does a continuation that cannot be read pass for the end of the list. */
static bool take_list(struct json_object *body, const char *key, const struct read_sink *sink, take_fn *take)
{
	struct json_object *list = json_get_array(body, key), *token = NULL;
	const char *next = "";

	(void)json_object_object_get_ex(body, "NextToken", &token);
	if (!list || (token && !json_get_text(body, "NextToken", &next)) || !take_items(list, &nobody, take))
		return false;
	(void)take_items(list, sink, take);
	if (sink->on_page && next[0])
		sink->on_page(sink->arg, next);
	return true;
}

static bool take_hit_answer(struct json_object *body, const struct read_sink *sink)
{
	return take_hit(json_get_object(body, "HIT"), sink);
}

static bool take_hits(struct json_object *body, const struct read_sink *sink)
{
	return take_list(body, "HITs", sink, take_hit);
}

static bool take_assignments(struct json_object *body, const struct read_sink *sink)
{
	return take_list(body, "Assignments", sink, take_assignment);
}

static bool take_assignment_answer(struct json_object *body, const struct read_sink *sink)
{
	struct json_object *assignment = json_get_object(body, "Assignment"), *hit = json_get_object(body, "HIT");

	return take_assignment(assignment, &nobody) && take_hit(hit, &nobody) && take_assignment(assignment, sink) &&
	       take_hit(hit, sink);
}

static bool take_bonuses(struct json_object *body, const struct read_sink *sink)
{
	return take_list(body, "BonusPayments", sink, take_bonus);
}

static bool take_type_answer(struct json_object *body, const struct read_sink *sink)
{
	return take_type(json_get_object(body, "QualificationType"), sink);
}

static bool take_types(struct json_object *body, const struct read_sink *sink)
{
	return take_list(body, "QualificationTypes", sink, take_type);
}

static bool take_holders(struct json_object *body, const struct read_sink *sink)
{
	return take_list(body, "Qualifications", sink, take_qualification);
}

static bool (*const takers[READ_KINDS])(struct json_object *body, const struct read_sink *sink) = {
	[READ_BALANCE] = take_balance,
	[READ_HIT] = take_hit_answer,
	[READ_HITS] = take_hits,
	[READ_ASSIGNMENTS] = take_assignments,
	[READ_ASSIGNMENT] = take_assignment_answer,
	[READ_BONUSES] = take_bonuses,
	[READ_BONUSES_OF] = take_bonuses,
	[READ_TYPE] = take_type_answer,
	[READ_TYPES] = take_types,
	[READ_HOLDERS] = take_holders,
};

static const struct {
	enum read_kind kind;
	const char *outcome; /* that tells that there is none */
} absences[] = {
	{ READ_BONUSES_OF, "no-assignment" },
	{ READ_TYPE, "no-qualification-type" },
	{ READ_HOLDERS, "no-qualification-type" },
};

static bool is_absent(const struct read *read, const char *outcome)
{
	for (size_t i = 0; i < sizeof(absences) / sizeof(absences[0]); i++)
		if (absences[i].kind == read->kind && strcmp(absences[i].outcome, outcome) == 0)
			return true;
	return false;
}

/* "No such thing" is an answer too. GetAssignment speaks of the state while the worker has not submitted yet. */
static bool take_absence(const struct read *read, const struct read_sink *sink, struct judgement *judgement)
{
	struct assignment absent = { .assignment_id = read->subject };

	if (read->kind == READ_ASSIGNMENT &&
	    (judgement->verdict == JUDGED_NOT_YET || judgement->verdict == JUDGED_LOOK)) {
		absent.status = judgement->verdict == JUDGED_LOOK ? ASSIGNMENT_NOT_SUBMITTED : ASSIGNMENT_NONE;
		if (sink->on_assignment)
			sink->on_assignment(sink->arg, &absent);
		return true;
	}
	if (is_absent(read, judgement->outcome)) {
		if (sink->on_missing)
			sink->on_missing(sink->arg, read->subject);
		return true;
	}
	if (read->subject && strcmp(judgement->outcome, "no-hit") == 0) {
		if (sink->on_missing_hit)
			sink->on_missing_hit(sink->arg, read->subject);
		return true;
	}
	return false;
}

void mturk_judge_read(struct platform *platform, const struct read *read, const struct http_answer *answer,
		      const struct read_sink *sink, struct judgement *out)
{
	struct json_object *body;

	mturk_judge_answer((struct mturk *)platform, answer, &body, out);
	if (out->verdict == JUDGED_DONE && (!body || !takers[read->kind](body, sink)))
		mturk_say(out, JUDGED_UNKNOWN, "rubbish", "the answer lacks what MTurk always sends");
	else if (out->verdict != JUDGED_DONE && take_absence(read, sink, out))
		mturk_say(out, JUDGED_DONE, "absent", "MTurk does not know it");
	json_object_put(body);
}
