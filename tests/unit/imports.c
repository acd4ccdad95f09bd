/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_fixture.h"
#include "imports_fixture.h"
#include "results.h"

#define ROW1 "p1," W1 "," A1 "," H1 ",1.50,x,\n"
#define ROW2 "p2," W2 "," A2 "," H1 ",0,,x\n"

static char quote[] = "\"";

static const struct config usual = { .max_bonus_cents = 1000, .validate_level = 2, .quote = quote };

static int import(struct book *book, const char *path, const struct config *config, struct imported *out,
		  struct err *err)
{
	const struct import_request request = { .path = path, .validate_level = config->validate_level };

	return import_once(book, &request, config, out, err);
}

static struct imported import_text(struct book *book, const char *name, const char *text, const struct config *config)
{
	struct imported out;
	struct err err;

	(void)scratch_write(&book->scratch, name, text);
	if (import(book, book->scratch.path, config, &out, &err) < 0)
		fail_msg("%s", err.message);
	return out;
}

static int64_t rows(struct book *book)
{
	return book_number(book, "SELECT count(*) FROM result");
}

static void test_imported(void **state)
{
	struct book *book = *state;
	struct imported out = import_text(book, "bonus.csv", HEADER ROW1 ROW2, &usual);
	char path[400];

	assert_true(out.is_new);
	assert_int_equal(strlen(out.sha256), 64);
	assert_int_equal(out.rows, 2);
	assert_int_equal(out.rows_added, 2);
	assert_int_equal(out.verdicts[VERDICT_APPROVE], 1);
	assert_int_equal(out.verdicts[VERDICT_REJECT], 1);
	assert_true(out.ends_in_line);
	assert_int_equal(book_number(book, "SELECT bonus_cents FROM result WHERE line = 2"), 150);
	assert_int_equal(book_number(book, "SELECT bonus_payable FROM result WHERE line = 3"), 0);
	/* The bytes that asked for it are kept. */
	(void)snprintf(path, sizeof(path), "%s/snapshots/%s", book->ledger->directory, out.sha256);
	assert_int_equal(access(path, R_OK), 0);
}

static void test_same_content_twice(void **state)
{
	struct book *book = *state;
	struct imported first = import_text(book, "bonus.csv", HEADER ROW1, &usual);
	struct imported again = import_text(book, "bonus.csv", HEADER ROW1, &usual), other;

	assert_false(again.is_new);
	assert_int_equal(again.source_id, first.source_id);
	assert_int_equal(rows(book), 1);
	other = import_text(book, "copy.csv", HEADER ROW1, &usual);
	assert_true(other.is_new);
	other = import_text(book, "bonus.csv", HEADER ROW1 ROW2, &usual);
	assert_true(other.is_new);
	assert_string_not_equal(other.sha256, first.sha256);
	assert_int_equal(rows(book), 4);
	/* Back to the first content. */
	again = import_text(book, "bonus.csv", HEADER ROW1, &usual);
	assert_int_equal(again.source_id, first.source_id);
}

/* The same bytes under other rules are judged anew. */
static void test_changed_rules(void **state)
{
	static char name[] = "prize", filter[] = "bonus > 1", columns[] = "id,bonus";
	struct config others[8] = { usual, usual, usual, usual, usual, usual, usual, usual };
	struct book *book = *state;
	struct imported first = import_text(book, "bonus.csv", HEADER ROW1, &usual), out;

	others[0].max_bonus_cents = 100;
	others[1].min_bonus_cents = 200;
	others[2].auto_approve = true;
	others[3].validate_level = 1;
	others[4].case_insensitive = !usual.case_insensitive;
	others[5].fields[FIELD_BONUS] = name;
	others[6].filter = filter;
	others[7].columns = columns;
	for (size_t i = 0; i < 8; i++) {
		struct err err;
		int result;

		(void)scratch_write(&book->scratch, "bonus.csv", HEADER ROW1);
		result = import(book, book->scratch.path, &others[i], &out, &err);
		book_must(result, &err);
		assert_true(out.is_new);
		assert_int_not_equal(out.source_id, first.source_id);
	}
	assert_int_equal(book_number(book, "SELECT verdict FROM result WHERE source_id = 2"), VERDICT_HOLD);
	assert_int_equal(book_number(book, "SELECT verdict FROM result WHERE source_id = 3"), VERDICT_HOLD);
}

