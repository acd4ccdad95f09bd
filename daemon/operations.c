/* SPDX-License-Identifier: MIT */
#include "operations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "events.h"
#include "log.h"
#include "recipients.h"
#include "utf8.h"

#define ANSWER_KEPT_MAX 4096
#define CURRENCY "USD"

#define OP_COLUMNS                                                                                                   \
	"id, key, kind, state, batch_id, result_id, token, assignment_id, worker_id, hit_id, purpose, text, "        \
	"qualification_type_id, integer_value, send_notification, amount_minor, fee_minor, attempts, first_sent_s, " \
	"doubtful, created_s, changed_s, why, hold, hold_until_s, released, waived_bonuses, subject "

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

static int record_step(struct ledger *ledger, const struct op *op, const char *why, struct err *err)
{
	struct statement *insert = store_statement(
		ledger->store,
		"INSERT INTO step (operation_id, at_s, state, why, batch_id) VALUES (?1, ?2, ?3, ?4, ?5)", err);

	if (!insert)
		return -1;
	statement_bind_int(insert, 1, op->id);
	statement_bind_int(insert, 2, now_s());
	statement_bind_int(insert, 3, op->state);
	statement_bind_text(insert, 4, why);
	if (ledger->acting_batch)
		statement_bind_int(insert, 5, ledger->acting_batch);
	return statement_run(insert, err);
}

static int give_identity(struct ledger *ledger, struct op *op, struct err *err)
{
	char token[DIGEST_BASE32_MAX];

	free(op->key);
	free(op->token);
	op->token = NULL;
	op->key = op_key(op);
	if (op->key && op_token(ledger->environment, op->key, token))
		op->token = strdup(token);
	return op->token ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

int operation_insert(struct ledger *ledger, struct op *op, struct err *err)
{
	struct statement *insert;

	if (give_identity(ledger, op, err) < 0 || store_begin(ledger->store, err) < 0)
		return -1;
	insert = store_statement(
		ledger->store,
		"INSERT INTO operation (key, kind, state, batch_id, result_id, token, assignment_id, worker_id, hit_id,"
		" purpose, text, qualification_type_id, integer_value, send_notification, amount_minor, fee_minor,"
		" currency, created_s, changed_s, why, hold, hold_until_s, subject, waived_bonuses)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, '" CURRENCY
		"', ?17, ?17, ?18, ?19, ?20, ?21, ?22)"
		" ON CONFLICT (key) DO NOTHING",
		err);
	if (!insert)
		return -1;
	statement_bind_text(insert, 1, op->key);
	statement_bind_int(insert, 2, op->kind);
	statement_bind_int(insert, 3, op->state);
	statement_bind_int(insert, 4, op->batch_id);
	statement_bind_int(insert, 5, op->row_id);
	statement_bind_text(insert, 6, op->token);
	statement_bind_text(insert, 7, op->assignment_id);
	statement_bind_text(insert, 8, op->worker_id);
	statement_bind_text(insert, 9, op->hit_id);
	statement_bind_text(insert, 10, op->purpose);
	statement_bind_text(insert, 11, op->text);
	statement_bind_text(insert, 12, op->qualification_type_id);
	statement_bind_int(insert, 13, op->integer_value);
	statement_bind_int(insert, 14, op->send_notification);
	statement_bind_int(insert, 15, op->amount_minor);
	statement_bind_int(insert, 16, op->fee_minor);
	statement_bind_int(insert, 17, now_s());
	statement_bind_text(insert, 18, op->why);
	statement_bind_int(insert, 19, op->hold);
	statement_bind_int(insert, 20, op->hold_until_s);
	statement_bind_text(insert, 21, op->subject);
	statement_bind_int(insert, 22, op->waived_bonuses);
	if (statement_run(insert, err) < 0)
		return -1;
	if (store_changes(ledger->store) == 0)
		return 0;
	op->id = store_last_id(ledger->store);
	return recipients_add(ledger, op, err) < 0 || record_step(ledger, op, op->why, err) < 0 ? -1 : 1;
}

static char *copy_text(struct statement *statement, int column)
{
	const char *text = statement_text(statement, column);

	return text ? strdup(text) : NULL;
}

static void read_op(struct statement *from, struct op *op)
{
	*op = (struct op){
		.id = statement_int(from, 0),
		.key = copy_text(from, 1),
		.kind = (enum op_kind)statement_int(from, 2),
		.state = (enum op_state)statement_int(from, 3),
		.batch_id = statement_int(from, 4),
		.row_id = statement_int(from, 5),
		.token = copy_text(from, 6),
		.assignment_id = copy_text(from, 7),
		.worker_id = copy_text(from, 8),
		.hit_id = copy_text(from, 9),
		.purpose = copy_text(from, 10),
		.text = copy_text(from, 11),
		.qualification_type_id = copy_text(from, 12),
		.integer_value = statement_int(from, 13),
		.send_notification = statement_int(from, 14) != 0,
		.amount_minor = statement_int(from, 15),
		.fee_minor = statement_int(from, 16),
		.attempts = statement_int(from, 17),
		.first_sent_s = statement_int(from, 18),
		.doubtful = statement_int(from, 19) != 0,
		.created_s = statement_int(from, 20),
		.changed_s = statement_int(from, 21),
		.why = copy_text(from, 22),
		.hold = (enum op_hold)statement_int(from, 23),
		.hold_until_s = statement_int(from, 24),
		.released = statement_int(from, 25),
		.waived_bonuses = statement_int(from, 26),
		.subject = copy_text(from, 27),
	};
}

/* The ledger may have been edited by hand or come from elsewhere: numbers outside the tables go no further. */
static int check_op(struct op *op, struct err *err)
{
	if ((unsigned)op->kind < OP_KINDS && (unsigned)op->state < OP_STATES && (unsigned)op->hold < OP_HOLDS &&
	    op->key && op->token)
		return 1;
	(void)err_set(err, ERR_LEDGER, "operation %" PRId64 " in the ledger makes no sense", op->id);
	op_finish(op);
	return -1;
}

static int load_one(struct ledger *ledger, struct statement *get, struct op *op, struct err *err)
{
	int found = statement_step(get, err);

	if (found == 1) {
		read_op(get, op);
		statement_reset(get);
		found = check_op(op, err);
		if (found == 1 && recipients_load(ledger, op, err) < 0) {
			op_finish(op);
			found = -1;
		}
	}
	return found;
}

int operation_load(struct ledger *ledger, int64_t id, struct op *op, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store, "SELECT " OP_COLUMNS "FROM operation WHERE id = ?1", err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, id);
	return load_one(ledger, get, op, err);
}

