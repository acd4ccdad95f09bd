/* SPDX-License-Identifier: MIT
 *
 * The event loop, turn by turn. One turn runs every event that is ready; then the turn's end runs, where the ledger
 * commits once for all that happened and what waited for the commit (requests, replies) is let go.
 */
#ifndef NGMT_LOOP_H
#define NGMT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct event_base;
struct loop;
struct loop_timer;
struct loop_signal;
struct loop_fd;

struct loop *loop_new(struct err *err);
void loop_free(struct loop *loop);

/* For the files that speak libevent themselves (http.c, control.c). Borrowed. */
struct event_base *loop_base(struct loop *loop);

/* Calls `fn` at the end of every turn, in the order of registration. At most 8. */
void loop_on_turn_end(struct loop *loop, void (*fn)(void *arg), void *arg);

/* Makes sure that another turn comes at once, also if no event is ready. */
void loop_wake(struct loop *loop);

/* Runs turns until loop_stop(); that turn still gets its end. May be called again. */
int loop_run(struct loop *loop, struct err *err);
void loop_stop(struct loop *loop);

/* A one-shot timer: runs `fn` once, `delay_ms` after the last loop_timer_set(), never inside the call. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg, struct err *err);
int loop_timer_set(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_clear(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

/* Runs `fn` in the loop (not in the signal handler) whenever the process gets `signal_number`. */
struct loop_signal *loop_signal_new(struct loop *loop, int signal_number, void (*fn)(int signal_number, void *arg),
				    void *arg, struct err *err);
void loop_signal_free(struct loop_signal *signal);

/* Runs `fn` in every turn in which `fd` can be read. Does not own the descriptor: free this before it is closed. */
struct loop_fd *loop_fd_new(struct loop *loop, int fd, void (*fn)(void *arg), void *arg, struct err *err);
void loop_fd_free(struct loop_fd *watched);

#endif
