/* SPDX-License-Identifier: MIT
 *
 * Codes files in all their shapes (nodegame-files, section 7), what is kept of them, and what rows are checked against.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "input_codes.h"
#include "ledger_fixture.h"

static struct input_codes_loaded load(struct book *book, const char *text, enum input_codes_mode mode)
{
	struct input_codes_loaded loaded = { 0 };
	struct err err;

	book_must(input_codes_load(book->ledger, scratch_write(&book->scratch, "codes.csv", text), mode, &loaded, &err),
		  &err);
	return loaded;
}

static void refuse(struct book *book, const char *text, const char *words)
{
	struct input_codes_loaded loaded;
	int64_t before = book_number(book, "SELECT count(*) FROM input_code");
	struct err err;

	assert_int_equal(input_codes_load(book->ledger, scratch_write(&book->scratch, "bad.csv", text), INPUT_CODES_ADD,
					  &loaded, &err),
			 -1);
	if (!strstr(err.message, words))
		fail_msg("%s: %s", text, err.message);
	assert_int_equal(book_number(book, "SELECT count(*) FROM input_code"), before);
}

static void test_shapes(void **state)
{
	static const struct {
		const char *text;
		const char *first; /* id|access|exit|worker */
		int rows;
	} shapes[] = {
		{ "\"id\",\"AccessCode\",\"ExitCode\"\n\"p1\",\"a1\",\"x1\"\n\"p2\",\"a2\",\"x2\"\n", "p1|a1|x1|-", 2 },
		{ "\"ExitCode\",\"id\",\"pwd\",\"AccessCode\"\r\n\"x1\",\"p1\",\"secret\",\"a1\"\r\n", "p1|a1|x1|-",
		  1 },
		{ "id,ExitCode\n1,10\n2,20", "1|-|10|-", 2 },
		{ "\"id\"\n\"p1\"\n\n\"p2\"\n", "p1|-|-|-", 2 },
		{ "\xEF\xBB\xBF"
		  "Id;accesscode;EXITCODE\np1;a1;NA\n",
		  "p1|a1|-|-", 1 },
		{ "\"WorkerId\",\"AccessCode\",\"ExitCode\"\n\"" W1 "\",\" a1 \",\"x1\"\n", "-|a1|x1|" W1, 1 },
		{ "id,AccessCode,ExitCode\n0,0,0exit\n", "-|-|0exit|-", 1 },
		/* A row that ends early, one without anything, the header once more. */
		{ "id,AccessCode,ExitCode\np1\n,,\nid,AccessCode,ExitCode\np2,a2,x2\n", "p1|-|-|-", 2 },
	};
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct input_codes_loaded loaded = load(book, shapes[i].text, INPUT_CODES_REPLACE);

		if (loaded.rows != shapes[i].rows || loaded.total != shapes[i].rows)
			fail_msg("%s: %d rows", shapes[i].text, (int)loaded.rows);
		book_expect_text(
			book,
			"SELECT coalesce(player_id, '-') || '|' || coalesce(access_code, '-') || '|' ||"
			" coalesce(exit_code, '-') || '|' || coalesce(worker_id, '-') FROM input_code ORDER BY id",
			shapes[i].first);
	}
}

static void test_bad_files(void **state)
{
	struct book *book = *state;
	struct input_codes_loaded loaded;
	char *text = malloc(400);
	struct err err;

	(void)load(book, "id,ExitCode\np1,x1\n", INPUT_CODES_NEW);
	refuse(book, "name,value\n1,2\n", "line 1, column 1: no column of a codes file is named here");
	refuse(book, "id,ExitCode\np2,x2\np3,x3,y\n", "line 3, column 7: 3 cells, but the header has 2");
	refuse(book, "id,ExitCode\np2,\"x2\n", "line ");
	refuse(book, "id,exit,ExitCode\np2,a,b\n", "line 1");
	refuse(book, "id,ExitCode\n", "has no codes");
	refuse(book, "", "has no codes");
	assert_non_null(text);
	(void)memset(text, 'x', 399);
	memcpy(text, "id\n", 3);
	text[399] = '\0';
	refuse(book, text, "line 2, column 1: a code of 396 bytes; the longest has 255");
	free(text);
	assert_int_equal(input_codes_load(book->ledger, "/nonexistent/codes.csv", INPUT_CODES_ADD, &loaded, &err), -1);
	assert_int_equal(err.code, ERR_FILE);
	assert_int_equal(input_codes_load(book->ledger, "/dev/null", INPUT_CODES_ADD, &loaded, &err), -1);
	assert_non_null(strstr(err.message, "not a regular file"));
	book_expect_text(book, "SELECT player_id FROM input_code", "p1");
}

