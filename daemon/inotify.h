/* SPDX-License-Identifier: MIT
 *
 * inotify(7), and the only file that includes <sys/inotify.h>: tells what happens in folders, as a hint where to look.
 * Not everything is told (other machines' writes, mapped memory, what overflows the queue): whoever must know looks
 * again from time to time.
 */
#ifndef NGMT_INOTIFY_H
#define NGMT_INOTIFY_H

#include <stdbool.h>

#include "err.h"
#include "loop.h"

struct inotify;
struct inotify_watch;

/* What may happen to an entry of a folder, and to the folder itself. */
enum {
	INOTIFY_ADDED = 1,      /* made, or moved here */
	INOTIFY_TAKEN = 2,      /* removed, or moved away */
	INOTIFY_WRITTEN = 4,    /* written, cut, or closed after writing */
	INOTIFY_ATTRIBUTES = 8, /* permissions, times; name "": of the folder itself */
	INOTIFY_GONE = 16,      /* the folder is not at its place any more, name "": nothing will be told of it again */
};

/* `what` is one of them. Runs from the loop or from inotify_read(); may make and free watches. */
typedef void inotify_fn(void *arg, unsigned what, const char *name);

/* `on_overflow`: events were lost, everything must be looked at. `watches_max`: 0: the kernel's limit alone (tests have
 * lower ones). NULL with ERR_STATE: too many are in use on this machine. */
struct inotify *inotify_new(struct loop *loop, unsigned watches_max, void (*on_overflow)(void *arg), void *arg,
			    struct err *err);
/* After all of its watches. */
void inotify_free(struct inotify *inotify);

/* Watches a folder (links are followed) for `wanted`; INOTIFY_GONE always. Several may watch one. ERR_STATE: the limit
 * of watches is reached; ERR_FILE: the folder cannot be watched. */
struct inotify_watch *inotify_watch_new(struct inotify *inotify, const char *path, unsigned wanted, inotify_fn *fn,
					void *arg, struct err *err);
/* NULL is fine. */
void inotify_watch_free(struct inotify_watch *watch);

/* Reads what has been told until now, without waiting for the loop. Not from an inotify_fn. */
void inotify_read(struct inotify *inotify);

/* Folders that are watched, those watched by several once. */
unsigned inotify_count(const struct inotify *inotify);

/* Whether writes to this folder are told at all: not on file systems of other machines (NFS, SMB, 9p, FUSE, ...). */
bool inotify_reaches(const char *path);

#endif
