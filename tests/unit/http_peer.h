/* SPDX-License-Identifier: MIT
 *
 * What the tests of http.c share: a scripted server in a child process, which counts what reaches it, and one
 * exchange with it. Every test has a server of its own; its scripts run in the child and must not use cmocka.
 */
#ifndef NGMT_TEST_HTTP_PEER_H
#define NGMT_TEST_HTTP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "http.h"

#define SEEN_MAX (2 * 1024 * 1024)
#define PATIENCE_MS 20000

/* Shared with the child. */
struct seen {
	int connections;
	int requests; /* complete ones */
	int closed;
	char last[SEEN_MAX];
};

struct outcome {
	int calls;
	enum http_outcome outcome;
	int status;
	size_t body_bytes;
	char *body;
	char date[64], request_id[64], error_type[256], query_error[256], error[256];
	int64_t elapsed_ms;
};

struct peer {
	pid_t pid;
	int fd;
	char url[64];
	struct seen *seen;
};

struct fixture {
	struct loop *loop;
	struct http *http;
	struct peer server;
	unsigned open;
	bool inside_send;
};

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

typedef void peer_script_fn(const struct peer *server, const void *arg);

/* In the child. */
int peer_accept(const struct peer *server);
bool peer_read(const struct peer *server, int fd);
void peer_reply(int fd, const char *text);
void peer_wait_for_close(int fd);
/* A script: answers every request on every connection with the text `arg`. */
void peer_always(const struct peer *server, const void *text);

/* In the test. */
extern const char *const peer_headers[];

struct call {
	struct fixture *fixture;
	struct outcome *outcome;
};

void peer_start(struct peer *server, peer_script_fn *script, const void *arg);
void peer_stop(struct peer *server);
void peer_start_http(struct fixture *fixture, unsigned connections, const char *ca_bundle, bool verify_tls);
int peer_set_up(void **state);
int peer_tear_down(void **state);

/* The caller frees out->body. */
void peer_copy_answer(struct outcome *out, const struct http_answer *answer);

/* `arg` is a struct call from malloc(); stops the loop after the last one. */
void peer_on_done(void *arg, const struct http_answer *answer);

/* Sends a POST, or a GET if `body` is NULL, to be waited for by peer_run(). */
void peer_post(struct fixture *fixture, const char *url, const char *body, int64_t timeout_ms, struct outcome *outcome);
void peer_run(struct fixture *fixture);

/* Both, with the fixture's own server. */
struct outcome peer_exchange(struct fixture *fixture, const char *body);

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

#endif
