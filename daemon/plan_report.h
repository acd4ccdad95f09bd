/* SPDX-License-Identifier: MIT
 *
 * A plan as JSON: the results of methods "plan" and "apply" (ngmt-protocol(7)).
 */
#ifndef NGMT_PLAN_REPORT_H
#define NGMT_PLAN_REPORT_H

#include "json.h"
#include "ledger.h"
#include "pauses.h"
#include "plan_params.h"

/* `balance` NULL: not known. New references; NULL on error. */
struct json_object *plan_report(struct ledger *ledger, int64_t plan, const struct plan_params *params,
				const struct balance *balance, struct err *err);
struct json_object *plan_report_applied(struct ledger *ledger, int64_t plan, int64_t batch_id, int64_t recorded,
					struct err *err);

#endif
