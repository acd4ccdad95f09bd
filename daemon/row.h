/* SPDX-License-Identifier: MIT
 *
 * One worker's result, as a results file says it, and what the file alone allows us to conclude. Pure: no I/O, no
 * clock, no ledger. What the platform and the ledger know comes later (plan.h, verify.h).
 */
#ifndef NGMT_ROW_H
#define NGMT_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "csv.h"
#include "err.h"
#include "fields.h"

/* What the file wants done with the assignment. */
enum verdict {
	VERDICT_APPROVE,
	VERDICT_REJECT, /* asked for by the file; sent only when a person asks for rejections */
	VERDICT_HOLD,   /* something is wrong or contradictory: a person decides */
	VERDICT_SKIP,   /* a bot, or filtered out: nothing to do, ever */
};

struct filter;

struct row_rules {
	int64_t max_bonus_cents;
	int64_t min_bonus_cents;
	bool auto_approve;      /* neither approve nor reject said: approve */
	unsigned validate_level; /* see below */
	bool joins; /* rows without an assignment are looked for in the platform's list (joined.h), not held for good */
	struct filter *filter; /* prepared for the file (filter.h); NULL: all rows but bots */
};

/* Levels of validation (the seed's validateLevel). Each leaves out checks of form; none relaxes ids, amounts, the
 * number of cells or a contradiction.
 *   2  everything: also that access code and exit code are both there or both absent where the file has both
 *      columns, that codes and player ids are plain text of at most 255 characters, and that the assignment status is
 *      one of MTurk's (Submitted, Approved, Rejected)
 *   1  without these; still that reason and requester feedback have at most 1024 characters and no control characters
 *      (MTurk refuses 0-8, 11, 12, 14-31), that the integer value is a whole number from 0 to 2147483647, and that the
 *      token is at most 64 characters
 *   0  without these too: texts are taken as they are, an integer value that is none counts as absent */

#define ROW_WHY_MAX 200

/* Text members are owned by the row (one block: never free or take one of them); NULL means absent: missing column,
 * empty, NA, undefined, null in any case; for ids and codes also 0, which is how nodeGame writes what is not there.
 * Blanks around a text are removed. */
struct row {
	unsigned line; /* of the file, where the row begins, from 1 */
	char *storage; /* the block that holds the texts */
	char *player_id;
	char *type;
	char *worker_id;
	char *assignment_id;
	char *hit_id;
	char *access_code;
	char *exit_code;
	char *bonus_text; /* as the file has it, for messages */
	char *qualification_type_id;
	char *reason;
	char *requester_feedback;
	char *unique_request_token;
	char *assignment_status;
	enum truth approve;
	enum truth reject;
	enum truth disconnected;
	enum truth skip;
	enum truth send_notification;
	bool has_bonus;      /* a valid amount above zero that may be paid under the rules; only with VERDICT_APPROVE */
	bool is_beyond_limits; /* held for its amount alone (rule of money 4): all else is as with VERDICT_APPROVE */
	int64_t bonus_cents; /* the amount if the text is one (also 0, also beyond the limits) */
	bool has_integer_value;
	int64_t integer_value;

	enum verdict verdict;
	/* Why: a sentence for people, never empty. For VERDICT_HOLD it names the field and the value. */
	char why[ROW_WHY_MAX];
	unsigned column; /* of the file's line, from 1: the cell that the sentence is about; 0: none */

	/* Held for nothing but the lack of its assignment (and mostly of its worker), which is to be found in the
	 * platform's list (row_rules.joins): what the verdict would be with them, VERDICT_HOLD if it is beyond the
	 * limits, and why. has_bonus is as with these; is_beyond_limits is false. */
	bool waits;
	enum verdict join_verdict;
	char join_why[ROW_WHY_MAX];
};

/* Reads one record. One with more cells than the header is held (a separator inside a text has moved its columns),
 * one with fewer too unless only approve, reject or columns without a name are missing (MTurk's downloads). Always
 * yields a row with a verdict, unless memory runs out (-1, ERR_INTERNAL). */
int row_read(const struct field_map *map, const struct csv_record *record, const struct row_rules *rules,
	     struct row *out, struct err *err);

/* Frees the members (not `row`). */
void row_finish(struct row *row);

const char *verdict_name(enum verdict verdict);

#endif
