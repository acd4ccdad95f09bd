/* SPDX-License-Identifier: MIT
 *
 * What file, ledger and platform say about one assignment and worker, and what to make of it. Pure: works on what
 * reconcile_gather.h found. Everything that does not agree is told in words; the worst of it names the line.
 */
#ifndef NGMT_RECONCILE_RULE_H
#define NGMT_RECONCILE_RULE_H

#include <stddef.h>

#include "facts.h"
#include "op.h"
#include "row.h"

enum finding {
#define FINDING(symbol, name, sentence) symbol,
#include "reconcile_findings.def"
#undef FINDING
	FINDINGS
};

const char *finding_name(enum finding finding);
const char *finding_sentence(enum finding finding);

/* Payments of one side about one assignment and worker that are compared one by one. */
#define RECONCILE_PAYMENTS_MAX 64

/* Texts are borrowed; NULL means absent. */
struct reconcile_file {
	int64_t rows; /* about this assignment and worker; 0: no file claims it, the rest means nothing */
	enum verdict verdict;
	bool is_contradictory;  /* its rows ask for opposite decisions */
	bool is_beyond_limits;  /* verdict approve, but its bonus is held for its amount */
	const char *why;        /* of the verdict */
	const char *hit_id;
	int64_t asked_minor[RECONCILE_PAYMENTS_MAX]; /* the different bonuses that its rows ask for */
	size_t asked;
	const char *other_worker; /* without rows: whom a file names for this assignment instead */
};

struct reconcile_bonus {
	int64_t amount_minor;
	enum op_state state;
	bool is_doubtful;
	bool has_own_purpose; /* a second bonus on purpose */
	const char *why;
	int64_t changed_s;
};

struct reconcile_decision {
	enum op_kind kind;
	enum op_state state;
	bool goes_on; /* held, but only for as long as it can be taken back */
	const char *why;
	const char *outcome;
	int64_t changed_s;
};

struct reconcile_ledger {
	bool has_decision;
	struct reconcile_decision decision;
	struct reconcile_bonus bonuses[RECONCILE_PAYMENTS_MAX];
	size_t count;
};

struct reconcile_listed {
	int64_t amount_minor;
	int64_t granted_s;
};

struct reconcile_platform {
	const char *title;
	bool is_known;       /* it was asked about the assignment, and had an answer */
	bool lacks_hit;      /* it knows no such HIT */
	enum assignment_status status;
	const char *worker_id;
	const char *hit_id;
	int64_t approved_s;
	int64_t auto_approval_s;
	struct reconcile_listed listed[RECONCILE_PAYMENTS_MAX];
	size_t count;
};

struct reconcile_line {
	const char *assignment_id; /* NULL: a row that names none */
	const char *worker_id;
	bool is_cut; /* more payments than fit */
	int64_t asked_at_s; /* when the platform was asked: what the ledger did later it cannot show */
	struct reconcile_file file;
	struct reconcile_ledger ledger;
	struct reconcile_platform platform;
};

struct reconcile_judgement {
	enum finding finding; /* the worst */
	unsigned found;       /* all of them, by bit */
	bool agrees;
	bool is_auto_approved;
	int64_t due_minor; /* bonuses that the file, or a command on purpose, asks for */
	char why[640];     /* all of it in words, the worst first */
};

void reconcile_judge(const struct reconcile_line *line, struct reconcile_judgement *out);

/* Approved at or after the time at which the platform does so by itself, and not by the ledger. */
bool reconcile_is_auto_approved(const struct reconcile_line *line);

#endif
