/* SPDX-License-Identifier: MIT
 *
 * Rooms as people see them. Nothing here costs more than what is shown: of a page of rooms only those are counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "results.h"
#include "room_book.h"
#include "suggest.h"

/* A page ends early once so many rows had to be looked at for it. */
#define PAGE_ROOMS_MAX 100
#define PAGE_ROWS_MAX 2000
/* Of a room with more rows, so many are counted. */
#define COUNTED_ROWS_MAX 20000
#define LITERAL(number) LITERAL_(number)
#define LITERAL_(number) #number
/* So many operations that wait for a person are traced to their rooms. */
#define TRACED_MAX 5000

/* What is wrong first; the numbers are what the list is sorted by. */
static const char *const states[] = { "problem", "held", "waiting", "imported", "empty", "ignored" };
enum { STATE_PROBLEM, STATE_HELD, STATE_WAITING, STATE_IMPORTED, STATE_EMPTY, STATE_IGNORED, STATES };

_Static_assert(POLICY_IMPORT == 0 && OP_PLANNED == 0 && OP_QUEUED == 2 && OP_HELD == 1 &&
		       OP_FAILED == 7 && HOLD_UNDO == 3,
	       "the numbers in the queries");

#define ROOM_STATE                                                                                  \
	"CASE WHEN r.ignored = 1 THEN 5 WHEN r.problem IS NOT NULL THEN 0"                         \
	" WHEN r.imported_s IS NULL THEN 4 WHEN r.held > 0 OR r.id IN (SELECT id FROM trouble) THEN 1" \
	" WHEN r.adopted = 0 AND f.policy > 0 THEN 2 ELSE 3 END"

/* Rooms whose operations are held or were refused. */
#define TROUBLE                                                                                               \
	"WITH trouble AS (SELECT DISTINCT s.room_id AS id FROM"                                              \
	" (SELECT * FROM (SELECT result_id FROM operation INDEXED BY operation_held"                         \
	" WHERE state = 1 AND hold <> 3 LIMIT " LITERAL(TRACED_MAX) ")"                                       \
	" UNION ALL SELECT * FROM (SELECT result_id FROM operation INDEXED BY operation_trouble"             \
	" WHERE why IS NOT NULL AND state <> 6 AND state = 7 LIMIT " LITERAL(TRACED_MAX) ")) o"               \
	" JOIN result t ON t.id = o.result_id JOIN source s ON s.id = t.source_id WHERE s.room_id IS NOT NULL) "

#define ROOM_COLUMNS                                                                                           \
	"r.id, r.name, f.game, f.path, f.policy, f.watched = 2, r.file, r.adopted, r.ignored, r.problem,"     \
	" r.problem_s, r.imported_s, r.versions, r.found_s, " ROOM_STATE " AS state, r.due IS NOT NULL"

#define ROOM_FILTER \
	" WHERE (?1 IS NULL OR ?1 IN (f.game, f.path)) AND (?2 IS NULL OR state = ?2) AND (?3 = 0 OR state <= 1)"

/* The rows that count. */
#define ROOM_ROWS                                                                                   \
	"WITH r AS (SELECT r.* FROM source s JOIN result r ON r.source_id = s.id AND r.current = 1" \
	" WHERE s.room_id = ?1 AND s.ready = 1 LIMIT " LITERAL(COUNTED_ROWS_MAX) ") "

static int64_t or_zero(struct statement *get, int column)
{
	return statement_is_null(get, column) ? 0 : statement_int(get, column);
}

