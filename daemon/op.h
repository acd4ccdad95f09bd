/* SPDX-License-Identifier: MIT
 *
 * An operation: one intended request to the platform, with a life of its own. Pure: the tables of kinds, lanes and
 * states, and how the identity of an operation is made. Where operations are kept is operations.h; when they are sent
 * is queue.h.
 */
#ifndef NGMT_OP_H
#define NGMT_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"

/* In order of priority: reads make the others possible; approvals come before bonuses because workers see them
 * first. */
enum lane { LANE_READ, LANE_APPROVE, LANE_BONUS, LANE_QUALIFY, LANE_NOTIFY, LANE_HIT, LANE_WORKER, LANES };

enum op_kind {
#define KIND(symbol, number, name, lane, moves_money, repeatable, summary) symbol = (number),
#include "op_kinds.def"
#undef KIND
	OP_KINDS
};

enum op_state {
#define STATE(symbol, number, name, next, summary) symbol = (number),
#include "op_states.def"
#undef STATE
	OP_STATES
};

enum op_hold {
#define HOLD(symbol, number, name, summary) symbol = (number),
#include "op_holds.def"
#undef HOLD
	OP_HOLDS
};

/* Texts are owned by the operation (op_finish() frees); NULL means absent. */
struct op {
	int64_t id; /* 0: not in the ledger yet */
	enum op_kind kind;
	enum op_state state;
	enum op_hold hold;    /* HOLD_NONE unless it is held */
	int64_t hold_until_s; /* wall clock; HOLD_UNDO only */
	/* A person saw these holds and released it from them: 1 << HOLD_FOREIGN, HOLD_CODE, HOLD_REJECTED. No other
	 * rule, and nothing that was not shown, is waived by it. */
	int64_t released;
	int64_t waived_bonuses; /* HOLD_FOREIGN: how many bonuses too many the platform listed when it was held */
	int64_t batch_id;
	int64_t row_id; /* 0: none */
	char *key;      /* see op_key() */
	char *token;    /* see op_token() */
	char *assignment_id;
	char *worker_id;
	char *hit_id;
	char *purpose;
	/* Of a notification; of a HIT, which round of how many ("1/5"); of a change of a HIT, what it was before; of a
	 * new qualification type, its name. */
	char *subject;
	char *workers; /* of a notification: whom it is still to reach, JSON array of ids, sorted; see recipients.h */
	/* Reason of a bonus, a revocation or a block, feedback of a decision, body of a notification; of a HIT and of a
	 * qualification type, its definition as JSON. */
	char *text;
	char *qualification_type_id;
	/* Of a notification: how often these workers were refused before; of a HIT: assignments (extend-hit: how many
	 * more); of expire-hit: when, seconds since 1970, 0: now. */
	int64_t integer_value;
	bool send_notification;
	int64_t amount_minor; /* cents; 0 for kinds that move no money */
	int64_t fee_minor;
	int64_t attempts;     /* times it was sent */
	int64_t first_sent_s; /* wall clock, of the first attempt that may have been executed; 0: none */
	bool doubtful;        /* the fate of an earlier attempt is unknown */
	bool is_resolved;     /* not recorded: a person found out that nothing was executed, so the doubt may end */
	int64_t created_s;
	int64_t changed_s; /* the last time that its state or its reason changed */
	char *why;            /* the latest reason, for people */
};

void op_finish(struct op *op);

const char *op_kind_name(enum op_kind kind);
/* -1: no such kind. */
int op_kind_from_name(const char *name);
enum lane op_lane(enum op_kind kind);
bool op_moves_money(enum op_kind kind);
/* Sent once more it does no harm, so a doubt about it is no reason to keep it from anybody. */
bool op_may_be_repeated(enum op_kind kind);

const char *lane_name(enum lane lane);
/* -1: no such lane. */
int lane_from_name(const char *name);

/* Whether a person released it from this hold. */
bool op_is_released(const struct op *op, enum op_hold hold);

const char *op_hold_name(enum op_hold hold);
/* -1: no such hold. */
int op_hold_from_name(const char *name);

const char *op_state_name(enum op_state state);
int op_state_from_name(const char *name);
bool op_may_move(enum op_state from, enum op_state to);
/* Whether what the ledger has may make room for what a person asks for with the same key: failed or held, and certainly
 * not executed. What is beyond a limit, or may still be taken back, or was stopped by a person goes on as it is by
 * nothing but a release or its time: only something else (another amount, decision, worker or HIT) replaces it. */
bool op_may_be_replanned(const struct op *known, const struct op *wanted);
/* The same where nobody was shown anything: only what is asked for as before, and was held because the platform did not
 * agree then. Whatever else there is about this work is for a person. */
bool op_may_be_replanned_by_policy(const struct op *known, const struct op *wanted);
/* Nothing will happen to it any more unless a person wants it. */
bool op_is_settled(enum op_state state);

/* The identity of the work, derived from nothing but the work (rule of money 1), so that a second import, a second
 * operator and a second daemon mean the same operation:
 *   approve, reject  "decision/ASSIGNMENT"     one decision per assignment
 *   bonus            "bonus/ASSIGNMENT/WORKER/PURPOSE"
 *   qualify          "qualify/TYPE/WORKER/VALUE", and "/PURPOSE" if it has one
 *   notify           "notify/DIGEST", of the subject, the text, the workers of the chunk, and how often they were
 *                    refused before
 *   create-hit       "create-hit/DIGEST/ROUND" or "create-hit/DIGEST/PURPOSE/ROUND", of the definition; the round is
 *                    the subject with a hyphen for its slash, "1-1" without one
 *   extend-hit       "extend-hit/HIT/BEFORE/ADD": how many assignments it had, and how many more
 *   expire-hit       "expire-hit/HIT/BEFORE/NEW[/PURPOSE]": when it expired, and when it will
 *   delete-hit       "delete-hit/HIT"
 *   create-qualification "create-qualification/NAME"
 *   revoke           "revoke/TYPE/WORKER/PURPOSE"
 *   block, unblock   "block/WORKER/PURPOSE", "unblock/WORKER/PURPOSE"
 * The amount is not part of it (though what a HIT costs follows from its definition). Ids contain no slash ([A-Z0-9]),
 * BEFORE is a number, and the purpose (or the name of a type) comes last, so keys cannot collide. The caller frees;
 * NULL if memory runs out or what the key of its kind is made of is missing. */
char *op_key(const struct op *op);

/* What a notification says, whoever it is for: base 32 of SHA-256(subject, text), 52 characters. NULL if memory runs
 * out. */
const char *op_message(const char *subject, const char *text, char out[DIGEST_BASE32_MAX]);

/* The token under which the platform recognises the request: base 32 of SHA-256("ngmt 1", account scope, key), 52
 * characters. `scope` is the environment's name (and, for a rehearsal, its endpoint), never anything of this
 * machine. */
const char *op_token(const char *scope, const char *key, char out[DIGEST_BASE32_MAX]);

/* The purpose of a bonus for which nobody named one. */
#define OP_PURPOSE_DEFAULT "bonus"

#endif
