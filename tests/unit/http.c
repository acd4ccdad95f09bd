/* SPDX-License-Identifier: MIT
 *
 * Requests on their way: what leaves, how often, over which connection, and what becomes of those that cannot leave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_peer.h"

static void reply_and_close(const struct peer *server, const void *text)
{
	for (;;) {
		int fd = peer_accept(server);

		if (peer_read(server, fd))
			peer_reply(fd, text);
		close(fd);
		server->seen->closed++;
	}
}

/* --- scripts --- */

/* The trap: the first request is answered, the second read and the connection closed; one sent again would be
 * answered. */
static void close_when_reused(const struct peer *server, const void *arg)
{
	int fd = peer_accept(server);

	(void)arg;
	(void)peer_read(server, fd);
	peer_reply(fd, OK_REPLY);
	(void)peer_read(server, fd);
	close(fd);
	peer_always(server, OK_REPLY);
}

/* The same with a reset instead of an orderly end. */
static void reset_when_reused(const struct peer *server, const void *arg)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	int fd = peer_accept(server);

	(void)arg;
	(void)peer_read(server, fd);
	peer_reply(fd, OK_REPLY);
	(void)peer_read(server, fd);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	peer_always(server, OK_REPLY);
}

static void never_answer(const struct peer *server, const void *arg)
{
	int fd = peer_accept(server);

	(void)arg;
	(void)peer_read(server, fd);
	peer_wait_for_close(fd);
}

static void test_sends_what_it_was_given(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;
	const char *seen;

	peer_start(&fixture->server, peer_always, OK_REPLY);
	peer_start_http(fixture, 2, NULL, true);
	outcome = peer_exchange(fixture, "{\"a\":\"\xc3\xa9\"}");
	seen = fixture->server.seen->last;
	assert_int_equal(outcome.outcome, HTTP_ANSWERED);
	assert_int_equal(outcome.status, 200);
	assert_string_equal(outcome.body, "{}");
	assert_string_equal(outcome.error, "");
	assert_string_equal(outcome.date, "");
	assert_ptr_equal(strstr(seen, "POST / HTTP/1.1\r\n"), seen);
	assert_non_null(strstr(seen, "\r\nContent-Type: application/x-amz-json-1.1\r\n"));
	assert_non_null(strstr(seen, "\r\nAuthorization: secret\r\n"));
	assert_non_null(strstr(seen, "\r\nContent-Length: 10\r\n"));
	assert_non_null(strstr(seen, "\r\nUser-Agent: ngmt-test/1\r\n"));
	assert_null(strcasestr(seen, "\r\nExpect:"));
	assert_null(strcasestr(seen, "\r\nCookie:"));
	assert_null(strcasestr(seen, "urlencoded"));
	assert_non_null(strstr(seen, "\r\n\r\n{\"a\":\"\xc3\xa9\"}"));
	free(outcome.body);
}

static void test_large_body_needs_no_expect(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;
	static char body[1200001]; /* libcurl asks for "100 Continue" from 1 MiB on */

	memset(body, 'b', sizeof(body) - 1);
	peer_start(&fixture->server, peer_always, OK_REPLY);
	peer_start_http(fixture, 2, NULL, true);
	outcome = peer_exchange(fixture, body);
	assert_int_equal(outcome.outcome, HTTP_ANSWERED);
	assert_null(strcasestr(fixture->server.seen->last, "\r\nExpect:"));
	assert_true(strcmp(strstr(fixture->server.seen->last, "\r\n\r\n") + 4, body) == 0);
	free(outcome.body);
}

