/* SPDX-License-Identifier: MIT */
#include "daemon.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "clock.h"
#include "first_load.h"
#include "log.h"
#include "mturk.h"
#include "schedule.h"
#include "watch.h"
#include "point.h"

/* What is in flight at SIGTERM gets this long to be answered; systemd's own patience is 90 s. */
#define DRAIN_MS 8000

/* Reads in a row before an operation that waits gets its turn. */
#define READS_IN_A_ROW_MAX 4

static void stop(struct daemon *daemon, const char *why)
{
	if (daemon->stopping)
		return;
	daemon->stopping = true;
	log_info("stopping why=\"%s\" in_flight=%u", why, sender_in_flight(daemon->sender));
	policies_halt(daemon->policies);
	joins_halt(daemon->joins);
	queue_drain(daemon->queue);
	(void)loop_timer_set(daemon->drain_timer, DRAIN_MS);
	loop_wake(daemon->loop);
}

static void on_stop_signal(int signal_number, void *arg)
{
	stop(arg, signal_number == SIGINT ? "SIGINT" : "SIGTERM");
}

static void on_hangup(int signal_number, void *arg)
{
	(void)signal_number;
	(void)arg;
	log_warn("SIGHUP: this version reads its configuration at the start only; restart the daemon");
}

/* Answers that did not come in time: their operations stay "sending" and become unsure at the next start. */
static void on_drain_timeout(void *arg)
{
	struct daemon *daemon = arg;

	log_warn("some answers did not come in time, their fate will be found out at the next start in_flight=%u",
		 sender_in_flight(daemon->sender));
	loop_stop(daemon->loop);
}

static void on_pump_timer(void *arg)
{
	(void)arg;
}

/* Reads go first, since they make the rest possible; yet whoever asks and asks must not keep the payments waiting. */
static void pump(struct daemon *daemon, int64_t *wait_ms)
{
	bool reads_first = reader_in_a_row(daemon->reader) < READS_IN_A_ROW_MAX;

	if (reads_first)
		schedule_sooner(wait_ms, reader_pump(daemon->reader));
	schedule_sooner(wait_ms, queue_pump(daemon->queue));
	if (!reads_first)
		schedule_sooner(wait_ms, reader_pump(daemon->reader));
}

static int commit_turn(struct daemon *daemon, bool has_news, struct err *err)
{
	if (has_news)
		point_pass(POINT_TURN_COMMIT);
	if (ledger_commit(daemon->ledger, err) < 0)
		return -1;
	if (has_news)
		point_pass(POINT_TURN_COMMITTED);
	return 0;
}

/* Of a large file many turns' rows are committed together, as long as nobody else has written anything: then nothing
 * that leaves in this turn, neither request nor reply, depends on the commit. */
static bool may_wait(struct daemon *daemon, int64_t others)
{
	return others == 0 && !daemon->stopping && !store_failure(daemon->ledger->store) &&
	       imports_may_wait(daemon->imports);
}

/* Runs a slice of the imports. What others have written since the last turn, or write in the rest of this one, is
 * counted in `others`. */
static bool pump_imports(struct daemon *daemon, int64_t *others)
{
	const struct store *store = daemon->ledger->store;
	bool more;

	*others = store_total_changes(store) - daemon->seen_changes;
	more = imports_pump(daemon->imports);
	daemon->seen_changes = store_total_changes(store);
	return loads_pump(daemon->loads) || more;
}

/* In the order in which a room goes its way, so that it needs few turns. Whether another turn is wanted at once. */
static bool pump_slices(struct daemon *daemon, int64_t *others)
{
	bool more = watch_pump(daemon->watch);

	more = pump_imports(daemon, others) || more;
	more = joins_pump(daemon->joins) || more;
	more = unclaimeds_pump(daemon->unclaimeds) || more;
	more = adoptions_pump(daemon->adoptions) || more;
	more = policies_pump(daemon->policies) || more;
	more = plans_pump(daemon->plans) || more;
	return reconciles_pump(daemon->reconciles) || more;
}

static void flush_requests(struct daemon *daemon, bool has_news)
{
	queue_flush(daemon->queue);
	if (has_news)
		point_pass(POINT_TURN_FLUSHED);
}

