/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "utf8.h"

/* What json-c lets through although RFC 8259 does not: found by one pass over the text, strings apart. */
struct scan {
	bool in_string;
	bool escaped;
	unsigned nul_matched; /* how much of \u0000 the last characters of the string were */
	bool has_nul;         /* the last string contains one */
};

/* json-c ends a key at its NUL, so that "a\u0000b" would pass for "a". */
static void scan_nul(struct scan *scan, char c)
{
	static const char nul[] = "\\u0000";

	if (c == '\\' && !scan->escaped)
		scan->nul_matched = 1;
	else
		scan->nul_matched = scan->nul_matched && c == nul[scan->nul_matched] ? scan->nul_matched + 1 : 0;
	if (scan->nul_matched != sizeof(nul) - 1)
		return;
	scan->has_nul = true;
	scan->nul_matched = 0;
}

static const char *scan_string_byte(struct scan *scan, char c)
{
	if ((unsigned char)c < 0x20)
		return "a raw control character inside a string";
	scan_nul(scan, c);
	if (scan->escaped)
		scan->escaped = false;
	else if (c == '\\')
		scan->escaped = true;
	else if (c == '"')
		scan->in_string = false;
	return NULL;
}

static const char *scan_byte(struct scan *scan, char c)
{
	if (scan->in_string)
		return scan_string_byte(scan, c);
	if (c == '"')
		*scan = (struct scan){ .in_string = true };
	else if (c == ':' && scan->has_nul)
		return "a NUL character in a key";
	else if (c == 'N' || c == 'I')
		return "NaN and Infinity are not JSON";
	else if (c == '/' || c == '\'')
		return "comments and single quotes are not JSON";
	else if ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r')
		return "a raw control character";
	return NULL;
}

static size_t count_digits(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

/* Length of the fraction at the start of `text`: 0 if there is none, SIZE_MAX if it has no digits. */
static size_t count_fraction(const char *text, size_t len)
{
	size_t digits;

	if (len == 0 || text[0] != '.')
		return 0;
	digits = count_digits(text + 1, len - 1);
	return digits ? 1 + digits : SIZE_MAX;
}

/* The same for the exponent. */
static size_t count_exponent(const char *text, size_t len)
{
	size_t n = 1, digits;

	if (len == 0 || (text[0] != 'e' && text[0] != 'E'))
		return 0;
	if (n < len && (text[n] == '+' || text[n] == '-'))
		n++;
	digits = count_digits(text + n, len - n);
	return digits ? n + digits : SIZE_MAX;
}

/* Length of the number at the start of `text`, 0 if it is not one (leading zeros, "1.", "1e"): json-c takes these. */
static size_t count_number(const char *text, size_t len)
{
	size_t n = text[0] == '-';
	size_t digits = count_digits(text + n, len - n);
	size_t part;

	if (digits == 0 || (digits > 1 && text[n] == '0'))
		return 0;
	n += digits;
	part = count_fraction(text + n, len - n);
	if (part == SIZE_MAX)
		return 0;
	n += part;
	part = count_exponent(text + n, len - n);
	return part == SIZE_MAX ? 0 : n + part;
}

static int check_text(const char *text, size_t len, struct err *err)
{
	struct scan scan = { 0 };
	size_t bad = utf8_first_invalid(text, len);

	if (bad < len)
		return err_set(err, ERR_FORMAT, "invalid UTF-8 at byte %zu", bad + 1);
	for (size_t i = 0; i < len; i++) {
		bool is_number = !scan.in_string && (text[i] == '-' || (text[i] >= '0' && text[i] <= '9'));
		size_t n = is_number ? count_number(text + i, len - i) : 0;
		const char *why = is_number && n == 0 ? "not a JSON number" : scan_byte(&scan, text[i]);

		if (why)
			return err_set(err, ERR_FORMAT, "%s at byte %zu", why, i + 1);
		i += n ? n - 1 : 0;
	}
	return 0;
}

/* Members seen by the tokener against members kept: json-c keeps the last of two equal keys, so a duplicate shows
 * as a smaller count. Counting colons outside of strings gives the number of members in the text. */
static size_t count_members(const char *text, size_t len)
{
	struct scan scan = { 0 };
	size_t colons = 0;

	for (size_t i = 0; i < len; i++) {
		if (!scan.in_string && text[i] == ':')
			colons++;
		(void)scan_byte(&scan, text[i]);
	}
	return colons;
}

static size_t count_kept(struct json_object *value)
{
	size_t kept = 0;

	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			kept += 1 + count_kept(member);
		}
	} else if (json_object_is_type(value, json_type_array)) {
		size_t n = json_object_array_length(value);

		for (size_t i = 0; i < n; i++)
			kept += count_kept(json_object_array_get_idx(value, i));
	}
	return kept;
}

