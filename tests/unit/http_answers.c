/* SPDX-License-Identifier: MIT
 *
 * What comes back: good answers, bad ones, endless ones and none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "http_peer.h"

static void reply_and_close(const struct peer *server, const void *text)
{
	for (;;) {
		int fd = peer_accept(server);

		if (peer_read(server, fd))
			peer_reply(fd, text);
		close(fd);
	}
}

static void close_after_reading(const struct peer *server, const void *arg)
{
	(void)arg;
	for (;;) {
		int fd = peer_accept(server);

		(void)peer_read(server, fd);
		close(fd);
	}
}

static void never_answer(const struct peer *server, const void *arg)
{
	int fd = peer_accept(server);

	(void)arg;
	(void)peer_read(server, fd);
	peer_wait_for_close(fd);
}

/* Nobody accepts: the handshake is the kernel's, so the request leaves and nobody reads it. */
static void never_accept(const struct peer *server, const void *arg)
{
	(void)server;
	(void)arg;
	(void)pause();
}

static void endless_body(const struct peer *server, const void *head)
{
	int fd = peer_accept(server);
	char block[65537];

	memset(block, 'x', sizeof(block) - 1);
	block[sizeof(block) - 1] = '\0';
	(void)peer_read(server, fd);
	peer_reply(fd, head);
	for (int i = 0; i < 200; i++)
		peer_reply(fd, block);
	close(fd);
}

static void endless_headers(const struct peer *server, const void *arg)
{
	int fd = peer_accept(server);
	char line[1024];

	(void)arg;
	memset(line, 'x', sizeof(line));
	line[1] = ':';
	strcpy(line + sizeof(line) - 3, "\r\n");
	(void)peer_read(server, fd);
	peer_reply(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 2000; i++)
		peer_reply(fd, line);
	close(fd);
}

/* --- tests --- */

struct bad_answer {
	const char *name;
	const char *text;
};

