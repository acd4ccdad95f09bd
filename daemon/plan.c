/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "operations.h"
#include "plan_changes.h"
#include "plan_item.h"
#include "plan_private.h"
#include "plan_report.h"
#include "plan_table.h"
#include "selected.h"

/* A plan rests on facts that were no older than this when it began; about what must be waited for, no older than
 * that. */
#define FACTS_AGE_MS (INT64_C(60) * 1000)
#define WAITING_AGE_MS INT64_C(10000)
/* Plans of one user under way at once. */
#define PLANS_PER_USER_MAX 4
/* Rows whose HIT is unknown are asked about one by one: mostly the first answer names the HIT of all the others. */
#define LONELY_SURVEYS_MAX 4

struct plans *plans_new(const struct plan_parts *parts, struct err *err)
{
	struct plans *plans = calloc(1, sizeof(*plans));

	if (!plans) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	plans->parts = *parts;
	if (plan_table_create(parts->ledger, err) == 0 && plan_changes_create(parts->ledger, err) == 0)
		return plans;
	free(plans);
	return NULL;
}

void plan_free(struct plan *plan)
{
	plan_params_finish(&plan->params);
	json_object_put(plan->result);
	free(plan->user);
	free(plan->words);
	free(plan);
}

static void keep_failure(struct plan *plan, const struct err *err)
{
	if (!plan->has_failed)
		plan->failure = *err;
	plan->has_failed = true;
}

/* Surveys. */

static void on_surveyed(void *arg, const struct err *err)
{
	struct plan *plan = arg;

	plan->surveys--;
	if (err)
		keep_failure(plan, err);
	loop_wake(plan->plans->parts.loop);
}

/* Without a balance a plan is still a plan; without access it is none. */
static void on_balance(void *arg, const struct err *err)
{
	struct plan *plan = arg;

	plan->surveys--;
	plan->has_balance = !err;
	if (err && err->code == ERR_CREDENTIALS)
		keep_failure(plan, err);
	loop_wake(plan->plans->parts.loop);
}

static int ask_survey(struct plan *plan, enum survey_need need, const char *subject, struct err *err)
{
	plan->is_incomplete = true;
	if (need == SURVEY_ASSIGNMENT && plan->lonely++ >= LONELY_SURVEYS_MAX)
		return 0;
	if (surveys_ask(plan->plans->parts.surveys, need, subject, on_surveyed, plan, err) < 0)
		return -1;
	plan->surveys++;
	return 0;
}

/* Judging rows. */

/* What would be paid for an item, with the fee; 0: nothing. */
static int64_t cost_of(const struct op *op, const struct plan_item *item)
{
	bool is_paid = op_moves_money(op->kind) && (item->verdict == PLAN_ACT || item->verdict == PLAN_WAIT);

	return is_paid ? op->amount_minor + op->fee_minor : 0;
}

/* The budgets and the floor, as they would be once everything before this item is paid. */
static void limit(struct plan *plan, const struct op *op, struct plan_item *item)
{
	const struct plan_parts *parts = &plan->plans->parts;
	int64_t cost_minor = cost_of(op, item), now_s;
	char why[BUDGET_WHY_MAX];

	if (cost_minor == 0)
		return;
	(void)parts->platform->class->now_s(parts->platform, &now_s);
	if (budget_check(&plan->budget, cost_minor, now_s, why) == BUDGET_BEYOND) {
		item->verdict = PLAN_RECORD_HOLD;
		item->hold = HOLD_LIMIT;
		(void)snprintf(item->why, sizeof(item->why), "%s", why);
	}
}

static int add_limited(struct plan *plan, const struct plan_row *row, const struct op *op, struct plan_item *item,
		       struct err *err)
{
	int added;

	limit(plan, op, item);
	added = plan_table_add(plan->plans->parts.ledger, plan->id, row, op, item, err);
	/* A second row that asks for the same costs nothing more. */
	if (added == 1)
		plan->budget.open_minor += cost_of(op, item);
	return added < 0 ? -1 : 0;
}

