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
	const char *description;
	const char *keywords;
	int64_t reward_minor;
	int64_t max_assignments;
	int64_t pending;
	int64_t available;
	int64_t completed;
	int64_t created_s;
	int64_t expires_s;
	int64_t duration_s;      /* for one assignment */
	int64_t auto_approval_s; /* after the submission */
};

struct qualification_type {
	const char *qualification_type_id;
	const char *name;
	const char *description;
	const char *keywords;
	const char *status;
	int64_t created_s;
	bool is_requestable;
	bool is_auto_granted;
	int64_t auto_granted_value;
	bool has_test;
};

/* One worker's. */
struct qualification {
	const char *qualification_type_id;
	const char *worker_id;
	int64_t integer_value;
	const char *locale; /* "US"; NULL unless it is one of the platform's own about places */
	int64_t granted_s;
};

struct assignment {
	const char *assignment_id;
	const char *hit_id;
	const char *worker_id;
	enum assignment_status status;
	int64_t auto_approval_s;
	int64_t approved_s;
	const char *codes; /* what the worker handed in as proof of having finished: a JSON array of texts */
	int64_t submitted_s;
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
int facts_put_type(struct ledger *ledger, const struct qualification_type *type, struct err *err);

/* Number of a new survey of bonuses: greater than all before it in this ledger. */
int facts_new_survey(struct ledger *ledger, int64_t *survey, struct err *err);
/* Equal payments that one survey puts are as many payments; those of the next survey are the same ones again. */
/* A survey of a HIT's bonuses that came to its end: equal payments beyond those that it found are gone (a page may have
 * been seen twice before). */
int facts_end_survey(struct ledger *ledger, const char *hit_id, int64_t survey, struct err *err);
int facts_put_bonus(struct ledger *ledger, const struct bonus_payment *bonus, int64_t survey, struct err *err);

/* Looking up: 1 found, 0 not, -1 error. Ids longer than ID_TEXT_MAX - 1 are cut: they are never equal to a real one. */
#define ID_TEXT_MAX 68
/* Longer codes are cut. */
#define CODE_BYTES_MAX 200

struct assignment_fact {
	enum assignment_status status;
	char hit_id[ID_TEXT_MAX];
	char worker_id[ID_TEXT_MAX];
	int64_t auto_approval_s;
	int64_t approved_s;
	bool has_codes; /* facts_get_codes() */
};

struct hit_fact {
	bool known; /* false: the platform said that it does not exist */
	int64_t reward_minor;
	int64_t max_assignments;
};

int facts_get_assignment(struct ledger *ledger, const char *assignment_id, struct assignment_fact *out,
			 struct err *err);
/* The codes that the worker handed in, a JSON array of texts; the caller frees. *out is NULL if there are none. */
int facts_get_codes(struct ledger *ledger, const char *assignment_id, char **out, struct err *err);
int facts_get_hit(struct ledger *ledger, const char *hit_id, struct hit_fact *out, struct err *err);

/* Bonuses on the platform's list for one assignment and worker: how many, the last one, and those that have exactly the
 * amount and the reason that were asked for. */
struct bonus_fact {
	int64_t count;
	int64_t last_amount_minor;
	int64_t last_granted_s;
	int64_t alike;
};
/* `like` names assignment, worker, amount and reason (NULL: none). */
int facts_get_bonuses(struct ledger *ledger, const struct bonus_payment *like, struct bonus_fact *out,
		      struct err *err);

#endif
