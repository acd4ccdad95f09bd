/* SPDX-License-Identifier: MIT
 *
 * The throttle against servers on a virtual clock: how much of a limit it uses, and how often it is refused. A refused
 * request costs the server nothing; there is always more work; as many requests as allowed are under way at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "throttle.h"

#define AT_ONCE_MAX 16
#define MINUTE_MS 60000
#define SECONDS_MAX 400

enum kind { BUCKET, WINDOW };

/* A token bucket of `rate` a second that holds `burst`, or a counter that starts again every second. */
struct server {
	enum kind kind;
	double rate, burst;
	double tokens, filled_ms;
	int64_t window_s;
	double taken;
};

static bool admit(struct server *server, double now_ms)
{
	if (server->kind == BUCKET) {
		server->tokens += (now_ms - server->filled_ms) * server->rate / 1000.0;
		server->tokens = fmin(server->burst, server->tokens);
		server->filled_ms = now_ms;
		if (server->tokens < 1.0 - 1e-9)
			return false;
		server->tokens -= 1.0;
		return true;
	}
	if ((int64_t)(now_ms / 1000.0) != server->window_s) {
		server->window_s = (int64_t)(now_ms / 1000.0);
		server->taken = 0;
	}
	if (server->taken >= server->rate)
		return false;
	server->taken += 1;
	return true;
}

struct sent {
	uint64_t ticket;
	double arrives_ms;
	int64_t answered_ms;
	bool arrived, refused;
};

struct world {
	struct throttle *throttle;
	struct server server;
	unsigned at_once;
	int64_t latency_ms;
	int64_t now_ms;
	struct sent sent[AT_ONCE_MAX];
	unsigned under_way;
	unsigned accepted[SECONDS_MAX], refused[SECONDS_MAX];
};

static void world_start(struct world *world, enum kind kind, double rate, double burst, int64_t latency_ms,
			unsigned at_once)
{
	memset(world, 0, sizeof(*world));
	world->throttle = throttle_new(0);
	assert_non_null(world->throttle);
	world->server = (struct server){ .kind = kind, .rate = rate, .burst = burst, .tokens = burst, .window_s = -1 };
	world->at_once = at_once;
	world->latency_ms = latency_ms;
}

static void arrive(struct world *world, struct sent *sent)
{
	size_t second = (size_t)(world->now_ms / 1000);

	sent->arrived = true;
	sent->refused = !admit(&world->server, sent->arrives_ms);
	if (sent->refused)
		world->refused[second]++;
	else
		world->accepted[second]++;
}

static void step(struct world *world)
{
	for (unsigned i = 0; i < world->under_way; i++)
		if (!world->sent[i].arrived && world->sent[i].arrives_ms <= (double)world->now_ms)
			arrive(world, &world->sent[i]);
	for (unsigned i = 0; i < world->under_way;) {
		struct sent *sent = &world->sent[i];

		if (sent->answered_ms > world->now_ms) {
			i++;
			continue;
		}
		throttle_answered(world->throttle, sent->ticket, sent->refused, world->now_ms);
		*sent = world->sent[--world->under_way];
	}
	while (world->under_way < world->at_once && throttle_delay_ms(world->throttle, world->now_ms) == 0)
		world->sent[world->under_way++] = (struct sent){
			.ticket = throttle_sent(world->throttle, world->now_ms),
			.arrives_ms = (double)world->now_ms + (double)world->latency_ms / 2.0,
			.answered_ms = world->now_ms + world->latency_ms,
		};
}

static void run_until(struct world *world, int64_t end_ms)
{
	for (; world->now_ms < end_ms; world->now_ms++)
		step(world);
}

static unsigned sum(const unsigned *counts, int from_s, int to_s)
{
	unsigned total = 0;

	for (int i = from_s; i < to_s; i++)
		total += counts[i];
	return total;
}

