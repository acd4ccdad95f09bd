/* SPDX-License-Identifier: MIT */
#include "join_hits.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

/* Between two surveys of one HIT at least; and for large HITs so many times what one takes. */
#define REST_MS 3000
#define REST_TIMES 4

/* How often a HIT is asked about, by how long its rows have waited. */
static const struct {
	int64_t until_ms;
	int64_t every_ms;
} patience[] = {
	{ INT64_C(600) * 1000, INT64_C(15) * 1000 },
	{ INT64_C(3600) * 1000, INT64_C(60) * 1000 },
	{ INT64_C(86400) * 1000, INT64_C(300) * 1000 },
	{ INT64_MAX, INT64_C(3600) * 1000 },
};

void join_hits_init(struct join_hits *hits, struct surveys *surveys, join_hits_fn *on_list, void *arg)
{
	*hits = (struct join_hits){ .surveys = surveys, .on_list = on_list, .arg = arg };
}

void join_hits_finish(struct join_hits *hits)
{
	while (hits->first) {
		struct join_hit *hit = hits->first;

		hits->first = hit->next;
		free(hit->hit_id);
		free(hit);
	}
}

struct join_hit *join_hits_find(const struct join_hits *hits, const char *hit_id)
{
	struct join_hit *hit = hits->first;

	while (hit && strcmp(hit->hit_id, hit_id) != 0)
		hit = hit->next;
	return hit;
}

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's analyser loses sight of what is stored in a list behind a pointer, and calls it leaked. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static struct join_hit *find_or_make(struct join_hits *hits, const char *hit_id, struct err *err)
{
	struct join_hit *hit = join_hits_find(hits, hit_id);

	if (hit)
		return hit;
	hit = calloc(1, sizeof(*hit));
	if (hit)
		hit->hit_id = strdup(hit_id);
	if (!hit || !hit->hit_id) {
		free(hit);
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	hit->hits = hits;
	hit->next = hits->first;
	hits->first = hit;
	return hit;
}

void join_hits_want_none(struct join_hits *hits)
{
	for (struct join_hit *hit = hits->first; hit; hit = hit->next)
		hit->is_wanted = false;
}

/* The earliest moment at which it may be asked about after the last time. */
static int64_t rested_ms(const struct join_hit *hit, int64_t now_ms)
{
	int64_t rested = hit->asked_ms ? hit->asked_ms + REST_MS : now_ms;

	return rested > now_ms ? rested : now_ms;
}

int join_hits_want(struct join_hits *hits, const char *hit_id, bool is_news, struct err *err)
{
	struct join_hit *hit = find_or_make(hits, hit_id, err);
	int64_t now_ms = clock_mono_ms();

	if (!hit)
		return -1;
	hit->is_wanted = true;
	if (!is_news)
		return 0;
	hit->news_ms = now_ms;
	hit->next_ms = rested_ms(hit, now_ms);
	return 0;
}

/* The way its rows have waited so far. */
static int64_t next_time(const struct join_hit *hit, int64_t now_ms)
{
	int64_t rest_ms = REST_TIMES * (now_ms - hit->asked_ms), every_ms;
	size_t step = 0;

	while (now_ms - hit->news_ms > patience[step].until_ms)
		step++;
	every_ms = patience[step].every_ms;
	return now_ms + (rest_ms > every_ms ? rest_ms : every_ms);
}

static void on_surveyed(void *arg, const struct err *err)
{
	struct join_hit *hit = arg;
	struct join_hits *hits = hit->hits;
	int64_t now_ms = clock_mono_ms();

	hit->is_asking = false;
	/* Rows that came while it was read may not have been known to it. */
	hit->next_ms = hit->news_ms > hit->asked_ms ? rested_ms(hit, now_ms) : next_time(hit, now_ms);
	if (err && !hit->has_failed && !hits->is_halted)
		log_warn("rows wait to be joined, but the list of their HIT cannot be read hit=%s why=\"%s\"",
			 hit->hit_id, err->message);
	hit->has_failed = err;
	if (!err)
		hit->surveyed_ms = hit->asked_ms;
	hits->on_list(hits->arg, !err);
}

static void ask(struct join_hit *hit)
{
	struct err err;

	hit->is_asking = true;
	hit->asked_ms = clock_mono_ms();
	/* Where it cannot even be sent, this is answered at once. */
	if (surveys_ask(hit->hits->surveys, SURVEY_HIT, hit->hit_id, on_surveyed, hit, &err) < 0)
		on_surveyed(hit, &err);
}

int64_t join_hits_ask(struct join_hits *hits)
{
	int64_t now_ms = clock_mono_ms(), next_ms = -1;

	for (struct join_hit *hit = hits->first; hit; hit = hit->next) {
		if (hit->is_wanted && !hit->is_asking && hit->next_ms <= now_ms)
			ask(hit);
		if (hit->is_wanted && !hit->is_asking && (next_ms < 0 || hit->next_ms < next_ms))
			next_ms = hit->next_ms;
	}
	return next_ms;
}

bool join_hits_are_awaited(const struct join_hits *hits)
{
	int64_t soon_ms = clock_mono_ms() + REST_MS;

	for (const struct join_hit *hit = hits->first; hit; hit = hit->next)
		if (hit->is_wanted && (hit->is_asking || (hit->surveyed_ms < hit->news_ms && hit->next_ms <= soon_ms &&
							   !hit->has_failed)))
			return true;
	return false;
}
