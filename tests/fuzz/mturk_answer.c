/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: an answer of MTurk, judged as the answer to every question that can be asked. The first byte
 * chooses the question, the second the status, the third how much of the rest is a header; the rest is the body.
 * Whatever it says, it never proves more than it can.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mturk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static struct platform *platform(void)
{
	static char region[] = "us-east-1", url[] = "http://127.0.0.1:9/", key[] = "AKIDNGMTEXAMPLE",
		    secret[] = "secret";
	static struct config config = {
		.region = region, .endpoint = url, .sandbox = true, .access_key_id = key, .secret_access_key = secret
	};
	static struct platform *made;

	log_open("fuzz", LOG_LEVEL_ERROR);
	if (!made)
		made = mturk_new(&config, NULL);
	require(made, "memory");
	return made;
}

static void check_said(const struct judgement *judgement)
{
	require(judgement->outcome && judgement->outcome[0], "there is a word for the ledger");
	require(judgement->why[0] && memchr(judgement->why, '\0', sizeof(judgement->why)), "there is a sentence");
	require((unsigned)judgement->verdict <= JUDGED_PERSON, "the verdict is one");
}

static void judge_write(const struct op *op, const struct http_answer *answer)
{
	struct judgement out = { .verdict = (enum judged)99 };

	platform()->class->judge(platform(), op, answer, &out);
	check_said(&out);
	require(out.verdict != JUDGED_NOTHING && out.verdict != JUDGED_ACCEPTED, "MTurk never says that");
	/* A HIT's token is made of its content: it is there, whoever sent it. */
	if (out.verdict == JUDGED_DONE && answer->status != 200 && op->kind != OP_CREATE_HIT)
		require(!op_moves_money(op->kind) || op->doubtful, "an error settles a payment only if we sent one");
	if (answer->outcome != HTTP_ANSWERED)
		require(out.verdict == (answer->outcome == HTTP_NOT_SENT ? JUDGED_AGAIN : JUDGED_UNKNOWN), "no answer");
	if ((answer->status >= 500 || answer->status == 200) && !answer->body_bytes && !answer->error_type[0])
		require(out.verdict == JUDGED_UNKNOWN, "an empty answer says nothing");
}

static void judge_read_back(const struct op *op, const struct http_answer *answer)
{
	struct judgement out = { .verdict = (enum judged)99 };

	platform()->class->judge_read_back(platform(), op, 0, answer, &out);
	check_said(&out);
	require(out.verdict != JUDGED_DONE || answer->status == 200, "an error proves no payment");
	require(out.verdict != JUDGED_NOTHING || (op->kind != OP_BONUS && answer->status == 200),
		"that a bonus is not listed does not prove that it was not paid");
}

struct seen {
	size_t items;
	bool has_page;
};

static void on_balance(void *arg, int64_t available_minor, int64_t on_hold_minor, bool on_hold_known)
{
	((struct seen *)arg)->items++;
	require(available_minor >= 0 && (!on_hold_known || on_hold_minor >= 0), "balances");
}

static void on_hit(void *arg, const struct hit *hit)
{
	((struct seen *)arg)->items++;
	require(hit->hit_id && hit->reward_minor >= 0 && hit->created_s >= 0 && hit->expires_s >= 0, "a HIT");
}

static void on_missing_hit(void *arg, const char *hit_id)
{
	((struct seen *)arg)->items++;
	require(hit_id, "a missing HIT");
}

static void on_assignment(void *arg, const struct assignment *assignment)
{
	((struct seen *)arg)->items++;
	require(assignment->assignment_id && assignment->status <= ASSIGNMENT_REJECTED, "an assignment");
	require(assignment->status < ASSIGNMENT_SUBMITTED || (assignment->worker_id && assignment->hit_id),
		"whose it is");
	require(assignment->approved_s >= 0 && (!assignment->codes || assignment->codes[0] == '['), "its codes");
}

static void on_bonus(void *arg, const struct bonus_payment *bonus)
{
	((struct seen *)arg)->items++;
	require(bonus->assignment_id && bonus->worker_id && bonus->amount_minor >= 0 && bonus->granted_s >= 0,
		"a bonus");
}

