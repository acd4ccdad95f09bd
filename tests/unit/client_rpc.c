/* SPDX-License-Identifier: MIT
 *
 * The connection against a peer that answers whatever it likes, in pieces of any size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "rpc.h"

/* A listening socket in its own folder, and both ends of one connection. */
struct peer {
	char folder[32];
	char path[64];
	int listener;
	int fd;
	struct rpc *rpc;
};

static int set_up(void **state)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(peer->folder, sizeof(peer->folder), "/tmp/ngmt-rpc-XXXXXX");
	assert_non_null(mkdtemp(peer->folder));
	(void)snprintf(peer->path, sizeof(peer->path), "%s/s", peer->folder);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", peer->path);
	peer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(peer->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(peer->listener, 1), 0);
	peer->rpc = rpc_open(peer->path, NULL);
	assert_non_null(peer->rpc);
	peer->fd = accept(peer->listener, NULL, NULL);
	assert_true(peer->fd >= 0);
	*state = peer;
	return 0;
}

static int tear_down(void **state)
{
	struct peer *peer = *state;

	rpc_close(peer->rpc);
	(void)close(peer->fd);
	(void)close(peer->listener);
	(void)unlink(peer->path);
	(void)rmdir(peer->folder);
	free(peer);
	return 0;
}

static void say(struct peer *peer, const char *text)
{
	assert_int_equal(write(peer->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int64_t soon(void)
{
	return clock_mono_ms() + 50;
}

/* Replies may already wait when the request is made: the first id is known to be 1. */
static void test_reply_among_others(void **state)
{
	struct peer *peer = *state;
	struct json_object *result;
	int64_t n = 0;

	say(peer,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"a\":1}}\n{\"id\":9,\"result\":{}}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"n\":7}}\n{\"method\":\"progress\",\"params\":{\"n\":8}}\n");
	result = rpc_call(peer->rpc, "status", NULL, soon(), NULL);
	assert_true(json_get_int(result, "n", &n));
	assert_int_equal(n, 7);
	json_object_put(result);
}

static void test_request_is_one_line(void **state)
{
	struct peer *peer = *state;
	struct json_object *params = json_object_new_object();
	char line[200] = "";

	json_put_text(params, "what", "a\nb/c");
	say(peer, "{\"id\":1,\"result\":{}}\n");
	json_object_put(rpc_call(peer->rpc, "show", params, soon(), NULL));
	assert_true(read(peer->fd, line, sizeof(line) - 1) > 0);
	assert_string_equal(line,
			    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"show\",\"params\":{\"what\":\"a\\nb/c\"}}\n");
}

static void test_notifications_in_pieces(void **state)
{
	static const char line[] = "{\"method\":\"progress\",\"params\":{\"n\":3}}\n";
	struct peer *peer = *state;
	struct json_object *params = NULL;
	struct err err;
	int64_t n = 0;

	for (size_t i = 0; line[i]; i++) {
		assert_int_equal(rpc_next(peer->rpc, clock_mono_ms() + 1, &params, &err), 0);
		say(peer, (const char[]){ line[i], '\0' });
	}
	assert_int_equal(rpc_next(peer->rpc, soon(), &params, &err), 1);
	assert_true(json_get_int(params, "n", &n));
	assert_int_equal(n, 3);
	json_object_put(params);
}

static void test_refusal(void **state)
{
	struct peer *peer = *state;
	struct err err;

	say(peer, "{\"id\":1,\"error\":{\"code\":-32000,\"message\":\"no "
		  "money\",\"data\":{\"name\":\"funds\",\"hint\":\"add\"}}}\n");
	assert_null(rpc_call(peer->rpc, "apply", NULL, soon(), &err));
	assert_int_equal(err.code, ERR_FUNDS);
	assert_string_equal(err.message, "no money");
	assert_string_equal(err.hint, "add");
	assert_non_null(rpc_refusal(peer->rpc));
	say(peer, "{\"id\":2,\"error\":{\"code\":-32602,\"message\":\"bad\"}}\n");
	assert_null(rpc_call(peer->rpc, "apply", NULL, soon(), &err));
	assert_int_equal(err.code, ERR_USAGE);
	say(peer, "{\"id\":3,\"result\":{}}\n");
	json_object_put(rpc_call(peer->rpc, "apply", NULL, soon(), &err));
	assert_null(rpc_refusal(peer->rpc));
}

static void test_errors(void **state)
{
	static const struct {
		const char *answer;
		enum err_code code;
	} cases[] = {
		{ "no json\n", ERR_PROTOCOL },
		{ "[]\n", ERR_PROTOCOL },
		{ "\n", ERR_PROTOCOL },
		{ "{\"id\":1,\"result\":[]}\n", ERR_PROTOCOL },
		{ "{\"id\":1", ERR_TIMEOUT },
		{ "", ERR_TIMEOUT },
		{ "{\"error\":{\"code\":-32700,\"message\":\"parse\"}}\n", ERR_INTERNAL },
		{ "{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"x\"}}\n", ERR_PROTOCOL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer *peer;
		struct err err = { 0 };

		(void)tear_down(state);
		(void)set_up(state);
		peer = *state;
		say(peer, cases[i].answer);
		assert_null(rpc_call(peer->rpc, "status", NULL, soon(), &err));
		if (err.code != cases[i].code)
			fail_msg("%s: %s", cases[i].answer, err.message);
	}
}

static void test_lost(void **state)
{
	struct peer *peer = *state;
	struct json_object *params = NULL;
	struct err err;

	assert_int_equal(shutdown(peer->fd, SHUT_RDWR), 0);
	assert_int_equal(rpc_next(peer->rpc, soon(), &params, &err), -1);
	assert_int_equal(err.code, ERR_NO_DAEMON);
	assert_null(rpc_call(peer->rpc, "status", NULL, soon(), &err));
	assert_int_equal(err.code, ERR_NO_DAEMON);
}

static void test_nobody_listens(void **state)
{
	struct peer *peer = *state;
	struct err err;

	assert_null(rpc_open("/nonexistent/socket", &err));
	assert_int_equal(err.code, ERR_NO_DAEMON);
	assert_int_equal(close(peer->listener), 0);
	assert_null(rpc_open(peer->path, &err));
	assert_int_equal(err.code, ERR_NO_DAEMON);
	peer->listener = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reply_among_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_request_is_one_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_notifications_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_listens, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
