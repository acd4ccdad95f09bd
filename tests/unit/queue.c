/* SPDX-License-Identifier: MIT
 *
 * The engine with a scripted platform: real ledger, real wire to a server in a child process, and a platform whose judgements the
 * test writes down beforehand. Time is virtual: when nothing is out, it jumps to the next moment at which something is due.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "clock.h"
#include "http_peer.h"
#include "ledger_fixture.h"
#include "queue.h"

#define SCRIPT_MAX 16
#define ASSIGNMENTS 40
#define TURNS_MAX 20000
#define START_MS INT64_C(1700000000000)

/* JUDGED_DONE is 0: what is not written down succeeds. */
struct fake {
	struct platform platform; /* first */
	struct platform_class class;
	char url[64];
	enum judged writes[SCRIPT_MAX], looks[SCRIPT_MAX];
	unsigned written, looked, reads, judged;
	enum doubt doubt;
	bool no_credentials, unbuildable;
	int64_t available_minor;
	enum assignment_status status;
	int64_t bonuses_listed;
	unsigned out_most; /* bonuses out at once, the most seen */
	char log[4000];	   /* what was asked to be written, in order */
	char tokens[64][DIGEST_BASE32_MAX];
};

struct engine {
	struct book *book;
	struct peer server;
	struct loop *loop;
	struct http *http;
	struct sender *sender;
	struct reader *reader;
	struct surveys *surveys;
	struct queue *queue;
	struct fake fake;
	unsigned turns;
	unsigned moved;
	int64_t until_ms; /* virtual time at which to stop; 0: when nothing is left to do */
};

static int64_t virtual_ms;

static int64_t wall_ms(void)
{
	return START_MS + virtual_ms;
}

static int64_t mono_ms(void)
{
	return 1000 + virtual_ms;
}

static double no_chance(void)
{
	return 0.5;
}

/* The platform. */

static struct fake *fake_of(struct platform *platform)
{
	return (struct fake *)platform;
}

