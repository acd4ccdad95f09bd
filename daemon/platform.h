/* SPDX-License-Identifier: MIT
 *
 * The narrow interface behind which a crowd-work platform lives: build a request, judge an answer, find out about a
 * doubtful one, list what exists. The core (rows, rules, ledger, queue, throttle, control) knows only this. A platform
 * decides nothing about when and whether; it translates.
 *
 * Adding one: fill a struct platform_class, say in `capabilities` what it can do, and answer doubt() honestly. Where a
 * repeated call pays again and there is no token, doubt() never says DOUBT_RESEND for money.
 */
#ifndef NGMT_PLATFORM_H
#define NGMT_PLATFORM_H

#include "facts.h"
#include "http.h"
#include "op.h"

enum platform_capability {
	PLATFORM_LISTS_ASSIGNMENTS = 1, /* READ_ASSIGNMENTS gives all assignments of a HIT in bulk */
	PLATFORM_LISTS_BONUSES = 2,     /* READ_BONUSES gives all bonuses of a HIT in bulk */
	PLATFORM_QUALIFIES = 4,         /* OP_QUALIFY */
	PLATFORM_NOTIFIES = 8,          /* OP_NOTIFY, within `message` */
	PLATFORM_MAKES_HITS = 16,       /* OP_CREATE_HIT, OP_EXTEND_HIT, OP_EXPIRE_HIT, OP_DELETE_HIT */
	PLATFORM_MAKES_TYPES = 32,      /* OP_CREATE_TYPE, OP_REVOKE */
	PLATFORM_BLOCKS = 64,           /* OP_BLOCK, OP_UNBLOCK */
};

/* A request ready to be sent, signed for now. The caller finishes it (headers carry a signature: they are
 * overwritten). */
struct platform_request {
	char *url;
	char **headers; /* NULL-terminated */
	char *body;     /* NULL: a GET */
};

void platform_request_finish(struct platform_request *request);

/* What an answer means. */
enum judged {
	JUDGED_DONE,        /* executed, now or by an earlier attempt */
	JUDGED_ACCEPTED,    /* taken; to be confirmed by reading back */
	JUDGED_NOTHING,     /* (read back) certainly not executed: may be sent again */
	JUDGED_AGAIN,       /* not executed, for a passing reason */
	JUDGED_THROTTLED,   /* not executed: too fast */
	JUDGED_UNKNOWN,     /* may have been executed */
	JUDGED_LOOK,        /* the answer does not tell: read back */
	JUDGED_NOT_YET,     /* the platform does not know the assignment as submitted yet */
	JUDGED_NO_FUNDS,    /* not executed: the account is out of money */
	JUDGED_NO_ACCESS,   /* not executed: credentials or rights */
	JUDGED_CLOCK,       /* not executed: the signature's time; the skew has been learnt, send again at once */
	JUDGED_REFUSED,     /* not executed, and never will be as it is */
	JUDGED_PERSON,      /* contradictory: a person decides */
};

struct judgement {
	enum judged verdict;
	const char *outcome; /* one word for the ledger; static */
	char why[300];       /* for people; says whether money moved where that matters */
	/* Of the HIT or the qualification type that was created, as the answer names it; or "". */
	char id[ID_TEXT_MAX];
};

/* How to find out about an operation whose answer was lost. */
enum doubt { DOUBT_RESEND, DOUBT_READ_BACK, DOUBT_PERSON };

enum read_kind {
	READ_BALANCE,
	READ_HIT,                /* subject: HIT */
	READ_HITS,               /* one page of all HITs */
	READ_ASSIGNMENTS,        /* subject: HIT; one page */
	READ_ASSIGNMENT,         /* subject: assignment; also tells its HIT */
	READ_BONUSES,            /* subject: HIT; one page */
	READ_BONUSES_OF,         /* subject: assignment; one page */
	READ_TYPE,               /* subject: qualification type */
	READ_TYPES,              /* one page of all qualification types of ours */
	READ_HOLDERS,            /* subject: qualification type; one page of those who hold it */
	READ_KINDS,
};

struct read {
	enum read_kind kind;
	const char *subject; /* NULL for READ_BALANCE, READ_HITS, READ_TYPES */
	const char *page;    /* as on_page gave it; NULL: the first */
};

