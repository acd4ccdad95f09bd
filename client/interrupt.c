/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "clock.h"

static volatile sig_atomic_t happened;
static bool is_watching;
static sigset_t waiting_mask, former_mask;
static struct sigaction former_int, former_term;

/* Who wants the program to end wants more than who presses Ctrl-C. */
static void on_signal(int number)
{
	if (happened != SIGTERM)
		happened = number;
}

void interrupt_watch(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	if (is_watching)
		return;
	(void)sigemptyset(&action.sa_mask);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGINT);
	(void)sigaddset(&blocked, SIGTERM);
	/* Blocked all the time except inside ppoll: so a signal cannot slip in between test and sleep. */
	(void)sigprocmask(SIG_BLOCK, &blocked, &former_mask);
	waiting_mask = former_mask;
	(void)sigdelset(&waiting_mask, SIGINT);
	(void)sigdelset(&waiting_mask, SIGTERM);
	(void)sigaction(SIGINT, &action, &former_int);
	(void)sigaction(SIGTERM, &action, &former_term);
	is_watching = true;
}

int interrupt_reset(void)
{
	sigset_t blocked;
	int number;

	if (!is_watching)
		return 0;
	/* What waits is taken by on_signal() now, not by its usual effect a moment later. */
	(void)sigprocmask(SIG_SETMASK, &waiting_mask, &blocked);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
	(void)sigaction(SIGINT, &former_int, NULL);
	(void)sigaction(SIGTERM, &former_term, NULL);
	(void)sigprocmask(SIG_SETMASK, &former_mask, NULL);
	is_watching = false;
	number = (int)happened;
	happened = 0;
	return number;
}

bool interrupt_happened(void)
{
	sigset_t pending;

	if (is_watching && !happened && sigpending(&pending) == 0 &&
	    (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1))
		happened = sigismember(&pending, SIGTERM) == 1 ? SIGTERM : SIGINT;
	return happened != 0;
}

short interrupt_poll(int fd, short events, int64_t deadline_ms)
{
	struct pollfd one = { .fd = fd, .events = events };
	struct timespec left;
	int64_t left_ms = deadline_ms - clock_mono_ms();

	if (left_ms < 0)
		left_ms = 0;
	left = (struct timespec){ .tv_sec = (time_t)(left_ms / 1000), .tv_nsec = (long)(left_ms % 1000) * 1000000L };
	if (ppoll(&one, 1, deadline_ms ? &left : NULL, is_watching ? &waiting_mask : NULL) <= 0)
		return 0;
	return one.revents;
}
