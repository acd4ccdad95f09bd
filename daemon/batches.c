/* SPDX-License-Identifier: MIT */
#include "batches.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "operations.h"

int batch_begin(struct ledger *ledger, const struct actor *actor, const char *command, const char *digest,
		int64_t *batch_id, struct err *err)
{
	struct statement *insert;

	if (store_begin(ledger->store, err) < 0)
		return -1;
	insert = store_statement(ledger->store,
				 "INSERT INTO batch (command, user, uid, pid, created_s, digest)"
				 " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
				 err);
	if (!insert)
		return -1;
	statement_bind_text(insert, 1, command);
	statement_bind_text(insert, 2, actor->user);
	statement_bind_int(insert, 3, (int64_t)actor->uid);
	statement_bind_int(insert, 4, actor->pid);
	statement_bind_int(insert, 5, clock_wall_ms() / 1000);
	statement_bind_text(insert, 6, digest);
	if (statement_run(insert, err) < 0)
		return -1;
	*batch_id = store_last_id(ledger->store);
	return 0;
}

int batch_finish(struct ledger *ledger, int64_t batch_id, struct err *err)
{
	struct statement *update = store_statement(ledger->store, "UPDATE batch SET ready = 1 WHERE id = ?1", err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, batch_id);
	return statement_run(update, err);
}

static int describe_command(struct ledger *ledger, int64_t batch_id, struct json_object *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT command, user, created_s FROM batch WHERE id = ?1 AND ready = 1", err);
	int found;

	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	found = statement_step(get, err);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no batch %" PRId64, batch_id);
	if (found < 0)
		return -1;
	json_put_int(out, "batch", batch_id);
	json_put_text(out, "command", statement_text(get, 0));
	json_put_text(out, "user", statement_text(get, 1));
	json_put_time(out, "at", statement_int(get, 2));
	statement_reset(get);
	return 0;
}

static int64_t sum_states(const struct op_tally by_kind[OP_KINDS], unsigned states)
{
	int64_t sum = 0;

	for (int kind = 0; kind < OP_KINDS; kind++)
		for (int state = 0; state < OP_STATES; state++)
			if (states & (1U << state))
				sum += by_kind[kind].operations[state];
	return sum;
}

static void describe_counts(const struct op_tally by_kind[OP_KINDS], struct json_object *out)
{
	static const struct {
		const char *name;
		unsigned states;
	} counts[] = {
		{ "total", ~0U },
		{ "waiting", 1U << OP_PLANNED | 1U << OP_QUEUED | 1U << OP_ACCEPTED },
		{ "in_flight", 1U << OP_SENDING },
		{ "done", 1U << OP_DONE },
		{ "held", 1U << OP_HELD },
		{ "failed", 1U << OP_FAILED },
		{ "cancelled", 1U << OP_CANCELLED },
		{ "unsure", 1U << OP_UNSURE },
	};
	int64_t open = sum_states(by_kind, 1U << OP_PLANNED | 1U << OP_QUEUED | 1U << OP_ACCEPTED | 1U << OP_SENDING |
						   1U << OP_UNSURE);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_put_int(out, counts[i].name, sum_states(by_kind, counts[i].states));
	json_put_bool(out, "finished", open == 0);
	json_put_int(out, "approved", by_kind[OP_APPROVE].operations[OP_DONE]);
	json_put_int(out, "rejected", by_kind[OP_REJECT].operations[OP_DONE]);
	json_put_int(out, "qualified", by_kind[OP_QUALIFY].operations[OP_DONE]);
	json_put_int(out, "bonuses", by_kind[OP_BONUS].operations[OP_DONE]);
	json_put_int(out, "bonus_cents", by_kind[OP_BONUS].amount_minor[OP_DONE]);
	json_put_int(out, "fees_cents", by_kind[OP_BONUS].fee_minor[OP_DONE]);
}

static void describe_group(void *arg, enum op_state state, enum op_kind kind, const char *why, int64_t count,
			   const char *example)
{
	struct json_object *group = json_object_new_object();

	json_put_text(group, "state", op_state_name(state));
	json_put_text(group, "kind", op_kind_name(kind));
	json_put_int(group, "count", count);
	json_put_text(group, "why", why);
	json_put_text(group, "example", example);
	(void)json_object_array_add(arg, group);
}

struct json_object *batch_describe(struct ledger *ledger, int64_t batch_id, struct err *err)
{
	struct json_object *out = json_object_new_object();
	struct json_object *groups = json_object_new_array();
	struct op_tally by_kind[OP_KINDS];

	json_put_value(out, "groups", groups);
	if (describe_command(ledger, batch_id, out, err) == 0 &&
	    operations_tally(ledger, batch_id, by_kind, err) == 0 &&
	    operations_each_group(ledger, batch_id, describe_group, groups, err) == 0) {
		describe_counts(by_kind, out);
		return out;
	}
	json_object_put(out);
	return NULL;
}
