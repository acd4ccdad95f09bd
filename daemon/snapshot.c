/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)64 * 1024)
/* Of one step. */
#define STEP_BYTES ((int64_t)1024 * 1024)
/* What may be on its way to the disk while more is written; more than that is waited for, so that in the end fsync()
 * has little left to do. */
#define WINDOW_BYTES (8 * STEP_BYTES)
#define TEMPORARY "new-"

struct snapshot {
	struct snapshot_request request;
	struct stat before;
	int original;
	char *folder;
	char *temporary; /* NULL: there is none */
	int fd;          /* of the copy; -1: nothing is written yet */
	bool writes;
	bool is_old;
	int64_t bytes; /* read by now */
	char last;
	char *piece;
	struct digest_stream *stream;
	struct digest_stream *prefix;
	int64_t prefix_left;
	char sha256[DIGEST_HEX_MAX];
	char prefix_sha256[DIGEST_HEX_MAX];
};

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

static int refuse_changed(const struct snapshot *snapshot, struct err *err)
{
	(void)err_set(err, snapshot->request.mark ? ERR_BUSY : ERR_FILE, "\"%s\" changed while it was being read",
		      snapshot->request.path);
	return err_hint(err, "load it again when nobody writes to it; nothing was imported");
}

static int check_unchanged(const struct snapshot *snapshot, struct err *err)
{
	struct file_mark before, now;
	struct stat status;

	file_mark_of(&snapshot->before, &before);
	if (snapshot->bytes != before.bytes || fstat(snapshot->original, &status) < 0)
		return refuse_changed(snapshot, err);
	file_mark_of(&status, &now);
	return file_mark_is_same(&before, &now) ? 0 : refuse_changed(snapshot, err);
}

static void forget_stream(struct digest_stream *stream)
{
	uint8_t ignored[DIGEST_BYTES];

	if (stream)
		digest_stream_finish(stream, ignored);
}

static bool is_as_marked(const struct snapshot *snapshot, const struct stat *status)
{
	struct file_mark mark;

	file_mark_of(status, &mark);
	return !snapshot->request.mark || file_mark_is_same(snapshot->request.mark, &mark);
}

/* To the beginning of the file; what was hashed so far does not count. */
static int rewind_to_start(struct snapshot *snapshot, struct err *err)
{
	bool has_prefix = snapshot->request.prefix_bytes > 0 &&
			  snapshot->request.prefix_bytes <= snapshot->before.st_size;

	forget_stream(snapshot->prefix);
	snapshot->prefix = has_prefix ? digest_stream_new() : NULL;
	snapshot->stream = digest_stream_new();
	snapshot->prefix_left = snapshot->request.prefix_bytes;
	snapshot->bytes = 0;
	snapshot->last = '\n';
	if (!snapshot->stream || (has_prefix && !snapshot->prefix))
		return err_set(err, ERR_INTERNAL, "out of memory");
	return lseek(snapshot->original, 0, SEEK_SET) == 0
		       ? 0
		       : err_set(err, ERR_FILE, "cannot read \"%s\": %m", snapshot->request.path);
}

struct snapshot *snapshot_open(const struct snapshot_request *request, struct err *err)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	snapshot->request = *request;
	snapshot->original = snapshot->fd = -1;
	snapshot->piece = malloc(PIECE);
	if (!snapshot->piece || asprintf(&snapshot->folder, "%s/snapshots", request->directory) < 0) {
		snapshot->folder = NULL;
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		goto fail;
	}
	snapshot->original = open_original(request->path, request->bytes_max, &snapshot->before, err);
	if (snapshot->original < 0 || rewind_to_start(snapshot, err) < 0)
		goto fail;
	if (!is_as_marked(snapshot, &snapshot->before)) {
		(void)refuse_changed(snapshot, err);
		goto fail;
	}
	/* What fits into one step is read twice rather than written in vain. */
	snapshot->writes = !request->may_be_kept && snapshot->before.st_size > STEP_BYTES;
	return snapshot;
fail:
	snapshot_close(snapshot);
	return NULL;
}

