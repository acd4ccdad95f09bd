/* SPDX-License-Identifier: MIT */
#include "throttle.h"

#include <math.h>
#include <stdlib.h>

/* These values were found by simulation (tests/unit/throttle.c): token buckets with and without bursts, strict spacing
 * and fixed windows, at limits of 1 to 100 requests a second and latencies of 1 to 150 ms. */
#define FLOOR_PER_S 0.2
#define CUT_FIRST 0.06       /* after a quiet time the rate was right until a moment ago */
#define CUT_WORST 0.5        /* refusal after refusal: the limit is somewhere else; each cut doubles up to this */
#define QUIET_ANSWERS 10     /* accepted requests that end a series of refusals */
#define ACCEPTED_SHARE 0.9   /* a series does not go below this share of what was accepted before it */
#define PLATEAU 0.995        /* of the refused rate: where the climb flattens */
#define PROBE_GAIN 2.0       /* one time scale beyond the plateau, the rate is higher by so many plateaus */
#define SCALE_S 15.0         /* from a slow-down to the plateau */
#define SCALE_REQUESTS 100.0 /* but at least so many requests, or a slow server would often be probed in vain */
#define SCALE_MAX_S 100.0
#define SEARCH_PER_S 3.0     /* growth while nothing is known of the limit but that there is one */
#define SEARCH_PER_ANSWER 1.3
#define SEARCH_LEAST 1.0     /* where the search begins: at what was accepted within these two */
#define SEARCH_MOST 20.0
#define RETRY_SHARE 0.2      /* of the interval between requests: the least pause after a refusal */
#define PROBE_SHARE 0.7      /* the same if one was refused and none accepted since, doubled each time */
#define PROBE_MAX_MS 1000.0
#define LATE_MS 1.0          /* what rounding up to whole milliseconds costs is made up by the next request */
#define MEASURE_MS 1000
#define MEASURE_REQUESTS 8
#define SERIES_REQUESTS 4.0

enum phase {
	UNLIMITED, /* never refused so far */
	SEARCHING, /* grows exponentially until refused again */
	CLIMBING,  /* along the cubic */
};

/* Accepted requests over the window that is being counted and the one before. */
struct meter {
	int64_t start_ms;
	unsigned accepted;
	int64_t earlier_ms; /* length */
	unsigned earlier_accepted;
};

/* Slow-downs close to each other, with few accepted requests between. */
struct series {
	int64_t start_ms;
	unsigned accepted;
	double floor; /* no slow-down of the series goes below */
};

struct throttle {
	enum phase phase;
	int64_t interval_ms;
	double next_ms;      /* when the adaptive part lets the next request leave */
	bool used;           /* whether any request left: the times below are set */
	int64_t left_ms;     /* when the last request left */
	int64_t kept_ms;     /* the same of the last one that took its place in the pace */
	int64_t kept_before_ms;
	uint64_t ticket;     /* of the last request */
	uint64_t cut_ticket; /* of the last request that left before the last slow-down */
	int64_t cut_ms;
	double cut;          /* the share that the last slow-down took away */
	double base;         /* the rate right after it; while searching, the rate */
	double refused;      /* the rate at which the series of refusals began */
	unsigned quiet;      /* accepted requests since, counted up to QUIET_ANSWERS */
	unsigned refusals;   /* in a row without any accepted request */
	int64_t grown_ms;
	struct meter meter;
	struct series series;
};

struct throttle *throttle_new(int64_t interval_ms)
{
	struct throttle *throttle = calloc(1, sizeof(*throttle));

	if (throttle)
		throttle->interval_ms = interval_ms;
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	free(throttle);
}

void throttle_set_interval(struct throttle *throttle, int64_t interval_ms)
{
	throttle->interval_ms = interval_ms;
}

static double meter_rate(const struct meter *meter, int64_t now_ms)
{
	int64_t elapsed_ms = meter->earlier_ms + now_ms - meter->start_ms;

	if (elapsed_ms < MEASURE_MS)
		elapsed_ms = MEASURE_MS;
	return 1000.0 * (meter->accepted + meter->earlier_accepted) / (double)elapsed_ms;
}

