/* SPDX-License-Identifier: MIT */
#include "react.h"

#include "throttle.h"

/* Reading back is not counted as an attempt, so its pace does not grow: it is slow from the start. */
#define LOOK_AGAIN_MS 3000

/* After this many attempts even a reason that passes at once is waited for longer and longer. */
#define SHORT_WAITS_MAX 5

enum wait { WAIT_SETTLED, WAIT_NONE, WAIT_BACKOFF, WAIT_SHORT, WAIT_NOT_YET, WAIT_CONFIRM };

/* `certain`: the next state of an operation whose earlier attempts are all known not to have been executed; `doubtful`:
 * of one with an attempt in doubt. */
static const struct {
	enum op_state certain;
	enum op_state doubtful;
	enum wait wait;
	bool look;
	enum pause_cause pause;
} reactions[] = {
	[JUDGED_DONE] = { OP_DONE, OP_DONE, WAIT_SETTLED, false, PAUSE_NONE },
	[JUDGED_ACCEPTED] = { OP_ACCEPTED, OP_ACCEPTED, WAIT_CONFIRM, true, PAUSE_NONE },
	[JUDGED_NOTHING] = { OP_QUEUED, OP_QUEUED, WAIT_BACKOFF, false, PAUSE_NONE },
	[JUDGED_AGAIN] = { OP_QUEUED, OP_UNSURE, WAIT_BACKOFF, false, PAUSE_NONE },
	[JUDGED_THROTTLED] = { OP_QUEUED, OP_UNSURE, WAIT_SHORT, false, PAUSE_NONE },
	[JUDGED_UNKNOWN] = { OP_UNSURE, OP_UNSURE, WAIT_BACKOFF, false, PAUSE_NONE },
	[JUDGED_LOOK] = { OP_UNSURE, OP_UNSURE, WAIT_NONE, true, PAUSE_NONE },
	[JUDGED_NOT_YET] = { OP_PLANNED, OP_UNSURE, WAIT_NOT_YET, false, PAUSE_NONE },
	[JUDGED_NO_FUNDS] = { OP_QUEUED, OP_UNSURE, WAIT_NONE, false, PAUSE_FUNDS },
	[JUDGED_NO_ACCESS] = { OP_QUEUED, OP_UNSURE, WAIT_NONE, false, PAUSE_ACCESS },
	[JUDGED_CLOCK] = { OP_QUEUED, OP_UNSURE, WAIT_SHORT, false, PAUSE_NONE },
	/* A refusal of a repeated payment says nothing about the first one. */
	[JUDGED_REFUSED] = { OP_FAILED, OP_HELD, WAIT_SETTLED, false, PAUSE_NONE },
	[JUDGED_PERSON] = { OP_HELD, OP_HELD, WAIT_SETTLED, false, PAUSE_NONE },
};

static int64_t delay_of(enum wait wait, const struct op *op, const struct react_options *options,
			double random_fraction)
{
	switch (wait) {
	case WAIT_SETTLED:
		return -1;
	case WAIT_NONE:
		return 0;
	case WAIT_SHORT:
		if (op->attempts <= SHORT_WAITS_MAX)
			return 1 + (int64_t)(random_fraction * 250);
		break;
	case WAIT_NOT_YET:
		return REACT_NOT_YET_MS;
	case WAIT_CONFIRM:
		return REACT_CONFIRM_MS;
	case WAIT_BACKOFF:
		break;
	}
	if (op->attempts > options->retries)
		return REACT_SLOW_MS / 2 + (int64_t)(random_fraction * REACT_SLOW_MS / 2);
	return throttle_backoff_ms((unsigned)op->attempts, options->retry_interval_ms, REACT_CAP_MS, random_fraction);
}

/* Contradictions that time does not heal: the lists say submitted and the request says not yet, or the platform shows
 * that nothing happened however often it is asked, or takes back what it had accepted. */
static bool is_for_a_person(const struct op *op, enum judged verdict, const struct react_options *options)
{
	if (verdict == JUDGED_NOTHING && op->state == OP_ACCEPTED)
		return true;
	return (verdict == JUDGED_NOT_YET || verdict == JUDGED_NOTHING) && op->attempts > options->retries;
}

void react(const struct op *op, const struct judgement *judgement, const struct react_options *options,
	   double random_fraction, struct reaction *out)
{
	out->to = op->doubtful ? reactions[judgement->verdict].doubtful : reactions[judgement->verdict].certain;
	/* Decisions and grants can be repeated without harm, so their refusal is the last word. */
	if (judgement->verdict == JUDGED_REFUSED && op_may_be_repeated(op->kind))
		out->to = OP_FAILED;
	if (is_for_a_person(op, judgement->verdict, options)) {
		*out = (struct reaction){ .to = OP_HELD, .delay_ms = -1 };
		return;
	}
	/* What was accepted is only ever read back: sending it again would ask twice. */
	if (op->state == OP_ACCEPTED && (out->to == OP_QUEUED || out->to == OP_PLANNED || out->to == OP_UNSURE)) {
		*out = (struct reaction){ .to = OP_ACCEPTED, .look = true, .pause = reactions[judgement->verdict].pause,
					  .delay_ms = delay_of(WAIT_BACKOFF, op, options, random_fraction) };
		return;
	}
	out->delay_ms = delay_of(reactions[judgement->verdict].wait, op, options, random_fraction);
	out->look = reactions[judgement->verdict].look;
	/* The answer to a look that did not tell: look again, not at once, and never send instead. */
	if (op->state != OP_SENDING && out->to == OP_UNSURE) {
		out->look = true;
		out->delay_ms = LOOK_AGAIN_MS + (int64_t)(random_fraction * LOOK_AGAIN_MS);
	}
	out->pause = reactions[judgement->verdict].pause;
}
