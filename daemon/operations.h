/* SPDX-License-Identifier: MIT
 *
 * Operations in the ledger. Everything that changes one goes through operation_move(), which checks the table of
 * states, writes the row, its history and the log line. Nothing is durable before the turn's commit.
 */
#ifndef NGMT_OPERATIONS_H
#define NGMT_OPERATIONS_H

#include "ledger.h"
#include "op.h"

/* What the platform answered, kept with the operation. Texts are borrowed; NULL/0 leave what is recorded. */
struct op_answer {
	const char *outcome; /* one word: "approved", "already-approved", "already-processed", "refused", … */
	int http_status;
	const char *request_id;
	const char *body; /* kept up to 4 KiB */
};

/* Records a new operation in the state that it has. Fills in id, key and token. 1: inserted, 0: an operation with this
 * key exists (nothing changed), -1: error. */
int operation_insert(struct ledger *ledger, struct op *op, struct err *err);

/* An operation with the key of `op` that may be replanned (op.h) and that a person asks for again: planned (or held, if
 * `op` is) once more, as `op` says, as part of its batch. 1: done, 0: there is none (nothing changed), -1: error. */
int operation_replan(struct ledger *ledger, const struct op *op, struct err *err);

/* 1: found, 0: no such operation, -1: error. The caller finishes the operation in the first case only. */
int operation_load(struct ledger *ledger, int64_t id, struct op *op, struct err *err);
int operation_find(struct ledger *ledger, const char *key, struct op *op, struct err *err);

/* Moves and records why. A move that the table does not have is refused (ERR_STATE) and changes nothing. To OP_HELD
 * keeps the cause in op->hold, HOLD_FACTS if there is none and HOLD_DOUBT for a doubtful one; any other move clears it.
 * To OP_SENDING also counts the attempt and dates the first one; to OP_UNSURE marks it doubtful; back to OP_QUEUED or
 * OP_PLANNED says that nothing of it was executed: only for operations that are not doubtful, or whose doubt was
 * resolved. */
int operation_move(struct ledger *ledger, struct op *op, enum op_state to, const char *why,
		   const struct op_answer *answer, struct err *err);

/* The HIT or the qualification type that it created, as the platform named it. */
int operation_name(struct ledger *ledger, struct op *op, const char *id, struct err *err);

/* Notes why an operation waits, without moving it. */
int operation_note(struct ledger *ledger, struct op *op, const char *why, struct err *err);

/* Whatever was "sending" when the daemon died may have left: it becomes "unsure". Returns how many, or -1. */
int64_t operations_recover(struct ledger *ledger, struct err *err);

/* Takes back the operations of batches whose recording was cut off before the command was acknowledged. Nothing of them
 * was sent; those that an earlier command had recorded are held. Returns how many, or -1. */
int64_t operations_forget_unfinished(struct ledger *ledger, struct err *err);

/* Calls `fn` for every operation with which something will happen by itself: not settled, or held only until
 * `hold_until_s` (of one batch, or all with 0), oldest first. -1 stops. */
typedef int operation_pending_fn(void *arg, int64_t id, enum op_kind kind, enum op_state state, int64_t hold_until_s,
				 struct err *err);
int operations_each_pending(struct ledger *ledger, int64_t batch_id, operation_pending_fn *fn, void *arg,
			    struct err *err);

struct op_tally {
	int64_t operations[OP_STATES];
	int64_t amount_minor[OP_STATES];
	int64_t fee_minor[OP_STATES];
};

/* Counts by kind and state, of one batch or (0) of the whole ledger: a few rows, whatever the ledger's size. */
int operations_tally(struct ledger *ledger, int64_t batch_id, struct op_tally by_kind[OP_KINDS], struct err *err);

/* Windows that ended while no daemon ran, in which nobody could take anything back: they begin anew. How many, or
 * -1. */
int64_t operations_renew_undo(struct ledger *ledger, int64_t now_s, int64_t until_s, struct err *err);

/* Rejections that are held only until they can no longer be taken back. */
int operations_count_undo(struct ledger *ledger, int64_t *count, struct err *err);

/* Calls `fn` for everything that may cost money or has (op_moves_money()): kind, state, doubt, amounts, attempts and
 * first_sent_s are filled in. */
typedef void operation_cost_fn(void *arg, const struct op *op);
int operations_each_cost(struct ledger *ledger, operation_cost_fn *fn, void *arg, struct err *err);

/* Bonuses of this ledger for an assignment and worker: what the platform's list may contain without being somebody
 * else's payment. */
struct own_bonuses {
	int64_t done;
	int64_t moving; /* on their way, or being found out */
	int64_t doubts; /* held in doubt: perhaps paid */
};
int operations_count_bonuses(struct ledger *ledger, const char *assignment_id, const char *worker_id,
			     struct own_bonuses *out, struct err *err);

/* Other operations that may have done the very same as far as the platform's lists tell: same kind, assignment, worker
 * and amount, sent or perhaps sent. */
int operations_count_twins(struct ledger *ledger, const struct op *op, int64_t *count, struct err *err);

/* Settled but not done, and waiting, grouped by state, kind and reason: `fn` gets the group's size and one
 * assignment, else one worker or HIT. */
typedef void operation_group_fn(void *arg, enum op_state state, enum op_kind kind, const char *why, int64_t count,
				const char *example);
int operations_each_group(struct ledger *ledger, int64_t batch_id, operation_group_fn *fn, void *arg,
			  struct err *err);

#endif
