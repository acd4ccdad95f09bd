/* SPDX-License-Identifier: MIT
 *
 * Counting and grouping operations: what status, plans and budgets ask of the ledger.
 */
#include <string.h>

#include "operations.h"

int operations_count_undo(struct ledger *ledger, int64_t *count, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT count(*) FROM operation INDEXED BY operation_held WHERE state = 1 AND hold = 3", err);

	return statement_number(get, count, err);
}

int64_t operations_renew_undo(struct ledger *ledger, int64_t now_s, int64_t until_s, struct err *err)
{
	struct statement *update = store_begin(ledger->store, err) < 0
					   ? NULL
					   : store_statement(ledger->store,
							     "UPDATE operation SET hold_until_s = ?2 WHERE state = 1"
							     " AND hold = 3 AND hold_until_s <= ?1",
							     err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, now_s);
	statement_bind_int(update, 2, until_s);
	return statement_run(update, err) < 0 ? -1 : store_changes(ledger->store);
}

_Static_assert(OP_BONUS == 2 && OP_CREATE_HIT == 5 && OP_EXTEND_HIT == 6, "the kinds that move money, as below");

int operations_each_cost(struct ledger *ledger, operation_cost_fn *fn, void *arg, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT state, doubtful, amount_minor, fee_minor, first_sent_s, attempts, kind FROM operation"
		" WHERE kind IN (2, 5, 6) AND (doubtful = 1 OR state BETWEEN 2 AND 6)",
		err);
	int more;

	if (!get)
		return -1;
	while ((more = statement_step(get, err)) == 1) {
		const struct op op = { .kind = (enum op_kind)statement_int(get, 6),
				       .state = (enum op_state)statement_int(get, 0),
				       .doubtful = statement_int(get, 1) != 0,
				       .amount_minor = statement_int(get, 2),
				       .fee_minor = statement_int(get, 3),
				       .first_sent_s = statement_int(get, 4),
				       .attempts = statement_int(get, 5) };

		fn(arg, &op);
	}
	return more;
}

int operations_tally(struct ledger *ledger, int64_t batch_id, struct op_tally by_kind[OP_KINDS], struct err *err)
{
	struct statement *get;
	int more;

	memset(by_kind, 0, sizeof(by_kind[0]) * OP_KINDS);
	get = batch_id ? store_statement(ledger->store,
					 "SELECT kind, state, operations, amount_minor, fee_minor FROM tally"
					 " WHERE batch_id = ?1",
					 err)
		       : store_statement(ledger->store,
					 "SELECT kind, state, sum(operations), sum(amount_minor), sum(fee_minor)"
					 " FROM tally GROUP BY kind, state",
					 err);
	if (!get)
		return -1;
	if (batch_id)
		statement_bind_int(get, 1, batch_id);
	while ((more = statement_step(get, err)) == 1) {
		int64_t kind = statement_int(get, 0), state = statement_int(get, 1);

		if (kind < 0 || kind >= OP_KINDS || state < 0 || state >= OP_STATES)
			continue;
		by_kind[kind].operations[state] = statement_int(get, 2);
		by_kind[kind].amount_minor[state] = statement_int(get, 3);
		by_kind[kind].fee_minor[state] = statement_int(get, 4);
	}
	return more;
}

int operations_count_bonuses(struct ledger *ledger, const char *assignment_id, const char *worker_id,
			     struct own_bonuses *out, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT coalesce(sum(state = 6), 0), coalesce(sum(state BETWEEN 3 AND 5), 0),"
				" coalesce(sum(doubtful = 1 AND state NOT BETWEEN 3 AND 6), 0)"
				" FROM operation WHERE assignment_id = ?1 AND +worker_id = ?2 AND kind = 2",
				err);

	if (!get)
		return -1;
	statement_bind_text(get, 1, assignment_id);
	statement_bind_text(get, 2, worker_id);
	if (statement_step(get, err) != 1)
		return -1;
	*out = (struct own_bonuses){ statement_int(get, 0), statement_int(get, 1), statement_int(get, 2) };
	statement_reset(get);
	return 0;
}

int operations_count_twins(struct ledger *ledger, const struct op *op, int64_t *count, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT count(*) FROM operation WHERE assignment_id = ?1"
						" AND +worker_id = ?2 AND kind = ?3 AND amount_minor = ?4 AND id <> ?5"
						" AND (doubtful = 1 OR state IN (3, 4, 5, 6))",
						err);

	if (!get)
		return -1;
	statement_bind_text(get, 1, op->assignment_id);
	statement_bind_text(get, 2, op->worker_id);
	statement_bind_int(get, 3, op->kind);
	statement_bind_int(get, 4, op->amount_minor);
	statement_bind_int(get, 5, op->id);
	return statement_number(get, count, err);
}

int operations_each_group(struct ledger *ledger, int64_t batch_id, operation_group_fn *fn, void *arg,
			  struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT state, kind, why, count(*), coalesce(min(assignment_id), min(worker_id), min(hit_id))"
		" FROM operation"
		" WHERE batch_id = ?1 AND why IS NOT NULL AND state <> 6 AND state IN (0, 1, 5, 7, 8)"
		" GROUP BY state, kind, why ORDER BY 4 DESC LIMIT 50",
		err);
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	while ((more = statement_step(get, err)) == 1)
		fn(arg, (enum op_state)statement_int(get, 0), (enum op_kind)statement_int(get, 1),
		   statement_text(get, 2), statement_int(get, 3), statement_text(get, 4));
	return more;
}
