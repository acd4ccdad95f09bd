/* SPDX-License-Identifier: MIT */
#include "results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "joined.h"
#include "op.h"

static int find_source(struct ledger *ledger, const struct source *source, int64_t *source_id, struct err *err)
{
	struct statement *find = store_statement(
		ledger->store, "SELECT id FROM source WHERE path = ?1 AND sha256 = ?2 AND rules = ?3", err);
	int found;

	if (!find)
		return -1;
	statement_bind_text(find, 1, source->path);
	statement_bind_text(find, 2, source->sha256);
	statement_bind_text(find, 3, source->rules);
	found = statement_step(find, err);
	if (found == 1) {
		*source_id = statement_int(find, 0);
		statement_reset(find);
	}
	return found;
}

static int add_snapshot(struct ledger *ledger, const struct source *source, struct err *err)
{
	struct statement *insert = store_statement(
		ledger->store,
		"INSERT OR IGNORE INTO snapshot (sha256, bytes, read_s, kept) VALUES (?1, ?2, ?3, 0)", err);

	if (!insert)
		return -1;
	statement_bind_text(insert, 1, source->sha256);
	statement_bind_int(insert, 2, source->bytes);
	statement_bind_int(insert, 3, clock_wall_ms() / 1000);
	return statement_run(insert, err);
}

int results_add_source(struct ledger *ledger, const struct source *source, int64_t *source_id, struct err *err)
{
	int found = find_source(ledger, source, source_id, err);
	struct statement *insert;

	if (found != 0)
		return found < 0 ? -1 : 0;
	if (store_begin(ledger->store, err) < 0 || add_snapshot(ledger, source, err) < 0)
		return -1;
	insert = store_statement(ledger->store,
				 "INSERT INTO source (sha256, path, game, room, rules, read_s, sequence, ready,"
				 " room_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7)",
				 err);
	if (!insert)
		return -1;
	statement_bind_text(insert, 1, source->sha256);
	statement_bind_text(insert, 2, source->path);
	statement_bind_text(insert, 3, source->game);
	statement_bind_text(insert, 4, source->room);
	statement_bind_text(insert, 5, source->rules);
	statement_bind_int(insert, 6, clock_wall_ms() / 1000);
	if (source->room_id)
		statement_bind_int(insert, 7, source->room_id);
	if (statement_run(insert, err) < 0)
		return -1;
	*source_id = store_last_id(ledger->store);
	return 1;
}

/* An older version that is read again is the one that counts again. */
int results_make_ready(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *update =
		store_begin(ledger->store, err) < 0
			? NULL
			: store_statement(ledger->store,
					  "UPDATE source SET ready = 1, sequence = (SELECT max(n.sequence) + 1"
					  " FROM source n WHERE n.path = source.path) WHERE id = ?1",
					  err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, source_id);
	return statement_run(update, err);
}

int results_leave_to_people(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *update =
		store_begin(ledger->store, err) < 0
			? NULL
			: store_statement(ledger->store,
					  "UPDATE result SET todo = 0 WHERE source_id = ?1 AND todo = 1", err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, source_id);
	return statement_run(update, err);
}

int results_newest_watched(struct ledger *ledger, const char *path, struct results_version *out, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT s.id, s.sha256, n.bytes FROM source s JOIN snapshot n ON n.sha256 = s.sha256"
				" WHERE s.path = ?1 AND s.ready AND s.room_id IS NOT NULL"
				" ORDER BY s.sequence DESC LIMIT 1",
				err);
	int found;

	if (!get)
		return -1;
	statement_bind_text(get, 1, path);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	out->source_id = statement_int(get, 0);
	(void)snprintf(out->sha256, sizeof(out->sha256), "%s", statement_text(get, 1));
	out->bytes = statement_int(get, 2);
	statement_reset(get);
	return 1;
}

#define ABANDON "UPDATE source SET path = '', rules = id WHERE ready = 0"

int results_abandon(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *update = store_begin(ledger->store, err) < 0
					   ? NULL
					   : store_statement(ledger->store, ABANDON " AND id = ?1", err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, source_id);
	return statement_run(update, err);
}

