/* SPDX-License-Identifier: MIT
 *
 * Runs another program to its end, without a shell, and keeps what it writes to one descriptor: its standard input,
 * output and error are /dev/null otherwise.
 */
#ifndef NGMT_CHILD_H
#define NGMT_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct child_result {
	char *output; /* ends with a NUL that `len` does not count */
	size_t len;
	int status; /* its exit status; 128 + the signal that ended it */
};

/* argv[0] without a slash is looked for in PATH. Writes of the program to `fd` are kept. It is killed at `deadline_ms`
 * (on clock_mono_ms(); ERR_TIMEOUT) and when it writes more than `most` bytes (ERR_FORMAT). ERR_NOT_FOUND: there is no
 * such program. The caller finishes what was filled, also after -1. */
int child_run(const char *const *argv, int fd, size_t most, int64_t deadline_ms, struct child_result *out,
	      struct err *err);

/* Overwrites the output and frees it. */
void child_result_finish(struct child_result *result);

#endif
