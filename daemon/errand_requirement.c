/* SPDX-License-Identifier: MIT */
#include "errand_requirement.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cell.h"
#include "errand_member.h"
#include "suggest.h"
#include "utf8.h"

#define WORD_MAX 64
#define WORD_SHOWN 40
/* How many values a comparison with a list may have (MTurk: QualificationRequirement). */
#define VALUES_MAX 15
#define LOCALES_MAX 30

enum operand { OPERAND_NONE, OPERAND_ONE, OPERAND_MANY };

static const struct comparator {
	const char *name;
	enum operand operand;
	bool is_for_locales;
} comparators[] = {
	{ "LessThan", OPERAND_ONE, false },
	{ "LessThanOrEqualTo", OPERAND_ONE, false },
	{ "GreaterThan", OPERAND_ONE, false },
	{ "GreaterThanOrEqualTo", OPERAND_ONE, false },
	{ "EqualTo", OPERAND_ONE, true },
	{ "NotEqualTo", OPERAND_ONE, true },
	{ "Exists", OPERAND_NONE, true },
	{ "DoesNotExist", OPERAND_NONE, true },
	{ "In", OPERAND_MANY, true },
	{ "NotIn", OPERAND_MANY, true },
};

/* Types that every platform has under an id of its own. */
static const struct type {
	const char *name;
	bool takes_locales;
	int64_t most; /* of its values */
} types[] = {
	{ "approved-percent", false, 100 },
	{ "approved-count", false, INT32_MAX },
	{ "locale", true, 0 },
	{ "adult", false, 1 },
	{ "masters", false, INT32_MAX },
	{ "selected", false, INT32_MAX },
};

static const char *const guards[] = { "accept", "preview", "discover" };

static const struct member members[] = {
	{ "type", MEMBER_LINE, true, 1, WORD_MAX },
	{ "comparator", MEMBER_LINE, true, 1, WORD_MAX },
	{ "values", MEMBER_LIST, false, 1, VALUES_MAX },
	{ "locales", MEMBER_LIST, false, 1, LOCALES_MAX },
	{ "guard", MEMBER_LINE, false, 1, WORD_MAX },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *text_of(struct json_object *requirement, const char *name)
{
	const char *text = "";

	(void)json_get_text(requirement, name, &text);
	return text;
}

bool errand_requirement_is_selected(struct json_object *requirement)
{
	return strcmp(text_of(requirement, "type"), "selected") == 0;
}

bool errand_requirement_is_masters(struct json_object *requirement)
{
	return strcmp(text_of(requirement, "type"), "masters") == 0;
}

/* `what`: "is no comparator". */
static int refuse_word(const char *path, const char *name, const char *word, const char *what, const char *best,
		       struct err *err)
{
	(void)err_set(err, ERR_USAGE, "\"%s.%s\": \"%.*s\" %s", path, name, utf8_cut(word, WORD_SHOWN), word, what);
	return best ? err_hint(err, "did you mean \"%s\"?", best) : -1;
}

/* The words are MTurk's own, with their capitals. */
static const struct comparator *find_comparator(const char *path, const char *word, struct err *err)
{
	struct suggest suggest;

	suggest_init(&suggest, word);
	for (size_t i = 0; i < COUNT(comparators); i++) {
		if (strcmp(comparators[i].name, word) == 0)
			return &comparators[i];
		suggest_offer(&suggest, comparators[i].name);
	}
	(void)refuse_word(path, "comparator", word, "is no comparator", suggest.best, err);
	if (!suggest.best)
		(void)err_hint(err, "say EqualTo, NotEqualTo, LessThan, LessThanOrEqualTo, GreaterThan, "
				    "GreaterThanOrEqualTo, Exists, DoesNotExist, In or NotIn");
	return NULL;
}

/* An id stands for a type about which nothing is known. */
static int find_type(const char *path, const char *word, struct type *out, struct err *err)
{
	struct suggest suggest;

	*out = (struct type){ word, false, INT32_MAX };
	suggest_init(&suggest, word);
	for (size_t i = 0; i < COUNT(types); i++) {
		if (strcmp(types[i].name, word) == 0) {
			*out = types[i];
			return 0;
		}
		suggest_offer(&suggest, types[i].name);
	}
	if (is_entity_id(word))
		return 0;
	return refuse_word(path, "type", word, "is neither the id of a qualification type nor the name of a common one",
			   suggest.best, err);
}

static int check_guard(struct json_object *requirement, const char *path, struct err *err)
{
	const char *word = text_of(requirement, "guard");
	struct suggest suggest;

	if (!member_is_given(requirement, "guard"))
		return 0;
	suggest_init(&suggest, word);
	for (size_t i = 0; i < COUNT(guards); i++) {
		if (strcmp(guards[i], word) == 0)
			return 0;
		suggest_offer(&suggest, guards[i]);
	}
	return refuse_word(path, "guard", word, "is not accept, preview or discover", suggest.best, err);
}

static int check_number(struct json_object *value, const char *path, int64_t most, struct err *err)
{
	int64_t number = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;

	if (number >= 0 && number <= most)
		return 0;
	return err_set(err, ERR_USAGE, "\"%s.values\" must be whole numbers from 0 to %" PRId64, path, most);
}

/* "US", or "US-NY". */
static int check_locale(struct json_object *value, const char *path, int64_t most, struct err *err)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", others[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
	size_t length = json_object_is_type(value, json_type_string) ? (size_t)json_object_get_string_len(value) : 0;

	(void)most;
	if (length == strlen(text) && strspn(text, capitals) == 2 &&
	    (length == 2 || (length == 5 && text[2] == '-' && strspn(text + 3, others) == 2)))
		return 0;
	return err_set(err, ERR_USAGE, "\"%s.locales\" must be countries such as \"US\", or parts such as \"US-NY\"",
		       path);
}

