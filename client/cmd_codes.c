/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "output.h"
#include "session.h"
#include "table.h"

/* Enough to see that it is the right file. */
#define FIRST_CODES 20

static void print_files(struct json_object *files)
{
	size_t n = files ? json_object_array_length(files) : 0;
	struct table *table = table_new("lrl");

	for (size_t i = 0; i < n; i++) {
		struct json_object *file = json_object_array_get_idx(files, i);

		table_add_text(table, output_text(file, "path", "?"));
		table_add(table, "%" PRId64, output_int(file, "codes", 0));
		table_add_text(table, output_text(file, "folder", NULL) ? "found beside its game, for joining only"
									 : "rows are checked against them");
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void print_list(struct json_object *codes)
{
	static const char *const columns[] = { "id", "access_code", "exit_code", "worker_id" };
	static const char *const titles[] = { "position", "id", "access code", "exit code", "worker", "line" };
	size_t n = codes ? json_object_array_length(codes) : 0;
	struct table *table = table_new("rllllr");

	for (size_t i = 0; n > 0 && i < sizeof(titles) / sizeof(titles[0]); i++)
		table_add_text(table, titles[i]);
	for (size_t i = 0; i < n; i++) {
		struct json_object *code = json_object_array_get_idx(codes, i);

		table_add(table, "%zu", i);
		for (size_t k = 0; k < sizeof(columns) / sizeof(columns[0]); k++)
			table_add_text(table, output_text(code, columns[k], NULL));
		table_add(table, "%" PRId64, output_int(code, "line", 0));
	}
	table_print(table, stdout, "");
	table_free(table);
}

static void print_one(struct json_object *code, int64_t position)
{
	static const struct {
		const char *label;
		const char *key;
	} members[] = {
		{ "id:", "id" },
		{ "access code:", "access_code" },
		{ "exit code:", "exit_code" },
		{ "worker:", "worker_id" },
	};
	struct table *table = table_new("ll");

	table_add_text(table, "position:");
	table_add(table, "%" PRId64, position);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		table_add_text(table, members[i].label);
		table_add_text(table, output_text(code, members[i].key, NULL));
	}
	table_add_text(table, "from:");
	table_add(table, "%s:%" PRId64, output_text(code, "path", "?"), output_int(code, "line", 0));
	table_print(table, stdout, "");
	table_free(table);
}

static int print_page(const struct session *session, struct json_object *page)
{
	struct json_object *codes = json_get_array(page, "codes");
	int64_t total = output_int(page, "total", 0);
	int64_t shown = codes ? (int64_t)json_object_array_length(codes) : 0;

	if (total == 0 && !session->is_quiet)
		(void)fputs("No input codes are loaded: rows are not checked against any.\n", stderr);
	(void)printf("input codes: %" PRId64 "\n", total);
	print_files(json_get_array(page, "files"));
	if (shown > 0)
		(void)putchar('\n');
	print_list(codes);
	if (shown < total)
		(void)printf("and %" PRId64 " more\n", total - shown);
	return 0;
}

int cmd_show_inputcodes(struct session *session, struct err *err)
{
	struct json_object *params = json_object_new_object(), *page, *codes;
	bool is_one = option_is_given(session->invocation, OPTION_ID_POSITION);
	int64_t offset = is_one ? option_number(session->invocation, OPTION_ID_POSITION, 0) : 0;
	int status = 0;

	json_put_text(params, "what", "inputcodes");
	json_put_int(params, "offset", offset);
	json_put_int(params, "limit", is_one ? 1 : FIRST_CODES);
	page = session_call(session, "show", params, SESSION_SOON_MS, err);
	if (!page)
		return -1;
	codes = json_get_array(page, "codes");
	if (is_one && (!codes || json_object_array_length(codes) == 0))
		status = err_set(err, ERR_NOT_FOUND, "no code at position %" PRId64 " of %" PRId64, offset,
				 output_int(page, "total", 0));
	else if (session->is_json)
		output_json(page);
	else if (is_one)
		print_one(json_object_array_get_idx(codes, 0), offset);
	else
		status = print_page(session, page);
	json_object_put(page);
	return status;
}
