/* SPDX-License-Identifier: MIT
 *
 * An SQLite VFS around the ordinary one: sqlite.org/vfs.html
 */
#include "power.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "power_log.h"

#define WATCHED (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)

/* SQLite allocates it; the ordinary VFS's file follows in the same memory. */
struct power_file {
	sqlite3_file base;
	struct power_log *log; /* NULL: not watched */
	sqlite3_file *real;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;
static bool is_on, ignores_sync;
static uint64_t seed;
static unsigned long fails_at, done;
static char *shm_path;

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct power_file *)file)->real;
}

void power_fail(void)
{
	if (!is_on)
		return;
	power_log_lose(seed);
	if (shm_path)
		(void)unlink(shm_path);
}

static void count_down(void)
{
	if (fails_at == 0 || ++done != fails_at)
		return;
	(void)dprintf(STDERR_FILENO, "ngmtd-points: the power fails before write or sync %lu\n", done);
	power_fail();
	(void)kill(getpid(), SIGKILL);
}

/* What lies between `offset` and `end` now. */
static int remember(const struct power_file *file, int64_t offset, int64_t end, struct power_change *change)
{
	sqlite3_int64 size;
	int code = file->real->pMethods->xFileSize(file->real, &size);

	if (code != SQLITE_OK)
		return code;
	change->offset = offset;
	change->size_before = size;
	if (end > size)
		end = size;
	if (end <= offset)
		return SQLITE_OK;
	change->before_bytes = end - offset;
	change->before = malloc((size_t)change->before_bytes);
	if (!change->before)
		return SQLITE_IOERR_NOMEM;
	return file->real->pMethods->xRead(file->real, change->before, (int)change->before_bytes, offset);
}

static int log_change(const struct power_file *file, int64_t offset, int64_t end, struct power_change *change)
{
	int code = file->log ? remember(file, offset, end, change) : SQLITE_OK;

	if (code == SQLITE_OK && file->log)
		power_log_add(file->log, change);
	else
		free(change->before);
	return code;
}

static int on_write(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset)
{
	const struct power_file *file = (const struct power_file *)base;
	struct power_change change = { .bytes = bytes, .count = count };
	int code;

	count_down();
	code = log_change(file, offset, offset + count, &change);
	return code == SQLITE_OK ? file->real->pMethods->xWrite(file->real, bytes, count, offset) : code;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	const struct power_file *file = (const struct power_file *)base;
	struct power_change change = { 0 };
	int code;

	count_down();
	code = log_change(file, size, INT64_MAX, &change);
	return code == SQLITE_OK ? file->real->pMethods->xTruncate(file->real, size) : code;
}

/* The process may be killed but the kernel lives: nothing needs to reach a disk really. */
static int on_sync(sqlite3_file *base, int flags)
{
	const struct power_file *file = (const struct power_file *)base;

	(void)flags;
	count_down();
	if (file->log && !ignores_sync)
		power_log_forget(file->log);
	return SQLITE_OK;
}

static int on_close(sqlite3_file *base)
{
	sqlite3_file *real = real_of(base);

	return real->pMethods->xClose(real);
}

static int on_read(sqlite3_file *base, void *bytes, int count, sqlite3_int64 offset)
{
	return real_of(base)->pMethods->xRead(real_of(base), bytes, count, offset);
}

static int on_file_size(sqlite3_file *base, sqlite3_int64 *size)
{
	return real_of(base)->pMethods->xFileSize(real_of(base), size);
}

static int on_lock(sqlite3_file *base, int level)
{
	return real_of(base)->pMethods->xLock(real_of(base), level);
}

static int on_unlock(sqlite3_file *base, int level)
{
	return real_of(base)->pMethods->xUnlock(real_of(base), level);
}

static int on_check_lock(sqlite3_file *base, int *is_reserved)
{
	return real_of(base)->pMethods->xCheckReservedLock(real_of(base), is_reserved);
}

static int on_control(sqlite3_file *base, int op, void *arg)
{
	return real_of(base)->pMethods->xFileControl(real_of(base), op, arg);
}

static int on_sector_size(sqlite3_file *base)
{
	return real_of(base)->pMethods->xSectorSize(real_of(base));
}

static int on_characteristics(sqlite3_file *base)
{
	return real_of(base)->pMethods->xDeviceCharacteristics(real_of(base));
}

static int on_shm_map(sqlite3_file *base, int page, int bytes, int extends, void volatile **out)
{
	return real_of(base)->pMethods->xShmMap(real_of(base), page, bytes, extends, out);
}

static int on_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
	return real_of(base)->pMethods->xShmLock(real_of(base), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *base)
{
	real_of(base)->pMethods->xShmBarrier(real_of(base));
}

static int on_shm_unmap(sqlite3_file *base, int removes)
{
	return real_of(base)->pMethods->xShmUnmap(real_of(base), removes);
}

/* Version 2: without memory-mapped pages, which would be written past us. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_file_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *unused, sqlite3_filename name, sqlite3_file *base, int flags, int *flags_out)
{
	struct power_file *file = (struct power_file *)base;
	int code;

	(void)unused;
	file->real = (sqlite3_file *)(file + 1);
	file->log = name && flags & WATCHED ? power_log_of(name) : NULL;
	if (name && flags & SQLITE_OPEN_MAIN_DB && !shm_path && asprintf(&shm_path, "%s-shm", name) < 0)
		shm_path = NULL;
	code = real_vfs->xOpen(real_vfs, name, file->real, flags, flags_out);
	base->pMethods = file->real->pMethods ? &methods : NULL;
	return code;
}

static int on_delete(sqlite3_vfs *unused, const char *name, int syncs_directory)
{
	(void)unused;
	power_log_forget(power_log_of(name));
	return real_vfs->xDelete(real_vfs, name, syncs_directory);
}

__attribute__((constructor)) static void look_for_seed(void)
{
	const char *text = getenv("NGMT_POWER_LOSS"), *at = getenv("NGMT_POWER_FAILS_AT");

	if (!text || sqlite3_initialize() != SQLITE_OK)
		return;
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "power";
	vfs.szOsFile = (int)sizeof(struct power_file) + real_vfs->szOsFile;
	vfs.xOpen = on_open;
	vfs.xDelete = on_delete;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
	is_on = true;
	ignores_sync = getenv("NGMT_POWER_NO_SYNC") != NULL;
	seed = strtoull(text, NULL, 10);
	fails_at = at ? strtoul(at, NULL, 10) : 0;
}