static const double rates[] = { 1, 2, 5, 10, 50, 100 };
static const int64_t latencies[] = { 1, 50, 150 };
static const unsigned crowds[] = { 4, 16 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* 200 seconds, of which the first ten do not count. At one request a second a single refusal more or less is half a
 * percent, and a second's window there is as long as the pace itself: one more is allowed. */
static void check_use(enum kind kind, double rate, double burst, int64_t latency_ms, unsigned at_once)
{
	struct world world;
	double accepted, refused, allowed = kind == WINDOW && rate < 2 ? 0.031 : 0.025;

	if (at_once * 1000.0 / (double)latency_ms < 1.05 * rate)
		return; /* too few at once to reach the limit */
	world_start(&world, kind, rate, burst, latency_ms, at_once);
	run_until(&world, 200000);
	throttle_free(world.throttle);
	accepted = sum(world.accepted, 10, 200);
	refused = sum(world.refused, 10, 200);
	print_message("%s rate %g burst %g latency %d at once %u: used %.4f refused %.4f, %u refused before\n",
		      kind == BUCKET ? "bucket" : "window", rate, burst, (int)latency_ms, at_once,
		      accepted / 190 / rate, refused / (accepted + refused), sum(world.refused, 0, 10));
	if (accepted < 0.96 * 190 * rate || refused > allowed * (accepted + refused))
		fail_msg("too little used or too many refused");
}

static void check_all_uses(enum kind kind, bool bursts)
{
	for (size_t i = 0; i < COUNT(rates); i++)
		for (size_t j = 0; j < COUNT(latencies); j++)
			for (size_t k = 0; k < COUNT(crowds); k++)
				check_use(kind, rates[i], bursts ? rates[i] : 1, latencies[j], crowds[k]);
}

static void test_uses_a_strict_bucket(void **state)
{
	(void)state;
	check_all_uses(BUCKET, false);
}

static void test_uses_a_bucket_with_bursts(void **state)
{
	(void)state;
	check_all_uses(BUCKET, true);
}

static void test_uses_a_fixed_window(void **state)
{
	(void)state;
	check_all_uses(WINDOW, false);
}

/* First second from which five seconds together are within the share of the rate; -1: never. */
static int seconds_until(const struct world *world, int from_s, double low, double high)
{
	for (int s = from_s; s + 5 <= SECONDS_MAX; s++) {
		double rate = sum(world->accepted, s, s + 5) / 5.0;

		if (rate >= low && rate <= high)
			return s - from_s;
	}
	return -1;
}

/* Twice the rate is found within as long as 150 requests took before (20 seconds at least). */
static void test_finds_a_doubled_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++) {
		struct world world;
		int took_s;

		world_start(&world, BUCKET, rates[i], 1, 50, 16);
		run_until(&world, 100000);
		world.server.rate = 2 * rates[i];
		run_until(&world, 400000);
		throttle_free(world.throttle);
		took_s = seconds_until(&world, 100, 1.8 * rates[i], INFINITY);
		print_message("from %g to %g: %d s\n", rates[i], 2 * rates[i], took_s);
		assert_in_range(took_s, 0, (int)fmax(20, 150 / rates[i]));
	}
}

/* Half the rate: after three seconds and two dozen requests (at the new rate) refusals are rare again. */
static void test_finds_a_halved_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++) {
		struct world world;
		double half = rates[i] / 2, accepted, refused;
		int settled_s = 103 + (int)(24 / half);

		world_start(&world, BUCKET, rates[i], 1, 50, 16);
		run_until(&world, 100000);
		world.server.rate = half;
		run_until(&world, 400000);
		throttle_free(world.throttle);
		accepted = sum(world.accepted, settled_s, 400);
		refused = sum(world.refused, settled_s, 400);
		print_message("from %g to %g: %u refused while settling, then used %.3f, refused %.4f\n", rates[i],
			      half, sum(world.refused, 100, settled_s), accepted / (400 - settled_s) / half,
			      refused / (accepted + refused));
		assert_true(accepted >= 0.93 * half * (400 - settled_s));
		assert_true(refused <= 0.03 * (accepted + refused));
	}
}

/* From thousands to one: what the flood costs is bounded by the requests under way and a few rounds. */
static void test_survives_a_collapse(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, BUCKET, 9000, 9000, 2, 16);
	run_until(&world, MINUTE_MS);
	assert_int_equal(sum(world.refused, 0, 60), 0);
	world.server = (struct server){ .kind = BUCKET, .rate = 2, .burst = 2, .filled_ms = (double)world.now_ms };
	run_until(&world, (int64_t)4 * MINUTE_MS);
	throttle_free(world.throttle);
	print_message("%u refused in the first 20 s, then %u; %u accepted\n", sum(world.refused, 60, 80),
		      sum(world.refused, 80, 240), sum(world.accepted, 80, 240));
	assert_in_range(sum(world.refused, 60, 80), 1, 150);
	assert_in_range(sum(world.refused, 80, 240), 0, 12);
	assert_true(sum(world.accepted, 80, 240) >= 300);
}

static void test_unlimited_until_refused(void **state)
{
	struct throttle *throttle = throttle_new(0);
	uint64_t before = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t ticket;

		assert_int_equal(throttle_delay_ms(throttle, 5), 0);
		ticket = throttle_sent(throttle, 5);
		assert_true(ticket > before);
		throttle_answered(throttle, ticket, false, 5);
		before = ticket;
	}
	assert_true(throttle_rate(throttle, 5) == 0.0);
	throttle_free(throttle);
}

static void test_ceiling_is_never_broken(void **state)
{
	struct throttle *throttle = throttle_new(100);
	int64_t last_ms = INT64_MIN, now_ms = 1000;
	unsigned sent = 0;

	(void)state;
	assert_true(fabs(throttle_rate(throttle, now_ms) - 10.0) < 1e-9);
	for (; now_ms < 61000; now_ms++) {
		uint64_t ticket;

		if (throttle_delay_ms(throttle, now_ms) > 0)
			continue;
		assert_true(last_ms == INT64_MIN || now_ms - last_ms >= 100);
		last_ms = now_ms;
		ticket = throttle_sent(throttle, now_ms);
		throttle_answered(throttle, ticket, sent++ % 50 == 49, now_ms);
	}
	assert_in_range(sent, 500, 600);
	throttle_set_interval(throttle, 5000);
	assert_int_equal(throttle_delay_ms(throttle, last_ms), 5000);
	assert_int_equal(throttle_delay_ms(throttle, last_ms + 4999), 1);
	assert_int_equal(throttle_delay_ms(throttle, last_ms + 5000), 0);
	throttle_free(throttle);
}

