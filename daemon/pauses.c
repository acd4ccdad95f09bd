/* SPDX-License-Identifier: MIT */
#include "pauses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "events.h"
#include "log.h"

#define RECHECK_MS 30000

struct pause {
	enum pause_cause cause;
	int64_t needed_minor;
	char why[300];
};

struct pauses {
	struct ledger *ledger;
	struct reader *reader;
	struct platform *platform;
	struct loop_timer *recheck;
	struct pause lanes[LANES];
	struct stops stops;
	struct balance balance;
	/* One balance is read at a time, for all who ask. */
	bool is_reading;
	bool may_lift; /* what is read now may end pauses; not if it was asked only to say how much is missing */
	bool is_first_look;
	int64_t asked_ms;
	struct asker *askers;
	size_t asker_count;
	char source[160];
	char trouble[640]; /* what was wrong with the credentials when they were last tried; "": nothing */
	void (*on_resume)(void *arg);
	void *arg;
};

/* Somebody who waits for the balance. */
struct asker {
	reader_done_fn *done;
	void *arg;
};

static void on_recheck(void *arg);

struct pauses *pauses_new(struct loop *loop, struct ledger *ledger, struct reader *reader, struct platform *platform,
			  void (*on_resume)(void *arg), void *arg, struct err *err)
{
	struct pauses *pauses = calloc(1, sizeof(*pauses));

	if (!pauses) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	pauses->ledger = ledger;
	pauses->reader = reader;
	pauses->platform = platform;
	pauses->on_resume = on_resume;
	pauses->arg = arg;
	stops_read(&pauses->stops, ledger);
	pauses->recheck = loop_timer_new(loop, on_recheck, pauses, err);
	if (pauses->recheck)
		return pauses;
	free(pauses);
	return NULL;
}

void pauses_free(struct pauses *pauses)
{
	if (!pauses)
		return;
	loop_timer_free(pauses->recheck);
	free(pauses->askers);
	free(pauses);
}

const char *pause_cause_name(enum pause_cause cause)
{
	static const char *const names[] = { NULL, "funds", "access", "person" };

	return (unsigned)cause < sizeof(names) / sizeof(names[0]) ? names[cause] : NULL;
}

/* A ledger that cannot take it has failed, and says so at the commit. `lane` LANE_READ: all. */
static void note_event(struct pauses *pauses, enum lane lane, const char *state, enum pause_cause cause,
		       const char *why)
{
	struct json_object *what = json_object_new_object();
	struct err err;

	json_put_text(what, "lane", lane == LANE_READ ? NULL : lane_name(lane));
	json_put_text(what, "state", state);
	json_put_text(what, "cause", pause_cause_name(cause));
	json_put_text(what, "why", why);
	(void)events_note(pauses->ledger, EVENT_LANE, what, 0, &err);
}

static void stop_lane(struct pause *pause, enum pause_cause cause, int64_t needed_minor, const char *why)
{
	/* Missing access outweighs missing money: without it, nobody knows about the money. */
	if (pause->cause == PAUSE_ACCESS && cause == PAUSE_FUNDS)
		return;
	pause->cause = cause;
	pause->needed_minor = needed_minor;
	(void)snprintf(pause->why, sizeof(pause->why), "%s", why);
}

void pauses_stop(struct pauses *pauses, enum lane lane, enum pause_cause cause, int64_t needed_minor,
		 const char *why)
{
	enum pause_cause before = pauses->lanes[lane].cause;

	if (cause == PAUSE_FUNDS)
		stop_lane(&pauses->lanes[lane], cause, needed_minor, why);
	else
		for (int i = LANE_READ + 1; i < LANES; i++)
			stop_lane(&pauses->lanes[i], cause, 0, why);
	/* Requests that were out with the first one say the same a moment later. */
	if (before == pauses->lanes[lane].cause)
		return;
	log_warn("lane %s paused why=\"%s\" recheck_s=%d", cause == PAUSE_ACCESS ? "all" : lane_name(lane), why,
		 RECHECK_MS / 1000);
	note_event(pauses, cause == PAUSE_ACCESS ? LANE_READ : lane, "paused", cause, why);
	/* "How much is missing?" wants the balance of now, not the one of the plan. */
	pauses->is_first_look = cause == PAUSE_FUNDS;
	(void)loop_timer_set(pauses->recheck, pauses->is_first_look ? 0 : RECHECK_MS);
}

