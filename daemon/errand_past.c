/* SPDX-License-Identifier: MIT
 *
 * What the ledger says to what somebody asks for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "errand_plan_private.h"
#include "operations.h"

static const char *participle(enum op_kind kind)
{
	static const char *const words[OP_KINDS] = {
		[OP_QUALIFY] = "granted",     [OP_CREATE_HIT] = "created",  [OP_EXTEND_HIT] = "extended",
		[OP_EXPIRE_HIT] = "done",     [OP_DELETE_HIT] = "deleted",  [OP_CREATE_TYPE] = "created",
		[OP_REVOKE] = "taken away",   [OP_BLOCK] = "blocked",	    [OP_UNBLOCK] = "unblocked",
	};

	return words[kind] ? words[kind] : "done";
}

static void say_done(struct errand_item *item, const struct op *known)
{
	const char *id = known->kind == OP_CREATE_HIT ? known->hit_id : NULL;
	char at[CLOCK_TEXT_MAX];

	if (known->kind == OP_CREATE_TYPE)
		id = known->qualification_type_id;
	errand_say(item, ERRAND_DONE, "%s already on %s%s%s (operation %" PRId64 ")%s", participle(known->kind),
		   clock_format_utc(known->changed_s, at), id ? " as " : "", id ? id : "", known->id,
		   known->kind == OP_CREATE_HIT ? "; another occasion needs a --purpose" : "");
}

static void say_open(struct errand_item *item, const struct op *known)
{
	errand_say(item, ERRAND_DONE, "on its way already (%s, operation %" PRId64 ")", op_state_name(known->state),
		   known->id);
}

static void say_held(struct errand_item *item, const struct op *known)
{
	const char *why = known->why ? known->why : "a person must decide";

	if (known->doubtful)
		errand_say(item, ERRAND_REFUSE,
			   "perhaps %s already: %.120s; look, and say so: ngmtctl queue resolve %" PRId64,
			   participle(known->kind), why, known->id);
	else
		errand_say(item, ERRAND_REFUSE, "held: %.160s; to go on: ngmtctl queue release %" PRId64, why,
			   known->id);
}

static void judge_known(struct errand_item *item, const struct op *known)
{
	if (op_may_be_replanned(known, &item->op))
		errand_say(item, ERRAND_GO, "again, after it was %s: %s",
			   known->state == OP_HELD ? "held" : "refused", known->why ? known->why : "no reason known");
	else if (known->state == OP_DONE)
		say_done(item, known);
	else if (known->state == OP_HELD)
		say_held(item, known);
	else if (op_is_settled(known->state))
		errand_say(item, ERRAND_REFUSE,
			   "taken back by a person; to go on: ngmtctl queue release %" PRId64 " --cancelled",
			   known->id);
	else
		say_open(item, known);
}

int errand_judge_past(struct errand_plan *plan, struct errand_item *item, bool *is_known, struct err *err)
{
	struct op known;
	int found;

	free(item->op.key);
	item->op.key = op_key(&item->op);
	if (!item->op.key)
		return err_set(err, ERR_INTERNAL, "out of memory");
	found = operation_find(plan->terms.ledger, item->op.key, &known, err);
	if (is_known)
		*is_known = found == 1;
	if (found != 1)
		return found;
	judge_known(item, &known);
	op_finish(&known);
	return 0;
}

/* The number of operations about the same, and the newest of them (0: none). */
static int find_newest(struct errand_plan *plan, const struct op *op, enum op_kind opposite, int64_t *count,
		       int64_t *newest, struct err *err)
{
	struct statement *get = store_statement(plan->terms.ledger->store,
						"SELECT count(*), coalesce(max(id), 0) FROM operation"
						" WHERE worker_id = ?1 AND (kind = ?2 OR kind = ?3)"
						" AND (?4 IS NULL OR qualification_type_id = ?4)",
						err);

	if (!get)
		return -1;
	statement_bind_text(get, 1, op->worker_id);
	statement_bind_int(get, 2, op->kind);
	statement_bind_int(get, 3, opposite);
	statement_bind_text(get, 4, op->qualification_type_id);
	if (statement_step(get, err) != 1)
		return -1;
	*count = statement_int(get, 0);
	*newest = statement_int(get, 1);
	statement_reset(get);
	return 0;
}

