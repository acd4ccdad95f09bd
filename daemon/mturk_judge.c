/* SPDX-License-Identifier: MIT
 *
 * What an answer means for the operation that it belongs to. When in doubt: JUDGED_UNKNOWN, never done and never
 * refused.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "money.h"
#include "mturk.h"
#include "utf8.h"

#define TURK_PREFIX "AWS.MechanicalTurk."

static const struct error_row {
	const char *code;
	enum judged verdict;
	const char *outcome;
	const char *sentence;
	const char *advice;
} errors[] = {
#define ERROR(code, verdict, outcome, sentence, advice) { code, verdict, outcome, sentence, advice },
#include "mturk_errors.def"
#undef ERROR
};

/* An error body, and the headers that may say the same. */
struct complaint {
	const char *turk_code; /* TurkErrorCode without its prefix */
	char type[80];         /* __type after its last '#', or the header */
	char message[200];     /* without the server's time stamp */
};

void mturk_say(struct judgement *out, enum judged verdict, const char *outcome, const char *format, ...)
{
	va_list args;

	out->verdict = verdict;
	out->outcome = outcome;
	va_start(args, format);
	(void)vsnprintf(out->why, sizeof(out->why), format, args);
	va_end(args);
}

/* The part of a type that names it: after "namespace#", before ":http://…" or ";Sender". */
static void copy_type(char out[80], const char *type)
{
	const char *hash = strrchr(type, '#');

	(void)snprintf(out, 80, "%s", hash ? hash + 1 : type);
	out[strcspn(out, ":;")] = '\0';
}

/* Messages end with the server's clock, " (1624047673908)" or " (1624047673908 s)", which says nothing. */
static void copy_message(char out[200], const char *message)
{
	char *open;

	(void)snprintf(out, 200, "%s", message);
	out[utf8_first_invalid(out, strlen(out))] = '\0';
	open = strrchr(out, '(');
	if (open && open > out && isdigit((unsigned char)open[1]) &&
	    strspn(open + 1, "0123456789 s)") == strlen(open + 1)) {
		while (open > out && open[-1] == ' ')
			open--;
		*open = '\0';
	}
}

static void read_complaint(struct json_object *body, const struct http_answer *answer, struct complaint *out)
{
	const char *text = NULL;

	*out = (struct complaint){ .turk_code = "" };
	if (json_get_text(body, "TurkErrorCode", &text))
		out->turk_code = strncmp(text, TURK_PREFIX, strlen(TURK_PREFIX)) == 0 ? text + strlen(TURK_PREFIX)
										      : text;
	if (answer->query_error[0])
		copy_type(out->type, answer->query_error);
	else if (json_get_text(body, "__type", &text))
		copy_type(out->type, text);
	else
		copy_type(out->type, answer->error_type);
	if (json_get_text(body, "message", &text) || json_get_text(body, "Message", &text))
		copy_message(out->message, text);
}

/* What MTurk itself says comes last, so that only that is ever cut. */
static void say_row(const struct error_row *row, const char *message, struct judgement *out)
{
	mturk_say(out, row->verdict, row->outcome, "%s%s%s%s%s%s", row->sentence, row->advice[0] ? "; " : "",
		  row->advice, message[0] ? " (MTurk says: " : "", message, message[0] ? ")" : "");
	out->why[utf8_first_invalid(out->why, strlen(out->why))] = '\0';
}

/* A refusal is one only under a status of 4xx: any other proves nothing. */
static bool judge_by_code(const char *code, int status, const struct complaint *complaint, struct judgement *out)
{
	for (size_t i = 0; code[0] && i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcasecmp(errors[i].code, code) != 0)
			continue;
		if (errors[i].verdict == JUDGED_REFUSED && (status < 400 || status >= 500))
			return false;
		say_row(&errors[i], complaint->message, out);
		return true;
	}
	return false;
}

/* Cases that only the sentence tells apart. Texts as observed; see the project's facts about MTurk, sections 1 to 3. */
static bool judge_by_message(const struct complaint *complaint, struct judgement *out)
{
	const char *message = complaint->message;

	if (strncasecmp(message, "The idempotency token", 21) == 0 && strcasestr(message, "already been processed"))
		mturk_say(out, JUDGED_DONE, "already-processed", "an earlier attempt had been executed");
	else if (strcasestr(message, "Signature expired") || strcasestr(message, "Signature not yet current"))
		mturk_say(out, JUDGED_CLOCK, "clock", "the clock of this machine differs from Amazon's (%s)", message);
	else if (strcasestr(message, "status of: null"))
		mturk_say(out, JUDGED_NOT_YET, "no-assignment", "MTurk does not show the assignment as submitted yet");
	else if (strcasestr(message, "AWS account must be linked"))
		mturk_say(out, JUDGED_NO_ACCESS, "not-linked",
			  "the AWS account is not linked to MTurk; no money moved");
	else
		return false;
	return true;
}

