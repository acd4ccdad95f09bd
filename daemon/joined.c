/* SPDX-License-Identifier: MIT */
#include "joined.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "facts.h"
#include "joined_private.h"
#include "joined_words.h"

#define ROWS_PER_SLICE 200
/* The clocks of the platform and of whoever wrote the file may differ by this. */
#define CLOCKS_S 900

int joined_create(struct ledger *ledger, struct err *err)
{
	return store_execute(
		ledger->store,
		/* Codes as the workers submitted them, of every HIT of this pass. */
		"CREATE TEMP TABLE join_code (hit_id TEXT NOT NULL, code TEXT NOT NULL COLLATE NOCASE,"
		" assignment_id TEXT NOT NULL, PRIMARY KEY (hit_id, code, assignment_id)) WITHOUT ROWID;"
		"CREATE TEMP TABLE join_slice (result_id INTEGER PRIMARY KEY);"
		/* list: enum join_list. */
		"CREATE TEMP TABLE join_row (result_id INTEGER PRIMARY KEY, list INTEGER NOT NULL, hit TEXT);"
		/* Which rows ask for which assignment, and by what (enum join_by). */
		"CREATE TEMP TABLE join_claim (assignment_id TEXT NOT NULL, result_id INTEGER NOT NULL, how INTEGER "
		"NOT NULL,"
		" PRIMARY KEY (assignment_id, result_id)) WITHOUT ROWID;"
		"CREATE INDEX temp.join_claim_row ON join_claim (result_id);"
		"CREATE TEMP TABLE join_room (room_id INTEGER PRIMARY KEY)",
		err);
}

static int64_t recent_s(void)
{
	return clock_wall_ms() / 1000 - JOIN_AGE_S;
}

