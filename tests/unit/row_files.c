/* SPDX-License-Identifier: MIT
 *
 * The files of tests/data: what nodeGame 4 to 7.0.3, games, NDDB, MTurk's downloads, Excel and pandas write
 * (nodegame-files, sections 2 to 5 and 10), with invented ids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "row_table.h"

#ifndef TEST_DATA_DIR
#define TEST_DATA_DIR "tests/data"
#endif

/* Each row: line, verdict's first letter, bonus to pay in cents; then the next row. */
static const struct {
	const char *file;
	const char *expected;
} files[] = {
	{ "std.csv", "2a250 3s0 4a30 5r0" },
	{ "add-disconnected.csv", "2a250 3r0 4a0" },
	{ "no-reject.csv", "2a250 3a30" },
	{ "bot-first.csv", "2s0 3h0" },
	{ "string-id.csv", "2h0" },
	{ "twice.csv", "2a100" },
	{ "rounded.csv", "2a33 3a0 4h0 5h0 6h0 7a0 8h0" },
	{ "not-rounded.csv", "2h0 3h0 4h0 5a200" },
	{ "injected.csv", "2h0 3h0 4h0 5a250" },
	{ "appended.csv", "2a250 3a100 5a75" },
	{ "points.csv", "2h0 3a1000 4h0" },
	{ "duplicates.csv",
	  "2a250 3a250 4a250 5a250 6a250 7a250 8a250 9a250 10a250 11a250 12a250" },
	{ "two-workers.csv", "2a250 3a250" },
	{ "unterminated.csv", "2a250 3a125" },
	{ "header-only.csv", "" },
	{ "empty.csv", "" },
	{ "mixed-widths.csv", "2a250 3h0" },
	{ "no-decision.csv", "2h0" },
	{ "lower-case-ids.csv", "2h0 3h0" },
	{ "access-exit.csv", "2h0 3h0 4h0" },
	{ "wiki.csv", "2a250 3r0 5a0" },
	{ "shifted.csv", "2h0 3h0" },
	{ "player-bonus.csv", "2h0 3h0 4h0 5h0 6h0 7h0 8h0 9h0 10h0 11h0 12h0" },
	{ "nddb-1.csv", "2a250" },
	{ "nddb-3.csv", "2a250 3h0" },
	{ "mturk-batch.csv", "2h0 3h0 5h0 6h0" },
	{ "mturk-decided.csv", "2a0 3r0 4a0 5h0 6a0 7h0 8h0" },
	{ "mturk-excel.csv", "2a0 3h0 4s0" },
	{ "mturk-excel-semicolon.csv", "2a0" },
	{ "mturk-pandas.csv", "2a0 3a0" },
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

static char *describe(const struct table *table)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		assert_true(row->why[0]);
		(void)fprintf(out, "%s%u%c%lld", i > 0 ? " " : "", row->line, verdict_name(row->verdict)[0],
			      row->has_bonus ? (long long)row->bonus_cents : 0);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct table table = { .rules = &usual };
		size_t len = 0;
		char *text = read_file(files[i].file, &len), *result;

		read_table(&table, text, len);
		result = describe(&table);
		if (strcmp(result, files[i].expected) != 0)
			fail_msg("%s: %s instead of %s", files[i].file, result, files[i].expected);
		free(result);
		free(text);
		finish_table(&table);
	}
}

static void test_nddb_texts(void **state)
{
	static const char *const names[] = { "nddb-1.csv", "nddb-3.csv" };
	static const char *const reasons[] = { "he said \"hi\", ok\\ \n\\\tx", "he said \"hi\", ok\\ \n\tx" };
	static const char *const codes[] = { "007", "12e345" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct table table = { .rules = &usual };
		size_t len = 0;
		char *text = read_file(names[i], &len);

		read_table(&table, text, len);
		assert_string_equal(table.rows[0].reason, reasons[i]);
		assert_string_equal(table.rows[0].exit_code, codes[i]);
		free(text);
		finish_table(&table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_nddb_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