static int judge_wanted(struct plan *plan, const struct plan_row *row, enum op_kind kind, struct err *err)
{
	const struct plan_parts *parts = &plan->plans->parts;
	struct verify_facts facts = { .platform = parts->platform->class->title,
				      .limits = { parts->config->max_bonus_cents, parts->config->min_bonus_cents } };
	char subject[ID_TEXT_MAX];
	enum survey_need need;
	struct plan_item item;
	struct op op;
	int result;

	if (plan_item_make_op(row, &plan->params, kind, &op, err) < 0)
		return -1;
	result = verify_gather(parts->ledger, &op, &facts, err);
	if (plan->is_automatic)
		plan_forget_facts(&facts);
	need = result < 0 || plan->is_automatic
		       ? SURVEY_NOTHING
		       : surveys_need(parts->surveys, &op, &facts, plan->started_ms - FACTS_AGE_MS,
						 plan->started_ms - WAITING_AGE_MS, subject);
	if (need != SURVEY_NOTHING) {
		result = ask_survey(plan, need, subject, err);
	} else if (result == 0 && !plan->is_incomplete) {
		result = plan_item_judge(parts->ledger, parts->platform, &op, &plan->params, &facts, &item,
					 err);
		if (result == 0 && plan->is_automatic)
			plan_follow_decision(plan, row, kind, &item);
		if (result == 0)
			result = add_limited(plan, row, &op, &item, err);
	}
	op_finish(&op);
	return result;
}

/* "The file asks for the other decision" is no news when both are wanted: its own turn comes, or has come. */
static bool is_worth_telling(const struct plan *plan, enum op_kind kind, const struct plan_item *item)
{
	return kind == OP_BONUS || kind == OP_QUALIFY || item->verdict != PLAN_SKIP ||
	       !plan->params.wants[OP_APPROVE] || !plan->params.wants[OP_REJECT];
}

static int judge_kind(struct plan *plan, const struct plan_row *row, enum op_kind kind, struct err *err)
{
	const struct op none = { .kind = kind };
	struct plan_item item;

	if (plan_item_is_wanted(row, &plan->params, kind, &item))
		return judge_wanted(plan, row, kind, err);
	if (plan->is_incomplete)
		return 0;
	if (item.verdict == PLAN_HOLD &&
	    plan_item_ask_ledger(plan->plans->parts.ledger, row, &plan->params, kind, &item, err) < 0)
		return -1;
	if (plan->is_automatic && kind == OP_APPROVE && plan_note_reversal(plan, row, &item, err) < 0)
		return -1;
	if (row->verdict != VERDICT_SKIP && row->verdict != VERDICT_HOLD && !is_worth_telling(plan, kind, &item))
		return 0;
	return plan_table_add(plan->plans->parts.ledger, plan->id, row, &none, &item, err) < 0 ? -1 : 0;
}

static int judge_row(struct plan *plan, const struct plan_row *row, struct err *err)
{
	int opposed = plan_table_decide(plan->plans->parts.ledger, plan->id, row, err);

	if (opposed < 0)
		return -1;
	plan->has_opposed = plan->has_opposed || opposed;
	for (int kind = 0; kind < OP_KINDS; kind++) {
		if (!plan->params.wants[kind])
			continue;
		if (judge_kind(plan, row, (enum op_kind)kind, err) < 0)
			return -1;
		/* One line for a row that is out altogether. */
		if (row->verdict == VERDICT_SKIP || (row->verdict == VERDICT_HOLD && !row->is_beyond_limits))
			return 0;
	}
	return 0;
}

static int on_row(void *arg, const struct plan_row *row, struct err *err)
{
	struct slice *slice = arg;

	slice->rows++;
	slice->plan->cursor = row->id;
	slice->plan->has_rows = true;
	return judge_row(slice->plan, row, err);
}

void plan_finish(struct plan *plan, struct json_object *result, const struct err *err)
{
	if (plan->batch_id && err && !plan->result)
		log_warn("a plan could not be recorded, nothing of it was sent batch=%" PRId64, plan->batch_id);
	plan->is_finished = true;
	plan->done(plan->arg, result, err);
}

