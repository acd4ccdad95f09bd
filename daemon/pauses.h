/* SPDX-License-Identifier: MIT
 *
 * Lanes that must not send for now, and the way back: while money or access is missing, the account is asked for its
 * balance every so often, and what may go on goes on by itself (rule of money 6). What a person has stopped (stops.h)
 * goes on by a person's word only, and whatever else keeps it. Also remembers the last balance seen.
 */
#ifndef NGMT_PAUSES_H
#define NGMT_PAUSES_H

#include "json.h"
#include "loop.h"
#include "op.h"
#include "react.h"
#include "reader.h"
#include "stops.h"

struct pauses;

struct balance {
	bool is_known;
	int64_t available_minor;
	int64_t on_hold_minor;
	bool on_hold_known;
	int64_t seen_s;   /* wall clock */
	int64_t asked_ms; /* monotonic: it is not older than this */
};

/* What a person has stopped is read from the ledger. `on_resume` runs when a lane may send again, from the loop or from
 * inside pauses_let_go(). */
struct pauses *pauses_new(struct loop *loop, struct ledger *ledger, struct reader *reader, struct platform *platform,
			  void (*on_resume)(void *arg), void *arg, struct err *err);
void pauses_free(struct pauses *pauses);

/* Stops the lane (PAUSE_FUNDS) or all lanes (PAUSE_ACCESS). `needed_minor`: what the refused payment costs with its
 * fee. */
void pauses_stop(struct pauses *pauses, enum lane lane, enum pause_cause cause, int64_t needed_minor,
		 const char *why);

/* NULL: the lane may send. Otherwise why not, for people; borrowed. */
const char *pauses_why(const struct pauses *pauses, enum lane lane);
/* What is missing, else PAUSE_PERSON, else PAUSE_NONE. */
enum pause_cause pauses_cause(const struct pauses *pauses, enum lane lane);
bool pauses_any(const struct pauses *pauses);
/* "funds", "access", "person"; NULL for PAUSE_NONE. */
const char *pause_cause_name(enum pause_cause cause);

/* A person stops a lane, or lets it go on. 1: done; 0: it was so already; -1. */
int pauses_hold_back(struct pauses *pauses, enum lane lane, const char *user, struct err *err);
int pauses_let_go(struct pauses *pauses, enum lane lane, struct err *err);
/* The problems in status: what persons have stopped. */
void pauses_describe(const struct pauses *pauses, struct json_object *problems);
/* NULL: no person has stopped it. Borrowed. */
const struct stop *pauses_stopped(const struct pauses *pauses, enum lane lane);

const struct balance *pauses_balance(const struct pauses *pauses);

/* Asks for the balance now (with credentials read again if `reload`), takes note, and lifts pauses that it answers.
 * `done` as in reader_read(). */
int pauses_refresh(struct pauses *pauses, bool reload, reader_done_fn *done, void *arg, struct err *err);

/* Looks for credentials without using them: what is wrong shows in the log and in `status` from the start. */
int pauses_find_credentials(struct pauses *pauses, struct err *err);
/* What was wrong with the credentials when they were last tried; NULL: nothing. */
const char *pauses_trouble(const struct pauses *pauses);

/* Where the credentials came from; "" before they were needed. */
const char *pauses_credentials_source(const struct pauses *pauses);

#endif
