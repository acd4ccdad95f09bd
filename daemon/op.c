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
			   &op->qualification_type_id, &op->why };

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

bool op_may_be_replanned(const struct op *op)
{
	return (op->state == OP_FAILED || op->state == OP_HELD) && !op->doubtful;
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
	else
		n = asprintf(&key, "decision/%s", op->assignment_id);
	return n < 0 ? NULL : key;
}

const char *op_token(const char *scope, const char *key, char out[DIGEST_BASE32_MAX])
{
	static const char version[] = "ngmt 1";
	struct digest_stream *stream = digest_stream_new();
	uint8_t digest[DIGEST_BYTES];

	if (!stream)
		return NULL;
	/* The terminating NULs are hashed too: they keep the parts apart. */
	digest_stream_update(stream, version, sizeof(version));
	digest_stream_update(stream, scope, strlen(scope) + 1);
	digest_stream_update(stream, key, strlen(key) + 1);
	digest_stream_finish(stream, digest);
	return digest_base32(digest, out);
}
