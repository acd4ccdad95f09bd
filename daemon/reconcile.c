/* SPDX-License-Identifier: MIT */
#include "reconcile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "reconcile_report.h"
#include "results.h"

#define LINES_PER_SLICE 40
/* The platform has other things to do, too: a payment waits for its turn among these. */
#define SURVEYS_AT_ONCE 3
/* Assignments that no list of a HIT has are asked about one by one; beyond so many, the lists are believed. */
#define LONELY_MAX 200
/* They lie in memory. */
#define LINES_MAX 200000
#define REPORTS_KEPT 4
#define PER_USER_MAX 2

enum phase { PHASE_ROWS, PHASE_LEDGER, PHASE_HITS, PHASE_LONELY, PHASE_FACTS, PHASE_OPERATIONS, PHASE_COMPARE, PHASES };

struct job {
	struct job *next;
	struct reconciles *owner;
	struct reconcile_params params;
	struct reconcile_scope scope;
	struct reconcile_client client;
	enum phase phase;
	int64_t cursor;               /* of the phase */
	int64_t hit_cursor;           /* lines whose HIT is in the list already */
	int64_t lonely_cursor;
	char fact_cursor[ID_TEXT_MAX];
	int64_t asked_at_s;
	unsigned surveys; /* out */
	unsigned lonely;  /* asked about so far */
	bool is_waiting;  /* for a survey */
	bool is_finished;
	bool has_failed;
	struct err failure;
	struct reconcile_totals totals;
};

/* A survey that is out for a job. */
struct asking {
	struct job *job;
	enum survey_need need;
	bool is_stale; /* somebody else's, begun earlier: asked for once more when it is there */
	char subject[ID_TEXT_MAX];
};

/* A finished report; its lines are in the table. */
struct report {
	struct report *next;
	int64_t id;
	char *summary; /* JSON; NULL: its lines are being removed */
};

struct reconciles {
	struct reconcile_parts parts;
	struct job *jobs;
	struct report *reports; /* the newest first */
	int64_t last_id;
};

struct reconciles *reconciles_new(const struct reconcile_parts *parts, struct err *err)
{
	struct reconciles *reconciles = calloc(1, sizeof(*reconciles));

	if (!reconciles) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	reconciles->parts = *parts;
	if (reconcile_table_create(parts->ledger, err) == 0)
		return reconciles;
	free(reconciles);
	return NULL;
}

static void job_free(struct job *job)
{
	reconcile_params_finish(&job->params);
	free(job);
}

static void keep_failure(struct job *job, const struct err *err)
{
	if (!job->has_failed)
		job->failure = *err;
	job->has_failed = true;
}

/* --- reports --- */

static void report_free(struct report *report)
{
	free(report->summary);
	free(report);
}

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's analyser loses sight of what is stored in a list behind a pointer, and calls it leaked. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* Whose summary is gone is gone; its lines go little by little. */
static void forget_old(struct reconciles *reconciles)
{
	unsigned kept = 0;

	for (struct report *report = reconciles->reports; report; report = report->next) {
		if (report->summary && ++kept > REPORTS_KEPT) {
			free(report->summary);
			report->summary = NULL;
		}
	}
}