int operation_find(struct ledger *ledger, const char *key, struct op *op, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store, "SELECT " OP_COLUMNS "FROM operation WHERE key = ?1", err);

	if (!get)
		return -1;
	statement_bind_text(get, 1, key);
	return load_one(ledger, get, op, err);
}

static int adopt(struct ledger *ledger, int64_t id, const struct op *op, struct err *err)
{
	struct statement *update =
		store_statement(ledger->store,
				"UPDATE operation SET batch_id = ?2, kind = ?3, amount_minor = ?4,"
				" fee_minor = ?5, text = ?6, result_id = ?7, hit_id = ?8, worker_id = ?9,"
						   " assignment_id = ?10, send_notification = ?11 WHERE id = ?1",
				err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, id);
	statement_bind_int(update, 2, op->batch_id);
	statement_bind_int(update, 3, op->kind);
	statement_bind_int(update, 4, op->amount_minor);
	statement_bind_int(update, 5, op->fee_minor);
	statement_bind_text(update, 6, op->text);
	statement_bind_int(update, 7, op->row_id);
	statement_bind_text(update, 8, op->hit_id);
	/* The key of a decision names no worker: the row may have been corrected. */
	statement_bind_text(update, 9, op->worker_id);
	statement_bind_text(update, 10, op->assignment_id);
	statement_bind_int(update, 11, op->send_notification);
	return statement_run(update, err);
}

int operation_replan(struct ledger *ledger, const struct op *op, struct err *err)
{
	struct op known;
	char why[120];
	int result = operation_find(ledger, op->key, &known, err);

	if (result != 1)
		return result;
	result = 0;
	if (op_may_be_replanned(&known, op)) {
		/* What a person waived was about the old request. */
		known.released = known.waived_bonuses = 0;
		(void)snprintf(why, sizeof(why), "asked for again (%s %" PRId64 " cents before)",
			       op_kind_name(known.kind), known.amount_minor);
		result = operation_move(ledger, &known, OP_PLANNED, why, NULL, err) < 0 ||
					 adopt(ledger, known.id, op, err) < 0
				 ? -1
				 : 1;
		if (result == 1 && op->state == OP_HELD) {
			known.hold = op->hold;
			known.hold_until_s = op->hold_until_s;
			result = operation_move(ledger, &known, OP_HELD, op->why, NULL, err) < 0 ? -1 : 1;
		}
	}
	op_finish(&known);
	return result;
}

