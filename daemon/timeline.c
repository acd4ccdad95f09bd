/* SPDX-License-Identifier: MIT */
#include "timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batches.h"
#include "money.h"
#include "op.h"
#include "recipients.h"
#include "results.h"
#include "row.h"
#include "suggest.h"

/* Of each; real workers have a few dozen. */
#define RECORDS_MAX 500
#define STEPS_MAX 200
/* Known ids that are compared with one that is not known. */
#define CANDIDATES_MAX 20000

struct story {
	struct ledger *ledger;
	const char *worker_id;
	struct json_object *out;
	struct op_sums {
		int64_t paid_minor;
		int64_t fees_minor;
		int64_t done[OP_KINDS];
		int64_t open;
		int64_t held;
		int64_t failed;
	} sums;
	int64_t rows;
	int64_t notifications;
	int64_t told; /* of them */
};

static struct statement *ask(const struct story *story, const char *sql, int64_t limit, struct err *err)
{
	struct statement *get = store_statement(story->ledger->store, sql, err);

	if (!get)
		return NULL;
	statement_bind_text(get, 1, story->worker_id);
	statement_bind_int(get, 2, limit);
	return get;
}

static void put_int_or_null(struct json_object *out, const char *key, struct statement *get, int column)
{
	json_put_value(out, key,
		       statement_is_null(get, column) ? NULL : json_object_new_int64(statement_int(get, column)));
}

struct text_column {
	const char *name;
	int column;
};

static void put_texts(struct json_object *out, struct statement *get, const struct text_column *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_put_text(out, texts[i].name, statement_text(get, texts[i].column));
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- rows of files --- */

static struct json_object *describe_row(struct statement *get)
{
	static const struct text_column texts[] = {
		{ "file", 0 }, { "room", 1 }, { "game", 2 }, { "assignment_id", 6 }, { "hit_id", 7 }, { "why", 9 },
	};
	struct json_object *row = json_object_new_object();

	put_texts(row, get, texts, COUNT(texts));
	json_put_time(row, "read_at", statement_int(get, 3));
	json_put_bool(row, "newest", statement_int(get, 4) != 0);
	json_put_int(row, "line", statement_int(get, 5));
	json_put_text(row, "verdict", verdict_name((enum verdict)statement_int(get, 8)));
	put_int_or_null(row, "bonus_cents", get, 10);
	return row;
}

static int put_rows(struct story *story, struct err *err)
{
	struct statement *get = ask(story,
				    "SELECT s.path, s.room, s.game, s.read_s, " ROW_IS_CURRENT ","
				    " r.line, r.assignment_id, r.hit_id, r.verdict, r.why, r.bonus_cents"
				    " FROM " ROWS_BY("worker_id", "= ?1") " WHERE s.ready ORDER BY r.id LIMIT ?2",
				    RECORDS_MAX, err);
	struct json_object *rows = json_object_new_array();
	int more = -1;

	while (get && (more = statement_step(get, err)) == 1) {
		(void)json_object_array_add(rows, describe_row(get));
		story->rows++;
	}
	json_put_value(story->out, "rows", rows);
	return more;
}

/* --- operations --- */

static struct json_object *describe_step(struct statement *get)
{
	static const struct text_column texts[] = { { "why", 2 }, { "command", 4 }, { "user", 5 } };
	struct json_object *step = json_object_new_object();

	json_put_time(step, "at", statement_int(get, 0));
	json_put_text(step, "state", op_state_name((enum op_state)statement_int(get, 1)));
	put_int_or_null(step, "batch", get, 3);
	put_texts(step, get, texts, COUNT(texts));
	return step;
}

/* Whose command took a step; without a batch it was the daemon itself. */
static struct json_object *list_steps(struct ledger *ledger, int64_t operation, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT s.at_s, s.state, s.why, s.batch_id, " BATCH_COMMAND ", b.user"
						" FROM step s LEFT JOIN batch b ON b.id = s.batch_id"
						" WHERE s.operation_id = ?1 ORDER BY s.id LIMIT ?2",
						err);
	struct json_object *steps = json_object_new_array();
	int more = -1;

	if (get) {
		statement_bind_int(get, 1, operation);
		statement_bind_int(get, 2, STEPS_MAX);
	}
	while (get && (more = statement_step(get, err)) == 1)
		(void)json_object_array_add(steps, describe_step(get));
	if (more == 0)
		return steps;
	json_object_put(steps);
	return NULL;
}

