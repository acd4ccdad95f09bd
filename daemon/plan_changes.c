/* SPDX-License-Identifier: MIT */
#include "plan_changes.h"

#include <stdio.h>
#include <string.h>

#include "money.h"
#include "op.h"

#define PLANS_REMEMBERED "32"
/* Items of all plans together: their texts lie in memory. */
#define ITEMS_REMEMBERED "20000"
#define NAMED_IN_ERROR 3

int plan_changes_create(struct ledger *ledger, struct err *err)
{
	return store_execute(
		ledger->store,
		"CREATE TEMP TABLE plan_shown (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE);"
		"CREATE TEMP TABLE plan_shown_item (shown INTEGER NOT NULL, key TEXT NOT NULL,"
		" kind INTEGER NOT NULL, amount_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, text TEXT,"
		" verdict INTEGER NOT NULL, PRIMARY KEY (shown, key)) WITHOUT ROWID",
		err);
}

int plan_changes_remember(struct ledger *ledger, int64_t plan, const char *digest, struct err *err)
{
	struct statement *shown = store_statement(
		ledger->store, "INSERT INTO plan_shown (digest) VALUES (?1) ON CONFLICT DO NOTHING", err);
	struct statement *items;

	if (!shown)
		return -1;
	statement_bind_text(shown, 1, digest);
	if (statement_run(shown, err) < 0)
		return -1;
	if (store_changes(ledger->store) == 0)
		return 0;
	items = store_statement(ledger->store,
				"INSERT OR IGNORE INTO plan_shown_item"
				" SELECT ?2, key, kind, amount_minor, fee_minor, text, verdict FROM plan_item"
				" WHERE plan = ?1 AND key IS NOT NULL AND verdict IN (0, 1, 6, 7)",
				err);
	if (!items)
		return -1;
	statement_bind_int(items, 1, plan);
	statement_bind_int(items, 2, store_last_id(ledger->store));
	if (statement_run(items, err) < 0)
		return -1;
	return store_execute(ledger->store,
			     "DELETE FROM plan_shown WHERE id <= (SELECT max(id) FROM plan_shown) - " PLANS_REMEMBERED
			     ";"
			     "DELETE FROM plan_shown WHERE id <= (SELECT coalesce(max(shown), 0) FROM (SELECT shown,"
			     " sum(count(*)) OVER (ORDER BY shown DESC) AS items FROM plan_shown_item GROUP BY shown)"
			     " WHERE items > " ITEMS_REMEMBERED ");"
			     "DELETE FROM plan_shown_item WHERE shown NOT IN (SELECT id FROM plan_shown)",
			     err);
}

/* Rows of either plan that are not the same in the other: kind, worker or assignment, line, what it was, what it is. */
static struct statement *compare(struct ledger *ledger, int64_t plan, const char *digest)
{
	struct statement *get = store_statement(
		ledger->store,
		"WITH was AS (SELECT i.* FROM plan_shown_item i JOIN plan_shown s ON s.id = i.shown"
		"  WHERE s.digest = ?2),"
		" is_now AS (SELECT * FROM plan_item WHERE plan = ?1)"
		" SELECT was.kind, was.key, was.amount_minor, was.verdict, n.amount_minor, n.verdict, n.why,"
		"  was.fee_minor <> n.fee_minor, r.line FROM was LEFT JOIN is_now n ON n.key = was.key"
		"  LEFT JOIN result r ON r.id = n.result_id"
		"  WHERE n.key IS NULL OR n.verdict NOT IN (0, 1, 6, 7) OR max(n.verdict, 1) <> max(was.verdict, 1)"
		"  OR n.amount_minor <> was.amount_minor OR n.fee_minor <> was.fee_minor OR n.text IS NOT was.text"
		" UNION ALL SELECT n.kind, n.key, NULL, NULL, n.amount_minor, n.verdict, n.why, 0, r.line FROM is_now n"
		"  LEFT JOIN result r ON r.id = n.result_id WHERE n.verdict IN (0, 1, 6, 7) AND n.key IS NOT NULL"
		"  AND n.key NOT IN (SELECT key FROM was)"
		" LIMIT ?3",
		NULL);

