/* SPDX-License-Identifier: MIT */
#include "selection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "batches.h"
#include "clock.h"

/* Where to look first, so that an index finds them however large the ledger is; the filter below does the rest. */
#define SOURCE_IDS "SELECT value AS id FROM json_each(?1)"
#define SOURCE_BATCH "SELECT id FROM operation WHERE batch_id = ?2"
#define SOURCE_WORKER                                                              \
	"SELECT id FROM operation WHERE worker_id = ?6"                          \
	" UNION SELECT operation_id FROM recipient WHERE worker_id = ?6"
#define SOURCE_ASSIGNMENT "SELECT id FROM operation WHERE assignment_id = ?7"
#define SOURCE_HELD "SELECT id FROM operation INDEXED BY operation_held WHERE state = 1"
#define SOURCE_OPEN                                                                                            \
	"SELECT id FROM operation INDEXED BY operation_pending WHERE state < 6 AND state <> 1"               \
	" UNION ALL " SOURCE_HELD                                                                            \
	" UNION ALL SELECT id FROM operation INDEXED BY operation_trouble"                                   \
	" WHERE why IS NOT NULL AND state <> 6 AND state = 7"
#define SOURCE_ALL "SELECT id FROM operation"
#define ROOM_OR_GAME "(?12 IS NULL OR s.room = ?12) AND (?13 IS NULL OR s.game = ?13)"
/* An operation is the row's that asked for it. */
#define SOURCE_ROOM                                                                                            \
	"SELECT o.id FROM source s CROSS JOIN result r ON r.source_id = s.id"                                \
	" CROSS JOIN operation o ON o.assignment_id = r.assignment_id AND o.result_id = r.id"                \
	" WHERE " ROOM_OR_GAME                                                                               \
	" UNION SELECT o.id FROM source s CROSS JOIN result r ON r.source_id = s.id"                         \
	" CROSS JOIN operation o ON o.worker_id = r.worker_id AND o.result_id = r.id"                        \
	" WHERE " ROOM_OR_GAME

#define FILTER                                                                                                      \
	" JOIN operation o ON o.id = p.id LEFT JOIN batch b ON b.id = o.batch_id"                                 \
	" WHERE (?2 IS NULL OR o.batch_id = ?2) AND (?3 IS NULL OR o.kind = ?3) AND (?4 IS NULL OR o.state = ?4)" \
	" AND (?5 IS NULL OR o.state = 1 AND o.hold = ?5) AND (?7 IS NULL OR o.assignment_id = ?7)"               \
	" AND (?8 IS NULL OR o.hit_id = ?8)"                                                                      \
	" AND (?12 IS NULL AND ?13 IS NULL OR EXISTS (SELECT 1 FROM result r JOIN source s ON s.id = r.source_id" \
	" WHERE r.id = o.result_id AND " ROOM_OR_GAME "))"                                                        \
	" AND (?6 IS NULL OR o.worker_id = ?6"                                                                    \
	" OR EXISTS (SELECT 1 FROM recipient r WHERE r.operation_id = o.id AND r.worker_id = ?6)) AND CASE ?9"    \
	/* to release: held, but neither in doubt nor (unless asked for) waiting for its time */                  \
	" WHEN 1 THEN o.state = 1 AND o.doubtful = 0 AND (o.hold <> 3 OR ?5 = 3)"                                 \
	/* to cancel: not sent yet */                                                                             \
	" WHEN 2 THEN o.state IN (0, 2) OR o.state = 1 AND o.doubtful = 0"                                        \
	/* to hold: what would go on by itself */                                                                 \
	" WHEN 3 THEN o.state IN (0, 2) OR o.state = 1 AND o.hold = 3"                                            \
	/* to retry: refused, or waiting for another attempt or another look */                                   \
	" WHEN 4 THEN o.state = 7 OR o.state IN (0, 2, 5) AND (o.attempts > 0 OR o.why IS NOT NULL)"              \
	" ELSE 1 END"

