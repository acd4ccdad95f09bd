/* SPDX-License-Identifier: MIT
 *
 * hello, connect, status: who is speaking to whom, and how things are.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "daemon.h"
#include "deadlines.h"
#include "events.h"
#include "method.h"
#include "money.h"
#include "operations.h"
#include "protocol.h"
#include "results.h"
#include "room_book.h"
#include "selected.h"
#include "watch.h"

/* What went wrong last, in status. */
#define ERRORS_SHOWN 5

enum method_outcome method_hello(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 struct json_object **result, struct err *err)
{
	int64_t protocol = 0;

	if (!json_get_int(params, "protocol", &protocol) || protocol != PROTOCOL_VERSION) {
		(void)err_set(err, ERR_PROTOCOL, "this ngmtd " NGMT_VERSION " speaks protocol %d, the client %" PRId64,
			      PROTOCOL_VERSION, protocol);
		(void)err_hint(err, "install ngmtctl and ngmtd of the same version");
		return METHOD_FAILED;
	}
	*result = json_object_new_object();
	json_put_int(*result, "protocol", PROTOCOL_VERSION);
	json_put_text(*result, "server", "ngmtd " NGMT_VERSION);
	json_put_text(*result, "platform", daemon->platform->class->name);
	json_put_text(*result, "endpoint", daemon->endpoint_url);
	json_put_text(*result, "user", peer->actor.user);
	json_put_bool(*result, "may_look", peer->may_look);
	json_put_bool(*result, "may_change", peer->may_change);
	json_put_bool(*result, "dry", daemon->config->dry);
	json_put_value(*result, "selected", selected_describe(daemon->ledger));
	return METHOD_DONE;
}

/* connect */

struct connecting {
	struct daemon *daemon;
	struct ticket *ticket;
};

static void on_connected(void *arg, const struct err *err)
{
	struct connecting *connecting = arg;
	struct pauses *pauses = queue_pauses(connecting->daemon->queue);
	const struct balance *balance = pauses_balance(pauses);
	struct json_object *result = NULL;

	if (!err) {
		result = json_object_new_object();
		json_put_text(result, "endpoint", connecting->daemon->endpoint_url);
		json_put_text(result, "credentials", pauses_credentials_source(pauses));
		json_put_int(result, "available_cents", balance->available_minor);
		json_put_value(result, "on_hold_cents",
			       balance->on_hold_known ? json_object_new_int64(balance->on_hold_minor) : NULL);
	}
	control_answer(connecting->ticket, result, err);
	free(connecting);
}

enum method_outcome method_connect(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				   struct json_object **result, struct err *err)
{
	struct connecting *connecting = calloc(1, sizeof(*connecting));

	(void)peer;
	(void)params;
	(void)result;
	if (!connecting) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	connecting->daemon = daemon;
	if (pauses_refresh(queue_pauses(daemon->queue), true, on_connected, connecting, err) < 0) {
		free(connecting);
		return METHOD_FAILED;
	}
	connecting->ticket = control_defer(daemon->control);
	return METHOD_LATER;
}

/* status */

