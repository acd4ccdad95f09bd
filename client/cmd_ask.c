/* SPDX-License-Identifier: MIT
 *
 * get qualification, qualifications, bonuses; qualification show, workers: questions to the platform.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chooser.h"
#include "commands.h"
#include "local_time.h"
#include "output.h"
#include "protocol.h"
#include "session.h"
#include "table.h"
#include "utf8.h"

/* Takes over `params`. */
static struct json_object *call_get(struct session *session, const char *what, struct json_object *params,
				    struct err *err)
{
	json_put_text(params, "what", what);
	return session_call(session, "get", params, SESSION_PATIENT_MS, err);
}

static size_t count_of(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* The word of the command line, as the member `key`. */
static struct json_object *word_params(const struct session *session, const char *key)
{
	struct json_object *params = json_object_new_object();

	if (session->invocation->word_count > 0)
		json_put_text(params, key, session->invocation->words[0]);
	return params;
}

/* --- qualification types --- */

int cmd_get_qualification(struct session *session, struct err *err)
{
	struct json_object *result = call_get(session, "qualification", json_object_new_object(), err);
	struct json_object *type = json_get_object(result, "qualification");
	int status = 0;

	if (!result)
		return -1;
	if (session->is_json) {
		output_json(result);
	} else if (type) {
		(void)printf("retrieved QualificationTypeId: %s (\"%s\")\n",
			     output_text(type, "qualification_type_id", "?"), output_text(type, "name", ""));
		chooser_note_unselected(session, result);
	} else {
		status = err_set(err, ERR_NOT_FOUND, "there is no qualification type yet");
	}
	json_object_put(result);
	return status;
}

static void add_type(struct table *table, size_t number, struct json_object *type, int columns)
{
	const char *name = output_text(type, "name", "");

	table_add(table, "%zu)", number);
	table_add(table, "%.10s", output_text(type, "created_at", "-"));
	table_add_text(table, output_text(type, "qualification_type_id", "?"));
	table_add(table, "%.*s", utf8_cut(name, (size_t)columns), name);
}

int cmd_get_qualifications(struct session *session, struct err *err)
{
	static const struct chooser types = {
		.what = "qualifications",
		.id_key = "qualification_type_id",
		.title_key = "name",
		.member = "qualification",
		.noun = "qualification type",
		.nouns = "qualification types",
		.question = "Select a qualification type",
		.columns = "rlll",
		.add_row = add_type,
	};

	return chooser_run(session, &types, err);
}

static void print_type(struct json_object *type)
{
	static const struct {
		const char *label;
		const char *key;
	} lines[] = {
		{ "id:", "qualification_type_id" },
		{ "name:", "name" },
		{ "description:", "description" },
		{ "keywords:", "keywords" },
		{ "status:", "status" },
	};
	struct table *table = table_new("ll");
	char time[LOCAL_TIME_MAX];
	bool has_test = false, is_requestable = false;

	(void)json_get_bool(type, "has_test", &has_test);
	(void)json_get_bool(type, "is_requestable", &is_requestable);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		table_add_text(table, lines[i].label);
		table_add_text(table, output_text(type, lines[i].key, NULL));
	}
	table_add_text(table, "created:");
	table_add_text(table, local_time_of(output_text(type, "created_at", NULL), time));
	table_add_text(table, "can be asked for:");
	table_add_text(table, is_requestable ? "yes" : "no");
	table_add_text(table, "has a test:");
	table_add_text(table, has_test ? "yes" : "no");
	if (output_int(type, "auto_granted_value", -1) >= 0) {
		table_add_text(table, "granted by itself:");
		table_add(table, "with the value %" PRId64, output_int(type, "auto_granted_value", 0));
	}
	output_heading(stdout, "Qualification Type");
	table_print(table, stdout, "");
	table_free(table);
}

int cmd_qualification_show(struct session *session, struct err *err)
{
	struct json_object *result =
		call_get(session, "qualification-type", word_params(session, "qualification_type_id"), err);
	struct json_object *type = json_get_object(result, "qualification");
	int status = 0;

	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else if (type)
		print_type(type);
	else
		status = err_set(err, ERR_PROTOCOL, "ngmtd did not say what it found");
	json_object_put(result);
	return status;
}

/* --- who holds one --- */