int results_abandon_all(struct ledger *ledger, struct err *err)
{
	return store_begin(ledger->store, err) < 0 ? -1 : store_execute(ledger->store, ABANDON, err);
}

/* Without rows now. What was read for it alone is forgotten, too. */
static int remove_source(struct ledger *ledger, int64_t source_id, const char *sha256, struct err *err)
{
	struct statement *source = store_statement(ledger->store, "DELETE FROM source WHERE id = ?1", err);
	struct statement *snapshot =
		store_statement(ledger->store,
				"DELETE FROM snapshot WHERE sha256 = ?1 AND kept = 0 AND removed_s = 0"
				" AND NOT EXISTS (SELECT 1 FROM source s WHERE s.sha256 = snapshot.sha256)",
				err);

	if (!source || !snapshot)
		return -1;
	statement_bind_int(source, 1, source_id);
	statement_bind_text(snapshot, 1, sha256);
	return statement_run(source, err) < 0 ? -1 : statement_run(snapshot, err);
}

int results_remove_abandoned(struct ledger *ledger, int64_t limit, struct err *err)
{
	struct statement *find = store_statement(
		ledger->store,
		"SELECT id, sha256 FROM source WHERE path = '' AND ready = 0 ORDER BY sequence, id LIMIT 1", err);
	char sha256[DIGEST_HEX_MAX];
	struct statement *remove;
	int64_t source_id;
	int found = find ? statement_step(find, err) : -1;

	if (found != 1)
		return found;
	source_id = statement_int(find, 0);
	(void)snprintf(sha256, sizeof(sha256), "%s", statement_text(find, 1));
	statement_reset(find);
	remove = store_begin(ledger->store, err) < 0
			 ? NULL
			 : store_statement(ledger->store,
					   "DELETE FROM result WHERE id IN"
					   " (SELECT id FROM result WHERE source_id = ?1 LIMIT ?2)",
					   err);
	if (!remove)
		return -1;
	statement_bind_int(remove, 1, source_id);
	statement_bind_int(remove, 2, limit);
	if (statement_run(remove, err) < 0)
		return -1;
	if (store_changes(ledger->store) == limit)
		return 1;
	return remove_source(ledger, source_id, sha256, err) < 0 ? -1 : 1;
}

static void bind_join(struct statement *insert, const struct row *row)
{
	statement_bind_int(insert, 24, row->waits ? JOIN_WAITING : JOIN_NOT);
	if (!row->waits)
		return;
	statement_bind_int(insert, 25, row->join_verdict);
	statement_bind_text(insert, 26, row->join_why);
}

/* The texts live until the row is in. */
int results_add_row(struct ledger *ledger, int64_t source_id, const struct row *row, const int64_t *digest,
		    struct err *err)
{
	struct statement *insert = store_statement(
		ledger->store,
		"INSERT INTO result (source_id, line, player_id, type, worker_id, assignment_id, hit_id, access_code,"
		" exit_code, bonus_text, bonus_cents, bonus_payable, qualification_type_id, integer_value,"
		" send_notification, reason, requester_feedback, verdict, why, problem_column, beyond_limits, digest,"
		" todo, join_state, join_verdict, join_why)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
		" ?21, ?22, ?23, ?24, ?25, ?26)",
		err);

	if (!insert)
		return -1;
	statement_bind_int(insert, 1, source_id);
	statement_bind_int(insert, 2, row->line);
	statement_bind_borrowed(insert, 3, row->player_id);
	statement_bind_borrowed(insert, 4, row->type);
	statement_bind_borrowed(insert, 5, row->worker_id);
	statement_bind_borrowed(insert, 6, row->assignment_id);
	statement_bind_borrowed(insert, 7, row->hit_id);
	statement_bind_borrowed(insert, 8, row->access_code);
	statement_bind_borrowed(insert, 9, row->exit_code);
	statement_bind_borrowed(insert, 10, row->bonus_text);
	statement_bind_int(insert, 11, row->bonus_cents);
	statement_bind_int(insert, 12, row->has_bonus);
	statement_bind_borrowed(insert, 13, row->qualification_type_id);
	if (row->has_integer_value)
		statement_bind_int(insert, 14, row->integer_value);
	if (row->send_notification != TRUTH_ABSENT)
		statement_bind_int(insert, 15, row->send_notification == TRUTH_YES);
	statement_bind_borrowed(insert, 16, row->reason);
	statement_bind_borrowed(insert, 17, row->requester_feedback);
	statement_bind_int(insert, 18, row->verdict);
	statement_bind_borrowed(insert, 19, row->why);
	statement_bind_int(insert, 20, row->column);
	statement_bind_int(insert, 21, row->is_beyond_limits);
	if (digest)
		statement_bind_int(insert, 22, *digest);
	statement_bind_int(insert, 23, digest && row->verdict != VERDICT_SKIP);
	bind_join(insert, row);
	return statement_run(insert, err);
}

