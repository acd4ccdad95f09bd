/* SPDX-License-Identifier: MIT
 *
 * What a client asks to be compared, and which page of it: the params of method "reconcile" (ngmt-protocol(7)). Pure.
 */
#ifndef NGMT_RECONCILE_PARAMS_H
#define NGMT_RECONCILE_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "json.h"

/* Texts are owned; NULL: not given. Without hits, room and game: the working set if it has rows. */
struct reconcile_params {
	int64_t report; /* a page of this one; 0: a new one */
	char *hits;     /* a JSON array */
	char *room;
	char *game;
	bool all; /* not the working set */
	bool only_differing;
	int64_t offset;
	int64_t limit;
};

/* ERR_USAGE for params that make no sense; then there is nothing to finish. */
int reconcile_params_read(struct reconcile_params *out, struct json_object *params, struct err *err);
void reconcile_params_finish(struct reconcile_params *params);

/* Whether files, rooms or HITs are named. */
bool reconcile_params_select(const struct reconcile_params *params);

#endif
