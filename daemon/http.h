/* SPDX-License-Identifier: MIT
 *
 * HTTPS by libcurl's multi interface on the event loop; nothing else in the daemon includes <curl/curl.h>. It sends
 * bytes once and says what became of them; it knows nothing of MTurk, signatures or retries.
 *
 * libcurl by itself re-sends a POST when a reused connection dies before the first byte of the answer. Here a callback
 * before each writing and a body that cannot be rewound forbid that, so a request leaves at most once, and whether any
 * byte of it may have left is part of the result. SIGPIPE is ignored in the whole process from http_new() on.
 */
#ifndef NGMT_HTTP_H
#define NGMT_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"

/* Larger answers are cut off and reported as HTTP_UNKNOWN. */
#define HTTP_ANSWER_MAX ((size_t)8 * 1024 * 1024)

struct http;

struct http_options {
	const char *ca_bundle;   /* NULL: the system's */
	bool verify_tls;         /* false only for loopback endpoints: http_new() refuses it otherwise per request */
	unsigned connections;    /* most connections kept and used at once */
	const char *user_agent;
};

enum http_outcome {
	HTTP_ANSWERED, /* a complete answer with a status */
	HTTP_NOT_SENT, /* certainly no byte of the request reached the server: DNS, connect, TLS handshake */
	HTTP_UNKNOWN,  /* anything else: the request may or may not have been executed */
};

struct http_request {
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated */
	const char *body;           /* POST; NULL: GET */
	size_t body_bytes;
	int64_t timeout_ms; /* for the whole exchange */
};

/* Borrowed by the callback; text members are "" if the answer did not have them. */
struct http_answer {
	enum http_outcome outcome;
	int status; /* 0 unless answered */
	const char *body;
	size_t body_bytes;
	const char *date;       /* Date */
	const char *request_id; /* x-amzn-RequestId */
	const char *error_type; /* x-amzn-ErrorType */
	const char *query_error; /* x-amzn-query-error */
	const char *error;      /* libcurl's words if not answered */
	int64_t elapsed_ms;
};

typedef void http_done_fn(void *arg, const struct http_answer *answer);

struct http *http_new(struct loop *loop, const struct http_options *options, struct err *err);

/* Every request still under way gets its callback with HTTP_UNKNOWN (or HTTP_NOT_SENT) before this returns. */
void http_free(struct http *http);

/* Starts a request; copies everything it needs. `done` runs exactly once, from the loop, never inside this call. -1
 * only if the request could not be started at all; `done` then never runs and nothing was sent. */
int http_send(struct http *http, const struct http_request *request, http_done_fn *done, void *arg,
	      struct err *err);

/* Requests whose callback has not run yet. */
unsigned http_in_flight(const struct http *http);

#endif