static void print_holders(struct json_object *workers)
{
	static const char *const titles[] = { "worker", "value", "granted" };
	struct table *table = table_new("lrl");

	for (size_t i = 0; count_of(workers) > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < count_of(workers); i++) {
		struct json_object *worker = json_object_array_get_idx(workers, i);
		const char *locale = output_text(worker, "locale", NULL);

		table_add_text(table, output_text(worker, "worker_id", "?"));
		if (locale)
			table_add_text(table, locale);
		else
			table_add(table, "%" PRId64, output_int(worker, "integer_value", 0));
		table_add_text(table, output_text(worker, "granted_at", NULL));
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void note_rest(const struct session *session, int64_t shown, int64_t total, const char *noun)
{
	(void)fflush(stdout);
	if (session->is_quiet)
		return;
	if (shown < total)
		(void)fprintf(stderr, "%" PRId64 " of %" PRId64 " %s; more with --max.\n", shown, total, noun);
	else
		(void)fprintf(stderr, "%" PRId64 " %s.\n", total, noun);
}

int cmd_qualification_workers(struct session *session, struct err *err)
{
	struct json_object *params = word_params(session, "qualification_type_id"), *result, *workers;
	int64_t shown;

	json_put_int(params, "limit", option_number(session->invocation, OPTION_ID_MAX, PROTOCOL_PAGE_MAX));
	result = call_get(session, "workers", params, err);
	if (!result)
		return -1;
	workers = json_get_array(result, "workers");
	shown = (int64_t)count_of(workers);
	if (session->is_json) {
		output_json(result);
	} else {
		print_holders(workers);
		note_rest(session, shown, output_int(result, "total", shown),
			  output_plural(output_int(result, "total", shown), "worker", "workers"));
	}
	json_object_put(result);
	return 0;
}

/* --- bonuses --- */

static void print_payments(struct json_object *payments)
{
	static const char *const titles[] = { "worker", "assignment", "amount", "paid" };
	struct table *table = table_new("llrl");

	for (size_t i = 0; count_of(payments) > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < count_of(payments); i++) {
		struct json_object *payment = json_object_array_get_idx(payments, i);
		char amount[MONEY_TEXT_MAX];

		table_add_text(table, output_text(payment, "worker_id", "?"));
		table_add_text(table, output_text(payment, "assignment_id", NULL));
		table_add_text(table, output_money(payment, "amount_cents", amount));
		table_add(table, "%.10s", output_text(payment, "granted_at", "-"));
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void print_totals(struct json_object *result)
{
	struct json_object *workers = json_get_array(result, "workers");
	struct table *table = table_new("lrlr");
	char amount[MONEY_TEXT_MAX];

	for (size_t i = 0; i < count_of(workers); i++) {
		struct json_object *worker = json_object_array_get_idx(workers, i);
		int64_t payments = output_int(worker, "payments", 0);

		table_add_text(table, output_text(worker, "worker_id", "?"));
		table_add(table, "%" PRId64, payments);
		table_add_text(table, output_plural(payments, "bonus", "bonuses"));
		table_add_text(table, output_money(worker, "amount_cents", amount));
	}
	if (count_of(workers) > 0)
		output_heading(stdout, "Bonuses by worker");
	table_print(table, stdout, "");
	table_free(table);
	(void)printf("bonuses tot: %s to %zu %s\n", output_money(result, "total_cents", amount), count_of(workers),
		     output_plural((int64_t)count_of(workers), "worker", "workers"));
}

static struct json_object *bonus_params(const struct session *session)
{
	struct json_object *params = word_params(session, "hit_id");
	const char *assignment = option_text(session->invocation, OPTION_ID_ASSIGNMENT_BONUSES);

	if (assignment)
		json_put_text(params, "assignment_id", assignment);
	json_put_int(params, "limit", PROTOCOL_PAGE_MAX);
	return params;
}

int cmd_get_bonuses(struct session *session, struct err *err)
{
	struct json_object *result, *payments;
	int64_t shown, total;

	if (session->invocation->word_count > 0 &&
	    option_is_given(session->invocation, OPTION_ID_ASSIGNMENT_BONUSES))
		return err_set(err, ERR_USAGE, "either name a HIT or say --assignment");
	result = call_get(session, "bonuses", bonus_params(session), err);
	if (!result)
		return -1;
	payments = json_get_array(result, "payments");
	shown = (int64_t)count_of(payments);
	total = output_int(result, "total", shown);
	if (session->is_json) {
		output_json(result);
	} else {
		print_payments(payments);
		if (shown < total)
			(void)printf("... and %" PRId64 " older ones\n", total - shown);
		print_totals(result);
	}
	json_object_put(result);
	return 0;
}
