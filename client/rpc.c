/* SPDX-License-Identifier: MIT */
#include "rpc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "protocol.h"

#define READ_BYTES 65536

struct rpc {
	int fd;
	int64_t last_id;
	char *buffer;
	size_t size;
	size_t start;   /* first byte not yet taken as a line */
	size_t end;     /* first free byte */
	size_t scanned; /* no newline before this byte */
	struct json_object *refusal;
};

static int refuse_connect(const char *path, int failure, struct err *err)
{
	if (failure == EACCES || failure == EPERM) {
		(void)err_set(err, ERR_NOT_AUTHORISED, "the socket \"%s\" may not be opened by this user", path);
		return err_hint(
			err,
			"be a member of the group ngmt to look, of ngmt-pay to change; log in again after joining");
	}
	(void)err_set(err, ERR_NO_DAEMON, "no daemon answers at \"%s\": %s", path, strerror(failure));
	return err_hint(err, "start ngmtd (systemctl start ngmtd), or choose its socket with --socket or NGMT_SOCKET");
}

static int connect_to(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_USAGE, "the socket's path \"%.200s\" is too long", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, ERR_INTERNAL, "cannot create a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)refuse_connect(path, errno, err);
	(void)close(fd);
	return -1;
}

struct rpc *rpc_open(const char *path, struct err *err)
{
	struct rpc *rpc = calloc(1, sizeof(*rpc));

	if (!rpc) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	rpc->fd = connect_to(path, err);
	if (rpc->fd >= 0)
		return rpc;
	free(rpc);
	return NULL;
}

void rpc_close(struct rpc *rpc)
{
	if (!rpc)
		return;
	(void)close(rpc->fd);
	json_object_put(rpc->refusal);
	free(rpc->buffer);
	free(rpc);
}

struct json_object *rpc_refusal(const struct rpc *rpc)
{
	return rpc ? rpc->refusal : NULL;
}

static int lost(struct err *err)
{
	(void)err_set(err, ERR_NO_DAEMON, "the connection to ngmtd was lost");
	return err_hint(err, "was the daemon stopped? \"ngmtctl status\" tells; work in its ledger is not lost");
}

static int late(struct err *err)
{
	if (interrupt_happened())
		return err_set(err, ERR_TIMEOUT, "interrupted while waiting for ngmtd");
	return err_set(err, ERR_TIMEOUT, "ngmtd did not answer in time");
}

/* Waits until the socket is ready for `events`. */
static int await(struct rpc *rpc, short events, int64_t deadline_ms, struct err *err)
{
	short ready = interrupt_poll(rpc->fd, events, deadline_ms);

	if (ready != 0)
		return 0;
	if (interrupt_happened() || (deadline_ms && clock_mono_ms() >= deadline_ms))
		return late(err);
	return 0;
}

static int send_line(struct rpc *rpc, const char *line, size_t len, int64_t deadline_ms, struct err *err)
{
	while (len > 0) {
		ssize_t sent = send(rpc->fd, line, len, MSG_NOSIGNAL);

		if (sent > 0) {
			line += sent;
			len -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (await(rpc, POLLOUT, deadline_ms, err) < 0)
				return -1;
		} else if (errno != EINTR) {
			return lost(err);
		}
	}
	return 0;
}

/* Room for one more read; a line longer than the protocol's limit is refused. */
static int make_room(struct rpc *rpc, struct err *err)
{
	size_t size = rpc->size ? rpc->size : READ_BYTES;
	char *bigger;

	if (rpc->start > 0) {
		memmove(rpc->buffer, rpc->buffer + rpc->start, rpc->end - rpc->start);
		rpc->end -= rpc->start;
		rpc->scanned -= rpc->start;
		rpc->start = 0;
	}
	if (rpc->end > (size_t)PROTOCOL_REPLY_MAX)
		return err_set(err, ERR_PROTOCOL, "ngmtd sent a line of more than %d bytes", PROTOCOL_REPLY_MAX);
	while (size - rpc->end < READ_BYTES / 2)
		size *= 2;
	if (size == rpc->size)
		return 0;
	bigger = realloc(rpc->buffer, size);
	if (!bigger)
		return err_set(err, ERR_INTERNAL, "out of memory");
	rpc->buffer = bigger;
	rpc->size = size;
	return 0;
}

static int receive(struct rpc *rpc, int64_t deadline_ms, struct err *err)
{
	ssize_t got;

	if (make_room(rpc, err) < 0)
		return -1;
	got = recv(rpc->fd, rpc->buffer + rpc->end, rpc->size - rpc->end, 0);
	if (got > 0) {
		rpc->end += (size_t)got;
		return 0;
	}
	if (got < 0 && errno == EINTR)
		return 0;
	if (got < 0 && errno == EAGAIN)
		return await(rpc, POLLIN, deadline_ms, err);
	return lost(err);
}

