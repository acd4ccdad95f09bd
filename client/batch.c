/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include <inttypes.h>
#include <string.h>

#include "money.h"
#include "output.h"
#include "plan.h"
#include "table.h"
#include "term.h"

const char *batch_end_name(enum batch_end end)
{
	static const char *const names[] = {
		[BATCH_FINISHED] = "finished", [BATCH_FUNDS] = "waiting-for-funds", [BATCH_TIMEOUT] = "timeout",
		[BATCH_DETACHED] = "detached", [BATCH_QUEUED] = "queued",
	};

	return names[end];
}

bool batch_is_finished(struct json_object *batch)
{
	bool is_finished = false;

	return json_get_bool(batch, "finished", &is_finished) && is_finished;
}

bool batch_waits_for_funds(struct json_object *batch)
{
	return strcmp(output_text(batch, "waiting_for", ""), "funds") == 0;
}

int64_t batch_undo(struct json_object *batch)
{
	int64_t undo = output_int(batch, "undo", 0), held = output_int(batch, "held", 0);

	return undo < 0 ? 0 : undo > held ? held : undo;
}

static int64_t count_held(struct json_object *batch)
{
	return output_int(batch, "held", 0) - batch_undo(batch);
}

static int64_t count_troubled(struct json_object *batch)
{
	return output_int(batch, "failed", 0) + count_held(batch) + output_int(batch, "unsure", 0) +
	       output_int(batch, "cancelled", 0) + output_int(batch, "not_told", 0);
}

int batch_exit_status(struct json_object *batch, struct json_object *plan, enum batch_end end)
{
	static const int statuses[] = {
		[BATCH_FINISHED] = 0, [BATCH_FUNDS] = 6, [BATCH_TIMEOUT] = 8, [BATCH_DETACHED] = 8, [BATCH_QUEUED] = 0,
	};

	if (statuses[end] == 0 && (count_troubled(batch) > 0 || plan_troubled(plan) > 0))
		return 7;
	return statuses[end];
}

/* Operations that failed and whose kind is `a` or `b`. What is held, in doubt or taken back did not fail. */
static int64_t count_failed(struct json_object *batch, const char *a, const char *b)
{
	struct json_object *groups = json_get_array(batch, "groups");
	size_t n = groups ? json_object_array_length(groups) : 0;
	int64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		const char *kind = output_text(group, "kind", "");

		if ((strcmp(kind, a) == 0 || strcmp(kind, b) == 0) &&
		    strcmp(output_text(group, "state", ""), "failed") == 0)
			(void)money_add(&count, output_int(group, "count", 0));
	}
	return count;
}

static void add_results(struct table *table, struct json_object *batch, struct json_object *plan)
{
	int64_t approved = output_int(batch, "approved", 0), rejected = output_int(batch, "rejected", 0);
	int64_t planned = plan_count(plan, "approve") + plan_count(plan, "reject");
	int64_t failed = count_failed(batch, "approve", "reject"), processed = approved + rejected + failed;

	if (planned == 0 && processed == 0)
		return;
	table_add_text(table, "results processed:");
	table_add(table, "%" PRId64 "/%" PRId64, processed, planned < processed ? processed : planned);
	table_add_text(table, "approved:");
	table_add(table, "%" PRId64, approved);
	table_add_text(table, "rejected:");
	table_add(table, "%" PRId64, rejected);
	table_add_text(table, "approve/reject failed:");
	table_add(table, "%" PRId64, failed);
}

static void add_bonuses(struct table *table, struct json_object *batch, struct json_object *plan)
{
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];
	int64_t paid = output_int(batch, "bonuses", 0), failed = count_failed(batch, "bonus", "bonus");

	if (paid == 0 && plan_count(plan, "bonus") == 0)
		return;
	table_add_text(table, "bonuses paid:");
	table_add(table, "%" PRId64 ", %s (fees: %s)", paid, money_display(output_int(batch, "bonus_cents", 0), amount),
		  output_money(batch, "fees_cents", fees));
	if (failed > 0) {
		table_add_text(table, "bonuses failed:");
		table_add(table, "%" PRId64, failed);
	}
}