static void test_reuses_the_connection(void **state)
{
	struct fixture *fixture = *state;

	peer_start(&fixture->server, peer_always, OK_REPLY);
	peer_start_http(fixture, 4, NULL, true);
	for (int i = 0; i < 5; i++) {
		struct outcome outcome = peer_exchange(fixture, i % 2 ? "{}" : NULL);

		assert_int_equal(outcome.outcome, HTTP_ANSWERED);
		assert_int_equal(memcmp(fixture->server.seen->last, i % 2 ? "POST" : "GET ", 4), 0);
		free(outcome.body);
	}
	assert_int_equal(fixture->server.seen->connections, 1);
	assert_int_equal(fixture->server.seen->requests, 5);
}

static void check_sent_once(struct fixture *fixture, peer_script_fn *script, const char *body)
{
	struct outcome first, second;

	peer_start(&fixture->server, script, NULL);
	peer_start_http(fixture, 4, NULL, true);
	first = peer_exchange(fixture, "{\"n\":1}");
	second = peer_exchange(fixture, body);
	assert_int_equal(first.outcome, HTTP_ANSWERED);
	assert_int_equal(second.outcome, HTTP_UNKNOWN);
	assert_int_equal(second.status, 0);
	assert_string_not_equal(second.error, "");
	assert_int_equal(fixture->server.seen->requests, 2);
	free(first.body);
	free(second.body);
}

static void test_post_on_a_dying_reused_connection_leaves_once(void **state)
{
	check_sent_once(*state, close_when_reused, "{\"n\":2}");
}

static void test_post_on_a_reset_reused_connection_leaves_once(void **state)
{
	check_sent_once(*state, reset_when_reused, "{\"n\":2}");
}

static void test_empty_post_on_a_dying_reused_connection_leaves_once(void **state)
{
	check_sent_once(*state, close_when_reused, "");
}

static void test_get_on_a_dying_reused_connection_leaves_once(void **state)
{
	check_sent_once(*state, close_when_reused, NULL);
}

static void wait_until_reaches(const volatile int *counter, int value)
{
	for (int i = 0; *counter < value && i < PATIENCE_MS; i++)
		(void)poll(NULL, 0, 1);
	assert_true(*counter >= value);
}

/* An idle connection that the server has closed already is not used for the next request. */
static void test_closed_idle_connection_is_replaced(void **state)
{
	struct fixture *fixture = *state;

	peer_start(&fixture->server, reply_and_close, OK_REPLY);
	peer_start_http(fixture, 1, NULL, true);
	for (int i = 0; i < 3; i++) {
		struct outcome outcome = peer_exchange(fixture, "{}");

		assert_int_equal(outcome.outcome, HTTP_ANSWERED);
		free(outcome.body);
		wait_until_reaches(&fixture->server.seen->closed, i + 1);
	}
	assert_int_equal(fixture->server.seen->requests, 3);
}

static void test_refused_port_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	struct outcome outcome;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char url[64];

	/* Bound, but nobody listens: the port stays ours and refuses. */
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	peer_start_http(fixture, 2, NULL, true);
	peer_post(fixture, url, "{}", PATIENCE_MS, &outcome);
	peer_run(fixture);
	close(fd);
	assert_int_equal(outcome.outcome, HTTP_NOT_SENT);
	assert_string_not_equal(outcome.error, "");
	free(outcome.body);
}

static void test_unknown_host_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	peer_start_http(fixture, 2, NULL, true);
	peer_post(fixture, "http://no-such-host.invalid/", "{}", PATIENCE_MS, &outcome);
	peer_run(fixture);
	assert_int_equal(outcome.outcome, HTTP_NOT_SENT);
	free(outcome.body);
}

/* A plain server takes the hello of TLS for rubbish and says so. */
static void test_failed_handshake_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;
	char url[80];

	peer_start(&fixture->server, never_answer, NULL);
	peer_start_http(fixture, 2, NULL, true);
	(void)snprintf(url, sizeof(url), "https%s", fixture->server.url + 4);
	peer_post(fixture, url, "{}", 200, &outcome);
	peer_run(fixture);
	assert_int_equal(outcome.outcome, HTTP_NOT_SENT);
	assert_int_equal(fixture->server.seen->requests, 0);
	free(outcome.body);
}

