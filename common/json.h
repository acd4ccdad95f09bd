/* SPDX-License-Identifier: MIT
 *
 * Strict JSON on top of json-c: everybody includes this header and never json-c's. json-c alone accepts NaN,
 * duplicate keys, raw control characters and overlong UTF-8, and clamps large integers in silence; what comes from
 * outside passes through json_parse() and the typed getters, which do not.
 */
#ifndef NGMT_JSON_H
#define NGMT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define JSON_DEPTH_MAX 32

/* Parses exactly one JSON value (RFC 8259) from `len` bytes, which need no terminator. Refuses invalid UTF-8, raw
 * control characters, NaN and Infinity, numbers such as 01 and 1., duplicate keys, NUL in keys, trailing text, a mere
 * null and nesting deeper than JSON_DEPTH_MAX. The caller puts (json_object_put) the result. NULL with ERR_FORMAT and
 * the byte offset otherwise. */
struct json_object *json_parse(const char *text, size_t len, struct err *err);

/* One line without escaped slashes. Borrowed: valid until `value` changes or is put. */
const char *json_text(struct json_object *value, size_t *len);

/* Typed members of an object. Each returns false if the member is absent, null or of another type (so a default
 * stays in *out). Text is borrowed and never contains NUL bytes. */
bool json_get_text(struct json_object *object, const char *key, const char **out);
bool json_get_int(struct json_object *object, const char *key, int64_t *out);
bool json_get_number(struct json_object *object, const char *key, double *out);
bool json_get_bool(struct json_object *object, const char *key, bool *out);
struct json_object *json_get_object(struct json_object *object, const char *key);
struct json_object *json_get_array(struct json_object *object, const char *key);

/* Whether `object` has the member at all, null or not. */
bool json_has(struct json_object *object, const char *key);

/* Building. A NULL text becomes null, one that is no UTF-8 is made printable. Out of memory is json-c's own (an absent
 * member). */
void json_put_text(struct json_object *object, const char *key, const char *text);
void json_put_int(struct json_object *object, const char *key, int64_t value);
void json_put_bool(struct json_object *object, const char *key, bool value);
/* Takes over the caller's reference of `value`. */
void json_put_value(struct json_object *object, const char *key, struct json_object *value);
/* RFC 3339 UTC text, or null for 0. */
void json_put_time(struct json_object *object, const char *key, int64_t wall_s);

#endif
