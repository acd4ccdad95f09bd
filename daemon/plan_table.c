/* SPDX-License-Identifier: MIT */
#include "plan_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "money.h"
#include "results.h"

int plan_table_create(struct ledger *ledger, struct err *err)
{
	/* The unique index finds two rows that ask for one operation: of PLAN_ACT, PLAN_WAIT and PLAN_CONFLICT, so that
	 * once two rows are in conflict, a third one joins them instead of being taken for the only one. (Written with
	 * <>: for IN, SQLite builds a table of its own at every insert.) */
	return store_execute(
		ledger->store,
		"CREATE TEMP TABLE plan_item (id INTEGER PRIMARY KEY, plan INTEGER NOT NULL,"
		" result_id INTEGER NOT NULL, kind INTEGER NOT NULL, key TEXT, text TEXT,"
		" amount_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, fee_known INTEGER NOT NULL,"
		" verdict INTEGER NOT NULL, why TEXT NOT NULL, outcome TEXT,"
		" hold INTEGER NOT NULL, surplus INTEGER NOT NULL);"
		"CREATE UNIQUE INDEX temp.plan_item_key ON plan_item (plan, key)"
			     " WHERE verdict <> 2 AND verdict <> 3 AND verdict <> 4;"
			     /* What the rows of a plan say about each assignment, whatever is asked for now. */
			     "CREATE TEMP TABLE plan_decision (plan INTEGER NOT NULL, assignment_id TEXT NOT NULL,"
			     " rejects INTEGER NOT NULL, line INTEGER NOT NULL, opposed_by INTEGER,"
			     " PRIMARY KEY (plan, assignment_id)) WITHOUT ROWID;"
		"CREATE INDEX temp.plan_item_plan ON plan_item (plan)",
		err);
}

int plan_table_clear(struct ledger *ledger, int64_t plan, struct err *err)
{
	struct statement *items = store_statement(ledger->store, "DELETE FROM plan_item WHERE plan = ?1", err);
	struct statement *decisions = store_statement(ledger->store, "DELETE FROM plan_decision WHERE plan = ?1", err);

	if (!items || !decisions)
		return -1;
	statement_bind_int(items, 1, plan);
	statement_bind_int(decisions, 1, plan);
	return statement_run(items, err) < 0 ? -1 : statement_run(decisions, err);
}

int plan_table_decide(struct ledger *ledger, int64_t plan, const struct plan_row *row, struct err *err)
{
	struct statement *upsert;
	int opposed;

	if (!row->assignment_id || (row->verdict != VERDICT_APPROVE && row->verdict != VERDICT_REJECT))
		return 0;
	upsert = store_statement(
		ledger->store,
		"INSERT INTO plan_decision (plan, assignment_id, rejects, line) VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT DO UPDATE SET opposed_by = excluded.line WHERE rejects <> excluded.rejects"
		" RETURNING opposed_by IS NOT NULL",
		err);
	if (!upsert)
		return -1;
	statement_bind_int(upsert, 1, plan);
	statement_bind_text(upsert, 2, row->assignment_id);
	statement_bind_int(upsert, 3, row->verdict == VERDICT_REJECT);
	statement_bind_int(upsert, 4, row->line);
	opposed = statement_step(upsert, err);
	if (opposed == 1) {
		opposed = statement_int(upsert, 0) != 0;
		if (statement_run(upsert, err) < 0)
			return -1;
	}
	return opposed;
}

int plan_table_oppose(struct ledger *ledger, int64_t plan, struct err *err)
{
	struct statement *update = store_statement(
		ledger->store,
		"UPDATE plan_item SET verdict = 5, why = 'lines ' || d.line || ' and ' || d.opposed_by ||"
		" ' contradict each other: one asks for an approval, one for a rejection'"
		" FROM result r, plan_decision d WHERE plan_item.plan = ?1 AND plan_item.verdict IN (0, 1, 6)"
		" AND r.id = plan_item.result_id AND d.plan = ?1 AND d.assignment_id = r.assignment_id"
		" AND d.opposed_by IS NOT NULL",
		err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, plan);
	return statement_run(update, err);
}

