/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "selected.h"

static void expect(struct book *book, const char *text)
{
	struct json_object *selected = selected_describe(book->ledger);

	assert_string_equal(json_text(selected, NULL), text);
	json_object_put(selected);
}

static void expect_owned(char *text, const char *expected)
{
	assert_true(!text == !expected);
	if (text)
		assert_string_equal(text, expected);
	free(text);
}

static void test_selecting(void **state)
{
	struct book *book = *state;
	struct err err;

	expect(book, "{\"hit\":null,\"qualification\":null}");
	expect_owned(selected_hit(book->ledger), NULL);
	book_must(selected_set_hit(book->ledger, H1, "A game", &err), &err);
	expect(book, "{\"hit\":{\"hit_id\":\"" H1 "\",\"title\":\"A game\"},\"qualification\":null}");
	/* The title of one is not that of the next. */
	book_must(selected_set_hit(book->ledger, "3OTHER", NULL, &err), &err);
	book_must(selected_set_type(book->ledger, "3TYPE", "Played", &err), &err);
	expect(book, "{\"hit\":{\"hit_id\":\"3OTHER\",\"title\":null},"
		     "\"qualification\":{\"qualification_type_id\":\"3TYPE\",\"name\":\"Played\"}}");
	expect_owned(selected_hit(book->ledger), "3OTHER");
	expect_owned(selected_type(book->ledger), "3TYPE");
	book_must(selected_set_hit(book->ledger, NULL, NULL, &err), &err);
	book_must(selected_set_type(book->ledger, "", "left over", &err), &err);
	expect(book, "{\"hit\":null,\"qualification\":null}");
	assert_int_equal(book_number(book, "SELECT count(*) FROM meta WHERE key LIKE '%hit%' OR key LIKE 'qual%'"), 0);
}

static void test_else_what_is_configured(void **state)
{
	struct book *book = *state;
	struct err err;

	expect_owned(selected_hit_else(book->ledger, NULL), NULL);
	expect_owned(selected_hit_else(book->ledger, "3CONFIGURED"), "3CONFIGURED");
	expect_owned(selected_type_else(book->ledger, "3CONFIGURED"), "3CONFIGURED");
	book_must(selected_set_hit(book->ledger, H1, NULL, &err), &err);
	book_must(selected_set_type(book->ledger, "3TYPE", NULL, &err), &err);
	expect_owned(selected_hit_else(book->ledger, "3CONFIGURED"), H1);
	expect_owned(selected_type_else(book->ledger, "3CONFIGURED"), "3TYPE");
}

int main(void)
{
	const struct CMUnitTest tests[] = { BOOK_TEST(test_selecting), BOOK_TEST(test_else_what_is_configured) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
