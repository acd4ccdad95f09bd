/* SPDX-License-Identifier: MIT */
#include "unclaimed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "facts.h"
#include "joined_private.h"
#include "protocol.h"

#define SURVEYS_AT_ONCE 3
#define FACTS_PER_SLICE 200
#define HITS_MAX 1000
#define ASKED_AT_ONCE 4

struct job {
	struct job *next;
	struct unclaimeds *owner;
	struct unclaimed_client client;
	char *game; /* NULL: any */
	int64_t offset;
	int64_t limit;
	bool is_fresh; /* the lists are read first */
	struct json_object *hits; /* array of texts */
	size_t asked;             /* of them, so far */
	size_t listed;
	unsigned surveys;         /* out */
	bool is_joining;          /* the rows that wait are being looked for in the lists that were read */
	bool has_joined;
	char cursor[ID_TEXT_MAX]; /* the last assignment of the HIT that was looked at */
	int64_t total;
	struct json_object *submissions;
	bool is_finished;
	bool has_failed;
	struct err failure;
};

struct unclaimeds {
	struct unclaimed_parts parts;
	struct job *jobs;
};

struct unclaimeds *unclaimeds_new(const struct unclaimed_parts *parts, struct err *err)
{
	struct unclaimeds *unclaimeds = calloc(1, sizeof(*unclaimeds));

	if (!unclaimeds) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	unclaimeds->parts = *parts;
	return unclaimeds;
}

static void job_free(struct job *job)
{
	json_object_put(job->hits);
	json_object_put(job->submissions);
	free(job->game);
	free(job);
}

void unclaimeds_free(struct unclaimeds *unclaimeds)
{
	struct err err;

	if (!unclaimeds)
		return;
	(void)err_set(&err, ERR_BUSY, "the daemon is stopping");
	while (unclaimeds->jobs) {
		struct job *job = unclaimeds->jobs;

		unclaimeds->jobs = job->next;
		job->client.done(job->client.arg, NULL, &err);
		job_free(job);
	}
	free(unclaimeds);
}

static void keep_failure(struct job *job, const struct err *err)
{
	if (!job->has_failed)
		job->failure = *err;
	job->has_failed = true;
}

void unclaimeds_halt(struct unclaimeds *unclaimeds, const struct err *why)
{
	for (struct job *job = unclaimeds->jobs; job; job = job->next)
		keep_failure(job, why);
}

/* --- which HITs --- */

static bool has_text(struct json_object *array, const char *text)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(array, i)), text) == 0)
			return true;
	return false;
}

/* The rows of one file are mostly of one HIT: the first few of each tell. */
static int add_hits_of_rows(struct job *job, struct err *err)
{
	struct statement *get = store_statement(
		job->owner->parts.ledger->store,
		"SELECT DISTINCT r.hit_id FROM source s JOIN result r ON r.id IN"
		" (SELECT f.id FROM result f WHERE f.source_id = s.id AND f.hit_id IS NOT NULL LIMIT 20)"
		" WHERE s.ready AND (s.id IN (SELECT w.source_id FROM working_set w) OR (s.room_id IS NOT NULL AND"
		" s.read_s >= ?1)) AND (?2 IS NULL OR s.game = ?2) LIMIT ?3",
		err);
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, clock_wall_ms() / 1000 - JOIN_AGE_S);
	statement_bind_text(get, 2, job->game);
	statement_bind_int(get, 3, HITS_MAX);
	while ((more = statement_step(get, err)) == 1)
		if (!has_text(job->hits, statement_text(get, 0)))
			(void)json_object_array_add(job->hits, json_object_new_string(statement_text(get, 0)));
	return more;
}

static int find_hits(struct job *job, struct err *err)
{
	job->hits = joins_hits(job->owner->parts.joins, job->game);
	if (!job->hits)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (add_hits_of_rows(job, err) < 0)
		return -1;
	if (json_object_array_length(job->hits) > 0)
		return 0;
	(void)err_set(err, ERR_NOT_FOUND, "it is not known in which HITs to look");
	return err_hint(
		err, "set hit= of the game or hit_id under [defaults], or choose the newest with \"ngmtctl get hit\"");
}

/* --- surveys --- */

static void on_surveyed(void *arg, const struct err *err)
{
	struct job *job = arg;

	job->surveys--;
	if (err)
		keep_failure(job, err);
	loop_wake(job->owner->parts.loop);
}

static void ask(struct job *job)
{
	const char *hit = json_object_get_string(json_object_array_get_idx(job->hits, job->asked++));
	struct err err;

	job->surveys++;
	if (surveys_ask(job->owner->parts.surveys, SURVEY_HIT, hit, on_surveyed, job, &err) < 0)
		on_surveyed(job, &err);
}