static void drain(struct daemon *daemon)
{
	if (queue_is_drained(daemon->queue))
		loop_stop(daemon->loop);
	else
		point_pass(POINT_DRAIN);
}

/* Everything that happened in this turn becomes durable at once, and only then leaves. */
static void on_turn_end(void *arg)
{
	struct daemon *daemon = arg;
	const struct err *failure;
	bool has_news, waits;
	struct err err;
	int64_t wait_ms = -1, others = 0;

	if (daemon->halt.is_on) {
		halt_turn(daemon);
		return;
	}
	pump(daemon, &wait_ms);
	if (pump_slices(daemon, &others))
		wait_ms = 0;
	progress_pump(daemon->progress);
	failure = queue_failure(daemon->queue);
	others += store_total_changes(daemon->ledger->store) - daemon->seen_changes;
	waits = may_wait(daemon, others);
	has_news = !waits && store_has_news(daemon->ledger->store);
	if (!failure && !waits && commit_turn(daemon, has_news, &err) < 0)
		failure = &err;
	daemon->seen_changes = store_total_changes(daemon->ledger->store);
	if (failure)
		halt_begin(daemon, failure);
	else
		flush_requests(daemon, has_news);
	if (!failure && !waits)
		event_feed_pump(daemon->event_feed, has_news);
	control_flush(daemon->control, failure ? &daemon->halt.refusal : NULL);
	if (wait_ms >= 0)
		(void)loop_timer_set(daemon->pump_timer, wait_ms);
	if (daemon->stopping)
		drain(daemon);
}

static void on_moved(void *arg, int64_t batch_id)
{
	struct daemon *daemon = arg;

	progress_touch(daemon->progress, batch_id);
}

static struct json_object *describe_for_progress(void *arg, int64_t batch_id)
{
	struct err err;

	return daemon_describe_batch(arg, batch_id, &err);
}

static int init_platform(struct daemon *daemon, struct err *err)
{
	const struct endpoint *endpoint;

	daemon->platform = mturk_new(daemon->config, err);
	if (!daemon->platform)
		return -1;
	endpoint = mturk_endpoint(daemon->platform);
	daemon->environment = environment_name(endpoint->environment);
	daemon->endpoint_url = endpoint->url;
	return 0;
}

static int init_ledger(struct daemon *daemon, struct err *err)
{
	daemon->ledger = ledger_open(daemon->config->state_directory, daemon->environment, err);
	return daemon->ledger ? 0 : -1;
}

static int init_wire(struct daemon *daemon, struct err *err)
{
	const struct config *config = daemon->config;
	/* As the AWS tools do: the configuration, else AWS_CA_BUNDLE, else the system's. */
	const char *ca_bundle = config->ca_bundle ? config->ca_bundle : getenv("AWS_CA_BUNDLE");
	const struct http_options http_options = { .ca_bundle = ca_bundle && ca_bundle[0] ? ca_bundle : NULL,
						   .verify_tls = true,
						   .connections = (unsigned)config->concurrency,
						   .user_agent = "ngmt/" NGMT_VERSION };
	const struct sender_options sender_options = { .concurrency = (unsigned)config->concurrency,
						       .throttle_interval_ms = config->throttle_interval_ms,
						       .request_timeout_ms = config->request_timeout_ms };

	daemon->http = http_new(daemon->loop, &http_options, err);
	if (daemon->http)
		daemon->sender = sender_new(daemon->http, &sender_options, err);
	if (daemon->sender)
		daemon->reader = reader_new(daemon->loop, daemon->sender, daemon->platform, err);
	if (daemon->reader)
		daemon->surveys = surveys_new(daemon->ledger, daemon->reader, err);
	return daemon->surveys ? 0 : -1;
}

