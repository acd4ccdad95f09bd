/* SPDX-License-Identifier: MIT */
#include "plan_item.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "money.h"
#include "operations.h"

const char *plan_verdict_name(enum plan_verdict verdict)
{
	static const char *const names[] = { "act", "wait", "hold", "skip", "done", "conflict", "hold", "done" };

	return (unsigned)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "?";
}

static void say(struct plan_item *out, enum plan_verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct plan_item *out, enum plan_verdict verdict, const char *format, ...)
{
	va_list args;

	out->verdict = verdict;
	va_start(args, format);
	(void)vsnprintf(out->why, sizeof(out->why), format, args);
	va_end(args);
}

static bool wants_decision(const struct plan_row *row, const struct plan_params *params, enum op_kind kind,
			   struct plan_item *out)
{
	bool asks_rejection = row->verdict == VERDICT_REJECT;

	if (asks_rejection != (kind == OP_REJECT)) {
		say(out, PLAN_SKIP, asks_rejection ? "the file asks for a rejection" : "the file asks for an approval");
		return false;
	}
	if (asks_rejection && !params->feedback && !row->requester_feedback) {
		say(out, PLAN_HOLD, "a rejection needs a feedback text that tells the worker why");
		return false;
	}
	return true;
}

static bool wants_bonus(const struct plan_row *row, const struct plan_params *params, struct plan_item *out)
{
	if (row->verdict == VERDICT_REJECT)
		say(out, PLAN_SKIP, "the file asks for a rejection: no bonus");
	else if (!row->bonus_payable && !row->is_beyond_limits)
		say(out, PLAN_SKIP, row->bonus_text ? "nothing to pay" : "no bonus in the file");
	else if (!params->reason && !row->reason)
		say(out, PLAN_HOLD, "a bonus needs a reason that the worker will read");
	else
		return true;
	return false;
}

/* What the command says goes before what the row says. */
static const char *first(const char *of_command, const char *of_row)
{
	return of_command ? of_command : of_row;
}

/* NULL: nobody names one. */
static const char *type_of(const struct plan_row *row, const struct plan_params *params)
{
	return first(first(params->qualification_type_id, row->qualification_type_id), params->default_type_id);
}

bool plan_item_is_wanted(const struct plan_row *row, const struct plan_params *params, enum op_kind kind,
			 struct plan_item *out)
{
	*out = (struct plan_item){ .fee_known = true };
	if (row->verdict == VERDICT_SKIP || (row->verdict == VERDICT_HOLD && !row->is_beyond_limits)) {
		say(out, row->verdict == VERDICT_SKIP ? PLAN_SKIP : PLAN_HOLD, "%s", row->why);
		return false;
	}
	if (kind == OP_BONUS)
		return wants_bonus(row, params, out);
	if (kind != OP_QUALIFY)
		return wants_decision(row, params, kind, out);
	if (row->verdict == VERDICT_REJECT)
		say(out, PLAN_SKIP, "the file asks for a rejection: no qualification");
	else if (!type_of(row, params))
		say(out, PLAN_HOLD, "neither the command nor the file names a qualification type");
	else
		return true;
	return false;
}

static int copy(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return text && !*out ? -1 : 0;
}

static const char *text_of(const struct plan_row *row, const struct plan_params *params, enum op_kind kind)
{
	if (kind == OP_BONUS)
		return first(params->reason, row->reason);
	return kind == OP_QUALIFY ? NULL : first(params->feedback, row->requester_feedback);
}

/* Only bonuses have occasions: with one, a grant would have another key. */
static const char *purpose_of(const struct plan_params *params, enum op_kind kind)
{
	return kind == OP_BONUS ? params->purpose : NULL;
}

int plan_item_make_op(const struct plan_row *row, const struct plan_params *params, enum op_kind kind, struct op *out,
		      struct err *err)
{
	const char *type = kind == OP_QUALIFY ? type_of(row, params) : NULL;

	*out = (struct op){
		.kind = kind,
		.state = OP_PLANNED,
		.row_id = row->id,
		.integer_value = row->has_integer_value ? row->integer_value : params->integer_value,
		.send_notification = row->has_send_notification ? row->send_notification : params->send_notification,
		.amount_minor = kind == OP_BONUS ? row->bonus_cents : 0,
	};
	if (copy(&out->assignment_id, row->assignment_id) == 0 && copy(&out->worker_id, row->worker_id) == 0 &&
	    copy(&out->hit_id, row->hit_id) == 0 && copy(&out->purpose, purpose_of(params, kind)) == 0 &&
	    copy(&out->text, text_of(row, params, kind)) == 0 && copy(&out->qualification_type_id, type) == 0 &&
	    copy(&out->why, row->is_beyond_limits ? row->why : NULL) == 0) {
		/* Rule of money 4: a row beyond the limits is held as a whole. */
		out->hold = row->is_beyond_limits ? HOLD_LIMIT : HOLD_NONE;
		out->key = op_key(out);
		if (out->key)
			return 0;
	}
	op_finish(out);
	return err_set(err, ERR_INTERNAL, "out of memory");
}

