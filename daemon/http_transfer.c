/* SPDX-License-Identifier: MIT */
#include "http_transfer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "digest.h"

#define CONNECT_TIMEOUT_MS 10000L
/* Servers close idle connections after some unknown time, and a request that meets the closing one ends as unknown
 * although nothing happened: an idle connection is therefore not trusted for long. */
#define IDLE_TRUSTED_S 15L
#define UPLOAD_BUFFER_BYTES (16 * 1024L)

static size_t on_body_wanted(char *out, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = arg;
	size_t n = transfer->request_bytes - transfer->request_given;

	if (n > size * count)
		n = size * count;
	memcpy(out, transfer->request_body + transfer->request_given, n);
	transfer->request_given += n;
	return n;
}

/* Called when the connection stands and the request is about to be written: from here on it may have left. libcurl
 * comes here again when it sends a request a second time by itself; allowed only if nothing was written before. */
static int on_connected(void *arg, char *server, char *own, int server_port, int own_port)
{
	struct http_transfer *transfer = arg;
	long written = 1;

	(void)server;
	(void)own;
	(void)server_port;
	(void)own_port;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &written);
	if (transfer->may_have_left && (written > 0 || transfer->request_given > 0))
		return CURL_PREREQFUNC_ABORT;
	transfer->may_have_left = true;
	return CURL_PREREQFUNC_OK;
}

/* The other half: without rewinding, libcurl cannot send a body again. */
static int on_rewind_wanted(void *arg, curl_off_t offset, int origin)
{
	(void)arg;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL;
}

static size_t on_body_received(char *data, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = arg;

	return http_reply_add_body(&transfer->reply, data, size * count) < 0 ? CURL_WRITEFUNC_ERROR : size * count;
}

static size_t on_header_received(char *line, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = arg;

	return http_reply_add_header(&transfer->reply, line, size * count) < 0 ? CURL_WRITEFUNC_ERROR : size * count;
}

static int on_socket_created(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)purpose;
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

static const struct {
	CURLoption option;
	long value;
} transport_options[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_TCP_KEEPALIVE, 1 },
	{ CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS },
	{ CURLOPT_MAXAGE_CONN, IDLE_TRUSTED_S },
	{ CURLOPT_QUICK_EXIT, 1 },
	{ CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
};

static bool set_transport_options(CURL *easy)
{
	CURLcode bad = CURLE_OK;

	for (size_t i = 0; i < sizeof(transport_options) / sizeof(transport_options[0]); i++)
		bad |= curl_easy_setopt(easy, transport_options[i].option, transport_options[i].value);
	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HTTP_ANSWER_MAX);
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_created);
	return bad == CURLE_OK;
}

static bool set_trust_options(CURL *easy, const struct http_options *options)
{
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options->verify_tls ? 1L : 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options->verify_tls ? 2L : 0L);
	/* A proxy would decide by itself what "localhost" is. */
	if (!options->verify_tls)
		bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	if (options->ca_bundle) {
		bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_bundle);
		bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (options->user_agent)
		bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
	return bad == CURLE_OK;
}

static bool set_callbacks(struct http_transfer *transfer)
{
	CURL *easy = transfer->easy;
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	bad |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body_wanted);
	bad |= curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	bad |= curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_rewind_wanted);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body_received);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header_received);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	return bad == CURLE_OK;
}

/* Secrets travel in headers: signatures and session tokens. */
void http_transfer_forget(struct http_transfer *transfer)
{
	for (struct curl_slist *header = transfer->request_headers; header; header = header->next)
		digest_forget(header->data, strlen(header->data));
	curl_slist_free_all(transfer->request_headers);
	transfer->request_headers = NULL;
	free(transfer->request_body);
	transfer->request_body = NULL;
}

void http_transfer_free(struct http_transfer *transfer)
{
	if (!transfer)
		return;
	if (transfer->easy)
		curl_easy_cleanup(transfer->easy);
	http_transfer_forget(transfer);
	http_reply_finish(&transfer->reply);
	free(transfer);
}