/* The next complete line, without its newline: borrowed until the next call. */
static int read_line(struct rpc *rpc, int64_t deadline_ms, const char **line, size_t *len, struct err *err)
{
	for (;;) {
		const char *newline = NULL;

		if (rpc->end > rpc->scanned)
			newline = memchr(rpc->buffer + rpc->scanned, '\n', rpc->end - rpc->scanned);
		if (newline) {
			*line = rpc->buffer + rpc->start;
			*len = (size_t)(newline - *line);
			rpc->start = rpc->scanned = (size_t)(newline + 1 - rpc->buffer);
			return 0;
		}
		rpc->scanned = rpc->end;
		if (receive(rpc, deadline_ms, err) < 0)
			return -1;
		/* A flood of lines that answer nothing must not outrun the deadline. */
		if (deadline_ms && clock_mono_ms() >= deadline_ms)
			return late(err);
	}
}

static struct json_object *read_message(struct rpc *rpc, int64_t deadline_ms, struct err *err)
{
	struct json_object *message;
	const char *line = NULL;
	size_t len = 0;

	if (read_line(rpc, deadline_ms, &line, &len, err) < 0)
		return NULL;
	message = json_parse(line, len, err);
	if (message && json_object_is_type(message, json_type_object))
		return message;
	if (message)
		(void)err_set(err, ERR_FORMAT, "not an object");
	json_object_put(message);
	err->code = ERR_PROTOCOL;
	(void)err_prefix(err, "ngmtd sent a line that is not JSON-RPC");
	(void)err_hint(err, "is it ngmtd that listens on this socket?");
	return NULL;
}

/* The daemon's own errors carry a name; those of JSON-RPC have a number only. */
static enum err_code code_of(struct json_object *refusal, const char *name)
{
	int64_t number = 0;

	if (name)
		return err_from_name(name);
	if (json_get_int(refusal, "code", &number) && number == PROTOCOL_INVALID_PARAMS)
		return ERR_USAGE;
	return number == PROTOCOL_METHOD_NOT_FOUND ? ERR_PROTOCOL : ERR_INTERNAL;
}

static void keep_refusal(struct rpc *rpc, struct json_object *refusal, struct err *err)
{
	struct json_object *data = json_get_object(refusal, "data");
	const char *name = NULL, *hint = NULL, *message = "the daemon refused without a reason";

	(void)json_get_text(refusal, "message", &message);
	(void)json_get_text(data, "name", &name);
	(void)err_set(err, code_of(refusal, name), "%s", message);
	if (json_get_text(data, "hint", &hint))
		(void)err_hint(err, "%s", hint);
	rpc->refusal = json_object_get(refusal);
}

/* The result inside a reply, or NULL with the reason. */
static struct json_object *open_reply(struct rpc *rpc, struct json_object *reply, struct err *err)
{
	struct json_object *result = json_get_object(reply, "result");
	struct json_object *refusal = json_get_object(reply, "error");

	if (refusal)
		keep_refusal(rpc, refusal, err);
	else if (!result)
		(void)err_set(err, ERR_PROTOCOL, "ngmtd sent a reply with neither result nor error");
	return refusal ? NULL : json_object_get(result);
}

static int send_request(struct rpc *rpc, const char *method, struct json_object *params, int64_t deadline_ms,
			struct err *err)
{
	struct json_object *request = json_object_new_object();
	char *line = NULL;
	size_t len = 0;
	int failed;

	json_put_text(request, "jsonrpc", "2.0");
	json_put_int(request, "id", ++rpc->last_id);
	json_put_text(request, "method", method);
	json_put_value(request, "params", params ? params : json_object_new_object());
	if (asprintf(&line, "%s\n", json_text(request, &len)) < 0)
		line = NULL;
	json_object_put(request);
	if (!line)
		return err_set(err, ERR_INTERNAL, "out of memory");
	failed = len > (size_t)PROTOCOL_REQUEST_MAX
			 ? err_set(err, ERR_USAGE, "the command is too long: %zu bytes, %d are allowed", len,
				   PROTOCOL_REQUEST_MAX)
			 : send_line(rpc, line, len + 1, deadline_ms, err);
	free(line);
	return failed;
}

struct json_object *rpc_call(struct rpc *rpc, const char *method, struct json_object *params, int64_t deadline_ms,
			     struct err *err)
{
	struct json_object *reply, *result;
	struct err ignored;

	if (!err)
		err = &ignored;
	json_object_put(rpc->refusal);
	rpc->refusal = NULL;
	if (send_request(rpc, method, params, deadline_ms, err) < 0)
		return NULL;
	while ((reply = read_message(rpc, deadline_ms, err))) {
		int64_t id = 0;
		bool is_ours = json_get_int(reply, "id", &id) && id == rpc->last_id;

		/* A daemon that could not read our line answers without an id. */
		is_ours = is_ours || (json_has(reply, "error") && !json_has(reply, "method") && id == 0);
		result = is_ours ? open_reply(rpc, reply, err) : NULL;
		json_object_put(reply);
		if (is_ours)
			return result;
	}
	return NULL;
}

int rpc_next(struct rpc *rpc, int64_t deadline_ms, struct json_object **params, struct err *err)
{
	struct json_object *message;

	while ((message = read_message(rpc, deadline_ms, err))) {
		*params = json_object_get(json_get_object(message, "params"));
		json_object_put(message);
		if (*params)
			return 1;
	}
	return err->code == ERR_TIMEOUT ? 0 : -1;
}