static void test_held_rows(void **state)
{
	struct book *book = *state;
	struct imported out = import_text(book, "bonus.csv",
					  HEADER ROW1 "p2," W2 "," A2 "," H1 ",99.99,x,\n"
						      "p3," W2 "," A2 "," H1 ",1.505,x,\n"
						      "p4,nobody," A2 "," H1 ",1,x,\n",
					  &usual);
	struct json_object *problems;
	struct err err;
	int64_t value;

	problems = results_problems(book->ledger, out.source_id, 100, &err);
	assert_non_null(problems);
	assert_int_equal(json_object_array_length(problems), 3);
	for (int i = 0; i < 3; i++) {
		assert_true(json_get_int(json_object_array_get_idx(problems, (size_t)i), "line", &value));
		assert_int_equal(value, i + 3);
		assert_true(json_get_int(json_object_array_get_idx(problems, (size_t)i), "column", &value));
		/* Where on the line the cell begins. */
		if (value != (i < 2 ? 47 : 4))
			fail_msg("%s", json_text(problems, NULL));
	}
	json_object_put(problems);
}

static void test_all_or_nothing(void **state)
{
	static const struct {
		const char *text, *message;
		enum err_code code;
	} cases[] = {
		{ HEADER ROW1 ROW2 "p3,\"never closed\n", "line 4", ERR_FORMAT },
		{ "bonus,bonus\n1,2\n", "line 1", ERR_FORMAT },
		{ HEADER ROW1 "\xff\xfe,x\n", "", ERR_FORMAT },
	};
	struct book *book = *state;
	int64_t before;
	struct err ignored;

	/* Something of the same turn that must survive the failures. */
	book_must(ledger_set_meta(book->ledger, "hit", H1, &ignored), &ignored);
	before = rows(book);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct imported out;
		struct err err;
		char path[256];

		(void)snprintf(path, sizeof(path), "%s", scratch_write(&book->scratch, "bonus.csv", cases[i].text));
		if (import(book, path, &usual, &out, &err) == 0) {
			/* Only the text that is no UTF-8 may be accepted as rows that are held. */
			assert_int_equal(i, 2);
			continue;
		}
		assert_int_equal(err.code, cases[i].code);
		if (!strstr(err.message, cases[i].message) || !strstr(err.message, path))
			fail_msg("case %zu: %s", i, err.message);
		if (!err.hint[0])
			fail_msg("no hint: %s", err.message);
		assert_int_equal(rows(book), before);
		assert_int_equal(book_number(book, "SELECT count(*) FROM source"), 0);
		assert_int_equal(book_number(book, "SELECT count(*) FROM snapshot"), 0);
	}
	book_expect_text(book, "SELECT value FROM meta WHERE key = 'hit'", H1);
	book_must(ledger_commit(book->ledger, &ignored), &ignored);
	/* Corrected, it is imported as if nothing had been. */
	assert_true(import_text(book, "bonus.csv", HEADER ROW1, &usual).is_new);
}

static void test_empty(void **state)
{
	struct book *book = *state;

	assert_true(import_text(book, "empty.csv", "", &usual).is_new);
	assert_true(import_text(book, "header.csv", HEADER, &usual).is_new);
	assert_int_equal(rows(book), 0);
}

