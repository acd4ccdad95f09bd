/* SPDX-License-Identifier: MIT
 *
 * What the files of an errand's plan share, and nobody else includes: errand_plan.c (its life, and its recording),
 * errand_create.c, errand_change.c and errand_people.c (which requests), errand_past.c (what the ledger says to them)
 * and errand_report.c (how it is told).
 */
#ifndef NGMT_ERRAND_PLAN_PRIVATE_H
#define NGMT_ERRAND_PLAN_PRIVATE_H

#include "errand_hit.h"
#include "errand_plan.h"
#include "errand_rounds.h"

enum errand_verdict { ERRAND_GO, ERRAND_DONE, ERRAND_REFUSE, ERRAND_VERDICTS };

#define ERRAND_WHY_MAX 320
#define ERRAND_DIGEST_MAX 17

struct errand_item {
	enum errand_verdict verdict;
	struct op op;
	char subject[201 * 4]; /* of what it is told: a worker, a HIT, a round, a name */
	char why[ERRAND_WHY_MAX];        /* "" if there is nothing to say */
};

struct errand_plan {
	struct errand_terms terms;
	struct errand_hit hit; /* ERRAND_CREATE_HIT */
	struct errand_item *items;
	size_t count;
	size_t capacity;
	char *title;
	struct json_object *notes; /* texts */
	int64_t counts[ERRAND_VERDICTS];
	struct errand_cost cost; /* of what would be done */
	int64_t saved_minor;     /* by rounds */
	int64_t new_expires_s;   /* 0: it stays as it is */
	char digest[ERRAND_DIGEST_MAX];
};

/* A new item that is to be done, of which only the kind is filled in; it stays where it is until the next one. NULL:
 * out of memory. */
struct errand_item *errand_add(struct errand_plan *plan, enum op_kind kind, struct err *err);
void errand_say(struct errand_item *item, enum errand_verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void errand_note(struct errand_plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
int errand_title(struct errand_plan *plan, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Copies a text into a member of an operation; NULL stays NULL. */
int errand_copy(char **out, const char *text, struct err *err);

/* The requests of each errand. */
typedef int errand_make_fn(struct errand_plan *plan, struct err *err);
errand_make_fn errand_make_hits;
errand_make_fn errand_make_extension;
errand_make_fn errand_make_expiry;
errand_make_fn errand_make_deletion;
errand_make_fn errand_make_type;
errand_make_fn errand_make_people;

/* What the ledger says to an item that is to be done, by its key: whether it was done before, is on its way, or must
 * not be done again. `*known` (may be NULL): whether there is one. */
int errand_judge_past(struct errand_plan *plan, struct errand_item *item, bool *known, struct err *err);
/* Of a change that may be wished for again, since somebody may put back what it changed: its key, with an occasion if
 * the ledger has the same change as done while the platform shows what it started from. */
int errand_find_occasion(struct errand_plan *plan, struct op *op, struct err *err);
/* The same for what can be done and undone, again and again: by the newest operation about the same worker and
 * qualification type. Gives the item its occasion. `opposite`: the kind that undoes it. */
int errand_judge_newest(struct errand_plan *plan, struct errand_item *item, enum op_kind opposite, struct err *err);
/* Refuses an item if another operation of its kind about its HIT is on its way, or perhaps done. */
int errand_judge_others(struct errand_plan *plan, struct errand_item *item, struct err *err);

#endif
