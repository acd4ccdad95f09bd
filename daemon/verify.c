/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "money.h"
#include "operations.h"

static void say(struct verification *out, enum verified verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct verification *out, enum verified verdict, const char *format, ...)
{
	va_list args;

	out->verdict = verdict;
	va_start(args, format);
	(void)vsnprintf(out->why, sizeof(out->why), format, args);
	va_end(args);
}

/* Both sides shown, as they are. */
static bool is_someone_elses(const struct op *op, const struct verify_facts *facts, struct verification *out)
{
	const struct assignment_fact *fact = &facts->assignment;

	if (op->worker_id && strcmp(op->worker_id, fact->worker_id) != 0) {
		say(out, VERIFIED_HOLD, "the file says worker %.40s, %s says worker %.40s; no money moved",
		    op->worker_id, facts->platform, fact->worker_id);
		return true;
	}
	if (op->hit_id && strcmp(op->hit_id, fact->hit_id) != 0) {
		say(out, VERIFIED_HOLD, "the file says HIT %.40s, %s says HIT %.40s; no money moved", op->hit_id,
		    facts->platform, fact->hit_id);
		return true;
	}
	return false;
}

static void verify_decision(const struct op *op, const struct verify_facts *facts, struct verification *out)
{
	enum assignment_status status = facts->assignment.status;
	enum assignment_status wanted = op->kind == OP_APPROVE ? ASSIGNMENT_APPROVED : ASSIGNMENT_REJECTED;

	if (status == wanted)
		say(out, VERIFIED_DONE, "%s on %s already", assignment_status_name(status), facts->platform);
	else if (status != ASSIGNMENT_SUBMITTED)
		say(out, VERIFIED_HOLD, "%s on %s already, so it cannot be %s", assignment_status_name(status),
		    facts->platform, op->kind == OP_APPROVE ? "approved" : "rejected");
	else
		out->verdict = VERIFIED_GO;
}

/* Whatever the file and the plan said: the limits that are in force now. */
static bool is_beyond_limits(const struct op *op, const struct money_limits *limits, struct verification *out)
{
	char amount[MONEY_TEXT_MAX], limit[MONEY_TEXT_MAX];
	bool is_above = op->amount_minor > limits->max_bonus_minor;

	if (op->kind != OP_BONUS || (!is_above && op->amount_minor >= limits->min_bonus_minor))
		return false;
	say(out, VERIFIED_HOLD, "a bonus of %s is %s (%s)", money_display(op->amount_minor, amount),
	    is_above ? "above max_bonus" : "below min_bonus",
	    money_display(is_above ? limits->max_bonus_minor : limits->min_bonus_minor, limit));
	return true;
}

static void verify_bonus(const struct verify_facts *facts, struct verification *out)
{
	char amount[MONEY_TEXT_MAX], when[CLOCK_TEXT_MAX];

	if (facts->assignment.status == ASSIGNMENT_REJECTED)
		say(out, VERIFIED_HOLD, "rejected on %s: no bonus without a person's word", facts->platform);
	else if (facts->bonuses.count > facts->bonuses_of_ledger)
		say(out, VERIFIED_HOLD, "%s lists a bonus of %s from %s that this ledger did not send; not paid again",
		    facts->platform, money_display(facts->bonuses.last_amount_minor, amount),
		    clock_format_utc(facts->bonuses.last_granted_s, when));
	else
		out->verdict = VERIFIED_GO;
}

void verify(const struct op *op, const struct verify_facts *facts, struct verification *out)
{
	*out = (struct verification){ .verdict = VERIFIED_GO };
	if (!op->assignment_id || is_beyond_limits(op, &facts->limits, out))
		return;
	if (facts->has_hit && !facts->hit.known)
		say(out, VERIFIED_HOLD, "%s knows no HIT %.40s in this account; sandbox and live have different ids",
		    facts->platform, op->hit_id ? op->hit_id : facts->assignment.hit_id);
	else if (!facts->has_assignment)
		out->verdict = VERIFIED_UNKNOWN;
	else if (facts->assignment.status == ASSIGNMENT_NONE)
		say(out, VERIFIED_ABSENT, "%s knows no assignment %.40s in this account", facts->platform,
		    op->assignment_id);
	else if (facts->assignment.status == ASSIGNMENT_NOT_SUBMITTED)
		say(out, VERIFIED_WAIT, "not submitted on %s yet", facts->platform);
	else if (is_someone_elses(op, facts, out))
		return;
	else if (op->kind == OP_BONUS)
		verify_bonus(facts, out);
	else if (op->kind == OP_APPROVE || op->kind == OP_REJECT)
		verify_decision(op, facts, out);
}

int verify_gather(struct ledger *ledger, const struct op *op, struct verify_facts *out, struct err *err)
{
	const char *hit_id = op->hit_id;
	int found;

	out->has_assignment = out->has_hit = false;
	out->bonuses = (struct bonus_fact){ 0 };
	out->bonuses_of_ledger = 0;
	if (!op->assignment_id)
		return 0;
	found = facts_get_assignment(ledger, op->assignment_id, &out->assignment, err);
	if (found < 0)
		return -1;
	out->has_assignment = found == 1;
	if (!hit_id && found == 1 && out->assignment.hit_id[0])
		hit_id = out->assignment.hit_id;
	if (hit_id) {
		found = facts_get_hit(ledger, hit_id, &out->hit, err);
		if (found < 0)
			return -1;
		out->has_hit = found == 1;
	}
	if (op->kind != OP_BONUS || !op->worker_id)
		return 0;
	if (facts_get_bonuses(ledger, op->assignment_id, op->worker_id, &out->bonuses, err) < 0)
		return -1;
	return operations_count_bonuses(ledger, op->assignment_id, op->worker_id, &out->bonuses_of_ledger, err);
}
