/* SPDX-License-Identifier: MIT
 *
 * Which file of a folder has the results, what it looks like, and whether its last line has an end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "results_file.h"
#include "scratch.h"
#include "tree.h"

/* The name, NULL: none. */
static void expect(struct scratch *scratch, bool is_shared, const char *name)
{
	struct results_file file;

	assert_int_equal(results_file_find(scratch->folder, is_shared, &file), name != NULL);
	if (name)
		assert_string_equal(file.name, name);
}

static void test_which(void **state)
{
	struct scratch *scratch = *state;

	expect(scratch, false, NULL);
	tree_make(scratch->folder, "codes.csv");
	tree_make(scratch->folder, "bonus.csv.bak");
	tree_make(scratch->folder, ".bonus.csv");
	tree_make(scratch->folder, "Bonus.csv");
	tree_make(scratch->folder, "bonus_prolific.csv");
	expect(scratch, false, NULL);
	tree_make(scratch->folder, "results.csv");
	expect(scratch, false, "results.csv");
	expect(scratch, true, NULL);
	tree_make(scratch->folder, "bonus.csv");
	expect(scratch, false, "bonus.csv");
	expect(scratch, true, "bonus.csv");
	assert_true(results_file_is_name("bonus.csv", true));
	assert_true(results_file_is_name("results.csv", false));
	assert_false(results_file_is_name("results.csv", true));
	assert_false(results_file_is_name("", false));
}

static void test_folders_and_links(void **state)
{
	struct scratch *scratch = *state;
	struct results_file file;

	tree_make(scratch->folder, "bonus.csv/");
	tree_make(scratch->folder, "results.csv");
	expect(scratch, false, "results.csv");
	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/bonus.csv", scratch->folder);
	assert_int_equal(rmdir(scratch->path), 0);
	tree_link(scratch->folder, "results.csv", "bonus.csv");
	expect(scratch, false, "bonus.csv");
	assert_int_equal(unlink(scratch->path), 0);
	tree_link(scratch->folder, "nowhere", "bonus.csv");
	expect(scratch, false, "results.csv");
	assert_int_equal(unlink(scratch->path), 0);
	tree_link(scratch->folder, "bonus.csv", "bonus.csv");
	errno = 0;
	assert_int_equal(results_file_find(scratch->folder, false, &file), -1);
	assert_int_equal(errno, ELOOP);
	assert_string_equal(file.name, "bonus.csv");
	assert_int_equal(results_file_find("/nowhere/at/all", false, &file), 0);
	assert_int_equal(results_file_find(scratch->path, false, &file), -1);
}

static void test_marks(void **state)
{
	struct scratch *scratch = *state;
	const struct timespec later[2] = { { .tv_sec = 5, .tv_nsec = 7 }, { .tv_sec = 5, .tv_nsec = 7 } };
	struct results_file one, other;

	(void)scratch_write(scratch, "bonus.csv", "12345");
	assert_int_equal(results_file_find(scratch->folder, false, &one), 1);
	assert_int_equal(one.mark.bytes, 5);
	assert_int_equal(results_file_find(scratch->folder, false, &other), 1);
	assert_true(file_mark_is_same(&one.mark, &other.mark));
	assert_int_equal(utimensat(AT_FDCWD, scratch->path, later, 0), 0);
	assert_int_equal(results_file_find(scratch->folder, false, &other), 1);
	assert_int_equal(other.mark.mtime_ns, 5000000007);
	assert_false(file_mark_is_same(&one.mark, &other.mark));
	assert_true(other.ctime_ns >= one.ctime_ns);
}

static void expect_end(struct scratch *scratch, const char *text, int expected)
{
	assert_int_equal(results_file_ends_in_line(scratch_write(scratch, "x", text)), expected);
}

static void test_ends(void **state)
{
	struct scratch *scratch = *state;

	expect_end(scratch, "", 1);
	expect_end(scratch, "\n", 1);
	expect_end(scratch, "a,b\n", 1);
	expect_end(scratch, "a,b\r\n", 1);
	expect_end(scratch, "a,b\r", 1);
	expect_end(scratch, "a,b", 0);
	expect_end(scratch, "a,b\nc", 0);
	assert_int_equal(results_file_ends_in_line("/nowhere/at/all"), -1);
	assert_int_equal(results_file_ends_in_line(scratch->folder), -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_which),
		TEST(test_folders_and_links),
		TEST(test_marks),
		TEST(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
