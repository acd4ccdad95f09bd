/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "printable.h"
#include "queue_page.h"
#include "queue_select.h"
#include "session.h"
#include "table.h"

/* --- list --- */

struct listing {
	const struct session *session;
	FILE *json; /* collects the operations with --json: half a list must not be printed */
	int64_t count;
	bool has_held;  /* something that a release lets go on */
	bool has_doubt;
	bool has_failed;
	struct json_object *total;
};

static void look_at(struct listing *listing, struct json_object *operation)
{
	const char *hold = output_text(operation, "hold", "");

	if (strcmp(hold, "doubt") == 0)
		listing->has_doubt = true;
	else if (strcmp(output_text(operation, "state", ""), "held") == 0)
		listing->has_held = true;
	else if (strcmp(output_text(operation, "state", ""), "failed") == 0)
		listing->has_failed = true;
}

static void on_page(void *arg, struct json_object *page)
{
	struct listing *listing = arg;
	struct json_object *operations = json_get_array(page, "operations");
	size_t n = operations ? json_object_array_length(operations) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *operation = json_object_array_get_idx(operations, i);

		look_at(listing, operation);
		if (listing->json)
			(void)fprintf(listing->json, "%s%s", listing->count++ ? "," : "", json_text(operation, NULL));
	}
	if (!listing->json)
		queue_page_print(stdout, operations, SIZE_MAX);
	json_object_put(listing->total);
	listing->total = json_object_get(json_get_object(page, "total"));
}

static void print_list_json(const struct listing *listing, const char *operations)
{
	struct json_object *environment = json_object_new_string(listing->session->environment);

	(void)printf("{\"environment\":%s,\"total\":", json_text(environment, NULL));
	printable_write_json(stdout, listing->total ? json_text(listing->total, NULL) : "null",
			     listing->total ? strlen(json_text(listing->total, NULL)) : 4);
	(void)fputs(",\"next_offset\":null,\"operations\":[", stdout);
	printable_write_json(stdout, operations, strlen(operations));
	(void)puts("]}");
	json_object_put(environment);
}

static void print_list_end(const struct listing *listing)
{
	char total[QUEUE_TOTAL_MAX];

	if (output_int(listing->total, "count", 0) > 0)
		(void)printf("%s\n", queue_page_total(listing->total, total));
	(void)fflush(stdout);
	if (listing->session->is_quiet)
		return;
	if (output_int(listing->total, "count", 0) == 0)
		(void)fputs("No such operation is in the queue.\n", stderr);
	if (listing->has_held)
		(void)fputs("Let go on what is held: \"ngmtctl queue release ID ...\" or --all; take it back: "
			    "\"ngmtctl queue cancel ID ...\".\n",
			    stderr);
	if (listing->has_failed)
		(void)fputs("Once its cause is put right, what was refused is tried again by \"ngmtctl queue retry ID "
			    "...\" or --all.\n",
			    stderr);
	if (listing->has_doubt)
		(void)fputs("In doubt: \"ngmtctl queue show ID\" says what to look for, then \"ngmtctl queue resolve "
			    "ID\" with --done or --not-done.\n",
			    stderr);
}

static void print_list(const struct listing *listing, const char *operations)
{
	if (listing->session->is_json)
		print_list_json(listing, operations);
	else
		print_list_end(listing);
}

int cmd_queue_list(struct session *session, struct err *err)
{
	struct json_object *select = queue_select_new(session->invocation);
	struct listing listing = { .session = session };
	char *operations = NULL;
	size_t size = 0;
	int failed;

	if (session->is_json)
		listing.json = open_memstream(&operations, &size);
	failed = session->is_json && !listing.json ? err_set(err, ERR_INTERNAL, "out of memory")
						    : queue_page_each(session, select, NULL, on_page, &listing, err);
	if (listing.json && fclose(listing.json) != 0)
		failed = err_set(err, ERR_INTERNAL, "out of memory");
	if (failed == 0)
		print_list(&listing, operations ? operations : "");
	free(operations);
	json_object_put(listing.total);
	json_object_put(select);
	return failed;
}

/* --- show --- */

static void add_member(struct table *table, const char *label, struct json_object *operation, const char *key)
{
	struct json_object *member = json_object_object_get(operation, key);

	if (!member)
		return;
	table_add_text(table, label);
	table_add_text(table, json_object_get_string(member));
}

/* What the subject is depends on the kind. */
static const char *subject_label(struct json_object *operation)
{
	static const struct {
		const char *kind, *label;
	} labels[] = { { "create-hit", "round:" },
		       { "extend-hit", "assignments before:" },
		       { "expire-hit", "expiry before:" },
		       { "create-qualification", "name:" } };
	const char *kind = output_text(operation, "kind", "");

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(labels[i].kind, kind) == 0)
			return labels[i].label;
	return "subject:";
}

