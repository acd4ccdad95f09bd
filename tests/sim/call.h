/* SPDX-License-Identifier: MIT
 *
 * One call of one operation: the input that has passed the shapes, the books, and the answer in the making. Every
 * operation is a function on it, listed in operations.def.
 */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#include "books.h"

struct call {
	struct books *books;
	struct json_object *input;
	int64_t now_ms;		    /* the books' clock */
	int status;		    /* HTTP */
	const char *error_type;	    /* NULL: it succeeded */
	struct json_object *output; /* owned */
};

/* Refusals, in Amazon's words and with its time stamp behind the sentence. RequestError with a TurkErrorCode
 * ("HITDoesNotExist"; NULL for none); ParameterValidationError; ServiceFault (HTTP 500) when memory runs out. */
void call_refuse(struct call *call, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void call_refuse_value(struct call *call, const char *value, const char *parameter);
void call_refuse_sentence(struct call *call, const char *type, const char *code, const char *sentence);
void call_refuse_funds(struct call *call);
void call_fault(struct call *call);

/* Errors of the framework in front of the service: {"__type", "message"} with HTTP 400. */
void call_refuse_framework(struct call *call, const char *type, const char *message);

/* Input members; `def` where the member is absent. */
const char *call_text(const struct call *call, const char *name, const char *def);
int64_t call_int(const struct call *call, const char *name, int64_t def);
bool call_bool(const struct call *call, const char *name, bool def);

/* A money member that has passed the pattern. -1 (and refused) if it is too large to be an amount. */
int call_cents(struct call *call, const char *name, int64_t *cents);

/* The entity that an input member names; NULL (and refused with Amazon's words) if there is none. */
struct hit *call_hit(struct call *call);
struct assignment *call_assignment(struct call *call);
struct qualification_type *call_qualification_type(struct call *call);

/* Output members: money as text, time as epoch seconds with three decimals (0 is left out), texts (NULL: left out). */
void put_money(struct json_object *json, const char *name, int64_t cents);
void put_moment(struct json_object *json, const char *name, int64_t at_ms);
void put_text(struct json_object *json, const char *name, const char *text);

/* A page of a list. `accept` (NULL: all) chooses, `view` makes the JSON of one item; `scope` binds the NextToken to the
 * operation and its filter, so that a token of another list is refused. */
struct listing {
	const char *member;
	const char *scope;
	struct array_list *items;
	const void *filter;
	bool (*accept)(const struct call *call, const void *item, const void *filter);
	struct json_object *(*view)(const struct call *call, const void *item);
};

void call_list(struct call *call, const struct listing *listing);

/* Views that several operations share. */
struct json_object *hit_view(const struct call *call, const void *item);

#endif
