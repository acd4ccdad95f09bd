/* SPDX-License-Identifier: MIT
 *
 * The table of operations and the way from a request's body to an answer.
 */
#ifndef SIM_OPERATION_H
#define SIM_OPERATION_H

#include "call.h"

struct operation {
	const char *name;
	void (*run)(struct call *call);
};

extern const struct operation operations[];
extern const size_t operation_count;

/* NULL: Amazon knows no such operation, or it is not rehearsed here. */
const struct operation *operation_find(const char *name);

/* Parses and checks `body`, then runs the operation. `call` needs books and time only. Fills status, error type and
 * output. */
void operation_run(const struct operation *operation, struct call *call, const char *body, size_t body_len);

#define OPERATION(name, function) void function(struct call *call);
#include "operations.def"
#undef OPERATION

#endif
