/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdlib.h>

#include "clock.h"

#define INTERVAL_MS 100
#define SUBSCRIPTIONS_MAX 1024
#define SUBSCRIPTIONS_PER_CLIENT_MAX 8

struct subscription {
	struct subscription *next;
	uint64_t client;
	int64_t batch_id;
	int64_t told_ms;
	bool is_stale; /* something has moved since it was told */
};

struct progress {
	struct loop_timer *timer;
	struct control *control;
	struct subscription *list;
	unsigned count;
	struct json_object *(*describe)(void *arg, int64_t batch_id);
	void *arg;
};

/* The turn that it makes is all that is wanted. */
static void on_timer(void *arg)
{
	(void)arg;
}

struct progress *progress_new(struct loop *loop, struct json_object *(*describe)(void *arg, int64_t batch_id),
			      void *arg, struct err *err)
{
	struct progress *progress = calloc(1, sizeof(*progress));

	if (progress) {
		progress->describe = describe;
		progress->arg = arg;
		progress->timer = loop_timer_new(loop, on_timer, progress, err);
		if (progress->timer)
			return progress;
	}
	free(progress);
	(void)err_set(err, ERR_INTERNAL, "out of memory");
	return NULL;
}

void progress_free(struct progress *progress)
{
	struct subscription *next;

	if (!progress)
		return;
	for (struct subscription *s = progress->list; s; s = next) {
		next = s->next;
		free(s);
	}
	loop_timer_free(progress->timer);
	free(progress);
}

void progress_attach(struct progress *progress, struct control *control)
{
	progress->control = control;
}

/* Drops the subscriptions of clients that are gone, and an earlier one for the same; counts what the client has. */
static unsigned tidy(struct progress *progress, uint64_t client, int64_t batch_id)
{
	struct subscription **link = &progress->list;
	unsigned of_client = 0;

	while (*link) {
		struct subscription *subscription = *link;

		if (control_has_client(progress->control, subscription->client) &&
		    (subscription->client != client || subscription->batch_id != batch_id)) {
			of_client += subscription->client == client;
			link = &subscription->next;
			continue;
		}
		*link = subscription->next;
		progress->count--;
		free(subscription);
	}
	return of_client;
}

int progress_subscribe(struct progress *progress, uint64_t client, int64_t batch_id, struct err *err)
{
	struct subscription *subscription;

	if (tidy(progress, client, batch_id) >= SUBSCRIPTIONS_PER_CLIENT_MAX || progress->count >= SUBSCRIPTIONS_MAX)
		return err_set(err, ERR_BUSY, "too many batches are being followed already");
	subscription = calloc(1, sizeof(*subscription));
	if (!subscription)
		return err_set(err, ERR_INTERNAL, "out of memory");
	/* Stale from the start: a batch that is finished already says so at once. */
	*subscription = (struct subscription){ .next = progress->list,
					       .client = client,
					       .batch_id = batch_id,
					       .is_stale = true };
	progress->list = subscription;
	progress->count++;
	return 0;
}

void progress_touch(struct progress *progress, int64_t batch_id)
{
	for (struct subscription *s = progress->list; s; s = s->next)
		if (s->batch_id == batch_id)
			s->is_stale = true;
}

void progress_touch_all(struct progress *progress)
{
	for (struct subscription *s = progress->list; s; s = s->next)
		s->is_stale = true;
}

/* Whether the subscription goes on. */
static bool tell(struct progress *progress, const struct subscription *subscription)
{
	struct json_object *params = progress->describe(progress->arg, subscription->batch_id);
	bool finished = true;

	if (!params)
		return false;
	(void)json_get_bool(params, "finished", &finished);
	return control_notify(progress->control, subscription->client, "progress", params, finished) && !finished;
}

void progress_pump(struct progress *progress)
{
	struct subscription **link = &progress->list;
	int64_t now_ms = clock_mono_ms();

	while (*link) {
		struct subscription *subscription = *link;
		int64_t due_ms = subscription->told_ms + INTERVAL_MS;

		if (subscription->is_stale && due_ms > now_ms) {
			(void)loop_timer_set(progress->timer, due_ms - now_ms);
		} else if (subscription->is_stale) {
			subscription->is_stale = false;
			subscription->told_ms = now_ms;
			if (!tell(progress, subscription)) {
				*link = subscription->next;
				progress->count--;
				free(subscription);
				continue;
			}
		}
		link = &subscription->next;
	}
}
