/* SPDX-License-Identifier: MIT */
#include "errand_params.h"

#include <stdint.h>
#include <string.h>

#include "cell.h"
#include "errand_member.h"
#include "platform.h"
#include "suggest.h"
#include "utf8.h"

#define ID_MAX 64
#define PURPOSE_MAX 64
#define REASON_MAX 1024
#define YEAR_S 31536000
#define SHOWN 80

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What every errand takes. */
#define COMMON                                                                                             \
	{ "errand", MEMBER_LINE, true, 1, 64 }, { "digest", MEMBER_LINE, false, 0, 64 },                   \
	{ "command", MEMBER_ANY, false, 0, 0 }

#define HIT_ID { "hit_id", MEMBER_LINE, false, 1, ID_MAX }
#define TYPE_ID { "qualification_type_id", MEMBER_LINE, false, 1, ID_MAX }
#define WORKERS { "workers", MEMBER_LIST, true, 1, ERRAND_WORKERS_MAX }

static const struct member create_hit[] = {
	COMMON,
	{ "hit", MEMBER_OBJECT, true, 0, 0 },
	{ "purpose", MEMBER_LINE, false, 1, PURPOSE_MAX },
	{ "rounds", MEMBER_FLAG, false, 0, 0 },
};
static const struct member extend_hit[] = {
	COMMON,
	HIT_ID,
	{ "assignments", MEMBER_NUMBER, false, 1, 1000000000 },
	{ "time_s", MEMBER_NUMBER, false, 1, YEAR_S },
};
static const struct member expire_hit[] = { COMMON, HIT_ID };
static const struct member delete_hit[] = { COMMON, { "hit_id", MEMBER_LINE, true, 1, ID_MAX } };
static const struct member create_type[] = {
	COMMON,
	{ "name", MEMBER_LINE, true, 1, 200 },
	{ "description", MEMBER_TEXT, false, 0, 2000 },
	{ "keywords", MEMBER_LINE, false, 0, 1000 },
};
static const struct member grant[] = {
	COMMON,
	WORKERS,
	TYPE_ID,
	{ "integer_value", MEMBER_NUMBER, false, 0, INT32_MAX },
	{ "send_notification", MEMBER_FLAG, false, 0, 0 },
};
static const struct member revoke[] = { COMMON, WORKERS, TYPE_ID, { "reason", MEMBER_TEXT, false, 0, REASON_MAX } };
static const struct member block[] = { COMMON, WORKERS, { "reason", MEMBER_TEXT, true, 1, REASON_MAX } };
static const struct member unblock[] = { COMMON, WORKERS, { "reason", MEMBER_TEXT, false, 0, REASON_MAX } };

static const struct {
	const char *name;
	const struct member *members;
	size_t count;
	unsigned capability;
	bool changes_hit;
	bool is_divisible;
} errands[ERRANDS] = {
	[ERRAND_CREATE_HIT] = { "create-hit", create_hit, COUNT(create_hit), PLATFORM_MAKES_HITS, false, false },
	[ERRAND_EXTEND_HIT] = { "extend-hit", extend_hit, COUNT(extend_hit), PLATFORM_MAKES_HITS, true, false },
	[ERRAND_EXPIRE_HIT] = { "expire-hit", expire_hit, COUNT(expire_hit), PLATFORM_MAKES_HITS, true, false },
	[ERRAND_DELETE_HIT] = { "delete-hit", delete_hit, COUNT(delete_hit), PLATFORM_MAKES_HITS, true, false },
	[ERRAND_CREATE_TYPE] = { "create-qualification", create_type, COUNT(create_type), PLATFORM_MAKES_TYPES, false,
				 false },
	[ERRAND_GRANT] = { "grant", grant, COUNT(grant), PLATFORM_QUALIFIES, false, true },
	[ERRAND_REVOKE] = { "revoke", revoke, COUNT(revoke), PLATFORM_MAKES_TYPES, false, true },
	[ERRAND_BLOCK] = { "block", block, COUNT(block), PLATFORM_BLOCKS, false, true },
	[ERRAND_UNBLOCK] = { "unblock", unblock, COUNT(unblock), PLATFORM_BLOCKS, false, true },
};

const char *errand_name(enum errand errand)
{
	return errands[errand].name;
}

unsigned errand_capability(enum errand errand)
{
	return errands[errand].capability;
}

bool errand_changes_hit(enum errand errand)
{
	return errands[errand].changes_hit;
}

