/* SPDX-License-Identifier: MIT
 *
 * What a person does to many operations (release, cancel, hold, retry): reads what the command line means, asks the
 * daemon for exactly what was read, and reports. The question in between is the command's.
 */
#ifndef NGMT_QUEUE_CHANGE_H
#define NGMT_QUEUE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "json.h"
#include "session.h"

struct queue_deed {
	const char *method;
	const char *done; /* member of the result: how many */
	const char *verb; /* for people */
	const char *hint; /* what comes next, if any were; NULL: nothing to say */
	bool may_shrink;  /* what left meanwhile is no reason to refuse */
	bool is_loose;    /* what has not failed goes on by itself: it may come and go, and is not counted on */
	/* What can be done to it, and what the person is asked about (NULL: everything). */
	bool (*may_be)(struct json_object *operation);
	bool (*may_go)(struct json_object *operation);
};

struct queue_change {
	struct session *session;
	const struct queue_deed *deed;
	struct json_object *parts;      /* [{select, total}], one call each; see queue_select_parts() */
	struct json_object *operations; /* what the parts mean now */
	struct json_object *batches;    /* numbers, in the order of the calls */
	struct json_object *refused;    /* [{id, why}]; ngmtd names no more than a hundred a call */
	int64_t refused_count;
	int64_t changed;
	int64_t count; /* of all parts, and their money */
	int64_t amount_cents;
	int64_t fees_cents;
};

void queue_change_init(struct queue_change *change, struct session *session, const struct queue_deed *deed);
void queue_change_finish(struct queue_change *change);

/* Reads what is meant, from the daemon. ERR_NOT_FOUND if a number of the command line is no operation's. */
int queue_change_read(struct queue_change *change, struct err *err);
/* Sums up the totals of the parts. */
void queue_change_add_totals(struct queue_change *change);

void queue_change_refuse(struct queue_change *change, int64_t id, const char *why);
/* Whether the operation is among the refusals that are named. */
bool queue_change_is_refused(const struct queue_change *change, int64_t id);

/* Asks for all parts that are not empty, and for exactly what was read: another number is ERR_MONEY_RULE, and nothing
 * of that part was done. What parts before it did is said in the error. */
int queue_change_apply(struct queue_change *change, struct err *err);

/* Makes the calls name what was read by its numbers, for what ngmtd takes only so. */
void queue_change_by_number(struct queue_change *change, bool (*may_go)(struct json_object *operation));

/* Adds to what was refused: operations of the same description that are on their way or in doubt. Nothing for numbers,
 * about which the daemon has said so itself. */
int queue_change_add_moving(struct queue_change *change, struct err *err);

/* How many of what the command line describes also have `value` in `key` of SELECT. */
int queue_change_count_also(const struct queue_change *change, const char *key, const char *value, int64_t *count,
			    struct err *err);

/* 7 if some were refused. */
int queue_change_exit_status(const struct queue_change *change);
/* For people; and what --json prints, without "exit_status": the caller puts it. */
void queue_change_print(const struct queue_change *change);
struct json_object *queue_change_describe(const struct queue_change *change);
/* Prints `report` of --json, which it takes over, with "exit_status"; returns that. */
int queue_change_print_json(struct json_object *report, int status);
/* One or the other; returns the exit status. */
int queue_change_report(const struct queue_change *change);

#endif
