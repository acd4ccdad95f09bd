/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "control_peer.h"

#define FOLLOW(id, batch) \
	"{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"subscribe\",\"params\":{\"batch\":" #batch "}}\n"

/* What is said of every batch. */
static struct {
	bool finished, is_unknown;
	int asked;
} batch;

static int64_t mono_ms;

static int64_t fake_mono_ms(void)
{
	return mono_ms;
}

static struct json_object *describe(void *arg, int64_t batch_id)
{
	struct json_object *params;

	(void)arg;
	batch.asked++;
	if (batch.is_unknown)
		return NULL;
	params = json_object_new_object();
	json_put_int(params, "batch", batch_id);
	json_put_bool(params, "finished", batch.finished);
	return params;
}

static int set_up(void **state)
{
	struct desk *desk;
	struct err err;

	(void)desk_set_up(state);
	desk = *state;
	batch.finished = batch.is_unknown = false;
	batch.asked = 0;
	mono_ms = 1000000;
	clock_set_sources(NULL, fake_mono_ms, NULL);
	desk->progress = progress_new(desk->loop, describe, NULL, &err);
	assert_non_null(desk->progress);
	progress_attach(desk->progress, desk->control);
	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	return 0;
}

static int tear_down(void **state)
{
	clock_set_sources(NULL, NULL, NULL);
	return desk_tear_down(state);
}

static void test_told_at_once(void **state)
{
	struct desk *desk = *state;
	const char *lines;

	desk_send(desk, 0, FOLLOW(2, 7));
	lines = desk_wait(desk, 0, 2);
	assert_non_null(strstr(lines, "\"id\":2"));
	assert_non_null(strstr(lines, "\"method\":\"progress\""));
	assert_non_null(strstr(lines, "\"batch\":7"));
	/* Nothing moves, nothing is said. */
	desk_turn(desk, 10);
	assert_int_equal(batch.asked, 1);
}

static void test_ten_times_a_second(void **state)
{
	struct desk *desk = *state;

	desk_send(desk, 0, FOLLOW(2, 7));
	(void)desk_wait(desk, 0, 2);
	for (int i = 0; i < 99; i++) {
		mono_ms++;
		progress_touch(desk->progress, 7);
		progress_touch(desk->progress, 8);
		desk_turn(desk, 1);
	}
	assert_int_equal(batch.asked, 1);
	mono_ms++;
	assert_non_null(strstr(desk_wait(desk, 0, 1), "progress"));
	assert_int_equal(batch.asked, 2);
	mono_ms += 500;
	progress_touch(desk->progress, 8);
	desk_turn(desk, 3);
	assert_int_equal(batch.asked, 2);
	progress_touch_all(desk->progress);
	assert_non_null(strstr(desk_wait(desk, 0, 1), "progress"));
}

static void test_finished_is_the_last_word(void **state)
{
	struct desk *desk = *state;

	desk_send(desk, 0, FOLLOW(2, 7));
	(void)desk_wait(desk, 0, 2);
	batch.finished = true;
	mono_ms += 200;
	progress_touch(desk->progress, 7);
	assert_non_null(strstr(desk_wait(desk, 0, 1), "\"finished\":true"));
	mono_ms += 200;
	progress_touch(desk->progress, 7);
	desk_turn(desk, 5);
	assert_int_equal(batch.asked, 2);
	/* Also to somebody who asks after the end. */
	desk_send(desk, 0, FOLLOW(3, 7));
	assert_non_null(strstr(desk_wait(desk, 0, 2), "\"finished\":true"));
}

static void test_unknown_or_gone(void **state)
{
	struct desk *desk = *state;

	batch.is_unknown = true;
	desk_send(desk, 0, FOLLOW(2, 7));
	(void)desk_wait(desk, 0, 1);
	desk_turn(desk, 3);
	assert_int_equal(batch.asked, 1);
	batch.is_unknown = false;
	desk_send(desk, 0, FOLLOW(3, 7));
	(void)desk_wait(desk, 0, 2);
	(void)close(desk->clients[0]);
	desk->clients[0] = -1;
	desk_turn(desk, 10);
	for (int i = 0; i < 3; i++) {
		mono_ms += 200;
		progress_touch(desk->progress, 7);
		desk_turn(desk, 2);
	}
	/* Once in vain, then it is forgotten. */
	assert_int_equal(batch.asked, 3);
}

/* Whoever is slow misses steps, never the end. */
static void test_slow_reader_learns_the_end(void **state)
{
	struct desk *desk = *state;
	const char *lines;

	desk_send(desk, 0, FOLLOW(2, 7));
	(void)desk_wait(desk, 0, 2);
	for (int i = 0; i < 4; i++) {
		desk_send(desk, 0,
			  "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"show\",\"params\":{\"bytes\":1000000}}\n");
		desk_turn(desk, 3);
	}
	for (int i = 0; i < 2; i++) {
		batch.finished = i == 1;
		mono_ms += 200;
		progress_touch(desk->progress, 7);
		desk_turn(desk, 3);
	}
	assert_int_equal(batch.asked, 3);
	lines = desk_wait(desk, 0, 5);
	assert_null(strstr(lines, "\"finished\":false"));
	assert_non_null(strstr(lines, "\"finished\":true"));
}

static void test_many(void **state)
{
	struct desk *desk = *state;
	const char *reply;

	/* The same batch once more is the same subscription. */
	for (int i = 0; i < 20; i++) {
		desk_send(desk, 0, FOLLOW(2, 1));
		assert_null(strstr(desk_wait(desk, 0, 2), "error"));
	}
	for (int i = 2; i <= 9; i++) {
		char text[120];

		(void)snprintf(text, sizeof(text),
			       "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"subscribe\",\"params\":{\"batch\":%d}}\n",
			       i);
		desk_send(desk, 0, text);
		reply = desk_wait(desk, 0, i <= 8 ? 2 : 1);
		assert_int_equal(strstr(reply, "busy") != NULL, i == 9);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_told_at_once),    TEST(test_ten_times_a_second),         TEST(test_finished_is_the_last_word),
		TEST(test_unknown_or_gone), TEST(test_slow_reader_learns_the_end), TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
