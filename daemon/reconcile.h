/* SPDX-License-Identifier: MIT
 *
 * Comparing files, ledger and platform, row by row. A comparison makes fresh surveys of every HIT concerned, a few at a
 * time, and then judges line by line in slices, one a turn, so that the daemon answers everybody else meanwhile. It
 * changes nothing but the ledger's copy of the platform's facts. The last few reports are kept, so that their pages fit
 * together.
 */
#ifndef NGMT_RECONCILE_H
#define NGMT_RECONCILE_H

#include <sys/types.h>

#include "json.h"
#include "ledger.h"
#include "loop.h"
#include "platform.h"
#include "reconcile_params.h"
#include "survey.h"

struct reconciles;

struct reconcile_parts {
	struct loop *loop;
	struct ledger *ledger;
	struct surveys *surveys;
	const struct platform *platform;
};

struct reconcile_client {
	uid_t uid;
	void *arg;
	/* Exactly one of `result` (borrowed) and `err` is not NULL. Runs once, from the loop. */
	void (*done)(void *arg, struct json_object *result, const struct err *err);
	/* False: nobody waits for it any more, and it is given up. */
	bool (*is_wanted)(void *arg);
};

struct reconciles *reconciles_new(const struct reconcile_parts *parts, struct err *err);
/* Comparisons under way are answered with ERR_BUSY "stopping". */
void reconciles_free(struct reconciles *reconciles);

/* Method "reconcile" (ngmt-protocol(7)) without "report": takes over the texts of `params`, also on error. */
int reconciles_start(struct reconciles *reconciles, struct reconcile_params *params,
		     const struct reconcile_client *client, struct err *err);
/* With "report": a page of a report that is kept. New reference; NULL with ERR_NOT_FOUND. */
struct json_object *reconciles_page(struct reconciles *reconciles, const struct reconcile_params *params,
				    struct err *err);

/* End of a turn: one slice of one comparison. Whether another turn is wanted at once. */
bool reconciles_pump(struct reconciles *reconciles);

#endif