#define OPERATION_COLUMNS                                                                                            \
	"o.id, o.kind, o.state, o.hold, o.assignment_id, o.hit_id, o.purpose, o.text, o.qualification_type_id,"      \
	" o.integer_value, o.amount_minor, o.fee_minor, o.attempts, o.first_sent_s, o.created_s, o.changed_s, o.why," \
	" o.outcome, o.http_status, o.request_id, o.answer, o.batch_id, " BATCH_COMMAND ", b.user, s.path, r.line"

static struct json_object *describe_operation(struct statement *get)
{
	static const struct text_column texts[] = {
		{ "assignment_id", 4 }, { "hit_id", 5 },   { "purpose", 6 },     { "text", 7 },
		{ "qualification_type_id", 8 }, { "why", 16 }, { "outcome", 17 }, { "request_id", 19 },
		{ "answer", 20 }, { "command", 22 },    { "user", 23 },  { "file", 24 },
	};
	struct json_object *op = json_object_new_object();

	json_put_int(op, "operation", statement_int(get, 0));
	json_put_text(op, "kind", op_kind_name((enum op_kind)statement_int(get, 1)));
	json_put_text(op, "state", op_state_name((enum op_state)statement_int(get, 2)));
	json_put_text(op, "hold", statement_int(get, 3) ? op_hold_name((enum op_hold)statement_int(get, 3)) : NULL);
	put_texts(op, get, texts, COUNT(texts));
	put_int_or_null(op, "integer_value", get, 9);
	json_put_int(op, "amount_cents", statement_int(get, 10));
	json_put_int(op, "fees_cents", statement_int(get, 11));
	json_put_int(op, "attempts", statement_int(get, 12));
	json_put_time(op, "first_sent_at", statement_int(get, 13));
	json_put_time(op, "created_at", statement_int(get, 14));
	json_put_time(op, "changed_at", statement_int(get, 15));
	put_int_or_null(op, "http_status", get, 18);
	json_put_int(op, "batch", statement_int(get, 21));
	put_int_or_null(op, "line", get, 25);
	return op;
}

/* Numbers outside of the tables: a ledger that was edited by hand. They are told, and not counted. */
static void count_operation(struct op_sums *sums, int64_t kind, int64_t state, int64_t amount_minor, int64_t fee_minor)
{
	if (kind < 0 || kind >= OP_KINDS || state < 0 || state >= OP_STATES)
		return;
	if (state == OP_DONE) {
		sums->done[kind]++;
		if (op_moves_money((enum op_kind)kind)) {
			(void)money_add(&sums->paid_minor, amount_minor);
			(void)money_add(&sums->fees_minor, fee_minor);
		}
	}
	sums->held += state == OP_HELD;
	sums->failed += state == OP_FAILED;
	sums->open += state != OP_HELD && !op_is_settled((enum op_state)state);
}

static int put_operations(struct story *story, struct err *err)
{
	struct statement *get = ask(story,
				    "SELECT " OPERATION_COLUMNS " FROM operation o"
				    " LEFT JOIN batch b ON b.id = o.batch_id LEFT JOIN result r ON r.id = o.result_id"
				    " LEFT JOIN source s ON s.id = r.source_id WHERE o.worker_id = ?1"
				    " ORDER BY o.id LIMIT ?2",
				    RECORDS_MAX, err);
	struct json_object *operations = json_object_new_array();
	int more = -1;

	json_put_value(story->out, "operations", operations);
	while (get && (more = statement_step(get, err)) == 1) {
		struct json_object *op = describe_operation(get), *steps;

		(void)json_object_array_add(operations, op);
		count_operation(&story->sums, statement_int(get, 1), statement_int(get, 2), statement_int(get, 10),
				statement_int(get, 11));
		steps = list_steps(story->ledger, statement_int(get, 0), err);
		if (!steps) {
			statement_reset(get);
			return -1;
		}
		json_put_value(op, "steps", steps);
	}
	return more;
}

