/* SPDX-License-Identifier: MIT
 *
 * What is to be told, and whom: the params of methods "plan_notify" and "apply_notify", checked. Pure.
 */
#ifndef NGMT_NOTICE_PARAMS_H
#define NGMT_NOTICE_PARAMS_H

#include "plan_params.h"
#include "platform.h"

/* Different workers of one command: they are looked up, and recorded, in one turn. */
#define NOTICE_WORKERS_MAX 10000

/* Texts are owned; NULL means not given. */
struct notice_params {
	char *subject;
	char *text;
	struct json_object *workers; /* array of texts that are not empty; NULL: the workers of `rows` */
	struct plan_params rows;     /* which rows, and which items the result shows */
	char *digest;                /* apply_notify */
};

/* `limits`: the platform's. ERR_USAGE. */
int notice_params_read(struct notice_params *out, struct json_object *params, const struct platform_message *limits,
		       struct err *err);
void notice_params_finish(struct notice_params *params);

/* "notify subject=\"Your bonus\" room=\"room000061\"": what the ledger records as the command. The caller frees;
 * NULL if memory runs out. */
char *notice_params_describe(const struct notice_params *params);

#endif
