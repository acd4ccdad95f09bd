/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operation.h"

#define OVERRIDE_WINDOW_MS (INT64_C(30) * 24 * 3600 * 1000)
#define ANSWERS_NAMESPACE                                                                                              \
	"http://mechanicalturk.amazonaws.com/AWSMechanicalTurkDataSchemas/2005-10-01/QuestionFormAnswers.xsd"

/* The survey code as a worker would have typed it into the form of an ExternalQuestion or HTMLQuestion. */
static void put_answer(struct json_object *json, const struct assignment *assignment)
{
	char *answer = NULL;

	if (assignment->answer) {
		put_text(json, "Answer", assignment->answer);
		return;
	}
	if (asprintf(&answer,
		     "<?xml version=\"1.0\" encoding=\"ASCII\"?><QuestionFormAnswers xmlns=\"" ANSWERS_NAMESPACE "\">"
		     "<Answer><QuestionIdentifier>surveycode</QuestionIdentifier><FreeText>%s</FreeText></Answer>"
		     "</QuestionFormAnswers>",
		     assignment->code ? assignment->code : "") < 0)
		return;
	put_text(json, "Answer", answer);
	free(answer);
}

static struct json_object *assignment_view(const struct call *call, const void *item)
{
	const struct assignment *assignment = item;
	struct json_object *json = json_object_new_object();

	(void)call;
	put_text(json, "AssignmentId", assignment->id);
	put_text(json, "WorkerId", assignment->worker->id);
	put_text(json, "HITId", assignment->hit->id);
	put_text(json, "AssignmentStatus", assignment_status(assignment));
	put_moment(json, "AutoApprovalTime", assignment->auto_approval_ms);
	put_moment(json, "AcceptTime", assignment->accepted_ms);
	put_moment(json, "SubmitTime", assignment->submitted_ms);
	put_moment(json, "ApprovalTime", assignment->approved_ms);
	put_moment(json, "RejectionTime", assignment->rejected_ms);
	put_moment(json, "Deadline", assignment->accepted_ms + assignment->hit->type->duration_s * 1000);
	put_answer(json, assignment);
	put_text(json, "RequesterFeedback", assignment->feedback);
	return json;
}

static void refuse_state(struct call *call, const char *states)
{
	call_refuse(call, "InvalidAssignmentState", "This operation can be called with a status of: %s", states);
}

void op_get_assignment(struct call *call)
{
	const struct assignment *assignment = call_assignment(call);

	if (!assignment)
		return;
	if (assignment->state == ASSIGNMENT_ACCEPTED) {
		refuse_state(call, "Reviewable,Approved,Rejected");
		return;
	}
	json_put_value(call->output, "Assignment", assignment_view(call, assignment));
	json_put_value(call->output, "HIT", hit_view(call, assignment->hit));
}

static bool has_wanted_status(const struct call *call, const void *item, const void *filter)
{
	struct json_object *wanted = json_get_array(call->input, "AssignmentStatuses");
	const struct assignment *assignment = item;
	const char *status = assignment_status(assignment);

	(void)filter;
	if (assignment->state == ASSIGNMENT_ACCEPTED)
		return false;
	if (!wanted || json_object_array_length(wanted) == 0)
		return true;
	for (size_t i = 0; i < json_object_array_length(wanted); i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(wanted, i)), status) == 0)
			return true;
	}
	return false;
}

void op_list_assignments(struct call *call)
{
	const struct hit *hit = call_hit(call);
	struct listing listing = { .member = "Assignments", .accept = has_wanted_status, .view = assignment_view };
	char scope[128];

	if (!hit)
		return;
	(void)snprintf(scope, sizeof(scope), "ListAssignmentsForHIT %s", hit->id);
	listing.scope = scope;
	listing.items = hit->assignments;
	call_list(call, &listing);
}

static bool may_override(const struct call *call, const struct assignment *assignment)
{
	return assignment->state == ASSIGNMENT_REJECTED && call_bool(call, "OverrideRejection", false) &&
	       !assignment->hit->is_disposed && call->now_ms - assignment->submitted_ms <= OVERRIDE_WINDOW_MS;
}

void op_approve_assignment(struct call *call)
{
	struct assignment *assignment = call_assignment(call);

	if (!assignment)
		return;
	if (assignment->state != ASSIGNMENT_SUBMITTED && !may_override(call, assignment)) {
		refuse_state(call, "Submitted");
		return;
	}
	if (books_approve(call->books, assignment, call->now_ms) < 0) {
		call_refuse_funds(call);
		return;
	}
	(void)books_set_text(&assignment->feedback, call_text(call, "RequesterFeedback", NULL));
}

void op_reject_assignment(struct call *call)
{
	struct assignment *assignment = call_assignment(call);

	if (!assignment)
		return;
	if (assignment->state != ASSIGNMENT_SUBMITTED) {
		refuse_state(call, "Submitted");
		return;
	}
	books_reject(call->books, assignment, call->now_ms);
	(void)books_set_text(&assignment->feedback, call_text(call, "RequesterFeedback", ""));
}
