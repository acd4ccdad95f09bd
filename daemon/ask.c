/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "known.h"
#include "listing.h"
#include "protocol.h"

/* Things listed that are counted, at most; the rest is passed over. */
#define ITEMS_MAX 100000
/* Pages of 100. */
#define PAGES_MAX 1000
/* Beyond what the answer shows, so many are kept before the older ones are dropped. */
#define SPARE 2000

struct question {
	struct found found;
	struct ticket *ticket;
	char *subject;
	char *search;
	char *page;
	unsigned pages;
	struct json_object *seen; /* ids: pages may overlap when something new comes while they are read */
	ask_answer_fn *answer;
};

static void question_free(struct question *question)
{
	json_object_put(question->found.items);
	json_object_put(question->found.workers);
	json_object_put(question->seen);
	free(question->subject);
	free(question->search);
	free(question->page);
	free(question);
}

static void end(struct question *question, struct json_object *result, const struct err *err)
{
	control_answer(question->ticket, result, err);
	question_free(question);
}

/* --- what comes --- */

static struct json_object *element(const void *slot)
{
	struct json_object *item;

	memcpy(&item, slot, sizeof(struct json_object *));
	return item;
}

static int newest_first(const void *a, const void *b)
{
	int order = strcmp(listing_time(element(b)), listing_time(element(a)));

	return order ? order : strcmp(listing_id(element(b)), listing_id(element(a)));
}

/* Only the newest are shown: the others need not be kept. */
static void keep_newest(struct found *found, size_t keep)
{
	size_t count = json_object_array_length(found->items);

	json_object_array_sort(found->items, newest_first);
	if (count > keep)
		(void)json_object_array_del_idx(found->items, keep, count - keep);
}

static bool is_new(struct question *question, struct json_object *item)
{
	const char *id = listing_id(item);

	if (question->found.kind == READ_BONUSES || question->found.kind == READ_BONUSES_OF)
		return true;
	if (json_has(question->seen, id))
		return false;
	json_put_bool(question->seen, id, true);
	return true;
}

/* Takes over `item`. */
static void add(struct question *question, struct json_object *item)
{
	struct found *found = &question->found;
	size_t shown = (size_t)(found->offset + found->limit);

	if (found->total >= ITEMS_MAX || !listing_matches(item, question->search) || !is_new(question, item)) {
		json_object_put(item);
		return;
	}
	found->total++;
	(void)json_object_array_add(found->items, item);
	if (json_object_array_length(found->items) > shown + SPARE)
		keep_newest(found, shown);
}

/* What cannot be remembered is asked for again. */
static void on_hit(void *arg, const struct hit *hit)
{
	struct question *question = arg;
	struct err err;

	(void)facts_put_hit(question->found.daemon->ledger, hit, &err);
	add(question, listing_hit(hit));
}

static void on_type(void *arg, const struct qualification_type *type)
{
	struct question *question = arg;
	struct err err;

	(void)facts_put_type(question->found.daemon->ledger, type, &err);
	add(question, listing_type(type));
}

static void on_holder(void *arg, const struct qualification *qualification)
{
	add(arg, listing_holder(qualification));
}

static void add_to(struct json_object *object, const char *key, int64_t value)
{
	int64_t sum = 0;

	(void)json_get_int(object, key, &sum);
	json_put_int(object, key, sum + value);
}

static void on_bonus(void *arg, const struct bonus_payment *payment)
{
	struct question *question = arg;
	struct found *found = &question->found;
	struct json_object *worker = json_get_object(found->workers, payment->worker_id);

	if (found->total >= ITEMS_MAX)
		return;
	if (!worker) {
		worker = json_object_new_object();
		json_put_value(found->workers, payment->worker_id, worker);
	}
	add_to(worker, "payments", 1);
	add_to(worker, "amount_cents", payment->amount_minor);
	found->total_minor += payment->amount_minor;
	add(question, listing_payment(payment));
}

static void on_missing(void *arg, const char *subject)
{
	struct question *question = arg;

	(void)subject;
	question->found.is_missing = true;
}

static void on_page(void *arg, const char *next)
{
	struct question *question = arg;

	free(question->page);
	question->page = strdup(next);
}

/* --- from page to page --- */

static int ask(struct question *question, struct err *err);

/* Nobody waits for it any more, or the list has no end. */
static bool is_hopeless(struct question *question, struct err *err)
{
	if (control_is_waited_for(question->ticket) && ++question->pages < PAGES_MAX)
		return false;
	(void)err_set(err, ERR_PLATFORM, "the list has more than %d pages", PAGES_MAX);
	return true;
}

