/* SPDX-License-Identifier: MIT
 *
 * A small file beside the ledger that says which ledger was here and how far it had come. It is written after each
 * commit and not synced, so the ledger on the disk is never behind its witness unless another file was put in its
 * place.
 */
#ifndef NGMT_WITNESS_H
#define NGMT_WITNESS_H

#include <stdint.h>

#include "err.h"

/* 32 hexadecimal digits. */
#define WITNESS_IDENTITY_MAX 33

struct witness {
	char identity[WITNESS_IDENTITY_MAX]; /* of a ledger, made at random when it begins */
	int64_t commits;
	int64_t base; /* the commits that ledger.db has without ledger.db-wal, at least */
	int fd;       /* -1: not open */
};

/* 1: read, 0: there is none, -1: there is one that makes no sense or cannot be read. Leaves the file closed. */
int witness_read(const char *directory, struct witness *out);

/* Opens or makes the file and writes it, this once safely on the disk. ERR_LEDGER. */
int witness_begin(const char *directory, struct witness *witness, struct err *err);
/* After a commit; a failure is harmless and logged once, by the return value: -1 only the first time. */
int witness_write(struct witness *witness);
void witness_end(struct witness *witness);

/* A new identity. */
int witness_invent(char identity[WITNESS_IDENTITY_MAX], struct err *err);

#endif
