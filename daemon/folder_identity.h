/* SPDX-License-Identifier: MIT
 *
 * Whether a folder is the one that it was: its inode and when it was made, since a new folder often has the number of
 * one that was deleted.
 */
#ifndef NGMT_FOLDER_IDENTITY_H
#define NGMT_FOLDER_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

struct folder_identity {
	int64_t device; /* not for ever: after a restart of the machine it may have another number */
	int64_t number;
};

/* Of the folder that is at `path` now, links followed. -1: there is none; *out is zero then. */
int folder_identity_read(struct folder_identity *out, const char *path);
bool folder_identity_is_same(const struct folder_identity *one, const struct folder_identity *other);

#endif