static void test_fifty_at_once_share_four_connections(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcomes[50];

	peer_start(&fixture->server, peer_always, OK_REPLY);
	peer_start_http(fixture, 4, NULL, true);
	for (int i = 0; i < 50; i++)
		peer_post(fixture, fixture->server.url, "{}", PATIENCE_MS, &outcomes[i]);
	assert_int_equal(http_in_flight(fixture->http), 50);
	peer_run(fixture);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(outcomes[i].calls, 1);
		assert_int_equal(outcomes[i].outcome, HTTP_ANSWERED);
		free(outcomes[i].body);
	}
	assert_in_range(fixture->server.seen->connections, 1, 4);
}

/* Those that waited for a connection until their time was up never left. */
static void test_timeout_while_waiting_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcomes[3];

	peer_start(&fixture->server, never_answer, NULL);
	peer_start_http(fixture, 1, NULL, true);
	for (int i = 0; i < 3; i++)
		peer_post(fixture, fixture->server.url, "{}", 150, &outcomes[i]);
	peer_run(fixture);
	assert_int_equal(outcomes[0].outcome, HTTP_UNKNOWN);
	assert_int_equal(outcomes[1].outcome, HTTP_NOT_SENT);
	assert_int_equal(outcomes[2].outcome, HTTP_NOT_SENT);
	assert_int_equal(fixture->server.seen->requests, 1);
	for (int i = 0; i < 3; i++)
		free(outcomes[i].body);
}

struct chain {
	struct fixture *fixture;
	int left;
};

static void on_link_done(void *arg, const struct http_answer *answer)
{
	const struct http_request request = { .body = "{}", .body_bytes = 2, .timeout_ms = PATIENCE_MS };
	struct chain *chain = arg;
	struct http_request next = request;
	struct err err;

	assert_int_equal(answer->outcome, HTTP_ANSWERED);
	next.url = chain->fixture->server.url;
	if (--chain->left == 0)
		loop_stop(chain->fixture->loop);
	else
		assert_int_equal(http_send(chain->fixture->http, &next, on_link_done, chain, &err), 0);
}

static void test_sending_from_within_a_callback(void **state)
{
	struct fixture *fixture = *state;
	struct chain chain = { fixture, 30 };
	struct http_request request = { .body = "{}", .body_bytes = 2, .timeout_ms = PATIENCE_MS };
	struct err err;

	peer_start(&fixture->server, peer_always, OK_REPLY);
	peer_start_http(fixture, 2, NULL, true);
	request.url = fixture->server.url;
	assert_int_equal(http_send(fixture->http, &request, on_link_done, &chain, &err), 0);
	peer_run(fixture);
	assert_int_equal(chain.left, 0);
	assert_int_equal(fixture->server.seen->requests, 30);
	assert_int_equal(fixture->server.seen->connections, 1);
}

static void on_late_done(void *arg, const struct http_answer *answer)
{
	struct call *call = arg;
	const struct http_request request = { .url = "http://127.0.0.1:1/", .timeout_ms = 1000 };
	struct err err;

	peer_copy_answer(call->outcome, answer);
	assert_int_equal(http_send(call->fixture->http, &request, on_late_done, call, &err), -1);
}

static void on_watch_requests(void *arg)
{
	struct fixture *fixture = arg;

	if (fixture->server.seen->requests > 0)
		loop_stop(fixture->loop);
	else
		loop_wake(fixture->loop);
}

