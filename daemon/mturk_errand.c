/* SPDX-License-Identifier: MIT
 *
 * Requests about HITs, qualification types and workers that no assignment is part of: their members, and what answers
 * to them mean beyond mturk_judge_answer().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mturk.h"

/* Clocks differ: a type that is younger than this before our first attempt may be ours. */
#define CLOCKS_DIFFER_S 300
#define TYPES_SHOWN 100
/* September 2001. */
#define LONG_AGO_S 1000000000

struct json_object *mturk_extend_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body;

	(void)mturk;
	if (op->integer_value <= 0) {
		(void)err_set(err, ERR_PLATFORM, "no assignments to add; nothing was sent");
		return NULL;
	}
	body = json_object_new_object();
	json_put_text(body, "HITId", op->hit_id);
	json_put_int(body, "NumberOfAdditionalAssignments", op->integer_value);
	json_put_text(body, "UniqueRequestToken", op->token);
	return body;
}

/* MTurk refuses to set the same moment twice within a day, even if it was changed in between. Any past moment means
 * "now", so each wish has one of its own, long ago: that of a repetition is the same, another daemon's for the same
 * wish, too. */
static int64_t expires_at(const struct op *op)
{
	uint8_t digest[DIGEST_BYTES];
	int64_t moment_s = 0;

	if (op->integer_value > 0)
		return op->integer_value;
	digest_sha256(op->token, strlen(op->token), digest);
	for (size_t i = 0; i < sizeof(uint32_t); i++)
		moment_s = moment_s * 256 + digest[i];
	return 1 + moment_s % LONG_AGO_S;
}

/* A later end that is past by now would end the HIT at once, whatever somebody has made of it meanwhile. What may have
 * been set in time already is found out. */
static bool is_too_late(const struct mturk *mturk, const struct op *op)
{
	int64_t now_s;

	return op->integer_value > 0 && !op->doubtful &&
	       mturk->platform.class->now_s(&mturk->platform, &now_s) && op->integer_value <= now_s;
}

struct json_object *mturk_expire_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body;

	if (is_too_late(mturk, op)) {
		(void)err_set(err, ERR_PLATFORM, "the new end of the HIT is past by now; nothing was sent");
		return NULL;
	}
	body = json_object_new_object();
	json_put_text(body, "HITId", op->hit_id);
	json_put_int(body, "ExpireAt", expires_at(op));
	return body;
}

struct json_object *mturk_hit_id_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body = json_object_new_object();

	(void)mturk;
	(void)err;
	json_put_text(body, "HITId", op->hit_id);
	return body;
}

struct json_object *mturk_type_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *definition = op->text ? json_parse(op->text, strlen(op->text), NULL) : NULL, *body;
	const char *description = "", *keywords;

	(void)mturk;
	if (!op->subject || !json_get_text(definition, "description", &description) || !description[0]) {
		(void)err_set(err, ERR_PLATFORM,
			      "the qualification type lacks a name or a description; nothing was sent");
		json_object_put(definition);
		return NULL;
	}
	body = json_object_new_object();
	json_put_text(body, "Name", op->subject);
	if (json_get_text(definition, "keywords", &keywords) && keywords[0])
		json_put_text(body, "Keywords", keywords);
	json_put_text(body, "Description", description);
	json_put_text(body, "QualificationTypeStatus", "Active");
	json_object_put(definition);
	return body;
}

/* Revocations and blocks: whom, of what, and why. */
struct json_object *mturk_worker_members(struct mturk *mturk, const struct op *op, struct err *err)
{
	struct json_object *body = json_object_new_object();

	(void)mturk;
	(void)err;
	json_put_text(body, "WorkerId", op->worker_id);
	if (op->kind == OP_REVOKE)
		json_put_text(body, "QualificationTypeId", op->qualification_type_id);
	if (op->text && op->text[0])
		json_put_text(body, "Reason", op->text);
	return body;
}

struct json_object *mturk_types_named_members(const struct op *op)
{
	struct json_object *body = json_object_new_object();

	json_put_text(body, "Query", op->subject);
	json_put_bool(body, "MustBeRequestable", false);
	json_put_bool(body, "MustBeOwnedByCaller", true);
	json_put_int(body, "MaxResults", TYPES_SHOWN);
	return body;
}

static bool keep_id(const char *id, size_t length, struct judgement *out)
{
	if (length == 0 || length >= sizeof(out->id) || strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") < length)
		return false;
	(void)snprintf(out->id, sizeof(out->id), "%.*s", (int)length, id);
	return true;
}

/* MTurk says: The HIT with ID "3..." already exists. */
static bool is_existing_hit(struct json_object *body, struct judgement *out)
{
	static const char before[] = "HIT with ID ";
	const char *message = "", *id;

	if (!json_get_text(body, "Message", &message))
		(void)json_get_text(body, "message", &message);
	id = strcasestr(message, before);
	if (!id || !strcasestr(id, "already exists"))
		return false;
	id += strlen(before);
	id += strspn(id, "\"' ");
	(void)keep_id(id, strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), out);
	return true;
}

