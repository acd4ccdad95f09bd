/* SPDX-License-Identifier: MIT */
#include "reconcile_table.h"

#include <stdio.h>

#include "op.h"
#include "results.h"

/* Ids of a table that one call goes through, lines that it looks at or forgets. */
#define IDS_PER_SLICE 2000
#define LINES_PER_SLICE 500

int reconcile_table_create(struct ledger *ledger, struct err *err)
{
	return store_execute(
		ledger->store,
		"CREATE TEMP TABLE reconcile_line (id INTEGER PRIMARY KEY, report INTEGER NOT NULL, hit_id TEXT,"
		" assignment_id TEXT, worker_id TEXT, result_id INTEGER, agrees INTEGER NOT NULL DEFAULT 0, text TEXT);"
		"CREATE UNIQUE INDEX temp.reconcile_line_key ON reconcile_line (report, coalesce(assignment_id, ''),"
		" coalesce(worker_id, ''), coalesce(result_id, 0));"
		"CREATE INDEX temp.reconcile_line_agrees ON reconcile_line (report, agrees);"
		"CREATE INDEX temp.reconcile_line_report ON reconcile_line (report);"
		"CREATE TEMP TABLE reconcile_hit (report INTEGER NOT NULL, hit_id TEXT NOT NULL, taken INTEGER NOT NULL"
		" DEFAULT 0, PRIMARY KEY (report, hit_id)) WITHOUT ROWID;"
		"CREATE INDEX temp.reconcile_hit_taken ON reconcile_hit (report, taken)",
		err);
}

int reconcile_table_drop(struct ledger *ledger, int64_t report, struct err *err)
{
	struct statement *lines = store_statement(
		ledger->store,
		"DELETE FROM reconcile_line WHERE id IN (SELECT id FROM reconcile_line WHERE report = ?1 LIMIT ?2)",
		err);
	struct statement *hits = store_statement(ledger->store, "DELETE FROM reconcile_hit WHERE report = ?1", err);

	if (!lines || !hits)
		return -1;
	statement_bind_int(lines, 1, report);
	statement_bind_int(lines, 2, IDS_PER_SLICE);
	statement_bind_int(hits, 1, report);
	if (statement_run(lines, err) < 0)
		return -1;
	if (store_changes(ledger->store) == IDS_PER_SLICE)
		return 1;
	return statement_run(hits, err);
}

/* Ids from *cursor on, as far as this slice goes: runs `insert` (?1 report, ?2 and ?3 the ids) and moves the cursor. */
static int run_slice(struct statement *insert, struct statement *last, int64_t report, int64_t *cursor, struct err *err)
{
	int64_t end = 0;

	if (!insert || statement_number(last, &end, err) < 0)
		return -1;
	statement_bind_int(insert, 1, report);
	statement_bind_int(insert, 2, *cursor);
	statement_bind_int(insert, 3, *cursor + IDS_PER_SLICE);
	if (statement_run(insert, err) < 0)
		return -1;
	*cursor += IDS_PER_SLICE;
	return *cursor < end;
}

/* A row that is left out and names no assignment (a bot) is nothing to compare. */
#define ROW_INTO_LINE                                                                                                \
	"INSERT OR IGNORE INTO reconcile_line (report, hit_id, assignment_id, worker_id, result_id)"                \
	" SELECT ?1, coalesce(r.hit_id, f.hit_id), r.assignment_id, r.worker_id,"                                    \
	" CASE WHEN r.assignment_id IS NULL THEN r.id END FROM result r"
#define ROW_FACT " LEFT JOIN assignment_fact f ON f.assignment_id = r.assignment_id"
#define ROW_IN_SLICE " WHERE r.id > ?2 AND r.id <= ?3 AND (r.assignment_id IS NOT NULL OR r.verdict <> 3)"

int reconcile_collect_rows(struct ledger *ledger, const struct reconcile_scope *scope, int64_t *cursor,
			   struct err *err)
{
	struct statement *insert, *last;

