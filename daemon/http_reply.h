/* SPDX-License-Identifier: MIT
 *
 * An answer as it comes in, piece by piece: body and the few headers that matter, each within its bounds. Of http.c,
 * without anything of libcurl.
 */
#ifndef NGMT_HTTP_REPLY_H
#define NGMT_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum http_header { HTTP_DATE, HTTP_REQUEST_ID, HTTP_ERROR_TYPE, HTTP_QUERY_ERROR, HTTP_HEADERS };

#define HTTP_HEADER_VALUE_MAX 256

/* All zero is a reply of which nothing has come in. */
struct http_reply {
	char *body; /* not terminated */
	size_t body_bytes;
	size_t body_room;
	size_t header_bytes;
	bool headers_complete;
	char values[HTTP_HEADERS][HTTP_HEADER_VALUE_MAX]; /* longer ones are cut */
};

/* Forgets everything but a body buffer of ordinary size. */
void http_reply_reset(struct http_reply *reply);
void http_reply_finish(struct http_reply *reply);

/* One header line with its line end, status line and empty line included. -1: too much. */
int http_reply_add_header(struct http_reply *reply, const char *line, size_t len);

/* -1: more than HTTP_ANSWER_MAX, or no memory. */
int http_reply_add_body(struct http_reply *reply, const char *data, size_t len);

/* The body with a NUL after it; valid until the reply is reset. */
const char *http_reply_body(struct http_reply *reply);

#endif
