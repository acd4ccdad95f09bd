/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "operation.h"

static struct json_object *type_view(const struct call *call, const void *item)
{
	const struct qualification_type *type = item;
	struct json_object *json = json_object_new_object();

	(void)call;
	put_text(json, "QualificationTypeId", type->id);
	put_moment(json, "CreationTime", type->created_ms);
	put_text(json, "Name", type->name);
	put_text(json, "Description", type->description);
	put_text(json, "Keywords", type->keywords);
	put_text(json, "QualificationTypeStatus", type->is_active ? "Active" : "Inactive");
	put_text(json, "Test", type->test);
	put_text(json, "AnswerKey", type->answer_key);
	if (type->test_duration_s >= 0)
		json_put_int(json, "TestDurationInSeconds", type->test_duration_s);
	if (type->retry_delay_s >= 0)
		json_put_int(json, "RetryDelayInSeconds", type->retry_delay_s);
	json_put_bool(json, "IsRequestable", true);
	json_put_bool(json, "AutoGranted", type->is_auto_granted);
	if (type->is_auto_granted)
		json_put_int(json, "AutoGrantedValue", type->auto_granted_value);
	return json;
}

static int set_if_given(const struct call *call, char **text, const char *member)
{
	const char *value = call_text(call, member, NULL);

	return value ? books_set_text(text, value) : 0;
}

/* What CreateQualificationType and UpdateQualificationType have in common; absent members stay as they are. */
static int apply_members(struct call *call, struct qualification_type *type)
{
	type->is_active = strcmp(call_text(call, "QualificationTypeStatus", type->is_active ? "Active" : "Inactive"),
				 "Active") == 0;
	type->retry_delay_s = call_int(call, "RetryDelayInSeconds", type->retry_delay_s);
	type->test_duration_s = call_int(call, "TestDurationInSeconds", type->test_duration_s);
	type->is_auto_granted = call_bool(call, "AutoGranted", type->is_auto_granted);
	type->auto_granted_value = call_int(call, "AutoGrantedValue", type->auto_granted_value);
	if (set_if_given(call, &type->description, "Description") < 0 ||
	    set_if_given(call, &type->keywords, "Keywords") < 0 || set_if_given(call, &type->test, "Test") < 0 ||
	    set_if_given(call, &type->answer_key, "AnswerKey") < 0)
		return -1;
	return 0;
}

static bool is_name_free(const struct call *call, const char *name)
{
	struct array_list *types = call->books->qualification_types;

	for (size_t i = 0; i < array_list_length(types); i++) {
		const struct qualification_type *type = array_list_get_idx(types, i);

		if (!type->is_deleted && strcmp(type->name, name) == 0)
			return false;
	}
	return true;
}

void op_create_qualification_type(struct call *call)
{
	const char *name = call_text(call, "Name", "");
	struct qualification_type *type;

	if (!is_name_free(call, name)) {
		call_refuse(call, "QualificationTypeAlreadyExists",
			    "You have already created a QualificationType with this name. A QualificationType's name "
			    "must be unique among all of the QualificationTypes created by the same user.");
		return;
	}
	type = books_add_qualification_type(call->books, NULL, name, call->now_ms);
	if (!type || apply_members(call, type) < 0)
		call_fault(call);
	else
		json_put_value(call->output, "QualificationType", type_view(call, type));
}

void op_update_qualification_type(struct call *call)
{
	struct qualification_type *type = call_qualification_type(call);

	if (!type)
		return;
	if (apply_members(call, type) < 0)
		call_fault(call);
	else
		json_put_value(call->output, "QualificationType", type_view(call, type));
}

void op_get_qualification_type(struct call *call)
{
	const struct qualification_type *type = call_qualification_type(call);

	if (type)
		json_put_value(call->output, "QualificationType", type_view(call, type));
}

void op_delete_qualification_type(struct call *call)
{
	struct qualification_type *type = call_qualification_type(call);

	if (type)
		type->is_deleted = true;
}

static bool fits_query(const struct call *call, const void *item, const void *filter)
{
	const struct qualification_type *type = item;
	const char *query = filter;

	(void)call;
	if (type->is_deleted)
		return false;
	return !query || strcasestr(type->name, query) || (type->keywords && strcasestr(type->keywords, query)) ||
	       (type->description && strcasestr(type->description, query));
}

