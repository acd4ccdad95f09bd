/* SPDX-License-Identifier: MIT
 *
 * Operations as the daemon's method "queue" lists them, see ngmt-protocol(7): read page by page, shown as a table.
 */
#ifndef NGMT_QUEUE_PAGE_H
#define NGMT_QUEUE_PAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "json.h"
#include "session.h"

/* Reads all pages of what `select` (borrowed; NULL: all that is neither done nor cancelled) means; with a `purpose`
 * ("release", "cancel"; NULL: to look) only what that method would take. `on_page` gets each page, borrowed; its member
 * "total" is of all pages. -1 on error. */
int queue_page_each(struct session *session, struct json_object *select, const char *purpose,
		    void (*on_page)(void *arg, struct json_object *page), void *arg, struct err *err);

/* The operation with this number, with its steps. The caller puts; NULL on error. */
struct json_object *queue_page_one(struct session *session, int64_t id, struct err *err);

/* "held (limit)". Returns `out`. */
#define QUEUE_STATE_MAX 64
const char *queue_page_state(struct json_object *operation, char out[QUEUE_STATE_MAX]);

/* A table with a line of titles, of the first `most` operations. */
void queue_page_print(FILE *out, struct json_object *operations, size_t most);

/* "3 operations, $12.00 + $2.40 fees". Returns `out`. */
#define QUEUE_TOTAL_MAX 160
const char *queue_page_total(struct json_object *total, char out[QUEUE_TOTAL_MAX]);

#endif
