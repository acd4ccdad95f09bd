/* SPDX-License-Identifier: MIT */
#include "results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
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
		ledger->store, "INSERT OR IGNORE INTO snapshot (sha256, bytes, read_s) VALUES (?1, ?2, ?3)", err);

	if (!insert)
		return -1;
	statement_bind_text(insert, 1, source->sha256);
	statement_bind_int(insert, 2, source->bytes);
	statement_bind_int(insert, 3, clock_wall_ms() / 1000);
	return statement_run(insert, err);
}

/* An older version that is loaded again is the one that counts again. */
static int make_newest(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *update =
		store_begin(ledger->store, err) < 0
			? NULL
			: store_statement(ledger->store,
					  "UPDATE source SET sequence = (SELECT max(sequence) + 1 FROM"
					  " source) WHERE id = ?1",
					  err);

	if (!update)
		return -1;
	statement_bind_int(update, 1, source_id);
	return statement_run(update, err);
}

int results_add_source(struct ledger *ledger, const struct source *source, int64_t *source_id, struct err *err)
{
	int found = find_source(ledger, source, source_id, err);
	struct statement *insert;

	if (found != 0)
		return found < 0 ? -1 : make_newest(ledger, *source_id, err);
	if (store_begin(ledger->store, err) < 0 || add_snapshot(ledger, source, err) < 0)
		return -1;
	insert =
		store_statement(ledger->store,
				"INSERT INTO source (sha256, path, game, room, rules, read_s, sequence)"
				" VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(sequence), 0) + 1 FROM source))",
				err);
	if (!insert)
		return -1;
	statement_bind_text(insert, 1, source->sha256);
	statement_bind_text(insert, 2, source->path);
	statement_bind_text(insert, 3, source->game);
	statement_bind_text(insert, 4, source->room);
	statement_bind_text(insert, 5, source->rules);
	statement_bind_int(insert, 6, clock_wall_ms() / 1000);
	if (statement_run(insert, err) < 0)
		return -1;
	*source_id = store_last_id(ledger->store);
	return 1;
}

int results_add_row(struct ledger *ledger, int64_t source_id, const struct row *row, struct err *err)
{
	struct statement *insert = store_statement(
		ledger->store,
		"INSERT INTO result (source_id, line, player_id, type, worker_id, assignment_id, hit_id, access_code,"
		" exit_code, bonus_text, bonus_cents, bonus_payable, qualification_type_id, integer_value,"
		" send_notification, reason, requester_feedback, verdict, why, problem_column, beyond_limits)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
		" ?21)",
		err);

	if (!insert)
		return -1;
	statement_bind_int(insert, 1, source_id);
	statement_bind_int(insert, 2, row->line);
	statement_bind_text(insert, 3, row->player_id);
	statement_bind_text(insert, 4, row->type);
	statement_bind_text(insert, 5, row->worker_id);
	statement_bind_text(insert, 6, row->assignment_id);
	statement_bind_text(insert, 7, row->hit_id);
	statement_bind_text(insert, 8, row->access_code);
	statement_bind_text(insert, 9, row->exit_code);
	statement_bind_text(insert, 10, row->bonus_text);
	statement_bind_int(insert, 11, row->bonus_cents);
	statement_bind_int(insert, 12, row->has_bonus);
	statement_bind_text(insert, 13, row->qualification_type_id);
	if (row->has_integer_value)
		statement_bind_int(insert, 14, row->integer_value);
	if (row->send_notification != TRUTH_ABSENT)
		statement_bind_int(insert, 15, row->send_notification == TRUTH_YES);
	statement_bind_text(insert, 16, row->reason);
	statement_bind_text(insert, 17, row->requester_feedback);
	statement_bind_int(insert, 18, row->verdict);
	statement_bind_text(insert, 19, row->why);
	statement_bind_int(insert, 20, row->column);
	statement_bind_int(insert, 21, row->is_beyond_limits);
	return statement_run(insert, err);
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
	struct statement *get = store_statement(ledger->store, "SELECT count(*) FROM working_set", err);
	int64_t count;

	return statement_number(get, &count, err) < 0 ? -1 : count;
}

int working_set_clear(struct ledger *ledger, struct err *err)
{
	return store_begin(ledger->store, err) < 0 ? -1
						   : store_execute(ledger->store, "DELETE FROM working_set", err);
}

/* The rows of other versions of the same file make room: what the newest one does not say is not asked for any more. */
static int leave_older_versions(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *clear = store_statement(
		ledger->store,
		"DELETE FROM working_set WHERE result_id IN (SELECT r.id FROM source this JOIN source other"
		" ON other.path = this.path AND other.id <> this.id JOIN result r ON r.source_id = other.id"
		" WHERE this.id = ?1)",
		err);

	if (!clear)
		return -1;
	statement_bind_int(clear, 1, source_id);
	return statement_run(clear, err);
}

