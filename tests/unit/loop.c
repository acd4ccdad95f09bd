/* SPDX-License-Identifier: MIT
 *
 * Turns and their ends, timers, signals, descriptors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"

#define LOG_MAX 64

struct fixture {
	struct loop *loop;
	struct loop_timer *timer;
	char log[LOG_MAX];
	unsigned left;
	int pipe[2];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct err err;

	if (fixture)
		fixture->loop = loop_new(&err);
	*state = fixture;
	return fixture && fixture->loop ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	loop_timer_free(fixture->timer);
	loop_free(fixture->loop);
	free(fixture);
	return 0;
}

static void note(struct fixture *fixture, char c)
{
	size_t len = strlen(fixture->log);

	if (len + 1 < LOG_MAX)
		fixture->log[len] = c;
}

static void run(struct fixture *fixture)
{
	struct err err;

	assert_int_equal(loop_run(fixture->loop, &err), 0);
}

static void end_a(void *arg)
{
	note(arg, 'a');
}

static void end_b(void *arg)
{
	struct fixture *fixture = arg;

	note(fixture, 'b');
	if (fixture->left-- > 1)
		loop_wake(fixture->loop);
	else
		loop_stop(fixture->loop);
}

static void test_turn_ends_run_in_order_every_turn(void **state)
{
	struct fixture *fixture = *state;

	loop_on_turn_end(fixture->loop, end_a, fixture);
	loop_on_turn_end(fixture->loop, end_b, fixture);
	fixture->left = 3;
	loop_wake(fixture->loop);
	run(fixture);
	assert_string_equal(fixture->log, "ababab");
	/* The loop can be run again. */
	fixture->left = 1;
	loop_wake(fixture->loop);
	run(fixture);
	assert_string_equal(fixture->log, "abababab");
}

static void test_two_wakes_make_one_turn(void **state)
{
	struct fixture *fixture = *state;

	loop_on_turn_end(fixture->loop, end_b, fixture);
	fixture->left = 1;
	loop_wake(fixture->loop);
	loop_wake(fixture->loop);
	run(fixture);
	assert_string_equal(fixture->log, "b");
}

static void test_stop_before_run(void **state)
{
	struct fixture *fixture = *state;

	loop_on_turn_end(fixture->loop, end_a, fixture);
	loop_stop(fixture->loop);
	run(fixture);
	assert_string_equal(fixture->log, "");
}

static void on_timer_stop(void *arg)
{
	struct fixture *fixture = arg;

	note(fixture, 't');
	loop_stop(fixture->loop);
}

static void new_timer(struct fixture *fixture, void (*fn)(void *arg))
{
	struct err err;

	fixture->timer = loop_timer_new(fixture->loop, fn, fixture, &err);
	assert_non_null(fixture->timer);
}

/* The turn in which the loop is stopped has its end, too. */
static void test_timer_runs_once_and_not_early(void **state)
{
	struct fixture *fixture = *state;
	int64_t before_ms = clock_mono_ms();

	loop_on_turn_end(fixture->loop, end_a, fixture);
	new_timer(fixture, on_timer_stop);
	assert_int_equal(loop_timer_set(fixture->timer, 30), 0);
	run(fixture);
	assert_in_range(clock_mono_ms() - before_ms, 29, 10000);
	assert_string_equal(fixture->log, "ta");
}

static void test_timer_never_inside_the_call(void **state)
{
	struct fixture *fixture = *state;

	new_timer(fixture, on_timer_stop);
	assert_int_equal(loop_timer_set(fixture->timer, 0), 0);
	assert_string_equal(fixture->log, "");
	run(fixture);
	assert_int_equal(loop_timer_set(fixture->timer, -5), 0);
	run(fixture);
	assert_string_equal(fixture->log, "tt");
}

static void test_last_set_counts(void **state)
{
	struct fixture *fixture = *state;

	new_timer(fixture, on_timer_stop);
	assert_int_equal(loop_timer_set(fixture->timer, 3600000), 0);
	assert_int_equal(loop_timer_set(fixture->timer, 1), 0);
	run(fixture);
	assert_string_equal(fixture->log, "t");
}

