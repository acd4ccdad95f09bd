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

int lane_from_name(const char *name)
{
	for (int i = 0; i < LANES; i++)
		if (strcmp(lanes[i], name) == 0)
			return i;
	return -1;
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

static int decision_key(const struct op *op, char **key)
{
	return asprintf(key, "decision/%s", op->assignment_id);
}

static int bonus_key(const struct op *op, char **key)
{
	return asprintf(key, "bonus/%s/%s/%s", op->assignment_id, op->worker_id, op->purpose);
}

static int qualify_key(const struct op *op, char **key)
{
	return asprintf(key, "qualify/%s/%s/%" PRId64 "%s%s", op->qualification_type_id, op->worker_id,
			op->integer_value, op->purpose ? "/" : "", op->purpose ? op->purpose : "");
}

/* The round comes last and has no slash, the digest is of one length: whatever the purpose is, keys cannot collide. */
static int create_hit_key(const struct op *op, char **key)
{
	char digest[DIGEST_BASE32_MAX];
	char *which;
	int n;

	if (!op->text || !digest_texts((const char *const[]){ op->text, NULL }, digest))
		return -1;
	which = strdup(op->subject ? op->subject : "1/1");
	if (!which)
		return -1;
	for (char *slash = strchr(which, '/'); slash; slash = strchr(slash, '/'))
		*slash = '-';
	n = asprintf(key, "create-hit/%s/%s%s%s", digest, op->purpose ? op->purpose : "", op->purpose ? "/" : "",
		     which);
	free(which);
	return n;
}

/* What changes a HIT: from what to what. */
static int change_hit_key(const struct op *op, char **key)
{
	/* More assignments cost money: there, nothing but the numbers makes it another wish. */
	const char *occasion = op->kind == OP_EXPIRE_HIT ? op->purpose : NULL;

	return op->hit_id ? asprintf(key, "%s/%s/%s/%" PRId64 "%s%s", op_kind_name(op->kind), op->hit_id,
				     op->subject ? op->subject : "-", op->integer_value, occasion ? "/" : "",
				     occasion ? occasion : "")
			  : -1;
}

static int delete_hit_key(const struct op *op, char **key)
{
	return op->hit_id ? asprintf(key, "delete-hit/%s", op->hit_id) : -1;
}

static int create_type_key(const struct op *op, char **key)
{
	return op->subject ? asprintf(key, "create-qualification/%s", op->subject) : -1;
}

static int worker_key(const struct op *op, char **key)
{
	bool names_type = op->kind == OP_REVOKE;

	if (!op->worker_id || (names_type && !op->qualification_type_id))
		return -1;
	return asprintf(key, "%s/%s%s%s/%s", op_kind_name(op->kind), names_type ? op->qualification_type_id : "",
			names_type ? "/" : "", op->worker_id, op->purpose ? op->purpose : "0");
}

char *op_key(const struct op *op)
{
	static int (*const makers[OP_KINDS])(const struct op *op, char **key) = {
		[OP_APPROVE] = decision_key,        [OP_REJECT] = decision_key,
		[OP_BONUS] = bonus_key,             [OP_QUALIFY] = qualify_key,
		[OP_NOTIFY] = notify_key,           [OP_CREATE_HIT] = create_hit_key,
		[OP_EXTEND_HIT] = change_hit_key,   [OP_EXPIRE_HIT] = change_hit_key,
		[OP_DELETE_HIT] = delete_hit_key,   [OP_CREATE_TYPE] = create_type_key,
		[OP_REVOKE] = worker_key,           [OP_BLOCK] = worker_key,
		[OP_UNBLOCK] = worker_key,
	};
	char *key = NULL;

	return makers[op->kind](op, &key) < 0 ? NULL : key;
}

const char *op_token(const char *scope, const char *key, char out[DIGEST_BASE32_MAX])
{
	return digest_texts((const char *const[]){ "ngmt 1", scope, key, NULL }, out);
}
