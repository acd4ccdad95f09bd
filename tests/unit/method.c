/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "method.h"

/* Who may do what, once more: whatever changes something must not be for those who may only look. */
static const struct {
	const char *name;
	enum access access;
} known[] = {
	{ "hello", ACCESS_NONE },     { "status", ACCESS_LOOK },      { "connect", ACCESS_LOOK },
	{ "load", ACCESS_CHANGE },    { "show", ACCESS_LOOK },        { "get", ACCESS_LOOK },
	{ "plan", ACCESS_LOOK },      { "apply", ACCESS_CHANGE },     { "batch", ACCESS_LOOK },
	{ "subscribe", ACCESS_LOOK }, { "plan_notify", ACCESS_LOOK }, { "apply_notify", ACCESS_CHANGE },
	{ "queue", ACCESS_LOOK },     { "release", ACCESS_CHANGE },   { "cancel", ACCESS_CHANGE },
	{ "resolve", ACCESS_CHANGE }, { "reconcile", ACCESS_LOOK },   { "worker", ACCESS_LOOK },
	{ "unclaimed", ACCESS_LOOK }, { "rooms", ACCESS_LOOK },       { "room", ACCESS_LOOK },
	{ "plan_adopt", ACCESS_LOOK },
	{ "plan_errand", ACCESS_LOOK }, { "apply_errand", ACCESS_CHANGE },
	{ "select", ACCESS_CHANGE },  { "complete", ACCESS_LOOK },    { "pause", ACCESS_CHANGE },
	{ "resume", ACCESS_CHANGE },  { "events", ACCESS_LOOK },      { "hold", ACCESS_CHANGE },
	{ "retry", ACCESS_CHANGE },
	{ "rooms_adopt", ACCESS_CHANGE }, { "rooms_ignore", ACCESS_CHANGE }, { "rooms_rescan", ACCESS_CHANGE },
};

static void test_access(void **state)
{
	static const char *const table[] = {
#define METHOD(name, access, function) name,
#include "methods.def"
#undef METHOD
	};

	(void)state;
	/* A new method must be added here, with a thought. */
	assert_int_equal(sizeof(table) / sizeof(table[0]), sizeof(known) / sizeof(known[0]));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct method *method = method_find(known[i].name);

		assert_non_null(method);
		assert_string_equal(method->name, known[i].name);
		assert_int_equal(method->access, known[i].access);
		assert_true(method->run != NULL);
	}
}

static void test_unknown(void **state)
{
	static const char *const names[] = { "", "Hello", "hell", "hello ", "applyy", "subscribe\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(method_find(names[i]));
}

static void test_suggested(void **state)
{
	static const struct {
		const char *name, *suggestion;
	} cases[] = { { "statsu", "status" },
		      { "aply", "apply" },
		      { "subscribes", "subscribe" },
		      { "payeverybody", NULL },
		      { "", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *suggestion = method_suggest(cases[i].name);

		if (!suggestion || !cases[i].suggestion)
			assert_true(!suggestion && !cases[i].suggestion);
		else
			assert_string_equal(suggestion, cases[i].suggestion);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
