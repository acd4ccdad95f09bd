/* SPDX-License-Identifier: MIT
 *
 * What HITs cost, and what making several small ones of a large one saves: platforms take a higher fee for many
 * assignments in one. Pure arithmetic, in minor units.
 */
#ifndef NGMT_ERRAND_ROUNDS_H
#define NGMT_ERRAND_ROUNDS_H

#include "err.h"
#include "platform.h"

struct errand_rounds {
	int64_t count;
	int64_t each; /* assignments of every round but the last */
	int64_t last;
};

/* As few rounds of at most `small_hit_max` assignments as possible; one round if that is 0. */
void errand_rounds_make(struct errand_rounds *out, int64_t assignments, int64_t small_hit_max);
/* Assignments of round `nth`, from 0. */
int64_t errand_rounds_of(const struct errand_rounds *rounds, int64_t nth);

struct errand_cost {
	int64_t amount_minor;
	int64_t fee_minor;
};

/* Of `assignments` (of all, or of those that are added) in a HIT that has `max_assignments` then. ERR_USAGE if it is
 * more than can be reckoned. */
int errand_cost_make(struct errand_cost *out, const struct platform_class *class, enum op_kind kind,
		     int64_t reward_minor, int64_t assignments, int64_t max_assignments, struct err *err);
/* Of all rounds together; ERR_USAGE. */
int errand_rounds_cost(struct errand_cost *out, const struct platform_class *class, int64_t reward_minor,
		       const struct errand_rounds *rounds, struct err *err);

#endif
