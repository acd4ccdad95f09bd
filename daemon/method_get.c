/* SPDX-License-Identifier: MIT
 *
 * get: asking the platform for balance and HITs.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "method.h"
#include "protocol.h"
#include "row.h"

#define HITS_MAX 100000
#define HITS_SHOWN 10
/* Of 100 HITs each. */
#define PAGES_MAX 1000

/* One question to the platform, from the request to its answer. */
struct question {
	struct daemon *daemon;
	struct ticket *ticket;
	enum read_kind kind;
	bool wants_newest;
	char *subject;
	char *search;
	char *page;
	int64_t limit;
	size_t matching;
	unsigned pages;
	struct json_object *hits; /* array */
};

static void question_free(struct question *question)
{
	json_object_put(question->hits);
	free(question->subject);
	free(question->search);
	free(question->page);
	free(question);
}

static void answer(struct question *question, struct json_object *result, const struct err *err)
{
	control_answer(question->ticket, result, err);
	question_free(question);
}

static struct json_object *describe_hit(const struct hit *hit)
{
	struct json_object *object = json_object_new_object();

	json_put_text(object, "hit_id", hit->hit_id);
	json_put_text(object, "title", hit->title);
	json_put_text(object, "status", hit->status);
	json_put_text(object, "review_status", hit->review_status);
	json_put_int(object, "reward_cents", hit->reward_minor);
	json_put_int(object, "max_assignments", hit->max_assignments);
	json_put_int(object, "pending", hit->pending);
	json_put_int(object, "available", hit->available);
	json_put_int(object, "completed", hit->completed);
	json_put_time(object, "created_at", hit->created_s);
	json_put_time(object, "expires_at", hit->expires_s);
	json_put_text(object, "annotation", hit->annotation);
	return object;
}

static bool matches(const struct hit *hit, const char *search)
{
	return !search || (hit->title && strcasestr(hit->title, search)) || strcasestr(hit->hit_id, search) ||
	       (hit->annotation && strcasestr(hit->annotation, search));
}

static void on_hit(void *arg, const struct hit *hit)
{
	struct question *question = arg;

	if (!matches(hit, question->search) || question->matching >= HITS_MAX)
		return;
	question->matching++;
	(void)json_object_array_add(question->hits, describe_hit(hit));
}

static void on_page(void *arg, const char *next)
{
	struct question *question = arg;

	free(question->page);
	question->page = strdup(next);
}

static const char *created_at(const void *element)
{
	struct json_object *hit;
	const char *text = "";

	memcpy(&hit, element, sizeof(struct json_object *));
	(void)json_get_text(hit, "created_at", &text);
	return text;
}

/* RFC 3339 in UTC sorts as text. MTurk's own order is undocumented. */
static int newest_first(const void *a, const void *b)
{
	return strcmp(created_at(b), created_at(a));
}

static void answer_hits(struct question *question)
{
	struct json_object *result = json_object_new_object();
	size_t shown = (size_t)question->limit;

	json_object_array_sort(question->hits, newest_first);
	if (shown < json_object_array_length(question->hits))
		(void)json_object_array_del_idx(question->hits, shown,
						json_object_array_length(question->hits) - shown);
	json_put_int(result, "total", (int64_t)question->matching);
	json_put_value(result, "hits", json_object_get(question->hits));
	answer(question, result, NULL);
}

static void answer_hit(struct question *question)
{
	struct json_object *result = json_object_new_object(), *hit;
	const char *hit_id = "";
	struct err err;

	json_object_array_sort(question->hits, newest_first);
	hit = json_object_array_get_idx(question->hits, 0);
	if (!hit) {
		json_object_put(result);
		(void)err_set(&err, ERR_NOT_FOUND, question->kind == READ_HIT ? "there is no HIT \"%s\" in this account"
									      : "there is no HIT%s in this account",
			      question->subject ? question->subject : "");
		(void)err_hint(&err, "sandbox and live have different ids");
		answer(question, NULL, &err);
		return;
	}
	(void)json_get_text(hit, "hit_id", &hit_id);
	if (ledger_set_meta(question->daemon->ledger, "hit", hit_id, &err) < 0) {
		json_object_put(result);
		answer(question, NULL, &err);
		return;
	}
	joins_news(question->daemon->joins);
	json_put_value(result, "hit", json_object_get(hit));
	answer(question, result, NULL);
}

static int ask(struct question *question, struct err *err);

/* Nobody waits for it any more, or the list has no end. */
static bool is_hopeless(struct question *question, struct err *err)
{
	if (control_is_waited_for(question->ticket) && ++question->pages < PAGES_MAX)
		return false;
	(void)err_set(err, ERR_PLATFORM, "the list has more than %d pages", PAGES_MAX);
	return true;
}

static void on_read(void *arg, const struct err *err)
{
	struct question *question = arg;
	bool has_more = question->page != NULL;
	struct err failure;

	if (err)
		answer(question, NULL, err);
	else if (has_more && is_hopeless(question, &failure))
		answer(question, NULL, &failure);
	else if (has_more && ask(question, &failure) < 0)
		answer(question, NULL, &failure);
	else if (has_more)
		return;
	else if (question->kind == READ_HIT || question->wants_newest)
		answer_hit(question);
	else
		answer_hits(question);
}

