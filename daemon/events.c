/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <string.h>

#include "batches.h"
#include "clock.h"

/* Events that are looked through for those of a lane. */
#define SCANNED_MAX 5000
/* Troubles that are looked through for those that are not over. */
#define TROUBLES_SCANNED "500"

_Static_assert(OP_HELD == 1 && OP_FAILED == 7 && EVENT_ROOM_PROBLEM == 102, "the numbers in the queries");

/* As the index has it, to the letter. */
#define IS_EVENT "(s.state = 1 OR s.state > 3)"
#define IS_TROUBLE "(s.state = 1 OR s.state = 7 OR s.state = 102)"

#define COLUMNS                                                                                                    \
	"SELECT s.id, s.at_s, s.state, s.operation_id, s.why, s.batch_id, " BATCH_COMMAND ", b.user, b.policy,"    \
	" o.kind, o.worker_id, o.assignment_id, o.hit_id, o.amount_minor, o.fee_minor"
#define JOINS " LEFT JOIN operation o ON o.id = s.operation_id LEFT JOIN batch b ON b.id = s.batch_id"
#define EVENTS COLUMNS " FROM step s INDEXED BY step_event" JOINS " WHERE " IS_EVENT

enum column {
	COLUMN_ID, COLUMN_AT, COLUMN_STATE, COLUMN_OPERATION, COLUMN_WHY, COLUMN_BATCH, COLUMN_COMMAND, COLUMN_USER,
	COLUMN_POLICY, COLUMN_KIND, COLUMN_WORKER, COLUMN_ASSIGNMENT, COLUMN_HIT, COLUMN_AMOUNT, COLUMN_FEE,
};

int events_note(struct ledger *ledger, enum event_code code, struct json_object *what, int64_t batch_id,
		struct err *err)
{
	struct statement *insert = NULL;
	int result = -1;

	if (store_begin(ledger->store, err) == 0)
		insert = store_statement(ledger->store,
					 "INSERT INTO step (operation_id, at_s, state, why, batch_id)"
					 " VALUES (0, ?1, ?2, ?3, ?4)",
					 err);
	if (insert) {
		statement_bind_int(insert, 1, clock_wall_ms() / 1000);
		statement_bind_int(insert, 2, code);
		statement_bind_text(insert, 3, what ? json_text(what, NULL) : NULL);
		if (batch_id)
			statement_bind_int(insert, 4, batch_id);
		result = statement_run(insert, err);
	}
	json_object_put(what);
	return result;
}

int64_t events_newest(struct ledger *ledger)
{
	int64_t newest = 0;
	struct err err;

	(void)statement_number(store_statement(ledger->store, "SELECT coalesce(max(id), 0) FROM step", &err), &newest,
			       &err);
	return newest;
}

int events_read_lane(struct json_object *params, int *lane, struct err *err)
{
	const char *name = NULL;

	*lane = EVENTS_ALL_LANES;
	if (!json_has(params, "lane"))
		return 0;
	if (json_get_text(params, "lane", &name))
		*lane = lane_from_name(name);
	if (*lane > LANE_READ)
		return 0;
	return err_set(err, ERR_USAGE, "\"lane\" must be approve, bonus, qualify, notify, hit or worker");
}

/* --- one event --- */

static struct json_object *read_members(struct statement *get)
{
	const char *text = statement_text(get, COLUMN_WHY);
	struct err err;
	struct json_object *members = text ? json_parse(text, strlen(text), &err) : NULL;

	if (json_object_is_type(members, json_type_object))
		return members;
	json_object_put(members);
	return json_object_new_object();
}

static const char *name_of(int64_t code)
{
	static const char *const names[] = { [0] = "command",
					     [EVENT_ROOM - EVENT_COMMAND] = "room",
					     [EVENT_ROOM_PROBLEM - EVENT_COMMAND] = "room",
					     [EVENT_LANE - EVENT_COMMAND] = "lane",
					     [EVENT_CUT_OFF - EVENT_COMMAND] = "command" };

	if (code < EVENT_COMMAND || code - EVENT_COMMAND >= (int64_t)(sizeof(names) / sizeof(names[0])))
		return "operation";
	return names[code - EVENT_COMMAND];
}

static void put_operation(struct statement *get, struct json_object *out)
{
	int64_t kind = statement_int(get, COLUMN_KIND);
	bool is_known = !statement_is_null(get, COLUMN_KIND) && kind >= 0 && kind < OP_KINDS;

	json_put_int(out, "operation", statement_int(get, COLUMN_OPERATION));
	json_put_text(out, "state", op_state_name((enum op_state)statement_int(get, COLUMN_STATE)));
	json_put_text(out, "kind", is_known ? op_kind_name((enum op_kind)kind) : NULL);
	json_put_text(out, "lane", is_known ? lane_name(op_lane((enum op_kind)kind)) : NULL);
	json_put_text(out, "worker_id", statement_text(get, COLUMN_WORKER));
	json_put_text(out, "assignment_id", statement_text(get, COLUMN_ASSIGNMENT));
	json_put_text(out, "hit_id", statement_text(get, COLUMN_HIT));
	json_put_int(out, "amount_cents", statement_int(get, COLUMN_AMOUNT));
	json_put_int(out, "fees_cents", statement_int(get, COLUMN_FEE));
	json_put_text(out, "why", statement_text(get, COLUMN_WHY));
}

