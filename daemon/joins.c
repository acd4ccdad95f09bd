/* SPDX-License-Identifier: MIT */
#include "joins.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "facts.h"
#include "input_codes.h"
#include "join_groups.h"
#include "join_hits.h"
#include "log.h"

/* How long somebody who waits for the rows to be looked for is kept. */
#define WAIT_MS 5000
/* After all sources were looked at, others have so many times as long to themselves: ten thousand rooms are imported
 * one by one, and each is news. */
#define LOOK_REST_TIMES 20

struct source_of_pass {
	int64_t id;
	int64_t written_s;
	struct join_group *group;
};

struct waiter {
	struct waiter *next;
	joins_wait_fn *fn;
	void *arg;
	int64_t until_ms;
};

enum phase { PHASE_NONE, PHASE_CODES, PHASE_HITS, PHASE_GATHER, PHASE_DECIDE, PHASES };

/* What is under way; one at a time. */
struct pass {
	enum phase phase;
	size_t index; /* of the group or the source that is next */
	struct join_hit *hit;
	int64_t cursor;
	struct join_counts counts;
};

struct joins {
	struct joins_parts parts;
	struct loop_timer *timer;
	struct join_groups groups;
	struct join_hits hits;
	struct source_of_pass *sources;
	size_t source_count;
	size_t source_room;
	struct waiter *waiters;
	struct pass pass;
	struct join_rules rules; /* the last that joins_rules() gave */
	int64_t rested_ms; /* sources are not looked at before */
	bool has_news;    /* the rows are to be looked at again */
	bool is_in_hurry; /* and all lists with them */
	bool wants_pass;
	bool is_halted;
};

/* The turn that it makes is all that is wanted. */
static void on_timer(void *arg)
{
	(void)arg;
}

/* A list was read, or could not be. */
static void on_list(void *arg, bool is_read)
{
	struct joins *joins = arg;

	joins->wants_pass = joins->wants_pass || is_read;
	loop_wake(joins->parts.loop);
}

struct joins *joins_new(const struct joins_parts *parts, struct err *err)
{
	struct joins *joins = calloc(1, sizeof(*joins));

	if (!joins) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	joins->parts = *parts;
	joins->has_news = true;
	join_groups_init(&joins->groups, parts->ledger, parts->config);
	join_hits_init(&joins->hits, parts->surveys, on_list, joins);
	joins->timer = loop_timer_new(parts->loop, on_timer, joins, err);
	if (joins->timer && joined_create(parts->ledger, err) == 0 &&
	    input_codes_configure(parts->ledger, parts->config->input_codes_file, err) == 0)
		return joins;
	joins_free(joins);
	return NULL;
}

static void release(struct waiter *waiter)
{
	waiter->fn(waiter->arg);
	free(waiter);
}

void joins_free(struct joins *joins)
{
	if (!joins)
		return;
	while (joins->waiters) {
		struct waiter *waiter = joins->waiters;

		joins->waiters = waiter->next;
		release(waiter);
	}
	join_hits_finish(&joins->hits);
	join_groups_finish(&joins->groups);
	free(joins->sources);
	loop_timer_free(joins->timer);
	free(joins);
}

void joins_news(struct joins *joins)
{
	joins->has_news = true;
	loop_wake(joins->parts.loop);
}

void joins_lists_read(struct joins *joins)
{
	joins->wants_pass = true;
	joins_news(joins);
}

void joins_hurry(struct joins *joins)
{
	joins->is_in_hurry = true;
	joins_news(joins);
}

void joins_halt(struct joins *joins)
{
	joins->is_halted = joins->hits.is_halted = true;
	joins->pass.phase = PHASE_NONE;
}

/* --- looking for rows that wait --- */

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static int want_hits(struct joins *joins, const struct join_group *group, bool is_news, struct err *err)
{
	for (size_t i = 0; group->hits[i]; i++)
		if (join_hits_want(&joins->hits, group->hits[i], is_news, err) < 0)
			return -1;
	return 0;
}