	last = store_statement(ledger->store, "SELECT coalesce(max(id), 0) FROM result", err);
	if (scope->is_working_set) {
		insert = store_statement(ledger->store,
					 ROW_INTO_LINE
					 " JOIN working_set w ON w.source_id = r.source_id" ROW_FACT ROW_IN_SLICE
					 " ORDER BY r.id",
					 err);
	} else {
		insert = store_statement(
			ledger->store,
			ROW_INTO_LINE
			" JOIN source s ON s.id = r.source_id" ROW_FACT ROW_IN_SLICE
			" AND " ROW_IS_CURRENT
			" AND (?4 IS NULL OR s.room = ?4) AND (?5 IS NULL OR s.game = ?5)"
			" AND (?6 IS NULL OR coalesce(r.hit_id, f.hit_id) IN (SELECT value FROM json_each(?6)))"
			" ORDER BY r.id",
			err);
		if (insert) {
			statement_bind_text(insert, 4, scope->room);
			statement_bind_text(insert, 5, scope->game);
			statement_bind_text(insert, 6, scope->hits);
		}
	}
	return run_slice(insert, last, scope->report, cursor, err);
}

/* What was taken back before it was sent is no business of anybody's. */
int reconcile_collect_operations(struct ledger *ledger, const struct reconcile_scope *scope, int64_t *cursor,
				 struct err *err)
{
	struct statement *last = store_statement(ledger->store, "SELECT coalesce(max(id), 0) FROM operation", err);
	struct statement *insert = store_statement(
		ledger->store,
		"INSERT OR IGNORE INTO reconcile_line (report, hit_id, assignment_id, worker_id)"
		" SELECT ?1, coalesce(f.hit_id, o.hit_id), o.assignment_id, o.worker_id FROM operation o"
		" LEFT JOIN assignment_fact f ON f.assignment_id = o.assignment_id"
		" WHERE o.id > ?2 AND o.id <= ?3 AND o.kind <= 2 AND o.state <> 8 AND o.assignment_id IS NOT NULL"
		" AND (?4 OR f.hit_id IN (SELECT hit_id FROM reconcile_hit WHERE report = ?1)"
		" OR o.hit_id IN (SELECT hit_id FROM reconcile_hit WHERE report = ?1))"
		" ORDER BY o.id",
		err);

	if (insert)
		statement_bind_int(insert, 4, scope->is_everything);
	return run_slice(insert, last, scope->report, cursor, err);
}

_Static_assert(OP_BONUS == 2 && OP_CANCELLED == 8 && ASSIGNMENT_SUBMITTED == 2, "the numbers in the statements");

/* The last assignment of this slice; "" for the rest of the table. */
static int find_end(struct ledger *ledger, const char *cursor, char end[ID_TEXT_MAX], struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT assignment_id FROM assignment_fact WHERE assignment_id > ?1"
						" ORDER BY assignment_id LIMIT 1 OFFSET ?2",
						err);
	int found;

	end[0] = '\0';
	if (!get)
		return -1;
	statement_bind_text(get, 1, cursor);
	statement_bind_int(get, 2, IDS_PER_SLICE - 1);
	found = statement_step(get, err);
	if (found == 1) {
		(void)snprintf(end, ID_TEXT_MAX, "%s", statement_text(get, 0));
		statement_reset(get);
	}
	return found < 0 ? -1 : 0;
}

static int run_range(struct statement *insert, int64_t report, const char *from, const char *to, struct err *err)
{
	if (!insert)
		return -1;
	statement_bind_int(insert, 1, report);
	statement_bind_text(insert, 2, from);
	statement_bind_text(insert, 3, to[0] ? to : NULL);
	return statement_run(insert, err);
}

#define FACT_IN_SLICE                                                                                                \
	" WHERE f.assignment_id > ?2 AND (?3 IS NULL OR f.assignment_id <= ?3) AND f.status >= 2"                   \
	" AND f.hit_id IN (SELECT hit_id FROM reconcile_hit WHERE report = ?1)"

int reconcile_collect_facts(struct ledger *ledger, const struct reconcile_scope *scope, char cursor[ID_TEXT_MAX],
			    struct err *err)
{
	char end[ID_TEXT_MAX];

