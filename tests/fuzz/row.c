/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: one file, from bytes to verdicts, without a ledger (import.c has one). The last byte chooses the
 * rules; a newline stands for the usual ones, so that the files of tests/data are seeds as they are. Whatever the file
 * says, a row that may be paid keeps every rule of money.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filter.h"
#include "money.h"
#include "row.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

#define FILTER "lower(coalesce(type, '')) <> 'bot' AND NOT truthy(skip)"
#define COLUMNS "id,type,workerid,hitid,assignmentid,access,exit,approve,reject,bonus,skip"

struct import {
	struct row_rules rules;
	const char *columns;
	struct field_map map;
	bool has_header;
};

static void check_why(const struct row *row)
{
	char *printable = utf8_printable(row->why);

	require(row->why[0] && strlen(row->why) < ROW_WHY_MAX, "there is a reason");
	require(printable && strcmp(printable, row->why) == 0, "the reason can be shown");
	free(printable);
}

static void check_payable(const struct import *import, const struct row *row)
{
	int64_t cents = -1;

	require((row->waits ? row->join_verdict : row->verdict) == VERDICT_APPROVE,
		"only who is approved gets a bonus");
	require(row->bonus_text && money_parse(row->bonus_text, &cents, NULL) == 0, "the bonus is an amount");
	require(cents == row->bonus_cents && cents > 0, "the bonus is exact");
	require(cents <= import->rules.max_bonus_cents, "max_bonus");
	require(cents >= import->rules.min_bonus_cents, "min_bonus");
	require(row->disconnected != TRUTH_YES && row->reject != TRUTH_YES, "no bonus for who has left");
}

/* What waits for the platform's list is held until then, whatever comes of it. */
static void check_waiting(const struct import *import, const struct row *row)
{
	require(import->rules.joins && row->verdict == VERDICT_HOLD, "only a row that may be joined waits");
	require(!row->assignment_id && (row->worker_id || row->exit_code || row->player_id), "it can be joined");
	require(row->join_why[0] && !row->is_beyond_limits, "what it is without that is said");
	require(row->join_verdict != VERDICT_SKIP, "who is left out does not wait");
}

static void check_sendable(const struct import *import, const struct csv_record *record, const struct row *row)
{
	require(row->worker_id && is_worker_id(row->worker_id), "worker id");
	require(row->assignment_id && is_entity_id(row->assignment_id), "assignment id");
	require(!row->hit_id || is_entity_id(row->hit_id), "HIT id");
	require(!row->qualification_type_id || is_entity_id(row->qualification_type_id), "qualification type id");
	require(record->count <= import->map.width, "no moved columns");
	require(!row->type || strcasecmp(row->type, "bot") != 0, "no bots");
	require(row->skip != TRUTH_YES, "none that is to be skipped");
	require(!(row->approve == TRUTH_YES && row->reject == TRUTH_YES), "no contradiction");
	if (row->verdict == VERDICT_REJECT)
		require(row->reject == TRUTH_YES, "rejected only if it says so");
	else
		require(row->approve == TRUTH_YES || import->rules.auto_approve, "approved only if it says so");
	if (import->rules.validate_level > 0 && row->reason)
		require(utf8_length(row->reason) <= 1024, "the reason fits");
}

/* 1: the record is the header. */
static int begin(struct import *import, const struct csv_record *record, struct err *err)
{
	int begun = field_map_begin(&import->map, NULL, import->columns, record, err);

	import->has_header = begun >= 0;
	if (begun >= 0)
		require(filter_prepare(import->rules.filter, import->map.header, import->map.width, err) == 0,
			"the usual filter fits every file");
	return begun;
}

static int on_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct import *import = arg;
	struct row row;

	if (!import->has_header) {
		int begun = begin(import, record, err);

		if (begun != 0)
			return begun < 0 ? -1 : 0;
	}
	if (field_map_is_header(&import->map, record))
		return 0;
	require(row_read(&import->map, record, &import->rules, &row, err) == 0, "memory");
	require(row.line == record->line, "the line");
	check_why(&row);
	if (row.verdict == VERDICT_APPROVE || row.verdict == VERDICT_REJECT)
		check_sendable(import, record, &row);
	if (row.waits)
		check_waiting(import, &row);
	if (row.has_bonus)
		check_payable(import, &row);
	row_finish(&row);
	return 0;
}

/* Compiled once, as the daemon does. */
static struct filter *usual_filter(void)
{
	static struct filter *filter;
	struct err err;

	if (!filter)
		filter = filter_new(FILTER, &err);
	require(filter, "the usual filter");
	return filter;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import import = { .has_header = false };
	struct err err = { .code = ERR_NONE };
	struct csv *csv;
	uint8_t choice;

	if (size < 1)
		return 0;
	choice = data[size - 1] ^ '\n';
	import.columns = choice & 16 ? COLUMNS : NULL;
	import.rules = (struct row_rules){
		.filter = usual_filter(),
		.max_bonus_cents = 1000,
		.min_bonus_cents = choice & 4 ? 50 : 0,
		.auto_approve = choice & 8,
		.validate_level = 2 - (choice & 3U) % 3,
		.joins = choice & 32,
	};
	csv = csv_new(NULL, on_record, &import);
	require(csv, "memory");
	if (csv_feed(csv, (const char *)data, size - 1, &err) < 0 || csv_finish(csv, &err) < 0)
		require(err.message[0], "an error says what is wrong");
	csv_free(csv);
	if (import.has_header)
		field_map_finish(&import.map);
	return 0;
}