/* What this plan is, for a later comparison; and what is different from the one that was named. */
static void tell_changes(struct plan *plan, struct json_object *result)
{
	struct ledger *ledger = plan->plans->parts.ledger;
	const char *digest = NULL;
	struct err err;

	if (!json_get_text(result, "digest", &digest))
		return;
	if (plan->params.digest && strcmp(plan->params.digest, digest) != 0)
		json_put_value(result, "changes", plan_changes(ledger, plan->id, plan->params.digest));
	if (plan_changes_remember(ledger, plan->id, digest, &err) < 0)
		log_err("remembering a plan", &err);
}

static void report(struct plan *plan)
{
	const struct balance *balance = pauses_balance(queue_pauses(plan->plans->parts.queue));
	struct json_object *result;
	struct err err;

	if (plan->params.has_selection && !plan->has_rows) {
		(void)err_set(&err, ERR_NOT_FOUND,
			      "no row that was loaded is of that room, game, HIT, assignment or worker");
		plan_finish(plan, NULL, &err);
		return;
	}
	result = plan_report(plan->plans->parts.ledger, plan->id, &plan->params, plan->has_balance ? balance : NULL,
			     &err);
	if (result) {
		json_put_int(result, "undo_window_s", plan->plans->parts.config->undo_window_ms / 1000);
		tell_changes(plan, result);
	}
	plan_finish(plan, result, result ? NULL : &err);
	json_object_put(result);
}

/* Only one command at a time is between "is it still that plan?" and "recorded". */
static bool is_another_recording(const struct plan *plan)
{
	for (const struct plan *other = plan->plans->list; other; other = other->next)
		if (other != plan && other->phase == PHASE_RECORD && !other->is_finished)
			return true;
	return false;
}

static int rows_done(struct plan *plan, struct err *err)
{
	if (plan->is_incomplete || plan->surveys > 0) {
		plan->phase = PHASE_WAIT;
		return 0;
	}
	if (plan->has_opposed && plan_table_oppose(plan->plans->parts.ledger, plan->id, err) < 0)
		return -1;
	if (!plan->applies) {
		report(plan);
		return 0;
	}
	if (is_another_recording(plan))
		return 0;
	plan->cursor = 0;
	plan->phase = PHASE_RECORD;
	return plan_begin_recording(plan, err);
}

static int slice_rows(struct plan *plan, struct err *err)
{
	struct slice slice = { plan, 0 };

	if (plan_table_each_row(plan->plans->parts.ledger, &plan->params, plan->cursor, ROWS_PER_SLICE, on_row, &slice,
				err) < 0)
		return -1;
	return slice.rows < ROWS_PER_SLICE ? rows_done(plan, err) : 0;
}

/* With the account's balance, if it is known by now. */
static void take_budget(struct plan *plan)
{
	struct queue *queue = plan->plans->parts.queue;

	plan->budget = *queue_budget(queue);
	if (plan->has_balance)
		budget_set_balance(&plan->budget, pauses_balance(queue_pauses(queue))->available_minor);
	plan->budget.is_balance_exact = plan->has_balance;
}

static int start_round(struct plan *plan, struct err *err)
{
	plan->phase = PHASE_ROWS;
	plan->cursor = 0;
	plan->lonely = 0;
	plan->is_incomplete = false;
	plan->has_opposed = false;
	take_budget(plan);
	return plan_table_clear(plan->plans->parts.ledger, plan->id, err);
}

/* A command that could not be recorded as a whole leaves nothing behind: as after a crash in the middle of it. */
static void take_back(struct plan *plan)
{
	struct err err;

	if (plan->phase == PHASE_RECORD && operations_forget_unfinished(plan->plans->parts.ledger, &err) < 0)
		log_err("taking back a plan that could not be recorded", &err);
}

static void slice(struct plan *plan)
{
	struct err err;
	int result = 0;

	if (plan->has_failed && plan->surveys > 0)
		return;
	if (plan->has_failed) {
		plan_finish(plan, NULL, &plan->failure);
		return;
	}
	if (plan->phase == PHASE_ROWS)
		result = slice_rows(plan, &err);
	else if (plan->phase == PHASE_RECORD)
		result = plan_record_slice(plan, &err);
	else if (plan->phase == PHASE_TICK)
		result = plan_tick_slice(plan, &err);
	else if (plan->surveys == 0)
		result = plan->is_incomplete ? start_round(plan, &err) : rows_done(plan, &err);
	if (result < 0) {
		keep_failure(plan, &err);
		take_back(plan);
		loop_wake(plan->plans->parts.loop);
	}
}

