/* SPDX-License-Identifier: MIT
 *
 * The control interface below /sim/: what workers, time, money and mishaps do in a rehearsal, and the books as JSON.
 * JSON in, JSON out; an error is HTTP 400 with {"error": sentence, "hint": …}.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim.h"

/* One control request. Handlers read `input` (an object; empty for GET) and fill `output`. */
struct control {
	struct sim *sim;
	const char *query;
	struct json_object *input;
	struct json_object *output;
	struct err *err;
};

/* The workers and their HITs (workforce.c): -1 with `err` filled. */
int control_submit(struct control *control);
int control_accept(struct control *control);
int control_hit(struct control *control);

/* The value of `name` in a query such as "since=5&limit=10", as a number; `def` if it is absent or no number. */
int64_t control_query_int(const struct control *control, const char *name, int64_t def);

#endif
