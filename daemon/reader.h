/* SPDX-License-Identifier: MIT
 *
 * Reads from the platform: queued in memory only (a read that dies with the daemon is asked again), sent before any
 * operation, repeated with jitter when they fail for a passing reason.
 */
#ifndef NGMT_READER_H
#define NGMT_READER_H

#include "loop.h"
#include "platform.h"
#include "sender.h"

struct reader;

/* `err` NULL: the sink has everything of this page. Runs exactly once, from the loop, never inside reader_read(). */
typedef void reader_done_fn(void *arg, const struct err *err);

struct reader *reader_new(struct loop *loop, struct sender *sender, struct platform *platform, struct err *err);
/* Reads that still wait are answered with ERR_BUSY "stopping". */
void reader_free(struct reader *reader);

/* Copies `read`; the sink's functions may run before `done` does, also for an answer that is then judged incomplete and
 * asked again. */
int reader_read(struct reader *reader, const struct read *read, const struct read_sink *sink, reader_done_fn *done,
		void *arg, struct err *err);

/* No question is asked any more: those that wait, and all later ones, fail with `why`. What is out is still answered.
 * Calls back from inside. */
void reader_halt(struct reader *reader, const struct err *why);

/* At the end of a turn: sends what may be sent. Returns milliseconds until it wants to be called again; -1: when
 * something happens. */
int64_t reader_pump(struct reader *reader);

/* Reads sent since the last reader_yield(): they go first, but not for ever. */
unsigned reader_in_a_row(const struct reader *reader);
void reader_yield(struct reader *reader);

unsigned reader_waiting(const struct reader *reader);
unsigned reader_in_flight(const struct reader *reader);

#endif
