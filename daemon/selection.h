/* SPDX-License-Identifier: MIT
 *
 * Operations as people choose and see them: which ones a command is about, and what is told of each. Reads the ledger,
 * changes nothing.
 */
#ifndef NGMT_SELECTION_H
#define NGMT_SELECTION_H

#include "json.h"
#include "ledger.h"
#include "op.h"

/* For what the operations are chosen: only those for which it makes sense are, unless they are chosen by their ids. */
enum selection_purpose {
	SELECTED_TO_LOOK,
	SELECTED_TO_RELEASE,
	SELECTED_TO_CANCEL,
	SELECTED_TO_HOLD,
	SELECTED_TO_RETRY,
};

/* Texts are owned; NULL and -1: any. */
struct selection {
	enum selection_purpose purpose;
	char *ids; /* JSON array of numbers */
	int64_t batch_id;
	int kind;
	int state;
	int hold;
	char *worker_id;
	char *assignment_id;
	char *hit_id;
	char *room; /* whose rows asked for them; "": the data folder's own */
	char *game;
	bool is_empty; /* nothing was chosen: everything that is neither done nor cancelled */
};

/* From the member "select" (NULL: absent) of the methods queue, release, cancel, hold and retry. ERR_USAGE. The
 * caller finishes it, also after -1. */
int selection_read(struct selection *selection, struct json_object *select, enum selection_purpose purpose,
		   struct err *err);
void selection_finish(struct selection *selection);

struct selection_total {
	int64_t count;
	int64_t amount_minor;
	int64_t fee_minor;
};
int selection_total(struct ledger *ledger, const struct selection *selection, struct selection_total *out,
		    struct err *err);

/* One page as method "queue" shows it. New reference; NULL on error. */
struct json_object *selection_page(struct ledger *ledger, const struct selection *selection, int64_t offset,
				   int64_t limit, struct err *err);

/* The ids, at most `limit`; the caller frees. -1: error. */
int64_t selection_ids(struct ledger *ledger, const struct selection *selection, int64_t limit, int64_t **ids,
		      struct err *err);

/* Everything that the ledger knows of one operation, with its steps. NULL with ERR_NOT_FOUND. */
struct json_object *selection_show(struct ledger *ledger, int64_t id, struct err *err);

#endif
