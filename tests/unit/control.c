/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "control_peer.h"
#include "protocol.h"

static struct json_object *parse(const char *line)
{
	struct err err;
	size_t len = strcspn(line, "\n");
	struct json_object *message = json_parse(line, len, &err);

	if (!message)
		fail_msg("%s: %s", line, err.message);
	return message;
}

static void expect_error(const char *line, int64_t code, const char *name, const char *message)
{
	struct json_object *reply = parse(line), *error = json_get_object(reply, "error");
	struct json_object *data = json_get_object(error, "data");
	const char *text = "";
	int64_t number = 0;

	if (!error)
		fail_msg("no error: %s", line);
	assert_true(json_get_int(error, "code", &number));
	if (number != code)
		fail_msg("%s", line);
	assert_true(json_get_text(data, "name", &text));
	assert_string_equal(text, name);
	assert_true(json_get_text(data, "environment", &text));
	assert_string_equal(text, "rehearsal");
	assert_true(json_get_text(error, "message", &text));
	if (!strstr(text, message))
		fail_msg("%s", line);
	assert_true(json_has(data, "exit_status") && json_has(data, "retryable") && json_has(data, "hint"));
	json_object_put(reply);
}

static void expect_result(const char *line, int64_t id)
{
	struct json_object *reply = parse(line);
	const char *text = "";
	int64_t number = -1;

	if (!json_get_object(reply, "result"))
		fail_msg("no result: %s", line);
	assert_true(json_get_text(reply, "jsonrpc", &text));
	assert_string_equal(text, "2.0");
	assert_true(json_get_int(reply, "id", &number));
	assert_int_equal(number, id);
	assert_true(json_get_text(json_get_object(reply, "result"), "environment", &text));
	assert_string_equal(text, "rehearsal");
	json_object_put(reply);
}

