/* SPDX-License-Identifier: MIT
 *
 * What a plan is asked to do: the params of methods "plan" and "apply", checked.
 */
#ifndef NGMT_PLAN_PARAMS_H
#define NGMT_PLAN_PARAMS_H

#include "config.h"
#include "json.h"
#include "op.h"

/* Texts are owned; NULL means not given. */
struct plan_params {
	bool wants[OP_KINDS];
	char *reason;
	char *feedback;
	char *purpose; /* never NULL */
	char *qualification_type_id;
	char *default_type_id; /* of rows that name none: the selected one, else the configured one */
	int64_t integer_value;
	bool send_notification;
	/* Selection; none of them: the working set. */
	bool has_selection;
	char *room;
	char *game;
	char *hit;
	char *assignments; /* JSON array of texts */
	char *workers;
	/* Which items the result shows. */
	bool wants_items;
	int64_t items_offset;
	int64_t items_limit;
	char *digest; /* apply */
	int64_t todo_room; /* a policy: the rows of this room that are still to do; 0: not a policy */
};

/* Defaults come from the configuration; `selected_type` (NULL: none) goes before its qualification type. ERR_USAGE. */
int plan_params_read(struct plan_params *out, struct json_object *params, const struct config *config,
		     const char *selected_type, struct err *err);
/* Only which rows, and which items: "select" and "items". ERR_USAGE. */
int plan_params_read_rows(struct plan_params *out, struct json_object *params, struct err *err);
void plan_params_finish(struct plan_params *params);

/* "approve, bonus reason=\"Thank you\"": what the ledger records as the command. The caller frees. */
char *plan_params_describe(const struct plan_params *params);

#endif