/* One has left, one waits: both are told, and no callback can start anything new. */
static void test_free_tells_everybody(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcomes[2] = { 0 };
	struct call calls[2] = { { fixture, &outcomes[0] }, { fixture, &outcomes[1] } };
	struct http_request request = { .body = "{}", .body_bytes = 2, .timeout_ms = PATIENCE_MS };
	struct err err;

	peer_start(&fixture->server, never_answer, NULL);
	peer_start_http(fixture, 1, NULL, true);
	request.url = fixture->server.url;
	loop_on_turn_end(fixture->loop, on_watch_requests, fixture);
	for (int i = 0; i < 2; i++)
		assert_int_equal(http_send(fixture->http, &request, on_late_done, &calls[i], &err), 0);
	assert_int_equal(loop_run(fixture->loop, &err), 0);
	http_free(fixture->http);
	fixture->http = NULL;
	assert_int_equal(outcomes[0].calls, 1);
	assert_int_equal(outcomes[0].outcome, HTTP_UNKNOWN);
	assert_int_equal(outcomes[1].calls, 1);
	assert_int_equal(outcomes[1].outcome, HTTP_NOT_SENT);
	free(outcomes[0].body);
	free(outcomes[1].body);
}

static void test_free_before_anything_happened_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	peer_start(&fixture->server, peer_always, OK_REPLY);
	peer_start_http(fixture, 2, NULL, true);
	outcome = peer_exchange(fixture, "{}");
	free(outcome.body);
	peer_post(fixture, fixture->server.url, "{}", PATIENCE_MS, &outcome);
	http_free(fixture->http);
	fixture->http = NULL;
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.outcome, HTTP_NOT_SENT);
	free(outcome.body);
}

static int try_send(struct fixture *fixture, const char *url, const char *header)
{
	const char *const headers[] = { header, NULL };
	const struct http_request request = { .url = url, .headers = headers, .timeout_ms = 1000 };
	struct err err;
	int result = http_send(fixture->http, &request, peer_on_done, NULL, &err);

	if (result < 0)
		assert_true(err.message[0] != '\0');
	return result;
}

static void test_requests_that_cannot_be(void **state)
{
	struct fixture *fixture = *state;

	peer_start_http(fixture, 2, NULL, true);
	assert_int_equal(try_send(fixture, "ftp://127.0.0.1/", "A: b"), -1);
	assert_int_equal(try_send(fixture, "file:///etc/passwd", "A: b"), -1);
	assert_int_equal(try_send(fixture, "", "A: b"), -1);
	assert_int_equal(try_send(fixture, "http://127.0.0.1/", "A: b\r\nHost: evil"), -1);
	assert_int_equal(try_send(fixture, "http://127.0.0.1/", "A: b\nHost: evil"), -1);
	assert_int_equal(http_in_flight(fixture->http), 0);
}

static void test_unverified_only_on_this_machine(void **state)
{
	static const char *const elsewhere[] = {
		"https://mturk-requester.us-east-1.amazonaws.com/", "https://127.0.0.1.example.com/",
		"https://localhost.example.com/", "https://128.0.0.1/", "https://[::2]/",
		"https://127.0.0.1@example.com/",
	};
	struct fixture *fixture = *state;

	peer_start_http(fixture, 2, NULL, false);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		assert_int_equal(try_send(fixture, elsewhere[i], "A: b"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sends_what_it_was_given),
		TEST(test_large_body_needs_no_expect),
		TEST(test_reuses_the_connection),
		TEST(test_post_on_a_dying_reused_connection_leaves_once),
		TEST(test_post_on_a_reset_reused_connection_leaves_once),
		TEST(test_empty_post_on_a_dying_reused_connection_leaves_once),
		TEST(test_get_on_a_dying_reused_connection_leaves_once),
		TEST(test_closed_idle_connection_is_replaced),
		TEST(test_refused_port_is_not_sent),
		TEST(test_unknown_host_is_not_sent),
		TEST(test_failed_handshake_is_not_sent),
		TEST(test_fifty_at_once_share_four_connections),
		TEST(test_timeout_while_waiting_is_not_sent),
		TEST(test_sending_from_within_a_callback),
		TEST(test_free_tells_everybody),
		TEST(test_free_before_anything_happened_is_not_sent),
		TEST(test_requests_that_cannot_be),
		TEST(test_unverified_only_on_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