static int check_elements(struct json_object *list, const char *path, const struct type *type, struct err *err)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *value = json_object_array_get_idx(list, i);

		if ((type->takes_locales ? check_locale : check_number)(value, path, type->most, err) < 0)
			return -1;
	}
	return 0;
}

/* What is compared with: as many values as the comparator takes, of the kind that the type has. */
static int check_operands(struct json_object *requirement, const char *path, const struct type *type,
			  const struct comparator *comparator, struct err *err)
{
	const char *wanted = type->takes_locales ? "locales" : "values";
	const char *other = type->takes_locales ? "values" : "locales";
	struct json_object *list = json_get_array(requirement, wanted);

	if (member_is_given(requirement, other))
		return err_set(err, ERR_USAGE, "\"%s\": a qualification of the type \"%s\" has \"%s\", not \"%s\"",
			       path, type->name, wanted, other);
	if (comparator->operand == OPERAND_NONE && list)
		return err_set(err, ERR_USAGE, "\"%s\": %s takes no \"%s\"", path, comparator->name, wanted);
	if (comparator->operand == OPERAND_NONE)
		return 0;
	if (!list)
		return err_set(err, ERR_USAGE, "\"%s.%s\" is missing", path, wanted);
	if (comparator->operand == OPERAND_ONE && json_object_array_length(list) > 1) {
		(void)err_set(err, ERR_USAGE, "\"%s.%s\": %s takes one, not %zu", path, wanted, comparator->name,
			      json_object_array_length(list));
		return err_hint(err, "say In or NotIn for several");
	}
	return check_elements(list, path, type, err);
}

int errand_requirement_check(struct json_object *requirement, const char *path, struct err *err)
{
	const struct comparator *comparator;
	struct type type;

	if (!json_object_is_type(requirement, json_type_object))
		return err_set(err, ERR_USAGE, "\"%s\" must be an object", path);
	if (members_check(requirement, path, members, COUNT(members), err) < 0 ||
	    find_type(path, text_of(requirement, "type"), &type, err) < 0)
		return -1;
	comparator = find_comparator(path, text_of(requirement, "comparator"), err);
	if (!comparator)
		return -1;
	if (type.takes_locales && !comparator->is_for_locales)
		return err_set(err, ERR_USAGE, "\"%s\": places cannot be compared with %s", path, comparator->name);
	if (check_guard(requirement, path, err) < 0)
		return -1;
	return check_operands(requirement, path, &type, comparator, err);
}