static void test_hello_first(void **state)
{
	struct desk *desk = *state;

	desk_connect(desk, 0);
	expect_error(desk_ask(desk, 0, CALL(1, "status")), PROTOCOL_DAEMON_ERROR, "protocol",
		     "\"status\" before \"hello\"");
	assert_int_equal(desk->calls, 0);
	expect_error(
		desk_ask(desk, 0, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{\"protocol\":9}}\n"),
		PROTOCOL_DAEMON_ERROR, "protocol", "another protocol");
	/* A failed hello is none. */
	expect_error(desk_ask(desk, 0, CALL(2, "status")), PROTOCOL_DAEMON_ERROR, "protocol", "before \"hello\"");
	expect_result(desk_ask(desk, 0, HELLO), 1);
	expect_result(desk_ask(desk, 0, CALL(3, "status")), 3);
	assert_int_equal(desk->calls, 2);
	assert_int_equal(desk->peer.actor.uid, geteuid());
	assert_int_equal(desk->peer.actor.pid, getpid());
	assert_true(desk->peer.may_look && desk->peer.may_change);
	/* One client's hello says nothing about another. */
	desk_connect(desk, 1);
	expect_error(desk_ask(desk, 1, CALL(1, "status")), PROTOCOL_DAEMON_ERROR, "protocol", "before \"hello\"");
}

static void test_not_requests(void **state)
{
	static const struct {
		const char *line;
		int64_t code;
	} cases[] = {
		{ "\n", PROTOCOL_PARSE_ERROR },
		{ "rubbish\n", PROTOCOL_PARSE_ERROR },
		{ "{\n", PROTOCOL_PARSE_ERROR },
		{ "{}{}\n", PROTOCOL_PARSE_ERROR },
		{ "{\"id\":1,\"id\":2}\n", PROTOCOL_PARSE_ERROR },
		{ "\xff\xfe\n", PROTOCOL_PARSE_ERROR },
		{ "[]\n", PROTOCOL_INVALID_REQUEST },
		{ "5\n", PROTOCOL_INVALID_REQUEST },
		{ "\"hello\"\n", PROTOCOL_INVALID_REQUEST },
		{ "{}\n", PROTOCOL_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"hello\"}\n", PROTOCOL_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"hello\"}\n", PROTOCOL_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"hello\"}\n", PROTOCOL_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"hello\"}\n", PROTOCOL_INVALID_REQUEST },
		{ "{\"id\":1,\"method\":\"hello\"}\n", PROTOCOL_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}\n", PROTOCOL_INVALID_REQUEST },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":[1]}\n", PROTOCOL_INVALID_REQUEST },
		{ "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\"}]\n", PROTOCOL_INVALID_REQUEST },
	};
	struct desk *desk = *state;

	desk_connect(desk, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_error(desk_ask(desk, 0, cases[i].line), cases[i].code, "protocol", "");
	assert_int_equal(desk->calls, 0);
	/* And it goes on. */
	expect_result(desk_ask(desk, 0, HELLO), 1);
}

static void test_unknown_method(void **state)
{
	struct desk *desk = *state;
	const char *reply;

	desk_connect(desk, 0);
	reply = desk_ask(desk, 0, CALL(1, "statsu"));
	expect_error(reply, PROTOCOL_METHOD_NOT_FOUND, "usage", "no method \"statsu\"");
	assert_non_null(strstr(reply, "did you mean \\\"status\\\"?"));
	reply = desk_ask(desk, 0, CALL(1, "qqqqqqqqqqqqqqqqqqqqqqq"));
	expect_error(reply, PROTOCOL_METHOD_NOT_FOUND, "usage", "no method");
	assert_null(strstr(reply, "did you mean"));
}

static void test_errors_of_methods(void **state)
{
	struct desk *desk = *state;

	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	expect_error(desk_ask(desk, 0, CALL(2, "load")), PROTOCOL_INVALID_PARAMS, "usage", "\"file\" must be a path");
	expect_error(desk_ask(desk, 0, CALL(2, "apply")), PROTOCOL_DAEMON_ERROR, "money-rule", "beyond the budget");
}

static void test_pipelined(void **state)
{
	struct desk *desk = *state;
	char *text = calloc(1, 200 * 64);
	const char *replies, *line;

	(void)strcpy(text, HELLO);
	for (int i = 2; i <= 150; i++)
		(void)snprintf(text + strlen(text), 64, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"status\"}\n", i);
	desk_connect(desk, 0);
	desk_send(desk, 0, text);
	free(text);
	replies = desk_wait(desk, 0, 150);
	line = replies;
	for (int i = 1; i <= 150; i++, line = strchr(line, '\n') + 1)
		expect_result(line, i);
	assert_string_equal(line, "");
}

static void test_bit_by_bit(void **state)
{
	static const char hello[] = HELLO;
	struct desk *desk = *state;

	desk_connect(desk, 0);
	for (size_t i = 0; i + 1 < sizeof(hello) - 1; i++) {
		const char byte[2] = { hello[i], '\0' };

		desk_send(desk, 0, byte);
		desk_turn(desk, 1);
	}
	assert_int_equal(desk->calls, 0);
	expect_result(desk_ask(desk, 0, "\n"), 1);
}

static void test_long_lines(void **state)
{
	struct desk *desk = *state;
	char *line = malloc(PROTOCOL_REQUEST_MAX + 100);
	const char *reply;
	size_t fill;

	/* Exactly as long as allowed. */
	fill = PROTOCOL_REQUEST_MAX - (sizeof(HELLO) - 2);
	memset(line, ' ', fill);
	(void)strcpy(line + fill, HELLO);
	desk_connect(desk, 0);
	expect_result(desk_ask(desk, 0, line), 1);
	/* One byte more, with and without its end. */
	memset(line, ' ', fill + 1);
	(void)strcpy(line + fill + 1, HELLO);
	reply = desk_ask(desk, 0, line);
	expect_error(reply, PROTOCOL_INVALID_REQUEST, "protocol", "a line of more than 1048576 bytes");
	(void)desk_wait(desk, 0, 1);
	assert_true(desk->is_closed[0]);
	line[PROTOCOL_REQUEST_MAX + 10] = '\0';
	memset(line, 'x', PROTOCOL_REQUEST_MAX + 10);
	desk_connect(desk, 1);
	expect_error(desk_ask(desk, 1, line), PROTOCOL_INVALID_REQUEST, "protocol", "a line of more than");
	(void)desk_wait(desk, 1, 1);
	assert_true(desk->is_closed[1]);
	assert_int_equal(desk->calls, 1);
	free(line);
}

/* A script may close its writing half and still read all answers; a line that was cut off is no request. */
static void test_half_closed(void **state)
{
	struct desk *desk = *state;
	const char *replies;

	desk_connect(desk, 0);
	desk_send(desk, 0,
		  HELLO CALL(2, "get") CALL(3, "status") "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"status\"}");
	assert_int_equal(shutdown(desk->clients[0], SHUT_WR), 0);
	replies = desk_wait(desk, 0, 2);
	expect_result(replies, 1);
	desk_turn(desk, 5);
	/* The answer to "get" is still to come. */
	desk_answer(desk, "late");
	expect_result(desk_wait(desk, 0, 1), 2);
	(void)desk_wait(desk, 0, 1);
	assert_true(desk->is_closed[0]);
	assert_int_equal(desk->calls, 3);
}

static void test_later(void **state)
{
	struct desk *desk = *state;
	struct err err;

	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	desk_send(desk, 0, CALL(5, "get") CALL(6, "status"));
	/* Others are answered meanwhile. */
	expect_result(desk_wait(desk, 0, 1), 6);
	desk_answer(desk, "late");
	expect_result(desk_wait(desk, 0, 1), 5);
	desk_send(desk, 0, CALL(7, "plan"));
	while (!desk->ticket)
		desk_turn(desk, 1);
	(void)err_set(&err, ERR_BUSY, "the daemon is stopping");
	control_answer(desk->ticket, NULL, &err);
	expect_error(desk_wait(desk, 0, 1), PROTOCOL_DAEMON_ERROR, "busy", "stopping");
}

static void test_later_but_gone(void **state)
{
	struct desk *desk = *state;

	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	desk_send(desk, 0, CALL(5, "get"));
	while (!desk->ticket)
		desk_turn(desk, 1);
	(void)close(desk->clients[0]);
	desk->clients[0] = -1;
	desk_turn(desk, 20);
	desk_answer(desk, "too late");
	desk_turn(desk, 5);
	/* The daemon is there for the next one. */
	desk_connect(desk, 1);
	expect_result(desk_ask(desk, 1, HELLO), 1);
}

/* Whoever reads "done" can pull the plug: before the commit nothing is said, and if it fails, the opposite. */
static void test_failed_commit(void **state)
{
	struct desk *desk = *state;
	const char *replies;
	struct err err;

	(void)err_set(&err, ERR_LEDGER, "the disk is full");
	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	desk->failed_commit = &err;
	desk_send(desk, 0, CALL(2, "batch") CALL(3, "batch"));
	replies = desk_wait(desk, 0, 2);
	expect_error(replies, PROTOCOL_DAEMON_ERROR, "ledger", "the disk is full");
	assert_null(strstr(replies, "result"));
	/* To each who waits for an answer, who is then free to ask again. */
	assert_non_null(strstr(replies, "\"id\":2"));
	assert_non_null(strstr(replies, "\"id\":3"));
	desk->failed_commit = NULL;
	expect_result(desk_ask(desk, 0, CALL(4, "status")), 4);
}

static void test_changes_refused(void **state)
{
	struct desk *desk = *state;
	struct err err;

	(void)err_set(&err, ERR_LEDGER, "the disk is full");
	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	control_refuse_changes(desk->control, &err);
	desk->calls = 0;
	expect_error(desk_ask(desk, 0, CALL(2, "load")), PROTOCOL_DAEMON_ERROR, "ledger", "the disk is full");
	expect_error(desk_ask(desk, 0, CALL(3, "apply")), PROTOCOL_DAEMON_ERROR, "ledger", "the disk is full");
	assert_int_equal(desk->calls, 0);
	expect_result(desk_ask(desk, 0, CALL(4, "status")), 4);
}

#define MEGABYTE "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"show\",\"params\":{\"bytes\":1000000}}\n"

/* Who does not read is not read; nothing of what was asked is lost. */
static void test_who_reads_late(void **state)
{
	struct desk *desk = *state;

	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	for (int i = 0; i < 20; i++)
		desk_send(desk, 0, MEGABYTE);
	desk_turn(desk, 50);
	assert_true(desk->calls < 10);
	(void)desk_wait(desk, 0, 20);
	assert_false(desk->is_closed[0]);
	assert_int_equal(desk->calls, 21);
}

static void test_half_closed_and_late(void **state)
{
	struct desk *desk = *state;

	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	for (int i = 0; i < 20; i++)
		desk_send(desk, 0, MEGABYTE);
	assert_int_equal(shutdown(desk->clients[0], SHUT_WR), 0);
	desk_turn(desk, 50);
	(void)desk_wait(desk, 0, 20);
	(void)desk_wait(desk, 0, 1);
	assert_true(desk->is_closed[0]);
	assert_int_equal(desk->calls, 21);
}

static void test_who_never_reads(void **state)
{
	struct desk *desk = *state;
	char *text = malloc(1000001);
	int told = 0;

	memset(text, 'x', 1000000);
	text[1000000] = '\0';
	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	for (bool is_there = true; is_there && told < 100; told++) {
		struct json_object *params = json_object_new_object();

		json_put_text(params, "text", text);
		is_there = control_notify(desk->control, desk->peer.client, "progress", params, true);
		desk_turn(desk, 1);
	}
	assert_true(told > 10 && told < 60);
	free(text);
	desk_connect(desk, 1);
	expect_result(desk_ask(desk, 1, HELLO), 1);
}

static void test_notifications(void **state)
{
	struct desk *desk = *state;
	struct json_object *params = json_object_new_object();
	const char *text;
	int64_t number;

	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	json_put_int(params, "done", 5);
	assert_true(control_notify(desk->control, desk->peer.client, "progress", params, false));
	params = parse(desk_wait(desk, 0, 1));
	assert_true(json_get_text(params, "method", &text));
	assert_string_equal(text, "progress");
	assert_false(json_has(params, "id"));
	assert_true(json_get_int(json_get_object(params, "params"), "done", &number) && number == 5);
	assert_true(json_get_text(json_get_object(params, "params"), "environment", &text));
	json_object_put(params);
	assert_false(control_notify(desk->control, desk->peer.client + 1, "progress", json_object_new_object(), true));
}

#define OWN_MAX 96

static void test_too_many(void **state)
{
	struct desk *desk = *state;

	for (int i = 0; i < OWN_MAX; i++) {
		desk_connect(desk, i);
		expect_result(desk_ask(desk, i, HELLO), 1);
	}
	desk_connect(desk, OWN_MAX);
	(void)desk_ask(desk, OWN_MAX, HELLO);
	assert_true(desk->is_closed[OWN_MAX]);
	/* One goes, another comes. */
	(void)close(desk->clients[0]);
	desk->clients[0] = -1;
	desk_turn(desk, 10);
	desk_connect(desk, OWN_MAX + 1);
	expect_result(desk_ask(desk, OWN_MAX + 1, HELLO), 1);
}

static void test_too_much_asked(void **state)
{
	struct desk *desk = *state;
	struct ticket *tickets[CONTROL_PENDING_MAX];

	desk_connect(desk, 0);
	(void)desk_ask(desk, 0, HELLO);
	for (int i = 0; i < CONTROL_PENDING_MAX; i++) {
		desk->ticket = NULL;
		desk_send(desk, 0, CALL(5, "get"));
		while (!desk->ticket)
			desk_turn(desk, 1);
		tickets[i] = desk->ticket;
		assert_true(control_is_waited_for(tickets[i]));
	}
	expect_error(desk_ask(desk, 0, CALL(6, "get")), PROTOCOL_DAEMON_ERROR, "busy", "not answered yet");
	desk_answer(desk, "one");
	expect_result(desk_wait(desk, 0, 1), 5);
	expect_result(desk_ask(desk, 0, CALL(7, "status")), 7);
	for (int i = 0; i < CONTROL_PENDING_MAX - 1; i++)
		control_answer(tickets[i], json_object_new_object(), NULL);
}

/* Somebody else's process, seen by the kernel as user and group 65534. */
static void connect_as_nobody(struct desk *desk, int n)
{
	assert_int_equal(chmod(desk->scratch.folder, 0755), 0);
	assert_int_equal(setegid(65534), 0);
	assert_int_equal(seteuid(65534), 0);
	desk_connect(desk, n);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
}

/* Those who may do nothing get a handful of connections, and never those of the others. */
static void test_many_strangers(void **state)
{
	struct desk *desk = *state;

	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 4; i++) {
		connect_as_nobody(desk, i);
		expect_result(desk_ask(desk, i, HELLO), 1);
	}
	connect_as_nobody(desk, 4);
	(void)desk_ask(desk, 4, HELLO);
	assert_true(desk->is_closed[4]);
	desk_connect(desk, 5);
	expect_result(desk_ask(desk, 5, HELLO), 1);
}

