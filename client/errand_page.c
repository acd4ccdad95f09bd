/* SPDX-License-Identifier: MIT */
#include "errand_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "local_time.h"
#include "output.h"
#include "plan.h"
#include "table.h"
#include "term.h"
#include "wrap.h"

/* How many reasons are listed for which something was refused. */
#define REASONS_SHOWN 20

/* How each errand is spoken of: "Grant it to 3 workers", "3 workers granted". */
static const struct errand_words {
	const char *name;
	const char *question; /* with one number; without "%": the number does not matter */
	const char *one;
	const char *many;
	const char *undone;
	const char *kind; /* of the operations that `done` counts; NULL: each has a line of its own */
	const char *done;
} all_words[] = {
	{ "create-hit", "Create", "HIT", "HITs", "created", NULL, NULL },
	{ "extend-hit", "Extend", "HIT", "HITs", "extended", NULL, NULL },
	{ "expire-hit", "Expire", "HIT", "HITs", "expired", NULL, NULL },
	{ "delete-hit", "Delete", "HIT", "HITs", "deleted", NULL, NULL },
	{ "create-qualification", "Create", "qualification type", "qualification types", "created", NULL, NULL },
	{ "grant", "Grant it to", "worker", "workers", "granted", "qualify", "got the qualification" },
	{ "revoke", "Take it from", "worker", "workers", "taken away", "revoke", "lost the qualification" },
	{ "block", "Block", "worker", "workers", "blocked", "block", "blocked" },
	{ "unblock", "Unblock", "worker", "workers", "unblocked", "unblock", "unblocked" },
};

static const struct errand_words *words_of(struct json_object *plan)
{
	static const struct errand_words other = { "", "Do", "thing", "things", "done", NULL, NULL };
	const char *name = output_text(plan, "errand", "");

	for (size_t i = 0; i < sizeof(all_words) / sizeof(all_words[0]); i++)
		if (strcmp(all_words[i].name, name) == 0)
			return &all_words[i];
	return &other;
}

static size_t length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

int64_t errand_page_go(struct json_object *plan)
{
	return output_int(plan, "go", 0);
}

int64_t errand_page_refused(struct json_object *plan)
{
	return output_int(plan, "refused", 0);
}

int64_t errand_page_cents(struct json_object *plan)
{
	return output_int(json_get_object(plan, "cost"), "total_cents", 0);
}

const char *errand_page_undone(struct json_object *plan)
{
	return words_of(plan)->undone;
}

/* --- the page --- */

static void add_seconds(struct table *table, struct json_object *hit, const char *label, const char *key)
{
	char text[32];

	if (output_int(hit, key, 0) <= 0)
		return;
	table_add_text(table, label);
	table_add_text(table, output_duration(output_int(hit, key, 0), text));
}

/* A HIT that is still to be made. */
static void add_definition(struct table *table, struct json_object *hit)
{
	char amount[MONEY_TEXT_MAX];

	table_add_text(table, "HIT:");
	table_add(table, "\"%s\", %" PRId64 " %s at %s", output_text(hit, "title", ""),
		  output_int(hit, "max_assignments", 0),
		  output_plural(output_int(hit, "max_assignments", 0), "assignment", "assignments"),
		  output_money(hit, "reward_cents", amount));
	add_seconds(table, hit, "open for:", "lifetime_s");
	add_seconds(table, hit, "time for each:", "duration_s");
}

static void add_hit(struct table *table, struct json_object *hit)
{
	char amount[MONEY_TEXT_MAX], time[LOCAL_TIME_MAX];

	table_add_text(table, "HIT:");
	table_add_text(table, output_text(hit, "hit_id", "?"));
	table_add_text(table, "title:");
	table_add(table, "%s (%s)", output_text(hit, "title", ""), output_money(hit, "reward_cents", amount));
	table_add_text(table, "status:");
	table_add_text(table, output_text(hit, "status", NULL));
	table_add_text(table, "assignments:");
	table_add(table, "%" PRId64 ": %" PRId64 " pending, %" PRId64 " available, %" PRId64 " completed",
		  output_int(hit, "max_assignments", 0), output_int(hit, "pending", 0), output_int(hit, "available", 0),
		  output_int(hit, "completed", 0));
	table_add_text(table, "ends:");
	table_add_text(table, local_time_of(output_text(hit, "expires_at", NULL), time));
}

static void add_cost(struct table *table, struct json_object *plan)
{
	struct json_object *cost = json_get_object(plan, "cost"), *balance = json_get_object(plan, "balance");
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX], total[MONEY_TEXT_MAX];
	int64_t available, spent = errand_page_cents(plan);

	if (!cost)
		return;
	table_add_text(table, "cost:");
	table_add(table, "%s + %s fees = %s", output_money(cost, "amount_cents", amount),
		  output_money(cost, "fee_cents", fees), output_money(cost, "total_cents", total));
	if (output_int(cost, "saved_cents", 0) > 0) {
		table_add_text(table, "saved by rounds:");
		table_add_text(table, output_money(cost, "saved_cents", amount));
	}
	available = output_int(balance, "available_cents", -1);
	if (available < 0)
		return;
	table_add_text(table, "balance:");
	table_add(table, "%s, %s afterwards", money_display(available, amount), money_display(available - spent, fees));
}

