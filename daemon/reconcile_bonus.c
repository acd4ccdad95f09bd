/* SPDX-License-Identifier: MIT */
#include "reconcile_bonus.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "money.h"

_Static_assert(RECONCILE_PAYMENTS_MAX <= 64, "payments fit into the bits of a uint64_t");

/* Which payments have found their partner, by bit. */
struct matching {
	const struct reconcile_line *line;
	struct reconcile_judgement *out;
	uint64_t shown;   /* of the ledger, by one of the platform's */
	uint64_t known;   /* of the platform, by one of the ledger's */
	uint64_t claimed; /* of the ledger, by one of the file's */
	uint64_t served;  /* of the file */
};

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

static const struct reconcile_bonus *bonus_at(const struct matching *m, size_t i)
{
	return &m->line->ledger.bonuses[i];
}

static bool is_dead(const struct reconcile_bonus *bonus)
{
	return bonus->state == OP_FAILED || bonus->state == OP_CANCELLED;
}

/* Sent, or perhaps sent. */
static bool may_be_executed(const struct reconcile_bonus *bonus)
{
	return bonus->is_doubtful || (bonus->state >= OP_SENDING && bonus->state <= OP_DONE);
}

/* Done so late that the platform's answer cannot show it yet. */
static bool is_too_fresh(const struct matching *m, const struct reconcile_bonus *bonus)
{
	return bonus->state == OP_DONE && bonus->changed_s >= m->line->asked_at_s;
}

/* What is certain takes its payment of the list before what is in doubt. */
static void match_listed(struct matching *m, bool certain)
{
	const struct reconcile_platform *platform = &m->line->platform;

	for (size_t p = 0; p < platform->count; p++) {
		for (size_t b = 0; b < m->line->ledger.count && !(m->known & bit(p)); b++) {
			const struct reconcile_bonus *bonus = bonus_at(m, b);

			if ((m->shown & bit(b)) || bonus->amount_minor != platform->listed[p].amount_minor ||
			    (certain ? bonus->state != OP_DONE : !may_be_executed(bonus)))
				continue;
			m->shown |= bit(b);
			m->known |= bit(p);
		}
	}
}

/* The next one of the platform's list that no payment of the ledger explains; `count` if there is none. */
static size_t next_unknown(const struct matching *m)
{
	size_t p = 0;

	while (p < m->line->platform.count && (m->known & bit(p)))
		p++;
	return p;
}

/* What the ledger has paid, and the platform does not list so. */
static void judge_not_shown(struct matching *m)
{
	const struct reconcile_platform *platform = &m->line->platform;
	char ours[MONEY_TEXT_MAX], theirs[MONEY_TEXT_MAX];

	for (size_t b = 0; b < m->line->ledger.count; b++) {
		const struct reconcile_bonus *bonus = bonus_at(m, b);
		size_t p = next_unknown(m);

		if (bonus->state != OP_DONE || (m->shown & bit(b)))
			continue;
		(void)money_display(bonus->amount_minor, ours);
		if (is_too_fresh(m, bonus)) {
			reconcile_find(m->out, FINDING_WAITING, "the ledger paid %s after %s was asked", ours,
				       platform->title);
		} else if (p < platform->count) {
			m->known |= bit(p);
			reconcile_find(m->out, FINDING_OTHER_AMOUNT,
				       "the ledger says a bonus of %s, %s lists one of %s", ours, platform->title,
				       money_display(platform->listed[p].amount_minor, theirs));
		} else {
			reconcile_find(m->out, FINDING_MISSING, "the ledger says that %s was paid, %s does not list it",
				       ours, platform->title);
		}
		m->shown |= bit(b);
	}
}

/* The ledger's payment of exactly this amount, what is done first; `count` if there is none. */
static size_t find_claim(const struct matching *m, int64_t amount_minor)
{
	size_t found = m->line->ledger.count;

	for (size_t b = 0; b < m->line->ledger.count; b++) {
		const struct reconcile_bonus *bonus = bonus_at(m, b);

		if ((m->claimed & bit(b)) || is_dead(bonus) || bonus->amount_minor != amount_minor)
			continue;
		if (bonus->state == OP_DONE)
			return b;
		if (found == m->line->ledger.count)
			found = b;
	}
	return found;
}

