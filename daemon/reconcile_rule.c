/* SPDX-License-Identifier: MIT */
#include "reconcile_rule.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reconcile_bonus.h"
#include "utf8.h"

_Static_assert(FINDINGS <= 32, "findings fit into the bits of an unsigned");

static const char *const names[] = {
#define FINDING(symbol, name, sentence) [symbol] = (name),
#include "reconcile_findings.def"
#undef FINDING
};

static const char *const sentences[] = {
#define FINDING(symbol, name, sentence) [symbol] = (sentence),
#include "reconcile_findings.def"
#undef FINDING
};

const char *finding_name(enum finding finding)
{
	return (unsigned)finding < FINDINGS ? names[finding] : "?";
}

const char *finding_sentence(enum finding finding)
{
	return (unsigned)finding < FINDINGS ? sentences[finding] : "?";
}

/* What was cut may end in the middle of a character, and a report of that would be no JSON. */
static void trim(char *text)
{
	text[utf8_first_invalid(text, strlen(text))] = '\0';
}

void reconcile_find(struct reconcile_judgement *out, enum finding finding, const char *format, ...)
{
	char text[320], before[301];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	trim(text);
	out->agrees = false;
	(void)snprintf(before, sizeof(before), "%.300s", out->why);
	trim(before);
	if (!before[0])
		(void)snprintf(out->why, sizeof(out->why), "%s", text);
	else if (finding < out->finding)
		(void)snprintf(out->why, sizeof(out->why), "%s; %s", text, before);
	else
		(void)snprintf(out->why, sizeof(out->why), "%s; %s", before, text);
	out->found |= 1U << finding;
	if (finding < out->finding)
		out->finding = finding;
}

/* What is told although it agrees. */
static void tell_auto_approval(struct reconcile_judgement *out, const char *platform)
{
	char text[120];

	(void)snprintf(text, sizeof(text), "%s approved it by itself when its time was over", platform);
	if (out->finding > FINDING_AUTO_APPROVED) {
		out->finding = FINDING_AUTO_APPROVED;
		(void)snprintf(out->why, sizeof(out->why), "%s", text);
	}
	out->found |= 1U << FINDING_AUTO_APPROVED;
}

/* What the file wants done with the assignment. */
enum wish { WISH_NONE, WISH_APPROVE, WISH_REJECT, WISH_HOLD, WISH_SKIP };

static enum wish wish_of(const struct reconcile_file *file)
{
	static const enum wish wishes[] = { [VERDICT_APPROVE] = WISH_APPROVE,
					    [VERDICT_REJECT] = WISH_REJECT,
					    [VERDICT_HOLD] = WISH_HOLD,
					    [VERDICT_SKIP] = WISH_SKIP };

	return file->rows == 0 || (unsigned)file->verdict > VERDICT_SKIP ? WISH_NONE : wishes[file->verdict];
}

static const char *or_nothing(const char *why)
{
	return why && why[0] ? why : "no reason is given";
}

static bool is_done(const struct reconcile_ledger *ledger)
{
	return ledger->has_decision && ledger->decision.state == OP_DONE;
}

/* Found done, by whomever, instead of done by our own request. */
static bool was_only_found(const struct reconcile_ledger *ledger)
{
	static const char *const found[] = { "already-approved", "already-decided", "auto-approved" };

	for (size_t i = 0; ledger->decision.outcome && i < sizeof(found) / sizeof(found[0]); i++)
		if (strcmp(ledger->decision.outcome, found[i]) == 0)
			return true;
	return false;
}

bool reconcile_is_auto_approved(const struct reconcile_line *line)
{
	const struct reconcile_platform *platform = &line->platform;
	bool is_ours = is_done(&line->ledger) && line->ledger.decision.kind == OP_APPROVE &&
		       !was_only_found(&line->ledger);

	return platform->is_known && platform->status == ASSIGNMENT_APPROVED && platform->approved_s > 0 &&
	       platform->auto_approval_s > 0 && platform->approved_s >= platform->auto_approval_s && !is_ours;
}

static const char *past(enum op_kind kind)
{
	return kind == OP_APPROVE ? "approved" : "rejected";
}

static const char *noun(enum op_kind kind)
{
	return kind == OP_APPROVE ? "an approval" : "a rejection";
}

/* The ledger's decision while the platform shows none. True: all is said. */
static bool judge_open_decision(const struct reconcile_line *line, enum wish wish, struct reconcile_judgement *out)
{
	const struct reconcile_decision *op = &line->ledger.decision;
	enum op_kind wanted = wish == WISH_APPROVE ? OP_APPROVE : OP_REJECT;

	if (!line->ledger.has_decision)
		return false;
	if (op->state == OP_DONE && op->changed_s >= line->asked_at_s)
		reconcile_find(out, FINDING_WAITING, "the ledger %s it after %s was asked", past(op->kind),
			       line->platform.title);
	else if (op->state == OP_DONE)
		reconcile_find(out, FINDING_MISSING, "the ledger says %s, %s does not show it", past(op->kind),
			       line->platform.title);
	else if (op->state == OP_FAILED || op->state == OP_CANCELLED)
		return false;
	else if ((wish == WISH_APPROVE || wish == WISH_REJECT) && op->kind != wanted)
		reconcile_find(out, FINDING_DECIDED_OTHERWISE, "the file asks for %s, the ledger has %s %s",
			       noun(wanted), noun(op->kind), op_state_name(op->state));
	else if (op->state == OP_HELD)
		reconcile_find(out, op->goes_on ? FINDING_WAITING : FINDING_HELD, "%s is held: %s", noun(op->kind),
			       or_nothing(op->why));
	else
		reconcile_find(out, FINDING_WAITING, "%s is on its way (%s)", noun(op->kind),
			       op_state_name(op->state));
	return true;
}