static void judge_error(struct json_object *body, const struct http_answer *answer, struct judgement *out)
{
	struct complaint complaint;

	read_complaint(body, answer, &complaint);
	if (judge_by_message(&complaint, out) || judge_by_code(complaint.turk_code, answer->status, &complaint, out) ||
	    judge_by_code(complaint.type, answer->status, &complaint, out))
		return;
	if (answer->status == 429 || (answer->status == 503 && strcasestr(complaint.message, "Rate exceeded")))
		mturk_say(out, JUDGED_THROTTLED, "throttled", "MTurk asks to slow down; nothing was done");
	else if (answer->status >= 400 && answer->status < 500 && complaint.type[0])
		mturk_say(out, JUDGED_REFUSED, "refused", "MTurk refused it: %s%s%s; no money moved",
			  complaint.turk_code[0] ? complaint.turk_code : complaint.type,
			  complaint.message[0] ? ": " : "", complaint.message);
	else
		mturk_say(out, JUDGED_UNKNOWN, "no-answer",
			  "HTTP status %d without a word from MTurk; whether it acted is being found out",
			  answer->status);
}

/* An error under status 200 is not Amazon's, but a proxy's or a gateway's: it proves nothing. */
static bool is_complaint(struct json_object *body, const struct http_answer *answer)
{
	return json_has(body, "__type") || json_has(body, "TurkErrorCode") || answer->error_type[0] ||
	       answer->query_error[0];
}

void mturk_judge_answer(struct mturk *mturk, const struct http_answer *answer, struct json_object **body,
			struct judgement *out)
{
	struct err err;

	*body = NULL;
	out->id[0] = '\0';
	mturk_observe(mturk, answer);
	if (answer->outcome == HTTP_NOT_SENT) {
		mturk_say(out, JUDGED_AGAIN, "not-sent", "MTurk could not be reached, nothing was sent: %s",
			  answer->error);
		return;
	}
	if (answer->outcome == HTTP_UNKNOWN) {
		mturk_say(out, JUDGED_UNKNOWN, "no-answer",
			  "the answer was lost (%s); whether MTurk acted is being found out", answer->error);
		return;
	}
	*body = json_parse(answer->body, answer->body_bytes, &err);
	if (*body && !json_object_is_type(*body, json_type_object)) {
		json_object_put(*body);
		*body = NULL;
	}
	if (answer->status == 200 && *body && !is_complaint(*body, answer)) {
		mturk_say(out, JUDGED_DONE, "ok", "ok");
		return;
	}
	if (answer->status == 200 && answer->body_bytes == 0)
		mturk_say(out, JUDGED_UNKNOWN, "empty", "the answer is empty; whether MTurk acted is being found out");
	else if (answer->status == 200)
		mturk_say(out, JUDGED_UNKNOWN, "rubbish",
			  "the answer is not MTurk's; whether it acted is being found out");
	else
		judge_error(*body, answer, out);
	json_object_put(*body);
	*body = NULL;
}

void mturk_judge(struct platform *platform, const struct op *op, const struct http_answer *answer,
		 struct judgement *out)
{
	static const char *const outcomes[OP_KINDS] = {
		[OP_APPROVE] = "approved",
		[OP_REJECT] = "rejected",
		[OP_BONUS] = "paid",
		[OP_QUALIFY] = "granted",
	};
	struct json_object *body;

	mturk_judge_answer((struct mturk *)platform, answer, &body, out);
	if (mturk_judge_errand(op, answer, body, out)) {
		json_object_put(body);
		return;
	}
	if (op->kind == OP_NOTIFY)
		mturk_judge_notified(op, body, out);
	else if (out->verdict == JUDGED_DONE && body)
		mturk_say(out, JUDGED_DONE, outcomes[op->kind], "%s", outcomes[op->kind]);
	else if (out->verdict == JUDGED_DONE && op_moves_money(op->kind) && !op->doubtful)
		/* We never sent it, so somebody else did, under the same token but perhaps with another amount. */
		out->verdict = JUDGED_LOOK;
	else if (out->verdict == JUDGED_LOOK && op->kind != OP_APPROVE && op->kind != OP_REJECT)
		out->verdict = JUDGED_PERSON;
	json_object_put(body);
}

