/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "output.h"
#include "table.h"
#include "term.h"

/* How many ids of workers a plan names. */
#define WORKERS_SHOWN 4
/* How many reasons are listed for which something was not sent. */
#define TROUBLES_SHOWN 20

/* How each kind of operation is spoken of. */
static const struct kind {
	const char *name;
	const char *verb;
	const char *one;
	const char *many;
	const char *money; /* what the amount is; NULL: the kind moves no money */
	const char *deed;  /* one of its kind, and many */
	const char *deeds;
} kinds[] = {
	{ "approve", "approve", "assignment", "assignments", "reward, set aside by the platform already", "approval",
	  "approvals" },
	{ "reject", "reject", "assignment", "assignments", NULL, "rejection", "rejections" },
	{ "bonus", "pay", "bonus", "bonuses", "to workers", "bonus", "bonuses" },
	{ "qualify", "qualify", "worker", "workers", NULL, "qualification", "qualifications" },
	{ "notify", "notify", "worker", "workers", NULL, "message", "messages" },
	{ "create-hit", "create", "HIT", "HITs", "set aside for rewards", "new HIT", "new HITs" },
	{ "extend-hit", "extend", "HIT", "HITs", "set aside for rewards", "extension", "extensions" },
	{ "expire-hit", "set the end of", "HIT", "HITs", NULL, "new end", "new ends" },
	{ "delete-hit", "delete", "HIT", "HITs", NULL, "deletion", "deletions" },
	{ "create-qualification", "create", "qualification type", "qualification types", NULL, "new qualification type",
	  "new qualification types" },
	{ "revoke", "revoke", "qualification", "qualifications", NULL, "revocation", "revocations" },
	{ "block", "block", "worker", "workers", NULL, "block", "blocks" },
	{ "unblock", "unblock", "worker", "workers", NULL, "lifted block", "lifted blocks" },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What is held for want of something that an option says. */
static const struct {
	const char *kind;
	const char *want; /* part of ngmtd's sentence */
	enum option_id option;
} wants[] = {
	{ "bonus", "needs a reason", OPTION_ID_REASON },
	{ "reject", "needs a feedback text", OPTION_ID_FEEDBACK },
	{ "qualify", "names a qualification type", OPTION_ID_TYPE_ID },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static struct json_object *find_action(struct json_object *plan, const char *kind)
{
	struct json_object *actions = json_get_array(plan, "actions");
	size_t n = actions ? json_object_array_length(actions) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *action = json_object_array_get_idx(actions, i);

		if (strcmp(output_text(action, "kind", ""), kind) == 0)
			return action;
	}
	return NULL;
}

int64_t plan_count(struct json_object *plan, const char *kind)
{
	return output_int(find_action(plan, kind), "count", 0);
}

int64_t plan_to_hold(struct json_object *plan)
{
	return output_int(plan, "to_hold", 0);
}

static bool has_actions(struct json_object *plan)
{
	struct json_object *actions = json_get_array(plan, "actions");
	size_t n = actions ? json_object_array_length(actions) : 0;

	for (size_t i = 0; i < n; i++)
		if (output_int(json_object_array_get_idx(actions, i), "count", 0) > 0)
			return true;
	return false;
}

int64_t plan_to_record(struct json_object *plan)
{
	return output_int(plan, "to_record", 0);
}

bool plan_only_records(struct json_object *plan)
{
	return (plan_to_hold(plan) > 0 || plan_to_record(plan) > 0) && !has_actions(plan);
}

bool plan_is_void(struct json_object *plan, const char **why)
{
	bool is_void = false;

	*why = output_text(plan, "why", "no row asks for it");
	(void)json_get_bool(plan, "nothing_to_do", &is_void);
	return is_void && plan_to_hold(plan) == 0 && plan_to_record(plan) == 0;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The different workers of the items that act, sorted, borrowed from the plan. The caller frees the list; NULL if
 * memory runs out. */
static const char **list_workers(struct json_object *plan, size_t *different)
{
	struct json_object *items = json_get_array(plan, "items");
	size_t n = items ? json_object_array_length(items) : 0, found = 0;
	const char **ids = calloc(n ? n : 1, sizeof(*ids));

	*different = 0;
	for (size_t i = 0; ids && i < n; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (strcmp(output_text(item, "verdict", ""), "act") == 0 &&
		    json_get_text(item, "worker_id", &ids[found]))
			found++;
	}
	if (found > 0)
		qsort(ids, found, sizeof(*ids), compare_text);
	for (size_t i = 0; i < found; i++)
		if (i == 0 || strcmp(ids[*different - 1], ids[i]) != 0)
			ids[(*different)++] = ids[i];
	return ids;
}

int64_t plan_workers(struct json_object *plan)
{
	struct json_object *items = json_get_array(plan, "items");
	const char **ids;
	size_t different;
	int64_t workers;

	if (json_get_int(plan, "workers", &workers))
		return workers;
	if (!items || json_object_array_length(items) == 0 || output_int(plan, "items_next_offset", -1) >= 0)
		return -1;
	ids = list_workers(plan, &different);
	free(ids);
	return ids ? (int64_t)different : -1;
}

const char *plan_deed(const char *kind, int64_t count)
{
	const struct kind *known = find_kind(kind);

	return known ? output_plural(count, known->deed, known->deeds) : kind;
}

static bool is_troubled(struct json_object *group)
{
	const char *verdict = output_text(group, "verdict", "");

	return strcmp(verdict, "hold") == 0 || strcmp(verdict, "conflict") == 0;
}

int64_t plan_troubled(struct json_object *plan)
{
	struct json_object *groups = json_get_array(plan, "groups");
	size_t n = groups ? json_object_array_length(groups) : 0;
	int64_t troubled = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);

		if (is_troubled(group))
			(void)money_add(&troubled, output_int(group, "count", 0));
	}
	return troubled;
}

