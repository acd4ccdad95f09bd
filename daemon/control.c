/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"
#include "method.h"
#include "protocol.h"

/* Lines handled in one turn for one client, so that nobody waits for a chatterbox. */
#define LINES_PER_TURN 32

struct client {
	struct client *next;
	struct control *control;
	uint64_t id;
	struct bufferevent *stream;
	struct evbuffer *held; /* replies that wait for the commit */
	struct json_object *held_ids; /* whose replies they are; array */
	struct peer_credentials credentials;
	unsigned pending; /* tickets that are not answered yet */
	bool has_greeted;
	bool is_at_end;  /* nothing more will come; what is asked is still answered */
	bool is_closing; /* after what is written has left */
	bool is_dead;    /* to be freed at the end of the turn */
};

struct ticket {
	struct control *control;
	uint64_t client;
	struct json_object *id;
};

struct control {
	struct loop *loop;
	struct control_options options;
	struct evconnlistener *listener;
	struct client *clients;
	uint64_t last_id;
	/* The request being handled, for control_defer(). */
	struct client *current;
	struct json_object *current_id;
	/* Nothing may be changed, and why. */
	bool refuses_changes;
	struct err refusal;
};

static struct client *find_client(struct control *control, uint64_t id)
{
	struct client *client = control->clients;

	while (client && client->id != id)
		client = client->next;
	return client && !client->is_dead ? client : NULL;
}

/* Writing. */

static size_t unread(const struct client *client)
{
	return evbuffer_get_length(client->held) + evbuffer_get_length(bufferevent_get_output(client->stream));
}

static void hold_line(struct client *client, struct json_object *message)
{
	size_t len = 0;
	const char *text = json_text(message, &len);

	if (unread(client) + len > CONTROL_UNREAD_MAX) {
		log_warn("client does not read its replies, closed user=\"%s\" pid=%d", client->credentials.user,
			 (int)client->credentials.pid);
		client->is_dead = true;
		return;
	}
	if (evbuffer_add(client->held, text, len) < 0 || evbuffer_add(client->held, "\n", 1) < 0)
		client->is_dead = true;
	loop_wake(client->control->loop);
}

static struct json_object *new_message(struct json_object *id)
{
	struct json_object *message = json_object_new_object();

	json_put_text(message, "jsonrpc", "2.0");
	json_put_value(message, "id", json_object_get(id));
	return message;
}

static struct json_object *describe_error(const struct control *control, int code, const struct err *err)
{
	struct json_object *error = json_object_new_object(), *data = json_object_new_object();

	json_put_int(error, "code", code);
	json_put_text(error, "message", err->message);
	json_put_text(data, "name", err_name(err->code));
	json_put_text(data, "hint", err->hint[0] ? err->hint : NULL);
	json_put_int(data, "exit_status", err_exit_status(err->code));
	json_put_bool(data, "retryable", err_is_retryable(err->code));
	json_put_text(data, "environment", control->options.environment);
	json_put_value(error, "data", data);
	return error;
}

static void reply_error(struct client *client, struct json_object *id, int code, const struct err *err)
{
	struct json_object *message = new_message(id);

	json_put_value(message, "error", describe_error(client->control, code, err));
	(void)json_object_array_add(client->held_ids, json_object_get(id));
	hold_line(client, message);
	json_object_put(message);
}

static void reply_result(struct client *client, struct json_object *id, struct json_object *result)
{
	struct json_object *message = new_message(id);

	json_put_text(result, "environment", client->control->options.environment);
	json_put_value(message, "result", result);
	(void)json_object_array_add(client->held_ids, json_object_get(id));
	hold_line(client, message);
	json_object_put(message);
}

/* Reading. */

static bool is_allowed(const struct client *client, const struct method *method, struct err *err)
{
	if (method->access != ACCESS_NONE && !client->has_greeted) {
		(void)err_set(err, ERR_PROTOCOL, "\"%s\" before \"hello\"", method->name);
		(void)err_hint(err, "begin with {\"method\": \"hello\", \"params\": {\"protocol\": %d}}",
			       PROTOCOL_VERSION);
		return false;
	}
	if (client->pending >= CONTROL_PENDING_MAX) {
		(void)err_set(err, ERR_BUSY, "%d requests of this client are not answered yet", CONTROL_PENDING_MAX);
		return false;
	}
	if (method->access == ACCESS_NONE || client->credentials.may_change ||
	    (method->access == ACCESS_LOOK && client->credentials.may_look))
		return true;
	(void)err_set(err, ERR_NOT_AUTHORISED, "user \"%s\" may not %s", client->credentials.user,
		      method->access == ACCESS_LOOK ? "look" : "change anything");
	(void)err_hint(err,
		       "join the group \"%s\" (an administrator types: usermod -aG %s %s) and log in again; "
		       "nothing was done",
		       method->access == ACCESS_LOOK ? client->control->options.read_group
						     : client->control->options.pay_group,
		       method->access == ACCESS_LOOK ? client->control->options.read_group
						     : client->control->options.pay_group,
		       client->credentials.user);
	return false;
}

