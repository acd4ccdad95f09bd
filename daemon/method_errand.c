/* SPDX-License-Identifier: MIT
 *
 * plan_errand, apply_errand: single requests that no row asks for: HITs, qualification types, blocks. What the platform
 * says is read anew first; then everything happens in one turn.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "errand_plan.h"
#include "log.h"
#include "method.h"
#include "selected.h"

/* Of 100 assignments each. */
#define PAGES_MAX 1000

/* One request of a client, from its params to its answer. */
struct work {
	struct daemon *daemon;
	struct ticket *ticket; /* NULL: it is still being answered at once */
	struct errand_params params;
	bool applies;
	struct actor actor;
	char *user;
	char *words;
	char *hit_id;
	char *type_id;
	struct errand_target target; /* its texts are the two below */
	char *title;
	char *status;
	char *page;
	unsigned pages;
	bool has_balance;
};

static void work_free(struct work *work)
{
	errand_params_finish(&work->params);
	free(work->user);
	free(work->words);
	free(work->hit_id);
	free(work->type_id);
	free(work->title);
	free(work->status);
	free(work->page);
	free(work);
}

/* Before anything is asked. */

static int become_actor(struct work *work, const struct peer *peer, struct err *err)
{
	work->user = strdup(peer->actor.user);
	work->words = peer->actor.words ? strdup(peer->actor.words) : NULL;
	if (!work->user || (peer->actor.words && !work->words))
		return err_set(err, ERR_INTERNAL, "out of memory");
	work->actor = peer->actor;
	work->actor.user = work->user;
	work->actor.words = work->words;
	return 0;
}

/* What is meant where nothing is named: what is selected, else what is configured. */
static char *choose(const char *named, char *(*selected)(struct ledger *ledger), struct ledger *ledger,
		    const char *configured)
{
	char *chosen = named ? strdup(named) : selected(ledger);

	return chosen || named || !configured ? chosen : strdup(configured);
}

static int choose_ids(struct work *work, struct err *err)
{
	const struct config *config = work->daemon->config;

	work->type_id = choose(work->params.qualification_type_id, selected_type, work->daemon->ledger,
			       config->default_qualification_type_id);
	if (!errand_changes_hit(work->params.errand))
		return 0;
	work->hit_id = choose(work->params.hit_id, selected_hit, work->daemon->ledger, config->default_hit_id);
	if (work->hit_id)
		return 0;
	(void)err_set(err, ERR_STATE, "no HIT is selected");
	return err_hint(err, "name one, or select one: ngmtctl get hits");
}

static int check_capability(const struct work *work, struct err *err)
{
	const struct platform_class *class = work->daemon->platform->class;

	if (class->capabilities & errand_capability(work->params.errand))
		return 0;
	return err_set(err, ERR_PLATFORM, "%s cannot do \"%s\"", class->title, errand_name(work->params.errand));
}

static struct work *work_new(struct daemon *daemon, const struct peer *peer, struct json_object *params, bool applies,
			     struct err *err)
{
	struct work *work = calloc(1, sizeof(*work));

	if (!work) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	work->daemon = daemon;
	work->applies = applies;
	if (errand_params_read(&work->params, params, err) == 0 && check_capability(work, err) == 0 &&
	    become_actor(work, peer, err) == 0 && choose_ids(work, err) == 0)
		return work;
	work_free(work);
	return NULL;
}

/* When everything is known. */

static int check_digest(const struct work *work, const struct errand_plan *plan, struct err *err)
{
	const char *now = errand_plan_digest(plan), *shown = work->params.digest;

	if (shown && strcmp(shown, now) == 0)
		return 0;
	(void)err_set(err, ERR_MONEY_RULE, "the plan has changed since it was shown: it is %s now, not %.40s; nothing "
					   "was done",
		      now, shown ? shown : "(none)");
	return err_hint(err, "look at the plan again and confirm that one");
}

/* Two commands at once cannot both get past this: it is one turn, and what is recorded changes the other's plan. */
static struct json_object *record(struct work *work, struct errand_plan *plan, struct err *err)
{
	struct daemon *daemon = work->daemon;
	int64_t batch_id, operations;

	if (method_check_recording(daemon, err) < 0 || check_digest(work, plan, err) < 0 ||
	    errand_plan_record(plan, &work->actor, &batch_id, &operations, err) < 0 ||
	    (batch_id && queue_add_batch(daemon->queue, batch_id, err) < 0))
		return NULL;
	log_info("errand recorded errand=%s batch=%" PRId64 " operations=%" PRId64
		 " user=\"%s\" uid=%u pid=%d digest=%s",
		 errand_name(work->params.errand), batch_id, operations, work->actor.user, (unsigned)work->actor.uid,
		 (int)work->actor.pid, errand_plan_digest(plan));
	return errand_plan_describe_recorded(plan, batch_id, operations);
}

static void take_terms(struct work *work, struct errand_terms *out)
{
	struct daemon *daemon = work->daemon;
	const struct errand_params *params = &work->params;
	const struct config *config = daemon->config;
	const struct balance *balance = pauses_balance(queue_pauses(daemon->queue));
	enum lane lane = params->errand == ERRAND_BLOCK || params->errand == ERRAND_UNBLOCK ? LANE_WORKER
			 : params->errand >= ERRAND_CREATE_TYPE				    ? LANE_QUALIFY
											    : LANE_HIT;

	*out = (struct errand_terms){
		.ledger = daemon->ledger,
		.class = daemon->platform->class,
		.params = params,
		.hit_id = work->hit_id,
		.qualification_type_id = work->type_id,
		.integer_value = params->has_integer_value ? params->integer_value : config->default_integer_value,
		.send_notification = params->has_send_notification ? params->send_notification
								     : config->default_send_notification,
		.target = errand_changes_hit(params->errand) ? &work->target : NULL,
		.budget = queue_budget(daemon->queue),
		.available_minor = work->has_balance ? &balance->available_minor : NULL,
		.paused = pauses_why(queue_pauses(daemon->queue), lane),
	};
	(void)daemon->platform->class->now_s(daemon->platform, &out->now_s);
}