int64_t plan_under_way(struct json_object *plan)
{
	static const char under_way[] = "on its way already";
	struct json_object *groups = json_get_array(plan, "groups");
	size_t n = groups ? json_object_array_length(groups) : 0;
	int64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);

		if (strcmp(output_text(group, "verdict", ""), "done") == 0 &&
		    strncmp(output_text(group, "why", ""), under_way, sizeof(under_way) - 1) == 0)
			(void)money_add(&count, output_int(group, "count", 0));
	}
	return count;
}

/* "why (-r)": with the option to type, where there is one. */
static void explain(struct json_object *group, char *out, size_t size)
{
	const char *kind = output_text(group, "kind", ""), *why = output_text(group, "why", "");

	out[0] = '\0';
	output_append(out, size, "%s", why);
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		if (strcmp(kind, wants[i].kind) == 0 && strstr(why, wants[i].want))
			output_append(out, size, " (-%c)", option_rows[wants[i].option].letter);
}

/* Operations of `batch` that are held for the very same reason: what is beyond a limit is recorded, and in the plan
 * all the same. */
static int64_t count_recorded(struct json_object *batch, struct json_object *group)
{
	struct json_object *groups = json_get_array(batch, "groups");
	size_t n = groups ? json_object_array_length(groups) : 0;
	int64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *recorded = json_object_array_get_idx(groups, i);

		if (strcmp(output_text(recorded, "state", ""), "held") == 0 &&
		    strcmp(output_text(recorded, "kind", ""), output_text(group, "kind", "")) == 0 &&
		    strcmp(output_text(recorded, "why", ""), output_text(group, "why", "")) == 0)
			(void)money_add(&count, output_int(recorded, "count", 0));
	}
	return count;
}

void plan_print_troubled(FILE *out, struct json_object *plan, struct json_object *batch)
{
	struct json_object *groups = json_get_array(plan, "groups");
	size_t n = groups ? json_object_array_length(groups) : 0, shown = 0;
	int64_t more = 0;
	char why[400];

	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		int64_t count = output_int(group, "count", 0) - count_recorded(batch, group);

		if (!is_troubled(group) || count <= 0)
			continue;
		if (shown++ >= TROUBLES_SHOWN) {
			(void)money_add(&more, count);
			continue;
		}
		explain(group, why, sizeof(why));
		(void)fprintf(out, "%s%" PRId64 " %s not sent:%s %s\n", term_style(out, TERM_WARN), count,
			      plan_deed(output_text(group, "kind", "operations"), count), term_style(out, TERM_PLAIN),
			      why);
	}
	if (more > 0)
		(void)fprintf(out, "... and %" PRId64 " more not sent\n", more);
}

static void add_action(struct table *table, struct json_object *action)
{
	const char *name = output_text(action, "kind", "?");
	const struct kind *kind = find_kind(name);
	int64_t count = output_int(action, "count", 0);
	bool has_fees = true;
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];

	(void)json_get_bool(action, "fees_known", &has_fees);
	table_add_text(table, name);
	table_add(table, "%" PRId64, count);
	table_add_text(table, kind ? output_plural(count, kind->one, kind->many) : "");
	if (!kind || !kind->money) {
		table_add_text(table, "");
		table_add_text(table, "");
		table_add_text(table, "");
		return;
	}
	table_add_text(table, output_money(action, "amount_cents", amount));
	if (has_fees)
		table_add(table, "+ %s fees", output_money(action, "fees_cents", fees));
	else
		table_add_text(table, "+ fees not known");
	table_add(table, "(%s)", kind->money);
}

