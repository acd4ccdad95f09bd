/* SPDX-License-Identifier: MIT
 *
 * Codes that nodeGame gave out (auth/codes*.csv), in the ledger: which exit code and which access code belongs to which
 * player. Those that a person loads, or that the configuration names, are what rows are checked against; those that are
 * found beside a watched game only help to join rows (joined.h).
 */
#ifndef NGMT_INPUT_CODES_H
#define NGMT_INPUT_CODES_H

#include "json.h"
#include "ledger.h"
#include "row.h"

/* Larger files are refused: they are no codes files. */
#define INPUT_CODES_BYTES_MAX ((int64_t)32 << 20)

/* How a file that a person loads goes together with what was loaded before. */
enum input_codes_mode { INPUT_CODES_NEW, INPUT_CODES_ADD, INPUT_CODES_REPLACE, INPUT_CODES_MODES };
/* -1: no such word ("new", "add", "replace"). */
int input_codes_mode_from_name(const char *name);

struct input_codes_loaded {
	int64_t rows;  /* in the file */
	int64_t added; /* not known before */
	int64_t total; /* of all files that a person has loaded */
	bool looks_like_results; /* it has a column of amounts or of decisions, which no codes file has */
};

/* All of a file or nothing: ERR_FILE, ERR_FORMAT ("path: line L, column C: …"), and ERR_STATE for INPUT_CODES_NEW if
 * there are some already. */
int input_codes_load(struct ledger *ledger, const char *path, enum input_codes_mode mode,
		     struct input_codes_loaded *out, struct err *err);

/* The file that the configuration names: as loaded by a person, in place of what it said at the last start. NULL: it
 * names none any more. */
int input_codes_configure(struct ledger *ledger, const char *path, struct err *err);

/* The codes that nodeGame keeps for the game of a data folder: what the file says now replaces what it said before.
 * *count: how many. ERR_LEDGER, or an error of the file. */
int input_codes_follow(struct ledger *ledger, const char *path, const char *folder, int64_t *count, struct err *err);

/* Changes whenever what rows are checked against does; "" if they are not checked at all. The caller frees; NULL: out
 * of memory. */
char *input_codes_rules(struct ledger *ledger);

/* Holds a row (and one that waits to be joined, for good) whose exit code is none of those that a person loaded, or
 * whose access code or player is not the one that this exit code was given to. Rows that are held or skipped already
 * stay as they are. Only to be called if input_codes_rules() is not "". */
int input_codes_check(struct ledger *ledger, const struct field_map *map, const struct csv_record *record,
		      struct row *row, struct err *err);

/* Method "show": {total, files: [{path, codes, game}], next_offset, codes: [{path, line, id, access_code, exit_code,
 * worker_id}]}. New reference. */
struct json_object *input_codes_page(struct ledger *ledger, int64_t offset, int64_t limit, struct err *err);

#endif
