/* SPDX-License-Identifier: MIT
 *
 * The files of tests/data, from bytes to verdicts, as its table corpus.json says (see README.md there): each is a test
 * of its own. ../system/test_corpus.py has the daemon import the same files.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "filter.h"
#include "json.h"
#include "row_table.h"

#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/data"
#endif

#define OPTIONS_MAX 8

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "player_id", offsetof(struct row, player_id) },
	{ "hit_id", offsetof(struct row, hit_id) },
	{ "access_code", offsetof(struct row, access_code) },
	{ "exit_code", offsetof(struct row, exit_code) },
	{ "bonus_text", offsetof(struct row, bonus_text) },
	{ "qualification_type_id", offsetof(struct row, qualification_type_id) },
	{ "reason", offsetof(struct row, reason) },
	{ "requester_feedback", offsetof(struct row, requester_feedback) },
};

static char *read_file(const char *name, size_t *len)
{
	char *path = NULL, *text = NULL;
	FILE *in, *out = open_memstream(&text, len);

	assert_non_null(out);
	assert_true(asprintf(&path, "%s/%s", TEST_DATA_DIR, name) > 0);
	in = fopen(path, "rb");
	if (!in)
		fail_msg("cannot open %s", path);
	for (int c; (c = getc(in)) != EOF;)
		(void)fputc(c, out);
	(void)fclose(in);
	assert_int_equal(fclose(out), 0);
	free(path);
	return text;
}

/* One file of the table while it is tested. */
struct corpus_file {
	const char *name;
	struct json_object *entry;
	struct config config;
	struct field_names names;
	struct csv_options options;
	struct row_rules rules;
	struct table table;
};

/* As the daemon takes them from its configuration. */
static void configure(struct corpus_file *file)
{
	struct json_object *options = json_get_array(file->entry, "options");
	size_t count = options ? json_object_array_length(options) : 0;
	const char *overrides[OPTIONS_MAX + 1] = { NULL };
	const struct config *config = &file->config;
	struct err err;

	assert_true(count <= OPTIONS_MAX);
	for (size_t i = 0; i < count; i++)
		overrides[i] = json_object_get_string(json_object_array_get_idx(options, i));
	/* An empty configuration file. */
	if (config_load(&file->config, TEST_DATA_DIR "/empty.csv", overrides, NULL, NULL, &err) < 0)
		fail_msg("%s: %s", file->name, err.message);
	config_field_names(config, &file->names);
	if (strcmp(config->separator, "auto") != 0)
		file->options.separator = config->separator[0];
	file->options.quote = config->quote[0];
	file->rules = (struct row_rules){ .filter = filter_new(config->filter, &err),
					  .max_bonus_cents = config->max_bonus_cents,
					  .min_bonus_cents = config->min_bonus_cents,
					  .auto_approve = config->auto_approve,
					  .validate_level = (unsigned)config->validate_level };
	assert_non_null(file->rules.filter);
	file->table = (struct table){
		.rules = &file->rules, .names = &file->names, .options = &file->options, .columns = config->columns
	};
}

static struct json_object *cell(struct json_object *row, size_t i)
{
	return i < json_object_array_length(row) ? json_object_array_get_idx(row, i) : NULL;
}

/* An id is given by its number in the middle of an invented one, or as it is. */
static void check_id(const struct corpus_file *file, const struct row *row, struct json_object *expected,
		     const char *id)
{
	const char *wanted = json_object_get_string(expected);
	bool is_worker = id && id == row->worker_id;
	char text[40];

	if (json_object_is_type(expected, json_type_int)) {
		(void)snprintf(text, sizeof(text), "%s%0*d%s", is_worker ? "A1NGMT" : "3NGMTASG", is_worker ? 7 : 22,
			       json_object_get_int(expected), is_worker ? "X" : "");
		wanted = text;
	}
	if (strcmp(wanted ? wanted : "(none)", id ? id : "(none)") != 0)
		fail_msg("%s:%u: %s instead of %s", file->name, row->line, id, wanted);
}