static void print_actions(FILE *out, struct json_object *plan)
{
	struct json_object *actions = json_get_array(plan, "actions");
	size_t n = actions ? json_object_array_length(actions) : 0;
	struct table *table = table_new("lrlrrl");

	for (size_t i = 0; i < n; i++)
		if (output_int(json_object_array_get_idx(actions, i), "count", 0) > 0)
			add_action(table, json_object_array_get_idx(actions, i));
	table_print(table, out, "  ");
	table_free(table);
}

/* "7 (A1X, A2X, A3X, ...)": enough to see whether these are the right people; a dry run lists all. */
static void add_workers(struct table *table, struct json_object *plan)
{
	int64_t workers = plan_workers(plan);
	size_t different, shown = 0;
	const char **ids = list_workers(plan, &different);
	char line[400] = "";

	if (workers > 0) {
		output_append(line, sizeof(line), "%" PRId64, workers);
		for (; ids && shown < different && shown < WORKERS_SHOWN; shown++)
			output_append(line, sizeof(line), "%s%.40s", shown ? ", " : " (", ids[shown]);
		if (shown > 0)
			output_append(line, sizeof(line), workers > (int64_t)shown ? ", ...)" : ")");
		table_add_text(table, "workers:");
		table_add_text(table, line);
	}
	free(ids);
}

/* What the workers would read, as far as it fits on a line. */
static void add_message(struct table *table, struct json_object *plan)
{
	table_add_text(table, "subject:");
	table_add_text(table, output_text(plan, "subject", ""));
	table_add_text(table, "text:");
	table_add(table, "%s (%" PRId64 " characters in all)", output_text(plan, "first_line", ""),
		  output_int(plan, "characters", 0));
	table_add_text(table, "requests:");
	table_add(table, "%" PRId64, output_int(plan, "requests", 0));
}

static void add_balance(struct table *table, struct json_object *plan, bool is_spent)
{
	char before[MONEY_TEXT_MAX], after[MONEY_TEXT_MAX];

	table_add_text(table, "balance:");
	if (json_has(plan, "balance_after_cents") && is_spent)
		table_add(table, "%s, %s afterwards", output_money(plan, "balance_cents", before),
			  output_money(plan, "balance_after_cents", after));
	else
		table_add_text(table, output_money(plan, "balance_cents", before));
}

static void print_money(FILE *out, struct json_object *plan)
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX], sum[MONEY_TEXT_MAX];
	int64_t total = output_int(plan, "total_cents", 0), fees = output_int(plan, "total_fees_cents", 0), all = total;
	struct table *table = table_new("ll");

	add_workers(table, plan);
	if (total > 0 || fees > 0) {
		table_add_text(table, "to pay:");
		table_add(table, "%s + %s fees = %s", money_display(total, a), money_display(fees, b),
			  money_add(&all, fees) < 0 ? "too much" : money_display(all, sum));
	}
	if (json_has(plan, "subject"))
		add_message(table, plan);
	else
		add_balance(table, plan, total > 0);
	table_print(table, out, "  ");
	table_free(table);
}

static void print_groups(FILE *out, struct json_object *plan)
{
	struct json_object *groups = json_get_array(plan, "groups");
	size_t n = groups ? json_object_array_length(groups) : 0;
	struct table *table = table_new("rlll");
	char why[400];

	if (n > 0)
		(void)fputs("Not sent:\n", out);
	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);

		table_add(table, "%" PRId64, output_int(group, "count", 0));
		table_add_text(table, output_text(group, "verdict", "?"));
		table_add_text(table, output_text(group, "kind", ""));
		explain(group, why, sizeof(why));
		table_add_text(table, why);
	}
	table_print(table, out, "  ");
	table_free(table);
}

static void print_unsent(FILE *out, struct json_object *plan)
{
	int64_t count = plan_to_hold(plan);

	if (count > 0)
		(void)fprintf(out,
			      "%s%" PRId64 " of these:%s recorded as held, not sent (see ngmtctl queue list --held)\n",
			      term_style(out, TERM_WARN), count, term_style(out, TERM_PLAIN));
	if (plan_to_record(plan) > 0)
		(void)fprintf(out, "%" PRId64 " done already by others: recorded as done, not sent\n",
			      plan_to_record(plan));
}

static void print_undo(FILE *out, struct json_object *plan)
{
	int64_t window_s = output_int(plan, "undo_window_s", 0);
	char duration[32];

	if (window_s <= 0 || plan_count(plan, "reject") == 0)
		return;
	if (window_s % 60 == 0)
		(void)snprintf(duration, sizeof(duration), "%" PRId64 " min", window_s / 60);
	else
		(void)output_duration(window_s, duration);
	(void)fprintf(out, "rejections wait %s; ngmtctl queue cancel --batch N takes them back\n", duration);
}