	if (find_end(ledger, cursor, end, err) < 0 ||
	    run_range(store_statement(ledger->store,
				      "INSERT OR IGNORE INTO reconcile_line (report, hit_id, assignment_id, worker_id)"
				      " SELECT ?1, f.hit_id, f.assignment_id, f.worker_id FROM assignment_fact f"
				      FACT_IN_SLICE,
				      err),
		      scope->report, cursor, end, err) < 0 ||
	    run_range(store_statement(ledger->store,
				      "INSERT OR IGNORE INTO reconcile_line (report, hit_id, assignment_id, worker_id)"
				      " SELECT ?1, f.hit_id, f.assignment_id, b.worker_id FROM assignment_fact f"
				      " JOIN bonus_fact b ON b.assignment_id = f.assignment_id" FACT_IN_SLICE,
				      err),
		      scope->report, cursor, end, err) < 0)
		return -1;
	(void)snprintf(cursor, ID_TEXT_MAX, "%s", end);
	return end[0] != '\0';
}

static int add_named_hits(struct ledger *ledger, const struct reconcile_scope *scope, struct err *err)
{
	struct statement *insert = store_statement(ledger->store,
						   "INSERT OR IGNORE INTO reconcile_hit (report, hit_id)"
						   " SELECT ?1, value FROM json_each(?2) WHERE true",
						   err);

	if (!insert)
		return -1;
	statement_bind_int(insert, 1, scope->report);
	statement_bind_text(insert, 2, scope->hits);
	return statement_run(insert, err);
}

int reconcile_add_hits(struct ledger *ledger, const struct reconcile_scope *scope, int64_t *cursor, struct err *err)
{
	struct statement *insert, *last;

	if (scope->hits)
		return add_named_hits(ledger, scope, err);
	last = store_statement(ledger->store, "SELECT coalesce(max(id), 0) FROM reconcile_line", err);
	insert = store_statement(ledger->store,
				 "INSERT OR IGNORE INTO reconcile_hit (report, hit_id) SELECT report, hit_id"
				 " FROM reconcile_line WHERE report = ?1 AND id > ?2 AND hit_id IS NOT NULL",
				 err);
	if (!insert)
		return -1;
	statement_bind_int(insert, 1, scope->report);
	statement_bind_int(insert, 2, *cursor);
	return statement_run(insert, err) < 0 ? -1 : statement_number(last, cursor, err);
}

int reconcile_add_hit_of(struct ledger *ledger, int64_t report, const char *assignment_id, struct err *err)
{
	struct statement *insert = store_statement(ledger->store,
						   "INSERT OR IGNORE INTO reconcile_hit (report, hit_id)"
						   " SELECT ?1, hit_id FROM assignment_fact"
						   " WHERE assignment_id = ?2 AND hit_id IS NOT NULL",
						   err);

	if (!insert)
		return -1;
	statement_bind_int(insert, 1, report);
	statement_bind_text(insert, 2, assignment_id);
	return statement_run(insert, err);
}

int reconcile_take_hit(struct ledger *ledger, int64_t report, char hit_id[ID_TEXT_MAX], struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT hit_id FROM reconcile_hit WHERE report = ?1 AND taken = 0 LIMIT 1", err);
	struct statement *update;
	int found;

	if (!get)
		return -1;
	statement_bind_int(get, 1, report);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	(void)snprintf(hit_id, ID_TEXT_MAX, "%s", statement_text(get, 0));
	update = store_statement(ledger->store,
				 "UPDATE reconcile_hit SET taken = 1 WHERE report = ?1 AND hit_id = ?2", err);
	if (update) {
		statement_bind_int(update, 1, report);
		/* As it is in the table: an id that is too long for ours was cut above, and is taken all the same. */
		statement_bind_text(update, 2, statement_text(get, 0));
	}
	statement_reset(get);
	return update && statement_run(update, err) == 0 ? 1 : -1;
}

int64_t reconcile_count_hits(struct ledger *ledger, int64_t report, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store, "SELECT count(*) FROM reconcile_hit WHERE report = ?1", err);
	int64_t count;

	if (!get)
		return -1;
	statement_bind_int(get, 1, report);
	return statement_number(get, &count, err) < 0 ? -1 : count;
}

/* One that the platform does not have at all is asked about once, one whose HIT is gone not at all. */
#define IS_LONELY                                                                                                    \
	"l.assignment_id IS NOT NULL AND coalesce(h.known, 1) AND (f.assignment_id IS NULL OR f.seen_s < ?3)"

