/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "operation.h"

/* Everything that the real service checks before it moves money. */
static struct assignment *check_bonus(struct call *call, int64_t *cents)
{
	const char *token = call_text(call, "UniqueRequestToken", NULL);
	const char *worker_id = call_text(call, "WorkerId", "");
	struct assignment *assignment;

	if (call_cents(call, "BonusAmount", cents) < 0)
		return NULL;
	if (*cents == 0) {
		call_refuse_value(call, call_text(call, "BonusAmount", ""), "BonusAmount");
		return NULL;
	}
	if (token && tokens_find(call->books->tokens, "SendBonus", token, call->now_ms)) {
		/* No client has recorded a TurkErrorCode for this refusal, so none is given: the sentence must do. */
		call_refuse(call, NULL, "The idempotency token \"%s\" has already been processed.", token);
		return NULL;
	}
	assignment = call_assignment(call);
	if (!assignment)
		return NULL;
	if (assignment->state == ASSIGNMENT_ACCEPTED) {
		call_refuse(call, "AssignmentDoesNotExist", "Assignment %s does not exist.", assignment->id);
		return NULL;
	}
	if (strcmp(assignment->worker->id, worker_id) != 0) {
		call_refuse_value(call, worker_id, "WorkerId");
		return NULL;
	}
	return assignment;
}

void op_send_bonus(struct call *call)
{
	const char *token = call_text(call, "UniqueRequestToken", NULL);
	struct assignment *assignment;
	int64_t cents = 0;

	assignment = check_bonus(call, &cents);
	if (!assignment)
		return;
	if (books_pay_bonus(call->books, cents) < 0) {
		call_refuse_funds(call);
		return;
	}
	if (!books_add_bonus(call->books, assignment, cents, call_text(call, "Reason", ""), token, call->now_ms)) {
		call_fault(call);
		return;
	}
	if (token)
		(void)tokens_remember(call->books->tokens, "SendBonus", token, assignment->id, call->now_ms);
}

static struct json_object *bonus_view(const struct call *call, const void *item)
{
	const struct bonus *bonus = item;
	struct json_object *json = json_object_new_object();

	(void)call;
	put_text(json, "WorkerId", bonus->assignment->worker->id);
	put_money(json, "BonusAmount", bonus->cents);
	put_text(json, "AssignmentId", bonus->assignment->id);
	put_text(json, "Reason", bonus->reason);
	put_moment(json, "GrantTime", bonus->granted_ms);
	return json;
}

static void list_none(struct call *call)
{
	json_put_int(call->output, "NumResults", 0);
	json_put_value(call->output, "BonusPayments", json_object_new_array());
}

static void list_bonuses(struct call *call, const char *of, struct array_list *bonuses)
{
	struct listing listing = { .member = "BonusPayments", .items = bonuses, .view = bonus_view };
	char scope[128];

	(void)snprintf(scope, sizeof(scope), "ListBonusPayments %s", of);
	listing.scope = scope;
	if (bonuses)
		call_list(call, &listing);
	else
		list_none(call);
}

void op_list_bonus_payments(struct call *call)
{
	bool by_hit = json_has(call->input, "HITId"), by_assignment = json_has(call->input, "AssignmentId");
	const struct assignment *assignment;
	const struct hit *hit;

	if (by_hit == by_assignment) {
		call_refuse_sentence(call, "InvalidParameterCombinationError", "InvalidParameterCombination",
				     "The combination of parameters supplied to the request is invalid: HITId, "
				     "AssignmentId.");
	} else if (by_hit) {
		hit = call_hit(call);
		if (hit)
			list_bonuses(call, hit->id, hit->bonuses);
	} else {
		assignment = call_assignment(call);
		if (assignment)
			list_bonuses(call, assignment->id, assignment->bonuses);
	}
}
