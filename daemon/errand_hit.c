/* SPDX-License-Identifier: MIT */
#include "errand_hit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errand_member.h"
#include "errand_requirement.h"
#include "money.h"

#define YEAR_S 31536000
#define MONTH_S 2592000
#define ASSIGNMENTS_MAX 1000000000
#define QUESTION_BYTES_MAX 65535
/* What the platform's own envelope around a page may take of that. */
#define ENVELOPE_BYTES 512
#define URL_BYTES_MAX 2048
#define HEIGHT_MAX 100000

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The limits are MTurk's (CreateHIT). */
static const struct member members[] = {
	{ "title", MEMBER_LINE, true, 1, 128 },
	{ "description", MEMBER_TEXT, true, 1, 2000 },
	{ "keywords", MEMBER_LINE, false, 0, 1000 },
	{ "reward_cents", MEMBER_NUMBER, true, 1, MONEY_MAX_CENTS },
	{ "max_assignments", MEMBER_NUMBER, true, 1, ASSIGNMENTS_MAX },
	{ "lifetime_s", MEMBER_NUMBER, true, 30, YEAR_S },
	{ "duration_s", MEMBER_NUMBER, true, 30, YEAR_S },
	{ "auto_approval_s", MEMBER_NUMBER, false, 0, MONTH_S },
	{ "annotation", MEMBER_LINE, false, 0, 255 },
	{ "question", MEMBER_OBJECT, true, 0, 0 },
	{ "qualifications", MEMBER_LIST, false, 0, ERRAND_REQUIREMENTS_MAX },
};

static const struct member question_members[] = {
	{ "url", MEMBER_LINE, false, 1, URL_BYTES_MAX },
	{ "html", MEMBER_BYTES, false, 1, QUESTION_BYTES_MAX - ENVELOPE_BYTES },
	{ "xml", MEMBER_BYTES, false, 1, QUESTION_BYTES_MAX },
	{ "frame_height", MEMBER_NUMBER, false, 0, HEIGHT_MAX },
};

/* Checking. */

/* Workers' browsers show nothing that is not encrypted. */
static int check_url(struct json_object *question, struct err *err)
{
	static const char scheme[] = "https://";
	const char *url;

	if (!json_get_text(question, "url", &url))
		return 0;
	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return err_set(err, ERR_USAGE, "\"hit.question.url\" must begin with https://");
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > 126 || strchr("<>\"{}|\\^`", *p))
			return err_set(err, ERR_USAGE, "\"hit.question.url\" has a character that no address has; "
						       "write it as %%XX");
	if (strchr("/?#:@", url[strlen(scheme)]) || !url[strlen(scheme)])
		return err_set(err, ERR_USAGE, "\"hit.question.url\" names no host");
	return 0;
}

static int check_question(struct json_object *question, struct err *err)
{
	static const char *const forms[] = { "url", "html", "xml" };
	int given = 0;

	if (members_check(question, "hit.question", question_members, COUNT(question_members), err) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(forms); i++)
		given += member_is_given(question, forms[i]);
	if (given != 1)
		return err_set(err, ERR_USAGE, "\"hit.question\" must have exactly one of url, html and xml, not %s",
			       given ? "several" : "none");
	if (member_is_given(question, "xml") && member_is_given(question, "frame_height"))
		return err_set(err, ERR_USAGE,
			       "\"hit.question.frame_height\": with \"xml\" it stands in the text itself");
	return check_url(question, err);
}

static int check_requirements(struct json_object *list, struct err *err)
{
	char path[64];

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		(void)snprintf(path, sizeof(path), "hit.qualifications[%zu]", i);
		if (errand_requirement_check(json_object_array_get_idx(list, i), path, err) < 0)
			return -1;
	}
	return 0;
}

/* Everything that is added up later must fit. */
static int check_total(struct json_object *definition, struct err *err)
{
	int64_t reward = 0, assignments = 0, total;

	(void)json_get_int(definition, "reward_cents", &reward);
	(void)json_get_int(definition, "max_assignments", &assignments);
	if (__builtin_mul_overflow(reward, assignments, &total) || total > MONEY_MAX_CENTS / 2)
		return err_set(err, ERR_USAGE, "\"hit\": so many assignments at this reward cost more than can be "
					       "reckoned");
	return 0;
}

static int check(struct json_object *definition, struct err *err)
{
	if (members_check(definition, "hit", members, COUNT(members), err) < 0 ||
	    check_total(definition, err) < 0 || check_question(json_get_object(definition, "question"), err) < 0)
		return -1;
	return check_requirements(json_get_array(definition, "qualifications"), err);
}