static void judge_unfinished(struct matching *m, const struct reconcile_bonus *bonus)
{
	char amount[MONEY_TEXT_MAX];

	(void)money_display(bonus->amount_minor, amount);
	if (bonus->state == OP_HELD)
		reconcile_find(m->out, FINDING_HELD, "a bonus of %s is held: %s", amount,
			       bonus->why ? bonus->why : "no reason is given");
	else if (bonus->state < OP_DONE)
		reconcile_find(m->out, FINDING_WAITING, "a bonus of %s is on its way (%s)", amount,
			       op_state_name(bonus->state));
}

static void match_asked(struct matching *m)
{
	const struct reconcile_file *file = &m->line->file;

	for (size_t a = 0; a < file->asked; a++) {
		size_t b = find_claim(m, file->asked_minor[a]);

		if (b == m->line->ledger.count)
			continue;
		m->claimed |= bit(b);
		m->served |= bit(a);
		judge_unfinished(m, bonus_at(m, b));
	}
}

static size_t count_sent(const struct matching *m)
{
	size_t sent = 0;

	for (size_t b = 0; b < m->line->ledger.count; b++)
		sent += may_be_executed(bonus_at(m, b));
	return sent;
}

/* The next bonus that the file asks for and nobody serves; `asked` if there is none. */
static size_t next_unserved(const struct matching *m)
{
	size_t a = 0;

	while (a < m->line->file.asked && (m->served & bit(a)))
		a++;
	return a;
}

static void judge_outside(struct matching *m)
{
	const struct reconcile_platform *platform = &m->line->platform;
	const struct reconcile_file *file = &m->line->file;
	char amount[MONEY_TEXT_MAX], asked[MONEY_TEXT_MAX], when[CLOCK_TEXT_MAX];
	size_t sent = count_sent(m), p = next_unknown(m);

	if (p == platform->count)
		return;
	if (platform->count > 1 && platform->count > sent && platform->count > file->asked)
		reconcile_find(m->out, FINDING_DOUBLE,
			       "%s lists %zu payments, the ledger sent %zu and the file asks for %zu", platform->title,
			       platform->count, sent, file->asked);
	for (; p < platform->count; p = next_unknown(m)) {
		size_t a = next_unserved(m);

		m->known |= bit(p);
		(void)money_display(platform->listed[p].amount_minor, amount);
		(void)clock_format_utc(platform->listed[p].granted_s, when);
		if (a < file->asked)
			reconcile_find(m->out, FINDING_PAID_OUTSIDE,
				       "%s lists a bonus of %s from %s that this ledger did not send; the file asks "
				       "for %s", platform->title, amount, when,
				       money_display(file->asked_minor[a], asked));
		else
			reconcile_find(m->out, FINDING_PAID_OUTSIDE,
				       "%s lists a bonus of %s from %s that this ledger did not send", platform->title,
				       amount, when);
		m->served |= a < file->asked ? bit(a) : 0;
	}
}

/* The ledger's bonus of the usual purpose with another amount than any that the file asks for. */
static size_t find_other_amount(const struct matching *m)
{
	size_t b = 0;

	while (b < m->line->ledger.count &&
	       ((m->claimed & bit(b)) || is_dead(bonus_at(m, b)) || bonus_at(m, b)->has_own_purpose))
		b++;
	return b;
}

static const struct reconcile_bonus *find_dead(const struct matching *m, int64_t amount_minor)
{
	for (size_t b = m->line->ledger.count; b > 0; b--)
		if (is_dead(bonus_at(m, b - 1)) && bonus_at(m, b - 1)->amount_minor == amount_minor)
			return bonus_at(m, b - 1);
	return NULL;
}

