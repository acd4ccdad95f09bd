/* SPDX-License-Identifier: MIT
 *
 * A temporary folder for one test, with files in it; removed by scratch_remove(). Include after cmocka.h.
 */
#ifndef NGMT_SCRATCH_H
#define NGMT_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char folder[128];
	char path[256]; /* of the last file written */
};

static inline void scratch_make(struct scratch *scratch)
{
	const char *parent = getenv("TMPDIR");

	(void)snprintf(scratch->folder, sizeof(scratch->folder), "%.80s/ngmt-test-XXXXXX",
		       parent && parent[0] ? parent : "/tmp");
	assert_non_null(mkdtemp(scratch->folder));
}

/* Writes `len` bytes to `name` and returns its path. */
static inline const char *scratch_write_bytes(struct scratch *scratch, const char *name, const char *bytes, size_t len)
{
	int fd;

	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/%s", scratch->folder, name);
	fd = open(scratch->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
	return scratch->path;
}

static inline const char *scratch_write(struct scratch *scratch, const char *name, const char *text)
{
	return scratch_write_bytes(scratch, name, text, strlen(text));
}

static inline const char *scratch_folder(struct scratch *scratch, const char *name)
{
	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/%s", scratch->folder, name);
	assert_int_equal(mkdir(scratch->path, 0700), 0);
	return scratch->path;
}

static inline int scratch_remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void scratch_remove(struct scratch *scratch)
{
	assert_int_equal(nftw(scratch->folder, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* For cmocka: the folder is the test's state. */
static inline int scratch_set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	assert_non_null(scratch);
	scratch_make(scratch);
	*state = scratch;
	return 0;
}

static inline int scratch_tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

#endif