bool errand_is_divisible(enum errand errand)
{
	return errands[errand].is_divisible;
}

static int find_errand(struct json_object *params, enum errand *out, struct err *err)
{
	struct suggest suggest;
	const char *name;

	if (!json_get_text(params, "errand", &name))
		return err_set(err, ERR_USAGE, "\"errand\" must say which: create-hit, extend-hit, expire-hit, "
					       "delete-hit, create-qualification, grant, revoke, block or unblock");
	suggest_init(&suggest, name);
	for (int i = 0; i < ERRANDS; i++) {
		if (strcmp(errands[i].name, name) == 0) {
			*out = (enum errand)i;
			return 0;
		}
		suggest_offer(&suggest, errands[i].name);
	}
	(void)err_set(err, ERR_USAGE, "there is no errand \"%.*s\"", utf8_cut(name, SHOWN), name);
	return suggest.best ? err_hint(err, "did you mean \"%s\"?", suggest.best) : -1;
}

static void take(struct errand_params *out)
{
	struct json_object *params = out->object;
	const struct {
		const char *name;
		const char **text;
	} texts[] = { { "purpose", &out->purpose },	    { "hit_id", &out->hit_id },
		      { "name", &out->name },		    { "description", &out->description },
		      { "keywords", &out->keywords },	    { "reason", &out->reason },
		      { "digest", &out->digest },	    { "qualification_type_id", &out->qualification_type_id } };

	for (size_t i = 0; i < COUNT(texts); i++)
		if (json_get_text(params, texts[i].name, texts[i].text) && !(*texts[i].text)[0])
			*texts[i].text = NULL;
	out->hit = json_get_object(params, "hit");
	out->workers = json_get_array(params, "workers");
	(void)json_get_bool(params, "rounds", &out->has_rounds);
	(void)json_get_int(params, "assignments", &out->assignments);
	(void)json_get_int(params, "time_s", &out->time_s);
	out->has_integer_value = json_get_int(params, "integer_value", &out->integer_value);
	out->has_send_notification = json_get_bool(params, "send_notification", &out->send_notification);
}

static int check_id(const char *text, const char *what, struct err *err)
{
	if (!text || is_entity_id(text))
		return 0;
	return err_set(err, ERR_USAGE, "\"%.*s\" is not the id of a %s", utf8_cut(text, SHOWN), text, what);
}

static int check_workers(struct json_object *workers, struct err *err)
{
	for (size_t i = 0; workers && i < json_object_array_length(workers); i++) {
		struct json_object *item = json_object_array_get_idx(workers, i);
		size_t len = json_object_is_type(item, json_type_string) ? (size_t)json_object_get_string_len(item) : 0;

		if (len == 0 || len > ID_MAX || strlen(json_object_get_string(item)) != len)
			return err_set(err, ERR_USAGE, "\"workers\" must be a list of ids; number %zu is none", i + 1);
	}
	return 0;
}

static int check_purpose(const char *purpose, struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (!purpose || strspn(purpose, allowed) == strlen(purpose))
		return 0;
	(void)err_set(err, ERR_USAGE, "the purpose \"%.*s\" is not a name", utf8_cut(purpose, SHOWN), purpose);
	return err_hint(err, "use up to %d letters, digits, points, dashes and underscores", PURPOSE_MAX);
}

static int check(const struct errand_params *out, struct err *err)
{
	if (out->errand == ERRAND_EXTEND_HIT && !out->assignments && !out->time_s)
		return err_set(err, ERR_USAGE, "\"extend-hit\" needs \"assignments\", \"time_s\" or both");
	if (check_id(out->hit_id, "HIT", err) < 0 ||
	    check_id(out->qualification_type_id, "qualification type", err) < 0 ||
	    check_purpose(out->purpose, err) < 0)
		return -1;
	return check_workers(out->workers, err);
}

int errand_params_read(struct errand_params *out, struct json_object *params, struct err *err)
{
	*out = (struct errand_params){ 0 };
	if (find_errand(params, &out->errand, err) < 0 ||
	    members_check(params, NULL, errands[out->errand].members, errands[out->errand].count, err) < 0)
		return -1;
	out->object = json_object_get(params);
	take(out);
	if (check(out, err) == 0)
		return 0;
	errand_params_finish(out);
	return -1;
}

void errand_params_finish(struct errand_params *params)
{
	json_object_put(params->object);
	*params = (struct errand_params){ 0 };
}
