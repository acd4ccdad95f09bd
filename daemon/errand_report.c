/* SPDX-License-Identifier: MIT
 *
 * The results of "plan_errand" and "apply_errand".
 */
#include "errand_plan_private.h"

static const char *const verdicts[ERRAND_VERDICTS] = { [ERRAND_GO] = "go",
						       [ERRAND_DONE] = "done",
						       [ERRAND_REFUSE] = "refuse" };

static struct json_object *describe_item(const struct errand_item *item)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "verdict", verdicts[item->verdict]);
	json_put_text(out, "kind", op_kind_name(item->op.kind));
	json_put_text(out, "subject", item->subject);
	json_put_text(out, "why", item->why);
	json_put_int(out, "amount_cents", item->op.amount_minor);
	json_put_int(out, "fee_cents", item->op.fee_minor);
	return out;
}

static struct json_object *describe_items(const struct errand_plan *plan)
{
	struct json_object *items = json_object_new_array();

	for (size_t i = 0; i < plan->count; i++)
		(void)json_object_array_add(items, describe_item(&plan->items[i]));
	return items;
}

static bool moves_money(const struct errand_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (op_moves_money(plan->items[i].op.kind))
			return true;
	return false;
}

static struct json_object *describe_cost(const struct errand_plan *plan)
{
	struct json_object *out;

	if (!moves_money(plan))
		return NULL;
	out = json_object_new_object();
	json_put_int(out, "amount_cents", plan->cost.amount_minor);
	json_put_int(out, "fee_cents", plan->cost.fee_minor);
	json_put_int(out, "total_cents", plan->cost.amount_minor + plan->cost.fee_minor);
	json_put_int(out, "saved_cents", plan->saved_minor);
	return out;
}

static struct json_object *describe_balance(const struct errand_plan *plan)
{
	const int64_t *available = plan->terms.available_minor;
	struct json_object *out;

	if (!available)
		return NULL;
	out = json_object_new_object();
	json_put_int(out, "available_cents", *available);
	json_put_int(out, "after_cents", *available - plan->cost.amount_minor - plan->cost.fee_minor);
	return out;
}

static struct json_object *describe_target(const struct hit *hit)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "hit_id", hit->hit_id);
	json_put_text(out, "title", hit->title);
	json_put_text(out, "status", hit->status);
	json_put_int(out, "reward_cents", hit->reward_minor);
	json_put_int(out, "max_assignments", hit->max_assignments);
	json_put_int(out, "pending", hit->pending);
	json_put_int(out, "available", hit->available);
	json_put_int(out, "completed", hit->completed);
	json_put_time(out, "expires_at", hit->expires_s);
	return out;
}

/* Of a HIT that is still to be made, only what its definition says. */
static struct json_object *describe_definition(const struct errand_hit *hit)
{
	struct json_object *out = json_object_new_object();

	json_put_value(out, "hit_id", NULL);
	json_put_text(out, "title", hit->title);
	json_put_int(out, "reward_cents", hit->reward_minor);
	json_put_int(out, "max_assignments", hit->max_assignments);
	json_put_int(out, "lifetime_s", hit->lifetime_s);
	json_put_int(out, "duration_s", hit->duration_s);
	return out;
}

static struct json_object *describe_hit(const struct errand_plan *plan)
{
	if (plan->terms.target)
		return describe_target(&plan->terms.target->hit);
	return plan->hit.definition ? describe_definition(&plan->hit) : NULL;
}

struct json_object *errand_plan_describe(const struct errand_plan *plan)
{
	struct json_object *out = json_object_new_object();

	json_put_text(out, "errand", errand_name(plan->terms.params->errand));
	json_put_text(out, "digest", plan->digest);
	json_put_text(out, "title", plan->title);
	json_put_value(out, "items", describe_items(plan));
	json_put_int(out, "go", plan->counts[ERRAND_GO]);
	json_put_int(out, "done", plan->counts[ERRAND_DONE]);
	json_put_int(out, "refused", plan->counts[ERRAND_REFUSE]);
	json_put_value(out, "cost", describe_cost(plan));
	json_put_value(out, "balance", describe_balance(plan));
	json_put_value(out, "hit", describe_hit(plan));
	if (plan->new_expires_s)
		json_put_time(out, "new_expires_at", plan->new_expires_s);
	json_put_value(out, "notes", json_object_get(plan->notes));
	return out;
}

struct json_object *errand_plan_describe_recorded(const struct errand_plan *plan, int64_t batch_id,
						  int64_t operations)
{
	struct json_object *out = json_object_new_object();

	json_put_value(out, "batch", batch_id ? json_object_new_int64(batch_id) : NULL);
	json_put_int(out, "operations", operations);
	json_put_bool(out, "nothing_to_do", batch_id == 0);
	json_put_text(out, "why", batch_id == 0 && plan->count > 0 ? plan->items[0].why : NULL);
	return out;
}