static void on_type(void *arg, const struct qualification_type *type)
{
	((struct seen *)arg)->items++;
	require(type->qualification_type_id && type->created_s >= 0, "a qualification type");
}

static void on_holder(void *arg, const struct qualification *qualification)
{
	((struct seen *)arg)->items++;
	require(qualification->worker_id && qualification->granted_s >= 0, "who holds a qualification");
}

static void on_page(void *arg, const char *next)
{
	require(next[0] && !((struct seen *)arg)->has_page, "one next page");
	((struct seen *)arg)->has_page = true;
}

/* How many items the list in the body has; -1: there is none. */
static long count_items(const struct http_answer *answer, const char *key)
{
	struct json_object *body = json_parse(answer->body, answer->body_bytes, NULL);
	struct json_object *list = json_get_array(body, key);
	long count = list ? (long)json_object_array_length(list) : -1;

	json_object_put(body);
	return count;
}

static void judge_read(enum read_kind kind, const struct http_answer *answer)
{
	static const char *const lists[READ_KINDS] = {
		[READ_HITS] = "HITs",		       [READ_ASSIGNMENTS] = "Assignments",
		[READ_BONUSES] = "BonusPayments",      [READ_BONUSES_OF] = "BonusPayments",
		[READ_TYPES] = "QualificationTypes", [READ_HOLDERS] = "Qualifications",
	};
	const bool has_no_subject = kind == READ_BALANCE || kind == READ_HITS || kind == READ_TYPES;
	const struct read read = { .kind = kind,
				   .subject = has_no_subject ? NULL : "3NGMTHIT00001" };
	struct seen seen = { 0, false };
	const struct read_sink sink = { &seen,	  on_balance, on_hit,  on_missing_hit, on_assignment,
					on_bonus, on_page,    on_type, on_holder,      on_missing_hit };
	struct judgement out = { .verdict = (enum judged)99 };

	platform()->class->judge_read(platform(), &read, answer, &sink, &out);
	check_said(&out);
	require(out.verdict == JUDGED_DONE || (seen.items == 0 && !seen.has_page),
		"nobody is told of what will be asked for again");
	if (out.verdict != JUDGED_DONE)
		return;
	if (strcmp(out.outcome, "absent") == 0)
		require(answer->status != 200 && seen.items == 1 && !seen.has_page, "what is absent is said once");
	else if (lists[kind])
		require(answer->status == 200 && count_items(answer, lists[kind]) == (long)seen.items,
			"nothing is overlooked");
	else
		require(answer->status == 200 && seen.items >= 1, "something was read");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 400, 403, 429, 500, 503, 505, 204 };
	static char assignment[] = "3NGMTASG00001", worker[] = "A1NGMT0000001X", text[] = "Thank you";
	struct op op = { .assignment_id = assignment, .worker_id = worker, .text = text, .amount_minor = 150 };
	struct http_answer answer = { .date = "", .request_id = "", .query_error = "", .error = "why" };
	char header[256] = "";
	size_t taken;

	if (size < 3)
		return 0;
	answer.outcome = data[1] & 0x80 ? (data[1] & 0x40 ? HTTP_NOT_SENT : HTTP_UNKNOWN) : HTTP_ANSWERED;
	answer.status = answer.outcome == HTTP_ANSWERED ? statuses[data[1] % 8] : 0;
	taken = data[2] < size - 3 ? data[2] : size - 3;
	memcpy(header, data + 3, taken);
	answer.error_type = header;
	answer.query_error = data[1] & 0x20 ? header : "";
	answer.body = (const char *)data + 3 + taken;
	answer.body_bytes = answer.outcome == HTTP_ANSWERED ? size - 3 - taken : 0;
	op.kind = (enum op_kind)(data[0] % OP_KINDS);
	op.state = OP_SENDING;
	op.doubtful = data[0] & 0x80;
	judge_write(&op, &answer);
	op.state = OP_UNSURE;
	op.doubtful = true;
	if (op.kind != OP_QUALIFY)
		judge_read_back(&op, &answer);
	judge_read((enum read_kind)((data[0] >> 2) % READ_KINDS), &answer);
	return 0;
}
