/* SPDX-License-Identifier: MIT */
#include "recipients.h"

#include <stdlib.h>
#include <string.h>

/* Characters of a reason that are kept. */
#define WHY_MAX 300

const char *recipient_state_name(enum recipient_state state)
{
	static const char *const names[RECIPIENT_STATES] = {
		[RECIPIENT_OPEN] = "open",
		[RECIPIENT_TOLD] = "told",
		[RECIPIENT_REFUSED] = "refused",
		[RECIPIENT_UNKNOWN] = "unknown",
	};

	return (unsigned)state < RECIPIENT_STATES ? names[state] : "?";
}

int recipients_add(struct ledger *ledger, const struct op *op, struct err *err)
{
	char message[DIGEST_BASE32_MAX];
	struct statement *insert;

	if (op->kind != OP_NOTIFY)
		return 0;
	if (!op_message(op->subject, op->text, message))
		return err_set(err, ERR_INTERNAL, "out of memory");
	insert = store_statement(ledger->store,
				 "INSERT INTO recipient (operation_id, worker_id, message)"
				 " SELECT ?1, value, ?2 FROM json_each(?3)",
				 err);
	if (!insert)
		return -1;
	statement_bind_int(insert, 1, op->id);
	statement_bind_text(insert, 2, message);
	statement_bind_text(insert, 3, op->workers);
	return statement_run(insert, err);
}

int recipients_load(struct ledger *ledger, struct op *op, struct err *err)
{
	struct statement *get;

	if (op->kind != OP_NOTIFY)
		return 0;
	get = store_statement(ledger->store,
			      "SELECT count(*), json_group_array(worker_id) FROM (SELECT worker_id FROM recipient"
			      " WHERE operation_id = ?1 AND state = 0 ORDER BY worker_id)",
			      err);
	if (!get)
		return -1;
	statement_bind_int(get, 1, op->id);
	if (statement_step(get, err) != 1)
		return -1;
	free(op->workers);
	op->workers = statement_int(get, 0) > 0 ? strdup(statement_text(get, 1)) : NULL;
	statement_reset(get);
	return 0;
}

static int settle(struct ledger *ledger, const struct op *op, enum recipient_state state, struct err *err)
{
	struct statement *update =
		store_statement(ledger->store,
				"UPDATE recipient SET state = ?2, why = ?3 WHERE operation_id = ?1 AND state IN (0, 3)",
				err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, op->id);
	statement_bind_int(update, 2, state);
	statement_bind_text(update, 3, state == RECIPIENT_TOLD ? NULL : op->why);
	return statement_run(update, err);
}

/* Another operation may have told them since this one failed or was cancelled. */
static int open_again(struct ledger *ledger, const struct op *op, struct err *err)
{
	struct statement *update = store_statement(
		ledger->store,
		"UPDATE recipient SET state = 0, why = NULL WHERE operation_id = ?1 AND state IN (2, 3)"
		" AND NOT EXISTS (SELECT 1 FROM recipient o WHERE o.worker_id = recipient.worker_id"
		" AND o.message = recipient.message AND o.operation_id <> ?1 AND o.state <> 2)",
		err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, op->id);
	return statement_run(update, err);
}

int recipients_follow(struct ledger *ledger, const struct op *op, struct err *err)
{
	static const struct {
		bool settles;
		enum recipient_state certain, doubtful;
	} ends[OP_STATES] = {
		[OP_UNSURE] = { true, RECIPIENT_UNKNOWN, RECIPIENT_UNKNOWN },
		[OP_HELD] = { true, RECIPIENT_OPEN, RECIPIENT_UNKNOWN },
		[OP_DONE] = { true, RECIPIENT_TOLD, RECIPIENT_TOLD },
		[OP_FAILED] = { true, RECIPIENT_REFUSED, RECIPIENT_UNKNOWN },
		[OP_CANCELLED] = { true, RECIPIENT_REFUSED, RECIPIENT_UNKNOWN },
	};

	if (op->kind != OP_NOTIFY)
		return 0;
	if (ends[op->state].settles)
		return settle(ledger, op, op->doubtful ? ends[op->state].doubtful : ends[op->state].certain, err);
	return op->state == OP_PLANNED || op->state == OP_QUEUED ? open_again(ledger, op, err) : 0;
}

