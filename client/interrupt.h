/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C while work is followed: from interrupt_watch() on, SIGINT and SIGTERM do not end the program but are
 * remembered, and wake whoever waits in interrupt_poll(). Before that they have their usual effect, for nothing was
 * sent yet.
 */
#ifndef NGMT_INTERRUPT_H
#define NGMT_INTERRUPT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

void interrupt_watch(void);
bool interrupt_happened(void);

/* Ends watching: both signals have again the effect that they had before. Returns the number of the one that came
 * meanwhile, SIGTERM before SIGINT; 0: none. The console does so after each command. */
int interrupt_reset(void);

/* poll(2) of one descriptor (-1: sleep only) until `deadline_ms` on clock_mono_ms() (0: for ever). Returns its
 * revents, 0 if the time is over or a signal came. No signal is lost between the test and the sleep. */
short interrupt_poll(int fd, short events, int64_t deadline_ms);

#endif
