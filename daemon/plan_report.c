/* SPDX-License-Identifier: MIT */
#include "plan_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "money.h"
#include "plan_item.h"
#include "plan_table.h"

struct totals {
	int64_t actions;
	int64_t payable_minor; /* bonuses */
	int64_t payable_fees_minor;
	bool fees_known;
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
		"SELECT r.id, r.line, s.path, i.kind, r.worker_id, r.assignment_id, i.amount_minor, i.fee_minor, i.verdict,"
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

static int64_t count_rows(struct ledger *ledger, int64_t plan, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store, "SELECT count(DISTINCT result_id) FROM plan_item WHERE plan = ?1", err);
	int64_t count;

	if (!get)
		return -1;
	statement_bind_int(get, 1, plan);
	if (statement_step(get, err) != 1)
		return -1;
	count = statement_int(get, 0);
	statement_reset(get);
	return count;
}

/* Why a plan has nothing to do, from its most frequent reason. The caller frees. */
static char *why_nothing(struct ledger *ledger, int64_t plan)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT why, count(*), (SELECT count(*) FROM plan_item WHERE plan = ?1)"
						" FROM plan_item WHERE plan = ?1 GROUP BY why ORDER BY 2 DESC, min(id) LIMIT 1",
						NULL);
	char *why = NULL;

	if (!get)
		return NULL;
	statement_bind_int(get, 1, plan);
	if (statement_step(get, NULL) == 1) {
		int64_t count = statement_int(get, 1), total = statement_int(get, 2);

		if (asprintf(&why, count == total ? "%s (all %" PRId64 ")" : "%s (%" PRId64 " of %" PRId64 ")",
			     statement_text(get, 0), count, total) < 0)
			why = NULL;
		statement_reset(get);
	} else {
		why = strdup("no row is selected: load some results first");
	}
	return why;
}

static void put_nothing(struct ledger *ledger, int64_t plan, bool nothing, struct json_object *out)
{
	char *why = nothing ? why_nothing(ledger, plan) : NULL;

	json_put_bool(out, "nothing_to_do", nothing);
	json_put_text(out, "why", why);
	free(why);
}

static void put_money(const struct totals *totals, const struct balance *balance, struct json_object *out)
{
	struct json_object *warnings = json_object_new_array();
	int64_t cost = totals->payable_minor + totals->payable_fees_minor;
	char missing[MONEY_TEXT_MAX], text[160];

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
	json_put_value(out, "warnings", warnings);
}

struct json_object *plan_report(struct ledger *ledger, int64_t plan, const struct plan_params *params,
				const struct balance *balance, struct err *err)
{
	struct json_object *out = json_object_new_object();
	char digest[PLAN_DIGEST_MAX];
	struct totals totals;
	int64_t rows = count_rows(ledger, plan, err);

	if (rows < 0 || plan_table_digest(ledger, plan, params, digest, err) < 0 ||
	    put_actions(ledger, plan, out, &totals, err) < 0 || put_groups(ledger, plan, out, err) < 0 ||
	    (params->wants_items && put_items(ledger, plan, params, out, err) < 0)) {
		json_object_put(out);
		return NULL;
	}
	json_put_text(out, "digest", digest);
	json_put_int(out, "rows", rows);
	put_nothing(ledger, plan, totals.actions == 0, out);
	put_money(&totals, balance, out);
	return out;
}

struct json_object *plan_report_applied(struct ledger *ledger, int64_t plan, int64_t batch_id, int64_t recorded)
{
	struct json_object *out = json_object_new_object();

	json_put_value(out, "batch", batch_id ? json_object_new_int64(batch_id) : NULL);
	json_put_int(out, "operations", recorded);
	put_nothing(ledger, plan, recorded == 0, out);
	return out;
}
