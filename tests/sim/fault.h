/* SPDX-License-Identifier: MIT
 *
 * Faults on order: an ordered list of rules, each of which says for which requests something goes wrong, and what. The
 * first rule that fires wins. Pure: which requests fire depends only on the rules and the order of requests.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "json.h"
#include "request.h"

#define FAULTS_MAX 64

struct fault {
	struct json_object *rule; /* owned; all texts are borrowed from it */
	const char *operation; /* "*": every one */
	const char *contains;	 /* NULL, or a text that the body must contain */
	const struct fault_kind *kind;
	int64_t after;	 /* spares that many matching requests */
	int64_t count;	 /* fires at most so often; -1: no limit */
	double probability;
	uint64_t chance; /* state of its generator, from the seed */
	bool executes;	 /* whether the operation takes effect */
	int64_t delay_ms;
	int status;
	const char *body;	    /* NULL: the kind's own */
	const char *content_type; /* NULL: the kind's own */
	const char *error_type;
	const char *message;
	const char *code;
	int64_t matched;
	int64_t fired;
};

struct faults {
	struct fault rules[FAULTS_MAX];
	size_t count;
};

/* Replaces all rules by those of a JSON list; on an error the old ones stay. */
int faults_set(struct faults *faults, struct json_object *list, struct err *err);
void faults_finish(struct faults *faults);

/* The rule that fires for this request, counting it; NULL if none does. Borrowed. */
const struct fault *faults_match(struct faults *faults, const char *operation, const char *body, size_t body_len);

/* Turns the reply of a request into what the fault makes of it. */
void fault_apply(const struct fault *fault, struct reply *reply);

/* The kind's name; and the list with its counts. The caller puts it. */
const char *fault_name(const struct fault *fault);
struct json_object *faults_json(const struct faults *faults);

#endif
