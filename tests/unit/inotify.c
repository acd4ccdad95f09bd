/* SPDX-License-Identifier: MIT
 *
 * What is told of folders: every kind of change, several who watch one folder, folders that move away, limits, and
 * watches that are made and freed while something is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inotify.h"
#include "scratch.h"
#include "tree.h"

#define ALL (INOTIFY_ADDED | INOTIFY_TAKEN | INOTIFY_WRITTEN | INOTIFY_ATTRIBUTES)

struct ears {
	struct scratch scratch;
	struct loop *loop;
	struct inotify *inotify;
	char heard[2000];
	unsigned overflows;
	struct inotify_watch *to_free;
};

static void on_overflow(void *arg)
{
	struct ears *ears = arg;

	ears->overflows++;
}

static int set_up(void **state)
{
	struct ears *ears = calloc(1, sizeof(*ears));
	struct err err;

	assert_non_null(ears);
	scratch_make(&ears->scratch);
	ears->loop = loop_new(&err);
	assert_non_null(ears->loop);
	ears->inotify = inotify_new(ears->loop, 0, on_overflow, ears, &err);
	assert_non_null(ears->inotify);
	*state = ears;
	return 0;
}

static int tear_down(void **state)
{
	struct ears *ears = *state;

	inotify_free(ears->inotify);
	loop_free(ears->loop);
	scratch_remove(&ears->scratch);
	free(ears);
	return 0;
}

static void note(struct ears *ears, char who, unsigned what, const char *name)
{
	static const char letters[] = "+-wa";
	size_t len = strlen(ears->heard);
	char letter = 'g';

	for (unsigned i = 0; i < 4; i++)
		if (what == 1U << i)
			letter = letters[i];
	(void)snprintf(ears->heard + len, sizeof(ears->heard) - len, "%s%c%c%s", len > 0 ? " " : "", who, letter,
		       name);
}

static void first(void *arg, unsigned what, const char *name)
{
	note(arg, '1', what, name);
}

static void second(void *arg, unsigned what, const char *name)
{
	note(arg, '2', what, name);
}

static void stops(void *arg, unsigned what, const char *name)
{
	struct ears *ears = arg;

	note(ears, '3', what, name);
	inotify_watch_free(ears->to_free);
	ears->to_free = NULL;
}

static struct inotify_watch *hear(struct ears *ears, const char *path, unsigned wanted, inotify_fn *fn)
{
	char *full = tree_path(ears->scratch.folder, path);
	struct err err;
	struct inotify_watch *watch = inotify_watch_new(ears->inotify, full, wanted, fn, ears, &err);

	if (!watch)
		fail_msg("%s", err.message);
	free(full);
	return watch;
}

static void expect(struct ears *ears, const char *expected)
{
	inotify_read(ears->inotify);
	assert_string_equal(ears->heard, expected);
	ears->heard[0] = '\0';
}

static void move(struct ears *ears, const char *from, const char *to)
{
	char *old = tree_path(ears->scratch.folder, from), *new = tree_path(ears->scratch.folder, to);

	assert_int_equal(rename(old, new), 0);
	free(old);
	free(new);
}

static void test_every_kind(void **state)
{
	struct ears *ears = *state;
	const char *root = ears->scratch.folder;
	struct inotify_watch *watch;
	char *path = tree_path(root, "room/bonus.csv");

	tree_make(root, "room/");
	watch = hear(ears, "room", ALL, first);
	expect(ears, "");
	tree_make(root, "room/bonus.csv");
	expect(ears, "1+bonus.csv 1wbonus.csv");
	assert_int_equal(truncate(path, 100), 0);
	expect(ears, "1wbonus.csv");
	assert_int_equal(chmod(path, 0640), 0);
	expect(ears, "1abonus.csv");
	move(ears, "room/bonus.csv", "room/bonus.bak");
	expect(ears, "1-bonus.csv 1+bonus.bak");
	tree_make(root, "room/sub/");
	expect(ears, "1+sub");
	move(ears, "room/bonus.bak", "away");
	expect(ears, "1-bonus.bak");
	inotify_watch_free(watch);
	tree_make(root, "room/more");
	expect(ears, "");
	assert_int_equal(inotify_count(ears->inotify), 0);
	free(path);
}

static void test_wanted_only(void **state)
{
	struct ears *ears = *state;
	struct inotify_watch *names, *all;

	names = hear(ears, ".", INOTIFY_ADDED | INOTIFY_TAKEN, first);
	tree_make(ears->scratch.folder, "a");
	expect(ears, "1+a");
	all = hear(ears, ".", INOTIFY_WRITTEN, second);
	assert_int_equal(inotify_count(ears->inotify), 1);
	tree_make(ears->scratch.folder, "b");
	expect(ears, "1+b 2wb");
	inotify_watch_free(all);
	tree_make(ears->scratch.folder, "c");
	expect(ears, "1+c");
	inotify_watch_free(names);
}

static void test_folder_is_gone(void **state)
{
	struct ears *ears = *state;
	struct inotify_watch *removed, *moved, *also;

	tree_make(ears->scratch.folder, "removed/");
	tree_make(ears->scratch.folder, "moved/");
	removed = hear(ears, "removed", ALL, first);
	moved = hear(ears, "moved", ALL, first);
	also = hear(ears, "moved", ALL, second);
	move(ears, "moved", "elsewhere");
	expect(ears, "2g 1g");
	tree_make(ears->scratch.folder, "elsewhere/x");
	expect(ears, "");
	(void)snprintf(ears->scratch.path, sizeof(ears->scratch.path), "%s/removed", ears->scratch.folder);
	assert_int_equal(rmdir(ears->scratch.path), 0);
	expect(ears, "1g");
	assert_int_equal(inotify_count(ears->inotify), 0);
	inotify_watch_free(removed);
	inotify_watch_free(moved);
	inotify_watch_free(also);
}

static void test_links_are_followed(void **state)
{
	struct ears *ears = *state;
	struct inotify_watch *watch;

	tree_make(ears->scratch.folder, "real/");
	tree_link(ears->scratch.folder, "real", "link");
	watch = hear(ears, "link", ALL, first);
	tree_make(ears->scratch.folder, "real/x");
	expect(ears, "1+x 1wx");
	inotify_watch_free(watch);
}

static void test_freeing_while_told(void **state)
{
	struct ears *ears = *state;
	struct inotify_watch *one, *three;

	/* Told before the one that it frees, and after it. */
	one = hear(ears, ".", INOTIFY_ADDED, first);
	three = hear(ears, ".", INOTIFY_ADDED, stops);
	ears->to_free = one;
	tree_make(ears->scratch.folder, "a");
	expect(ears, "3+a");
	one = hear(ears, ".", INOTIFY_ADDED, first);
	ears->to_free = one;
	tree_make(ears->scratch.folder, "b");
	expect(ears, "1+b 3+b");
	/* And itself, the last one of its folder. */
	ears->to_free = three;
	tree_make(ears->scratch.folder, "c");
	expect(ears, "3+c");
	assert_int_equal(inotify_count(ears->inotify), 0);
	/* And of a folder that is gone. */
	tree_make(ears->scratch.folder, "gone/");
	one = hear(ears, "gone", INOTIFY_ADDED, first);
	three = hear(ears, "gone", INOTIFY_ADDED, stops);
	ears->to_free = one;
	move(ears, "gone", "went");
	expect(ears, "3g");
	inotify_watch_free(three);
}

