/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/syscall.h>

#include "scratch.h"
#include "snapshot.h"

#define MEGABYTE (1 << 20)

/* Regular files and folders in the folder of the copies; -1: there is none. */
static int count_copies(const struct scratch *scratch)
{
	char path[256];
	int count = 0;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "%s/snapshots", scratch->folder);
	folder = opendir(path);
	if (!folder)
		return -1;
	for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		count += entry->d_name[0] != '.';
	(void)closedir(folder);
	return count;
}

/* The whole of `path` as a copy that is not kept yet; NULL with `err`. */
static struct snapshot *take_like(const struct snapshot_request *request, struct err *err)
{
	struct snapshot *snapshot = snapshot_open(request, err);
	int more = 1;

	while (snapshot && more == 1)
		more = snapshot_step(snapshot, err);
	if (snapshot && more < 0) {
		snapshot_close(snapshot);
		snapshot = NULL;
	}
	return snapshot;
}

static struct snapshot *take(const struct scratch *scratch, const char *path, int64_t bytes_max, struct err *err)
{
	const struct snapshot_request request = { .directory = scratch->folder, .path = path, .bytes_max = bytes_max };

	return take_like(&request, err);
}

static struct snapshot *must_take(struct scratch *scratch)
{
	struct err err;
	struct snapshot *snapshot = take(scratch, scratch->path, MEGABYTE, &err);

	if (!snapshot)
		fail_msg("%s", err.message);
	return snapshot;
}

static void must_keep(struct snapshot *const *snapshots, size_t count)
{
	struct err err;

	if (snapshot_keep(snapshots, count, &err) < 0)
		fail_msg("%s", err.message);
}