static void test_no_file(void **state)
{
	struct book *book = *state;
	struct imported out;
	struct err err;
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/missing.csv", book->scratch.folder);
	assert_int_equal(import(book, path, &usual, &out, &err), -1);
	assert_int_equal(err.code, ERR_FILE);
	assert_int_equal(import(book, book->scratch.folder, &usual, &out, &err), -1);
	assert_int_equal(err.code, ERR_FILE);
	(void)snprintf(path, sizeof(path), "%s/fifo.csv", book->scratch.folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(import(book, path, &usual, &out, &err), -1);
	assert_int_equal(err.code, ERR_FILE);
	/* A sparse file of a gigabyte and a byte. */
	(void)scratch_write(&book->scratch, "large.csv", "");
	assert_int_equal(truncate(book->scratch.path, IMPORT_BYTES_MAX + 1), 0);
	assert_int_equal(import(book, book->scratch.path, &usual, &out, &err), -1);
	assert_int_equal(err.code, ERR_FILE);
	assert_int_equal(rows(book), 0);
}

static void test_game_and_room(void **state)
{
	struct book *book = *state;
	const struct import_request request = { .path = book->scratch.path,
						.validate_level = 2,
						.game = "ultimatum",
						.room = "room7" };
	struct imported out;
	struct err err;

	(void)scratch_write(&book->scratch, "bonus.csv", HEADER ROW1 HEADER ROW2);
	book_must(import_once(book, &request, &usual, &out, &err), &err);
	book_expect_text(book, "SELECT game || '/' || room FROM source", "ultimatum/room7");
	/* The header that an appending writer repeats is no row. */
	assert_int_equal(rows(book), 2);
}

static void test_real_files(void **state)
{
	static const char *const names[] = { "nddb-1.csv",      "mturk-batch.csv", "mturk-excel-semicolon.csv",
					     "two-workers.csv", "injected.csv",    "std.csv",
					     "wiki.csv" };
	struct book *book = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct imported out;
		struct err err;
		char path[400];

		(void)snprintf(path, sizeof(path), TEST_DATA_DIR "/%s", names[i]);
		book_must(import(book, path, &usual, &out, &err), &err);
		assert_true(out.rows > 0);
	}
	/* Whoever is paid has an exact amount within the limits. */
	assert_int_equal(book_number(book, "SELECT count(*) FROM result WHERE bonus_payable AND (bonus_cents IS NULL OR"
					   " bonus_cents < 1 OR bonus_cents > 1000 OR verdict <> 0)"),
			 0);
}

struct order {
	char text[64];
};

struct told {
	struct order *order;
	char name;
	enum err_code code; /* of an error */
	int64_t source_id;
};

static void on_told(void *arg, const struct imported *imported, const struct err *err)
{
	struct told *told = arg;
	size_t used = strlen(told->order->text);

	(void)snprintf(told->order->text + used, sizeof(told->order->text) - used, "%c%s", told->name, err ? "!" : "");
	told->code = err ? err->code : ERR_INTERNAL;
	told->source_id = imported ? imported->source_id : 0;
}

static void add_as(struct book *book, struct imports *imports, struct told *told, int64_t room_id, bool is_part)
{
	struct import_request request = { .validate_level = 2, .room_id = room_id, .is_part = is_part };
	char name[8], text[200];
	struct err err;

	(void)snprintf(name, sizeof(name), "%c.csv", told->name);
	(void)snprintf(text, sizeof(text), HEADER "%c," W1 "," A1 "," H1 ",1,1,0\n", told->name);
	request.path = scratch_write(&book->scratch, name, text);
	book_must(imports_add(imports, &request, on_told, told, &err), &err);
}

/* What a person asks for goes before what was watched. */
static void test_order(void **state)
{
	struct book *book = *state;
	struct order order = { "" };
	struct told told[4];
	struct imports *imports;
	struct loop *loop;

	imports = make_imports(book, &loop, &usual);
	for (int i = 0; i < 4; i++) {
		told[i] = (struct told){ .order = &order, .name = (char)('a' + i) };
		add_as(book, imports, &told[i], i % 2 ? 0 : i + 1, false);
	}
	assert_int_equal(imports_count(imports), 4);
	run_imports(book, imports);
	assert_string_equal(order.text, "bdac");
	assert_int_equal(imports_count(imports), 0);
	imports_free(imports);
	loop_free(loop);
}

