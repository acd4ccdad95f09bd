/* SPDX-License-Identifier: MIT
 *
 * One request on its way: its easy handle, what libcurl may take from it and what came back. Of http.c, which alone
 * starts it and tells its outcome. An easy handle is set up once and used for many requests.
 */
#ifndef NGMT_HTTP_TRANSFER_H
#define NGMT_HTTP_TRANSFER_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "http.h"
#include "http_reply.h"

struct http_transfer {
	TAILQ_ENTRY(http_transfer) entry;
	CURL *easy;
	struct curl_slist *request_headers;
	char *request_body;
	size_t request_bytes;
	size_t request_given; /* bytes of the body that libcurl has taken */
	bool may_have_left;   /* libcurl was about to write the request, or has */
	struct http_reply reply;
	char error[CURL_ERROR_SIZE];
	enum http_outcome outcome;
	int status;
	int64_t sent_at_ms;
	int64_t deadline_ms;
	http_done_fn *done;
	void *arg;
};

/* NULL if memory runs out. `options` is borrowed for this call only. */
struct http_transfer *http_transfer_new(const struct http_options *options);
void http_transfer_free(struct http_transfer *transfer);

/* Copies the request and dates it. */
int http_transfer_prepare(struct http_transfer *transfer, const struct http_request *request, struct err *err);

/* Overwrites and frees the request: secrets travel in its headers. */
void http_transfer_forget(struct http_transfer *transfer);

/* What libcurl's result means: fills outcome, status and error. */
void http_transfer_judge(struct http_transfer *transfer, CURLcode code);

/* The same for a request that libcurl has not finished with, if it ever had it. */
void http_transfer_abandon(struct http_transfer *transfer, const char *why);

/* Runs the callback. */
void http_transfer_tell(struct http_transfer *transfer);

#endif
