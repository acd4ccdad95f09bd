/* SPDX-License-Identifier: MIT
 *
 * select, complete: what is selected, and what could be typed.
 */
#include "ask.h"
#include "daemon.h"
#include "known.h"
#include "listing.h"
#include "log.h"
#include "method.h"
#include "row.h"
#include "selected.h"

static struct json_object *describe(struct daemon *daemon, const char *member, struct json_object *item)
{
	struct json_object *result = json_object_new_object();

	json_put_value(result, "selected", selected_describe(daemon->ledger));
	if (item)
		json_put_value(result, member, json_object_get(item));
	return result;
}

static struct json_object *select_hit(const struct found *found, struct err *err)
{
	struct json_object *hit = json_object_array_get_idx(found->items, 0);
	const char *title = NULL;

	if (!hit) {
		(void)ask_set_missing(found, err);
		return NULL;
	}
	(void)json_get_text(hit, "title", &title);
	if (selected_set_hit(found->daemon->ledger, listing_id(hit), title, err) < 0)
		return NULL;
	joins_news(found->daemon->joins);
	return describe(found->daemon, found->member, hit);
}

static struct json_object *select_type(const struct found *found, struct err *err)
{
	struct json_object *type = json_object_array_get_idx(found->items, 0);
	const char *name = NULL;

	if (!type) {
		(void)ask_set_missing(found, err);
		return NULL;
	}
	(void)json_get_text(type, "name", &name);
	if (selected_set_type(found->daemon->ledger, listing_id(type), name, err) < 0)
		return NULL;
	return describe(found->daemon, found->member, type);
}

static const struct choice {
	const char *member; /* of the params */
	const char *title;
	const char *known_as;
	struct asking asking;
	int (*set)(struct ledger *ledger, const char *id, const char *title, struct err *err);
} choices[] = {
	{ "hit_id",
	  "HIT",
	  "hits",
	  { .kind = READ_HIT, .limit = 1, .member = "hit", .answer = select_hit },
	  selected_set_hit },
	{ "qualification_type_id",
	  "qualification type",
	  "qualifications",
	  { .kind = READ_TYPE, .limit = 1, .member = "qualification", .answer = select_type },
	  selected_set_type },
};

static enum method_outcome clear(struct daemon *daemon, const struct choice *choice, struct json_object **result,
				 struct err *err)
{
	if (choice->set(daemon->ledger, NULL, NULL, err) < 0)
		return METHOD_FAILED;
	joins_news(daemon->joins);
	*result = describe(daemon, NULL, NULL);
	return METHOD_DONE;
}

static void refuse_id(struct daemon *daemon, const struct choice *choice, const char *id, struct err *err)
{
	char best[KNOWN_WORD_BYTES];

	(void)err_set(err, ERR_USAGE, "\"%.80s\" is not the id of a %s", id, choice->title);
	if (known_nearest(daemon->ledger, daemon->config, choice->known_as, id, best))
		(void)err_hint(err, "did you mean \"%s\"?", best);
}

static enum method_outcome choose(struct daemon *daemon, const struct choice *choice, struct json_object *value,
				  struct json_object **result, struct err *err)
{
	struct asking asking = choice->asking;

	if (!value)
		return clear(daemon, choice, result, err);
	if (!json_object_is_type(value, json_type_string)) {
		(void)err_set(err, ERR_USAGE, "\"%s\" must be an id or null", choice->member);
		return METHOD_FAILED;
	}
	asking.subject = json_object_get_string(value);
	if (is_entity_id(asking.subject))
		return ask_start(daemon, &asking, err);
	refuse_id(daemon, choice, asking.subject, err);
	return METHOD_FAILED;
}

enum method_outcome method_select(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				  struct json_object **result, struct err *err)
{
	bool has_hit = json_has(params, choices[0].member), has_type = json_has(params, choices[1].member);
	const struct choice *choice = &choices[has_type];
	struct json_object *value = NULL;

	if (has_hit == has_type) {
		(void)err_set(err, ERR_USAGE, "\"hit_id\" or \"qualification_type_id\" says what to select");
		return METHOD_FAILED;
	}
	(void)json_object_object_get_ex(params, choice->member, &value);
	log_info("select user=\"%s\" uid=%u pid=%d %s=%.64s", peer->actor.user, (unsigned)peer->actor.uid,
		 (int)peer->actor.pid, choice->member, value ? json_object_get_string(value) : "none");
	return choose(daemon, choice, value, result, err);
}

enum method_outcome method_complete(struct daemon *daemon, const struct peer *peer, struct json_object *params,
				    struct json_object **result, struct err *err)
{
	const char *what = "", *prefix = "";
	int64_t limit = KNOWN_WORDS_MAX;
	struct json_object *words;

	(void)peer;
	(void)json_get_text(params, "what", &what);
	(void)json_get_text(params, "prefix", &prefix);
	(void)json_get_int(params, "limit", &limit);
	words = known_words(daemon->ledger, daemon->config, what, prefix, limit, err);
	if (!words)
		return METHOD_FAILED;
	*result = json_object_new_object();
	json_put_value(*result, "words", words);
	return METHOD_DONE;
}
