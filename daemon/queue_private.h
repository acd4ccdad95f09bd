/* SPDX-License-Identifier: MIT
 *
 * What the files of the queue share, and nobody else includes: queue.c (its life, and who is next), queue_check.c (from
 * planned to queued), queue_send.c (from queued to the answer) and queue_person.c (what a person does to it).
 */
#ifndef NGMT_QUEUE_PRIVATE_H
#define NGMT_QUEUE_PRIVATE_H

#include "operations.h"
#include "queue.h"
#include "restored.h"
#include "schedule.h"

/* A request that is out, or will be once the turn is committed; one per slot of the sender. */
struct flight {
	struct queue *queue;
	int64_t op_id;
	enum lane lane;
	bool is_ready; /* waits for the commit */
	bool is_out;
	bool reads_back;
	bool looks_only; /* sending again would tell more surely, once the lane goes on */
	unsigned slot;
	struct platform_request request;
};

struct queue {
	struct queue_parts parts;
	struct pauses *pauses;
	struct schedule checks;
	struct schedule lanes[LANES];  /* to be sent */
	struct schedule doubts[LANES]; /* to be found out, also while a person has stopped the lane */
	struct flight flights[SENDER_SLOTS_MAX];
	bool is_asking_clock;          /* a question for the platform's clock is out */
	unsigned answers_without_date; /* what came of it */
	bool is_rechecking[LANES]; /* a survey is out for the head of the lane: the others wait for it too */
	int64_t trusted_since_ms; /* verifications before this moment are void */
	int64_t surveyed_for; /* operations that wait for a survey */
	struct budget budget;
	bool is_asking_balance;
	int64_t balance_ms;     /* when the budget's balance came */
	int64_t money_moved_ms; /* when a payment last left or was confirmed: a balance asked before is not exact */
	struct comparison comparison; /* nothing leaves before it is complete */
	bool is_recovering;           /* what is added belongs to it */
	bool draining;
	bool has_failed;
	struct err failure;
	queue_moved_fn *on_moved;
	void *arg;
};

/* The ledger failed: nothing is sent any more. */
void queue_fail(struct queue *queue, const struct err *err);

/* An operation from the ledger (the caller finishes it); false: it is gone, or the ledger failed. */
bool queue_load(struct queue *queue, int64_t id, struct op *op);
void queue_move(struct queue *queue, struct op *op, enum op_state to, const char *why, const struct op_answer *answer);
void queue_note(struct queue *queue, struct op *op, const char *why);

/* Makes it due again where operations of its state wait; `look`: to be read back. */
void queue_put(struct queue *queue, const struct op *op, int64_t delay_ms, bool look);
/* The same for one that has been waited for since then. */
void queue_put_waiting(struct queue *queue, const struct op *op, int64_t delay_ms, int64_t since_ms);
/* What is sent once the lane goes on, whatever its state: a lost answer that only sending again can tell. */
void queue_put_aside(struct queue *queue, const struct op *op);
/* The same as queue_put() at once, for one that was found to agree with the platform just now. */
void queue_put_verified(struct queue *queue, const struct op *op);

/* The platform's facts about it have been looked at, or it is open no more. */
void queue_compared(struct queue *queue, int64_t id);

/* Brings a planned operation on: queued, held, done, or due again later. */
void queue_check(struct queue *queue, const struct due *due);
/* Compares a queued operation that has waited long with the platform once more, where it stands. True: it may be sent
 * now; else it was moved, or waits for a survey together with its lane. */
bool queue_may_still_send(struct queue *queue, struct op *op);

/* Sends, or reads back, an operation that is due. */
void queue_start_due(struct queue *queue, const struct due *due);

#endif
