/* SPDX-License-Identifier: MIT */
#include "plan_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "money.h"
#include "plan_item.h"
#include "plan_table.h"

struct totals {
	int64_t actions;
	int64_t payable_minor; /* bonuses */
	int64_t payable_fees_minor;
	bool fees_known;
	int64_t found; /* bonuses that the platform lists, paid by others */
};

static int put_actions(struct ledger *ledger, int64_t plan, struct json_object *out, struct totals *totals,
		       struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT kind, count(*), sum(amount_minor), sum(fee_minor), min(fee_known) FROM plan_item"
		" WHERE plan = ?1 AND verdict IN (0, 1) GROUP BY kind ORDER BY kind",
		err);
	struct json_object *actions = json_object_new_array();
	int more = -1;

	*totals = (struct totals){ .fees_known = true };
	if (get)
		statement_bind_int(get, 1, plan);
	while (get && (more = statement_step(get, err)) == 1) {
		struct json_object *action = json_object_new_object();
		enum op_kind kind = (enum op_kind)statement_int(get, 0);

		json_put_text(action, "kind", op_kind_name(kind));
		json_put_int(action, "count", statement_int(get, 1));
		json_put_int(action, "amount_cents", statement_int(get, 2));
		json_put_int(action, "fees_cents", statement_int(get, 3));
		json_put_bool(action, "fees_known", statement_int(get, 4) != 0);
		(void)json_object_array_add(actions, action);
		totals->actions += statement_int(get, 1);
		if (op_moves_money(kind)) {
			totals->payable_minor += statement_int(get, 2);
			totals->payable_fees_minor += statement_int(get, 3);
		}
	}
	json_put_value(out, "actions", actions);
	return more;
}

static int put_groups(struct ledger *ledger, int64_t plan, struct json_object *out, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT verdict, kind, count(*), why FROM plan_item"
						" WHERE plan = ?1 AND verdict <> 0 GROUP BY verdict, kind, why"
						" ORDER BY verdict, 3 DESC, why LIMIT 100",
						err);
	struct json_object *groups = json_object_new_array();
	int more = -1;

	if (get)
		statement_bind_int(get, 1, plan);
	while (get && (more = statement_step(get, err)) == 1) {
		struct json_object *group = json_object_new_object();

		json_put_text(group, "verdict", plan_verdict_name((enum plan_verdict)statement_int(get, 0)));
		json_put_text(group, "kind", op_kind_name((enum op_kind)statement_int(get, 1)));
		json_put_int(group, "count", statement_int(get, 2));
		json_put_text(group, "why", statement_text(get, 3));
		(void)json_object_array_add(groups, group);
	}
	json_put_value(out, "groups", groups);
	return more;
}

static struct json_object *describe_item(struct statement *get)
{
	struct json_object *item = json_object_new_object();

	json_put_int(item, "row", statement_int(get, 0));
	json_put_int(item, "line", statement_int(get, 1));
	json_put_text(item, "file", statement_text(get, 2));
	json_put_text(item, "kind", op_kind_name((enum op_kind)statement_int(get, 3)));
	json_put_text(item, "worker_id", statement_text(get, 4));
	json_put_text(item, "assignment_id", statement_text(get, 5));
	json_put_int(item, "amount_cents", statement_int(get, 6));
	json_put_int(item, "fees_cents", statement_int(get, 7));
	json_put_text(item, "verdict", plan_verdict_name((enum plan_verdict)statement_int(get, 8)));
	json_put_text(item, "why", statement_text(get, 9));
	return item;
}

static int put_items(struct ledger *ledger, int64_t plan, const struct plan_params *params, struct json_object *out,
		     struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT r.id, r.line, s.path, i.kind, r.worker_id, r.assignment_id, i.amount_minor, i.fee_minor, "
		"i.verdict,"
		" i.why FROM plan_item i JOIN result r ON r.id = i.result_id JOIN source s ON s.id = r.source_id"
		" WHERE i.plan = ?1 ORDER BY i.id LIMIT ?2 OFFSET ?3",
		err);
	struct json_object *items = json_object_new_array();
	int64_t shown = 0;
	int more = -1;

	if (get) {
		statement_bind_int(get, 1, plan);
		/* One more than asked for tells whether there is a next page. */
		statement_bind_int(get, 2, params->items_limit + 1);
		statement_bind_int(get, 3, params->items_offset);
	}
	while (get && (more = statement_step(get, err)) == 1)
		if (++shown <= params->items_limit)
			(void)json_object_array_add(items, describe_item(get));
	json_put_value(out, "items", items);
	json_put_value(out, "items_next_offset",
		       shown > params->items_limit ? json_object_new_int64(params->items_offset + params->items_limit)
						   : NULL);
	return more;
}

/* How many rows were looked at, and how many people will be dealt with. */
static int put_counts(struct ledger *ledger, int64_t plan, struct json_object *out, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT count(DISTINCT i.result_id),"
				" count(DISTINCT CASE WHEN i.verdict IN (0, 1) THEN r.worker_id END)"
				" FROM plan_item i JOIN result r ON r.id = i.result_id WHERE i.plan = ?1",
				err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, plan);
	if (statement_step(get, err) != 1)
		return -1;
	json_put_int(out, "rows", statement_int(get, 0));
	json_put_int(out, "workers", statement_int(get, 1));
	statement_reset(get);
	return 0;
}

static const char *const left_words[] = {
	[PLAN_ACT] = "recorded by another command meanwhile",
	[PLAN_WAIT] = "recorded by another command meanwhile",
	[PLAN_DONE] = "done already",
	[PLAN_HOLD] = "held", [PLAN_SKIP] = "skipped", [PLAN_CONFLICT] = "in conflict", [PLAN_RECORD_HOLD] = "held",
	[PLAN_FOUND] = "done already"
};

