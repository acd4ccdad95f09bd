/* SPDX-License-Identifier: MIT
 *
 * What an errand is asked to do: the params of methods "plan_errand" and "apply_errand", checked. An errand is a single
 * request that no row of a file asks for. Pure.
 */
#ifndef NGMT_ERRAND_PARAMS_H
#define NGMT_ERRAND_PARAMS_H

#include "json.h"
#include "op.h"

enum errand {
	ERRAND_CREATE_HIT,
	ERRAND_EXTEND_HIT,
	ERRAND_EXPIRE_HIT,
	ERRAND_DELETE_HIT,
	ERRAND_CREATE_TYPE,
	ERRAND_GRANT,
	ERRAND_REVOKE,
	ERRAND_BLOCK,
	ERRAND_UNBLOCK,
	ERRANDS
};

#define ERRAND_WORKERS_MAX 1000
/* Most rounds of one HIT. */
#define ERRAND_ROUNDS_MAX 1000

/* Texts are borrowed from `object`; NULL means not given. */
struct errand_params {
	struct json_object *object; /* owned */
	enum errand errand;
	struct json_object *hit; /* the definition, not checked yet */
	struct json_object *workers; /* texts */
	const char *purpose;
	const char *hit_id;
	const char *qualification_type_id;
	const char *name;
	const char *description;
	const char *keywords;
	const char *reason;
	const char *digest;
	bool has_rounds;
	int64_t assignments; /* 0: not given */
	int64_t time_s;      /* likewise */
	bool has_integer_value;
	int64_t integer_value;
	bool has_send_notification;
	bool send_notification;
};

const char *errand_name(enum errand errand);
/* What the platform must be able to do (enum platform_capability). */
unsigned errand_capability(enum errand errand);
/* Whether it is about one HIT that exists already. */
bool errand_changes_hit(enum errand errand);
/* Whether each of its parts stands for itself, so that those that can be done are; else all or nothing. */
bool errand_is_divisible(enum errand errand);

/* Keeps a reference to `params`. ERR_USAGE. */
int errand_params_read(struct errand_params *out, struct json_object *params, struct err *err);
void errand_params_finish(struct errand_params *params);

#endif
