/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": which of several names is the nearest, and when none is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "suggest.h"

static const char *best(const char *word, const char *const *names)
{
	struct suggest suggest;

	suggest_init(&suggest, word);
	for (; *names; names++)
		suggest_offer(&suggest, *names);
	return suggest.best;
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "status", "summary", "bonus", "approve", "reject", "load", "show", "get",
					     "qualification_type_id", NULL };
	static const struct {
		const char *word;
		const char *best;
	} cases[] = {
		{ "status", "status" },
		{ "STATUS", "status" },
		{ "staus", "status" },	    /* one missing */
		{ "statuss", "status" },    /* one too many */
		{ "stetus", "status" },	    /* one other */
		{ "sttaus", "status" },	    /* two swapped: one step */
		{ "bonsu", "bonus" },
		{ "aprove", "approve" },
		{ "apporve", "approve" },
		{ "rejct", "reject" },
		{ "laod", "load" },
		{ "sho", "show" },
		{ "gt", "get" },
		{ "qualificaton_typ_i", "qualification_type_id" }, /* three */
		{ "qualificaton_typ_", NULL },			   /* four */
		{ "elephant", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "gxx", NULL }, /* two of three letters */
		{ "bxnxs", NULL },
		{ "bonxxs", "bonus" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found = best(cases[i].word, names);

		if (!found != !cases[i].best || (found && strcmp(found, cases[i].best) != 0))
			fail_msg("\"%s\": %s", cases[i].word, found ? found : "none");
	}
}

static void test_first_of_equals_wins(void **state)
{
	static const char *const names[] = { "cat", "car", "cap", NULL };
	static const char *const better[] = { "cat", "cab", NULL };

	(void)state;
	assert_string_equal(best("cas", names), "cat");
	assert_string_equal(best("cab", better), "cab");
}

static void test_long_names_are_never_near(void **state)
{
	char word[64 + 1], name[64 + 1];
	const char *names[] = { name, NULL };

	(void)state;
	memset(word, 'a', sizeof(word));
	memset(name, 'a', sizeof(name));
	word[63] = name[63] = '\0';
	assert_ptr_equal(best(word, names), name);
	name[63] = 'a';
	name[64] = '\0';
	assert_null(best(word, names));
	word[63] = 'a';
	word[64] = '\0';
	assert_null(best(word, names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_first_of_equals_wins),
		cmocka_unit_test(test_long_names_are_never_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
