/* SPDX-License-Identifier: MIT
 *
 * extend-hit, expire-hit, delete-hit: changes of a HIT that exists.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "errand_plan_private.h"
#include "money.h"

#define ASSIGNMENTS_MAX 1000000000
/* How far ahead a HIT may end: its lifetime's limit. */
#define AHEAD_MAX_S 31536000

static const struct hit *target_of(const struct errand_plan *plan)
{
	return &plan->terms.target->hit;
}

/* Platforms call it so; any other word that we do not know is for the platform to judge. */
static bool has_status(const struct hit *hit, const char *word)
{
	return hit->status && strcasecmp(hit->status, word) == 0;
}

static bool is_deleted(const struct errand_plan *plan)
{
	return has_status(target_of(plan), "Disposed");
}

static bool is_expired(const struct errand_plan *plan)
{
	return target_of(plan)->expires_s > 0 && target_of(plan)->expires_s <= plan->terms.now_s;
}

static int title(struct errand_plan *plan, const char *before, const char *after, struct err *err)
{
	const struct hit *hit = target_of(plan);

	return errand_title(plan, err, "%s HIT %s%s%s%s%s", before, plan->terms.hit_id, hit->title ? " \"" : "",
			    hit->title ? hit->title : "", hit->title ? "\"" : "", after);
}

/* `before`: what the change starts from. */
static struct errand_item *add(struct errand_plan *plan, enum op_kind kind, const int64_t *before, struct err *err)
{
	struct errand_item *item = errand_add(plan, kind, err);
	char text[24];

	if (!item)
		return NULL;
	(void)snprintf(item->subject, sizeof(item->subject), "%s", plan->terms.hit_id);
	(void)snprintf(text, sizeof(text), "%" PRId64, before ? *before : 0);
	return errand_copy(&item->op.hit_id, plan->terms.hit_id, err) < 0 ||
			       errand_copy(&item->op.subject, before ? text : NULL, err) < 0
		       ? NULL
		       : item;
}

/* What the ledger and what is on its way say to a change that the HIT's state allows. */
static int judge(struct errand_plan *plan, struct errand_item *item, struct err *err)
{
	bool is_known = false;

	if (item->verdict != ERRAND_GO)
		return 0;
	if (item->op.kind == OP_EXPIRE_HIT && errand_find_occasion(plan, &item->op, err) < 0)
		return -1;
	if (errand_judge_past(plan, item, &is_known, err) < 0)
		return -1;
	return is_known && item->verdict != ERRAND_GO ? 0 : errand_judge_others(plan, item, err);
}

/* More assignments. */

/* MTurk refuses it, too (InvalidMaximumAssignmentsIncrease), but does not say how many would do. */
static void refuse_growth(const struct errand_plan *plan, struct errand_item *item)
{
	int64_t most = plan->terms.class->small_hit_max, left = most - target_of(plan)->max_assignments;
	char add_some[64] = "none";

	if (left > 0)
		(void)snprintf(add_some, sizeof(add_some), "%" PRId64 " at most", left);
	errand_say(item, ERRAND_REFUSE,
		   "it has %" PRId64 " assignments, and %s never lets a HIT of %" PRId64
		   " or fewer have more than %" PRId64 ": %s can be added; for more make another HIT "
		   "(ngmtctl hit create, with --rounds or --purpose)",
		   target_of(plan)->max_assignments, plan->terms.class->title, most, most, add_some);
}

static int cost_growth(struct errand_plan *plan, struct errand_item *item, int64_t assignments, int64_t after,
		       struct err *err)
{
	struct errand_cost cost;

	if (errand_cost_make(&cost, plan->terms.class, OP_EXTEND_HIT, target_of(plan)->reward_minor, assignments,
			     after, err) < 0)
		return -1;
	item->op.amount_minor = cost.amount_minor;
	item->op.fee_minor = cost.fee_minor;
	return 0;
}

static int add_assignments(struct errand_plan *plan, struct err *err)
{
	int64_t before = target_of(plan)->max_assignments, more = plan->terms.params->assignments;
	int64_t small = plan->terms.class->small_hit_max, after = before + more;
	struct errand_item *item = add(plan, OP_EXTEND_HIT, &before, err);

	if (!item)
		return -1;
	item->op.integer_value = more;
	if (is_deleted(plan))
		errand_say(item, ERRAND_REFUSE, "it is deleted");
	else if (before <= 0)
		errand_say(item, ERRAND_REFUSE, "%s does not say how many assignments it has",
			   plan->terms.class->title);
	else if (small > 0 && before <= small && after > small)
		refuse_growth(plan, item);
	else if (after > ASSIGNMENTS_MAX)
		errand_say(item, ERRAND_REFUSE, "no HIT has more than %d assignments", ASSIGNMENTS_MAX);
	return item->verdict == ERRAND_GO && cost_growth(plan, item, more, after, err) < 0 ? -1
											     : judge(plan, item, err);
}

/* More time. */

/* What the platform sets aside anew as soon as workers can come again. */
static int note_reopening(struct errand_plan *plan, struct err *err)
{
	const struct hit *hit = target_of(plan);
	char amount[MONEY_TEXT_MAX], fee[MONEY_TEXT_MAX];
	struct errand_cost cost;

	if (!is_expired(plan) || hit->available <= 0)
		return 0;
	if (errand_cost_make(&cost, plan->terms.class, OP_EXTEND_HIT, hit->reward_minor, hit->available,
			     hit->max_assignments, err) < 0)
		return -1;
	errand_note(plan,
		    "it has expired: workers can come again, and %s sets aside %s + %s fees anew for the %" PRId64
		    " assignments that nobody has taken",
		    plan->terms.class->title, money_display(cost.amount_minor, amount),
		    money_display(cost.fee_minor, fee), hit->available);
	return 0;
}

