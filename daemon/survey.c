/* SPDX-License-Identifier: MIT */
#include "survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Endless lists are a fault of the other side; the largest real HITs have some ten thousand assignments. */
#define PAGES_MAX 20000

/* How long it is remembered that a subject was surveyed; longer than any plan takes. */
#define MEMORY_MS (INT64_C(6) * 3600 * 1000)

struct waiter {
	survey_done_fn *done;
	void *arg;
};

/* One subject: a survey under way if it has waiters, else the memory of the last one. */
struct survey {
	struct survey *next;
	struct surveys *surveys;
	char *subject;
	bool is_missing;
	enum read_kind step;
	char *page; /* of the next read */
	unsigned pages;
	int64_t number; /* in the ledger; 0: none yet */
	bool under_way;
	bool has_failed; /* the ledger did, in a sink */
	struct err failure;
	int64_t began_ms;    /* monotonic, as the next */
	int64_t finished_ms; /* 0: never */
	struct waiter *waiters;
	size_t waiter_count;
};

struct surveys {
	struct ledger *ledger;
	struct reader *reader;
	struct survey *list;
	int64_t trusted_since_ms;
};

struct surveys *surveys_new(struct ledger *ledger, struct reader *reader, struct err *err)
{
	struct surveys *surveys = calloc(1, sizeof(*surveys));

	if (!surveys) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	surveys->ledger = ledger;
	surveys->reader = reader;
	return surveys;
}

static void survey_free(struct survey *survey)
{
	free(survey->waiters);
	free(survey->page);
	free(survey->subject);
	free(survey);
}

void surveys_free(struct surveys *surveys)
{
	struct survey *next;

	if (!surveys)
		return;
	for (struct survey *survey = surveys->list; survey; survey = next) {
		next = survey->next;
		survey_free(survey);
	}
	free(surveys);
}

static struct survey *find(const struct surveys *surveys, const char *subject)
{
	struct survey *survey = surveys->list;

	while (survey && strcmp(survey->subject, subject) != 0)
		survey = survey->next;
	return survey;
}

static bool is_fresh(const struct surveys *surveys, const char *subject, int64_t since_ms)
{
	const struct survey *survey = find(surveys, subject);

	return survey && survey->finished_ms && survey->finished_ms >= since_ms &&
	       survey->began_ms >= surveys->trusted_since_ms;
}

void surveys_distrust(struct surveys *surveys, int64_t before_ms)
{
	surveys->trusted_since_ms = before_ms;
}

bool surveys_is_under_way(const struct surveys *surveys, const char *subject)
{
	const struct survey *survey = find(surveys, subject);

	return survey && survey->under_way;
}

static void finish(struct survey *survey, const struct err *err)
{
	struct waiter *waiters = survey->waiters;
	size_t count = survey->waiter_count;
	struct err kept;

	/* Whoever is told may ask again at once, and then this survey may be gone. */
	if (err)
		kept = *err;
	survey->waiters = NULL;
	survey->waiter_count = 0;
	survey->under_way = false;
	free(survey->page);
	survey->page = NULL;
	if (!err)
		survey->finished_ms = clock_mono_ms();
	for (size_t i = 0; i < count; i++)
		waiters[i].done(waiters[i].arg, err ? &kept : NULL);
	free(waiters);
}

/* Sinks cannot return: the first failure of the ledger is kept until the read is done. */
static void keep_failure(struct survey *survey, int result)
{
	if (result < 0)
		survey->has_failed = true;
}

static struct err *failure_of(struct survey *survey)
{
	return survey->has_failed ? NULL : &survey->failure;
}

static void on_hit(void *arg, const struct hit *hit)
{
	struct survey *survey = arg;

	keep_failure(survey, facts_put_hit(survey->surveys->ledger, hit, failure_of(survey)));
}

static void on_missing_hit(void *arg, const char *hit_id)
{
	struct survey *survey = arg;

	survey->is_missing = true;
	keep_failure(survey, facts_put_missing_hit(survey->surveys->ledger, hit_id, failure_of(survey)));
}

static void on_assignment(void *arg, const struct assignment *assignment)
{
	struct survey *survey = arg;

	keep_failure(survey, facts_put_assignment(survey->surveys->ledger, assignment, failure_of(survey)));
}

static void on_bonus(void *arg, const struct bonus_payment *bonus)
{
	struct survey *survey = arg;

	if (survey->number == 0)
		keep_failure(survey,
			     facts_new_survey(survey->surveys->ledger, &survey->number, failure_of(survey)));
	keep_failure(survey,
		     facts_put_bonus(survey->surveys->ledger, bonus, survey->number, failure_of(survey)));
}

static void on_page(void *arg, const char *next)
{
	struct survey *survey = arg;

	free(survey->page);
	survey->page = strdup(next);
	keep_failure(survey, survey->page ? 0 : err_set(failure_of(survey), ERR_INTERNAL, "out of memory"));
}

static void on_read(void *arg, const struct err *err);

static void read_step(struct survey *survey)
{
	const struct read read = { .kind = survey->step, .subject = survey->subject, .page = survey->page };
	const struct read_sink sink = { .arg = survey,
					.on_hit = on_hit,
					.on_missing_hit = on_missing_hit,
					.on_assignment = on_assignment,
					.on_bonus = on_bonus,
					.on_page = on_page };
	struct err err;

	if (reader_read(survey->surveys->reader, &read, &sink, on_read, survey, &err) < 0) {
		finish(survey, &err);
		return;
	}
	free(survey->page);
	survey->page = NULL;
}

