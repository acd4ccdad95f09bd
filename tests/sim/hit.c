/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fees.h"
#include "operation.h"

#define AUTO_APPROVAL_DEFAULT_S 2592000

static void put_terms(struct json_object *json, const struct hit_type *type)
{
	put_text(json, "Title", type->title);
	put_text(json, "Description", type->description);
	put_text(json, "Keywords", type->keywords);
	put_money(json, "Reward", type->reward_cents);
	json_put_int(json, "AutoApprovalDelayInSeconds", type->auto_approval_s);
	json_put_int(json, "AssignmentDurationInSeconds", type->duration_s);
	json_put_value(json, "QualificationRequirements",
		       type->requirements ? json_object_get(type->requirements) : json_object_new_array());
}

struct json_object *hit_view(const struct call *call, const void *item)
{
	const struct hit *hit = item;
	struct json_object *json = json_object_new_object();

	put_text(json, "HITId", hit->id);
	put_text(json, "HITTypeId", hit->type->id);
	put_text(json, "HITGroupId", hit->type->id);
	put_text(json, "HITLayoutId", hit->layout_id);
	put_moment(json, "CreationTime", hit->created_ms);
	put_terms(json, hit->type);
	put_text(json, "Question", hit->question);
	put_text(json, "HITStatus", hit_status(hit, call->now_ms));
	json_put_int(json, "MaxAssignments", hit->max_assignments);
	put_moment(json, "Expiration", hit->expires_ms);
	put_text(json, "RequesterAnnotation", hit->annotation);
	put_text(json, "HITReviewStatus", "NotReviewed");
	json_put_int(json, "NumberOfAssignmentsPending", hit->counts[ASSIGNMENT_ACCEPTED]);
	json_put_int(json, "NumberOfAssignmentsAvailable", hit_available(hit));
	json_put_int(json, "NumberOfAssignmentsCompleted",
		     hit->counts[ASSIGNMENT_APPROVED] + hit->counts[ASSIGNMENT_REJECTED]);
	return json;
}

static struct hit_type *read_terms(struct call *call)
{
	struct hit_terms terms = {
		.title = call_text(call, "Title", ""),
		.description = call_text(call, "Description", ""),
		.keywords = call_text(call, "Keywords", ""),
		.requirements = json_get_array(call->input, "QualificationRequirements"),
		.duration_s = call_int(call, "AssignmentDurationInSeconds", 0),
		.auto_approval_s = call_int(call, "AutoApprovalDelayInSeconds", AUTO_APPROVAL_DEFAULT_S),
	};
	struct hit_type *type;

	if (call_cents(call, "Reward", &terms.reward_cents) < 0)
		return NULL;
	type = books_add_hit_type(call->books, NULL, &terms);
	if (!type)
		call_fault(call);
	return type;
}

void op_create_hit_type(struct call *call)
{
	const struct hit_type *type = read_terms(call);

	if (type)
		put_text(call->output, "HITTypeId", type->id);
}

static bool is_new_token(struct call *call, const char *operation)
{
	const char *token = call_text(call, "UniqueRequestToken", NULL);
	const char *id = token ? tokens_find(call->books->tokens, operation, token, call->now_ms) : NULL;

	if (id)
		call_refuse(call, "HitAlreadyExists", "The HIT with ID \"%s\" already exists.", id);
	return !id;
}

static bool has_one_question(struct call *call)
{
	bool question = json_has(call->input, "Question"), layout = json_has(call->input, "HITLayoutId");

	if (question != layout)
		return true;
	call_refuse_sentence(call, "InvalidParameterCombinationError", "InvalidParameterCombination",
			     "The combination of parameters supplied to the request is invalid: Question, "
			     "HITLayoutId.");
	return false;
}