int64_t working_set_add(struct ledger *ledger, int64_t source_id, struct err *err)
{
	struct statement *insert;

	if (store_begin(ledger->store, err) < 0 || leave_older_versions(ledger, source_id, err) < 0)
		return -1;
	insert = store_statement(ledger->store,
				 "INSERT OR IGNORE INTO working_set (result_id)"
				 " SELECT id FROM result WHERE source_id = ?1 ORDER BY id",
				 err);
	if (!insert)
		return -1;
	statement_bind_int(insert, 1, source_id);
	return statement_run(insert, err) < 0 ? -1 : store_changes(ledger->store);
}

int results_count_source(struct ledger *ledger, int64_t source_id, struct source_counts *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT verdict, count(*) FROM result WHERE source_id = ?1 GROUP BY verdict", err);
	struct statement *repeated;
	int more;

	*out = (struct source_counts){ 0 };
	if (!get)
		return -1;
	statement_bind_int(get, 1, source_id);
	while ((more = statement_step(get, err)) == 1) {
		int64_t verdict = statement_int(get, 0);

		out->rows += statement_int(get, 1);
		if (verdict >= 0 && verdict <= VERDICT_SKIP)
			out->verdicts[verdict] = statement_int(get, 1);
	}
	if (more < 0)
		return -1;
	repeated =
		store_statement(ledger->store,
				"SELECT count(*) FROM result r WHERE r.source_id = ?1 AND r.assignment_id IS NOT NULL"
				" AND EXISTS (SELECT 1 FROM result o JOIN working_set w ON w.result_id = o.id"
				"  WHERE o.assignment_id = r.assignment_id AND o.id < r.id)",
				err);
	if (!repeated)
		return -1;
	statement_bind_int(repeated, 1, source_id);
	return statement_number(repeated, &out->duplicates, err);
}

struct json_object *results_problems(struct ledger *ledger, int64_t source_id, int64_t limit, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT line, problem_column, why FROM result"
						" WHERE source_id = ?1 AND verdict = ?2 ORDER BY line, id LIMIT ?3",
						err);
	struct json_object *problems;
	int more;

	if (!get)
		return NULL;
	statement_bind_int(get, 1, source_id);
	statement_bind_int(get, 2, VERDICT_HOLD);
	statement_bind_int(get, 3, limit);
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

/* A row of the working set as it stands now: what the file asked for (r), what became of the decision (d) and of the
 * bonus (b). */
#define STANDING \
	" FROM working_set w JOIN result r ON r.id = w.result_id" \
	" LEFT JOIN operation d ON d.key = 'decision/' || r.assignment_id" \
	" LEFT JOIN operation b ON b.key = 'bonus/' || r.assignment_id || '/' || r.worker_id || '/" OP_PURPOSE_DEFAULT \
	"' "

/* Its verdict by now: verdict numbers of row.h as text, and "done", "conflict" on top of them. */
#define STANDING_VERDICT                                                                                             \
	"CASE WHEN r.verdict = 2 THEN 'hold' WHEN r.verdict = 3 THEN 'skip'"                                         \
	" WHEN d.kind <> r.verdict OR (r.bonus_payable AND b.amount_minor <> r.bonus_cents) THEN 'conflict'"         \
	" WHEN d.state = 6 THEN 'done' WHEN r.verdict = 0 THEN 'approve' ELSE 'reject' END"

_Static_assert(VERDICT_APPROVE == (int)OP_APPROVE && VERDICT_REJECT == (int)OP_REJECT && VERDICT_HOLD == 2 &&
		       VERDICT_SKIP == 3 && OP_DONE == 6,
	       "the numbers in STANDING_VERDICT");

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
		" FROM working_set w JOIN result r ON r.id = w.result_id WHERE r.bonus_payable AND r.verdict < 2",
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

static int64_t count_rows(struct ledger *ledger, const char *verdict, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT count(*)" STANDING "WHERE ?1 IS NULL OR " STANDING_VERDICT " = ?1", err);
	int64_t count;

	if (!get)
		return -1;
	statement_bind_text(get, 1, verdict);
	return statement_number(get, &count, err) < 0 ? -1 : count;
}

struct json_object *results_page(struct ledger *ledger, const char *verdict, int64_t offset, int64_t limit,
				 struct err *err)
{
	int64_t total = count_rows(ledger, verdict, err);
	struct statement *get;
	struct json_object *out, *rows;
	int more;

	if (total < 0)
		return NULL;
	get = store_statement(ledger->store,
			      "SELECT r.id, s.path, s.room, r.line, r.player_id, r.type, r.worker_id, r.assignment_id,"
			      " r.hit_id, r.exit_code, r.access_code, " STANDING_VERDICT ", r.why,"
			      " CASE WHEN r.bonus_payable THEN r.bonus_cents END, d.state, b.state" STANDING
			      "JOIN source s ON s.id = r.source_id WHERE ?1 IS NULL OR " STANDING_VERDICT " = ?1"
			      " ORDER BY r.id LIMIT ?2 OFFSET ?3",
			      err);
	if (!get)
		return NULL;
	statement_bind_text(get, 1, verdict);
	statement_bind_int(get, 2, limit);
	statement_bind_int(get, 3, offset);
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