int results_count_rows(struct ledger *ledger, int64_t source_id, const int64_t verdicts[VERDICT_SKIP + 1],
		       struct err *err)
{
	struct statement *update = store_statement(ledger->store,
						   "UPDATE source SET approve_rows = ?2, reject_rows = ?3,"
						   " hold_rows = ?4, skip_rows = ?5 WHERE id = ?1",
						   err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, source_id);
	for (int verdict = 0; verdict <= VERDICT_SKIP; verdict++)
		statement_bind_int(update, 2 + verdict, verdicts[verdict]);
	return statement_run(update, err);
}

int results_get_counts(struct ledger *ledger, int64_t source_id, int64_t verdicts[VERDICT_SKIP + 1], struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT approve_rows, reject_rows, hold_rows, skip_rows FROM source WHERE id = ?1", err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, source_id);
	if (statement_step(get, err) != 1)
		return -1;
	for (int verdict = 0; verdict <= VERDICT_SKIP; verdict++)
		verdicts[verdict] = statement_int(get, verdict);
	statement_reset(get);
	return 0;
}

int results_get_exit_code(struct ledger *ledger, int64_t row_id, char **out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT exit_code FROM result WHERE id = ?1 AND exit_code IS NOT NULL", err);
	int found;

	*out = NULL;
	if (!get)
		return -1;
	statement_bind_int(get, 1, row_id);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	*out = strdup(statement_text(get, 0));
	statement_reset(get);
	return *out ? 1 : err_set(err, ERR_INTERNAL, "out of memory");
}

int64_t working_set_count(struct ledger *ledger, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT coalesce(sum(s.approve_rows + s.reject_rows + s.hold_rows + s.skip_rows), 0)"
				" FROM working_set w JOIN source s ON s.id = w.source_id",
				err);
	int64_t count;

	return statement_number(get, &count, err) < 0 ? -1 : count;
}

int working_set_clear(struct ledger *ledger, struct err *err)
{
	return store_begin(ledger->store, err) < 0 ? -1
						   : store_execute(ledger->store, "DELETE FROM working_set", err);
}

/* Other versions of the same file make room: what the newest one does not say is not asked for any more. */
static int leave_other_versions(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *clear = store_statement(ledger->store,
						  "DELETE FROM working_set WHERE source_id IN (SELECT other.id"
						  " FROM source this JOIN source other ON other.path = this.path"
						  " AND other.id <> this.id WHERE this.id = ?1)",
						  err);

	if (!clear)
		return -1;
	statement_bind_int(clear, 1, source_id);
	return statement_run(clear, err);
}

int64_t working_set_add(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *insert, *rows;
	int64_t added = 0;

	if (store_begin(ledger->store, err) < 0 || leave_other_versions(ledger, source_id, err) < 0)
		return -1;
	insert = store_statement(ledger->store, "INSERT OR IGNORE INTO working_set (source_id) VALUES (?1)", err);
	if (!insert)
		return -1;
	statement_bind_int(insert, 1, source_id);
	if (statement_run(insert, err) < 0)
		return -1;
	if (store_changes(ledger->store) == 0)
		return 0;
	rows = store_statement(ledger->store,
			       "SELECT approve_rows + reject_rows + hold_rows + skip_rows FROM source WHERE id = ?1",
			       err);
	if (!rows)
		return -1;
	statement_bind_int(rows, 1, source_id);
	return statement_number(rows, &added, err) < 0 ? -1 : added;
}