/* 1: inserted, 0: an item with this key is there, -1: error. */
static int insert(struct ledger *ledger, int64_t plan, const struct plan_row *row, const struct op *op, const char *key,
		  const struct plan_item *item, enum plan_verdict verdict, const char *why, struct err *err)
{
	struct statement *insert =
		store_statement(ledger->store,
				"INSERT INTO plan_item (plan, result_id, kind, key, text, amount_minor, fee_minor, "
				"fee_known, verdict, why, outcome, hold, surplus)"
				" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
				" ON CONFLICT DO NOTHING",
				err);

	if (!insert)
		return -1;
	statement_bind_int(insert, 1, plan);
	statement_bind_int(insert, 2, row->id);
	statement_bind_int(insert, 3, op->kind);
	statement_bind_text(insert, 4, key);
	statement_bind_text(insert, 5, op->text);
	statement_bind_int(insert, 6, item->amount_minor);
	statement_bind_int(insert, 7, item->fee_minor);
	statement_bind_int(insert, 8, item->fee_known);
	statement_bind_int(insert, 9, verdict);
	statement_bind_text(insert, 10, why);
	statement_bind_text(insert, 11, verdict == PLAN_FOUND ? item->outcome : NULL);
	statement_bind_int(insert, 12, item->hold);
	statement_bind_int(insert, 13, item->surplus);
	if (statement_run(insert, err) < 0)
		return -1;
	return store_changes(ledger->store) > 0;
}

struct twin {
	int64_t id;
	int64_t amount_minor;
	int64_t line;
	enum op_kind kind;
	enum plan_verdict verdict;
};

static int find_twin(struct ledger *ledger, int64_t plan, const char *key, struct twin *out, struct err *err)
{
	struct statement *find =
		store_statement(ledger->store,
				"SELECT i.id, i.amount_minor, r.line, i.kind, i.verdict FROM plan_item i"
				" JOIN result r ON r.id = i.result_id"
				" WHERE i.plan = ?1 AND i.key = ?2"
						 " AND i.verdict <> 2 AND i.verdict <> 3 AND i.verdict <> 4",
				err);
	int found;

	if (!find)
		return -1;
	statement_bind_int(find, 1, plan);
	statement_bind_text(find, 2, key);
	found = statement_step(find, err);
	if (found != 1)
		return found < 0 ? -1 : err_set(err, ERR_INTERNAL, "a plan lost an item");
	out->id = statement_int(find, 0);
	out->amount_minor = statement_int(find, 1);
	out->line = statement_int(find, 2);
	out->kind = (enum op_kind)statement_int(find, 3);
	out->verdict = (enum plan_verdict)statement_int(find, 4);
	statement_reset(find);
	return 0;
}

static int mark_conflict(struct ledger *ledger, int64_t item, const char *why, struct err *err)
{
	struct statement *update =
		store_statement(ledger->store, "UPDATE plan_item SET verdict = 5, why = ?2 WHERE id = ?1", err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, item);
	statement_bind_text(update, 2, why);
	return statement_run(update, err);
}

static int add_twin(struct ledger *ledger, int64_t plan, const struct plan_row *row, const struct op *op,
		    const struct plan_item *item, struct err *err)
{
	char one[MONEY_TEXT_MAX], other[MONEY_TEXT_MAX], why[200];
	struct twin twin = { 0 };

	if (find_twin(ledger, plan, op->key, &twin, err) < 0)
		return -1;
	if (twin.kind == op->kind && twin.amount_minor == item->amount_minor) {
		(void)snprintf(why, sizeof(why), "the same as line %" PRId64, twin.line);
		return insert(ledger, plan, row, op, NULL, item, PLAN_SKIP, why, err) < 0 ? -1 : 0;
	}
	(void)snprintf(why, sizeof(why), "lines %" PRId64 " and %" PRId64 " contradict each other: %s %s and %s %s",
		       twin.line, row->line, op_kind_name(twin.kind), money_display(twin.amount_minor, one),
		       op_kind_name(op->kind), money_display(item->amount_minor, other));
	/* The first of them stays in the index and stands for all. */
	if (twin.verdict != PLAN_CONFLICT && mark_conflict(ledger, twin.id, why, err) < 0)
		return -1;
	return insert(ledger, plan, row, op, NULL, item, PLAN_CONFLICT, why, err) < 0 ? -1 : 0;
}

int plan_table_add(struct ledger *ledger, int64_t plan, const struct plan_row *row, const struct op *op,
		   const struct plan_item *item, struct err *err)
{
	int added = insert(ledger, plan, row, op, op->key, item, item->verdict, item->why, err);

	if (added != 0)
		return added;
	return add_twin(ledger, plan, row, op, item, err);
}