static void check_new_end(struct errand_plan *plan, struct errand_item *item, int64_t before, int64_t after)
{
	char end[CLOCK_TEXT_MAX];

	if (is_deleted(plan))
		errand_say(item, ERRAND_REFUSE, "it is deleted");
	else if (before <= 0)
		errand_say(item, ERRAND_REFUSE, "%s does not say when it expires", plan->terms.class->title);
	else if (after <= plan->terms.now_s)
		errand_say(item, ERRAND_REFUSE,
			   "it expired on %s: so much later is still past; to open it again put its end off by more "
			   "than %" PRId64 " seconds",
			   clock_format_utc(before, end), plan->terms.now_s - before);
	else if (after - plan->terms.now_s > AHEAD_MAX_S)
		errand_say(item, ERRAND_REFUSE, "it would end on %s: at most %d days ahead are possible",
			   clock_format_utc(after, end), AHEAD_MAX_S / 86400);
}

static int add_time(struct errand_plan *plan, struct err *err)
{
	int64_t before = target_of(plan)->expires_s, after = before + plan->terms.params->time_s;
	struct errand_item *item = add(plan, OP_EXPIRE_HIT, &before, err);

	if (!item)
		return -1;
	item->op.integer_value = after;
	check_new_end(plan, item, before, after);
	if (judge(plan, item, err) < 0)
		return -1;
	if (item->verdict != ERRAND_GO)
		return 0;
	plan->new_expires_s = after;
	return note_reopening(plan, err);
}

static int title_extension(struct errand_plan *plan, struct err *err)
{
	const struct errand_params *params = plan->terms.params;
	char before[64], after[80] = "", end[CLOCK_TEXT_MAX];

	if (params->assignments)
		(void)snprintf(before, sizeof(before), "add %" PRId64 " assignment%s to", params->assignments,
			       params->assignments == 1 ? "" : "s");
	else
		(void)snprintf(before, sizeof(before), "put off the end of");
	if (params->time_s)
		(void)snprintf(after, sizeof(after), "%s to %s", params->assignments ? ", and put its end off" : "",
			       clock_format_utc(target_of(plan)->expires_s + params->time_s, end));
	return title(plan, before, after, err);
}

int errand_make_extension(struct errand_plan *plan, struct err *err)
{
	const struct errand_params *params = plan->terms.params;

	if ((params->assignments && add_assignments(plan, err) < 0) || (params->time_s && add_time(plan, err) < 0))
		return -1;
	if (params->assignments && is_expired(plan) && plan->new_expires_s == 0)
		errand_note(plan, "it has expired: nobody can take the new assignments before its end is put off "
				  "(--time)");
	return title_extension(plan, err);
}

/* The end. */

int errand_make_expiry(struct errand_plan *plan, struct err *err)
{
	const struct hit *hit = target_of(plan);
	struct errand_item *item = add(plan, OP_EXPIRE_HIT, &hit->expires_s, err);
	char end[CLOCK_TEXT_MAX];

	if (!item)
		return -1;
	if (is_deleted(plan))
		errand_say(item, ERRAND_DONE, "it is deleted already");
	else if (is_expired(plan))
		errand_say(item, ERRAND_DONE, "it expired already on %s", clock_format_utc(hit->expires_s, end));
	if (judge(plan, item, err) < 0)
		return -1;
	if (item->verdict == ERRAND_GO && hit->pending > 0)
		errand_note(plan, "%" PRId64 " %s on it and can still hand in", hit->pending,
			    hit->pending == 1 ? "worker works" : "workers work");
	return title(plan, "expire", " now", err);
}

static void check_deletion(const struct errand_plan *plan, struct errand_item *item)
{
	const struct errand_target *target = plan->terms.target;
	const struct hit *hit = &target->hit;

	if (is_deleted(plan))
		errand_say(item, ERRAND_DONE, "it is deleted already");
	else if (hit->pending > 0)
		errand_say(item, ERRAND_REFUSE, "%" PRId64 " %s on it still: wait until they have handed in",
			   hit->pending, hit->pending == 1 ? "worker works" : "workers work");
	else if (has_status(hit, "Assignable"))
		errand_say(item, ERRAND_REFUSE, "workers can still take it (%s): expire it first (ngmtctl expire %s)",
			   hit->status, plan->terms.hit_id);
	else if (target->undecided > 0)
		errand_say(item, ERRAND_REFUSE,
			   "%" PRId64 " %s neither approved nor rejected: decide first (ngmtctl approve --hit %s)",
			   target->undecided, target->undecided == 1 ? "assignment is" : "assignments are",
			   plan->terms.hit_id);
	else if (has_status(hit, "Unassignable") || has_status(hit, "Reviewing"))
		errand_say(item, ERRAND_REFUSE, "it is %s, and only what is Reviewable can be deleted", hit->status);
}

int errand_make_deletion(struct errand_plan *plan, struct err *err)
{
	const struct errand_target *target = plan->terms.target;
	struct errand_item *item = add(plan, OP_DELETE_HIT, NULL, err);

	if (!item)
		return -1;
	check_deletion(plan, item);
	if (judge(plan, item, err) < 0)
		return -1;
	if (item->verdict == ERRAND_GO && target->rejected > 0)
		errand_note(plan, "%" PRId64 " %s rejected: after this nobody can approve %s any more",
			    target->rejected, target->rejected == 1 ? "assignment is" : "assignments are",
			    target->rejected == 1 ? "it" : "them");
	return title(plan, "delete", "", err);
}
