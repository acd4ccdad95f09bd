/* SPDX-License-Identifier: MIT
 *
 * get: what the platform says. Lists and single things go through ask.h; here is what each is called, what it is about
 * when nothing is named, and how its answer looks.
 */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "daemon.h"
#include "listing.h"
#include "protocol.h"
#include "row.h"
#include "selected.h"

#define SHOWN 10
#define SHOWN_OF_LONG_LISTS PROTOCOL_PAGE_MAX

/* --- what it is about --- */

struct topic {
	const char *member; /* of the params */
	const char *title;
	const char *hint;
	char *(*standing)(struct daemon *daemon); /* what is meant without it; the caller frees; NULL: nothing */
};

static char *standing_hit(struct daemon *daemon)
{
	return selected_hit_else(daemon->ledger, daemon->config->default_hit_id);
}

static char *standing_type(struct daemon *daemon)
{
	return selected_type_else(daemon->ledger, daemon->config->default_qualification_type_id);
}

/* There is no assignment that is meant unless it is named. */
static char *no_standing(struct daemon *daemon)
{
	(void)daemon;
	return NULL;
}

static const struct topic hit_topic = { "hit_id", "HIT", "name one, or select the newest: ngmtctl get hit",
					standing_hit };
static const struct topic assignment_topic = { "assignment_id", "assignment", "\"assignment_id\" names one",
					       no_standing };
static const struct topic type_topic = { "qualification_type_id", "qualification type",
					 "name one, or select the newest: ngmtctl get qualification", standing_type };

/* Null is as good as absent. */
static bool is_given(struct json_object *params, const char *member)
{
	struct json_object *value;

	return json_object_object_get_ex(params, member, &value) && value;
}

/* Starts the question about it. */
static enum method_outcome ask_about(struct daemon *daemon, const struct topic *topic, struct json_object *params,
				     struct asking *asking, struct err *err)
{
	char *standing = topic->standing(daemon);
	enum method_outcome outcome = METHOD_FAILED;

	asking->subject = standing;
	if (is_given(params, topic->member) && !json_get_text(params, topic->member, &asking->subject)) {
		(void)err_set(err, ERR_USAGE, "\"%s\" must be an id", topic->member);
	} else if (!asking->subject) {
		(void)err_set(err, ERR_STATE, "no %s is selected", topic->title);
		(void)err_hint(err, "%s", topic->hint);
	} else if (!is_entity_id(asking->subject)) {
		(void)err_set(err, ERR_USAGE, "\"%.80s\" is not the id of a %s", asking->subject, topic->title);
	} else {
		outcome = ask_start(daemon, asking, err);
	}
	free(standing);
	return outcome;
}

/* --- HITs --- */

static struct json_object *newest_of(const struct found *found, const char *what, struct err *err)
{
	struct json_object *item = json_object_array_get_idx(found->items, 0);

	if (item)
		return item;
	(void)err_set(err, ERR_NOT_FOUND, "there is no %s in this account", what);
	(void)err_hint(err, "sandbox and live have different accounts");
	return NULL;
}

static struct json_object *answer_newest_hit(const struct found *found, struct err *err)
{
	struct json_object *hit = newest_of(found, "HIT", err), *result;
	bool selects = hit && found->may_select && !found->daemon->halt.is_on;
	const char *title = NULL;

	if (!hit)
		return NULL;
	(void)json_get_text(hit, "title", &title);
	if (selects && selected_set_hit(found->daemon->ledger, listing_id(hit), title, err) < 0)
		return NULL;
	if (selects)
		joins_news(found->daemon->joins);
	result = json_object_new_object();
	json_put_value(result, "hit", json_object_get(hit));
	json_put_bool(result, "selected", selects);
	return result;
}

static struct json_object *answer_list(const struct found *found, struct err *err)
{
	struct json_object *result = json_object_new_object();