static void judge_owed(const struct reconcile_line *line, enum op_kind kind, struct reconcile_judgement *out)
{
	const struct reconcile_decision *op = &line->ledger.decision;

	if ((!line->ledger.has_decision || op->kind != kind) && line->file.is_beyond_limits)
		reconcile_find(out, FINDING_HELD, "the row is held: %s", or_nothing(line->file.why));
	else if (!line->ledger.has_decision || op->kind != kind)
		reconcile_find(out, FINDING_OWED, "the file asks for %s, nobody has done it", noun(kind));
	else if (op->state == OP_FAILED)
		reconcile_find(out, FINDING_OWED, "the file asks for %s, which failed: %s", noun(kind),
			       or_nothing(op->why));
	else
		reconcile_find(out, FINDING_OWED, "the file asks for %s, which a person took back", noun(kind));
}

static void judge_submitted(const struct reconcile_line *line, enum wish wish, struct reconcile_judgement *out)
{
	if (judge_open_decision(line, wish, out))
		return;
	switch (wish) {
	case WISH_APPROVE:
		judge_owed(line, OP_APPROVE, out);
		break;
	case WISH_REJECT:
		judge_owed(line, OP_REJECT, out);
		break;
	case WISH_HOLD:
		reconcile_find(out, FINDING_HELD, "the row is held: %s", or_nothing(line->file.why));
		break;
	case WISH_SKIP:
		reconcile_find(out, FINDING_UNDECIDED, "handed in, but the file leaves it out: %s",
			       or_nothing(line->file.why));
		break;
	case WISH_NONE:
		reconcile_find(out, FINDING_NOT_IN_FILE, "handed in, but no row of a file claims it");
		break;
	}
}

static void judge_as_wished(const struct reconcile_line *line, enum op_kind decided, bool is_auto,
			    struct reconcile_judgement *out)
{
	const struct reconcile_decision *op = &line->ledger.decision;
	bool is_open = line->ledger.has_decision && !op_is_settled(op->state) && op->state != OP_HELD;

	if (is_done(&line->ledger) && op->kind != decided)
		reconcile_find(out, FINDING_DECIDED_OTHERWISE, "the ledger %s it, %s shows it as %s", past(op->kind),
			       line->platform.title, past(decided));
	else if (is_open)
		reconcile_find(out, FINDING_WAITING, "%s on %s; the ledger has yet to find that out (%s)",
			       past(decided), line->platform.title, op_state_name(op->state));
	else if (is_auto)
		tell_auto_approval(out, line->platform.title);
	else if (!is_done(&line->ledger))
		reconcile_find(out, decided == OP_APPROVE ? FINDING_APPROVED_OUTSIDE : FINDING_REJECTED_OUTSIDE,
			       "%s on %s as the file asks, but not by this ledger", past(decided),
			       line->platform.title);
}

/* By whom it was decided, for sentences. */
static const char *by_whom(const struct reconcile_line *line, bool is_auto)
{
	if (is_auto)
		return "by time alone";
	return is_done(&line->ledger) ? "by this ledger" : "not by this ledger";
}

static void judge_unasked(const struct reconcile_line *line, enum wish wish, enum op_kind decided, bool is_auto,
			  struct reconcile_judgement *out)
{
	enum finding outside = decided == OP_APPROVE ? FINDING_APPROVED_OUTSIDE : FINDING_REJECTED_OUTSIDE;
	const char *whom = by_whom(line, is_auto);

	if (wish == WISH_HOLD)
		reconcile_find(out, FINDING_HELD, "%s on %s (%s), but the row is held: %s", past(decided),
			       line->platform.title, whom, or_nothing(line->file.why));
	else if (wish == WISH_SKIP && is_auto)
		reconcile_find(out, FINDING_AUTO_APPROVED, "approved by time alone, but the file leaves it out: %s",
			       or_nothing(line->file.why));
	else if (wish == WISH_SKIP)
		reconcile_find(out, is_done(&line->ledger) ? FINDING_DECIDED_OTHERWISE : outside,
			       "%s on %s (%s), but the file leaves it out: %s", past(decided), line->platform.title,
			       whom, or_nothing(line->file.why));
	else
		reconcile_find(out, is_auto || is_done(&line->ledger) ? FINDING_NOT_IN_FILE : outside,
			       "%s on %s (%s), and no row of a file claims it", past(decided), line->platform.title,
			       whom);
	if (is_auto)
		tell_auto_approval(out, line->platform.title);
}

