/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "game_entry.h"
#include "json.h"
#include "money.h"
#include "operations.h"
#include "results.h"
#include "utf8.h"

#define BLANKS " \t\r\n"

static void say(struct verification *out, enum verified verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct verification *out, enum verified verdict, const char *format, ...)
{
	va_list args;

	out->verdict = verdict;
	out->hold = verdict == VERIFIED_HOLD ? HOLD_FACTS : HOLD_NONE;
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

/* A person who has seen both may have let it go on all the same. */
static bool has_other_code(const struct op *op, const struct verify_facts *facts, struct verification *out)
{
	const struct code_fact *code = &facts->code;

	if (!code->differs || op_is_released(op, HOLD_CODE))
		return false;
	say(out, VERIFIED_HOLD, "the file says exit code %s, the worker submitted %s; no money moved", code->in_file,
	    code->submitted);
	out->hold = HOLD_CODE;
	return true;
}

/* Which of the ways to be decided already it was. */
static const char *decided_outcome(const struct assignment_fact *fact)
{
	if (fact->status == ASSIGNMENT_REJECTED)
		return "already-rejected";
	return fact->approved_s && fact->auto_approval_s && fact->approved_s >= fact->auto_approval_s
		       ? "auto-approved"
		       : "already-approved";
}

static void verify_decision(const struct op *op, const struct verify_facts *facts, struct verification *out)
{
	enum assignment_status status = facts->assignment.status;
	enum assignment_status wanted = op->kind == OP_APPROVE ? ASSIGNMENT_APPROVED : ASSIGNMENT_REJECTED;

	if (status == wanted) {
		out->outcome = decided_outcome(&facts->assignment);
		say(out, VERIFIED_DONE, "%s on %s already%s", assignment_status_name(status), facts->platform,
		    strcmp(out->outcome, "auto-approved") == 0 ? ", by time alone" : "");
	} else if (status != ASSIGNMENT_SUBMITTED)
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
	out->hold = HOLD_LIMIT;
	return true;
}

/* The platform lists more than this ledger sent: the very same bonus is this one, paid from elsewhere (in the same
 * words for every row, so that a plan can count them); anything else is for a person. */
static void verify_surplus(const struct op *op, const struct verify_facts *facts, int64_t waived,
			   struct verification *out)
{
	const struct bonus_fact *listed = &facts->bonuses;
	char amount[MONEY_TEXT_MAX], other[MONEY_TEXT_MAX], when[CLOCK_TEXT_MAX];
	bool is_first = op->purpose && strcmp(op->purpose, OP_PURPOSE_DEFAULT) == 0;

	if (is_first && waived == 0 && listed->alike > facts->twins_of_ledger) {
		out->outcome = "found-paid";
		say(out, VERIFIED_DONE, "%s lists this bonus already: another ngmtd or tool paid it",
		    facts->platform);
		return;
	}
	say(out, VERIFIED_HOLD,
	    "%s lists a bonus of %s from %s that this ledger did not send; not paid again (this one: %s)",
	    facts->platform, money_display(listed->last_amount_minor, other),
	    clock_format_utc(listed->last_granted_s, when), money_display(op->amount_minor, amount));
	out->hold = HOLD_FOREIGN;
	out->surplus = listed->count - facts->own.done - facts->own.moving;
}

/* The list shows a payment that may be one of ours whose answer is not known, or somebody else's: which, is found out
 * first. */
static void verify_unexplained(const struct verify_facts *facts, struct verification *out)
{
	if (facts->own.doubts == 0) {
		say(out, VERIFIED_WAIT, "waits until another bonus of this worker is found out");
		return;
	}
	say(out, VERIFIED_HOLD, "another bonus of this worker is in doubt, and %s lists one: resolve that one first",
	    facts->platform);
}

static void verify_bonus(const struct op *op, const struct verify_facts *facts, struct verification *out)
{
	/* Only what was shown to the person who released it: another payment since then is looked at anew. */
	int64_t waived = op_is_released(op, HOLD_FOREIGN) ? op->waived_bonuses : 0;

	if (facts->assignment.status == ASSIGNMENT_REJECTED && !op_is_released(op, HOLD_REJECTED)) {
		say(out, VERIFIED_HOLD, "rejected on %s: no bonus without a person's word", facts->platform);
		out->hold = HOLD_REJECTED;
	} else if (facts->bonuses.count > facts->own.done + facts->own.moving + facts->own.doubts + waived) {
		verify_surplus(op, facts, waived, out);
	} else if (facts->bonuses.count > facts->own.done + waived) {
		verify_unexplained(facts, out);
	} else {
		out->verdict = VERIFIED_GO;
	}
}

void verify(const struct op *op, const struct verify_facts *facts, struct verification *out)
{
	*out = (struct verification){ .verdict = VERIFIED_GO };
	if (facts->withdrawn) {
		say(out, VERIFIED_HOLD, "%s; nothing was sent", facts->withdrawn);
		return;
	}
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
	else if (is_someone_elses(op, facts, out) || has_other_code(op, facts, out))
		return;
	else if (op->kind == OP_BONUS)
		verify_bonus(op, facts, out);
	else if (op->kind == OP_APPROVE || op->kind == OP_REJECT)
		verify_decision(op, facts, out);
}

/* Submitted ones were cut. */
static bool has_code(struct json_object *list, const char *code, size_t bytes)
{
	size_t compared = bytes < CODE_BYTES_MAX ? bytes : CODE_BYTES_MAX;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *submitted = json_object_get_string(json_object_array_get_idx(list, i));

		if (submitted && strlen(submitted) == compared && strncasecmp(submitted, code, compared) == 0)
			return true;
	}
	return false;
}