static void meter_count(struct meter *meter, bool accepted, int64_t now_ms)
{
	int64_t elapsed_ms = now_ms - meter->start_ms;
	bool enough = meter->accepted >= MEASURE_REQUESTS || elapsed_ms >= (int64_t)MEASURE_REQUESTS * MEASURE_MS;

	if (elapsed_ms >= MEASURE_MS && enough)
		*meter = (struct meter){ .start_ms = now_ms,
					 .earlier_ms = elapsed_ms,
					 .earlier_accepted = meter->accepted };
	meter->accepted += accepted;
}

static double climb(const struct throttle *throttle, int64_t now_ms)
{
	double plateau = PLATEAU * throttle->refused;
	double scale_s = fmin(fmax(SCALE_S, SCALE_REQUESTS / throttle->refused), SCALE_MAX_S);
	double x = (double)(now_ms - throttle->cut_ms) / 1000.0 / scale_s - 1.0;

	if (x < 0)
		return plateau + (plateau - throttle->base) * x * x * x;
	/* Without enough work nothing is learned about the limit: the rate must not run away from what is used. */
	return fmin(plateau * (1.0 + PROBE_GAIN * x * x * x),
		    fmax(plateau, 2.0 * meter_rate(&throttle->meter, now_ms)));
}

/* 0: unlimited. */
static double adaptive_rate(const struct throttle *throttle, int64_t now_ms)
{
	if (throttle->phase == UNLIMITED)
		return 0.0;
	return fmax(throttle->phase == CLIMBING ? climb(throttle, now_ms) : throttle->base, FLOOR_PER_S);
}

double throttle_rate(const struct throttle *throttle, int64_t now_ms)
{
	double ceiling = throttle->interval_ms > 0 ? 1000.0 / (double)throttle->interval_ms : 0.0;
	double rate = adaptive_rate(throttle, now_ms);

	if (rate <= 0.0 || ceiling <= 0.0)
		return fmax(rate, ceiling);
	return fmin(rate, ceiling);
}

int64_t throttle_delay_ms(const struct throttle *throttle, int64_t now_ms)
{
	double wait_ms = 0.0;

	if (!throttle->used)
		return 0;
	if (throttle->phase != UNLIMITED)
		wait_ms = throttle->next_ms - (double)now_ms;
	if (throttle->interval_ms > 0)
		wait_ms = fmax(wait_ms, (double)(throttle->left_ms + throttle->interval_ms - now_ms));
	return wait_ms > 0.0 ? (int64_t)ceil(wait_ms) : 0;
}

uint64_t throttle_sent(struct throttle *throttle, int64_t now_ms)
{
	double rate = adaptive_rate(throttle, now_ms);

	if (rate > 0.0)
		throttle->next_ms = fmax(throttle->next_ms, (double)now_ms - LATE_MS) + 1000.0 / rate;
	throttle->kept_before_ms = throttle->used ? throttle->kept_ms : now_ms;
	throttle->kept_ms = now_ms;
	throttle->left_ms = now_ms;
	throttle->used = true;
	return ++throttle->ticket;
}

static void start_series(struct throttle *throttle, double rate, double accepted_rate, int64_t now_ms)
{
	throttle->refused = rate;
	throttle->series = (struct series){ .start_ms = now_ms, .floor = ACCEPTED_SHARE * accepted_rate };
}

static void start_searching(struct throttle *throttle, int64_t now_ms)
{
	throttle->phase = SEARCHING;
	throttle->base = fmin(fmax(meter_rate(&throttle->meter, now_ms), SEARCH_LEAST), SEARCH_MOST);
	throttle->grown_ms = now_ms;
	throttle->meter = (struct meter){ .start_ms = now_ms };
}

