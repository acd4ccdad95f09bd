/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "printable.h"
#include "protocol.h"
#include "rpc.h"
#include "sockets.h"

#define HELLO_MS 10000

void session_init(struct session *session, const struct invocation *invocation)
{
	int64_t timeout_s = option_number(invocation, OPTION_ID_TIMEOUT, 0);

	*session = (struct session){
		.invocation = invocation,
		.is_json = option_is_given(invocation, OPTION_ID_JSON),
		.is_quiet = option_is_given(invocation, OPTION_ID_QUIET),
		.deadline_ms = timeout_s ? clock_mono_ms() + timeout_s * 1000 : 0,
	};
}

enum access session_access(const struct invocation *invocation)
{
	enum access access = invocation->command->access;

	return access == ACCESS_CHANGE && option_is_given(invocation, OPTION_ID_DRY_RUN) ? ACCESS_LOOK : access;
}

static int64_t deadline_in(const struct session *session, int64_t wait_ms)
{
	int64_t deadline = wait_ms ? clock_mono_ms() + wait_ms : 0;

	if (session->deadline_ms && (!deadline || session->deadline_ms < deadline))
		return session->deadline_ms;
	return deadline;
}

/* Whoever looks into the ledger later wants to read what was typed, so each request that changes something says it. */
static void add_command(const struct session *session, const char *method, struct json_object *params)
{
	static const char *const changing[] = { "apply",   "apply_notify", "release",	 "cancel",
						"resolve", "hold",    "retry",	 "pause",
						"resume",  "load",	   "rooms_adopt", "rooms_ignore",
						"apply_errand", "select" };
	char *command = NULL;

	for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++)
		if (params && strcmp(method, changing[i]) == 0)
			command = invocation_command(session->invocation);
	if (command)
		json_put_text(params, "command", command);
	free(command);
}

struct json_object *session_call(struct session *session, const char *method, struct json_object *params,
				 int64_t wait_ms, struct err *err)
{
	struct json_object *result;

	add_command(session, method, params);
	result = rpc_call(session->rpc, method, params, deadline_in(session, wait_ms), err);
	if (result && !session->is_json)
		printable_value(result);
	return result;
}

int session_next(struct session *session, struct json_object **params, struct err *err)
{
	int found = rpc_next(session->rpc, session->deadline_ms, params, err);

	if (found == 1 && !session->is_json)
		printable_value(*params);
	return found;
}

static int check_hello(struct session *session, struct json_object *hello, struct err *err)
{
	const char *environment = "unknown";
	int64_t protocol = 0;

	if (!json_get_int(hello, "protocol", &protocol) || protocol != PROTOCOL_VERSION) {
		(void)err_set(err, ERR_PROTOCOL, "ngmtd speaks protocol %lld, ngmtctl speaks %d", (long long)protocol,
			      PROTOCOL_VERSION);
		return err_hint(err, "install ngmtctl and ngmtd of the same version, and restart the daemon");
	}
	(void)json_get_text(hello, "environment", &environment);
	if (session->environment[0] && strcmp(session->environment, environment) != 0)
		return err_set(err, ERR_STATE, "the daemon was in environment \"%s\" and is now in \"%.40s\"",
			       session->environment, environment);
	(void)snprintf(session->environment, sizeof(session->environment), "%s", environment);
	session->may_look = session->may_change = session->is_dry = false;
	(void)json_get_bool(hello, "dry", &session->is_dry);
	json_object_put(session->selected);
	session->selected = json_object_get(json_get_object(hello, "selected"));
	(void)json_get_bool(hello, "may_look", &session->may_look);
	(void)json_get_bool(hello, "may_change", &session->may_change);
	return 0;
}

static int say_hello(struct session *session, struct err *err)
{
	struct json_object *params = json_object_new_object(), *hello;
	int failed;

	json_put_int(params, "protocol", PROTOCOL_VERSION);
	json_put_text(params, "client", "ngmtctl " NGMT_VERSION);
	hello = session_call(session, "hello", params, HELLO_MS, err);
	if (!hello)
		return -1;
	failed = check_hello(session, hello, err);
	json_object_put(hello);
	return failed;
}

static int check_access(const struct session *session, struct err *err)
{
	enum access access = session_access(session->invocation);
	const char *name = session->invocation->command->name;

	if (access == ACCESS_CHANGE && !session->may_change) {
		(void)err_set(err, ERR_NOT_AUTHORISED, "this user may not \"%s\"", name);
		return err_hint(err, "become a member of the group ngmt-pay and log in again");
	}
	if (access == ACCESS_LOOK && !session->may_look) {
		(void)err_set(err, ERR_NOT_AUTHORISED, "this user may not \"%s\"", name);
		return err_hint(err, "become a member of the group ngmt and log in again");
	}
	return 0;
}

static int connect_and_greet(struct session *session, struct err *err)
{
	session->rpc = rpc_open(session->socket, err);
	if (!session->rpc)
		return -1;
	return say_hello(session, err);
}

int session_open(struct session *session, struct err *err)
{
	if (sockets_find(option_text(session->invocation, OPTION_ID_SOCKET), session->socket, sizeof(session->socket),
			 err) < 0)
		return -1;
	if (connect_and_greet(session, err) < 0)
		return -1;
	return check_access(session, err);
}

int session_reopen(struct session *session, struct err *err)
{
	rpc_close(session->rpc);
	session->rpc = NULL;
	return connect_and_greet(session, err);
}

void session_close(struct session *session)
{
	rpc_close(session->rpc);
	session->rpc = NULL;
	json_object_put(session->selected);
	session->selected = NULL;
	json_object_put(session->changes);
	session->changes = NULL;
	free(session->advice);
	session->advice = NULL;
}