/* The token is made of the definition: whoever sent it first, it is this HIT. */
static void judge_created_before(const struct http_answer *answer, struct judgement *out)
{
	struct json_object *body = json_parse(answer->body, answer->body_bytes, NULL);
	bool is_there = is_existing_hit(body, out) || strcmp(out->outcome, "hit-exists") == 0 ||
			out->verdict == JUDGED_DONE;

	if (is_there && out->id[0])
		mturk_say(out, JUDGED_DONE, "already-created", "an earlier attempt had created HIT %s", out->id);
	else if (is_there)
		mturk_say(out, JUDGED_DONE, "already-created",
			  "an earlier attempt had created the HIT; MTurk does not say which (see: ngmtctl get hits)");
	json_object_put(body);
}

static void judge_create_hit(const struct op *op, const struct http_answer *answer, struct json_object *body,
			     struct judgement *out)
{
	const char *id = "";

	(void)op;
	if (!body && (out->verdict == JUDGED_DONE || out->verdict == JUDGED_REFUSED))
		judge_created_before(answer, out);
	else if (out->verdict == JUDGED_DONE && json_get_text(json_get_object(body, "HIT"), "HITId", &id) &&
		 keep_id(id, strlen(id), out))
		mturk_say(out, JUDGED_DONE, "created", "created");
	else if (out->verdict == JUDGED_DONE)
		mturk_say(out, JUDGED_UNKNOWN, "rubbish",
			  "the answer does not name the HIT; whether MTurk created it is being found out");
}

/* A name that is taken may have been taken by an attempt whose answer was lost. */
static void judge_create_type(const struct op *op, const struct http_answer *answer, struct json_object *body,
			      struct judgement *out)
{
	const char *id = "";

	(void)answer;
	if ((out->verdict == JUDGED_REFUSED && op->doubtful && strcmp(out->outcome, "type-exists") == 0) ||
	    (out->verdict == JUDGED_DONE && !body))
		mturk_say(out, JUDGED_LOOK, "type-exists",
			  "the name is taken, perhaps by an earlier attempt; ngmtd looks");
	else if (out->verdict == JUDGED_DONE &&
		 json_get_text(json_get_object(body, "QualificationType"), "QualificationTypeId", &id) &&
		 keep_id(id, strlen(id), out))
		mturk_say(out, JUDGED_DONE, "created", "created");
	else if (out->verdict == JUDGED_DONE)
		mturk_say(out, JUDGED_UNKNOWN, "rubbish",
			  "the answer does not name the qualification type; whether MTurk created it is being found "
			  "out");
}

/* A token used before proves our own extension only if an earlier attempt may have arrived. */
static void judge_extend(const struct op *op, const struct http_answer *answer, struct json_object *body,
			 struct judgement *out)
{
	(void)answer;
	if (out->verdict == JUDGED_DONE && body)
		mturk_say(out, JUDGED_DONE, "extended", "extended");
	else if (out->verdict == JUDGED_DONE && !op->doubtful)
		mturk_say(out, JUDGED_PERSON, "duplicate-token",
			  "MTurk says that this token was used before, though nothing was sent with it from here: look "
			  "at the HIT; if it was not extended, cancel this and extend it again");
}

/* Its words about a token do not prove that nobody changed the moment since: the HIT does. */
static void judge_expire(const struct op *op, const struct http_answer *answer, struct json_object *body,
			 struct judgement *out)
{
	(void)op;
	(void)answer;
	if (out->verdict == JUDGED_DONE && body)
		mturk_say(out, JUDGED_DONE, "expiry-set", "expiry-set");
	else if (out->verdict == JUDGED_DONE)
		mturk_say(out, JUDGED_LOOK, "already-processed",
			  "MTurk says that it was told so before; ngmtd looks when the HIT expires");
}

static bool says(const struct http_answer *answer, const char *words)
{
	struct json_object *body = json_parse(answer->body, answer->body_bytes, NULL);
	const char *message = "";
	bool result;

	if (!json_get_text(body, "Message", &message))
		(void)json_get_text(body, "message", &message);
	result = strcasestr(message, words) != NULL;
	json_object_put(body);
	return result;
}

static void judge_delete(const struct op *op, const struct http_answer *answer, struct json_object *body,
			 struct judgement *out)
{
	if (out->verdict == JUDGED_DONE && body)
		mturk_say(out, JUDGED_DONE, "deleted", "deleted");
	else if (out->verdict == JUDGED_REFUSED && (says(answer, "state 'Disposed'") ||
						    (op->doubtful && strcmp(out->outcome, "no-hit") == 0)))
		mturk_say(out, JUDGED_DONE, "already-deleted", "MTurk had deleted it already");
}

