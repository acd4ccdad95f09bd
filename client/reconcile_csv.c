/* SPDX-License-Identifier: MIT */
#include "reconcile_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "money.h"
#include "output.h"

void reconcile_csv_text(FILE *out, const char *text)
{
	if (!text)
		return;
	(void)fputc('"', out);
	if (text[0] && strchr("=+-@\t\r", text[0]))
		(void)fputc('\'', out);
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			(void)fputc('"', out);
		(void)fputc(*p, out);
	}
	(void)fputc('"', out);
}

static void put_text(FILE *out, struct json_object *object, const char *key)
{
	reconcile_csv_text(out, output_text(object, key, NULL));
}

static void put_number(FILE *out, struct json_object *object, const char *key)
{
	int64_t number;

	if (json_get_int(object, key, &number))
		(void)fprintf(out, "%" PRId64, number);
}

/* Our own number, which may be negative: no text, so no formula. */
static void put_money(FILE *out, struct json_object *object, const char *key)
{
	char text[MONEY_TEXT_MAX];
	int64_t cents;

	if (json_get_int(object, key, &cents))
		(void)fprintf(out, "%s%s", cents < 0 ? "-" : "", money_format(cents < 0 ? -cents : cents, text));
}

static void put_flag(FILE *out, struct json_object *object, const char *key)
{
	bool flag;

	if (json_get_bool(object, key, &flag))
		(void)fputs(flag ? "yes" : "no", out);
}

static void put_count(FILE *out, struct json_object *object, const char *key)
{
	struct json_object *array = json_get_array(object, key);

	if (array)
		(void)fprintf(out, "%zu", json_object_array_length(array));
}

/* One member of each bonus, separated by blanks. */
static void put_each(FILE *out, struct json_object *object, const char *key)
{
	struct json_object *bonuses = json_get_array(object, "bonuses");
	size_t n = bonuses ? json_object_array_length(bonuses) : 0, size = 0;
	char *text = NULL;
	FILE *list = n > 0 ? open_memstream(&text, &size) : NULL;

	if (!list)
		return;
	for (size_t i = 0; i < n; i++)
		(void)fprintf(list, "%s%s", i ? " " : "",
			      output_text(json_object_array_get_idx(bonuses, i), key, "-"));
	if (fclose(list) == 0)
		reconcile_csv_text(out, text);
	free(text);
}

/* Where each cell comes from: part of the row, part within that (NULL: neither), member of it. */
static const struct column {
	const char *title;
	const char *part;
	const char *within;
	const char *key;
	void (*put)(FILE *out, struct json_object *object, const char *key);
} columns[] = {
	{ "hit_id", NULL, NULL, "hit_id", put_text },
	{ "assignment_id", NULL, NULL, "assignment_id", put_text },
	{ "worker_id", NULL, NULL, "worker_id", put_text },
	{ "finding", NULL, NULL, "finding", put_text },
	{ "agrees", NULL, NULL, "agrees", put_flag },
	{ "file", "file", NULL, "path", put_text },
	{ "line", "file", NULL, "line", put_number },
	{ "file_verdict", "file", NULL, "verdict", put_text },
	{ "file_bonus", "file", NULL, "bonus_cents", put_money },
	{ "ledger_decision", "ledger", "decision", "kind", put_text },
	{ "ledger_decision_state", "ledger", "decision", "state", put_text },
	{ "ledger_decision_at", "ledger", "decision", "at", put_text },
	{ "ledger_bonuses", "ledger", NULL, "bonuses", put_count },
	{ "ledger_bonus_states", "ledger", NULL, "state", put_each },
	{ "ledger_purposes", "ledger", NULL, "purpose", put_each },
	{ "ledger_bonus_at", "ledger", NULL, "at", put_each },
	{ "ledger_paid", "ledger", NULL, "bonus_cents", put_money },
	{ "ledger_fees", "ledger", NULL, "fees_cents", put_money },
	{ "platform_status", "platform", NULL, "status", put_text },
	{ "auto_approved", "platform", NULL, "auto_approved", put_flag },
	{ "approved_at", "platform", NULL, "approved_at", put_text },
	{ "reward", "platform", NULL, "reward_cents", put_money },
	{ "platform_bonuses", "platform", NULL, "bonuses", put_count },
	{ "platform_bonus_at", "platform", NULL, "at", put_each },
	{ "platform_paid", "platform", NULL, "bonus_cents", put_money },
	{ "difference", NULL, NULL, "difference_cents", put_money },
	{ "why", NULL, NULL, "why", put_text },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void end_cell(FILE *out, size_t column)
{
	(void)fputs(column + 1 < COLUMNS ? "," : "\r\n", out);
}

void reconcile_csv_header(FILE *out)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		(void)fputs(columns[i].title, out);
		end_cell(out, i);
	}
}

void reconcile_csv_row(FILE *out, struct json_object *row)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		struct json_object *object = row;

		if (columns[i].part)
			object = json_get_object(object, columns[i].part);
		if (columns[i].within)
			object = json_get_object(object, columns[i].within);
		columns[i].put(out, object, columns[i].key);
		end_cell(out, i);
	}
}