static void judge_decided(const struct reconcile_line *line, enum wish wish, struct reconcile_judgement *out)
{
	enum op_kind decided = line->platform.status == ASSIGNMENT_APPROVED ? OP_APPROVE : OP_REJECT;
	bool is_auto = reconcile_is_auto_approved(line);

	if (wish == (decided == OP_APPROVE ? WISH_APPROVE : WISH_REJECT))
		judge_as_wished(line, decided, is_auto, out);
	else if (wish != WISH_APPROVE && wish != WISH_REJECT)
		judge_unasked(line, wish, decided, is_auto, out);
	else if (is_auto)
		reconcile_find(out, FINDING_AUTO_APPROVED, "the file asks for a rejection, but %s approved it by "
			       "itself when its time was over", line->platform.title);
	else
		reconcile_find(out, FINDING_DECIDED_OTHERWISE, "the file asks for %s, %s shows it as %s (%s)",
			       noun(wish == WISH_APPROVE ? OP_APPROVE : OP_REJECT), line->platform.title,
			       past(decided), by_whom(line, false));
}

static void judge_absent(const struct reconcile_line *line, enum wish wish, struct reconcile_judgement *out)
{
	const struct reconcile_platform *platform = &line->platform;

	if (is_done(&line->ledger))
		(void)judge_open_decision(line, wish, out);
	/* What is left out anyway need not exist. */
	if (wish == WISH_SKIP)
		return;
	if (platform->lacks_hit)
		reconcile_find(out, FINDING_UNKNOWN_ASSIGNMENT, "%s knows no HIT %.40s in this account (any more)",
			       platform->title, platform->hit_id ? platform->hit_id : "");
	else if (platform->is_known && platform->status == ASSIGNMENT_NOT_SUBMITTED)
		reconcile_find(out, FINDING_NOT_SUBMITTED, "not submitted on %s yet", platform->title);
	else
		reconcile_find(out, FINDING_UNKNOWN_ASSIGNMENT, "%s knows no assignment %.40s in this account",
			       platform->title, line->assignment_id);
	if (wish == WISH_HOLD)
		reconcile_find(out, FINDING_HELD, "the row is held: %s", or_nothing(line->file.why));
}

/* Both sides shown, as they are. True: the assignment is another one, and nothing else can be said about it. */
static bool is_mistaken(const struct reconcile_line *line, struct reconcile_judgement *out)
{
	const struct reconcile_platform *platform = &line->platform;
	bool is_unclaimed = line->file.rows == 0;
	const char *other = is_unclaimed ? line->file.other_worker : NULL;
	const char *worker = other ? other : line->worker_id;

	if (platform->worker_id && worker && strcmp(worker, platform->worker_id) != 0) {
		reconcile_find(out, FINDING_WRONG_WORKER, "the %s says worker %.40s, %s says worker %.40s",
			       is_unclaimed && !other ? "ledger" : "file", worker, platform->title,
			       platform->worker_id);
		return true;
	}
	if (platform->hit_id && line->file.rows > 0 && line->file.hit_id && !platform->lacks_hit &&
	    strcmp(line->file.hit_id, platform->hit_id) != 0) {
		reconcile_find(out, FINDING_WRONG_HIT, "the file says HIT %.40s, %s says HIT %.40s",
			       line->file.hit_id, platform->title, platform->hit_id);
		return true;
	}
	return false;
}

static bool is_on_platform(const struct reconcile_platform *platform)
{
	return platform->is_known && platform->status >= ASSIGNMENT_SUBMITTED && !platform->lacks_hit;
}

static void judge_assignment(const struct reconcile_line *line, struct reconcile_judgement *out)
{
	enum wish wish = wish_of(&line->file);

	if (is_mistaken(line, out))
		return;
	if (line->file.is_contradictory)
		reconcile_find(out, FINDING_HELD, "rows contradict each other: one asks for an approval, one for a "
			       "rejection");
	else if (!is_on_platform(&line->platform))
		judge_absent(line, wish, out);
	else if (line->platform.status == ASSIGNMENT_SUBMITTED)
		judge_submitted(line, wish, out);
	else
		judge_decided(line, wish, out);
}

void reconcile_judge(const struct reconcile_line *line, struct reconcile_judgement *out)
{
	*out = (struct reconcile_judgement){ .finding = FINDING_AGREE, .agrees = true };
	if (!line->assignment_id) {
		reconcile_find(out, FINDING_HELD, "the row names no assignment: %s", or_nothing(line->file.why));
		return;
	}
	out->is_auto_approved = reconcile_is_auto_approved(line);
	judge_assignment(line, out);
	if (line->is_cut)
		reconcile_find(out, FINDING_UNDECIDED, "more than %d payments: too many to compare",
			       RECONCILE_PAYMENTS_MAX);
	else
		reconcile_judge_bonuses(line, is_on_platform(&line->platform) && !line->file.is_contradictory, out);
	if (!out->why[0])
		(void)snprintf(out->why, sizeof(out->why), "%s", finding_sentence(FINDING_AGREE));
}
