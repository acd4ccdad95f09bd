/* SPDX-License-Identifier: MIT */
#include "shapes.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum kind { TEXT, ENUM, INTEGER, LONG, BOOLEAN, TIME, LIST, STRUCTURE };

enum type_index {
#define TYPE(name, ...) TYPE_##name,
#define MEMBER(...)
#include "shapes.def"
#undef TYPE
#undef MEMBER
	TYPES
};

struct type {
	const char *name;
	const char *pattern;
	int64_t min;
	int64_t max;
	enum kind kind;
	int element;
};

struct member {
	const char *structure;
	const char *name;
	int type;
	bool required;
};

static const struct type types[] = {
#define TYPE(name, kind, min, max, pattern, element) { #name, pattern, min, max, kind, element },
#define MEMBER(...)
#include "shapes.def"
#undef TYPE
#undef MEMBER
};

static const struct member members[] = {
#define TYPE(...)
#define MEMBER(structure, name, type, required) { #structure, #name, TYPE_##type, required },
#include "shapes.def"
#undef TYPE
#undef MEMBER
};

enum count_kind { CHARACTERS, BYTES, VALUE, ITEMS, FREE_TEXT };

struct limit {
	const char *operation;
	const char *member;
	enum count_kind what;
	int64_t min;
	int64_t max;
};

static const struct limit limits[] = {
#define LIMIT(operation, member, what, min, max) { #operation, #member, what, min, max },
#include "limits.def"
#undef LIMIT
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* One walk over a request: where it is, and what it has found so far. */
struct walk {
	FILE *faults;
	size_t fault_count;
	char *unreadable;
};

struct place {
	char path[256];
};

static void note(struct walk *walk, const char *value, const struct place *place, const char *constraint)
{
	(void)fprintf(walk->faults, "%sValue %s%s%s at '%s' failed to satisfy constraint: %s",
		      walk->fault_count++ ? "; " : "", value ? "'" : "", value ? value : "null", value ? "'" : "",
		      place->path, constraint);
}

static void note_unreadable(struct walk *walk, const char *sentence)
{
	if (!walk->unreadable)
		walk->unreadable = strdup(sentence);
}

static bool matches(const struct type *type, const char *text)
{
	static regex_t compiled[TYPES];
	static bool ready[TYPES];
	size_t i = (size_t)(type - types);

	if (!ready[i]) {
		if (regcomp(&compiled[i], type->pattern, REG_EXTENDED | REG_NOSUB) != 0)
			return false;
		ready[i] = true;
	}
	return regexec(&compiled[i], text, 0, NULL, 0) == 0;
}

static bool is_listed(const char *values, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = values; p; p = strchr(p, ',')) {
		p += strspn(p, ", ");
		if (strncmp(p, text, len) == 0 && (p[len] == ',' || p[len] == '\0'))
			return true;
	}
	return false;
}

static bool is_value_allowed(const struct type *type, const char *text)
{
	return type->kind == ENUM ? is_listed(type->pattern, text) : matches(type, text);
}

static bool is_text_broken(const struct type *type, const char *text)
{
	int64_t n = (int64_t)utf8_length(text);

	if ((type->min >= 0 && n < type->min) || (type->max >= 0 && n > type->max))
		return true;
	return type->pattern && !is_value_allowed(type, text);
}

enum constraint { MAX_LENGTH, MIN_LENGTH, VALUES, CONSTRAINTS };

/* The sentence of one constraint of a type of text; false if the type has none such. */
static bool constraint_sentence(const struct type *type, unsigned constraint, char *out, size_t size)
{
	if (constraint == MAX_LENGTH && type->max >= 0)
		(void)snprintf(out, size, "Member must have length less than or equal to %lld", (long long)type->max);
	else if (constraint == MIN_LENGTH && type->min >= 0)
		(void)snprintf(out, size, "Member must have length greater than or equal to %lld",
			       (long long)type->min);
	else if (constraint == VALUES && type->kind == ENUM)
		(void)snprintf(out, size, "Member must satisfy enum value set: [%s]", type->pattern);
	else if (constraint == VALUES && type->pattern)
		(void)snprintf(out, size, "Member must satisfy regular expression pattern: %s", type->pattern);
	else
		return false;
	return true;
}

