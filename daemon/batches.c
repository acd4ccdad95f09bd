/* SPDX-License-Identifier: MIT */
#include "batches.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "events.h"
#include "operations.h"
#include "protocol.h"
#include "recipients.h"

/* The longest command line that is recorded. */
#define WORDS_MAX 1024

const char *batch_read_words(struct json_object *params)
{
	const char *words = NULL;

	if (!json_get_text(params, "command", &words) || !words[0] || strlen(words) > WORDS_MAX)
		return NULL;
	for (const char *p = words; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			return NULL;
	return words;
}

int batch_begin(struct ledger *ledger, const struct actor *actor, const char *command, const char *digest,
		int64_t *batch_id, struct err *err)
{
	struct statement *insert;

	if (store_begin(ledger->store, err) < 0)
		return -1;
	insert = store_statement(ledger->store,
				 "INSERT INTO batch (command, user, uid, pid, created_s, digest, typed, policy)"
				 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
				 err);
	if (!insert)
		return -1;
	statement_bind_text(insert, 1, command);
	statement_bind_text(insert, 2, actor->user);
	statement_bind_int(insert, 3, (int64_t)actor->uid);
	statement_bind_int(insert, 4, actor->pid);
	statement_bind_int(insert, 5, clock_wall_ms() / 1000);
	statement_bind_text(insert, 6, digest);
	statement_bind_text(insert, 7, actor->words);
	statement_bind_int(insert, 8, actor->is_policy);
	if (statement_run(insert, err) < 0)
		return -1;
	*batch_id = store_last_id(ledger->store);
	return 0;
}

int batch_finish(struct ledger *ledger, int64_t batch_id, struct err *err)
{
	struct statement *update;

	/* Also when no operation was recorded in this turn: on its own it would be committed at once. */
	if (store_begin(ledger->store, err) < 0)
		return -1;
	update = store_statement(ledger->store, "UPDATE batch SET ready = 1 WHERE id = ?1", err);
	if (!update)
		return -1;
	statement_bind_int(update, 1, batch_id);
	return statement_run(update, err) < 0 ? -1 : events_note(ledger, EVENT_COMMAND, NULL, batch_id, err);
}

static int describe_command(struct ledger *ledger, int64_t batch_id, struct json_object *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT " BATCH_COMMAND ", b.user, b.created_s FROM batch b WHERE b.id = ?1 AND b.ready = 1", err);
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

/* What there is of each kind, and what is done of it. */
static struct json_object *list_kinds(const struct op_tally by_kind[OP_KINDS])
{
	struct json_object *kinds = json_object_new_array();

	for (int kind = 0; kind < OP_KINDS; kind++) {
		const struct op_tally *tally = &by_kind[kind];
		struct json_object *one;
		int64_t total = 0;

		for (int state = 0; state < OP_STATES; state++)
			total += tally->operations[state];
		if (total == 0)
			continue;
		one = json_object_new_object();
		json_put_text(one, "kind", op_kind_name((enum op_kind)kind));
		json_put_int(one, "total", total);
		json_put_int(one, "done", tally->operations[OP_DONE]);
		json_put_int(one, "held", tally->operations[OP_HELD]);
		json_put_int(one, "failed", tally->operations[OP_FAILED]);
		json_put_int(one, "amount_cents", tally->amount_minor[OP_DONE]);
		json_put_int(one, "fee_cents", tally->fee_minor[OP_DONE]);
		(void)json_object_array_add(kinds, one);
	}
	return kinds;
}

static struct json_object *describe_created(struct statement *get)
{
	struct json_object *one = json_object_new_object();

	json_put_text(one, "kind", op_kind_name((enum op_kind)statement_int(get, 0)));
	json_put_text(one, "state", op_state_name((enum op_state)statement_int(get, 1)));
	json_put_text(one, "hit_id", statement_text(get, 2));
	json_put_text(one, "qualification_type_id", statement_text(get, 3));
	json_put_text(one, "subject", statement_text(get, 4));
	return one;
}

/* HITs and qualification types: their ids are what people need next. */
static int list_created(struct ledger *ledger, int64_t batch_id, const struct op_tally by_kind[OP_KINDS],
			struct json_object *created, struct err *err)
{
	struct statement *get;
	int64_t count = 0;
	int more;

	for (int state = 0; state < OP_STATES; state++)
		count += by_kind[OP_CREATE_HIT].operations[state] + by_kind[OP_CREATE_TYPE].operations[state];
	/* Looking for them costs as much as the batch is long. */
	if (count == 0)
		return 0;
	get = store_statement(ledger->store,
			      "SELECT kind, state, hit_id, qualification_type_id, subject FROM operation"
			      " WHERE batch_id = ?1 AND (kind = 5 OR kind = 9) ORDER BY id LIMIT ?2",
			      err);
	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	statement_bind_int(get, 2, PROTOCOL_PAGE_MAX);
	while ((more = statement_step(get, err)) == 1)
		(void)json_object_array_add(created, describe_created(get));
	return more;
}

static void put_group(struct json_object *groups, enum op_state state, enum op_kind kind, const char *why,
		      int64_t count, const char *example)
{
	struct json_object *group = json_object_new_object();

	json_put_text(group, "state", op_state_name(state));
	json_put_text(group, "kind", op_kind_name(kind));
	json_put_int(group, "count", count);
	json_put_text(group, "why", why);
	json_put_text(group, "example", example);
	(void)json_object_array_add(groups, group);
}

/* Rejections that can still be taken back: held, yet they go on by themselves. */
static int describe_undo(struct ledger *ledger, int64_t batch_id, struct json_object *out, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT count(*), coalesce(max(hold_until_s), 0) FROM operation"
						" INDEXED BY operation_held"
						" WHERE state = 1 AND hold = 3 AND batch_id = ?1",
						err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	if (statement_step(get, err) != 1)
		return -1;
	json_put_int(out, "undo", statement_int(get, 0));
	json_put_time(out, "undo_until", statement_int(get, 1));
	statement_reset(get);
	return 0;
}

/* Done without a request of ours: the platform showed it as done. Counted once the batch is finished, since it costs as
 * much as the batch is long. */
static int describe_found(struct ledger *ledger, int64_t batch_id, struct json_object *out, struct err *err)
{
	struct statement *get;
	bool finished = false;
	int64_t found;

	if (!json_get_bool(out, "finished", &finished) || !finished)
		return 0;
	get = store_statement(
		ledger->store,
		"SELECT count(*) FROM operation WHERE batch_id = ?1 AND state = 6 AND attempts = 0", err);
	if (!get)
		return -1;
	statement_bind_int(get, 1, batch_id);
	if (statement_number(get, &found, err) < 0)
		return -1;
	json_put_int(out, "found", found);
	return 0;
}

/* Of notifications that are over, people want to know about workers, not about requests. */
static void describe_group(void *arg, enum op_state state, enum op_kind kind, const char *why, int64_t count,
			   const char *example)
{
	if (kind != OP_NOTIFY || state == OP_PLANNED)
		put_group(arg, state, kind, why, count, example);
}

static void describe_recipients(void *arg, enum op_state state, const char *why, int64_t count, const char *example)
{
	put_group(arg, state, OP_NOTIFY, why, count, example);
}

static int describe_notifications(struct ledger *ledger, int64_t batch_id, const struct op_tally *tally,
				  struct json_object *groups, struct json_object *out, struct err *err)
{
	int64_t counts[RECIPIENT_STATES] = { 0 }, notifications = 0;

	for (int state = 0; state < OP_STATES; state++)
		notifications += tally->operations[state];
	/* Looking for them costs as much as the batch is long. */
	if (notifications > 0 &&
	    (recipients_count(ledger, batch_id, counts, err) < 0 ||
	     recipients_each_group(ledger, batch_id, describe_recipients, groups, err) < 0))
		return -1;
	json_put_int(out, "told", counts[RECIPIENT_TOLD]);
	json_put_int(out, "not_told", counts[RECIPIENT_REFUSED]);
	json_put_int(out, "perhaps_told", counts[RECIPIENT_UNKNOWN]);
	return 0;
}

struct json_object *batch_describe(struct ledger *ledger, int64_t batch_id, struct err *err)
{
	struct json_object *out = json_object_new_object();
	struct json_object *groups = json_object_new_array(), *created = json_object_new_array();
	struct op_tally by_kind[OP_KINDS];

	json_put_value(out, "groups", groups);
	json_put_value(out, "created", created);
	if (describe_command(ledger, batch_id, out, err) == 0 &&
	    operations_tally(ledger, batch_id, by_kind, err) == 0 && describe_undo(ledger, batch_id, out, err) == 0 &&
	    operations_each_group(ledger, batch_id, describe_group, groups, err) == 0 &&
	    describe_notifications(ledger, batch_id, &by_kind[OP_NOTIFY], groups, out, err) == 0 &&
	    list_created(ledger, batch_id, by_kind, created, err) == 0) {
		describe_counts(by_kind, out);
		json_put_value(out, "by_kind", list_kinds(by_kind));
		if (describe_found(ledger, batch_id, out, err) == 0)
			return out;
	}
	json_object_put(out);
	return NULL;
}

struct page {
	struct json_object *list;
	int64_t limit;
	bool has_more;
};

static void add_recipient(void *arg, const char *worker_id, enum recipient_state state, const char *why)
{
	struct page *page = arg;
	struct json_object *recipient;

	if ((int64_t)json_object_array_length(page->list) == page->limit) {
		page->has_more = true;
		return;
	}
	recipient = json_object_new_object();
	json_put_text(recipient, "worker_id", worker_id);
	json_put_text(recipient, "state", recipient_state_name(state));
	json_put_text(recipient, "why", why);
	(void)json_object_array_add(page->list, recipient);
}

int batch_put_recipients(struct ledger *ledger, int64_t batch_id, struct json_object *page, struct json_object *out,
			 struct err *err)
{
	struct page found = { .limit = PROTOCOL_PAGE_MAX };
	bool only_troubled = false;
	int64_t offset = 0;
	int result;

	(void)json_get_int(page, "offset", &offset);
	(void)json_get_int(page, "limit", &found.limit);
	(void)json_get_bool(page, "troubled", &only_troubled);
	if (!page || offset < 0 || found.limit < 1 || found.limit > PROTOCOL_PAGE_MAX)
		return err_set(err, ERR_USAGE,
			       "\"recipients\" must be an object with \"offset\" 0 or more and \"limit\" 1 to %d",
			       PROTOCOL_PAGE_MAX);
	found.list = json_object_new_array();
	/* One more than asked for tells whether there is a next page. */
	result = recipients_each(ledger, batch_id, only_troubled, offset, found.limit + 1, add_recipient, &found, err);
	json_put_value(out, "recipients", found.list);
	json_put_value(out, "recipients_next_offset",
		       found.has_more ? json_object_new_int64(offset + found.limit) : NULL);
	return result;
}
