/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

#define HTML                                                                                                           \
	"<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n<center><h1>503 Service "    \
	"Temporarily Unavailable</h1></center>\n</body>\n</html>\n"
#define SERVICE_FAULT                                                                                                  \
	"{\"__type\":\"ServiceFault\",\"Message\":\"Amazon Mechanical Turk is temporarily unable to process your "     \
	"request. Try your call again.\",\"TurkErrorCode\":\"AWS.ServiceUnavailable\"}"
#define RUBBISH "\x01\x02 this is not the JSON you are looking for {{{\xff\xfe"

struct fault_kind {
	const char *name;
	bool executes;
	bool replaces; /* the answer's status and body */
	enum cut cut;
};

static const struct fault_kind kinds[] = {
	{ "delay", true, false, CUT_NONE },	  { "status", false, true, CUT_NONE },
	{ "rubbish", true, true, CUT_NONE },	  { "empty", true, true, CUT_NONE },
	{ "half", true, false, CUT_HALF },	  { "drop-before", false, false, CUT_CLOSE },
	{ "drop-after", true, false, CUT_CLOSE }, { "drop-during", true, false, CUT_DURING },
	{ "freeze", false, false, CUT_FREEZE },	  { "error", false, true, CUT_NONE },
};

void faults_finish(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		json_object_put(faults->rules[i].rule);
	faults->count = 0;
}

static const struct fault_kind *find_kind(const char *name, struct err *err)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
		suggest_offer(&suggest, kinds[i].name);
	}
	(void)err_set(err, ERR_USAGE, "unknown kind of fault \"%s\"", name);
	if (suggest.best)
		(void)err_hint(err, "did you mean \"%s\"?", suggest.best);
	return NULL;
}

static void read_texts(struct fault *fault, struct json_object *rule)
{
	fault->rule = json_object_get(rule);
	fault->operation = "*";
	(void)json_get_text(rule, "operation", &fault->operation);
	(void)json_get_text(rule, "contains", &fault->contains);
	(void)json_get_text(rule, "body", &fault->body);
	(void)json_get_text(rule, "content_type", &fault->content_type);
	(void)json_get_text(rule, "type", &fault->error_type);
	(void)json_get_text(rule, "message", &fault->message);
	(void)json_get_text(rule, "code", &fault->code);
}

static const char *const known[] = { "operation", "contains", "kind",   "after",   "count", "probability",  "seed",
				     "execute",	  "ms",	      "status", "body",	   "type",  "content_type", "message",
				     "code" };

static int check_members(struct json_object *rule, struct err *err)
{
	json_object_object_foreach(rule, key, value)
	{
		bool is_known = false;

		(void)value;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_known = is_known || strcmp(known[i], key) == 0;
		if (!is_known)
			return err_set(err, ERR_USAGE, "a fault has no member \"%s\"", key);
	}
	return 0;
}

static int read_rule(struct fault *fault, struct json_object *rule, struct err *err)
{
	const char *kind = NULL;
	int64_t status, seed = 1;

	*fault = (struct fault){ .count = -1, .probability = 1 };
	if (!json_object_is_type(rule, json_type_object) || !json_get_text(rule, "kind", &kind))
		return err_set(err, ERR_USAGE, "each fault must be an object with a \"kind\"");
	if (check_members(rule, err) < 0)
		return -1;
	fault->kind = find_kind(kind, err);
	if (!fault->kind)
		return -1;
	status = strcmp(kind, "status") == 0 ? 503 : strcmp(kind, "error") == 0 ? 400 : 200;
	fault->executes = fault->kind->executes;
	(void)json_get_bool(rule, "execute", &fault->executes);
	(void)json_get_int(rule, "after", &fault->after);
	(void)json_get_int(rule, "count", &fault->count);
	(void)json_get_number(rule, "probability", &fault->probability);
	(void)json_get_int(rule, "seed", &seed);
	(void)json_get_int(rule, "ms", &fault->delay_ms);
	(void)json_get_int(rule, "status", &status);
	if (status < 200 || status > 599 || fault->delay_ms < 0 || fault->delay_ms > 3600000)
		return err_set(err, ERR_USAGE, "a fault's status must be 200 to 599, its \"ms\" 0 to 3600000");
	fault->status = (int)status;
	fault->chance = (uint64_t)seed;
	read_texts(fault, rule);
	return 0;
}

