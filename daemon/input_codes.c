/* SPDX-License-Identifier: MIT */
#include "input_codes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv.h"
#include "digest.h"
#include "fields.h"
#include "utf8.h"

#define PIECE ((size_t)64 * 1024)
#define TEXT_MAX 255
#define SHOWN_MAX 40
#define FILES_SHOWN 100

/* What rows are checked against, as a digest; and the file of the configuration. */
#define META_RULES "input_codes"
#define META_FILE "input_codes_file"

static const char *const modes[INPUT_CODES_MODES] = { "new", "add", "replace" };

int input_codes_mode_from_name(const char *name)
{
	for (int i = 0; i < INPUT_CODES_MODES; i++)
		if (strcmp(modes[i], name) == 0)
			return i;
	return -1;
}

/* --- reading --- */

struct codes_reading {
	struct ledger *ledger;
	const char *path;
	const char *folder; /* NULL: a person's */
	struct field_map map;
	bool has_header;
	bool looks_like_results;
	int64_t rows;
	int64_t added;
};

/* In the order of the statement's parameters. */
static const enum field columns[] = { FIELD_ID, FIELD_ACCESS_CODE, FIELD_EXIT_CODE, FIELD_WORKER_ID };
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Codes are given out before anybody has played. */
static bool has_results(const struct field_map *map)
{
	static const enum field fields[] = { FIELD_BONUS, FIELD_APPROVE, FIELD_REJECT, FIELD_ASSIGNMENT_STATUS };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (map->columns[fields[i]] != FIELD_NO_COLUMN)
			return true;
	return false;
}

static int check_header(const struct field_map *map, const struct csv_record *record, struct err *err)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (map->columns[columns[i]] != FIELD_NO_COLUMN)
			return 0;
	(void)err_set(err, ERR_FORMAT, "line %u, column 1: no column of a codes file is named here", record->line);
	return err_hint(err, "the first line names them: id, AccessCode, ExitCode; nothing of this file was loaded");
}

