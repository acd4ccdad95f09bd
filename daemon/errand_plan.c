/* SPDX-License-Identifier: MIT */
#include "errand_plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errand_plan_private.h"
#include "money.h"
#include "operations.h"

/* Parts. */

struct errand_item *errand_add(struct errand_plan *plan, enum op_kind kind, struct err *err)
{
	if (plan->count == plan->capacity) {
		size_t capacity = plan->capacity ? 2 * plan->capacity : 16;
		struct errand_item *items = reallocarray(plan->items, capacity, sizeof(*items));

		if (!items) {
			(void)err_set(err, ERR_INTERNAL, "out of memory");
			return NULL;
		}
		plan->items = items;
		plan->capacity = capacity;
	}
	plan->items[plan->count] = (struct errand_item){ .op = { .kind = kind, .state = OP_PLANNED } };
	return &plan->items[plan->count++];
}

void errand_say(struct errand_item *item, enum errand_verdict verdict, const char *format, ...)
{
	va_list args;

	item->verdict = verdict;
	va_start(args, format);
	(void)vsnprintf(item->why, sizeof(item->why), format, args);
	va_end(args);
}

void errand_note(struct errand_plan *plan, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)json_object_array_add(plan->notes, json_object_new_string(text));
}

int errand_title(struct errand_plan *plan, struct err *err, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&plan->title, format, args);
	va_end(args);
	if (length >= 0)
		return 0;
	plan->title = NULL;
	return err_set(err, ERR_INTERNAL, "out of memory");
}

int errand_copy(char **out, const char *text, struct err *err)
{
	free(*out);
	*out = text ? strdup(text) : NULL;
	return text && !*out ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
}

/* Making. */

/* Half of such an errand is not what was asked for. */
static void keep_together(struct errand_plan *plan)
{
	bool has_refused = false;

	for (size_t i = 0; i < plan->count; i++)
		has_refused = has_refused || plan->items[i].verdict == ERRAND_REFUSE;
	for (size_t i = 0; has_refused && i < plan->count; i++)
		if (plan->items[i].verdict == ERRAND_GO)
			errand_say(&plan->items[i], ERRAND_REFUSE, "not without the rest, which is refused");
	if (has_refused)
		plan->new_expires_s = 0;
}

static void add_up(struct errand_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct errand_item *item = &plan->items[i];

		plan->counts[item->verdict]++;
		if (item->verdict != ERRAND_GO)
			continue;
		plan->cost.amount_minor += item->op.amount_minor;
		plan->cost.fee_minor += item->op.fee_minor;
	}
	if (plan->counts[ERRAND_GO] == 0)
		plan->saved_minor = 0;
}

/* What is beyond a budget is recorded all the same, and held by the queue until somebody releases it (rule of
 * money 4). */
static void check_budget(struct errand_plan *plan)
{
	struct budget budget = *plan->terms.budget;
	char why[BUDGET_WHY_MAX];
	int64_t held = 0;

	if (plan->terms.available_minor)
		budget_set_balance(&budget, *plan->terms.available_minor);
	for (size_t i = 0; i < plan->count; i++) {
		struct errand_item *item = &plan->items[i];
		int64_t cost = item->op.amount_minor + item->op.fee_minor;

		if (item->verdict != ERRAND_GO || cost == 0)
			continue;
		if (budget_check(&budget, cost, plan->terms.now_s, why) != BUDGET_BEYOND) {
			budget.open_minor += cost;
			continue;
		}
		errand_say(item, ERRAND_GO, "will be held: %s", why);
		held++;
	}
	if (held > 0)
		errand_note(plan, "%" PRId64 " of %" PRId64 " will be held for a limit, until somebody releases %s: "
				  "ngmtctl queue release",
			    held, plan->counts[ERRAND_GO], held == 1 ? "it" : "them");
}

static void check_funds(struct errand_plan *plan)
{
	const int64_t *available = plan->terms.available_minor;
	int64_t cost = plan->cost.amount_minor + plan->cost.fee_minor;
	char missing[MONEY_TEXT_MAX];

	if (cost > 0 && !available)
		errand_note(plan, "the balance is not known");
	else if (cost > 0 && *available < cost)
		errand_note(plan, "the balance is %s short: it will wait until there is more",
			    money_display(cost - *available, missing));
	if (plan->counts[ERRAND_GO] > 0 && plan->terms.paused)
		errand_note(plan, "it will have to wait: %s", plan->terms.paused);
}

