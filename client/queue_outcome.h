/* SPDX-License-Identifier: MIT
 *
 * What became of operations that a person let go on. ngmtd checks each once more before it is sent: this asks until all
 * were checked, and tells which are held again.
 */
#ifndef NGMT_QUEUE_OUTCOME_H
#define NGMT_QUEUE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "json.h"
#include "session.h"

struct queue_outcome {
	struct json_object *ids;        /* what was released */
	struct json_object *operations; /* as they are now */
	bool is_given_up; /* by --timeout or Ctrl-C, before all were checked */
};

/* Takes over `ids`, an array of numbers. */
void queue_outcome_init(struct queue_outcome *outcome, struct json_object *ids);
void queue_outcome_finish(struct queue_outcome *outcome);

/* Asks every 200 ms until each has been checked: for ten seconds, or as --timeout says, or until Ctrl-C. -1 if the
 * daemon cannot be asked. */
int queue_outcome_wait(struct queue_outcome *outcome, struct session *session, struct err *err);

/* "1 held again: a bonus of $15.00 is above max_bonus ($10.00)", "2 on their way": a line for each reason. */
void queue_outcome_print(const struct queue_outcome *outcome, FILE *out);

/* Adds "held_again", "waiting", "failed": [{"id", "why"}], and "on_their_way", "done", "cancelled": numbers. */
void queue_outcome_put(const struct queue_outcome *outcome, struct json_object *out);

/* Whether some are on their way now. */
bool queue_outcome_moves(const struct queue_outcome *outcome);

/* 7: some are held again or failed; 8: it was given up before all were checked; else 0. */
int queue_outcome_exit_status(const struct queue_outcome *outcome);

#endif