/* Takes over `summary`, which may be NULL: then there is nothing to be read of it, only to be removed. */
static int keep_report(struct reconciles *reconciles, int64_t id, char *summary, struct err *err)
{
	struct report *report = calloc(1, sizeof(*report));

	if (!report) {
		free(summary);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	report->id = id;
	report->summary = summary;
	report->next = reconciles->reports;
	reconciles->reports = report;
	forget_old(reconciles);
	return 0;
}

static struct report **find_forgotten(struct reconciles *reconciles)
{
	struct report **link = &reconciles->reports;

	while (*link && (*link)->summary)
		link = &(*link)->next;
	return link;
}

static void slice_forgotten(struct reconciles *reconciles)
{
	struct report **link = find_forgotten(reconciles), *report = *link;
	struct err err;
	int more;

	if (!report)
		return;
	more = reconcile_table_drop(reconciles->parts.ledger, report->id, &err);
	if (more < 0)
		log_err("forgetting an old report", &err);
	if (more == 1)
		return;
	*link = report->next;
	report_free(report);
}

struct json_object *reconciles_page(struct reconciles *reconciles, const struct reconcile_params *params,
				    struct err *err)
{
	const struct report *report = reconciles->reports;
	struct json_object *out;

	while (report && (report->id != params->report || !report->summary))
		report = report->next;
	if (!report) {
		(void)err_set(err, ERR_NOT_FOUND, "report %" PRId64 " is not there (any more)", params->report);
		(void)err_hint(err, "the last %d are kept: make a new one", REPORTS_KEPT);
		return NULL;
	}
	out = json_parse(report->summary, strlen(report->summary), err);
	if (!out || reconcile_report_page(reconciles->parts.ledger, report->id, params, out, err) == 0)
		return out;
	json_object_put(out);
	return NULL;
}

/* --- surveys --- */

static void ask(struct asking *asking);

static void on_surveyed(void *arg, const struct err *err)
{
	struct asking *asking = arg;
	struct job *job = asking->job;
	struct err failure;

	job->is_waiting = false;
	loop_wake(job->owner->parts.loop);
	if (!err && asking->is_stale) {
		ask(asking);
		return;
	}
	if (err)
		keep_failure(job, err);
	else if (asking->need == SURVEY_ASSIGNMENT && !job->scope.hits &&
		 reconcile_add_hit_of(job->owner->parts.ledger, job->scope.report, asking->subject, &failure) < 0)
		keep_failure(job, &failure);
	job->surveys--;
	free(asking);
}

static void ask(struct asking *asking)
{
	struct job *job = asking->job;
	struct surveys *surveys = job->owner->parts.surveys;
	struct err err;

	asking->is_stale = surveys_is_under_way(surveys, asking->subject);
	/* Where it cannot even be sent, this is answered at once, and `asking` is gone. */
	if (surveys_ask(surveys, asking->need, asking->subject, on_surveyed, asking, &err) == 0)
		return;
	keep_failure(job, &err);
	job->surveys--;
	free(asking);
}

static int start_survey(struct job *job, enum survey_need need, const char *subject, struct err *err)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	if (!asking)
		return err_set(err, ERR_INTERNAL, "out of memory");
	asking->job = job;
	asking->need = need;
	(void)snprintf(asking->subject, sizeof(asking->subject), "%s", subject);
	job->surveys++;
	ask(asking);
	return 0;
}

/* --- phases: 1 there is more to do, 0 the next phase may begin, -1 error --- */

static struct ledger *ledger_of(const struct job *job)
{
	return job->owner->parts.ledger;
}

static int wait_for_surveys(struct job *job)
{
	job->is_waiting = job->surveys > 0;
	return job->surveys > 0;
}

static int run_rows(struct job *job, struct err *err)
{
	return reconcile_collect_rows(ledger_of(job), &job->scope, &job->cursor, err);
}

/* Everything that the ledger knows: also HITs that no file names any more. */
static int run_ledger(struct job *job, struct err *err)
{
	return job->scope.is_everything ? reconcile_collect_operations(ledger_of(job), &job->scope, &job->cursor, err)
					: 0;
}

static int run_hits(struct job *job, struct err *err)
{
	char hit_id[ID_TEXT_MAX];
	int found = 1;

	if (job->cursor++ == 0 && reconcile_add_hits(ledger_of(job), &job->scope, &job->hit_cursor, err) < 0)
		return -1;
	while (job->surveys < SURVEYS_AT_ONCE && !job->has_failed) {
		found = reconcile_take_hit(ledger_of(job), job->scope.report, hit_id, err);
		if (found != 1)
			break;
		if (start_survey(job, SURVEY_HIT, hit_id, err) < 0)
			return -1;
	}
	return found < 0 ? -1 : wait_for_surveys(job);
}