static void add_text(struct digest_stream *stream, const char *text)
{
	/* An absent text is not an empty one. */
	digest_stream_update(stream, text ? "+" : "-", 1);
	digest_stream_update(stream, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void add_number(struct digest_stream *stream, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	add_text(stream, text);
}

static void add_item(struct digest_stream *stream, const struct errand_item *item)
{
	add_number(stream, item->verdict);
	add_text(stream, item->subject);
	if (item->verdict != ERRAND_GO)
		return;
	add_text(stream, item->op.key);
	add_text(stream, item->op.text);
	add_number(stream, item->op.amount_minor);
	add_number(stream, item->op.fee_minor);
	add_number(stream, item->op.integer_value);
	add_number(stream, item->op.send_notification);
}

/* Not the numbers of workers who come and go while somebody reads the plan: nothing of what is done depends on them. */
static int digest_all(struct errand_plan *plan, struct err *err)
{
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];

	if (!stream)
		return err_set(err, ERR_INTERNAL, "out of memory");
	add_text(stream, plan->terms.ledger->environment);
	add_text(stream, errand_name(plan->terms.params->errand));
	add_text(stream, plan->title);
	if (plan->terms.target)
		add_number(stream, plan->terms.target->hit.reward_minor);
	for (size_t i = 0; i < plan->count; i++)
		add_item(stream, &plan->items[i]);
	digest_stream_finish(stream, digest);
	(void)snprintf(plan->digest, sizeof(plan->digest), "%.16s", digest_hex(digest, hex));
	return 0;
}

/* Of one that the platform has forgotten, the ledger may know that we deleted it. */
static int check_target(const struct errand_plan *plan, struct err *err)
{
	const struct errand_terms *terms = &plan->terms;
	struct op deletion = { .kind = OP_DELETE_HIT }, known;
	bool is_ours = false;
	int found = -1;

	if (!terms->target || terms->target->hit.hit_id)
		return 0;
	deletion.hit_id = terms->hit_id ? strdup(terms->hit_id) : NULL;
	deletion.key = op_key(&deletion);
	if (deletion.key)
		found = operation_find(terms->ledger, deletion.key, &known, err);
	else
		(void)err_set(err, ERR_INTERNAL, "out of memory");
	if (found == 1) {
		is_ours = known.state == OP_DONE;
		op_finish(&known);
	}
	op_finish(&deletion);
	if (found < 0)
		return -1;
	(void)err_set(err, ERR_NOT_FOUND, "there is no HIT \"%s\" in this account%s", terms->hit_id,
		      is_ours ? ": it was deleted" : "");
	return is_ours ? -1 : err_hint(err, "sandbox and live have different ids");
}

static int fill(struct errand_plan *plan, struct err *err)
{
	static errand_make_fn *const makers[ERRANDS] = {
		[ERRAND_CREATE_HIT] = errand_make_hits,	     [ERRAND_EXTEND_HIT] = errand_make_extension,
		[ERRAND_EXPIRE_HIT] = errand_make_expiry,    [ERRAND_DELETE_HIT] = errand_make_deletion,
		[ERRAND_CREATE_TYPE] = errand_make_type,     [ERRAND_GRANT] = errand_make_people,
		[ERRAND_REVOKE] = errand_make_people,	     [ERRAND_BLOCK] = errand_make_people,
		[ERRAND_UNBLOCK] = errand_make_people,
	};
	enum errand errand = plan->terms.params->errand;

	if (check_target(plan, err) < 0 || makers[errand](plan, err) < 0)
		return -1;
	if (!errand_is_divisible(errand))
		keep_together(plan);
	add_up(plan);
	check_budget(plan);
	check_funds(plan);
	return digest_all(plan, err);
}

struct errand_plan *errand_plan_new(const struct errand_terms *terms, struct err *err)
{
	struct errand_plan *plan = calloc(1, sizeof(*plan));

	if (!plan) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	plan->terms = *terms;
	plan->notes = json_object_new_array();
	if (fill(plan, err) == 0)
		return plan;
	errand_plan_free(plan);
	return NULL;
}

void errand_plan_free(struct errand_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++)
		op_finish(&plan->items[i].op);
	free(plan->items);
	errand_hit_finish(&plan->hit);
	json_object_put(plan->notes);
	free(plan->title);
	free(plan);
}

const char *errand_plan_digest(const struct errand_plan *plan)
{
	return plan->digest;
}

/* Recording. */

static int record_item(struct ledger *ledger, struct errand_item *item, int64_t batch_id, struct err *err)
{
	int result;

	item->op.batch_id = batch_id;
	result = operation_insert(ledger, &item->op, err);
	if (result == 0)
		result = operation_replan(ledger, &item->op, err);
	if (result == 0)
		return err_set(err, ERR_STATE, "the ledger has this already: %s", item->op.key);
	return result < 0 ? -1 : 0;
}

static int record_items(struct errand_plan *plan, int64_t batch_id, int64_t *operations, struct err *err)
{
	struct ledger *ledger = plan->terms.ledger;
	int64_t acting = ledger->acting_batch;
	int result = 0;

	ledger->acting_batch = batch_id;
	for (size_t i = 0; result == 0 && i < plan->count; i++) {
		if (plan->items[i].verdict != ERRAND_GO)
			continue;
		result = record_item(ledger, &plan->items[i], batch_id, err);
		*operations += result == 0;
	}
	ledger->acting_batch = acting;
	return result;
}

static int record_batch(struct errand_plan *plan, const struct actor *actor, int64_t *batch_id, int64_t *operations,
			struct err *err)
{
	int result = batch_begin(plan->terms.ledger, actor, plan->title, plan->digest, batch_id, err);

	if (result < 0 || record_items(plan, *batch_id, operations, err) < 0)
		return -1;
	return batch_finish(plan->terms.ledger, *batch_id, err);
}

static int refuse(const struct errand_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].verdict == ERRAND_REFUSE)
			return err_set(err, ERR_STATE, "%s: %s", plan->items[i].subject, plan->items[i].why);
	return 0;
}

int errand_plan_record(struct errand_plan *plan, const struct actor *actor, int64_t *batch_id, int64_t *operations,
		       struct err *err)
{
	struct store *store = plan->terms.ledger->store;

	*batch_id = *operations = 0;
	if (plan->counts[ERRAND_GO] == 0)
		return refuse(plan, err);
	if (store_savepoint(store, err) < 0)
		return -1;
	if (record_batch(plan, actor, batch_id, operations, err) == 0)
		return store_release(store, err);
	store_rollback_savepoint(store);
	*batch_id = *operations = 0;
	return -1;
}
