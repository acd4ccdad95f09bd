/* SPDX-License-Identifier: MIT
 *
 * From the bytes of a results file to rows in the ledger: reads records, finds out from the header which column is
 * what, judges each row and adds it to the source. The one place where a file meets the rules: header, filter, codes.
 */
#ifndef NGMT_INTAKE_H
#define NGMT_INTAKE_H

#include "config.h"
#include "ledger.h"
#include "room_rows.h"
#include "row.h"

struct intake;

struct intake_rules {
	const struct config *config; /* borrowed */
	struct filter *filter;       /* likewise; of one intake at a time; NULL: none is configured */
	int64_t validate_level;
	bool joins; /* row_rules.joins */
};

/* `known`: of a watched room, borrowed; rows that it knows are not added again. NULL: the file is loaded, all of its
 * rows are added. */
struct intake *intake_new(struct ledger *ledger, const struct intake_rules *rules, int64_t source_id,
			  struct room_rows *known, struct err *err);
void intake_free(struct intake *intake);

/* The next bytes, and the end. ERR_FORMAT "line L, column C: …", ERR_LEDGER. */
int intake_feed(struct intake *intake, const char *bytes, size_t len, struct err *err);
int intake_finish(struct intake *intake, struct err *err);

/* Rows by verdict, known ones too; and those that were added. */
const int64_t *intake_verdicts(const struct intake *intake);
int64_t intake_added(const struct intake *intake);

#endif
