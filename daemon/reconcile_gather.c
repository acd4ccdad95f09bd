/* SPDX-License-Identifier: MIT */
#include "reconcile_gather.h"

#include <string.h>

#include "money.h"
#include "results.h"

/* Rows and operations of one assignment that are looked at; beyond, somebody plays games. */
#define RECORDS_MAX 256

struct gathering {
	const struct reconcile_asking *asking;
	const struct reconcile_key *key;
	struct reconcile_gathered *out;
	int64_t elsewhere; /* rows outside of the scope */
};

static struct json_object *add_object(struct json_object *in, const char *name)
{
	struct json_object *object = json_object_new_object();

	json_put_value(in, name, object);
	return object;
}

/* Puts a text, and gives back the copy that lives as long as the object. */
static const char *keep(struct json_object *object, const char *name, const char *text)
{
	const char *kept = NULL;

	json_put_text(object, name, text);
	(void)json_get_text(object, name, &kept);
	return kept;
}

/* --- files --- */

/* Different amounts only: the same row in two places asks for one bonus. */
static void add_asked(struct reconcile_line *line, int64_t amount_minor)
{
	struct reconcile_file *file = &line->file;

	for (size_t i = 0; i < file->asked; i++)
		if (file->asked_minor[i] == amount_minor)
			return;
	if (file->asked == RECONCILE_PAYMENTS_MAX)
		line->is_cut = true;
	else
		file->asked_minor[file->asked++] = amount_minor;
}

static void take_first_row(struct gathering *g, struct statement *get, enum verdict verdict, bool is_beyond)
{
	struct reconcile_file *file = &g->out->line.file;
	struct json_object *object = add_object(g->out->described, "file");

	file->verdict = verdict;
	file->is_beyond_limits = is_beyond;
	json_put_text(object, "path", statement_text(get, 0));
	json_put_int(object, "line", statement_int(get, 1));
	json_put_text(object, "verdict", verdict_name((enum verdict)statement_int(get, 2)));
	file->why = keep(object, "why", statement_text(get, 3));
	file->hit_id = keep(object, "hit_id", statement_text(get, 6));
}

static void take_row(struct gathering *g, struct statement *get)
{
	struct reconcile_file *file = &g->out->line.file;
	bool is_beyond = statement_int(get, 7) != 0;
	enum verdict verdict = is_beyond ? VERDICT_APPROVE : (enum verdict)statement_int(get, 2);

	if (!statement_int(get, 8)) {
		g->elsewhere++;
		return;
	}
	if (file->rows++ == 0)
		take_first_row(g, get, verdict, is_beyond);
	else if ((verdict == VERDICT_APPROVE && file->verdict == VERDICT_REJECT) ||
		 (verdict == VERDICT_REJECT && file->verdict == VERDICT_APPROVE))
		file->is_contradictory = true;
	if (statement_int(get, 4) || is_beyond)
		add_asked(&g->out->line, statement_int(get, 5));
}

/* The rows of the scope and, marked as such, those of other files. */
#define ROW_IS_SET "EXISTS (SELECT 1 FROM working_set w WHERE w.source_id = r.source_id)"
#define ROW_IS_OURS                                                                                                  \
	"CASE WHEN ?1 THEN " ROW_IS_SET                                                                              \
	" ELSE (?2 IS NULL OR s.room = ?2) AND (?3 IS NULL OR s.game = ?3) END AS is_ours"
#define ROW_COLUMNS                                                                                                  \
	"SELECT s.path, r.line, r.verdict, r.why, r.bonus_payable, coalesce(r.bonus_cents, 0), r.hit_id,"            \
	" r.beyond_limits, " ROW_IS_OURS " FROM "

static void bind_scope(struct statement *statement, const struct reconcile_scope *scope)
{
	statement_bind_int(statement, 1, scope->is_working_set);
	statement_bind_text(statement, 2, scope->room);
	statement_bind_text(statement, 3, scope->game);
}

static struct statement *select_rows(const struct gathering *g, struct err *err)
{
	struct ledger *ledger = g->asking->ledger;
	struct statement *get;