int joined_each_source(struct ledger *ledger, join_source_fn *fn, void *arg, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT s.id, s.game, f.path, coalesce(s.room_id, 0), min(s.read_s, coalesce(m.file_mtime_ns / "
		"1000000000,"
		" s.read_s)) AS written, coalesce(max(CASE WHEN r.join_state = 1 THEN r.id END), 0),"
		" coalesce(m.adopted, 1) AND min(s.read_s, coalesce(m.file_mtime_ns / 1000000000, s.read_s)) >= ?1,"
		" max(r.join_state = 3)"
		" FROM result r" JOIN_SOURCES "LEFT JOIN folder f ON f.id = m.folder_id WHERE " ROW_MAY_JOIN
		" GROUP BY s.id",
		err);
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, recent_s());
	while ((more = statement_step(get, err)) == 1) {
		const struct join_source source = { .id = statement_int(get, 0),
						    .game = statement_text(get, 1),
						    .folder = statement_text(get, 2),
						    .room_id = statement_int(get, 3),
						    .written_s = statement_int(get, 4),
						    .last_waiting = statement_int(get, 5),
						    .is_asking = statement_int(get, 6) != 0,
						    .has_doubtful = statement_int(get, 7) != 0 };

		if (fn(arg, &source, err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more;
}

int joined_begin(struct ledger *ledger, struct err *err)
{
	return store_execute(ledger->store,
			     "DELETE FROM temp.join_code; DELETE FROM temp.join_slice; DELETE FROM temp.join_row;"
			     "DELETE FROM temp.join_claim; DELETE FROM temp.join_room",
			     err);
}

int joined_add_hit(struct ledger *ledger, const char *hit_id, struct err *err)
{
	struct statement *insert = store_statement(
		ledger->store,
		"INSERT OR IGNORE INTO temp.join_code (hit_id, code, assignment_id)"
		" SELECT f.hit_id, c.value, f.assignment_id FROM assignment_fact f, json_each(f.codes) c"
		" WHERE f.hit_id = ?1 AND f.status >= 2 AND f.codes IS NOT NULL AND c.type = 'text'",
		err);

	if (!insert)
		return -1;
	statement_bind_text(insert, 1, hit_id);
	return statement_run(insert, err);
}

/* --- which assignments a row may be --- */

/* What the file itself has of a row that is joined (2). */
#define OWN_WORKER "CASE WHEN r.join_state <> 2 OR r.join_given & 1 THEN r.worker_id END"
#define OWN_HIT "CASE WHEN r.join_state <> 2 OR r.join_given & 2 THEN r.hit_id END"
#define HAS_CODE_OF_FILE "(r.join_given & 4)"

/* Of every row of the slice: the HITs that it may be of. */
#define SLICE_AND_HITS                                                                                       \
	" FROM temp.join_slice j CROSS JOIN result r ON r.id = j.result_id CROSS JOIN"                       \
	" json_each(CASE WHEN " OWN_HIT " IS NULL THEN ?1 ELSE json_array(" OWN_HIT ") END) h"              \
	" ON NOT EXISTS (SELECT 1 FROM hit_fact x WHERE x.hit_id = h.value AND x.created_s > ?2) CROSS JOIN "
#define CLAIM(how) \
	"INSERT OR IGNORE INTO temp.join_claim (assignment_id, result_id, how) SELECT f.assignment_id, r.id, " how
#define HAS_NO_CLAIM "NOT EXISTS (SELECT 1 FROM temp.join_claim o WHERE o.result_id = r.id)"

/* A row that comes anew, under other rules or with another column, is what it was: what has been asked for is never
 * looked for in another HIT. */
static const char by_past[] =
	"INSERT OR IGNORE INTO temp.join_claim (assignment_id, result_id, how)"
	" SELECT t.assignment_id, r.id, 0 FROM temp.join_slice j CROSS JOIN result r ON r.id = j.result_id"
	" CROSS JOIN source s ON s.id = r.source_id CROSS JOIN result t ON t.player_id = r.player_id"
	" CROSS JOIN source ts ON ts.id = t.source_id"
	" WHERE r.join_state <> 2 AND t.join_state <> 0 AND ts.path = s.path"
	" AND t.id <> r.id AND t.assignment_id IS NOT NULL AND (r.exit_code IS NULL OR t.exit_code IS NULL"
	"  OR r.exit_code = t.exit_code)"
	" AND EXISTS (SELECT 1 FROM operation o WHERE o.assignment_id = t.assignment_id)";

/* The same of a file that names the worker and nothing else. */
static const char by_past_of_worker[] =
	"INSERT OR IGNORE INTO temp.join_claim (assignment_id, result_id, how)"
	" SELECT t.assignment_id, r.id, 0 FROM temp.join_slice j CROSS JOIN result r ON r.id = j.result_id"
	" CROSS JOIN source s ON s.id = r.source_id CROSS JOIN segment g CROSS JOIN result t ON t.id >> 13 = g.n"
	" AND t.worker_id = r.worker_id CROSS JOIN source ts ON ts.id = t.source_id"
	" WHERE r.join_state <> 2 AND r.worker_id IS NOT NULL AND r.player_id IS NULL AND t.join_state <> 0"
	" AND ts.path = s.path AND t.id <> r.id AND t.assignment_id IS NOT NULL"
	" AND EXISTS (SELECT 1 FROM operation o WHERE o.assignment_id = t.assignment_id)";

/* The file's own word about the worker goes before everything else. */
static const char by_worker[] =
	CLAIM("1") SLICE_AND_HITS "assignment_fact f ON f.hit_id = h.value AND f.worker_id = " OWN_WORKER
				  " AND f.status >= 2 WHERE " HAS_NO_CLAIM;

static const char by_code[] =
	CLAIM("CASE WHEN " HAS_CODE_OF_FILE " THEN 3 ELSE 2 END") SLICE_AND_HITS
	"temp.join_code f ON f.hit_id = h.value AND f.code = r.exit_code WHERE " OWN_WORKER
	" IS NULL AND " HAS_NO_CLAIM;

/* With join = exit-code, what was taken from a codes file once does not count. */
static const char by_own_code[] =
	CLAIM("2") SLICE_AND_HITS "temp.join_code f ON f.hit_id = h.value AND f.code = r.exit_code WHERE " OWN_WORKER
				  " IS NULL AND NOT " HAS_CODE_OF_FILE " AND " HAS_NO_CLAIM;

static const char by_player[] =
	CLAIM("4") SLICE_AND_HITS "assignment_fact f ON f.hit_id = h.value AND f.worker_id = r.player_id"
				  " AND f.status >= 2 WHERE " OWN_WORKER " IS NULL AND " HAS_NO_CLAIM;

/* What is joined already asks for that in any case, whatever the configuration says by now. */
static const char by_before[] =
	"INSERT OR IGNORE INTO temp.join_claim (assignment_id, result_id, how)"
	" SELECT r.assignment_id, r.id, 0 FROM temp.join_slice j JOIN result r ON r.id = j.result_id"
	" WHERE r.join_state = 2 AND r.assignment_id IS NOT NULL";

/* In this order: the first way that finds anything decides. */
#define WAYS_MAX 6
static const char *const ways[JOIN_WAYS][WAYS_MAX] = {
	[JOIN_NONE] = { by_before },
	[JOIN_AUTO] = { by_past, by_past_of_worker, by_worker, by_code, by_player, by_before },
	[JOIN_EXIT_CODE] = { by_past, by_past_of_worker, by_worker, by_own_code, by_before },
	[JOIN_CODES_FILE] = { by_past, by_past_of_worker, by_worker, by_code, by_before },
	[JOIN_WORKER_ID] = { by_past, by_past_of_worker, by_worker, by_player, by_before },
};

static int add_claims(struct ledger *ledger, const struct join_order *order, struct err *err)
{
	for (int i = 0; i < WAYS_MAX && ways[order->way][i]; i++) {
		struct statement *insert = store_statement(ledger->store, ways[order->way][i], err);

		if (!insert)
			return -1;
		if (ways[order->way][i] != by_before && ways[order->way][i] != by_past &&
		    ways[order->way][i] != by_past_of_worker) {
			statement_bind_text(insert, 1, order->hits);
			statement_bind_int(insert, 2, order->written_s + CLOCKS_S);
		}
		if (statement_run(insert, err) < 0)
			return -1;
	}
	return 0;
}

/* A player's exit code is looked up once and kept with the row: a later start of the game may give the same player id
 * to somebody else. A player who has several is left alone. */
static int take_codes_of_file(struct ledger *ledger, const struct join_order *order, struct err *err)
{
	struct statement *update;

	if (order->way != JOIN_AUTO && order->way != JOIN_CODES_FILE)
		return 0;
	update = store_statement(
		ledger->store,
		"UPDATE result SET join_given = join_given | 4, exit_code = (SELECT c.exit_code FROM input_code c"
		"  WHERE c.player_id = result.player_id AND c.exit_code IS NOT NULL AND (c.game IS NULL OR c.game = "
		"?1) LIMIT 1)"
		" WHERE id IN (SELECT result_id FROM temp.join_slice) AND exit_code IS NULL AND player_id IS NOT NULL"
		" AND (SELECT count(DISTINCT c.exit_code) FROM input_code c WHERE c.player_id = result.player_id"
		"  AND (c.game IS NULL OR c.game = ?1)) = 1",
		err);
	if (!update)
		return -1;
	statement_bind_text(update, 1, order->game);
	return statement_run(update, err);
}

/* What the ledger has an operation for stays as it is, and takes part as what it is. */
static int settle(struct ledger *ledger, struct err *err)
{
	struct statement *update =
		store_statement(ledger->store,
				"UPDATE result SET join_state = 4 WHERE id IN (SELECT result_id FROM temp.join_slice) "
				"AND join_state = 2"
				" AND EXISTS (SELECT 1 FROM operation o WHERE o.assignment_id = result.assignment_id)",
				err);
	struct statement *leave = store_statement(
		ledger->store,
		"DELETE FROM temp.join_slice WHERE (SELECT r.join_state FROM result r WHERE r.id = result_id) = 4",
		err);

	if (!update || !leave || statement_run(update, err) < 0)
		return -1;
	return statement_run(leave, err);
}

/* How many rows; their greatest id goes to *cursor. */
static int64_t fill_slice(struct ledger *ledger, int64_t source_id, int64_t *cursor, struct err *err)
{
	struct statement *fill = store_statement(ledger->store,
						 "INSERT INTO temp.join_slice SELECT r.id FROM result r" JOIN_SOURCES
						 "WHERE r.source_id = ?2 AND r.id > ?3"
						 " AND " ROW_MAY_JOIN " ORDER BY r.id LIMIT ?4",
						 err);
	struct statement *last;
	int64_t rows;

	if (!fill || store_execute(ledger->store, "DELETE FROM temp.join_slice", err) < 0)
		return -1;
	statement_bind_int(fill, 1, recent_s());
	statement_bind_int(fill, 2, source_id);
	statement_bind_int(fill, 3, *cursor);
	statement_bind_int(fill, 4, ROWS_PER_SLICE);
	if (statement_run(fill, err) < 0)
		return -1;
	rows = store_changes(ledger->store);
	last = store_statement(ledger->store, "SELECT coalesce(max(result_id), 0) FROM temp.join_slice", err);
	return statement_number(last, cursor, err) < 0 ? -1 : rows;
}

static int keep_slice(struct ledger *ledger, const struct join_order *order, struct err *err)
{
	struct statement *keep = store_statement(
		ledger->store, "INSERT OR IGNORE INTO temp.join_row SELECT result_id, ?1, ?2 FROM temp.join_slice",
		err);

	if (!keep)
		return -1;
	statement_bind_int(keep, 1, order->list);
	statement_bind_text(keep, 2, order->hit);
	return statement_run(keep, err);
}

int joined_gather(struct ledger *ledger, const struct join_order *order, int64_t *cursor, struct err *err)
{
	int64_t rows = store_begin(ledger->store, err) < 0 ? -1 : fill_slice(ledger, order->source_id, cursor, err);

	if (rows <= 0)
		return rows < 0 ? -1 : 0;
	if (settle(ledger, err) < 0 || take_codes_of_file(ledger, order, err) < 0 ||
	    add_claims(ledger, order, err) < 0 || keep_slice(ledger, order, err) < 0)
		return -1;
	return rows == ROWS_PER_SLICE;
}

/* --- what becomes of it --- */

/* A row is asked about by its id; others are those that ask for the same assignment. */
struct case_of_row {
	int64_t id;
	enum join_state state;
	int64_t room_id;
	int64_t candidates;
	char assignment_id[ID_TEXT_MAX]; /* of the only candidate */
	enum join_by by;
};

static int load_case(struct ledger *ledger, int64_t id, struct case_of_row *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT r.join_state, coalesce(s.room_id, 0), count(c.assignment_id), min(c.assignment_id), max(c.how)"
		" FROM result r JOIN source s ON s.id = r.source_id LEFT JOIN temp.join_claim c ON c.result_id = r.id"
		" WHERE r.id = ?1 GROUP BY r.id",
		err);
	int found;

	if (!get)
		return -1;
	statement_bind_int(get, 1, id);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	*out = (struct case_of_row){ .id = id,
				     .state = (enum join_state)statement_int(get, 0),
				     .room_id = statement_int(get, 1),
				     .candidates = statement_int(get, 2),
				     .by = (enum join_by)statement_int(get, 4) };
	if (out->candidates > 0)
		(void)snprintf(out->assignment_id, sizeof(out->assignment_id), "%s", statement_text(get, 3));
	statement_reset(get);
	return 1;
}

static int note_room(struct ledger *ledger, const struct case_of_row *row, struct err *err)
{
	struct statement *insert;

	if (!row->room_id)
		return 0;
	insert = store_statement(ledger->store, "INSERT OR IGNORE INTO temp.join_room VALUES (?1)", err);
	if (!insert)
		return -1;
	statement_bind_int(insert, 1, row->room_id);
	return statement_run(insert, err);
}

/* What the file has no more, or says anew: of the rows of its earlier versions that ask for the same assignment (and do
 * not contradict), this one counts. */
static int replace_older(struct ledger *ledger, const struct case_of_row *row, struct err *err)
{
	struct statement *update = store_statement(
		ledger->store,
		"UPDATE result SET current = 0, todo = 0 WHERE id < ?2 AND current = 1"
		" AND id IN (SELECT c.result_id FROM temp.join_claim c WHERE c.assignment_id = ?1"
		"  UNION SELECT r.id FROM " ROWS_BY("assignment_id", "= ?1") ")"
		" AND source_id IN (SELECT s.id FROM result t JOIN source ts ON ts.id = t.source_id"
		"  JOIN source s ON s.room_id = ts.room_id AND s.id <> ts.id WHERE t.id = ?2)",
		err);

	if (!update)
		return -1;
	statement_bind_text(update, 1, row->assignment_id);
	statement_bind_int(update, 2, row->id);
	return statement_run(update, err);
}

static int write_join(struct ledger *ledger, const struct case_of_row *row, const char *why, struct err *err)
{
	struct statement *update = store_statement(
		ledger->store,
		/* Everything on the right is what the row was before. */
		"UPDATE result SET join_given = (join_given & 4) | (worker_id IS NOT NULL) | ((hit_id IS NOT NULL) << "
		"1),"
		" assignment_id = ?2, worker_id = coalesce(worker_id, ?3), hit_id = coalesce(hit_id, ?4),"
		" verdict = join_verdict, beyond_limits = join_verdict = 2, why = ?5, join_state = 2, problem_column = "
		"0,"
		" todo = (SELECT s.room_id IS NOT NULL FROM source s WHERE s.id = source_id)"
		" WHERE id = ?1 AND join_verdict IS NOT NULL",
		err);
	struct assignment_fact fact;
	int found = facts_get_assignment(ledger, row->assignment_id, &fact, err);

	if (!update || found != 1)
		return found == 0 ? err_set(err, ERR_INTERNAL, "a submission is gone") : -1;
	statement_bind_int(update, 1, row->id);
	statement_bind_text(update, 2, row->assignment_id);
	statement_bind_text(update, 3, fact.worker_id);
	statement_bind_text(update, 4, fact.hit_id);
	statement_bind_text(update, 5, why);
	return statement_run(update, err);
}

/* Takes back what was joined, if it was: nothing has been done about it. */
static int write_held(struct ledger *ledger, const struct case_of_row *row, enum join_state state, const char *why,
		      struct err *err)
{
	struct statement *update = store_statement(ledger->store,
						   "UPDATE result AS r SET join_state = ?2, why = ?3, verdict = 2, "
						   "beyond_limits = 0, assignment_id = NULL,"
						   " worker_id = " OWN_WORKER ", hit_id = " OWN_HIT
						   ", join_given = join_given & 4"
						   " WHERE id = ?1 AND (join_state <> ?2 OR why <> ?3)",
						   err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, row->id);
	statement_bind_int(update, 2, state);
	statement_bind_text(update, 3, why);
	return statement_run(update, err);
}

static int join_row(struct ledger *ledger, const struct case_of_row *row, struct join_counts *counts, struct err *err)
{
	char *why;
	int result;

	if (row->state == JOIN_DONE)
		return 0;
	why = join_say_joined(ledger, row->id, row->by, err);
	if (!why)
		return -1;
	result = write_join(ledger, row, why, err);
	free(why);
	if (result < 0 || replace_older(ledger, row, err) < 0)
		return -1;
	counts->joined++;
	return note_room(ledger, row, err);
}

/* Takes over `why`. */
static int hold_row(struct ledger *ledger, const struct case_of_row *row, enum join_state state, char *why,
		    struct err *err)
{
	int result = why ? write_held(ledger, row, state, why, err) : -1;

	free(why);
	if (result < 0)
		return -1;
	return row->state != state ? note_room(ledger, row, err) : 0;
}

static int decide(struct ledger *ledger, const char *platform, int64_t id, struct join_counts *counts, struct err *err)
{
	struct case_of_row row;
	char *why = NULL;
	int found = load_case(ledger, id, &row, err);

	if (found != 1)
		return found;
	if (row.candidates == 0) {
		counts->waiting++;
		return hold_row(ledger, &row, JOIN_WAITING, join_say_waiting(ledger, id, platform, err), err);
	}
	if (row.candidates == 1 && join_say_rivals(ledger, id, row.assignment_id, platform, &why, err) < 0)
		return -1;
	if (row.candidates == 1 && !why && (row.by == JOIN_BY_EXIT_CODE || row.by == JOIN_BY_CODES_FILE) &&
	    join_say_shared_code(ledger, id, &why, err) < 0)
		return -1;
	if (row.candidates == 1 && !why)
		return join_row(ledger, &row, counts, err);
	if (row.candidates > 1)
		why = join_say_candidates(ledger, id, row.by, platform, err);
	counts->doubtful += row.state != JOIN_DOUBTFUL;
	return hold_row(ledger, &row, JOIN_DOUBTFUL, why, err);
}

/* How many ids; they are copied out, since deciding changes the rows. */
static int next_ready(struct ledger *ledger, int64_t cursor, int64_t ids[ROWS_PER_SLICE], struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT result_id FROM temp.join_row WHERE result_id > ?1 AND list <> 0"
						" ORDER BY result_id LIMIT ?2",
						err);
	int count = 0, more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, cursor);
	statement_bind_int(get, 2, ROWS_PER_SLICE);
	while ((more = statement_step(get, err)) == 1)
		ids[count++] = statement_int(get, 0);
	return more < 0 ? -1 : count;
}