static int keep_source(struct joins *joins, const struct join_source *source, struct join_group *group, struct err *err)
{
	if (joins->source_count == joins->source_room) {
		size_t room = joins->source_room ? 2 * joins->source_room : 64;
		struct source_of_pass *sources = reallocarray(joins->sources, room, sizeof(*sources));

		if (!sources)
			return err_set(err, ERR_INTERNAL, "out of memory");
		joins->sources = sources;
		joins->source_room = room;
	}
	joins->sources[joins->source_count++] = (struct source_of_pass){ source->id, source->written_s, group };
	return 0;
}

/* What the sources of a group have now; what they had last is kept in the group until all have been looked at. */
struct look {
	int64_t last_waiting;
	bool has_doubtful;
};

struct looking {
	struct joins *joins;
	struct look *looks; /* by group */
	size_t room;
};

static size_t index_of(const struct join_groups *groups, const struct join_group *group)
{
	size_t index = 0;

	while (groups->items[index] != group)
		index++;
	return index;
}

static struct look *look_of(struct looking *looking, const struct join_group *group, struct err *err)
{
	size_t index = index_of(&looking->joins->groups, group);

	if (index >= looking->room) {
		size_t room = 2 * index + 8;
		struct look *looks = reallocarray(looking->looks, room, sizeof(*looks));

		if (!looks) {
			(void)err_set(err, ERR_INTERNAL, "out of memory");
			return NULL;
		}
		memset(looks + looking->room, 0, (room - looking->room) * sizeof(*looks));
		looking->looks = looks;
		looking->room = room;
	}
	return &looking->looks[index];
}

static int on_source(void *arg, const struct join_source *source, struct err *err)
{
	struct looking *looking = arg;
	struct join_group *group = join_groups_find(&looking->joins->groups, source->game, source->folder, err);
	struct look *look = group ? look_of(looking, group, err) : NULL;

	if (!look)
		return -1;
	if (source->is_asking) {
		look->last_waiting = later(look->last_waiting, source->last_waiting);
		look->has_doubtful = look->has_doubtful || source->has_doubtful;
	}
	return keep_source(looking->joins, source, group, err);
}

static enum join_list list_of(const struct joins *joins, const struct join_group *group)
{
	enum join_list list = JOIN_LIST_MISSING;

	if (!group->hits[0])
		return JOIN_LIST_UNKNOWN;
	for (size_t i = 0; group->hits[i]; i++) {
		const struct join_hit *hit = join_hits_find(&joins->hits, group->hits[i]);
		struct hit_fact fact;
		struct err err;

		if (!hit || !hit->surveyed_ms || hit->surveyed_ms < group->news_ms)
			return JOIN_LIST_UNREAD;
		if (facts_get_hit(joins->parts.ledger, group->hits[i], &fact, &err) != 1 || fact.known)
			list = JOIN_LIST_READ;
	}
	return list;
}

/* Who waits is asked for again and again, who is in doubt once after something has changed. */
static int update_group(struct joins *joins, struct join_group *group, const struct look *look, struct err *err)
{
	int changed = join_groups_update(&joins->groups, group, err);
	bool is_news = changed > 0 || look->last_waiting > group->last_waiting || joins->is_in_hurry;

	if (changed < 0)
		return -1;
	group->last_waiting = look->last_waiting;
	if (is_news)
		group->news_ms = clock_mono_ms();
	if (group->way == JOIN_NONE || (!look->last_waiting && !look->has_doubtful))
		return 0;
	/* With no HIT to ask about, the rows are told so. */
	if (is_news && !group->hits[0])
		joins->wants_pass = true;
	return look->last_waiting || list_of(joins, group) == JOIN_LIST_UNREAD ? want_hits(joins, group, is_news, err)
										: 0;
}