static int open_copy(struct snapshot *snapshot, struct err *err)
{
	if (mkdir(snapshot->folder, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_LEDGER, "cannot make the directory \"%s\": %m", snapshot->folder);
	if (asprintf(&snapshot->temporary, "%s/" TEMPORARY "XXXXXX", snapshot->folder) < 0) {
		snapshot->temporary = NULL;
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	snapshot->fd = mkostemp(snapshot->temporary, O_CLOEXEC);
	if (snapshot->fd >= 0)
		return 0;
	free(snapshot->temporary);
	snapshot->temporary = NULL;
	return err_set(err, ERR_LEDGER, "cannot write to \"%s\": %m", snapshot->folder);
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

static void hash(struct snapshot *snapshot, size_t count)
{
	uint8_t digest[DIGEST_BYTES];
	size_t part = count;

	digest_stream_update(snapshot->stream, snapshot->piece, count);
	if (!snapshot->prefix)
		return;
	if ((int64_t)part > snapshot->prefix_left)
		part = (size_t)snapshot->prefix_left;
	digest_stream_update(snapshot->prefix, snapshot->piece, part);
	snapshot->prefix_left -= (int64_t)part;
	if (snapshot->prefix_left > 0)
		return;
	digest_stream_finish(snapshot->prefix, digest);
	(void)digest_hex(digest, snapshot->prefix_sha256);
	snapshot->prefix = NULL;
}

/* 1: a piece, 0: the end, -1. */
static int read_piece(struct snapshot *snapshot, struct err *err)
{
	ssize_t got;

	do {
		got = read(snapshot->original, snapshot->piece, PIECE);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(err, ERR_FILE, "cannot read \"%s\": %m", snapshot->request.path);
	if (got == 0)
		return 0;
	hash(snapshot, (size_t)got);
	snapshot->bytes += got;
	snapshot->last = snapshot->piece[got - 1];
	/* It grows as fast as it is read. */
	if (snapshot->bytes > snapshot->before.st_size)
		return refuse_changed(snapshot, err);
	if (snapshot->writes && write_all(snapshot->fd, snapshot->piece, (size_t)got) < 0) {
		(void)err_set(err, ERR_LEDGER, "cannot keep a copy of \"%s\": %m", snapshot->request.path);
		return err_hint(err, "see that \"%s\" can be written and its disk has free space; nothing was imported",
				snapshot->folder);
	}
	return 1;
}

/* A hint to the kernel: where it cannot be taken, fsync() has more to do. */
static void spread_writing(const struct snapshot *snapshot, int64_t from)
{
	int64_t early = from - WINDOW_BYTES;

	(void)sync_file_range(snapshot->fd, from, snapshot->bytes - from, SYNC_FILE_RANGE_WRITE);
	if (early >= 0)
		(void)sync_file_range(snapshot->fd, early, STEP_BYTES,
				      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					      SYNC_FILE_RANGE_WAIT_AFTER);
}

static char *path_of(const char *folder, const char *sha256)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", folder, sha256) < 0 ? NULL : path;
}

/* A copy of the same content that is there. One of another length is damaged, and is written anew. */
static void find_old_copy(struct snapshot *snapshot)
{
	char *path = path_of(snapshot->folder, snapshot->sha256);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	struct stat status;

	free(path);
	if (fd >= 0 && (fstat(fd, &status) < 0 || status.st_size != snapshot->bytes)) {
		(void)close(fd);
		fd = -1;
	}
	snapshot->is_old = fd >= 0;
	if (fd >= 0)
		snapshot->fd = fd;
}

/* All of the file was read once. 1: it is read again, to be written; 0: there is a copy. */
static int end_pass(struct snapshot *snapshot, struct err *err)
{
	char sha256[DIGEST_HEX_MAX];
	uint8_t digest[DIGEST_BYTES];

	digest_stream_finish(snapshot->stream, digest);
	snapshot->stream = NULL;
	(void)digest_hex(digest, sha256);
	if (check_unchanged(snapshot, err) < 0)
		return -1;
	if (snapshot->sha256[0] && strcmp(snapshot->sha256, sha256) != 0)
		return refuse_changed(snapshot, err);
	memcpy(snapshot->sha256, sha256, sizeof(sha256));
	if (snapshot->writes)
		return 0;
	find_old_copy(snapshot);
	if (snapshot->is_old)
		return 0;
	snapshot->writes = true;
	return rewind_to_start(snapshot, err) < 0 ? -1 : 1;
}

int snapshot_step(struct snapshot *snapshot, struct err *err)
{
	int64_t from = snapshot->bytes;
	int more = 1;

	if (snapshot->writes && snapshot->fd < 0 && open_copy(snapshot, err) < 0)
		return -1;
	while (more == 1 && snapshot->bytes - from < STEP_BYTES)
		more = read_piece(snapshot, err);
	if (more < 0)
		return -1;
	if (snapshot->writes)
		spread_writing(snapshot, from);
	return more == 1 ? 1 : end_pass(snapshot, err);
}

const char *snapshot_sha256(const struct snapshot *snapshot)
{
	return snapshot->sha256;
}

int64_t snapshot_bytes(const struct snapshot *snapshot)
{
	return snapshot->bytes;
}

int snapshot_fd(const struct snapshot *snapshot)
{
	return snapshot->fd;
}

bool snapshot_is_old(const struct snapshot *snapshot)
{
	return snapshot->is_old;
}

bool snapshot_ends_in_line(const struct snapshot *snapshot)
{
	return snapshot->last == '\n' || snapshot->last == '\r';
}

const char *snapshot_prefix_sha256(const struct snapshot *snapshot)
{
	return snapshot->prefix_sha256;
}

static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	if (fd < 0)
		return -1;
	result = fsync(fd);
	(void)close(fd);
	return result;
}

static int name_copy(struct snapshot *snapshot)
{
	char *path = path_of(snapshot->folder, snapshot->sha256);
	int result = path ? rename(snapshot->temporary, path) : -1;

	free(path);
	if (result == 0) {
		free(snapshot->temporary);
		snapshot->temporary = NULL;
	}
	return result;
}

/* All contents first, then all names: the first fsync() mostly does the work of the others. */
static int keep_all(struct snapshot *const *snapshots, size_t count)
{
	const char *folder = NULL;

	for (size_t i = 0; i < count; i++)
		if (snapshots[i]->temporary && fsync(snapshots[i]->fd) < 0)
			return -1;
	for (size_t i = 0; i < count; i++) {
		if (!snapshots[i]->temporary)
			continue;
		folder = snapshots[i]->folder;
		if (name_copy(snapshots[i]) < 0)
			return -1;
	}
	return folder ? sync_folder(folder) : 0;
}

int snapshot_keep(struct snapshot *const *snapshots, size_t count, struct err *err)
{
	if (count == 0 || keep_all(snapshots, count) == 0)
		return 0;
	(void)err_set(err, ERR_LEDGER, "cannot keep a copy in \"%s\": %m", snapshots[0]->folder);
	return err_hint(err, "see that \"%s\" can be written and its disk has free space; nothing was imported",
			snapshots[0]->folder);
}

void snapshot_close(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	if (snapshot->temporary)
		(void)unlink(snapshot->temporary);
	if (snapshot->fd >= 0)
		(void)close(snapshot->fd);
	if (snapshot->original >= 0)
		(void)close(snapshot->original);
	forget_stream(snapshot->stream);
	forget_stream(snapshot->prefix);
	free(snapshot->temporary);
	free(snapshot->folder);
	free(snapshot->piece);
	free(snapshot);
}

int snapshot_remove(const char *directory, const char *sha256)
{
	char *path = NULL;
	int result;

	if (asprintf(&path, "%s/snapshots/%s", directory, sha256) < 0)
		return -1;
	result = unlink(path);
	free(path);
	return result < 0 && errno != ENOENT ? -1 : 0;
}

void snapshot_clean(const char *directory)
{
	char *folder = NULL;
	DIR *entries;

	if (asprintf(&folder, "%s/snapshots", directory) < 0)
		return;
	entries = opendir(folder);
	free(folder);
	if (!entries)
		return;
	for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
		if (strncmp(entry->d_name, TEMPORARY, strlen(TEMPORARY)) == 0)
			(void)unlinkat(dirfd(entries), entry->d_name, 0);
	(void)closedir(entries);
}
