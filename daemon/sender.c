/* SPDX-License-Identifier: MIT */
#include "sender.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define RATE_SECONDS 10

struct slot {
	struct sender *sender;
	bool is_taken;
	uint64_t ticket;
	sender_done_fn *done;
	void *arg;
};

struct sender {
	struct http *http;
	struct throttle *throttle;
	struct sender_options options;
	struct slot slots[SENDER_SLOTS_MAX];
	unsigned taken;
	int64_t throttled;
	/* Answers per second of the monotonic clock, as a ring. */
	int64_t ring_second[RATE_SECONDS + 1];
	unsigned ring_count[RATE_SECONDS + 1];
};

struct sender *sender_new(struct http *http, const struct sender_options *options, struct err *err)
{
	struct sender *sender = calloc(1, sizeof(*sender));

	if (sender)
		sender->throttle = throttle_new(options->throttle_interval_ms);
	if (!sender || !sender->throttle) {
		free(sender);
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	sender->http = http;
	sender->options = *options;
	for (unsigned i = 0; i < SENDER_SLOTS_MAX; i++)
		sender->slots[i].sender = sender;
	return sender;
}

void sender_free(struct sender *sender)
{
	if (!sender)
		return;
	throttle_free(sender->throttle);
	free(sender);
}

int64_t sender_delay_ms(const struct sender *sender)
{
	if (sender->taken >= sender->options.concurrency)
		return -1;
	return throttle_delay_ms(sender->throttle, clock_mono_ms());
}

unsigned sender_take(struct sender *sender)
{
	unsigned i = 0;

	while (i < SENDER_SLOTS_MAX - 1 && sender->slots[i].is_taken)
		i++;
	sender->slots[i].is_taken = true;
	sender->slots[i].ticket = throttle_sent(sender->throttle, clock_mono_ms());
	sender->taken++;
	return i;
}

static void give_back(struct sender *sender, unsigned slot)
{
	sender->slots[slot].is_taken = false;
	sender->taken--;
}

static void count_answer(struct sender *sender, int64_t now_ms)
{
	int64_t second = now_ms / 1000;
	size_t i = (size_t)(second % (RATE_SECONDS + 1));

	if (sender->ring_second[i] != second) {
		sender->ring_second[i] = second;
		sender->ring_count[i] = 0;
	}
	sender->ring_count[i]++;
}

static void on_done(void *arg, const struct http_answer *answer)
{
	struct slot *slot = arg;
	struct sender *sender = slot->sender;
	int64_t now_ms = clock_mono_ms();
	bool refused;

	refused = slot->done(slot->arg, answer);
	throttle_answered(sender->throttle, slot->ticket, refused, now_ms);
	if (refused)
		sender->throttled++;
	else if (answer->outcome == HTTP_ANSWERED)
		count_answer(sender, now_ms);
	give_back(sender, (unsigned)(slot - sender->slots));
}

void sender_send(struct sender *sender, unsigned slot_number, const struct platform_request *request,
		 sender_done_fn *done, void *arg)
{
	struct slot *slot = &sender->slots[slot_number];
	const struct http_request http_request = {
		.url = request->url,
		.headers = (const char *const *)request->headers,
		.body = request->body,
		.body_bytes = request->body ? strlen(request->body) : 0,
		.timeout_ms = sender->options.request_timeout_ms,
	};
	struct err err;

	slot->done = done;
	slot->arg = arg;
	if (http_send(sender->http, &http_request, on_done, slot, &err) < 0) {
		const struct http_answer never_sent = { .outcome = HTTP_NOT_SENT,
							.body = "",
							.date = "",
							.request_id = "",
							.error_type = "",
							.query_error = "",
							.error = err.message };

		on_done(slot, &never_sent);
	}
}

unsigned sender_in_flight(const struct sender *sender)
{
	return sender->taken;
}

/* Whole seconds only, from the first one with an answer: a rate that has just begun is not diluted by the silence
 * before. */
void sender_rate(const struct sender *sender, struct sender_rate *out)
{
	int64_t now_ms = clock_mono_ms(), second = now_ms / 1000, first = second;
	unsigned answers = 0;

	for (size_t i = 0; i <= RATE_SECONDS; i++) {
		if (sender->ring_count[i] == 0 || sender->ring_second[i] >= second ||
		    sender->ring_second[i] < second - RATE_SECONDS)
			continue;
		answers += sender->ring_count[i];
		if (sender->ring_second[i] < first)
			first = sender->ring_second[i];
	}
	out->per_s = first < second ? (double)answers / (double)(second - first) : 0;
	out->limit_per_s = throttle_rate(sender->throttle, now_ms);
	out->throttled = sender->throttled;
}
