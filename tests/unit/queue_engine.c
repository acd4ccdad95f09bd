/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "queue_engine.h"

int64_t virtual_ms;

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
	return make_request(fake, out, "%s %s", op_kind_name(op->kind), op->assignment_id ? op->assignment_id : "-");
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
	if (out->verdict == JUDGED_DONE && (op->kind == OP_CREATE_HIT || op->kind == OP_CREATE_TYPE))
		(void)snprintf(out->id, sizeof(out->id), "%s", fake->created);
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

const char *engine_assignment(int n)
{
	static char name[32];

	(void)snprintf(name, sizeof(name), "3NGMTASG%05d", n);
	return name;
}

static void tell_assignments(const struct fake *fake, const struct read_sink *sink)
{
	for (int i = 0; i < ASSIGNMENTS && sink->on_assignment; i++) {
		const struct assignment assignment = { .assignment_id = engine_assignment(i),
						       .hit_id = H1,
						       .worker_id = W1,
						       .status = fake->status };

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
		const struct bonus_payment bonus = { engine_assignment(0), W1, "by hand", 100, 1699990000 + i };

		sink->on_bonus(sink->arg, &bonus);
	}
}

enum doubt fake_doubt_as;

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

static unsigned money_out(struct engine *engine)
{
	struct op_tally by_kind[OP_KINDS];
	struct err err;

	book_must(operations_tally(engine->book->ledger, 0, by_kind, &err), &err);
	return (unsigned)(by_kind[OP_BONUS].operations[OP_SENDING] + by_kind[OP_CREATE_HIT].operations[OP_SENDING]);
}

/* As daemon.c does it; and the clock. */
static void on_turn_end(void *arg)
{
	struct engine *engine = arg;
	int64_t wait_ms = reader_pump(engine->reader), more_ms = queue_pump(engine->queue);
	struct err err;

	book_must(ledger_commit(engine->book->ledger, &err), &err);
	queue_flush(engine->queue);
	if (money_out(engine) > engine->fake.out_most)
		engine->fake.out_most = money_out(engine);
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

void engine_start(struct engine *engine, bool dry)
{
	const struct http_options http = { .connections = 8, .user_agent = "ngmt-test/1" };
	const struct sender_options options = { .concurrency = 8, .request_timeout_ms = PATIENCE_MS };
	struct queue_parts parts = { .platform = &engine->fake.platform,
				     .react = { .retries = 3, .retry_interval_ms = 1000 },
				     .limits = { .max_bonus_minor = 1000 },
				     .budget_limits = { -1, -1, -1 },
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

void engine_stop(struct engine *engine)
{
	http_free(engine->http);
	reader_free(engine->reader);
	queue_free(engine->queue);
	surveys_free(engine->surveys);
	sender_free(engine->sender);
	loop_free(engine->loop);
}

int engine_set_up(void **state)
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
	engine_start(engine, false);
	*state = engine;
	return 0;
}

int engine_tear_down(void **state)
{
	struct engine *engine = *state;
	void *book = engine->book;

	engine_stop(engine);
	peer_stop(&engine->server);
	(void)book_tear_down(&book);
	clock_set_sources(NULL, NULL, NULL);
	free(engine);
	return 0;
}

void engine_add_batch(struct engine *engine)
{
	struct err err;

	book_must(batch_finish(engine->book->ledger, engine->book->batch_id, &err), &err);
	book_must(queue_add_batch(engine->queue, engine->book->batch_id, &err), &err);
}

void engine_run(struct engine *engine)
{
	struct err err;

	engine->turns = 0;
	loop_wake(engine->loop);
	assert_int_equal(loop_run(engine->loop, &err), 0);
	if (queue_failure(engine->queue))
		fail_msg("%s", queue_failure(engine->queue)->message);
}

int64_t engine_add_bonus(struct engine *engine, int n)
{
	return book_insert(engine->book, book_bonus(engine->book, engine_assignment(n), W1, 100));
}

int64_t engine_add_approval(struct engine *engine, int n)
{
	return book_insert(engine->book, book_decision(engine->book, OP_APPROVE, engine_assignment(n)));
}

void engine_expect(struct engine *engine, int64_t id, enum op_state state, int64_t attempts)
{
	struct op op = book_load(engine->book, id);

	if (op.state != state || op.attempts != attempts)
		fail_msg("%s after %d attempts: %s; %s", op_state_name(op.state), (int)op.attempts,
			 op.why ? op.why : "-", engine->fake.log);
	op_finish(&op);
}
