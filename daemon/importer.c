/* SPDX-License-Identifier: MIT */
#include "importer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "fields.h"
#include "log.h"
#include "point.h"
#include "results.h"
#include "row.h"
#include "snapshot.h"

#define PIECE ((size_t)64 * 1024)

struct import {
	struct ledger *ledger;
	struct row_rules rules;
	struct field_names names;
	struct field_map map;
	bool has_header;
	int64_t source_id;
};

/* The same bytes under other rules give other verdicts, so the rules are part of what "the same import" means. */
static const char *digest_rules(const struct import_options *options, char out[DIGEST_HEX_MAX])
{
	const struct config *config = options->config;
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];
	char numbers[160];
	int n;

	if (!stream)
		return NULL;
	n = snprintf(numbers, sizeof(numbers), "%" PRId64 " %" PRId64 " %d %" PRId64 " %s %s %d",
		     config->max_bonus_cents, config->min_bonus_cents, config->auto_approve, options->validate_level,
		     config->separator ? config->separator : "", config->quote ? config->quote : "",
		     config->case_insensitive);
	digest_stream_update(stream, numbers, n > 0 ? (size_t)n + 1 : 0);
	for (int field = 0; field < FIELDS; field++) {
		const char *name = config->fields[field] ? config->fields[field] : "";

		digest_stream_update(stream, name, strlen(name) + 1);
	}
	digest_stream_finish(stream, digest);
	return digest_hex(digest, out);
}

/* A file of something else is no results file without rows to hold: it is refused as a whole. */
static int check_header(const struct field_map *map, const struct csv_record *record, struct err *err)
{
	for (int field = 0; field < FIELDS; field++)
		if (map->columns[field] != FIELD_NO_COLUMN)
			return 0;
	(void)err_set(err, ERR_FORMAT, "line %u, column 1: no column of a results file is named here", record->line);
	return err_hint(err, "see the names with: ngmtctl show fields; nothing of this file was imported");
}

static int on_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct import *import = arg;
	struct row row;
	int result;

	if (!import->has_header) {
		if (field_map_init(&import->map, &import->names, record, err) < 0)
			return -1;
		import->has_header = true;
		return check_header(&import->map, record, err);
	}
	if (field_map_is_header(&import->map, record))
		return 0;
	if (row_read(&import->map, record, &import->rules, &row, err) < 0)
		return -1;
	result = results_add_row(import->ledger, import->source_id, &row, err);
	row_finish(&row);
	point_pass(POINT_IMPORT_ROW);
	return result;
}

static char separator_of(const struct config *config)
{
	return (char)(config->separator && strcmp(config->separator, "auto") != 0 ? config->separator[0] : '\0');
}

static int read_rows(struct import *import, int fd, const struct config *config, struct err *err)
{
	const struct csv_options options = { .separator = separator_of(config),
					     .quote = (char)(config->quote ? config->quote[0] : '\0') };
	struct csv *csv = csv_new(&options, on_record, import);
	char *piece = malloc(PIECE);
	ssize_t got = -1;
	int result = 0;

	if (!csv || !piece)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	while (result == 0 && (got = read(fd, piece, PIECE)) > 0)
		result = csv_feed(csv, piece, (size_t)got, err);
	if (result == 0 && got < 0)
		result = err_set(err, ERR_FILE, "cannot read the copy: %m");
	if (result == 0)
		result = csv_finish(csv, err);
	free(piece);
	csv_free(csv);
	return result;
}

static int import_snapshot(struct ledger *ledger, const struct snapshot *snapshot, const char *path,
			   const struct import_options *options, struct imported *out, struct err *err)
{
	struct import import = {
		.ledger = ledger,
		.rules = { .max_bonus_cents = options->config->max_bonus_cents,
			   .min_bonus_cents = options->config->min_bonus_cents,
			   .auto_approve = options->config->auto_approve,
			   .validate_level = (unsigned)options->validate_level },
	};
	char rules[DIGEST_HEX_MAX];
	const struct source source = { .path = path,
				       .sha256 = snapshot->sha256,
				       .game = options->game,
				       .room = options->room,
				       .rules = digest_rules(options, rules),
				       .bytes = snapshot->bytes };
	int added, result = 0;

	if (!source.rules)
		return err_set(err, ERR_INTERNAL, "out of memory");
	added = results_add_source(ledger, &source, &import.source_id, err);
	if (added < 0)
		return -1;
	config_field_names(options->config, &import.names);
	if (added == 1)
		result = read_rows(&import, snapshot->fd, options->config, err);
	if (import.has_header)
		field_map_finish(&import.map);
	out->source_id = import.source_id;
	out->is_new = added == 1;
	return result;
}

int import_file(struct ledger *ledger, const char *path, const struct import_options *options, struct imported *out,
		struct err *err)
{
	struct snapshot snapshot;
	int result;

	if (snapshot_take(ledger->directory, path, IMPORT_BYTES_MAX, &snapshot, err) < 0)
		return -1;
	point_pass(POINT_SNAPSHOT_WRITTEN);
	memcpy(out->sha256, snapshot.sha256, sizeof(out->sha256));
	result = store_savepoint(ledger->store, err);
	if (result == 0) {
		result = import_snapshot(ledger, &snapshot, path, options, out, err);
		if (result == 0) {
			point_pass(POINT_IMPORT_ROWS);
			result = store_release(ledger->store, err);
		}
		if (result < 0)
			store_rollback_savepoint(ledger->store);
	}
	(void)close(snapshot.fd);
	if (result < 0) {
		if (err->code == ERR_FORMAT) {
			(void)err_prefix(err, "%s", path);
			if (!err->hint[0])
				(void)err_hint(err, "nothing of this file was imported; correct it and load it again");
		}
		return -1;
	}
	log_info("file imported path=\"%s\" sha256=%.12s new=%s", path, out->sha256, out->is_new ? "yes" : "no");
	return 0;
}