static void test_limit(void **state)
{
	struct ears *ears = *state;
	struct inotify *few;
	struct inotify_watch *a, *b, *again;
	char *path;
	struct err err;

	few = inotify_new(ears->loop, 2, on_overflow, ears, &err);
	assert_non_null(few);
	tree_make(ears->scratch.folder, "a/b/c/");
	path = tree_path(ears->scratch.folder, "a");
	a = inotify_watch_new(few, path, ALL, first, ears, &err);
	again = inotify_watch_new(few, path, ALL, first, ears, &err);
	b = inotify_watch_new(few, ears->scratch.folder, ALL, first, ears, &err);
	assert_true(a && b && again);
	free(path);
	path = tree_path(ears->scratch.folder, "a/b");
	assert_null(inotify_watch_new(few, path, ALL, first, ears, &err));
	assert_int_equal(err.code, ERR_STATE);
	assert_string_equal(err.message, "the limit of watched folders is reached");
	assert_non_null(strstr(err.hint, "fs.inotify.max_user_watches"));
	inotify_watch_free(again);
	assert_null(inotify_watch_new(few, path, ALL, first, ears, &err));
	inotify_watch_free(a);
	a = inotify_watch_new(few, path, ALL, first, ears, &err);
	assert_non_null(a);
	inotify_watch_free(a);
	inotify_watch_free(b);
	inotify_free(few);
	free(path);
}

