/* SPDX-License-Identifier: MIT */
#include "intake.h"

#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "fields.h"
#include "filter.h"
#include "input_codes.h"
#include "point.h"
#include "results.h"

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

struct intake {
	struct ledger *ledger;
	struct row_rules rules;
	struct field_names names;
	const char *columns; /* of a file without a header; NULL: not configured */
	struct field_map map;
	bool has_header;
	uint64_t header; /* digest of the names */
	int64_t source_id;
	struct room_rows *known;
	bool has_codes; /* rows are checked against input codes */
	struct csv *csv;
	int64_t verdicts[VERDICT_SKIP + 1];
	int64_t added;
};

/* FNV-1a, and a border behind each text, so that "ab,c" is another row than "a,bc". */
static uint64_t hash_text(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (hash ^ 0x100) * UINT64_C(0x100000001b3);
}

static uint64_t hash_cells(uint64_t hash, const struct csv_record *record)
{
	for (size_t i = 0; i < record->count; i++)
		hash = hash_text(hash, record->cells[i].text, record->cells[i].len);
	return hash;
}

/* Of the names in force: those of the file, or the configured ones of a file without a header. */
static uint64_t hash_names(const struct field_map *map)
{
	uint64_t hash = HASH_BEGIN;

	for (size_t i = 0; i < map->width; i++)
		hash = hash_text(hash, map->header[i], strlen(map->header[i]));
	return hash;
}

/* Once for each file. 1: the record is its header; 0: the file has none, and the record is a row already. */
static int begin(struct intake *intake, const struct csv_record *record, struct err *err)
{
	int begun = field_map_begin(&intake->map, &intake->names, intake->columns, record, err);

	if (begun < 0)
		return -1;
	intake->has_header = true;
	intake->header = hash_names(&intake->map);
	if (intake->rules.filter &&
	    filter_prepare(intake->rules.filter, intake->map.header, intake->map.width, err) < 0)
		return -1;
	return begun;
}

/* 1: it is in the ledger, 0: it need not be, -1. */
static int add(struct intake *intake, const struct csv_record *record, const struct row *row, struct err *err)
{
	int64_t digest;
	int known;

	if (!intake->known)
		return results_add_row(intake->ledger, intake->source_id, row, NULL, err) < 0 ? -1 : 1;
	digest = (int64_t)hash_cells(intake->header, record);
	known = room_rows_meet(intake->known, digest, err);
	if (known != 0)
		return known < 0 ? -1 : 0;
	if (results_add_row(intake->ledger, intake->source_id, row, &digest, err) < 0 ||
	    room_rows_replace(intake->known, intake->source_id, row, err) < 0)
		return -1;
	return 1;
}

static int on_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct intake *intake = arg;
	struct row row;
	int added;

	if (!intake->has_header) {
		int begun = begin(intake, record, err);

		if (begun != 0)
			return begun < 0 ? -1 : 0;
	}
	if (field_map_is_header(&intake->map, record))
		return 0;
	if (row_read(&intake->map, record, &intake->rules, &row, err) < 0)
		return -1;
	added = intake->has_codes ? input_codes_check(intake->ledger, &intake->map, record, &row, err) : 0;
	if (added == 0) {
		intake->verdicts[row.verdict]++;
		added = add(intake, record, &row, err);
	}
	row_finish(&row);
	if (added > 0)
		intake->added++;
	point_pass(POINT_IMPORT_ROW);
	return added < 0 ? -1 : 0;
}

/* Without memory to ask, nothing is found to be among them, and every row is held. */
static bool has_codes(struct ledger *ledger)
{
	char *rules = input_codes_rules(ledger);
	bool has = !rules || rules[0];

	free(rules);
	return has;
}

static char separator_of(const struct config *config)
{
	return (char)(config->separator && strcmp(config->separator, "auto") != 0 ? config->separator[0] : '\0');
}

struct intake *intake_new(struct ledger *ledger, const struct intake_rules *rules, int64_t source_id,
			  struct room_rows *known, struct err *err)
{
	const struct config *config = rules->config;
	const struct csv_options options = { .separator = separator_of(config),
					     .quote = (char)(config->quote ? config->quote[0] : '\0') };
	struct intake *intake = calloc(1, sizeof(*intake));

	if (intake)
		intake->csv = csv_new(&options, on_record, intake);
	if (!intake || !intake->csv) {
		free(intake);
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	intake->ledger = ledger;
	intake->rules = (struct row_rules){ .filter = rules->filter,
					    .max_bonus_cents = config->max_bonus_cents,
					    .min_bonus_cents = config->min_bonus_cents,
					    .auto_approve = config->auto_approve,
					    .validate_level = (unsigned)rules->validate_level,
					    .joins = rules->joins };
	config_field_names(config, &intake->names);
	intake->columns = config->columns;
	intake->source_id = source_id;
	intake->known = known;
	intake->has_codes = has_codes(ledger);
	return intake;
}

void intake_free(struct intake *intake)
{
	if (!intake)
		return;
	csv_free(intake->csv);
	if (intake->has_header)
		field_map_finish(&intake->map);
	free(intake);
}

int intake_feed(struct intake *intake, const char *bytes, size_t len, struct err *err)
{
	return csv_feed(intake->csv, bytes, len, err);
}

int intake_finish(struct intake *intake, struct err *err)
{
	return csv_finish(intake->csv, err);
}

const int64_t *intake_verdicts(const struct intake *intake)
{
	return intake->verdicts;
}

int64_t intake_added(const struct intake *intake)
{
	return intake->added;
}