static int make_request(struct fake *fake, struct platform_request *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int make_request(struct fake *fake, struct platform_request *out, const char *format, ...)
{
	size_t used = strlen(fake->log);
	va_list args;

	*out = (struct platform_request){ .url = strdup(fake->url), .headers = calloc(1, sizeof(char *)) };
	va_start(args, format);
	assert_true(vasprintf(&out->body, format, args) > 0);
	va_end(args);
	(void)snprintf(fake->log + used, sizeof(fake->log) - used, "%s;", out->body);
	return 0;
}

static int refuse(struct fake *fake, struct err *err)
{
	if (fake->no_credentials)
		return err_set(err, ERR_CREDENTIALS, "no keys");
	return fake->unbuildable ? err_set(err, ERR_PLATFORM, "this cannot be said") : 0;
}

static int fake_write(struct platform *platform, const struct op *op, struct platform_request *out, struct err *err)
{
	struct fake *fake = fake_of(platform);

	if (refuse(fake, err) < 0)
		return -1;
	(void)snprintf(fake->tokens[fake->written++ % 64], DIGEST_BASE32_MAX, "%s", op->token);
	return make_request(fake, out, "%s %s", op_kind_name(op->kind), op->assignment_id);
}

static int fake_write_read_back(struct platform *platform, const struct op *op, struct platform_request *out,
				struct err *err)
{
	(void)err;
	return make_request(fake_of(platform), out, "look %s", op->assignment_id);
}

static int fake_write_read(struct platform *platform, const struct read *read, struct platform_request *out,
			   struct err *err)
{
	struct fake *fake = fake_of(platform);
	char *log = strdup(fake->log);

	if (refuse(fake, err) < 0) {
		free(log);
		return -1;
	}
	fake->reads++;
	(void)make_request(fake, out, "read %d", (int)read->kind);
	/* Reads are not what these tests look at. */
	(void)strcpy(fake->log, log);
	free(log);
	return 0;
}

static void say(struct judgement *out, enum judged verdict)
{
	out->verdict = verdict;
	out->outcome = "scripted";
	(void)snprintf(out->why, sizeof(out->why), "judged %d", (int)verdict);
}

static void fake_judge(struct platform *platform, const struct op *op, const struct http_answer *answer,
		       struct judgement *out)
{
	struct fake *fake = fake_of(platform);

	assert_int_equal(op->state, OP_SENDING);
	if (answer->outcome == HTTP_NOT_SENT)
		say(out, JUDGED_AGAIN);
	else
		say(out, fake->judged < SCRIPT_MAX ? fake->writes[fake->judged] : JUDGED_DONE);
	fake->judged++;
}

static void fake_judge_read_back(struct platform *platform, const struct op *op, int64_t twins,
				 const struct http_answer *answer, struct judgement *out)
{
	struct fake *fake = fake_of(platform);

	(void)twins;
	(void)answer;
	assert_true(op->state == OP_UNSURE || op->state == OP_ACCEPTED);
	say(out, fake->looked < SCRIPT_MAX ? fake->looks[fake->looked] : JUDGED_DONE);
	fake->looked++;
}

static const char *name_assignment(int n)
{
	static char name[32];

	(void)snprintf(name, sizeof(name), "3NGMTASG%05d", n);
	return name;
}

static void tell_assignments(const struct fake *fake, const struct read_sink *sink)
{
	for (int i = 0; i < ASSIGNMENTS && sink->on_assignment; i++) {
		const struct assignment assignment = { name_assignment(i), H1, W1, fake->status, 0 };

		sink->on_assignment(sink->arg, &assignment);
	}
}

static void fake_judge_read(struct platform *platform, const struct read *read, const struct http_answer *answer,
			    const struct read_sink *sink, struct judgement *out)
{
	const struct hit hit = { .hit_id = H1, .reward_minor = 100, .max_assignments = 9 };
	struct fake *fake = fake_of(platform);

	say(out, answer->outcome == HTTP_ANSWERED ? JUDGED_DONE : JUDGED_AGAIN);
	if (answer->outcome != HTTP_ANSWERED)
		return;
	if (read->kind == READ_BALANCE)
		sink->on_balance(sink->arg, fake->available_minor, 0, false);
	else if (read->kind == READ_HIT)
		sink->on_hit(sink->arg, &hit);
	else if (read->kind == READ_ASSIGNMENTS)
		tell_assignments(fake, sink);
	for (int64_t i = 0; read->kind == READ_BONUSES && i < fake->bonuses_listed; i++) {
		const struct bonus_payment bonus = { name_assignment(0), W1, "by hand", 100, 1699990000 + i };

		sink->on_bonus(sink->arg, &bonus);
	}
}

static enum doubt fake_doubt_as;

static enum doubt fake_doubt(const struct op *op, int64_t age_s)
{
	(void)op;
	assert_true(age_s >= 0);
	return fake_doubt_as;
}

static bool fake_now_s(const struct platform *platform, int64_t *out)
{
	(void)platform;
	*out = wall_ms() / 1000;
	return true;
}

static int64_t fake_fee(enum op_kind kind, int64_t amount_minor, int64_t max_assignments)
{
	(void)kind;
	(void)max_assignments;
	return amount_minor / 5;
}

static int fake_reload(struct platform *platform, char source[160], struct err *err)
{
	(void)platform;
	(void)err;
	(void)strcpy(source, "the test");
	return 0;
}

static void make_fake(struct engine *engine)
{
	struct fake *fake = &engine->fake;

	fake->class = (struct platform_class){ .name = "fake",
					       .title = "Fake",
					       .currency = "USD",
					       .write = fake_write,
					       .judge = fake_judge,
					       .doubt = fake_doubt,
					       .write_read_back = fake_write_read_back,
					       .judge_read_back = fake_judge_read_back,
					       .write_read = fake_write_read,
					       .judge_read = fake_judge_read,
					       .now_s = fake_now_s,
					       .fee_minor = fake_fee,
					       .reload = fake_reload };
	fake->platform.class = &fake->class;
	fake->status = ASSIGNMENT_SUBMITTED;
	fake_doubt_as = DOUBT_RESEND;
	(void)snprintf(fake->url, sizeof(fake->url), "%s", engine->server.url);
}

/* The engine. */

static unsigned bonuses_out(struct engine *engine)
{
	struct op_tally by_kind[OP_KINDS];
	struct err err;

	book_must(operations_tally(engine->book->ledger, 0, by_kind, &err), &err);
	return (unsigned)by_kind[OP_BONUS].operations[OP_SENDING];
}

/* As daemon.c does it; and the clock. */
static void on_turn_end(void *arg)
{
	struct engine *engine = arg;
	int64_t wait_ms = reader_pump(engine->reader), more_ms = queue_pump(engine->queue);
	struct err err;

	book_must(ledger_commit(engine->book->ledger, &err), &err);
	queue_flush(engine->queue);
	if (bonuses_out(engine) > engine->fake.out_most)
		engine->fake.out_most = bonuses_out(engine);
	if (more_ms >= 0 && (wait_ms < 0 || more_ms < wait_ms))
		wait_ms = more_ms;
	if (++engine->turns > TURNS_MAX)
		fail_msg("no end: %s", engine->fake.log);
	if (sender_in_flight(engine->sender) > 0)
		return;
	/* What was asked for in this turn is read in the next one. */
	if (wait_ms < 0 && reader_waiting(engine->reader) > 0)
		wait_ms = 0;
	if (wait_ms < 0 || queue_failure(engine->queue) ||
	    (engine->until_ms && virtual_ms + wait_ms > engine->until_ms)) {
		loop_stop(engine->loop);
		return;
	}
	virtual_ms += wait_ms;
	loop_wake(engine->loop);
}

static void on_moved(void *arg, int64_t batch_id)
{
	struct engine *engine = arg;

	assert_true(batch_id > 0);
	engine->moved++;
}

static void start_engine(struct engine *engine, bool dry)
{
	const struct http_options http = { .connections = 8, .user_agent = "ngmt-test/1" };
	const struct sender_options options = { .concurrency = 8, .request_timeout_ms = PATIENCE_MS };
	struct queue_parts parts = { .platform = &engine->fake.platform,
				     .react = { .retries = 3, .retry_interval_ms = 1000 },
				     .limits = { .max_bonus_minor = 1000 },
				     .dry = dry };
	struct err err;

	parts.ledger = engine->book->ledger;
	parts.loop = engine->loop = loop_new(&err);
	engine->http = http_new(engine->loop, &http, &err);
	parts.sender = engine->sender = sender_new(engine->http, &options, &err);
	parts.reader = engine->reader = reader_new(engine->loop, engine->sender, &engine->fake.platform, &err);
	parts.surveys = engine->surveys = surveys_new(engine->book->ledger, engine->reader, &err);
	engine->queue = queue_new(&parts, on_moved, engine, &err);
	assert_non_null(engine->queue);
	loop_on_turn_end(engine->loop, on_turn_end, engine);
}

static void stop_engine(struct engine *engine)
{
	http_free(engine->http);
	reader_free(engine->reader);
	queue_free(engine->queue);
	surveys_free(engine->surveys);
	sender_free(engine->sender);
	loop_free(engine->loop);
}

static int set_up(void **state)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	void *book = NULL;

	assert_non_null(engine);
	virtual_ms = 0;
	clock_set_sources(wall_ms, mono_ms, no_chance);
	(void)book_set_up(&book);
	engine->book = book;
	peer_start(&engine->server, peer_always, OK_REPLY);
	make_fake(engine);
	start_engine(engine, false);
	*state = engine;
	return 0;
}

