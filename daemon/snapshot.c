/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)64 * 1024)

static int open_original(const char *path, int64_t bytes_max, struct stat *status, struct err *err)
{
	/* O_NONBLOCK: a FIFO must not stop the daemon before it is seen to be one. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		(void)err_set(err, ERR_FILE, "cannot read \"%s\": %m", path);
		return err_hint(
			err, "the daemon reads it as user %u: the file and all folders above it must let that user in",
			(unsigned)geteuid());
	}
	if (fstat(fd, status) < 0 || !S_ISREG(status->st_mode))
		(void)err_set(err, ERR_FILE, "\"%s\" is not a regular file", path);
	else if (status->st_size > bytes_max)
		(void)err_set(err, ERR_FILE, "\"%s\" has %" PRId64 " bytes, more than a results file can have", path,
			      (int64_t)status->st_size);
	else
		return fd;
	(void)close(fd);
	return -1;
}

static int write_all(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(fd, bytes, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return -1;
		bytes += written;
		count -= (size_t)written;
	}
	return 0;
}

static int copy(int from, int to, const char *path, int64_t bytes_expected, struct snapshot *out, struct err *err)
{
	struct digest_stream *stream = digest_stream_new();
	char *piece = malloc(PIECE);
	uint8_t digest[DIGEST_BYTES];
	ssize_t got = -1;

	out->bytes = 0;
	if (!stream || !piece) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		goto out;
	}
	while ((got = read(from, piece, PIECE)) > 0 || (got < 0 && errno == EINTR)) {
		if (got < 0)
			continue;
		digest_stream_update(stream, piece, (size_t)got);
		out->bytes += got;
		/* It grows as fast as it is read: check_unchanged() says so. */
		if (out->bytes > bytes_expected)
			break;
		if (write_all(to, piece, (size_t)got) < 0) {
			(void)err_set(err, ERR_LEDGER, "cannot keep a copy of \"%s\": %m", path);
			got = -1;
			goto out;
		}
	}
	if (got < 0)
		(void)err_set(err, ERR_FILE, "cannot read \"%s\": %m", path);
out:
	if (stream) {
		digest_stream_finish(stream, digest);
		(void)digest_hex(digest, out->sha256);
	}
	free(piece);
	return got < 0 ? -1 : 0;
}

static int check_unchanged(int fd, const struct stat *before, const char *path, const struct snapshot *out,
			   struct err *err)
{
	struct stat after;

	if (fstat(fd, &after) == 0 && after.st_size == before->st_size && out->bytes == before->st_size &&
	    after.st_mtim.tv_sec == before->st_mtim.tv_sec && after.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
		return 0;
	(void)err_set(err, ERR_FILE, "\"%s\" changed while it was being read", path);
	return err_hint(err, "load it again when nobody writes to it; nothing was imported");
}

static int open_copy(const char *folder, char **temporary, struct err *err)
{
	int fd;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_LEDGER, "cannot make the directory \"%s\": %m", folder);
	if (asprintf(temporary, "%s/new-XXXXXX", folder) < 0) {
		*temporary = NULL;
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	fd = mkostemp(*temporary, O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_LEDGER, "cannot write to \"%s\": %m", folder);
	return fd;
}

static int keep(int fd, const char *folder, const char *temporary, const struct snapshot *snapshot, struct err *err)
{
	char *path = NULL;
	int folder_fd, result = -1;

	if (asprintf(&path, "%s/%s", folder, snapshot->sha256) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd >= 0 && fsync(fd) == 0 && rename(temporary, path) == 0 && fsync(folder_fd) == 0)
		result = 0;
	else
		(void)err_set(err, ERR_LEDGER, "cannot keep a copy in \"%s\": %m", folder);
	if (folder_fd >= 0)
		(void)close(folder_fd);
	free(path);
	return result;
}

/* Nothing of a copy that did not become one is left. */
static void give_up_copy(const char *folder, const char *temporary, struct snapshot *out, struct err *err)
{
	if (err->code == ERR_LEDGER)
		(void)err_hint(err, "see that \"%s\" can be written and its disk has free space; nothing was imported",
			       folder);
	if (temporary)
		(void)unlink(temporary);
	if (out->fd >= 0)
		(void)close(out->fd);
	out->fd = -1;
}

int snapshot_take(const char *directory, const char *path, int64_t bytes_max, struct snapshot *out, struct err *err)
{
	char *folder = NULL, *temporary = NULL;
	struct stat status = { 0 };
	int original, result = -1;

	out->fd = -1;
	if (asprintf(&folder, "%s/snapshots", directory) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	original = open_original(path, bytes_max, &status, err);
	if (original >= 0)
		out->fd = open_copy(folder, &temporary, err);
	if (out->fd >= 0 && copy(original, out->fd, path, status.st_size, out, err) == 0 &&
	    check_unchanged(original, &status, path, out, err) == 0 &&
	    keep(out->fd, folder, temporary, out, err) == 0 && lseek(out->fd, 0, SEEK_SET) == 0)
		result = 0;
	if (result < 0)
		give_up_copy(folder, temporary, out, err);
	if (original >= 0)
		(void)close(original);
	free(temporary);
	free(folder);
	return result;
}