static int look(struct joins *joins, struct err *err)
{
	static const struct look nothing = { 0 };
	struct looking looking = { .joins = joins };
	int64_t began_ms = clock_mono_ms(), ended_ms;
	int result;

	joins->source_count = 0;
	join_hits_want_none(&joins->hits);
	result = joined_each_source(joins->parts.ledger, on_source, &looking, err);
	for (size_t i = 0; result == 0 && i < joins->groups.count; i++)
		result = update_group(joins, joins->groups.items[i], i < looking.room ? &looking.looks[i] : &nothing,
				      err);
	joins->is_in_hurry = false;
	free(looking.looks);
	ended_ms = clock_mono_ms();
	joins->rested_ms = ended_ms + LOOK_REST_TIMES * (ended_ms - began_ms);
	return result;
}

/* --- a pass over all rows --- */

/* Each: 1 there is more to do, 0 the next phase may begin, -1 error. */
static int run_codes(struct joins *joins, struct err *err)
{
	struct pass *pass = &joins->pass;

	if (pass->index >= joins->groups.count)
		return 0;
	return join_groups_read_codes(&joins->groups, joins->groups.items[pass->index++], err) < 0 ? -1 : 1;
}

static int run_hits(struct joins *joins, struct err *err)
{
	struct pass *pass = &joins->pass;

	if (pass->index == 0) {
		if (joined_begin(joins->parts.ledger, err) < 0)
			return -1;
		pass->hit = joins->hits.first;
		pass->index = 1;
	}
	if (!pass->hit)
		return 0;
	if (joined_add_hit(joins->parts.ledger, pass->hit->hit_id, err) < 0)
		return -1;
	pass->hit = pass->hit->next;
	return 1;
}

static int run_gather(struct joins *joins, struct err *err)
{
	struct pass *pass = &joins->pass;
	const struct source_of_pass *source = &joins->sources[pass->index];
	struct join_order order;
	int more;

	if (pass->index >= joins->source_count)
		return 0;
	order = (struct join_order){ .source_id = source->id,
				     .way = source->group->way,
				     .written_s = source->written_s,
				     .hits = source->group->hits_json,
				     .hit = source->group->hits[0],
				     .list = list_of(joins, source->group),
				     .game = source->written_s >= join_group_codes_s(source->group)
						     ? source->group->folder
						     : NULL };
	more = joined_gather(joins->parts.ledger, &order, &pass->cursor, err);
	if (more != 0)
		return more;
	pass->index++;
	pass->cursor = 0;
	return 1;
}

/* What has changed becomes durable together with who is to act on it. */
static int tell_rooms(struct joins *joins, struct err *err)
{
	int64_t room_id;
	int found;

	while ((found = joined_take_room(joins->parts.ledger, &room_id, err)) == 1)
		if (joins->parts.on_room(joins->parts.arg, room_id, err) < 0)
			return -1;
	return found;
}

static int run_decide(struct joins *joins, struct err *err)
{
	struct pass *pass = &joins->pass;
	int more = joined_decide(joins->parts.ledger, joins->parts.platform, &pass->cursor, &pass->counts, err);

	return more < 0 || tell_rooms(joins, err) < 0 ? -1 : more;
}

static int (*const phases[PHASES])(struct joins *joins, struct err *err) = {
	[PHASE_CODES] = run_codes,
	[PHASE_HITS] = run_hits,
	[PHASE_GATHER] = run_gather,
	[PHASE_DECIDE] = run_decide,
};

static void end_pass(struct joins *joins)
{
	const struct join_counts *counts = &joins->pass.counts;

	joins->pass.phase = PHASE_NONE;
	if (counts->joined > 0 || counts->doubtful > 0)
		log_info("rows joined joined=%" PRId64 " doubtful=%" PRId64 " waiting=%" PRId64, counts->joined,
			 counts->doubtful, counts->waiting);
	/* Nothing may wait any more now, or less: whom to ask is found out anew. */
	joins->has_news = joins->has_news || counts->joined > 0 || counts->doubtful > 0;
}