static void test_what_cannot_be_watched(void **state)
{
	struct ears *ears = *state;
	char *path = tree_path(ears->scratch.folder, "file");
	struct err err;

	assert_null(inotify_watch_new(ears->inotify, path, ALL, first, ears, &err));
	assert_int_equal(err.code, ERR_FILE);
	tree_make(ears->scratch.folder, "file");
	assert_null(inotify_watch_new(ears->inotify, path, ALL, first, ears, &err));
	assert_int_equal(err.code, ERR_FILE);
	assert_false(inotify_reaches("/nowhere/at/all"));
	assert_true(inotify_reaches("/proc"));
	free(path);
}

static void on_turn_end(void *arg)
{
	struct ears *ears = arg;

	if (ears->heard[0])
		loop_stop(ears->loop);
}

static void test_from_the_loop(void **state)
{
	struct ears *ears = *state;
	struct inotify_watch *watch = hear(ears, ".", INOTIFY_ADDED, first);
	struct err err;

	loop_on_turn_end(ears->loop, on_turn_end, ears);
	tree_make(ears->scratch.folder, "x");
	assert_int_equal(loop_run(ears->loop, &err), 0);
	expect(ears, "1+x");
	inotify_watch_free(watch);
}

static unsigned long read_number(const char *path)
{
	FILE *in = fopen(path, "re");
	char text[32] = "";

	assert_non_null(in);
	assert_non_null(fgets(text, sizeof(text), in));
	(void)fclose(in);
	return strtoul(text, NULL, 10);
}

static void ignore(void *arg, unsigned what, const char *name)
{
	(void)arg;
	(void)what;
	(void)name;
}

static void test_overflow(void **state)
{
	struct ears *ears = *state;
	unsigned long most = read_number("/proc/sys/fs/inotify/max_queued_events");
	struct inotify_watch *watch = hear(ears, ".", INOTIFY_ATTRIBUTES, ignore);
	char *one = tree_path(ears->scratch.folder, "one"), *other = tree_path(ears->scratch.folder, "other");

	if (most > 100000)
		skip();
	tree_make(ears->scratch.folder, "one");
	tree_make(ears->scratch.folder, "other");
	/* In turn, because equal events that follow each other become one. */
	for (unsigned long i = 0; i < most + 10; i++)
		assert_int_equal(chmod(i % 2 ? one : other, 0600), 0);
	inotify_read(ears->inotify);
	assert_int_equal(ears->overflows, 1);
	inotify_watch_free(watch);
	free(one);
	free(other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_kind),	       TEST(test_wanted_only), TEST(test_folder_is_gone),
		TEST(test_links_are_followed), TEST(test_freeing_while_told),
		TEST(test_limit),	       TEST(test_what_cannot_be_watched),
		TEST(test_from_the_loop),      TEST(test_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