/* --- notifications --- */

static struct json_object *describe_notification(struct statement *get)
{
	static const struct text_column texts[] = { { "why", 2 }, { "subject", 3 },	 { "text", 4 },
						    { "outcome", 8 }, { "request_id", 10 }, { "command", 11 },
						    { "user", 12 } };
	struct json_object *notification = json_object_new_object();

	json_put_int(notification, "operation", statement_int(get, 0));
	put_texts(notification, get, texts, COUNT(texts));
	json_put_text(notification, "state", recipient_state_name((enum recipient_state)statement_int(get, 1)));
	json_put_text(notification, "operation_state", op_state_name((enum op_state)statement_int(get, 5)));
	json_put_time(notification, "created_at", statement_int(get, 6));
	json_put_time(notification, "changed_at", statement_int(get, 7));
	put_int_or_null(notification, "http_status", get, 9);
	return notification;
}

static int put_notifications(struct story *story, struct err *err)
{
	struct statement *get = ask(story,
				    "SELECT o.id, n.state, coalesce(n.why, o.why), o.subject, o.text, o.state,"
				    " o.created_s, o.changed_s, o.outcome, o.http_status, o.request_id, " BATCH_COMMAND
				    ","
				    " b.user"
				    " FROM recipient n JOIN operation o ON o.id = n.operation_id"
				    " LEFT JOIN batch b ON b.id = o.batch_id WHERE n.worker_id = ?1"
				    " ORDER BY o.id LIMIT ?2",
				    RECORDS_MAX, err);
	struct json_object *notifications = json_object_new_array();
	int more = -1;

	while (get && (more = statement_step(get, err)) == 1) {
		(void)json_object_array_add(notifications, describe_notification(get));
		story->notifications++;
		story->told += statement_int(get, 1) == RECIPIENT_TOLD;
	}
	json_put_value(story->out, "notifications", notifications);
	return more;
}

/* --- the answer --- */

