/* SPDX-License-Identifier: MIT
 *
 * Deadlines, soonest first, whatever was put, moved and taken off in between: compared with a plain list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agenda.h"

#define ITEMS 300

static void test_soonest_first(void **state)
{
	static const int64_t deadlines[] = { 50, 10, 40, 10, -5, 30 };
	static const int64_t sorted[] = { -5, 10, 10, 30, 40, 50 };
	struct agenda_item items[6] = { 0 };
	struct agenda agenda = { 0 };

	(void)state;
	assert_null(agenda_first(&agenda));
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(agenda_put(&agenda, &items[i], deadlines[i]), 0);
	for (size_t i = 0; i < 6; i++) {
		struct agenda_item *first = agenda_first(&agenda);

		assert_int_equal(first->due_ms, sorted[i]);
		agenda_take(&agenda, first);
		agenda_take(&agenda, first);
	}
	assert_null(agenda_first(&agenda));
	agenda_finish(&agenda);
}

static void test_moving(void **state)
{
	struct agenda_item early = { 0 }, late = { 0 };
	struct agenda agenda = { 0 };

	(void)state;
	assert_int_equal(agenda_put(&agenda, &early, 1), 0);
	assert_int_equal(agenda_put(&agenda, &late, 2), 0);
	assert_int_equal(agenda_put(&agenda, &early, 3), 0);
	assert_ptr_equal(agenda_first(&agenda), &late);
	assert_int_equal(agenda_put(&agenda, &early, 0), 0);
	assert_ptr_equal(agenda_first(&agenda), &early);
	assert_int_equal(agenda.count, 2);
	agenda_finish(&agenda);
}

static int64_t least(const struct agenda_item *items)
{
	int64_t found = INT64_MAX;

	for (size_t i = 0; i < ITEMS; i++)
		if (items[i].place > 0 && items[i].due_ms < found)
			found = items[i].due_ms;
	return found;
}

static void test_against_a_list(void **state)
{
	struct agenda_item items[ITEMS] = { 0 };
	struct agenda agenda = { 0 };
	uint32_t random = 12345;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct agenda_item *item;

		random = random * 1664525U + 1013904223U;
		item = &items[(random >> 8) % ITEMS];
		if (random >> 31)
			agenda_take(&agenda, item);
		else
			assert_int_equal(agenda_put(&agenda, item, (int64_t)((random >> 4) % 1000)), 0);
		if (agenda_first(&agenda))
			assert_int_equal(agenda_first(&agenda)->due_ms, least(items));
		else
			assert_int_equal(least(items), INT64_MAX);
	}
	agenda_finish(&agenda);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soonest_first),
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_against_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