struct http_transfer *http_transfer_new(const struct http_options *options)
{
	struct http_transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->easy = curl_easy_init();
	if (transfer->easy && set_transport_options(transfer->easy) && set_trust_options(transfer->easy, options) &&
	    set_callbacks(transfer))
		return transfer;
	http_transfer_free(transfer);
	return NULL;
}

static int add_header(struct http_transfer *transfer, const char *header)
{
	struct curl_slist *list = curl_slist_append(transfer->request_headers, header);

	if (!list)
		return -1;
	transfer->request_headers = list;
	return 0;
}

static int copy_headers(struct http_transfer *transfer, const char *const *headers, struct err *err)
{
	int failed = add_header(transfer, "Expect:");

	for (; headers && *headers && !failed; headers++) {
		if (strpbrk(*headers, "\r\n"))
			return err_set(err, ERR_FORMAT, "a request header contains a line break");
		failed = add_header(transfer, *headers);
	}
	return failed ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
}

static int set_method(struct http_transfer *transfer, const struct http_request *request)
{
	CURL *easy = transfer->easy;
	CURLcode bad = CURLE_OK;

	transfer->request_bytes = request->body ? request->body_bytes : 0;
	if (transfer->request_bytes > 0) {
		transfer->request_body = malloc(transfer->request_bytes);
		if (!transfer->request_body)
			return -1;
		memcpy(transfer->request_body, request->body, transfer->request_bytes);
	}
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	if (request->body) {
		bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
	}
	return bad == CURLE_OK ? 0 : -1;
}

static void reset_transfer(struct http_transfer *transfer)
{
	http_reply_reset(&transfer->reply);
	transfer->request_given = 0;
	transfer->error[0] = '\0';
	transfer->status = 0;
	transfer->may_have_left = false;
	transfer->outcome = HTTP_NOT_SENT;
}

int http_transfer_prepare(struct http_transfer *transfer, const struct http_request *request, struct err *err)
{
	reset_transfer(transfer);
	if (copy_headers(transfer, request->headers, err) < 0)
		return -1;
	if (set_method(transfer, request) < 0 ||
	    curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url) != CURLE_OK ||
	    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->request_headers) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "cannot prepare a request: out of memory");
	transfer->sent_at_ms = clock_mono_ms();
	transfer->deadline_ms = transfer->sent_at_ms + (request->timeout_ms > 0 ? request->timeout_ms : 1);
	return 0;
}

void http_transfer_abandon(struct http_transfer *transfer, const char *why)
{
	transfer->outcome = transfer->may_have_left ? HTTP_UNKNOWN : HTTP_NOT_SENT;
	if (transfer->error[0] == '\0')
		(void)snprintf(transfer->error, sizeof(transfer->error), "%s", why);
}

void http_transfer_judge(struct http_transfer *transfer, CURLcode code)
{
	long status = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK) {
		http_transfer_abandon(transfer, curl_easy_strerror(code));
	} else if (!transfer->reply.headers_complete || status < 200 || status > 599) {
		/* libcurl is content with an answer that breaks off inside its headers. */
		http_transfer_abandon(transfer, "the answer is not complete");
	} else {
		transfer->outcome = HTTP_ANSWERED;
		transfer->status = (int)status;
		transfer->error[0] = '\0';
	}
}

void http_transfer_tell(struct http_transfer *transfer)
{
	bool answered = transfer->outcome == HTTP_ANSWERED;
	const struct http_answer answer = {
		.outcome = transfer->outcome,
		.status = transfer->status,
		.body = answered ? http_reply_body(&transfer->reply) : "",
		.body_bytes = answered ? transfer->reply.body_bytes : 0,
		.date = transfer->reply.values[HTTP_DATE],
		.request_id = transfer->reply.values[HTTP_REQUEST_ID],
		.error_type = transfer->reply.values[HTTP_ERROR_TYPE],
		.query_error = transfer->reply.values[HTTP_QUERY_ERROR],
		.error = transfer->error,
		.elapsed_ms = clock_mono_ms() - transfer->sent_at_ms,
	};

	transfer->done(transfer->arg, &answer);
}