static bool is_constraint_broken(const struct type *type, unsigned constraint, const char *text)
{
	struct type one = *type;

	if (constraint == VALUES)
		return type->pattern && !is_value_allowed(type, text);
	one.pattern = NULL;
	one.kind = TEXT;
	one.max = constraint == MAX_LENGTH ? type->max : -1;
	one.min = constraint == MIN_LENGTH ? type->min : -1;
	return is_text_broken(&one, text);
}

static void check_text(struct walk *walk, const struct type *type, const char *text, const struct place *place)
{
	char sentence[320];

	if (!is_text_broken(type, text))
		return;
	for (unsigned i = 0; i < CONSTRAINTS; i++) {
		if (is_constraint_broken(type, i, text) && constraint_sentence(type, i, sentence, sizeof(sentence)))
			note(walk, text, place, sentence);
	}
}

static void check_number(struct walk *walk, const struct type *type, int64_t number, const struct place *place)
{
	char value[32], sentence[96];

	(void)snprintf(value, sizeof(value), "%lld", (long long)number);
	if (type->max >= 0 && number > type->max) {
		(void)snprintf(sentence, sizeof(sentence), "Member must have value less than or equal to %lld",
			       (long long)type->max);
		note(walk, value, place, sentence);
	}
	if (type->min >= 0 && number < type->min) {
		(void)snprintf(sentence, sizeof(sentence), "Member must have value greater than or equal to %lld",
			       (long long)type->min);
		note(walk, value, place, sentence);
	}
}

