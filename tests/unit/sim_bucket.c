/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bucket.h"

static unsigned take_many(struct bucket *bucket, unsigned tries, int64_t now_ms)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < tries; i++)
		taken += bucket_take(bucket, now_ms);
	return taken;
}

static void zero_is_no_limit(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_set(&bucket, 0, 1, 1000);
	assert_int_equal(take_many(&bucket, 5000, 1000), 5000);
}

static void starts_full_and_refills(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_set(&bucket, 10, 5, 1000);
	assert_int_equal(take_many(&bucket, 20, 1000), 5);
	assert_int_equal(take_many(&bucket, 20, 1099), 0);
	assert_int_equal(take_many(&bucket, 20, 1100), 1);
	assert_int_equal(take_many(&bucket, 20, 1600), 5);
	assert_int_equal(take_many(&bucket, 20, 99000), 5);
}

static void holds_the_rate_over_time(void **state)
{
	struct bucket bucket;
	unsigned taken = 0;

	(void)state;
	bucket_set(&bucket, 7, 1, 0);
	for (int64_t now_ms = 0; now_ms <= 10000; now_ms += 3)
		taken += bucket_take(&bucket, now_ms);
	assert_in_range(taken, 69, 71);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_is_no_limit),
		cmocka_unit_test(starts_full_and_refills),
		cmocka_unit_test(holds_the_rate_over_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
