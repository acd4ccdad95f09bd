/* SPDX-License-Identifier: MIT
 *
 * The books of the rehearsal endpoint: one account with its HITs, assignments, bonuses, qualifications, workers and
 * messages, and the rules that move money between "available", "on hold" and "spent". Owns every entity; pointers to
 * them stay valid until books_free(). Knows no JSON requests and no network: the operations (hit.c, bonus.c, …) do.
 */
#ifndef SIM_BOOKS_H
#define SIM_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "tokens.h"

#define BOOKS_ID_MAX 32

enum assignment_state {
	ASSIGNMENT_ACCEPTED, /* a worker is at it: not yet visible in lists */
	ASSIGNMENT_SUBMITTED,
	ASSIGNMENT_APPROVED,
	ASSIGNMENT_REJECTED,
};

/* What HITs have in common; equal terms share one HITTypeId. */
struct hit_type {
	char *id;
	char *key; /* all terms in one text */
	char *title;
	char *description;
	char *keywords;
	struct json_object *requirements;
	int64_t reward_cents;
	int64_t duration_s;
	int64_t auto_approval_s;
};

/* The same as an order; texts are borrowed, keywords and requirements may be NULL. */
struct hit_terms {
	const char *title;
	const char *description;
	const char *keywords;
	struct json_object *requirements;
	int64_t reward_cents;
	int64_t duration_s;
	int64_t auto_approval_s;
};

struct hit {
	char *id;
	const struct hit_type *type;
	char *question;
	char *annotation;
	char *layout_id;
	int64_t created_ms;
	int64_t expires_ms;
	int64_t max_assignments;
	int64_t held;	  /* assignments for which reward and fee are on hold */
	bool is_unheld;	  /* nothing is held for it: approvals are paid from the available balance */
	bool is_disposed;
	int64_t counts[4]; /* by assignment_state */
	size_t first_open; /* the assignments before it are decided */
	struct array_list *assignments;
	struct array_list *bonuses;
};

struct worker {
	char *id;
	char *block_reason; /* NULL: not blocked */
	int64_t submitted;
	int64_t messages;
};

struct assignment {
	char *id;
	struct worker *worker;
	struct hit *hit;
	enum assignment_state state;
	bool is_auto_approved;
	int64_t approvals;	    /* how often it was paid: 1 is all that the rules allow */
	int64_t rejections;
	int64_t accepted_ms;
	int64_t submitted_ms;
	int64_t auto_approval_ms;
	int64_t approved_ms;
	int64_t rejected_ms;
	char *answer; /* NULL: a form with `code` */
	char *code;
	char *feedback;
	struct array_list *bonuses; /* NULL: none yet */
};

struct bonus {
	struct assignment *assignment;
	int64_t cents;
	int64_t fee_cents;
	int64_t granted_ms;
	char *reason;
	char *token; /* NULL: sent without one */
};

struct grant {
	struct worker *worker;
	int64_t value;
	int64_t granted_ms;
	bool is_revoked;
	int64_t messages; /* mails that SendNotification caused */
};

struct qualification_type {
	char *id;
	char *name;
	char *description;
	char *keywords;
	char *test;
	char *answer_key;
	bool is_active;
	bool is_deleted;
	bool is_auto_granted;
	int64_t auto_granted_value;
	int64_t retry_delay_s;	 /* -1: none */
	int64_t test_duration_s; /* -1: none */
	int64_t created_ms;
	struct array_list *grants;
	struct lh_table *by_worker; /* worker id -> struct grant */
};

struct message {
	int64_t sent_ms;
	char *subject;
	char *text;
	struct array_list *workers;  /* char *: who got it */
	struct array_list *failures; /* char *: who could not get it */
};

struct books {
	int64_t available_cents;
	int64_t on_hold_cents;
	int64_t rewards_cents; /* spent so far, by kind */
	int64_t bonuses_cents;
	int64_t fees_cents;
	int64_t clock_offset_ms;
	int64_t next_due_ms; /* nothing happens by itself before it */
	uint64_t ids_made;
	uint64_t seed;
	struct array_list *hit_types;
	struct array_list *hits;
	struct array_list *assignments;
	struct array_list *bonuses;
	struct array_list *workers;
	struct array_list *qualification_types;
	struct array_list *messages;
	struct lh_table *hit_type_by_id;
	struct lh_table *hit_type_by_key;
	struct lh_table *hit_by_id;
	struct lh_table *assignment_by_id;
	struct lh_table *worker_by_id;
	struct lh_table *qualification_type_by_id;
	struct tokens *tokens;
};

/* Empty books with $10,000.00, as a new account in Amazon's sandbox has. NULL if memory runs out. */
struct books *books_new(void);
void books_free(struct books *books);

/* The books' own clock: the wall clock plus what /sim/clock has added. */
int64_t books_now_ms(const struct books *books);

/* Lets happen what is due: assignments approve themselves, HITs expire and release what they held. Cheap when
 * nothing is due. */
void books_settle(struct books *books, int64_t now_ms);

/* A fresh identifier of 30 characters, such as "3K2M…"; `first` is its first character. Returns `out`. */
const char *books_make_id(struct books *books, char first, char out[BOOKS_ID_MAX]);

/* Finding; NULL if there is none. */
struct hit *books_hit(const struct books *books, const char *id);
struct hit_type *books_hit_type(const struct books *books, const char *id);
struct assignment *books_assignment(const struct books *books, const char *id);
struct worker *books_worker(const struct books *books, const char *id);
struct qualification_type *books_qualification_type(const struct books *books, const char *id);
struct grant *books_grant(const struct qualification_type *type, const char *worker_id);

/* Adding; a NULL id makes a fresh one. Each returns NULL if memory runs out or the id is taken. */
struct hit_type *books_add_hit_type(struct books *books, const char *id, const struct hit_terms *terms);
struct hit *books_add_hit(struct books *books, const char *id, const struct hit_type *type, int64_t max_assignments,
			  int64_t created_ms, int64_t expires_ms);
struct worker *books_add_worker(struct books *books, const char *id);
struct assignment *books_add_assignment(struct books *books, const char *id, struct hit *hit, struct worker *worker,
					int64_t accepted_ms);
struct bonus *books_add_bonus(struct books *books, struct assignment *assignment, int64_t cents, const char *reason,
			      const char *token, int64_t granted_ms);
struct qualification_type *books_add_qualification_type(struct books *books, const char *id, const char *name,
							int64_t created_ms);
struct grant *books_add_grant(struct qualification_type *type, struct worker *worker);
struct message *books_add_message(struct books *books, const char *subject, const char *text, int64_t sent_ms);

/* Money and states. -1 means that the available balance does not cover it, and nothing has changed. */
int books_hold(struct books *books, struct hit *hit, int64_t now_ms);
bool books_can_hold(const struct books *books, const struct hit_type *type, int64_t max_assignments);
int books_approve(struct books *books, struct assignment *assignment, int64_t now_ms);
void books_reject(struct books *books, struct assignment *assignment, int64_t now_ms);
int books_pay_bonus(struct books *books, int64_t cents);
void books_submit(struct books *books, struct assignment *assignment, int64_t now_ms);

/* "Assignable", "Unassignable", "Reviewable" or "Disposed". */
const char *hit_status(const struct hit *hit, int64_t now_ms);
int64_t hit_available(const struct hit *hit);
const char *assignment_status(const struct assignment *assignment);

/* Replaces an owned text by a copy of `value` (NULL: by none). -1 if memory runs out: the old text stays. */
int books_set_text(char **text, const char *value);

#endif
