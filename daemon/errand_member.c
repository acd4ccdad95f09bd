/* SPDX-License-Identifier: MIT */
#include "errand_member.h"

#include <inttypes.h>
#include <string.h>

#include "suggest.h"
#include "utf8.h"

/* Names that a message quotes are cut. */
#define NAME_SHOWN 40

struct place {
	const char *path;
	const char *dot;
	const char *name;
};

#define PLACE "\"%s%s%s\""
#define PLACE_ARGS(place) (place)->path, (place)->dot, (place)->name

bool member_is_given(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, name, &value) && value;
}

/* XML, in which platforms wrap such texts, has no other control characters. */
static int check_characters(const struct place *place, const struct member *member, const char *text, struct err *err)
{
	const char *allowed = member->form == MEMBER_LINE ? "" : "\t\n\r";

	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c < 32 && !strchr(allowed, c)) || c == 127)
			return err_set(err, ERR_USAGE, PLACE " has a %s (code %u)", PLACE_ARGS(place),
				       c == '\n' || c == '\r' ? "line break" : "control character", (unsigned)c);
	}
	return 0;
}

static int check_text(const struct place *place, const struct member *member, struct json_object *object,
		      struct err *err)
{
	bool counts_bytes = member->form == MEMBER_BYTES;
	const char *text;
	int64_t length;

	if (!json_get_text(object, member->name, &text))
		return err_set(err, ERR_USAGE, PLACE " must be a text", PLACE_ARGS(place));
	length = (int64_t)(counts_bytes ? strlen(text) : utf8_length(text));
	if (length > member->most)
		return err_set(err, ERR_USAGE, PLACE " has %" PRId64 " %s, at most %" PRId64 " fit", PLACE_ARGS(place),
			       length, counts_bytes ? "bytes" : "characters", member->most);
	if (length < member->least || (member->least > 0 && !text[strspn(text, " \t\r\n")]))
		return err_set(err, ERR_USAGE, PLACE " is empty", PLACE_ARGS(place));
	return check_characters(place, member, text, err);
}

static int check_number(const struct place *place, const struct member *member, struct json_object *object,
			struct err *err)
{
	int64_t number;

	if (!json_get_int(object, member->name, &number))
		return err_set(err, ERR_USAGE, PLACE " must be a whole number", PLACE_ARGS(place));
	if (number >= member->least && number <= member->most)
		return 0;
	return err_set(err, ERR_USAGE, PLACE " is %" PRId64 ", which is not from %" PRId64 " to %" PRId64,
		       PLACE_ARGS(place), number, member->least, member->most);
}

static int check_list(const struct place *place, const struct member *member, struct json_object *object,
		      struct err *err)
{
	struct json_object *list = json_get_array(object, member->name);
	int64_t length = list ? (int64_t)json_object_array_length(list) : 0;

	if (!list)
		return err_set(err, ERR_USAGE, PLACE " must be a list", PLACE_ARGS(place));
	if (length > member->most)
		return err_set(err, ERR_USAGE, PLACE " has %" PRId64 " elements, at most %" PRId64 " fit",
			       PLACE_ARGS(place), length, member->most);
	if (length < member->least)
		return err_set(err, ERR_USAGE, PLACE " is empty", PLACE_ARGS(place));
	return 0;
}

static int check_flag(const struct place *place, const struct member *member, struct json_object *object,
		      struct err *err)
{
	bool flag;

	if (json_get_bool(object, member->name, &flag))
		return 0;
	return err_set(err, ERR_USAGE, PLACE " must be true or false", PLACE_ARGS(place));
}

static int check_object(const struct place *place, const struct member *member, struct json_object *object,
			struct err *err)
{
	if (json_get_object(object, member->name))
		return 0;
	return err_set(err, ERR_USAGE, PLACE " must be an object", PLACE_ARGS(place));
}

static int check_any(const struct place *place, const struct member *member, struct json_object *object,
		     struct err *err)
{
	(void)place;
	(void)member;
	(void)object;
	(void)err;
	return 0;
}

static int check_one(const char *path, const struct member *member, struct json_object *object, struct err *err)
{
	static int (*const checks[])(const struct place *place, const struct member *member,
				     struct json_object *object, struct err *err) = {
		[MEMBER_LINE] = check_text,   [MEMBER_TEXT] = check_text, [MEMBER_BYTES] = check_text,
		[MEMBER_NUMBER] = check_number, [MEMBER_FLAG] = check_flag, [MEMBER_OBJECT] = check_object,
		[MEMBER_LIST] = check_list,   [MEMBER_ANY] = check_any,
	};
	const struct place place = { path ? path : "", path ? "." : "", member->name };

	if (member_is_given(object, member->name))
		return checks[member->form](&place, member, object, err);
	return member->is_needed ? err_set(err, ERR_USAGE, PLACE " is missing", PLACE_ARGS(&place)) : 0;
}

static int check_name(const char *path, const char *name, const struct member *members, size_t count,
		      struct err *err)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(members[i].name, name) == 0)
			return 0;
		suggest_offer(&suggest, members[i].name);
	}
	(void)err_set(err, ERR_USAGE, "unknown member \"%s%s%.*s\"", path ? path : "", path ? "." : "",
		      utf8_cut(name, NAME_SHOWN), name);
	return suggest.best ? err_hint(err, "did you mean \"%s\"?", suggest.best) : -1;
}

int members_check(struct json_object *object, const char *path, const struct member *members, size_t count,
		  struct err *err)
{
	struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		if (check_name(path, json_object_iter_peek_name(&at), members, count, err) < 0)
			return -1;
	for (size_t i = 0; i < count; i++)
		if (check_one(path, &members[i], object, err) < 0)
			return -1;
	return 0;
}
