/* SPDX-License-Identifier: MIT
 *
 * What follows from a judgement: the operation's next state, when it is looked at again, whether its lane must stop.
 * Pure, one table. The rule that carries the money: an operation of which any attempt is doubtful never becomes
 * "queued" again just because a later attempt was not executed; it stays "unsure" until the doubt itself is resolved
 * (rule of money 2).
 */
#ifndef NGMT_REACT_H
#define NGMT_REACT_H

#include "op.h"
#include "platform.h"

/* A person's pause follows from no judgement. */
enum pause_cause { PAUSE_NONE, PAUSE_FUNDS, PAUSE_ACCESS, PAUSE_PERSON };

struct react_options {
	int64_t retries;           /* quick repetitions; after them one every REACT_SLOW_MS */
	int64_t retry_interval_ms; /* base of the jittered waiting */
};

#define REACT_SLOW_MS (INT64_C(5) * 60 * 1000)
#define REACT_CAP_MS (INT64_C(60) * 1000)
#define REACT_NOT_YET_MS (INT64_C(15) * 1000)
#define REACT_CONFIRM_MS (INT64_C(10) * 1000)

struct reaction {
	enum op_state to;
	int64_t delay_ms; /* until it is due again; -1: settled, not scheduled */
	bool look;        /* read back next, whatever doubt() says */
	enum pause_cause pause;
};

void react(const struct op *op, const struct judgement *judgement, const struct react_options *options,
	   double random_fraction, struct reaction *out);

#endif