/* "7 approved already, 6 paid already, 2 held": what is done in the words of its reason, the rest by its verdict. */
static int write_reasons(struct ledger *ledger, int64_t plan, FILE *out, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT verdict, CASE verdict WHEN 4 THEN why END AS done, count(*)"
						" FROM plan_item WHERE plan = ?1 GROUP BY verdict, done"
						" ORDER BY verdict <> 4, verdict, done LIMIT 20",
						err);
	const char *comma = "";
	int more;

	if (!get)
		return -1;
	statement_bind_int(get, 1, plan);
	while ((more = statement_step(get, err)) == 1) {
		int64_t verdict = statement_int(get, 0);
		const char *done = statement_text(get, 1);

		if (verdict < PLAN_ACT || verdict > PLAN_FOUND)
			continue;
		(void)fprintf(out, "%s%" PRId64 " %s", comma, statement_int(get, 2),
			      done ? done : left_words[verdict]);
		comma = ", ";
	}
	if (!comma[0])
		(void)fputs("no row is selected: load some results first", out);
	return more;
}

/* The caller frees; NULL on error. */
static char *why_nothing(struct ledger *ledger, int64_t plan, struct err *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int result = out ? write_reasons(ledger, plan, out, err) : err_set(err, ERR_INTERNAL, "out of memory");

	if (out && fclose(out) != 0)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	if (result == 0)
		return text;
	free(text);
	return NULL;
}

/* What would be recorded though nothing is sent for it: as held, or as done. */
static int put_unsent(struct ledger *ledger, int64_t plan, struct json_object *out, struct totals *totals,
		      int64_t *unsent, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT coalesce(sum(verdict = 6), 0), coalesce(sum(verdict = 7), 0),"
		" coalesce(sum(verdict = 7 AND kind = 2), 0) FROM plan_item WHERE plan = ?1",
		err);

	if (!get)
		return -1;
	statement_bind_int(get, 1, plan);
	if (statement_step(get, err) != 1)
		return -1;
	json_put_int(out, "to_hold", statement_int(get, 0));
	json_put_int(out, "to_record", statement_int(get, 1));
	*unsent = statement_int(get, 0) + statement_int(get, 1);
	totals->found = statement_int(get, 2);
	statement_reset(get);
	return 0;
}

static int put_nothing(struct ledger *ledger, int64_t plan, bool nothing, struct json_object *out, struct err *err)
{
	char *why = nothing ? why_nothing(ledger, plan, err) : NULL;

	if (nothing && !why)
		return -1;
	json_put_bool(out, "nothing_to_do", nothing);
	json_put_text(out, "why", why);
	free(why);
	return 0;
}

static void put_money(const struct totals *totals, const struct balance *balance, struct json_object *out)
{
	struct json_object *warnings = json_object_new_array();
	int64_t cost = totals->payable_minor + totals->payable_fees_minor;
	char missing[MONEY_TEXT_MAX], text[200];

	json_put_int(out, "total_cents", totals->payable_minor);
	json_put_int(out, "total_fees_cents", totals->payable_fees_minor);
	json_put_value(out, "balance_cents", balance ? json_object_new_int64(balance->available_minor) : NULL);
	json_put_value(out, "balance_after_cents",
		       balance ? json_object_new_int64(balance->available_minor - cost) : NULL);
	if (!balance) {
		(void)json_object_array_add(warnings, json_object_new_string("the balance is not known"));
	} else if (balance->available_minor < cost) {
		(void)snprintf(text, sizeof(text), "the balance is %s short: bonuses will wait until there is more",
			       money_display(cost - balance->available_minor, missing));
		(void)json_object_array_add(warnings, json_object_new_string(text));
	}
	if (totals->found > 0) {
		(void)snprintf(text, sizeof(text),
			       "%" PRId64 " %s taken for paid, since the platform lists the same amount and "
			       "reason; for another occasion say --purpose",
			       totals->found, totals->found == 1 ? "bonus is" : "bonuses are");
		(void)json_object_array_add(warnings, json_object_new_string(text));
	}
	json_put_value(out, "warnings", warnings);
}

struct json_object *plan_report(struct ledger *ledger, int64_t plan, const struct plan_params *params,
				const struct balance *balance, struct err *err)
{
	struct json_object *out = json_object_new_object();
	char digest[PLAN_DIGEST_MAX];
	struct totals totals;
	int64_t unsent = 0;

	if (put_counts(ledger, plan, out, err) < 0 || plan_table_digest(ledger, plan, params, digest, err) < 0 ||
	    put_actions(ledger, plan, out, &totals, err) < 0 || put_groups(ledger, plan, out, err) < 0 ||
	    put_unsent(ledger, plan, out, &totals, &unsent, err) < 0 ||
	    put_nothing(ledger, plan, totals.actions == 0 && unsent == 0, out, err) < 0 ||
	    (params->wants_items && put_items(ledger, plan, params, out, err) < 0)) {
		json_object_put(out);
		return NULL;
	}
	json_put_text(out, "digest", digest);
	put_money(&totals, balance, out);
	return out;
}

struct json_object *plan_report_applied(struct ledger *ledger, int64_t plan, int64_t batch_id, int64_t recorded,
					struct err *err)
{
	struct json_object *out = json_object_new_object();

	json_put_value(out, "batch", batch_id ? json_object_new_int64(batch_id) : NULL);
	json_put_int(out, "operations", recorded);
	if (put_nothing(ledger, plan, recorded == 0, out, err) == 0)
		return out;
	json_object_put(out);
	return NULL;
}