static void put_command(struct statement *get, struct json_object *out)
{
	if (statement_is_null(get, COLUMN_BATCH))
		return;
	json_put_int(out, "batch", statement_int(get, COLUMN_BATCH));
	json_put_text(out, "command", statement_text(get, COLUMN_COMMAND));
	json_put_text(out, "user", statement_text(get, COLUMN_USER));
	json_put_bool(out, "policy", statement_int(get, COLUMN_POLICY) != 0);
}

static struct json_object *describe(struct statement *get)
{
	int64_t code = statement_int(get, COLUMN_STATE);
	bool is_operation = code < EVENT_COMMAND;
	struct json_object *out = is_operation ? json_object_new_object() : read_members(get);

	json_put_int(out, "id", statement_int(get, COLUMN_ID));
	json_put_time(out, "at", statement_int(get, COLUMN_AT));
	json_put_text(out, "what", name_of(code));
	if (is_operation)
		put_operation(get, out);
	put_command(get, out);
	return out;
}

static bool concerns(struct statement *get, int lane)
{
	int64_t code = statement_int(get, COLUMN_STATE), kind = statement_int(get, COLUMN_KIND);
	struct json_object *members;
	const char *name = NULL;
	bool fits;

	if (lane == EVENTS_ALL_LANES)
		return true;
	if (code < EVENT_COMMAND)
		return kind >= 0 && kind < OP_KINDS && !statement_is_null(get, COLUMN_KIND) &&
		       (int)op_lane((enum op_kind)kind) == lane;
	if (code != EVENT_LANE)
		return false;
	members = read_members(get);
	fits = !json_get_text(members, "lane", &name) || strcmp(name, lane_name((enum lane)lane)) == 0;
	json_object_put(members);
	return fits;
}

/* --- lists --- */

static struct json_object *reversed(struct json_object *list)
{
	struct json_object *out = json_object_new_array();

	for (size_t i = json_object_array_length(list); i-- > 0;)
		(void)json_object_array_add(out, json_object_get(json_object_array_get_idx(list, i)));
	json_object_put(list);
	return out;
}

static struct statement *ask(struct ledger *ledger, const struct events_range *range, struct err *err)
{
	bool forward = range->after >= 0;
	struct statement *get =
		forward ? store_statement(ledger->store, EVENTS " AND s.id > ?1 ORDER BY s.id", err)
			: store_statement(ledger->store, EVENTS " AND s.id < ?1 ORDER BY s.id DESC", err);

	if (get)
		statement_bind_int(get, 1, forward ? range->after : range->before ? range->before : INT64_MAX);
	return get;
}

struct json_object *events_list(struct ledger *ledger, const struct events_range *range, int64_t *next,
				struct err *err)
{
	struct statement *get = ask(ledger, range, err);
	struct json_object *list;
	int64_t found = 0, scanned = 0, last = 0;
	int more = 1;

	*next = 0;
	if (!get)
		return NULL;
	list = json_object_new_array();
	while (found < range->limit && scanned < SCANNED_MAX && (more = statement_step(get, err)) == 1) {
		last = statement_int(get, COLUMN_ID);
		scanned++;
		if (!concerns(get, range->lane))
			continue;
		(void)json_object_array_add(list, describe(get));
		found++;
	}
	if (more < 0) {
		json_object_put(list);
		return NULL;
	}
	if (more == 1) {
		/* One more than asked for would tell whether there is one; an empty page tells it as well. */
		*next = last;
		statement_reset(get);
	}
	return range->after >= 0 ? list : reversed(list);
}

/* Held for its time, or by a person, is nobody's trouble. */
#define MEMBER(name) "CASE WHEN json_valid(s.why) THEN json_extract(s.why, '$." name "') END"
#define STILL_SO                                                                                                     \
	" WHERE CASE s.state WHEN 102 THEN EXISTS (SELECT 1 FROM room r JOIN folder f ON f.id = r.folder_id"         \
	" WHERE r.problem IS NOT NULL AND r.ignored = 0 AND r.name = " MEMBER("room")                                \
	" AND f.game = " MEMBER("game") ")"                                                                          \
	" ELSE o.state = s.state AND o.hold NOT IN (3, 5)"                                                           \
	" AND s.id = (SELECT max(l.id) FROM step l WHERE l.operation_id = o.id) END"

struct json_object *events_troubles(struct ledger *ledger, int64_t limit, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				COLUMNS " FROM (SELECT * FROM step s INDEXED BY step_trouble WHERE " IS_TROUBLE
					" ORDER BY s.id DESC LIMIT " TROUBLES_SCANNED ") s" JOINS STILL_SO
					" ORDER BY s.id DESC LIMIT ?1",
				err);
	struct json_object *list = json_object_new_array();
	int more = -1;

	if (get)
		statement_bind_int(get, 1, limit);
	while (get && (more = statement_step(get, err)) == 1)
		(void)json_object_array_add(list, describe(get));
	if (more == 0)
		return list;
	json_object_put(list);
	return NULL;
}