static const char *plural(int64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* "paid $2.50 in 1 bonus, 1 assignment approved; nothing is open" */
static char *tell(const struct story *story)
{
	static const struct {
		enum op_kind kind;
		const char *one;
		const char *many;
	} words[] = { { OP_APPROVE, "assignment approved", "assignments approved" },
		      { OP_REJECT, "assignment rejected", "assignments rejected" },
		      { OP_QUALIFY, "qualification granted", "qualifications granted" } };
	const struct op_sums *sums = &story->sums;
	int64_t bonuses = sums->done[OP_BONUS];
	char *text = NULL, amount[MONEY_TEXT_MAX];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (bonuses > 0)
		(void)fprintf(out, "paid %s in %" PRId64 " %s", money_display(sums->paid_minor, amount), bonuses,
			      plural(bonuses, "bonus", "bonuses"));
	else
		(void)fputs("paid no bonus", out);
	for (size_t i = 0; i < COUNT(words); i++)
		if (sums->done[words[i].kind] > 0)
			(void)fprintf(out, ", %" PRId64 " %s", sums->done[words[i].kind],
				      plural(sums->done[words[i].kind], words[i].one, words[i].many));
	if (story->told > 0)
		(void)fprintf(out, ", %" PRId64 " %s sent", story->told, plural(story->told, "message", "messages"));
	if (sums->open + sums->held + sums->failed == 0)
		(void)fputs("; nothing is open", out);
	else
		(void)fprintf(out, "; %" PRId64 " on the way, %" PRId64 " held, %" PRId64 " failed", sums->open,
			      sums->held, sums->failed);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int put_answer(struct story *story, struct err *err)
{
	const struct op_sums *sums = &story->sums;
	char *answer = tell(story);

	if (!answer)
		return err_set(err, ERR_INTERNAL, "out of memory");
	json_put_text(story->out, "answer", answer);
	free(answer);
	json_put_int(story->out, "paid_cents", sums->paid_minor);
	json_put_int(story->out, "fees_cents", sums->fees_minor);
	json_put_int(story->out, "bonuses", sums->done[OP_BONUS]);
	json_put_int(story->out, "approved", sums->done[OP_APPROVE]);
	json_put_int(story->out, "rejected", sums->done[OP_REJECT]);
	json_put_int(story->out, "qualified", sums->done[OP_QUALIFY]);
	json_put_int(story->out, "open", sums->open);
	json_put_int(story->out, "held", sums->held);
	json_put_int(story->out, "failed", sums->failed);
	return 0;
}

/* --- nobody --- */

static int offer_ids(struct suggest *suggest, struct statement *get, char best[80], struct err *err)
{
	size_t distance = suggest->distance;
	int more;

	while ((more = statement_step(get, err)) == 1) {
		const char *id = statement_text(get, 0);

		suggest_offer(suggest, id);
		/* The offer is gone with the next step. */
		if (suggest->distance < distance)
			(void)snprintf(best, 80, "%s", id);
		distance = suggest->distance;
	}
	return more;
}

/* Those that begin alike come first: there may be a million. Letters of another case are as good. */
static int find_nearest(const struct story *story, char best[80], struct err *err)
{
	static const char *const sql[] = {
		"SELECT DISTINCT worker_id FROM operation WHERE worker_id >= upper(substr(?1, 1, 5))"
		" AND worker_id < upper(substr(?1, 1, 5)) || '~' LIMIT ?2",
		"SELECT DISTINCT r.worker_id FROM " ROWS_BY("worker_id", ">= upper(substr(?1, 1, 5))")
			" WHERE r.worker_id < upper(substr(?1, 1, 5)) || '~' AND s.ready LIMIT ?2",
		"SELECT DISTINCT worker_id FROM operation WHERE worker_id IS NOT NULL AND ?1 <> '' LIMIT ?2",
		"SELECT DISTINCT worker_id FROM result WHERE worker_id IS NOT NULL AND ?1 <> '' LIMIT ?2",
	};
	struct suggest suggest;

	best[0] = '\0';
	suggest_init(&suggest, story->worker_id);
	for (size_t i = 0; i < COUNT(sql) && !best[0]; i++) {
		struct statement *get = ask(story, sql[i], CANDIDATES_MAX, err);

		if (!get || offer_ids(&suggest, get, best, err) < 0)
			return -1;
	}
	return 0;
}

static int refuse(const struct story *story, struct err *err)
{
	char best[80];

	if (find_nearest(story, best, err) < 0)
		return -1;
	(void)err_set(err, ERR_NOT_FOUND, "the ledger knows no worker \"%.80s\"", story->worker_id);
	if (best[0])
		return err_hint(err, "did you mean \"%s\"?", best);
	return err_hint(err, "no file that was read names it, and no command was about it");
}

struct json_object *timeline_describe(struct ledger *ledger, const char *worker_id, struct err *err)
{
	struct story story = { .ledger = ledger, .worker_id = worker_id, .out = json_object_new_object() };

	json_put_text(story.out, "worker_id", worker_id);
	if (put_rows(&story, err) == 0 && put_operations(&story, err) == 0 && put_notifications(&story, err) == 0 &&
	    (story.rows + story.notifications > 0 ||
	     json_object_array_length(json_get_array(story.out, "operations")) > 0 || refuse(&story, err) == 0) &&
	    put_answer(&story, err) == 0)
		return story.out;
	json_object_put(story.out);
	return NULL;
}
