/* SPDX-License-Identifier: MIT
 *
 * One worker's story from the ledger alone (rule of money 10): was this worker paid, when, how much, by whose command?
 * Rows of files that name the worker, operations with every step, notifications. Asks no platform.
 */
#ifndef NGMT_TIMELINE_H
#define NGMT_TIMELINE_H

#include "json.h"
#include "ledger.h"

/* The result of method "worker" (ngmt-protocol(7)). New reference; NULL with ERR_NOT_FOUND and the nearest known id if
 * the ledger has never heard of the worker. */
struct json_object *timeline_describe(struct ledger *ledger, const char *worker_id, struct err *err);

#endif
