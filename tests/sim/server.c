/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"

#define BODY_MAX (INT64_C(64) * 1024 * 1024)
#define HEAD_MAX INT64_C(65536)

static const char ABOUT[] =
	"This is mturk-sim, a rehearsal endpoint for Amazon Mechanical Turk's Requester API (2017-01-17).\n"
	"It is not Amazon, it pays nobody, and it forgets everything when it ends.\n\n"
	"API:      POST / with X-Amz-Target: MTurkRequesterServiceV20170117.<Operation>, signed with SigV4\n"
	"Control:  /sim/books, /sim/requests, /sim/hit, /sim/submit, /sim/balance, /sim/clock, /sim/faults and more\n"
	"Manual:   mturk-sim(1)\n";

/* A reply that waits for its time. */
struct waiting {
	struct server *server;
	struct waiting *next;
	struct waiting **back;
	struct evhttp_request *http_request;
	struct event *timer;
	struct reply reply;
};

struct server {
	struct sim *sim;
	struct event_base *base;
	struct evhttp *http;
	struct event *on_term;
	struct event *on_int;
	struct ssl_ctx_st *tls;
	struct waiting *waiting;
	uint16_t port;
};

static struct bufferevent *new_connection(struct event_base *base, void *arg)
{
	struct server *server = arg;
	struct ssl_st *ssl = tls_connection(server->tls);
	struct bufferevent *bev;

	if (!ssl)
		return NULL;
	bev = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

static void free_connection(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	evhttp_connection_free(arg);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	evhttp_connection_free(arg);
}

static void on_gone(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		evhttp_connection_free(arg);
}

/* From here on the connection is ours: evhttp's own callbacks must not see it any more. */
static void cut_connection(struct server *server, struct evhttp_request *http_request, enum cut cut)
{
	static const char part[] = "HTTP/1.1 200 OK\r\nx-amzn-Req";
	struct evhttp_connection *connection = evhttp_request_get_connection(http_request);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);

	if (cut == CUT_FREEZE) {
		/* Reading is switched on again only to learn when the client gives up. */
		bufferevent_setcb(bev, NULL, NULL, on_gone, connection);
		bufferevent_setwatermark(bev, EV_READ, 0, HEAD_MAX);
		(void)bufferevent_enable(bev, EV_READ);
	} else if (cut == CUT_DURING) {
		bufferevent_setcb(bev, NULL, on_written, on_gone, connection);
		(void)bufferevent_write(bev, part, sizeof(part) - 1);
		(void)bufferevent_enable(bev, EV_WRITE);
	} else {
		const struct timeval now = { 0, 0 };

		/* Not at once: evhttp is still on the stack with this connection. */
		bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
		(void)event_base_once(server->base, -1, EV_TIMEOUT, free_connection, connection, &now);
	}
}

static void put_headers(struct evhttp_request *http_request, const struct reply *reply)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(http_request);
	char date[64];
	struct tm parts;
	time_t at = (time_t)reply->date_s;

	(void)evhttp_add_header(headers, "Content-Type", reply->content_type);
	if (reply->request_id[0])
		(void)evhttp_add_header(headers, "x-amzn-RequestId", reply->request_id);
	if (at && gmtime_r(&at, &parts) && strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0)
		(void)evhttp_add_header(headers, "Date", date);
}

static void send_reply(struct server *server, struct evhttp_request *http_request, struct reply *reply)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(http_request);
	struct evbuffer *out = evhttp_request_get_output_buffer(http_request);
	size_t len = reply->body ? reply->body_len : 0;
	char promised[24];

	if (reply->cut != CUT_NONE && reply->cut != CUT_HALF) {
		cut_connection(server, http_request, reply->cut);
		free(reply->body);
		return;
	}
	put_headers(http_request, reply);
	if (reply->cut == CUT_HALF) {
		(void)snprintf(promised, sizeof(promised), "%zu", len + 64);
		(void)evhttp_add_header(headers, "Content-Length", promised);
		(void)evhttp_add_header(headers, "Connection", "close");
		len /= 2;
	}
	if (len > 0)
		(void)evbuffer_add(out, reply->body, len);
	free(reply->body);
	evhttp_send_reply(http_request, reply->status, NULL, NULL);
}

static void forget_waiting(struct waiting *waiting)
{
	*waiting->back = waiting->next;
	if (waiting->next)
		waiting->next->back = waiting->back;
	event_free(waiting->timer);
	free(waiting);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct waiting *waiting = arg;

	(void)fd;
	(void)what;
	send_reply(waiting->server, waiting->http_request, &waiting->reply);
	forget_waiting(waiting);
}

static void send_later(struct server *server, struct evhttp_request *http_request, struct reply *reply)
{
	struct timeval delay = { reply->delay_ms / 1000, reply->delay_ms % 1000 * 1000 };
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (waiting)
		waiting->timer = event_new(server->base, -1, 0, on_time, waiting);
	if (!waiting || !waiting->timer || event_add(waiting->timer, &delay) < 0) {
		if (waiting && waiting->timer)
			event_free(waiting->timer);
		free(waiting);
		send_reply(server, http_request, reply);
		return;
	}
	waiting->server = server;
	waiting->http_request = http_request;
	waiting->reply = *reply;
	waiting->next = server->waiting;
	waiting->back = &server->waiting;
	if (waiting->next)
		waiting->next->back = &waiting->next;
	server->waiting = waiting;
}