/* Receives what a read found; any member may be NULL. Everything is borrowed for the call. */
struct read_sink {
	void *arg;
	void (*on_balance)(void *arg, int64_t available_minor, int64_t on_hold_minor, bool on_hold_known);
	void (*on_hit)(void *arg, const struct hit *hit);
	void (*on_missing_hit)(void *arg, const char *hit_id);
	void (*on_assignment)(void *arg, const struct assignment *assignment);
	void (*on_bonus)(void *arg, const struct bonus_payment *bonus);
	void (*on_page)(void *arg, const char *next);
	void (*on_type)(void *arg, const struct qualification_type *type);
	void (*on_holder)(void *arg, const struct qualification *qualification);
	/* The platform knows no such assignment (READ_BONUSES_OF) or qualification type. */
	void (*on_missing)(void *arg, const char *subject);
};

/* What fits into one notification. */
struct platform_message {
	size_t workers_max;
	size_t subject_max; /* characters; neither subject nor text has control characters but TAB, LF and CR */
	size_t text_max;
};

/* A worker whom a notification did not reach, although the request was done. Texts are borrowed. */
struct platform_refusal {
	const char *worker_id;
	const char *why; /* for people, in the platform's words */
	bool may_pass;   /* later it may work */
};
typedef void platform_refusal_fn(void *arg, const struct platform_refusal *refusal);

struct platform;

struct platform_class {
	const char *name;
	const char *title; /* for people: "MTurk" */
	const char *currency;
	unsigned capabilities;
	unsigned money_in_flight_max; /* most money requests out at once; 0: no limit */
	/* A HIT of more assignments costs a higher fee, and one of so many or fewer never becomes one of more; 0: no
	 * such step. */
	int64_t small_hit_max;
	struct platform_message message;

	/* Operations. The request is signed for the present moment: build it right before sending. ERR_PLATFORM if the
	 * operation cannot be expressed, ERR_CREDENTIALS without keys. */
	int (*write)(struct platform *platform, const struct op *op, struct platform_request *out, struct err *err);
	void (*judge)(struct platform *platform, const struct op *op, const struct http_answer *answer,
		      struct judgement *out);

	/* Of an answer to OP_NOTIFY that was judged JUDGED_DONE: each worker of the operation who was not told all
	 * the same. NULL without PLATFORM_NOTIFIES. */
	void (*each_refusal)(const struct http_answer *answer, platform_refusal_fn *fn, void *arg);

	/* Doubt. `age_s`: seconds since the operation was first sent. */
	enum doubt (*doubt)(const struct op *op, int64_t age_s);
	int (*write_read_back)(struct platform *platform, const struct op *op, struct platform_request *out,
			       struct err *err);
	/* `twins`: other operations of the ledger that the platform's lists cannot tell from this one
	 * (operations.h). */
	void (*judge_read_back)(struct platform *platform, const struct op *op, int64_t twins,
				const struct http_answer *answer, struct judgement *out);

	/* Reads. JUDGED_DONE: the sink has everything. */
	int (*write_read)(struct platform *platform, const struct read *read, struct platform_request *out,
			  struct err *err);
	void (*judge_read)(struct platform *platform, const struct read *read, const struct http_answer *answer,
			   const struct read_sink *sink, struct judgement *out);

	/* How long after its first send a repeated request with the same token is recognised, in seconds; 0: no
	 * tokens. */
	int64_t token_life_s;

	/* The platform's clock, in seconds since 1970, as far as its answers have told. False: none has come yet. */
	bool (*now_s)(const struct platform *platform, int64_t *out);

	/* What the platform takes on top of an amount, exact to the minor unit: of a bonus, or (OP_APPROVE,
	 * OP_CREATE_HIT, OP_EXTEND_HIT) of one reward of a HIT of so many assignments. */
	int64_t (*fee_minor)(enum op_kind kind, int64_t amount_minor, int64_t max_assignments);

	/* Reads the credentials again; says in `source` where they came from. */
	int (*reload)(struct platform *platform, char source[160], struct err *err);
	void (*free)(struct platform *platform);
};

/* Every platform's own struct begins with this. */
struct platform {
	const struct platform_class *class;
};

#endif