static int tear_down(void **state)
{
	struct engine *engine = *state;
	void *book = engine->book;

	stop_engine(engine);
	peer_stop(&engine->server);
	(void)book_tear_down(&book);
	clock_set_sources(NULL, NULL, NULL);
	free(engine);
	return 0;
}

static void add_batch(struct engine *engine)
{
	struct err err;

	book_must(batch_finish(engine->book->ledger, engine->book->batch_id, &err), &err);
	book_must(queue_add_batch(engine->queue, engine->book->batch_id, &err), &err);
}

static void run(struct engine *engine)
{
	struct err err;

	engine->turns = 0;
	loop_wake(engine->loop);
	assert_int_equal(loop_run(engine->loop, &err), 0);
	if (queue_failure(engine->queue))
		fail_msg("%s", queue_failure(engine->queue)->message);
}

static int64_t add_bonus(struct engine *engine, int n)
{
	return book_insert(engine->book, book_bonus(engine->book, name_assignment(n), W1, 100));
}

static int64_t add_approval(struct engine *engine, int n)
{
	return book_insert(engine->book, book_decision(engine->book, OP_APPROVE, name_assignment(n)));
}

static void expect_state(struct engine *engine, int64_t id, enum op_state state, int64_t attempts)
{
	struct op op = book_load(engine->book, id);

	if (op.state != state || op.attempts != attempts)
		fail_msg("%s after %d attempts: %s; %s", op_state_name(op.state), (int)op.attempts, op.why ? op.why : "-",
			 engine->fake.log);
	op_finish(&op);
}