const char *pauses_why(const struct pauses *pauses, enum lane lane)
{
	if (pauses->lanes[lane].cause != PAUSE_NONE)
		return pauses->lanes[lane].why;
	return pauses->stops.lanes[lane].is_on ? pauses->stops.lanes[lane].words : NULL;
}

enum pause_cause pauses_cause(const struct pauses *pauses, enum lane lane)
{
	if (pauses->lanes[lane].cause == PAUSE_NONE && pauses->stops.lanes[lane].is_on)
		return PAUSE_PERSON;
	return pauses->lanes[lane].cause;
}

/* Something is missing, and it is looked for. */
static bool is_any_missing(const struct pauses *pauses)
{
	for (int i = 0; i < LANES; i++)
		if (pauses->lanes[i].cause != PAUSE_NONE)
			return true;
	return false;
}

bool pauses_any(const struct pauses *pauses)
{
	for (int i = 0; i < LANES; i++)
		if (pauses->stops.lanes[i].is_on)
			return true;
	return is_any_missing(pauses);
}

const struct stop *pauses_stopped(const struct pauses *pauses, enum lane lane)
{
	return pauses->stops.lanes[lane].is_on ? &pauses->stops.lanes[lane] : NULL;
}

/* "5 min ago". */
static const char *age_of(int64_t at_s, char out[40])
{
	int64_t age_s = clock_wall_ms() / 1000 - at_s;

	if (at_s <= 0 || age_s < 0)
		(void)snprintf(out, 40, "at an unknown time");
	else if (age_s < 60)
		(void)snprintf(out, 40, "%d s ago", (int)age_s);
	else if (age_s < INT64_C(2) * 3600)
		(void)snprintf(out, 40, "%d min ago", (int)(age_s / 60));
	else if (age_s < INT64_C(2) * 86400)
		(void)snprintf(out, 40, "%d h ago", (int)(age_s / 3600));
	else
		(void)snprintf(out, 40, "%" PRId64 " days ago", age_s / 86400);
	return out;
}

static bool is_same_stop(const struct stop *a, const struct stop *b)
{
	return a->is_on && b->is_on && a->at_s == b->at_s && strcmp(a->user, b->user) == 0;
}

static bool is_all_stopped(const struct pauses *pauses)
{
	for (int i = LANE_READ + 1; i < LANES; i++)
		if (!is_same_stop(&pauses->stops.lanes[LANE_READ + 1], &pauses->stops.lanes[i]))
			return false;
	return true;
}

void pauses_describe(const struct pauses *pauses, struct json_object *problems)
{
	bool is_all = is_all_stopped(pauses);

	for (int i = LANE_READ + 1; i < LANES; i++) {
		const struct stop *stop = &pauses->stops.lanes[i];
		struct json_object *problem;
		char what[160], age[40], hint[60];

		if (!stop->is_on || (is_all && i > LANE_READ + 1))
			continue;
		(void)snprintf(what, sizeof(what), "%s%s%s was paused by %s %s", is_all ? "everything" : "the ",
			       is_all ? "" : lane_name((enum lane)i), is_all ? "" : " lane", stop->user,
			       age_of(stop->at_s, age));
		(void)snprintf(hint, sizeof(hint), "ngmtctl resume%s%s lets it go on", is_all ? "" : " ",
			       is_all ? "" : lane_name((enum lane)i));
		problem = json_object_new_object();
		json_put_text(problem, "what", what);
		json_put_text(problem, "hint", hint);
		(void)json_object_array_add(problems, problem);
	}
}

int pauses_hold_back(struct pauses *pauses, enum lane lane, const char *user, struct err *err)
{
	return stops_set(&pauses->stops, pauses->ledger, lane, user, err);
}

int pauses_let_go(struct pauses *pauses, enum lane lane, struct err *err)
{
	int result = stops_set(&pauses->stops, pauses->ledger, lane, NULL, err);

	if (result == 1)
		pauses->on_resume(pauses->arg);
	return result;
}

const struct balance *pauses_balance(const struct pauses *pauses)
{
	return &pauses->balance;
}

const char *pauses_credentials_source(const struct pauses *pauses)
{
	return pauses->source;
}

