/* SPDX-License-Identifier: MIT
 *
 * How fast requests may leave, as arithmetic: no clock, no I/O. Two limits hold at once: the configured interval
 * between two requests (the ceiling), and an adaptive rate that exists only after the platform has said "too fast":
 * found by an exponential search, multiplied down at each further refusal, climbing back along a cubic that flattens
 * just below the last rate that was too fast and probes beyond it slowly (after RFC 9438, with a time scale of 15
 * seconds or 100 requests, whichever is longer).
 */
#ifndef NGMT_THROTTLE_H
#define NGMT_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle;

/* `interval_ms` 0: no ceiling. The caller frees. NULL if memory runs out. */
struct throttle *throttle_new(int64_t interval_ms);
void throttle_free(struct throttle *throttle);

/* Changes the ceiling (configuration reload). */
void throttle_set_interval(struct throttle *throttle, int64_t interval_ms);

/* Milliseconds from `now_ms` until a request may leave: 0 is now. Changes nothing. */
int64_t throttle_delay_ms(const struct throttle *throttle, int64_t now_ms);

/* A request leaves now (throttle_delay_ms() was 0). Returns its ticket, for throttle_answered(). */
uint64_t throttle_sent(struct throttle *throttle, int64_t now_ms);

/* The answer to the request with `ticket`. `refused`: the platform said ThrottlingException or the like. Refusals of
 * requests that left before the last slow-down belong to the same congestion and slow down no further. */
void throttle_answered(struct throttle *throttle, uint64_t ticket, bool refused, int64_t now_ms);

/* Requests a second now allowed by the adaptive part or the ceiling, whichever is less; 0: unlimited. */
double throttle_rate(const struct throttle *throttle, int64_t now_ms);

/* The time to wait before attempt `attempt` (1 is the first retry): full jitter, random_fraction *
 * min(base * 2^(attempt-1), cap), never under 1 ms. Source: "Exponential Backoff And Jitter", AWS Architecture Blog. */
int64_t throttle_backoff_ms(unsigned attempt, int64_t base_ms, int64_t cap_ms, double random_fraction);

#endif