/* Approved by whom? Where time alone did it, that is said. */
static void say_decided(enum assignment_status status, struct json_object *assignment, struct judgement *out)
{
	int64_t approved_s = 0, auto_approval_s = 0;

	if (status == ASSIGNMENT_REJECTED)
		mturk_say(out, JUDGED_DONE, "already-rejected", "MTurk shows it as rejected already");
	else if (mturk_get_time(assignment, "ApprovalTime", &approved_s) &&
		 mturk_get_time(assignment, "AutoApprovalTime", &auto_approval_s) && approved_s >= auto_approval_s)
		mturk_say(out, JUDGED_DONE, "auto-approved", "MTurk shows it as approved already, by time alone");
	else
		mturk_say(out, JUDGED_DONE, "already-approved", "MTurk shows it as approved already");
}

static void judge_decision(const struct op *op, struct json_object *body, struct judgement *out)
{
	enum assignment_status status, wanted = op->kind == OP_APPROVE ? ASSIGNMENT_APPROVED : ASSIGNMENT_REJECTED;
	struct json_object *assignment = json_get_object(body, "Assignment");

	if (!mturk_get_status(assignment, &status))
		mturk_say(out, JUDGED_UNKNOWN, "rubbish", "the answer does not tell the state of the assignment");
	else if (status == ASSIGNMENT_SUBMITTED)
		mturk_say(out, JUDGED_NOTHING, "submitted", "MTurk still shows it as submitted");
	else if (status == wanted)
		say_decided(status, assignment, out);
	else
		mturk_say(out, JUDGED_REFUSED, "decided-otherwise", "MTurk shows it as %s; it cannot be %s any more",
			  assignment_status_name(status), op->kind == OP_APPROVE ? "approved" : "rejected");
}

/* The list does not tell tokens. Payments that look like this one count as it only beyond those that other operations
 * account for, and only if so many carry its reason: anything less certain is for a person. */
static void judge_bonus_list(const struct op *op, int64_t twins, struct json_object *body, struct judgement *out)
{
	struct json_object *payments = json_get_array(body, "BonusPayments");
	size_t count = payments ? json_object_array_length(payments) : 0;
	int64_t alike = 0, with_reason = 0, other_minor = 0;
	char other[MONEY_TEXT_MAX];

	if (!payments) {
		mturk_say(out, JUDGED_UNKNOWN, "rubbish", "the answer has no list of bonuses");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct bonus_payment payment;

		if (!mturk_get_bonus(json_object_array_get_idx(payments, i), &payment) ||
		    strcmp(payment.worker_id, op->worker_id) != 0)
			continue;
		if (payment.amount_minor != op->amount_minor) {
			other_minor = payment.amount_minor;
			continue;
		}
		alike++;
		with_reason += payment.reason && op->text && strcmp(payment.reason, op->text) == 0;
	}
	if (alike > twins && with_reason > twins)
		mturk_say(out, JUDGED_DONE, "found-paid", "MTurk's list of bonuses has it");
	else if (alike == 0 && other_minor > 0)
		mturk_say(out, JUDGED_PERSON, "other-amount",
			  "MTurk's list has a bonus of %s for this worker instead: a person must decide",
			  money_display(other_minor, other));
	else
		mturk_say(out, JUDGED_PERSON, "not-found",
			  "the answer was lost, and MTurk's list %s: a person must decide",
			  alike > 0 ? "shows only payments that may be others" : "does not show it");
}

void mturk_judge_read_back(struct platform *platform, const struct op *op, int64_t twins,
			   const struct http_answer *answer, struct judgement *out)
{
	struct json_object *body;

	mturk_judge_answer((struct mturk *)platform, answer, &body, out);
	if (out->verdict == JUDGED_DONE && body) {
		if (op->kind == OP_BONUS)
			judge_bonus_list(op, twins, body, out);
		else if (op->kind == OP_APPROVE || op->kind == OP_REJECT)
			judge_decision(op, body, out);
		else
			mturk_judge_errand_read_back((struct mturk *)platform, op, body, out);
	} else if (out->verdict == JUDGED_DONE) {
		/* "Already processed" is no answer to a question. */
		mturk_say(out, JUDGED_UNKNOWN, "rubbish", "the answer does not fit the question");
	}
	json_object_put(body);
}
