/* SPDX-License-Identifier: MIT
 *
 * What the platform itself says about HITs, assignments and bonuses, in platform-neutral words, and the ledger's copy
 * of it: the other side of every comparison before money moves (rules of money 3 and 9).
 */
#ifndef NGMT_FACTS_H
#define NGMT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"

/* Numbers are stored in the ledger: never renumber. */
enum assignment_status {
	ASSIGNMENT_NONE = 0,          /* the platform knows no such assignment */
	ASSIGNMENT_NOT_SUBMITTED = 1, /* the worker has not handed it in yet */
	ASSIGNMENT_SUBMITTED = 2,
	ASSIGNMENT_APPROVED = 3,
	ASSIGNMENT_REJECTED = 4,
};

/* Texts are borrowed from whoever made the struct; NULL/0 means not said. */
struct hit {
	const char *hit_id;
	const char *title;
	const char *status;
	const char *review_status;
	const char *annotation;
	int64_t reward_minor;
	int64_t max_assignments;
	int64_t pending;
	int64_t available;
	int64_t completed;
	int64_t created_s;
	int64_t expires_s;
};

struct assignment {
	const char *assignment_id;
	const char *hit_id;
	const char *worker_id;
	enum assignment_status status;
	int64_t auto_approval_s;
};

struct bonus_payment {
	const char *assignment_id;
	const char *worker_id;
	const char *reason;
	int64_t amount_minor;
	int64_t granted_s;
};

const char *assignment_status_name(enum assignment_status status);

/* Recording; a later word replaces an earlier one. */
int facts_put_hit(struct ledger *ledger, const struct hit *hit, struct err *err);
/* "No such HIT", so that it is not asked for again and again. */
int facts_put_missing_hit(struct ledger *ledger, const char *hit_id, struct err *err);
int facts_put_assignment(struct ledger *ledger, const struct assignment *assignment, struct err *err);
int facts_put_bonus(struct ledger *ledger, const struct bonus_payment *bonus, struct err *err);

/* Looking up: 1 found, 0 not, -1 error. Ids longer than ID_TEXT_MAX - 1 are cut: they are never equal to a real one. */
#define ID_TEXT_MAX 68

struct assignment_fact {
	enum assignment_status status;
	char hit_id[ID_TEXT_MAX];
	char worker_id[ID_TEXT_MAX];
	int64_t auto_approval_s;
};

struct hit_fact {
	bool known; /* false: the platform said that it does not exist */
	int64_t reward_minor;
	int64_t max_assignments;
};

int facts_get_assignment(struct ledger *ledger, const char *assignment_id, struct assignment_fact *out,
			 struct err *err);
int facts_get_hit(struct ledger *ledger, const char *hit_id, struct hit_fact *out, struct err *err);

/* Bonuses on the platform's list for this assignment and worker: how many, and the last one's amount. */
struct bonus_fact {
	int64_t count;
	int64_t last_amount_minor;
	int64_t last_granted_s;
};
int facts_get_bonuses(struct ledger *ledger, const char *assignment_id, const char *worker_id,
		      struct bonus_fact *out, struct err *err);

#endif