	if (!get)
		return NULL;
	statement_bind_int(get, 1, plan);
	statement_bind_text(get, 2, digest);
	/* One more than is named tells that there are more. */
	statement_bind_int(get, 3, PLAN_CHANGES_MAX + 1);
	return get;
}

static bool is_known(struct ledger *ledger, const char *digest)
{
	struct statement *get =
		store_statement(ledger->store, "SELECT 1 FROM plan_shown WHERE digest = ?1", NULL);
	bool known;

	if (!get)
		return false;
	statement_bind_text(get, 1, digest);
	known = statement_step(get, NULL) == 1;
	if (known)
		statement_reset(get);
	return known;
}

/* "bonus of 3ABC (line 4): $2.50 then, $3.00 now". The subject is the second part of the key: an assignment, or a
 * qualification type with its worker. */
static void write_change(struct statement *get, FILE *out)
{
	const char *key = statement_text(get, 1), *slash = strchr(key, '/');
	char was[MONEY_TEXT_MAX], now[MONEY_TEXT_MAX];
	bool was_there = !statement_is_null(get, 3), is_there = !statement_is_null(get, 5);
	int64_t verdict = statement_int(get, 5);

	(void)fprintf(out, "%s of %.100s", op_kind_name((enum op_kind)statement_int(get, 0)), slash ? slash + 1 : key);
	if (!statement_is_null(get, 8))
		(void)fprintf(out, " (line %lld)", (long long)statement_int(get, 8));
	if (!was_there)
		(void)fputs(" is new", out);
	else if (!is_there)
		(void)fputs(" is not asked for any more", out);
	else if (verdict > 1 && verdict != statement_int(get, 3))
		(void)fprintf(out, " is out: %.200s", statement_text(get, 6));
	else if (statement_int(get, 2) != statement_int(get, 4))
		(void)fprintf(out, ": %s then, %s now", money_display(statement_int(get, 2), was),
			      money_display(statement_int(get, 4), now));
	else if (statement_int(get, 7) != 0)
		(void)fputs(": the fee is another one", out);
	else if (statement_int(get, 3) == 6 && verdict <= 1)
		(void)fputs(" is within the limits now", out);
	else
		(void)fputs(": the text for the worker is another one", out);
}

struct json_object *plan_changes(struct ledger *ledger, int64_t plan, const char *digest)
{
	struct json_object *list = json_object_new_array();
	struct statement *get = NULL;

	if (is_known(ledger, digest))
		get = compare(ledger, plan, digest);
	else
		(void)json_object_array_add(list, json_object_new_string("that plan is not remembered: it is too long "
									 "ago, or ngmtd was restarted"));
	while (get && statement_step(get, NULL) == 1) {
		char text[400] = "";
		FILE *out = fmemopen(text, sizeof(text), "w");

		if (!out)
			continue;
		if (json_object_array_length(list) < PLAN_CHANGES_MAX)
			write_change(get, out);
		else
			(void)fputs("and more", out);
		(void)fclose(out);
		(void)json_object_array_add(list, json_object_new_string(text));
	}
	if (json_object_array_length(list) == 0)
		(void)json_object_array_add(list, json_object_new_string("the rows are the same: the options differ"));
	return list;
}

void plan_changes_add(struct ledger *ledger, int64_t plan, const char *digest, struct err *err)
{
	struct json_object *list = digest ? plan_changes(ledger, plan, digest) : NULL;
	size_t count = list ? json_object_array_length(list) : 0;
	size_t used = strlen(err->message);

	for (size_t i = 0; i < count && i < NAMED_IN_ERROR && used < sizeof(err->message); i++) {
		(void)snprintf(err->message + used, sizeof(err->message) - used, "%s%s",
			       i == 0 ? "; what changed: " : ", ",
			       json_object_get_string(json_object_array_get_idx(list, i)));
		used = strlen(err->message);
	}
	if (count > NAMED_IN_ERROR && used < sizeof(err->message))
		(void)snprintf(err->message + used, sizeof(err->message) - used, ", and more");
	json_object_put(list);
}