void op_list_qualification_types(struct call *call)
{
	const struct listing listing = { .member = "QualificationTypes",
					 .scope = "ListQualificationTypes",
					 .items = call->books->qualification_types,
					 .filter = call_text(call, "Query", NULL),
					 .accept = fits_query,
					 .view = type_view };

	call_list(call, &listing);
}

void op_associate_qualification(struct call *call)
{
	struct qualification_type *type = call_qualification_type(call);
	struct worker *worker;
	struct grant *grant;

	if (!type)
		return;
	if (!type->is_active) {
		call_refuse(call, "InvalidQualificationTypeState",
			    "This operation can be called with a status of: Active");
		return;
	}
	worker = books_add_worker(call->books, call_text(call, "WorkerId", ""));
	grant = worker ? books_add_grant(type, worker) : NULL;
	if (!grant) {
		call_fault(call);
		return;
	}
	grant->value = call_int(call, "IntegerValue", 1);
	grant->granted_ms = call->now_ms;
	grant->is_revoked = false;
	if (call_bool(call, "SendNotification", true))
		grant->messages++;
}

/* The worker's grant of the named type, or a refusal. */
static struct grant *find_grant(struct call *call)
{
	const struct qualification_type *type = call_qualification_type(call);
	const char *worker_id = call_text(call, "WorkerId", "");
	struct grant *grant = type ? books_grant(type, worker_id) : NULL;

	if (type && !grant)
		call_refuse(call, "QualificationDoesNotExist", "Qualification %s of Worker %s does not exist.",
			    type->id, worker_id);
	else if (grant && grant->is_revoked)
		call_refuse(call, "InvalidQualificationState",
			    "This operation can be called with a status of: Granted");
	else
		return grant;
	return NULL;
}

void op_disassociate_qualification(struct call *call)
{
	struct grant *grant = find_grant(call);

	if (grant)
		grant->is_revoked = true;
}

static struct json_object *grant_view(const struct call *call, const void *item)
{
	const struct grant *grant = item;
	struct json_object *json = json_object_new_object();

	put_text(json, "QualificationTypeId", call_text(call, "QualificationTypeId", ""));
	put_text(json, "WorkerId", grant->worker->id);
	put_moment(json, "GrantTime", grant->granted_ms);
	json_put_int(json, "IntegerValue", grant->value);
	put_text(json, "Status", grant->is_revoked ? "Revoked" : "Granted");
	return json;
}

void op_get_qualification_score(struct call *call)
{
	const struct grant *grant = find_grant(call);

	if (grant)
		json_put_value(call->output, "Qualification", grant_view(call, grant));
}

static bool has_status(const struct call *call, const void *item, const void *filter)
{
	const struct grant *grant = item;
	const char *wanted = call_text(call, "Status", NULL);

	(void)filter;
	return !wanted || (strcmp(wanted, "Revoked") == 0) == grant->is_revoked;
}

void op_list_workers_with_qualification_type(struct call *call)
{
	const struct qualification_type *type = call_qualification_type(call);
	struct listing listing = { .member = "Qualifications", .accept = has_status, .view = grant_view };
	char scope[128];

	if (!type)
		return;
	(void)snprintf(scope, sizeof(scope), "ListWorkersWithQualificationType %s", type->id);
	listing.scope = scope;
	listing.items = type->grants;
	call_list(call, &listing);
}

/* Requests for qualifications are made by workers on Amazon's web site: in a rehearsal there are none. */
void op_list_qualification_requests(struct call *call)
{
	json_put_int(call->output, "NumResults", 0);
	json_put_value(call->output, "QualificationRequests", json_object_new_array());
}

static void refuse_request(struct call *call)
{
	call_refuse(call, "QualificationRequestDoesNotExist", "QualificationRequest %s does not exist.",
		    call_text(call, "QualificationRequestId", ""));
}

void op_accept_qualification_request(struct call *call)
{
	refuse_request(call);
}

void op_reject_qualification_request(struct call *call)
{
	refuse_request(call);
}
