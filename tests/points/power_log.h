/* SPDX-License-Identifier: MIT
 *
 * What was done to files since they were last synced, and how a power failure leaves them. Knows no SQLite.
 */
#ifndef NGMT_POWER_LOG_H
#define NGMT_POWER_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes written at an offset or, without bytes, the file cut off there; and what was at that place before. */
struct power_change {
	int64_t offset;
	int64_t size_before; /* of the file */
	void *before;        /* what is overwritten or cut off */
	int64_t before_bytes;
	const void *bytes; /* NULL: cut off */
	int64_t count;
};

/* The log of the file with this path; the same one each time, kept until the process ends. */
struct power_log *power_log_of(const char *path);

/* Takes `before`, copies `bytes`. */
void power_log_add(struct power_log *log, const struct power_change *change);

/* All of it is on the disk, or the file is gone. */
void power_log_forget(struct power_log *log);

/* Leaves every file as a power failure might: the seed decides. */
void power_log_lose(uint64_t seed);

#endif
