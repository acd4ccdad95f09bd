/* SPDX-License-Identifier: MIT */
#include "power_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define SECTOR 512

struct entry {
	struct power_change change;
	void *bytes; /* owned */
	TAILQ_ENTRY(entry) link;
};

struct power_log {
	char *path;
	TAILQ_HEAD(entries, entry) entries;
	struct power_log *next;
};

static struct power_log *logs;

/* What becomes of the un-synced changes of this failure. */
enum fate { KEEP_NONE, KEEP_ALL, KEEP_SOME, KEEP_TORN, FATES };

static uint64_t random_state;

/* xorshift64* (Vigna 2016) */
static bool flip(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d) >> 63;
}

static void *allocate(size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory)
		abort();
	return memory;
}

struct power_log *power_log_of(const char *path)
{
	struct power_log *log = logs;

	while (log && strcmp(log->path, path) != 0)
		log = log->next;
	if (log)
		return log;
	log = allocate(sizeof(*log));
	log->path = allocate(strlen(path) + 1);
	memcpy(log->path, path, strlen(path));
	TAILQ_INIT(&log->entries);
	log->next = logs;
	logs = log;
	return log;
}

void power_log_add(struct power_log *log, const struct power_change *change)
{
	struct entry *entry = allocate(sizeof(*entry));

	entry->change = *change;
	if (change->bytes) {
		entry->bytes = allocate((size_t)change->count);
		memcpy(entry->bytes, change->bytes, (size_t)change->count);
		entry->change.bytes = entry->bytes;
	}
	TAILQ_INSERT_TAIL(&log->entries, entry, link);
}

void power_log_forget(struct power_log *log)
{
	struct entry *entry;

	while ((entry = TAILQ_FIRST(&log->entries))) {
		TAILQ_REMOVE(&log->entries, entry, link);
		free(entry->change.before);
		free(entry->bytes);
		free(entry);
	}
}

/* A test whose power failure is half done proves nothing: better none at all. */
static void put(int fd, const void *bytes, int64_t count, int64_t offset)
{
	if (count > 0 && pwrite(fd, bytes, (size_t)count, offset) != (ssize_t)count)
		abort();
}

static void cut(int fd, int64_t size)
{
	if (ftruncate(fd, size) < 0)
		abort();
}

static void take_back(int fd, const struct power_change *change)
{
	put(fd, change->before, change->before_bytes, change->offset);
	cut(fd, change->size_before);
}

/* Each sector arrives whole or not at all. */
static void put_torn(int fd, const struct power_change *change)
{
	int64_t end, at = 0;

	for (; at < change->count; at = end) {
		end = at + SECTOR - (change->offset + at) % SECTOR;
		if (end > change->count)
			end = change->count;
		if (flip())
			put(fd, (const char *)change->bytes + at, end - at, change->offset + at);
	}
}

static void keep(int fd, const struct power_change *change, enum fate fate)
{
	if (fate == KEEP_NONE || (fate == KEEP_SOME && flip()))
		return;
	if (!change->bytes)
		cut(fd, change->offset);
	else if (fate == KEEP_TORN)
		put_torn(fd, change);
	else
		put(fd, change->bytes, change->count, change->offset);
}

static void lose(struct power_log *log, enum fate fate)
{
	int fd = TAILQ_EMPTY(&log->entries) ? -1 : open(log->path, O_RDWR | O_CLOEXEC);
	struct entry *entry;

	if (fd < 0)
		return;
	for (entry = TAILQ_LAST(&log->entries, entries); entry; entry = TAILQ_PREV(entry, entries, link))
		take_back(fd, &entry->change);
	for (entry = TAILQ_FIRST(&log->entries); entry; entry = TAILQ_NEXT(entry, link))
		keep(fd, &entry->change, fate);
	/* SQLite's locks go with it, but nobody will miss them. */
	(void)close(fd);
}

void power_log_lose(uint64_t seed)
{
	random_state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (struct power_log *log = logs; log; log = log->next)
		lose(log, (enum fate)(seed % FATES));
}