int recipients_refuse(struct ledger *ledger, int64_t operation_id, const char *worker_id, const char *why,
		      struct err *err)
{
	struct statement *update;

	if (store_begin(ledger->store, err) < 0)
		return -1;
	update = store_statement(ledger->store,
				 "UPDATE recipient SET state = 2, why = substr(?3, 1, ?4)"
				 " WHERE operation_id = ?1 AND worker_id = ?2 AND state = 0",
				 err);
	if (!update)
		return -1;
	statement_bind_int(update, 1, operation_id);
	statement_bind_text(update, 2, worker_id);
	statement_bind_text(update, 3, why);
	statement_bind_int(update, 4, WHY_MAX);
	return statement_run(update, err);
}

int recipients_look_up(struct ledger *ledger, const char *worker_id, const char *message, struct recipient_past *out,
		       struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT max(CASE WHEN state <> 2 THEN state END), sum(state = 2)"
						" FROM recipient WHERE worker_id = ?1 AND message = ?2",
						err);
	int64_t state;

	*out = (struct recipient_past){ 0 };
	if (!get)
		return -1;
	statement_bind_text(get, 1, worker_id);
	statement_bind_text(get, 2, message);
	if (statement_step(get, err) != 1)
		return -1;
	out->is_known = !statement_is_null(get, 0);
	state = statement_int(get, 0);
	out->state = state >= 0 && state < RECIPIENT_STATES ? (enum recipient_state)state : RECIPIENT_UNKNOWN;
	out->refusals = statement_int(get, 1);
	statement_reset(get);
	return 0;
}

int recipients_count(struct ledger *ledger, int64_t batch_id, int64_t counts[RECIPIENT_STATES], struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT r.state, count(*) FROM operation o JOIN recipient r"
						" ON r.operation_id = o.id WHERE o.batch_id = ?1 GROUP BY r.state",
						err);
	int more;

	memset(counts, 0, sizeof(counts[0]) * RECIPIENT_STATES);
	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	while ((more = statement_step(get, err)) == 1) {
		int64_t state = statement_int(get, 0);

		if (state >= 0 && state < RECIPIENT_STATES)
			counts[state] = statement_int(get, 1);
	}
	return more;
}

int recipients_each_group(struct ledger *ledger, int64_t batch_id, recipient_group_fn *fn, void *arg,
			  struct err *err)
{
	/* Refused within a request that was done (6) counts as failed (7). */
	struct statement *get = store_statement(
		ledger->store,
		"SELECT CASE o.state WHEN 6 THEN 7 ELSE o.state END AS state, coalesce(r.why, o.why, 'no reason known')"
		" AS reason, count(*), min(r.worker_id) FROM operation o JOIN recipient r ON r.operation_id = o.id"
		" WHERE o.batch_id = ?1 AND (r.state IN (2, 3) OR (r.state = 0 AND o.state = 1))"
		" GROUP BY 1, reason ORDER BY 3 DESC LIMIT 50",
		err);
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	while ((more = statement_step(get, err)) == 1)
		fn(arg, (enum op_state)statement_int(get, 0), statement_text(get, 1), statement_int(get, 2),
		   statement_text(get, 3));
	return more;
}

int recipients_each(struct ledger *ledger, int64_t batch_id, bool only_troubled, int64_t offset, int64_t limit,
		    recipient_fn *fn, void *arg, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT r.worker_id, r.state, r.why FROM operation o JOIN recipient r"
						" ON r.operation_id = o.id WHERE o.batch_id = ?1"
						" AND (?2 = 0 OR r.state IN (2, 3))"
						" ORDER BY o.id, r.worker_id LIMIT ?3 OFFSET ?4",
						err);
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	statement_bind_int(get, 2, only_troubled);
	statement_bind_int(get, 3, limit);
	statement_bind_int(get, 4, offset);
	while ((more = statement_step(get, err)) == 1)
		fn(arg, statement_text(get, 0), (enum recipient_state)statement_int(get, 1), statement_text(get, 2));
	return more;
}