#define COLUMNS                                                                                                       \
	"o.id, o.kind, o.state, o.hold, o.hold_until_s, o.amount_minor, o.fee_minor, o.assignment_id, o.worker_id," \
	" o.hit_id, o.purpose, o.why, o.batch_id, " BATCH_COMMAND ", b.user, o.attempts, o.changed_s, o.doubtful," \
	" o.qualification_type_id, o.subject, o.integer_value"

#define QUERIES(source)                                                                                        \
	{ "SELECT count(*), total(o.amount_minor), total(o.fee_minor) FROM (" source ") p" FILTER,           \
	  "SELECT " COLUMNS " FROM (" source ") p" FILTER " ORDER BY o.id LIMIT ?10 OFFSET ?11",             \
	  "SELECT o.id FROM (" source ") p" FILTER " ORDER BY o.id LIMIT ?10 OFFSET ?11" }

enum query { QUERY_TOTAL, QUERY_PAGE, QUERY_IDS, QUERIES };

enum source { FROM_IDS, FROM_BATCH, FROM_WORKER, FROM_ASSIGNMENT, FROM_HELD, FROM_OPEN, FROM_ROOM, FROM_ALL };

static const char *const queries[][QUERIES] = {
	[FROM_IDS] = QUERIES(SOURCE_IDS),
	[FROM_BATCH] = QUERIES(SOURCE_BATCH),
	[FROM_WORKER] = QUERIES(SOURCE_WORKER),
	[FROM_ASSIGNMENT] = QUERIES(SOURCE_ASSIGNMENT),
	[FROM_HELD] = QUERIES(SOURCE_HELD),
	[FROM_OPEN] = QUERIES(SOURCE_OPEN),
	[FROM_ROOM] = QUERIES(SOURCE_ROOM),
	[FROM_ALL] = QUERIES(SOURCE_ALL),
};

static enum source source_of(const struct selection *selection)
{
	if (selection->ids)
		return FROM_IDS;
	if (selection->batch_id > 0)
		return FROM_BATCH;
	if (selection->worker_id)
		return FROM_WORKER;
	if (selection->assignment_id)
		return FROM_ASSIGNMENT;
	if (selection->state == OP_HELD || selection->hold >= 0 || selection->purpose == SELECTED_TO_RELEASE)
		return FROM_HELD;
	if (selection->is_empty || selection->purpose != SELECTED_TO_LOOK)
		return FROM_OPEN;
	return selection->room || selection->game ? FROM_ROOM : FROM_ALL;
}

static void bind_number(struct statement *statement, int position, int64_t value)
{
	if (value >= 0)
		statement_bind_int(statement, position, value);
}

static struct statement *ask(struct ledger *ledger, const struct selection *selection, enum query query,
			     struct err *err)
{
	struct statement *get = store_statement(ledger->store, queries[source_of(selection)][query], err);

	if (!get)
		return NULL;
	statement_bind_text(get, 1, selection->ids);
	bind_number(get, 2, selection->batch_id);
	bind_number(get, 3, selection->kind);
	bind_number(get, 4, selection->state);
	bind_number(get, 5, selection->hold);
	statement_bind_text(get, 6, selection->worker_id);
	statement_bind_text(get, 7, selection->assignment_id);
	statement_bind_text(get, 8, selection->hit_id);
	statement_bind_text(get, 12, selection->room);
	statement_bind_text(get, 13, selection->game);
	/* Who names an operation is told why it cannot be done. */
	statement_bind_int(get, 9, selection->ids ? SELECTED_TO_LOOK : selection->purpose);
	return get;
}

static int read_ids(struct json_object *value, char **out, struct err *err)
{
	size_t count = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;

	for (size_t i = 0; i < count; i++)
		if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_int))
			count = 0;
	if (count == 0)
		return err_set(err, ERR_USAGE, "\"ids\" must be an array of numbers of operations, not empty");
	*out = strdup(json_text(value, NULL));
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int read_name(struct json_object *value, const char *key, int (*find)(const char *name), int *out,
		     struct err *err)
{
	*out = json_object_is_type(value, json_type_string) ? find(json_object_get_string(value)) : -1;
	return *out >= 0 ? 0 : err_set(err, ERR_USAGE, "\"%s\" does not know %.40s", key, json_text(value, NULL));
}

