/* SPDX-License-Identifier: MIT
 *
 * A question of a client to the platform: all pages of a list or one thing, asked until the last page or until the
 * client has gone, then put in order and answered. What it finds is remembered in the ledger as far as that serves
 * people (titles, names, expiry).
 */
#ifndef NGMT_ASK_H
#define NGMT_ASK_H

#include "method.h"
#include "platform.h"

/* Everything that was found. */
struct found {
	struct daemon *daemon;
	enum read_kind kind;
	const char *member; /* of the result, for what is listed */
	const char *subject; /* of the question; NULL: none */
	bool is_missing; /* the platform knows no such subject */
	bool may_select; /* the peer may change things */
	int64_t offset;
	int64_t limit;
	size_t total; /* that match the search */
	/* The page: `limit` of those that match from `offset` on, the newest first (MTurk's own order is undocumented).
	 * As listing.h has them. */
	struct json_object *items;
	struct json_object *workers; /* of payments: {worker_id: {payments, amount_cents}}; else empty */
	int64_t total_minor;
};

/* Makes the result, a new reference; NULL with `err`. */
typedef struct json_object *ask_answer_fn(const struct found *found, struct err *err);

struct asking {
	enum read_kind kind; /* READ_HIT, READ_HITS, READ_TYPE, READ_TYPES, READ_HOLDERS, READ_BONUSES, _OF */
	const char *subject;
	const char *search; /* NULL: everything; "" is everything, too */
	int64_t offset;
	int64_t limit;
	bool may_select;
	const char *member; /* borrowed */
	ask_answer_fn *answer;
};

/* Starts; METHOD_LATER, or METHOD_FAILED with `err`. The texts are copied. */
enum method_outcome ask_start(struct daemon *daemon, const struct asking *asking, struct err *err);

/* "offset" and "limit" of a question. ERR_USAGE. */
int ask_read_page(struct json_object *params, int64_t limit, struct asking *out, struct err *err);

/* Says that there is no such HIT, qualification type or assignment, with the nearest one that the ledger knows. -1. */
int ask_set_missing(const struct found *found, struct err *err);

#endif
