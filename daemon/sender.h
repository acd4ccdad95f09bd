/* SPDX-License-Identifier: MIT
 *
 * The one gate through which requests leave: the throttle and the number of requests that may be out at once. Knows
 * nothing of operations; who sends what first is decided by those who ask (reader.h before queue.h).
 */
#ifndef NGMT_SENDER_H
#define NGMT_SENDER_H

#include "http.h"
#include "platform.h"
#include "throttle.h"

#define SENDER_SLOTS_MAX 32

struct sender;

struct sender_options {
	unsigned concurrency; /* 1 to SENDER_SLOTS_MAX */
	int64_t throttle_interval_ms;
	int64_t request_timeout_ms;
};

struct sender *sender_new(struct http *http, const struct sender_options *options, struct err *err);
void sender_free(struct sender *sender);

/* Milliseconds until a request may leave; 0: now; -1: all slots are taken, the next answer frees one. */
int64_t sender_delay_ms(const struct sender *sender);

/* Takes a slot and the throttle's leave; only when sender_delay_ms() is 0. */
unsigned sender_take(struct sender *sender);

/* Judges the answer; returns whether the platform refused it for its pace. Runs exactly once. The slot is free again
 * when it returns. */
typedef bool sender_done_fn(void *arg, const struct http_answer *answer);

/* Sends through a slot that was taken. What cannot even be started is answered HTTP_NOT_SENT, inside this call (the
 * only case). Borrows the request for the call. */
void sender_send(struct sender *sender, unsigned slot, const struct platform_request *request, sender_done_fn *done,
		 void *arg);

unsigned sender_in_flight(const struct sender *sender);

/* For status: answers a second over the last ten seconds, the limit now in force (0: none), refusals since the
 * start. */
struct sender_rate {
	double per_s;
	double limit_per_s;
	int64_t throttled;
};
void sender_rate(const struct sender *sender, struct sender_rate *out);

#endif
