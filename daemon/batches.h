/* SPDX-License-Identifier: MIT
 *
 * A batch: the operations that one command caused, and whose command it was (rule of money 10).
 */
#ifndef NGMT_BATCHES_H
#define NGMT_BATCHES_H

#include <sys/types.h>

#include "json.h"
#include "ledger.h"

/* Who asked, by the peer's credentials. */
struct actor {
	const char *user; /* name, or the number as text */
	uid_t uid;
	pid_t pid;
	const char *words; /* the command as it was typed, if the client told (params.command); NULL: it did not */
	bool is_policy;    /* nobody did: a room's policy */
};

/* The command line as the client says it was typed ("command" of the params); NULL: it did not say, or no decent text.
 * Borrowed. */
const char *batch_read_words(struct json_object *params);

/* A batch's command for people, from "batch b": what was typed, and what it meant to the daemon. */
#define BATCH_COMMAND "CASE WHEN b.typed IS NULL THEN b.command ELSE b.typed || ' (' || b.command || ')' END"

/* Starts a batch; the actor's own words are recorded beside `command`. its operations count only once batch_finish() is
 * committed (see operations_forget_unfinished()). */
int batch_begin(struct ledger *ledger, const struct actor *actor, const char *command, const char *digest,
		int64_t *batch_id, struct err *err);
int batch_finish(struct ledger *ledger, int64_t batch_id, struct err *err);

/* The result of the method "batch" (ngmt-protocol(7)) but for rate, eta and waiting_for, which the queue knows. New
 * reference; NULL with ERR_NOT_FOUND. */
struct json_object *batch_describe(struct ledger *ledger, int64_t batch_id, struct err *err);

/* Adds a page of the workers whom the batch's notifications go to: "recipients" and "recipients_next_offset". `page`:
 * {"offset", "limit", "troubled"} of the params. ERR_USAGE. */
int batch_put_recipients(struct ledger *ledger, int64_t batch_id, struct json_object *page, struct json_object *out,
			 struct err *err);

#endif