/* One whose HIT nobody has named yet mostly names that of all the others: then that comes first. */
static int run_lonely(struct job *job, struct err *err)
{
	char subject[ID_TEXT_MAX];
	int found;

	found = reconcile_take_hit(ledger_of(job), job->scope.report, subject, err);
	if (found != 0) {
		job->phase = PHASE_HITS;
		return found < 0 || start_survey(job, SURVEY_HIT, subject, err) < 0 ? -1 : 1;
	}
	if (job->lonely >= LONELY_MAX || job->surveys >= SURVEYS_AT_ONCE)
		return wait_for_surveys(job);
	found = reconcile_next_lonely(ledger_of(job), job->scope.report, job->asked_at_s, &job->lonely_cursor, subject,
				      err);
	if (found != 1)
		return found == 2 ? 1 : found < 0 ? -1 : wait_for_surveys(job);
	job->lonely++;
	return start_survey(job, SURVEY_ASSIGNMENT, subject, err) < 0 ? -1 : 1;
}

static int run_facts(struct job *job, struct err *err)
{
	return reconcile_collect_facts(ledger_of(job), &job->scope, job->fact_cursor, err);
}

static int run_operations(struct job *job, struct err *err)
{
	return reconcile_collect_operations(ledger_of(job), &job->scope, &job->cursor, err);
}

struct slice {
	struct job *job;
	struct reconcile_asking asking;
};

static int on_line(void *arg, const struct reconcile_key *key, struct err *err)
{
	struct slice *slice = arg;

	return reconcile_report_line(&slice->asking, key, &slice->job->totals, err);
}

static struct reconcile_asking asking_of(const struct job *job)
{
	return (struct reconcile_asking){ .ledger = ledger_of(job),
					  .scope = &job->scope,
					  .platform = job->owner->parts.platform->class->title,
					  .asked_at_s = job->asked_at_s };
}

static int run_compare(struct job *job, struct err *err)
{
	struct slice slice = { job, asking_of(job) };

	return reconcile_each_line(ledger_of(job), job->scope.report, &job->cursor, LINES_PER_SLICE, on_line, &slice,
				   err);
}

static int (*const phases[PHASES])(struct job *job, struct err *err) = {
	[PHASE_ROWS] = run_rows,	 [PHASE_LEDGER] = run_ledger, [PHASE_HITS] = run_hits,
	[PHASE_LONELY] = run_lonely,	 [PHASE_FACTS] = run_facts,   [PHASE_OPERATIONS] = run_operations,
	[PHASE_COMPARE] = run_compare,
};

/* --- the end --- */

static void finish(struct job *job, struct json_object *result, const struct err *err)
{
	struct err ignored;

	job->is_finished = true;
	if (err && keep_report(job->owner, job->scope.report, NULL, &ignored) < 0)
		log_err("forgetting a comparison", &ignored);
	job->client.done(job->client.arg, result, err);
}

static void describe_selection(const struct job *job, int64_t hits, char *text, size_t size)
{
	const struct reconcile_params *params = &job->params;

	if (job->scope.is_working_set)
		(void)snprintf(text, size, "the working set");
	else if (!reconcile_params_select(params))
		(void)snprintf(text, size, "everything that the ledger knows");
	else
		(void)snprintf(text, size, "%s%.100s%s%s%.100s%s%s", params->room ? "room " : "",
			       params->room ? params->room : "", params->room && params->game ? " of " : "",
			       params->game ? "game " : "", params->game ? params->game : "",
			       params->hits && (params->room || params->game) ? ", " : "",
			       params->hits ? hits == 1 ? "one HIT" : "some HITs" : "");
}

static void report(struct job *job)
{
	const struct reconcile_asking asking = asking_of(job);
	int64_t hits, lines = -1;
	struct json_object *result;
	char selection[260];
	struct err err;

	hits = reconcile_count_hits(ledger_of(job), job->scope.report, &err);
	if (hits >= 0)
		lines = reconcile_count_lines(ledger_of(job), job->scope.report, false, &err);
	if (lines < 0) {
		finish(job, NULL, &err);
		return;
	}
	describe_selection(job, hits, selection, sizeof(selection));
	if (lines == 0 && reconcile_params_select(&job->params)) {
		(void)err_set(&err, ERR_NOT_FOUND, "nothing is known of %s: no row, no operation, nothing on %s",
			      selection, asking.platform);
		finish(job, NULL, &err);
		return;
	}
	result = reconcile_report_summary(&asking, selection, hits, &job->totals);
	if (keep_report(job->owner, job->scope.report, strdup(json_text(result, NULL)), &err) < 0 ||
	    reconcile_report_page(ledger_of(job), job->scope.report, &job->params, result, &err) < 0)
		finish(job, NULL, &err);
	else
		finish(job, result, NULL);
	json_object_put(result);
}

