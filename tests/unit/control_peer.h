/* SPDX-License-Identifier: MIT
 *
 * What the tests of the control socket share: a loop with a socket in a temporary folder, clients that are plain
 * descriptors, and methods of the tests' own in place of the daemon's. Include after <cmocka.h>.
 */
#ifndef NGMT_TEST_CONTROL_PEER_H
#define NGMT_TEST_CONTROL_PEER_H

#include "control.h"
#include "method.h"
#include "progress.h"
#include "scratch.h"

#define CLIENTS 100
#define HELLO "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{\"protocol\":1}}\n"

/* A request without params. */
#define CALL(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\"}\n"

/* The methods: "hello" and "status" are done at once; "show" gives params.bytes bytes of text; "get" and "plan" wait
 * for desk_answer(); "load", "apply" fail; "batch" is done and counted; "subscribe" follows batch params.batch. */
struct desk {
	struct scratch scratch;
	char path[256];
	struct loop *loop;
	struct loop_timer *patience;
	struct control *control;
	struct progress *progress; /* if the test has one */
	struct ticket *ticket;
	struct err *failed_commit; /* for the next turns */
	int clients[CLIENTS];
	int calls; /* of any method */
	struct peer peer;
	/* what loop_run() waits for */
	int awaited;
	size_t lines;
	int turns;
	char *received[CLIENTS]; /* everything so far */
	size_t received_bytes[CLIENTS], received_room[CLIENTS], received_lines[CLIENTS];
	bool is_closed[CLIENTS];
};

int desk_set_up(void **state);
int desk_tear_down(void **state);

/* Connects client `n`. */
void desk_connect(struct desk *desk, int n);
void desk_send(struct desk *desk, int n, const char *text);

/* Runs the loop until client `n` has received `lines` lines since the last call, or was closed, or ten seconds are
 * over. Returns them: valid until the next call. */
const char *desk_wait(struct desk *desk, int n, size_t lines);
/* Both, for one line. */
const char *desk_ask(struct desk *desk, int n, const char *text);
/* Runs `turns` turns. */
void desk_turn(struct desk *desk, int turns);

/* Answers the ticket of "get" or "plan". */
void desk_answer(struct desk *desk, const char *text);

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

#endif
