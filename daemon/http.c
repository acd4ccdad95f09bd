/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "clock.h"
#include "http_transfer.h"

TAILQ_HEAD(transfer_list, http_transfer);

/* A request is in exactly one list: waiting for a connection, active in libcurl, or finished and about to be
 * told. Spare ones keep their easy handle, so that options are set once and not for every request. libcurl's own queue
 * (CURLMOPT_MAX_TOTAL_CONNECTIONS) is not used because what waits there knows no timeout. */
struct http {
	struct loop *loop;
	CURLM *multi;
	struct event *timer;
	struct transfer_list waiting, active, finished, spare;
	struct http_options options; /* texts are copies */
	char *ca_bundle;
	char *user_agent;
	unsigned active_count, spare_count, in_flight;
	bool closing;
};

static void collect(struct http *http);

/* --- libcurl's sockets and timer on libevent --- */

static void on_socket_event(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	int mask = ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);
	int running;

	(void)curl_multi_socket_action(http->multi, fd, mask, &running);
	collect(http);
}

static void on_timer_event(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	int running;

	(void)fd;
	(void)what;
	(void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(http);
}

static struct event *watch_socket(struct http *http, curl_socket_t fd, int what)
{
	int wanted = ((what & CURL_POLL_IN) ? EV_READ : 0) | ((what & CURL_POLL_OUT) ? EV_WRITE : 0);
	struct event *event = event_new(loop_base(http->loop), fd, (short)(EV_PERSIST | wanted), on_socket_event, http);

	if (event && event_add(event, NULL) == 0)
		return event;
	if (event)
		event_free(event);
	return NULL;
}

/* The old event must be gone from the socket before the new one is tried: if that fails, nothing dangles. */
static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http *http = arg;
	struct event *event = socket_arg;

	(void)easy;
	if (event)
		event_free(event);
	event = what == CURL_POLL_REMOVE ? NULL : watch_socket(http, fd, what);
	(void)curl_multi_assign(http->multi, fd, event);
	return event || what == CURL_POLL_REMOVE ? 0 : -1;
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *http = arg;
	struct timeval delay = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };

	(void)multi;
	if (timeout_ms < 0)
		return evtimer_del(http->timer);
	return evtimer_add(http->timer, &delay);
}

/* --- transfers --- */

static struct http_transfer *take_transfer(struct http *http)
{
	struct http_transfer *transfer = TAILQ_FIRST(&http->spare);

	if (!transfer)
		return http_transfer_new(&http->options);
	TAILQ_REMOVE(&http->spare, transfer, entry);
	http->spare_count--;
	return transfer;
}

static void give_back_transfer(struct http *http, struct http_transfer *transfer)
{
	if (http->closing || http->spare_count >= http->options.connections) {
		http_transfer_free(transfer);
		return;
	}
	http_transfer_forget(transfer);
	http_reply_reset(&transfer->reply);
	TAILQ_INSERT_HEAD(&http->spare, transfer, entry);
	http->spare_count++;
}

/* --- starting --- */

static bool is_loopback(const char *url)
{
	CURLU *parsed = curl_url();
	struct in_addr address;
	char *host = NULL;
	bool loopback = false;

	if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		loopback = strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
			   (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
	curl_free(host);
	curl_url_cleanup(parsed);
	return loopback;
}

static int check_request(const struct http *http, const struct http_request *request, struct err *err)
{
	if (http->closing)
		return err_set(err, ERR_STATE, "no request can be started while shutting down");
	if (strncmp(request->url, "https://", 8) != 0 && strncmp(request->url, "http://", 7) != 0) {
		(void)err_set(err, ERR_CONFIG, "\"%s\" is not the address of an endpoint", request->url);
		return err_hint(err, "it must begin with https:// (or http:// for one on this machine)");
	}
	if (!http->options.verify_tls && !is_loopback(request->url)) {
		(void)err_set(err, ERR_CONFIG, "the certificate of \"%s\" would not be verified", request->url);
		return err_hint(err, "only an endpoint on this machine may go unverified; give its CA as ca_bundle");
	}
	return 0;
}

static int start(struct http *http, struct http_transfer *transfer, int64_t now_ms)
{
	long remaining_ms = (long)(transfer->deadline_ms - now_ms);

	if (remaining_ms <= 0) {
		http_transfer_abandon(transfer, "timed out while waiting for a free connection");
		return -1;
	}
	if (curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, remaining_ms) != CURLE_OK ||
	    curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
		http_transfer_abandon(transfer, "libcurl cannot start the request");
		return -1;
	}
	TAILQ_INSERT_TAIL(&http->active, transfer, entry);
	http->active_count++;
	return 0;
}

static void start_waiting(struct http *http)
{
	int64_t now_ms = clock_mono_ms();

	while (http->active_count < http->options.connections && !TAILQ_EMPTY(&http->waiting)) {
		struct http_transfer *transfer = TAILQ_FIRST(&http->waiting);

		TAILQ_REMOVE(&http->waiting, transfer, entry);
		if (start(http, transfer, now_ms) < 0)
			TAILQ_INSERT_TAIL(&http->finished, transfer, entry);
	}
}

