/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "control_peer.h"
#include "method.h"

/* What has not come after so many turns of 2 ms does not come. */
#define TURNS_MAX 5000

/* The handlers' first argument is whatever the control was given: here the desk. */
static struct desk *desk_of(struct daemon *daemon)
{
	return (struct desk *)(void *)daemon;
}

static enum method_outcome succeed(struct desk *desk, const struct peer *peer, struct json_object **result)
{
	desk->calls++;
	desk->peer = *peer;
	*result = json_object_new_object();
	json_put_text(*result, "user", peer->actor.user);
	return METHOD_DONE;
}

static enum method_outcome defer(struct desk *desk, const struct peer *peer)
{
	desk->calls++;
	desk->peer = *peer;
	desk->ticket = control_defer(desk->control);
	assert_non_null(desk->ticket);
	return METHOD_LATER;
}

enum method_outcome method_hello(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	int64_t protocol = 0;

	if (json_get_int(params, "protocol", &protocol) && protocol == 1)
		return succeed(desk_of(daemon), peer, result);
	(void)err_set(err, ERR_PROTOCOL, "another protocol");
	return METHOD_FAILED;
}

enum method_outcome method_status(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				  struct json_object **result, struct err *err)
{
	(void)params;
	(void)err;
	return succeed(desk_of(daemon), peer, result);
}

enum method_outcome method_show(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	int64_t bytes = 0;
	char *text;

	(void)err;
	(void)json_get_int(params, "bytes", &bytes);
	text = malloc((size_t)bytes + 1);
	assert_non_null(text);
	memset(text, 'x', (size_t)bytes);
	text[bytes] = '\0';
	(void)succeed(desk_of(daemon), peer, result);
	json_put_text(*result, "text", text);
	free(text);
	return METHOD_DONE;
}

enum method_outcome method_batch(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	return method_status(daemon, peer, params, result, err);
}

enum method_outcome method_connect(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				   struct json_object **result, struct err *err)
{
	return method_status(daemon, peer, params, result, err);
}

enum method_outcome method_get(struct daemon *daemon, const struct peer *peer, struct json_object *params,
			       struct json_object **result, struct err *err)
{
	(void)params;
	(void)result;
	(void)err;
	return defer(desk_of(daemon), peer);
}

enum method_outcome method_plan(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	return method_get(daemon, peer, params, result, err);
}

enum method_outcome method_load(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				struct json_object **result, struct err *err)
{
	(void)peer;
	(void)params;
	(void)result;
	desk_of(daemon)->calls++;
	(void)err_set(err, ERR_USAGE, "\"file\" must be a path");
	(void)err_hint(err, "give one");
	return METHOD_FAILED;
}

enum method_outcome method_apply(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	(void)peer;
	(void)params;
	(void)result;
	desk_of(daemon)->calls++;
	(void)err_set(err, ERR_MONEY_RULE, "beyond the budget");
	return METHOD_FAILED;
}

enum method_outcome method_subscribe(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				     struct json_object **result, struct err *err)
{
	int64_t batch_id = 0;

	(void)json_get_int(params, "batch", &batch_id);
	if (progress_subscribe(desk_of(daemon)->progress, peer->client, batch_id, err) < 0)
		return METHOD_FAILED;
	return succeed(desk_of(daemon), peer, result);
}

/* The loop's side. */

static void keep(struct desk *desk, int n, const char *piece, size_t count)
{
	size_t used = desk->received_bytes[n];

	if (used + count + 1 > desk->received_room[n]) {
		desk->received_room[n] = 2 * (used + count + 1);
		desk->received[n] = realloc(desk->received[n], desk->received_room[n]);
		assert_non_null(desk->received[n]);
	}
	memcpy(desk->received[n] + used, piece, count);
	desk->received[n][used + count] = '\0';
	desk->received_bytes[n] += count;
	for (size_t i = 0; i < count; i++)
		desk->received_lines[n] += piece[i] == '\n';
}