static void test_all_is_well(void **state)
{
	struct engine *engine = *state;
	int64_t ids[2 * 20];

	for (int i = 0; i < 20; i++) {
		ids[2 * i] = add_bonus(engine, i);
		ids[2 * i + 1] = add_approval(engine, i);
	}
	add_batch(engine);
	run(engine);
	for (int i = 0; i < 40; i++)
		expect_state(engine, ids[i], OP_DONE, 1);
	assert_int_equal(engine->fake.written, 40);
	/* Each left exactly once; the HIT's lists were read once for all. */
	assert_int_equal(engine->server.seen->requests, 40 + engine->fake.reads);
	assert_true(engine->fake.reads <= 4);
	/* Workers see approvals first. */
	assert_memory_equal(engine->fake.log, "approve ", 8);
	assert_true(strstr(engine->fake.log, "bonus ") > strstr(engine->fake.log, "approve 3NGMTASG00019"));
	assert_int_equal(book_number(engine->book, "SELECT count(*) FROM step WHERE state = 3"), 40);
	assert_int_equal(queue_waiting(engine->queue), 0);
	assert_true(queue_is_drained(engine->queue));
	assert_true(engine->moved >= 80);
}

static void test_throttled(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);
	struct op op;

	for (int i = 0; i < 3; i++)
		engine->fake.writes[i] = JUDGED_THROTTLED;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_DONE, 4);
	op = book_load(engine->book, id);
	assert_false(op.doubtful);
	op_finish(&op);
	/* It is one payment: one token. */
	for (int i = 1; i < 4; i++)
		assert_string_equal(engine->fake.tokens[i], engine->fake.tokens[0]);
}

static void test_lost_answer(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);

	engine->fake.writes[0] = JUDGED_UNKNOWN;
	/* A passing refusal of the repetition does not resolve the doubt. */
	engine->fake.writes[1] = JUDGED_THROTTLED;
	engine->fake.writes[2] = JUDGED_NO_ACCESS;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_UNSURE, 3);
	assert_int_equal(pauses_cause(queue_pauses(engine->queue), LANE_APPROVE), PAUSE_ACCESS);
	assert_int_equal(book_number(engine->book, "SELECT count(*) FROM step WHERE state = 2"), 1);
	for (int i = 1; i < 3; i++)
		assert_string_equal(engine->fake.tokens[i], engine->fake.tokens[0]);
}

static void test_lost_answer_then_done(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);

	engine->fake.writes[0] = engine->fake.writes[1] = JUDGED_UNKNOWN;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_DONE, 3);
	assert_int_equal(book_number(engine->book, "SELECT first_sent_s FROM operation"), START_MS / 1000);
	assert_string_equal(engine->fake.tokens[2], engine->fake.tokens[0]);
}

/* A token that is no longer remembered: read back, never sent again by itself. */
static void test_read_back(void **state)
{
	static const struct {
		enum judged verdict;
		enum op_state state;
	} cases[] = { { JUDGED_DONE, OP_DONE }, { JUDGED_PERSON, OP_HELD }, { JUDGED_REFUSED, OP_HELD } };
	struct engine *engine = *state;

	fake_doubt_as = DOUBT_READ_BACK;
	for (unsigned i = 0; i < 3; i++) {
		int64_t id = add_bonus(engine, (int)i);
		char expected[100];

		(void)snprintf(expected, sizeof(expected), "bonus %s;look %s;", name_assignment((int)i), name_assignment((int)i));
		engine->fake.log[0] = '\0';
		engine->fake.writes[engine->fake.judged] = JUDGED_UNKNOWN;
		engine->fake.looks[engine->fake.looked] = cases[i].verdict;
		add_batch(engine);
		run(engine);
		expect_state(engine, id, cases[i].state, 1);
		assert_string_equal(engine->fake.log, expected);
	}
}