/* What a settled or open operation of this key says to a row that asks for the very same. */
static void judge_same(const struct op *known, struct plan_item *out)
{
	static const char *const done[OP_KINDS] = {
		[OP_APPROVE] = "approved", [OP_REJECT] = "rejected", [OP_BONUS] = "paid", [OP_QUALIFY] = "granted",
		[OP_NOTIFY] = "sent"
	};

	if (known->state == OP_DONE)
		say(out, PLAN_DONE, "%s already", done[known->kind]);
	else if (known->hold == HOLD_UNDO)
		say(out, PLAN_DONE, "on its way already (held until the time to take it back is over)");
	else if (known->state == OP_HELD)
		say(out, PLAN_HOLD, "held: %s (see \"ngmtctl queue list --held\")",
		    known->why ? known->why : "a person must decide");
	else if (known->state == OP_FAILED)
		say(out, PLAN_HOLD, "failed: %s", known->why ? known->why : "no reason known");
	else if (known->state == OP_CANCELLED)
		say(out, PLAN_HOLD, "cancelled by a person (see \"ngmtctl queue list --state cancelled\")");
	else
		say(out, PLAN_DONE, "on its way already (%s)", op_state_name(known->state));
}

/* The ledger has an operation of this key. */
static void judge_known(const struct op *op, const struct op *known, bool by_policy, struct plan_item *out)
{
	char before[MONEY_TEXT_MAX], now[MONEY_TEXT_MAX];

	if (by_policy ? op_may_be_replanned_by_policy(known, op) : op_may_be_replanned(known, op))
		say(out, PLAN_ACT, "again, after it was %s: %s", known->state == OP_HELD ? "held" : "refused",
		    known->why ? known->why : "no reason known");
	else if (known->kind != op->kind)
		say(out, PLAN_CONFLICT, "the ledger has it as %s (%s), the file asks to %s", op_kind_name(known->kind),
		    op_state_name(known->state), op_kind_name(op->kind));
	else if (known->amount_minor != op->amount_minor)
		say(out, PLAN_CONFLICT,
		    "the ledger has %s (%s), the file says %s; a second bonus on purpose needs --purpose",
		    money_display(known->amount_minor, before), op_state_name(known->state),
		    money_display(op->amount_minor, now));
	else
		judge_same(known, out);
}

int plan_item_ask_ledger(struct ledger *ledger, const struct plan_row *row, const struct plan_params *params,
			 enum op_kind kind, struct plan_item *out, struct err *err)
{
	struct op op, known;
	int found;

	if (row->verdict == VERDICT_SKIP || row->verdict == VERDICT_HOLD || kind == OP_QUALIFY)
		return 0;
	if (plan_item_make_op(row, params, kind, &op, err) < 0)
		return -1;
	found = operation_find(ledger, op.key, &known, err);
	if (found == 1) {
		found = !op_may_be_replanned(&known, &op);
		if (found)
			judge_known(&op, &known, false, out);
		op_finish(&known);
	}
	op_finish(&op);
	return found;
}

/* Only what the ledger does not have yet is recorded as held or as found done. */
static void judge_verification(const struct verification *verification, bool is_new, struct plan_item *out)
{
	static const enum plan_verdict verdicts[] = {
		[VERIFIED_GO] = PLAN_ACT,	[VERIFIED_DONE] = PLAN_FOUND,  [VERIFIED_HOLD] = PLAN_HOLD,
		[VERIFIED_WAIT] = PLAN_WAIT,	[VERIFIED_ABSENT] = PLAN_HOLD, [VERIFIED_UNKNOWN] = PLAN_WAIT,
	};

	out->verdict = verdicts[verification->verdict];
	if (out->verdict == PLAN_HOLD && is_new) {
		out->verdict = PLAN_RECORD_HOLD;
		out->hold = verification->hold == HOLD_NONE ? HOLD_FACTS : verification->hold;
		out->surplus = verification->surplus;
	}
	out->outcome = verification->outcome;
	(void)snprintf(out->why, sizeof(out->why), "%s", verification->why);
}

/* The fee, and for approvals the reward that the platform holds and will hand over. */
static void add_cost(const struct platform *platform, struct op *op, const struct verify_facts *facts,
		     struct plan_item *out)
{
	int64_t reward = op->kind == OP_APPROVE && facts->has_hit && facts->hit.known ? facts->hit.reward_minor : 0;

	out->amount_minor = op->kind == OP_APPROVE ? reward : op->amount_minor;
	out->fee_known = op->kind != OP_APPROVE || (facts->has_hit && facts->hit.known);
	out->fee_minor = platform->class->fee_minor(op->kind, out->amount_minor,
						    facts->has_hit ? facts->hit.max_assignments : 0);
	op->fee_minor = out->fee_minor;
}

int plan_item_judge(struct ledger *ledger, const struct platform *platform, struct op *op,
		    const struct plan_params *params, const struct verify_facts *facts, struct plan_item *out,
		    struct err *err)
{
	struct verification verification;
	struct op known;
	int found;

	*out = (struct plan_item){ .fee_known = true };
	add_cost(platform, op, facts, out);
	found = operation_find(ledger, op->key, &known, err);
	if (found < 0)
		return -1;
	if (found == 1) {
		judge_known(op, &known, params->todo_room != 0, out);
		op_finish(&known);
		if (out->verdict != PLAN_ACT)
			return 0;
	}
	verify(op, facts, &verification);
	if (op->hold == HOLD_LIMIT) {
		say(out, PLAN_RECORD_HOLD, "%s", op->why);
		out->hold = HOLD_LIMIT;
	} else if (found == 0 || verification.verdict != VERIFIED_GO) {
		judge_verification(&verification, found == 0, out);
	}
	return 0;
}
