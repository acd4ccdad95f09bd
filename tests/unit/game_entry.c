/* SPDX-License-Identifier: MIT
 *
 * One "game" of the configuration: the place, and behind it what is different for this game.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "game_entry.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "place|policy|join|hit hit", "-" for what is not said. */
static void describe(const struct game_entry *entry, char *out, size_t size)
{
	int len = snprintf(out, size, "%s|%s|%s|", entry->place, entry->has_policy ? policy_name(entry->policy) : "-",
			   entry->has_join ? join_way_name(entry->join) : "-");

	for (size_t i = 0; entry->hits && entry->hits[i]; i++)
		len += snprintf(out + len, size - (size_t)len, "%s%s", i > 0 ? " " : "", entry->hits[i]);
}

static const struct {
	const char *text;
	const char *expected;
} good[] = {
	{ "ultimatum", "ultimatum|-|-|" },
	{ "  ultimatum\t ", "ultimatum|-|-|" },
	{ "ultimatum policy=pay", "ultimatum|pay|-|" },
	{ "ultimatum policy=import", "ultimatum|import|-|" },
	{ "ultimatum   policy=approve\tjoin=none", "ultimatum|approve|none|" },
	{ "pgg join=codes-file hit=3NGMTHIT00001 hit=3NGMTHIT00002 policy=pay",
	  "pgg|pay|codes-file|3NGMTHIT00001 3NGMTHIT00002" },
	{ "pgg hit=3A hit=3B hit=3C join=worker-id", "pgg|-|worker-id|3A 3B 3C" },
	{ "/srv/my games/pgg join=exit-code", "/srv/my games/pgg|-|exit-code|" },
	{ "/srv/my games/pgg/data", "/srv/my games/pgg/data|-|-|" },
	{ "/srv/a=b", "/srv/a=b|-|-|" },
	{ "/srv/x a=b", "/srv/x a=b|-|-|" },
	{ "/srv/x year=2026 policy=pay", "/srv/x year=2026|pay|-|" },
	{ "/srv/policy=pay/x", "/srv/policy=pay/x|-|-|" },
	{ "/srv/x =pay", "/srv/x =pay|-|-|" },
	{ "policy", "policy|-|-|" },
	{ "x join=auto", "x|-|auto|" },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct game_entry entry;
		struct err err;
		char text[300];

		if (game_entry_read(&entry, good[i].text, &err) < 0)
			fail_msg("%s: %s", good[i].text, err.message);
		describe(&entry, text, sizeof(text));
		assert_string_equal(text, good[i].expected);
		game_entry_finish(&entry);
		game_entry_finish(&entry);
	}
}

#define IDS "MTurk's ids are capital letters and digits; say hit= once for each HIT"

static const struct {
	const char *text;
	const char *message;
	const char *hint;
} bad[] = {
	{ "", "there is no game in front of the options", "give its name, its folder or its data folder first" },
	{ "policy=pay", "there is no game in front of the options", "give its name" },
	{ "policy=pay ultimatum", "\"policy=\" stands in front of the game or within it", "stand behind it" },
	{ "/srv/a hit=3A b/c", "\"hit=\" stands in front of the game or within it", "stand behind it" },
	{ "x policy=aprove", "\"policy=\" cannot be \"aprove\"", "did you mean \"approve\"?" },
	{ "x policy=all", "\"policy=\" cannot be \"all\"", "it is import, approve or pay" },
	{ "x policy=", "\"policy=\" cannot be \"\"", "it is import, approve or pay" },
	{ "x policy=PAY", "\"policy=\" cannot be \"PAY\"", "did you mean \"pay\"?" },
	{ "x join=exitcode", "\"join=\" cannot be \"exitcode\"", "did you mean \"exit-code\"?" },
	{ "x join=magic", "\"join=\" cannot be \"magic\"", "it is none, auto, exit-code, codes-file or worker-id" },
	{ "x hit=", "\"hit=\" cannot be \"\"", IDS },
	{ "x hit=3a", "\"hit=\" cannot be \"3a\"", IDS },
	{ "x hit=3A,3B", "\"hit=\" cannot be \"3A,3B\"", IDS },
	{ "x hit=A2345678901234567890123456789012345678901234567890123456789012345", "\"hit=\" cannot be", IDS },
	{ "x policy=pay policy=import", "\"policy=\" is said twice about one game", "" },
	{ "x policy=pay policy=pay", "\"policy=\" is said twice about one game", "" },
	{ "x join=none join=auto", "\"join=\" is said twice about one game", "" },
	{ "x polcy=pay", "nothing is known about \"polcy=\" of a game", "did you mean \"policy=\"?" },
	{ "x hits=3A", "nothing is known about \"hits=\" of a game", "did you mean \"hit=\"?" },
	{ "x POLICY=pay", "nothing is known about \"POLICY=\" of a game", "did you mean \"policy=\"?" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct game_entry entry;
		struct err err = { .code = ERR_NONE };

		assert_int_equal(game_entry_read(&entry, bad[i].text, &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		if (!strstr(err.message, bad[i].message) || !strstr(err.hint, bad[i].hint))
			fail_msg("%s: %s (%s)", bad[i].text, err.message, err.hint);
		assert_null(entry.place);
		assert_null(entry.hits);
	}
}

static void test_too_many_hits(void **state)
{
	struct game_entry entry;
	struct err err;
	char text[7 * 1001 + 2] = "x";

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 1 + 7 * i, " hit=3A", 8);
	assert_int_equal(game_entry_read(&entry, text, &err), 0);
	game_entry_finish(&entry);
	memcpy(text + 1 + 7 * 1000, " hit=3A", 8);
	assert_int_equal(game_entry_read(&entry, text, &err), -1);
	assert_string_equal(err.message, "more than 1000 HITs for one game");
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(policy_from_name("import"), POLICY_IMPORT);
	assert_int_equal(policy_from_name("approve"), POLICY_APPROVE);
	assert_int_equal(policy_from_name("pay"), POLICY_PAY);
	assert_int_equal(policy_from_name("Pay"), -1);
	for (int way = 0; way < JOIN_WAYS; way++)
		assert_int_equal(join_way_from_name(join_way_name((enum join_way)way)), way);
	assert_int_equal(join_way_from_name(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_many_hits),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