static void judge_owed(struct matching *m, int64_t amount_minor)
{
	const struct reconcile_bonus *dead = find_dead(m, amount_minor);
	char amount[MONEY_TEXT_MAX];

	(void)money_display(amount_minor, amount);
	if (dead && dead->state == OP_FAILED)
		reconcile_find(m->out, FINDING_OWED, "the file asks for a bonus of %s, which failed: %s", amount,
			       dead->why ? dead->why : "no reason is given");
	else if (dead)
		reconcile_find(m->out, FINDING_OWED, "the file asks for a bonus of %s, which a person took back",
			       amount);
	else if (m->line->file.is_beyond_limits && (m->out->found & 1U << FINDING_HELD))
		return; /* told with the decision: the row is held as a whole */
	else if (m->line->file.is_beyond_limits)
		reconcile_find(m->out, FINDING_HELD, "the row is held: %s",
			       m->line->file.why ? m->line->file.why : "beyond the limits");
	else if (m->line->file.asked > 1)
		reconcile_find(m->out, FINDING_HELD,
			       "rows contradict each other: they ask for %zu different bonuses, nobody paid the %s",
			       m->line->file.asked, amount);
	else
		reconcile_find(m->out, FINDING_OWED, "the file asks for a bonus of %s, nobody has paid it", amount);
}

static const char *deed(const struct reconcile_bonus *bonus)
{
	return bonus->state == OP_DONE ? "paid" : bonus->state == OP_HELD ? "holds" : "is about to pay";
}

static void judge_unserved(struct matching *m)
{
	const struct reconcile_file *file = &m->line->file;
	char ours[MONEY_TEXT_MAX], asked[MONEY_TEXT_MAX];

	for (size_t a = next_unserved(m); a < file->asked; a = next_unserved(m)) {
		size_t b = find_other_amount(m);

		m->served |= bit(a);
		if (b == m->line->ledger.count) {
			judge_owed(m, file->asked_minor[a]);
			continue;
		}
		m->claimed |= bit(b);
		reconcile_find(m->out, FINDING_OTHER_AMOUNT, "the file asks for a bonus of %s, the ledger %s %s",
			       money_display(file->asked_minor[a], asked), deed(bonus_at(m, b)),
			       money_display(bonus_at(m, b)->amount_minor, ours));
	}
}

/* What the ledger has beyond what the file asks for. A second bonus on purpose is as it should be. */
static void judge_unclaimed(struct matching *m)
{
	const struct reconcile_file *file = &m->line->file;
	char amount[MONEY_TEXT_MAX];

	for (size_t b = 0; b < m->line->ledger.count; b++) {
		const struct reconcile_bonus *bonus = bonus_at(m, b);

		if ((m->claimed & bit(b)) || is_dead(bonus))
			continue;
		judge_unfinished(m, bonus);
		if (bonus->state != OP_DONE)
			continue;
		(void)money_display(bonus->amount_minor, amount);
		if (bonus->has_own_purpose)
			(void)money_add(&m->out->due_minor, bonus->amount_minor);
		else if (file->rows == 0)
			reconcile_find(m->out, FINDING_NOT_IN_FILE, "the ledger paid %s, no row of a file claims it",
				       amount);
		else
			reconcile_find(m->out, FINDING_OTHER_AMOUNT,
				       "the file asks for no%s bonus, the ledger paid %s", file->asked ? " such" : "",
				       amount);
	}
}

void reconcile_judge_bonuses(const struct reconcile_line *line, bool may_be_owed, struct reconcile_judgement *out)
{
	struct matching m = { .line = line, .out = out };

	for (size_t a = 0; a < line->file.asked; a++)
		(void)money_add(&out->due_minor, line->file.asked_minor[a]);
	match_listed(&m, true);
	match_listed(&m, false);
	judge_not_shown(&m);
	match_asked(&m);
	judge_outside(&m);
	if (may_be_owed && !(out->found & (1U << FINDING_WRONG_WORKER | 1U << FINDING_WRONG_HIT)))
		judge_unserved(&m);
	judge_unclaimed(&m);
}