static void print_members(FILE *out, struct json_object *plan)
{
	struct json_object *hit = json_get_object(plan, "hit");
	const char *end = output_text(plan, "new_expires_at", NULL);
	struct table *table = table_new("ll");
	char time[LOCAL_TIME_MAX];

	if (output_text(hit, "hit_id", NULL))
		add_hit(table, hit);
	else if (hit)
		add_definition(table, hit);
	if (end) {
		table_add_text(table, "new end:");
		table_add_text(table, local_time_of(end, time));
	}
	add_cost(table, plan);
	table_print(table, out, "  ");
	table_free(table);
}

static bool is_said_by_title(struct json_object *items)
{
	return length_of(items) <= 1 &&
	       strcmp(output_text(json_object_array_get_idx(items, 0), "verdict", "go"), "go") == 0;
}

static void add_item_money(struct table *table, struct json_object *item, const char *key)
{
	char amount[MONEY_TEXT_MAX];
	int64_t cents = output_int(item, key, 0);

	table_add_text(table, cents ? money_display(cents, amount) : "");
}

static void add_item(struct table *table, struct json_object *item, bool has_money)
{
	table_add_text(table, output_text(item, "verdict", "?"));
	table_add_text(table, output_text(item, "kind", "?"));
	table_add_text(table, output_text(item, "subject", NULL));
	if (has_money) {
		add_item_money(table, item, "amount_cents");
		add_item_money(table, item, "fee_cents");
	}
	table_add_text(table, output_text(item, "why", ""));
}

static void print_items(FILE *out, struct json_object *plan, size_t most)
{
	static const char *const titles[] = { "verdict", "kind", "subject", "amount", "fees", "why" };
	struct json_object *items = json_get_array(plan, "items");
	bool has_money = json_get_object(plan, "cost") != NULL;
	struct table *table;
	size_t n = length_of(items);

	if (!items || is_said_by_title(items))
		return;
	table = table_new(has_money ? "lllrrl" : "llll");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (has_money || i < 3 || i > 4)
			table_add_text(table, titles[i]);
	for (size_t i = 0; i < n && i < most; i++)
		add_item(table, json_object_array_get_idx(items, i), has_money);
	table_print(table, out, "  ");
	table_free(table);
	if (n > most)
		(void)fprintf(out, "  ... and %zu more\n", n - most);
}

/* A file or a pipe gets one line for each. */
static void print_notes(FILE *out, struct json_object *plan)
{
	struct json_object *notes = json_get_array(plan, "notes");
	unsigned width = term_is_terminal(out) && term_width(out) > 20 ? term_width(out) - 2 : 10000;

	for (size_t i = 0; i < length_of(notes); i++) {
		struct json_object *note = json_object_array_get_idx(notes, i);
		char *text = NULL;

		if (!json_object_is_type(note, json_type_string) ||
		    asprintf(&text, "note: %s", json_object_get_string(note)) < 0)
			continue;
		(void)fputs(term_style(out, TERM_WARN), out);
		wrap_print(out, "  ", text, width);
		(void)fputs(term_style(out, TERM_PLAIN), out);
		free(text);
	}
}

void errand_page_print(FILE *out, struct json_object *plan, size_t most)
{
	(void)fprintf(out, "%sPlan%s for ", term_style(out, TERM_BOLD), term_style(out, TERM_PLAIN));
	output_environment(out, output_text(plan, "environment", "unknown"));
	(void)fprintf(out, "  %sdigest %s%s\n", term_style(out, TERM_DIM), output_text(plan, "digest", "unknown"),
		      term_style(out, TERM_PLAIN));
	(void)fprintf(out, "  %s\n", output_text(plan, "title", "?"));
	print_members(out, plan);
	print_items(out, plan, most);
	print_notes(out, plan);
}

void errand_page_print_void(FILE *out, struct json_object *plan)
{
	struct json_object *items = json_get_array(plan, "items");
	struct json_object *first = items ? json_object_array_get_idx(items, 0) : NULL;

	(void)fprintf(out, "%s: %s\n", errand_page_refused(plan) > 0 ? "Nothing can be done" : "Nothing to do",
		      output_text(first, "why", "it was done before"));
}