static int count_rows(struct ledger *ledger, int64_t room_id, struct json_object *out, struct err *err)
{
	static const char *const names[] = { "rows", "approve", "reject", "held_rows", "skipped", "unjoined" };
	struct statement *get = store_statement(
		ledger->store,
		ROOM_ROWS
		"SELECT count(*), sum(verdict = 0), sum(verdict = 1),"
		" sum((verdict = 2 AND join_state <> 1) OR todo = 2), sum(verdict = 3), sum(join_state = 1) FROM r",
		err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	if (statement_step(get, err) != 1)
		return -1;
	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		json_put_int(out, names[i], or_zero(get, i));
	json_put_bool(out, "is_cut", statement_int(get, 0) >= COUNTED_ROWS_MAX);
	statement_reset(get);
	return 0;
}

/* Which count a state of an operation belongs to. */
static const char *const standings[OP_STATES] = {
	[OP_PLANNED] = "open", [OP_QUEUED] = "open", [OP_SENDING] = "open",	 [OP_ACCEPTED] = "open",
	[OP_UNSURE] = "open",  [OP_HELD] = "held",   [OP_FAILED] = "failed",	 [OP_CANCELLED] = "cancelled",
	[OP_DONE] = NULL, /* by its kind */
};

static void add_to(struct json_object *out, const char *key, int64_t value)
{
	int64_t sum = 0;

	(void)json_get_int(out, key, &sum);
	json_put_int(out, key, sum + value);
}

static void add_operations(struct json_object *out, enum op_kind kind, enum op_state state, int64_t count,
			   int64_t amount_minor, int64_t fee_minor)
{
	static const char *const done[OP_KINDS] = { [OP_APPROVE] = "approved", [OP_REJECT] = "rejected",
						    [OP_BONUS] = "paid" };
	const char *key = state == OP_DONE ? done[kind] : standings[state];

	if (key)
		add_to(out, key, count);
	if (kind != OP_BONUS || state == OP_FAILED || state == OP_CANCELLED)
		return;
	add_to(out, state == OP_DONE ? "paid_cents" : "to_pay_cents", amount_minor);
	add_to(out, state == OP_DONE ? "paid_fees_cents" : "to_pay_fees_cents", fee_minor);
}

static int count_operations(struct ledger *ledger, int64_t room_id, struct json_object *out, struct err *err)
{
	static const char *const names[] = { "approved", "rejected",   "paid",	       "paid_cents",  "paid_fees_cents",
					     "open",	 "to_pay_cents", "to_pay_fees_cents", "held", "failed",
					     "cancelled" };
	struct statement *get = store_statement(
		ledger->store,
		ROOM_ROWS "SELECT o.kind, o.state, count(*), sum(o.amount_minor), sum(o.fee_minor)"
			  " FROM (SELECT " STANDING_DECISION_KEY " AS key FROM r UNION SELECT " STANDING_BONUS_KEY
			  " FROM r) k JOIN operation o ON o.key = k.key GROUP BY o.kind, o.state",
		err);
	int more;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_put_int(out, names[i], 0);
	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	while ((more = statement_step(get, err)) == 1) {
		int64_t kind = statement_int(get, 0), state = statement_int(get, 1);

		if (kind >= 0 && kind < OP_KINDS && state >= 0 && state < OP_STATES)
			add_operations(out, (enum op_kind)kind, (enum op_state)state, statement_int(get, 2),
				       statement_int(get, 3), statement_int(get, 4));
	}
	return more;
}

static struct json_object *describe_room(struct statement *get)
{
	struct json_object *out = json_object_new_object();
	int64_t state = statement_int(get, 14), policy = statement_int(get, 4);

	json_put_int(out, "id", statement_int(get, 0));
	json_put_text(out, "room", statement_text(get, 1));
	json_put_text(out, "game", statement_text(get, 2));
	json_put_text(out, "folder", statement_text(get, 3));
	json_put_text(out, "state", states[state >= 0 && state < STATES ? state : STATE_PROBLEM]);
	json_put_text(out, "problem", statement_text(get, 9));
	json_put_time(out, "problem_at", statement_int(get, 10));
	json_put_text(out, "policy",
		      policy_name(policy >= 0 && policy <= POLICY_PAY ? (enum policy)policy : POLICY_IMPORT));
	json_put_bool(out, "watched", statement_int(get, 5) != 0);
	json_put_text(out, "file", statement_text(get, 6));
	json_put_bool(out, "adopted", statement_int(get, 7) != 0);
	json_put_bool(out, "ignored", statement_int(get, 8) != 0);
	json_put_bool(out, "due", statement_int(get, 15) != 0);
	json_put_time(out, "imported_at", statement_int(get, 11));
	json_put_int(out, "versions", statement_int(get, 12));
	json_put_time(out, "found_at", statement_int(get, 13));
	return out;
}

static int count_room(struct ledger *ledger, struct json_object *room, struct err *err)
{
	int64_t id = 0;

	(void)json_get_int(room, "id", &id);
	return count_rows(ledger, id, room, err) < 0 ? -1 : count_operations(ledger, id, room, err);
}

int room_book_policy_open(struct ledger *ledger, int64_t room_id, int64_t *count, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		ROOM_ROWS "SELECT count(*) FROM (SELECT " STANDING_DECISION_KEY " AS key FROM r"
			  " UNION SELECT " STANDING_BONUS_KEY " FROM r) k JOIN operation o ON o.key = k.key"
			  " JOIN batch b ON b.id = o.batch_id WHERE b.policy = 1 AND o.state IN (0, 2)",
		err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	return statement_number(get, count, err);
}

/* The list. */

struct wanted {
	const char *game;
	int64_t state; /* -1: any */
	bool only_problems;
	int64_t offset;
	int64_t limit;
};

static int read_state(struct json_object *params, int64_t *out, struct err *err)
{
	const char *name = NULL;
	struct suggest suggest;

	*out = -1;
	if (!json_has(params, "state"))
		return 0;
	(void)json_get_text(params, "state", &name);
	suggest_init(&suggest, name ? name : "");
	for (int i = 0; i < STATES && name; i++) {
		suggest_offer(&suggest, states[i]);
		if (strcmp(states[i], name) == 0)
			*out = i;
	}
	if (*out >= 0)
		return 0;
	(void)err_set(err, ERR_USAGE, "\"state\" does not know \"%.40s\"", name ? name : "");
	return suggest.best ? err_hint(err, "did you mean \"%s\"?", suggest.best) : -1;
}

static int read_page(struct json_object *params, int64_t *offset, int64_t *limit, struct err *err)
{
	*offset = 0;
	*limit = PROTOCOL_PAGE_MAX;
	(void)json_get_int(params, "offset", offset);
	(void)json_get_int(params, "limit", limit);
	if (*offset >= 0 && *limit >= 1 && *limit <= PROTOCOL_PAGE_MAX)
		return 0;
	return err_set(err, ERR_USAGE, "\"offset\" must be 0 or more and \"limit\" 1 to %d", PROTOCOL_PAGE_MAX);
}

int room_book_check_game(struct ledger *ledger, const char *game, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store, "SELECT game FROM folder UNION SELECT path FROM folder", err);
	struct suggest suggest;
	char best[64] = "";
	bool is_known = false;
	int more;

	if (!get)
		return -1;
	while ((more = statement_step(get, err)) == 1) {
		const char *name = statement_text(get, 0);

		is_known = is_known || strcmp(name, game) == 0;
		suggest_init(&suggest, game);
		if (best[0])
			suggest_offer(&suggest, best);
		suggest_offer(&suggest, name);
		if (suggest.best == name)
			(void)snprintf(best, sizeof(best), "%s", name);
	}
	if (more < 0 || is_known)
		return more;
	(void)err_set(err, ERR_NOT_FOUND, "no game \"%.100s\" is or was watched", game);
	return best[0] ? err_hint(err, "did you mean \"%s\"?", best)
		       : err_hint(err, "[nodegame] game in ngmt.conf says which are");
}