static void add_problem(struct json_object *problems, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_problem(struct json_object *problems, const char *hint, const char *format, ...)
{
	struct json_object *problem = json_object_new_object();
	char text[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_put_text(problem, "what", text);
	json_put_text(problem, "hint", hint);
	(void)json_object_array_add(problems, problem);
}

/* What everything open costs, fees included, in the lanes that wait for money, against what the account holds. */
struct funds {
	bool is_paused;
	int64_t bonuses, hits;
	int64_t missing_minor; /* 0: there is enough, as far as is known */
};

static bool waits_for_money(struct daemon *daemon, enum op_kind kind)
{
	return op_moves_money(kind) && pauses_cause(queue_pauses(daemon->queue), op_lane(kind)) == PAUSE_FUNDS;
}

static struct funds count_funds(struct daemon *daemon, const struct op_tally by_kind[OP_KINDS])
{
	const struct balance *balance = pauses_balance(queue_pauses(daemon->queue));
	struct funds funds = { .is_paused = false };
	int64_t owed = 0;

	for (int kind = 0; kind < OP_KINDS; kind++) {
		if (!waits_for_money(daemon, (enum op_kind)kind))
			continue;
		funds.is_paused = true;
		for (int state = 0; state < OP_STATES; state++) {
			if (op_is_settled((enum op_state)state))
				continue;
			owed += by_kind[kind].amount_minor[state] + by_kind[kind].fee_minor[state];
			*(kind == OP_BONUS ? &funds.bonuses : &funds.hits) += by_kind[kind].operations[state];
		}
	}
	if (balance->is_known && owed > balance->available_minor)
		funds.missing_minor = owed - balance->available_minor;
	return funds;
}

static void add_missing(const struct funds *funds, struct json_object *problems)
{
	char missing[MONEY_TEXT_MAX], hits[64] = "";

	if (funds->hits > 0)
		(void)snprintf(hits, sizeof(hits), "%s%" PRId64 " %s", funds->bonuses > 0 ? " and " : "", funds->hits,
			       funds->hits == 1 ? "change of a HIT" : "changes of HITs");
	(void)money_display(funds->missing_minor, missing);
	if (funds->bonuses > 0)
		add_problem(problems, "buy prepaid HITs; payments go on by themselves",
			    "out of funds: %s are missing for %" PRId64 " %s%s, fees included", missing,
			    funds->bonuses, funds->bonuses == 1 ? "bonus" : "bonuses", hits);
	else
		add_problem(problems, "buy prepaid HITs; this goes on by itself",
			    "out of funds: %s are missing for %s, fees included", missing, hits);
}

static void add_pauses(struct daemon *daemon, const struct op_tally by_kind[OP_KINDS], struct json_object *problems)
{
	struct pauses *pauses = queue_pauses(daemon->queue);
	struct funds funds;

	if (pauses_trouble(pauses) && pauses_cause(pauses, LANE_APPROVE) != PAUSE_ACCESS)
		add_problem(problems, "put the credentials right and type: ngmtctl connect", "%s",
			    pauses_trouble(pauses));
	if (pauses_cause(pauses, LANE_APPROVE) == PAUSE_ACCESS) {
		add_problem(problems, "put the credentials right and type: ngmtctl connect", "nothing can be sent: %s",
			    pauses_why(pauses, LANE_APPROVE));
		return;
	}
	funds = count_funds(daemon, by_kind);
	if (funds.is_paused && funds.missing_minor == 0)
		add_problem(problems, "ngmtctl connect makes it look at once",
			    "there is money again: payments go on within half a minute");
	else if (funds.is_paused)
		add_missing(&funds, problems);
	if (pauses_cause(pauses, LANE_APPROVE) == PAUSE_FUNDS)
		add_problem(problems, "buy prepaid HITs; approvals go on by themselves", "out of funds for approvals");
}

static int64_t sum_state(const struct op_tally by_kind[OP_KINDS], enum op_state state)
{
	int64_t sum = 0;

	for (int kind = 0; kind < OP_KINDS; kind++)
		sum += by_kind[kind].operations[state];
	return sum;
}

/* `undo`: rejections that go on by themselves, which is no problem. */
static void add_stuck(const struct op_tally by_kind[OP_KINDS], enum op_state state, int64_t undo, const char *what,
		      struct json_object *problems)
{
	char hint[80];

	(void)snprintf(hint, sizeof(hint), "ngmtctl queue list --state %s says why", op_state_name(state));
	for (int kind = 0; kind < OP_KINDS; kind++) {
		int64_t count = by_kind[kind].operations[state] - (kind == OP_REJECT ? undo : 0);

		if (count > 0)
			add_problem(problems, hint, "%" PRId64 " %s %s %s", count, op_kind_name((enum op_kind)kind),
				    count == 1 ? "operation is" : "operations are", what);
	}
}

static void add_restored(struct daemon *daemon, struct json_object *problems)
{
	char when[CLOCK_TEXT_MAX];
	int64_t last_s = daemon->ledger->restored_s;

	if (daemon->ledger->restored == LEDGER_AS_LEFT)
		return;
	add_problem(problems, "what was done since is on the platform's lists; it goes on by itself",
		    "this ledger is an older one than the one that was here (restored from a backup?): its last entry "
		    "is of %s; %" PRId64 " open operations are compared with the platform before anything is sent",
		    last_s ? clock_format_utc(last_s, when) : "an unknown time",
		    queue_to_compare(daemon->queue));
}

/* NULL: the ledger cannot be counted. */
static struct json_object *describe_rooms(struct daemon *daemon)
{
	struct err err;
	struct json_object *rooms = room_book_counts(daemon->ledger, &err);
	struct json_object *watch = rooms ? watch_describe(daemon->watch) : NULL;

	if (watch)
		json_put_value(rooms, "watch", watch);
	return rooms;
}

/* A folder that cannot be watched as it should be, then the rooms that need a person. */
static void add_rooms(struct json_object *rooms, struct json_object *problems)
{
	struct json_object *folders = json_get_array(json_get_object(rooms, "watch"), "folders");
	size_t count = folders ? json_object_array_length(folders) : 0;
	const char *game, *problem;
	int64_t unread = 0, held = 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *folder = json_object_array_get_idx(folders, i);

		if (json_get_text(folder, "game", &game) && json_get_text(folder, "problem", &problem))
			add_problem(problems, "ngmtctl rooms rescan looks again at once", "game \"%.60s\": %.300s",
				    game, problem);
	}
	(void)json_get_int(rooms, "problems", &unread);
	(void)json_get_int(rooms, "held_rows", &held);
	if (unread > 0)
		add_problem(problems, "ngmtctl rooms --problems says why", "%" PRId64 " %s cannot be imported", unread,
			    unread == 1 ? "room" : "rooms");
	if (held > 0)
		add_problem(problems, "ngmtctl rooms --problems names the rooms, ngmtctl rooms show NAME says why",
			    "%" PRId64 " %s of watched rooms %s held", held, held == 1 ? "row" : "rows",
			    held == 1 ? "is" : "are");
}

static struct json_object *describe_problems(struct daemon *daemon, const struct op_tally by_kind[OP_KINDS],
					     struct json_object *rooms)
{
	struct json_object *problems = json_object_new_array();
	int64_t unsure = sum_state(by_kind, OP_UNSURE), undo = 0;
	struct err err;

	(void)operations_count_undo(daemon->ledger, &undo, &err);
	halt_describe(daemon, problems);
	add_restored(daemon, problems);
	pauses_describe(queue_pauses(daemon->queue), problems);
	add_pauses(daemon, by_kind, problems);
	if (unsure > 0)
		add_problem(problems, "this is being found out; nothing is paid twice",
			    "the %s of %" PRId64 " %s lost", unsure == 1 ? "answer" : "answers", unsure,
			    unsure == 1 ? "request was" : "requests were");
	add_stuck(by_kind, OP_HELD, undo, "held", problems);
	add_stuck(by_kind, OP_FAILED, 0, "refused by the platform", problems);
	add_rooms(rooms, problems);
	if (daemon->config->dry)
		add_problem(problems, "set [queue] dry = no", "dry mode: nothing is sent");
	return problems;
}

static struct json_object *describe_queue(const struct op_tally by_kind[OP_KINDS])
{
	struct json_object *queue = json_object_new_object();

	for (int state = 0; state < OP_STATES; state++)
		json_put_int(queue, op_state_name((enum op_state)state), sum_state(by_kind, (enum op_state)state));
	return queue;
}

struct moved {
	int64_t done_minor, done_fee_minor;
	int64_t open_minor, open_fee_minor;
};

static void count_moved(const struct op_tally *tally, struct moved *moved)
{
	moved->done_minor += tally->amount_minor[OP_DONE];
	moved->done_fee_minor += tally->fee_minor[OP_DONE];
	for (int state = 0; state < OP_STATES; state++) {
		if (op_is_settled((enum op_state)state))
			continue;
		moved->open_minor += tally->amount_minor[state];
		moved->open_fee_minor += tally->fee_minor[state];
	}
}

/* Bonuses are sent to workers; what HITs cost is set aside for them. */
static struct json_object *describe_money(const struct daemon *daemon, const struct op_tally by_kind[OP_KINDS])
{
	struct json_object *money = json_object_new_object();
	struct moved bonuses = { 0 }, hits = { 0 };

	for (int kind = 0; kind < OP_KINDS; kind++)
		if (op_moves_money((enum op_kind)kind))
			count_moved(&by_kind[kind], kind == OP_BONUS ? &bonuses : &hits);
	json_put_text(money, "currency", daemon->platform->class->currency);
	json_put_int(money, "sent_cents", bonuses.done_minor);
	json_put_int(money, "sent_fees_cents", bonuses.done_fee_minor);
	json_put_int(money, "to_send_cents", bonuses.open_minor);
	json_put_int(money, "to_send_fees_cents", bonuses.open_fee_minor);
	json_put_int(money, "set_aside_cents", hits.done_minor);
	json_put_int(money, "set_aside_fees_cents", hits.done_fee_minor);
	json_put_int(money, "to_set_aside_cents", hits.open_minor);
	json_put_int(money, "to_set_aside_fees_cents", hits.open_fee_minor);
	return money;
}

static void put_rate(struct daemon *daemon, const struct op_tally by_kind[OP_KINDS], struct json_object *out)
{
	struct json_object *object = json_object_new_object();
	int64_t open = sum_state(by_kind, OP_PLANNED) + sum_state(by_kind, OP_QUEUED) + sum_state(by_kind, OP_UNSURE);
	struct sender_rate rate;
	double pace;

	sender_rate(daemon->sender, &rate);
	pace = rate.per_s > 0.1 ? rate.per_s : rate.limit_per_s;
	json_put_value(object, "per_s", json_object_new_double(round(rate.per_s * 10) / 10));
	json_put_value(object, "limit_per_s",
		       rate.limit_per_s > 0 ? json_object_new_double(round(rate.limit_per_s * 100) / 100) : NULL);
	json_put_int(object, "throttled", rate.throttled);
	json_put_value(out, "rate", object);
	json_put_value(out, "eta_s",
		       open > 0 && pace > 0 ? json_object_new_int64((int64_t)ceil((double)open / pace)) : NULL);
}

/* NULL: no payment waits for money. */
static struct json_object *describe_funds(struct daemon *daemon, const struct op_tally by_kind[OP_KINDS])
{
	struct funds funds = count_funds(daemon, by_kind);
	struct json_object *object;

	if (!funds.is_paused)
		return NULL;
	object = json_object_new_object();
	json_put_int(object, "missing_cents", funds.missing_minor);
	json_put_int(object, "payments", funds.bonuses + funds.hits);
	return object;
}

static void put_limit(struct json_object *out, const char *key, int64_t limit_minor)
{
	json_put_value(out, key, limit_minor >= 0 ? json_object_new_int64(limit_minor) : NULL);
}

/* What is spent counts what is on its way, too; it is not counted while there is no limit. */
static struct json_object *describe_limits(struct daemon *daemon)
{
	const struct budget *budget = queue_budget(daemon->queue);
	struct json_object *out = json_object_new_object();
	int64_t now_s;

	(void)daemon->platform->class->now_s(daemon->platform, &now_s);
	put_limit(out, "daily_budget_cents", budget->limits.daily_minor);
	put_limit(out, "total_budget_cents", budget->limits.total_minor);
	put_limit(out, "balance_floor_cents", budget->limits.floor_minor);
	if (!budget_is_limited(budget))
		return out;
	json_put_int(out, "daily_spent_cents", budget_daily_minor(budget, now_s) + budget->open_minor);
	json_put_int(out, "total_spent_cents", budget->spent_minor + budget->open_minor);
	return out;
}

static struct json_object *describe_balance(const struct balance *balance)
{
	struct json_object *object = json_object_new_object();

	json_put_value(object, "available_cents",
		       balance->is_known ? json_object_new_int64(balance->available_minor) : NULL);
	json_put_time(object, "at", balance->seen_s);
	return object;
}

static const char *describe_state(struct daemon *daemon)
{
	if (daemon->stopping)
		return "stopping";
	if (daemon->halt.is_on)
		return "halted";
	return pauses_any(queue_pauses(daemon->queue)) || queue_to_compare(daemon->queue) > 0 ? "paused" : "ok";
}

enum method_outcome method_status(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				  struct json_object **result, struct err *err)
{
	struct pauses *pauses = queue_pauses(daemon->queue);
	struct op_tally by_kind[OP_KINDS];
	struct json_object *set, *rooms;
	int64_t rows_loaded = working_set_count(daemon->ledger, err);
	bool is_known = rows_loaded >= 0 && operations_tally(daemon->ledger, 0, by_kind, err) == 0;

	(void)peer;
	(void)params;
	/* A damaged ledger cannot even be counted, and that is what status is asked for then. */
	if (!is_known && !daemon->halt.is_on)
		return METHOD_FAILED;
	if (!is_known)
		memset(by_kind, 0, sizeof(by_kind));
	*result = json_object_new_object();
	json_put_text(*result, "endpoint", daemon->endpoint_url);
	json_put_text(*result, "version", NGMT_VERSION);
	json_put_int(*result, "uptime_s", (clock_mono_ms() - daemon->started_ms) / 1000);
	json_put_text(*result, "state", describe_state(daemon));
	json_put_bool(*result, "dry", daemon->config->dry);
	rooms = describe_rooms(daemon);
	json_put_value(*result, "problems", describe_problems(daemon, by_kind, rooms));
	json_put_value(*result, "errors", events_troubles(daemon->ledger, ERRORS_SHOWN, err));
	json_put_value(*result, "queue", is_known ? describe_queue(by_kind) : NULL);
	json_put_value(*result, "lanes", queue_describe_lanes(daemon->queue));
	json_put_value(*result, "money", is_known ? describe_money(daemon, by_kind) : NULL);
	put_rate(daemon, by_kind, *result);
	json_put_value(*result, "funds", describe_funds(daemon, by_kind));
	json_put_value(*result, "limits", describe_limits(daemon));
	json_put_value(*result, "balance", describe_balance(pauses_balance(pauses)));
	set = json_object_new_object();
	json_put_value(set, "rows", rows_loaded >= 0 ? json_object_new_int64(rows_loaded) : NULL);
	json_put_value(*result, "working_set", set);
	json_put_value(*result, "rooms", rooms);
	json_put_value(*result, "deadlines", deadlines_describe(daemon->ledger, daemon->platform));
	json_put_value(*result, "selected", selected_describe(daemon->ledger));
	return METHOD_DONE;
}