static void run_method(struct client *client, const struct method *method, struct json_object *id,
		       struct json_object *params)
{
	struct control *control = client->control;
	const struct peer peer = { .client = client->id,
				   .actor = { .words = batch_read_words(params),
					      .user = client->credentials.user,
					      .uid = client->credentials.uid,
					      .pid = client->credentials.pid },
				   .may_look = client->credentials.may_look,
				   .may_change = client->credentials.may_change };
	struct json_object *result = NULL;
	enum method_outcome outcome;
	struct err err;

	control->current = client;
	control->current_id = id;
	outcome = method->run(control->options.arg, &peer, params, &result, &err);
	control->current = NULL;
	control->current_id = NULL;
	if (outcome == METHOD_DONE) {
		/* The first method is hello: whoever got through it speaks our version, and may take its time from now
		 * on. */
		if (!client->has_greeted)
			(void)bufferevent_set_timeouts(client->stream, NULL, NULL);
		client->has_greeted = true;
		reply_result(client, id, result);
	} else if (outcome == METHOD_FAILED) {
		reply_error(client, id, err.code == ERR_USAGE ? PROTOCOL_INVALID_PARAMS : PROTOCOL_DAEMON_ERROR, &err);
	}
}

static void refuse_method(struct client *client, struct json_object *id, const char *name)
{
	const char *near = method_suggest(name);
	struct err err;

	(void)err_set(&err, ERR_USAGE, "there is no method \"%.60s\"", name);
	if (near)
		(void)err_hint(&err, "did you mean \"%s\"?", near);
	reply_error(client, id, PROTOCOL_METHOD_NOT_FOUND, &err);
}

static bool is_id(struct json_object *request, struct json_object **id)
{
	return json_object_object_get_ex(request, "id", id) &&
	       (json_object_is_type(*id, json_type_int) || json_object_is_type(*id, json_type_string));
}

static void handle_request(struct client *client, struct json_object *request)
{
	struct json_object *id = NULL, *params = json_get_object(request, "params");
	const char *name = NULL, *version = NULL;
	const struct method *method;
	struct err err;

	if (!json_object_is_type(request, json_type_object) || !is_id(request, &id) ||
	    !json_get_text(request, "method", &name) || !json_get_text(request, "jsonrpc", &version) ||
	    strcmp(version, "2.0") != 0 || (json_has(request, "params") && !params)) {
		(void)err_set(&err, ERR_PROTOCOL, "not a JSON-RPC 2.0 request object with an id");
		(void)err_hint(&err, "see ngmt-protocol(7)");
		reply_error(client, NULL, PROTOCOL_INVALID_REQUEST, &err);
		return;
	}
	method = method_find(name);
	if (!method)
		refuse_method(client, id, name);
	else if (!is_allowed(client, method, &err))
		reply_error(client, id, PROTOCOL_DAEMON_ERROR, &err);
	else if (method->access == ACCESS_CHANGE && client->control->refuses_changes)
		reply_error(client, id, PROTOCOL_DAEMON_ERROR, &client->control->refusal);
	else
		run_method(client, method, id, params);
}

static void handle_line(struct client *client, const char *line, size_t len)
{
	struct json_object *request;
	struct err err;

	request = json_parse(line, len, &err);
	if (!request) {
		err.code = ERR_PROTOCOL;
		reply_error(client, NULL, PROTOCOL_PARSE_ERROR, &err);
		return;
	}
	handle_request(client, request);
	json_object_put(request);
}

static void refuse_long_line(struct client *client)
{
	struct err err;

	(void)err_set(&err, ERR_PROTOCOL, "a line of more than %d bytes", PROTOCOL_REQUEST_MAX);
	reply_error(client, NULL, PROTOCOL_INVALID_REQUEST, &err);
	client->is_closing = true;
	(void)bufferevent_disable(client->stream, EV_READ);
}

