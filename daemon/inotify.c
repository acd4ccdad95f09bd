/* SPDX-License-Identifier: MIT */
#include "inotify.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BUFFER_BYTES 65536
/* More than the kernel keeps (fs.inotify.max_queued_events is 16384 by default). */
#define READS_MAX 32

/* A folder as the kernel knows it. */
struct heard {
	int wd;
	struct inotify_watch *watches;
};

struct inotify {
	int fd;
	struct loop_fd *readable;
	void *by_wd; /* tsearch() of struct heard */
	unsigned count;
	unsigned watches_max;
	bool is_reading;
	struct inotify_watch *dead; /* freed by somebody while events were told */
	void (*on_overflow)(void *arg);
	void *arg;
};

struct inotify_watch {
	struct inotify *inotify;
	struct heard *heard; /* NULL: the folder is gone */
	struct inotify_watch *next;
	struct inotify_watch *next_dead;
	unsigned wanted;
	inotify_fn *fn; /* NULL: dead */
	void *arg;
};

/* What to ask for; IN_UNMOUNT and IN_IGNORED are told without that. */
static const struct {
	unsigned what;
	uint32_t mask;
} masks[] = {
	{ INOTIFY_ADDED, IN_CREATE | IN_MOVED_TO },
	{ INOTIFY_TAKEN, IN_DELETE | IN_MOVED_FROM },
	{ INOTIFY_WRITTEN, IN_MODIFY | IN_CLOSE_WRITE },
	{ INOTIFY_ATTRIBUTES, IN_ATTRIB },
	{ INOTIFY_GONE, IN_DELETE_SELF | IN_MOVE_SELF },
};

#define MASKS (sizeof(masks) / sizeof(masks[0]))

static int compare(const void *a, const void *b)
{
	const struct heard *one = a, *other = b;

	return one->wd < other->wd ? -1 : one->wd > other->wd;
}

static struct heard *find(struct inotify *inotify, int wd)
{
	const struct heard key = { .wd = wd };
	void *found = tfind(&key, &inotify->by_wd, compare);

	return found ? *(struct heard **)found : NULL;
}

static void drop(struct inotify *inotify, struct heard *heard)
{
	(void)tdelete(heard, &inotify->by_wd, compare);
	inotify->count--;
	free(heard);
}

/* Leaves its folder, which is no longer watched if this was the last one. */
static void leave(struct inotify_watch *watch)
{
	struct heard *heard = watch->heard;
	struct inotify_watch **link;

	if (!heard)
		return;
	for (link = &heard->watches; *link != watch;)
		link = &(*link)->next;
	*link = watch->next;
	if (heard->watches)
		return;
	(void)inotify_rm_watch(watch->inotify->fd, heard->wd);
	drop(watch->inotify, heard);
}

void inotify_watch_free(struct inotify_watch *watch)
{
	if (!watch)
		return;
	if (watch->inotify->is_reading) {
		watch->fn = NULL;
		watch->next_dead = watch->inotify->dead;
		watch->inotify->dead = watch;
		return;
	}
	leave(watch);
	free(watch);
}

static void bury(struct inotify *inotify)
{
	while (inotify->dead) {
		struct inotify_watch *watch = inotify->dead;

		inotify->dead = watch->next_dead;
		leave(watch);
		free(watch);
	}
}

/* The kernel has dropped the folder, or it is now somewhere else. */
static void lose(struct inotify *inotify, struct heard *heard)
{
	struct inotify_watch *watch = heard->watches;

	drop(inotify, heard);
	for (struct inotify_watch *each = watch; each; each = each->next)
		each->heard = NULL;
	while (watch) {
		struct inotify_watch *next = watch->next;

		if (watch->fn)
			watch->fn(watch->arg, INOTIFY_GONE, "");
		watch = next;
	}
}

static void tell(struct heard *heard, unsigned what, const char *name)
{
	/* Who begins to watch while this is told comes in front, and those who stop stay until it is over. */
	for (struct inotify_watch *watch = heard->watches; watch; watch = watch->next)
		if (watch->fn && (watch->wanted & what))
			watch->fn(watch->arg, what, name);
}

static void on_event(struct inotify *inotify, const struct inotify_event *event)
{
	struct heard *heard = event->mask & IN_Q_OVERFLOW ? NULL : find(inotify, event->wd);

	if (event->mask & IN_Q_OVERFLOW)
		inotify->on_overflow(inotify->arg);
	if (!heard)
		return;
	for (size_t i = 0; i < MASKS; i++)
		if (masks[i].what != INOTIFY_GONE && (event->mask & masks[i].mask))
			tell(heard, masks[i].what, event->len > 0 ? event->name : "");
	if (!(event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)))
		return;
	if (!(event->mask & IN_IGNORED))
		(void)inotify_rm_watch(inotify->fd, heard->wd);
	lose(inotify, heard);
}

static bool read_once(struct inotify *inotify)
{
	_Alignas(struct inotify_event) char buffer[BUFFER_BYTES];
	ssize_t len = read(inotify->fd, buffer, sizeof(buffer));
	const struct inotify_event *event;

	for (const char *at = buffer; len > 0 && at < buffer + len; at += sizeof(*event) + event->len) {
		event = (const void *)at;
		on_event(inotify, event);
	}
	return len > 0;
}