static void test_halted(void **state)
{
	struct book *book = *state;
	struct order order = { "" };
	struct told told[2] = { { .order = &order, .name = 'a' }, { .order = &order, .name = 'b' } };
	struct imports *imports;
	struct loop *loop;
	struct err why;

	imports = make_imports(book, &loop, &usual);
	add_as(book, imports, &told[0], 0, false);
	add_as(book, imports, &told[1], 7, false);
	(void)err_set(&why, ERR_LEDGER, "the disk is full");
	imports_halt(imports, &why);
	assert_string_equal(order.text, "");
	assert_false(imports_pump(imports));
	assert_string_equal(order.text, "a!b!");
	assert_int_equal(told[1].code, ERR_LEDGER);
	imports_free(imports);
	loop_free(loop);
	assert_int_equal(rows(book), 0);
}

static void test_stopping(void **state)
{
	struct book *book = *state;
	struct order order = { "" };
	struct told told = { .order = &order, .name = 'a' };
	struct imports *imports;
	struct loop *loop;

	imports = make_imports(book, &loop, &usual);
	add_as(book, imports, &told, 0, false);
	imports_free(imports);
	loop_free(loop);
	assert_string_equal(order.text, "a!");
	assert_int_equal(told.code, ERR_BUSY);
}

/* Several that count together. */
static void test_parts(void **state)
{
	struct book *book = *state;
	struct order order = { "" };
	struct told told[2] = { { .order = &order, .name = 'a' }, { .order = &order, .name = 'b' } };
	struct imports *imports;
	struct loop *loop;
	struct err err;

	imports = make_imports(book, &loop, &usual);
	for (int i = 0; i < 2; i++)
		add_as(book, imports, &told[i], 0, true);
	run_imports(book, imports);
	assert_string_equal(order.text, "ab");
	assert_int_equal(rows(book), 2);
	assert_int_equal(book_number(book, "SELECT count(*) FROM source WHERE ready"), 0);
	book_must(results_make_ready(book->ledger, told[0].source_id, &err), &err);
	book_must(imports_drop(imports, told[0].source_id, &err), &err);
	book_must(imports_drop(imports, told[1].source_id, &err), &err);
	run_imports(book, imports);
	/* What was ready stays. */
	assert_int_equal(rows(book), 1);
	assert_int_equal(book_number(book, "SELECT count(*) FROM source"), 1);
	imports_free(imports);
	loop_free(loop);
}

/* A file of several slices: nothing of it counts before the last one, and few of them need a commit. */
static void test_slices(void **state)
{
	struct book *book = *state;
	struct outcome outcome = { .is_done = false };
	struct import_request request = { .validate_level = 2 };
	char *text = malloc(4000000);
	size_t used = strlen(HEADER);
	int turns = 0, commits = 0;
	struct imports *imports;
	struct loop *loop;
	struct err err;

	assert_non_null(text);
	(void)strcpy(text, HEADER);
	for (int i = 0; used < 3900000; i++)
		used += (size_t)sprintf(text + used, "p%d,A1NGMT%08dX,3NGMTASG%08d," H1 ",0.01,1,0\n", i, i, i);
	request.path = scratch_write(&book->scratch, "large.csv", text);
	free(text);
	imports = make_imports(book, &loop, &usual);
	book_must(imports_add(imports, &request, on_done, &outcome, &err), &err);
	while (imports_pump(imports)) {
		turns++;
		if (!imports_may_wait(imports)) {
			commits++;
			book_must(ledger_commit(book->ledger, &err), &err);
		}
		if (!outcome.is_done)
			assert_int_equal(book_number(book, "SELECT count(*) FROM source WHERE ready"), 0);
	}
	assert_true(outcome.is_done && !outcome.has_failed);
	assert_int_equal(outcome.imported.rows, rows(book));
	assert_true(outcome.imported.rows > 60000);
	assert_true(turns > commits && commits >= 3900000 / (512 * 1024));
	imports_free(imports);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_imported),       BOOK_TEST(test_same_content_twice),
		BOOK_TEST(test_changed_rules),  BOOK_TEST(test_held_rows),
		BOOK_TEST(test_all_or_nothing), BOOK_TEST(test_no_file),
		BOOK_TEST(test_game_and_room),  BOOK_TEST(test_empty),
		BOOK_TEST(test_real_files),     BOOK_TEST(test_order),
		BOOK_TEST(test_halted),         BOOK_TEST(test_stopping),
		BOOK_TEST(test_parts),          BOOK_TEST(test_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
