/* SPDX-License-Identifier: MIT
 *
 * Who is told what happens: the notification "event" (ngmt-protocol(7)). Everybody is told from the ledger, after the
 * commit, from the place up to which he was told: nothing is left out and nothing comes twice, also for a client that
 * reads slowly, or comes back after the daemon was started again. Costs nothing while nobody listens.
 */
#ifndef NGMT_EVENT_FEED_H
#define NGMT_EVENT_FEED_H

#include "control.h"
#include "ledger.h"
#include "loop.h"

struct event_feed;

struct event_feed *event_feed_new(struct loop *loop, struct ledger *ledger, struct err *err);
void event_feed_free(struct event_feed *feed);

/* Where notifications go; set once, before anybody subscribes. */
void event_feed_attach(struct event_feed *feed, struct control *control);

/* Until the client goes: events after the number `after` (-1: from now on), of `lane` or EVENTS_ALL_LANES. Once more
 * replaces what the client had asked for. *newest is the last number there is now. */
int event_feed_subscribe(struct event_feed *feed, uint64_t client, int64_t after, int lane, int64_t *newest,
			 struct err *err);

/* After the turn's commit. `has_news`: something was committed. */
void event_feed_pump(struct event_feed *feed, bool has_news);

#endif