static const char *found_name(enum json_type type)
{
	static const struct {
		enum json_type type;
		const char *name;
	} names[] = {
		{ json_type_boolean, "TRUE_VALUE" },
		{ json_type_double, "NUMBER_VALUE" },
		{ json_type_int, "NUMBER_VALUE" },
		{ json_type_string, "STRING_VALUE" },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return NULL;
}

/* The sentences of Amazon's own reader. */
static void note_type(struct walk *walk, const struct type *type, enum json_type found)
{
	static const char *const wanted[] = {
		[TEXT] = "a String",  [ENUM] = "a String", [INTEGER] = "an Integer", [LONG] = "a Long",
		[BOOLEAN] = "Boolean", [TIME] = "milliseconds since epoch",
	};
	const char *name = found_name(found);
	char sentence[96];

	if (found == json_type_array) {
		note_unreadable(walk, "Start of list found where not expected");
	} else if (found == json_type_object) {
		note_unreadable(walk, "Start of structure or map found where not expected.");
	} else if (type->kind == LIST || type->kind == STRUCTURE) {
		note_unreadable(walk, "Unexpected field type");
	} else {
		(void)snprintf(sentence, sizeof(sentence), "%s can not be converted to %s", name ? name : "VALUE",
			       wanted[type->kind]);
		note_unreadable(walk, sentence);
	}
}

static bool is_of_kind(const struct type *type, struct json_object *value)
{
	enum json_type found = json_object_get_type(value);

	switch (type->kind) {
	case TEXT:
	case ENUM:
		return found == json_type_string;
	case INTEGER:
		return found == json_type_int && json_object_get_int64(value) <= INT32_MAX &&
		       json_object_get_int64(value) >= INT32_MIN;
	case LONG:
		return found == json_type_int;
	case BOOLEAN:
		return found == json_type_boolean;
	case TIME:
		return found == json_type_int || found == json_type_double;
	case LIST:
		return found == json_type_array;
	case STRUCTURE:
		return found == json_type_object;
	}
	return false;
}

static void check_structure(struct walk *walk, const char *name, struct json_object *value, const struct place *place);

static void check_texts(struct walk *walk, const struct type *element, struct json_object *list,
			const struct place *place)
{
	size_t n = json_object_array_length(list), broken = 0, size = 0, shown = 0;
	char *value = NULL, *sentence = NULL, constraint[320];
	FILE *out;

	for (size_t i = 0; i < n; i++)
		broken += is_text_broken(element, json_object_get_string(json_object_array_get_idx(list, i)));
	if (broken == 0)
		return;
	out = open_memstream(&value, &size);
	if (!out)
		return;
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s%s", i ? ", " : "[", json_object_get_string(json_object_array_get_idx(list, i)));
	(void)fprintf(out, "]");
	(void)fclose(out);
	out = open_memstream(&sentence, &shown);
	if (out) {
		(void)fprintf(out, "Member must satisfy constraint: [");
		for (unsigned i = 0, written = 0; i < CONSTRAINTS; i++) {
			if (constraint_sentence(element, i, constraint, sizeof(constraint)))
				(void)fprintf(out, "%s%s", written++ ? ", " : "", constraint);
		}
		(void)fprintf(out, "]");
		(void)fclose(out);
		note(walk, value, place, sentence ? sentence : "");
	}
	free(value);
	free(sentence);
}

static void check_list(struct walk *walk, const struct type *type, struct json_object *list, const struct place *place)
{
	const struct type *element = &types[type->element];
	struct place inner = { "" };

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (!item || !is_of_kind(element, item)) {
			note_type(walk, element, json_object_get_type(item));
			return;
		}
		(void)snprintf(inner.path, sizeof(inner.path), "%.200s.%zu.member", place->path, i + 1);
		if (element->kind == STRUCTURE)
			check_structure(walk, element->name, item, &inner);
	}
	if (element->kind == TEXT || element->kind == ENUM)
		check_texts(walk, element, list, place);
}

static void check_value(struct walk *walk, const struct type *type, struct json_object *value,
			const struct place *place)
{
	if (!is_of_kind(type, value))
		note_type(walk, type, json_object_get_type(value));
	else if (type->kind == TEXT || type->kind == ENUM)
		check_text(walk, type, json_object_get_string(value), place);
	else if (type->kind == INTEGER || type->kind == LONG)
		check_number(walk, type, json_object_get_int64(value), place);
	else if (type->kind == LIST)
		check_list(walk, type, value, place);
	else if (type->kind == STRUCTURE)
		check_structure(walk, type->name, value, place);
}

static void place_member(struct place *inner, const struct place *outer, const char *name)
{
	(void)snprintf(inner->path, sizeof(inner->path), "%.180s%s%c%s", outer->path, outer->path[0] ? "." : "",
		       name[0] | 0x20, name + 1);
}

static void check_structure(struct walk *walk, const char *name, struct json_object *value, const struct place *place)
{
	struct json_object *member;
	struct place inner = { "" };

	for (size_t i = 0; i < COUNT(members); i++) {
		if (strcmp(members[i].structure, name) != 0)
			continue;
		place_member(&inner, place, members[i].name);
		if (json_object_object_get_ex(value, members[i].name, &member) && member)
			check_value(walk, &types[members[i].type], member, &inner);
		else if (members[i].required)
			note(walk, NULL, &inner, "Member must not be null");
	}
}

static enum shape_verdict walk_verdict(struct walk *walk, char *faults, char **text)
{
	enum shape_verdict verdict = SHAPE_FITS;

	if (walk->unreadable) {
		*text = walk->unreadable;
		verdict = SHAPE_UNREADABLE;
	} else if (walk->fault_count > 0) {
		if (asprintf(text, "%zu validation error%s detected: %s", walk->fault_count,
			     walk->fault_count == 1 ? "" : "s", faults) < 0)
			*text = NULL;
		verdict = SHAPE_INVALID;
	}
	free(faults);
	return verdict;
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 32 && !strchr("\t\n\r", *text))
			return true;
	}
	return false;
}

static int64_t measure(const struct limit *limit, struct json_object *value)
{
	switch (limit->what) {
	case CHARACTERS:
		return (int64_t)utf8_length(json_object_get_string(value));
	case FREE_TEXT:
		/* The reference forbids the ASCII control characters; INT64_MAX is beyond every limit. */
		return has_control(json_object_get_string(value)) ||
				       strlen(json_object_get_string(value)) !=
					       (size_t)json_object_get_string_len(value)
			       ? INT64_MAX
			       : (int64_t)utf8_length(json_object_get_string(value));
	case BYTES:
		return json_object_get_string_len(value);
	case VALUE:
		return json_object_get_int64(value);
	case ITEMS:
		return (int64_t)json_object_array_length(value);
	}
	return 0;
}