static int read_wanted(struct ledger *ledger, struct json_object *params, struct wanted *out, struct err *err)
{
	*out = (struct wanted){ .state = -1 };
	(void)json_get_text(params, "game", &out->game);
	(void)json_get_bool(params, "problems", &out->only_problems);
	if (read_state(params, &out->state, err) < 0 || read_page(params, &out->offset, &out->limit, err) < 0)
		return -1;
	if (out->limit > PAGE_ROOMS_MAX)
		out->limit = PAGE_ROOMS_MAX;
	return out->game ? room_book_check_game(ledger, out->game, err) : 0;
}

static void bind_wanted(struct statement *get, const struct wanted *wanted)
{
	statement_bind_text(get, 1, wanted->game);
	if (wanted->state >= 0)
		statement_bind_int(get, 2, wanted->state);
	statement_bind_int(get, 3, wanted->only_problems);
}

static int64_t count_wanted(struct ledger *ledger, const struct wanted *wanted, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		TROUBLE "SELECT count(*) FROM (SELECT f.game, f.path, " ROOM_STATE
			" AS state FROM room r JOIN folder f ON f.id = r.folder_id) f" ROOM_FILTER,
		err);
	int64_t count;

	if (!get)
		return -1;
	bind_wanted(get, wanted);
	return statement_number(get, &count, err) < 0 ? -1 : count;
}

