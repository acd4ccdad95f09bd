/* SPDX-License-Identifier: MIT
 *
 * The endpoint without its network: a request goes in, a reply comes out. The wire protocol (wire.c) and the control
 * interface (control.c) are two views of this one state.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "books.h"
#include "bucket.h"
#include "fault.h"
#include "gate.h"
#include "record.h"
#include "request.h"

#define SIM_RATE_SECONDS 3600

/* What happened to the calls of one operation. */
struct tally {
	int64_t calls;
	int64_t succeeded;
	int64_t refused; /* answered with an error */
	int64_t throttled;
	int64_t faulted;
};

/* What arrived within one second of the monotonic clock. */
struct rate {
	int64_t second;
	int64_t accepted;
	int64_t throttled;
};

struct sim {
	struct books *books;
	struct gate gate;
	struct bucket bucket;
	struct faults faults;
	struct record *record;
	struct tally *tallies; /* one for each operation, and one for all that is not an operation */
	struct rate rates[SIM_RATE_SECONDS];
	int64_t skew_ms; /* how far the clock of signatures and Date headers is off */
	uint64_t reply_count;
};

/* -1 if memory runs out. */
int sim_init(struct sim *sim);
void sim_finish(struct sim *sim);

/* Answers a request of the API: POST /. */
void wire_answer(struct sim *sim, const struct request *request, struct reply *reply);

/* Answers a request of the control interface: /sim/…. */
void control_answer(struct sim *sim, const struct request *request, struct reply *reply);

#endif
