/* SPDX-License-Identifier: MIT */
#include "halt.h"

#include <stdio.h>

#include "daemon.h"
#include "log.h"
#include "watch.h"

#define PROBE_MS 3000
/* For a ledger that fails again as soon as it is taken up. */
#define PROBE_MAX_MS 60000

static void on_probe(void *arg)
{
	struct daemon *daemon = arg;
	struct err err;

	if (ledger_probe(daemon->ledger, &err) == 0) {
		log_info("the ledger can be written again, everything is taken up from it");
		daemon->halt.is_over = true;
		loop_stop(daemon->loop);
		return;
	}
	daemon->halt.needs_person = store_is_damaged(daemon->ledger->store);
	if (daemon->halt.needs_person)
		log_err("the ledger is not tried any more", &err);
	else
		log_debug("the ledger cannot be written yet why=\"%s\"", err.message);
	if (!daemon->halt.needs_person)
		(void)loop_timer_set(daemon->halt.timer, daemon->halt.probe_ms);
}

int halt_init(struct daemon *daemon, struct err *err)
{
	daemon->halt.probe_ms = PROBE_MS;
	for (unsigned i = 1; i < daemon->relapses && daemon->halt.probe_ms < PROBE_MAX_MS; i++)
		daemon->halt.probe_ms *= 2;
	daemon->halt.timer = loop_timer_new(daemon->loop, on_probe, daemon, err);
	return daemon->halt.timer ? 0 : -1;
}

void halt_finish(struct daemon *daemon)
{
	loop_timer_free(daemon->halt.timer);
	daemon->halt.timer = NULL;
}

void halt_begin(struct daemon *daemon, const struct err *why)
{
	struct halt *halt = &daemon->halt;
	struct store *store = daemon->ledger->store;

	log_err("the ledger failed, nothing more is sent", why);
	halt->is_on = true;
	halt->why = *why;
	/* What failed for another reason than the disk fails again when it is taken up again. */
	halt->needs_person = !store_failure(store) || store_is_damaged(store);
	store_refuse(store, why);
	(void)err_set(&halt->refusal, ERR_LEDGER, "%.400s; no money moved, nothing was recorded", why->message);
	(void)err_hint(&halt->refusal, "%s", why->hint);
	queue_halt(daemon->queue, why);
	policies_halt(daemon->policies);
	watch_halt(daemon->watch);
	imports_halt(daemon->imports, &halt->refusal);
	loads_halt(daemon->loads, &halt->refusal);
	plans_halt(daemon->plans, &halt->refusal);
	adoptions_halt(daemon->adoptions, &halt->refusal);
	joins_halt(daemon->joins);
	unclaimeds_halt(daemon->unclaimeds, &halt->refusal);
	reader_halt(daemon->reader, &halt->refusal);
	control_refuse_changes(daemon->control, &halt->refusal);
	progress_touch_all(daemon->progress);
	loop_wake(daemon->loop);
	if (!halt->needs_person)
		(void)loop_timer_set(halt->timer, halt->probe_ms);
}

void halt_turn(struct daemon *daemon)
{
	/* What is under way comes to its end: it fails, or it needs nothing but what is there. */
	bool has_more = plans_pump(daemon->plans);

	has_more = imports_pump(daemon->imports) || has_more;
	has_more = loads_pump(daemon->loads) || has_more;
	has_more = reconciles_pump(daemon->reconciles) || has_more;
	has_more = adoptions_pump(daemon->adoptions) || has_more;
	has_more = unclaimeds_pump(daemon->unclaimeds) || has_more;
	(void)joins_pump(daemon->joins);
	if (has_more)
		loop_wake(daemon->loop);
	progress_pump(daemon->progress);
	control_flush(daemon->control, NULL);
	/* What is out cannot be recorded when it is answered: there is nothing to wait for. */
	if (daemon->stopping)
		loop_stop(daemon->loop);
}

void halt_describe(const struct daemon *daemon, struct json_object *problems)
{
	struct json_object *problem;
	char text[sizeof(daemon->halt.why.message) + 80];

	if (!daemon->halt.is_on)
		return;
	problem = json_object_new_object();
	(void)snprintf(text, sizeof(text), "%s; nothing is sent and nothing is recorded", daemon->halt.why.message);
	json_put_text(problem, "what", text);
	(void)snprintf(text, sizeof(text), "%s%s%s", daemon->halt.why.hint, daemon->halt.why.hint[0] ? "; " : "",
		       daemon->halt.needs_person ? "then start ngmtd again" : "it goes on by itself");
	json_put_text(problem, "hint", text);
	(void)json_object_array_add(problems, problem);
}
