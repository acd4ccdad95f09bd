/* SPDX-License-Identifier: MIT */
#include "follow.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "clock.h"
#include "interrupt.h"
#include "output.h"
#include "progress.h"

#define RETRY_MS 100

struct follow {
	struct session *session;
	int64_t batch_id;
	int64_t planned_cents;
	bool may_wait_for_funds;
	struct json_object *batch;
	struct progress_display display;
};

static void note(struct follow *follow, const char *text)
{
	progress_clear(&follow->display);
	if (!follow->session->is_quiet)
		(void)fprintf(stderr, "%s\n", text);
}

/* Takes over `batch`: the newest state is kept and shown. */
static void take_state(struct follow *follow, struct json_object *batch)
{
	struct progress progress;
	int64_t id = follow->batch_id;

	/* A notification about another batch, or of another method, is none of ours. */
	if ((json_get_int(batch, "batch", &id) && id != follow->batch_id) || !json_has(batch, "finished")) {
		json_object_put(batch);
		return;
	}
	json_object_put(follow->batch);
	follow->batch = batch;
	if (follow->session->is_json) {
		if (!follow->session->is_quiet && !batch_is_finished(batch))
			output_json(batch);
		return;
	}
	progress_read(&progress, batch, follow->planned_cents);
	progress_show(&follow->display, &progress);
}

static int subscribe(struct follow *follow, struct err *err)
{
	struct json_object *params = json_object_new_object(), *batch;

	json_put_int(params, "batch", follow->batch_id);
	batch = session_call(follow->session, "subscribe", params, SESSION_SOON_MS, err);
	if (!batch)
		return -1;
	take_state(follow, batch);
	return 0;
}

/* Whether following is over, and why. */
static bool is_over(const struct follow *follow, enum batch_end *end)
{
	const struct session *session = follow->session;

	if (follow->batch && batch_is_finished(follow->batch))
		*end = BATCH_FINISHED;
	else if (interrupt_happened())
		*end = BATCH_DETACHED;
	else if (session->deadline_ms && clock_mono_ms() >= session->deadline_ms)
		*end = BATCH_TIMEOUT;
	else if (follow->batch && batch_waits_for_funds(follow->batch) && !follow->may_wait_for_funds)
		*end = BATCH_FUNDS;
	else
		return false;
	return true;
}

/* What a daemon that is just coming up may say. */
static bool may_pass(const struct err *err)
{
	return err->code == ERR_NO_DAEMON || err->code == ERR_BUSY || err->code == ERR_TIMEOUT;
}

/* Connects and subscribes again until it works, the time is over or a signal came: 0, and is_over() decides. */
static int resume(struct follow *follow, struct err *err)
{
	struct session *session = follow->session;
	int64_t until = session->deadline_ms ? session->deadline_ms : clock_mono_ms() + FOLLOW_RECONNECT_MS;
	enum batch_end end;

	note(follow,
	     "The connection to ngmtd was lost; waiting for it to come back. What was confirmed is in its ledger.");
	while (!is_over(follow, &end)) {
		if (session_reopen(session, err) == 0 && subscribe(follow, err) == 0) {
			note(follow, "Connected again.");
			return 0;
		}
		if (!may_pass(err))
			return -1;
		if (clock_mono_ms() >= until) {
			(void)err_set(err, ERR_NO_DAEMON, "ngmtd did not come back; batch %" PRId64 " is in its ledger",
				      follow->batch_id);
			return err_hint(
				err, "start ngmtd again: it goes on by itself; \"ngmtctl status\" shows how far it is");
		}
		(void)interrupt_poll(-1, 0, clock_mono_ms() + RETRY_MS);
	}
	return 0;
}

static int follow_on(struct follow *follow, enum batch_end *end, struct err *err)
{
	while (!is_over(follow, end)) {
		struct json_object *params = NULL;
		int found = session_next(follow->session, &params, err);

		if (found == 1)
			take_state(follow, params);
		else if (found < 0 && (err->code != ERR_NO_DAEMON || resume(follow, err) < 0))
			return -1;
	}
	return 0;
}

int follow_batch(struct session *session, int64_t batch_id, int64_t planned_cents, struct json_object **batch,
		 enum batch_end *end, struct err *err)
{
	struct follow follow = {
		.session = session,
		.batch_id = batch_id,
		.planned_cents = planned_cents,
		.may_wait_for_funds = option_is_given(session->invocation, OPTION_ID_WAIT),
	};
	int failed;

	progress_display_init(&follow.display, session->is_quiet || session->is_json);
	failed = subscribe(&follow, err);
	if (failed < 0 && may_pass(err))
		failed = is_over(&follow, end) ? 0 : resume(&follow, err);
	if (failed == 0)
		failed = follow_on(&follow, end, err);
	progress_clear(&follow.display);
	*batch = follow.batch;
	return failed;
}

struct json_object *follow_apply(struct session *session, const char *method, struct json_object *params,
				 struct err *err)
{
	struct json_object *applied;

	/* From here on Ctrl-C must not leave the person without knowing what the daemon does. */
	interrupt_watch();
	applied = session_call(session, method, params, SESSION_PATIENT_MS, err);
	if (!applied && (err->code == ERR_NO_DAEMON || err->code == ERR_TIMEOUT)) {
		(void)err_prefix(err, "the plan was sent, but not answered");
		(void)err_hint(err, "it may be in the ledger: look with \"ngmtctl status\", or run the same command "
				    "again; nothing is paid twice");
	}
	return applied;
}

void follow_note_end(const struct session *session, int64_t batch_id, enum batch_end end)
{
	static const char *const words[] = {
		[BATCH_FUNDS] = "Out of funds: the rest goes on by itself when there is money (--wait stays).",
		[BATCH_TIMEOUT] = "The time is over (--timeout), but the daemon goes on.",
		[BATCH_DETACHED] = "Detached: the daemon goes on.",
		[BATCH_QUEUED] = "In the ledger: the daemon does it now.",
	};

	if (end == BATCH_FINISHED || session->is_quiet)
		return;
	(void)fprintf(stderr, "%s Batch %" PRId64 "; look again with \"ngmtctl status\".\n", words[end], batch_id);
}

int64_t follow_balance(struct session *session)
{
	struct json_object *params, *result;
	int64_t cents;

	if (interrupt_happened())
		return -1;
	params = json_object_new_object();
	json_put_text(params, "what", "balance");
	result = session_call(session, "get", params, SESSION_SOON_MS, NULL);
	cents = output_int(result, "available_cents", -1);
	json_object_put(result);
	return cents;
}
