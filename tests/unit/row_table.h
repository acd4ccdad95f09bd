/* SPDX-License-Identifier: MIT
 *
 * For the tests of rows: a small file read into rows, from bytes to verdicts. Include it after <cmocka.h>.
 */
#ifndef NGMT_TEST_ROW_TABLE_H
#define NGMT_TEST_ROW_TABLE_H

#include "config_option.h"
#include "filter.h"
#include "row.h"

#define W1 "A1NGMT0000001X"
#define A1 "3NGMTASG0000000000000000000001"
#define H1 "3NGMTHIT0000000000000000000001"
#define ROWS_MAX 64

/* The rules as they are without configuration. */
static const struct row_rules usual = { .max_bonus_cents = 1000, .validate_level = 2 };

struct table {
	const struct row_rules *rules;
	const struct field_names *names;
	const struct csv_options *options;
	const char *columns;   /* of a file without a header */
	struct filter *filter; /* unless the rules have one: the default's */
	struct field_map map;
	bool has_header;
	struct row rows[ROWS_MAX];
	size_t count;
};

/* 1: the record is the header. */
static int begin_table(struct table *table, const struct csv_record *record, struct err *err)
{
	struct filter *filter = table->rules->filter;
	int begun = field_map_begin(&table->map, table->names, table->columns, record, err);

	table->has_header = begun >= 0;
	if (begun < 0)
		return -1;
	if (!filter)
		filter = table->filter = filter_new(config_option_find("import", "filter")->fallback, err);
	assert_non_null(filter);
	assert_int_equal(filter_prepare(filter, table->map.header, table->map.width, err), 0);
	return begun;
}

static int take_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct table *table = arg;
	struct row_rules rules = *table->rules;

	if (!table->has_header) {
		int begun = begin_table(table, record, err);

		if (begun != 0)
			return begun < 0 ? -1 : 0;
	}
	rules.filter = table->filter ? table->filter : rules.filter;
	if (field_map_is_header(&table->map, record))
		return 0;
	assert_true(table->count < ROWS_MAX);
	return row_read(&table->map, record, &rules, &table->rows[table->count++], err);
}

/* In parts of `part` bytes. */
static int try_table(struct table *table, const char *text, size_t len, size_t part, struct err *err)
{
	struct csv *csv = csv_new(table->options, take_record, table);
	int result = 0;

	assert_non_null(csv);
	for (size_t at = 0, n; at < len && result == 0; at += n) {
		n = part < len - at ? part : len - at;
		result = csv_feed(csv, text + at, n, err);
	}
	if (result == 0)
		result = csv_finish(csv, err);
	csv_free(csv);
	return result;
}

static inline void read_table(struct table *table, const char *text, size_t len)
{
	struct err err = { .code = ERR_NONE };

	if (try_table(table, text, len, len, &err) < 0)
		fail_msg("%s", err.message);
}

static void finish_table(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		row_finish(&table->rows[i]);
	if (table->has_header)
		field_map_finish(&table->map);
	filter_free(table->filter);
}

#endif
