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

static int set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	assert_non_null(scratch);
	scratch_make(scratch);
	*state = scratch;
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

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

static void expect_copy(const struct snapshot *snapshot, const char *text)
{
	char bytes[200] = "";
	struct stat status;

	assert_int_equal(read(snapshot->fd, bytes, sizeof(bytes) - 1), (ssize_t)strlen(text));
	assert_string_equal(bytes, text);
	assert_int_equal(fstat(snapshot->fd, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_taken(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot one, again, other;
	struct err err;
	char path[400];

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	assert_int_equal(snapshot_take(scratch->folder, scratch->path, MEGABYTE, &one, &err), 0);
	assert_int_equal(one.bytes, 13);
	/* printf 'id,bonus\n1,2\n' | sha256sum */
	assert_string_equal(one.sha256, "298f918ac9711df7aafe4a48cc8140797db9646cc25ec4d10e95a99591f31078");
	expect_copy(&one, "id,bonus\n1,2\n");
	(void)snprintf(path, sizeof(path), "%s/snapshots/%s", scratch->folder, one.sha256);
	assert_int_equal(access(path, R_OK), 0);
	/* The same content once more, from elsewhere, is the same copy. */
	(void)scratch_write(scratch, "b.csv", "id,bonus\n1,2\n");
	assert_int_equal(snapshot_take(scratch->folder, scratch->path, MEGABYTE, &again, &err), 0);
	assert_string_equal(again.sha256, one.sha256);
	assert_int_equal(count_copies(scratch), 1);
	/* A change of the original does not reach the copy. */
	(void)scratch_write(scratch, "b.csv", "id,bonus\n1,3\n");
	assert_int_equal(snapshot_take(scratch->folder, scratch->path, MEGABYTE, &other, &err), 0);
	assert_string_not_equal(other.sha256, one.sha256);
	expect_copy(&again, "id,bonus\n1,2\n");
	assert_int_equal(count_copies(scratch), 2);
	(void)close(one.fd);
	(void)close(again.fd);
	(void)close(other.fd);
}

static void test_empty_and_large(void **state)
{
	struct scratch *scratch = *state;
	char *bytes = malloc(300000);
	struct snapshot snapshot;
	struct err err;

	(void)scratch_write(scratch, "empty", "");
	assert_int_equal(snapshot_take(scratch->folder, scratch->path, MEGABYTE, &snapshot, &err), 0);
	assert_int_equal(snapshot.bytes, 0);
	(void)close(snapshot.fd);
	for (int i = 0; i < 300000; i++)
		bytes[i] = (char)(i * 7);
	(void)scratch_write_bytes(scratch, "large", bytes, 300000);
	free(bytes);
	assert_int_equal(snapshot_take(scratch->folder, scratch->path, 300000, &snapshot, &err), 0);
	assert_int_equal(snapshot.bytes, 300000);
	(void)close(snapshot.fd);
}

static void expect_refused(struct scratch *scratch, const char *path, int64_t bytes_max, const char *message)
{
	struct snapshot snapshot;
	struct err err = { 0 };

	assert_int_equal(snapshot_take(scratch->folder, path, bytes_max, &snapshot, &err), -1);
	assert_int_equal(snapshot.fd, -1);
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
	struct snapshot snapshot;
	char folder[400];
	struct err err;

	(void)scratch_write(scratch, "a.csv", "x\n");
	(void)snprintf(folder, sizeof(folder), "%s/missing/folder", scratch->folder);
	assert_int_equal(snapshot_take(folder, scratch->path, MEGABYTE, &snapshot, &err), -1);
	assert_int_equal(err.code, ERR_LEDGER);
	assert_int_equal(snapshot.fd, -1);
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

static void test_changing_file(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot snapshot;
	struct err err;
	int result;

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	intruder.path = scratch->path;
	intruder.times = 1;
	result = snapshot_take(scratch->folder, scratch->path, MEGABYTE, &snapshot, &err);
	intruder.path = NULL;
	assert_int_equal(intruder.times, 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ERR_FILE);
	assert_non_null(strstr(err.message, "changed while it was being read"));
	assert_non_null(strstr(err.hint, "load it again"));
	assert_int_equal(count_copies(scratch), 0);
}

/* One that grows as fast as it is read does not fill the disk. */
static void test_endless_file(void **state)
{
	struct scratch *scratch = *state;
	struct snapshot snapshot;
	struct err err;
	int result;

	(void)scratch_write(scratch, "a.csv", "id,bonus\n1,2\n");
	intruder.path = scratch->path;
	intruder.times = 100000;
	result = snapshot_take(scratch->folder, scratch->path, 1000, &snapshot, &err);
	intruder.path = NULL;
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ERR_FILE);
	assert_true(intruder.times > 90000);
	assert_int_equal(count_copies(scratch), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_taken),    TEST(test_empty_and_large), TEST(test_refused),
		TEST(test_no_place), TEST(test_changing_file),   TEST(test_endless_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
