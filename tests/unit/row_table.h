/* SPDX-License-Identifier: MIT
 *
 * For the tests of rows: a small file read into rows, from bytes to verdicts. Include it after <cmocka.h>.
 */
#ifndef NGMT_TEST_ROW_TABLE_H
#define NGMT_TEST_ROW_TABLE_H

#include "row.h"

#define W1 "A1NGMT0000001X"
#define A1 "3NGMTASG0000000000000000000001"
#define H1 "3NGMTHIT0000000000000000000001"
#define ROWS_MAX 32

/* The rules as they are without configuration. */
static const struct row_rules usual = { .max_bonus_cents = 1000, .validate_level = 2 };

struct table {
	const struct row_rules *rules;
	const struct field_names *names;
	struct field_map map;
	bool has_header;
	struct row rows[ROWS_MAX];
	size_t count;
};

static int take_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct table *table = arg;

	if (!table->has_header) {
		table->has_header = field_map_init(&table->map, table->names, record, err) == 0;
		return table->has_header ? 0 : -1;
	}
	if (field_map_is_header(&table->map, record))
		return 0;
	assert_true(table->count < ROWS_MAX);
	return row_read(&table->map, record, table->rules, &table->rows[table->count++], err);
}

static void read_table(struct table *table, const char *text, size_t len)
{
	struct err err = { .code = ERR_NONE };
	struct csv *csv = csv_new(NULL, take_record, table);

	assert_non_null(csv);
	if (csv_feed(csv, text, len, &err) < 0 || csv_finish(csv, &err) < 0)
		fail_msg("%s", err.message);
	csv_free(csv);
}

static void finish_table(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		row_finish(&table->rows[i]);
	if (table->has_header)
		field_map_finish(&table->map);
}

#endif
