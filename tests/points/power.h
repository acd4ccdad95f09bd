/* SPDX-License-Identifier: MIT
 *
 * A power failure for SQLite's files. With NGMT_POWER_LOSS=SEED every change to a database, its WAL and its rollback
 * journal is remembered until the file is synced; when the power fails, the un-synced changes are taken back: none, all
 * or some of them, some in part (512-byte sectors), as the seed wills. A disk may keep any of these. The -shm, which is
 * memory, is thrown away.
 *
 *	NGMT_POWER_FAILS_AT=N  the power fails by itself, right before the Nth write or sync
 *	NGMT_POWER_NO_SYNC=1   syncs count for nothing, so that everything since the start can be lost: the proof that
 *	                       what was not synced is lost here
 *
 * Not covered: what the directory holds (SQLite syncs it before it relies on a new file), and files that are not
 * SQLite's.
 */
#ifndef NGMT_POWER_H
#define NGMT_POWER_H

/* Takes back what a power failure at this moment would; nothing without NGMT_POWER_LOSS. The process must end now. */
void power_fail(void);

#endif