static enum shape_verdict check_limits(const char *operation, struct json_object *input, char **text)
{
	struct json_object *value;

	for (size_t i = 0; i < COUNT(limits); i++) {
		int64_t measured;

		if (strcmp(limits[i].operation, operation) != 0 ||
		    !json_object_object_get_ex(input, limits[i].member, &value) || !value)
			continue;
		measured = measure(&limits[i], value);
		if (measured >= limits[i].min && measured <= limits[i].max)
			continue;
		if (asprintf(text, "The value \"%s\" is not valid for the parameter %s.",
			     json_object_get_string(value), limits[i].member) < 0)
			*text = NULL;
		return SHAPE_OUT_OF_RANGE;
	}
	return SHAPE_FITS;
}

enum shape_verdict shapes_check(const char *operation, struct json_object *input, char **text)
{
	struct walk walk = { 0 };
	enum shape_verdict verdict;
	struct place root = { "" };
	char *faults = NULL;
	size_t size = 0;

	*text = NULL;
	walk.faults = open_memstream(&faults, &size);
	if (!walk.faults)
		return SHAPE_UNREADABLE;
	check_structure(&walk, operation, input, &root);
	(void)fclose(walk.faults);
	verdict = walk_verdict(&walk, faults, text);
	return verdict == SHAPE_FITS ? check_limits(operation, input, text) : verdict;
}

static struct json_object *type_json(const struct type *type)
{
	static const char *const names[] = {
		[TEXT] = "string",     [ENUM] = "string",    [INTEGER] = "integer", [LONG] = "long",
		[BOOLEAN] = "boolean", [TIME] = "timestamp", [LIST] = "list",	    [STRUCTURE] = "structure",
	};
	struct json_object *json = json_object_new_object();

	json_put_text(json, "type", names[type->kind]);
	if (type->min >= 0)
		json_put_int(json, "min", type->min);
	if (type->max >= 0)
		json_put_int(json, "max", type->max);
	if (type->pattern)
		json_put_text(json, type->kind == ENUM ? "enum" : "pattern", type->pattern);
	if (type->kind == LIST)
		json_put_text(json, "element", types[type->element].name);
	return json;
}

static struct json_object *members_json(const char *structure)
{
	struct json_object *json = json_object_new_object();

	for (size_t i = 0; i < COUNT(members); i++) {
		struct json_object *member;

		if (strcmp(members[i].structure, structure) != 0)
			continue;
		member = json_object_new_object();
		json_put_text(member, "type", types[members[i].type].name);
		json_put_bool(member, "required", members[i].required);
		json_put_value(json, members[i].name, member);
	}
	return json;
}

static struct json_object *limits_json(void)
{
	static const char *const names[] = {
		[CHARACTERS] = "characters", [BYTES] = "bytes", [VALUE] = "value", [ITEMS] = "items",
		[FREE_TEXT] = "characters",
	};
	struct json_object *json = json_object_new_array();

	for (size_t i = 0; i < COUNT(limits); i++) {
		struct json_object *limit = json_object_new_object();

		json_put_text(limit, "operation", limits[i].operation);
		json_put_text(limit, "member", limits[i].member);
		json_put_text(limit, "counts", names[limits[i].what]);
		json_put_int(limit, "min", limits[i].min);
		json_put_int(limit, "max", limits[i].max);
		(void)json_object_array_add(json, limit);
	}
	return json;
}

struct json_object *shapes_json(const char *const *operations, size_t count)
{
	struct json_object *json = json_object_new_object();
	struct json_object *type_map = json_object_new_object();
	struct json_object *structures = json_object_new_object();
	struct json_object *inputs = json_object_new_object();

	for (size_t i = 0; i < COUNT(types); i++) {
		json_put_value(type_map, types[i].name, type_json(&types[i]));
		if (types[i].kind == STRUCTURE)
			json_put_value(structures, types[i].name, members_json(types[i].name));
	}
	for (size_t i = 0; i < count; i++)
		json_put_value(inputs, operations[i], members_json(operations[i]));
	json_put_value(json, "types", type_map);
	json_put_value(json, "structures", structures);
	json_put_value(json, "operations", inputs);
	json_put_value(json, "limits", limits_json());
	return json;
}
