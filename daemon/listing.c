/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <string.h>

struct json_object *listing_hit(const struct hit *hit)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "hit_id", hit->hit_id);
	json_put_text(out, "title", hit->title);
	json_put_text(out, "description", hit->description);
	json_put_text(out, "keywords", hit->keywords);
	json_put_text(out, "status", hit->status);
	json_put_text(out, "review_status", hit->review_status);
	json_put_int(out, "reward_cents", hit->reward_minor);
	json_put_int(out, "max_assignments", hit->max_assignments);
	json_put_int(out, "pending", hit->pending);
	json_put_int(out, "available", hit->available);
	json_put_int(out, "completed", hit->completed);
	json_put_time(out, "created_at", hit->created_s);
	json_put_time(out, "expires_at", hit->expires_s);
	json_put_int(out, "duration_s", hit->duration_s);
	json_put_int(out, "auto_approval_s", hit->auto_approval_s);
	json_put_text(out, "annotation", hit->annotation);
	return out;
}

struct json_object *listing_type(const struct qualification_type *type)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "qualification_type_id", type->qualification_type_id);
	json_put_text(out, "name", type->name);
	json_put_text(out, "description", type->description);
	json_put_text(out, "keywords", type->keywords);
	json_put_text(out, "status", type->status);
	json_put_time(out, "created_at", type->created_s);
	json_put_bool(out, "is_requestable", type->is_requestable);
	json_put_bool(out, "has_test", type->has_test);
	json_put_value(out, "auto_granted_value",
		       type->is_auto_granted ? json_object_new_int64(type->auto_granted_value) : NULL);
	return out;
}

struct json_object *listing_holder(const struct qualification *qualification)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "worker_id", qualification->worker_id);
	json_put_int(out, "integer_value", qualification->integer_value);
	json_put_text(out, "locale", qualification->locale);
	json_put_time(out, "granted_at", qualification->granted_s);
	return out;
}

struct json_object *listing_payment(const struct bonus_payment *payment)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "assignment_id", payment->assignment_id);
	json_put_text(out, "worker_id", payment->worker_id);
	json_put_int(out, "amount_cents", payment->amount_minor);
	json_put_text(out, "reason", payment->reason);
	json_put_time(out, "granted_at", payment->granted_s);
	return out;
}

static const char *first_text(struct json_object *item, const char *const *keys)
{
	const char *text = "";

	while (*keys && !json_get_text(item, *keys, &text))
		keys++;
	return text;
}

const char *listing_id(struct json_object *item)
{
	static const char *const keys[] = { "hit_id", "qualification_type_id", "worker_id", NULL };

	return first_text(item, keys);
}

const char *listing_time(struct json_object *item)
{
	static const char *const keys[] = { "created_at", "granted_at", NULL };

	return first_text(item, keys);
}

bool listing_matches(struct json_object *item, const char *search)
{
	static const char *const keys[] = {
		"hit_id", "qualification_type_id", "worker_id", "title", "name", "keywords", "annotation"
	};
	const char *text;

	for (size_t i = 0; search && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_get_text(item, keys[i], &text) && strcasestr(text, search))
			return true;
	return !search;
}
