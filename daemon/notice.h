/* SPDX-License-Identifier: MIT
 *
 * A notification that somebody wants sent: to whom it would go, who is left out and why, and its recording as one
 * operation for each chunk of workers. Made, reported and recorded within one turn. What became of it afterwards is in
 * recipients.h.
 */
#ifndef NGMT_NOTICE_H
#define NGMT_NOTICE_H

#include "batches.h"
#include "json.h"
#include "ledger.h"
#include "notice_params.h"

struct notice;

/* Looks everybody up. `params` and `limits` are borrowed for the notice's life. NULL with ERR_NOT_FOUND for a selection
 * without rows, ERR_USAGE for more than NOTICE_WORKERS_MAX workers. */
struct notice *notice_new(struct ledger *ledger, const struct notice_params *params,
			  const struct platform_message *limits, struct err *err);
void notice_free(struct notice *notice);

/* 16 hexadecimal digits over the message and everybody who would get it. */
const char *notice_digest(const struct notice *notice);

/* The result of "plan_notify" (ngmt-protocol(7)). New reference; NULL on error. */
struct json_object *notice_describe(const struct notice *notice, struct err *err);

/* Records the batch and its operations; nothing of it stays after -1. Both are 0 if nobody is to be told. */
int notice_record(struct notice *notice, const struct actor *actor, int64_t *batch_id, int64_t *operations,
		  struct err *err);
/* The result of "apply_notify". */
struct json_object *notice_describe_recorded(const struct notice *notice, int64_t batch_id, int64_t operations,
					     struct err *err);

#endif