/* Whether all are there. */
static bool survey(struct job *job)
{
	size_t count = job->is_fresh ? json_object_array_length(job->hits) : 0;

	while (job->asked < count && job->surveys < SURVEYS_AT_ONCE && !job->has_failed)
		ask(job);
	return job->asked >= count && job->surveys == 0;
}

/* --- rows that are joined by what was read --- */

static void on_joined(void *arg)
{
	struct job *job = arg;

	job->is_joining = false;
	loop_wake(job->owner->parts.loop);
}

/* Whether that is done: what a row is about to claim is not unclaimed. */
static bool join(struct job *job)
{
	struct err err;

	if (job->has_joined || !job->is_fresh)
		return true;
	job->has_joined = true;
	joins_lists_read(job->owner->parts.joins);
	job->is_joining = joins_wait(job->owner->parts.joins, on_joined, job, &err) == 0;
	return !job->is_joining;
}

/* --- the list --- */

static struct json_object *parse_codes(const char *text)
{
	struct json_object *codes = text ? json_parse(text, strlen(text), NULL) : NULL;

	return codes ? codes : json_object_new_array();
}

/* Of a row that asks for it and could not be joined, by the last pass of joined.h. `about_to`: it waits for nothing but
 * the next pass. */
static void say_why(char *out, size_t size, int64_t askers, bool about_to, bool has_codes)
{
	if (askers > 1)
		(void)snprintf(out, size, "%" PRId64 " rows ask for it: they are held, see their reason", askers);
	else if (askers == 1 && about_to)
		(void)snprintf(out, size, "a row asks for it and is about to be joined");
	else if (askers == 1)
		(void)snprintf(out, size, "a row asks for it, but could not be joined: see its reason");
	else
		(void)snprintf(out, size, "no row asks for it%s", has_codes ? "" : ", and no code was submitted");
}

static struct json_object *describe(struct statement *get)
{
	struct json_object *out = json_object_new_object(), *codes = parse_codes(statement_text(get, 3));
	char why[120];

	say_why(why, sizeof(why), statement_int(get, 6), statement_int(get, 9) != 0,
		json_object_array_length(codes) > 0);
	json_put_text(out, "assignment_id", statement_text(get, 0));
	json_put_text(out, "worker_id", statement_text(get, 1));
	json_put_text(out, "hit_id", statement_text(get, 2));
	json_put_value(out, "codes", codes);
	json_put_text(out, "status", assignment_status_name((enum assignment_status)statement_int(get, 4)));
	json_put_time(out, "submitted_at", statement_int(get, 8));
	json_put_time(out, "auto_approval_at", statement_int(get, 5));
	json_put_text(out, "why", why);
	return out;
}

static void take_fact(struct job *job, struct statement *get)
{
	bool is_shown = job->total >= job->offset && job->total < job->offset + job->limit;

	(void)snprintf(job->cursor, sizeof(job->cursor), "%s", statement_text(get, 0));
	if (statement_int(get, 7))
		return;
	if (is_shown)
		(void)json_object_array_add(job->submissions, describe(get));
	job->total++;
}

/* 1: there are more of this HIT, 0: that was all, -1. */
static int list_slice(struct job *job, const char *hit, struct err *err)
{
	struct statement *get = store_statement(
		job->owner->parts.ledger->store,
		"SELECT f.assignment_id, f.worker_id, f.hit_id, f.codes, f.status, f.auto_approval_s,"
		" (SELECT count(*) FROM temp.join_claim c JOIN result t ON t.id = c.result_id AND t.join_state IN (1, "
		"3)"
		"  WHERE c.assignment_id = f.assignment_id),"
		" EXISTS (SELECT 1 FROM " ROWS_BY("assignment_id",
						  "= f.assignment_id") " WHERE " ROW_COUNTS "), f.submitted_s,"
		" EXISTS (SELECT 1 FROM temp.join_claim c JOIN result t ON t.id = c.result_id AND t.join_state = 1"
		"  WHERE c.assignment_id = f.assignment_id AND"
		"  (SELECT count(*) FROM temp.join_claim o WHERE o.result_id = c.result_id) = 1)"
								       " FROM assignment_fact f WHERE f.hit_id = ?1 "
								       "AND f.status = 2 AND f.assignment_id > ?2"
								       " ORDER BY f.assignment_id LIMIT ?3",
		err);
	int count = 0, more;

	if (!get)
		return -1;
	statement_bind_text(get, 1, hit);
	statement_bind_text(get, 2, job->cursor);
	statement_bind_int(get, 3, FACTS_PER_SLICE);
	for (; (more = statement_step(get, err)) == 1; count++)
		take_fact(job, get);
	return more < 0 ? -1 : count == FACTS_PER_SLICE;
}