static void test_nothing_there(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_approval(engine, 0);

	engine->fake.writes[0] = JUDGED_LOOK;
	engine->fake.looks[0] = JUDGED_UNKNOWN;
	engine->fake.looks[1] = JUDGED_NOTHING;
	fake_doubt_as = DOUBT_READ_BACK;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_DONE, 2);
	assert_string_equal(engine->fake.log, "approve 3NGMTASG00000;look 3NGMTASG00000;look 3NGMTASG00000;"
					      "approve 3NGMTASG00000;");
}

static void test_person(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);

	engine->fake.writes[0] = JUDGED_UNKNOWN;
	fake_doubt_as = DOUBT_PERSON;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_HELD, 1);
	assert_int_equal(engine->fake.written, 1);
}

/* A platform that takes first and confirms later. */
static void test_accepted(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);

	engine->fake.writes[0] = JUDGED_ACCEPTED;
	engine->fake.looks[0] = JUDGED_ACCEPTED;
	engine->fake.looks[1] = JUDGED_THROTTLED;
	engine->fake.looks[2] = JUDGED_AGAIN;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_DONE, 1);
	assert_int_equal(engine->fake.written, 1);
	assert_int_equal(engine->fake.looked, 4);
	assert_true(virtual_ms >= REACT_CONFIRM_MS);
}

static void test_refused(void **state)
{
	struct engine *engine = *state;
	int64_t refused = add_bonus(engine, 0), other = add_bonus(engine, 1);

	engine->fake.writes[0] = JUDGED_REFUSED;
	add_batch(engine);
	run(engine);
	expect_state(engine, refused, OP_FAILED, 1);
	expect_state(engine, other, OP_DONE, 1);
	book_expect_text(engine->book, "SELECT outcome FROM operation WHERE state = 7", "scripted");
	book_expect_text(engine->book, "SELECT answer FROM operation WHERE state = 7", "{}");
}

/* Rule of money 6. */
static void test_out_of_funds(void **state)
{
	struct engine *engine = *state;
	struct pauses *pauses = queue_pauses(engine->queue);
	int64_t bonus = add_bonus(engine, 0), approval;
	struct err err;

	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	add_batch(engine);
	run(engine);
	expect_state(engine, bonus, OP_QUEUED, 1);
	assert_int_equal(pauses_cause(pauses, LANE_BONUS), PAUSE_FUNDS);
	assert_string_equal(pauses_why(pauses, LANE_BONUS), "judged 8");
	/* The other lanes go on. */
	approval = add_approval(engine, 1);
	add_batch(engine);
	run(engine);
	expect_state(engine, approval, OP_DONE, 1);
	expect_state(engine, bonus, OP_QUEUED, 1);
	/* $1.19 are not enough for $1.00 and the fee. */
	engine->fake.available_minor = 119;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	run(engine);
	expect_state(engine, bonus, OP_QUEUED, 1);
	assert_int_equal(pauses_balance(pauses)->available_minor, 119);
	engine->fake.available_minor = 120;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	run(engine);
	expect_state(engine, bonus, OP_DONE, 2);
	assert_false(pauses_any(pauses));
}

static void test_no_credentials(void **state)
{
	struct engine *engine = *state;
	struct pauses *pauses = queue_pauses(engine->queue);
	int64_t id = add_bonus(engine, 0);
	struct err err;

	engine->fake.no_credentials = true;
	add_batch(engine);
	engine->until_ms = 20000;
	run(engine);
	expect_state(engine, id, OP_PLANNED, 0);
	assert_int_equal(pauses_cause(pauses, LANE_BONUS), PAUSE_ACCESS);
	assert_int_equal(engine->server.seen->requests, 0);
	engine->fake.no_credentials = false;
	engine->until_ms = 0;
	book_must(pauses_refresh(pauses, true, NULL, NULL, &err), &err);
	run(engine);
	expect_state(engine, id, OP_DONE, 1);
	assert_string_equal(pauses_credentials_source(pauses), "the test");
}