static int init_queue(struct daemon *daemon, struct err *err)
{
	const struct config *config = daemon->config;
	const struct queue_parts parts = {
		.loop = daemon->loop,
		.ledger = daemon->ledger,
		.sender = daemon->sender,
		.reader = daemon->reader,
		.surveys = daemon->surveys,
		.platform = daemon->platform,
		.react = { .retries = config->retries, .retry_interval_ms = config->retry_interval_ms },
		.limits = { .max_bonus_minor = config->max_bonus_cents, .min_bonus_minor = config->min_bonus_cents },
		.budget_limits = { .daily_minor = config->daily_budget_cents,
				   .total_minor = config->total_budget_cents,
				   .floor_minor = config->balance_floor_cents },
		.undo_window_ms = config->undo_window_ms,
		.dry = config->dry,
	};

	daemon->progress = progress_new(daemon->loop, describe_for_progress, daemon, err);
	daemon->event_feed = event_feed_new(daemon->loop, daemon->ledger, err);
	if (daemon->progress && daemon->event_feed)
		daemon->queue = queue_new(&parts, on_moved, daemon, err);
	if (!daemon->queue || queue_recover(daemon->queue, err) < 0)
		return -1;
	point_pass(POINT_RECOVERY_COMMIT);
	if (ledger_commit(daemon->ledger, err) < 0)
		return -1;
	point_pass(POINT_RECOVERY_COMMITTED);
	return 0;
}

static int init_plans(struct daemon *daemon, struct err *err)
{
	const struct plan_parts parts = { .loop = daemon->loop,
					  .ledger = daemon->ledger,
					  .surveys = daemon->surveys,
					  .queue = daemon->queue,
					  .platform = daemon->platform,
					  .config = daemon->config };

	daemon->plans = plans_new(&parts, err);
	return daemon->plans ? 0 : -1;
}

static int init_reconciles(struct daemon *daemon, struct err *err)
{
	const struct reconcile_parts parts = { .loop = daemon->loop,
					       .ledger = daemon->ledger,
					       .surveys = daemon->surveys,
					       .platform = daemon->platform };

	daemon->reconciles = reconciles_new(&parts, err);
	return daemon->reconciles ? 0 : -1;
}

static int init_imports(struct daemon *daemon, struct err *err)
{
	daemon->imports = imports_new(daemon->loop, daemon->ledger, daemon->config, err);
	if (!daemon->imports || imports_recover(daemon->imports, err) < 0)
		return -1;
	daemon->loads = loads_new(daemon->loop, daemon->ledger, daemon->imports, daemon->joins, daemon->config, err);
	daemon->seen_changes = store_total_changes(daemon->ledger->store);
	return daemon->loads ? 0 : -1;
}

static void on_adopted(void *arg, int64_t room_id)
{
	struct daemon *daemon = arg;

	watch_room_changed(daemon->watch, room_id);
	joins_hurry(daemon->joins);
}

static bool is_unread(void *arg, int64_t room_id)
{
	struct daemon *daemon = arg;

	return watch_is_unread(daemon->watch, room_id);
}

static int init_policies(struct daemon *daemon, struct err *err)
{
	struct policy_parts policy = { .loop = daemon->loop,
				       .ledger = daemon->ledger,
				       .plans = daemon->plans,
				       .start = plans_start_automatic,
				       .is_dry = daemon->config->dry };
	struct adoption_parts adoption = { .loop = daemon->loop,
					   .ledger = daemon->ledger,
					   .platform = daemon->platform,
					   .on_changed = on_adopted,
					   .is_unread = is_unread,
					   .arg = daemon };

	daemon->room_feed = room_feed_new(daemon->ledger, err);
	policy.feed = adoption.feed = daemon->room_feed;
	if (daemon->room_feed)
		daemon->policies = policies_new(&policy, err);
	if (daemon->policies)
		daemon->adoptions = adoptions_new(&adoption, err);
	return daemon->adoptions ? 0 : -1;
}

static void on_room_news(void *arg, const struct watch_news *news)
{
	struct daemon *daemon = arg;

	policies_on_news(daemon->policies, news);
	joins_news(daemon->joins);
}

static int init_watch(struct daemon *daemon, struct err *err)
{
	const struct watch_parts parts = { .loop = daemon->loop,
					   .ledger = daemon->ledger,
					   .imports = daemon->imports,
					   .config = daemon->config };

	daemon->watch = watch_new(&parts, on_room_news, daemon, err);
	return daemon->watch ? 0 : -1;
}

