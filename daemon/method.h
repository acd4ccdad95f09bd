/* SPDX-License-Identifier: MIT
 *
 * Methods of the protocol: one table (methods.def), one handler each, grouped in method_*.c by what they are about.
 */
#ifndef NGMT_METHOD_H
#define NGMT_METHOD_H

#include "control.h"
#include "json.h"

enum access { ACCESS_NONE, ACCESS_LOOK, ACCESS_CHANGE };

struct daemon;

enum method_outcome {
	METHOD_FAILED = -1, /* `err` is filled */
	METHOD_DONE = 0,    /* *result is a new object; the environment is added to it */
	METHOD_LATER = 1,   /* the handler has called control_defer() and will answer */
};

typedef enum method_outcome method_fn(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				      struct json_object **result, struct err *err);

struct method {
	const char *name;
	enum access access;
	method_fn *run;
};

#define METHOD(name, access, function) method_fn function;
#include "methods.def"
#undef METHOD

/* Whether a command may be recorded now: ERR_MONEY_RULE in dry mode, ERR_BUSY while stopping. */
int method_check_recording(const struct daemon *daemon, struct err *err);

/* NULL: no such method. */
const struct method *method_find(const char *name);
/* The nearest name, for "did you mean"; NULL: none is near. */
const char *method_suggest(const char *name);

#endif
