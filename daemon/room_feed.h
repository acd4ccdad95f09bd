/* SPDX-License-Identifier: MIT
 *
 * Who is told what happens to rooms: the notification "room" (ngmt-protocol(7)). It is also noted among the events of
 * the ledger (events.h).
 */
#ifndef NGMT_ROOM_FEED_H
#define NGMT_ROOM_FEED_H

#include "control.h"

struct room_feed;

struct room_feed *room_feed_new(struct ledger *ledger, struct err *err);
void room_feed_free(struct room_feed *feed);

/* Where notifications go; set once, before anybody subscribes. */
void room_feed_attach(struct room_feed *feed, struct control *control);

/* Until the client goes. Once more changes nothing. */
int room_feed_subscribe(struct room_feed *feed, uint64_t client, struct err *err);

/* Takes over `news`, which gets the time as "at" and is told to everybody whose connection takes it up fast enough. */
void room_feed_tell(struct room_feed *feed, struct json_object *news);

#endif