	if (g->key->assignment_id)
		get = store_statement(ledger->store,
				      ROW_COLUMNS ROWS_BY("assignment_id", "= ?4")
						  " WHERE (r.worker_id IS NULL OR ?5 IS NULL OR r.worker_id = ?5)"
						  " AND (" ROW_IS_CURRENT " OR (?1 AND " ROW_IS_SET "))"
						  " ORDER BY is_ours DESC, r.worker_id IS NULL, r.id LIMIT ?6",
				      err);
	else
		get = store_statement(ledger->store,
				      ROW_COLUMNS "result r JOIN source s ON s.id = r.source_id"
						  " WHERE r.id = ?4 LIMIT ?6",
				      err);
	if (!get)
		return NULL;
	bind_scope(get, g->asking->scope);
	if (g->key->assignment_id) {
		statement_bind_text(get, 4, g->key->assignment_id);
		statement_bind_text(get, 5, g->key->worker_id);
	} else {
		statement_bind_int(get, 4, g->key->result_id);
	}
	statement_bind_int(get, 6, RECORDS_MAX);
	return get;
}

/* Whom a file names for this assignment, if it is not this worker. */
static int find_other_worker(struct gathering *g, struct err *err)
{
	struct statement *get = store_statement(g->asking->ledger->store,
						"SELECT r.worker_id, " ROW_IS_OURS " FROM "
						ROWS_BY("assignment_id", "= ?4")
						" WHERE r.worker_id <> ?5 AND (" ROW_IS_CURRENT
						" OR (?1 AND " ROW_IS_SET ")) ORDER BY is_ours DESC, r.id LIMIT 1",
						err);
	int found;

	if (!get)
		return -1;
	bind_scope(get, g->asking->scope);
	statement_bind_text(get, 4, g->key->assignment_id);
	statement_bind_text(get, 5, g->key->worker_id);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	if (statement_int(get, 1))
		g->out->line.file.other_worker = keep(g->out->described, "worker_in_file", statement_text(get, 0));
	else
		g->elsewhere++;
	statement_reset(get);
	return 0;
}

static int gather_file(struct gathering *g, struct err *err)
{
	struct reconcile_file *file = &g->out->line.file;
	struct statement *get = select_rows(g, err);
	struct json_object *object;
	int more;

	if (!get)
		return -1;
	while ((more = statement_step(get, err)) == 1)
		take_row(g, get);
	if (more < 0)
		return -1;
	for (size_t i = 0; i < file->asked; i++)
		(void)money_add(&g->out->sums.file_minor, file->asked_minor[i]);
	object = json_get_object(g->out->described, "file");
	if (object) {
		json_put_int(object, "rows", file->rows);
		json_put_int(object, "bonus_cents", g->out->sums.file_minor);
	} else {
		json_put_text(g->out->described, "file", NULL);
	}
	return file->rows == 0 && g->key->worker_id ? find_other_worker(g, err) : 0;
}

/* --- ledger --- */

static void take_decision(struct gathering *g, struct statement *get, struct json_object *object)
{
	struct reconcile_ledger *ledger = &g->out->line.ledger;
	struct json_object *decision = add_object(object, "decision");

	ledger->has_decision = true;
	ledger->decision = (struct reconcile_decision){ .kind = (enum op_kind)statement_int(get, 1),
							.state = (enum op_state)statement_int(get, 2),
							.changed_s = statement_int(get, 7),
							.goes_on = statement_int(get, 10) == HOLD_UNDO };
	json_put_int(decision, "operation", statement_int(get, 0));
	json_put_text(decision, "kind", op_kind_name(ledger->decision.kind));
	json_put_text(decision, "state", op_state_name(ledger->decision.state));
	json_put_time(decision, "at", ledger->decision.changed_s);
	ledger->decision.why = keep(decision, "why", statement_text(get, 6));
	ledger->decision.outcome = keep(decision, "outcome", statement_text(get, 9));
}