static void create(struct call *call, const char *operation, const struct hit_type *type)
{
	int64_t max_assignments = call_int(call, "MaxAssignments", 1);
	int64_t expires_ms = call->now_ms + call_int(call, "LifetimeInSeconds", 0) * 1000;
	const char *token = call_text(call, "UniqueRequestToken", NULL);
	struct hit *hit;

	if (!books_can_hold(call->books, type, max_assignments)) {
		call_refuse_funds(call);
		return;
	}
	hit = books_add_hit(call->books, NULL, type, max_assignments, call->now_ms, expires_ms);
	if (!hit || books_set_text(&hit->question, call_text(call, "Question", NULL)) < 0 ||
	    books_set_text(&hit->annotation, call_text(call, "RequesterAnnotation", NULL)) < 0 ||
	    books_set_text(&hit->layout_id, call_text(call, "HITLayoutId", NULL)) < 0 ||
	    books_hold(call->books, hit, call->now_ms) < 0) {
		call_fault(call);
		return;
	}
	if (token)
		(void)tokens_remember(call->books->tokens, operation, token, hit->id, call->now_ms);
	json_put_value(call->output, "HIT", hit_view(call, hit));
}

void op_create_hit(struct call *call)
{
	const struct hit_type *type;

	if (!is_new_token(call, "CreateHIT") || !has_one_question(call))
		return;
	type = read_terms(call);
	if (type)
		create(call, "CreateHIT", type);
}

void op_create_hit_with_type(struct call *call)
{
	const char *id = call_text(call, "HITTypeId", "");
	const struct hit_type *type = books_hit_type(call->books, id);

	if (!type)
		call_refuse(call, "HITTypeDoesNotExist", "HITType %s does not exist.", id);
	else if (is_new_token(call, "CreateHITWithHITType") && has_one_question(call))
		create(call, "CreateHITWithHITType", type);
}

void op_get_hit(struct call *call)
{
	const struct hit *hit = call_hit(call);

	if (hit)
		json_put_value(call->output, "HIT", hit_view(call, hit));
}

static bool is_kept(const struct call *call, const void *item, const void *filter)
{
	(void)call;
	(void)filter;
	return !((const struct hit *)item)->is_disposed;
}

void op_list_hits(struct call *call)
{
	const struct listing listing = { .member = "HITs",
					 .scope = "ListHITs",
					 .items = call->books->hits,
					 .accept = is_kept,
					 .view = hit_view };

	call_list(call, &listing);
}

static bool is_reviewable(const struct call *call, const void *item, const void *filter)
{
	const struct hit *hit = item;

	(void)filter;
	if (strcmp(hit_status(hit, call->now_ms), call_text(call, "Status", "Reviewable")) != 0)
		return false;
	return strcmp(call_text(call, "HITTypeId", hit->type->id), hit->type->id) == 0;
}

void op_list_reviewable_hits(struct call *call)
{
	const struct listing listing = { .member = "HITs",
					 .scope = "ListReviewableHITs",
					 .items = call->books->hits,
					 .accept = is_reviewable,
					 .view = hit_view };

	call_list(call, &listing);
}

static bool needs_qualification(const struct call *call, const void *item, const void *filter)
{
	const struct hit *hit = item;
	const char *id;

	if (!is_kept(call, item, NULL) || !hit->type->requirements)
		return false;
	for (size_t i = 0; i < json_object_array_length(hit->type->requirements); i++) {
		if (json_get_text(json_object_array_get_idx(hit->type->requirements, i), "QualificationTypeId", &id) &&
		    strcmp(id, filter) == 0)
			return true;
	}
	return false;
}

void op_list_hits_for_qualification_type(struct call *call)
{
	const struct qualification_type *type = call_qualification_type(call);
	const struct listing listing = { .member = "HITs",
					 .scope = "ListHITsForQualificationType",
					 .items = call->books->hits,
					 .filter = type ? type->id : NULL,
					 .accept = needs_qualification,
					 .view = hit_view };

	if (type)
		call_list(call, &listing);
}

