/* SPDX-License-Identifier: MIT */
#include "op.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum lane lane;
	bool moves_money;
	bool may_be_repeated;
} kinds[] = {
#define KIND(symbol, number, name, lane, moves_money, repeatable, summary) \
	[symbol] = { name, lane, moves_money, repeatable },
#include "op_kinds.def"
#undef KIND
};

static const struct {
	const char *name;
	unsigned next;
} states[] = {
#define STATE(symbol, number, name, next, summary) [symbol] = { name, next },
#include "op_states.def"
#undef STATE
};

static const char *const lanes[] = {
	[LANE_READ] = "read",
	[LANE_APPROVE] = "approve",
	[LANE_BONUS] = "bonus",
	[LANE_QUALIFY] = "qualify",
	[LANE_NOTIFY] = "notify",
	[LANE_HIT] = "hit",
	[LANE_WORKER] = "worker",
};

static const char *const holds[] = {
#define HOLD(symbol, number, name, summary) [symbol] = (name),
#include "op_holds.def"
#undef HOLD
};

void op_finish(struct op *op)
{
	char **texts[] = { &op->key,     &op->token,   &op->assignment_id, &op->worker_id,
			   &op->hit_id,  &op->purpose, &op->subject,       &op->text,
			   &op->qualification_type_id, &op->why, &op->workers };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
}

const char *op_kind_name(enum op_kind kind)
{
	return (unsigned)kind < OP_KINDS ? kinds[kind].name : "?";
}

int op_kind_from_name(const char *name)
{
	for (int i = 0; i < OP_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return i;
	return -1;
}

enum lane op_lane(enum op_kind kind)
{
	return kinds[kind].lane;
}

bool op_moves_money(enum op_kind kind)
{
	return kinds[kind].moves_money;
}

bool op_may_be_repeated(enum op_kind kind)
{
	return kinds[kind].may_be_repeated;
}

const char *lane_name(enum lane lane)
{
	return (unsigned)lane < LANES ? lanes[lane] : "?";
}

bool op_is_released(const struct op *op, enum op_hold hold)
{
	return (op->released & (INT64_C(1) << hold)) != 0;
}

const char *op_hold_name(enum op_hold hold)
{
	return (unsigned)hold < OP_HOLDS ? holds[hold] : "?";
}

int op_hold_from_name(const char *name)
{
	for (int i = 0; i < OP_HOLDS; i++)
		if (strcmp(holds[i], name) == 0)
			return i;
	return -1;
}

const char *op_state_name(enum op_state state)
{
	return (unsigned)state < OP_STATES ? states[state].name : "?";
}

int op_state_from_name(const char *name)
{
	for (int i = 0; i < OP_STATES; i++)
		if (strcmp(states[i].name, name) == 0)
			return i;
	return -1;
}

bool op_may_move(enum op_state from, enum op_state to)
{
	return (unsigned)from < OP_STATES && (unsigned)to < OP_STATES && (states[from].next & (1U << to)) != 0;
}

bool op_is_settled(enum op_state state)
{
	return state == OP_HELD || state == OP_DONE || state == OP_FAILED || state == OP_CANCELLED;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static bool is_same_wish(const struct op *a, const struct op *b)
{
	return a->kind == b->kind && a->amount_minor == b->amount_minor && is_same_text(a->worker_id, b->worker_id) &&
	       is_same_text(a->hit_id, b->hit_id);
}

bool op_may_be_replanned(const struct op *known, const struct op *wanted)
{
	bool waits = known->hold == HOLD_LIMIT || known->hold == HOLD_UNDO || known->hold == HOLD_PERSON;

	if (known->doubtful || (known->state != OP_FAILED && known->state != OP_HELD))
		return false;
	return !waits || !is_same_wish(known, wanted);
}

bool op_may_be_replanned_by_policy(const struct op *known, const struct op *wanted)
{
	return known->state == OP_HELD && known->hold == HOLD_FACTS && !known->doubtful && is_same_wish(known, wanted);
}

/* Texts with their terminating NULs, which keep the parts apart. NULL ends the list. */
static const char *digest_texts(const char *const *texts, char out[DIGEST_BASE32_MAX])
{
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];

	if (!stream)
		return NULL;
	for (; *texts; texts++)
		digest_stream_update(stream, *texts, strlen(*texts) + 1);
	digest_stream_finish(stream, digest);
	return digest_base32(digest, out);
}

const char *op_message(const char *subject, const char *text, char out[DIGEST_BASE32_MAX])
{
	return digest_texts((const char *const[]){ subject, text, NULL }, out);
}

static int notify_key(const struct op *op, char **key)
{
	char digest[DIGEST_BASE32_MAX], refused[32];

	(void)snprintf(refused, sizeof(refused), "%" PRId64, op->integer_value);
	if (!op->subject || !op->text || !op->workers ||
	    !digest_texts((const char *const[]){ op->subject, op->text, op->workers, refused, NULL }, digest))
		return -1;
	return asprintf(key, "notify/%s", digest);
}

char *op_key(const struct op *op)
{
	char *key = NULL;
	int n;

	if (op->kind == OP_BONUS)
		n = asprintf(&key, "bonus/%s/%s/%s", op->assignment_id, op->worker_id, op->purpose);
	else if (op->kind == OP_QUALIFY)
		n = asprintf(&key, "qualify/%s/%s/%" PRId64, op->qualification_type_id, op->worker_id,
			     op->integer_value);
	else if (op->kind == OP_NOTIFY)
		n = notify_key(op, &key);
	else
		n = asprintf(&key, "decision/%s", op->assignment_id);
	return n < 0 ? NULL : key;
}

const char *op_token(const char *scope, const char *key, char out[DIGEST_BASE32_MAX])
{
	return digest_texts((const char *const[]){ "ngmt 1", scope, key, NULL }, out);
}