int http_send(struct http *http, const struct http_request *request, http_done_fn *done, void *arg, struct err *err)
{
	struct http_transfer *transfer;

	if (check_request(http, request, err) < 0)
		return -1;
	transfer = take_transfer(http);
	if (!transfer)
		return err_set(err, ERR_INTERNAL, "cannot prepare a request: out of memory");
	transfer->done = done;
	transfer->arg = arg;
	if (http_transfer_prepare(transfer, request, err) < 0) {
		give_back_transfer(http, transfer);
		return -1;
	}
	if (http->active_count >= http->options.connections) {
		TAILQ_INSERT_TAIL(&http->waiting, transfer, entry);
	} else if (start(http, transfer, transfer->sent_at_ms) < 0) {
		(void)err_set(err, ERR_INTERNAL, "%s", transfer->error);
		give_back_transfer(http, transfer);
		return -1;
	}
	http->in_flight++;
	return 0;
}

/* --- finishing --- */

static void deliver(struct http *http)
{
	struct http_transfer *transfer;

	while ((transfer = TAILQ_FIRST(&http->finished))) {
		TAILQ_REMOVE(&http->finished, transfer, entry);
		http->in_flight--;
		http_transfer_tell(transfer);
		give_back_transfer(http, transfer);
	}
}

static void finish_active(struct http *http, struct http_transfer *transfer)
{
	(void)curl_multi_remove_handle(http->multi, transfer->easy);
	TAILQ_REMOVE(&http->active, transfer, entry);
	http->active_count--;
	TAILQ_INSERT_TAIL(&http->finished, transfer, entry);
}

/* Callbacks run only after libcurl has nothing more to report, so that they may start new requests. */
static void collect(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct http_transfer *transfer = NULL;

		if (message->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK || !transfer)
			continue;
		http_transfer_judge(transfer, message->data.result);
		finish_active(http, transfer);
	}
	start_waiting(http);
	deliver(http);
}

unsigned http_in_flight(const struct http *http)
{
	return http->in_flight;
}

/* --- life --- */

static bool set_multi_options(struct http *http)
{
	CURLMcode bad = CURLM_OK;

	bad |= curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	bad |= curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	bad |= curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	bad |= curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	bad |= curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)http->options.connections);
	bad |= curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	return bad == CURLM_OK;
}

static bool copy_options(struct http *http, const struct http_options *options)
{
	http->options = *options;
	http->ca_bundle = options->ca_bundle ? strdup(options->ca_bundle) : NULL;
	http->user_agent = options->user_agent ? strdup(options->user_agent) : NULL;
	http->options.ca_bundle = http->ca_bundle;
	http->options.user_agent = http->user_agent;
	if (options->connections == 0)
		http->options.connections = 1;
	return (http->ca_bundle || !options->ca_bundle) && (http->user_agent || !options->user_agent);
}

struct http *http_new(struct loop *loop, const struct http_options *options, struct err *err)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		(void)err_set(err, ERR_INTERNAL, "cannot start libcurl");
		return NULL;
	}
	/* OpenSSL writes to sockets without MSG_NOSIGNAL. */
	(void)signal(SIGPIPE, SIG_IGN);
	http->loop = loop;
	TAILQ_INIT(&http->waiting);
	TAILQ_INIT(&http->active);
	TAILQ_INIT(&http->finished);
	TAILQ_INIT(&http->spare);
	http->timer = evtimer_new(loop_base(loop), on_timer_event, http);
	http->multi = curl_multi_init();
	if (http->timer && http->multi && copy_options(http, options) && set_multi_options(http))
		return http;
	http_free(http);
	(void)err_set(err, ERR_INTERNAL, "cannot start libcurl: out of memory");
	return NULL;
}

static void abandon_all(struct http *http)
{
	struct http_transfer *transfer;

	while ((transfer = TAILQ_FIRST(&http->active))) {
		http_transfer_abandon(transfer, "given up because of the shutdown");
		finish_active(http, transfer);
	}
	while ((transfer = TAILQ_FIRST(&http->waiting))) {
		TAILQ_REMOVE(&http->waiting, transfer, entry);
		http_transfer_abandon(transfer, "given up because of the shutdown");
		TAILQ_INSERT_TAIL(&http->finished, transfer, entry);
	}
	deliver(http);
}

void http_free(struct http *http)
{
	struct http_transfer *transfer;

	if (!http)
		return;
	http->closing = true;
	abandon_all(http);
	while ((transfer = TAILQ_FIRST(&http->spare))) {
		TAILQ_REMOVE(&http->spare, transfer, entry);
		http_transfer_free(transfer);
	}
	if (http->multi)
		(void)curl_multi_cleanup(http->multi);
	if (http->timer)
		event_free(http->timer);
	free(http->ca_bundle);
	free(http->user_agent);
	free(http);
	curl_global_cleanup();
}