/* An answered balance proves access; enough money lifts the rest. */
static void lift(struct pauses *pauses)
{
	bool lifted = false, had_no_access = false;

	for (int i = 0; i < LANES; i++) {
		struct pause *pause = &pauses->lanes[i];

		if (pause->cause == PAUSE_NONE || (pause->cause == PAUSE_FUNDS &&
						   pause->needed_minor > pauses->balance.available_minor))
			continue;
		if (pause->cause == PAUSE_FUNDS)
			note_event(pauses, (enum lane)i, "resumed", PAUSE_FUNDS, NULL);
		had_no_access = had_no_access || pause->cause == PAUSE_ACCESS;
		pause->cause = PAUSE_NONE;
		lifted = true;
		log_info("lane %s goes on balance_cents=%" PRId64, lane_name((enum lane)i),
			 pauses->balance.available_minor);
	}
	if (had_no_access)
		note_event(pauses, LANE_READ, "resumed", PAUSE_ACCESS, NULL);
	if (lifted)
		pauses->on_resume(pauses->arg);
}

static void on_balance(void *arg, int64_t available_minor, int64_t on_hold_minor, bool on_hold_known)
{
	struct pauses *pauses = arg;

	pauses->balance = (struct balance){ .is_known = true,
					    .available_minor = available_minor,
					    .on_hold_minor = on_hold_minor,
					    .on_hold_known = on_hold_known,
					    .seen_s = clock_wall_ms() / 1000,
					    .asked_ms = pauses->asked_ms };
}

static void note_trouble(struct pauses *pauses, const struct err *err)
{
	if (!err)
		pauses->trouble[0] = '\0';
	else if (err->code == ERR_CREDENTIALS)
		(void)snprintf(pauses->trouble, sizeof(pauses->trouble), "%s", err->message);
}

const char *pauses_trouble(const struct pauses *pauses)
{
	return pauses->trouble[0] ? pauses->trouble : NULL;
}

static void on_read(void *arg, const struct err *err)
{
	struct pauses *pauses = arg;
	struct asker *askers = pauses->askers;
	size_t count = pauses->asker_count;

	/* Whoever is told may ask again at once. */
	pauses->is_reading = false;
	pauses->askers = NULL;
	pauses->asker_count = 0;
	note_trouble(pauses, err);
	if (!err && pauses->may_lift)
		lift(pauses);
	if (is_any_missing(pauses))
		(void)loop_timer_set(pauses->recheck, RECHECK_MS);
	for (size_t i = 0; i < count; i++)
		askers[i].done(askers[i].arg, err);
	free(askers);
}

static int start_reading(struct pauses *pauses, struct err *err)
{
	const struct read read = { .kind = READ_BALANCE };
	const struct read_sink sink = { .arg = pauses, .on_balance = on_balance };

	if (pauses->is_reading)
		return 0;
	pauses->may_lift = false;
	if (reader_read(pauses->reader, &read, &sink, on_read, pauses, err) < 0)
		return -1;
	pauses->is_reading = true;
	pauses->asked_ms = clock_mono_ms();
	return 0;
}

static int add_asker(struct pauses *pauses, reader_done_fn *done, void *arg, struct err *err)
{
	struct asker *askers = reallocarray(pauses->askers, pauses->asker_count + 1, sizeof(*askers));

	if (!askers)
		return err_set(err, ERR_INTERNAL, "out of memory");
	pauses->askers = askers;
	askers[pauses->asker_count++] = (struct asker){ done, arg };
	return 0;
}

int pauses_find_credentials(struct pauses *pauses, struct err *err)
{
	int result = pauses->platform->class->reload(pauses->platform, pauses->source, err);

	note_trouble(pauses, result < 0 ? err : NULL);
	return result;
}

int pauses_refresh(struct pauses *pauses, bool reload, reader_done_fn *done, void *arg, struct err *err)
{
	if ((reload || !pauses->source[0]) && pauses_find_credentials(pauses, err) < 0)
		return -1;
	if (start_reading(pauses, err) < 0)
		return -1;
	pauses->may_lift = true;
	return done ? add_asker(pauses, done, arg, err) : 0;
}

static void on_recheck(void *arg)
{
	struct pauses *pauses = arg;
	bool reload = false, looks_only = pauses->is_first_look;
	struct err err;
	int result;

	pauses->is_first_look = false;
	for (int i = 0; i < LANES; i++)
		reload = reload || pauses->lanes[i].cause == PAUSE_ACCESS;
	if (!is_any_missing(pauses))
		return;
	result = looks_only ? start_reading(pauses, &err) : pauses_refresh(pauses, reload, NULL, NULL, &err);
	if (result < 0) {
		log_err("looking whether the lanes may go on", &err);
		(void)loop_timer_set(pauses->recheck, RECHECK_MS);
	}
}