int faults_set(struct faults *faults, struct json_object *list, struct err *err)
{
	struct faults *fresh;

	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) > FAULTS_MAX)
		return err_set(err, ERR_USAGE, "faults must be a list of at most %d rules", FAULTS_MAX);
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		fresh->count++;
		if (read_rule(&fresh->rules[i], json_object_array_get_idx(list, i), err) < 0) {
			faults_finish(fresh);
			free(fresh);
			return -1;
		}
	}
	faults_finish(faults);
	*faults = *fresh;
	free(fresh);
	return 0;
}

/* splitmix64: the same seed gives the same faults on every machine. */
static double next_chance(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static bool is_matching(const struct fault *fault, const char *operation, const char *body, size_t body_len)
{
	if (strcmp(fault->operation, "*") != 0 && strcmp(fault->operation, operation) != 0)
		return false;
	return !fault->contains || memmem(body, body_len, fault->contains, strlen(fault->contains));
}

const struct fault *faults_match(struct faults *faults, const char *operation, const char *body, size_t body_len)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct fault *fault = &faults->rules[i];

		if (!is_matching(fault, operation, body, body_len))
			continue;
		if (fault->matched++ < fault->after || (fault->count >= 0 && fault->fired >= fault->count))
			continue;
		if (fault->probability < 1 && next_chance(&fault->chance) >= fault->probability)
			continue;
		fault->fired++;
		return fault;
	}
	return NULL;
}

static char *error_body(const struct fault *fault)
{
	struct json_object *json = json_object_new_object();
	char *body;

	json_put_text(json, "__type", fault->error_type ? fault->error_type : "RequestError");
	json_put_text(json, "Message", fault->message ? fault->message : "");
	if (fault->code)
		json_put_text(json, "TurkErrorCode", fault->code);
	body = strdup(json_text(json, NULL));
	json_object_put(json);
	return body;
}

static char *own_body(const struct fault *fault)
{
	if (strcmp(fault->kind->name, "error") == 0)
		return error_body(fault);
	if (strcmp(fault->kind->name, "rubbish") == 0)
		return strdup(RUBBISH);
	if (strcmp(fault->kind->name, "empty") == 0)
		return strdup("");
	return strdup(fault->status == 500 ? SERVICE_FAULT : HTML);
}

static const char *own_content_type(const struct fault *fault)
{
	if (fault->content_type)
		return fault->content_type;
	return strcmp(fault->kind->name, "status") == 0 && fault->status != 500 ? "text/html"
										  : "application/x-amz-json-1.1";
}

void fault_apply(const struct fault *fault, struct reply *reply)
{
	reply->delay_ms = fault->delay_ms;
	reply->cut = fault->kind->cut;
	if (!fault->kind->replaces)
		return;
	free(reply->body);
	reply->body = fault->body ? strdup(fault->body) : own_body(fault);
	reply->body_len = reply->body ? strlen(reply->body) : 0;
	reply->status = fault->status;
	(void)snprintf(reply->content_type, sizeof(reply->content_type), "%s", own_content_type(fault));
}

const char *fault_name(const struct fault *fault)
{
	return fault->kind->name;
}

struct json_object *faults_json(const struct faults *faults)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->rules[i];
		struct json_object *json = json_object_new_object();

		json_put_text(json, "operation", fault->operation);
		json_put_text(json, "kind", fault->kind->name);
		json_put_bool(json, "execute", fault->executes);
		json_put_int(json, "matched", fault->matched);
		json_put_int(json, "fired", fault->fired);
		(void)json_object_array_add(list, json);
	}
	return list;
}