static const struct bad_answer bad_answers[] = {
	{ "nothing", "" },
	{ "not HTTP", "220 mail.example ESMTP\r\n" },
	{ "half a status line", "HTTP/1.1 20" },
	{ "a status of letters", "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}" },
	{ "a status of 0", "HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\n{}" },
	{ "a status of 999", "HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\n{}" },
	{ "an interim answer only", "HTTP/1.1 100 Continue\r\n\r\n" },
	{ "an upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" },
	{ "headers that break off", "HTTP/1.1 200 OK\r\nContent-Len" },
	{ "headers without their end", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" },
	{ "a body that is too short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}" },
	{ "no body at all", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" },
	{ "a chunk that breaks off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a" },
	{ "no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" },
	{ "a chunk length of letters", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" },
	{ "a length of letters", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}" },
	{ "a length that is announced too large", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{}" },
};

static void test_bad_answers_are_unknown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(bad_answers) / sizeof(bad_answers[0]); i++) {
		struct outcome outcome;

		peer_start(&fixture->server, reply_and_close, bad_answers[i].text);
		peer_start_http(fixture, 2, NULL, true);
		outcome = peer_exchange(fixture, "{}");
		if (outcome.outcome != HTTP_UNKNOWN || outcome.error[0] == '\0')
			fail_msg("%s: outcome %d, status %d, error \"%s\"", bad_answers[i].name, (int)outcome.outcome,
				 outcome.status, outcome.error);
		assert_int_equal(outcome.status, 0);
		assert_int_equal(outcome.body_bytes, 0);
		assert_int_equal(fixture->server.seen->requests, 1);
		free(outcome.body);
		http_free(fixture->http);
		loop_free(fixture->loop);
		peer_stop(&fixture->server);
	}
	fixture->http = NULL;
	fixture->loop = NULL;
}

static void test_closing_without_an_answer_is_unknown(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	peer_start(&fixture->server, close_after_reading, NULL);
	peer_start_http(fixture, 2, NULL, true);
	outcome = peer_exchange(fixture, "{}");
	assert_int_equal(outcome.outcome, HTTP_UNKNOWN);
	assert_int_equal(fixture->server.seen->requests, 1);
	free(outcome.body);
}

static void check_timeout(struct fixture *fixture, peer_script_fn *script)
{
	struct outcome outcome;

	peer_start(&fixture->server, script, NULL);
	peer_start_http(fixture, 2, NULL, true);
	peer_post(fixture, fixture->server.url, "{}", 150, &outcome);
	peer_run(fixture);
	assert_int_equal(outcome.outcome, HTTP_UNKNOWN);
	assert_in_range(outcome.elapsed_ms, 140, 5000);
	free(outcome.body);
}

static void test_silence_is_unknown_at_the_timeout(void **state)
{
	check_timeout(*state, never_answer);
	assert_int_equal(((struct fixture *)*state)->server.seen->requests, 1);
}

static void test_unread_request_is_unknown_at_the_timeout(void **state)
{
	check_timeout(*state, never_accept);
}

static void check_too_much(struct fixture *fixture, peer_script_fn *script, const void *head)
{
	struct outcome outcome;

	peer_start(&fixture->server, script, head);
	peer_start_http(fixture, 2, NULL, true);
	outcome = peer_exchange(fixture, "{}");
	assert_int_equal(outcome.outcome, HTTP_UNKNOWN);
	assert_int_equal(outcome.body_bytes, 0);
	free(outcome.body);
}

static void test_endless_body_is_cut_off(void **state)
{
	check_too_much(*state, endless_body, "HTTP/1.1 200 OK\r\n\r\n");
}

static void test_announced_huge_body_is_refused(void **state)
{
	check_too_much(*state, endless_body, "HTTP/1.1 200 OK\r\nContent-Length: 13107200\r\n\r\n");
}

static void test_endless_headers_are_cut_off(void **state)
{
	check_too_much(*state, endless_headers, NULL);
}

static void test_large_answer_arrives_whole(void **state)
{
	static char text[300 * 1024];
	struct fixture *fixture = *state;
	struct outcome outcome;
	int head = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 250 * 1024);

	memset(text + head, 'y', (size_t)250 * 1024);
	peer_start(&fixture->server, peer_always, text);
	peer_start_http(fixture, 2, NULL, true);
	for (int i = 0; i < 2; i++) {
		outcome = peer_exchange(fixture, "{}");
		assert_int_equal(outcome.outcome, HTTP_ANSWERED);
		assert_int_equal(outcome.body_bytes, 250 * 1024);
		assert_string_equal(outcome.body, text + head);
		free(outcome.body);
	}
}

static void test_chunked_answer(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	peer_start(&fixture->server, peer_always,
		     "HTTP/1.1 400 Bad Request\r\nDate: Mon, 23 Nov 2026 11:52:00 GMT\r\n"
		     "Transfer-Encoding: chunked\r\n\r\n"
		     "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\nDate: trailer\r\nx-amzn-RequestId: trailer\r\n\r\n");
	peer_start_http(fixture, 2, NULL, true);
	outcome = peer_exchange(fixture, "{}");
	assert_int_equal(outcome.outcome, HTTP_ANSWERED);
	assert_int_equal(outcome.status, 400);
	assert_string_equal(outcome.body, "{\"a\":1}");
	assert_string_equal(outcome.date, "Mon, 23 Nov 2026 11:52:00 GMT");
	assert_string_equal(outcome.request_id, "");
	free(outcome.body);
}

static void test_headers_are_caught_in_any_case(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;
	char text[2048], long_value[601];

	memset(long_value, 'v', 600);
	long_value[600] = '\0';
	(void)snprintf(text, sizeof(text),
		       "HTTP/1.1 100 Continue\r\nDate: early\r\n\r\n"
		       "HTTP/1.1 503 No\r\ndAtE:Mon, 23 Nov 2026 11:52:00 GMT  \r\nX-AMZN-REQUESTID: \t id-1 \r\n"
		       "x-amzn-ErrorType: %s\r\nx-amzn-query-error: A;Sender\r\nx-amzn-query-error: B;Sender\r\n"
		       "x-amzn-RequestId-x: no\r\nContent-Length: 0\r\n\r\n",
		       long_value);
	peer_start(&fixture->server, peer_always, text);
	peer_start_http(fixture, 2, NULL, true);
	outcome = peer_exchange(fixture, "{}");
	assert_int_equal(outcome.outcome, HTTP_ANSWERED);
	assert_int_equal(outcome.status, 503);
	assert_int_equal(outcome.body_bytes, 0);
	assert_string_equal(outcome.date, "Mon, 23 Nov 2026 11:52:00 GMT");
	assert_string_equal(outcome.request_id, "id-1");
	assert_int_equal(strlen(outcome.error_type), 255);
	assert_string_equal(outcome.query_error, "A;Sender");
	free(outcome.body);
	/* Nothing of one answer shows up in the next, although the same handle is used again. */
	peer_stop(&fixture->server);
	peer_start(&fixture->server, peer_always, OK_REPLY);
	outcome = peer_exchange(fixture, "{}");
	assert_string_equal(outcome.date, "");
	assert_string_equal(outcome.error_type, "");
	free(outcome.body);
}

static void test_redirects_are_answers(void **state)
{
	struct fixture *fixture = *state;
	struct outcome outcome;

	peer_start(&fixture->server, peer_always,
		     "HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
	peer_start_http(fixture, 2, NULL, true);
	for (int i = 0; i < 2; i++) {
		outcome = peer_exchange(fixture, "{}");
		assert_int_equal(outcome.status, 307);
		free(outcome.body);
	}
	assert_int_equal(fixture->server.seen->requests, 2);
	assert_null(strcasestr(fixture->server.seen->last, "Cookie"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bad_answers_are_unknown),
		TEST(test_closing_without_an_answer_is_unknown),
		TEST(test_silence_is_unknown_at_the_timeout),
		TEST(test_unread_request_is_unknown_at_the_timeout),
		TEST(test_endless_body_is_cut_off),
		TEST(test_announced_huge_body_is_refused),
		TEST(test_endless_headers_are_cut_off),
		TEST(test_large_answer_arrives_whole),
		TEST(test_chunked_answer),
		TEST(test_headers_are_caught_in_any_case),
		TEST(test_redirects_are_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