static void test_delay_is_when_it_may_leave(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, BUCKET, 7, 1, 20, 4);
	run_until(&world, MINUTE_MS);
	for (int i = 0; i < 1000; i++) {
		int64_t delay_ms = throttle_delay_ms(world.throttle, world.now_ms);

		assert_in_range(delay_ms, 0, 2000);
		assert_int_equal(throttle_delay_ms(world.throttle, world.now_ms), delay_ms);
		assert_int_equal(throttle_delay_ms(world.throttle, world.now_ms + delay_ms), 0);
		world.now_ms += delay_ms;
		throttle_answered(world.throttle, throttle_sent(world.throttle, world.now_ms), false, world.now_ms);
	}
	throttle_free(world.throttle);
}

/* Sixteen refused at once are one congestion, not sixteen. */
static void test_refusals_of_one_congestion_count_once(void **state)
{
	struct world world;
	uint64_t tickets[16];
	double once;

	(void)state;
	world_start(&world, BUCKET, 50, 1, 20, 4);
	run_until(&world, MINUTE_MS);
	for (size_t i = 0; i < 16; i++)
		tickets[i] = throttle_sent(world.throttle, world.now_ms);
	throttle_answered(world.throttle, tickets[3], true, world.now_ms);
	once = throttle_rate(world.throttle, world.now_ms);
	assert_in_range((unsigned)once, 40, 49);
	for (size_t i = 0; i < 16; i++)
		if (i != 3)
			throttle_answered(world.throttle, tickets[i], true, world.now_ms);
	assert_true(throttle_rate(world.throttle, world.now_ms) == once);
	throttle_free(world.throttle);
}

static void test_never_below_the_floor(void **state)
{
	struct throttle *throttle = throttle_new(0);
	int64_t now_ms = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		int64_t delay_ms = throttle_delay_ms(throttle, now_ms);

		assert_in_range(delay_ms, 0, 5002);
		now_ms += delay_ms;
		throttle_answered(throttle, throttle_sent(throttle, now_ms), i % 3 != 0, now_ms + 1);
		assert_true(i == 0 || throttle_rate(throttle, now_ms) >= 0.2);
	}
	throttle_free(throttle);
}

/* Nothing to do for an hour teaches nothing about the limit. */
static void test_idle_time_raises_nothing(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, BUCKET, 10, 1, 20, 4);
	run_until(&world, MINUTE_MS);
	assert_true(throttle_rate(world.throttle, world.now_ms + (int64_t)60 * MINUTE_MS) < 11.0);
	assert_int_equal(throttle_delay_ms(world.throttle, world.now_ms + (int64_t)60 * MINUTE_MS), 0);
	(void)throttle_sent(world.throttle, world.now_ms + (int64_t)60 * MINUTE_MS);
	/* Neither is credit saved up. */
	assert_in_range(throttle_delay_ms(world.throttle, world.now_ms + (int64_t)60 * MINUTE_MS), 85, 110);
	throttle_free(world.throttle);
}

static void test_backoff(void **state)
{
	(void)state;
	assert_int_equal(throttle_backoff_ms(1, 1000, 20000, 0.5), 500);
	assert_int_equal(throttle_backoff_ms(2, 1000, 20000, 0.5), 1000);
	assert_int_equal(throttle_backoff_ms(5, 1000, 20000, 0.5), 8000);
	assert_int_equal(throttle_backoff_ms(6, 1000, 20000, 0.5), 10000);
	assert_int_equal(throttle_backoff_ms(60, 1000, 20000, 0.5), 10000);
	assert_int_equal(throttle_backoff_ms(4000000000U, 1000, 20000, 0.999), 19980);
	assert_int_equal(throttle_backoff_ms(0, 1000, 20000, 0.25), 250);
	assert_int_equal(throttle_backoff_ms(3, 1000, 20000, 0.0), 1);
	assert_int_equal(throttle_backoff_ms(3, 0, 0, 0.9), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uses_a_strict_bucket),
		cmocka_unit_test(test_uses_a_bucket_with_bursts),
		cmocka_unit_test(test_uses_a_fixed_window),
		cmocka_unit_test(test_finds_a_doubled_limit),
		cmocka_unit_test(test_finds_a_halved_limit),
		cmocka_unit_test(test_survives_a_collapse),
		cmocka_unit_test(test_unlimited_until_refused),
		cmocka_unit_test(test_ceiling_is_never_broken),
		cmocka_unit_test(test_delay_is_when_it_may_leave),
		cmocka_unit_test(test_refusals_of_one_congestion_count_once),
		cmocka_unit_test(test_never_below_the_floor),
		cmocka_unit_test(test_idle_time_raises_nothing),
		cmocka_unit_test(test_backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
