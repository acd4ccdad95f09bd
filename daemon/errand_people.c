/* SPDX-License-Identifier: MIT
 *
 * grant, revoke, block, unblock: one request for each worker.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "errand_plan_private.h"

static const struct {
	enum op_kind kind;
	enum op_kind opposite;
	bool names_type;
} wishes[ERRANDS] = {
	[ERRAND_GRANT] = { OP_QUALIFY, OP_REVOKE, true },
	[ERRAND_REVOKE] = { OP_REVOKE, OP_QUALIFY, true },
	[ERRAND_BLOCK] = { OP_BLOCK, OP_UNBLOCK, false },
	[ERRAND_UNBLOCK] = { OP_UNBLOCK, OP_BLOCK, false },
};

static int fill(const struct errand_plan *plan, struct op *op, const char *worker_id, struct err *err)
{
	const struct errand_terms *terms = &plan->terms;
	bool is_grant = op->kind == OP_QUALIFY;

	op->integer_value = is_grant ? terms->integer_value : 0;
	op->send_notification = is_grant && terms->send_notification;
	if (errand_copy(&op->worker_id, worker_id, err) < 0 ||
	    errand_copy(&op->text, terms->params->reason, err) < 0)
		return -1;
	return wishes[terms->params->errand].names_type
		       ? errand_copy(&op->qualification_type_id, terms->qualification_type_id, err)
		       : 0;
}

static int add_worker(struct errand_plan *plan, const char *worker_id, struct err *err)
{
	enum errand errand = plan->terms.params->errand;
	struct errand_item *item = errand_add(plan, wishes[errand].kind, err);

	if (!item)
		return -1;
	(void)snprintf(item->subject, sizeof(item->subject), "%s", worker_id);
	if (fill(plan, &item->op, worker_id, err) < 0)
		return -1;
	if (!is_worker_id(worker_id)) {
		errand_say(item, ERRAND_REFUSE, "this is not the id of a worker");
		return 0;
	}
	return errand_judge_newest(plan, item, wishes[errand].opposite, err);
}

static bool is_repeated(const struct errand_plan *plan, const char *worker_id)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->items[i].subject, worker_id) == 0)
			return true;
	return false;
}

/* "3 workers", or the only one. */
static void name_workers(const struct errand_plan *plan, char *out, size_t size)
{
	if (plan->count == 1)
		(void)snprintf(out, size, "worker %.64s", plan->items[0].subject);
	else
		(void)snprintf(out, size, "%zu workers", plan->count);
}

static int make_title(struct errand_plan *plan, struct err *err)
{
	const struct errand_terms *terms = &plan->terms;
	const char *type = terms->qualification_type_id;
	char whom[ID_TEXT_MAX + 16];

	name_workers(plan, whom, sizeof(whom));
	if (terms->params->errand == ERRAND_GRANT)
		return errand_title(plan, err, "grant qualification %s with value %" PRId64 " to %s%s", type,
				    terms->integer_value, whom,
				    terms->send_notification ? ", who are told so" : ", who are not told");
	if (terms->params->errand == ERRAND_REVOKE)
		return errand_title(plan, err, "take qualification %s away from %s", type, whom);
	return errand_title(plan, err, "%s %s", terms->params->errand == ERRAND_BLOCK ? "block" : "unblock", whom);
}

int errand_make_people(struct errand_plan *plan, struct err *err)
{
	const struct errand_params *params = plan->terms.params;

	if (wishes[params->errand].names_type && !plan->terms.qualification_type_id) {
		(void)err_set(err, ERR_STATE, "no qualification type is selected");
		return err_hint(err,
				"name one with --qualification-type-id, or select one: ngmtctl get qualifications");
	}
	for (size_t i = 0; i < json_object_array_length(params->workers); i++) {
		const char *worker_id = json_object_get_string(json_object_array_get_idx(params->workers, i));

		if (!is_repeated(plan, worker_id) && add_worker(plan, worker_id, err) < 0)
			return -1;
	}
	if (params->errand == ERRAND_BLOCK)
		errand_note(plan, "blocks count against a worker's account; to keep somebody out of one study, use a "
				  "qualification");
	return make_title(plan, err);
}