static void expect_copy(const struct snapshot *snapshot, const char *text)
{
	char bytes[200] = "";
	struct stat status;

	assert_int_equal(pread(snapshot_fd(snapshot), bytes, sizeof(bytes) - 1, 0), (ssize_t)strlen(text));
	assert_string_equal(bytes, text);
	assert_int_equal(fstat(snapshot_fd(snapshot), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_taken(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot *one, *again, *other;
	char path[400];

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	one = must_take(scratch);
	assert_int_equal(snapshot_bytes(one), 13);
	assert_true(snapshot_ends_in_line(one));
	assert_false(snapshot_is_old(one));
	/* printf 'id,bonus\n1,2\n' | sha256sum */
	assert_string_equal(snapshot_sha256(one), "298f918ac9711df7aafe4a48cc8140797db9646cc25ec4d10e95a99591f31078");
	expect_copy(one, "id,bonus\n1,2\n");
	(void)snprintf(path, sizeof(path), "%s/snapshots/%s", scratch->folder, snapshot_sha256(one));
	assert_int_equal(access(path, R_OK), -1);
	must_keep(&one, 1);
	assert_int_equal(access(path, R_OK), 0);
	/* The same content once more, from elsewhere, is the same copy, and is not written again. */
	(void)scratch_write(scratch, "b.csv", "id,bonus\n1,2\n");
	again = must_take(scratch);
	assert_true(snapshot_is_old(again));
	assert_int_equal(count_copies(scratch), 1);
	must_keep(&again, 1);
	/* A change of the original does not reach the copy. */
	(void)scratch_write(scratch, "b.csv", "id,bonus\n1,3");
	other = must_take(scratch);
	assert_false(snapshot_ends_in_line(other));
	assert_string_not_equal(snapshot_sha256(other), snapshot_sha256(one));
	expect_copy(again, "id,bonus\n1,2\n");
	must_keep(&other, 1);
	assert_int_equal(count_copies(scratch), 2);
	snapshot_close(one);
	snapshot_close(again);
	snapshot_close(other);
	assert_int_equal(count_copies(scratch), 2);
}

static void test_not_kept(void **state)
{
	struct scratch *scratch = *state;

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	snapshot_close(must_take(scratch));
	assert_int_equal(count_copies(scratch), 0);
}

static void test_several_at_once(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot *all[3];

	(void)scratch_write(scratch, "a.csv", "1\n");
	all[0] = must_take(scratch);
	(void)scratch_write(scratch, "b.csv", "2\n");
	all[1] = must_take(scratch);
	(void)scratch_write(scratch, "c.csv", "1\n");
	all[2] = must_take(scratch);
	must_keep(all, 3);
	assert_int_equal(count_copies(scratch), 2);
	for (size_t i = 0; i < 3; i++)
		snapshot_close(all[i]);
}

/* A copy that lost its end is made anew. */
static void test_damaged_copy(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot *one, *again;
	char path[400];

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	one = must_take(scratch);
	must_keep(&one, 1);
	(void)snprintf(path, sizeof(path), "%s/snapshots/%s", scratch->folder, snapshot_sha256(one));
	assert_int_equal(truncate(path, 5), 0);
	again = must_take(scratch);
	assert_false(snapshot_is_old(again));
	must_keep(&again, 1);
	expect_copy(again, "id,bonus\n1,2\n");
	snapshot_close(one);
	snapshot_close(again);
}

static void fill(char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (char)(i * 7 + i / 1000);
}

/* More than one step, whether or not it may be there already. */
static void test_large(void **state)
{
	struct scratch *scratch = *state;
	size_t count = 5 * MEGABYTE / 2;
	char *bytes = malloc(count), *copied = malloc(count);
	struct snapshot_request request = { .directory = scratch->folder, .bytes_max = 5 * MEGABYTE };
	struct err err;

	fill(bytes, count);
	request.path = scratch_write_bytes(scratch, "large", bytes, count);
	for (int pass = 0; pass < 3; pass++) {
		struct snapshot *snapshot;

		request.may_be_kept = pass > 0;
		snapshot = take_like(&request, &err);
		assert_non_null(snapshot);
		assert_int_equal(snapshot_is_old(snapshot), pass > 0);
		assert_int_equal(snapshot_bytes(snapshot), (int64_t)count);
		assert_int_equal(pread(snapshot_fd(snapshot), copied, count, 0), (ssize_t)count);
		assert_memory_equal(bytes, copied, count);
		must_keep(&snapshot, 1);
		snapshot_close(snapshot);
	}
	assert_int_equal(count_copies(scratch), 1);
	free(bytes);
	free(copied);
}

static void expect_prefix(struct scratch *scratch, int64_t bytes, const char *sha256)
{
	const struct snapshot_request request = {
		.directory = scratch->folder, .path = scratch->path, .bytes_max = MEGABYTE, .prefix_bytes = bytes
	};
	struct err err;
	struct snapshot *snapshot = take_like(&request, &err);

	assert_non_null(snapshot);
	assert_string_equal(snapshot_prefix_sha256(snapshot), sha256);
	snapshot_close(snapshot);
}

static void test_prefix(void **state)
{
	struct scratch *scratch = *state;

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n3,4\n");
	expect_prefix(scratch, 13, "298f918ac9711df7aafe4a48cc8140797db9646cc25ec4d10e95a99591f31078");
	expect_prefix(scratch, 0, "");
	expect_prefix(scratch, 18, "");
}

static void test_empty_and_exact(void **state)
{
	struct scratch *scratch = *state;
	char *bytes = malloc(300000);
	struct snapshot *snapshot;
	struct err err;

	(void)scratch_write(scratch, "empty", "");
	snapshot = must_take(scratch);
	assert_int_equal(snapshot_bytes(snapshot), 0);
	assert_true(snapshot_ends_in_line(snapshot));
	snapshot_close(snapshot);
	fill(bytes, 300000);
	(void)scratch_write_bytes(scratch, "exact", bytes, 300000);
	free(bytes);
	snapshot = take(scratch, scratch->path, 300000, &err);
	assert_non_null(snapshot);
	assert_int_equal(snapshot_bytes(snapshot), 300000);
	snapshot_close(snapshot);
}

static void expect_refused(struct scratch *scratch, const char *path, int64_t bytes_max, const char *message)
{
	struct err err = { 0 };

	assert_null(take(scratch, path, bytes_max, &err));
	assert_int_equal(err.code, ERR_FILE);
	if (!strstr(err.message, message) || !strstr(err.message, path))
		fail_msg("%s", err.message);
	assert_true(count_copies(scratch) <= 0);
}

static void test_refused(void **state)
{
	struct scratch *scratch = *state;
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/missing", scratch->folder);
	expect_refused(scratch, path, MEGABYTE, "cannot read");
	expect_refused(scratch, scratch->folder, MEGABYTE, "not a regular file");
	expect_refused(scratch, "/dev/zero", MEGABYTE, "not a regular file");
	/* A FIFO that nobody writes to must not stop the daemon. */
	(void)snprintf(path, sizeof(path), "%s/fifo", scratch->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused(scratch, path, MEGABYTE, "not a regular file");
	(void)scratch_write(scratch, "eleven", "12345678901");
	(void)snprintf(path, sizeof(path), "%s", scratch->path);
	expect_refused(scratch, path, 10, "has 11 bytes");
	/* The kernel's files say that they are empty and are not: what is read is not what was announced. */
	expect_refused(scratch, "/proc/self/status", MEGABYTE, "changed while it was being read");
}

static void test_no_place(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot_request request = { .path = scratch->path, .bytes_max = MEGABYTE };
	char folder[400];
	struct err err;

	(void)scratch_write(scratch, "a.csv", "x\n");
	(void)snprintf(folder, sizeof(folder), "%s/missing/folder", scratch->folder);
	request.directory = folder;
	assert_null(take_like(&request, &err));
	assert_int_equal(err.code, ERR_LEDGER);
}

/* A file that is written to while it is read: this read() stands before libc's, also for the module under test. */
static struct {
	const char *path; /* appended to by the next read() */
	int times;
} intruder;

ssize_t read(int fd, void *buffer, size_t size)
{
	if (intruder.path && intruder.times > 0) {
		int other = open(intruder.path, O_WRONLY | O_APPEND);

		intruder.times--;
		assert_int_equal(write(other, "2,3\n", 4), 4);
		(void)close(other);
	}
	return syscall(SYS_read, fd, buffer, size);
}

static void expect_changed(const struct snapshot_request *request, int times, enum err_code code)
{
	struct err err = { 0 };
	struct snapshot *snapshot;

	intruder.path = request->path;
	intruder.times = times;
	snapshot = take_like(request, &err);
	intruder.path = NULL;
	assert_null(snapshot);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.message, "changed while it was being read"));
	assert_non_null(strstr(err.hint, "load it again"));
}

static void test_changing_file(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot_request request = {
		.directory = scratch->folder, .path = scratch->path, .bytes_max = MEGABYTE
	};
	struct file_mark mark;
	struct stat status;

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	assert_int_equal(stat(scratch->path, &status), 0);
	file_mark_of(&status, &mark);
	expect_changed(&request, 1, ERR_FILE);
	assert_int_equal(intruder.times, 0);
	assert_true(count_copies(scratch) <= 0);
	/* Whoever says how it looked is told to wait: it looks otherwise now, or changes under the copying. */
	request.mark = &mark;
	expect_changed(&request, 0, ERR_BUSY);
	assert_int_equal(stat(scratch->path, &status), 0);
	file_mark_of(&status, &mark);
	expect_changed(&request, 1, ERR_BUSY);
}

/* One that grows as fast as it is read does not fill the disk. */
static void test_endless_file(void **state)
{
	struct scratch *scratch = *state;
	const struct snapshot_request request = {
		.directory = scratch->folder, .path = scratch->path, .bytes_max = 1000
	};

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	expect_changed(&request, 100000, ERR_FILE);
	assert_true(intruder.times > 90000);
	assert_true(count_copies(scratch) <= 0);
}

static void test_removed_and_cleaned(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot *snapshot;

	(void)scratch_write(scratch, "a.csv", "1\n");
	snapshot = must_take(scratch);
	must_keep(&snapshot, 1);
	(void)scratch_folder(scratch, "other");
	(void)scratch_write(scratch, "snapshots/new-abcdef", "what a crash left");
	assert_int_equal(count_copies(scratch), 2);
	snapshot_clean(scratch->folder);
	assert_int_equal(count_copies(scratch), 1);
	assert_int_equal(snapshot_remove(scratch->folder, snapshot_sha256(snapshot)), 0);
	assert_int_equal(count_copies(scratch), 0);
	assert_int_equal(snapshot_remove(scratch->folder, snapshot_sha256(snapshot)), 0);
	snapshot_close(snapshot);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_taken),           TEST(test_not_kept),  TEST(test_several_at_once), TEST(test_damaged_copy),
		TEST(test_large),           TEST(test_prefix),    TEST(test_empty_and_exact), TEST(test_refused),
		TEST(test_no_place),        TEST(test_changing_file), TEST(test_endless_file),
		TEST(test_removed_and_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