static int next_phase(struct job *job, struct err *err)
{
	int64_t lines = reconcile_count_lines(ledger_of(job), job->scope.report, false, err);

	if (lines < 0)
		return -1;
	if (lines > LINES_MAX) {
		(void)err_set(err, ERR_USAGE, "that is %" PRId64 " rows to compare, more than %d", lines, LINES_MAX);
		return err_hint(err, "name some HITs, a room or a game");
	}
	job->cursor = 0;
	if (++job->phase == PHASES)
		report(job);
	return 0;
}

static void slice(struct job *job)
{
	struct err err;
	int more;

	if (job->has_failed) {
		/* Whoever asked is told when nothing is out any more that would come back to it. */
		if (wait_for_surveys(job) == 0)
			finish(job, NULL, &job->failure);
		return;
	}
	if (!job->client.is_wanted(job->client.arg)) {
		(void)err_set(&err, ERR_BUSY, "nobody waits for the comparison any more");
		keep_failure(job, &err);
		return;
	}
	more = phases[job->phase](job, &err);
	if (more < 0 || (more == 0 && next_phase(job, &err) < 0))
		keep_failure(job, &err);
}

/* One slice a turn, however many there are: whoever had its turn goes to the end of the line. */
bool reconciles_pump(struct reconciles *reconciles)
{
	struct job **link = &reconciles->jobs, *job;

	slice_forgotten(reconciles);
	while (*link && (*link)->is_waiting)
		link = &(*link)->next;
	job = *link;
	if (job) {
		*link = job->next;
		job->next = NULL;
		slice(job);
		if (job->is_finished) {
			job_free(job);
		} else {
			for (link = &reconciles->jobs; *link; link = &(*link)->next)
				;
			*link = job;
		}
	}
	for (job = reconciles->jobs; job; job = job->next)
		if (!job->is_waiting)
			return true;
	return *find_forgotten(reconciles) != NULL;
}

void reconciles_free(struct reconciles *reconciles)
{
	struct err err;

	if (!reconciles)
		return;
	(void)err_set(&err, ERR_BUSY, "the daemon is stopping");
	while (reconciles->jobs) {
		struct job *job = reconciles->jobs;

		reconciles->jobs = job->next;
		job->client.done(job->client.arg, NULL, &err);
		job_free(job);
	}
	while (reconciles->reports) {
		struct report *report = reconciles->reports;

		reconciles->reports = report->next;
		report_free(report);
	}
	free(reconciles);
}

static bool has_too_many(const struct reconciles *reconciles, uid_t uid)
{
	unsigned count = 0;

	for (const struct job *job = reconciles->jobs; job; job = job->next)
		count += job->client.uid == uid;
	return count >= PER_USER_MAX;
}

static int64_t choose_scope(struct job *job, struct err *err)
{
	int64_t rows = 0;

	if (!reconcile_params_select(&job->params) && !job->params.all)
		rows = working_set_count(ledger_of(job), err);
	job->scope.report = ++job->owner->last_id;
	job->scope.hits = job->params.hits;
	job->scope.room = job->params.room;
	job->scope.game = job->params.game;
	job->scope.is_working_set = rows > 0;
	job->scope.is_everything = rows == 0 && !reconcile_params_select(&job->params);
	return rows;
}

int reconciles_start(struct reconciles *reconciles, struct reconcile_params *params,
		     const struct reconcile_client *client, struct err *err)
{
	struct job **end = &reconciles->jobs;
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		reconcile_params_finish(params);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	job->params = *params;
	*params = (struct reconcile_params){ 0 };
	job->owner = reconciles;
	job->client = *client;
	job->asked_at_s = clock_wall_ms() / 1000;
	if (has_too_many(reconciles, client->uid))
		(void)err_set(err, ERR_BUSY, "%d comparisons of this user are being made already", PER_USER_MAX);
	else if (choose_scope(job, err) >= 0) {
		while (*end)
			end = &(*end)->next;
		*end = job;
		loop_wake(reconciles->parts.loop);
		return 0;
	}
	job_free(job);
	return -1;
}