int joined_decide(struct ledger *ledger, const char *platform, int64_t *cursor, struct join_counts *counts,
		  struct err *err)
{
	int64_t ids[ROWS_PER_SLICE];
	int count = store_begin(ledger->store, err) < 0 ? -1 : next_ready(ledger, *cursor, ids, err);

	for (int i = 0; i < count; i++) {
		if (decide(ledger, platform, ids[i], counts, err) < 0)
			return -1;
		*cursor = ids[i];
	}
	return count < 0 ? -1 : count == ROWS_PER_SLICE;
}

int joined_take_room(struct ledger *ledger, int64_t *room_id, struct err *err)
{
	struct statement *get = store_statement(ledger->store, "SELECT room_id FROM temp.join_room LIMIT 1", err);
	struct statement *leave = store_statement(ledger->store, "DELETE FROM temp.join_room WHERE room_id = ?1", err);
	int found;

	if (!get || !leave)
		return -1;
	found = statement_step(get, err);
	if (found != 1)
		return found;
	*room_id = statement_int(get, 0);
	statement_reset(get);
	statement_bind_int(leave, 1, *room_id);
	return statement_run(leave, err) < 0 ? -1 : 1;
}

/* The number that `get` finds for the source. */
static int number_of(struct statement *get, int64_t source_id, struct err *err)
{
	int64_t number;

	if (!get)
		return -1;
	statement_bind_int(get, 1, source_id);
	return statement_number(get, &number, err) < 0 ? -1 : number != 0;
}

