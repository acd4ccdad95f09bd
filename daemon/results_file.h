/* SPDX-License-Identifier: MIT
 *
 * A room's results file from outside: which of the files in a folder it is, what it looks like, and whether its last
 * line is complete. Rules: nodegame-files sections 1.3, 2 and 9.1.
 */
#ifndef NGMT_RESULTS_FILE_H
#define NGMT_RESULTS_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct stat;

/* What a file looks like (stat): two equal ones mean that nothing was written in between. */
struct file_mark {
	int64_t bytes;
	int64_t mtime_ns;
	int64_t inode;
};

void file_mark_of(const struct stat *status, struct file_mark *out);
bool file_mark_is_same(const struct file_mark *one, const struct file_mark *other);

struct results_file {
	const char *name; /* "bonus.csv", "results.csv" */
	struct file_mark mark;
	int64_t ctime_ns; /* also changes with the permissions, and cannot be set back */
};

/* bonus.csv of the folder, else results.csv; of a data folder itself (`is_shared`) bonus.csv only. Links are followed.
 * 1: there it is; 0: there is none; -1 with errno: it cannot be told, `name` is where it would be. */
int results_file_find(const char *folder, bool is_shared, struct results_file *out);

/* Whether it is one of those names. */
bool results_file_is_name(const char *name, bool is_shared);

/* Whether the file ends in a line end (also an empty one does). 1, 0, -1 with errno. */
int results_file_ends_in_line(const char *path);

#endif