static bool is_same_wish(const struct op *a, const struct op *b)
{
	return a->kind == b->kind && (a->kind != OP_QUALIFY || a->integer_value == b->integer_value);
}

static void judge_newest(struct errand_item *item, const struct op *newest)
{
	bool is_same = is_same_wish(&item->op, newest);

	if (is_same && newest->state == OP_DONE)
		say_done(item, newest);
	else if (is_same && newest->hold == HOLD_PERSON)
		say_held(item, newest);
	else if (is_same && !op_is_settled(newest->state))
		say_open(item, newest);
	else if (!op_is_settled(newest->state))
		errand_say(item, ERRAND_REFUSE,
			   "another wish about this worker is on its way (%s, operation %" PRId64
			   "): wait until it is settled",
			   op_kind_name(newest->kind), newest->id);
}

/* A grant that nothing went before has no occasion: its key is that of a row's. */
static int give_occasion(struct op *op, int64_t count, struct err *err)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, count);
	if (errand_copy(&op->purpose, op->kind == OP_QUALIFY && count == 0 ? NULL : text, err) < 0)
		return -1;
	op->key = op_key(op);
	return op->key ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

/* 1: done, although the platform shows the end from which it started: somebody has put it back since. */
static int is_undone(struct errand_plan *plan, const struct op *op, struct err *err)
{
	struct op known;
	int found = operation_find(plan->terms.ledger, op->key, &known, err);

	if (found != 1)
		return found;
	found = known.state == OP_DONE;
	op_finish(&known);
	return found;
}

int errand_find_occasion(struct errand_plan *plan, struct op *op, struct err *err)
{
	char text[24];
	int undone;

	op->key = op_key(op);
	for (int64_t nth = 2; op->key && (undone = is_undone(plan, op, err)) != 0; nth++) {
		if (undone < 0)
			return -1;
		(void)snprintf(text, sizeof(text), "%" PRId64, nth);
		if (errand_copy(&op->purpose, text, err) < 0)
			return -1;
		free(op->key);
		op->key = op_key(op);
	}
	return op->key ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

int errand_judge_newest(struct errand_plan *plan, struct errand_item *item, enum op_kind opposite, struct err *err)
{
	int64_t count = 0, id = 0;
	struct op newest;
	int found;

	if (find_newest(plan, &item->op, opposite, &count, &id, err) < 0 || give_occasion(&item->op, count, err) < 0)
		return -1;
	found = id ? operation_load(plan->terms.ledger, id, &newest, err) : 0;
	if (found == 1) {
		judge_newest(item, &newest);
		op_finish(&newest);
	}
	return found < 0 ? -1 : 0;
}

int errand_judge_others(struct errand_plan *plan, struct errand_item *item, struct err *err)
{
	struct statement *get = store_statement(plan->terms.ledger->store,
						"SELECT id FROM operation WHERE kind = ?1 AND kind > 4"
						" AND hit_id = ?2 AND key <> ?3"
						" AND (state < 6 AND state <> 1 OR state = 1 AND doubtful = 1) LIMIT 1",
						err);
	int found;

	if (!get)
		return -1;
	statement_bind_int(get, 1, item->op.kind);
	statement_bind_text(get, 2, item->op.hit_id);
	statement_bind_text(get, 3, item->op.key);
	found = statement_step(get, err);
	if (found == 1) {
		errand_say(item, ERRAND_REFUSE,
			   "another change of this kind to the HIT is on its way or in doubt (operation %" PRId64
			   "): wait until it is settled, or see \"ngmtctl queue show %" PRId64 "\"",
			   statement_int(get, 0), statement_int(get, 0));
		statement_reset(get);
	}
	return found < 0 ? -1 : 0;
}
