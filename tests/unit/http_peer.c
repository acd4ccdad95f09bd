/* SPDX-License-Identifier: MIT */
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
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http_peer.h"

/* --- the child's side --- */

int peer_accept(const struct peer *server)
{
	int fd = accept(server->fd, NULL, NULL);

	if (fd < 0)
		_exit(1);
	server->seen->connections++;
	return fd;
}

static size_t wanted_bytes(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = end ? strcasestr(text, "\r\nContent-Length:") : NULL;

	if (!end)
		return SIZE_MAX;
	return (size_t)(end - text) + 4 + (length ? strtoul(length + 17, NULL, 10) : 0);
}

/* Reads one request; false: the peer closed. */
bool peer_read(const struct peer *server, int fd)
{
	static char text[SEEN_MAX];
	size_t used = 0;

	text[0] = '\0';
	while (used < wanted_bytes(text)) {
		ssize_t n = read(fd, text + used, SEEN_MAX - 1 - used);

		if (n <= 0)
			return false;
		used += (size_t)n;
		text[used] = '\0';
	}
	memcpy(server->seen->last, text, used + 1);
	server->seen->requests++;
	return true;
}

void peer_reply(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

void peer_wait_for_close(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
	close(fd);
}

static void serve_connection(const struct peer *server, int fd, const char *text)
{
	while (peer_read(server, fd))
		peer_reply(fd, text);
	close(fd);
}

/* --- both sides --- */

void peer_start(struct peer *server, peer_script_fn *script, const void *arg)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	server->seen = mmap(NULL, sizeof(*server->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(server->seen != MAP_FAILED);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->fd, 64), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid > 0) {
		close(server->fd);
		return;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	script(server, arg);
	_exit(0);
}

void peer_stop(struct peer *server)
{
	if (server->pid > 0) {
		(void)kill(server->pid, SIGKILL);
		(void)waitpid(server->pid, NULL, 0);
	}
	if (server->seen)
		(void)munmap(server->seen, sizeof(*server->seen));
	*server = (struct peer){ 0 };
}

void peer_start_http(struct fixture *fixture, unsigned connections, const char *ca_bundle, bool verify_tls)
{
	const struct http_options options = {
		.ca_bundle = ca_bundle,
		.verify_tls = verify_tls,
		.connections = connections,
		.user_agent = "ngmt-test/1",
	};
	struct err err;

	fixture->loop = loop_new(&err);
	assert_non_null(fixture->loop);
	fixture->http = http_new(fixture->loop, &options, &err);
	assert_non_null(fixture->http);
}

int peer_set_up(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

int peer_tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_free(fixture->http);
	loop_free(fixture->loop);
	peer_stop(&fixture->server);
	free(fixture);
	return 0;
}

void peer_copy_answer(struct outcome *out, const struct http_answer *answer)
{
	out->calls++;
	out->outcome = answer->outcome;
	out->status = answer->status;
	out->body_bytes = answer->body_bytes;
	out->elapsed_ms = answer->elapsed_ms;
	out->body = malloc(answer->body_bytes + 1);
	assert_non_null(out->body);
	memcpy(out->body, answer->body, answer->body_bytes);
	out->body[answer->body_bytes] = '\0';
	(void)snprintf(out->date, sizeof(out->date), "%s", answer->date);
	(void)snprintf(out->request_id, sizeof(out->request_id), "%s", answer->request_id);
	(void)snprintf(out->error_type, sizeof(out->error_type), "%s", answer->error_type);
	(void)snprintf(out->query_error, sizeof(out->query_error), "%s", answer->query_error);
	(void)snprintf(out->error, sizeof(out->error), "%s", answer->error);
}

void peer_on_done(void *arg, const struct http_answer *answer)
{
	struct call *call = arg;

	assert_false(call->fixture->inside_send);
	peer_copy_answer(call->outcome, answer);
	call->fixture->open--;
	if (call->fixture->open == 0)
		loop_stop(call->fixture->loop);
	free(call);
}

const char *const peer_headers[] = { "Content-Type: application/x-amz-json-1.1", "Authorization: secret", NULL };

void peer_post(struct fixture *fixture, const char *url, const char *body, int64_t timeout_ms, struct outcome *outcome)
{
	const struct http_request request = {
		.url = url,
		.headers = peer_headers,
		.body = body,
		.body_bytes = body ? strlen(body) : 0,
		.timeout_ms = timeout_ms,
	};
	struct call *call = malloc(sizeof(*call));
	struct err err;

	assert_non_null(call);
	memset(outcome, 0, sizeof(*outcome));
	*call = (struct call){ fixture, outcome };
	fixture->open++;
	fixture->inside_send = true;
	assert_int_equal(http_send(fixture->http, &request, peer_on_done, call, &err), 0);
	fixture->inside_send = false;
}

void peer_run(struct fixture *fixture)
{
	struct err err;

	assert_int_equal(loop_run(fixture->loop, &err), 0);
	assert_int_equal(fixture->open, 0);
	assert_int_equal(http_in_flight(fixture->http), 0);
}

struct outcome peer_exchange(struct fixture *fixture, const char *body)
{
	struct outcome outcome;

	peer_post(fixture, fixture->server.url, body, PATIENCE_MS, &outcome);
	peer_run(fixture);
	assert_int_equal(outcome.calls, 1);
	return outcome;
}

void peer_always(const struct peer *server, const void *text)
{
	for (;;) {
		int fd = peer_accept(server);

		if (fork() == 0) {
			close(server->fd);
			serve_connection(server, fd, text);
			_exit(0);
		}
		close(fd);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}