static void on_read(struct bufferevent *stream, void *arg)
{
	struct client *client = arg;
	struct evbuffer *input = bufferevent_get_input(stream);

	for (int lines = 0; !client->is_dead && !client->is_closing; lines++) {
		size_t len;
		char *line;

		/* Who does not read is not read: control_flush() goes on with it once it does. */
		if (unread(client) > CONTROL_UNREAD_PROGRESS_MAX) {
			(void)bufferevent_disable(stream, EV_READ);
			return;
		}

		if (lines == LINES_PER_TURN) {
			/* The rest in the next turn. */
			bufferevent_trigger(stream, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
			return;
		}
		line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);
		if (!line)
			break;
		if (len > PROTOCOL_REQUEST_MAX)
			refuse_long_line(client);
		else
			handle_line(client, line, len);
		free(line);
	}
	if (!client->is_closing && evbuffer_get_length(input) > PROTOCOL_REQUEST_MAX)
		refuse_long_line(client);
	/* A last line without its newline was cut off: it is not a request. */
	else if (client->is_at_end)
		(void)evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct client *client = arg;

	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)))
		return;
	/* A script may close its writing half and still read the answers. */
	if ((what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING)) {
		client->is_at_end = true;
		(void)bufferevent_disable(stream, EV_READ);
		on_read(stream, client);
	} else {
		client->is_dead = true;
	}
	loop_wake(client->control->loop);
}

/* Connecting. */

/* Whoever says nothing for so long before its hello makes room for others. */
static const struct timeval greeting_time = { .tv_sec = 10 };

/* Most connections: of one user, and of all users of at most this right together. Those who may do nothing get a
 * handful; a reserve stays for those who may stop payments. */
static const struct {
	unsigned of_user;
	unsigned of_all;
} caps[] = { [ACCESS_NONE] = { 4, 16 }, [ACCESS_LOOK] = { 48, 96 }, [ACCESS_CHANGE] = { 96, CONTROL_CLIENTS_MAX } };

static enum access right_of(const struct peer_credentials *credentials)
{
	return credentials->may_change ? ACCESS_CHANGE : credentials->may_look ? ACCESS_LOOK : ACCESS_NONE;
}

static bool has_room(const struct control *control, const struct peer_credentials *credentials)
{
	enum access right = right_of(credentials);
	unsigned of_user = 0, of_all = 0;

	for (const struct client *client = control->clients; client; client = client->next) {
		of_user += client->credentials.uid == credentials->uid;
		of_all += right_of(&client->credentials) <= right;
	}
	return of_user < caps[right].of_user && of_all < caps[right].of_all;
}

static void client_free(struct client *client)
{
	if (client->stream)
		bufferevent_free(client->stream);
	if (client->held)
		evbuffer_free(client->held);
	json_object_put(client->held_ids);
	free(client);
}

static void on_connect(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length,
		       void *arg)
{
	struct control *control = arg;
	struct client *client = calloc(1, sizeof(*client));

	(void)listener;
	(void)address;
	(void)length;
	if (!client || listener_identify(fd, control->options.read_group, control->options.pay_group,
					 &client->credentials) < 0 ||
	    !has_room(control, &client->credentials)) {
		if (client)
			log_warn("client refused: too many user=\"%s\"", client->credentials.user);
		free(client);
		(void)close(fd);
		return;
	}
	client->control = control;
	client->id = ++control->last_id;
	client->stream = bufferevent_socket_new(loop_base(control->loop), fd, BEV_OPT_CLOSE_ON_FREE);
	client->held = evbuffer_new();
	client->held_ids = json_object_new_array();
	if (!client->stream || !client->held) {
		if (!client->stream)
			(void)close(fd);
		client_free(client);
		return;
	}
	bufferevent_setcb(client->stream, on_read, NULL, on_event, client);
	bufferevent_setwatermark(client->stream, EV_READ, 0, PROTOCOL_REQUEST_MAX + 2);
	(void)bufferevent_set_timeouts(client->stream, &greeting_time, NULL);
	(void)bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	client->next = control->clients;
	control->clients = client;
}

/* Out of descriptors: the loop must not spin on the connection that it cannot take. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	(void)arg;
	log_warn("a client could not be taken: %m");
}

struct control *control_new(struct loop *loop, const struct control_options *options, struct err *err)
{
	struct control *control = calloc(1, sizeof(*control));
	int fd = listener_open(options->socket_path, err);

	if (fd < 0) {
		free(control);
		return NULL;
	}
	if (control)
		control->listener = evconnlistener_new(loop_base(loop), on_connect, control,
						       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!control || !control->listener) {
		free(control);
		(void)close(fd);
		(void)err_set(err, ERR_INTERNAL, "cannot listen");
		return NULL;
	}
	evconnlistener_set_error_cb(control->listener, on_accept_error);
	control->loop = loop;
	control->options = *options;
	return control;
}

static void stop_listening(struct control *control)
{
	if (!control->listener)
		return;
	evconnlistener_free(control->listener);
	control->listener = NULL;
	(void)unlink(control->options.socket_path);
}

void control_free(struct control *control)
{
	struct client *next;

	if (!control)
		return;
	stop_listening(control);
	for (struct client *client = control->clients; client; client = next) {
		next = client->next;
		/* Last words, as far as the socket takes them at once. */
		(void)bufferevent_write_buffer(client->stream, client->held);
		/* A bufferevent keeps the front of its output frozen for everybody but itself. */
		(void)evbuffer_unfreeze(bufferevent_get_output(client->stream), 1);
		(void)evbuffer_write(bufferevent_get_output(client->stream), bufferevent_getfd(client->stream));
		client_free(client);
	}
	free(control);
}

