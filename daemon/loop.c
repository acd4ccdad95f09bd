/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <event2/event.h>
#include <stdlib.h>

#define TURN_END_MAX 8

struct turn_end {
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event *wake;
	struct turn_end turn_ends[TURN_END_MAX];
	unsigned turn_end_count;
	bool stopping;
};

struct loop_timer {
	struct event *event;
	void (*fn)(void *arg);
	void *arg;
};

struct loop_signal {
	struct event *event;
	void (*fn)(int signal_number, void *arg);
	void *arg;
};

struct loop_fd {
	struct event *event;
	void (*fn)(void *arg);
	void *arg;
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* libevent's ordinary clock ticks every 4 ms, which makes timers of 10 ms a fifth too long. */
static struct event_base *new_precise_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

struct loop *loop_new(struct err *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop)
		loop->base = new_precise_base();
	if (loop && loop->base)
		loop->wake = event_new(loop->base, -1, 0, on_wake, NULL);
	if (loop && loop->wake)
		return loop;
	loop_free(loop);
	(void)err_set(err, ERR_INTERNAL, "cannot create the event loop");
	return NULL;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->wake)
		event_free(loop->wake);
	if (loop->base)
		event_base_free(loop->base);
	free(loop);
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

void loop_on_turn_end(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	if (loop->turn_end_count == TURN_END_MAX)
		abort();
	loop->turn_ends[loop->turn_end_count++] = (struct turn_end){ fn, arg };
}

void loop_wake(struct loop *loop)
{
	event_active(loop->wake, EV_TIMEOUT, 1);
}

int loop_run(struct loop *loop, struct err *err)
{
	while (!loop->stopping) {
		if (event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
			return err_set(err, ERR_INTERNAL, "the event loop failed");
		for (unsigned i = 0; i < loop->turn_end_count; i++)
			loop->turn_ends[i].fn(loop->turn_ends[i].arg);
	}
	loop->stopping = false;
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->fn(timer->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fn)(void *arg), void *arg, struct err *err)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (timer) {
		timer->fn = fn;
		timer->arg = arg;
		timer->event = evtimer_new(loop->base, on_timer, timer);
		if (timer->event)
			return timer;
	}
	free(timer);
	(void)err_set(err, ERR_INTERNAL, "cannot create a timer");
	return NULL;
}

int loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	struct timeval delay;

	if (delay_ms < 0)
		delay_ms = 0;
	delay = (struct timeval){ .tv_sec = delay_ms / 1000, .tv_usec = (delay_ms % 1000) * 1000 };
	return evtimer_add(timer->event, &delay);
}

void loop_timer_clear(struct loop_timer *timer)
{
	(void)evtimer_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	event_free(timer->event);
	free(timer);
}

static void on_signal(evutil_socket_t signal_number, short what, void *arg)
{
	struct loop_signal *signal = arg;

	(void)what;
	signal->fn((int)signal_number, signal->arg);
}

struct loop_signal *loop_signal_new(struct loop *loop, int signal_number, void (*fn)(int signal_number, void *arg),
				    void *arg, struct err *err)
{
	struct loop_signal *signal = calloc(1, sizeof(*signal));

	if (signal) {
		signal->fn = fn;
		signal->arg = arg;
		signal->event = evsignal_new(loop->base, signal_number, on_signal, signal);
		if (signal->event && evsignal_add(signal->event, NULL) == 0)
			return signal;
	}
	loop_signal_free(signal);
	(void)err_set(err, ERR_INTERNAL, "cannot watch signal %d", signal_number);
	return NULL;
}

void loop_signal_free(struct loop_signal *signal)
{
	if (!signal)
		return;
	if (signal->event)
		event_free(signal->event);
	free(signal);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *watched = arg;

	(void)fd;
	(void)what;
	watched->fn(watched->arg);
}

struct loop_fd *loop_fd_new(struct loop *loop, int fd, void (*fn)(void *arg), void *arg, struct err *err)
{
	struct loop_fd *watched = calloc(1, sizeof(*watched));

	if (watched) {
		watched->fn = fn;
		watched->arg = arg;
		watched->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_readable, watched);
		if (watched->event && event_add(watched->event, NULL) == 0)
			return watched;
	}
	loop_fd_free(watched);
	(void)err_set(err, ERR_INTERNAL, "cannot watch descriptor %d", fd);
	return NULL;
}

void loop_fd_free(struct loop_fd *watched)
{
	if (!watched)
		return;
	if (watched->event)
		event_free(watched->event);
	free(watched);
}