struct json_object *json_parse(const char *text, size_t len, struct err *err)
{
	struct json_tokener *tokener;
	struct json_object *value;
	enum json_tokener_error failure;
	size_t used;

	if (len > INT32_MAX / 2) {
		(void)err_set(err, ERR_FORMAT, "JSON text of %zu bytes is too long", len);
		return NULL;
	}
	if (check_text(text, len, err) < 0)
		return NULL;
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tokener) {
		(void)err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, text, (int)len);
	failure = json_tokener_get_error(tokener);
	/* A number at the very end stays open until something follows it: a blank closes it. */
	if (failure == json_tokener_continue) {
		value = json_tokener_parse_ex(tokener, " ", 1);
		failure = json_tokener_get_error(tokener);
		used = len;
	} else {
		used = json_tokener_get_parse_end(tokener);
	}
	json_tokener_free(tokener);
	while (failure == json_tokener_success && used < len && strchr(" \t\r\n", text[used]))
		used++;
	if (failure != json_tokener_success)
		(void)err_set(err, ERR_FORMAT, "not JSON at byte %zu: %s", used + 1,
			      failure == json_tokener_continue ? "the text ends too early"
							       : json_tokener_error_desc(failure));
	else if (used < len)
		(void)err_set(err, ERR_FORMAT, "text after the JSON value at byte %zu", used + 1);
	else if (!value)
		(void)err_set(err, ERR_FORMAT, "null alone says nothing");
	else if (count_kept(value) != count_members(text, len))
		(void)err_set(err, ERR_FORMAT, "the same key twice in one JSON object");
	else
		return value;
	json_object_put(value);
	return NULL;
}

const char *json_text(struct json_object *value, size_t *len)
{
	return json_object_to_json_string_length(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
						 len);
}

static bool get_member(struct json_object *object, const char *key, enum json_type type, struct json_object **out)
{
	return object && json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, key, out) &&
	       json_object_is_type(*out, type);
}

bool json_get_text(struct json_object *object, const char *key, const char **out)
{
	struct json_object *member;
	const char *text;

	if (!get_member(object, key, json_type_string, &member))
		return false;
	text = json_object_get_string(member);
	if (strlen(text) != (size_t)json_object_get_string_len(member))
		return false;
	*out = text;
	return true;
}

bool json_get_int(struct json_object *object, const char *key, int64_t *out)
{
	struct json_object *member;
	int64_t value;

	if (!get_member(object, key, json_type_int, &member))
		return false;
	value = json_object_get_int64(member);
	/* json-c clamps what does not fit: the extremes are therefore taken as "did not fit". */
	if (value == INT64_MAX || value == INT64_MIN)
		return false;
	*out = value;
	return true;
}

bool json_get_number(struct json_object *object, const char *key, double *out)
{
	struct json_object *member;

	if (!get_member(object, key, json_type_double, &member) && !get_member(object, key, json_type_int, &member))
		return false;
	if (!isfinite(json_object_get_double(member)))
		return false;
	*out = json_object_get_double(member);
	return true;
}

bool json_get_bool(struct json_object *object, const char *key, bool *out)
{
	struct json_object *member;

	if (!get_member(object, key, json_type_boolean, &member))
		return false;
	*out = json_object_get_boolean(member);
	return true;
}

struct json_object *json_get_object(struct json_object *object, const char *key)
{
	struct json_object *member;

	return get_member(object, key, json_type_object, &member) ? member : NULL;
}

struct json_object *json_get_array(struct json_object *object, const char *key)
{
	struct json_object *member;

	return get_member(object, key, json_type_array, &member) ? member : NULL;
}

bool json_has(struct json_object *object, const char *key)
{
	return object && json_object_is_type(object, json_type_object) && json_object_object_get_ex(object, key, NULL);
}

void json_put_value(struct json_object *object, const char *key, struct json_object *value)
{
	(void)json_object_object_add(object, key, value);
}

/* A text that was cut in the middle of a character would make the whole line no JSON for its reader. */
static struct json_object *new_text(const char *text)
{
	struct json_object *value;
	char *printable;

	if (utf8_first_invalid(text, strlen(text)) == strlen(text))
		return json_object_new_string(text);
	printable = utf8_printable(text);
	value = json_object_new_string(printable ? printable : "");
	free(printable);
	return value;
}

void json_put_text(struct json_object *object, const char *key, const char *text)
{
	json_put_value(object, key, text ? new_text(text) : NULL);
}

void json_put_int(struct json_object *object, const char *key, int64_t value)
{
	json_put_value(object, key, json_object_new_int64(value));
}

void json_put_bool(struct json_object *object, const char *key, bool value)
{
	json_put_value(object, key, json_object_new_boolean(value));
}

void json_put_time(struct json_object *object, const char *key, int64_t wall_s)
{
	char text[CLOCK_TEXT_MAX];

	json_put_text(object, key, wall_s ? clock_format_utc(wall_s, text) : NULL);
}