	(void)err;
	json_put_int(result, "total", (int64_t)found->total);
	json_put_value(result, found->member, json_object_get(found->items));
	return result;
}

static struct json_object *answer_one(const struct found *found, struct err *err)
{
	struct json_object *item = json_object_array_get_idx(found->items, 0), *result;

	if (!item) {
		(void)ask_set_missing(found, err);
		return NULL;
	}
	result = json_object_new_object();
	json_put_value(result, found->member, json_object_get(item));
	return result;
}

static enum method_outcome get_hit(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				   struct err *err)
{
	const struct asking asking = {
		.kind = READ_HITS, .limit = 1, .may_select = peer->may_change, .answer = answer_newest_hit
	};

	(void)params;
	return ask_start(daemon, &asking, err);
}

static enum method_outcome get_list(struct daemon *daemon, struct json_object *params, struct asking *asking,
				    struct err *err)
{
	(void)json_get_text(params, "search", &asking->search);
	return ask_read_page(params, SHOWN, asking, err) < 0 ? METHOD_FAILED : ask_start(daemon, asking, err);
}

static enum method_outcome get_hits(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				    struct err *err)
{
	struct asking asking = { .kind = READ_HITS, .member = "hits", .answer = answer_list };

	(void)peer;
	return get_list(daemon, params, &asking, err);
}

static enum method_outcome get_hit_status(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					  struct err *err)
{
	struct asking asking = { .kind = READ_HIT, .limit = 1, .member = "hit", .answer = answer_one };

	(void)peer;
	return ask_about(daemon, &hit_topic, params, &asking, err);
}

/* --- bonuses --- */

static int most_first(const void *a, const void *b)
{
	struct json_object *one, *other;
	const char *id = "", *other_id = "";
	int64_t amount = 0, other_amount = 0;

	memcpy(&one, a, sizeof(struct json_object *));
	memcpy(&other, b, sizeof(struct json_object *));
	(void)json_get_int(one, "amount_cents", &amount);
	(void)json_get_int(other, "amount_cents", &other_amount);
	(void)json_get_text(one, "worker_id", &id);
	(void)json_get_text(other, "worker_id", &other_id);
	return amount != other_amount ? (amount < other_amount) - (amount > other_amount) : strcmp(id, other_id);
}

static struct json_object *list_workers(struct json_object *by_id)
{
	struct json_object *workers = json_object_new_array();

	json_object_object_foreach(by_id, worker_id, sums)
	{
		json_put_text(sums, "worker_id", worker_id);
		(void)json_object_array_add(workers, json_object_get(sums));
	}
	json_object_array_sort(workers, most_first);
	return workers;
}

static void put_next(const struct found *found, struct json_object *result)
{
	int64_t next = found->offset + (int64_t)json_object_array_length(found->items);

	json_put_int(result, "total", (int64_t)found->total);
	json_put_value(result, "next_offset", next < (int64_t)found->total ? json_object_new_int64(next) : NULL);
}

static struct json_object *answer_bonuses(const struct found *found, struct err *err)
{
	struct json_object *result;

	if (found->is_missing) {
		(void)ask_set_missing(found, err);
		return NULL;
	}
	result = json_object_new_object();
	json_put_text(result, found->kind == READ_BONUSES_OF ? "assignment_id" : "hit_id", found->subject);
	put_next(found, result);
	json_put_value(result, found->member, json_object_get(found->items));
	json_put_value(result, "workers", list_workers(found->workers));
	json_put_int(result, "total_cents", found->total_minor);
	return result;
}

static enum method_outcome get_bonuses(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				       struct err *err)
{
	bool is_of_one = is_given(params, assignment_topic.member);
	struct asking asking = { .kind = is_of_one ? READ_BONUSES_OF : READ_BONUSES,
				 .member = "payments",
				 .answer = answer_bonuses };

