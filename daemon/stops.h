/* SPDX-License-Identifier: MIT
 *
 * Lanes that a person has stopped, kept in the ledger: until the same or another person lets them go on, whatever
 * happens to the daemon, the money and the credentials meanwhile.
 */
#ifndef NGMT_STOPS_H
#define NGMT_STOPS_H

#include "ledger.h"
#include "op.h"

#define STOP_USER_MAX 64

struct stop {
	bool is_on;
	char user[STOP_USER_MAX];
	int64_t at_s; /* wall clock; 0: not known */
	char words[STOP_USER_MAX + 16]; /* "paused by anna" */
};

/* Zero-initialised: nothing is stopped. */
struct stops {
	struct stop lanes[LANES];
};

/* What the ledger has. What makes no sense there stops everything: somebody wanted something to stand still. */
void stops_read(struct stops *stops, struct ledger *ledger);

/* Stops a lane, or (`user` NULL) lets it go on. 1: done; 0: it was so already, and stays as it was (who stopped it, and
 * when); -1. */
int stops_set(struct stops *stops, struct ledger *ledger, enum lane lane, const char *user, struct err *err);

#endif