static int on_rows_joined(void *arg, int64_t room_id, struct err *err)
{
	struct daemon *daemon = arg;

	return policies_rows_changed(daemon->policies, room_id, err);
}

static int init_joins(struct daemon *daemon, struct err *err)
{
	const struct joins_parts joins = { .loop = daemon->loop,
					   .ledger = daemon->ledger,
					   .surveys = daemon->surveys,
					   .config = daemon->config,
					   .platform = daemon->platform->class->title,
					   .on_room = on_rows_joined,
					   .arg = daemon };
	struct unclaimed_parts unclaimed = { .loop = daemon->loop,
					     .ledger = daemon->ledger,
					     .surveys = daemon->surveys };

	daemon->joins = unclaimed.joins = joins_new(&joins, err);
	if (daemon->joins)
		daemon->unclaimeds = unclaimeds_new(&unclaimed, err);
	return daemon->unclaimeds ? 0 : -1;
}

static int init_control(struct daemon *daemon, struct err *err)
{
	const struct control_options options = { .socket_path = daemon->config->socket_path,
						 .read_group = daemon->config->read_group,
						 .pay_group = daemon->config->pay_group,
						 .environment = daemon->environment,
						 .arg = daemon };

	daemon->control = control_new(daemon->loop, &options, err);
	if (!daemon->control)
		return -1;
	progress_attach(daemon->progress, daemon->control);
	room_feed_attach(daemon->room_feed, daemon->control);
	event_feed_attach(daemon->event_feed, daemon->control);
	loop_on_turn_end(daemon->loop, on_turn_end, daemon);
	return 0;
}

static int init_timers(struct daemon *daemon, struct err *err)
{
	static const struct {
		int number;
		void (*fn)(int signal_number, void *arg);
	} signals[] = { { SIGTERM, on_stop_signal }, { SIGINT, on_stop_signal }, { SIGHUP, on_hangup } };

	daemon->pump_timer = loop_timer_new(daemon->loop, on_pump_timer, daemon, err);
	daemon->drain_timer = loop_timer_new(daemon->loop, on_drain_timeout, daemon, err);
	if (!daemon->pump_timer || !daemon->drain_timer)
		return -1;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		daemon->signals[i] = loop_signal_new(daemon->loop, signals[i].number, signals[i].fn, daemon, err);
		if (!daemon->signals[i])
			return -1;
	}
	return 0;
}

static int init_loop(struct daemon *daemon, struct err *err)
{
	daemon->loop = loop_new(err);
	return daemon->loop ? 0 : -1;
}

/* Missing keys are no reason not to start (they may come later), but one to speak up. */
static void look_for_credentials(struct daemon *daemon)
{
	struct err err;

	if (pauses_find_credentials(queue_pauses(daemon->queue), &err) < 0)
		log_err("credentials", &err);
}

int daemon_init(struct daemon *daemon, const struct config *config, unsigned relapses, struct err *err)
{
	static int (*const steps[])(struct daemon *daemon, struct err *err) = {
		init_loop,  init_platform, init_ledger,	 init_wire,
		init_queue, init_plans,	   init_reconciles, init_joins,
		init_imports, init_policies, init_watch, init_control,
		init_timers, halt_init,
	};

	*daemon = (struct daemon){ .config = config, .started_ms = clock_mono_ms(), .relapses = relapses };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i](daemon, err) < 0) {
			daemon_finish(daemon);
			return -1;
		}
	}
	look_for_credentials(daemon);
	log_info("ready environment=%s endpoint=%s socket=%s waiting=%" PRId64 "%s", daemon->environment,
		 daemon->endpoint_url, config->socket_path, queue_waiting(daemon->queue),
		 config->dry ? " dry=yes" : "");
	first_load_begin(daemon->loads, daemon->ledger, config);
	return 0;
}

int daemon_run(struct daemon *daemon, struct err *err)
{
	loop_wake(daemon->loop);
	if (loop_run(daemon->loop, err) < 0)
		return -1;
	if (daemon->halt.is_over && !daemon->stopping)
		return 1;
	log_info("stopped");
	return 0;
}