int joined_has_waiting(struct ledger *ledger, int64_t source_id, struct err *err)
{
	return number_of(
		store_statement(ledger->store,
				"SELECT EXISTS (SELECT 1 FROM result r WHERE r.source_id = ?1 AND r.join_state <> 0"
				" AND r.join_state <> 4 AND r.join_state = 1)",
				err),
		source_id, err);
}

/* A file without ids has none from its beginning: a million rows are not searched for one. */
static int has_join_rows(struct ledger *ledger, int64_t source_id, struct err *err)
{
	return number_of(
		store_statement(ledger->store,
				"SELECT EXISTS (SELECT 1 FROM (SELECT join_state FROM result WHERE source_id = ?1"
				" LIMIT 10000) WHERE join_state <> 0)",
				err),
		source_id, err);
}

static int count_verdicts(struct ledger *ledger, int64_t source_id, int64_t verdicts[VERDICT_SKIP + 1],
			  int64_t *waiting, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT verdict, count(*), sum(join_state = 1) FROM result"
						" WHERE source_id = ?1 GROUP BY verdict",
						err);
	int more;

	if (!get)
		return -1;
	memset(verdicts, 0, (VERDICT_SKIP + 1) * sizeof(*verdicts));
	statement_bind_int(get, 1, source_id);
	while ((more = statement_step(get, err)) == 1) {
		int64_t verdict = statement_int(get, 0);

		if (verdict >= 0 && verdict <= VERDICT_SKIP)
			verdicts[verdict] = statement_int(get, 1);
		*waiting += statement_int(get, 2);
	}
	return more;
}

int joined_count(struct ledger *ledger, int64_t source_id, int64_t verdicts[VERDICT_SKIP + 1], int64_t *waiting,
		 struct err *err)
{
	int has = verdicts[VERDICT_HOLD] > 0 ? has_join_rows(ledger, source_id, err) : 0;

	*waiting = 0;
	return has <= 0 ? has : count_verdicts(ledger, source_id, verdicts, waiting, err);
}