struct json_object *results_problems(struct ledger *ledger, int64_t source_id, int64_t limit, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT line, problem_column, why FROM result WHERE source_id = ?1"
						" AND verdict = 2 AND current = 1 ORDER BY id LIMIT ?2",
						err);
	struct json_object *problems;
	int more;

	if (!get)
		return NULL;
	statement_bind_int(get, 1, source_id);
	statement_bind_int(get, 2, limit);
	problems = json_object_new_array();
	while ((more = statement_step(get, err)) == 1) {
		struct json_object *problem = json_object_new_object();

		json_put_int(problem, "line", statement_int(get, 0));
		json_put_value(problem, "column",
			       statement_int(get, 1) ? json_object_new_int64(statement_int(get, 1)) : NULL);
		json_put_text(problem, "message", statement_text(get, 2));
		(void)json_object_array_add(problems, problem);
	}
	if (more == 0)
		return problems;
	json_object_put(problems);
	return NULL;
}

/* The rows of the working set as they stand now. */
#define STANDING " FROM working_set w CROSS JOIN result r ON r.source_id = w.source_id" STANDING_OPERATIONS

static int summarise_verdicts(struct ledger *ledger, struct json_object *out, struct err *err)
{
	static const char *const names[] = { "approve", "reject", "hold", "skip", "done", "conflict" };
	struct statement *get = store_statement(
		ledger->store, "SELECT " STANDING_VERDICT " AS standing, count(*)" STANDING "GROUP BY standing", err);
	struct json_object *results = json_object_new_object();
	int64_t total = 0;
	int more = -1;

	json_put_int(results, "total", 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_put_int(results, names[i], 0);
	while (get && (more = statement_step(get, err)) == 1) {
		json_put_int(results, statement_text(get, 0), statement_int(get, 1));
		total += statement_int(get, 1);
	}
	json_put_int(results, "total", total);
	json_put_value(out, "results", results);
	return more;
}

static void put_rounded(struct json_object *out, const char *key, double value, bool known)
{
	json_put_value(out, key, known ? json_object_new_int64((int64_t)floor(value + 0.5)) : NULL);
}

/* Sample standard deviation (N - 1), as the seed's NDDB computes it; statistics only, no amount comes from here. */
static int summarise_bonuses(struct ledger *ledger, struct json_object *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT count(*), coalesce(sum(r.bonus_cents), 0), min(r.bonus_cents), max(r.bonus_cents),"
		" total(1.0 * r.bonus_cents * r.bonus_cents), count(r.qualification_type_id)"
		" FROM working_set w CROSS JOIN result r ON r.source_id = w.source_id"
		" WHERE r.bonus_payable AND r.verdict < 2",
		err);
	struct json_object *bonus, *qualification;
	double n, mean, squares;

	if (!get || statement_step(get, err) != 1)
		return -1;
	n = (double)statement_int(get, 0);
	mean = n > 0 ? (double)statement_int(get, 1) / n : 0;
	squares = strtod(statement_text(get, 4), NULL);
	bonus = json_object_new_object();
	json_put_int(bonus, "count", statement_int(get, 0));
	json_put_int(bonus, "total_cents", statement_int(get, 1));
	put_rounded(bonus, "mean_cents", mean, n > 0);
	put_rounded(bonus, "std_cents", n > 1 ? sqrt(fmax(0, (squares - n * mean * mean) / (n - 1))) : 0, n > 1);
	put_rounded(bonus, "min_cents", (double)statement_int(get, 2), n > 0);
	put_rounded(bonus, "max_cents", (double)statement_int(get, 3), n > 0);
	json_put_value(out, "bonus", bonus);
	qualification = json_object_new_object();
	json_put_int(qualification, "count", statement_int(get, 5));
	json_put_value(out, "qualification", qualification);
	statement_reset(get);
	return 0;
}

struct json_object *results_summary(struct ledger *ledger, struct err *err)
{
	struct json_object *out = json_object_new_object();

	if (summarise_verdicts(ledger, out, err) == 0 && summarise_bonuses(ledger, out, err) == 0)
		return out;
	json_object_put(out);
	return NULL;
}

