/* SPDX-License-Identifier: MIT
 *
 * The workers to whom a notification goes, and what became of it for each. The platform recognises no repetition and no
 * list tells who got a message, so the ledger alone keeps the promise: whoever was told a message, or may have been, is
 * never told it again, whatever the chunk, the command or the operator (the unique index recipient_once stands behind
 * that).
 */
#ifndef NGMT_RECIPIENTS_H
#define NGMT_RECIPIENTS_H

#include "ledger.h"
#include "op.h"

/* Numbers are stored, also in the indexes of migrations.c: never renumber, only append. */
enum recipient_state {
	RECIPIENT_OPEN = 0,    /* to be told: its operation is not settled, or held by a person */
	RECIPIENT_TOLD = 1,
	RECIPIENT_REFUSED = 2, /* certainly not told; may be tried again */
	RECIPIENT_UNKNOWN = 3, /* may have been told: the answer was lost */
};
#define RECIPIENT_STATES 4

/* "open", "told", "refused", "unknown". */
const char *recipient_state_name(enum recipient_state state);

/* The three that operations.c calls; nothing happens for operations of another kind. Records op->workers as open. */
int recipients_add(struct ledger *ledger, const struct op *op, struct err *err);
/* Fills op->workers with those who are open; NULL if nobody is. */
int recipients_load(struct ledger *ledger, struct op *op, struct err *err);
/* The operation has moved to op->state: done means told (but for those who were refused before), failed and cancelled
 * refused, a doubt unknown; planned or queued once more opens those again who have not heard of it otherwise. */
int recipients_follow(struct ledger *ledger, const struct op *op, struct err *err);

/* The platform did the request, but did not tell this worker. Nothing happens if the worker is not open. */
int recipients_refuse(struct ledger *ledger, int64_t operation_id, const char *worker_id, const char *why,
		      struct err *err);

/* What the ledger knows of a worker and a message (op_message()). */
struct recipient_past {
	bool is_known;              /* told, open or unknown: not to be told again */
	enum recipient_state state; /* of these */
	int64_t refusals;
};
int recipients_look_up(struct ledger *ledger, const char *worker_id, const char *message, struct recipient_past *out,
		       struct err *err);

/* Workers of a batch by what became of their notification. */
int recipients_count(struct ledger *ledger, int64_t batch_id, int64_t counts[RECIPIENT_STATES], struct err *err);

/* Those of a batch who were not (certainly) told, by state of the operation and reason: `fn` gets the group's size and
 * one worker. At most 50 groups. */
typedef void recipient_group_fn(void *arg, enum op_state state, const char *why, int64_t count, const char *example);
int recipients_each_group(struct ledger *ledger, int64_t batch_id, recipient_group_fn *fn, void *arg,
			  struct err *err);

/* The workers of a batch in the order of operations and ids; `only_troubled`: those who were refused or may not have
 * been told. Texts are borrowed. */
typedef void recipient_fn(void *arg, const char *worker_id, enum recipient_state state, const char *why);
int recipients_each(struct ledger *ledger, int64_t batch_id, bool only_troubled, int64_t offset, int64_t limit,
		    recipient_fn *fn, void *arg, struct err *err);

#endif