static void finish(struct job *job)
{
	struct json_object *out = json_object_new_object();
	int64_t next = job->offset + job->limit;

	json_put_value(out, "hits", json_object_get(job->hits));
	json_put_int(out, "total", job->total);
	json_put_value(out, "submissions", json_object_get(job->submissions));
	json_put_value(out, "next_offset", next < job->total ? json_object_new_int64(next) : NULL);
	job->is_finished = true;
	job->client.done(job->client.arg, out, NULL);
	json_object_put(out);
}

static int list(struct job *job, struct err *err)
{
	int more;

	if (job->listed == json_object_array_length(job->hits)) {
		finish(job);
		return 0;
	}
	more = list_slice(job, json_object_get_string(json_object_array_get_idx(job->hits, job->listed)), err);
	if (more == 0) {
		job->listed++;
		job->cursor[0] = '\0';
	}
	return more < 0 ? -1 : 0;
}

/* --- each turn --- */

static void slice(struct job *job)
{
	struct err err;

	if (!job->has_failed && !job->client.is_wanted(job->client.arg)) {
		(void)err_set(&err, ERR_BUSY, "nobody waits for the list any more");
		keep_failure(job, &err);
	}
	/* Whoever asked is told when nothing is out any more that would come back to it. */
	if (job->has_failed && job->surveys == 0 && !job->is_joining) {
		job->is_finished = true;
		job->client.done(job->client.arg, NULL, &job->failure);
	} else if (survey(job) && !job->has_failed && join(job) && list(job, &err) < 0) {
		keep_failure(job, &err);
	}
}

static bool can_go_on(const struct job *job)
{
	if (job->is_joining)
		return false;
	return job->surveys == 0 ||
	       (!job->has_failed && job->is_fresh && job->surveys < SURVEYS_AT_ONCE &&
		job->asked < json_object_array_length(job->hits));
}

static void append(struct unclaimeds *unclaimeds, struct job *job)
{
	struct job **end = &unclaimeds->jobs;

	while (*end)
		end = &(*end)->next;
	job->next = NULL;
	*end = job;
}

/* One slice a turn, however many there are: whoever had its turn goes to the end of the line. */
bool unclaimeds_pump(struct unclaimeds *unclaimeds)
{
	struct job **link = &unclaimeds->jobs, *job;

	while (*link && !can_go_on(*link))
		link = &(*link)->next;
	job = *link;
	if (job) {
		*link = job->next;
		slice(job);
		if (job->is_finished)
			job_free(job);
		else
			append(unclaimeds, job);
	}
	for (job = unclaimeds->jobs; job; job = job->next)
		if (can_go_on(job))
			return true;
	return false;
}

static int read_params(struct job *job, struct json_object *params, struct err *err)
{
	const char *game = NULL;

	job->limit = 100;
	(void)json_get_int(params, "offset", &job->offset);
	(void)json_get_int(params, "limit", &job->limit);
	if (job->offset < 0 || job->limit < 1 || job->limit > PROTOCOL_PAGE_MAX || job->offset > INT64_MAX - job->limit)
		return err_set(err, ERR_USAGE, "\"limit\" is 1 to %d, \"offset\" not negative", PROTOCOL_PAGE_MAX);
	/* Later pages are of the list that the first one was of. */
	job->is_fresh = job->offset == 0;
	(void)json_get_bool(params, "fresh", &job->is_fresh);
	if (json_get_text(params, "game", &game))
		job->game = strdup(game);
	return game && !job->game ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
}

int unclaimeds_start(struct unclaimeds *unclaimeds, struct json_object *params, const struct unclaimed_client *client,
		     struct err *err)
{
	struct job *job;
	unsigned count = 0;

	for (job = unclaimeds->jobs; job; job = job->next)
		count++;
	if (count >= ASKED_AT_ONCE)
		return err_set(err, ERR_BUSY, "%d such lists are being made already", ASKED_AT_ONCE);
	job = calloc(1, sizeof(*job));
	if (!job)
		return err_set(err, ERR_INTERNAL, "out of memory");
	job->owner = unclaimeds;
	job->client = *client;
	job->submissions = json_object_new_array();
	if (read_params(job, params, err) < 0 || find_hits(job, err) < 0) {
		job_free(job);
		return -1;
	}
	append(unclaimeds, job);
	loop_wake(unclaimeds->parts.loop);
	return 0;
}
