/* SPDX-License-Identifier: MIT
 *
 * The record of requests as they arrived, so that another program can judge them: bounded, the oldest go first.
 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include "json.h"
#include "request.h"

#define RECORD_DEFAULT 20000

struct record;
struct record *record_new(void);
void record_free(struct record *record);
void record_clear(struct record *record);

/* Switches the recording; `limit` 0 keeps the present limit. -1 if memory runs out. */
int record_set(struct record *record, bool on, size_t limit);

/* Adds one request with what became of it: HTTP status, error type ("" if none), the fault's name ("" if none). */
void record_add(struct record *record, const struct request *request, const char *operation, int64_t at_ms, int status,
		const char *error_type, const char *fault, bool is_executed);

/* {"requests": [...], "next": N, "lost": M}: those with a number of at least `since` (they count from 1), at most
 * `limit`; "next" is where to go on. The caller puts it. */
struct json_object *record_json(const struct record *record, int64_t since, int64_t limit);

#endif