static bool is_absent(const char *text)
{
	static const char *const words[] = { "", "0", "NA", "undefined", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* *out is NULL or a copy without the blanks around it. */
static int take_cell(const struct csv_record *record, size_t column, char **out, struct err *err)
{
	const char *text = column < record->count ? record->cells[column].text : "";
	size_t length;

	*out = NULL;
	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		length--;
	if (length > TEXT_MAX)
		return err_set(err, ERR_FORMAT, "line %u, column %u: a code of %zu bytes; the longest has %d",
			       record->line, record->cells[column].column, length, TEXT_MAX);
	*out = strndup(text, length);
	if (!*out)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (is_absent(*out)) {
		free(*out);
		*out = NULL;
	}
	return 0;
}

/* The same code again, from whatever file of a person's or of that game, is no news. */
static int add_code(struct codes_reading *reading, const struct csv_record *record, char *const cells[COLUMNS],
		    struct err *err)
{
	struct statement *insert = store_statement(
		reading->ledger->store,
		"INSERT INTO input_code (player_id, access_code, exit_code, worker_id, path, game, line)"
		" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM input_code WHERE"
		" exit_code = ?3 COLLATE NOCASE AND exit_code = ?3"
		" AND player_id IS ?1 AND access_code IS ?2 AND worker_id IS ?4 AND game IS ?6)",
		err);

	if (!insert)
		return -1;
	for (size_t i = 0; i < COLUMNS; i++)
		statement_bind_text(insert, (int)i + 1, cells[i]);
	statement_bind_text(insert, 5, reading->path);
	statement_bind_text(insert, 6, reading->folder);
	statement_bind_int(insert, 7, record->line);
	if (statement_run(insert, err) < 0)
		return -1;
	reading->added += store_changes(reading->ledger->store);
	return 0;
}

static int take_record(struct codes_reading *reading, const struct csv_record *record, struct err *err)
{
	char *cells[COLUMNS] = { NULL };
	bool is_empty = true;
	int result = 0;

	if (record->count > reading->map.width)
		return err_set(err, ERR_FORMAT, "line %u, column %u: %zu cells, but the header has %zu", record->line,
			       record->cells[reading->map.width].column, record->count, reading->map.width);
	for (size_t i = 0; i < COLUMNS && result == 0; i++) {
		result = take_cell(record, reading->map.columns[columns[i]], &cells[i], err);
		is_empty = is_empty && !cells[i];
	}
	if (result == 0 && !is_empty) {
		reading->rows++;
		result = add_code(reading, record, cells, err);
	}
	for (size_t i = 0; i < COLUMNS; i++)
		free(cells[i]);
	return result;
}

static int on_record(void *arg, const struct csv_record *record, struct err *err)
{
	struct codes_reading *reading = arg;

	if (reading->has_header)
		return field_map_is_header(&reading->map, record) ? 0 : take_record(reading, record, err);
	if (field_map_init(&reading->map, NULL, record, err) < 0)
		return -1;
	reading->has_header = true;
	reading->looks_like_results = has_results(&reading->map);
	return check_header(&reading->map, record, err);
}

static int open_file(const char *path, struct err *err)
{
	/* O_NONBLOCK: a FIFO must not stop the daemon before it is seen to be one. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (fd < 0)
		return err_set(err, ERR_FILE, "cannot read \"%s\": %m", path);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		(void)err_set(err, ERR_FILE, "\"%s\" is not a regular file", path);
	else if (status.st_size > INPUT_CODES_BYTES_MAX)
		(void)err_set(err, ERR_FILE, "\"%s\" has %" PRId64 " bytes, more than a codes file can have", path,
			      (int64_t)status.st_size);
	else
		return fd;
	(void)close(fd);
	return -1;
}

static int feed(struct csv *csv, int fd, struct err *err)
{
	char *piece = malloc(PIECE);
	int64_t bytes = 0;
	ssize_t got = -1;
	int result = piece && csv ? 0 : err_set(err, ERR_INTERNAL, "out of memory");

	while (result == 0 && (got = read(fd, piece, PIECE)) > 0) {
		bytes += got;
		result = bytes > INPUT_CODES_BYTES_MAX ? err_set(err, ERR_FILE, "it grows while it is read")
						       : csv_feed(csv, piece, (size_t)got, err);
	}
	if (result == 0 && got < 0)
		result = err_set(err, ERR_FILE, "cannot be read: %m");
	if (result == 0)
		result = csv_finish(csv, err);
	free(piece);
	return result;
}

static int read_codes(struct codes_reading *reading, struct err *err)
{
	const struct csv_options options = { .separator = '\0' };
	int fd = open_file(reading->path, err), result;
	struct csv *csv;

	if (fd < 0)
		return -1;
	csv = csv_new(&options, on_record, reading);
	result = feed(csv, fd, err);
	if (result < 0 && err->code != ERR_LEDGER)
		(void)err_prefix(err, "%s", reading->path);
	csv_free(csv);
	(void)close(fd);
	if (reading->has_header)
		field_map_finish(&reading->map);
	return result;
}

/* --- what rows are checked against --- */

static void add_text(struct digest_stream *stream, const char *text)
{
	digest_stream_update(stream, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* The same codes in another order are the same. */
static int note_rules(struct ledger *ledger, struct err *err)
{
	struct statement *get =
		store_statement(ledger->store,
				"SELECT player_id, access_code, exit_code FROM input_code WHERE game IS NULL"
				" ORDER BY exit_code, access_code, player_id",
				err);
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];
	bool is_empty = true;
	int more = -1;

	if (!stream)
		return err_set(err, ERR_INTERNAL, "out of memory");
	while (get && (more = statement_step(get, err)) == 1) {
		is_empty = false;
		for (int column = 0; column < 3; column++)
			add_text(stream, statement_text(get, column));
	}
	digest_stream_finish(stream, digest);
	if (more < 0)
		return -1;
	return ledger_set_meta(ledger, META_RULES, is_empty ? "" : digest_hex(digest, hex), err);
}

char *input_codes_rules(struct ledger *ledger)
{
	char *rules = ledger_get_meta(ledger, META_RULES);

	return rules ? rules : strdup("");
}

static int count_codes(struct ledger *ledger, int64_t *count, struct err *err)
{
	return statement_number(
		store_statement(ledger->store, "SELECT count(*) FROM input_code WHERE game IS NULL", err), count, err);
}

static int forget_file(struct ledger *ledger, const char *path, const char *folder, struct err *err)
{
	struct statement *forget = store_statement(
		ledger->store, "DELETE FROM input_code WHERE (?1 IS NULL OR path = ?1) AND game IS ?2", err);

	if (!forget)
		return -1;
	statement_bind_text(forget, 1, path);
	statement_bind_text(forget, 2, folder);
	return statement_run(forget, err);
}

static int prepare(struct ledger *ledger, enum input_codes_mode mode, struct err *err)
{
	int64_t count;

	if (mode == INPUT_CODES_REPLACE)
		return forget_file(ledger, NULL, NULL, err);
	if (mode == INPUT_CODES_ADD)
		return 0;
	if (count_codes(ledger, &count, err) < 0)
		return -1;
	if (count == 0)
		return 0;
	(void)err_set(err, ERR_STATE, "there are %" PRId64 " input codes already", count);
	return err_hint(err, "add to them with -a, or replace them with -r");
}

static int load(struct ledger *ledger, const char *path, enum input_codes_mode mode, struct input_codes_loaded *out,
		struct err *err)
{
	struct codes_reading reading = { .ledger = ledger, .path = path };

	if (prepare(ledger, mode, err) < 0 || read_codes(&reading, err) < 0)
		return -1;
	if (reading.rows == 0) {
		(void)err_set(err, ERR_FORMAT, "\"%s\" has no codes", path);
		return err_hint(err, "the codes are as they were");
	}
	out->rows = reading.rows;
	out->added = reading.added;
	out->looks_like_results = reading.looks_like_results;
	return note_rules(ledger, err) < 0 ? -1 : count_codes(ledger, &out->total, err);
}

int input_codes_load(struct ledger *ledger, const char *path, enum input_codes_mode mode,
		     struct input_codes_loaded *out, struct err *err)
{
	if (store_begin(ledger->store, err) < 0 || store_savepoint(ledger->store, err) < 0)
		return -1;
	if (load(ledger, path, mode, out, err) == 0)
		return store_release(ledger->store, err);
	store_rollback_savepoint(ledger->store);
	return -1;
}

/* --- files that are followed --- */

static int follow(struct codes_reading *reading, struct err *err)
{
	struct store *store = reading->ledger->store;

	if (store_begin(store, err) < 0 || store_savepoint(store, err) < 0)
		return -1;
	/* Of a game's files only one is followed at a time. */
	if (forget_file(reading->ledger, reading->folder ? NULL : reading->path, reading->folder, err) == 0 &&
	    read_codes(reading, err) == 0)
		return store_release(store, err);
	store_rollback_savepoint(store);
	return -1;
}

int input_codes_follow(struct ledger *ledger, const char *path, const char *folder, int64_t *count, struct err *err)
{
	struct codes_reading reading = { .ledger = ledger, .path = path, .folder = folder };

	if (follow(&reading, err) < 0)
		return -1;
	*count = reading.rows;
	return 0;
}

int input_codes_configure(struct ledger *ledger, const char *path, struct err *err)
{
	struct codes_reading reading = { .ledger = ledger, .path = path };
	char *before = ledger_get_meta(ledger, META_FILE);
	int result = 0;

	if (!path && !before)
		return 0;
	if (store_begin(ledger->store, err) < 0)
		result = -1;
	if (result == 0 && before && (!path || strcmp(path, before) != 0))
		result = forget_file(ledger, before, NULL, err);
	free(before);
	if (result < 0 || ledger_set_meta(ledger, META_FILE, path ? path : "", err) < 0)
		return -1;
	if (path && follow(&reading, err) < 0)
		return -1;
	return note_rules(ledger, err);
}

/* --- checking --- */

/* Cut at a whole character. */
static void show(const char *text, char out[SHOWN_MAX + 1])
{
	char *printable = utf8_printable(text);

	(void)snprintf(out, SHOWN_MAX + 1, "%s", printable ? printable : "?");
	out[utf8_first_invalid(out, strlen(out))] = '\0';
	free(printable);
}

__attribute__((format(printf, 5, 6))) static int hold(struct row *row, const struct field_map *map,
						      const struct csv_record *record, enum field field,
						      const char *format, ...)
{
	size_t column = map->columns[field];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(row->why, sizeof(row->why), format, args);
	va_end(args);
	row->why[utf8_first_invalid(row->why, strlen(row->why))] = '\0';
	row->verdict = VERDICT_HOLD;
	row->column = column < record->count ? record->cells[column].column : 0;
	row->has_bonus = row->is_beyond_limits = row->waits = false;
	return 0;
}

/* How many codes have the row's exit code, how many of them not another access code, not another player; and one that
 * they have. */
struct matches {
	int64_t codes;
	int64_t of_access;
	int64_t of_player;
	char access_code[SHOWN_MAX + 1];
	char player_id[SHOWN_MAX + 1];
};

static int find_matches(struct ledger *ledger, const struct row *row, struct matches *out, struct err *err)
{
	struct statement *get = store_statement(
		ledger->store,
		"SELECT count(*), count(*) FILTER (WHERE access_code IS NULL OR access_code = ?2 COLLATE NOCASE),"
		" count(*) FILTER (WHERE player_id IS NULL OR player_id = ?3), max(access_code), max(player_id)"
		" FROM input_code WHERE exit_code = ?1 COLLATE NOCASE AND game IS NULL",
		err);

	if (!get)
		return -1;
	statement_bind_text(get, 1, row->exit_code);
	statement_bind_text(get, 2, row->access_code);
	statement_bind_text(get, 3, row->player_id);
	if (statement_step(get, err) != 1)
		return -1;
	*out = (struct matches){ .codes = statement_int(get, 0),
				 .of_access = statement_int(get, 1),
				 .of_player = statement_int(get, 2) };
	show(statement_text(get, 3) ? statement_text(get, 3) : "", out->access_code);
	show(statement_text(get, 4) ? statement_text(get, 4) : "", out->player_id);
	statement_reset(get);
	return 0;
}

int input_codes_check(struct ledger *ledger, const struct field_map *map, const struct csv_record *record,
		      struct row *row, struct err *err)
{
	char exit_code[SHOWN_MAX + 1], other[SHOWN_MAX + 1];
	bool is_settled = row->verdict == VERDICT_SKIP ||
			  (row->verdict == VERDICT_HOLD && !row->waits && !row->is_beyond_limits);
	struct matches matches;

	if (is_settled || !row->exit_code)
		return 0;
	if (find_matches(ledger, row, &matches, err) < 0)
		return -1;
	show(row->exit_code, exit_code);
	if (matches.codes == 0)
		return hold(row, map, record, FIELD_EXIT_CODE, "exit code \"%s\" is none of the input codes",
			    exit_code);
	show(row->access_code ? row->access_code : row->player_id ? row->player_id : "", other);
	if (row->access_code && matches.of_access == 0)
		return hold(row, map, record, FIELD_ACCESS_CODE,
			    "exit code \"%s\" belongs to access code \"%s\" in the input codes, not to \"%s\"",
			    exit_code, matches.access_code, other);
	show(row->player_id ? row->player_id : "", other);
	if (row->player_id && matches.of_player == 0)
		return hold(row, map, record, FIELD_ID,
			    "exit code \"%s\" belongs to player \"%s\" in the input codes, not to \"%s\"", exit_code,
			    matches.player_id, other);
	return 0;
}

/* --- showing --- */

static struct json_object *list_files(struct ledger *ledger, struct err *err)
{
	struct statement *get = store_statement(ledger->store,
						"SELECT path, game, count(*) FROM input_code GROUP BY path, game"
						" ORDER BY game IS NOT NULL, min(id) LIMIT ?1",
						err);
	struct json_object *files = json_object_new_array();
	int more = -1;

	if (get)
		statement_bind_int(get, 1, FILES_SHOWN);
	while (get && (more = statement_step(get, err)) == 1) {
		struct json_object *file = json_object_new_object();

		json_put_text(file, "path", statement_text(get, 0));
		json_put_text(file, "folder", statement_text(get, 1));
		json_put_int(file, "codes", statement_int(get, 2));
		(void)json_object_array_add(files, file);
	}
	if (more == 0)
		return files;
	json_object_put(files);
	return NULL;
}

static struct json_object *list_codes(struct ledger *ledger, int64_t offset, int64_t limit, struct err *err)
{
	static const char *const names[] = { "path", "id", "access_code", "exit_code", "worker_id" };
	struct statement *get = store_statement(ledger->store,
						"SELECT path, player_id, access_code, exit_code, worker_id, line"
						" FROM input_code WHERE game IS NULL ORDER BY id LIMIT ?1 OFFSET ?2",
						err);
	struct json_object *codes = json_object_new_array();
	int more = -1;

	if (get) {
		statement_bind_int(get, 1, limit);
		statement_bind_int(get, 2, offset);
	}
	while (get && (more = statement_step(get, err)) == 1) {
		struct json_object *code = json_object_new_object();

		for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
			json_put_text(code, names[i], statement_text(get, i));
		json_put_int(code, "line", statement_int(get, 5));
		(void)json_object_array_add(codes, code);
	}
	if (more == 0)
		return codes;
	json_object_put(codes);
	return NULL;
}

struct json_object *input_codes_page(struct ledger *ledger, int64_t offset, int64_t limit, struct err *err)
{
	struct json_object *files, *codes = NULL, *out;
	int64_t total;

	if (count_codes(ledger, &total, err) < 0)
		return NULL;
	files = list_files(ledger, err);
	if (files)
		codes = list_codes(ledger, offset, limit, err);
	if (!codes) {
		json_object_put(files);
		return NULL;
	}
	out = json_object_new_object();
	json_put_int(out, "total", total);
	json_put_value(out, "files", files);
	json_put_value(out, "codes", codes);
	json_put_value(out, "next_offset", offset < total - limit ? json_object_new_int64(offset + limit) : NULL);
	return out;
}