/* Writing it in one way only. */

static struct json_object *copy_value(struct json_object *value);

static int compare_names(const void *a, const void *b)
{
	const char *const *one = a, *const *other = b;

	return strcmp(*one, *other);
}

static struct json_object *copy_object(struct json_object *object)
{
	size_t count = (size_t)json_object_object_length(object), n = 0;
	const char **names = calloc(count + 1, sizeof(*names));
	struct json_object *copy = json_object_new_object(), *value = NULL;
	struct json_object_iterator at = json_object_iter_begin(object), end = json_object_iter_end(object);

	for (; names && n < count && !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		if (json_object_iter_peek_value(&at))
			names[n++] = json_object_iter_peek_name(&at);
	if (n > 1)
		qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n; i++)
		if (json_object_object_get_ex(object, names[i], &value))
			json_put_value(copy, names[i], copy_value(value));
	free(names);
	return copy;
}

static struct json_object *copy_list(struct json_object *list)
{
	struct json_object *copy = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(list); i++)
		(void)json_object_array_add(copy, copy_value(json_object_array_get_idx(list, i)));
	return copy;
}

/* Numbers are made anew: json-c writes a parsed one as it was typed. */
static struct json_object *copy_value(struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		return copy_object(value);
	if (json_object_is_type(value, json_type_array))
		return copy_list(value);
	if (json_object_is_type(value, json_type_int))
		return json_object_new_int64(json_object_get_int64(value));
	return json_object_get(value);
}

/* What a question's frame is if nobody says it: as high as the window. */
static void fill_in(struct json_object *definition)
{
	struct json_object *question = json_get_object(definition, "question");
	struct json_object *list = json_get_array(definition, "qualifications");

	if (!member_is_given(question, "xml") && !member_is_given(question, "frame_height"))
		json_put_int(question, "frame_height", 0);
	if (list && json_object_array_length(list) == 0)
		json_object_object_del(definition, "qualifications");
}

static int name_selected(struct json_object *list, const char *selected_type, struct err *err)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *requirement = json_object_array_get_idx(list, i);

		if (!errand_requirement_is_selected(requirement))
			continue;
		if (!selected_type) {
			(void)err_set(err, ERR_STATE, "\"hit.qualifications[%zu].type\": no qualification type is "
						      "selected", i);
			return err_hint(err, "select one: ngmtctl get qualifications");
		}
		json_put_text(requirement, "type", selected_type);
	}
	return 0;
}

static void take_note(struct errand_hit *out)
{
	struct json_object *list = json_get_array(out->definition, "qualifications");

	(void)json_get_text(out->definition, "title", &out->title);
	(void)json_get_int(out->definition, "reward_cents", &out->reward_minor);
	(void)json_get_int(out->definition, "max_assignments", &out->max_assignments);
	(void)json_get_int(out->definition, "lifetime_s", &out->lifetime_s);
	(void)json_get_int(out->definition, "duration_s", &out->duration_s);
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *requirement = json_object_array_get_idx(list, i);
		const char *comparator = "";

		(void)json_get_text(requirement, "comparator", &comparator);
		out->wants_masters = out->wants_masters || errand_requirement_is_masters(requirement);
		out->takes_once = out->takes_once || strcmp(comparator, "DoesNotExist") == 0;
	}
}

int errand_hit_read(struct errand_hit *out, struct json_object *definition, const char *selected_type,
		    struct err *err)
{
	struct json_object *filled;

	*out = (struct errand_hit){ 0 };
	if (check(definition, err) < 0)
		return -1;
	filled = copy_object(definition);
	fill_in(filled);
	if (name_selected(json_get_array(filled, "qualifications"), selected_type, err) == 0) {
		/* Once more, since what was filled in stands last. */
		out->definition = copy_object(filled);
		take_note(out);
	}
	json_object_put(filled);
	return out->definition ? 0 : -1;
}

void errand_hit_finish(struct errand_hit *hit)
{
	json_object_put(hit->definition);
	*hit = (struct errand_hit){ 0 };
}

char *errand_hit_text(const struct errand_hit *hit, int64_t assignments)
{
	struct json_object *copy = copy_object(hit->definition);
	char *text;

	/* It is there: its place remains. */
	json_put_int(copy, "max_assignments", assignments);
	text = strdup(json_text(copy, NULL));
	json_object_put(copy);
	return text;
}
