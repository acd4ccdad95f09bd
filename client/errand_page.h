/* SPDX-License-Identifier: MIT
 *
 * The plan of an errand (a request that no row of a file asks for) in words: what it is about, what it costs with its
 * fees, what is left, who is left out and why; and what was done. Pure: works on the daemon's results of plan_errand
 * and batch, see ngmt-protocol(7); members that are missing are left out.
 */
#ifndef NGMT_ERRAND_PAGE_H
#define NGMT_ERRAND_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"

/* Items that would be done, and that are refused. */
int64_t errand_page_go(struct json_object *plan);
int64_t errand_page_refused(struct json_object *plan);

/* What it costs with its fees; 0 if nothing. */
int64_t errand_page_cents(struct json_object *plan);

/* All of it, and a table of at most `most` items where the title does not say it all already. */
void errand_page_print(FILE *out, struct json_object *plan, size_t most);

/* "Nothing to do: A1X is blocked already", or "Nothing can be done: ..." if something is refused. */
void errand_page_print_void(FILE *out, struct json_object *plan);

/* "Create 3 HITs for $27.00 + $5.40 fees in LIVE? [y/N]". The caller frees; NULL if memory runs out. */
char *errand_page_question(struct json_object *plan);

/* The participle in "nothing was created". */
const char *errand_page_undone(struct json_object *plan);

/* What became of it by what the daemon says of its batch: "created HIT 3ABC ("Ultimatum Game")", a line for each HIT
 * and type, one for all workers. */
void errand_page_print_done(FILE *out, struct json_object *plan, struct json_object *batch);

/* "2 workers left out: why", a line for each reason, of what was refused. */
void errand_page_print_refused(FILE *out, struct json_object *plan);

#endif
