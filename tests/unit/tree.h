/* SPDX-License-Identifier: MIT
 *
 * Folders, files and links below a test's folder. Include after <cmocka.h>.
 */
#ifndef NGMT_TREE_H
#define NGMT_TREE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The caller frees. */
static inline char *tree_path(const char *root, const char *path)
{
	char *joined = NULL;

	assert_true(asprintf(&joined, "%s/%s", root, path) > 0);
	return joined;
}

/* Makes the folders of a path that ends in "/", or an empty file and its folders. */
static inline void tree_make(const char *root, const char *path)
{
	char *full = tree_path(root, path);

	assert_non_null(full);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(full, 0700);
		*p = '/';
	}
	if (full[strlen(full) - 1] != '/') {
		int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_true(fd >= 0);
		(void)close(fd);
	}
	free(full);
}

static inline void tree_link(const char *root, const char *target, const char *path)
{
	char *full = tree_path(root, path);

	assert_int_equal(symlink(target, full), 0);
	free(full);
}

#endif
