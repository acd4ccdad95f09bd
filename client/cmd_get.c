/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chooser.h"
#include "commands.h"
#include "local_time.h"
#include "output.h"
#include "session.h"
#include "table.h"
#include "utf8.h"

/* Takes over `params`; prints JSON itself. NULL also if nothing is left to print: then *status is 0. */
static struct json_object *call_get(struct session *session, const char *what, struct json_object *params, int *status,
				    struct err *err)
{
	struct json_object *result;

	if (!params)
		params = json_object_new_object();
	json_put_text(params, "what", what);
	result = session_call(session, "get", params, SESSION_PATIENT_MS, err);
	*status = result ? 0 : -1;
	if (!result || !session->is_json)
		return result;
	output_json(result);
	json_object_put(result);
	return NULL;
}

int cmd_get_balance(struct session *session, struct err *err)
{
	int status;
	struct json_object *result = call_get(session, "balance", NULL, &status, err);
	char amount[MONEY_TEXT_MAX];

	if (!result)
		return status;
	(void)printf("Your balance is: %s in ", output_money(result, "available_cents", amount));
	output_environment(stdout, output_text(result, "environment", "unknown"));
	(void)putchar('\n');
	if (output_int(result, "on_hold_cents", 0) > 0)
		(void)printf("On hold: %s\n", output_money(result, "on_hold_cents", amount));
	json_object_put(result);
	return 0;
}

int cmd_get_hit(struct session *session, struct err *err)
{
	int status;
	struct json_object *result = call_get(session, "hit", NULL, &status, err),
			   *hit = json_get_object(result, "hit");

	if (!result)
		return status;
	if (hit)
		(void)printf("retrieved last HIT id: %s (\"%s\")\n", output_text(hit, "hit_id", "?"),
			     output_text(hit, "title", ""));
	else
		(void)err_set(err, ERR_NOT_FOUND, "there is no HIT yet");
	if (hit)
		chooser_note_unselected(session, result);
	json_object_put(result);
	return hit ? 0 : -1;
}

static void add_hit(struct table *table, size_t number, struct json_object *hit, int columns)
{
	const char *title = output_text(hit, "title", "");
	char amount[MONEY_TEXT_MAX];

	table_add(table, "%zu)", number);
	table_add(table, "%.10s", output_text(hit, "created_at", "-"));
	table_add_text(table, output_text(hit, "hit_id", "?"));
	table_add(table, "%.*s", utf8_cut(title, (size_t)columns), title);
	table_add(table, "(%s)", output_money(hit, "reward_cents", amount));
	table_add(table, "%" PRId64 "/%" PRId64, output_int(hit, "completed", 0),
		  output_int(hit, "max_assignments", 0));
}

int cmd_get_hits(struct session *session, struct err *err)
{
	static const struct chooser hits = {
		.what = "hits",
		.id_key = "hit_id",
		.title_key = "title",
		.member = "hit",
		.noun = "HIT",
		.nouns = "HITs",
		.question = "Select a HIT",
		.columns = "rlllrr",
		.add_row = add_hit,
	};

	return chooser_run(session, &hits, err);
}

static void print_status(struct json_object *hit)
{
	static const struct {
		const char *label;
		const char *key;
	} lines[] = {
		{ "id:", "hit_id" },		    { "title:", "title" },
		{ "status:", "status" },	    { "review:", "review_status" },
		{ "max ass:", "max_assignments" },  { "pending ass:", "pending" },
		{ "available ass:", "available" },  { "completed ass:", "completed" },
	};
	struct table *table = table_new("ll");
	char reward[MONEY_TEXT_MAX], time[LOCAL_TIME_MAX];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct json_object *member = json_object_object_get(hit, lines[i].key);

		table_add_text(table, lines[i].label);
		table_add_text(table, member ? json_object_get_string(member) : NULL);
	}
	table_add_text(table, "created:");
	table_add_text(table, local_time_of(output_text(hit, "created_at", NULL), time));
	table_add_text(table, "expiration:");
	table_add_text(table, local_time_of(output_text(hit, "expires_at", NULL), time));
	table_add_text(table, "annotation:");
	table_add_text(table, output_text(hit, "annotation", NULL));
	table_add_text(table, "reward:");
	table_add_text(table, output_money(hit, "reward_cents", reward));
	output_heading(stdout, "HIT Status");
	table_print(table, stdout, "");
	table_free(table);
}

int cmd_get_hit_status(struct session *session, struct err *err)
{
	struct json_object *params = json_object_new_object(), *result, *hit;
	int status;

	if (session->invocation->word_count > 0)
		json_put_text(params, "hit_id", session->invocation->words[0]);
	result = call_get(session, "hit-status", params, &status, err);
	if (!result)
		return status;
	hit = json_get_object(result, "hit");
	if (hit)
		print_status(hit);
	else
		(void)err_set(err, ERR_NOT_FOUND, "no HIT is selected; \"ngmtctl get hit\" selects the newest");
	json_object_put(result);
	return hit ? 0 : -1;
}
