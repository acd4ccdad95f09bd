/* SPDX-License-Identifier: MIT
 *
 * create-hit, create-qualification.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errand_plan_private.h"
#include "money.h"

static int fill_hit(struct errand_plan *plan, struct errand_item *item, int64_t assignments, struct err *err)
{
	struct op *op = &item->op;
	struct errand_cost cost;

	op->text = errand_hit_text(&plan->hit, assignments);
	op->integer_value = assignments;
	if (!op->text)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (errand_copy(&op->purpose, plan->terms.params->purpose, err) < 0 ||
	    errand_cost_make(&cost, plan->terms.class, OP_CREATE_HIT, plan->hit.reward_minor, assignments, assignments,
			     err) < 0)
		return -1;
	op->amount_minor = cost.amount_minor;
	op->fee_minor = cost.fee_minor;
	return errand_judge_past(plan, item, NULL, err);
}

static int add_round(struct errand_plan *plan, const struct errand_rounds *rounds, int64_t nth, struct err *err)
{
	struct errand_item *item = errand_add(plan, OP_CREATE_HIT, err);

	if (!item)
		return -1;
	(void)snprintf(item->subject, sizeof(item->subject), "%" PRId64 "/%" PRId64, nth + 1, rounds->count);
	/* One round is a HIT like any other, with or without --rounds. */
	if (rounds->count > 1 && errand_copy(&item->op.subject, item->subject, err) < 0)
		return -1;
	return fill_hit(plan, item, errand_rounds_of(rounds, nth), err);
}

/* What one large HIT costs more than its rounds. */
static int compare_costs(const struct errand_plan *plan, const struct errand_rounds *small, int64_t *saved,
			 struct err *err)
{
	int64_t assignments = plan->hit.max_assignments;
	struct errand_cost large, rounds;

	if (errand_cost_make(&large, plan->terms.class, OP_CREATE_HIT, plan->hit.reward_minor, assignments, assignments,
			     err) < 0 ||
	    errand_rounds_cost(&rounds, plan->terms.class, plan->hit.reward_minor, small, err) < 0)
		return -1;
	*saved = large.fee_minor - rounds.fee_minor;
	return 0;
}

static void note_rounds(struct errand_plan *plan, const struct errand_rounds *small, int64_t saved)
{
	char amount[MONEY_TEXT_MAX];

	if (small->count > 1 && plan->terms.params->has_rounds && !plan->hit.takes_once)
		errand_note(plan, "a worker may take an assignment of each of these HITs: a qualification that must "
				  "not exist, granted to everybody who was there, keeps them to one");
	if (saved > 0 && !plan->terms.params->has_rounds)
		errand_note(plan, "as %" PRId64 " HITs of at most %" PRId64 " assignments (--rounds) it would cost %s "
				  "less",
			    small->count, small->each, money_display(saved, amount));
	if (plan->hit.wants_masters)
		errand_note(plan, "%s takes a further fee for workers with the qualification \"masters\" (5 %% of the "
				  "reward when this was written), which is not in these figures",
			    plan->terms.class->title);
}

static int title_hits(struct errand_plan *plan, const struct errand_rounds *rounds, struct err *err)
{
	const struct errand_hit *hit = &plan->hit;
	char reward[MONEY_TEXT_MAX];

	money_display(hit->reward_minor, reward);
	if (rounds->count > 1)
		return errand_title(plan, err,
				    "create %" PRId64 " HITs \"%s\" with %" PRId64 " assignments of %s in all",
				    rounds->count, hit->title, hit->max_assignments, reward);
	return errand_title(plan, err, "create a HIT \"%s\" with %" PRId64 " %s of %s", hit->title,
			    hit->max_assignments, hit->max_assignments == 1 ? "assignment" : "assignments", reward);
}

int errand_make_hits(struct errand_plan *plan, struct err *err)
{
	const struct errand_params *params = plan->terms.params;
	struct errand_rounds small, rounds;
	int64_t saved = 0;

	if (errand_hit_read(&plan->hit, params->hit, plan->terms.qualification_type_id, err) < 0)
		return -1;
	errand_rounds_make(&small, plan->hit.max_assignments, plan->terms.class->small_hit_max);
	errand_rounds_make(&rounds, plan->hit.max_assignments,
			   params->has_rounds ? plan->terms.class->small_hit_max : 0);
	if (rounds.count > ERRAND_ROUNDS_MAX)
		return err_set(err, ERR_USAGE, "%" PRId64 " HITs are too many for one command, at most %d",
			       rounds.count, ERRAND_ROUNDS_MAX);
	if (compare_costs(plan, &small, &saved, err) < 0)
		return -1;
	for (int64_t nth = 0; nth < rounds.count; nth++)
		if (add_round(plan, &rounds, nth, err) < 0)
			return -1;
	plan->saved_minor = params->has_rounds ? saved : 0;
	note_rounds(plan, &small, saved);
	return title_hits(plan, &rounds, err);
}

/* The name says what it is if nothing else does: platforms want a description. */
static char *describe_type(const struct errand_params *params)
{
	struct json_object *object = json_object_new_object();
	char *text;

	json_put_text(object, "description", params->description ? params->description : params->name);
	if (params->keywords)
		json_put_text(object, "keywords", params->keywords);
	text = strdup(json_text(object, NULL));
	json_object_put(object);
	return text;
}

int errand_make_type(struct errand_plan *plan, struct err *err)
{
	const struct errand_params *params = plan->terms.params;
	struct errand_item *item = errand_add(plan, OP_CREATE_TYPE, err);

	if (!item)
		return -1;
	(void)snprintf(item->subject, sizeof(item->subject), "%s", params->name);
	item->op.text = describe_type(params);
	if (!item->op.text)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (errand_copy(&item->op.subject, params->name, err) < 0 || errand_judge_past(plan, item, NULL, err) < 0)
		return -1;
	return errand_title(plan, err, "create the qualification type \"%s\"", params->name);
}