static void test_modes(void **state)
{
	struct book *book = *state;
	struct input_codes_loaded loaded = load(book, "id,ExitCode\np1,x1\np2,x2\n", INPUT_CODES_NEW);
	const char *path;
	struct err err;

	assert_int_equal(loaded.added, 2);
	path = scratch_write(&book->scratch, "more.csv", "id,ExitCode\np2,x2\np3,x3\n");
	assert_int_equal(input_codes_load(book->ledger, path, INPUT_CODES_NEW, &loaded, &err), -1);
	assert_int_equal(err.code, ERR_STATE);
	assert_string_equal(err.message, "there are 2 input codes already");
	book_must(input_codes_load(book->ledger, path, INPUT_CODES_ADD, &loaded, &err), &err);
	assert_int_equal(loaded.rows, 2);
	assert_int_equal(loaded.added, 1);
	assert_int_equal(loaded.total, 3);
	book_must(input_codes_load(book->ledger, path, INPUT_CODES_REPLACE, &loaded, &err), &err);
	assert_int_equal(loaded.total, 2);
	assert_int_equal(input_codes_mode_from_name("replace"), INPUT_CODES_REPLACE);
	assert_int_equal(input_codes_mode_from_name("Replace"), -1);
}

/* What nodeGame keeps beside a watched game is not what rows are checked against. */
static void test_codes_of_a_game(void **state)
{
	struct book *book = *state;
	const char *path = scratch_write(&book->scratch, "codes.imported.csv", "id,ExitCode\np1,x1\np2,x2\n");
	char *rules = input_codes_rules(book->ledger);
	int64_t count = 0;
	struct err err;

	assert_string_equal(rules, "");
	free(rules);
	book_must(input_codes_follow(book->ledger, path, "/games/a/data", &count, &err), &err);
	assert_int_equal(count, 2);
	rules = input_codes_rules(book->ledger);
	assert_string_equal(rules, "");
	free(rules);
	/* The next start of the game; and a file that is not one leaves what there was. */
	path = scratch_write(&book->scratch, "codes.imported.csv", "id,ExitCode\np9,x9\n");
	book_must(input_codes_follow(book->ledger, path, "/games/a/data", &count, &err), &err);
	assert_int_equal(count, 1);
	book_must(input_codes_follow(book->ledger, path, "/games/b/data", &count, &err), &err);
	path = scratch_write(&book->scratch, "codes.imported.csv", "\"id\n");
	assert_int_equal(input_codes_follow(book->ledger, path, "/games/a/data", &count, &err), -1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM input_code WHERE player_id = 'p9'"), 2);
	assert_int_equal(book_number(book, "SELECT count(*) FROM input_code"), 2);
}

static void test_configured(void **state)
{
	struct book *book = *state;
	const char *path = scratch_write(&book->scratch, "configured.csv", "id,ExitCode\np1,x1\n");
	char *kept = strdup(path), *one, *two;
	struct err err;

	assert_non_null(kept);
	(void)load(book, "id,ExitCode\npp,xx\n", INPUT_CODES_NEW);
	book_must(input_codes_configure(book->ledger, kept, &err), &err);
	one = input_codes_rules(book->ledger);
	book_must(input_codes_configure(book->ledger, kept, &err), &err);
	two = input_codes_rules(book->ledger);
	assert_string_equal(one, two);
	assert_int_equal(strlen(one), 64);
	free(two);
	assert_int_equal(book_number(book, "SELECT count(*) FROM input_code"), 2);
	(void)scratch_write(&book->scratch, "configured.csv", "id,ExitCode\np1,x2\n");
	book_must(input_codes_configure(book->ledger, kept, &err), &err);
	two = input_codes_rules(book->ledger);
	assert_string_not_equal(one, two);
	assert_int_equal(book_number(book, "SELECT count(*) FROM input_code WHERE exit_code = 'x1'"), 0);
	/* It is not named any more: what a person loaded stays. */
	book_must(input_codes_configure(book->ledger, NULL, &err), &err);
	book_expect_text(book, "SELECT group_concat(player_id) FROM input_code", "pp");
	assert_int_equal(input_codes_configure(book->ledger, "/nonexistent/codes.csv", &err), -1);
	free(one);
	free(two);
	free(kept);
}

/* --- checking --- */

struct check {
	const char *cells; /* of id,access,exit,bonus */
	enum verdict verdict;
	const char *words;
	unsigned column;
};

struct checking {
	struct book *book;
	const struct check *check;
	struct field_map map;
	bool has_header;
};

static int on_record(void *arg, const struct csv_record *record, struct err *err)
{
	static const struct row_rules rules = {
		.max_bonus_cents = 1000, .auto_approve = true, .validate_level = 1, .joins = true
	};
	struct checking *checking = arg;
	const struct check *check = checking->check;
	struct row row;

	if (!checking->has_header) {
		checking->has_header = true;
		return field_map_init(&checking->map, NULL, record, err);
	}
	book_must(row_read(&checking->map, record, &rules, &row, err), err);
	assert_true(row.waits || row.verdict == VERDICT_SKIP);
	book_must(input_codes_check(checking->book->ledger, &checking->map, record, &row, err), err);
	if (row.verdict != check->verdict || !strstr(row.why, check->words) || row.column != check->column ||
	    row.waits != (check->verdict == VERDICT_HOLD && check->column == 0))
		fail_msg("%s: %s, column %u: %s", check->cells, verdict_name(row.verdict), row.column, row.why);
	assert_false(row.has_bonus && !row.waits);
	row_finish(&row);
	return 0;
}

static void test_checks(void **state)
{
	static const struct check checks[] = {
		{ "p1,a1,x1,1", VERDICT_HOLD, "waits", 0 },
		{ "p1,A1,X1,1", VERDICT_HOLD, "waits", 0 },
		{ "NA,NA,x1,1", VERDICT_HOLD, "waits", 0 },
		{ "p1,a1,NA,1", VERDICT_HOLD, "waits", 0 },
		{ "p3,a1,x3,1", VERDICT_HOLD, "waits", 0 }, /* of which no access code is known */
		{ "p1,a1,y1,1", VERDICT_HOLD, "exit code \"y1\" is none of the input codes", 7 },
		{ "p1,a2,x1,1", VERDICT_HOLD,
		  "exit code \"x1\" belongs to access code \"a1\" in the input codes, not to \"a2\"", 4 },
		{ "p2,a1,x1,1", VERDICT_HOLD,
		  "exit code \"x1\" belongs to player \"p1\" in the input codes, not to \"p2\"", 1 },
		{ "p1,a1,g1,1", VERDICT_HOLD, "is none of the input codes", 7 }, /* only of a game */
		{ ",,,", VERDICT_SKIP, "an empty row", 0 },
	};
	struct book *book = *state;
	int64_t count;
	struct err err;

	(void)load(book, "id,AccessCode,ExitCode\np1,a1,x1\np2,a2,x2\np3,NA,x3\n", INPUT_CODES_NEW);
	book_must(input_codes_follow(book->ledger,
				     scratch_write(&book->scratch, "of_game.csv", "id,ExitCode\np1,g1\n"), "/g/data",
				     &count, &err),
		  &err);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct checking checking = { .book = book, .check = &checks[i] };
		struct csv *csv = csv_new(&(struct csv_options){ .separator = ',' }, on_record, &checking);
		char text[200];
		int length = snprintf(text, sizeof(text), "id,access,exit,bonus\n%s\n", checks[i].cells);

		assert_non_null(csv);
		book_must(csv_feed(csv, text, (size_t)length, &err), &err);
		book_must(csv_finish(csv, &err), &err);
		csv_free(csv);
		field_map_finish(&checking.map);
	}
}

static void test_showing(void **state)
{
	struct book *book = *state;
	struct json_object *page;
	int64_t number = 0;
	struct err err;

	(void)load(book, "id,AccessCode,ExitCode\np1,a1,x1\np2,a2,x2\np3,a3,x3\n", INPUT_CODES_NEW);
	page = input_codes_page(book->ledger, 1, 1, &err);
	assert_non_null(page);
	assert_true(json_get_int(page, "total", &number));
	assert_int_equal(number, 3);
	assert_true(json_get_int(page, "next_offset", &number));
	assert_int_equal(number, 2);
	assert_non_null(
		strstr(json_text(json_get_array(page, "codes"), NULL),
		       "\"id\":\"p2\",\"access_code\":\"a2\",\"exit_code\":\"x2\",\"worker_id\":null,\"line\":3"));
	assert_int_equal(json_object_array_length(json_get_array(page, "files")), 1);
	json_object_put(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_shapes),	    BOOK_TEST(test_bad_files), BOOK_TEST(test_modes),
		BOOK_TEST(test_codes_of_a_game), BOOK_TEST(test_configured), BOOK_TEST(test_checks),
		BOOK_TEST(test_showing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