static int read_id(struct json_object *value, const char *key, char **out, struct err *err)
{
	if (!json_object_is_type(value, json_type_string) || json_object_get_string_len(value) == 0)
		return err_set(err, ERR_USAGE, "\"%s\" must be a text that is not empty; nothing was done", key);
	*out = strdup(json_object_get_string(value));
	return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

/* "." is the data folder's own file, whose room has no name. */
static int read_room(struct json_object *value, const char *key, char **out, struct err *err)
{
	int result = read_id(value, key, out, err);

	if (result == 0 && *out && strcmp(*out, ".") == 0)
		(*out)[0] = '\0';
	return result;
}

static int read_member(struct selection *selection, const char *key, struct json_object *value, struct err *err)
{
	if (strcmp(key, "ids") == 0)
		return read_ids(value, &selection->ids, err);
	if (strcmp(key, "kind") == 0)
		return read_name(value, key, op_kind_from_name, &selection->kind, err);
	if (strcmp(key, "state") == 0)
		return read_name(value, key, op_state_from_name, &selection->state, err);
	if (strcmp(key, "hold") == 0)
		return read_name(value, key, op_hold_from_name, &selection->hold, err);
	if (strcmp(key, "worker") == 0)
		return read_id(value, key, &selection->worker_id, err);
	if (strcmp(key, "assignment") == 0)
		return read_id(value, key, &selection->assignment_id, err);
	if (strcmp(key, "hit") == 0)
		return read_id(value, key, &selection->hit_id, err);
	if (strcmp(key, "room") == 0)
		return read_room(value, key, &selection->room, err);
	if (strcmp(key, "game") == 0)
		return read_id(value, key, &selection->game, err);
	if (strcmp(key, "batch") == 0 && json_object_is_type(value, json_type_int) &&
	    json_object_get_int64(value) > 0) {
		selection->batch_id = json_object_get_int64(value);
		return 0;
	}
	return err_set(err, ERR_USAGE,
		       "\"select\" takes ids, batch, kind, state, hold, worker, assignment, hit, room and game, not "
		       "\"%.40s\": %.40s",
		       key, json_text(value, NULL));
}

int selection_read(struct selection *selection, struct json_object *select, enum selection_purpose purpose,
		   struct err *err)
{
	*selection = (struct selection){ .purpose = purpose, .batch_id = -1, .kind = -1, .state = -1, .hold = -1 };
	if (select && !json_object_is_type(select, json_type_object))
		return err_set(err, ERR_USAGE, "\"select\" must be an object");
	selection->is_empty = !select || json_object_object_length(select) == 0;
	/* A selection that selects nothing by mistake must never mean "everything". */
	if (selection->is_empty && purpose != SELECTED_TO_LOOK)
		return err_set(err, ERR_USAGE, "\"select\" must say which operations; nothing was done");
	if (!select)
		return 0;
	json_object_object_foreach(select, key, value)
	{
		if (read_member(selection, key, value, err) < 0)
			return -1;
	}
	return 0;
}

void selection_finish(struct selection *selection)
{
	free(selection->ids);
	free(selection->worker_id);
	free(selection->assignment_id);
	free(selection->hit_id);
	free(selection->room);
	free(selection->game);
	*selection = (struct selection){ 0 };
}

int selection_total(struct ledger *ledger, const struct selection *selection, struct selection_total *out,
		    struct err *err)
{
	struct statement *get = ask(ledger, selection, QUERY_TOTAL, err);

	if (!get || statement_step(get, err) != 1)
		return -1;
	out->count = statement_int(get, 0);
	out->amount_minor = statement_int(get, 1);
	out->fee_minor = statement_int(get, 2);
	statement_reset(get);
	return 0;
}

static void put_name(struct json_object *out, const char *key, const char *name, bool is_there)
{
	json_put_text(out, key, is_there ? name : NULL);
}

/* What becomes of a HIT: its subject is what it was before, or which round it is. */
static void put_change(struct json_object *out, enum op_kind kind, const char *subject, int64_t value)
{
	bool has_assignments = kind == OP_CREATE_HIT || kind == OP_EXTEND_HIT;
	char before[CLOCK_TEXT_MAX];

	if (kind == OP_EXPIRE_HIT && subject)
		subject = clock_format_utc(strtoll(subject, NULL, 10), before);
	json_put_text(out, "subject", subject);
	json_put_value(out, "assignments", has_assignments ? json_object_new_int64(value) : NULL);
	json_put_time(out, "expires_at", kind == OP_EXPIRE_HIT ? value : 0);
}

static struct json_object *describe(struct statement *get)
{
	struct json_object *out = json_object_new_object();
	enum op_kind kind = (enum op_kind)statement_int(get, 1);
	bool is_held = statement_int(get, 2) == OP_HELD;

	json_put_int(out, "id", statement_int(get, 0));
	json_put_text(out, "kind", op_kind_name(kind));
	json_put_text(out, "state", op_state_name((enum op_state)statement_int(get, 2)));
	put_name(out, "hold", op_hold_name((enum op_hold)statement_int(get, 3)), is_held);
	json_put_time(out, "held_until", statement_int(get, 4));
	json_put_int(out, "amount_cents", statement_int(get, 5));
	json_put_int(out, "fees_cents", statement_int(get, 6));
	json_put_text(out, "assignment_id", statement_text(get, 7));
	json_put_text(out, "worker_id", statement_text(get, 8));
	json_put_text(out, "hit_id", statement_text(get, 9));
	put_name(out, "purpose", statement_text(get, 10), kind == OP_BONUS || kind == OP_CREATE_HIT);
	json_put_text(out, "why", statement_text(get, 11));
	json_put_int(out, "batch", statement_int(get, 12));
	json_put_text(out, "command", statement_text(get, 13));
	json_put_text(out, "user", statement_text(get, 14));
	json_put_int(out, "attempts", statement_int(get, 15));
	json_put_time(out, "at", statement_int(get, 16));
	json_put_text(out, "qualification_type_id", statement_text(get, 18));
	put_change(out, kind, statement_text(get, 19), statement_int(get, 20));
	return out;
}

static struct json_object *describe_total(const struct selection_total *total)
{
	struct json_object *out = json_object_new_object();

	json_put_int(out, "count", total->count);
	json_put_int(out, "amount_cents", total->amount_minor);
	json_put_int(out, "fees_cents", total->fee_minor);
	return out;
}

struct json_object *selection_page(struct ledger *ledger, const struct selection *selection, int64_t offset,
				   int64_t limit, struct err *err)
{
	struct json_object *out = json_object_new_object(), *list = json_object_new_array();
	struct selection_total total = { 0 };
	struct statement *get = NULL;
	int64_t shown = 0;
	int more = -1;

	json_put_value(out, "operations", list);
	if (selection_total(ledger, selection, &total, err) == 0)
		get = ask(ledger, selection, QUERY_PAGE, err);
	if (get) {
		statement_bind_int(get, 10, limit);
		statement_bind_int(get, 11, offset);
	}
	for (; get && (more = statement_step(get, err)) == 1; shown++)
		(void)json_object_array_add(list, describe(get));
	if (more < 0) {
		json_object_put(out);
		return NULL;
	}
	json_put_value(out, "next_offset",
		       offset + shown < total.count ? json_object_new_int64(offset + shown) : NULL);
	json_put_value(out, "total", describe_total(&total));
	return out;
}

int64_t selection_ids(struct ledger *ledger, const struct selection *selection, int64_t limit, int64_t **ids,
		      struct err *err)
{
	struct statement *get = ask(ledger, selection, QUERY_IDS, err);
	int64_t count = 0;
	int more;

	*ids = get ? calloc((size_t)limit, sizeof(**ids)) : NULL;
	if (!*ids)
		return get ? err_set(err, ERR_INTERNAL, "out of memory") : -1;
	statement_bind_int(get, 10, limit);
	statement_bind_int(get, 11, 0);
	while ((more = statement_step(get, err)) == 1 && count < limit)
		(*ids)[count++] = statement_int(get, 0);
	if (more == 0)
		return count;
	statement_reset(get);
	free(*ids);
	*ids = NULL;
	return -1;
}

static struct json_object *describe_row(struct ledger *ledger, int64_t row_id)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT s.path, r.line FROM result r JOIN source s ON s.id = r.source_id"
				" WHERE r.id = ?1",
				NULL);
	struct json_object *row = NULL;

	if (!get)
		return NULL;
	statement_bind_int(get, 1, row_id);
	if (statement_step(get, NULL) == 1) {
		row = json_object_new_object();
		json_put_text(row, "file", statement_text(get, 0));
		json_put_int(row, "line", statement_int(get, 1));
		statement_reset(get);
	}
	return row;
}