static void on_timer_again(void *arg)
{
	struct fixture *fixture = arg;

	note(fixture, 't');
	if (--fixture->left == 0)
		loop_stop(fixture->loop);
	else
		(void)loop_timer_set(fixture->timer, 10);
}

/* libevent's coarse clock would make 10 ms 12 (which costs a throttle a fifth of its rate). */
static void test_short_timers_are_precise(void **state)
{
	struct fixture *fixture = *state;
	int64_t best_ms = INT64_MAX;

	new_timer(fixture, on_timer_again);
	for (int i = 0; i < 5; i++) {
		int64_t before_ms = clock_mono_ms();

		fixture->left = 20;
		(void)loop_timer_set(fixture->timer, 10);
		run(fixture);
		if (clock_mono_ms() - before_ms < best_ms)
			best_ms = clock_mono_ms() - before_ms;
	}
	assert_in_range(best_ms, 199, 230);
}

static void on_unwanted(void *arg)
{
	note(arg, 'x');
}

static void test_cleared_timer_does_not_run(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer *other;
	struct err err;

	new_timer(fixture, on_unwanted);
	other = loop_timer_new(fixture->loop, on_timer_stop, fixture, &err);
	assert_non_null(other);
	assert_int_equal(loop_timer_set(fixture->timer, 5), 0);
	assert_int_equal(loop_timer_set(other, 20), 0);
	loop_timer_clear(fixture->timer);
	loop_timer_clear(fixture->timer);
	run(fixture);
	assert_string_equal(fixture->log, "t");
	loop_timer_free(other);
}

static void on_signal(int signal_number, void *arg)
{
	struct fixture *fixture = arg;

	note(fixture, signal_number == SIGUSR1 ? 's' : '?');
	loop_stop(fixture->loop);
}

static void test_signal_arrives_in_the_loop(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	struct loop_signal *watched = loop_signal_new(fixture->loop, SIGUSR1, on_signal, fixture, &err);

	assert_non_null(watched);
	loop_on_turn_end(fixture->loop, end_a, fixture);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_string_equal(fixture->log, "");
	run(fixture);
	assert_string_equal(fixture->log, "sa");
	loop_signal_free(watched);
}

static void on_readable(void *arg)
{
	struct fixture *fixture = arg;
	char byte;

	assert_int_equal(read(fixture->pipe[0], &byte, 1), 1);
	note(fixture, byte);
	if (byte == 'z')
		loop_stop(fixture->loop);
}

static void test_descriptor_that_can_be_read(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	struct loop_fd *watched;

	assert_int_equal(pipe2(fixture->pipe, O_CLOEXEC | O_NONBLOCK), 0);
	watched = loop_fd_new(fixture->loop, fixture->pipe[0], on_readable, fixture, &err);
	assert_non_null(watched);
	loop_on_turn_end(fixture->loop, end_a, fixture);
	/* As long as there is something, once a turn. */
	assert_int_equal(write(fixture->pipe[1], "xyz", 3), 3);
	assert_string_equal(fixture->log, "");
	run(fixture);
	assert_string_equal(fixture->log, "xayaza");
	loop_fd_free(watched);
	assert_int_equal(close(fixture->pipe[0]), 0);
	assert_int_equal(close(fixture->pipe[1]), 0);
}

static void test_freeing_nothing(void **state)
{
	(void)state;
	loop_free(NULL);
	loop_timer_free(NULL);
	loop_signal_free(NULL);
	loop_fd_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_turn_ends_run_in_order_every_turn),
		TEST(test_two_wakes_make_one_turn),
		TEST(test_stop_before_run),
		TEST(test_timer_runs_once_and_not_early),
		TEST(test_timer_never_inside_the_call),
		TEST(test_last_set_counts),
		TEST(test_short_timers_are_precise),
		TEST(test_cleared_timer_does_not_run),
		TEST(test_signal_arrives_in_the_loop),
		TEST(test_descriptor_that_can_be_read),
		TEST(test_freeing_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
