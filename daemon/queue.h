/* SPDX-License-Identifier: MIT
 *
 * The engine: takes operations from the ledger when they are due, checks them against the platform's facts, sends them,
 * and acts on the answers. One operation's life, seen from here:
 *
 *   planned -> (survey, verify) -> queued -> (turn) -> sending, committed -> answer -> done
 *
 * The ledger holds what; this holds when (schedule.h), how fast (sender.h) and what is stopped (pauses.h).
 */
#ifndef NGMT_QUEUE_H
#define NGMT_QUEUE_H

#include "budget.h"
#include "json.h"
#include "ledger.h"
#include "pauses.h"
#include "sender.h"
#include "survey.h"

struct queue;

struct queue_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct sender *sender;
	struct reader *reader;
	struct surveys *surveys;
	struct platform *platform;
	struct react_options react;
	struct money_limits limits;
	struct budget_limits budget_limits;
	int64_t undo_window_ms;
	bool dry; /* nothing leaves but reads */
};

/* Called whenever an operation has moved, from the loop; may not call back into the queue. */
typedef void queue_moved_fn(void *arg, int64_t batch_id);

struct queue *queue_new(const struct queue_parts *parts, queue_moved_fn *on_moved, void *arg, struct err *err);
void queue_free(struct queue *queue);

/* Takes up what an earlier daemon left: what was sending is unsure now, everything open is due. */
int queue_recover(struct queue *queue, struct err *err);

/* The operations of a batch that has been recorded. */
int queue_add_batch(struct queue *queue, int64_t batch_id, struct err *err);

/* End of a turn, before the commit: moves what is due. Returns milliseconds until it wants to be called again; -1: on
 * the next event. */
int64_t queue_pump(struct queue *queue);
/* After the commit: what is "sending" leaves. */
void queue_flush(struct queue *queue);

/* No new operation leaves from now on; what is out is waited for. */
void queue_drain(struct queue *queue);
bool queue_is_drained(const struct queue *queue);

/* The ledger failed under an operation: nothing may be sent any more. NULL: all is well. */
const struct err *queue_failure(const struct queue *queue);

/* What a person does to one operation; each step is recorded as the acting batch's (ledger.h). 1: done, 0: refused,
 * `why` says why and what to do, -1: the ledger failed.
 *   release  held or cancelled: compared with the limits and the platform anew, and goes on if all agrees
 *   cancel   not on its way yet: taken back
 *   hold     not on its way yet: stands still until it is released
 *   retry    refused by the platform: compared anew and sent again; what waits for its next attempt is a case for
 *            queue_hurry(), and done here
 *   resolve  held in doubt: it was executed (done), or it was not, and may be sent again after the usual comparison */
#define QUEUE_WHY_MAX 240
int queue_release(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err);
int queue_cancel(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err);
int queue_hold(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err);
int queue_retry(struct queue *queue, int64_t id, char why[QUEUE_WHY_MAX], struct err *err);
int queue_resolve(struct queue *queue, int64_t id, bool was_executed, char why[QUEUE_WHY_MAX], struct err *err);

/* Whatever of these operations waits for a later moment is due now. `ids` in ascending order. */
void queue_hurry(struct queue *queue, const int64_t *ids, int64_t count);

/* A planned operation that the platform shows as done: recorded as such, nothing is sent. 1; 0: there is none with this
 * key; -1. */
int queue_record_found(struct queue *queue, const char *key, const char *why, const char *outcome, struct err *err);

/* What is spent and open under the budgets; counted only if there is a limit. */
const struct budget *queue_budget(const struct queue *queue);

/* The ledger failed: nothing more leaves, not even what this turn was to send. */
void queue_halt(struct queue *queue, const struct err *why);

/* Operations of a restored ledger that must be compared with the platform before anything leaves; 0: all have been. */
int64_t queue_to_compare(const struct queue *queue);

struct pauses *queue_pauses(struct queue *queue);

/* [{lane, waiting, in_flight, state, paused, cause, user, paused_at}] for status. New reference. */
struct json_object *queue_describe_lanes(const struct queue *queue);
/* Operations that wait for their turn, in all lanes. */
int64_t queue_waiting(const struct queue *queue);

/* While a lane stood still or an operation was held, somebody may have paid by other means, or a room is ignored by
 * now: nothing that was known before counts any more. */
void queue_look_anew(struct queue *queue);

#endif
