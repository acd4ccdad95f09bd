/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imports.h"
#include "ledger_fixture.h"
#include "results.h"

#define HEADER "id,WorkerId,AssignmentId,HITId,bonus,Approve,Reject\n"
#define ROW1 "p1," W1 "," A1 "," H1 ",1.50,x,\n"
#define ROW2 "p2," W2 "," A2 "," H1 ",0,,x\n"

static char quote[] = "\"";

static const struct config usual = { .max_bonus_cents = 1000, .validate_level = 2, .quote = quote };

/* What became of one import. */
struct outcome {
	bool is_done;
	bool has_failed;
	struct imported imported;
	struct err err;
};

static void on_done(void *arg, const struct imported *imported, const struct err *err)
{
	struct outcome *outcome = arg;

	assert_false(outcome->is_done);
	assert_true(!imported != !err);
	outcome->is_done = true;
	outcome->has_failed = err != NULL;
	if (imported)
		outcome->imported = *imported;
	else
		outcome->err = *err;
}

/* Until there is nothing more to do, removals too; at the end of each turn its commit. */
static void run(struct book *book, struct imports *imports)
{
	struct err err;
	bool more;

	do {
		more = imports_pump(imports);
		if (!imports_may_wait(imports))
			book_must(ledger_commit(book->ledger, &err), &err);
	} while (more);
}

static struct imports *make_imports(struct book *book, struct loop **loop, const struct config *config)
{
	struct imports *imports;
	struct err err;

	*loop = loop_new(&err);
	assert_non_null(*loop);
	imports = imports_new(*loop, book->ledger, config, &err);
	if (!imports)
		fail_msg("%s", err.message);
	return imports;
}

static int import_request(struct book *book, const struct import_request *request, const struct config *config,
			  struct imported *out, struct err *err)
{
	struct outcome outcome = { .is_done = false };
	struct loop *loop;
	struct imports *imports = make_imports(book, &loop, config);

	book_must(imports_add(imports, request, on_done, &outcome, err), err);
	assert_false(outcome.is_done);
	run(book, imports);
	assert_true(outcome.is_done);
	imports_free(imports);
	loop_free(loop);
	*err = outcome.err;
	*out = outcome.imported;
	return outcome.has_failed ? -1 : 0;
}

static int import(struct book *book, const char *path, const struct config *config, struct imported *out,
		  struct err *err)
{
	const struct import_request request = { .path = path, .validate_level = config->validate_level };

	return import_request(book, &request, config, out, err);
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
	book_must(import_request(book, &request, &usual, &out, &err), &err);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_imported),       BOOK_TEST(test_same_content_twice),
		BOOK_TEST(test_changed_rules),  BOOK_TEST(test_held_rows),
		BOOK_TEST(test_all_or_nothing), BOOK_TEST(test_no_file),
		BOOK_TEST(test_game_and_room),  BOOK_TEST(test_empty),
		BOOK_TEST(test_real_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