static struct json_object *conclude(struct work *work, struct err *err)
{
	struct json_object *result = NULL;
	struct errand_terms terms;
	struct errand_plan *plan;

	take_terms(work, &terms);
	plan = errand_plan_new(&terms, err);
	if (plan)
		result = work->applies ? record(work, plan, err) : errand_plan_describe(plan);
	errand_plan_free(plan);
	return result;
}

/* Asking. */

static void fail(struct work *work, const struct err *err)
{
	control_answer(work->ticket, NULL, err);
	work_free(work);
}

static void finish(struct work *work)
{
	struct err err;
	struct json_object *result = conclude(work, &err);

	control_answer(work->ticket, result, result ? NULL : &err);
	work_free(work);
}

/* Without a balance a plan is still a plan; without access it is none. */
static void on_balance(void *arg, const struct err *err)
{
	struct work *work = arg;

	work->has_balance = !err;
	if (err && err->code == ERR_CREDENTIALS)
		fail(work, err);
	else
		finish(work);
}

/* Whether the plan shows what is left. What was confirmed was shown it. */
static bool wants_balance(const struct work *work)
{
	return !work->applies && (work->params.errand == ERRAND_CREATE_HIT || work->params.assignments > 0);
}

static int ask_balance(struct work *work, struct err *err)
{
	return pauses_refresh(queue_pauses(work->daemon->queue), false, on_balance, work, err);
}

static void go_on(struct work *work)
{
	struct err err;

	if (!wants_balance(work))
		finish(work);
	else if (ask_balance(work, &err) < 0)
		fail(work, &err);
}

static void on_assignment(void *arg, const struct assignment *assignment)
{
	struct work *work = arg;

	work->target.undecided += assignment->status == ASSIGNMENT_SUBMITTED;
	work->target.rejected += assignment->status == ASSIGNMENT_REJECTED;
}

static void on_page(void *arg, const char *next)
{
	struct work *work = arg;

	free(work->page);
	work->page = strdup(next);
}

static void on_assignments(void *arg, const struct err *err);

static int ask_assignments(struct work *work, struct err *err)
{
	const struct read read = { .kind = READ_ASSIGNMENTS, .subject = work->hit_id, .page = work->page };
	const struct read_sink sink = { .arg = work, .on_assignment = on_assignment, .on_page = on_page };
	int result = reader_read(work->daemon->reader, &read, &sink, on_assignments, work, err);

	free(work->page);
	work->page = NULL;
	return result;
}

static void on_assignments(void *arg, const struct err *err)
{
	struct work *work = arg;
	/* Nobody waits for it any more, or the list has no end: what was seen must do. */
	bool is_last = !work->page || !control_is_waited_for(work->ticket) || ++work->pages >= PAGES_MAX;
	struct err failure;

	if (err)
		fail(work, err);
	else if (!is_last && ask_assignments(work, &failure) < 0)
		fail(work, &failure);
	else if (is_last)
		go_on(work);
}

static void on_hit(void *arg, const struct hit *hit)
{
	struct work *work = arg;

	free(work->title);
	free(work->status);
	work->title = hit->title ? strdup(hit->title) : NULL;
	work->status = hit->status ? strdup(hit->status) : NULL;
	work->target.hit = *hit;
	work->target.hit.hit_id = work->hit_id;
	work->target.hit.title = work->title;
	work->target.hit.status = work->status;
	work->target.hit.review_status = work->target.hit.annotation = NULL;
}

static void on_target(void *arg, const struct err *err)
{
	struct work *work = arg;
	struct err failure;

	if (err)
		fail(work, err);
	else if (work->params.errand != ERRAND_DELETE_HIT || !work->target.hit.hit_id)
		go_on(work);
	else if (ask_assignments(work, &failure) < 0)
		fail(work, &failure);
}

static int ask_target(struct work *work, struct err *err)
{
	const struct read read = { .kind = READ_HIT, .subject = work->hit_id };
	const struct read_sink sink = { .arg = work, .on_hit = on_hit };

	return reader_read(work->daemon->reader, &read, &sink, on_target, work, err);
}

static enum method_outcome start(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				 bool applies, struct json_object **result, struct err *err)
{
	struct work *work = work_new(daemon, peer, params, applies, err);
	int asked = 0;

	if (!work)
		return METHOD_FAILED;
	if (errand_changes_hit(work->params.errand))
		asked = ask_target(work, err) < 0 ? -1 : 1;
	else if (wants_balance(work))
		asked = ask_balance(work, err) < 0 ? -1 : 1;
	if (asked == 1) {
		work->ticket = control_defer(daemon->control);
		return METHOD_LATER;
	}
	*result = asked == 0 ? conclude(work, err) : NULL;
	work_free(work);
	return *result ? METHOD_DONE : METHOD_FAILED;
}

enum method_outcome method_plan_errand(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				       struct json_object **result, struct err *err)
{
	return start(daemon, peer, params, false, result, err);
}

enum method_outcome method_apply_errand(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					struct json_object **result, struct err *err)
{
	if (method_check_recording(daemon, err) < 0)
		return METHOD_FAILED;
	return start(daemon, peer, params, true, result, err);
}
