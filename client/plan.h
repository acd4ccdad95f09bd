/* SPDX-License-Identifier: MIT
 *
 * A plan in words: where, who, how many, how much, the fees, what is left, and what will not be sent and why. Pure:
 * works on the result of the daemon's method plan, see ngmt-protocol(7); members that are missing are left out.
 */
#ifndef NGMT_PLAN_H
#define NGMT_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"

/* Number of operations of one kind ("approve") that the plan would send. */
int64_t plan_count(struct json_object *plan, const char *kind);

/* Whether nothing would be sent or recorded; *why is set to the daemon's reason (borrowed) or a general one. */
bool plan_is_void(struct json_object *plan, const char **why);

/* Different workers who get something; -1 if it is not known (an old daemon, and more items than one page). */
int64_t plan_workers(struct json_object *plan);

/* Rows that a person has to look at: verdict hold or conflict. */
int64_t plan_troubled(struct json_object *plan);

/* They, a line for each reason, with the option to type where there is one: "36 bonuses not sent: a bonus needs a
 * reason ... (-r)". What `batch` (NULL: there is none) has recorded as held for the same reason is left out. */
void plan_print_troubled(FILE *out, struct json_object *plan, struct json_object *batch);

/* "Nothing to do: why", or "Nothing can be sent: why" if there is something that a person has to look at. */
void plan_print_void(FILE *out, struct json_object *plan, const char *why);

/* "bonus", "bonuses": the operations of a kind; the kind itself if it is not known. */
const char *plan_deed(const char *kind, int64_t count);

/* Operations that an earlier command asked for and that are not sent yet. */
int64_t plan_under_way(struct json_object *plan);

/* All of it for people. */
void plan_print(FILE *out, struct json_object *plan);

/* A table of every item, for a dry run. */
void plan_print_items(FILE *out, struct json_object *items);

/* What is beyond a limit, or does not agree with the platform: the plan records it as held, which sends nothing. */
int64_t plan_to_hold(struct json_object *plan);
/* What the platform shows as done, by another daemon or tool: the plan records it as done, which sends nothing. */
int64_t plan_to_record(struct json_object *plan);
/* Whether recording is all it does, so that there is nothing to ask for. */
bool plan_only_records(struct json_object *plan);

/* "Approve 7 assignments and pay 7 workers $29.75 + $5.95 fees in LIVE? [y/N]"; with `count` it asks for that number
 * of rejections to be typed instead. The caller frees; NULL if memory runs out. */
char *plan_question(struct json_object *plan, int64_t count);

#endif