/* What was accepted before the series says how low is low enough; if the series lasts, what was accepted since. */
static void cut_rate(struct throttle *throttle, int64_t now_ms)
{
	double rate = adaptive_rate(throttle, now_ms);
	double lasted_ms = (double)(now_ms - throttle->series.start_ms);

	if (throttle->quiet >= QUIET_ANSWERS || throttle->phase == SEARCHING) {
		throttle->cut = CUT_FIRST;
		start_series(throttle, rate, meter_rate(&throttle->meter, now_ms), now_ms);
	} else {
		throttle->cut = fmin(2.0 * throttle->cut, CUT_WORST);
		if (lasted_ms >= fmax(MEASURE_MS, SERIES_REQUESTS * 1000.0 / rate))
			start_series(throttle, rate, 1000.0 * throttle->series.accepted / lasted_ms, now_ms);
	}
	throttle->base = fmax(rate * (1.0 - throttle->cut), throttle->series.floor);
	throttle->base = fmin(throttle->base, rate * (1.0 - CUT_FIRST));
	throttle->phase = CLIMBING;
}

static void slow_down(struct throttle *throttle, int64_t now_ms)
{
	if (throttle->phase == UNLIMITED)
		start_searching(throttle, now_ms);
	else
		cut_rate(throttle, now_ms);
	throttle->cut_ms = now_ms;
	throttle->quiet = 0;
}

/* A refused request used nothing up: the last one's place in the pace is free again, or a slow server would idle. */
static void retry_soon(struct throttle *throttle, uint64_t ticket, int64_t now_ms)
{
	double pause_ms = 1000.0 / adaptive_rate(throttle, now_ms);

	if (ticket == throttle->ticket)
		throttle->kept_ms = throttle->kept_before_ms;
	throttle->next_ms = fmax((double)throttle->kept_ms + pause_ms, (double)now_ms + RETRY_SHARE * pause_ms);
}

/* Nothing was accepted since the last slow-down: a window of the server is used up, which tells nothing about rates. */
static void probe_later(struct throttle *throttle, int64_t now_ms)
{
	double pause_ms = ldexp(PROBE_SHARE * 1000.0 / adaptive_rate(throttle, now_ms), (int)throttle->refusals);

	throttle->next_ms = (double)now_ms + fmin(pause_ms, PROBE_MAX_MS);
}

static void on_refused(struct throttle *throttle, uint64_t ticket, int64_t now_ms)
{
	if (throttle->refusals > 0) {
		probe_later(throttle, now_ms);
	} else {
		slow_down(throttle, now_ms);
		retry_soon(throttle, ticket, now_ms);
	}
	throttle->cut_ticket = throttle->ticket;
	if (throttle->refusals < 16)
		throttle->refusals++;
}

static void search(struct throttle *throttle, int64_t now_ms)
{
	double elapsed_s = (double)(now_ms - throttle->grown_ms) / 1000.0;

	throttle->base *= fmin(SEARCH_PER_ANSWER, pow(SEARCH_PER_S, elapsed_s));
	throttle->grown_ms = now_ms;
}

void throttle_answered(struct throttle *throttle, uint64_t ticket, bool refused, int64_t now_ms)
{
	meter_count(&throttle->meter, !refused, now_ms);
	throttle->series.accepted += !refused;
	if (ticket <= throttle->cut_ticket)
		return;
	if (refused) {
		on_refused(throttle, ticket, now_ms);
		return;
	}
	throttle->refusals = 0;
	if (throttle->quiet < QUIET_ANSWERS)
		throttle->quiet++;
	if (throttle->phase == SEARCHING)
		search(throttle, now_ms);
}

int64_t throttle_backoff_ms(unsigned attempt, int64_t base_ms, int64_t cap_ms, double random_fraction)
{
	int doublings = attempt <= 1 ? 0 : attempt > 62 ? 61 : (int)attempt - 1;
	double ceiling_ms = fmin((double)cap_ms, ldexp((double)base_ms, doublings));
	int64_t wait_ms = (int64_t)(random_fraction * ceiling_ms);

	return wait_ms > 1 ? wait_ms : 1;
}