static void receive(struct desk *desk, int n)
{
	char piece[65536];
	ssize_t got;

	while ((got = recv(desk->clients[n], piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		keep(desk, n, piece, (size_t)got);
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		desk->is_closed[n] = true;
}

static void on_turn_end(void *arg)
{
	struct desk *desk = arg;

	if (desk->progress)
		progress_pump(desk->progress);
	control_flush(desk->control, desk->failed_commit);
	if (desk->awaited < 0) {
		if (desk->lines-- == 0)
			loop_stop(desk->loop);
		else
			loop_wake(desk->loop);
		return;
	}
	receive(desk, desk->awaited);
	if (--desk->turns == 0 || desk->is_closed[desk->awaited] || desk->received_lines[desk->awaited] >= desk->lines)
		loop_stop(desk->loop);
	else
		/* What the client has not read yet causes no event here. */
		(void)loop_timer_set(desk->patience, 2);
}

static void on_patience(void *arg)
{
	struct desk *desk = arg;

	loop_wake(desk->loop);
}

int desk_set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	struct control_options options = { .read_group = "ngmt-no-such-group",
					   .environment = "rehearsal",
					   .arg = desk };
	struct err err;

	assert_non_null(desk);
	*state = desk;
	/* As http_new() does for the daemon. */
	(void)signal(SIGPIPE, SIG_IGN);
	scratch_make(&desk->scratch);
	(void)snprintf(desk->path, sizeof(desk->path), "%s/ngmtd.sock", desk->scratch.folder);
	options.socket_path = desk->path;
	options.pay_group = options.read_group;
	for (int i = 0; i < CLIENTS; i++)
		desk->clients[i] = -1;
	desk->loop = loop_new(&err);
	assert_non_null(desk->loop);
	desk->patience = loop_timer_new(desk->loop, on_patience, desk, &err);
	assert_non_null(desk->patience);
	desk->control = control_new(desk->loop, &options, &err);
	if (!desk->control)
		fail_msg("%s", err.message);
	loop_on_turn_end(desk->loop, on_turn_end, desk);
	return 0;
}

int desk_tear_down(void **state)
{
	struct desk *desk = *state;

	for (int i = 0; i < CLIENTS; i++) {
		if (desk->clients[i] >= 0)
			(void)close(desk->clients[i]);
		free(desk->received[i]);
	}
	if (desk->progress)
		progress_free(desk->progress);
	control_free(desk->control);
	loop_timer_free(desk->patience);
	loop_free(desk->loop);
	scratch_remove(&desk->scratch);
	free(desk);
	return 0;
}

void desk_connect(struct desk *desk, int n)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, desk->path, strlen(desk->path) + 1);
	desk->clients[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(desk->clients[n] >= 0);
	assert_int_equal(connect(desk->clients[n], (const struct sockaddr *)&address, sizeof(address)), 0);
}

void desk_send(struct desk *desk, int n, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t sent = send(desk->clients[n], text, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			return;
		if (sent < 0) {
			desk_turn(desk, 1);
			continue;
		}
		text += sent;
		len -= (size_t)sent;
	}
}

static void run(struct desk *desk)
{
	struct err err;

	loop_wake(desk->loop);
	assert_int_equal(loop_run(desk->loop, &err), 0);
}

const char *desk_wait(struct desk *desk, int n, size_t lines)
{
	free(desk->received[n]);
	desk->received[n] = NULL;
	desk->received_bytes[n] = desk->received_room[n] = desk->received_lines[n] = 0;
	desk->awaited = n;
	desk->lines = lines;
	desk->turns = TURNS_MAX;
	run(desk);
	return desk->received[n] ? desk->received[n] : "";
}

const char *desk_ask(struct desk *desk, int n, const char *text)
{
	desk_send(desk, n, text);
	return desk_wait(desk, n, 1);
}

void desk_turn(struct desk *desk, int turns)
{
	desk->awaited = -1;
	desk->lines = (size_t)turns;
	run(desk);
}

void desk_answer(struct desk *desk, const char *text)
{
	struct json_object *result = json_object_new_object();

	json_put_text(result, "text", text);
	assert_non_null(desk->ticket);
	control_answer(desk->ticket, result, NULL);
	desk->ticket = NULL;
}

/* Methods that play no part in these tests. */
#define NOT_PLAYED(function)                                                                                      \
	enum method_outcome function(struct daemon *daemon, const struct peer *peer, struct json_object *params,  \
				     struct json_object **result, struct err *err)                               \
	{                                                                                                         \
		(void)daemon;                                                                                     \
		(void)peer;                                                                                       \
		(void)params;                                                                                     \
		(void)result;                                                                                     \
		(void)err_set(err, ERR_INTERNAL, "not played");                                                   \
		return METHOD_FAILED;                                                                             \
	}

NOT_PLAYED(method_queue)
NOT_PLAYED(method_release)
NOT_PLAYED(method_cancel)
NOT_PLAYED(method_pause)
NOT_PLAYED(method_resume)
NOT_PLAYED(method_events)
NOT_PLAYED(method_select)
NOT_PLAYED(method_plan_errand)
NOT_PLAYED(method_apply_errand)
NOT_PLAYED(method_complete)
NOT_PLAYED(method_hold)
NOT_PLAYED(method_retry)
NOT_PLAYED(method_resolve)
NOT_PLAYED(method_plan_notify)
NOT_PLAYED(method_apply_notify)