static void test_stranger(void **state)
{
	struct desk *desk = *state;

	if (geteuid() != 0)
		skip();
	connect_as_nobody(desk, 0);
	/* Anybody may say hello and learn what he may not. */
	expect_result(desk_ask(desk, 0, HELLO), 1);
	assert_false(desk->peer.may_look || desk->peer.may_change);
	assert_int_equal(desk->peer.actor.uid, 65534);
	expect_error(desk_ask(desk, 0, CALL(2, "status")), PROTOCOL_DAEMON_ERROR, "not-authorised", "may not look");
	expect_error(desk_ask(desk, 0, CALL(2, "apply")), PROTOCOL_DAEMON_ERROR, "not-authorised",
		     "may not change anything");
	assert_int_equal(desk->calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(test_hello_first),    DESK_TEST(test_not_requests),
		DESK_TEST(test_unknown_method), DESK_TEST(test_errors_of_methods),
		DESK_TEST(test_pipelined),      DESK_TEST(test_bit_by_bit),
		DESK_TEST(test_long_lines),     DESK_TEST(test_half_closed),
		DESK_TEST(test_later),          DESK_TEST(test_later_but_gone),
		DESK_TEST(test_failed_commit), DESK_TEST(test_changes_refused),  DESK_TEST(test_who_never_reads),
		DESK_TEST(test_who_reads_late), DESK_TEST(test_half_closed_and_late),
		DESK_TEST(test_notifications),  DESK_TEST(test_too_many),
		DESK_TEST(test_stranger),       DESK_TEST(test_many_strangers),
		DESK_TEST(test_too_much_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