#define ROW_COLUMNS                                                                                                  \
	"r.id, r.line, s.path, r.worker_id, r.assignment_id, r.hit_id, r.verdict, r.why, r.bonus_payable, "          \
	"r.bonus_cents, r.bonus_text, r.qualification_type_id, r.integer_value, r.send_notification, r.reason, "     \
	"r.requester_feedback, r.beyond_limits"
#define ROW_COLUMN_COUNT 17

static void read_row(struct statement *from, struct plan_row *row)
{
	*row = (struct plan_row){
		.id = statement_int(from, 0),
		.line = statement_int(from, 1),
		.path = statement_text(from, 2),
		.worker_id = statement_text(from, 3),
		.assignment_id = statement_text(from, 4),
		.hit_id = statement_text(from, 5),
		.verdict = (enum verdict)statement_int(from, 6),
		.why = statement_text(from, 7),
		.bonus_payable = statement_int(from, 8) != 0,
		.bonus_cents = statement_int(from, 9),
		.bonus_text = statement_text(from, 10),
		.qualification_type_id = statement_text(from, 11),
		.has_integer_value = !statement_is_null(from, 12),
		.integer_value = statement_int(from, 12),
		.has_send_notification = !statement_is_null(from, 13),
		.send_notification = statement_int(from, 13) != 0,
		.reason = statement_text(from, 14),
		.requester_feedback = statement_text(from, 15),
		.is_beyond_limits = statement_int(from, 16) != 0,
	};
}

/* The rows of a room that its policy has not looked at. (Rows of one source have ids of their own range, in the order
 * of the sources: imports go one after another.) */
static struct statement *select_todo(struct ledger *ledger, const struct plan_params *params, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT " ROW_COLUMNS " FROM source s CROSS JOIN result r ON r.source_id = s.id"
				" WHERE s.room_id = ?3 AND s.ready AND r.todo = 1 AND r.current AND r.join_state <> 1"
				" AND r.id > ?1 ORDER BY r.id LIMIT ?2",
				err);

	if (get)
		statement_bind_int(get, 3, params->todo_room);
	return get;
}

/* The sources in the order in which they were read, and the rows of each: from the one after row ?1 on. */
#define SOURCE_AFTER "coalesce((SELECT source_id FROM result WHERE id = ?1), 0)"
#define ROWS_AFTER                                                                                                   \
	" CROSS JOIN result r ON r.source_id = s.id WHERE s.id >= " SOURCE_AFTER                                     \
	" AND r.id > CASE s.id WHEN " SOURCE_AFTER " THEN ?1 ELSE 0 END"

#define ROWS_SELECTED                                                                                                \
	" AND " ROW_IS_CURRENT " AND (?3 IS NULL OR s.room = ?3) AND (?4 IS NULL OR s.game = ?4)"                    \
	" AND (?5 IS NULL OR r.hit_id = ?5)"                                                                         \
	" AND (?6 IS NULL OR r.assignment_id IN (SELECT value FROM json_each(?6)))"                                  \
	" AND (?7 IS NULL OR r.worker_id IN (SELECT value FROM json_each(?7)))"

/* The ids that are asked for lead to their rows; without any, sources are looked through. */
static struct statement *select_named(struct ledger *ledger, const struct plan_params *params, struct err *err)
{
	static const char *const sql[] = {
		"SELECT " ROW_COLUMNS " FROM " ROWS_BY("assignment_id", "IN (SELECT value FROM json_each(?6))")
			" WHERE r.id > ?1" ROWS_SELECTED " ORDER BY r.id LIMIT ?2",
		"SELECT " ROW_COLUMNS " FROM " ROWS_BY("worker_id", "IN (SELECT value FROM json_each(?7))")
			" WHERE r.id > ?1" ROWS_SELECTED " ORDER BY r.id LIMIT ?2",
		"SELECT " ROW_COLUMNS " FROM source s" ROWS_AFTER ROWS_SELECTED " ORDER BY s.id, r.id LIMIT ?2",
	};

	return store_statement(ledger->store, sql[params->assignments ? 0 : params->workers ? 1 : 2], err);
}

static struct statement *select_rows(struct ledger *ledger, const struct plan_params *params, struct err *err)
{
	struct statement *get;