/* The beginning of an answer as valid text, whatever the bytes were. NULL: nothing to keep. */
static char *readable(const char *body)
{
	char *start = body ? strndup(body, ANSWER_KEPT_MAX) : NULL;
	char *text = start ? utf8_printable(start) : NULL;

	free(start);
	return text;
}

static int write_move(struct ledger *ledger, const struct op *op, const struct op_answer *answer, struct err *err)
{
	static const struct op_answer nothing;
	struct statement *update = store_statement(
		ledger->store,
		"UPDATE operation SET state = ?2, attempts = ?3, first_sent_s = ?4, changed_s = ?5, why = ?6,"
		" outcome = coalesce(?7, outcome), http_status = coalesce(?8, http_status),"
		" request_id = coalesce(?9, request_id), answer = coalesce(substr(?10, 1, ?11), answer), doubtful = "
		"?12,"
		" hold = ?13, hold_until_s = ?14, released = ?15, waived_bonuses = ?16 WHERE id = ?1",
		err);
	char *kept;

	if (!update)
		return -1;
	if (!answer)
		answer = &nothing;
	statement_bind_int(update, 1, op->id);
	statement_bind_int(update, 2, op->state);
	statement_bind_int(update, 3, op->attempts);
	statement_bind_int(update, 4, op->first_sent_s);
	statement_bind_int(update, 5, now_s());
	statement_bind_text(update, 6, op->why);
	statement_bind_text(update, 7, answer->outcome);
	if (answer->http_status)
		statement_bind_int(update, 8, answer->http_status);
	statement_bind_text(update, 9, answer->request_id);
	kept = readable(answer->body);
	statement_bind_text(update, 10, kept);
	free(kept);
	statement_bind_int(update, 11, ANSWER_KEPT_MAX);
	statement_bind_int(update, 12, op->doubtful);
	statement_bind_int(update, 13, op->hold);
	statement_bind_int(update, 14, op->hold_until_s);
	statement_bind_int(update, 15, op->released);
	statement_bind_int(update, 16, op->waived_bonuses);
	return statement_run(update, err);
}

static void log_move(const struct op *op, enum op_state from, const char *why)
{
	enum log_level level = op->state == OP_FAILED || op->state == OP_HELD || op->state == OP_UNSURE
				       ? LOG_LEVEL_WARN
				       : op->state == OP_DONE ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;

	log_line(level, "%s %s op=%" PRId64 " assignment=%s worker=%s hit=%s amount_cents=%" PRId64 " from=%s%s%s%s",
		 op_kind_name(op->kind), op_state_name(op->state), op->id, op->assignment_id ? op->assignment_id : "-",
		 op->worker_id ? op->worker_id : "-", op->hit_id ? op->hit_id : "-", op->amount_minor,
		 op_state_name(from), why ? " why=\"" : "", why ? why : "", why ? "\"" : "");
}

/* Only reading back or a person resolves a doubt, and reading back is done from "unsure": from anywhere else, a
 * doubtful operation that became "queued" would look as if nothing of it had ever left (rule of money 2). */
static bool would_forget_doubt(const struct op *op, enum op_state to)
{
	return op->doubtful && !op->is_resolved && (to == OP_QUEUED || to == OP_PLANNED) && op->state != OP_UNSURE;
}

/* What the move means for the token's age and for the doubt. */
static void keep_account(struct op *op, enum op_state to)
{
	if (to == OP_SENDING) {
		/* Its date is the caller's to set, by the platform's clock; ours is better than none. */
		op->attempts++;
		if (op->first_sent_s == 0)
			op->first_sent_s = now_s();
	} else if (to == OP_UNSURE) {
		op->doubtful = true;
	} else if (to == OP_HELD && op_may_be_repeated(op->kind)) {
		/* Decisions and grants can be repeated without harm: a doubt about them keeps nobody from asking
		 * again. */
		op->doubtful = false;
	} else if (to == OP_DONE || to == OP_FAILED) {
		/* The platform's last word: react() lets no doubtful payment fail. */
		op->doubtful = false;
	} else if (to == OP_QUEUED || to == OP_PLANNED) {
		/* Nothing of it was executed: its token is as good as new. */
		op->doubtful = false;
		op->first_sent_s = 0;
	}
}

