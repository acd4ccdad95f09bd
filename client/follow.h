/* SPDX-License-Identifier: MIT
 *
 * Handing a plan over, and following its batch until it is finished: progress on standard error (JSON lines on standard
 * output with --json), Ctrl-C detaches, a lost connection is made again, for the daemon may be restarted while it pays.
 */
#ifndef NGMT_FOLLOW_H
#define NGMT_FOLLOW_H

#include <stdint.h>

#include "batch.h"
#include "err.h"
#include "json.h"
#include "session.h"

/* How long a lost daemon is waited for unless --timeout says otherwise. */
#define FOLLOW_RECONNECT_MS 60000

/* The call that puts a plan into the ledger. From here on Ctrl-C only detaches. Takes over `params`; the caller puts
 * the result. If the answer is lost the error says so, and what to do. */
struct json_object *follow_apply(struct session *session, const char *method, struct json_object *params,
				 struct err *err);

/* Follows `batch_id`; *batch is its last known state, which the caller puts, and *end says why following ended.
 * `planned_cents` is what its bonuses come to. -1 with ERR_NO_DAEMON if the daemon did not come back, or another
 * error; *batch may be set even then. */
int follow_batch(struct session *session, int64_t batch_id, int64_t planned_cents, struct json_object **batch,
		 enum batch_end *end, struct err *err);

/* Says on standard error why following ended before the batch did, and how to look at it again. */
void follow_note_end(const struct session *session, int64_t batch_id, enum batch_end end);

/* The balance now; -1 if it cannot be had, or Ctrl-C was pressed. */
int64_t follow_balance(struct session *session);

#endif