/* End of the turn. */

/* What was said of a turn that did not happen is not said; each who waits is told so instead. */
static void disown_replies(struct client *client, const struct err *failed_commit)
{
	struct json_object *ids = client->held_ids;

	(void)evbuffer_drain(client->held, evbuffer_get_length(client->held));
	client->held_ids = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(ids); i++)
		reply_error(client, json_object_array_get_idx(ids, i), PROTOCOL_DAEMON_ERROR, failed_commit);
	json_object_put(ids);
}

static void forget_ids(struct client *client)
{
	size_t count = json_object_array_length(client->held_ids);

	if (count > 0)
		(void)json_object_array_del_idx(client->held_ids, 0, count);
}

static void resume_reading(struct client *client)
{
	bool is_reading = (bufferevent_get_enabled(client->stream) & EV_READ) != 0;

	if (client->is_dead || client->is_closing || is_reading || unread(client) > CONTROL_UNREAD_PROGRESS_MAX)
		return;
	/* After the end nothing new comes, but lines that have come may still wait. */
	if (client->is_at_end && evbuffer_get_length(bufferevent_get_input(client->stream)) == 0)
		return;
	if (!client->is_at_end)
		(void)bufferevent_enable(client->stream, EV_READ);
	bufferevent_trigger(client->stream, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static bool is_finished(const struct client *client)
{
	return client->is_closing || (client->is_at_end && client->pending == 0 &&
				      evbuffer_get_length(bufferevent_get_input(client->stream)) == 0);
}

void control_flush(struct control *control, const struct err *failed_commit)
{
	struct client **link = &control->clients;

	while (*link) {
		struct client *client = *link;

		if (failed_commit)
			disown_replies(client, failed_commit);
		if (!client->is_dead)
			(void)bufferevent_write_buffer(client->stream, client->held);
		forget_ids(client);
		resume_reading(client);
		if (client->is_dead || (is_finished(client) && unread(client) == 0)) {
			*link = client->next;
			client_free(client);
			continue;
		}
		link = &client->next;
	}
}

void control_refuse_changes(struct control *control, const struct err *why)
{
	control->refuses_changes = true;
	control->refusal = *why;
}

bool control_has_client(struct control *control, uint64_t client)
{
	return find_client(control, client) != NULL;
}

bool control_takes_more(struct control *control, uint64_t client_id)
{
	const struct client *client = find_client(control, client_id);

	return client && unread(client) <= CONTROL_UNREAD_PROGRESS_MAX;
}

bool control_notify(struct control *control, uint64_t client_id, const char *method, struct json_object *params,
		    bool is_last)
{
	struct client *client = find_client(control, client_id);
	struct json_object *message;

	if (!client || (!is_last && unread(client) > CONTROL_UNREAD_PROGRESS_MAX)) {
		json_object_put(params);
		return client != NULL;
	}
	message = json_object_new_object();
	json_put_text(params, "environment", control->options.environment);
	json_put_text(message, "jsonrpc", "2.0");
	json_put_text(message, "method", method);
	json_put_value(message, "params", params);
	hold_line(client, message);
	json_object_put(message);
	return true;
}

struct ticket *control_defer(struct control *control)
{
	struct ticket *ticket = calloc(1, sizeof(*ticket));

	if (!ticket || !control->current) {
		free(ticket);
		return NULL;
	}
	ticket->control = control;
	ticket->client = control->current->id;
	control->current->pending++;
	ticket->id = json_object_get(control->current_id);
	return ticket;
}

bool control_is_waited_for(const struct ticket *ticket)
{
	struct client *client = find_client(ticket->control, ticket->client);
	struct pollfd peer = { 0 };

	if (!client || !client->is_at_end)
		return client != NULL;
	/* Nothing more will come from it: has it closed its writing half only, or all? */
	peer.fd = bufferevent_getfd(client->stream);
	return poll(&peer, 1, 0) <= 0 || !(peer.revents & (POLLHUP | POLLERR));
}

void control_answer(struct ticket *ticket, struct json_object *result, const struct err *err)
{
	struct client *client = find_client(ticket->control, ticket->client);

	if (client)
		client->pending--;
	if (client && err)
		reply_error(client, ticket->id, PROTOCOL_DAEMON_ERROR, err);
	else if (client)
		reply_result(client, ticket->id, result);
	else
		json_object_put(result);
	json_object_put(ticket->id);
	free(ticket);
}