/* Whoever holds it for another reason than "does not agree" says so in op->hold first. */
static void keep_hold(struct op *op, enum op_state to)
{
	if (to != OP_HELD)
		op->hold = HOLD_NONE;
	else if (op->doubtful)
		op->hold = HOLD_DOUBT;
	else if (op->hold == HOLD_NONE)
		op->hold = HOLD_FACTS;
	if (op->hold != HOLD_UNDO)
		op->hold_until_s = 0;
}

int operation_move(struct ledger *ledger, struct op *op, enum op_state to, const char *why,
		   const struct op_answer *answer, struct err *err)
{
	enum op_state from = op->state;
	char *reason;

	if (!op_may_move(from, to) || would_forget_doubt(op, to))
		return err_set(err, ERR_STATE, "operation %" PRId64 " is %s%s and cannot become %s", op->id,
			       op->doubtful ? "in doubt, " : "", op_state_name(from), op_state_name(to));
	if (store_begin(ledger->store, err) < 0)
		return -1;
	reason = why ? strdup(why) : NULL;
	free(op->why);
	op->why = reason;
	keep_account(op, to);
	keep_hold(op, to);
	op->state = to;
	if (write_move(ledger, op, answer, err) < 0 || recipients_follow(ledger, op, err) < 0 ||
	    record_step(ledger, op, reason, err) < 0)
		return -1;
	log_move(op, from, reason);
	return 0;
}

int operation_name(struct ledger *ledger, struct op *op, const char *id, struct err *err)
{
	bool is_hit = op->kind == OP_CREATE_HIT;
	char *copy = strdup(id);
	struct statement *update;

	if (!copy)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (is_hit) {
		free(op->hit_id);
		op->hit_id = copy;
	} else {
		free(op->qualification_type_id);
		op->qualification_type_id = copy;
	}
	if (store_begin(ledger->store, err) < 0)
		return -1;
	update = is_hit ? store_statement(ledger->store, "UPDATE operation SET hit_id = ?2 WHERE id = ?1", err)
			: store_statement(ledger->store,
					  "UPDATE operation SET qualification_type_id = ?2 WHERE id = ?1", err);
	if (!update)
		return -1;
	statement_bind_int(update, 1, op->id);
	statement_bind_text(update, 2, id);
	return statement_run(update, err);
}

int operation_note(struct ledger *ledger, struct op *op, const char *why, struct err *err)
{
	struct statement *update;

	if (op->why && strcmp(op->why, why) == 0)
		return 0;
	if (store_begin(ledger->store, err) < 0)
		return -1;
	update = store_statement(ledger->store, "UPDATE operation SET why = ?2, changed_s = ?3 WHERE id = ?1", err);
	if (!update)
		return -1;
	statement_bind_int(update, 1, op->id);
	statement_bind_text(update, 2, why);
	statement_bind_int(update, 3, now_s());
	return statement_run(update, err);
}

int64_t operations_recover(struct ledger *ledger, struct err *err)
{
	static const char why[] = "the daemon stopped while the request was out";
	struct statement *history, *update;

	if (store_begin(ledger->store, err) < 0)
		return -1;
	history = store_statement(ledger->store,
				  "INSERT INTO step (operation_id, at_s, state, why)"
				  " SELECT id, ?1, 5, ?2 FROM operation WHERE state = 3 AND state < 6 AND state <> 1",
				  err);
	update = store_statement(
		ledger->store, "UPDATE operation SET state = 5, doubtful = 1, changed_s = ?1, why = ?2"
				 " WHERE state = 3 AND state < 6 AND state <> 1",
		err);
	if (!history || !update)
		return -1;
	statement_bind_int(history, 1, now_s());
	statement_bind_text(history, 2, why);
	statement_bind_int(update, 1, now_s());
	statement_bind_text(update, 2, why);
	if (statement_run(history, err) < 0 || statement_run(update, err) < 0)
		return -1;
	return store_changes(ledger->store);
}

/* The batch of an operation whose recording was not finished. */
#define OF_UNFINISHED "batch_id IN (SELECT id FROM batch WHERE ready = 0)"
/* The newest batch of an earlier command that had recorded it, which takes it back. */
#define EARLIER_BATCH                                                                                  \
	"(SELECT max(s.batch_id) FROM step s JOIN batch b ON b.id = s.batch_id AND b.ready = 1"      \
	" AND b.digest <> '' WHERE s.operation_id = operation.id)"