static struct json_object *describe_row(struct statement *get)
{
	static const struct {
		const char *name;
		int column;
	} texts[] = { { "file", 1 },	      { "room", 2 },	      { "id", 4 },	   { "type", 5 },
		      { "worker_id", 6 },     { "assignment_id", 7 }, { "hit_id", 8 },	   { "exit_code", 9 },
		      { "access_code", 10 },  { "verdict", 11 },      { "why", 12 } };
	struct json_object *row = json_object_new_object();

	json_put_int(row, "row", statement_int(get, 0));
	json_put_int(row, "line", statement_int(get, 3));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_put_text(row, texts[i].name, statement_text(get, texts[i].column));
	json_put_value(row, "bonus_cents",
		       statement_is_null(get, 13) ? NULL : json_object_new_int64(statement_int(get, 13)));
	json_put_text(row, "decision_state",
		      statement_is_null(get, 14) ? NULL : op_state_name((enum op_state)statement_int(get, 14)));
	json_put_text(row, "bonus_state",
		      statement_is_null(get, 15) ? NULL : op_state_name((enum op_state)statement_int(get, 15)));
	return row;
}

/* Without a verdict nobody needs to look at the rows themselves to count them. */
static int64_t count_rows(struct ledger *ledger, const char *verdict, struct err *err)
{
	struct statement *get;
	int64_t count;

	if (!verdict)
		return working_set_count(ledger, err);
	get = store_statement(ledger->store, "SELECT count(*)" STANDING "WHERE " STANDING_VERDICT " = ?1", err);
	if (!get)
		return -1;
	statement_bind_text(get, 1, verdict);
	return statement_number(get, &count, err) < 0 ? -1 : count;
}

#define PAGE_COLUMNS                                                                                                 \
	"SELECT r.id, s.path, s.room, r.line, r.player_id, r.type, r.worker_id, r.assignment_id, r.hit_id,"          \
	" r.exit_code, r.access_code, " STANDING_VERDICT ", r.why, CASE WHEN r.bonus_payable THEN r.bonus_cents END," \
	" d.state, b.state"
#define PAGE_SOURCE "JOIN source s ON s.id = r.source_id "

/* Nor to skip those before the page. */
static struct statement *select_page(struct ledger *ledger, const char *verdict, int64_t offset, int64_t limit,
				     struct err *err)
{
	static const char *const sql[] = {
		PAGE_COLUMNS " FROM (SELECT r.id AS id FROM working_set w CROSS JOIN result r"
			     "  ON r.source_id = w.source_id ORDER BY w.source_id, r.id LIMIT ?2 OFFSET ?3) p"
			     " CROSS JOIN result r ON r.id = p.id" STANDING_OPERATIONS PAGE_SOURCE "WHERE ?1 IS NULL"
			     " ORDER BY r.source_id, r.id",
		PAGE_COLUMNS STANDING PAGE_SOURCE "WHERE " STANDING_VERDICT " = ?1"
			     " ORDER BY w.source_id, r.id LIMIT ?2 OFFSET ?3",
	};
	struct statement *get = store_statement(ledger->store, sql[verdict != NULL], err);

	if (!get)
		return NULL;
	statement_bind_text(get, 1, verdict);
	statement_bind_int(get, 2, limit);
	statement_bind_int(get, 3, offset);
	return get;
}

struct json_object *results_page(struct ledger *ledger, const char *verdict, int64_t offset, int64_t limit,
				 struct err *err)
{
	int64_t total = count_rows(ledger, verdict, err);
	struct statement *get = total < 0 ? NULL : select_page(ledger, verdict, offset, limit, err);
	struct json_object *out, *rows;
	int more;

	if (!get)
		return NULL;
	rows = json_object_new_array();
	while ((more = statement_step(get, err)) == 1)
		(void)json_object_array_add(rows, describe_row(get));
	if (more < 0) {
		json_object_put(rows);
		return NULL;
	}
	out = json_object_new_object();
	json_put_int(out, "total", total);
	json_put_value(out, "next_offset", offset < total - limit ? json_object_new_int64(offset + limit) : NULL);
	json_put_value(out, "rows", rows);
	return out;
}
