/* SPDX-License-Identifier: MIT */
#include "folder_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

int folder_identity_read(struct folder_identity *out, const char *path)
{
	struct statx status;
	uint64_t made_ns;

	*out = (struct folder_identity){ 0 };
	if (statx(AT_FDCWD, path, 0, STATX_TYPE | STATX_INO | STATX_BTIME, &status) < 0 || !S_ISDIR(status.stx_mode))
		return -1;
	/* Some file systems do not know when. The factor spreads the times over all numbers. */
	made_ns = status.stx_mask & STATX_BTIME
			  ? (uint64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec
			  : 0;
	out->device = (int64_t)makedev(status.stx_dev_major, status.stx_dev_minor);
	out->number = (int64_t)(status.stx_ino ^ made_ns * UINT64_C(0x9e3779b97f4a7c15));
	return 0;
}

bool folder_identity_is_same(const struct folder_identity *one, const struct folder_identity *other)
{
	return one->device == other->device && one->number == other->number;
}