static void check_texts(const struct corpus_file *file, const struct row *row, struct json_object *expected)
{
	json_object_object_foreach(expected, name, value)
	{
		const char *wanted = json_object_get_string(value), *text;
		size_t i = 0;

		while (i < sizeof(texts) / sizeof(texts[0]) && strcmp(texts[i].name, name) != 0)
			i++;
		assert_true(i < sizeof(texts) / sizeof(texts[0]));
		text = *(char *const *)((const char *)row + texts[i].offset);
		if (strcmp(wanted ? wanted : "(none)", text ? text : "(none)") != 0)
			fail_msg("%s:%u: %s is \"%s\" instead of \"%s\"", file->name, row->line, name, text, wanted);
	}
}

/* [line, verdict, worker, assignment, cents to pay, column, why, texts] */
static void check_row(const struct corpus_file *file, const struct row *row, struct json_object *expected)
{
	const char *verdict = json_object_get_string(cell(expected, 1));
	const char *why = json_object_get_string(cell(expected, 6));

	if (strcmp(verdict_name(row->verdict), verdict) != 0)
		fail_msg("%s:%u: %s (%s) instead of %s", file->name, row->line, verdict_name(row->verdict), row->why,
			 verdict);
	assert_int_equal(row->line, json_object_get_int(cell(expected, 0)));
	check_id(file, row, cell(expected, 2), row->worker_id);
	check_id(file, row, cell(expected, 3), row->assignment_id);
	if ((row->has_bonus ? row->bonus_cents : 0) != json_object_get_int64(cell(expected, 4)))
		fail_msg("%s:%u: %" PRId64 " cents", file->name, row->line, row->bonus_cents);
	if (row->column != (unsigned)json_object_get_int(cell(expected, 5)))
		fail_msg("%s:%u: column %u", file->name, row->line, row->column);
	if (why && strcmp(row->why, why) != 0)
		fail_msg("%s:%u: \"%s\" instead of \"%s\"", file->name, row->line, row->why, why);
	assert_true(row->why[0]);
	if (cell(expected, 7))
		check_texts(file, row, cell(expected, 7));
}

static void check_table(const struct corpus_file *file, int result, const struct err *err)
{
	struct json_object *rows = json_get_array(file->entry, "rows");
	const char *error = NULL;

	(void)json_get_text(file->entry, "error", &error);
	if (strcmp(error ? error : "(none)", result < 0 ? err->message : "(none)") != 0)
		fail_msg("%s: %s instead of %s", file->name, result < 0 ? err->message : "no error", error);
	if (error)
		return;
	assert_non_null(rows);
	if (file->table.count != json_object_array_length(rows))
		fail_msg("%s: %zu rows instead of %zu", file->name, file->table.count, json_object_array_length(rows));
	for (size_t i = 0; i < file->table.count; i++)
		check_row(file, &file->table.rows[i], json_object_array_get_idx(rows, i));
}

static void test_file(void **state)
{
	struct corpus_file file = { .entry = *state };
	size_t len = 0;
	char *text;

	assert_true(json_get_text(file.entry, "file", &file.name));
	text = read_file(file.name, &len);
	for (size_t part = 1; part <= len + 1; part = part == 1 ? 7 : part == 7 ? len + 1 : len + 2) {
		struct err err = { .code = ERR_NONE };

		configure(&file);
		check_table(&file, try_table(&file.table, text, len, part, &err), &err);
		finish_table(&file.table);
		filter_free(file.rules.filter);
		config_finish(&file.config);
	}
	free(text);
}

static struct CMUnitTest *make_tests(struct json_object *corpus, size_t *count)
{
	size_t entries = json_object_array_length(corpus);
	struct CMUnitTest *tests = calloc(entries, sizeof(*tests));

	*count = 0;
	for (size_t i = 0; tests && i < entries; i++) {
		struct json_object *entry = json_object_array_get_idx(corpus, i);
		const char *name;

		if (json_get_text(entry, "file", &name))
			tests[(*count)++] =
				(struct CMUnitTest){ .name = name, .test_func = test_file, .initial_state = entry };
	}
	return tests;
}

int main(void)
{
	size_t len = 0, count = 0;
	char *text = read_file("corpus.json", &len);
	struct err err;
	struct json_object *corpus = json_parse(text, len, &err);
	struct CMUnitTest *tests;
	int result;

	if (!corpus) {
		(void)fprintf(stderr, "corpus.json: %s\n", err.message);
		return 1;
	}
	tests = make_tests(corpus, &count);
	result = tests && count > 0 ? _cmocka_run_group_tests("files", tests, count, NULL, NULL) : 1;
	free(tests);
	json_object_put(corpus);
	free(text);
	return result;
}
