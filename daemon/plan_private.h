/* SPDX-License-Identifier: MIT
 *
 * What the files of plans share, and nobody else includes: plan.c (their life, and judging rows) and plan_record.c
 * (apply: from a plan to operations).
 */
#ifndef NGMT_PLAN_PRIVATE_H
#define NGMT_PLAN_PRIVATE_H

#include "budget.h"
#include "plan.h"
#include "plan_item.h"
#include "plan_params.h"
#include "verify.h"

enum phase {
	PHASE_ROWS,   /* going through the rows */
	PHASE_WAIT,   /* surveys are out; then the rows again */
	PHASE_RECORD, /* apply: writing operations */
	PHASE_TICK,   /* a policy: what is recorded is no longer to do */
};

struct plan {
	struct plan *next;
	struct plans *plans;
	struct plan_params params;
	int64_t id;
	uid_t uid;
	int64_t started_ms;
	enum phase phase;
	int64_t cursor;      /* last row judged, or last item recorded */
	unsigned surveys;    /* out */
	unsigned lonely;     /* asked for in this round */
	bool is_incomplete;  /* this round lacked facts: another one follows */
	bool has_rows;
	bool has_opposed; /* two rows ask for opposite decisions */
	bool has_balance;
	struct budget budget; /* with what this plan would spend so far */
	bool is_finished;
	bool has_failed;
	struct err failure;
	/* apply */
	bool applies;
	bool is_automatic; /* a policy's; applies, too */
	/* A policy: the row whose decision may not be recorded, and why: neither may the rest of it. */
	int64_t stopped_row;
	struct plan_item stopped;
	char *user;
	char *words;
	struct actor actor;
	int64_t batch_id;
	int64_t recorded;
	struct json_object *result; /* of a policy, until all is ticked off */
	plan_done_fn *done;
	void *arg;
};

struct plans {
	struct plan_parts parts;
	struct plan *list;
	int64_t last_id;
};

/* One turn's part of a plan. */
#define ROWS_PER_SLICE 40

struct slice {
	struct plan *plan;
	unsigned rows;
};

/* Answers whoever asked. */
void plan_finish(struct plan *plan, struct json_object *result, const struct err *err);

/* At the end of the line. */
void plans_append(struct plans *plans, struct plan *plan);
/* Makes it one that records, in the name of the actor, which is copied. */
int plan_become_actor(struct plan *plan, const struct actor *actor, struct err *err);
void plan_free(struct plan *plan);

/* The plan as it is now must be the one that was shown; then its batch begins. */
int plan_begin_recording(struct plan *plan, struct err *err);
/* The next items as operations; after the last ones the batch is finished and the plan answered. */
int plan_record_slice(struct plan *plan, struct err *err);

/* A policy does not ask the platform: what the facts of yesterday say about an assignment is forgotten, so that the
 * queue asks before it sends. */
void plan_forget_facts(struct verify_facts *facts);
/* A row that asks for a rejection is none of a policy's business, unless its worker was approved or paid before: that
 * contradicts, and is told. */
int plan_note_reversal(struct plan *plan, const struct plan_row *row, struct plan_item *item, struct err *err);
/* Where a policy may not decide, since a person has, or since the ledger has something else, it does not pay either. */
void plan_follow_decision(struct plan *plan, const struct plan_row *row, enum op_kind kind, struct plan_item *item);
/* The next rows of a recorded policy are no longer to do; then it is answered. */
int plan_tick_slice(struct plan *plan, struct err *err);

#endif
