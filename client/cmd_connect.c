/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "commands.h"
#include "output.h"
#include "session.h"
#include "table.h"

static void print_connection(struct json_object *result)
{
	struct table *table = table_new("ll");
	char amount[MONEY_TEXT_MAX];

	(void)fputs("connected to ", stdout);
	output_environment(stdout, output_text(result, "environment", "unknown"));
	(void)putchar('\n');
	table_add_text(table, "endpoint:");
	table_add_text(table, output_text(result, "endpoint", NULL));
	table_add_text(table, "credentials:");
	table_add_text(table, output_text(result, "credentials", NULL));
	table_add_text(table, "balance:");
	table_add_text(table, output_money(result, "available_cents", amount));
	if (output_int(result, "on_hold_cents", 0) > 0) {
		table_add_text(table, "on hold:");
		table_add_text(table, output_money(result, "on_hold_cents", amount));
	}
	table_print(table, stdout, "");
	table_free(table);
}

int cmd_connect(struct session *session, struct err *err)
{
	struct json_object *result = session_call(session, "connect", NULL, SESSION_PATIENT_MS, err);

	if (!result)
		return -1;
	if (session->is_json)
		output_json(result);
	else
		print_connection(result);
	json_object_put(result);
	return 0;
}
