/* SPDX-License-Identifier: MIT
 *
 * Members of a JSON object of which each must make sense: the params of an errand, the definition of a HIT. One table
 * says what may be there; whatever is not in it is refused, with the nearest name. Pure.
 */
#ifndef NGMT_ERRAND_MEMBER_H
#define NGMT_ERRAND_MEMBER_H

#include "json.h"

enum member_form {
	MEMBER_LINE,   /* a text of one line; `least` and `most` characters */
	MEMBER_TEXT,   /* a text that may have TAB, LF and CR; characters */
	MEMBER_BYTES,  /* the same, but `most` is bytes */
	MEMBER_NUMBER, /* a whole number */
	MEMBER_FLAG,
	MEMBER_OBJECT,
	MEMBER_LIST, /* `least` and `most` elements */
	MEMBER_ANY,
};

/* A text with a `least` of 1 must have more than blanks. */
struct member {
	const char *name;
	enum member_form form;
	bool is_needed;
	int64_t least;
	int64_t most;
};

/* Null counts as absent. `path` stands before each name in a message ("hit" makes "hit.title"); NULL: none. ERR_USAGE
 * with the first thing that is wrong. */
int members_check(struct json_object *object, const char *path, const struct member *members, size_t count,
		  struct err *err);

/* Whether it is there, and is not null. */
bool member_is_given(struct json_object *object, const char *name);

#endif