/* Cut at a whole character. */
static void copy_shown(char out[CODE_SHOWN_MAX], const char *text, size_t bytes)
{
	char *copy = text ? strndup(text, bytes) : NULL, *printable = copy ? utf8_printable(copy) : NULL;
	size_t length;

	(void)snprintf(out, CODE_SHOWN_MAX, "%s", printable ? printable : "?");
	length = strlen(out);
	out[utf8_first_invalid(out, length)] = '\0';
	free(printable);
	free(copy);
}

void verify_code(const char *exit_code, const char *codes, struct code_fact *out)
{
	struct json_object *list = json_parse(codes, strlen(codes), NULL);
	const char *in_file = exit_code + strspn(exit_code, BLANKS);
	size_t bytes = strlen(in_file);

	*out = (struct code_fact){ .differs = false };
	while (bytes > 0 && strchr(BLANKS, in_file[bytes - 1]))
		bytes--;
	if (bytes > 0 && json_object_is_type(list, json_type_array) && json_object_array_length(list) > 0 &&
	    !has_code(list, in_file, bytes)) {
		out->differs = true;
		copy_shown(out->in_file, in_file, bytes);
		copy_shown(out->submitted, json_object_get_string(json_object_array_get_idx(list, 0)), CODE_BYTES_MAX);
	}
	json_object_put(list);
}

static int gather_code(struct ledger *ledger, const struct op *op, struct code_fact *out, struct err *err)
{
	char *exit_code = NULL, *codes = NULL;
	int result = results_get_exit_code(ledger, op->row_id, &exit_code, err);

	if (result >= 0 && exit_code)
		result = facts_get_codes(ledger, op->assignment_id, &codes, err);
	if (result >= 0 && codes)
		verify_code(exit_code, codes, out);
	free(exit_code);
	free(codes);
	return result;
}

static int gather_bonuses(struct ledger *ledger, const struct op *op, struct verify_facts *out, struct err *err)
{
	const struct bonus_payment like = { .assignment_id = op->assignment_id,
					    .worker_id = op->worker_id,
					    .reason = op->text,
					    .amount_minor = op->amount_minor };

	if (facts_get_bonuses(ledger, &like, &out->bonuses, err) < 0 ||
	    operations_count_bonuses(ledger, op->assignment_id, op->worker_id, &out->own, err) < 0)
		return -1;
	return out->bonuses.alike == 0 ? 0 : operations_count_twins(ledger, op, &out->twins_of_ledger, err);
}

