/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tokens.h"

static int set_up(void **state)
{
	*state = tokens_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	tokens_free(*state);
	return 0;
}

static void known_for_a_day(void **state)
{
	assert_null(tokens_find(*state, "SendBonus", "t", 1000));
	assert_int_equal(tokens_remember(*state, "SendBonus", "t", "3A", 1000), 0);
	assert_string_equal(tokens_find(*state, "SendBonus", "t", 1000), "3A");
	assert_string_equal(tokens_find(*state, "SendBonus", "t", 1000 + TOKENS_WINDOW_MS - 1), "3A");
	assert_null(tokens_find(*state, "SendBonus", "t", 1000 + TOKENS_WINDOW_MS));
}

static void operations_do_not_share(void **state)
{
	assert_int_equal(tokens_remember(*state, "SendBonus", "t", "", 0), 0);
	assert_null(tokens_find(*state, "CreateHIT", "t", 0));
	assert_non_null(tokens_find(*state, "SendBonus", "t", 0));
}

static void again_starts_anew(void **state)
{
	assert_int_equal(tokens_remember(*state, "SendBonus", "t", "1", 0), 0);
	assert_int_equal(tokens_remember(*state, "SendBonus", "t", "2", TOKENS_WINDOW_MS / 2), 0);
	assert_string_equal(tokens_find(*state, "SendBonus", "t", TOKENS_WINDOW_MS + 1), "2");
}

static void old_ones_do_not_pile_up(void **state)
{
	char token[16];
	struct json_object *json;

	for (int i = 0; i < 2000; i++) {
		(void)snprintf(token, sizeof(token), "t%d", i);
		assert_int_equal(tokens_remember(*state, "SendBonus", token, "", i), 0);
	}
	assert_null(tokens_find(*state, "SendBonus", "none", TOKENS_WINDOW_MS + 1989));
	json = tokens_json(*state);
	assert_int_equal(json_object_array_length(json), 10);
	json_object_put(json);
}

static void survives_saving(void **state)
{
	struct tokens *other = tokens_new();
	struct json_object *json;

	assert_int_equal(tokens_remember(*state, "CreateHIT", "a token with blanks: ü", "3HIT", 77), 0);
	json = tokens_json(*state);
	assert_int_equal(tokens_load(other, json), 0);
	assert_string_equal(tokens_find(other, "CreateHIT", "a token with blanks: ü", 78), "3HIT");
	json_object_put(json);
	tokens_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(known_for_a_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(operations_do_not_share, set_up, tear_down),
		cmocka_unit_test_setup_teardown(again_starts_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(old_ones_do_not_pile_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_saving, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
