/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconcile_csv.h"

struct page {
	char *text;
	size_t size;
	FILE *out;
};

/* The stream keeps the addresses. */
static void page_open(struct page *page)
{
	page->out = open_memstream(&page->text, &page->size);
	assert_non_null(page->out);
}

static void page_expect(struct page *page, const char *expected)
{
	assert_int_equal(fclose(page->out), 0);
	assert_string_equal(page->text, expected);
	free(page->text);
}

static void cells(void **state)
{
	static const struct {
		const char *text;
		const char *cell;
	} cases[] = {
		{ NULL, "" },
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "a,b", "\"a,b\"" },
		{ "say \"so\"", "\"say \"\"so\"\"\"" },
		{ "two\nlines", "\"two\nlines\"" },
		{ "=1+1", "\"'=1+1\"" },
		{ "+1", "\"'+1\"" },
		{ "-1", "\"'-1\"" },
		{ "@SUM(A1)", "\"'@SUM(A1)\"" },
		{ "\t=1", "\"'\t=1\"" },
		{ "\r=1", "\"'\r=1\"" },
		{ "a=1", "\"a=1\"" },
		{ "=\"x\"", "\"'=\"\"x\"\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct page page;

		page_open(&page);
		reconcile_csv_text(page.out, cases[i].text);
		page_expect(&page, cases[i].cell);
	}
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

static void header_and_rows_have_the_same_columns(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"hit_id\":null,\"file\":null,\"ledger\":null,\"platform\":null,\"difference_cents\":null}",
		"{\"hit_id\":7,\"ledger\":{\"bonuses\":[1,null,{\"state\":2}]},\"platform\":[]}",
	};
	struct page header;
	size_t commas;

	(void)state;
	page_open(&header);
	reconcile_csv_header(header.out);
	assert_int_equal(fclose(header.out), 0);
	commas = count(header.text, ',');
	assert_true(commas > 20);
	assert_string_equal(header.text + header.size - 2, "\r\n");
	free(header.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *row = json_parse(rows[i], strlen(rows[i]), NULL);
		struct page page;

		assert_non_null(row);
		page_open(&page);
		reconcile_csv_row(page.out, row);
		assert_int_equal(fclose(page.out), 0);
		assert_int_equal(count(page.text, ','), commas);
		assert_string_equal(page.text + page.size - 2, "\r\n");
		free(page.text);
		json_object_put(row);
	}
}

static void a_row(void **state)
{
	static const char text[] =
		"{\"hit_id\":\"3NGMTHIT00001\",\"assignment_id\":\"3NGMTASG00001\",\"worker_id\":\"=A1\","
		"\"finding\":\"double\",\"agrees\":false,"
		"\"file\":{\"path\":\"/a,b/bonus.csv\",\"line\":2,\"verdict\":\"approve\",\"bonus_cents\":205},"
		"\"ledger\":{\"decision\":{\"kind\":\"approve\",\"state\":\"done\",\"at\":\"2026-11-23T11:52:00Z\"},"
		"\"bonuses\":[{\"purpose\":\"bonus\",\"state\":\"done\",\"at\":\"t1\"},"
		"{\"purpose\":\"more\",\"state\":\"held\",\"at\":\"t2\"}],\"bonus_cents\":250,\"fees_cents\":50},"
		"\"platform\":{\"status\":\"approved\",\"auto_approved\":false,\"approved_at\":\"t3\","
		"\"reward_cents\":100,\"bonuses\":[{\"at\":\"t4\"}],\"bonus_cents\":123456},"
		"\"difference_cents\":-5,\"why\":\"so\"}";
	struct json_object *row = json_parse(text, strlen(text), NULL);
	struct page page;

	(void)state;
	assert_non_null(row);
	page_open(&page);
	reconcile_csv_row(page.out, row);
	page_expect(&page,
		    "\"3NGMTHIT00001\",\"3NGMTASG00001\",\"'=A1\",\"double\",no,\"/a,b/bonus.csv\",2,\"approve\",2.05,"
		    "\"approve\",\"done\",\"2026-11-23T11:52:00Z\",2,\"done held\",\"bonus more\",\"t1 t2\",2.50,0.50,"
		    "\"approved\",no,\"t3\",1.00,1,\"t4\",1234.56,-0.05,\"so\"\r\n");
	json_object_put(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells),
		cmocka_unit_test(header_and_rows_have_the_same_columns),
		cmocka_unit_test(a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