void daemon_finish(struct daemon *daemon)
{
	/* What is out is answered first ("unknown"), then what waits ("stopping"): nobody is left with half a story. */
	if (daemon->joins)
		joins_halt(daemon->joins);
	http_free(daemon->http);
	reader_free(daemon->reader);
	joins_free(daemon->joins);
	unclaimeds_free(daemon->unclaimeds);
	imports_free(daemon->imports);
	watch_free(daemon->watch);
	loads_free(daemon->loads);
	if (daemon->policies)
		policies_halt(daemon->policies);
	plans_free(daemon->plans);
	policies_free(daemon->policies);
	adoptions_free(daemon->adoptions);
	reconciles_free(daemon->reconciles);
	control_free(daemon->control);
	queue_free(daemon->queue);
	progress_free(daemon->progress);
	room_feed_free(daemon->room_feed);
	event_feed_free(daemon->event_feed);
	surveys_free(daemon->surveys);
	sender_free(daemon->sender);
	ledger_close(daemon->ledger);
	if (daemon->platform)
		daemon->platform->class->free(daemon->platform);
	for (size_t i = 0; i < sizeof(daemon->signals) / sizeof(daemon->signals[0]); i++)
		loop_signal_free(daemon->signals[i]);
	halt_finish(daemon);
	loop_timer_free(daemon->pump_timer);
	loop_timer_free(daemon->drain_timer);
	loop_free(daemon->loop);
	*daemon = (struct daemon){ 0 };
}

/* Whether the batch has something to send in this lane. */
static bool is_open_in(const struct op_tally by_kind[OP_KINDS], enum lane lane)
{
	for (int kind = 0; kind < OP_KINDS; kind++)
		for (int state = 0; state < OP_STATES && op_lane((enum op_kind)kind) == lane; state++)
			if (!op_is_settled((enum op_state)state) && by_kind[kind].operations[state] > 0)
				return true;
	return false;
}

/* Of the lanes that can be stopped. */
static const char *paused_for(struct daemon *daemon, int64_t batch_id)
{
	struct pauses *pauses = queue_pauses(daemon->queue);
	struct op_tally by_kind[OP_KINDS];
	struct err err;

	if (!pauses_any(pauses) || operations_tally(daemon->ledger, batch_id, by_kind, &err) < 0)
		return NULL;
	for (int lane = LANE_READ + 1; lane < LANES; lane++) {
		const char *why = pauses_why(pauses, (enum lane)lane);

		if (!why || !is_open_in(by_kind, (enum lane)lane))
			continue;
		if (pauses_cause(pauses, (enum lane)lane) == PAUSE_FUNDS)
			return "funds";
		return pauses_stopped(pauses, (enum lane)lane) ? "ngmtctl resume" : why;
	}
	return NULL;
}

/* What keeps a batch from going on. */
static const char *waiting_for(struct daemon *daemon, int64_t batch_id)
{

	if (daemon->halt.is_on)
		return "a ledger that can be written";
	if (daemon->config->dry)
		return "the end of dry mode";
	if (queue_to_compare(daemon->queue) > 0)
		return "the comparison of the restored ledger";
	return paused_for(daemon, batch_id);
}

struct json_object *daemon_describe_batch(struct daemon *daemon, int64_t batch_id, struct err *err)
{
	struct json_object *out = batch_describe(daemon->ledger, batch_id, err);
	int64_t waiting = 0, unsure = 0;
	struct sender_rate rate;
	bool finished = false;

	if (!out)
		return NULL;
	sender_rate(daemon->sender, &rate);
	(void)json_get_int(out, "waiting", &waiting);
	(void)json_get_int(out, "unsure", &unsure);
	(void)json_get_bool(out, "finished", &finished);
	if (rate.per_s < 0.1)
		rate.per_s = rate.limit_per_s;
	json_put_value(out, "rate_per_s", json_object_new_double(round(rate.per_s * 10) / 10));
	json_put_value(out, "eta_s",
		       rate.per_s > 0 && !finished
			       ? json_object_new_int64((int64_t)ceil((double)(waiting + unsure) / rate.per_s))
			       : NULL);
	json_put_text(out, "waiting_for", finished ? NULL : waiting_for(daemon, batch_id));
	return out;
}