static int put_rest(struct ledger *ledger, int64_t id, struct json_object *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT key, token, first_sent_s, created_s, outcome, http_status, request_id, answer, result_id, text,"
		" doubtful FROM operation WHERE id = ?1",
		err);
	int64_t row_id;

	if (!get)
		return -1;
	statement_bind_int(get, 1, id);
	if (statement_step(get, err) != 1)
		return -1;
	json_put_text(out, "key", statement_text(get, 0));
	json_put_text(out, "token", statement_text(get, 1));
	json_put_time(out, "first_sent", statement_int(get, 2));
	json_put_time(out, "created", statement_int(get, 3));
	json_put_text(out, "outcome", statement_text(get, 4));
	json_put_value(out, "http_status",
		       statement_is_null(get, 5) ? NULL : json_object_new_int64(statement_int(get, 5)));
	json_put_text(out, "request_id", statement_text(get, 6));
	json_put_text(out, "answer", statement_text(get, 7));
	row_id = statement_int(get, 8);
	json_put_text(out, "text", statement_text(get, 9));
	json_put_bool(out, "doubtful", statement_int(get, 10) != 0);
	statement_reset(get);
	json_put_value(out, "row", describe_row(ledger, row_id));
	return 0;
}

static int put_steps(struct ledger *ledger, int64_t id, struct json_object *out, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT s.at_s, s.state, s.why, s.batch_id, " BATCH_COMMAND ", b.user FROM step s"
				" LEFT JOIN batch b ON b.id = s.batch_id WHERE s.operation_id = ?1"
				" ORDER BY s.id LIMIT 1000",
				err);
	struct json_object *steps = json_object_new_array();
	int more = -1;

	json_put_value(out, "steps", steps);
	if (get)
		statement_bind_int(get, 1, id);
	while (get && (more = statement_step(get, err)) == 1) {
		struct json_object *step = json_object_new_object();

		json_put_time(step, "at", statement_int(get, 0));
		json_put_text(step, "state", op_state_name((enum op_state)statement_int(get, 1)));
		json_put_text(step, "why", statement_text(get, 2));
		json_put_value(step, "batch",
			       statement_is_null(get, 3) ? NULL : json_object_new_int64(statement_int(get, 3)));
		json_put_text(step, "command", statement_text(get, 4));
		json_put_text(step, "user", statement_text(get, 5));
		(void)json_object_array_add(steps, step);
	}
	return more;
}

struct json_object *selection_show(struct ledger *ledger, int64_t id, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT " COLUMNS " FROM operation o LEFT JOIN batch b ON b.id = o.batch_id WHERE o.id = ?1", err);
	struct json_object *out = NULL;
	int found;

	if (!get)
		return NULL;
	statement_bind_int(get, 1, id);
	found = statement_step(get, err);
	if (found == 0)
		(void)err_set(err, ERR_NOT_FOUND, "there is no operation %" PRId64, id);
	if (found != 1)
		return NULL;
	out = describe(get);
	statement_reset(get);
	if (put_rest(ledger, id, out, err) == 0 && put_steps(ledger, id, out, err) == 0)
		return out;
	json_object_put(out);
	return NULL;
}