char *errand_page_question(struct json_object *plan)
{
	const struct errand_words *words = words_of(plan);
	struct json_object *cost = json_get_object(plan, "cost");
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX], environment[32], *text = NULL;
	int64_t go = errand_page_go(plan);
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (strcmp(words->name, "create-hit") == 0 || strcmp(words->many, "workers") == 0)
		(void)fprintf(out, "%s %" PRId64 " %s", words->question, go,
			      output_plural(go, words->one, words->many));
	else
		(void)fprintf(out, "%s this %s", words->question, words->one);
	if (errand_page_cents(plan) > 0)
		(void)fprintf(out, " for %s + %s fees", output_money(cost, "amount_cents", amount),
			      output_money(cost, "fee_cents", fees));
	(void)fprintf(out, " in %s? [y/N]",
		      output_environment_name(output_text(plan, "environment", "unknown"), environment));
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* --- what became of it --- */

/* Operations of this kind in the batch that are done. */
static int64_t count_done(struct json_object *batch, const char *kind)
{
	struct json_object *kinds = json_get_array(batch, "by_kind");

	for (size_t i = 0; i < length_of(kinds); i++) {
		struct json_object *one = json_object_array_get_idx(kinds, i);

		if (strcmp(output_text(one, "kind", ""), kind) == 0)
			return output_int(one, "done", 0);
	}
	return 0;
}

static void print_created_hit(FILE *out, struct json_object *plan, struct json_object *created)
{
	const char *title = output_text(json_get_object(plan, "hit"), "title", ""), *round;

	round = output_text(created, "subject", "1/1");
	(void)fprintf(out, "created HIT %s (\"%s\")", output_text(created, "hit_id", "?"), title);
	if (strcmp(round, "1/1") != 0)
		(void)fprintf(out, ", round %s", round);
	(void)fputc('\n', out);
}

static void print_created(FILE *out, struct json_object *plan, struct json_object *created)
{
	if (strcmp(output_text(created, "kind", ""), "create-hit") == 0)
		print_created_hit(out, plan, created);
	else
		(void)fprintf(out, "created qualification type %s (\"%s\")\n",
			      output_text(created, "qualification_type_id", "?"), output_text(created, "subject", ""));
}

static void print_new_end(FILE *out, struct json_object *plan, const char *hit_id)
{
	const char *end = output_text(plan, "new_expires_at", NULL);
	char time[LOCAL_TIME_MAX];

	if (end && strcmp(output_text(plan, "errand", ""), "extend-hit") == 0)
		(void)fprintf(out, "HIT %s now ends %s\n", hit_id, local_time_of(end, time));
	else
		(void)fprintf(out, "expired HIT %s\n", hit_id);
}

void errand_page_print_done(FILE *out, struct json_object *plan, struct json_object *batch)
{
	const struct errand_words *words = words_of(plan);
	const char *hit_id = output_text(json_get_object(plan, "hit"), "hit_id", "?");
	struct json_object *created = json_get_array(batch, "created");
	int64_t count = words->kind ? count_done(batch, words->kind) : 0;

	for (size_t i = 0; i < length_of(created); i++)
		if (strcmp(output_text(json_object_array_get_idx(created, i), "state", ""), "done") == 0)
			print_created(out, plan, json_object_array_get_idx(created, i));
	if (count_done(batch, "extend-hit") > 0)
		(void)fprintf(out, "extended HIT %s\n", hit_id);
	if (count_done(batch, "expire-hit") > 0)
		print_new_end(out, plan, hit_id);
	if (count_done(batch, "delete-hit") > 0)
		(void)fprintf(out, "deleted HIT %s\n", hit_id);
	if (count > 0)
		(void)fprintf(out, "%" PRId64 " %s %s\n", count, output_plural(count, words->one, words->many),
			      words->done);
}

/* Whether an earlier refused item has the same reason. */
static bool is_repeated(struct json_object *items, size_t at, const char *why)
{
	for (size_t i = 0; i < at; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (strcmp(output_text(item, "verdict", ""), "refuse") == 0 &&
		    strcmp(output_text(item, "why", ""), why) == 0)
			return true;
	}
	return false;
}

static int64_t count_like(struct json_object *items, const char *why)
{
	int64_t count = 0;

	for (size_t i = 0; i < length_of(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		count += strcmp(output_text(item, "verdict", ""), "refuse") == 0 &&
			 strcmp(output_text(item, "why", ""), why) == 0;
	}
	return count;
}

void errand_page_print_refused(FILE *out, struct json_object *plan)
{
	const struct errand_words *words = words_of(plan);
	struct json_object *items = json_get_array(plan, "items");
	size_t shown = 0;

	for (size_t i = 0; i < length_of(items) && shown < REASONS_SHOWN; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		const char *why = output_text(item, "why", "no reason given");
		int64_t count = count_like(items, why);

		if (strcmp(output_text(item, "verdict", ""), "refuse") != 0 || is_repeated(items, i, why))
			continue;
		shown++;
		(void)fprintf(out, "%s%" PRId64 " %s left out:%s %s\n", term_style(out, TERM_WARN), count,
			      output_plural(count, words->one, words->many), term_style(out, TERM_PLAIN), why);
	}
}