static void print_warnings(FILE *out, struct json_object *plan)
{
	struct json_object *warnings = json_get_array(plan, "warnings");
	size_t n = warnings ? json_object_array_length(warnings) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *warning = json_object_array_get_idx(warnings, i);

		if (json_object_is_type(warning, json_type_string))
			(void)fprintf(out, "%swarning:%s %s\n", term_style(out, TERM_WARN), term_style(out, TERM_PLAIN),
				      json_object_get_string(warning));
	}
}

void plan_print_void(FILE *out, struct json_object *plan, const char *why)
{
	(void)fprintf(out, "%s: %s\n", plan_troubled(plan) > 0 ? "Nothing can be sent" : "Nothing to do", why);
}

void plan_print(FILE *out, struct json_object *plan)
{
	const char *why;
	bool is_void = plan_is_void(plan, &why);

	(void)fprintf(out, "%sPlan%s for ", term_style(out, TERM_BOLD), term_style(out, TERM_PLAIN));
	output_environment(out, output_text(plan, "environment", "unknown"));
	(void)fprintf(out, "  %sdigest %s, %" PRId64 " %s%s\n", term_style(out, TERM_DIM),
		      output_text(plan, "digest", "unknown"), output_int(plan, "rows", 0),
		      output_plural(output_int(plan, "rows", 0), "row", "rows"), term_style(out, TERM_PLAIN));
	if (is_void) {
		plan_print_void(out, plan, why);
	} else {
		print_actions(out, plan);
		print_money(out, plan);
	}
	print_groups(out, plan);
	print_unsent(out, plan);
	print_undo(out, plan);
	print_warnings(out, plan);
}

void plan_print_items(FILE *out, struct json_object *items)
{
	struct table *table = table_new("rllllrrl");
	static const char *const titles[] = {
		"row", "kind", "worker", "assignment", "verdict", "amount", "fees", "why"
	};
	size_t n = items ? json_object_array_length(items) : 0;

	for (size_t i = 0; n > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];
		int64_t cents;

		table_add(table, "%" PRId64, output_int(item, "row", 0));
		table_add_text(table, output_text(item, "kind", "?"));
		table_add_text(table, output_text(item, "worker_id", NULL));
		table_add_text(table, output_text(item, "assignment_id", NULL));
		table_add_text(table, output_text(item, "verdict", "?"));
		table_add_text(table, json_get_int(item, "amount_cents", &cents) ? money_display(cents, amount) : "");
		table_add_text(table, json_get_int(item, "fees_cents", &cents) ? money_display(cents, fees) : "");
		table_add_text(table, output_text(item, "why", ""));
	}
	table_print(table, out, "  ");
	table_free(table);
}

/* Money comes last and in full, for it is what the person says yes to. */
static size_t list_deeds(struct json_object *plan, char deeds[KINDS][160])
{
	char amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];
	int64_t workers = plan_workers(plan), bonuses = plan_count(plan, "bonus");
	size_t n = 0;

	for (size_t i = 0; i < KINDS; i++) {
		int64_t count = plan_count(plan, kinds[i].name);

		if (count > 0 && strcmp(kinds[i].name, "bonus") != 0)
			(void)snprintf(deeds[n++], sizeof(deeds[0]), "%s %" PRId64 " %s", kinds[i].verb, count,
				       output_plural(count, kinds[i].one, kinds[i].many));
	}
	if (bonuses == 0)
		return n;
	(void)money_display(output_int(plan, "total_cents", 0), amount);
	(void)money_display(output_int(plan, "total_fees_cents", 0), fees);
	/* The number of workers is of the whole plan; in a mixed one it may be larger than that of the bonuses. */
	if (workers > 0 && workers <= bonuses)
		(void)snprintf(deeds[n++], sizeof(deeds[0]), "pay %" PRId64 " %s %s + %s fees", workers,
			       output_plural(workers, "worker", "workers"), amount, fees);
	else
		(void)snprintf(deeds[n++], sizeof(deeds[0]), "pay %" PRId64 " %s, %s + %s fees,", bonuses,
			       output_plural(bonuses, "bonus", "bonuses"), amount, fees);
	return n;
}

char *plan_question(struct json_object *plan, int64_t count)
{
	char deeds[KINDS][160];
	char environment[32], *text = NULL;
	size_t n = list_deeds(plan, deeds), size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", deeds[i]);
	(void)fprintf(out, "%s in %s? ", n == 0 ? "go on" : "",
		      output_environment_name(output_text(plan, "environment", "unknown"), environment));
	if (count > 0)
		(void)fprintf(out, "Type %" PRId64 ", the number of rejections, to say yes:", count);
	else
		(void)fputs("[y/N]", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	return text;
}
