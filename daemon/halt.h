/* SPDX-License-Identifier: MIT
 *
 * The daemon stands still because its ledger failed: nothing is sent, nothing is recorded, questions about what is in
 * the ledger are answered. Every few seconds a real write is tried; when that works again, the daemon is to be made
 * anew from the ledger, as after a crash. A damaged ledger is never taken up again by itself.
 */
#ifndef NGMT_HALT_H
#define NGMT_HALT_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "json.h"
#include "loop.h"

struct daemon;

struct halt {
	bool is_on;
	bool is_over;      /* the ledger can be written again */
	bool needs_person; /* no probe puts this right */
	struct err why;
	struct err refusal; /* of commands that would change something */
	int64_t probe_ms;   /* between two probes */
	struct loop_timer *timer;
};

int halt_init(struct daemon *daemon, struct err *err);
void halt_finish(struct daemon *daemon);

/* In place of the commit of a turn that failed. Whatever the turn was to send does not leave. */
void halt_begin(struct daemon *daemon, const struct err *why);

/* The end of a turn while it stands still. */
void halt_turn(struct daemon *daemon);

/* The first of the problems in status. */
void halt_describe(const struct daemon *daemon, struct json_object *problems);

#endif