/* Of an operation that nobody but a policy asked for (plan_automatic.c). */
static int gather_policy(struct ledger *ledger, const struct op *op, const char **withdrawn, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT m.ignored, m.adopted, f.policy < ?3 FROM batch b JOIN result r ON r.id = ?2"
				" JOIN source s ON s.id = r.source_id JOIN room m ON m.id = s.room_id JOIN folder f ON "
				"f.id = m.folder_id"
				" WHERE b.id = ?1 AND b.policy = 1",
				err);
	int found;

	if (!get)
		return -1;
	statement_bind_int(get, 1, op->batch_id);
	statement_bind_int(get, 2, op->row_id);
	statement_bind_int(get, 3, op->kind == OP_APPROVE ? POLICY_APPROVE : POLICY_PAY);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	if (statement_int(get, 0))
		*withdrawn = "its room is ignored by now";
	else if (!statement_int(get, 1))
		*withdrawn = "its room waits to be adopted by now";
	else if (statement_int(get, 2))
		*withdrawn = "the policy of its game does less by now";
	statement_reset(get);
	return 0;
}

/* Our own rejection is as good as the platform's word for it, which may be from before. */
static int gather_rejection(struct ledger *ledger, const struct op *op, struct verify_facts *out, struct err *err)
{
	struct op decision = { .kind = OP_REJECT, .assignment_id = op->assignment_id };
	struct op known = { 0 };
	char *key = op_key(&decision);
	int found = key ? operation_find(ledger, key, &known, err) : err_set(err, ERR_INTERNAL, "out of memory");

	free(key);
	if (found != 1)
		return found;
	if (known.kind == OP_REJECT && known.state != OP_FAILED && known.state != OP_CANCELLED &&
	    out->assignment.status == ASSIGNMENT_SUBMITTED)
		out->assignment.status = ASSIGNMENT_REJECTED;
	op_finish(&known);
	return 0;
}

/* Of the assignment, and of the HIT that the row or the platform names for it. */
static int gather_assignment(struct ledger *ledger, const struct op *op, struct verify_facts *out, struct err *err)
{
	const char *hit_id = op->hit_id;
	int found = facts_get_assignment(ledger, op->assignment_id, &out->assignment, err);

	if (found < 0)
		return -1;
	out->has_assignment = found == 1;
	if (!hit_id && found == 1 && out->assignment.hit_id[0])
		hit_id = out->assignment.hit_id;
	if (!hit_id)
		return 0;
	found = facts_get_hit(ledger, hit_id, &out->hit, err);
	if (found < 0)
		return -1;
	out->has_hit = found == 1;
	return 0;
}

/* What the row, the ledger and the platform's lists have to say beyond that. */
static int gather_rest(struct ledger *ledger, const struct op *op, struct verify_facts *out, struct err *err)
{
	if (out->has_assignment && out->assignment.has_codes && op->row_id &&
	    gather_code(ledger, op, &out->code, err) < 0)
		return -1;
	if (op->kind != OP_BONUS || !op->worker_id)
		return 0;
	if (out->has_assignment && gather_rejection(ledger, op, out, err) < 0)
		return -1;
	return gather_bonuses(ledger, op, out, err);
}

int verify_gather(struct ledger *ledger, const struct op *op, struct verify_facts *out, struct err *err)
{
	out->has_assignment = out->has_hit = false;
	out->bonuses = (struct bonus_fact){ 0 };
	out->own = (struct own_bonuses){ 0 };
	out->twins_of_ledger = 0;
	out->code = (struct code_fact){ .differs = false };
	out->withdrawn = NULL;
	if (op->batch_id && op->row_id && gather_policy(ledger, op, &out->withdrawn, err) < 0)
		return -1;
	if (!op->assignment_id)
		return 0;
	return gather_assignment(ledger, op, out, err) < 0 ? -1 : gather_rest(ledger, op, out, err);
}