static int slice_pass(struct joins *joins, struct err *err)
{
	struct pass *pass = &joins->pass;
	int more = phases[pass->phase](joins, err);

	if (more != 0)
		return more;
	pass->index = 0;
	pass->cursor = 0;
	if (++pass->phase == PHASES)
		end_pass(joins);
	return 0;
}

/* --- each turn --- */

static int begin_pass(struct joins *joins, struct err *err)
{
	if (look(joins, err) < 0)
		return -1;
	joins->wants_pass = false;
	joins->pass = (struct pass){ .phase = PHASE_CODES };
	return 0;
}

/* Whether all that waits now has been looked for. */
static bool is_idle(const struct joins *joins)
{
	return !joins->has_news && !joins->wants_pass && joins->pass.phase == PHASE_NONE &&
	       !join_hits_are_awaited(&joins->hits);
}

/* Whoever is told may ask for something at once: taken out first. */
static int64_t release_waiters(struct joins *joins)
{
	int64_t now_ms = clock_mono_ms(), next_ms = -1;
	bool are_done = is_idle(joins) || joins->is_halted;
	struct waiter **link = &joins->waiters;

	while (*link) {
		struct waiter *waiter = *link;

		if (!are_done && waiter->until_ms > now_ms) {
			if (next_ms < 0 || waiter->until_ms < next_ms)
				next_ms = waiter->until_ms;
			link = &waiter->next;
			continue;
		}
		*link = waiter->next;
		release(waiter);
	}
	return next_ms;
}

int joins_wait(struct joins *joins, joins_wait_fn *fn, void *arg, struct err *err)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return err_set(err, ERR_INTERNAL, "out of memory");
	*waiter = (struct waiter){ joins->waiters, fn, arg, clock_mono_ms() + WAIT_MS };
	joins->waiters = waiter;
	joins_news(joins);
	return 0;
}

static int act(struct joins *joins, struct err *err)
{
	if (joins->pass.phase != PHASE_NONE)
		return slice_pass(joins, err);
	if (clock_mono_ms() < joins->rested_ms)
		return 0;
	if (joins->wants_pass)
		return begin_pass(joins, err);
	if (!joins->has_news)
		return 0;
	joins->has_news = false;
	return look(joins, err);
}

/* When there is something to do for which no answer must come first; -1: there is nothing. */
static int64_t next_act(const struct joins *joins)
{
	if (joins->pass.phase != PHASE_NONE)
		return 0;
	return joins->wants_pass || joins->has_news ? joins->rested_ms : -1;
}

static int64_t sooner(int64_t one_ms, int64_t other_ms)
{
	return one_ms < 0 || (other_ms >= 0 && other_ms < one_ms) ? other_ms : one_ms;
}

bool joins_pump(struct joins *joins)
{
	int64_t next_ms = -1, now_ms;
	struct err err;

	if (!joins->is_halted && act(joins, &err) < 0) {
		log_err("joining rows", &err);
		joins->pass.phase = PHASE_NONE;
	}
	if (!joins->is_halted)
		next_ms = join_hits_ask(&joins->hits);
	next_ms = sooner(next_ms, release_waiters(joins));
	if (!joins->is_halted)
		next_ms = sooner(next_ms, next_act(joins));
	now_ms = clock_mono_ms();
	if (next_ms > now_ms)
		(void)loop_timer_set(joins->timer, next_ms - now_ms);
	return next_ms >= 0 && next_ms <= now_ms;
}

/* --- for others --- */

const struct join_rules *joins_rules(struct joins *joins, const char *game, const char *folder)
{
	struct err err;
	struct join_group *group = join_groups_find(&joins->groups, game, folder, &err);

	if (!group)
		return NULL;
	joins->rules = (struct join_rules){ .way = group->way, .hits = (const char *const *)group->hits };
	return &joins->rules;
}

struct json_object *joins_hits(struct joins *joins, const char *game)
{
	struct json_object *hits = json_object_new_array();
	struct err err;

	if (hits && join_groups_add_hits(&joins->groups, game, hits, &err) < 0) {
		json_object_put(hits);
		return NULL;
	}
	return hits;
}
