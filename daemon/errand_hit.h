/* SPDX-License-Identifier: MIT
 *
 * The definition of a HIT that somebody wants made, in platform-neutral words (ngmt-protocol(7), plan_errand): checked,
 * and written so that equal definitions are equal texts. Pure.
 */
#ifndef NGMT_ERRAND_HIT_H
#define NGMT_ERRAND_HIT_H

#include "json.h"

/* Amounts are of one assignment. Texts are borrowed from `definition`. */
struct errand_hit {
	struct json_object *definition; /* owned; members sorted by name, nothing that is null, defaults filled in */
	const char *title;
	int64_t reward_minor;
	int64_t max_assignments;
	int64_t lifetime_s;
	int64_t duration_s;
	bool wants_masters; /* for whom the platform takes more */
	bool takes_once;    /* some qualification can keep a worker from coming twice */
};

/* `selected_type`: what the qualification type "selected" stands for; NULL: none is selected. ERR_USAGE with the place
 * ("hit.qualifications[1].values"); ERR_STATE if nothing is selected. */
int errand_hit_read(struct errand_hit *out, struct json_object *definition, const char *selected_type,
		    struct err *err);
void errand_hit_finish(struct errand_hit *hit);

/* As JSON, with this number of assignments: its digest identifies it. The caller frees; NULL if memory runs out. */
char *errand_hit_text(const struct errand_hit *hit, int64_t assignments);

#endif