/* In order, and only the page that is wanted. */
static void settle(struct found *found)
{
	size_t skipped = (size_t)found->offset, count;

	keep_newest(found, (size_t)(found->offset + found->limit));
	count = json_object_array_length(found->items);
	if (skipped > count)
		skipped = count;
	if (skipped > 0)
		(void)json_object_array_del_idx(found->items, 0, skipped);
}

static void answer(struct question *question)
{
	struct json_object *result;
	struct err err;

	settle(&question->found);
	result = question->answer(&question->found, &err);
	end(question, result, result ? NULL : &err);
}

static const char *noun_of(enum read_kind kind)
{
	if (kind == READ_TYPE || kind == READ_TYPES || kind == READ_HOLDERS)
		return "qualifications";
	return kind == READ_BONUSES_OF ? "assignments" : "hits";
}

static bool find_near(const struct found *found, char best[KNOWN_WORD_BYTES])
{
	return known_nearest(found->daemon->ledger, found->daemon->config, noun_of(found->kind), found->subject,
			     best) &&
	       strcmp(best, found->subject) != 0;
}

/* The platform does not take the question: perhaps because of an id that is almost right. */
static void refuse(struct question *question, const struct err *why)
{
	struct err err = *why;
	char best[KNOWN_WORD_BYTES];

	if (question->subject && why->code == ERR_PLATFORM && find_near(&question->found, best))
		(void)err_hint(&err, "did you mean \"%s\"?", best);
	end(question, NULL, &err);
}

static void on_read(void *arg, const struct err *err)
{
	struct question *question = arg;
	bool has_more = question->page != NULL;
	struct err failure;

	if (err)
		refuse(question, err);
	else if (!has_more)
		answer(question);
	else if (is_hopeless(question, &failure) || ask(question, &failure) < 0)
		end(question, NULL, &failure);
}

/* Takes the page that is to be read out of the question: a new one is there only if this answer names it. */
static int ask(struct question *question, struct err *err)
{
	const struct read read = { .kind = question->found.kind, .subject = question->subject, .page = question->page };
	const struct read_sink sink = { .arg = question,
					.on_hit = on_hit,
					.on_missing_hit = on_missing,
					.on_bonus = on_bonus,
					.on_page = on_page,
					.on_type = on_type,
					.on_holder = on_holder,
					.on_missing = on_missing };
	int result = reader_read(question->found.daemon->reader, &read, &sink, on_read, question, err);

	free(question->page);
	question->page = NULL;
	return result;
}

static struct question *question_new(struct daemon *daemon, const struct asking *asking)
{
	struct question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	question->answer = asking->answer;
	question->seen = json_object_new_object();
	question->subject = asking->subject ? strdup(asking->subject) : NULL;
	question->search = asking->search ? strdup(asking->search) : NULL;
	question->found = (struct found){ .daemon = daemon,
					  .kind = asking->kind,
					  .member = asking->member,
					  .subject = question->subject,
					  .may_select = asking->may_select,
					  .offset = asking->offset,
					  .limit = asking->limit,
					  .items = json_object_new_array(),
					  .workers = json_object_new_object() };
	if ((!asking->subject || question->subject) && (!asking->search || question->search))
		return question;
	question_free(question);
	return NULL;
}

enum method_outcome ask_start(struct daemon *daemon, const struct asking *asking, struct err *err)
{
	struct question *question = question_new(daemon, asking);

	if (!question) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return METHOD_FAILED;
	}
	if (ask(question, err) < 0) {
		question_free(question);
		return METHOD_FAILED;
	}
	question->ticket = control_defer(daemon->control);
	return METHOD_LATER;
}

int ask_read_page(struct json_object *params, int64_t limit, struct asking *out, struct err *err)
{
	out->offset = 0;
	out->limit = limit;
	(void)json_get_int(params, "offset", &out->offset);
	(void)json_get_int(params, "limit", &out->limit);
	if (out->offset < 0 || out->offset > ITEMS_MAX)
		return err_set(err, ERR_USAGE, "\"offset\" is 0 to %d", ITEMS_MAX);
	if (out->limit < 1 || out->limit > PROTOCOL_PAGE_MAX)
		return err_set(err, ERR_USAGE, "\"limit\" is 1 to %d", PROTOCOL_PAGE_MAX);
	return 0;
}

int ask_set_missing(const struct found *found, struct err *err)
{
	const char *what = noun_of(found->kind);
	char best[KNOWN_WORD_BYTES];

	(void)err_set(err, ERR_NOT_FOUND,
		      strcmp(what, "hits") == 0          ? "there is no HIT \"%s\" in this account"
		      : strcmp(what, "assignments") == 0 ? "there is no assignment \"%s\" in this account"
							 : "there is no qualification type \"%s\" in this account",
		      found->subject);
	if (find_near(found, best))
		return err_hint(err, "did you mean \"%s\"?", best);
	return err_hint(err, "sandbox and live have different ids");
}
