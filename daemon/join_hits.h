/* SPDX-License-Identifier: MIT
 *
 * The HITs in whose lists rows are looked for, and when each is asked about again: at once when rows come, then often,
 * then ever less; large ones less, since their lists take long. Private to joins.c.
 */
#ifndef NGMT_JOIN_HITS_H
#define NGMT_JOIN_HITS_H

#include <stdbool.h>
#include <stdint.h>

#include "survey.h"

/* Moments are monotonic. */
struct join_hit {
	struct join_hit *next;
	struct join_hits *hits;
	char *hit_id;
	int64_t news_ms;     /* when rows came last that may be of it */
	int64_t asked_ms;    /* 0: never */
	int64_t surveyed_ms; /* when the last survey that succeeded was asked for; 0: none did */
	int64_t next_ms;     /* not before */
	bool is_asking;
	bool is_wanted;
	bool has_failed; /* the last survey; told once */
};

/* From the loop, or from join_hits_ask(). */
typedef void join_hits_fn(void *arg, bool is_read);

struct join_hits {
	struct surveys *surveys;
	struct join_hit *first; /* stay until the end, since a survey may be out for each */
	join_hits_fn *on_list;
	void *arg;
	bool is_halted; /* failures are no news any more */
};

void join_hits_init(struct join_hits *hits, struct surveys *surveys, join_hits_fn *on_list, void *arg);
/* After the last survey was answered. */
void join_hits_finish(struct join_hits *hits);

/* NULL: it was never wanted. */
struct join_hit *join_hits_find(const struct join_hits *hits, const char *hit_id);
void join_hits_want_none(struct join_hits *hits);
/* Rows wait for it; `is_news`: some that did not before. */
int join_hits_want(struct join_hits *hits, const char *hit_id, bool is_news, struct err *err);

/* Asks about those that are wanted and due. When the next one is due; -1: never. */
int64_t join_hits_ask(struct join_hits *hits);

/* Whether an answer that rows wait for is out, or is about to be asked for. */
bool join_hits_are_awaited(const struct join_hits *hits);

#endif