/* The real service makes a token of its own from HIT and date, and refuses to do the same thing twice. */
static bool is_new_expiration(struct call *call, const struct hit *hit, int64_t expire_at_s, char *token, size_t size)
{
	time_t at = (time_t)expire_at_s;
	char date[40] = "";
	struct tm parts;

	if (gmtime_r(&at, &parts))
		(void)strftime(date, sizeof(date), "%a %b %d %H:%M:%S UTC %Y", &parts);
	(void)snprintf(token, size, "%s%s", hit->id, date);
	if (!tokens_find(call->books->tokens, "UpdateExpirationForHIT", token, call->now_ms))
		return true;
	call_refuse(call, NULL, "The idempotency token \"%s\" has already been processed.", token);
	return false;
}

void op_update_expiration(struct call *call)
{
	int64_t expire_at_s = call_int(call, "ExpireAt", 0), before_ms;
	struct hit *hit = call_hit(call);
	char token[128];

	if (!hit || !is_new_expiration(call, hit, expire_at_s, token, sizeof(token)))
		return;
	if (hit->is_disposed) {
		call_refuse(call, "InvalidHITState", "This HIT is currently in the state 'Disposed'.");
		return;
	}
	before_ms = hit->expires_ms;
	hit->expires_ms = expire_at_s * 1000 > call->now_ms ? expire_at_s * 1000 : call->now_ms;
	if (books_hold(call->books, hit, call->now_ms) < 0) {
		hit->expires_ms = before_ms;
		call_refuse_funds(call);
		return;
	}
	(void)tokens_remember(call->books->tokens, "UpdateExpirationForHIT", token, hit->id, call->now_ms);
}

void op_create_additional_assignments(struct call *call)
{
	int64_t more = call_int(call, "NumberOfAdditionalAssignments", 0);
	const char *token = call_text(call, "UniqueRequestToken", NULL);
	struct hit *hit = call_hit(call);

	if (!hit)
		return;
	if (token && tokens_find(call->books->tokens, "CreateAdditionalAssignmentsForHIT", token, call->now_ms)) {
		call_refuse(call, NULL, "The idempotency token \"%s\" has already been processed.", token);
	} else if (hit->is_disposed) {
		call_refuse(call, "InvalidHITState", "This HIT is currently in the state 'Disposed'.");
	} else if (hit->max_assignments < FEES_MANY_ASSIGNMENTS &&
		   hit->max_assignments + more >= FEES_MANY_ASSIGNMENTS) {
		call_refuse(call, "InvalidMaximumAssignmentsIncrease",
			    "HITs created with fewer than 10 assignments cannot be extended to have 10 or more "
			    "assignments.");
	} else if (hit->max_assignments + more > 1000000000) {
		call_refuse_value(call, json_object_get_string(json_object_object_get(
						call->input, "NumberOfAdditionalAssignments")),
				  "NumberOfAdditionalAssignments");
	} else {
		hit->max_assignments += more;
		if (books_hold(call->books, hit, call->now_ms) == 0) {
			if (token)
				(void)tokens_remember(call->books->tokens, "CreateAdditionalAssignmentsForHIT", token,
						      hit->id, call->now_ms);
			return;
		}
		hit->max_assignments -= more;
		call_refuse_funds(call);
	}
}

void op_delete_hit(struct call *call)
{
	struct hit *hit = call_hit(call);
	const char *status;

	if (!hit)
		return;
	status = hit_status(hit, call->now_ms);
	if (strcmp(status, "Reviewable") != 0 || hit->counts[ASSIGNMENT_SUBMITTED] > 0) {
		call_refuse(call, "InvalidHITState",
			    "This HIT is currently in the state '%s'.  This operation can be called with a status of: "
			    "Reviewable, with all of its assignments approved or rejected",
			    status);
		return;
	}
	hit->is_disposed = true;
	(void)books_hold(call->books, hit, call->now_ms);
}