	if (params->todo_room)
		return select_todo(ledger, params, err);
	if (!params->has_selection)
		return store_statement(ledger->store,
				       "SELECT " ROW_COLUMNS
				       " FROM working_set w CROSS JOIN source s ON s.id = w.source_id"
				       ROWS_AFTER " ORDER BY s.id, r.id LIMIT ?2",
				       err);
	get = select_named(ledger, params, err);
	if (!get)
		return NULL;
	statement_bind_text(get, 3, params->room);
	statement_bind_text(get, 4, params->game);
	statement_bind_text(get, 5, params->hit);
	statement_bind_text(get, 6, params->assignments);
	statement_bind_text(get, 7, params->workers);
	return get;
}

int plan_table_each_row(struct ledger *ledger, const struct plan_params *params, int64_t after, int64_t limit,
			plan_row_fn *fn, void *arg, struct err *err)
{
	struct statement *get = select_rows(ledger, params, err);
	struct plan_row row;
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, after);
	statement_bind_int(get, 2, limit);
	while ((more = statement_step(get, err)) == 1) {
		read_row(get, &row);
		if (fn(arg, &row, err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more;
}

int plan_table_each_recordable(struct ledger *ledger, int64_t plan, int64_t after, int64_t limit,
			       plan_recordable_fn *fn, void *arg, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT " ROW_COLUMNS ", i.kind, i.id, i.fee_minor, i.verdict, i.why, i.outcome,"
				" i.hold, i.surplus, i.key"
				" FROM plan_item i"
				" JOIN result r ON r.id = i.result_id JOIN source s ON s.id = r.source_id"
				" WHERE i.plan = ?1 AND i.id > ?2 AND i.verdict IN (0, 1, 6, 7)"
				" ORDER BY i.id LIMIT ?3",
				err);
	struct plan_recordable item;
	struct plan_row row;
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, plan);
	statement_bind_int(get, 2, after);
	statement_bind_int(get, 3, limit);
	while ((more = statement_step(get, err)) == 1) {
		read_row(get, &row);
		item = (struct plan_recordable){ .kind = (enum op_kind)statement_int(get, ROW_COLUMN_COUNT),
						 .id = statement_int(get, ROW_COLUMN_COUNT + 1),
						 .fee_minor = statement_int(get, ROW_COLUMN_COUNT + 2),
						 .verdict = (enum plan_verdict)statement_int(get, ROW_COLUMN_COUNT + 3),
						 .why = statement_text(get, ROW_COLUMN_COUNT + 4),
						 .outcome = statement_text(get, ROW_COLUMN_COUNT + 5),
						 .hold = (enum op_hold)statement_int(get, ROW_COLUMN_COUNT + 6),
						 .surplus = statement_int(get, ROW_COLUMN_COUNT + 7),
						 .key = statement_text(get, ROW_COLUMN_COUNT + 8) };
		if (fn(arg, &row, &item, err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more;
}

int64_t plan_table_count_recordable(struct ledger *ledger, int64_t plan, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT count(*) FROM plan_item WHERE plan = ?1 AND verdict IN (0, 1, 6, 7)", err);
	int64_t count;

	if (!get)
		return -1;
	statement_bind_int(get, 1, plan);
	return statement_number(get, &count, err) < 0 ? -1 : count;
}

static void add_text(struct digest_stream *stream, const char *text)
{
	digest_stream_update(stream, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void add_number(struct digest_stream *stream, int64_t number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	add_text(stream, text);
}

int plan_table_digest(struct ledger *ledger, int64_t plan, const struct plan_params *params,
		      char out[PLAN_DIGEST_MAX], struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT key, kind, amount_minor, fee_minor, max(verdict, 1), text"
						" FROM plan_item WHERE plan = ?1 AND verdict IN (0, 1, 6, 7)"
						" ORDER BY id",
						err);
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];
	int more = -1;

	if (!stream)
		return err_set(err, ERR_INTERNAL, "out of memory");
	add_text(stream, ledger->environment);
	add_number(stream, params->send_notification);
	if (get)
		statement_bind_int(get, 1, plan);
	while (get && (more = statement_step(get, err)) == 1) {
		add_text(stream, statement_text(get, 0));
		for (int column = 1; column <= 4; column++)
			add_number(stream, statement_int(get, column));
		add_text(stream, statement_text(get, 5));
	}
	digest_stream_finish(stream, digest);
	(void)snprintf(out, PLAN_DIGEST_MAX, "%.16s", digest_hex(digest, hex));
	return more;
}