static struct json_object *list_wanted(struct ledger *ledger, const struct wanted *wanted, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		TROUBLE "SELECT " ROOM_COLUMNS " FROM room r JOIN folder f ON f.id = r.folder_id" ROOM_FILTER
			" ORDER BY state, f.watched DESC, f.game, length(r.name), r.name, r.id LIMIT ?4 OFFSET ?5",
		err);
	struct json_object *rooms;
	int more;

	if (!get)
		return NULL;
	bind_wanted(get, wanted);
	statement_bind_int(get, 4, wanted->limit);
	statement_bind_int(get, 5, wanted->offset);
	rooms = json_object_new_array();
	while ((more = statement_step(get, err)) == 1)
		(void)json_object_array_add(rooms, describe_room(get));
	if (more == 0)
		return rooms;
	json_object_put(rooms);
	return NULL;
}

/* Counts the rooms of the page, and cuts it where that has cost enough. */
static int count_page(struct ledger *ledger, struct json_object *rooms, struct err *err)
{
	size_t count = json_object_array_length(rooms), counted = 0;
	int64_t looked_at = 0, rows;

	while (counted < count && looked_at < PAGE_ROWS_MAX) {
		struct json_object *room = json_object_array_get_idx(rooms, counted++);

		if (count_room(ledger, room, err) < 0)
			return -1;
		if (json_get_int(room, "rows", &rows))
			looked_at += rows;
	}
	if (counted < count)
		(void)json_object_array_del_idx(rooms, counted, count - counted);
	return 0;
}

struct json_object *room_book_list(struct ledger *ledger, struct json_object *params, struct err *err)
{
	struct json_object *rooms, *out;
	struct wanted wanted;
	int64_t total, next;

	if (read_wanted(ledger, params, &wanted, err) < 0)
		return NULL;
	total = count_wanted(ledger, &wanted, err);
	rooms = total < 0 ? NULL : list_wanted(ledger, &wanted, err);
	if (!rooms || count_page(ledger, rooms, err) < 0) {
		json_object_put(rooms);
		return NULL;
	}
	next = wanted.offset + (int64_t)json_object_array_length(rooms);
	out = json_object_new_object();
	json_put_int(out, "total", total);
	json_put_value(out, "next_offset",
		       next < total && next > wanted.offset ? json_object_new_int64(next) : NULL);
	json_put_value(out, "rooms", rooms);
	return out;
}

/* One room. */

static int put_versions(struct ledger *ledger, int64_t room_id, struct json_object *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT s.sha256, s.read_s, n.bytes, (SELECT count(*) FROM result r WHERE r.source_id = s.id)"
		" FROM source s LEFT JOIN snapshot n ON n.sha256 = s.sha256"
		" WHERE s.room_id = ?1 AND s.ready = 1 ORDER BY s.id DESC LIMIT 100",
		err);
	struct json_object *versions = json_object_new_array();
	int more = -1;

	json_put_value(out, "history", versions);
	if (get)
		statement_bind_int(get, 1, room_id);
	while (get && (more = statement_step(get, err)) == 1) {
		struct json_object *version = json_object_new_object();

		json_put_text(version, "sha256", statement_text(get, 0));
		json_put_time(version, "at", statement_int(get, 1));
		json_put_value(version, "bytes",
			       statement_is_null(get, 2) ? NULL : json_object_new_int64(statement_int(get, 2)));
		json_put_int(version, "rows_added", statement_int(get, 3));
		(void)json_object_array_add(versions, version);
	}
	return more;
}

static void put_state(struct json_object *row, const char *key, struct statement *get, int column)
{
	int64_t state = statement_int(get, column);
	bool is_known = !statement_is_null(get, column) && state >= 0 && state < OP_STATES;

	json_put_text(row, key, is_known ? op_state_name((enum op_state)state) : NULL);
}

static struct json_object *describe_row(struct statement *get)
{
	static const struct {
		const char *name;
		int column;
	} texts[] = {
		{ "id", 3 },	    { "type", 4 },    { "worker_id", 5 }, { "assignment_id", 6 }, { "hit_id", 7 },
		{ "exit_code", 8 }, { "verdict", 9 }, { "why", 10 },	  { "decision_why", 13 }, { "bonus_why", 15 },
	};
	static const char *const joins[] = { NULL, "waiting", "done", "doubtful", "done" };
	struct json_object *row = json_object_new_object();
	int64_t column = statement_int(get, 2), join = statement_int(get, 16);