static void take_bonus(struct gathering *g, struct statement *get, struct json_object *bonuses)
{
	struct reconcile_ledger *ledger = &g->out->line.ledger;
	struct json_object *object;
	struct reconcile_bonus *bonus;

	if (ledger->count == RECONCILE_PAYMENTS_MAX) {
		g->out->line.is_cut = true;
		return;
	}
	bonus = &ledger->bonuses[ledger->count++];
	object = json_object_new_object();
	(void)json_object_array_add(bonuses, object);
	*bonus = (struct reconcile_bonus){ .state = (enum op_state)statement_int(get, 2),
					   .amount_minor = statement_int(get, 3),
					   .changed_s = statement_int(get, 7),
					   .is_doubtful = statement_int(get, 8) != 0 };
	json_put_int(object, "operation", statement_int(get, 0));
	json_put_text(object, "purpose", statement_text(get, 5));
	json_put_text(object, "state", op_state_name(bonus->state));
	json_put_int(object, "amount_cents", bonus->amount_minor);
	json_put_int(object, "fees_cents", statement_int(get, 4));
	json_put_time(object, "at", bonus->changed_s);
	bonus->why = keep(object, "why", statement_text(get, 6));
	bonus->has_own_purpose = statement_text(get, 5) && strcmp(statement_text(get, 5), OP_PURPOSE_DEFAULT) != 0;
	if (bonus->state != OP_DONE)
		return;
	(void)money_add(&g->out->sums.ledger_minor, bonus->amount_minor);
	(void)money_add(&g->out->sums.ledger_fees_minor, statement_int(get, 4));
}

/* A ledger that was edited by hand may hold anything. */
static bool makes_sense(struct statement *get)
{
	return statement_int(get, 2) >= 0 && statement_int(get, 2) < OP_STATES && statement_int(get, 1) >= 0;
}

static int gather_ledger(struct gathering *g, struct err *err)
{
	struct statement *get =
		store_statement(g->asking->ledger->store,
				"SELECT id, kind, state, amount_minor, fee_minor, purpose, why, changed_s, doubtful,"
				" outcome, hold FROM operation WHERE assignment_id = ?1 AND kind <= 2"
				" AND (kind < 2 OR +worker_id IS ?2) ORDER BY id LIMIT ?3",
				err);
	struct json_object *object = add_object(g->out->described, "ledger");
	struct json_object *bonuses = json_object_new_array();
	int more;

	json_put_text(object, "decision", NULL);
	json_put_value(object, "bonuses", bonuses);
	if (!get)
		return -1;
	statement_bind_text(get, 1, g->key->assignment_id);
	statement_bind_text(get, 2, g->key->worker_id);
	statement_bind_int(get, 3, RECORDS_MAX);
	while ((more = statement_step(get, err)) == 1) {
		if (makes_sense(get) && statement_int(get, 1) == OP_BONUS)
			take_bonus(g, get, bonuses);
		else if (makes_sense(get))
			take_decision(g, get, object);
	}
	json_put_int(object, "bonus_cents", g->out->sums.ledger_minor);
	json_put_int(object, "fees_cents", g->out->sums.ledger_fees_minor);
	return more;
}

/* --- platform --- */

static int gather_assignment(struct gathering *g, struct json_object *object, struct err *err)
{
	struct reconcile_platform *platform = &g->out->line.platform;
	struct statement *get = store_statement(g->asking->ledger->store,
						"SELECT status, hit_id, worker_id, auto_approval_s, approved_s, seen_s"
						" FROM assignment_fact WHERE assignment_id = ?1",
						err);
	int found;

	if (!get)
		return -1;
	statement_bind_text(get, 1, g->key->assignment_id);
	found = statement_step(get, err);
	if (found != 1)
		return found;
	platform->status = (enum assignment_status)statement_int(get, 0);
	platform->is_known = statement_int(get, 5) >= g->asking->asked_at_s;
	platform->hit_id = keep(object, "hit_id", statement_text(get, 1));
	if (platform->is_known) {
		platform->worker_id = keep(object, "worker_id", statement_text(get, 2));
		platform->auto_approval_s = statement_int(get, 3);
		platform->approved_s = statement_int(get, 4);
	}
	statement_reset(get);
	return 0;
}

static int gather_hit(struct gathering *g, struct json_object *object, struct err *err)
{
	struct reconcile_platform *platform = &g->out->line.platform;
	const char *hit_id = platform->hit_id ? platform->hit_id : g->key->hit_id;
	struct hit_fact hit;
	int found = hit_id ? facts_get_hit(g->asking->ledger, hit_id, &hit, err) : 0;

	if (found < 0)
		return -1;
	if (found == 1 && !hit.known) {
		platform->lacks_hit = true;
		platform->is_known = false;
		platform->hit_id = keep(object, "hit_id", hit_id);
	} else if (found == 1 && platform->is_known && platform->status == ASSIGNMENT_APPROVED) {
		g->out->sums.reward_minor = hit.reward_minor;
	}
	return 0;
}

