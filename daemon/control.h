/* SPDX-License-Identifier: MIT
 *
 * The control socket: JSON-RPC 2.0, one object a line (ngmt-protocol(7)). Reads and writes lines, knows who is on the
 * other side (SO_PEERCRED), checks the right to a method once, here, before any handler runs; what methods mean is in
 * method_*.c. Replies leave only after the turn's commit: whoever reads "done" can pull the plug.
 */
#ifndef NGMT_CONTROL_H
#define NGMT_CONTROL_H

#include "batches.h"
#include "json.h"
#include "loop.h"

#define CONTROL_CLIENTS_MAX 128
/* Requests of one client that are not answered yet. */
#define CONTROL_PENDING_MAX 16
#define CONTROL_UNREAD_MAX (32 << 20)
/* Beyond this much unread output, progress is left out. */
#define CONTROL_UNREAD_PROGRESS_MAX (1 << 20)

struct control;
struct method;

/* The peer, for handlers. Borrowed. */
struct peer {
	uint64_t client; /* for control_notify() */
	struct actor actor;
	bool may_look;
	bool may_change;
};

struct control_options {
	const char *socket_path;
	const char *read_group;
	const char *pay_group;
	const char *environment; /* named in every reply */
	void *arg;               /* handed to every handler */
};

/* Listens. A stale socket is replaced; one that another daemon answers on is not (ERR_STATE). */
struct control *control_new(struct loop *loop, const struct control_options *options, struct err *err);
void control_free(struct control *control);

/* End of a turn, after the commit: lets replies go; a commit that failed turns each of them into its error. */
void control_flush(struct control *control, const struct err *failed_commit);

/* From now on whatever would change something is answered with `why`, before any handler runs. */
void control_refuse_changes(struct control *control, const struct err *why);

bool control_has_client(struct control *control, uint64_t client);
/* Whether the client is there and reads fast enough to be told more. */
bool control_takes_more(struct control *control, uint64_t client);

/* Sends a notification if the client is still there. One that is not the last of its kind is left out for a client that
 * does not read fast enough. Takes over `params`. False: the client is gone. */
bool control_notify(struct control *control, uint64_t client, const char *method, struct json_object *params,
		    bool is_last);

/* A reply that comes later: from control_defer() to exactly one control_answer(), which frees it; also fine when the
 * client is gone. */
struct ticket;
struct ticket *control_defer(struct control *control);
/* Whether the client that asked is still there. */
bool control_is_waited_for(const struct ticket *ticket);
/* Takes over `result`; with `err` it must be NULL. */
void control_answer(struct ticket *ticket, struct json_object *result, const struct err *err);

#endif