	json_put_int(row, "row", statement_int(get, 0));
	json_put_int(row, "line", statement_int(get, 1));
	json_put_value(row, "column", column > 0 ? json_object_new_int64(column) : NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_put_text(row, texts[i].name, statement_text(get, texts[i].column));
	json_put_value(row, "bonus_cents",
		       statement_is_null(get, 11) ? NULL : json_object_new_int64(statement_int(get, 11)));
	put_state(row, "decision_state", get, 12);
	put_state(row, "bonus_state", get, 14);
	json_put_text(row, "join", join > 0 && join < (int64_t)(sizeof(joins) / sizeof(joins[0])) ? joins[join] : NULL);
	return row;
}

/* What is wrong first. A room whose rows are too many is told as far as they are counted. */
static struct statement *ask_rows(struct ledger *ledger, struct err *err)
{
	return store_statement(
		ledger->store,
		ROOM_ROWS "SELECT r.id, r.line, r.problem_column, r.player_id, r.type, r.worker_id, r.assignment_id,"
			  " r.hit_id, r.exit_code, " STANDING_VERDICT " AS standing, r.why,"
			  " CASE WHEN r.bonus_payable THEN r.bonus_cents END, d.state, d.why, b.state, b.why,"
			  " r.join_state FROM r" STANDING_OPERATIONS
			  " ORDER BY standing IN ('hold', 'conflict') OR coalesce(d.state IN (1, 7), 0)"
			  " OR coalesce(b.state IN (1, 7), 0) DESC, r.id LIMIT ?2 OFFSET ?3",
		err);
}

static int put_rows(struct ledger *ledger, int64_t room_id, struct json_object *params, struct json_object *out,
		    struct err *err)
{
	struct json_object *rows = json_object_new_array();
	int64_t offset, limit, total = 0, next;
	struct statement *get;
	int more;

	json_put_value(out, "rows_page", rows);
	(void)json_get_int(out, "rows", &total);
	if (read_page(params, &offset, &limit, err) < 0)
		return -1;
	get = ask_rows(ledger, err);
	if (!get)
		return -1;
	statement_bind_int(get, 1, room_id);
	statement_bind_int(get, 2, limit);
	statement_bind_int(get, 3, offset);
	while ((more = statement_step(get, err)) == 1)
		(void)json_object_array_add(rows, describe_row(get));
	next = offset + (int64_t)json_object_array_length(rows);
	json_put_value(out, "next_offset", next < total && next > offset ? json_object_new_int64(next) : NULL);
	return more;
}

struct json_object *room_book_show(struct ledger *ledger, int64_t room_id, struct json_object *params,
				   struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		TROUBLE "SELECT " ROOM_COLUMNS " FROM room r JOIN folder f ON f.id = r.folder_id WHERE r.id = ?1", err);
	struct json_object *out;
	int found;

	if (!get)
		return NULL;
	statement_bind_int(get, 1, room_id);
	found = statement_step(get, err);
	if (found == 0)
		(void)err_set(err, ERR_NOT_FOUND, "there is no room %" PRId64, room_id);
	if (found != 1)
		return NULL;
	out = describe_room(get);
	statement_reset(get);
	if (count_room(ledger, out, err) == 0 && put_versions(ledger, room_id, out, err) == 0 &&
	    put_rows(ledger, room_id, params, out, err) == 0)
		return out;
	json_object_put(out);
	return NULL;
}

struct json_object *room_book_counts(struct ledger *ledger, struct err *err)
{
	static const char *const names[] = { "watched", "waiting", "problems", "held_rows", "ignored" };
	struct statement *get = store_statement(
		ledger->store,
		"WITH sending AS (SELECT id FROM folder WHERE policy > 0 AND watched = 2)"
		" SELECT sum(folder_id IN (SELECT id FROM folder WHERE watched = 2)),"
		" sum(ignored = 0 AND adopted = 0 AND folder_id IN sending),"
		" sum(ignored = 0 AND problem_s IS NOT NULL), sum(CASE ignored WHEN 0 THEN held END), sum(ignored)"
		" FROM room INDEXED BY room_standing",
		err);
	struct json_object *out;

	if (!get || statement_step(get, err) != 1)
		return NULL;
	out = json_object_new_object();
	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		json_put_int(out, names[i], or_zero(get, i));
	statement_reset(get);
	return out;
}
