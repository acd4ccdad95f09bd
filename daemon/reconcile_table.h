/* SPDX-License-Identifier: MIT
 *
 * Reports of comparisons in temporary tables of the ledger's connection: which HITs they are about, and one line for
 * each assignment and worker. Lines are collected in slices (a few thousand ids of a table at a time, whatever
 * matches), so that no turn of the loop takes long.
 */
#ifndef NGMT_RECONCILE_TABLE_H
#define NGMT_RECONCILE_TABLE_H

#include "facts.h"
#include "ledger.h"

/* Which rows of files a report is about, and so which assignments. */
struct reconcile_scope {
	int64_t report;
	bool is_working_set; /* its rows; else those of the newest version of every file, of these only: */
	const char *hits;    /* JSON array; NULL: any */
	const char *room;
	const char *game;
	bool is_everything; /* operations too whose HIT is not known */
};

int reconcile_table_create(struct ledger *ledger, struct err *err);

/* Forgets some lines of a report: 1 there are more, 0 nothing is left of it, -1 error. */
int reconcile_table_drop(struct ledger *ledger, int64_t report, struct err *err);

/* Collecting. Each goes on after *cursor and moves it: 1 there is more to go through, 0 it came to the end, -1
 * error. */
int reconcile_collect_rows(struct ledger *ledger, const struct reconcile_scope *scope, int64_t *cursor,
			   struct err *err);
int reconcile_collect_operations(struct ledger *ledger, const struct reconcile_scope *scope, int64_t *cursor,
				 struct err *err);
/* What the platform has under the report's HITs; the cursor is an assignment. */
int reconcile_collect_facts(struct ledger *ledger, const struct reconcile_scope *scope, char cursor[ID_TEXT_MAX],
			    struct err *err);

/* The HITs that are named, or those of the lines after `*cursor`, into the report's list. */
int reconcile_add_hits(struct ledger *ledger, const struct reconcile_scope *scope, int64_t *cursor, struct err *err);
/* The HIT that the platform says an assignment belongs to. */
int reconcile_add_hit_of(struct ledger *ledger, int64_t report, const char *assignment_id, struct err *err);
/* Takes the next HIT that was not taken yet: 1 taken, 0 none, -1 error. */
int reconcile_take_hit(struct ledger *ledger, int64_t report, char hit_id[ID_TEXT_MAX], struct err *err);
int64_t reconcile_count_hits(struct ledger *ledger, int64_t report, struct err *err);

/* The next line after *cursor whose assignment the platform was not asked about since `since_s`: 1 found, 2 there is
 * more to go through, 0 no more, -1 error. */
int reconcile_next_lonely(struct ledger *ledger, int64_t report, int64_t since_s, int64_t *cursor,
			  char assignment_id[ID_TEXT_MAX], struct err *err);

/* A line before it is compared; texts are borrowed for the call, which may change the line. */
struct reconcile_key {
	int64_t id;
	const char *hit_id;
	const char *assignment_id;
	const char *worker_id;
	int64_t result_id; /* of a row that names no assignment; 0: none */
};
typedef int reconcile_key_fn(void *arg, const struct reconcile_key *key, struct err *err);
/* The next lines, at most `limit`; moves the cursor. 1 there are more, 0 no more, -1 error. */
int reconcile_each_line(struct ledger *ledger, int64_t report, int64_t *cursor, int64_t limit, reconcile_key_fn *fn,
			void *arg, struct err *err);

/* What a line says, as JSON text. */
int reconcile_put_line(struct ledger *ledger, int64_t id, bool agrees, const char *text, struct err *err);
int reconcile_remove_line(struct ledger *ledger, int64_t id, struct err *err);
int64_t reconcile_count_lines(struct ledger *ledger, int64_t report, bool only_differing, struct err *err);

/* JSON texts of lines, at most `limit` after `offset`. -1 stops. */
typedef int reconcile_text_fn(void *arg, const char *text);
int reconcile_each_text(struct ledger *ledger, int64_t report, bool only_differing, int64_t offset, int64_t limit,
			reconcile_text_fn *fn, void *arg, struct err *err);

#endif
