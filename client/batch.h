/* SPDX-License-Identifier: MIT
 *
 * What became of a batch, in the seed's words, and the exit status that follows from it. Pure: works on the daemon's
 * result of the method batch and on the plan it came from.
 */
#ifndef NGMT_BATCH_H
#define NGMT_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"

/* How the following of a batch ended. */
enum batch_end {
	BATCH_FINISHED,
	BATCH_FUNDS,    /* waits for money, and nobody asked to wait with it */
	BATCH_TIMEOUT,  /* --timeout */
	BATCH_DETACHED, /* Ctrl-C */
	BATCH_QUEUED    /* --no-wait */
};

/* "finished", "waiting-for-funds", ...: the member "outcome" of the JSON output. */
const char *batch_end_name(enum batch_end end);

bool batch_is_finished(struct json_object *batch);
bool batch_waits_for_funds(struct json_object *batch);

/* Rejections that may still be taken back and go on by themselves: they count as held, but are no trouble. */
int64_t batch_undo(struct json_object *batch);

/* 0, 6, 7 or 8, see ngmtctl(1). `plan` may be NULL; rows that it held count as not done, also when nobody waits. */
int batch_exit_status(struct json_object *batch, struct json_object *plan, enum batch_end end);

/* The closing lines. `balance_cents` is the balance now, or -1. */
void batch_print(FILE *out, struct json_object *batch, struct json_object *plan, int64_t balance_cents);

#endif
