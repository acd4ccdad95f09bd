/* SPDX-License-Identifier: MIT
 *
 * Results files in the ledger: which content was read from where, its rows with their verdicts, and the working set
 * (the sources on whose rows a command without a selector acts; the seed's results database).
 */
#ifndef NGMT_RESULTS_H
#define NGMT_RESULTS_H

#include "digest.h"
#include "json.h"
#include "ledger.h"
#include "op.h"
#include "row.h"

/* SQL: whether row r of source s counts, which is what a selection by room, game or id selects from. A row that was
 * watched: as long as no later version of its file has replaced it. A row that was loaded: in the newest version of its
 * file, unless that file is watched. */
#define ROW_IS_CURRENT                                                                                               \
	"(s.ready AND CASE WHEN s.room_id IS NOT NULL THEN r.current ELSE"                                           \
	" s.sequence = (SELECT max(n.sequence) FROM source n WHERE n.path = s.path AND n.ready"                      \
	"  AND n.room_id IS NULL)"                                                                                   \
	" AND NOT EXISTS (SELECT 1 FROM source n WHERE n.path = s.path AND n.ready AND n.room_id IS NOT NULL) END)"

/* SQL: the rows r and their sources s whose assignment_id or worker_id (`column`) is what `is` says: "= ?1", "IN (…)".
 * Every search by these goes through here: the indexes are in segments, so that many rows with ids at random come in
 * quickly, and a search that does not name the segment would read everything. */
#define ROWS_BY(column, is)                                                                                          \
	"segment g CROSS JOIN result r ON r.id >> 13 = g.n AND r." column " " is                                     \
	" CROSS JOIN source s ON s.id = r.source_id"

/* SQL: what became of the decision (d) and of the bonus (b) that a row r asks for. */
#define STANDING_DECISION_KEY "'decision/' || r.assignment_id"
#define STANDING_BONUS_KEY "'bonus/' || r.assignment_id || '/' || r.worker_id || '/" OP_PURPOSE_DEFAULT "'"
#define STANDING_OPERATIONS                                        \
	" LEFT JOIN operation d ON d.key = " STANDING_DECISION_KEY \
	" LEFT JOIN operation b ON b.key = " STANDING_BONUS_KEY " "

/* SQL: the verdict of such a row by now: the names of row.h's verdicts, and "done", "conflict" on top of them. */
#define STANDING_VERDICT                                                                                             \
	"CASE WHEN r.verdict = 2 THEN 'hold' WHEN r.verdict = 3 THEN 'skip'"                                         \
	" WHEN d.kind <> r.verdict OR (r.bonus_payable AND b.amount_minor <> r.bonus_cents) THEN 'conflict'"         \
	" WHEN d.state = 6 THEN 'done' WHEN r.verdict = 0 THEN 'approve' ELSE 'reject' END"

_Static_assert(VERDICT_APPROVE == (int)OP_APPROVE && VERDICT_REJECT == (int)OP_REJECT && VERDICT_HOLD == 2 &&
		       VERDICT_SKIP == 3 && OP_DONE == 6,
	       "the numbers in STANDING_VERDICT");

/* Where a content was read. Texts are borrowed. */
struct source {
	const char *path;
	const char *sha256;
	const char *game;  /* NULL: a file loaded by name */
	const char *room;  /* NULL: none */
	const char *rules; /* digest of the rules under which its rows were judged */
	int64_t bytes;
	int64_t room_id;   /* watched (room_book.h); 0: loaded */
};

/* Records content and place. 1: new, *source_id is to be filled with rows and counts nowhere before
 * results_make_ready(); 0: the same content was read from there under the same rules before, its rows are there
 * already; -1: error. */
int results_add_source(struct ledger *ledger, const struct source *source, int64_t *source_id, struct err *err);
/* `digest`: of a row that was watched, to know it again; such a row is still to do for the room's policy. NULL: it was
 * loaded. */
int results_add_row(struct ledger *ledger, int64_t source_id, const struct row *row, const int64_t *digest,
		    struct err *err);
/* Notes and reads how many rows of each verdict the whole content of a source has. */
int results_count_rows(struct ledger *ledger, int64_t source_id, const int64_t verdicts[VERDICT_SKIP + 1],
		       struct err *err);
int results_get_counts(struct ledger *ledger, int64_t source_id, int64_t verdicts[VERDICT_SKIP + 1], struct err *err);
/* All of it is there: from now on it is the version of its file that counts. */
int results_make_ready(struct ledger *ledger, int64_t source_id, struct err *err);

/* The rows of a watched source are not to do for the room's policy. */
int results_leave_to_people(struct ledger *ledger, int64_t source_id, struct err *err);

/* The version of a watched file that was read last. 1, 0: none was, -1. */
struct results_version {
	int64_t source_id;
	int64_t bytes;
	char sha256[DIGEST_HEX_MAX];
};
int results_newest_watched(struct ledger *ledger, const char *path, struct results_version *out, struct err *err);

/* What is not ready and will not be: its name is free again at once, its rows are removed piece by piece. Of one that
 * is ready this does nothing. */
int results_abandon(struct ledger *ledger, int64_t source_id, struct err *err);
/* The same for all that a daemon that ended left behind. */
int results_abandon_all(struct ledger *ledger, struct err *err);
/* Removes at most `limit` rows of what was abandoned. 1: there is more, 0: nothing is left, -1. */
int results_remove_abandoned(struct ledger *ledger, int64_t limit, struct err *err);

/* The exit code of a row: 1, and the caller frees; 0 and NULL: no such row, or it has none. */
int results_get_exit_code(struct ledger *ledger, int64_t row_id, char **out, struct err *err);

/* The working set. working_set_add() takes out other versions
 * of the same file and returns the number of rows that were not in it. */
int64_t working_set_count(struct ledger *ledger, struct err *err);
int working_set_clear(struct ledger *ledger, struct err *err);
int64_t working_set_add(struct ledger *ledger, int64_t source_id, struct err *err);

/* [{line, column, message}] of the held rows of a source, the first `limit`. */
struct json_object *results_problems(struct ledger *ledger, int64_t source_id, int64_t limit, struct err *err);

/* What method "show" says of the working set: {results, bonus, qualification}, and a page of rows. New references. */
struct json_object *results_summary(struct ledger *ledger, struct err *err);
struct json_object *results_page(struct ledger *ledger, const char *verdict, int64_t offset, int64_t limit,
				 struct err *err);

#endif
