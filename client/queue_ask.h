/* SPDX-License-Identifier: MIT
 *
 * The question before operations of the queue are let go on, stopped or taken back.
 */
#ifndef NGMT_QUEUE_ASK_H
#define NGMT_QUEUE_ASK_H

#include "err.h"
#include "json.h"
#include "queue_change.h"
#include "session.h"

/* How many operations a question shows. */
#define QUEUE_ASK_SHOWN_MAX 20

/* Whether the operation is held in doubt. */
bool queue_ask_is_doubtful(struct json_object *operation);

/* Shows what is meant under `title` ("To be released") and asks whether what may go (queue_deed) is to be sent: who,
 * how many, how much, the fees. -1: not confirmed, "nothing was `undone`". */
int queue_ask_to_send(const struct queue_change *change, const char *title, const char *undone, struct err *err);

/* Shows likewise and asks "`verb` all 12 operations in LIVE?". */
int queue_ask_all(const struct queue_change *change, const char *title, const char *verb, const char *undone,
		  struct err *err);

/* Asks any question, which it takes over; with a `count` for that number. --yes agrees. */
int queue_ask(struct session *session, char *question, int64_t count, const char *undone, struct err *err);

#endif
