/* SPDX-License-Identifier: MIT
 *
 * How a row of results stands, in SQL: for queries in which "result r" is one. Private to the files that read rows for
 * people.
 */
#ifndef NGMT_STANDING_H
#define NGMT_STANDING_H

#include "op.h"
#include "row.h"

/* What became of the decision (d) and of the bonus (b) that the row asks for. */
#define STANDING_DECISION_KEY "'decision/' || r.assignment_id"
#define STANDING_BONUS_KEY "'bonus/' || r.assignment_id || '/' || r.worker_id || '/" OP_PURPOSE_DEFAULT "'"
#define STANDING_OPERATIONS                                         \
	" LEFT JOIN operation d ON d.key = " STANDING_DECISION_KEY \
	" LEFT JOIN operation b ON b.key = " STANDING_BONUS_KEY " "

/* Its verdict by now: the names of row.h's verdicts, and "done", "conflict" on top of them. */
#define STANDING_VERDICT                                                                                             \
	"CASE WHEN r.verdict = 2 THEN 'hold' WHEN r.verdict = 3 THEN 'skip'"                                         \
	" WHEN d.kind <> r.verdict OR (r.bonus_payable AND b.amount_minor <> r.bonus_cents) THEN 'conflict'"         \
	" WHEN d.state = 6 THEN 'done' WHEN r.verdict = 0 THEN 'approve' ELSE 'reject' END"

_Static_assert(VERDICT_APPROVE == (int)OP_APPROVE && VERDICT_REJECT == (int)OP_REJECT && VERDICT_HOLD == 2 &&
		       VERDICT_SKIP == 3 && OP_DONE == 6,
	       "the numbers in STANDING_VERDICT");

#endif