static int read_headers(struct evhttp_request *http_request, struct request *request)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(http_request);

	for (const struct evkeyval *header = headers->tqh_first; header; header = header->next.tqe_next) {
		if (request->header_count == REQUEST_HEADERS_MAX)
			return -1;
		request->headers[request->header_count++] = (struct request_header){ header->key, header->value };
	}
	return 0;
}

static const char *method_name(enum evhttp_cmd_type command)
{
	return command == EVHTTP_REQ_POST ? "POST" : "GET";
}

static int read_request(struct evhttp_request *http_request, struct request *request)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(http_request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(http_request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL, *query = uri ? evhttp_uri_get_query(uri) : NULL;
	struct evhttp_connection *connection = evhttp_request_get_connection(http_request);
	char *address = NULL;
	uint16_t port = 0;

	evhttp_connection_get_peer(connection, &address, &port);
	request->method = method_name(evhttp_request_get_command(http_request));
	request->path = path && *path ? path : "/";
	request->query = query ? query : "";
	request->remote = address ? address : "";
	request->body_len = evbuffer_get_length(in);
	request->body = request->body_len > 0 ? (const char *)evbuffer_pullup(in, -1) : "";
	request->header_count = 0;
	return request->body ? read_headers(http_request, request) : -1;
}

static void answer_text(struct reply *reply, int status, const char *text)
{
	reply->status = status;
	(void)snprintf(reply->content_type, sizeof(reply->content_type), "text/plain; charset=utf-8");
	reply->body = strdup(text);
	reply->body_len = reply->body ? strlen(reply->body) : 0;
}

static void answer(struct sim *sim, const struct request *request, struct reply *reply)
{
	bool is_root = strcmp(request->path, "/") == 0 && request->query[0] == '\0';

	if (strncmp(request->path, "/sim/", 5) == 0)
		control_answer(sim, request, reply);
	else if (is_root && strcmp(request->method, "POST") == 0)
		wire_answer(sim, request, reply);
	else if (is_root)
		answer_text(reply, 200, ABOUT);
	else
		answer_text(reply, 404, "There is nothing here: the API is POST /, the control interface is /sim/.\n");
}

static void on_request(struct evhttp_request *http_request, void *arg)
{
	struct server *server = arg;
	struct reply reply = { .status = 500, .date_s = clock_wall_ms() / 1000 };
	struct request request;

	if (read_request(http_request, &request) < 0)
		answer_text(&reply, 400, "Too many headers.\n");
	else
		answer(server->sim, &request, &reply);
	if (reply.delay_ms > 0)
		send_later(server, http_request, &reply);
	else
		send_reply(server, http_request, &reply);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)event_base_loopbreak(((struct server *)arg)->base);
}

static int bind_socket(struct server *server, const char *address, uint16_t port, struct err *err)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name;
	socklen_t len = sizeof(name);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(server->http, address, port);
	int on = 1;
	evutil_socket_t fd;

	if (!bound)
		return err_set(err, ERR_NETWORK, "cannot listen on \"%s\" port %u: %s", address, port,
			       evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	memset(&name, 0, sizeof(name));
	fd = evhttp_bound_socket_get_fd(bound);
	/* Accepted connections inherit it; without it, small answers wait for acknowledgements. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (getsockname(fd, &name.any, &len) < 0)
		return err_set(err, ERR_NETWORK, "cannot read the port of the listening socket");
	server->port = ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
	return 0;
}

static int prepare(struct server *server)
{
	server->base = event_base_new();
	if (server->base)
		server->http = evhttp_new(server->base);
	if (!server->http)
		return -1;
	evhttp_set_max_body_size(server->http, BODY_MAX);
	evhttp_set_max_headers_size(server->http, HEAD_MAX);
	evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	evhttp_set_gencb(server->http, on_request, server);
	if (server->tls)
		evhttp_set_bevcb(server->http, new_connection, server);
	server->on_term = evsignal_new(server->base, SIGTERM, on_signal, server);
	server->on_int = evsignal_new(server->base, SIGINT, on_signal, server);
	if (!server->on_term || !server->on_int || event_add(server->on_term, NULL) < 0 ||
	    event_add(server->on_int, NULL) < 0)
		return -1;
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}

struct server *server_new(struct sim *sim, const char *address, uint16_t port, struct ssl_ctx_st *tls, struct err *err)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->sim = sim;
	server->tls = tls;
	if (prepare(server) < 0)
		(void)err_set(err, ERR_INTERNAL, "cannot create the event loop");
	else if (bind_socket(server, address, port, err) == 0)
		return server;
	server_free(server);
	return NULL;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	for (struct waiting *waiting = server->waiting, *next; waiting; waiting = next) {
		next = waiting->next;
		event_free(waiting->timer);
		free(waiting->reply.body);
		free(waiting);
	}
	if (server->http)
		evhttp_free(server->http);
	/* A connection that is freed while its TLS output is under way lets go of itself in a callback of its own. */
	if (server->base)
		(void)event_base_loop(server->base, EVLOOP_NONBLOCK);
	if (server->on_term)
		event_free(server->on_term);
	if (server->on_int)
		event_free(server->on_int);
	if (server->base)
		event_base_free(server->base);
	libevent_global_shutdown();
	free(server);
}

uint16_t server_port(const struct server *server)
{
	return server->port;
}

int server_run(struct server *server)
{
	return event_base_dispatch(server->base) < 0 ? -1 : 0;
}
