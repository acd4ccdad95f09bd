/* SPDX-License-Identifier: MIT
 *
 * What a comparison comes to: counts and money by finding, and pages of its lines, as ngmt-protocol(7) has them.
 */
#ifndef NGMT_RECONCILE_REPORT_H
#define NGMT_RECONCILE_REPORT_H

#include "reconcile_gather.h"
#include "reconcile_params.h"

struct reconcile_total {
	int64_t rows;
	int64_t differing;
	struct reconcile_sums sums;
	int64_t difference_minor; /* listed by the platform beyond what is asked for; negative: less */
};

struct reconcile_totals {
	struct reconcile_total by_finding[FINDINGS];
	int64_t auto_approved;
};

/* Judges one line, keeps it in the report's table and adds it to `totals`; one that is no line is removed. */
int reconcile_report_line(const struct reconcile_asking *asking, const struct reconcile_key *key,
			  struct reconcile_totals *totals, struct err *err);

/* The summary of a finished comparison. New reference. */
struct json_object *reconcile_report_summary(const struct reconcile_asking *asking, const char *selection, int64_t hits,
					     const struct reconcile_totals *totals);

/* Adds total, next_offset and rows of a page to `out`. */
int reconcile_report_page(struct ledger *ledger, int64_t report, const struct reconcile_params *params,
			  struct json_object *out, struct err *err);

#endif