#define IS_OLDER "state IN (0, 1) AND (attempts > 0 OR " EARLIER_BATCH " IS NOT NULL)"

/* Noted before its steps go, so that their numbers are not given away once more: whoever follows the events by number
 * would miss the new ones. */
static int note_forgotten(struct ledger *ledger, int64_t forgotten, struct err *err)
{
	struct json_object *what;

	if (forgotten == 0)
		return 0;
	what = json_object_new_object();
	json_put_text(what, "state", "cut-off");
	json_put_int(what, "operations", forgotten);
	json_put_text(what, "why", "a command was cut off before it was acknowledged: nothing of it was sent");
	return events_note(ledger, EVENT_CUT_OFF, what, 0, err);
}

int64_t operations_forget_unfinished(struct ledger *ledger, struct err *err)
{
	struct statement *keep, *history, *count;
	int64_t kept, forgotten;

	if (store_begin(ledger->store, err) < 0)
		return -1;
	history = store_statement(ledger->store,
				  "INSERT INTO step (operation_id, at_s, state, why)"
				  " SELECT id, ?1, 1, 'the command that asked for it again was cut off' FROM operation"
				  " WHERE " OF_UNFINISHED " AND " IS_OLDER,
				  err);
	keep = store_statement(ledger->store,
			       "UPDATE operation SET state = 1, hold = 1, hold_until_s = 0, changed_s = ?1,"
			       " why = 'the command that asked for it again was cut off',"
			       " batch_id = coalesce(" EARLIER_BATCH ", batch_id)"
			       " WHERE " OF_UNFINISHED " AND " IS_OLDER,
			       err);
	if (!history || !keep)
		return -1;
	statement_bind_int(history, 1, now_s());
	statement_bind_int(keep, 1, now_s());
	if (statement_run(history, err) < 0 || statement_run(keep, err) < 0)
		return -1;
	kept = store_changes(ledger->store);
	if (store_execute(ledger->store,
			  "CREATE TEMP TABLE forgotten AS SELECT id FROM operation"
			  " WHERE attempts = 0 AND " OF_UNFINISHED " AND " EARLIER_BATCH " IS NULL",
			  err) < 0)
		return -1;
	count = store_statement(ledger->store, "SELECT count(*) FROM forgotten", err);
	if (statement_number(count, &forgotten, err) < 0 || note_forgotten(ledger, forgotten, err) < 0 ||
	    store_execute(ledger->store,
			  "DELETE FROM step WHERE operation_id IN (SELECT id FROM forgotten);"
			  "DELETE FROM operation WHERE id IN (SELECT id FROM forgotten);"
			  "DROP TABLE forgotten;"
			  "UPDATE operation SET batch_id = coalesce(" EARLIER_BATCH ", batch_id) WHERE " OF_UNFINISHED,
			  err) < 0)
		return -1;
	/* What is left of it has operations, and was dealt with. */
	return store_execute(ledger->store,
			     "DELETE FROM batch WHERE ready = 0"
			     " AND NOT EXISTS (SELECT 1 FROM operation WHERE batch_id = batch.id);"
			     "UPDATE batch SET ready = 1 WHERE ready = 0",
			     err) < 0 ? -1 : kept + forgotten;
}

int operations_each_pending(struct ledger *ledger, int64_t batch_id, operation_pending_fn *fn, void *arg,
			    struct err *err)
{
	struct statement *get;
	int more;

	get = batch_id
		      ? store_statement(ledger->store,
					"SELECT id, kind, state, hold_until_s FROM operation WHERE batch_id = ?1"
					" AND (state < 6 AND state <> 1 OR state = 1 AND hold = 3) ORDER BY id",
					err)
		      : store_statement(ledger->store,
					"SELECT id, kind, state, hold_until_s FROM operation INDEXED BY"
					" operation_pending WHERE state < 6 AND state <> 1 UNION ALL"
					" SELECT id, kind, state, hold_until_s FROM operation INDEXED BY operation_held"
					" WHERE state = 1 AND hold = 3 ORDER BY 1",
					err);
	if (!get)
		return -1;
	if (batch_id)
		statement_bind_int(get, 1, batch_id);
	while ((more = statement_step(get, err)) == 1) {
		int64_t kind = statement_int(get, 1);

		if (kind < 0 || kind >= OP_KINDS)
			continue;
		if (fn(arg, statement_int(get, 0), (enum op_kind)kind, (enum op_state)statement_int(get, 2),
		       statement_int(get, 3), err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more;
}
