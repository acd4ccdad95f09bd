/* SPDX-License-Identifier: MIT
 *
 * The ledger's schema, version by version. Forward only; a ledger of a newer version is refused.
 */
#ifndef NGMT_MIGRATIONS_H
#define NGMT_MIGRATIONS_H

#include "store.h"

/* Brings the schema to the newest version, each step in a transaction of its own with its number in user_version.
 * ERR_LEDGER if the file is newer than this program or not a ledger of ngmt. */
int migrations_run(struct store *store, struct err *err);

/* The version that this program writes. */
int migrations_newest(void);

#endif
