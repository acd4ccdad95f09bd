/* SPDX-License-Identifier: MIT
 *
 * What joined.c and joined_words.c have in common of SQL: which rows take part, and when two rows that ask for one
 * assignment are the same. Private to them and to unclaimed.c.
 */
#ifndef NGMT_JOINED_PRIVATE_H
#define NGMT_JOINED_PRIVATE_H

#include "results.h"
#include "row.h"

#define JOIN_SOURCES " JOIN source s ON s.id = r.source_id LEFT JOIN room m ON m.id = s.room_id "

/* Rows that count anywhere: as a selection sees them, or in the working set. */
#define ROW_COUNTS "(" ROW_IS_CURRENT " OR (s.ready AND s.id IN (SELECT w.source_id FROM working_set w)))"

/* A room that a person ignores asks for nothing; one that waits to be adopted does as long as what its players have
 * submitted may still be waiting (?1: since when, in seconds). */
#define ROW_ASKS \
	"(" ROW_COUNTS \
	" AND NOT coalesce(m.ignored, 0) AND (m.id IS NULL OR m.adopted OR m.file_mtime_ns / 1000000000 >= ?1))"

/* The first two terms are those of the index result_join. */
#define ROW_MAY_JOIN "r.join_state <> 0 AND r.join_state <> 4 AND " ROW_ASKS

/* A row's own idea of what is due to it; of one that waits, what it would be once it is joined. */
#define WANTS(row) "coalesce(" row ".join_verdict, " row ".verdict)"
#define WANTS_BONUS(row) "(" row ".bonus_payable OR " row ".beyond_limits OR coalesce(" row ".join_verdict = 2, 0))"
#define PLAYER(row) "coalesce(" row ".player_id, " row ".access_code)"

/* Whether row r of source s and row t of source ts are one: the same player, and versions of one file (the later one
 * counts, unless both want a bonus and not the same), or wanting the very same, but not in two watched rooms: fixed
 * codes are given out again in every session. */
#define ROWS_ARE_ONE                                                                                                   \
	"coalesce(" PLAYER("r") " = " PLAYER("t")                                                                      \
	" AND (r.exit_code IS NULL OR t.exit_code IS NULL OR r.exit_code = t.exit_code)"                               \
	" AND CASE WHEN s.path = ts.path AND s.id <> ts.id"                                                            \
	"  THEN NOT (" WANTS_BONUS("r") " AND " WANTS_BONUS("t") " AND r.bonus_cents <> t.bonus_cents)"                \
	"  ELSE (s.path = ts.path OR s.room_id IS NULL OR ts.room_id IS NULL)"                                         \
	"  AND " WANTS("r") " = " WANTS("t") " AND " WANTS_BONUS("r") " = " WANTS_BONUS("t")                           \
	"  AND (r.bonus_cents IS t.bonus_cents OR NOT " WANTS_BONUS("r") ") END, 0)"

_Static_assert(VERDICT_HOLD == 2, "join_verdict of a row that is beyond the limits");

#endif