static void add_qualifications(struct table *table, struct json_object *batch, struct json_object *plan)
{
	int64_t planned = plan_count(plan, "qualify"), failed = count_failed(batch, "qualify", "qualify");

	if (planned == 0)
		return;
	table_add_text(table, "qualifications:");
	if (json_has(batch, "qualified"))
		table_add(table, "%" PRId64 "/%" PRId64, output_int(batch, "qualified", 0), planned);
	else if (batch_is_finished(batch))
		table_add(table, "%" PRId64 "/%" PRId64, planned - failed, planned);
	else
		table_add(table, "%" PRId64 " planned", planned);
}

static void add_notifications(struct table *table, struct json_object *batch, struct json_object *plan)
{
	static const struct {
		const char *key;
		const char *label;
	} rest[] = { { "not_told", "not told:" }, { "perhaps_told", "perhaps told:" } };
	int64_t told = output_int(batch, "told", 0), planned = plan_count(plan, "notify");

	if (told == 0 && planned == 0)
		return;
	table_add_text(table, "workers told:");
	table_add(table, "%" PRId64 "/%" PRId64, told, planned < told ? told : planned);
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		if (output_int(batch, rest[i].key, 0) > 0) {
			table_add_text(table, rest[i].label);
			table_add(table, "%" PRId64, output_int(batch, rest[i].key, 0));
		}
}

static void add_rest(struct table *table, struct json_object *batch)
{
	static const struct {
		const char *key;
		const char *label;
	} states[] = {
		{ "waiting", "still waiting:" },
		{ "in_flight", "on their way:" },
		{ "unsure", "unsure (being cleared up):" },
		{ "cancelled", "cancelled:" },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (output_int(batch, states[i].key, 0) > 0) {
			table_add_text(table, states[i].label);
			table_add(table, "%" PRId64, output_int(batch, states[i].key, 0));
		}
}

static void print_groups(FILE *out, struct json_object *batch)
{
	struct json_object *groups = json_get_array(batch, "groups");
	size_t n = groups ? json_object_array_length(groups) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		const char *example = output_text(group, "example", NULL);
		int64_t count = output_int(group, "count", 0);

		(void)fprintf(out, "%s%" PRId64 " %s %s%s: %s%s%s%s\n", term_style(out, TERM_WARN), count,
			      plan_deed(output_text(group, "kind", "operations"), count),
			      output_text(group, "state", ""), term_style(out, TERM_PLAIN),
			      output_text(group, "why", "no reason given"), example ? " (such as " : "",
			      example ? example : "", example ? ")" : "");
	}
}

static void print_held(FILE *out, struct json_object *batch)
{
	int64_t held = count_held(batch), undo = batch_undo(batch), id = output_int(batch, "batch", 0);
	const char *until = output_text(batch, "undo_until", NULL);

	if (output_int(batch, "found", 0) > 0)
		(void)fprintf(out, "%" PRId64 " of these had been done already, by another ngmtd or tool or by time\n",
			      output_int(batch, "found", 0));
	if (held > 0)
		(void)fprintf(out, "%" PRId64 " held (see ngmtctl queue list --held)\n", held);
	if (undo > 0)
		(void)fprintf(out,
			      "%" PRId64 " %s until %s and %s then sent; ngmtctl queue cancel --batch %" PRId64
			      " takes %s back\n",
			      undo, output_plural(undo, "rejection waits", "rejections wait"),
			      until ? until : "the end of the undo window", output_plural(undo, "is", "are"), id,
			      output_plural(undo, "it", "them"));
}

static void print_balance(FILE *out, struct json_object *plan, int64_t balance_cents)
{
	char before[MONEY_TEXT_MAX], after[MONEY_TEXT_MAX], difference[MONEY_TEXT_MAX];
	int64_t was;

	if (balance_cents < 0)
		return;
	(void)money_display(balance_cents, after);
	if (json_get_int(plan, "balance_cents", &was))
		(void)fprintf(out, "Original balance: %s  New balance: %s  (diff: %s)\n", money_display(was, before),
			      after, money_display(was >= 0 ? was - balance_cents : 0, difference));
	else
		(void)fprintf(out, "New balance: %s\n", after);
}

void batch_print(FILE *out, struct json_object *batch, struct json_object *plan, int64_t balance_cents)
{
	struct table *table = table_new("ll");

	add_results(table, batch, plan);
	add_bonuses(table, batch, plan);
	add_qualifications(table, batch, plan);
	add_notifications(table, batch, plan);
	add_rest(table, batch);
	table_print(table, out, "");
	table_free(table);
	print_groups(out, batch);
	plan_print_troubled(out, plan, batch);
	print_held(out, batch);
	print_balance(out, plan, balance_cents);
}