void inotify_read(struct inotify *inotify)
{
	unsigned reads = 0;

	inotify->is_reading = true;
	while (read_once(inotify) && ++reads < READS_MAX)
		;
	inotify->is_reading = false;
	bury(inotify);
}

static void on_readable(void *arg)
{
	inotify_read(arg);
}

static int fail_limit(struct err *err, const char *what, const char *setting)
{
	(void)err_set(err, ERR_STATE, "%s", what);
	return err_hint(err, "raise %s with sysctl(8)", setting);
}

struct inotify *inotify_new(struct loop *loop, unsigned watches_max, void (*on_overflow)(void *arg), void *arg,
			    struct err *err)
{
	struct inotify *inotify = calloc(1, sizeof(*inotify));

	if (!inotify) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	inotify->watches_max = watches_max;
	inotify->on_overflow = on_overflow;
	inotify->arg = arg;
	inotify->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (inotify->fd >= 0)
		inotify->readable = loop_fd_new(loop, inotify->fd, on_readable, inotify, err);
	else if (errno == EMFILE)
		(void)fail_limit(err, "too many programs of this user watch folders", "fs.inotify.max_user_instances");
	else
		(void)err_set(err, ERR_STATE, "folders cannot be watched: %s", strerror(errno));
	if (inotify->readable)
		return inotify;
	inotify_free(inotify);
	return NULL;
}

static void free_heard(void *heard)
{
	free(heard);
}

void inotify_free(struct inotify *inotify)
{
	if (!inotify)
		return;
	loop_fd_free(inotify->readable);
	if (inotify->fd >= 0)
		(void)close(inotify->fd);
	tdestroy(inotify->by_wd, free_heard);
	free(inotify);
}

static uint32_t mask_of(unsigned wanted)
{
	/* Several watches of one folder are one to the kernel. */
	uint32_t mask = IN_MASK_ADD | IN_ONLYDIR | IN_EXCL_UNLINK;

	for (size_t i = 0; i < MASKS; i++)
		if ((wanted | INOTIFY_GONE) & masks[i].what)
			mask |= masks[i].mask;
	return mask;
}

/* The folder that is known under the number, or a new one. */
static struct heard *hear(struct inotify *inotify, int wd)
{
	struct heard *heard = find(inotify, wd);

	if (heard)
		return heard;
	heard = calloc(1, sizeof(*heard));
	if (!heard)
		return NULL;
	heard->wd = wd;
	if (!tsearch(heard, &inotify->by_wd, compare)) {
		free(heard);
		return NULL;
	}
	inotify->count++;
	return heard;
}

/* The number of the kernel's watch, or -1. */
static int ask_kernel(struct inotify *inotify, const char *path, unsigned wanted, struct err *err)
{
	int wd = inotify_add_watch(inotify->fd, path, mask_of(wanted));
	int error = errno;

	if (wd >= 0 && inotify->watches_max > 0 && inotify->count >= inotify->watches_max && !find(inotify, wd)) {
		(void)inotify_rm_watch(inotify->fd, wd);
		wd = -1;
		error = ENOSPC;
	}
	if (wd >= 0)
		return wd;
	if (error == ENOSPC)
		return fail_limit(err, "the limit of watched folders is reached", "fs.inotify.max_user_watches");
	return err_set(err, ERR_FILE, "cannot watch the folder \"%s\": %s", path, strerror(error));
}

struct inotify_watch *inotify_watch_new(struct inotify *inotify, const char *path, unsigned wanted, inotify_fn *fn,
					void *arg, struct err *err)
{
	struct inotify_watch *watch;
	int wd = ask_kernel(inotify, path, wanted, err);

	if (wd < 0)
		return NULL;
	watch = calloc(1, sizeof(*watch));
	if (watch)
		watch->heard = hear(inotify, wd);
	if (!watch || !watch->heard) {
		if (!find(inotify, wd))
			(void)inotify_rm_watch(inotify->fd, wd);
		free(watch);
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	watch->inotify = inotify;
	watch->wanted = wanted;
	watch->fn = fn;
	watch->arg = arg;
	watch->next = watch->heard->watches;
	watch->heard->watches = watch;
	return watch;
}

unsigned inotify_count(const struct inotify *inotify)
{
	return inotify->count;
}

bool inotify_reaches(const char *path)
{
	/* statfs(2); linux/magic.h does not have all of them. */
	static const uint32_t far[] = {
		0x6969,     /* NFS */
		0x517b,     /* SMB */
		0xff534d42, /* CIFS */
		0xfe534d42, /* SMB2 */
		0x01021997, /* 9p */
		0x65735546, /* FUSE, virtiofs, sshfs */
		0x00c36400, /* Ceph */
		0x5346414f, /* AFS */
		0x73757245, /* Coda */
		0x0bd00bd0, /* Lustre */
		0x47504653, /* GPFS */
		0x7461636f, /* OCFS2 */
		0x01161970, /* GFS2 */
		0x19830326, /* BeeGFS */
		0x786f4256, /* VirtualBox's shared folders */
		0xbacbacbc, /* VMware's shared folders */
	};
	struct statfs status;

	if (statfs(path, &status) < 0)
		return false;
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		if ((uint32_t)status.f_type == far[i])
			return false;
	return true;
}
