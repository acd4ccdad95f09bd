/* SPDX-License-Identifier: MIT */
#include "mturk.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

#define FEE_PERCENT 20
#define FEE_PERCENT_LARGE_HIT 40
#define LARGE_HIT_ASSIGNMENTS 10

int64_t mturk_fee(enum op_kind kind, int64_t amount_minor, int64_t max_assignments)
{
	bool is_reward = kind == OP_APPROVE || kind == OP_CREATE_HIT || kind == OP_EXTEND_HIT;
	int64_t percent =
		is_reward && max_assignments >= LARGE_HIT_ASSIGNMENTS ? FEE_PERCENT_LARGE_HIT : FEE_PERCENT;
	int64_t fee;

	if ((!is_reward && kind != OP_BONUS) || amount_minor <= 0)
		return 0;
	fee = (amount_minor * percent + 50) / 100;
	return fee > 1 ? fee : 1;
}

/* Approvals, rejections and grants can be repeated without harm; a bonus and a HIT only while their token is
 * remembered. A notification has no token, and no list tells who got it; nor does any tell which request made a HIT. */
static enum doubt doubt_of(const struct op *op, int64_t age_s)
{
	if (op->kind == OP_NOTIFY)
		return DOUBT_PERSON;
	if (op_may_be_repeated(op->kind) || (age_s >= 0 && age_s < MTURK_TOKEN_LIFE_S))
		return DOUBT_RESEND;
	return op->kind == OP_BONUS ? DOUBT_READ_BACK : DOUBT_PERSON;
}

static bool now_s(const struct platform *platform, int64_t *out)
{
	const struct mturk *mturk = (const struct mturk *)platform;

	*out = mturk->date_s ? mturk->date_s + (clock_mono_ms() - mturk->date_mono_ms) / 1000
			     : clock_wall_ms() / 1000;
	return mturk->date_s != 0;
}

static int reload(struct platform *platform, char source[160], struct err *err)
{
	struct mturk *mturk = (struct mturk *)platform;
	struct credentials fresh = { 0 };

	if (credentials_load(&fresh, mturk->config, err) < 0)
		return -1;
	credentials_finish(&mturk->credentials);
	sigv4_key_forget(&mturk->key);
	mturk->credentials = fresh;
	(void)snprintf(source, sizeof(fresh.source), "%s", fresh.source);
	return 0;
}

static void free_mturk(struct platform *platform)
{
	struct mturk *mturk = (struct mturk *)platform;

	credentials_finish(&mturk->credentials);
	endpoint_finish(&mturk->endpoint);
	sigv4_key_forget(&mturk->key);
	free(mturk);
}

static const struct platform_class mturk_class = {
	.name = "mturk",
	.title = "MTurk",
	.currency = "USD",
	.capabilities = PLATFORM_LISTS_ASSIGNMENTS | PLATFORM_LISTS_BONUSES | PLATFORM_QUALIFIES | PLATFORM_NOTIFIES |
			PLATFORM_MAKES_HITS | PLATFORM_MAKES_TYPES | PLATFORM_BLOCKS,
	.message = { .workers_max = 100, .subject_max = 200, .text_max = 4096 },
	.money_in_flight_max = 0,
	.small_hit_max = LARGE_HIT_ASSIGNMENTS - 1,
	.write = mturk_write,
	.judge = mturk_judge,
	.each_refusal = mturk_each_refusal,
	.doubt = doubt_of,
	.write_read_back = mturk_write_read_back,
	.judge_read_back = mturk_judge_read_back,
	.write_read = mturk_write_read,
	.judge_read = mturk_judge_read,
	.token_life_s = MTURK_TOKEN_LIFE_S,
	.now_s = now_s,
	.fee_minor = mturk_fee,
	.reload = reload,
	.free = free_mturk,
};

struct platform *mturk_new(const struct config *config, struct err *err)
{
	struct mturk *mturk = calloc(1, sizeof(*mturk));

	if (!mturk) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	mturk->platform.class = &mturk_class;
	mturk->config = config;
	if (endpoint_resolve(&mturk->endpoint, config, err) == 0)
		return &mturk->platform;
	free(mturk);
	return NULL;
}

const struct endpoint *mturk_endpoint(const struct platform *platform)
{
	return &((const struct mturk *)platform)->endpoint;
}
