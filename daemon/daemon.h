/* SPDX-License-Identifier: MIT
 *
 * The daemon: its parts, made in the order in which they stand on each other, and the end of every turn.
 */
#ifndef NGMT_DAEMON_H
#define NGMT_DAEMON_H

#include "adoption.h"
#include "config.h"
#include "control.h"
#include "event_feed.h"
#include "halt.h"
#include "http.h"
#include "imports.h"
#include "joins.h"
#include "ledger.h"
#include "loads.h"
#include "loop.h"
#include "plan.h"
#include "platform.h"
#include "policy.h"
#include "progress.h"
#include "queue.h"
#include "reader.h"
#include "reconcile.h"
#include "room_feed.h"
#include "sender.h"
#include "survey.h"
#include "unclaimed.h"

struct watch;

struct daemon {
	const struct config *config;
	struct loop *loop;
	struct platform *platform;
	const char *environment;
	const char *endpoint_url;
	struct ledger *ledger;
	struct http *http;
	struct sender *sender;
	struct reader *reader;
	struct surveys *surveys;
	struct queue *queue;
	struct progress *progress;
	struct plans *plans;
	struct reconciles *reconciles;
	struct room_feed *room_feed;
	struct event_feed *event_feed;
	struct policies *policies;
	struct adoptions *adoptions;
	struct joins *joins;
	struct unclaimeds *unclaimeds;
	struct watch *watch;
	struct imports *imports;
	struct loads *loads;
	int64_t seen_changes; /* of the store, when the last turn ended */
	struct control *control;
	struct loop_timer *pump_timer;
	struct loop_timer *drain_timer;
	struct loop_signal *signals[3];
	int64_t started_ms;
	bool stopping;
	struct halt halt;
	unsigned relapses; /* how often the ledger failed lately, right after it was taken up again */
};

/* Makes everything; afterwards clients can connect. `relapses`: times that it has just been made anew. -1: nothing is
 * left behind. */
int daemon_init(struct daemon *daemon, const struct config *config, unsigned relapses, struct err *err);
/* Runs until SIGTERM or SIGINT: 0. 1: the ledger had failed and can be written again; the daemon is to be made anew.
 * -1: the event loop failed. */
int daemon_run(struct daemon *daemon, struct err *err);
void daemon_finish(struct daemon *daemon);

/* The params of "progress" and the result of "batch": the ledger's account of the batch, with rate, time to go and what
 * it waits for. New reference. */
struct json_object *daemon_describe_batch(struct daemon *daemon, int64_t batch_id, struct err *err);

#endif