static void add_members(struct table *table, struct json_object *operation)
{
	const struct {
		const char *label;
		const char *key;
	} members[] = {
		{ "held until:", "held_until" },   { "why:", "why" },
		{ "worker:", "worker_id" },	   { "assignment:", "assignment_id" },
		{ "HIT:", "hit_id" },		   { "qualification type:", "qualification_type_id" },
		{ "purpose:", "purpose" },	   { subject_label(operation), "subject" },
		{ "assignments:", "assignments" }, { "new expiry:", "expires_at" },
		{ "text:", "text" },
		{ "batch:", "batch" },		   { "command:", "command" },
		{ "by:", "user" },		   { "created:", "created" },
		{ "changed:", "at" },		   { "attempts:", "attempts" },
		{ "first sent:", "first_sent" },   { "outcome:", "outcome" },
		{ "HTTP status:", "http_status" }, { "request id:", "request_id" },
		{ "answer:", "answer" },	   { "key:", "key" },
		{ "token:", "token" },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		add_member(table, members[i].label, operation, members[i].key);
}

static void print_operation(struct json_object *operation)
{
	struct json_object *row = json_get_object(operation, "row");
	struct table *table = table_new("ll");
	char state[QUEUE_STATE_MAX], amount[MONEY_TEXT_MAX], fees[MONEY_TEXT_MAX];

	table_add_text(table, "id:");
	table_add(table, "%" PRId64, output_int(operation, "id", 0));
	table_add_text(table, "kind:");
	table_add_text(table, output_text(operation, "kind", "?"));
	table_add_text(table, "state:");
	table_add_text(table, queue_page_state(operation, state));
	if (output_int(operation, "amount_cents", 0) > 0) {
		table_add_text(table, "amount:");
		table_add(table, "%s + %s fees", output_money(operation, "amount_cents", amount),
			  output_money(operation, "fees_cents", fees));
	}
	add_members(table, operation);
	if (row) {
		table_add_text(table, "from:");
		table_add(table, "%s:%" PRId64, output_text(row, "file", "?"), output_int(row, "line", 0));
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void print_steps(struct json_object *steps)
{
	static const char *const titles[] = { "at", "state", "by", "batch", "command", "why" };
	size_t n = steps ? json_object_array_length(steps) : 0;
	struct table *table = table_new("lllrll");

	for (size_t i = 0; n > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < n; i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);
		int64_t batch = output_int(step, "batch", 0);

		table_add_text(table, output_text(step, "at", NULL));
		table_add_text(table, output_text(step, "state", "?"));
		table_add_text(table, output_text(step, "user", NULL));
		if (batch > 0)
			table_add(table, "%" PRId64, batch);
		else
			table_add_text(table, NULL);
		table_add_text(table, output_text(step, "command", NULL));
		table_add_text(table, output_text(step, "why", ""));
	}
	if (n > 0)
		output_heading(stdout, "Steps");
	table_print(table, stdout, "");
	table_free(table);
}

/* What a person can type next, by what it is held for: the first that fits. What is not held needs nothing. */
static void note_next(struct json_object *operation)
{
	static const struct {
		const char *hold; /* empty: any */
		const char *kind; /* empty: any */
		const char *before;
		const char *after;
	} nexts[] = {
		{ "doubt", "notify",
		  "Find out from the workers whether they got it (the platform does not tell), then: ngmtctl queue "
		  "resolve",
		  " --done, or --not-done" },
		{ "doubt", "", "Find out on the platform whether it was executed, then: ngmtctl queue resolve",
		  " --done, or --not-done" },
		{ "undo", "", "It goes on by itself; to take it back: ngmtctl queue cancel", "" },
		{ "", "", "To let it go on: ngmtctl queue release", "" },
	};
	const char *hold = output_text(operation, "hold", ""), *kind = output_text(operation, "kind", "");
	bool has_failed = strcmp(output_text(operation, "state", ""), "failed") == 0;

	if (has_failed)
		(void)fprintf(stderr, "Once the cause is put right: ngmtctl queue retry %" PRId64 "\n",
			      output_int(operation, "id", 0));
	for (size_t i = 0; hold[0] && i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		if ((nexts[i].hold[0] && strcmp(nexts[i].hold, hold) != 0) ||
		    (nexts[i].kind[0] && strcmp(nexts[i].kind, kind) != 0))
			continue;
		(void)fprintf(stderr, "%s %" PRId64 "%s\n", nexts[i].before, output_int(operation, "id", 0),
			      nexts[i].after);
		return;
	}
}

int cmd_queue_show(struct session *session, struct err *err)
{
	struct json_object *operation = queue_page_one(session, queue_select_number(session->invocation, 0), err);

	if (!operation)
		return -1;
	if (session->is_json) {
		output_json(operation);
	} else {
		print_operation(operation);
		print_steps(json_get_array(operation, "steps"));
		(void)fflush(stdout);
		if (!session->is_quiet)
			note_next(operation);
	}
	json_object_put(operation);
	return 0;
}