	(void)peer;
	if (is_of_one && is_given(params, hit_topic.member)) {
		(void)err_set(err, ERR_USAGE, "\"hit_id\" or \"assignment_id\", not both");
		return METHOD_FAILED;
	}
	if (ask_read_page(params, SHOWN_OF_LONG_LISTS, &asking, err) < 0)
		return METHOD_FAILED;
	return ask_about(daemon, is_of_one ? &assignment_topic : &hit_topic, params, &asking, err);
}

/* --- qualifications --- */

static struct json_object *answer_newest_type(const struct found *found, struct err *err)
{
	struct json_object *type = newest_of(found, "qualification type of yours", err), *result;
	bool selects = type && found->may_select && !found->daemon->halt.is_on;
	const char *name = NULL;

	if (!type)
		return NULL;
	(void)json_get_text(type, "name", &name);
	if (selects && selected_set_type(found->daemon->ledger, listing_id(type), name, err) < 0)
		return NULL;
	result = json_object_new_object();
	json_put_value(result, "qualification", json_object_get(type));
	json_put_bool(result, "selected", selects);
	return result;
}

static struct json_object *answer_workers(const struct found *found, struct err *err)
{
	struct json_object *result;

	if (found->is_missing) {
		(void)ask_set_missing(found, err);
		return NULL;
	}
	result = json_object_new_object();
	json_put_text(result, "qualification_type_id", found->subject);
	put_next(found, result);
	json_put_value(result, found->member, json_object_get(found->items));
	return result;
}

static enum method_outcome get_qualification(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					     struct err *err)
{
	const struct asking asking = {
		.kind = READ_TYPES, .limit = 1, .may_select = peer->may_change, .answer = answer_newest_type
	};

	(void)params;
	return ask_start(daemon, &asking, err);
}

static enum method_outcome get_qualifications(struct daemon *daemon, const struct peer *peer,
					      struct json_object *params, struct err *err)
{
	struct asking asking = { .kind = READ_TYPES, .member = "qualifications", .answer = answer_list };

	(void)peer;
	return get_list(daemon, params, &asking, err);
}

static enum method_outcome get_qualification_type(struct daemon *daemon, const struct peer *peer,
						  struct json_object *params, struct err *err)
{
	struct asking asking = { .kind = READ_TYPE, .limit = 1, .member = "qualification", .answer = answer_one };

	(void)peer;
	return ask_about(daemon, &type_topic, params, &asking, err);
}

static enum method_outcome get_workers(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				       struct err *err)
{
	struct asking asking = { .kind = READ_HOLDERS, .member = "workers", .answer = answer_workers };

	(void)peer;
	if (ask_read_page(params, SHOWN_OF_LONG_LISTS, &asking, err) < 0)
		return METHOD_FAILED;
	return ask_about(daemon, &type_topic, params, &asking, err);
}

/* --- the balance, which is asked for through the pauses: it may lift them --- */

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

static enum method_outcome get_balance(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				       struct err *err)
{
	struct asking_balance *asking = calloc(1, sizeof(*asking));

	(void)peer;
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
		enum method_outcome (*get)(struct daemon *daemon, const struct peer *peer, struct json_object *params,
					   struct err *err);
	} gets[] = { { "balance", get_balance },
		     { "bonuses", get_bonuses },
		     { "hit", get_hit },
		     { "hit-status", get_hit_status },
		     { "hits", get_hits },
		     { "qualification", get_qualification },
		     { "qualification-type", get_qualification_type },
		     { "qualifications", get_qualifications },
		     { "workers", get_workers } };
	const char *what = "";

	(void)result;
	(void)json_get_text(params, "what", &what);
	for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
		if (strcmp(gets[i].what, what) == 0)
			return gets[i].get(daemon, peer, params, err);
	(void)err_set(err, ERR_USAGE,
		      "\"what\" is balance, bonuses, hit, hits, hit-status, qualification, qualifications, "
		      "qualification-type or workers, not \"%.40s\"",
		      what);
	return METHOD_FAILED;
}