/* Takes the page that is to be read out of the question: a new one is there only if this answer names it. */
static int ask(struct question *question, struct err *err)
{
	const struct read read = { .kind = question->kind, .subject = question->subject, .page = question->page };
	const struct read_sink sink = { .arg = question,
					.on_hit = on_hit,
					.on_page = on_page };
	int result = reader_read(question->daemon->reader, &read, &sink, on_read, question, err);

	free(question->page);
	question->page = NULL;
	return result;
}

static enum method_outcome start(struct daemon *daemon, enum read_kind kind, bool wants_newest, const char *subject,
				 const char *search, int64_t limit, struct err *err)
{
	struct question *question = calloc(1, sizeof(*question));

	if (!question) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	question->daemon = daemon;
	question->kind = kind;
	question->wants_newest = wants_newest;
	question->limit = limit;
	question->hits = json_object_new_array();
	question->subject = subject ? strdup(subject) : NULL;
	question->search = search ? strdup(search) : NULL;
	if ((subject && !question->subject) || (search && !question->search))
		(void)err_set(err, ERR_INTERNAL, "out of memory");
	else if (ask(question, err) == 0) {
		question->ticket = control_defer(daemon->control);
		return METHOD_LATER;
	}
	question_free(question);
	return METHOD_FAILED;
}

static enum method_outcome get_hits(struct daemon *daemon, struct json_object *params, struct err *err)
{
	int64_t limit = HITS_SHOWN;
	const char *search = NULL;

	(void)json_get_text(params, "search", &search);
	(void)json_get_int(params, "limit", &limit);
	if (limit < 1 || limit > PROTOCOL_PAGE_MAX) {
		(void)err_set(err, ERR_USAGE, "\"limit\" is 1 to %d", PROTOCOL_PAGE_MAX);
		return METHOD_FAILED;
	}
	return start(daemon, READ_HITS, false, NULL, search, limit, err);
}

static enum method_outcome get_hit(struct daemon *daemon, struct json_object *params, struct err *err)
{
	(void)params;
	return start(daemon, READ_HITS, true, NULL, NULL, 1, err);
}

static enum method_outcome get_hit_status(struct daemon *daemon, struct json_object *params, struct err *err)
{
	char *selected = ledger_get_meta(daemon->ledger, "hit");
	const char *hit_id = selected;
	enum method_outcome outcome = METHOD_FAILED;

	(void)json_get_text(params, "hit_id", &hit_id);
	if (!hit_id) {
		(void)err_set(err, ERR_STATE, "no HIT is selected");
		(void)err_hint(err, "name one, or select the newest: ngmtctl get hit");
	} else if (!is_entity_id(hit_id)) {
		(void)err_set(err, ERR_USAGE, "\"%.80s\" is not the id of a HIT", hit_id);
	} else {
		outcome = start(daemon, READ_HIT, false, hit_id, NULL, 1, err);
	}
	free(selected);
	return outcome;
}

/* The balance is asked for through the pauses, which it may lift. */
struct asking_balance {
	struct daemon *daemon;
	struct ticket *ticket;
};

static void on_balance(void *arg, const struct err *err)
{
	struct asking_balance *asking = arg;
	const struct balance *balance = pauses_balance(queue_pauses(asking->daemon->queue));
	struct json_object *result = NULL;

	if (!err) {
		result = json_object_new_object();
		json_put_int(result, "available_cents", balance->available_minor);
		json_put_value(result, "on_hold_cents",
			       balance->on_hold_known ? json_object_new_int64(balance->on_hold_minor) : NULL);
	}
	control_answer(asking->ticket, result, err);
	free(asking);
}

static enum method_outcome get_balance(struct daemon *daemon, struct json_object *params, struct err *err)
{
	struct asking_balance *asking = calloc(1, sizeof(*asking));

	(void)params;
	if (!asking) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	asking->daemon = daemon;
	if (pauses_refresh(queue_pauses(daemon->queue), false, on_balance, asking, err) < 0) {
		free(asking);
		return METHOD_FAILED;
	}
	asking->ticket = control_defer(daemon->control);
	return METHOD_LATER;
}

enum method_outcome method_get(struct daemon *daemon, const struct peer *peer, struct json_object *params,
			       struct json_object **result, struct err *err)
{
	static const struct {
		const char *what;
		enum method_outcome (*get)(struct daemon *daemon, struct json_object *params, struct err *err);
	} gets[] = { { "balance", get_balance },
		     { "hit", get_hit },
		     { "hits", get_hits },
		     { "hit-status", get_hit_status } };
	const char *what = "";

	(void)peer;
	(void)result;
	(void)json_get_text(params, "what", &what);
	for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
		if (strcmp(gets[i].what, what) == 0)
			return gets[i].get(daemon, params, err);
	(void)err_set(err, ERR_USAGE, "\"what\" is balance, hit, hits or hit-status, not \"%.40s\"", what);
	return METHOD_FAILED;
}