/* What is read after `step`; READ_KINDS: nothing. */
static enum read_kind step_after(enum read_kind step)
{
	if (step == READ_HIT)
		return READ_ASSIGNMENTS;
	return step == READ_ASSIGNMENTS ? READ_BONUSES : READ_KINDS;
}

/* Every bonus of the HIT has been listed. */
static void end_bonuses(struct survey *survey)
{
	if (survey->step == READ_BONUSES && survey->number > 0)
		keep_failure(survey, facts_end_survey(survey->surveys->ledger, survey->subject, survey->number,
						      failure_of(survey)));
}

static void on_read(void *arg, const struct err *err)
{
	struct survey *survey = arg;

	if (err || survey->has_failed) {
		finish(survey, err ? err : &survey->failure);
		return;
	}
	if (++survey->pages > PAGES_MAX) {
		(void)err_set(&survey->failure, ERR_PLATFORM, "the list of HIT \"%s\" has no end", survey->subject);
		finish(survey, &survey->failure);
		return;
	}
	if (!survey->page)
		end_bonuses(survey);
	if (survey->has_failed) {
		finish(survey, &survey->failure);
		return;
	}
	if (!survey->page)
		survey->step = survey->is_missing ? READ_KINDS : step_after(survey->step);
	if (survey->step == READ_KINDS)
		finish(survey, NULL);
	else
		read_step(survey);
}

/* What was surveyed long ago is no memory worth keeping: the facts are in the ledger. */
static void forget_old(struct surveys *surveys)
{
	struct survey **link = &surveys->list;
	int64_t now_ms = clock_mono_ms();

	while (*link) {
		struct survey *survey = *link;

		if (survey->under_way || now_ms - survey->finished_ms <= MEMORY_MS) {
			link = &survey->next;
			continue;
		}
		*link = survey->next;
		survey_free(survey);
	}
}

static struct survey *find_or_make(struct surveys *surveys, const char *subject)
{
	struct survey *survey = find(surveys, subject);

	if (survey)
		return survey;
	forget_old(surveys);
	survey = calloc(1, sizeof(*survey));
	if (survey)
		survey->subject = strdup(subject);
	if (!survey || !survey->subject) {
		free(survey);
		return NULL;
	}
	survey->surveys = surveys;
	survey->next = surveys->list;
	surveys->list = survey;
	return survey;
}

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's analyser loses sight of what is stored behind a pointer that came out of a list, and calls it leaked. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static bool add_waiter(struct survey *survey, survey_done_fn *done, void *arg)
{
	/* Doubles whenever the count is a power of two. */
	if ((survey->waiter_count & (survey->waiter_count - 1)) == 0) {
		size_t capacity = survey->waiter_count ? 2 * survey->waiter_count : 1;
		struct waiter *waiters = reallocarray(survey->waiters, capacity, sizeof(*waiters));

		if (!waiters)
			return false;
		survey->waiters = waiters;
	}
	survey->waiters[survey->waiter_count++] = (struct waiter){ done, arg };
	return true;
}

int surveys_ask(struct surveys *surveys, enum survey_need need, const char *subject, survey_done_fn *done, void *arg,
		struct err *err)
{
	struct survey *survey = find_or_make(surveys, subject);

	if (!survey || !add_waiter(survey, done, arg))
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (survey->under_way)
		return 0;
	survey->under_way = true;
	survey->finished_ms = 0;
	survey->began_ms = clock_mono_ms();
	survey->is_missing = false;
	survey->has_failed = false;
	survey->pages = 0;
	survey->number = 0;
	survey->step = need == SURVEY_HIT ? READ_HIT : READ_ASSIGNMENT;
	read_step(survey);
	return 0;
}

/* The HIT that the row or the platform names; NULL: neither. */
static const char *hit_of(const struct op *op, const struct verify_facts *facts)
{
	if (op->hit_id)
		return op->hit_id;
	return facts->has_assignment && facts->assignment.hit_id[0] ? facts->assignment.hit_id : NULL;
}

/* The HIT's lists answer for all its assignments at once. One that they lack is looked at alone, once, to tell "not
 * submitted" from "unknown"; after that the lists are read again from time to time. */
enum survey_need surveys_need(const struct surveys *surveys, const struct op *op, const struct verify_facts *facts,
			      int64_t since_ms, int64_t waiting_since_ms, char subject[ID_TEXT_MAX])
{
	const char *hit_id = hit_of(op, facts);
	bool is_known = facts->has_assignment && facts->assignment.status >= ASSIGNMENT_SUBMITTED;
	bool is_absent = (facts->has_hit && !facts->hit.known) || (hit_id && facts->has_assignment);
	int64_t from_ms = is_known || !facts->has_assignment ? since_ms : waiting_since_ms;

	if (!op->assignment_id)
		return SURVEY_NOTHING;
	if (hit_id && !is_fresh(surveys, hit_id, from_ms)) {
		(void)snprintf(subject, ID_TEXT_MAX, "%s", hit_id);
		return SURVEY_HIT;
	}
	if (is_known || is_absent || is_fresh(surveys, op->assignment_id, from_ms))
		return SURVEY_NOTHING;
	(void)snprintf(subject, ID_TEXT_MAX, "%s", op->assignment_id);
	return SURVEY_ASSIGNMENT;
}