static int gather_listed(struct gathering *g, struct json_object *payments, struct err *err)
{
	struct reconcile_platform *platform = &g->out->line.platform;
	struct statement *get = store_statement(g->asking->ledger->store,
						"SELECT amount_minor, granted_s FROM bonus_fact"
						" WHERE assignment_id = ?1 AND worker_id = ?2"
						" ORDER BY granted_s, amount_minor, nth LIMIT ?3",
						err);
	int more;

	if (!get)
		return -1;
	statement_bind_text(get, 1, g->key->assignment_id);
	statement_bind_text(get, 2, g->key->worker_id);
	statement_bind_int(get, 3, RECONCILE_PAYMENTS_MAX + 1);
	while ((more = statement_step(get, err)) == 1) {
		struct json_object *payment;

		if (platform->count == RECONCILE_PAYMENTS_MAX) {
			g->out->line.is_cut = true;
			continue;
		}
		platform->listed[platform->count++] =
			(struct reconcile_listed){ statement_int(get, 0), statement_int(get, 1) };
		payment = json_object_new_object();
		json_put_int(payment, "amount_cents", statement_int(get, 0));
		json_put_time(payment, "at", statement_int(get, 1));
		(void)json_object_array_add(payments, payment);
		(void)money_add(&g->out->sums.platform_minor, statement_int(get, 0));
	}
	return more;
}

static int gather_platform(struct gathering *g, struct err *err)
{
	struct reconcile_platform *platform = &g->out->line.platform;
	struct json_object *object = add_object(g->out->described, "platform");
	struct json_object *payments = json_object_new_array();
	bool is_approved;

	platform->title = g->asking->platform;
	json_put_value(object, "bonuses", payments);
	if (gather_assignment(g, object, err) < 0 || gather_hit(g, object, err) < 0 ||
	    gather_listed(g, payments, err) < 0)
		return -1;
	is_approved = platform->is_known && platform->status == ASSIGNMENT_APPROVED;
	json_put_text(object, "status", platform->is_known ? assignment_status_name(platform->status) : NULL);
	json_put_bool(object, "auto_approved", reconcile_is_auto_approved(&g->out->line));
	json_put_time(object, "approved_at", is_approved ? platform->approved_s : 0);
	json_put_value(object, "reward_cents",
		       is_approved ? json_object_new_int64(g->out->sums.reward_minor) : NULL);
	json_put_int(object, "bonus_cents", g->out->sums.platform_minor);
	return 0;
}

/* A row that names no worker is told with the assignment's own, if there is one. */
static bool is_no_line(const struct gathering *g)
{
	const struct reconcile_line *line = &g->out->line;
	bool is_nobodys = !line->ledger.has_decision && line->ledger.count == 0 && line->platform.count == 0 &&
			  (!line->platform.is_known || line->platform.status < ASSIGNMENT_SUBMITTED);

	if (line->file.rows > 0)
		return g->key->assignment_id && !g->key->worker_id && line->platform.worker_id;
	return g->elsewhere > 0 || is_nobodys;
}

int reconcile_gather(const struct reconcile_asking *asking, const struct reconcile_key *key,
		     struct reconcile_gathered *out, struct err *err)
{
	struct gathering g = { asking, key, out, 0 };

	*out = (struct reconcile_gathered){ .described = json_object_new_object() };
	json_put_text(out->described, "hit_id", key->hit_id);
	out->line.assignment_id = keep(out->described, "assignment_id", key->assignment_id);
	out->line.worker_id = keep(out->described, "worker_id", key->worker_id);
	out->line.asked_at_s = asking->asked_at_s;
	json_put_text(out->described, "ledger", NULL);
	json_put_text(out->described, "platform", NULL);
	if (gather_file(&g, err) == 0 &&
	    (!key->assignment_id || (gather_ledger(&g, err) == 0 && gather_platform(&g, err) == 0))) {
		out->is_none_of_ours = is_no_line(&g);
		return 0;
	}
	json_object_put(out->described);
	out->described = NULL;
	return -1;
}