static void test_unbuildable(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);

	add_batch(engine);
	engine->until_ms = 1;
	/* The lists are read first. */
	run(engine);
	expect_state(engine, id, OP_DONE, 1);
	id = add_bonus(engine, 1);
	engine->fake.unbuildable = true;
	engine->until_ms = 0;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_HELD, 0);
	book_expect_text(engine->book, "SELECT why FROM operation WHERE state = 1", "this cannot be said");
	assert_int_equal(engine->fake.written, 1);
}

static void test_nothing_reaches_the_server(void **state)
{
	struct engine *engine = *state;
	int64_t id;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	/* Read the lists while the server is there. */
	id = add_bonus(engine, 0);
	add_batch(engine);
	run(engine);
	/* A port that is bound and not listened on refuses. */
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(engine->fake.url, sizeof(engine->fake.url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	id = add_bonus(engine, 1);
	add_batch(engine);
	engine->until_ms = 4000;
	run(engine);
	/* Certainly not sent: no doubt, whatever number of attempts. */
	assert_int_equal(book_number(engine->book, "SELECT doubtful FROM operation WHERE state = 2"), 0);
	assert_int_equal(book_number(engine->book, "SELECT first_sent_s FROM operation WHERE state = 2"), 0);
	(void)snprintf(engine->fake.url, sizeof(engine->fake.url), "%s", engine->server.url);
	engine->until_ms = 0;
	run(engine);
	assert_int_equal(book_number(engine->book, "SELECT state FROM operation ORDER BY id DESC"), OP_DONE);
	expect_state(engine, id, OP_DONE, book_number(engine->book, "SELECT attempts FROM operation ORDER BY id DESC"));
	(void)close(fd);
}

static void test_not_submitted(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_approval(engine, 0);

	engine->fake.status = ASSIGNMENT_NOT_SUBMITTED;
	add_batch(engine);
	engine->until_ms = INT64_C(3600) * 1000;
	run(engine);
	expect_state(engine, id, OP_PLANNED, 0);
	book_expect_text(engine->book, "SELECT why FROM operation", "not submitted on Fake yet");
	assert_int_equal(engine->fake.written, 0);
	/* Looked at again and again, but not all the time. */
	assert_true(engine->fake.reads > 20 && engine->fake.reads < 1000);
	engine->fake.status = ASSIGNMENT_SUBMITTED;
	engine->until_ms = 0;
	run(engine);
	expect_state(engine, id, OP_DONE, 1);
}

/* Rules 3, 4 and 9: held, and nothing leaves. */
static void test_held(void **state)
{
	struct engine *engine = *state;
	struct op other = book_bonus(engine->book, name_assignment(1), W2, 100);
	struct op much = book_bonus(engine->book, name_assignment(2), W1, 1001);
	int64_t ids[3] = { add_bonus(engine, 0), book_insert(engine->book, other), book_insert(engine->book, much) };

	engine->fake.bonuses_listed = 1;
	add_batch(engine);
	run(engine);
	for (int i = 0; i < 3; i++)
		expect_state(engine, ids[i], OP_HELD, 0);
	assert_int_equal(engine->fake.written, 0);
}

static void test_done_already(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_approval(engine, 0);

	engine->fake.status = ASSIGNMENT_APPROVED;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_DONE, 0);
	book_expect_text(engine->book, "SELECT outcome FROM operation", "already-decided");
}

/* Out of funds for a day, and meanwhile somebody paid by hand. */
static void test_compared_once_more(void **state)
{
	struct engine *engine = *state;
	struct pauses *pauses = queue_pauses(engine->queue);
	int64_t id = add_bonus(engine, 0);
	struct err err;

	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_QUEUED, 1);
	virtual_ms += INT64_C(86400) * 1000;
	engine->fake.bonuses_listed = 1;
	engine->fake.available_minor = 100000;
	book_must(pauses_refresh(pauses, false, NULL, NULL, &err), &err);
	run(engine);
	expect_state(engine, id, OP_HELD, 1);
	assert_int_equal(engine->fake.written, 1);
}