static void judge_revoke(const struct op *op, const struct http_answer *answer, struct json_object *body,
			 struct judgement *out)
{
	(void)op;
	if (out->verdict == JUDGED_DONE && body)
		mturk_say(out, JUDGED_DONE, "revoked", "revoked");
	else if (out->verdict == JUDGED_REFUSED &&
		 (strcmp(out->outcome, "no-qualification") == 0 || says(answer, "status of: Granted")))
		mturk_say(out, JUDGED_DONE, "already-revoked", "the worker does not have the qualification any more");
}

static void judge_block(const struct op *op, const struct http_answer *answer, struct json_object *body,
			struct judgement *out)
{
	const char *outcome = op->kind == OP_BLOCK ? "blocked" : "unblocked";

	(void)answer;
	if (out->verdict == JUDGED_DONE && body)
		mturk_say(out, JUDGED_DONE, outcome, "%s", outcome);
}

bool mturk_judge_errand(const struct op *op, const struct http_answer *answer, struct json_object *body,
			struct judgement *out)
{
	static void (*const judges[OP_KINDS])(const struct op *op, const struct http_answer *answer,
					      struct json_object *body, struct judgement *out) = {
		[OP_CREATE_HIT] = judge_create_hit, [OP_EXTEND_HIT] = judge_extend,
		[OP_EXPIRE_HIT] = judge_expire,     [OP_DELETE_HIT] = judge_delete,
		[OP_CREATE_TYPE] = judge_create_type, [OP_REVOKE] = judge_revoke,
		[OP_BLOCK] = judge_block,           [OP_UNBLOCK] = judge_block,
	};

	if (!judges[op->kind])
		return false;
	/* There is no assignment whose state could be the matter, and no grant that could be there already. */
	if (out->verdict == JUDGED_LOOK || out->verdict == JUDGED_NOT_YET ||
	    (out->verdict == JUDGED_DONE && !body && strcmp(out->outcome, "already-processed") != 0))
		out->verdict = JUDGED_REFUSED;
	judges[op->kind](op, answer, body, out);
	return true;
}

static void judge_expiry(const struct mturk *mturk, const struct op *op, struct json_object *body,
			 struct judgement *out)
{
	int64_t is_s = 0, now_s = 0;

	(void)mturk->platform.class->now_s(&mturk->platform, &now_s);
	if (!mturk_get_time(json_get_object(body, "HIT"), "Expiration", &is_s))
		mturk_say(out, JUDGED_UNKNOWN, "rubbish", "the answer does not tell when the HIT expires");
	else if (op->integer_value > 0 ? is_s == op->integer_value : is_s <= now_s)
		mturk_say(out, JUDGED_DONE, "already-processed", "MTurk shows that it expires so already");
	else
		mturk_say(out, JUDGED_REFUSED, "refused",
			  "MTurk sets the same moment only once a day, and it was changed since; take one a second "
			  "later");
}

static bool is_named(struct json_object *type, const char *wanted)
{
	const char *name;

	return json_get_text(type, "Name", &name) && strcmp(name, wanted) == 0;
}

/* Only a type that is not older than our first attempt can be what it made. */
static void judge_type_named(struct json_object *type, const struct op *op, struct judgement *out)
{
	const char *id = "";
	int64_t created_s = 0;

	if (!mturk_get_time(type, "CreationTime", &created_s) ||
	    !json_get_text(type, "QualificationTypeId", &id) || !keep_id(id, strlen(id), out)) {
		mturk_say(out, JUDGED_UNKNOWN, "rubbish", "the answer does not tell about the qualification type");
	} else if (created_s >= op->first_sent_s - CLOCKS_DIFFER_S) {
		mturk_say(out, JUDGED_DONE, "already-created", "an earlier attempt had created it");
	} else {
		out->id[0] = '\0';
		mturk_say(out, JUDGED_REFUSED, "type-exists",
			  "there was a qualification type of this name before (%.40s); nothing was done", id);
	}
}

static void judge_types(const struct op *op, struct json_object *body, struct judgement *out)
{
	struct json_object *types = json_get_array(body, "QualificationTypes");
	size_t count = types ? json_object_array_length(types) : 0, i = 0;

	while (i < count && !is_named(json_object_array_get_idx(types, i), op->subject))
		i++;
	if (!types)
		mturk_say(out, JUDGED_UNKNOWN, "rubbish", "the answer has no list of qualification types");
	else if (i < count)
		judge_type_named(json_object_array_get_idx(types, i), op, out);
	else
		mturk_say(out, JUDGED_REFUSED, "type-exists",
			  "MTurk says that the name is taken, and does not list it; take another name");
}

void mturk_judge_errand_read_back(const struct mturk *mturk, const struct op *op, struct json_object *body,
				  struct judgement *out)
{
	if (op->kind == OP_EXPIRE_HIT)
		judge_expiry(mturk, op, body, out);
	else
		judge_types(op, body, out);
}