static bool can_go_on(const struct plan *plan)
{
	return plan->surveys == 0 || (plan->phase != PHASE_WAIT && !plan->has_failed);
}

void plans_append(struct plans *plans, struct plan *plan)
{
	struct plan **end = &plans->list;

	while (*end)
		end = &(*end)->next;
	plan->next = NULL;
	*end = plan;
	loop_wake(plans->parts.loop);
}

/* One slice a turn, however many plans there are: whoever had its turn goes to the end of the line. */
bool plans_pump(struct plans *plans)
{
	struct plan **link = &plans->list, *plan;
	struct err ignored;

	while (*link && !can_go_on(*link))
		link = &(*link)->next;
	plan = *link;
	if (!plan)
		return false;
	*link = plan->next;
	plan->next = NULL;
	slice(plan);
	if (plan->is_finished) {
		(void)plan_table_clear(plans->parts.ledger, plan->id, &ignored);
		plan_free(plan);
	} else {
		plans_append(plans, plan);
	}
	for (plan = plans->list; plan; plan = plan->next)
		if (can_go_on(plan))
			return true;
	return false;
}

void plans_halt(struct plans *plans, const struct err *why)
{
	for (struct plan *plan = plans->list; plan; plan = plan->next)
		keep_failure(plan, why);
}

void plans_free(struct plans *plans)
{
	struct err err;

	if (!plans)
		return;
	(void)err_set(&err, ERR_BUSY, "the daemon is stopping");
	while (plans->list) {
		struct plan *plan = plans->list;

		plans->list = plan->next;
		if (!plan->is_finished)
			plan_finish(plan, NULL, &err);
		plan_free(plan);
	}
	free(plans);
}

int plan_become_actor(struct plan *plan, const struct actor *actor, struct err *err)
{
	plan->applies = true;
	plan->user = strdup(actor->user);
	plan->words = actor->words ? strdup(actor->words) : NULL;
	if (!plan->user || (actor->words && !plan->words))
		return err_set(err, ERR_INTERNAL, "out of memory");
	plan->actor = *actor;
	plan->actor.user = plan->user;
	plan->actor.words = plan->words;
	return 0;
}

/* Each costs memory and turns of the loop. */
static bool has_too_many(const struct plans *plans, uid_t uid)
{
	unsigned count = 0;

	for (const struct plan *plan = plans->list; plan; plan = plan->next)
		count += plan->uid == uid && !plan->is_automatic;
	return count >= PLANS_PER_USER_MAX;
}

static int read_params(struct plan *plan, struct json_object *params, struct err *err)
{
	const struct plan_parts *parts = &plan->plans->parts;
	char *selected = selected_type(parts->ledger);
	int result = plan_params_read(&plan->params, params, parts->config, selected, err);

	free(selected);
	return result;
}

int plans_start(struct plans *plans, struct json_object *params, const struct actor *actor, bool applies,
		plan_done_fn *done, void *arg, struct err *err)
{
	struct plan *plan;

	if (has_too_many(plans, actor->uid))
		return err_set(err, ERR_BUSY, "%d plans of this user are being made already", PLANS_PER_USER_MAX);
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return err_set(err, ERR_INTERNAL, "out of memory");
	plan->plans = plans;
	plan->id = ++plans->last_id;
	plan->uid = actor->uid;
	plan->started_ms = clock_mono_ms();
	plan->done = done;
	plan->arg = arg;
	if (read_params(plan, params, err) < 0 || (applies && plan_become_actor(plan, actor, err) < 0) ||
	    pauses_refresh(queue_pauses(plans->parts.queue), false, on_balance, plan, err) < 0) {
		plan_free(plan);
		return -1;
	}
	plan->surveys = 1;
	take_budget(plan);
	/* Where money is limited, no row can be judged before the balance is known. */
	plan->is_incomplete = budget_is_limited(&plan->budget);
	plan->phase = plan->is_incomplete ? PHASE_WAIT : PHASE_ROWS;
	plans_append(plans, plan);
	return 0;
}