/* The daemon died while requests were out. */
static void test_recovered(void **state)
{
	struct engine *engine = *state;
	int64_t out = add_bonus(engine, 0), queued = add_bonus(engine, 1), planned = add_bonus(engine, 2);
	struct err err;

	book_must(batch_finish(engine->book->ledger, engine->book->batch_id, &err), &err);
	book_move(engine->book, out, OP_QUEUED, NULL);
	book_move(engine->book, out, OP_SENDING, NULL);
	book_move(engine->book, queued, OP_QUEUED, NULL);
	fake_doubt_as = DOUBT_READ_BACK;
	book_must(queue_recover(engine->queue, &err), &err);
	run(engine);
	/* Found out, not sent again. */
	expect_state(engine, out, OP_DONE, 1);
	expect_state(engine, queued, OP_DONE, 1);
	expect_state(engine, planned, OP_DONE, 1);
	assert_int_equal(engine->fake.written, 2);
	assert_int_equal(engine->fake.looked, 1);
}

static void test_dry(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);

	stop_engine(engine);
	start_engine(engine, true);
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_PLANNED, 0);
	assert_int_equal(engine->server.seen->requests, 0);
}

static void test_drained(void **state)
{
	struct engine *engine = *state;
	int64_t id = add_bonus(engine, 0);

	queue_drain(engine->queue);
	add_batch(engine);
	run(engine);
	expect_state(engine, id, OP_PLANNED, 0);
	assert_true(queue_is_drained(engine->queue));
	assert_int_equal(queue_waiting(engine->queue), 1);
}

static void test_one_at_a_time(void **state)
{
	struct engine *engine = *state;

	engine->fake.class.money_in_flight_max = 1;
	for (int i = 0; i < 12; i++) {
		(void)add_bonus(engine, i);
		(void)add_approval(engine, i);
	}
	add_batch(engine);
	run(engine);
	assert_int_equal(book_number(engine->book, "SELECT count(*) FROM operation WHERE state = 6"), 24);
	assert_int_equal(engine->fake.out_most, 1);
}

static void test_lanes_described(void **state)
{
	static const char *const names[] = { "read", "approve", "bonus", "qualify" };
	struct engine *engine = *state;
	struct json_object *lanes;
	int64_t waiting = -1;

	(void)add_bonus(engine, 0);
	engine->fake.writes[0] = JUDGED_NO_FUNDS;
	add_batch(engine);
	run(engine);
	lanes = queue_describe_lanes(engine->queue);
	assert_int_equal(json_object_array_length(lanes), 4);
	for (size_t i = 0; i < 4; i++) {
		struct json_object *lane = json_object_array_get_idx(lanes, i);
		const char *text = "";

		assert_true(json_get_text(lane, "lane", &text));
		assert_string_equal(text, names[i]);
		assert_int_equal(json_get_text(lane, "paused", &text), i == 2);
		assert_true(json_get_int(lane, "waiting", &waiting));
		assert_int_equal(waiting, i == 2);
	}
	json_object_put(lanes);
}

#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_all_is_well),	  ENGINE_TEST(test_throttled),	     ENGINE_TEST(test_lost_answer),
		ENGINE_TEST(test_lost_answer_then_done), ENGINE_TEST(test_read_back), ENGINE_TEST(test_nothing_there),
		ENGINE_TEST(test_person),	  ENGINE_TEST(test_accepted),	     ENGINE_TEST(test_refused),
		ENGINE_TEST(test_out_of_funds),	  ENGINE_TEST(test_no_credentials),  ENGINE_TEST(test_unbuildable),
		ENGINE_TEST(test_nothing_reaches_the_server), ENGINE_TEST(test_not_submitted), ENGINE_TEST(test_held),
		ENGINE_TEST(test_done_already),	  ENGINE_TEST(test_compared_once_more), ENGINE_TEST(test_recovered),
		ENGINE_TEST(test_dry),		  ENGINE_TEST(test_drained),	     ENGINE_TEST(test_one_at_a_time),
		ENGINE_TEST(test_lanes_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