int reconcile_next_lonely(struct ledger *ledger, int64_t report, int64_t since_s, int64_t *cursor,
			  char assignment_id[ID_TEXT_MAX], struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT l.id, l.assignment_id, " IS_LONELY " FROM (SELECT id, hit_id, assignment_id FROM reconcile_line"
		" WHERE report = ?1 AND id > ?2 ORDER BY id LIMIT ?4) l"
		" LEFT JOIN assignment_fact f ON f.assignment_id = l.assignment_id"
		" LEFT JOIN hit_fact h ON h.hit_id = l.hit_id ORDER BY l.id",
		err);
	int more, lines = 0;

	if (!get)
		return -1;
	statement_bind_int(get, 1, report);
	statement_bind_int(get, 2, *cursor);
	statement_bind_int(get, 3, since_s);
	statement_bind_int(get, 4, LINES_PER_SLICE);
	while ((more = statement_step(get, err)) == 1) {
		lines++;
		*cursor = statement_int(get, 0);
		if (!statement_int(get, 2))
			continue;
		(void)snprintf(assignment_id, ID_TEXT_MAX, "%s", statement_text(get, 1));
		statement_reset(get);
		return 1;
	}
	return more < 0 ? -1 : lines == LINES_PER_SLICE ? 2 : 0;
}

int reconcile_each_line(struct ledger *ledger, int64_t report, int64_t *cursor, int64_t limit, reconcile_key_fn *fn,
			void *arg, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT id, hit_id, assignment_id, worker_id, result_id"
						" FROM reconcile_line WHERE report = ?1 AND id > ?2"
						" ORDER BY id LIMIT ?3",
						err);
	int64_t lines = 0;
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, report);
	statement_bind_int(get, 2, *cursor);
	statement_bind_int(get, 3, limit);
	while ((more = statement_step(get, err)) == 1) {
		const struct reconcile_key key = { .id = statement_int(get, 0),
						   .hit_id = statement_text(get, 1),
						   .assignment_id = statement_text(get, 2),
						   .worker_id = statement_text(get, 3),
						   .result_id = statement_int(get, 4) };

		lines++;
		*cursor = key.id;
		if (fn(arg, &key, err) < 0) {
			statement_reset(get);
			return -1;
		}
	}
	return more < 0 ? -1 : lines == limit;
}

int reconcile_put_line(struct ledger *ledger, int64_t id, bool agrees, const char *text, struct err *err)
{
	struct statement *update = store_statement(
		ledger->store, "UPDATE reconcile_line SET agrees = ?2, text = ?3 WHERE id = ?1", err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, id);
	statement_bind_int(update, 2, agrees);
	statement_bind_text(update, 3, text);
	return statement_run(update, err);
}

int reconcile_remove_line(struct ledger *ledger, int64_t id, struct err *err)
{
	struct statement *remove = store_statement(ledger->store, "DELETE FROM reconcile_line WHERE id = ?1", err);

	if (!remove)
		return -1;
	statement_bind_int(remove, 1, id);
	return statement_run(remove, err);
}

int64_t reconcile_count_lines(struct ledger *ledger, int64_t report, bool only_differing, struct err *err)
{
	struct statement *get =
		only_differing
			? store_statement(ledger->store,
					  "SELECT count(*) FROM reconcile_line WHERE report = ?1 AND agrees = 0", err)
			: store_statement(ledger->store, "SELECT count(*) FROM reconcile_line WHERE report = ?1", err);
	int64_t count;

	if (!get)
		return -1;
	statement_bind_int(get, 1, report);
	return statement_number(get, &count, err) < 0 ? -1 : count;
}

int reconcile_each_text(struct ledger *ledger, int64_t report, bool only_differing, int64_t offset, int64_t limit,
			reconcile_text_fn *fn, void *arg, struct err *err)
{
	struct statement *get =
		only_differing ? store_statement(ledger->store,
						 "SELECT text FROM reconcile_line WHERE report = ?1 AND agrees = 0"
						 " ORDER BY id LIMIT ?2 OFFSET ?3",
						 err)
			       : store_statement(ledger->store,
						 "SELECT text FROM reconcile_line WHERE report = ?1"
						 " ORDER BY id LIMIT ?2 OFFSET ?3",
						 err);
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, report);
	statement_bind_int(get, 2, limit);
	statement_bind_int(get, 3, offset);
	while ((more = statement_step(get, err)) == 1) {
		const char *text = statement_text(get, 0);

		if (fn(arg, text ? text : "{}") < 0) {
			statement_reset(get);
			return 0;
		}
	}
	return more;
}
