/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schedule.h"

static void add(struct schedule *schedule, int64_t at_ms, int64_t id, bool look)
{
	struct err err;

	assert_int_equal(schedule_add(schedule, (struct due){ .at_ms = at_ms, .id = id, .look = look }, &err), 0);
}

static void test_empty(void **state)
{
	struct schedule schedule = { 0 };
	struct due due;

	(void)state;
	assert_false(schedule_take(&schedule, INT64_MAX, &due));
	assert_int_equal(schedule_delay_ms(&schedule, 0), -1);
	schedule_finish(&schedule);
	schedule_finish(&schedule);
}

static void test_due_and_not(void **state)
{
	struct schedule schedule = { 0 };
	struct due due;

	(void)state;
	add(&schedule, 100, 7, true);
	assert_int_equal(schedule_delay_ms(&schedule, 40), 60);
	assert_false(schedule_take(&schedule, 99, &due));
	assert_int_equal(schedule_delay_ms(&schedule, 100), 0);
	assert_int_equal(schedule_delay_ms(&schedule, 500), 0);
	assert_true(schedule_take(&schedule, 100, &due));
	assert_int_equal(due.id, 7);
	assert_int_equal(due.at_ms, 100);
	assert_true(due.look);
	assert_int_equal(schedule_delay_ms(&schedule, 0), -1);
	schedule_finish(&schedule);
}

static void test_ties_by_number(void **state)
{
	struct schedule schedule = { 0 };
	struct due due;

	(void)state;
	for (int64_t id = 300; id > 0; id--)
		add(&schedule, 5, id, false);
	for (int64_t id = 1; id <= 300; id++) {
		assert_true(schedule_take(&schedule, 5, &due));
		assert_int_equal(due.id, id);
		assert_false(due.look);
	}
	assert_false(schedule_take(&schedule, 5, &due));
	schedule_finish(&schedule);
}

/* Nothing is lost and nothing comes out of turn, whatever the order of adding and taking. */
static void test_at_random(void **state)
{
	enum { IDS = 5000 };
	static bool is_in[IDS];
	struct schedule schedule = { 0 };
	uint64_t dice = 42;
	int64_t next = 0, taken = 0;

	(void)state;
	while (taken < IDS) {
		struct due due, last = { .at_ms = -1, .id = -1 };

		for (int i = 0; i < 50 && next < IDS; i++) {
			dice = dice * 6364136223846793005U + 1442695040888963407U;
			is_in[next] = true;
			add(&schedule, (int64_t)(dice >> 33) % 1000, next++, false);
		}
		for (int i = 0; i < 30 + (next == IDS) * IDS && schedule_take(&schedule, 1000, &due); i++) {
			assert_true(due.at_ms > last.at_ms || (due.at_ms == last.at_ms && due.id > last.id));
			assert_true(is_in[due.id]);
			is_in[due.id] = false;
			last = due;
			taken++;
		}
	}
	assert_int_equal(schedule.count, 0);
	schedule_finish(&schedule);
}

/* What is due later is due now; order and the rest stay as they were. */
static void test_hurry(void **state)
{
	static const int64_t ids[] = { 3, 50, 77, 200, 999 };
	static const int64_t order[] = { 1, 3, 50, 77, 200, 2 };
	struct schedule schedule = { 0 };
	struct due due;

	(void)state;
	for (int64_t id = 1; id <= 300; id++)
		add(&schedule, id == 1 ? 5 : 1000 + id, id, id == 50);
	schedule_hurry(&schedule, ids, sizeof(ids) / sizeof(ids[0]), 10);
	schedule_hurry(&schedule, ids, 0, 10);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_true(schedule_take(&schedule, INT64_MAX, &due));
		assert_int_equal(due.id, order[i]);
		assert_int_equal(due.at_ms, i == 0 ? 5 : i < 5 ? 10 : 1002);
		assert_int_equal(due.look, due.id == 50);
	}
	/* What is due already keeps its place. */
	schedule_hurry(&schedule, (const int64_t[]){ 4 }, 1, 5000);
	assert_true(schedule_take(&schedule, INT64_MAX, &due));
	assert_int_equal(due.at_ms, 1004);
	for (int64_t at_ms = 0; schedule_take(&schedule, INT64_MAX, &due); at_ms = due.at_ms)
		assert_true(due.at_ms > at_ms);
	schedule_finish(&schedule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_due_and_not),
		cmocka_unit_test(test_ties_by_number),
		cmocka_unit_test(test_at_random),
		cmocka_unit_test(test_hurry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
